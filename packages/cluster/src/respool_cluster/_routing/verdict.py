"""What to do about a request that failed at a node. Decides only; nothing is sent from here.

At most once: what may have been executed is sent again only if it is read-only.
"""

from __future__ import annotations

from enum import Enum, auto

from respool.errors import AskError, ClusterDownError, MovedError, RedisError
from respool.lowlevel import Request, may_repeat
from respool_cluster._map.node import Node
from respool_cluster._map.topology import UNNAMED

HOPS = 5
"""Redirections that one request follows at once. Beyond, nodes contradict each other: it waits for them to agree."""

ATTEMPTS = 200
"""Times one request is sent in all, if its deadline allows so many."""


class Verdict(Enum):
    """What becomes of the request."""

    FOLLOW = auto()
    """Its slot lives elsewhere: send it there, as everything else of the slot."""

    ASK = auto()
    """It alone is to be sent elsewhere, behind ASKING."""

    WAIT = auto()
    """Send it again once the topology has been looked at."""

    FAIL = auto()


def judge(request: Request[object], error: RedisError, attempts: int) -> Verdict:
    """Return what to do about `error`, the request having been sent `attempts` times."""
    if attempts >= ATTEMPTS:
        return Verdict.FAIL
    if isinstance(error, (MovedError, AskError)):
        if attempts >= HOPS:
            return Verdict.WAIT
        return Verdict.FOLLOW if isinstance(error, MovedError) else Verdict.ASK
    if isinstance(error, ClusterDownError) or may_repeat(request, error):
        return Verdict.WAIT
    return Verdict.FAIL


def destination(error: MovedError | AskError, asked: Node) -> Node:
    """Return the node a redirection names: a host that tells nothing means that of the node `asked`."""
    return Node(asked.host if error.host in ("", UNNAMED) else error.host, error.port)
