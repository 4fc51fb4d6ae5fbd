"""CLUSTER, its words about nodes: who belongs, who follows whom, who takes over.

https://redis.io/docs/latest/commands/?group=cluster
"""

from __future__ import annotations

from typing import Final

from respool_testing.replies import OK, Reply, Simple

from ..arguments import integer, maybe_integer
from ..call import Call
from ..cluster import Membership
from ..errors import CommandError
from ..failure import review
from ..registry import Family
from ..slots import EVERY_SLOT
from .cluster_shared import membership_of, neighbours_of, node_named

family = Family("cluster")

_CHANGE: Final = "admin stale no_async_loading"
# For so long a node that was forgotten is not taken in again, although the others still talk of it.
_FORGOTTEN_FOR: Final = 60_000


@family.command("cluster|meet", arity=-4, flags=_CHANGE, since="3.0.0")
def cluster_meet(call: Call) -> Reply:
    view = membership_of(call)
    host, port = call.args[0].decode("latin-1"), maybe_integer(call.args[1])
    if port is None:
        raise CommandError(f"ERR Invalid TCP base port specified: {call.args[1].decode('latin-1')}")
    if not 0 < port < 65_536 or not all(part.isdigit() for part in host.split(".")):
        raise CommandError(f"ERR Invalid node address specified: {host}:{port}")
    neighbours_of(view).meet(host, port)
    return OK


@family.command("cluster|forget", arity=3, flags=_CHANGE, since="3.0.0")
def cluster_forget(call: Call) -> Reply:
    view = membership_of(call)
    node = node_named(view, call.args[0])
    if node is view.me:
        raise CommandError("ERR I tried hard but I can't forget myself...")
    if view.me.primary == node.id:
        raise CommandError("ERR Can't forget my master!")
    view.forget(node)
    view.forgotten[node.id] = call.now_ms + _FORGOTTEN_FOR
    return _changed(call, view)


@family.command("cluster|replicate", arity=3, flags=_CHANGE, since="3.0.0")
def cluster_replicate(call: Call) -> Reply:
    view = membership_of(call)
    node = node_named(view, call.args[0])
    if node is view.me:
        raise CommandError("ERR Can't replicate myself")
    if node.primary is not None:
        raise CommandError("ERR I can only replicate a master, not a replica.")
    if view.me.primary is None and (view.me.slots or len(call.db)):
        raise CommandError("ERR To set a master the node must be empty and without assigned slots.")
    view.follow(node)
    return _changed(call, view)


@family.command("cluster|failover", arity=-2, flags=_CHANGE, since="3.0.0")
def cluster_failover(call: Call) -> Reply:
    view = membership_of(call)
    way = call.args[0].upper() if call.args else b"PLANNED"
    if len(call.args) > 1 or way not in (b"PLANNED", b"FORCE", b"TAKEOVER"):
        raise CommandError("ERR syntax error")
    if view.me.primary is None:
        raise CommandError("ERR You should send CLUSTER FAILOVER to a replica")
    primary = view.nodes.get(view.me.primary)
    if primary is None:
        raise CommandError("ERR I'm a replica but my master is unknown to me")
    if way == b"PLANNED" and (primary.failed or primary.silent_since is not None):
        raise CommandError("ERR Master is down or failed, please use CLUSTER FAILOVER FORCE")
    neighbours_of(view).forced_failover(way.decode().lower())
    return OK


@family.command("cluster|reset", arity=-2, flags="admin stale noscript", since="3.0.0")
def cluster_reset(call: Call) -> Reply:
    view = membership_of(call)
    way = call.args[0].upper() if call.args else b"SOFT"
    if len(call.args) > 1 or way not in (b"HARD", b"SOFT"):
        raise CommandError("ERR syntax error")
    if view.me.primary is None and len(call.db):
        raise CommandError("ERR CLUSTER RESET can't be called with master nodes containing keys")
    if view.me.primary is not None:
        call.db.flush()
    _start_afresh(view)
    if way == b"HARD":
        _become_another(view, f"{call.server.random.getrandbits(160):040x}")
    return _changed(call, view)


@family.command("cluster|set-config-epoch", arity=3, flags=_CHANGE, since="3.0.0")
def cluster_set_config_epoch(call: Call) -> Reply:
    view, epoch = membership_of(call), integer(call.args[0])
    if epoch < 0:
        raise CommandError(f"ERR Invalid config epoch specified: {epoch}")
    if len(view.nodes) > 1:
        raise CommandError(
            "ERR The user can assign a config epoch only when the node does not know any other node."
        )
    if view.me.epoch:
        raise CommandError("ERR Node config epoch is already non-zero")
    view.me.epoch = epoch
    view.epoch = max(view.epoch, epoch)
    return _changed(call, view)


@family.command("cluster|bumpepoch", arity=2, flags=_CHANGE, since="3.0.0", tips="nondeterministic_output")
def cluster_bumpepoch(call: Call) -> Reply:
    view = membership_of(call)
    word = "BUMPED" if view.bump_epoch() else "STILL"
    _changed(call, view)
    return Simple(f"{word} {view.me.epoch}".encode())


@family.command("cluster|saveconfig", arity=2, flags=_CHANGE, since="3.0.0")
def cluster_saveconfig(call: Call) -> Reply:
    membership_of(call)
    return OK


def _start_afresh(view: Membership) -> None:
    """Know nobody and own nothing."""
    if view.me.primary is not None:
        view.lead()
    view.take(EVERY_SLOT)
    view.nodes = {view.me.id: view.me}
    view.migrating.clear()
    view.importing.clear()
    view.forgotten.clear()


def _become_another(view: Membership, new_id: str) -> None:
    """Take another name, and begin to count again."""
    view.me.id = view.me.shard = new_id
    view.nodes = {new_id: view.me}
    view.epoch = view.me.epoch = view.voted_epoch = 0


def _changed(call: Call, view: Membership) -> Reply:
    review(view, call.now_ms)
    neighbours_of(view).stir()
    return OK
