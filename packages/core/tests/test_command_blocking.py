"""For how long a command may keep its connection waiting."""

from __future__ import annotations

import math

import pytest

from respool._wire._command_names import ROWS
from respool._wire.commands import CommandFlag, block_timeout, is_blocking, is_plain, lookup


@pytest.mark.parametrize(
    ("args", "seconds"),
    [
        (("BLPOP", "a", "b", 2), 2),
        ((b"brpop", b"a", b"0.5"), 0.5),
        (("BLMOVE", "a", "b", "LEFT", "RIGHT", "3"), 3),
        (("BLMOVEM", "a", "b", "LEFT", "RIGHT", "3", "COUNT", 2, "BULK"), 3),
        (("BRPOPLPUSH", "a", "b", 4), 4),
        (("BZPOPMIN", "a", 5.5), 5.5),
        (("BLMPOP", 6, 1, "a", "LEFT"), 6),
        (("BZMPOP", memoryview(b"7"), 1, "a", "MIN"), 7),
        (("WAIT", 1, 250), 0.25),
        (("WAITAOF", 1, 0, 1500), 1.5),
        (("XREAD", "COUNT", 5, "BLOCK", 100, "STREAMS", "s", "$"), 0.1),
        (("XREADGROUP", "GROUP", "g", "c", "block", b"2000", "STREAMS", "s", ">"), 2),
    ],
)
def test_a_timeout_is_read_in_the_commands_own_unit(args: tuple[object, ...], seconds: float) -> None:
    assert block_timeout(args) == pytest.approx(seconds)
    assert is_blocking(args)
    assert not is_plain(args)


@pytest.mark.parametrize(
    "args",
    [
        ("BLPOP", "a", 0),
        ("BLMPOP", "0.0", 1, "a", "LEFT"),
        ("WAIT", 1, b"0"),
        ("XREAD", "BLOCK", 0, "STREAMS", "s", "$"),
    ],
)
def test_zero_is_for_ever(args: tuple[object, ...]) -> None:
    assert block_timeout(args) == math.inf


@pytest.mark.parametrize(
    "args",
    [
        ("XREAD", "STREAMS", "s", "$"),
        ("XREAD", "STREAMS", "BLOCK", "0"),
        ("XREADGROUP", "GROUP", "BLOCK", "c", "STREAMS", "s", ">"),
        ("XREADGROUP", "GROUP", "g", "BLOCK", "STREAMS", "s", ">"),
    ],
)
def test_reading_a_stream_blocks_only_with_the_option_block(args: tuple[object, ...]) -> None:
    assert block_timeout(args) is None
    assert not is_blocking(args)
    assert is_plain(args)


@pytest.mark.parametrize(
    "args",
    [
        ("BLPOP", "a", "soon"),
        ("BLPOP", "a", -1),
        ("BLPOP",),
        ("WAIT", 1),
        ("BLMPOP", None),
        ("XREAD", "BLOCK"),
    ],
)
def test_a_timeout_that_the_server_refuses_waits_for_nothing(args: tuple[object, ...]) -> None:
    assert block_timeout(args) == 0
    assert is_blocking(args)


@pytest.mark.parametrize("args", [("LPOP", "a"), ("NOSUCH", 1), (), ("CLIENT", "PAUSE", 100)])
def test_other_commands_do_not_block(args: tuple[object, ...]) -> None:
    assert block_timeout(args) is None
    assert not is_blocking(args)


def test_a_timeout_is_known_of_every_command_that_servers_call_blocking() -> None:
    called = {name for name in ROWS if (command := lookup(name)) and CommandFlag.BLOCKING in command.flags}
    assert {name for name in called if not is_blocking((name, "BLOCK"))} == set()
