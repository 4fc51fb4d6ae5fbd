"""Any reply, cut anywhere, is the same reply: the parser against generated streams."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from respool._wire.encoding import LARGE, pack
from respool._wire.parsing import ReplyParser

# Values full of what could be mistaken for structure: line ends, marks of types, attributes.
TEXTS = st.binary(max_size=12) | st.lists(st.sampled_from([b"\r\n", b"\n|", b"|1", b"$3", b"+", b"-"])).map(
    b"".join
)
REPLIES = st.recursive(
    TEXTS | st.integers(-(2**63), 2**63 - 1) | st.none(),
    lambda inner: st.lists(inner, max_size=4),
    max_leaves=8,
)


def spell(reply: object) -> bytes:
    """Spell a reply as RESP2 does."""
    if reply is None:
        return b"$-1\r\n"
    if isinstance(reply, int):
        return b":%d\r\n" % reply
    if isinstance(reply, bytes):
        return b"$%d\r\n%b\r\n" % (len(reply), reply)
    assert isinstance(reply, list)
    return b"*%d\r\n" % len(reply) + b"".join(map(spell, reply))


def chunks(data: bytes, cuts: list[int]) -> list[bytes]:
    """Cut data at these places, wrapped round its length; no piece is empty."""
    places = sorted({0, len(data), *(cut % len(data) for cut in cuts)})
    return [data[start:stop] for start, stop in itertools.pairwise(places)]


@given(st.lists(REPLIES, min_size=1, max_size=5), st.lists(st.integers(0, 500), max_size=6))
def test_a_stream_cut_anywhere_is_the_same_stream(replies: list[object], cuts: list[int]) -> None:
    parser = ReplyParser()
    data = b"".join(map(spell, replies))
    assert [reply for chunk in chunks(data, cuts) for reply in parser.feed(chunk)] == replies


@given(st.lists(st.binary(max_size=20), min_size=1, max_size=5))
def test_a_command_reads_back_as_the_list_it_is(words: list[bytes]) -> None:
    packed = pack(words)
    assert isinstance(packed, bytes)
    assert list(ReplyParser().feed(packed)) == [words]


@given(st.lists(st.binary(max_size=9) | st.just(b"x" * LARGE), min_size=3, max_size=5))
def test_large_values_change_nothing_but_the_pieces(words: list[bytes]) -> None:
    packed = pack(words)
    data = packed if isinstance(packed, bytes) else b"".join(packed)
    assert list(ReplyParser().feed(data)) == [words]
