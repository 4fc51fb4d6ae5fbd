"""A command to bytes. Refuses what has no one spelling on the wire, before anything is sent.

Small commands become one `bytes`. A command with a large argument becomes a tuple of pieces in which that
argument stands uncopied; whoever writes it hands the pieces over as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias, cast

import hiredis

from respool._wire.values import StringT, ValueT
from respool.errors import DataError

Buffer: TypeAlias = bytes | bytearray | memoryview
Payload: TypeAlias = bytes | tuple[Buffer, ...]

# Its stub allows a tuple of one argument only.
_pack_command = cast("Callable[[Sequence[ValueT]], bytes]", hiredis.pack_command)

LARGE = 32 * 1024
"""Bytes from which an argument is not copied into the command: below it, joining costs less than a piece."""


def pack(args: Sequence[ValueT], encoding: str = "utf-8") -> Payload:
    """Return the command `args` as RESP. Raises `DataError` for what cannot be sent.

    Reads the arguments now: a bytearray may change as soon as this returns, unless it is large.
    """
    # A name and one argument: a key is never large, so the check costs these nothing.
    for arg in args[2:]:
        if isinstance(arg, (bytes, str, bytearray, memoryview)) and len(arg) >= LARGE:
            return tuple(_pieces(args, encoding))
    if encoding != "utf-8":
        return b"".join(_pieces(args, encoding))
    try:
        return _pack_command(args)
    except (TypeError, UnicodeEncodeError):
        # Rare spellings (bytearray, subclasses) and refusals are worked out slowly.
        return b"".join(_pieces(args, encoding))


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
    if isinstance(word, (int, float)):
        return str(word).encode().upper()
    try:
        return bytes(word).upper() if isinstance(word, (bytearray, memoryview)) else b""
    except ValueError:  # a memoryview that was released
        return b""


def _pieces(args: Sequence[ValueT], encoding: str) -> Iterator[Buffer]:
    head = b"*%d\r\n" % len(args)
    for arg in args:
        raw = _as_buffer(arg, encoding)
        head += b"$%d\r\n" % len(raw)
        if len(raw) >= LARGE:
            yield head
            yield raw
            head = b"\r\n"
        else:
            head += raw
            head += b"\r\n"
    yield head


def _as_buffer(arg: ValueT, encoding: str) -> Buffer:
    """Return one argument as the bytes that will be sent."""
    if isinstance(arg, bytes):
        return arg
    if isinstance(arg, str):
        try:
            return arg.encode(encoding)
        except (UnicodeEncodeError, LookupError) as exc:
            raise DataError(f"text cannot be sent as {encoding}: {exc}") from exc
    if isinstance(arg, bool) or arg is None:
        raise DataError(f"{arg!r} has no one spelling on the wire: send 1 or 0, or a text of your choice")
    if isinstance(arg, int):
        return b"%d" % arg
    if isinstance(arg, float):
        return repr(arg).encode()
    if isinstance(arg, (bytearray, memoryview)):
        return memoryview(arg).cast("B") if len(arg) >= LARGE else bytes(arg)
    raise DataError(f"cannot send a {type(arg).__name__}: give str, bytes, int or float")
