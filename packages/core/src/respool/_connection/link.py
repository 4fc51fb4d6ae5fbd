"""Successive sockets to one place: begins a generation when one is needed, and clears up after each.

Knows nothing of what is said on the line. One opening at a time, shared by all who wait for it; it has one time
limit over everything, and is given up when nobody waits for it any more.
"""

from __future__ import annotations

import asyncio
from typing import Protocol

from respool._connection.allocator import expect_reads
from respool._connection.forking import forget_in_child
from respool._connection.generation import Generation
from respool._connection.request import Request, fail, fresh
from respool._connection.silence import SUSPECT_SECONDS
from respool.errors import ConnectionError, RedisError, TimeoutError


class LinkOwner(Protocol):
    """What a link asks of the connection it serves."""

    def describe(self) -> str: ...

    async def bring_up(self, generation: Generation) -> None:
        """Open the socket of `generation` and do all that comes before the first command."""

    def on_push(self, message: object) -> None: ...

    def on_suspect(self) -> None:
        """Hear that the server takes suspiciously long: to connect, or to answer."""

    def on_lost(self, error: RedisError) -> None:
        """Forget what died with the socket. Its requests are told after this."""


class Link:
    """The current generation of one connection, if there is one. Times are in seconds."""

    __slots__ = (
        "__weakref__",
        "_connect_timeout",
        "_opening",
        "_owner",
        "_stream_timeout",
        "_waiters",
        "closed",
        "generation",
    )

    def __init__(self, owner: LinkOwner, stream_timeout: float, connect_timeout: float) -> None:
        self.generation: Generation | None = None
        self.closed: asyncio.Future[None] | None = None
        self._owner = owner
        self._stream_timeout = stream_timeout
        self._connect_timeout = connect_timeout
        self._opening: asyncio.Task[None] | None = None
        self._waiters: list[asyncio.Future[None]] = []
        forget_in_child(self)

    def start(self) -> Generation:
        """Return the current generation, beginning one if there is none. Never waits, never raises."""
        if self.generation is None:
            loop = asyncio.get_running_loop()
            self.generation = generation = Generation(self, self._stream_timeout, loop)
            self.closed = generation.closed
            self._opening = loop.create_task(self._open(generation))
            generation.opened_by(self._opening)
        return self.generation

    async def wait_open(self) -> None:
        """Wait until the generation is open, or raise why it could not be. Cancelled last, gives it up."""
        generation = self.start()
        if generation.is_open:
            return
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiters.append(waiter)
        try:
            await waiter
        finally:
            if waiter in self._waiters:
                self._waiters.remove(waiter)
            if not (generation.opened.done() or self._waiters or generation.fifo.unsent):
                generation.end(ConnectionError("nobody waits for this connection any more"))

    def close(self) -> None:
        """Close the socket now. What is in flight fails; what was only written still goes out."""
        if self.generation is not None:
            self.generation.end(ConnectionError(f"{self._owner.describe()}: disconnected"), graceful=True)

    @property
    def is_open(self) -> bool:
        return self.generation is not None and self.generation.is_open

    def is_opening_task(self) -> bool:
        """Tell whether the caller runs inside the opening: a connect callback uses the line before others may."""
        return self._opening is not None and asyncio.current_task() is self._opening

    async def _open(self, generation: Generation) -> None:
        expect_reads()
        loop = asyncio.get_running_loop()
        timer = loop.call_later(self._connect_timeout, self._give_up, generation)
        doubt = loop.call_later(SUSPECT_SECONDS, self._owner.on_suspect)
        try:
            await self._owner.bring_up(generation)
        except RedisError as exc:
            generation.end(exc, cause=exc.__cause__)
        except (
            Exception
        ) as exc:  # a callback's or a credential provider's own: it costs the attempt, not the loop
            generation.end(ConnectionError(f"cannot connect to {self._owner.describe()}: {exc!r}"), cause=exc)
        except (
            BaseException
        ):  # cancelled from outside, or by what a callback awaited: nobody else would end it
            generation.end(ConnectionError(f"connecting to {self._owner.describe()} was cancelled"))
            raise
        else:
            generation.open_gate()
            self._opening = None  # or it would be kept for as long as the socket
            for waiter in self._take_waiters():
                waiter.set_result(None)
        finally:
            timer.cancel()
            doubt.cancel()

    def _give_up(self, generation: Generation) -> None:
        message = (
            f"no connection to {self._owner.describe()} within {self._connect_timeout:g} s (connect_timeout)"
        )
        generation.end(TimeoutError(message))

    def _take_waiters(self) -> list[asyncio.Future[None]]:
        # Each has a future of its own: cancelled, it takes nothing from the others, and none waits a turn longer.
        waiters, self._waiters = self._waiters, []
        return [waiter for waiter in waiters if not waiter.done()]

    def forget_after_fork(self) -> None:
        """Forget the socket in a forked child: it is the parent's."""
        generation, self.generation = self.generation, None
        self.closed = self._opening = None
        if generation is not None:
            generation.forget_after_fork()

    # ---- what a generation tells its owner

    def describe(self) -> str:
        return self._owner.describe()

    def on_push(self, message: object) -> None:
        self._owner.on_push(message)

    def on_suspect(self) -> None:
        self._owner.on_suspect()

    def on_end(
        self,
        generation: Generation,
        error: RedisError,
        unanswered: list[Request[object]],
        unsent: list[Request[object]],
    ) -> None:
        self.generation = None
        if self._opening is not None and not self.is_opening_task():
            self._opening.cancel()
        self._opening = None
        for waiter in self._take_waiters():
            waiter.set_exception(fresh(error, maybe_executed=False))
        self._owner.on_lost(error)
        for request in unanswered:
            fail(request, fresh(error, maybe_executed=True))
        for request in unsent:
            fail(request, fresh(error, maybe_executed=False))
