"""MULTI, EXEC and the optimistic locks of WATCH.

https://redis.io/docs/latest/develop/interact/transactions/
"""

from __future__ import annotations

from respool_testing.replies import NULL_ARRAY, OK, Reply

from ..call import Call
from ..errors import CommandError
from ..registry import Family
from ..session import Session, Transaction
from ..state import ServerState

family = Family("transactions")

_AT_ANY_TIME = "noscript loading stale fast allow_busy"


@family.command("multi", arity=1, flags=_AT_ANY_TIME, since="1.2.0")
def multi(call: Call) -> Reply:
    if call.session.transaction is not None:
        raise CommandError("ERR MULTI calls can not be nested")
    call.session.transaction = Transaction()
    return OK


@family.command("exec", arity=1, flags="noscript loading stale skip_slowlog", since="1.2.0")
def exec_(call: Call) -> Reply:
    transaction = call.session.transaction
    if transaction is None:
        raise CommandError("ERR EXEC without MULTI")
    untouched = not transaction.spoilt and _nothing_changed(call.server, call.session)
    call.session.leave_transaction()
    if transaction.spoilt:
        raise CommandError("EXECABORT Transaction discarded because of previous errors.")
    if not untouched:
        return NULL_ARRAY
    return [call.run(call.session, queued) for queued in transaction.queue]


@family.command("discard", arity=1, flags=_AT_ANY_TIME, since="2.0.0")
def discard(call: Call) -> Reply:
    if call.session.transaction is None:
        raise CommandError("ERR DISCARD without MULTI")
    call.session.leave_transaction()
    return OK


@family.command("watch", arity=-2, flags=_AT_ANY_TIME, keys=(1, -1, 1), since="2.2.0")
def watch(call: Call) -> Reply:
    if call.session.transaction is not None:
        raise CommandError("ERR WATCH inside MULTI is not allowed")
    for key in call.args:
        # Watching a key again does not forgive what happened to it since the first time.
        call.session.watched.setdefault((call.db.index, key), call.db.version(key))
    return OK


@family.command("unwatch", arity=1, flags=_AT_ANY_TIME, since="2.2.0")
def unwatch(call: Call) -> Reply:
    call.session.watched.clear()
    return OK


def _nothing_changed(server: ServerState, session: Session) -> bool:
    return all(
        server.keyspace[database].version(key) == version
        for (database, key), version in session.watched.items()
    )
