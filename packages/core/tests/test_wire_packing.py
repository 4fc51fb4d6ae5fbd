"""Whatever `pack` accepts reads back as exactly the arguments it was given, and what is large is not copied."""

from __future__ import annotations

import math
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from respool._wire import encoding
from respool._wire.encoding import Payload, pack
from respool._wire.values import ValueT

LARGE = 64
SHORT = 16


@pytest.fixture(autouse=True, scope="module")
def _sizes_are_smaller() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(encoding, "LARGE", LARGE)
        patch.setattr(encoding, "_SHORT", SHORT)
        yield


SIZES = st.integers(0, 20) | st.sampled_from([SHORT - 1, SHORT, LARGE - 1, LARGE, LARGE + 1])
BYTES = st.binary(max_size=20) | SIZES.map(lambda size: b"x" * size)
VIEWS = st.builds(
    lambda raw, step: memoryview(raw)[::step], BYTES, st.sampled_from([1, 2, 3, -1, -2])
) | SIZES.map(lambda size: memoryview(b"abcd" * size).cast("I"))
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20) | SIZES.map(lambda size: "é" * size)
NUMBERS = st.integers() | st.integers(-(10**100), 10**100) | st.floats(allow_nan=False)
COMMANDS = st.lists(BYTES | VIEWS | TEXTS | NUMBERS | BYTES.map(bytearray), min_size=1, max_size=5)


def read(data: bytes) -> list[bytes]:
    """Read one command as a server does; nothing may follow it."""
    header, _, rest = data.partition(b"\r\n")
    words = []
    for _ in range(int(header[1:])):
        length, _, rest = rest.partition(b"\r\n")
        size = int(length[1:])
        words.append(rest[:size])
        assert rest[size : size + 2] == b"\r\n"
        rest = rest[size + 2 :]
    assert not rest
    return words


def joined(packed: Payload) -> bytes:
    return packed if isinstance(packed, bytes) else b"".join(packed)


def meaning(argument: ValueT, codec: str) -> bytes:
    """Return what a server should see of an argument, said another way than `pack` does."""
    if isinstance(argument, str):
        return argument.encode(codec)
    if isinstance(argument, (int, float)):
        return str(argument).encode()
    return bytes(argument)


@given(COMMANDS)
def test_a_command_of_any_arguments_reads_back(args: list[ValueT]) -> None:
    for given_as in (tuple(args), args):
        assert read(joined(pack(given_as))) == [meaning(arg, "utf-8") for arg in args]


@given(COMMANDS)
def test_text_reads_back_in_its_encoding_and_the_name_as_it_is(args: list[ValueT]) -> None:
    name, *rest = args
    words = read(joined(pack(tuple(args), "utf-16")))
    assert words == [meaning(name, "utf-8"), *(meaning(arg, "utf-16") for arg in rest)]


@given(st.floats(allow_nan=False))
def test_a_float_reads_back_as_the_same_number(number: float) -> None:
    (_, word) = read(joined(pack((b"ECHO", number))))
    assert float(word) == number
    assert math.copysign(1, float(word)) == math.copysign(1, number)


@given(st.lists(BYTES, min_size=1, max_size=5))
def test_what_is_large_stands_in_the_pieces_itself(args: list[bytes]) -> None:
    packed = pack((b"NAME", *args))
    large = [arg for arg in args if len(arg) >= LARGE]
    pieces = packed if isinstance(packed, tuple) else (packed,)
    assert [piece for piece in pieces if any(piece is arg for arg in large)] == large
    assert sum(map(len, pieces)) < sum(map(len, args)) + 16 * (len(args) + 2)
    assert isinstance(packed, tuple) == bool(large)
