"""A server that lies, or never ends: it is found out, or costs no more memory than what it sent."""

from __future__ import annotations

import subprocess
import sys
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from respool._wire import parsing
from respool._wire.parsing import MALFORMED, MalformedReply, ReplyParser

MIB = 1024 * 1024
STATUS = Path("/proc/self/status")


def feed(data: bytes, size: int = 64 * 1024) -> list[object]:
    parser = ReplyParser()
    return [reply for at in range(0, len(data), size) for reply in parser.feed(data[at : at + size])]


@contextmanager
def bounded(limit: int) -> Iterator[None]:
    """Fail if more than `limit` bytes were in use at once."""
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < limit
    finally:
        tracemalloc.stop()


# --- announcements


@pytest.mark.parametrize("size", [1, 3, 1000])
@pytest.mark.parametrize(
    "data",
    [
        b"*100000000\r\n",
        b"~100000000\r\n",
        b">100000000\r\n",
        b"%100000000\r\n",
        b"*1000000\r\n" * 900,
        b"*9999\r\n" * 900,
        b"~9999\r\n" * 900,
        b"*999\r\n" * 900,
        b"*2\r\n$3\r\nabc\r\n*100000000\r\n",
        b"*5000\r\n*90000000\r\n",
        b"+OK\r\n" * 3 + b"*100000000\r\n:1\r\n:2\r\n",
        b"%2\r\n+a\r\n>100000000\r\n",
        b"$1000000000\r\nabc",
    ],
)
def test_what_is_announced_takes_no_room_before_it_is_there(data: bytes, size: int) -> None:
    with bounded(12 * MIB):
        feed(data, size)


@pytest.mark.parametrize("size", [1, 1000])
@pytest.mark.parametrize(
    "data",
    [b"*4294967295\r\n", b"*2147483647\r\n", b"~999999999\r\n", b"*-5\r\n"],
)
def test_a_list_for_which_no_reply_has_room_is_refused(data: bytes, size: int) -> None:
    with bounded(MIB), pytest.raises(MALFORMED):
        feed(data, size)


def test_a_value_for_which_no_reply_has_room_is_refused_if_it_goes_on() -> None:
    with pytest.raises(MalformedReply, match="an announcement of 9999999999"):
        feed(b"$9999999999\r\nabc")


@pytest.mark.parametrize("header", [b"*1\r\n", b"%1\r\n+k\r\n", b"~1\r\n", b">1\r\n", b"*1\r\n%1\r\n:1\r\n"])
def test_endless_levels_are_refused(header: bytes) -> None:
    with bounded(4 * MIB), pytest.raises(MALFORMED):
        feed(header * 100_000, 4096)


def test_a_level_deep_for_people_is_none_for_the_parser() -> None:
    (reply,) = feed(b"*1\r\n" * 100 + b":7\r\n")
    assert repr(reply) == "[" * 100 + "7" + "]" * 100


# --- the size of one reply


@pytest.fixture
def _small_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parsing, "MAX_REPLY", 100_000)
    monkeypatch.setattr(parsing, "_RENEWAL", 1000)


ENDLESS = {
    "a line": b"+" + b"a" * 200_000,
    "an error": b"-ERR " + b"a" * 200_000,
    "a number": b"(" + b"1" * 200_000,
    "a list": b"*999\r\n" * 30 + b"$5\r\nhello\r\n" * 20_000,
}


@pytest.mark.usefixtures("_small_limits")
@pytest.mark.parametrize("size", [100, 70_000, 1_000_000])
@pytest.mark.parametrize("data", ENDLESS.values(), ids=ENDLESS)
def test_a_reply_without_end_is_refused(data: bytes, size: int) -> None:
    with pytest.raises(MalformedReply, match="a reply of more than 100000 bytes"):
        feed(data, size)


@pytest.mark.usefixtures("_small_limits")
@pytest.mark.parametrize("size", [100, 997, 4096])
def test_any_number_of_replies_below_the_limit_may_follow_each_other(size: int) -> None:
    reply, value = b"*2000\r\n" + b":1\r\n" * 2000 + b"$20000\r\n%b\r\n" % (b"x" * 20_000), b"x" * 20_000
    assert feed(reply * 20, size) == [[1] * 2000, value] * 20


@pytest.mark.usefixtures("_small_limits")
def test_the_replies_before_an_endless_one_are_given_out() -> None:
    parser = ReplyParser()
    replies = parser.feed(b":1\r\n:2\r\n+" + b"a" * 200_000)
    assert [next(replies), next(replies)] == [1, 2]
    with pytest.raises(MalformedReply):
        next(replies)


# --- attributes, however they are cut


@pytest.mark.parametrize("size", [1, 2, 3, 100])
@pytest.mark.parametrize(
    "before", [b"", b"+OK\r\n", b"*1\r\n", b"$2\r\n\n|\r\n", b"$70000\r\n" + b"x" * 70_000 + b"\r\n"]
)
def test_an_attribute_is_found_out_however_it_is_cut(before: bytes, size: int) -> None:
    with pytest.raises(MalformedReply, match="attribute"):
        feed(before + b"|1\r\n+ttl\r\n:3600\r\n:5\r\n", size)


def test_an_attribute_is_found_out_behind_a_value_of_many_lines() -> None:
    parser = ReplyParser()
    assert list(parser.feed(b"$20000\r\n" + b"x" * 5000)) == []
    assert len(list(parser.feed(b"\n" * 15_000 + b"\r\n"))) == 1
    with pytest.raises(MalformedReply, match="attribute"):
        list(parser.feed(b"|1\r\n+ttl\r\n:3600\r\n:5\r\n"))


@pytest.mark.parametrize("cut", [1, 2, 3])
@pytest.mark.parametrize(
    ("announced", "what"), [(b"|1\r\n+ttl\r\n:3600\r\n:5\r\n", "attribute"), (b"*1000000000\r\n", "no room")]
)
def test_what_is_announced_right_behind_a_large_value_is_judged(
    announced: bytes, what: str, cut: int
) -> None:
    parser = ReplyParser()
    assert list(parser.feed(b"$100000\r\n" + b"x" * 99_900)) == []
    assert len(list(parser.feed(b"x" * 100 + b"\r\n" + announced[:cut]))) == 1
    with pytest.raises(MalformedReply, match=what):
        list(parser.feed(announced[cut:]))


# --- an idle parser


IDLE = """
from pathlib import Path
from respool._wire.parsing import ReplyParser


def resident():
    lines = Path("/proc/self/status").read_text().splitlines()
    return 1024 * int(next(line for line in lines if line.startswith("VmRSS")).split()[1])


data = b"$67108864\\r\\n" + bytes(1 << 26) + b"\\r\\n"
parser, before = ReplyParser(), resident()
for at in range(0, len(data), CUT):
    assert len(list(parser.feed(data[at : at + CUT]))) == (at + CUT >= len(data))
print(resident() - before)
assert list(parser.feed(b":1\\r\\n")) == [1]
"""


@pytest.mark.skipif(not STATUS.exists(), reason="needs /proc to ask how much memory is in use")
@pytest.mark.parametrize("cut", [65_536, 262_144])
def test_an_idle_parser_does_not_hold_what_is_answered(cut: int) -> None:
    # In a process of its own, for in a long one it is chance what the allocator gives back.
    code = IDLE.replace("CUT", str(cut))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(done.stdout) < 8 * MIB
