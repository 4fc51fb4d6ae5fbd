"""What a sentinel concludes from what it sees: who is down, who may be promoted, whom it votes for.

Decides by the present, which is passed in, and asks nobody.
https://redis.io/docs/latest/operate/oss_and_stack/management/sentinel/
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, TypeAlias

from .sentinel import Instance, SentinelView, Watched

Change: TypeAlias = Literal["+sdown", "-sdown"]


def judge(instance: Instance, now: int, down_after: int) -> Change | None:
    """Hold an instance for down, or up again; return the event if that is news."""
    silent = instance.silent_since
    if silent is None:
        was_down, instance.down_since = instance.down, None
        return "-sdown" if was_down else None
    if instance.down or now - silent < down_after:
        return None
    instance.down_since = now
    return "+sdown"


def usable_sentinels(watched: Watched) -> int:
    """Return how many sentinels are not held for down, this one included."""
    return 1 + sum(not each.down for each in watched.sentinels)


def majority(watched: Watched) -> int:
    """Return how many sentinels must vote for a leader."""
    return (1 + len(watched.sentinels)) // 2 + 1


def quorum_complaint(watched: Watched) -> str | None:
    """Return what speaks against a failover, in a sentinel's words; None if it is possible."""
    usable = usable_sentinels(watched)
    complaints = []
    if usable < watched.quorum:
        complaints.append("Not enough available Sentinels to reach the specified quorum for this master")
    if usable < majority(watched):
        complaints.append("Not enough available Sentinels to reach the majority and authorize a failover")
    return f"NOQUORUM {usable} usable Sentinels. {'. '.join(complaints)}" if complaints else None


def best_replica(watched: Watched) -> Instance | None:
    """Return the replica to promote: of those that are up, by priority, then by how much it has, then by id."""
    fit = [each for each in watched.replicas if not each.down and each.silent_since is None and each.priority]
    return min(fit, key=lambda each: (each.priority, -each.offset, each.run_id), default=None)


def vote(view: SentinelView, watched: Watched, candidate: str, epoch: int) -> tuple[str, int]:
    """Vote for a leader, once in an epoch; return whom the sentinel voted for last, and in which epoch."""
    view.epoch = max(view.epoch, epoch)
    if watched.leader_epoch < epoch and view.epoch <= epoch:
        watched.leader, watched.leader_epoch = candidate, epoch
    return watched.leader, watched.leader_epoch


def may_fail_over(watched: Watched, now: int) -> bool:
    """Tell whether it is time to try: the primary is down for all, and the last try was long enough ago."""
    if watched.agreed_down_since is None or watched.promoted is not None:
        return False
    return watched.failover_at is None or now - watched.failover_at >= 2 * watched.failover_timeout


def next_moment(view: SentinelView) -> int | None:
    """Return when this sentinel has something new to decide; None for never, as things are."""
    if not (view.acts and view.watchful):
        return None
    moments = [moment for each in view.services.values() for moment in _moments(each)]
    return min(moments, default=None)


def described(watched: Watched, instance: Instance) -> str:
    """Describe an instance as sentinels do in their messages."""
    host, port = instance.address
    primary = f"{watched.name} {watched.primary.address[0]} {watched.primary.address[1]}"
    if instance.kind == "master":
        return f"master {primary}"
    name = instance.run_id if instance.kind == "sentinel" else instance.name
    return f"{instance.kind} {name} {host} {port} @ {primary}"


def _moments(watched: Watched) -> Iterable[int]:
    for instance in watched.instances():
        if instance.silent_since is not None and not instance.down:
            yield instance.silent_since + watched.down_after
    if watched.agreed_down_since is not None and watched.failover_at is not None and not watched.promoted:
        yield watched.failover_at + 2 * watched.failover_timeout
