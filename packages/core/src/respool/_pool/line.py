"""The connection that all stateless commands of a pool share, and what becomes of them when it fails.

`send` is the hot path of the client: while the connection is up it is its generation's own method. A request waits
here for its next attempt after a failure that allows one, or for a slot where none is free; one timer serves them all.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from math import inf
from typing import Protocol

from respool._connection.bundle import Bundle
from respool._connection.forking import forget_in_child
from respool._connection.futures import future_maker
from respool._connection.request import Request, Rescue, describe_command, fresh, refuse
from respool._pool.retry import RetryPolicy
from respool._pool.whole import Whole
from respool.errors import ConnectionError, RedisError, TimeoutError


class Outlet(Protocol):
    """Where requests are sent now: a generation, or several that take turns."""

    @property
    def send(self) -> Callable[[Request[object]], None]: ...

    def send_all(self, requests: Sequence[Request[object]]) -> None: ...

    def write_bundle(self, bundle: Bundle) -> bool: ...

    def submit(self, requests: Iterable[Request[object]]) -> None: ...


class Shareable(Protocol):
    """A connection, or what acts as one."""

    def share(self) -> Outlet: ...


class SharedSlot(Protocol):
    """What a line asks of its pool."""

    @property
    def stream_timeout(self) -> float:
        """Seconds that a request may take by default."""

    def share(self) -> Shareable | None:
        """Return the connection to share, or what acts as one.

        None where one will come: then `Line.resume` or `Line.refuse` is called. Raises `ConnectionError` where none
        will.
        """


class Line:
    """Sends stateless commands. Calling never waits and never raises: failure arrives through the future."""

    __slots__ = (
        "__weakref__",
        "_again",
        "_is_closing",
        "_outlet",
        "_parked",
        "_policy",
        "_pool",
        "_timer",
        "create_future",
        "is_running",
        "loop",
        "rescuer",
        "send",
    )

    send: Callable[[Request[object]], None]
    """Send a request, with the default deadline."""

    def __init__(self, pool: SharedSlot, loop: asyncio.AbstractEventLoop, policy: RetryPolicy) -> None:
        self._pool = pool
        # Looked up once, for every command asks for them.
        self.loop = loop
        self.is_running: Callable[[], bool] = loop.is_running
        self.create_future: Callable[[], asyncio.Future[object]] = future_maker(loop)
        self.rescuer: Rescue = self.rescue
        forget_in_child(self)
        self._policy = policy
        self._again: list[Request[object]] = []
        self._parked: list[Request[object]] = []
        self._timer: asyncio.TimerHandle | None = None
        self._is_closing = False
        self._outlet: Outlet | None = None
        self.send = self._send_first

    def send_all(self, requests: Sequence[Request[object]]) -> None:
        """Send requests with the default deadline, next to each other."""
        outlet = self._outlet
        if outlet is None:
            deadline = self.loop.time() + self._pool.stream_timeout
            for request in requests:
                request.deadline = deadline
            outlet = self._generation(requests)
        if outlet is not None:
            outlet.send_all(requests)

    def send_bundle(self, bundle: Bundle) -> None:
        """Send commands that were queued together, as `send_all` does."""
        bundle.rescue = self.rescuer
        if self._outlet is None or not self._outlet.write_bundle(bundle):
            self.send_all(bundle.requests())

    def submit(self, requests: Sequence[Request[object]]) -> None:
        """Send requests that bring their own deadline, next to each other."""
        generation = self._generation(requests)
        if generation is not None:
            generation.submit(requests)

    def send_whole(self, requests: Sequence[Request[object]]) -> None:
        """Send a sequence that means something only as a whole (MULTI ... EXEC), with the default deadline.

        It is sent again, whole, where nothing of it was executed.
        """
        Whole(requests, self, self._policy).send()

    def rescue(self, request: Request[object], error: RedisError) -> bool:
        """Send a failed request again, later, where that cannot execute it twice."""
        attempt: int = getattr(request, "attempts", 0)
        if self._is_closing or not self._policy.may_repeat(request, error):
            return False
        if not self.postpone((request,), attempt):
            return False
        request.attempts = attempt + 1
        return True

    def hear(self, request: Request[object], error: RedisError) -> bool:
        """Let the policy hear of a failure on a lease, which is not sent again: always False. To be a rescue."""
        self._policy.may_repeat(request, error)
        return False

    def postpone(self, requests: Sequence[Request[object]], attempt: int) -> bool:
        """Send failed requests again, later and next to each other; False where there is no attempt or no time left."""
        due = self.loop.time() + self._policy.delay(attempt)
        if self._is_closing or attempt >= self._policy.attempts or due >= requests[0].deadline:
            return False
        self._again += requests
        self._arm(due)
        return True

    def forget_after_fork(self) -> None:
        """Say in a forked child that this is nothing to send on: its loop seems to run there, and never will."""
        self.is_running = bool

    def pending(self) -> list[Request[object]]:
        """Return the requests that wait here."""
        return [request for request in (*self._again, *self._parked) if not request.done()]

    # ---- what the pool tells

    def lost(self) -> None:
        """Take note that the shared connection is gone or was taken: the next request asks for another."""
        self.send = self._send_first
        self._outlet = None

    def resume(self) -> None:
        """Take note that there is a connection to share now."""
        self.submit(())

    def refuse(self, error: RedisError) -> None:
        """Fail whatever waits for a slot."""
        parked, self._parked = self._parked, []
        _fail_all(parked, error)

    @contextmanager
    def closing(self, error: RedisError) -> Iterator[None]:
        """Fail whatever waits here, and rescue nothing that fails in the block."""
        self._is_closing = True
        try:
            self.lost()
            self.refuse(error)
            again, self._again = self._again, []
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
            _fail_all(again, error)
            yield
        finally:
            self._is_closing = False

    # ---- inside

    def _send_first(self, request: Request[object]) -> None:
        request.deadline = self.loop.time() + self._pool.stream_timeout
        generation = self._generation((request,))
        if generation is not None:
            generation.send(request)

    def _generation(self, requests: Sequence[Request[object]]) -> Outlet | None:
        """Return where to send now; if there is nowhere, see to the requests."""
        try:
            connection = self._pool.share()
        except ConnectionError as exc:
            _fail_all(requests, exc)
            return None
        if connection is None:
            self._park(requests)
            return None
        self._outlet = generation = connection.share()
        self.send = generation.send
        if self._parked:
            # They were first. What was sent with the default deadline keeps the one it got then.
            parked, self._parked = self._parked, []
            generation.submit(parked)
        return generation

    def _park(self, requests: Sequence[Request[object]]) -> None:
        self._parked += requests
        self._arm(min((request.deadline for request in requests), default=inf))

    def _arm(self, due: float) -> None:
        if due == inf or (self._timer is not None and self._timer.when() <= due):
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self.loop.call_at(due, self._go_on)

    def _go_on(self) -> None:
        """Send again what waited for another attempt, and give up what has waited too long for a slot."""
        self._timer = None
        self._give_up(self.loop.time())
        again, self._again = self._again, []
        self.submit([request for request in again if not request.done()])

    def _give_up(self, now: float) -> None:
        due = [request for request in self._parked if request.deadline <= now]
        self._parked = [request for request in self._parked if request.deadline > now]
        self._arm(min((request.deadline for request in self._parked), default=inf))
        for request in due:
            name = describe_command(request.args)
            refuse(request, TimeoutError(f"{name}: no connection was free in time"))


def _fail_all(requests: Iterable[Request[object]], error: RedisError) -> None:
    for request in requests:
        refuse(request, fresh(error, maybe_executed=error.maybe_executed))
