"""Where a request to a cluster belongs, decided in the order a real node decides it.

https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/#moved-redirection
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .cluster import KnownNode, Membership
from .errors import CommandError
from .keyspace import Database
from .slots import key_slot


@dataclass(frozen=True, slots=True)
class Asked:
    """What routing needs to know of a request; shard channels stand in for keys that no database holds.

    `here` is for commands that move keys, which an open slot's two sides run themselves.
    """

    keys: Sequence[bytes]
    writes: bool
    asking: bool
    replica_reads: bool
    channels: bool = False
    here: bool = False


def route(membership: Membership, database: Database, asked: Asked) -> None:
    """Return if a request belongs here; raise the redirection or refusal a node would answer otherwise."""
    if not asked.keys:
        return
    slot = key_slot(asked.keys[0])
    owner = membership.owners[slot]
    if owner is None:
        raise CommandError("CLUSTERDOWN Hash slot not served")
    if any(key_slot(key) != slot for key in asked.keys):
        raise CommandError("CROSSSLOT Keys in request don't hash to the same slot")
    _check_health(membership, asked)
    if not _served_here(membership, database, asked, slot, owner):
        raise CommandError(f"MOVED {slot} {redirection(membership, owner)}")


def preferred_endpoint(membership: Membership, node: KnownNode) -> str | None:
    """Return what a node is called by: its IP, its host name (`?` if it has none), or None for unknown."""
    if membership.endpoint_type == "hostname":
        return node.place.hostname or "?"
    return node.place.ip if membership.endpoint_type == "ip" else None


def redirection(membership: Membership, node: KnownNode) -> str:
    """Return a node's address as MOVED and ASK say it; an unknown endpoint is empty."""
    return f"{preferred_endpoint(membership, node) or ''}:{node.place.client_port}"


def _check_health(membership: Membership, asked: Asked) -> None:
    """Refuse what a node does not serve while it believes the cluster to be down."""
    if membership.healthy:
        return
    if asked.channels:
        if membership.option("cluster-allow-pubsubshard-when-down", "yes") == "yes":
            return
    elif membership.option("cluster-allow-reads-when-down", "no") == "yes":
        if not asked.writes:
            return
        raise CommandError("CLUSTERDOWN The cluster is down and only accepts read commands")
    raise CommandError("CLUSTERDOWN The cluster is down")


def _served_here(
    membership: Membership, database: Database, asked: Asked, slot: int, owner: KnownNode
) -> bool:
    me = membership.me
    missing = 0 if asked.channels else sum(key not in database for key in asked.keys)
    target = membership.migrating.get(slot) if owner is me else None
    importing = slot in membership.importing
    if asked.here and (target is not None or importing):
        return True
    if target is not None and missing:
        _send_after(membership, slot, target, split=missing < len(asked.keys))
    if importing and asked.asking and owner is not me:
        if missing and len(asked.keys) > 1:
            raise _try_again()
        return True
    if me.primary == owner.id and not asked.writes and (asked.replica_reads or asked.channels):
        return True
    return owner is me


def _send_after(membership: Membership, slot: int, target: str, *, split: bool) -> None:
    """Send a client after keys that have left already, unless only some of them have."""
    if split:
        raise _try_again()
    raise CommandError(f"ASK {slot} {redirection(membership, membership.nodes[target])}")


def _try_again() -> CommandError:
    return CommandError("TRYAGAIN Multiple keys request during rehashing of slot")
