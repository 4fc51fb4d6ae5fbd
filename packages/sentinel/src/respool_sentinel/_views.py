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


@dataclass(frozen=True)
class View:
    """One server as one sentinel sees it. `epoch` counts the failovers of its service."""

    address: Address
    flags: frozenset[str]
    epoch: int = 0
    link_up: bool = True

    @property
    def trouble(self) -> str | None:
        """Say why a sentinel that sees this would not send a client there; None if it would."""
        if marks := sorted(self.flags & _DOWN):
            return f"{spell(self.address)} is {','.join(marks)}"
        return None if self.link_up else f"{spell(self.address)} has no link to its primary"


def primary_view(reply: object) -> View:
    """Read the reply to SENTINEL MASTER, in either protocol. Raises `InvalidResponse`."""
    fields = _fields(reply)
    # For a second or so after a failover, sentinels have no connection to the new primary yet. We shall see.
    return View(_address(fields), _flags(fields) - {"disconnected"}, _epoch(fields))


def replica_views(reply: object) -> list[View]:
    """Read the reply to SENTINEL REPLICAS, in either protocol. Raises `InvalidResponse`."""
    if not isinstance(reply, list):
        raise InvalidResponse(f"a sentinel described its replicas as {reply!r}")
    return [_replica(_fields(each)) for each in reply]


def role_of(reply: object) -> Role | None:
    """Read the reply to ROLE: None for what is neither (a sentinel)."""
    if isinstance(reply, list) and reply and isinstance(reply[0], bytes):
        return _ROLES.get(reply[0].decode(errors="replace"))
    return None


def switched_service(message: object) -> str | None:
    """Return the service of a +switch-master message, None for any other message."""
    match message:
        case [b"message", bytes(channel), bytes(text)] if channel == SWITCHED and text:
            return text.split(b" ")[0].decode(errors="surrogateescape")
    return None


def is_subscribed(message: object) -> bool:
    """Tell whether a message says that the subscription stands."""
    return isinstance(message, list) and message[:1] == [b"subscribe"]


def spell(address: Address) -> str:
    """Return an address as people write it."""
    host, port = address
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _replica(fields: dict[str, str]) -> View:
    return View(_address(fields), _flags(fields), link_up=fields.get("master-link-status", "ok") == "ok")


def _fields(reply: object) -> dict[str, str]:
    """A map in RESP3; names and values in turn in RESP2."""
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


def _epoch(fields: dict[str, str]) -> int:
    text = fields.get("config-epoch", "")
    return int(text) if text.isdecimal() else 0


def _flags(fields: dict[str, str]) -> frozenset[str]:
    return frozenset(fields.get("flags", "").split(","))
