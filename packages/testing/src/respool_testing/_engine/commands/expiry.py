"""Commands that say when a key ends.

https://redis.io/docs/latest/commands/?group=generic
"""

from __future__ import annotations

import math

from respool_testing.replies import Reply

from ..arguments import fits, integer
from ..call import Call
from ..errors import CommandError
from ..registry import Family

family = Family("generic")

_INCOMPATIBLE = "ERR NX and XX, GT or LT options at the same time are not compatible"
_GT_AND_LT = "ERR GT and LT options at the same time are not compatible"


@family.command("expire", arity=-3, flags="write fast", keys=(1, 1, 1))
def expire(call: Call) -> Reply:
    return _expire(call, unit=1000, absolute=False)


@family.command("pexpire", arity=-3, flags="write fast", keys=(1, 1, 1), since="2.6.0")
def pexpire(call: Call) -> Reply:
    return _expire(call, unit=1, absolute=False)


@family.command("expireat", arity=-3, flags="write fast", keys=(1, 1, 1), since="1.2.0")
def expireat(call: Call) -> Reply:
    return _expire(call, unit=1000, absolute=True)


@family.command("pexpireat", arity=-3, flags="write fast", keys=(1, 1, 1), since="2.6.0")
def pexpireat(call: Call) -> Reply:
    return _expire(call, unit=1, absolute=True)


@family.command("ttl", arity=2, flags="readonly fast", keys=(1, 1, 1), tips="nondeterministic_output")
def ttl(call: Call) -> Reply:
    left = _milliseconds_left(call)
    return (left + 500) // 1000 if left >= 0 else left


@family.command(
    "pttl", arity=2, flags="readonly fast", keys=(1, 1, 1), since="2.6.0", tips="nondeterministic_output"
)
def pttl(call: Call) -> Reply:
    return _milliseconds_left(call)


@family.command("expiretime", arity=2, flags="readonly fast", keys=(1, 1, 1), since="7.0.0")
def expiretime(call: Call) -> Reply:
    moment = _moment(call)
    return (moment + 500) // 1000 if moment >= 0 else moment


@family.command("pexpiretime", arity=2, flags="readonly fast", keys=(1, 1, 1), since="7.0.0")
def pexpiretime(call: Call) -> Reply:
    return _moment(call)


@family.command("persist", arity=2, flags="write fast", keys=(1, 1, 1), since="2.2.0")
def persist(call: Call) -> Reply:
    if call.db.expiry(call.args[0]) is None:
        return 0
    call.db.set_expiry(call.args[0], None)
    return 1


def _expire(call: Call, *, unit: int, absolute: bool) -> int:
    key, text, *options = call.args
    conditions = _conditions(options)
    moment = integer(text) * unit + (0 if absolute else call.now_ms)
    if not fits(moment) or not fits(integer(text) * unit):
        raise CommandError(f"ERR invalid expire time in '{call.command.name}' command")
    if key not in call.db or not _holds(conditions, call.db.expiry(key), moment):
        return 0
    if moment <= call.now_ms:
        call.db.delete(key)
    else:
        call.db.set_expiry(key, moment)
    return 1


def _conditions(options: list[bytes]) -> frozenset[bytes]:
    conditions = frozenset(option.upper() for option in options)
    for option in options:
        if option.upper() not in (b"NX", b"XX", b"GT", b"LT"):
            raise CommandError(f"ERR Unsupported option {option.decode('latin-1')}")
    if b"NX" in conditions and len(conditions) > 1:
        raise CommandError(_INCOMPATIBLE)
    if {b"GT", b"LT"} <= conditions:
        raise CommandError(_GT_AND_LT)
    return conditions


def _holds(conditions: frozenset[bytes], current: int | None, moment: int) -> bool:
    """Tell whether an expiry may be set; a key without one counts as living for ever."""
    end = math.inf if current is None else current
    return not (
        (b"NX" in conditions and current is not None)
        or (b"XX" in conditions and current is None)
        or (b"GT" in conditions and moment <= end)
        or (b"LT" in conditions and moment >= end)
    )


def _moment(call: Call) -> int:
    """Return when the key ends, -1 for never, -2 if it is missing."""
    if call.args[0] not in call.db:
        return -2
    moment = call.db.expiry(call.args[0])
    return -1 if moment is None else moment


def _milliseconds_left(call: Call) -> int:
    moment = _moment(call)
    return max(moment - call.now_ms, 0) if moment >= 0 else moment
