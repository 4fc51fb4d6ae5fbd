"""Whom a node gives up on, whom it forgives, and whether it believes the cluster to be up.

Decides by the present, which is passed in; asks nobody. `next_moment` says when there will be something new to
decide. https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/#failure-detection
"""

from __future__ import annotations

from .cluster import KnownNode, Membership

REPORT_VALIDITY = 2  # in node timeouts
FORGIVENESS = 2


def judge(view: Membership, now: int) -> bool:
    """Let time pass; tell whether the node changed its mind about anybody, or about the whole."""
    before = [(node.suspected, node.failed_at) for node in view.nodes.values()], view.healthy
    for node in view.others():
        if node.silent_since is None:
            _forgive(view, node, now)
        elif view.watchful:
            _give_up(view, node, now)
    review(view, now)
    return before != ([(node.suspected, node.failed_at) for node in view.nodes.values()], view.healthy)


def reporters(view: Membership, node: KnownNode, now: int) -> list[str]:
    """Return the primaries whose suspicion of a node is not too old to count."""
    oldest = now - REPORT_VALIDITY * view.timeout
    return [each for each, when in node.reports.items() if when >= oldest]


def review(view: Membership, now: int) -> None:
    """Decide whether the cluster is up: all slots are covered, and most primaries can be heard."""
    voters = view.voters()
    heard = sum(not (node.failed or node.suspected) for node in voters)
    outnumbered = heard < len(voters) // 2 + 1
    if view.outnumbered and not outnumbered:
        view.rejoined_at = now
    view.outnumbered = outnumbered
    full = view.option("cluster-require-full-coverage", "yes") == "no" or view.covered()
    up = full and not outnumbered
    if up and not view.healthy and now < _serves_from(view):
        return
    view.healthy = up


def next_moment(view: Membership, now: int) -> int | None:
    """Return when this node has something new to decide; None for never, as things are."""
    moments = [] if view.election is None else [view.election.at]
    for node in view.others():
        if node.silent_since is not None and view.watchful and not node.suspected:
            moments.append(node.silent_since + view.timeout)
        elif node.silent_since is None and node.failed_at is not None:
            moments.append(node.failed_at + FORGIVENESS * view.timeout)
    if not view.healthy and _serves_from(view) > now:
        moments.append(_serves_from(view))
    return min(moments, default=None)


def hold_for_failed(view: Membership, node_id: str, now: int) -> bool:
    """Believe somebody who says that a majority agreed on a node's failure; tell whether that is news."""
    node = view.nodes.get(node_id)
    if node is None or node is view.me or node.failed:
        return False
    node.failed_at, node.suspected = now, True
    review(view, now)
    return True


def _serves_from(view: Membership) -> int:
    """Return until when a primary that was outnumbered waits, lest it serve what it no longer owns."""
    if view.me.primary is not None or view.rejoined_at is None:
        return 0
    return view.rejoined_at + min(max(view.timeout, 500), 5_000)


def _give_up(view: Membership, node: KnownNode, now: int) -> None:
    assert node.silent_since is not None
    if now - node.silent_since >= view.timeout:
        node.suspected = True
    if node.suspected and not node.failed:
        agreeing = len(reporters(view, node, now)) + view.me.votes
        if agreeing >= view.majority:
            node.failed_at = now


def _forgive(view: Membership, node: KnownNode, now: int) -> None:
    """Trust a node that is heard again; a primary with slots only once nobody has taken its place for long."""
    node.suspected = False
    if node.failed_at is not None:
        late = now - node.failed_at >= FORGIVENESS * view.timeout
        if node.primary is not None or not node.slots or late:
            node.failed_at = None
