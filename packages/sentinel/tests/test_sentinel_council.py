"""Which sentinels are asked, with which settings, and in which event loop."""

from __future__ import annotations

import asyncio

import pytest

from respool.errors import DataError, PrimaryNotFoundError
from respool_sentinel import Sentinel, SentinelConnectionPool
from respool_sentinel._settings import sentinel_options
from respool_testing import FakeSentinel, FakeServer


async def heard(server: FakeServer) -> None:
    """Wait until a sentinel is listened to."""
    await server.until(lambda: bool(server.log.calls("SUBSCRIBE")))


async def test_sentinels_that_were_not_given_are_learned(respool_sentinel: FakeSentinel) -> None:
    given, *others = respool_sentinel.sentinels
    async with Sentinel([(given.host, given.port)]) as sentinel:
        await sentinel.discover_primary("mymaster")
        for each in others:
            await heard(each)


async def test_what_was_learned_answers_when_those_given_are_dead(respool_sentinel: FakeSentinel) -> None:
    given, *others = respool_sentinel.sentinels
    async with Sentinel([(given.host, given.port)]) as sentinel:
        expected = await sentinel.discover_primary("mymaster")
        for each in others:
            await heard(each)
        await respool_sentinel.kill(given)
        assert await sentinel.discover_primary("mymaster") == expected


async def test_a_sentinel_given_by_name_is_not_learned_again_by_its_address(
    respool_sentinel: FakeSentinel,
) -> None:
    by_name = [("localhost", port) for _, port in respool_sentinel.sentinel_addresses]
    async with Sentinel(by_name) as sentinel:
        await sentinel.discover_primary("mymaster")
        for each in respool_sentinel.sentinels:
            await each.until(lambda each=each: len(each.log.calls("SENTINEL", "SENTINELS")) > 0)  # type: ignore[misc]
            await each.until(lambda each=each: len(each.connections) <= 2)  # type: ignore[misc]
        assert str(sentinel).count(":") == len(by_name)


async def test_a_sentinel_that_knows_too_few_others_is_not_believed(respool_sentinel: FakeSentinel) -> None:
    async with Sentinel(respool_sentinel.sentinel_addresses, min_other_sentinels=2) as sentinel:
        await sentinel.discover_primary("mymaster")
    async with Sentinel(respool_sentinel.sentinel_addresses, min_other_sentinels=3) as sentinel:
        with pytest.raises(PrimaryNotFoundError, match="knows 2 other sentinels"):
            await sentinel.discover_primary("mymaster")


def test_fewer_than_no_others_are_refused() -> None:
    with pytest.raises(DataError, match="min_other_sentinels"):
        Sentinel([("h", 1)], min_other_sentinels=-1)


async def test_a_sentinel_in_tilt_is_left_aside(respool_sentinel: FakeSentinel) -> None:
    tilted, *_ = respool_sentinel.sentinels
    primary = respool_sentinel.primary
    async with Sentinel([(tilted.host, tilted.port)]) as sentinel:
        await sentinel.discover_primary("mymaster")
        await heard(tilted)
        respool_sentinel.tilt(tilted)
        # Where nobody else is there to be asked, it is better than nothing.
        assert await sentinel.discover_primary("mymaster") == (primary.host, primary.port)


def test_tls_and_timeouts_are_inherited() -> None:
    servers: dict[str, object] = {"ssl": True, "ssl_ca_certs": "ca", "connect_timeout": 0.5, "db": 3}
    options = sentinel_options({}, servers)
    assert options == {"ssl": True, "ssl_ca_certs": "ca", "connect_timeout": 0.5, "stream_timeout": 2.0}


def test_what_sentinels_have_of_their_own_goes_first() -> None:
    servers: dict[str, object] = {"ssl": True, "ssl_ca_certs": "ca", "stream_timeout": 0.5}
    options = sentinel_options({"ssl": False, "stream_timeout": 9.0, "password": "s"}, servers)
    assert options == {"ssl": False, "stream_timeout": 9.0, "connect_timeout": 2.0, "password": "s"}


def test_credentials_are_not_inherited() -> None:
    assert not {"username", "password"} & sentinel_options({}, {"username": "u", "password": "p"}).keys()


def test_patient_servers_do_not_make_discoveries_slow() -> None:
    assert sentinel_options({}, {"stream_timeout": 60.0})["stream_timeout"] == 2.0


async def test_sentinels_have_a_password_of_their_own() -> None:
    async with FakeSentinel("mymaster", password="data", sentinel_password="watch") as deployment:
        own = {"password": "watch"}
        async with Sentinel(deployment.sentinel_addresses, own, password="data") as sentinel:
            await sentinel.primary_for("mymaster").set("k", "v")


def test_in_another_event_loop_while_the_first_runs_it_is_an_error() -> None:
    async def first() -> None:
        async with (
            FakeSentinel("mymaster") as deployment,
            Sentinel(deployment.sentinel_addresses) as sentinel,
        ):
            await sentinel.discover_primary("mymaster")
            await asyncio.to_thread(asyncio.run, second(sentinel))

    async def second(sentinel: Sentinel[bytes]) -> None:
        with pytest.raises(RuntimeError, match="another event loop"):
            await sentinel.discover_primary("mymaster")

    asyncio.run(first())


async def test_closed_it_can_be_used_again(respool_sentinel: FakeSentinel) -> None:
    async with Sentinel(respool_sentinel.sentinel_addresses) as sentinel:
        first = await sentinel.discover_primary("mymaster")
        await sentinel.aclose()
        assert await sentinel.discover_primary("mymaster") == first


async def test_a_switch_that_nobody_announced_is_found_by_asking_now_and_then(
    respool_sentinel: FakeSentinel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("respool_sentinel._node.POLL_SECONDS", 0.0)
    old, quick = respool_sentinel.primary, {"stream_timeout": 0.1}
    async with Sentinel(respool_sentinel.sentinel_addresses, quick) as sentinel:
        pool = SentinelConnectionPool("mymaster", sentinel)
        async with pool, pool.connection():
            for each in respool_sentinel.sentinels:
                await heard(each)
                # Messages are lost; what is asked is answered.
                each.faults.on("SUBSCRIBE").hang().optional()
            promoted = respool_sentinel.promote()
            for each in respool_sentinel.sentinels:
                respool_sentinel.announce(each)
            await old.until(lambda: not old.connections)
            assert await sentinel.discover_primary("mymaster") == (promoted.host, promoted.port)
