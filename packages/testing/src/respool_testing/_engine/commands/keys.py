"""Commands on keys whatever they hold: existence, names, iteration. Expiry has a file of its own.

https://redis.io/docs/latest/commands/?group=generic
"""

from __future__ import annotations

from typing import Final

from respool_testing.replies import OK, Reply, Simple

from ..arguments import small_integer
from ..call import Call
from ..errors import CommandError, syntax_error
from ..globs import matches
from ..keyspace import Database
from ..registry import Family
from ..scanning import cursor_of, page_of, read_scan_options
from ..values import copy_of, encoding_name, type_name

family = Family("generic")

_SUM: Final = "request_policy:multi_shard response_policy:agg_sum"
_NO_SUCH_KEY: Final = "ERR no such key"


@family.command("del", arity=-2, flags="write", keys=(1, -1, 1), tips=_SUM)
def del_(call: Call) -> Reply:
    return sum(call.db.delete(key) for key in call.args)


@family.command("unlink", arity=-2, flags="write fast", keys=(1, -1, 1), since="4.0.0", tips=_SUM)
def unlink(call: Call) -> Reply:
    return sum(call.db.delete(key) for key in call.args)


@family.command("exists", arity=-2, flags="readonly fast", keys=(1, -1, 1), tips=_SUM)
def exists(call: Call) -> Reply:
    return sum(key in call.db for key in call.args)


@family.command("touch", arity=-2, flags="readonly fast", keys=(1, -1, 1), since="3.2.1", tips=_SUM)
def touch(call: Call) -> Reply:
    return sum(key in call.db for key in call.args)


@family.command("type", arity=2, flags="readonly fast", keys=(1, 1, 1))
def type_(call: Call) -> Reply:
    return Simple(type_name(call.db.get(call.args[0])))


@family.command(
    "keys",
    arity=2,
    flags="readonly",
    tips="request_policy:all_shards nondeterministic_output_order",
    categories="dangerous",
)
def keys(call: Call) -> Reply:
    return [key for key in call.db if matches(call.args[0], key)]


@family.command(
    "scan", arity=-2, flags="readonly", since="2.8.0", tips="nondeterministic_output request_policy:special"
)
def scan(call: Call) -> Reply:
    cursor = cursor_of(call.args[0])
    options = read_scan_options(call.args[1:], typed=True)
    after, page = page_of(call.db, cursor, options.count)
    kept = [key for key in page if options.accepts(key)]
    if options.type is not None:
        kept = [key for key in kept if type_name(call.db.get(key)) == options.type]
    return [b"%d" % after, kept]


@family.command(
    "randomkey",
    arity=1,
    flags="readonly",
    tips="request_policy:all_shards nondeterministic_output",
)
def randomkey(call: Call) -> Reply:
    return call.server.random.choice(list(call.db)) if len(call.db) else None


@family.command("rename", arity=3, flags="write", keys=(1, 2, 1))
def rename(call: Call) -> Reply:
    _rename(call)
    return OK


@family.command("renamenx", arity=3, flags="write fast", keys=(1, 2, 1))
def renamenx(call: Call) -> Reply:
    if call.args[0] in call.db and call.args[1] in call.db:
        return 0
    _rename(call)
    return 1


@family.command("copy", arity=-3, flags="write denyoom", keys=(1, 2, 1), since="6.2.0")
def copy(call: Call) -> Reply:
    source, target, *options = call.args
    database, replace = _copy_options(call, options)
    if database is call.db and source == target:
        raise CommandError("ERR source and destination objects are the same")
    value = call.db.get(source)
    if value is None or (target in database and not replace):
        return 0
    database.put(target, copy_of(value), expires_at=call.db.expiry(source))
    return 1


@family.command("move", arity=3, flags="write fast", keys=(1, 1, 1))
def move(call: Call) -> Reply:
    key, index = call.args
    target = _database(call, index)
    if target is call.db:
        raise CommandError("ERR source and destination objects are the same")
    value, expires_at = call.db.get(key), call.db.expiry(key)
    if value is None or key in target:
        return 0
    call.db.delete(key)
    target.put(key, value, expires_at=expires_at)
    return 1


family.container("object", since="2.2.3", help_since="6.2.0")


@family.command(
    "object|encoding",
    arity=3,
    flags="readonly",
    keys=(2, 2, 1),
    since="2.2.3",
    tips="nondeterministic_output",
)
def object_encoding(call: Call) -> Reply:
    value = call.db.get(call.args[0])
    return None if value is None else encoding_name(value, call.server.settings.version_numbers)


def _rename(call: Call) -> None:
    source, target = call.args
    value, expires_at = call.db.get(source), call.db.expiry(source)
    if value is None:
        raise CommandError(_NO_SUCH_KEY)
    if source != target:
        call.db.delete(source)
        call.db.put(target, value, expires_at=expires_at)


def _copy_options(call: Call, words: list[bytes]) -> tuple[Database, bool]:
    database, replace = call.db, False
    while words:
        option = words.pop(0).upper()
        if option == b"REPLACE":
            replace = True
        elif option == b"DB" and words:
            database = _database(call, words.pop(0))
        else:
            raise syntax_error()
    return database, replace


def _database(call: Call, text: bytes) -> Database:
    index = small_integer(text)
    if not 0 <= index < len(call.server.keyspace.databases):
        raise CommandError("ERR DB index is out of range")
    return call.server.keyspace[index]
