"""The typed commands on places."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Literal

import pytest
import pytest_asyncio

from packages.core.tests.typed import client_of
from respool import Redis
from respool.errors import DataError
from respool_testing import ServerProcess

PALERMO = (13.361389, 38.115556)
CATANIA = (15.087269, 37.502669)


@pytest_asyncio.fixture
async def redis(real_server: ServerProcess, any_protocol: Literal[2, 3]) -> AsyncIterator[Redis[bytes]]:
    async with client_of(real_server, any_protocol) as redis:
        await redis.geoadd("sicily", {"Palermo": PALERMO, "Catania": CATANIA})
        yield redis


async def test_places_are_set(redis: Redis[bytes]) -> None:
    assert await redis.geoadd("sicily", {"Palermo": (13.5, 38.0), "Enna": (14.27, 37.56)}, ch=True) == 2
    assert await redis.geoadd("sicily", {"Palermo": PALERMO}, nx=True) == 0
    with pytest.raises(DataError, match="nx and xx"):
        await redis.geoadd("sicily", {"Palermo": PALERMO}, nx=True, xx=True)


async def test_places_are_told(redis: Redis[bytes]) -> None:
    place, none = await redis.geopos("sicily", "Palermo", "none")
    assert place == pytest.approx(PALERMO, abs=1e-5)
    assert none is None
    assert await redis.geohash("sicily", "Palermo", "none") == ["sqc8b49rny0", None]


async def test_distances(redis: Redis[bytes]) -> None:
    assert await redis.geodist("sicily", "Palermo", "Catania", "km") == pytest.approx(166.2742, abs=1e-4)
    assert await redis.geodist("sicily", "Palermo", "none") is None


async def test_places_are_found_in_a_circle(redis: Redis[bytes]) -> None:
    assert await redis.geosearch("sicily", longitude=15, latitude=37, radius=200, unit="km", sort="ASC") == [
        b"Catania",
        b"Palermo",
    ]
    assert await redis.geosearch("sicily", member="Palermo", radius=1) == [b"Palermo"]
    assert len(await redis.geosearch("sicily", member="Palermo", radius=1e6, count=1, any=True)) == 1


async def test_places_are_found_in_a_rectangle_with_details(redis: Redis[bytes]) -> None:
    (found,) = await redis.geosearch_details("sicily", member="Catania", width=10, height=10, unit="km")
    assert (found.member, found.distance, found.hash) == (b"Catania", 0.0, 3479447370796909)
    assert found.position == pytest.approx(CATANIA, abs=1e-5)


async def test_found_places_are_stored(redis: Redis[bytes]) -> None:
    assert (
        await redis.geosearchstore("d", "sicily", member="Palermo", radius=200, unit="km", storedist=True)
        == 2
    )
    assert await redis.zscore("d", "Palermo") == 0.0


@pytest.mark.parametrize(
    ("given", "why"),
    [
        pytest.param({"radius": 1}, "from a member", id="from nowhere"),
        pytest.param({"radius": 1, "member": "a", "longitude": 1}, "from a member", id="from two places"),
        pytest.param({"radius": 1, "longitude": 1}, "latitude missing", id="half a place"),
        pytest.param({"member": "a"}, "within a radius", id="no area"),
        pytest.param({"member": "a", "radius": 1, "width": 1}, "within a radius", id="two areas"),
        pytest.param({"member": "a", "width": 1}, "height missing", id="half an area"),
        pytest.param({"member": "a", "radius": 1, "any": True}, "any needs a count", id="any of how many"),
    ],
)
async def test_a_search_that_makes_no_sense_is_refused(
    redis: Redis[bytes], given: dict[str, object], why: str
) -> None:
    with pytest.raises(DataError, match=why):
        await redis.geosearch("sicily", **given)  # type: ignore[arg-type]
