"""What a sentinel does in a failover, step by step, and when.

The steps and their order are those of real sentinels: the new primary takes writes before anybody tells of it,
the sentinel that leads tells of it last, and the old primary, if it lives, takes writes until it is demoted.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ._engine.sentinel import Instance, Watched
from ._engine.sentinel_rules import described

if TYPE_CHECKING:
    from ._lookout import Lookout


@dataclass(frozen=True, slots=True)
class FailoverTiming:
    """When the steps of a failover happen, in seconds of the clock after it began.

    `election` is how long the sentinels take from agreeing that the primary is down to beginning;
    `promotion` when the replica takes writes; `announcement` when the other sentinels tell of it;
    `leader_announcement` when the one that leads does; `demotion` when the old primary, if it lives, becomes a
    replica.
    """

    election: float = 0.0
    promotion: float = 0.0
    announcement: float = 0.0
    leader_announcement: float = 0.0
    demotion: float = 0.0

    def __post_init__(self) -> None:
        steps = (0.0, self.promotion, self.announcement, self.leader_announcement)
        if list(steps) != sorted(steps) or min(self.election, self.demotion) < 0:
            raise ValueError(f"the steps of a failover come one after the other: {self}")


AT_ONCE: Final = FailoverTiming()
# What was seen of real sentinels with default settings.
LIKE_REAL: Final = FailoverTiming(
    election=0.1, promotion=0.2, announcement=0.7, leader_announcement=6.0, demotion=10.0
)


@dataclass(slots=True, eq=False)
class Failover:
    """One failover of one service, as its leader goes about it. The hooks change the servers."""

    leader: Lookout
    watched: Watched
    chosen: Instance
    epoch: int
    fellows: list[Lookout]
    promote: Callable[[], None]
    reconfigure: Callable[[], None]
    demote: Callable[[], None]

    def steps(self, timing: FailoverTiming) -> list[tuple[float, Callable[[], None]]]:
        """Return what is to be done, and after how many seconds."""
        return [
            (0.0, self._begin),
            (timing.promotion, self._promote),
            (timing.announcement, self._announce),
            (timing.leader_announcement, self._end),
            (timing.demotion, self.demote),
        ]

    def _begin(self) -> None:
        self._tell("+elected-leader", self.watched.primary)
        self._tell("+failover-state-select-slave", self.watched.primary)
        for word in (
            "+selected-slave",
            "+failover-state-send-slaveof-noone",
            "+failover-state-wait-promotion",
        ):
            self._tell(word, self.chosen)

    def _promote(self) -> None:
        self.promote()
        self.leader.look(self.watched)  # it is by its report that a replica is known to be promoted
        self.watched.promoted, self.watched.epoch = self.chosen, self.epoch
        self._tell("+promoted-slave", self.chosen)
        self._tell("+failover-state-reconf-slaves", self.watched.primary)

    def _announce(self) -> None:
        """Let the replicas follow the new primary, and the other sentinels tell of it."""
        for replica in self._others():
            self._tell("+slave-reconf-sent", replica)
        self.reconfigure()
        for fellow in self.fellows:
            watched = fellow.view.services.get(self.watched.name)
            if (
                watched is not None
                and fellow.awake
                and fellow.hears(self.leader)
                and watched.epoch < self.epoch
            ):
                fellow.switch(watched, self.chosen.address, self.epoch, learned_from=self.leader)

    def _end(self) -> None:
        for word in ("+slave-reconf-inprog", "+slave-reconf-done"):
            for replica in self._others():
                self._tell(word, replica)
        self._tell("+failover-end", self.watched.primary)
        if self.leader.awake:
            self.leader.switch(self.watched, self.chosen.address, self.epoch, learned_from=None)

    def _others(self) -> list[Instance]:
        return [each for each in self.watched.replicas if each is not self.chosen and not each.down]

    def _tell(self, channel: str, instance: Instance) -> None:
        self.leader.tell(channel, described(self.watched, instance))
