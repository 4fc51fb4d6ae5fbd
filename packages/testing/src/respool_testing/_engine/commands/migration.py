"""MIGRATE: keys that travel to another server in one step.

Reaches only servers of the same fake deployment. https://redis.io/docs/latest/commands/migrate/
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from respool_testing.replies import OK, Reply, Simple

from ..arguments import integer
from ..call import Call
from ..errors import CommandError, syntax_error
from ..parcels import packed
from ..parser import Request
from ..registry import Family

family = Family("generic")

UNREACHABLE: Final = "IOERR error or timeout writing to target instance"


@dataclass(slots=True)
class _Options:
    copy: bool = False
    replace: bool = False
    keys: list[bytes] = field(default_factory=list)


def keys_to_migrate(request: Request) -> Sequence[bytes]:
    """Return the keys a MIGRATE names: the third argument, or what follows KEYS; none if both are there."""
    options = [word.upper() for word in request[6:]]
    if b"KEYS" not in options:
        return request[3:4]
    return () if request[3] else request[6 + options.index(b"KEYS") + 1 :]


@family.command(
    "migrate",
    arity=-6,
    flags="write movablekeys",
    keys=(3, 3, 1),
    since="2.6.0",
    tips="nondeterministic_output",
    categories="dangerous",
    key_finder=keys_to_migrate,
)
def migrate(call: Call) -> Reply:
    host, port, key, database, timeout, *words = call.args
    options = _read(words)
    if options.keys and key:
        raise CommandError(
            "ERR When using MIGRATE KEYS option, the key argument must be set to the empty string"
        )
    integer(timeout), integer(database)
    names = options.keys or [key]
    parcels = [parcel for name in names if (parcel := packed(call.db, name)) is not None]
    if not parcels:
        return Simple(b"NOKEY")
    neighbours = None if call.server.cluster is None else call.server.cluster.neighbours
    if neighbours is None:
        raise CommandError(UNREACHABLE)
    complaint = neighbours.hand_over(host.decode("latin-1"), integer(port), parcels, replace=options.replace)
    if complaint is not None:
        raise CommandError(complaint)
    if not options.copy:
        for parcel in parcels:
            call.db.delete(parcel.key)
    return OK


def _read(words: list[bytes]) -> _Options:
    options = _Options()
    while words:
        word = words.pop(0).upper()
        if word == b"COPY":
            options.copy = True
        elif word == b"REPLACE":
            options.replace = True
        elif word == b"AUTH" and words:
            words.pop(0)
        elif word == b"AUTH2" and len(words) > 1:
            del words[:2]
        elif word == b"KEYS" and words:
            options.keys, words = words, []
        else:
            raise syntax_error()
    return options
