"""Commands about the server as a whole: its keys all at once, its settings, its clock.

https://redis.io/docs/latest/commands/?group=server (INFO and COMMAND have files of their own)
"""

from __future__ import annotations

from typing import Final

from respool_testing.replies import OK, Map, Reply

from ..arguments import small_integer
from ..call import Call
from ..errors import CommandError, syntax_error
from ..globs import matches
from ..options import OptionError, current_options, set_option
from ..registry import Family

family = Family("server")

_ADMIN: Final = "admin noscript loading stale"
_EVERY_SHARD: Final = "request_policy:all_shards response_policy:all_succeeded"


@family.command(
    "dbsize",
    arity=1,
    flags="readonly fast",
    tips="request_policy:all_shards response_policy:agg_sum",
    categories="keyspace",
)
def dbsize(call: Call) -> Reply:
    return len(call.db)


@family.command("flushdb", arity=-1, flags="write", tips=_EVERY_SHARD, categories="keyspace dangerous")
def flushdb(call: Call) -> Reply:
    _check_flush(call)
    call.db.flush()
    return OK


@family.command("flushall", arity=-1, flags="write", tips=_EVERY_SHARD, categories="keyspace dangerous")
def flushall(call: Call) -> Reply:
    _check_flush(call)
    for database in call.server.keyspace.databases:
        database.flush()
    return OK


@family.command("swapdb", arity=3, flags="write fast", since="4.0.0", categories="keyspace dangerous")
def swapdb(call: Call) -> Reply:
    first, second = (_index(text, place) for text, place in zip(call.args, ("first", "second"), strict=True))
    if not all(0 <= each < len(call.server.keyspace.databases) for each in (first, second)):
        raise CommandError("ERR DB index is out of range")
    call.server.keyspace.swap(first, second)
    return OK


@family.command("time", arity=1, flags="loading stale fast", since="2.6.0", tips="nondeterministic_output")
def time(call: Call) -> Reply:
    seconds, microseconds = divmod(call.server.now, 1_000_000)
    return [b"%d" % seconds, b"%d" % microseconds]


family.container("config", since="2.0.0")


@family.command("config|get", arity=-3, flags=_ADMIN, since="2.0.0")
def config_get(call: Call) -> Reply:
    options = current_options(call.server)
    patterns = [pattern.lower() for pattern in call.args]
    return Map(
        [
            (name.encode(), value.encode())
            for name, value in options.items()
            if any(matches(pattern, name.encode()) for pattern in patterns)
        ]
    )


@family.command(
    "config|set",
    arity=-4,
    flags=_ADMIN,
    since="2.0.0",
    tips="request_policy:all_nodes response_policy:all_succeeded",
)
def config_set(call: Call) -> Reply:
    if len(call.args) % 2:
        raise syntax_error()
    try:
        for name, value in zip(call.args[::2], call.args[1::2], strict=True):
            set_option(call.server, name.decode("latin-1").lower(), value.decode("utf-8", "surrogateescape"))
    except OptionError as refusal:
        raise CommandError(f"ERR {refusal}") from None
    return OK


@family.command("config|resetstat", arity=2, flags=_ADMIN, since="2.0.0")
def config_resetstat(call: Call) -> Reply:
    call.server.commands_processed = call.server.connections_received = call.server.expired_keys = 0
    return OK


def _check_flush(call: Call) -> None:
    if len(call.args) > 1 or (call.args and call.args[0].upper() not in (b"SYNC", b"ASYNC")):
        raise syntax_error()


def _index(text: bytes, place: str) -> int:
    try:
        return small_integer(text)
    except CommandError:
        raise CommandError(f"ERR invalid {place} DB index") from None
