"""What nodes tell each other of themselves, and what a node makes of it.

The rules of the specification: who claims slots with the greater epoch has them, a primary that lost its last
one follows the winner, and of two with the same epoch one moves on. Nothing here sends anything.
https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/#hash-slots-configuration-propagation
"""

from __future__ import annotations

from dataclasses import dataclass

from .cluster import KnownNode, Membership
from .slots import slots_in


@dataclass(frozen=True, slots=True)
class Claim:
    """What a node says of itself, and whom it suspects."""

    id: str
    shard: str
    primary: str | None
    epoch: int
    current_epoch: int
    slots: int
    offset: int
    known: frozenset[str]
    suspects: frozenset[str]


@dataclass(slots=True)
class Heard:
    """What came of a claim: slots this node lost, and who owns what was claimed with too small an epoch."""

    changed: bool = False
    lost: int = 0
    better: KnownNode | None = None


def claim_of(view: Membership, node: KnownNode | None = None) -> Claim:
    """Return what a node says of itself, or passes on of another."""
    told = node or view.me
    return Claim(
        id=told.id,
        shard=told.shard,
        primary=told.primary,
        epoch=told.epoch,
        current_epoch=view.epoch,
        slots=told.slots & ~view.unclaimed,
        offset=told.offset,
        known=frozenset(view.nodes),
        suspects=frozenset(each.id for each in view.others() if each.suspected or each.failed),
    )


def absorb(view: Membership, claim: Claim, now: int, *, relayed: bool = False) -> Heard:
    """Take in what a node says of itself; one that is unknown is ignored."""
    node = view.nodes.get(claim.id)
    heard = Heard()
    if node is None or node is view.me:
        return heard
    before = (node.epoch, node.primary, node.slots, view.epoch, view.me.primary, view.me.epoch, node.shard)
    view.epoch = max(view.epoch, claim.current_epoch, claim.epoch)
    node.epoch = max(node.epoch, claim.epoch)
    node.shard = claim.shard
    node.offset = max(node.offset, claim.offset) if relayed else claim.offset
    _take_role(view, node, claim)
    if claim.primary is None:
        _take_slots(view, node, claim, heard)
        if not relayed:
            view.unclaimed = view.unclaimed & ~node.slots | node.slots & ~claim.slots
        _resolve_collision(view, node)
    reported = not relayed and _take_reports(view, node, claim, now)
    after = (node.epoch, node.primary, node.slots, view.epoch, view.me.primary, view.me.epoch, node.shard)
    heard.changed = before != after or bool(heard.lost) or reported
    return heard


def _take_role(view: Membership, node: KnownNode, claim: Claim) -> None:
    if claim.primary is not None:
        view.take(node.slots)  # a replica owns nothing
    node.primary = claim.primary
    leader = view.leader
    if leader is not view.me and leader.primary is not None and leader.primary != view.me.id:
        grand = view.nodes.get(leader.primary)
        if grand is not None and grand.primary is None:
            view.follow(grand)  # replicas of replicas are not wanted


def _take_slots(view: Membership, node: KnownNode, claim: Claim, heard: Heard) -> None:
    """Let a primary have what it claims, unless somebody has it with a greater epoch."""
    leader, won = view.leader, 0
    had = leader.slots
    for slot in slots_in(claim.slots & ~node.slots):
        owner = view.owners[slot]
        if slot in view.importing and view.importing[slot] != node.id:
            continue  # until it is told otherwise, the importing node's own belief is best
        if owner is None or view.unclaimed >> slot & 1 or owner.epoch < claim.epoch:
            won |= 1 << slot
            view.migrating.pop(slot, None)
        else:
            heard.better = owner
    if not won:
        return
    lost = view.me.slots & won
    view.give(won, node)
    if had and not leader.slots:
        view.follow(node)  # which sends all its keys; to drop one's own would drop them at one's replicas too
    else:
        heard.lost = lost


def _resolve_collision(view: Membership, node: KnownNode) -> None:
    """Of two primaries with the same epoch, let the one with the smaller id move on to a new one."""
    me = view.me
    if me.primary is None and node.epoch == me.epoch and me.id < node.id:
        view.epoch += 1
        me.epoch = view.epoch


def _take_reports(view: Membership, node: KnownNode, claim: Claim, now: int) -> bool:
    """Remember whom a primary suspects; tell whether that is news."""
    news = False
    if node.votes:
        for other in view.others():
            if other.id in claim.suspects and other is not node:
                news |= node.id not in other.reports
                other.reports[node.id] = now
            else:
                news |= other.reports.pop(node.id, None) is not None
    return news
