"""Places and what a search found there. Pure; the same for RESP2 and RESP3."""

from __future__ import annotations

from typing import Generic, TypeAlias, TypeVar

from respool._client.replies.basic import integer, items, number, parts, put_in
from respool._wire.tuples import NamedTuple

K = TypeVar("K")

Position: TypeAlias = tuple[float, float]
"""Longitude and latitude, in degrees."""


class GeoMatch(NamedTuple, Generic[K]):
    """A member that a search found: its distance from where the search started, its geohash as 52 bits, its place."""

    member: K
    distance: float
    hash: int
    position: Position


def position(reply: object) -> Position:
    longitude, latitude = parts(reply, 2)
    return number(longitude), number(latitude)


def positions(reply: object) -> list[Position | None]:
    return [None if place is None else position(place) for place in items(reply)]


def matches(reply: object) -> list[GeoMatch[K]]:
    return [_match(found) for found in items(reply)]


def _match(reply: object) -> GeoMatch[K]:
    member, distance, geohash, place = parts(reply, 4)
    return GeoMatch(put_in(member), number(distance), integer(geohash), position(place))
