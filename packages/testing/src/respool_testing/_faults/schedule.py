"""When a fault strikes among the requests it means: after how many, how often, how likely, for how long."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing_extensions import Self


@dataclass(frozen=True, slots=True)
class Schedule:
    """The numbers; None for no limit. `seconds` count from the arming, on the server's clock."""

    after: int = 0
    times: int | None = None
    chance: float = 1.0
    seed: int = 0
    seconds: float | None = None
    optional: bool = False

    def __str__(self) -> str:
        said = [f"after {self.after}"] if self.after else []
        said += [] if self.times is None else [f"{self.times} times"]
        said += [f"with a chance of {self.chance} (seed {self.seed})"] if self.chance < 1 else []
        said += [] if self.seconds is None else [f"for {self.seconds} s"]
        return "".join(f" {each}" for each in said)


class Scheduled:
    """The words that say when; both a fault and one that is being described understand them."""

    _schedule: Schedule

    def after(self, count: int) -> Self:
        """Let so many matching requests pass first."""
        if count < 0:
            raise ValueError(f"{count} requests cannot pass")
        return self._rescheduled(replace(self._schedule, after=count))

    def times(self, limit: int) -> Self:
        """Strike at most so often."""
        if limit < 1:
            raise ValueError(f"a fault that strikes {limit} times is none")
        return self._rescheduled(replace(self._schedule, times=limit))

    def nth(self, number: int) -> Self:
        """Strike the n-th matching request only, counted from 1."""
        return self.after(number - 1).times(1)

    def chance(self, probability: float, *, seed: int = 0) -> Self:
        """Strike with a probability; the same seed strikes the same requests."""
        if not 0 < probability <= 1:
            raise ValueError(f"a probability is above 0 and at most 1, not {probability}")
        return self._rescheduled(replace(self._schedule, chance=probability, seed=seed))

    def lasting(self, seconds: float) -> Self:
        """Strike only during some seconds of the server's clock, from the moment of arming."""
        if seconds <= 0:
            raise ValueError(f"a fault that lasts {seconds} seconds is none")
        return self._rescheduled(replace(self._schedule, seconds=seconds))

    def optional(self) -> Self:
        """Do not complain if it never strikes."""
        return self._rescheduled(replace(self._schedule, optional=True))

    def _rescheduled(self, schedule: Schedule) -> Self:
        raise NotImplementedError
