"""Which replica takes a dead primary's place: when it stands for election, and who votes for it.

Decides by the present, which is passed in; who carries the questions and answers is not its business.
https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/#replica-election-and-promotion
"""

from __future__ import annotations

import random

from .cluster import Election, KnownNode, Membership

FIXED_DELAY = 500
RANDOM_DELAY = 500
RANK_DELAY = 1_000


def stand(view: Membership, now: int, chance: random.Random) -> int | None:
    """Return the epoch a replica asks votes for now; None if it does not, or not yet."""
    if not _may_stand(view):
        view.election = None
        return None
    if view.election is None:
        delay = FIXED_DELAY + chance.randrange(RANDOM_DELAY) + RANK_DELAY * rank(view)
        view.election = Election(now + delay)
    if now < view.election.at:
        return None
    view.election.at = now + 2 * max(2 * view.timeout, 2_000)
    view.epoch += 1
    return view.epoch


def rank(view: Membership) -> int:
    """Return how many replicas of the same primary have more of its data."""
    fellows = view.replicas_of(view.leader)
    return sum(fellow.offset > view.me.offset for fellow in fellows if fellow is not view.me)


def vote(view: Membership, candidate: str, epoch: int, now: int, *, forced: bool = False) -> bool:
    """Decide whether a primary votes for a replica; once in an epoch, and seldom about the same primary."""
    node = view.nodes.get(candidate)
    old = None if node is None or node.primary is None else view.nodes.get(node.primary)
    if old is None or not view.me.votes or epoch < view.epoch or view.voted_epoch >= epoch:
        return False
    if not forced and (not old.failed or _voted_lately(view, old, now)):
        return False
    view.voted_epoch = view.epoch = epoch
    old.voted_at = now
    return True


def _may_stand(view: Membership) -> bool:
    primary = view.leader
    wanted = view.option("cluster-replica-no-failover", "no") == "no"
    return primary is not view.me and primary.failed and primary.slots != 0 and wanted


def _voted_lately(view: Membership, old: KnownNode, now: int) -> bool:
    return old.voted_at is not None and now - old.voted_at < 2 * view.timeout
