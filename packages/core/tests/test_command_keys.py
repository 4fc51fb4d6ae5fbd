"""At which positions of a command its keys stand: the documentation's cases, and a real server's own word."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest

from respool._wire._command_keys import key_positions
from respool._wire._command_names import ROWS
from respool._wire._command_rows import read_spec
from respool._wire.commands import Command, CommandFlag, keys, routing_keys
from respool_testing import RawConnection, ServerProcess
from respool_testing.replies import Error

CASES = [
    ("GET k", "k"),
    ("SET k v EX 10", "k"),
    ("PING", ""),
    ("DEL a b c", "a b c"),
    ("MSET a 1 b 2", "a b"),
    ("RENAME a b", "a b"),
    ("BLPOP a b 0", "a b"),
    ("BITOP AND d a b", "d a b"),
    ("LCS a b LEN", "a b"),
    ("OBJECT ENCODING k", "k"),
    ("MEMORY USAGE k", "k"),
    ("XGROUP CREATE s g $", "s"),
    ("EVAL return 2 a b x", "a b"),
    ("EVALSHA_RO sha 1 a x", "a"),
    ("FCALL f 0 x", ""),
    ("LMPOP 2 a b LEFT", "a b"),
    ("BLMPOP 0 2 a b LEFT COUNT 3", "a b"),
    ("SINTERCARD 2 a b LIMIT 1", "a b"),
    ("MSETEX 2 a 1 b 2 EX 5", "a b"),
    ("LMOVEM a b LEFT RIGHT", "a b"),
    ("ZUNION 2 a b WEIGHTS 1 2", "a b"),
    ("ZINTERSTORE d 2 a b AGGREGATE MAX", "d a b"),
    ("XREAD STREAMS a b 0 0", "a b"),
    ("XREAD COUNT 1 BLOCK 5 streams a 0", "a"),
    ("XREADGROUP GROUP g STREAMS COUNT 1 STREAMS a >", "a"),
    ("SORT k BY nosort GET # LIMIT 0 5 DESC STORE d", "k d"),
    ("SORT k GET STORE ALPHA", "k"),
    ("GEORADIUS k 1 2 3 km STORE d", "k d"),
    ("GEORADIUSBYMEMBER k m 3 km COUNT 2 STOREDIST d", "k d"),
    ("MIGRATE host 6379 k 0 10 COPY", "k"),
]


def found(words: Sequence[str]) -> str:
    return " ".join(words[at] for at in keys(words))


@pytest.mark.parametrize(("command", "expected"), CASES)
def test_keys_stand_where_the_documentation_says(command: str, expected: str) -> None:
    assert found(command.split()) == expected


def test_many_keys_migrate_where_the_key_is_empty() -> None:
    args = ("MIGRATE", "host", 6379, "", 0, 10, "AUTH", "KEYS", "KEYS", "a", "b")
    assert keys(args) == [9, 10]


def test_a_number_is_a_key_as_well() -> None:
    assert keys(("MIGRATE", "host", 6379, 5, 0, 10)) == [3]


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        (("OBJECT ENCODING", "k"), [1]),
        ((b"object encoding", b"k"), [1]),
        (("XGROUP CREATE", "s", "g", "$"), [1]),
        (("GET", b"k"), [1]),
        ((bytearray(b"eval"), b"return", b"1", b"k"), [3]),
    ],
)
def test_positions_are_those_of_the_arguments_as_given(args: Sequence[object], expected: list[int]) -> None:
    assert keys(args) == expected


def test_a_key_written_into_the_name_has_no_position() -> None:
    assert keys(("GET k",)) == []


@pytest.mark.parametrize(
    "command",
    [
        "GET",
        "EVAL",
        "EVAL x",
        "EVAL x 3 a",
        "EVAL x -1 a",
        "EVAL x many a",
        "XREAD",
        "XREAD STREAMS a b 0",
        "NOSUCH a",
    ],
)
def test_a_command_that_makes_no_sense_has_no_keys(command: str) -> None:
    assert keys(command.split()) == []


@pytest.mark.parametrize("command", ["SPUBLISH a m", "SSUBSCRIBE a", "SUNSUBSCRIBE a"])
def test_a_shard_channel_decides_the_slot_but_is_no_key(command: str) -> None:
    assert keys(command.split()) == []
    assert routing_keys(command.split()) == [1]


def test_a_key_decides_the_slot() -> None:
    assert routing_keys(("GET", "k")) == [1]
    assert routing_keys(("MSET", "a", 1, "b", 2)) == [1, 3]


@pytest.mark.parametrize(
    ("spec", "words", "expected"),
    [
        ("STREAMS@1..-1%2", "X COUNT 1 streams a b 0 0", [4, 5]),
        ("STREAMS@1..-1%2", "X COUNT 1", []),
        ("KEYS@-2..-1", "X KEYS KEYS a b", [3, 4]),
        ("STORE@2", "X STORE STORE d e", [3]),
        ("1..-1/2", "X a 1 b 2", [1, 3]),
        ("1..+1", "X a b c", [1, 2]),
        ("1#/2", "X 2 a 1 b 2 c", [2, 4]),
        ("1#/2", "X 3 a 1 b 2", []),
        ("1#/2", "X 0 a 1", []),
    ],
)
def test_a_command_that_only_a_server_knows_is_read_by_its_key_specs(
    spec: str, words: str, expected: list[int]
) -> None:
    command = Command("X", -1, CommandFlag(), (read_spec(spec),))
    assert key_positions(command, words.split()) == expected


# --- a real server's own word


@pytest.fixture
async def judge(real_server: ServerProcess) -> ServerProcess:
    """Offer a real server that has key specs; those before 7.0 only guess."""
    async with RawConnection(real_server.host, real_server.port) as client:
        told = await client.call("COMMAND", "INFO", "GET")
    if "begin_search" not in repr(told):
        pytest.skip(f"{real_server.binary} is older than 7.0 and has no key specs")
    return real_server


async def differences(server: ServerProcess, samples: Sequence[Sequence[str]]) -> list[tuple[object, ...]]:
    """List the samples of which the server tells other keys than we do; it does not judge what makes no sense."""
    async with RawConnection(server.host, server.port) as client:
        told = [(words, await client.call("COMMAND", "GETKEYS", *words)) for words in samples]
    judged = [(words, [] if no_keys(said) else said) for words, said in told if judges(said)]
    return [(words, said) for words, said in judged if [words[at].encode() for at in keys(words)] != said]


def no_keys(said: object) -> bool:
    return isinstance(said, Error) and b"no key arguments" in said.text


def judges(said: object) -> bool:
    return no_keys(said) or not isinstance(said, Error)


async def test_a_real_server_says_the_same_of_the_documentations_cases(judge: ServerProcess) -> None:
    assert await differences(judge, [command.split() for command, _ in CASES]) == []


async def test_a_real_server_says_the_same_of_every_command(judge: ServerProcess) -> None:
    chance = random.Random(20)
    words = ("0", "1", "2", "3", "-1", "a", "b", "")
    samples = [
        [*name.split(), *chance.choices(words, k=length)] for name in sorted(ROWS) for length in range(9)
    ]
    assert await differences(judge, samples) == []
