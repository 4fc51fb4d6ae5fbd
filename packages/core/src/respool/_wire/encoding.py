"""A command to bytes. Refuses what has no one spelling on the wire, before anything is sent.

Small commands become one `bytes`. A command with a large argument becomes a tuple of pieces in which that
argument stands uncopied; whoever writes it hands the pieces over as they are.

Accepted are bytes, str, int and float, bytearray and memoryview, and what derives from them: it is sent as the
plain value it is, whatever its `repr` says. Other objects with a buffer (array, mmap, a number of numpy's) are
refused, for it is anyone's guess whether their memory or their value is meant: `memoryview(x)` says the memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias, cast

import hiredis

from respool._wire.values import StringT, ValueT
from respool.errors import DataError

Buffer: TypeAlias = bytes | memoryview
Payload: TypeAlias = bytes | tuple[Buffer, ...]

# Its stub allows a tuple of one argument only.
_pack_command = cast("Callable[[Sequence[ValueT]], bytes]", hiredis.pack_command)

LARGE = 32 * 1024
"""Bytes from which an argument is not copied into the command: below it, joining costs less than a piece."""

_SHORT = 256
_SIZES = tuple(b"%d\r\n" % size for size in range(_SHORT))
"""How the sizes of short arguments are spelled."""

# hiredis crashes on a number of more digits than Python agrees to write; far below that, all is well.
_PLAIN_INT = 1 << 64


class _Beginnings(dict[bytes, bytes]):
    """How commands of a name and one argument begin, by name: as far as the size of the argument."""

    def __missing__(self, name: bytes) -> bytes:
        beginning = b"*2\r\n$%d\r\n%b\r\n$" % (len(name), name)
        if len(self) >= _REMEMBERED:  # names may come from anywhere
            self.clear()
        if len(name) < _SHORT:
            self[name] = beginning
        return beginning


_REMEMBERED = 1024
_beginnings = _Beginnings()


def pack(args: Sequence[ValueT], encoding: str = "utf-8") -> Payload:
    """Return the command `args` as it goes over the wire. Raises `DataError` for what cannot be sent.

    Arguments are read now and may change as soon as this returns, but for a memoryview of `LARGE` bytes or more:
    what it shows must stay as it is until the reply is there. The name is never in another encoding than UTF-8.
    """
    count = len(args)
    if count == 2:  # most commands: a name and a key, joined quicker here than spelled by any call
        name, key = args
        if key.__class__ is str and encoding == "utf-8" and key.isascii():
            key = key.encode()
        if key.__class__ is bytes and name.__class__ is bytes and len(key) < _SHORT:
            return b"".join((_beginnings[name], _SIZES[len(key)], key, b"\r\n"))
    # hiredis spells exact types only as they should be: it writes the repr of a float's subclass, and a
    # memoryview with gaps wrongly. So everything else takes the slow way.
    for arg in args:
        kind = arg.__class__
        if kind is bytes or kind is str:
            if len(arg) < LARGE:  # type: ignore[arg-type]
                continue
        elif kind is float or (kind is int and -_PLAIN_INT < arg < _PLAIN_INT):  # type: ignore[operator]
            continue
        return _pack_slowly(args, encoding)
    if encoding != "utf-8" or not count:
        return _pack_slowly(args, encoding)
    try:
        return _pack_command(args)
    except (TypeError, UnicodeEncodeError):  # not a tuple, or text that is none
        return _pack_slowly(args, encoding)


def split_name(command: StringT) -> tuple[bytes, ...]:
    """Return the words of a command name: `b"CLIENT TRACKING"` is two on the wire."""
    name = command.encode() if isinstance(command, str) else bytes(command)
    return tuple(name.split())


def upper_word(word: object) -> bytes:
    """Return a word of a command as servers compare it: its bytes in upper case, however it is given.

    Of what no word can be it is `b""`. Never raises, for this is asked before a command is checked.
    """
    if isinstance(word, bytes):
        return word.upper()
    if isinstance(word, str):
        return word.encode("utf-8", "replace").upper()
    try:
        if isinstance(word, (int, float)):
            return str(word).encode().upper()
        return bytes(word).upper() if isinstance(word, (bytearray, memoryview)) else b""
    except ValueError:  # an endless number, or a memoryview that was released
        return b""


def _pack_slowly(args: Sequence[ValueT], encoding: str) -> Payload:
    if not args:
        raise DataError("a command without a name: no server answers that")
    # The name is a word of the protocol, not text of the caller's.
    raws = [_as_buffer(args[0], "utf-8"), *(_as_buffer(arg, encoding) for arg in args[1:])]
    return tuple(_pieces(raws)) if max(map(len, raws)) >= LARGE else _pack_command(tuple(raws))


def _pieces(raws: Sequence[Buffer]) -> Iterator[Buffer]:
    small: list[Buffer] = [b"*%d\r\n" % len(raws)]
    for raw in raws:
        small.append(b"$%d\r\n" % len(raw))
        if len(raw) >= LARGE:
            yield b"".join(small)
            yield raw
            small = [b"\r\n"]
        else:
            small += (raw, b"\r\n")
    yield b"".join(small)


def _as_buffer(arg: ValueT, encoding: str) -> Buffer:
    if isinstance(arg, bytes):
        return arg
    if isinstance(arg, str):
        return _encoded(arg, encoding)
    if isinstance(arg, bool) or arg is None:
        raise DataError(f"{arg!r} has no one spelling on the wire: send 1 or 0, or a text of your choice")
    if isinstance(arg, int):
        return _digits(arg)
    if isinstance(arg, float):
        return float.__repr__(arg).encode()
    if isinstance(arg, bytearray):
        return bytes(arg)
    if isinstance(arg, memoryview):
        return _shown(arg)
    raise DataError(f"cannot send a {type(arg).__name__}: give str, bytes, memoryview, int or float")


def _encoded(text: str, encoding: str) -> bytes:
    try:
        return text.encode(encoding)
    except (UnicodeError, LookupError) as exc:
        raise DataError(f"text cannot be sent as {encoding}: {exc}") from exc


def _digits(value: int) -> bytes:
    try:
        return b"%d" % value
    except ValueError as exc:
        raise DataError(f"a number of {value.bit_length()} bits is too long to be written: {exc}") from exc


def _shown(view: memoryview) -> Buffer:
    """Return the bytes that a view shows, row by row whatever its shape; copied if they are few or have gaps."""
    try:
        if view.nbytes < LARGE or not view.c_contiguous:
            return view.tobytes()
        # A view of its own: the caller may release his.
        return view.cast("B")
    except TypeError:  # a format that Python has no name for
        return view.tobytes()
    except ValueError as exc:
        raise DataError(f"cannot send a memoryview that was released: {exc}") from exc
