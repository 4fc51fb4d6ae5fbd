"""Any reply, cut anywhere, is the same reply: the parser against generated streams.

Twice: as it is, and with every limit so low that each announcement is doubted and hiredis replaced all the time.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterator, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from respool._wire import _announcements, parsing
from respool._wire.encoding import LARGE, pack
from respool._wire.parsing import Push, ReplyParser
from respool.errors import ResponseError


@pytest.fixture(params=["as it is", "in doubt of everything"], scope="module", autouse=True)
def _limits(request: pytest.FixtureRequest) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        if request.param != "as it is":
            doubts = tuple(
                (mark, re.compile(pattern.pattern.replace(b"{4}", b"{1}")))
                for mark, pattern in _announcements._DOUBTS
            )
            value = _announcements._pattern(b"$", rb"[0-9]")
            patch.setattr(_announcements, "_DOUBTS", doubts)
            patch.setattr(_announcements, "_DOUBTS_AND_VALUES", (value, *doubts))
            patch.setattr(_announcements, "_FIRST_WINDOW", 1)
            patch.setattr(parsing, "_RENEWAL", 1)
        yield


# --- replies, each with its spelling: (as it goes over the wire, as it comes out of the parser)

# Full of what could be mistaken for structure: line ends, marks of types, attributes, announcements.
LOOKALIKES = [
    b"\r\n",
    b"\n|",
    b"|1",
    b"\n*9",
    b"99999",
    b"$3",
    b"\n$70000\r\n",
    b"\n>1234",
    b"+",
    b"-",
    b"\r",
]
TEXTS = st.binary(max_size=12) | st.lists(st.sampled_from(LOOKALIKES), max_size=6).map(b"".join)
LINES = st.text("abc 019:$*", max_size=8)

Spelled = tuple[bytes, object]

BULKS = TEXTS.map(lambda raw: (b"$%d\r\n%b\r\n" % (len(raw), raw), raw))
INTEGERS = st.integers(-(2**63), 2**63 - 1).map(lambda number: (b":%d\r\n" % number, number))
KEYS: st.SearchStrategy[Spelled] = (
    BULKS
    | INTEGERS
    | LINES.map(lambda line: (b"+%b\r\n" % line.encode(), line.encode()))
    | st.booleans().map(lambda truth: (b"#t\r\n" if truth else b"#f\r\n", truth))
    | st.floats(allow_nan=False).map(lambda number: (b",%b\r\n" % repr(number).encode(), number))
    | st.integers(-(10**30), 10**30).map(lambda number: (b"(%d\r\n" % number, b"%d" % number))
    | TEXTS.map(lambda raw: (b"=%d\r\ntxt:%b\r\n" % (len(raw) + 4, raw), raw))
)
SCALARS: st.SearchStrategy[Spelled] = (
    KEYS
    | st.sampled_from([b"_\r\n", b"$-1\r\n", b"*-1\r\n"]).map(lambda wire: (wire, None))
    | LINES.map(lambda line: (b"-ERR %b\r\n" % line.encode(), ResponseError(f"ERR {line}")))
)


def listed(mark: bytes, elements: Sequence[Spelled]) -> Spelled:
    wires, values = [wire for wire, _ in elements], [value for _, value in elements]
    return b"%b%d\r\n%b" % (mark, len(elements), b"".join(wires)), values


def mapped(pairs: Sequence[tuple[Spelled, Spelled]]) -> Spelled:
    wire = b"".join(key[0] + value[0] for key, value in pairs)
    return b"%%%d\r\n%b" % (len(pairs), wire), {key[1]: value[1] for key, value in pairs}


def _key(pair: tuple[Spelled, Spelled]) -> object:
    return pair[0][1]


REPLIES: st.SearchStrategy[Spelled] = st.recursive(
    SCALARS,
    lambda inner: (
        st.builds(listed, st.sampled_from([b"*", b"~"]), st.lists(inner, max_size=4))
        | st.lists(st.tuples(KEYS, inner), max_size=3, unique_by=_key).map(mapped)
    ),
    max_leaves=12,
)
PUSHES = st.lists(SCALARS, min_size=1, max_size=3).map(lambda parts: listed(b">", parts))


def chunks(data: bytes, cuts: list[int]) -> list[bytes]:
    """Cut data at these places, wrapped round its length; no piece is empty."""
    places = sorted({0, len(data), *(cut % len(data) for cut in cuts)})
    return [data[start:stop] for start, stop in itertools.pairwise(places)]


def parsed(pieces: list[bytes]) -> list[object]:
    parser = ReplyParser()
    return [reply for piece in pieces for reply in parser.feed(piece)]


CUTS = st.lists(st.integers(0, 500), max_size=6)


@given(st.lists(REPLIES | PUSHES, min_size=1, max_size=5), CUTS)
def test_a_stream_cut_anywhere_is_the_same_stream(replies: list[Spelled], cuts: list[int]) -> None:
    data = b"".join(wire for wire, _ in replies)
    # By their text, for errors are equal to themselves only, and True is 1.
    assert repr(list(map(plain, parsed(chunks(data, cuts))))) == repr([value for _, value in replies])


def plain(reply: object) -> object:
    return list(reply) if isinstance(reply, Push) else reply


@pytest.mark.parametrize("line", [b"+*9999", b"-|1", b"+>5000", b"-ERR *1234"])
def test_the_mark_of_a_line_is_no_end_of_an_element(line: bytes) -> None:
    (reply,) = parsed([line[:1], line[1:] + b"\r\n"])
    assert str(plain(reply)) == str(plain(*parsed([line + b"\r\n"])))


@given(st.lists(REPLIES | PUSHES, min_size=1, max_size=2))
def test_a_stream_byte_by_byte_is_the_same_stream(replies: list[Spelled]) -> None:
    data = b"".join(wire for wire, _ in replies)
    assert repr(list(map(plain, parsed(chunks(data, list(range(len(data)))))))) == repr(
        [value for _, value in replies]
    )


def test_no_number_is_a_number() -> None:
    assert [math.isnan(number) for number in parsed([b",nan\r\n"]) if isinstance(number, float)] == [True]


@given(st.lists(st.binary(max_size=20), min_size=1, max_size=5), CUTS)
def test_a_command_reads_back_as_the_list_it_is(words: list[bytes], cuts: list[int]) -> None:
    packed = pack(words)
    assert isinstance(packed, bytes)
    assert parsed(chunks(packed, cuts)) == [words]


@given(
    st.lists(st.sampled_from([0, 3, LARGE, 5 * LARGE]), min_size=3, max_size=5),
    st.lists(st.integers(0, 14 * LARGE), max_size=9),
)
@settings(max_examples=10, deadline=None)
def test_large_values_in_many_reads_are_what_they_are(sizes: list[int], cuts: list[int]) -> None:
    words = [(b"\n*99999\r\n|1\r\n" * size)[:size] for size in sizes]
    packed = pack(words)
    data = packed if isinstance(packed, bytes) else b"".join(packed)
    assert parsed(chunks(data * 2 + b":1\r\n", cuts)) == [words, words, 1]


@pytest.mark.parametrize(("mark", "size"), [(b"*", 3000), (b"~", 1000), (b">", 1200), (b"*", 30_000)])
@given(cuts=st.lists(st.integers(0, 150_000), max_size=9))
@settings(max_examples=10, deadline=None)
def test_a_long_list_in_many_reads_is_the_list_it_is(mark: bytes, size: int, cuts: list[int]) -> None:
    data = b"+\r\n%b%d\r\n" % (mark, size) + b":1\r\n" * size + b"+OK\r\n"
    assert parsed(chunks(data, cuts)) == [b"", [1] * size, b"OK"]


@given(cuts=st.lists(st.integers(0, 60_000), max_size=9))
@settings(max_examples=10, deadline=None)
def test_long_lists_within_a_long_list_are_all_admitted(cuts: list[int]) -> None:
    inner = b"*1500\r\n" + b"_\r\n" * 1500
    data = b"*8\r\n" + inner * 3 + b"*5\r\n" + inner * 5 + inner * 4
    assert (
        parsed(chunks(data * 2, cuts))
        == [[[None] * 1500] * 3 + [[[None] * 1500] * 5] + [[None] * 1500] * 4] * 2
    )
