"""Taking items off lists, for commands that wait and for those that do not."""

from __future__ import annotations

from dataclasses import dataclass

from ..arguments import maybe_integer
from ..errors import CommandError, syntax_error
from ..keyspace import Database
from ..parser import Request
from ..values import List


@dataclass(frozen=True, slots=True)
class PopOptions:
    """What LMPOP and BLMPOP ask for."""

    keys: Request
    left: bool
    count: int


def side_of(word: bytes) -> bool:
    """Read LEFT as True and RIGHT as False."""
    if word.upper() not in (b"LEFT", b"RIGHT"):
        raise syntax_error()
    return word.upper() == b"LEFT"


def pop(database: Database, key: bytes, count: int, *, left: bool) -> list[bytes]:
    """Take up to `count` items off one end, in the order they come off."""
    items = database.get_or_new(key, List)
    popped = [items.pop(0 if left else -1) for _ in range(min(count, len(items)))]
    if popped:
        database.put(key, items, keep_expiry=True)
    return popped


def pop_first(database: Database, options: PopOptions) -> list[bytes | list[bytes]] | None:
    """Take items off the first list that has any; return its key and them, None if all are empty."""
    for key in options.keys:
        popped = pop(database, key, options.count, left=options.left)
        if popped:
            return [key, popped]
    return None


def move(database: Database, source: bytes, target: bytes, *, from_left: bool, to_left: bool) -> bytes | None:
    """Take an item off one list and put it on another; None if there is none."""
    if database.get_typed(source, List) is None:
        return None
    database.get_typed(target, List)  # refuse before anything is taken
    (item,) = pop(database, source, 1, left=from_left)
    items = database.get_or_new(target, List)
    items.insert(0 if to_left else len(items), item)
    database.put(target, items, keep_expiry=True)
    return item


def read_pop_options(words: Request) -> PopOptions:
    """Read `numkeys key... LEFT|RIGHT [COUNT n]`."""
    count = maybe_integer(words[0])
    if count is None or count < 1:
        raise CommandError("ERR numkeys should be greater than 0")
    keys, rest = words[1 : 1 + count], words[1 + count :]
    if not rest:
        raise syntax_error()
    left = side_of(rest[0])
    if len(rest) == 1:
        return PopOptions(keys, left, 1)
    if len(rest) != 3 or rest[1].upper() != b"COUNT":
        raise syntax_error()
    number = maybe_integer(rest[2])
    if number is None or number < 1:
        raise CommandError("ERR count should be greater than 0")
    return PopOptions(keys, left, number)


def keys_after_count(request: Request, at: int) -> Request:
    """Return the keys of a request that says at one place how many follow."""
    count = maybe_integer(request[at])
    return request[at + 1 : at + 1 + count] if count is not None and count > 0 else ()
