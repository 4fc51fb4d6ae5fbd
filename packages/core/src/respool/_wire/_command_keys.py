"""At which positions of a command's words its keys stand. Decides from words alone; never raises.

Follows https://redis.io/docs/latest/develop/reference/key-specs/. Where a specification is incomplete the
command has a function of its own here, as it has in the server. Words that do not make a whole command
have the keys that can be told.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from respool._wire._command_arguments import STREAM_OPTIONS, find_option, number
from respool._wire._command_model import Command, KeySpec
from respool._wire.encoding import upper_word

Words: TypeAlias = Sequence[object]
Finder: TypeAlias = Callable[[Words], list[int]]


def key_positions(command: Command, argv: Words) -> list[int]:
    """Return the positions of keys, in the order in which the server tells them."""
    special = _SPECIAL.get(command.name)
    if special is not None:
        return special(argv)
    return [at for spec in command.key_specs if not spec.channel for at in _by_spec(spec, argv)]


def sole_key(command: Command) -> int:
    """Return the position of the command's key where it has one and always in the same place, else 0."""
    if command.name in _SPECIAL or len(command.key_specs) != 1:
        return 0
    spec = command.key_specs[0]
    return spec.start if spec == KeySpec(spec.start) else 0


def channel_positions(command: Command, argv: Words) -> list[int]:
    """Return the positions of shard channels, which decide the slot as keys do."""
    return [at for spec in command.key_specs if spec.channel for at in _by_spec(spec, argv)]


def _by_spec(spec: KeySpec, argv: Words) -> Sequence[int]:
    first = _behind_keyword(spec, argv) if spec.keyword else spec.start
    if first is None or first >= len(argv):
        return ()
    if spec.counted:
        return _counted(first, argv, spec.step)
    if spec.last >= 0:
        last = first + spec.last
    elif spec.limit:
        last = first + (len(argv) - first) // spec.limit + spec.last
    else:
        last = len(argv) + spec.last
    return range(first, min(last, len(argv) - 1) + 1, spec.step)


def _behind_keyword(spec: KeySpec, argv: Words) -> int | None:
    wanted = spec.keyword.encode()
    backwards = spec.start < 0
    places = range(len(argv) + spec.start, 0, -1) if backwards else range(spec.start, len(argv))
    return next((at + 1 for at in places if upper_word(argv[at]) == wanted), None)


def _counted(first: int, argv: Words, step: int) -> Sequence[int]:
    count = number(argv[first])
    last = first + 1 + (count - 1) * step
    # A count that is no number, negative or beyond the last word has no keys: the server refuses it.
    return range(first + 1, int(last) + 1, step) if count >= 0 and last < len(argv) else ()


# --- what key specs cannot say


def _with_destination(first_option: int, options: dict[bytes, int]) -> Finder:
    def positions(argv: Words) -> list[int]:
        """Return the key and the destination behind STORE or STOREDIST, of several the last, as the server does."""
        found, at = [1] if len(argv) > 1 else [], first_option
        while at < len(argv):
            option = upper_word(argv[at])
            if option in (b"STORE", b"STOREDIST") and at + 1 < len(argv):
                found[1:] = [at + 1]
            at += 1 + options.get(option, 0)
        return found

    return positions


def _streams(argv: Words) -> list[int]:
    """XREAD ... STREAMS key ... id ...: the first half of what follows; a consumer may be called STREAMS."""
    at = find_option(argv, b"STREAMS", STREAM_OPTIONS, 1)
    if at is None:
        return []
    following = len(argv) - at - 1
    return list(range(at + 1, at + 1 + following // 2)) if following % 2 == 0 else []


def _migrate(argv: Words) -> list[int]:
    """MIGRATE host port key ... or, the key being empty, ... KEYS key ...: a password may be called KEYS."""
    if len(argv) < 4:
        return []
    many = find_option(argv, b"KEYS", _MIGRATE_OPTIONS, 6) if argv[3] in ("", b"") else None
    return [3] if many is None else list(range(many + 1, len(argv)))


_SORT_OPTIONS = {b"BY": 1, b"GET": 1, b"LIMIT": 2, b"STORE": 1}
_GEO_OPTIONS = {b"COUNT": 1, b"STORE": 1, b"STOREDIST": 1}
_MIGRATE_OPTIONS = {b"COPY": 0, b"REPLACE": 0, b"AUTH": 1, b"AUTH2": 2}

_SPECIAL: dict[str, Finder] = {
    "SORT": _with_destination(2, _SORT_OPTIONS),
    "GEORADIUS": _with_destination(6, _GEO_OPTIONS),
    "GEORADIUSBYMEMBER": _with_destination(5, _GEO_OPTIONS),
    "XREAD": _streams,
    "XREADGROUP": _streams,
    "MIGRATE": _migrate,
}
