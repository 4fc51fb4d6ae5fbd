"""Who follows whom, said by a client, and waiting until replicas have what was written.

https://redis.io/docs/latest/commands/wait/ and https://redis.io/docs/latest/commands/replicaof/
"""

from __future__ import annotations

from typing import Final

from respool_testing.replies import OK, Reply, Simple

from ..arguments import integer, maybe_integer
from ..call import Call
from ..errors import CommandError
from ..registry import Family
from ..session import Block

_ON_A_REPLICA: Final = (
    "ERR WAIT cannot be used with replica instances. Please also note that since Redis 4.0 if a replica is "
    "configured to be writable (which is not the default) writes to replicas are just local and are not propagated."
)
_FOLLOWING: Final = "admin noscript stale no_async_loading"

family = Family("server")


@family.command(
    "wait",
    arity=3,
    flags="noscript",
    since="3.0.0",
    tips="request_policy:all_shards response_policy:agg_min",
    categories="connection",
)
def wait(call: Call) -> Reply | Block:
    replication = call.server.replication
    if replication.primary is not None:
        raise CommandError(_ON_A_REPLICA)
    wanted, timeout = integer(call.args[0]), maybe_integer(call.args[1])
    if timeout is None:
        raise CommandError("ERR timeout is not an integer or out of range")
    if timeout < 0:
        raise CommandError("ERR timeout is negative")
    reached = replication.acknowledged()
    if reached >= wanted:
        return reached
    return Block((), timeout * 1000 or None, reached)


@family.command("replicaof", arity=3, flags=_FOLLOWING, since="5.0.0")
def replicaof(call: Call) -> Reply:
    return _follow(call)


@family.command("slaveof", arity=3, flags=_FOLLOWING, since="1.0.0")
def slaveof(call: Call) -> Reply:
    return _follow(call)


def _follow(call: Call) -> Reply:
    if call.server.cluster is not None:
        raise CommandError("ERR REPLICAOF not allowed in cluster mode.")
    replication = call.server.replication
    if [word.upper() for word in call.args] == [b"NO", b"ONE"]:
        replication.order(None)
        return OK
    host, port = call.args[0].decode("latin-1"), maybe_integer(call.args[1])
    if port is None or not 0 <= port < 65_536:
        raise CommandError("ERR Invalid master port")
    if replication.primary == (host, port):
        return Simple(b"OK Already connected to specified master")
    replication.order((host, port))
    return OK
