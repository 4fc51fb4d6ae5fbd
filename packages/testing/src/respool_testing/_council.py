"""Fake sentinels among themselves: what they ask each other, whom they vote for, what they learn late.

Reads and changes their views and lets them tell of it; touches no server.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ._engine.sentinel import Watched
from ._engine.sentinel_rules import described, majority, vote
from ._lookout import Lookout


@dataclass(slots=True)
class Council:
    """All sentinels of a deployment."""

    lookouts: list[Lookout] = field(default_factory=list)

    def awake(self) -> list[Lookout]:
        """Return the sentinels that run and trust themselves."""
        return [each for each in self.lookouts if each.awake]

    def reached_by(self, lookout: Lookout) -> list[Lookout]:
        """Return the other ones that a sentinel can ask."""
        return [each for each in self.awake() if each is not lookout and each.hears(lookout)]

    def agree(self) -> None:
        """Let sentinels that hold a primary for down ask the others (+odown, -odown)."""
        for lookout in self.awake():
            for watched in lookout.view.services.values():
                self._agree(lookout, watched)

    def elect(self, lookout: Lookout, watched: Watched) -> bool:
        """Let a sentinel ask for votes; tell whether there were enough of them."""
        epoch = self.new_epoch(lookout)
        watched.failover_at = lookout.now()
        lookout.tell("+try-failover", described(watched, watched.primary))
        voters = [lookout, *self.reached_by(lookout)]
        votes = sum(_votes(voter, watched.name, lookout, epoch) for voter in voters)
        elected = votes >= max(watched.quorum, majority(watched))
        if not elected:
            lookout.tell("-failover-abort-not-elected", described(watched, watched.primary))
        return elected

    def catch_up(self, lookout: Lookout) -> None:
        """Let a sentinel learn from the others what it has missed."""
        for watched in list(lookout.view.services.values()):
            if watched.promoted not in watched.replicas:
                watched.promoted = None  # it was lied to, or is done
            for fellow in self.reached_by(lookout):
                theirs = fellow.view.services.get(watched.name)
                if theirs is not None and theirs.promoted is None and _is_newer(theirs, watched):
                    lookout.switch(watched, theirs.primary.address, theirs.epoch, learned_from=fellow)

    def latest_epoch(self) -> int:
        """Return the greatest epoch any sentinel knows."""
        return max(lookout.view.epoch for lookout in self.lookouts)

    def new_epoch(self, lookout: Lookout) -> int:
        """Let a sentinel begin a new epoch."""
        lookout.view.epoch = self.latest_epoch() + 1
        lookout.tell("+new-epoch", str(lookout.view.epoch))
        return lookout.view.epoch

    def _agree(self, lookout: Lookout, watched: Watched) -> None:
        agreeing = self._agreeing(lookout, watched)
        down = watched.primary.down and agreeing >= watched.quorum
        if down and watched.agreed_down_since is None:
            watched.agreed_down_since = lookout.now()
            votes = f" #quorum {agreeing}/{watched.quorum}"
            lookout.tell("+odown", described(watched, watched.primary) + votes)
        elif not down and watched.agreed_down_since is not None:
            watched.agreed_down_since = None
            lookout.tell("-odown", described(watched, watched.primary))

    def _agreeing(self, lookout: Lookout, watched: Watched) -> int:
        """Return how many sentinels that one can ask hold the same primary for down, itself included."""
        others = (each.view.services.get(watched.name) for each in self.reached_by(lookout))
        same = [
            each for each in others if each is not None and each.primary.address == watched.primary.address
        ]
        return watched.primary.down + sum(each.primary.down for each in same)


def _votes(voter: Lookout, name: str, candidate: Lookout, epoch: int) -> bool:
    """Ask one sentinel for its vote."""
    watched = voter.view.services.get(name)
    if watched is None:
        return False
    if epoch > voter.view.epoch:
        voter.tell("+new-epoch", str(epoch))
    leader, voted = vote(voter.view, watched, candidate.view.id, epoch)
    if voted == epoch:
        voter.tell("+vote-for-leader", f"{leader} {epoch}")
        watched.failover_at = voter.now()
    return leader == candidate.view.id and voted == epoch


def _is_newer(theirs: Watched, ours: Watched) -> bool:
    return theirs.epoch > ours.epoch and theirs.primary.address != ours.primary.address
