"""From a call of the client to a request: encoded now, so that later changes of an argument do not matter.

What cannot be sent fails through the future, like everything else.
"""

from __future__ import annotations

import asyncio
from typing import TypeVar

from respool._client.replies.basic import UNDECODED
from respool._connection.request import Convert, Request, Rescue, SilentRequest
from respool._wire.decoding import decode_reply, decoder
from respool._wire.encoding import pack
from respool._wire.values import ValueT
from respool.errors import DataError

R = TypeVar("R")


class RequestMaker:
    """Makes the requests of one client: its encoding, what it decodes, and who rescues them."""

    __slots__ = ("_composed", "_decoder", "encoding", "is_plain", "is_raw", "kind")

    def __init__(self, encoding: str, decode: bool, *, noreply: bool = False) -> None:
        self.kind: type[Request[object]] = SilentRequest if noreply else Request
        """What a command becomes where nothing else is asked for."""
        self.encoding = encoding
        self.is_raw = not decode
        """Whether replies stay as the server gave them, but for what a command makes of its own."""
        self.is_plain = type(self).make is RequestMaker.make
        """Whether a request is no more than its parts: who is in a hurry may put them together himself."""
        self._decoder = decoder(encoding) if decode else None
        self._composed: dict[Convert, Convert] = {}

    def make(
        self,
        args: tuple[ValueT, ...],
        convert: Convert | None,
        rescue: Rescue | None,
        kind: type[Request[object]] | None = None,
        future: asyncio.Future[object] | None = None,
    ) -> Request[object]:
        """Return a request that is ready to be sent, or done already with `DataError`.

        Its future is one of the running loop's, or the one that is given.
        """
        request = (kind or self.kind)()
        request.future = asyncio.get_running_loop().create_future() if future is None else future
        request.args = args
        request.rescue = rescue
        request.convert = convert if self._decoder is None else self.converter(convert)
        try:
            request.payload = pack(args, self.encoding)
        except DataError as exc:
            request.future.set_exception(exc)
        return request

    def decoded(self, reply: object) -> object:
        """Return a raw reply as this client's users see it."""
        return reply if self._decoder is None else self._decoder(reply)

    def converter(self, convert: Convert | None) -> Convert | None:
        """Return what to apply to a raw reply: decoding first, then `convert`; binary data stays as it is."""
        if self._decoder is None or convert in UNDECODED:
            return convert
        return self._decoder if convert is None else self._compose(convert)

    def _compose(self, convert: Convert) -> Convert:
        composed = self._composed.get(convert)
        if composed is None:
            encoding = self.encoding

            def composed(reply: object) -> object:
                return convert(decode_reply(reply, encoding))

            self._composed[convert] = composed
        return composed


def refused(why: str) -> asyncio.Future[R]:
    """Return the future of a command that was not sent, failed with `DataError`."""
    future: asyncio.Future[R] = asyncio.get_running_loop().create_future()
    future.set_exception(DataError(why))
    return future
