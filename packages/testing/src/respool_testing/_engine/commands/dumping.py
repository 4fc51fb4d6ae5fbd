"""DUMP and RESTORE: keys as bytes that a client carries somewhere else.

https://redis.io/docs/latest/commands/dump/ and https://redis.io/docs/latest/commands/restore/
"""

from __future__ import annotations

from dataclasses import dataclass

from respool_testing.replies import OK, Reply

from ..arguments import integer
from ..call import Call
from ..dumps import dumped, loaded
from ..errors import CommandError, syntax_error
from ..registry import Family

family = Family("generic")


@dataclass(slots=True)
class _Options:
    replace: bool = False
    absolute: bool = False


@family.command(
    "dump", arity=2, flags="readonly", keys=(1, 1, 1), since="2.6.0", tips="nondeterministic_output"
)
def dump(call: Call) -> Reply:
    value = call.db.get(call.args[0])
    return None if value is None else dumped(value)


@family.command(
    "restore", arity=-4, flags="write denyoom", keys=(1, 1, 1), since="2.6.0", categories="dangerous"
)
def restore(call: Call) -> Reply:
    key, ttl, payload, *words = call.args
    options = _read(words)
    if key in call.db and not options.replace:
        raise CommandError("BUSYKEY Target key name already exists.")
    milliseconds = integer(ttl)
    if milliseconds < 0:
        raise CommandError("ERR Invalid TTL value, must be >= 0")
    value = loaded(payload)
    now = call.server.now_ms
    expires_at = milliseconds + (0 if options.absolute else now) if milliseconds else None
    if expires_at is not None and expires_at <= now:
        call.db.delete(key)
    else:
        call.db.put(key, value, expires_at=expires_at)
    return OK


def _read(words: list[bytes]) -> _Options:
    options = _Options()
    while words:
        word = words.pop(0).upper()
        if word == b"REPLACE":
            options.replace = True
        elif word == b"ABSTTL":
            options.absolute = True
        elif word == b"IDLETIME" and words:
            if integer(words.pop(0)) < 0:
                raise CommandError("ERR Invalid IDLETIME value, must be >= 0")
        elif word == b"FREQ" and words:
            if not 0 <= integer(words.pop(0)) <= 255:
                raise CommandError("ERR Invalid FREQ value, must be >= 0 and <= 255")
        else:
            raise syntax_error()
    return options
