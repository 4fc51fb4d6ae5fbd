"""A request carries its own fate: what to send, by when, how to read the reply, who may rescue it.

The future is what its caller gets, and a plain one of the event loop's: of nothing else does `await` take the short
way through the loop. Cancelling it leaves the request where it is, as a tombstone: its reply is still awaited in its
place, and dropped. Two small objects for each command, and no task, timer or closure.
"""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Callable
from typing import ClassVar, Generic, TypeAlias, TypeVar, cast

from respool._wire.encoding import Payload, upper_word
from respool._wire.values import ValueT
from respool.errors import RedisError

T = TypeVar("T")

Convert: TypeAlias = Callable[[object], object]
"""What a reply is turned into. It must not wait; what it raises becomes the request's exception."""

Rescue: TypeAlias = Callable[["Request[object]", RedisError], bool]
"""Asked before a request fails. True: it was put elsewhere (or completed), and this place forgets it."""


class Request(Generic[T]):
    """One command under way and the future of its reply.

    The attributes are set by whoever makes it, not by a constructor: this is the hottest allocation there is.
    `deadline` is on the event loop's clock. `timed` is set where the deadline is the request's own, not its
    connection's default. `attempts` is set by who resends it.
    """

    __slots__ = ("args", "attempts", "convert", "deadline", "future", "payload", "rescue", "timed")

    grouped: ClassVar[bool] = False
    """Part of a sequence that must reach the server whole, so never left out, even when cancelled."""

    follows: ClassVar[bool] = False
    """What was sent before it relies on its being sent, too."""

    silent: ClassVar[bool] = False
    """The server will not answer; complete with None when it is written."""

    args: tuple[ValueT, ...]
    attempts: int
    convert: Convert | None
    deadline: float
    future: asyncio.Future[T]
    payload: Payload
    rescue: Rescue | None
    timed: bool

    def done(self) -> bool:
        """Whether nobody waits for the reply any more."""
        return self.future.done()


class GroupedRequest(Request[T]):
    """A request of a sequence that must reach the server whole (MULTI ... EXEC; ASKING and its command)."""

    __slots__ = ()
    grouped = True


class FollowingRequest(GroupedRequest[T]):
    """One that is not the first of its sequence: where the first was written, the sequence is not whole without it."""

    __slots__ = ()
    follows = True


class StatefulRequest(GroupedRequest[T]):
    """A request that changes what its connection means (MULTI, SELECT ...): what is sent after it relies on it."""

    __slots__ = ()


class SilentRequest(Request[T]):
    """A request that the server was told not to answer."""

    __slots__ = ()
    silent = True


class _Nobody:
    """Stands where a future would, for replies that nobody waits for."""

    def done(self) -> bool:
        return False

    def set_result(self, reply: object) -> None: ...

    def set_exception(self, error: object) -> None: ...


NOBODY = cast("asyncio.Future[object]", _Nobody())
"""The future of a request whose reply nobody waits for. It is never done, so such a request is never left out."""


def complete(future: asyncio.Future[object], convert: Convert | None, reply: object) -> None:
    """End `future` with what `convert` makes of a reply, unless it is over."""
    if future.done():
        return
    try:
        value = convert(reply) if convert else reply
    except StopIteration as exc:  # no future can hold one
        _end(future, RuntimeError(f"the converter raised {exc!r}"))
    except (Exception, asyncio.CancelledError) as exc:  # whatever the caller's function raises is its to see
        _end(future, exc)
    else:
        if not future.done():
            future.set_result(value)


def fresh(error: RedisError, *, maybe_executed: bool) -> RedisError:
    """Return a copy of `error` for one more victim, so that no two callers share a traceback."""
    twin = copy.copy(error)
    twin.maybe_executed = maybe_executed
    twin.__cause__ = error.__cause__
    return twin


def fail(request: Request[object], error: RedisError) -> None:
    """End `request` with `error`, unless it is over or somebody rescues it."""
    if request.done():
        return
    try:
        if request.rescue is not None and request.rescue(request, error):
            return
    except BaseException:  # a rescuer's own fault, and no reason to let anybody wait for ever
        refuse(request, error)
        raise
    # A rescuer that declines may have completed it all the same.
    refuse(request, error)


def refuse(request: Request[object], error: BaseException) -> None:
    """End `request` with `error`, unless it is over. Nobody is asked."""
    _end(request.future, error)


def _end(future: asyncio.Future[object], error: BaseException) -> None:
    if not future.done():
        future.set_exception(error)


def retrieve(future: asyncio.Future[object]) -> None:
    """Look at how a future ended that nobody has: that is no error of the loop's."""
    if not future.cancelled():
        future.exception()


def describe_command(args: tuple[ValueT, ...]) -> str:
    """Return the name of a command for a message. Never its arguments, which may be secrets."""
    return upper_word(args[0]).decode(errors="replace") if args else "?"
