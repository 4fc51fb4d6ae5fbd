"""SENTINEL, its orders: what to watch and how, and to fail over now.

https://redis.io/docs/latest/operate/oss_and_stack/management/sentinel/#sentinel-commands
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from respool_testing.replies import OK, Map, Reply

from ..arguments import maybe_integer
from ..call import Call
from ..errors import CommandError
from ..globs import matches
from ..registry import Family
from ..sentinel import Instance, Watched
from ..sentinel_rules import described
from .sentinel_shared import deployment_of, view_of, watched_named

family = Family("sentinel")

_ADMIN: Final = "admin"
_CONFIG: Final = {
    "resolve-hostnames": "no",
    "announce-hostnames": "no",
    "announce-ip": "",
    "announce-port": "0",
    "sentinel-user": "",
    "sentinel-pass": "",
}
_PERIODS: Final = {
    "INFO-PERIOD": 10_000,
    "PING-PERIOD": 1_000,
    "ASK-PERIOD": 1_000,
    "PUBLISH-PERIOD": 2_000,
    "DEFAULT-DOWN-AFTER": 30_000,
    "DEFAULT-FAILOVER-TIMEOUT": 180_000,
    "TILT-TRIGGER": 2_000,
    "TILT-PERIOD": 30_000,
    "SLAVE-RECONF-TIMEOUT": 10_000,
    "MIN-LINK-RECONNECT-PERIOD": 15_000,
    "ELECTION-TIMEOUT": 10_000,
    "SCRIPT-MAX-RUNTIME": 60_000,
    "SCRIPT-RETRY-DELAY": 30_000,
}


@family.command("sentinel|failover", arity=3, flags=_ADMIN, since="2.8.4")
def sentinel_failover(call: Call) -> Reply:
    watched = watched_named(call, call.args[0])
    complaint = deployment_of(view_of(call)).failover(watched.name)
    if complaint is not None:
        raise CommandError(complaint)
    return OK


@family.command("sentinel|monitor", arity=6, flags=_ADMIN, since="2.8.4")
def sentinel_monitor(call: Call) -> Reply:
    view = view_of(call)
    name, host = (word.decode("latin-1") for word in call.args[:2])
    port, quorum = maybe_integer(call.args[2]), maybe_integer(call.args[3])
    if quorum is None:
        raise CommandError("ERR Invalid quorum")
    if port is None:
        raise CommandError("ERR Invalid port")
    if quorum < 1:
        raise CommandError("ERR Quorum must be 1 or greater.")
    if name in view.services:
        raise CommandError("ERR Duplicate master name.")
    primary = Instance("master", (host, port), "", silent_since=call.now_ms, seen_since=call.now_ms)
    watched = view.services[name] = Watched(name, primary, quorum)
    _tell(call, watched, "+monitor", f" quorum {quorum}")
    return OK


@family.command("sentinel|remove", arity=3, flags=_ADMIN, since="2.8.4")
def sentinel_remove(call: Call) -> Reply:
    watched = watched_named(call, call.args[0])
    del view_of(call).services[watched.name]
    _tell(call, watched, "-monitor")
    return OK


@family.command("sentinel|reset", arity=3, flags=_ADMIN, since="2.8.4")
def sentinel_reset(call: Call) -> Reply:
    found = [each for each in view_of(call).services.values() if matches(call.args[0], each.name.encode())]
    for watched in found:
        watched.replicas.clear()
        watched.sentinels.clear()
        watched.promoted = watched.failover_at = watched.agreed_down_since = None
        watched.leader, watched.leader_epoch = "?", 0
        _tell(call, watched, "+reset-master")
    return len(found)


@family.command("sentinel|set", arity=-5, flags=_ADMIN, since="2.8.4")
def sentinel_set(call: Call) -> Reply:
    watched, words = watched_named(call, call.args[0]), list(call.args[1:])
    while words:
        option = words.pop(0).decode("latin-1")
        if option.lower() not in _SETTINGS or not words:
            raise CommandError(f"ERR Unknown option or number of arguments for SENTINEL SET '{option}'")
        value = words.pop(0)
        if not _SETTINGS[option.lower()](watched, value):
            text = value.decode("latin-1")
            raise CommandError(f"ERR Invalid argument '{text}' for SENTINEL SET '{option}'")
        _tell(call, watched, "+set", f" {option} {value.decode('latin-1')}")
    return OK


@family.command("sentinel|config", arity=-4, flags=_ADMIN, since="6.2.0")
def sentinel_config(call: Call) -> Reply:
    action, options = call.args[0].upper(), {**_CONFIG, **view_of(call).options}
    if action == b"GET" and len(call.args) >= 2:
        found = [
            name for name in options if any(matches(word.lower(), name.encode()) for word in call.args[1:])
        ]
        return Map([(name.encode(), options[name].encode()) for name in found])
    if action != b"SET" or len(call.args) < 3:
        raise CommandError("ERR Only GET and SET are valid SENTINEL CONFIG subcommands")
    name, value = (word.decode("latin-1") for word in call.args[1:3])
    if name.lower() not in _CONFIG:
        raise CommandError(f"ERR Invalid argument '{name}' to SENTINEL CONFIG SET")
    view_of(call).options[name.lower()] = value
    return OK


@family.command("sentinel|flushconfig", arity=2, flags=_ADMIN, since="2.8.4")
def sentinel_flushconfig(call: Call) -> Reply:
    return OK


@family.command("sentinel|pending-scripts", arity=2, flags=_ADMIN, since="2.8.4")
def sentinel_pending_scripts(call: Call) -> Reply:
    return []


@family.command("sentinel|simulate-failure", arity=-3, flags=_ADMIN, since="3.2.0")
def sentinel_simulate_failure(call: Call) -> Reply:
    if call.args[0].upper() == b"HELP":
        return [b"crash-after-election", b"crash-after-promotion"]
    raise CommandError("ERR Unknown failure simulation specified")


@family.command("sentinel|debug", arity=-2, flags=_ADMIN, since="7.0.0")
def sentinel_debug(call: Call) -> Reply:
    if call.args:
        raise CommandError("ERR the periods of a fake sentinel follow from its clock and cannot be set")
    return Map([(name.encode(), b"%d" % period) for name, period in _PERIODS.items()])


def _number(attribute: str) -> Callable[[Watched, bytes], bool]:
    """Make a setting of a number of at least 1."""

    def set_it(watched: Watched, text: bytes) -> bool:
        number = maybe_integer(text)
        if number is None or number < 1:
            return False
        setattr(watched, attribute, number)
        return True

    return set_it


def _accepted(watched: Watched, text: bytes) -> bool:
    """Take what changes nothing here."""
    return True


_SETTINGS: Final[dict[str, Callable[[Watched, bytes], bool]]] = {
    "down-after-milliseconds": _number("down_after"),
    "failover-timeout": _number("failover_timeout"),
    "parallel-syncs": _number("parallel_syncs"),
    "quorum": _number("quorum"),
    "auth-pass": _accepted,
    "auth-user": _accepted,
}


def _tell(call: Call, watched: Watched, channel: str, more: str = "") -> None:
    deployment = deployment_of(view_of(call))
    deployment.tell(channel, described(watched, watched.primary) + more)
    deployment.stir()
