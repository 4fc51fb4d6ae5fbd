"""Raw replies to text, in the encoding of the request that asked.

A bulk that does not decode is returned as the bytes it is: a reply is never lost to an encoding.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from respool._wire.parsing import Push


def decode_reply(reply: object, encoding: str) -> object:
    """Return `reply` with text wherever there were bytes; errors inside it stay errors, pushes become lists.

    A reply of more levels than Python can follow is returned as it is.
    """
    if reply.__class__ is bytes:
        return _decode_bytes(reply, encoding)
    try:
        return _decode_parts(reply, encoding)
    except RecursionError:
        return list(reply) if isinstance(reply, Push) else reply


def _decode_parts(reply: object, encoding: str) -> object:
    kind = reply.__class__
    if kind is bytes:
        return _decode_bytes(reply, encoding)  # type: ignore[arg-type]
    if kind is list or kind is Push:
        return [_decode_parts(item, encoding) for item in reply]  # type: ignore[attr-defined]
    if kind is dict:
        items = reply.items()  # type: ignore[attr-defined]
        return {_decode_parts(key, encoding): _decode_parts(value, encoding) for key, value in items}
    return reply


@lru_cache(maxsize=32)
def decoder(encoding: str) -> Callable[[object], object]:
    """Return the function that decodes a reply in `encoding`: one object for each encoding, not each request."""

    def decode(reply: object) -> object:
        return decode_reply(reply, encoding)

    return decode


def _decode_bytes(raw: bytes, encoding: str) -> object:
    try:
        return raw.decode(encoding)
    except UnicodeError:
        return raw
