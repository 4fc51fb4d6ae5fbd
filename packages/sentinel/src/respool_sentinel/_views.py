"""What sentinels and servers say, read into plain data. No asyncio, no opinion on whom to believe.

https://redis.io/docs/latest/develop/reference/sentinel-clients/
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from respool.errors import InvalidResponse

Address: TypeAlias = tuple[str, int]
Role: TypeAlias = Literal["primary", "replica"]

_DOWN = frozenset({"s_down", "o_down", "disconnected"})
_ROLES: dict[str, Role] = {"master": "primary", "slave": "replica"}
SWITCHED = b"+switch-master"
PROMOTED = b"+promoted-slave"
EVENTS = (
    SWITCHED,
    PROMOTED,
    b"+sdown",
    b"-sdown",
    b"+odown",
    b"-odown",
    b"+slave",
    b"+reboot",
    b"+tilt",
    b"-tilt",
)
"""What is listened to. All but the first may concern replicas, too."""


@dataclass(frozen=True)
class View:
    """One server as one sentinel sees it. `epoch` counts the failovers of its service."""

    address: Address
    flags: frozenset[str]
    epoch: int = 0
    link_up: bool = True
    others: int = 0
    """How many other sentinels this one knows for the service."""
    offset: int = 0
    """How much of the replication stream a replica has."""
    is_tilted: bool = False
    """Whether the sentinel does not trust its own eyes now."""

    @property
    def trouble(self) -> str | None:
        """Say why a sentinel that sees this would not send a client there; None if it would."""
        if marks := sorted(self.flags & _DOWN):
            return f"{spell(self.address)} is {','.join(marks)}"
        return None if self.link_up else f"{spell(self.address)} has no link to its primary"


def primary_view(reply: object, named: object) -> View:
    """Read the replies to SENTINEL MASTER, in either protocol, and GET-MASTER-ADDR-BY-NAME. Raises `InvalidResponse`.

    Where they differ, the first describes a primary that is replaced already, with the new epoch.
    """
    fields = fields_of(reply)
    address = _named(named)
    if address != _address(fields):
        fields = {**fields, "ip": address[0], "port": str(address[1]), "flags": ""}
    # For a second or so after a failover, sentinels have no connection to the new primary yet. We shall see.
    return View(
        _address(fields),
        _flags(fields) - {"disconnected"},
        _number(fields, "config-epoch"),
        others=_number(fields, "num-other-sentinels"),
    )


def replica_views(reply: object) -> list[View]:
    """Read the reply to SENTINEL REPLICAS, in either protocol. Raises `InvalidResponse`."""
    if not isinstance(reply, list):
        raise InvalidResponse(f"a sentinel described its replicas as {reply!r}")
    return [_replica(fields_of(each)) for each in reply]


def usable_replicas(views: list[View], max_lag: int | None) -> list[Address]:
    """Return where the replicas are that have no trouble. `max_lag` is in bytes behind the one that has most."""
    return [view.address for view in views if _trouble_among(views, view, max_lag) is None]


def replica_trouble(views: list[View], max_lag: int | None) -> str | None:
    """Say why none of these replicas is usable; None if one is."""
    troubles = [_trouble_among(views, view, max_lag) for view in views]
    return None if None in troubles else ", ".join(filter(None, troubles)) or "knows no replica"


def _trouble_among(views: list[View], view: View, max_lag: int | None) -> str | None:
    behind = max(each.offset for each in views) - view.offset
    if view.trouble is None and max_lag is not None and behind > max_lag:
        return f"{spell(view.address)} is {behind} bytes behind"
    return view.trouble


def sentinel_views(reply: object) -> dict[str, Address]:
    """Read the reply to SENTINEL SENTINELS: addresses by run id. Raises `InvalidResponse`."""
    if not isinstance(reply, list):
        raise InvalidResponse(f"a sentinel described the others as {reply!r}")
    each_fields = [fields_of(each) for each in reply]
    return {fields.get("runid", ""): _address(fields) for fields in each_fields}


def role_of(reply: object) -> Role | None:
    """Read the reply to ROLE: None for what is neither (a sentinel)."""
    if isinstance(reply, list) and reply and isinstance(reply[0], bytes):
        return _ROLES.get(reply[0].decode(errors="replace"))
    return None


@dataclass(frozen=True)
class Event:
    """Something a sentinel announced. The service is None where it concerns all of them."""

    kind: bytes
    service: str | None


def event_of(message: object) -> Event | None:
    """Read what a sentinel announced; None for any other message.

    The text is `service old-address new-address` for a switch, `master service address` or
    `kind name address @ service address` for most others.
    """
    match message:
        case [b"message", bytes(channel), bytes(text)] if channel in EVENTS:
            words = text.decode(errors="surrogateescape").split(" ")
            return Event(channel, _service_among(channel, words) or None)
    return None


def _service_among(channel: bytes, words: list[str]) -> str:
    if channel == SWITCHED:
        return words[0]
    if "@" in words[:-1]:
        return words[words.index("@") + 1]
    return words[1] if words[0] == "master" and len(words) > 1 else ""


def is_subscribed(message: object, channel: bytes) -> bool:
    """Tell whether a message says that the subscription to a channel stands."""
    return isinstance(message, list) and message[:2] == [b"subscribe", channel]


def spell(address: Address) -> str:
    """Return an address as people write it."""
    host, port = address
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _replica(fields: dict[str, str]) -> View:
    return View(
        _address(fields),
        _flags(fields),
        link_up=fields.get("master-link-status", "ok") == "ok",
        offset=_number(fields, "slave-repl-offset"),
    )


def fields_of(reply: object) -> dict[str, str]:
    """Read a description: a map in RESP3, names and values in turn in RESP2. Raises `InvalidResponse`."""
    if isinstance(reply, list):
        reply = dict(zip(reply[::2], reply[1::2], strict=False))
    if not isinstance(reply, dict):
        raise InvalidResponse(f"a sentinel described a server as {reply!r}")
    return {_text(name): _text(value) for name, value in reply.items()}


def _text(value: object) -> str:
    return value.decode(errors="surrogateescape") if isinstance(value, bytes) else str(value)


def _address(fields: dict[str, str]) -> Address:
    try:
        return fields["ip"], int(fields["port"])
    except (KeyError, ValueError) as exc:
        raise InvalidResponse(f"a sentinel gave no address: {sorted(fields)}") from exc


def _named(reply: object) -> Address:
    match reply:
        case [bytes(host), bytes(port)] if port.isdigit():
            return _text(host), int(port)
    raise InvalidResponse(f"a sentinel named the primary {reply!r}")


def _number(fields: dict[str, str], name: str) -> int:
    text = fields.get(name, "")
    return int(text) if text.isdecimal() else 0


def _flags(fields: dict[str, str]) -> frozenset[str]:
    return frozenset(fields.get("flags", "").split(","))
