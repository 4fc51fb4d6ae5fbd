"""Commands that a connection shared with others cannot take, and where to go with them instead.

Most change what the others' commands mean: another database, another protocol, replies that no longer come. WAIT and
WAITAOF tell of the writes of their own connection: on one leased for them alone they would be about no write at all
and say that every replica has it, on a shared one everybody would wait. So they belong behind the writes in question
on one leased connection, and there a deadline grows by their timeout (`_command_blocking`).
"""

from __future__ import annotations

_LEASE = "lease a connection for it (pool.connection())"
_TRANSACTION = "use redis.transaction() or a leased connection"
_QUEUE = "use redis.pipeline(transaction=True) or a leased connection"
_PUBSUB = "use redis.pubsub()"
_REPLICAS = "pass read_from_replicas=True to a cluster client"
_TRACKING = "use a client-side cache or a leased connection"

_INSTEAD = {
    "ASKING": "a cluster client sends it where a redirection asks for it",
    "AUTH": "pass username= and password= to the client or pool",
    "CLIENT CACHING": _TRACKING,
    "CLIENT CAPA": _LEASE,
    "CLIENT IMPORT-SOURCE": _LEASE,
    "CLIENT NO-EVICT": "pass noevict=True to the client or pool",
    "CLIENT NO-TOUCH": "pass notouch=True to the client or pool",
    "CLIENT REPLY": "pass noreply=True with the request or to the pool",
    "CLIENT SETINFO": "every connection says it by itself in its handshake",
    "CLIENT SETNAME": "pass client_name= to the client or pool",
    "CLIENT TRACKING": _TRACKING,
    "DISCARD": _QUEUE,
    "EXEC": _QUEUE,
    "HELLO": "pass protocol_version=, username= and password= to the client or pool",
    "MONITOR": _LEASE,
    "MULTI": _QUEUE,
    "PSUBSCRIBE": _PUBSUB,
    "PSYNC": _LEASE,
    "PUNSUBSCRIBE": _PUBSUB,
    "QUIT": "close the client with aclose()",
    "READONLY": _REPLICAS,
    "READWRITE": _REPLICAS,
    "REPLCONF": _LEASE,
    "RESET": _LEASE,
    "SCRIPT DEBUG": _LEASE,
    "SELECT": "pass db= to the client or pool",
    "SSUBSCRIBE": _PUBSUB,
    "SUBSCRIBE": _PUBSUB,
    "SUNSUBSCRIBE": _PUBSUB,
    "SYNC": _LEASE,
    "UNSUBSCRIBE": _PUBSUB,
    "UNWATCH": _TRANSACTION,
    "WATCH": _TRANSACTION,
}

_OWN_WRITES = "tells only of the writes of its own connection: lease one (pool.connection()) for both"

DOORS = {
    name: f"{name} changes the state of a connection that others share: {instead}"
    for name, instead in _INSTEAD.items()
} | {name: f"{name} {_OWN_WRITES}" for name in ("WAIT", "WAITAOF")}
"""A whole sentence for each such command, by name."""
