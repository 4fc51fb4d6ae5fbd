"""Commands on places: sorted sets whose scores are positions on earth.

Longitudes and latitudes are in degrees, east and north positive; a place is (longitude, latitude).
"""

from __future__ import annotations

from asyncio import Future
from collections.abc import Mapping, Sequence
from typing import Generic, Literal, TypeAlias, TypeVar

from respool._client.families.arguments import (
    AnyValueT,
    Words,
    clash,
    flag,
    flags,
    incomplete,
    option,
    optional,
)
from respool._client.families.family import Family
from respool._client.replies.basic import number_or_none, texts_or_none
from respool._client.replies.geo import GeoMatch, Position, matches, positions
from respool._wire.values import KeyT, ValueT

T = TypeVar("T")

LengthUnit: TypeAlias = Literal["m", "km", "mi", "ft"]


class GeoCommands(Family[T], Generic[T]):
    """Commands on places.

    A search goes out from `member` or from (`longitude`, `latitude`) and looks within a `radius` or within a rectangle
    of `width` and `height`, lengths in `unit`. Valkey 9 looks within a `polygon` of places, too, which needs no start.
    `sort` by distance; `count` matches, the nearest or with `any` any.
    """

    def geoadd(
        self,
        key: KeyT,
        mapping: Mapping[AnyValueT, Position],
        *,
        nx: bool = False,
        xx: bool = False,
        ch: bool = False,
    ) -> Future[int]:
        """Set places of members; return how many are new (`ch`: new or changed). Conditions as for `zadd`.

        https://redis.io/docs/latest/commands/geoadd/
        """
        places = (word for member, place in mapping.items() for word in (*place, member))
        return self._run_unless(clash(nx=nx, xx=xx), (b"GEOADD", key, *flags(nx=nx, xx=xx, ch=ch), *places))

    def geodist(
        self, key: KeyT, place1: ValueT, place2: ValueT, unit: LengthUnit = "m"
    ) -> Future[float | None]:
        """Return the distance of two members, None where one is none. https://redis.io/docs/latest/commands/geodist/"""
        return self._run((b"GEODIST", key, place1, place2, unit), number_or_none)

    def geohash(self, key: KeyT, *members: ValueT) -> Future[list[str | None]]:
        """Return the geohashes of members, 11 letters. https://redis.io/docs/latest/commands/geohash/"""
        return self._run((b"GEOHASH", key, *members), texts_or_none)

    def geopos(self, key: KeyT, *members: ValueT) -> Future[list[Position | None]]:
        """Return the places of members. https://redis.io/docs/latest/commands/geopos/"""
        return self._run((b"GEOPOS", key, *members), positions)

    def geosearch(
        self,
        key: KeyT,
        *,
        member: ValueT | None = None,
        longitude: float | None = None,
        latitude: float | None = None,
        unit: LengthUnit = "m",
        radius: float | None = None,
        width: float | None = None,
        height: float | None = None,
        polygon: Sequence[Position] | None = None,
        sort: Literal["ASC", "DESC"] | None = None,
        count: int | None = None,
        any: bool = False,
    ) -> Future[list[T]]:
        """Return members within an area. https://redis.io/docs/latest/commands/geosearch/"""
        area = _area(member, longitude, latitude, unit, radius, width, height, polygon)
        why = _refusal(member, longitude, latitude, radius, width, height, polygon, count, any)
        return self._run_unless(why, (b"GEOSEARCH", key, *area, *_which(sort, count, any)))

    def geosearch_details(
        self,
        key: KeyT,
        *,
        member: ValueT | None = None,
        longitude: float | None = None,
        latitude: float | None = None,
        unit: LengthUnit = "m",
        radius: float | None = None,
        width: float | None = None,
        height: float | None = None,
        polygon: Sequence[Position] | None = None,
        sort: Literal["ASC", "DESC"] | None = None,
        count: int | None = None,
        any: bool = False,
    ) -> Future[list[GeoMatch[T]]]:
        """Return members within an area, with distance (in `unit`), hash and place.

        https://redis.io/docs/latest/commands/geosearch/
        """
        area = _area(member, longitude, latitude, unit, radius, width, height, polygon)
        why = _refusal(member, longitude, latitude, radius, width, height, polygon, count, any)
        details = (b"WITHCOORD", b"WITHDIST", b"WITHHASH")
        return self._run_unless(why, (b"GEOSEARCH", key, *area, *_which(sort, count, any), *details), matches)

    def geosearchstore(
        self,
        dest: KeyT,
        key: KeyT,
        *,
        member: ValueT | None = None,
        longitude: float | None = None,
        latitude: float | None = None,
        unit: LengthUnit = "m",
        radius: float | None = None,
        width: float | None = None,
        height: float | None = None,
        polygon: Sequence[Position] | None = None,
        sort: Literal["ASC", "DESC"] | None = None,
        count: int | None = None,
        any: bool = False,
        storedist: bool = False,
    ) -> Future[int]:
        """Store members within an area, as places or with `storedist` by distance; return how many.

        https://redis.io/docs/latest/commands/geosearchstore/
        """
        area = _area(member, longitude, latitude, unit, radius, width, height, polygon)
        why = _refusal(member, longitude, latitude, radius, width, height, polygon, count, any)
        how = (*_which(sort, count, any), *flag(b"STOREDIST", storedist))
        return self._run_unless(why, (b"GEOSEARCHSTORE", dest, key, *area, *how))


def _area(
    member: ValueT | None,
    longitude: float | None,
    latitude: float | None,
    unit: LengthUnit,
    radius: float | None,
    width: float | None,
    height: float | None,
    polygon: Sequence[Position] | None,
) -> Words:
    """Return where a search starts and how far it goes; nothing where that was not said."""
    centre: Words = option(b"FROMMEMBER", member)
    if longitude is not None and latitude is not None:
        centre = (b"FROMLONLAT", longitude, latitude)
    shape: Words = ()
    if radius is not None:
        shape = (b"BYRADIUS", radius, unit)
    elif width is not None and height is not None:
        shape = (b"BYBOX", width, height, unit)
    elif polygon is not None:
        shape = (b"BYPOLYGON", len(polygon), *(degrees for corner in polygon for degrees in corner))
    return (*centre, *shape)


def _which(sort: str | None, count: int | None, any: bool) -> Words:
    return (*optional(sort), *option(b"COUNT", count), *flag(b"ANY", any))


def _refusal(
    member: ValueT | None,
    longitude: float | None,
    latitude: float | None,
    radius: float | None,
    width: float | None,
    height: float | None,
    polygon: Sequence[Position] | None,
    count: int | None,
    any: bool,
) -> str | None:
    centres = (member is not None) + (longitude is not None or latitude is not None)
    if centres > 1 or (centres == 0 and polygon is None):
        return "a search goes out from a member, or from a longitude and a latitude: give one of these"
    if (radius is not None) + (width is not None or height is not None) + (polygon is not None) != 1:
        return "a search looks within a radius, within a width and a height, or within a polygon: give one of these"
    if any and count is None:
        return "any needs a count"
    return incomplete(longitude=longitude, latitude=latitude) or incomplete(width=width, height=height)
