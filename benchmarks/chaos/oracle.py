"""Who works while something happens, each on a key of its own, and what they noticed. They know nothing of servers."""

from __future__ import annotations

import asyncio
from bisect import bisect_left
from collections import Counter
from collections.abc import Awaitable, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from benchmarks.chaos.truth import Truth
from respool.errors import RedisError

if TYPE_CHECKING:
    from typing_extensions import Self

THINK_SECONDS = 0.005
"""Between one call and the next. Without it the callers of what works would take over what others leave of the
processor, and hide what they suffer."""


class Counts(Protocol):
    """What is asked of a client."""

    def incr(self, key: str) -> Awaitable[int]:
        """Count a key up."""

    def get(self, key: str) -> Awaitable[bytes | None]:
        """Return what a key holds."""


class Suffers(Protocol):
    """What may go wrong with what somebody is told."""

    @property
    def lost(self) -> int:
        """What should have been told and was not."""

    @property
    def duplicated(self) -> int:
        """What was told twice, or never happened."""

    def left(self) -> None:
        """Take note that nobody listens from here on."""


class Witness:
    """Works on one key until it is stopped."""

    truth: Suffers

    def __init__(self, key: str, think_seconds: float) -> None:
        self._think_seconds = think_seconds
        self.key = key
        self.replies: list[float] = []
        """When they came, on the loop's clock."""

        self.errors: Counter[str] = Counter()
        self.longest_seconds = 0.0

    async def run(self) -> None:
        """Work until cancelled."""
        raise NotImplementedError

    def noted(self, error: RedisError) -> None:
        """Take note of what a call failed with."""
        self.errors[f"{type(error).__name__}: {error}"[:160]] += 1

    def first_reply(self, since: float) -> float | None:
        """Return when the first reply after a moment came."""
        at = bisect_left(self.replies, since)
        return self.replies[at] if at < len(self.replies) else None

    def rate(self, begin: float, end: float) -> float:
        """Return replies in each second between two moments."""
        return (bisect_left(self.replies, end) - bisect_left(self.replies, begin)) / max(end - begin, 1e-9)


W = TypeVar("W", bound=Witness)


class Caller(Witness):
    """Counts one key up, one call after the other, and knows what every reply has to be."""

    def __init__(self, client: Counts, key: str, think_seconds: float) -> None:
        super().__init__(key, think_seconds)
        self._client = client
        self.truth: Truth = Truth()

    async def run(self) -> None:
        """Call until cancelled."""
        while True:
            try:
                self.truth.replied(await self._count())
            except RedisError as error:
                self._failed(error)
            await asyncio.sleep(self._think_seconds)

    async def _count(self) -> int:
        time = asyncio.get_running_loop().time
        began = time()
        try:
            value = await self._client.incr(self.key)
            self.replies.append(time())
            return value
        finally:
            self.longest_seconds = max(self.longest_seconds, time() - began)

    def _failed(self, error: RedisError) -> None:
        self.truth.failed(maybe_executed=bool(getattr(error, "maybe_executed", False)))
        self.noted(error)


class Crew(Generic[W]):
    """Witnesses in groups, by what serves their keys: `async with` runs them."""

    def __init__(self, groups: Mapping[str, Sequence[W]]) -> None:
        self.groups = groups
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        self._tasks = [asyncio.create_task(caller.run()) for caller in self.callers]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in self._tasks:
            task.cancel()
        for caller, outcome in zip(
            self.callers, await asyncio.gather(*self._tasks, return_exceptions=True), strict=True
        ):
            caller.truth.left()
            if not isinstance(outcome, asyncio.CancelledError) and outcome is not None and error is None:
                raise outcome

    @property
    def callers(self) -> list[W]:
        """All of them."""
        return [caller for group in self.groups.values() for caller in group]

    @property
    def errors(self) -> Counter[str]:
        """Every failed call, by what it failed with."""
        return sum((caller.errors for caller in self.callers), Counter())

    async def back(self, group: str, since: float) -> float:
        """Wait until all of a group got a reply after a moment; return when the last of them did."""
        while True:
            moments = [
                moment for each in self.groups[group] if (moment := each.first_reply(since)) is not None
            ]
            if len(moments) == len(self.groups[group]):
                return max(moments)
            await asyncio.sleep(0.01)

    def rate_without(self, group: str, begin: float, end: float) -> float:
        """Return the replies in each second that all other groups got between two moments."""
        others = (each for name, each in self.groups.items() if name != group)
        return sum(caller.rate(begin, end) for each in others for caller in each)


class Oracle(Crew[Caller]):
    """Callers that count."""

    def __init__(
        self, client: Counts, keys: Mapping[str, Sequence[str]], think_seconds: float = THINK_SECONDS
    ) -> None:
        self._client = client
        super().__init__(
            {name: [Caller(client, key, think_seconds) for key in each] for name, each in keys.items()}
        )

    async def settle(self) -> None:
        """Compare what was acknowledged with what is stored, once all calls are over."""
        for caller in self.callers:
            caller.truth.stored(int(await self._client.get(caller.key) or b"0"))
