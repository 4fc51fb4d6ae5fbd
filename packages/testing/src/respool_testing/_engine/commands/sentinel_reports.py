"""SENTINEL, its questions: where the primary is, who follows it, who else watches; and INFO of a sentinel.

https://redis.io/docs/latest/operate/oss_and_stack/management/sentinel/#sentinel-commands
"""

from __future__ import annotations

from typing import Final

from respool_testing.replies import NULL_ARRAY, Map, Reply, Simple

from ..arguments import integer
from ..call import Call
from ..errors import CommandError
from ..registry import Family
from ..replication import Address
from ..sentinel import Instance, Watched
from ..sentinel_rules import quorum_complaint, usable_sentinels, vote
from .sentinel_shared import view_of, watched_named

family = Family("sentinel")

_ADMIN: Final = "admin"


@family.command("sentinel|myid", arity=2, flags=_ADMIN, since="6.2.0")
def sentinel_myid(call: Call) -> Reply:
    return view_of(call).id.encode()


@family.command("sentinel|get-master-addr-by-name", arity=3, flags=_ADMIN, since="2.8.4")
def sentinel_get_master_addr_by_name(call: Call) -> Reply:
    return _address(call)


@family.command("sentinel|get-primary-addr-by-name", arity=3, flags=_ADMIN, since="8.0.0")
def sentinel_get_primary_addr_by_name(call: Call) -> Reply:
    return _address(call)


@family.command("sentinel|masters", arity=2, flags=_ADMIN, since="2.8.4")
def sentinel_masters(call: Call) -> Reply:
    return [_service(call, each) for each in view_of(call).services.values()]


@family.command("sentinel|primaries", arity=2, flags=_ADMIN, since="8.0.0")
def sentinel_primaries(call: Call) -> Reply:
    return [_service(call, each) for each in view_of(call).services.values()]


@family.command("sentinel|master", arity=3, flags=_ADMIN, since="2.8.4")
def sentinel_master(call: Call) -> Reply:
    return _service(call, watched_named(call, call.args[0]))


@family.command("sentinel|primary", arity=3, flags=_ADMIN, since="8.0.0")
def sentinel_primary(call: Call) -> Reply:
    return _service(call, watched_named(call, call.args[0]))


@family.command("sentinel|replicas", arity=3, flags=_ADMIN, since="5.0.0")
def sentinel_replicas(call: Call) -> Reply:
    return _replicas(call)


@family.command("sentinel|slaves", arity=3, flags=_ADMIN, since="2.8.0")
def sentinel_slaves(call: Call) -> Reply:
    return _replicas(call)


@family.command("sentinel|sentinels", arity=3, flags=_ADMIN, since="2.8.4")
def sentinel_sentinels(call: Call) -> Reply:
    watched = watched_named(call, call.args[0])
    return [_sentinel(call, each, watched) for each in watched.sentinels]


@family.command("sentinel|ckquorum", arity=3, flags=_ADMIN, since="2.8.4")
def sentinel_ckquorum(call: Call) -> Reply:
    watched = watched_named(call, call.args[0])
    complaint = quorum_complaint(watched)
    if complaint is not None:
        raise CommandError(complaint)
    usable = usable_sentinels(watched)
    sentence = f"OK {usable} usable Sentinels. Quorum and failover authorization can be reached"
    return Simple(sentence.encode())


@family.command("sentinel|is-master-down-by-addr", arity=6, flags=_ADMIN, since="2.8.4")
def sentinel_is_master_down_by_addr(call: Call) -> Reply:
    view = view_of(call)
    host, port, epoch, candidate = call.args
    address = host.decode("latin-1"), integer(port)
    watched = next((each for each in view.services.values() if each.primary.address == address), None)
    leader, leader_epoch = "*", 0
    if watched is not None and candidate != b"*":
        leader, leader_epoch = vote(view, watched, candidate.decode("latin-1"), integer(epoch))
    down = watched is not None and watched.primary.down and view.tilt_since is None
    return [int(down), leader.encode(), leader_epoch]


@family.command("sentinel|info-cache", arity=-3, flags=_ADMIN, since="3.2.0")
def sentinel_info_cache(call: Call) -> Reply:
    """Return what INFO said last of each server, in short: the fields that sentinels read."""
    reply: list[Reply] = []
    for watched in view_of(call).services.values():
        if watched.name.encode() in call.args:
            servers = [each for each in watched.instances() if each.kind != "sentinel"]
            reply += [watched.name.encode(), [[0, _cached(each)] for each in servers]]
    return reply


def _cached(instance: Instance) -> bytes:
    role = "master" if instance.kind == "master" else "slave"
    return f"# Server\r\nrun_id:{instance.run_id}\r\n\r\n# Replication\r\nrole:{role}\r\n".encode()


def _address(call: Call) -> Reply:
    watched = view_of(call).services.get(call.args[0].decode("latin-1"))
    if watched is None:
        return NULL_ARRAY
    host, port = watched.address
    return [host.encode(), b"%d" % port]


def _replicas(call: Call) -> Reply:
    watched = watched_named(call, call.args[0])
    return [_replica(call, each, watched) for each in watched.replicas]


def _service(call: Call, watched: Watched) -> Reply:
    agreed = watched.agreed_down_since
    flags = [
        *(["s_down"] if watched.primary.down else []),
        *(["o_down"] if agreed is not None else []),
        "master",
        *(["disconnected"] if watched.primary.down else []),
        *(["failover_in_progress"] if watched.promoted is not None else []),
    ]
    more: dict[str, object] = {
        "config-epoch": watched.epoch,
        "num-slaves": len(watched.replicas),
        "num-other-sentinels": len(watched.sentinels),
        "quorum": watched.quorum,
        "failover-timeout": watched.failover_timeout,
        "parallel-syncs": watched.parallel_syncs,
    }
    down = {} if agreed is None else {"o-down-time": call.now_ms - agreed}
    described = _described(call, watched.name, watched.primary, flags, watched)
    return _fields({**described, **_seen(call, watched.primary), **more}, down)


def _replica(call: Call, instance: Instance, watched: Watched) -> Reply:
    flags = ["s_down", "slave", "disconnected"] if instance.down else ["slave"]
    host, port = _followed(instance)
    more: dict[str, object] = {
        "master-link-down-time": 0,
        "master-link-status": "ok" if instance.link_up else "err",
        "master-host": host,
        "master-port": port,
        "slave-priority": instance.priority,
        "slave-repl-offset": instance.offset,
        "replica-announced": 1,
    }
    described = _described(call, instance.name, instance, flags, watched)
    return _fields({**described, **_seen(call, instance), **more})


def _followed(instance: Instance) -> Address:
    """Return whom a replica says to follow; one that never said so is not known to follow anybody."""
    return instance.follows or ("?", 0)


def _sentinel(call: Call, instance: Instance, watched: Watched) -> Reply:
    flags = ["s_down", "sentinel", "disconnected"] if instance.down else ["sentinel"]
    voted = watched.leader_epoch and watched.leader != "?"
    more: dict[str, object] = {
        "last-hello-message": _silence(call, instance),
        "voted-leader": watched.leader if voted else "?",
        "voted-leader-epoch": watched.leader_epoch if voted else 0,
    }
    return _fields({**_described(call, instance.run_id, instance, flags, watched), **more})


def _described(
    call: Call, name: str, instance: Instance, flags: list[str], watched: Watched
) -> dict[str, object]:
    silence, since = _silence(call, instance), instance.down_since
    return {
        "name": name,
        "ip": instance.address[0],
        "port": instance.address[1],
        "runid": instance.run_id,
        "flags": ",".join(flags),
        "link-pending-commands": 0,
        "link-refcount": 1,
        "last-ping-sent": silence,
        "last-ok-ping-reply": silence,
        "last-ping-reply": silence,
        **({} if since is None else {"s-down-time": call.now_ms - since}),
        "down-after-milliseconds": watched.down_after,
    }


def _seen(call: Call, instance: Instance) -> dict[str, object]:
    return {
        "info-refresh": _silence(call, instance),
        "role-reported": instance.kind,
        "role-reported-time": call.now_ms - instance.seen_since,
    }


def _silence(call: Call, instance: Instance) -> int:
    return 0 if instance.silent_since is None else call.now_ms - instance.silent_since


def _fields(fields: dict[str, object], more: dict[str, int] | None = None) -> Reply:
    """Describe an instance: a map in RESP3; every value is text, as from a real sentinel."""
    items = [*fields.items()]
    if more:  # o-down-time stands where s-down-time does
        at = list(fields).index("down-after-milliseconds")
        items[at:at] = more.items()
    return Map([(key.encode(), str(value).encode()) for key, value in items])
