"""SENTINEL: where the primary is, who follows it, who else watches.

https://redis.io/docs/latest/operate/oss_and_stack/management/sentinel/#sentinel-commands
"""

from __future__ import annotations

from typing import Final

from respool_testing.replies import NULL_ARRAY, Map, Reply, Simple

from ..call import Call
from ..errors import CommandError
from ..registry import Family
from ..sentinel import Instance, SentinelView, Watched

family = Family("sentinel")

_ADMIN: Final = "admin"
_DOWN_AFTER: Final = 30_000

family.container("sentinel", since="2.8.4")


@family.command("sentinel|myid", arity=2, flags=_ADMIN, since="6.2.0")
def sentinel_myid(call: Call) -> Reply:
    return _view(call).id.encode()


@family.command("sentinel|get-master-addr-by-name", arity=3, flags=_ADMIN, since="2.8.4")
def sentinel_get_master_addr_by_name(call: Call) -> Reply:
    return _address(call)


@family.command("sentinel|get-primary-addr-by-name", arity=3, flags=_ADMIN, since="8.0.0")
def sentinel_get_primary_addr_by_name(call: Call) -> Reply:
    return _address(call)


@family.command("sentinel|masters", arity=2, flags=_ADMIN, since="2.8.4")
def sentinel_masters(call: Call) -> Reply:
    return [_service(each) for each in _view(call).services.values()]


@family.command("sentinel|primaries", arity=2, flags=_ADMIN, since="8.0.0")
def sentinel_primaries(call: Call) -> Reply:
    return [_service(each) for each in _view(call).services.values()]


@family.command("sentinel|master", arity=3, flags=_ADMIN, since="2.8.4")
def sentinel_master(call: Call) -> Reply:
    return _service(_watched(call))


@family.command("sentinel|primary", arity=3, flags=_ADMIN, since="8.0.0")
def sentinel_primary(call: Call) -> Reply:
    return _service(_watched(call))


@family.command("sentinel|replicas", arity=3, flags=_ADMIN, since="5.0.0")
def sentinel_replicas(call: Call) -> Reply:
    return _replicas(call)


@family.command("sentinel|slaves", arity=3, flags=_ADMIN, since="2.8.4")
def sentinel_slaves(call: Call) -> Reply:
    return _replicas(call)


@family.command("sentinel|sentinels", arity=3, flags=_ADMIN, since="2.8.4")
def sentinel_sentinels(call: Call) -> Reply:
    return [_sentinel(each) for each in _watched(call).sentinels]


@family.command("sentinel|ckquorum", arity=3, flags=_ADMIN, since="2.8.4")
def sentinel_ckquorum(call: Call) -> Reply:
    watched = _watched(call)
    usable = 1 + sum(not each.down for each in watched.sentinels)
    majority = (1 + len(watched.sentinels)) // 2 + 1
    if usable >= watched.quorum and usable >= majority:
        sentence = f"OK {usable} usable Sentinels. Quorum and failover authorization can be reached"
        return Simple(sentence.encode())
    complaints = []
    if usable < watched.quorum:
        complaints.append("Not enough available Sentinels to reach the specified quorum for this master")
    if usable < majority:
        complaints.append("Not enough available Sentinels to reach the majority and authorize a failover")
    raise CommandError(f"NOQUORUM {usable} usable Sentinels. {'. '.join(complaints)}")


def _view(call: Call) -> SentinelView:
    assert call.server.sentinel is not None, "only a sentinel has these commands"
    return call.server.sentinel


def _watched(call: Call) -> Watched:
    watched = _view(call).services.get(call.args[0].decode("latin-1"))
    if watched is None:
        raise CommandError("ERR No such master with that name")
    return watched


def _address(call: Call) -> Reply:
    watched = _view(call).services.get(call.args[0].decode("latin-1"))
    if watched is None:
        return NULL_ARRAY
    host, port = watched.primary.address
    return [host.encode(), b"%d" % port]


def _replicas(call: Call) -> Reply:
    watched = _watched(call)
    return [_replica(each, watched) for each in watched.replicas]


def _service(watched: Watched) -> Reply:
    flags = "master,s_down,o_down,disconnected" if watched.primary.down else "master"
    return _fields(
        watched.name,
        watched.primary,
        flags,
        {
            "role-reported": "master",
            "config-epoch": watched.epoch,
            "num-slaves": len(watched.replicas),
            "num-other-sentinels": len(watched.sentinels),
            "quorum": watched.quorum,
            "failover-timeout": 180_000,
            "parallel-syncs": 1,
        },
    )


def _replica(instance: Instance, watched: Watched) -> Reply:
    return _fields(
        instance.name,
        instance,
        "s_down,slave,disconnected" if instance.down else "slave",
        {
            "role-reported": "slave",
            "master-link-down-time": 0,
            "master-link-status": "ok" if instance.link_up else "err",
            "master-host": watched.primary.address[0],
            "master-port": watched.primary.address[1],
            "slave-priority": 100,
            "slave-repl-offset": 0,
            "replica-announced": 1,
        },
    )


def _sentinel(instance: Instance) -> Reply:
    flags = "s_down,sentinel,disconnected" if instance.down else "sentinel"
    more = {"last-hello-message": 0, "voted-leader": "?", "voted-leader-epoch": 0}
    return _fields(instance.run_id, instance, flags, more)


def _fields(name: str, instance: Instance, flags: str, more: dict[str, object]) -> Reply:
    """Describe an instance: a map in RESP3; every value is text, as from a real sentinel."""
    fields: dict[str, object] = {
        "name": name,
        "ip": instance.address[0],
        "port": instance.address[1],
        "runid": instance.run_id,
        "flags": flags,
        "link-pending-commands": 0,
        "link-refcount": 1,
        "last-ping-sent": 0,
        "last-ok-ping-reply": 0,
        "last-ping-reply": 0,
        "down-after-milliseconds": _DOWN_AFTER,
        **more,
    }
    return Map([(key.encode(), str(value).encode()) for key, value in fields.items()])
