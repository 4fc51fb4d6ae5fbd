"""What a client says to steer a cluster's redirections: ASKING, READONLY, READWRITE.

https://redis.io/docs/latest/commands/?group=cluster
"""

from __future__ import annotations

from respool_testing.replies import OK, Reply

from ..call import Call
from ..registry import Family
from .cluster_shared import membership_of

family = Family("cluster")


@family.command("asking", arity=1, flags="fast", since="3.0.0", categories="connection")
def asking(call: Call) -> Reply:
    membership_of(call)
    call.session.asking = True
    return OK


@family.command("readonly", arity=1, flags="loading stale fast", since="3.0.0", categories="connection")
def readonly(call: Call) -> Reply:
    membership_of(call)
    call.session.replica_reads = True
    return OK


@family.command("readwrite", arity=1, flags="loading stale fast", since="3.0.0", categories="connection")
def readwrite(call: Call) -> Reply:
    membership_of(call)
    call.session.replica_reads = False
    return OK
