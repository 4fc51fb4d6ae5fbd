"""A command to bytes: every spelling literal, every refusal before anything is sent."""

from __future__ import annotations

import ctypes
import enum
import mmap
from array import array
from decimal import Decimal

import pytest

from respool._wire import encoding
from respool._wire.encoding import LARGE, Payload, pack, split_name, upper_word
from respool._wire.values import ValueT
from respool.errors import DataError


class Word(str):
    __slots__ = ()


class Level(enum.IntEnum):
    HIGH = 3


class Colour(str, enum.Enum):
    RED = "red"


class Mask(enum.IntFlag):
    ALL = 7


class Odd(float):
    """A number as numpy's: a float whose repr is not one."""

    def __repr__(self) -> str:
        return f"Odd({float(self)})"

    __str__ = __repr__


class Shouted(int):
    def __repr__(self) -> str:
        return f"{int(self)}!"

    __str__ = __repr__


class Raw(bytes):
    pass


def joined(packed: Payload) -> bytes:
    return packed if isinstance(packed, bytes) else b"".join(packed)


@pytest.mark.parametrize(
    ("argument", "spelling"),
    [
        (b"\x00\r\n", b"$3\r\n\x00\r\n\r\n"),
        (b"", b"$0\r\n\r\n"),
        ("", b"$0\r\n\r\n"),
        ("é", b"$2\r\n\xc3\xa9\r\n"),
        (bytearray(b"ab"), b"$2\r\nab\r\n"),
        (memoryview(b"abc")[1:], b"$2\r\nbc\r\n"),
        (memoryview(array("B", [1, 2])), b"$2\r\n\x01\x02\r\n"),
        (0, b"$1\r\n0\r\n"),
        (-7, b"$2\r\n-7\r\n"),
        (2**64, b"$20\r\n18446744073709551616\r\n"),
        (0.1, b"$3\r\n0.1\r\n"),
        (1e300, b"$6\r\n1e+300\r\n"),
        (float("inf"), b"$3\r\ninf\r\n"),
        (Word("x"), b"$1\r\nx\r\n"),
        (Raw(b"x"), b"$1\r\nx\r\n"),
        (Level.HIGH, b"$1\r\n3\r\n"),
        (Mask.ALL, b"$1\r\n7\r\n"),
        (Colour.RED, b"$3\r\nred\r\n"),
        (Odd(1.5), b"$3\r\n1.5\r\n"),
        (Shouted(3), b"$1\r\n3\r\n"),
        (-0.0, b"$4\r\n-0.0\r\n"),
        (memoryview(b"xyzw")[::2], b"$2\r\nxz\r\n"),
        (memoryview(b"abc")[::-1], b"$3\r\ncba\r\n"),
        (memoryview(b"abcdef").cast("B", (2, 3)), b"$6\r\nabcdef\r\n"),
        (memoryview(b"abcd").cast("I"), b"$4\r\nabcd\r\n"),
        (memoryview(b""), b"$0\r\n\r\n"),
    ],
)
def test_an_argument_has_one_spelling(argument: ValueT, spelling: bytes) -> None:
    assert pack((b"ECHO", argument)) == b"*2\r\n$4\r\nECHO\r\n" + spelling


def test_a_float_keeps_its_full_precision() -> None:
    value = 0.1 + 0.2
    packed = pack((b"ECHO", value))
    assert isinstance(packed, bytes)
    assert float(packed.split(b"\r\n")[-2]) == value


def test_arguments_count_the_name() -> None:
    assert pack(("SET", "k", "v")) == b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\nv\r\n"


@pytest.mark.parametrize("argument", [True, False, None, [], {}, object(), b"x".join, 1j, Decimal(1)])
def test_what_has_no_one_spelling_is_refused(argument: object) -> None:
    with pytest.raises(DataError):
        pack(("SET", "k", argument))  # type: ignore[arg-type]


def test_a_refusal_names_the_type_it_got() -> None:
    with pytest.raises(DataError, match="cannot send a list"):
        pack(("SET", ["k"]))  # type: ignore[arg-type]


def test_an_object_with_a_buffer_is_refused_but_not_a_view_of_it() -> None:
    numbers = array("B", [1, 2])
    with pytest.raises(DataError, match=r"cannot send a array: give .*memoryview"):
        pack(("ECHO", numbers))  # type: ignore[arg-type]
    assert joined(pack(("ECHO", memoryview(numbers)))).endswith(b"$2\r\n\x01\x02\r\n")


def test_a_mapped_file_is_refused() -> None:
    with mmap.mmap(-1, 1) as mapped, pytest.raises(DataError, match="cannot send a mmap"):
        pack(("ECHO", mapped))  # type: ignore[arg-type]


def test_a_released_view_is_refused() -> None:
    view = memoryview(b"x")
    view.release()
    with pytest.raises(DataError, match="released"):
        pack(("ECHO", view))


def test_a_command_without_a_name_is_refused() -> None:
    with pytest.raises(DataError, match="without a name"):
        pack(())


@pytest.mark.parametrize("value", [2**64, -(2**64), 10**600])
def test_a_long_number_is_sent_whole(value: int) -> None:
    assert b"\r\n%d\r\n" % value in joined(pack((b"SET", b"k", value)))


def test_a_number_too_long_to_be_written_is_refused() -> None:
    with pytest.raises(DataError, match="bits is too long"):
        pack((b"SET", b"k", 1 << 100_000))


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252"])
def test_text_is_sent_in_the_given_encoding(encoding: str) -> None:
    assert pack((b"ECHO", "é"), encoding) == b"*2\r\n$4\r\nECHO\r\n$1\r\n\xe9\r\n"


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-32", "cp037", "punycode"])
def test_the_name_of_a_command_is_the_same_in_any_encoding(encoding: str) -> None:
    key = "é".encode(encoding)
    assert pack(("GET", "é"), encoding) == b"*2\r\n$3\r\nGET\r\n$%d\r\n%b\r\n" % (len(key), key)


@pytest.mark.parametrize(("text", "encoding"), [("é", "ascii"), ("\ud800", "utf-8"), ("€", "latin-1")])
def test_text_that_an_encoding_lacks_is_refused(text: str, encoding: str) -> None:
    with pytest.raises(DataError, match=encoding) as refused:
        pack((b"ECHO", text), encoding)
    assert isinstance(refused.value.__cause__, UnicodeEncodeError)


def test_an_unknown_encoding_is_refused() -> None:
    with pytest.raises(DataError, match="no-such-codec"):
        pack((b"ECHO", "x"), "no-such-codec")


def test_a_large_value_is_handed_over_uncopied() -> None:
    value = b"x" * LARGE
    packed = pack((b"SET", b"k", value, b"EX", 1))
    assert isinstance(packed, tuple)
    assert any(piece is value for piece in packed)
    assert b"".join(packed) == b"*5\r\n$3\r\nSET\r\n$1\r\nk\r\n$%d\r\n%b\r\n$2\r\nEX\r\n$1\r\n1\r\n" % (
        LARGE,
        value,
    )


def test_a_value_one_byte_below_large_is_joined() -> None:
    assert isinstance(pack((b"SET", b"k", b"x" * (LARGE - 1))), bytes)


def test_a_large_view_is_handed_over_uncopied() -> None:
    value = bytearray(b"y" * LARGE)
    packed = pack((b"MSET", b"a", memoryview(value), b"b", b"1"))
    value[0] = ord("x")
    head = b"*5\r\n$4\r\nMSET\r\n$1\r\na\r\n$%d\r\n" % LARGE
    assert joined(packed) == head + value + b"\r\n$1\r\nb\r\n$1\r\n1\r\n"


def test_a_view_is_measured_in_bytes() -> None:
    view = memoryview(array("I", [1]) * (LARGE // 4))
    packed = pack((b"ECHO", view))
    assert isinstance(packed, tuple)
    assert joined(packed) == b"*2\r\n$4\r\nECHO\r\n$%d\r\n%b\r\n" % (LARGE, view.tobytes())


@pytest.mark.parametrize("view", [memoryview(b"xy" * LARGE)[::2], memoryview(b"xy" * LARGE)[::-2]])
def test_a_large_view_with_gaps_is_sent_without_them(view: memoryview) -> None:
    assert joined(pack((b"ECHO", view))).endswith(b"$%d\r\n%b\r\n" % (LARGE, view.tobytes()))


def test_a_view_of_an_odd_format_is_sent_as_the_bytes_it_shows() -> None:
    numbers = (ctypes.c_uint32.__ctype_be__ * LARGE)()
    assert joined(pack((b"ECHO", memoryview(numbers)))).endswith(
        b"$%d\r\n%b\r\n" % (4 * LARGE, bytes(numbers))
    )


def test_a_large_view_may_be_released_as_soon_as_it_is_packed() -> None:
    with memoryview(b"x" * LARGE) as view:
        packed = pack((b"ECHO", view))
    assert joined(packed).count(b"x") == LARGE


def test_names_that_come_from_anywhere_are_not_all_remembered() -> None:
    for number in range(5000):
        assert joined(pack((b"N%d" % number, b"k"))).endswith(b"N%d\r\n$1\r\nk\r\n" % number)
    pack((b"N" * LARGE, b"k"))
    assert sum(map(len, encoding._beginnings)) < LARGE


@pytest.mark.parametrize("size", [3, LARGE])
def test_a_bytearray_may_change_as_soon_as_it_is_packed(size: int) -> None:
    value = bytearray(b"o" * size)
    packed = pack((b"SET", b"k", value))
    value += b"new"
    assert joined(packed).endswith(b"$%d\r\n%b\r\n" % (size, b"o" * size))


def test_large_text_is_measured_in_bytes() -> None:
    packed = pack((b"SET", b"k", "é" * LARGE))
    assert b"$%d\r\n" % (2 * LARGE) in joined(packed)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        (b"GET", (b"GET",)),
        ("GET", (b"GET",)),
        (b"CLIENT TRACKING", (b"CLIENT", b"TRACKING")),
        ("XINFO  STREAM", (b"XINFO", b"STREAM")),
    ],
)
def test_a_name_with_a_space_is_two_words(name: str | bytes, words: tuple[bytes, ...]) -> None:
    assert split_name(name) == words


@pytest.mark.parametrize(
    "spelling", [b"get", "Get", bytearray(b"gET"), memoryview(b"get"), memoryview(b"g-e-t")[::2], Word("get")]
)
def test_a_word_is_the_same_however_it_is_given(spelling: object) -> None:
    assert upper_word(spelling) == b"GET"


@pytest.mark.parametrize(
    ("thing", "word"), [(7, b"7"), (0.5, b"0.5"), ("\ud800x", b"?X"), (None, b""), ([], b""), (b"", b"")]
)
def test_nothing_is_too_strange_to_be_asked_for_its_word(thing: object, word: bytes) -> None:
    assert upper_word(thing) == word


def test_a_released_view_has_no_word() -> None:
    view = memoryview(b"get")
    view.release()
    assert upper_word(view) == b""
