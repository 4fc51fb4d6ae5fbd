"""Where a socket can be connected to, and in which order it is tried. Plain data: asks no resolver, opens nothing."""

from __future__ import annotations

import socket
from collections.abc import Iterable
from itertools import zip_longest

from respool._wire.tuples import NamedTuple


class Address(NamedTuple):
    """One address of a server: a family and what its sockets take as a target."""

    family: int
    target: tuple[str, int] | tuple[str, int, int, int] | tuple[int, bytes]

    def __str__(self) -> str:
        return str(self.target[0])


def literal_address(host: str, port: int) -> Address | None:
    """Return the address that `host` spells out, or None for a name.

    Raises `OSError` for the scope of an interface that this machine does not have (`fe80::1%eth7`).
    """
    if _spells(socket.AF_INET, host):
        return Address(socket.AF_INET, (host, port))
    number, mark, scope = host.partition("%")
    if not _spells(socket.AF_INET6, number) or (mark and not scope):
        return None
    return Address(socket.AF_INET6, (number, port, 0, _number_of(scope)))


def take_turns(addresses: Iterable[Address]) -> list[Address]:
    """Order addresses so that the families alternate, each in the resolver's order (RFC 8305, section 4).

    A whole family that leads nowhere costs one head start then, not one for each of its addresses.
    """
    families: dict[int, list[Address]] = {}
    for address in addresses:
        families.setdefault(address.family, []).append(address)
    return [each for turn in zip_longest(*families.values()) for each in turn if each is not None]


def _spells(family: socket.AddressFamily, host: str) -> bool:
    try:
        socket.inet_pton(family, host)
    except (OSError, ValueError):  # a name; one that no name may contain
        return False
    return True


def _number_of(scope: str) -> int:
    if not scope:
        return 0
    return int(scope) if scope.isdecimal() else socket.if_nametoindex(scope)
