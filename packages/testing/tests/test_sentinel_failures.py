"""Fake sentinels at work by themselves: time passes on a frozen clock, and they draw their conclusions."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import pytest_asyncio

from respool_testing import FakeSentinel, FakeServer, RawConnection
from respool_testing.replies import OK, Error, Map, Reply
from respool_testing.sentinel import LIKE_REAL, FailoverTiming


@pytest_asyncio.fixture
async def deployment() -> AsyncIterator[FakeSentinel]:
    """Offer a primary with two replicas and three sentinels, whose time stands still."""
    async with FakeSentinel(
        replicas=2, sentinels=3, down_after=1.0, failover_timeout=10.0, seed=1
    ) as deployment:
        deployment.clock.freeze()
        yield deployment


async def ask(server: FakeServer, line: str) -> Reply:
    """Ask a server, or a sentinel, something over a connection of its own."""
    async with RawConnection(server.host, server.port) as client:
        await client.call("HELLO", 3)
        return await client.call(*line.split())


async def primary_by(sentinel: FakeServer) -> tuple[str, int]:
    """Return where a sentinel says that the primary is."""
    reply = await ask(sentinel, "SENTINEL GET-MASTER-ADDR-BY-NAME mymaster")
    assert isinstance(reply, list)
    host, port = reply
    assert isinstance(host, bytes)
    assert isinstance(port, bytes)
    return host.decode(), int(port)


async def master_by(sentinel: FakeServer) -> dict[Reply, Reply]:
    """Return everything a sentinel says of the primary."""
    reply = await ask(sentinel, "SENTINEL MASTER mymaster")
    assert isinstance(reply, Map)
    return dict(reply.pairs)


def place(server: FakeServer) -> tuple[str, int]:
    return server.host, server.port


class Listener:
    """Hears everything one sentinel announces."""

    def __init__(self, client: RawConnection) -> None:
        self._client = client

    async def heard(self) -> list[str]:
        """Return what was announced since the last time: channels without their messages."""
        await self._client.call("PING")
        pushes, self._client.pushes = self._client.pushes, []
        return [channel.decode() for push in pushes if isinstance(channel := push.items[2], bytes)]


@asynccontextmanager
async def listening(sentinel: FakeServer) -> AsyncIterator[Listener]:
    async with RawConnection(sentinel.host, sentinel.port) as client:
        await client.call("HELLO", 3)
        client.send("PSUBSCRIBE", "*")
        await client.push()
        yield Listener(client)


async def test_a_silent_primary_is_found_down_and_replaced(deployment: FakeSentinel) -> None:
    old = deployment.primary
    async with listening(deployment.sentinels[2]) as listener:
        await deployment.kill(old)
        deployment.clock.advance(0.9)
        assert await listener.heard() == []
        deployment.clock.advance(0.1)
        assert (await listener.heard())[:2] == ["+sdown", "+odown"]
    assert deployment.primary is not old
    assert {await primary_by(each) for each in deployment.sentinels} == {place(deployment.primary)}
    assert await ask(deployment.primary, "SET k v") == OK


async def test_the_leader_says_what_it_does(deployment: FakeSentinel) -> None:
    async with listening(deployment.sentinels[0]) as listener:
        await deployment.kill(deployment.primary)
        deployment.clock.advance(1)
        heard = await listener.heard()
    assert heard[:15] == [
        *("+sdown", "+odown", "+new-epoch", "+try-failover", "+vote-for-leader", "+elected-leader"),
        *("+failover-state-select-slave", "+selected-slave", "+failover-state-send-slaveof-noone"),
        *("+failover-state-wait-promotion", "-role-change", "+promoted-slave"),
        *("+failover-state-reconf-slaves", "+slave-reconf-sent", "+slave-reconf-inprog"),
    ]
    assert heard[15:] == ["+slave-reconf-done", "+failover-end", "+switch-master", "+slave", "+slave"]


async def test_a_hung_primary_is_replaced_and_becomes_a_replica_once_it_goes_on(
    deployment: FakeSentinel,
) -> None:
    old = deployment.primary
    deployment.hang(old)
    deployment.clock.advance(1)
    assert deployment.primary is not old
    deployment.resume(old)
    role = await ask(old, "ROLE")
    assert isinstance(role, list)
    assert role[:3] == [b"slave", deployment.primary.host.encode(), deployment.primary.port]


async def test_without_a_majority_the_primary_stays(deployment: FakeSentinel) -> None:
    old = deployment.primary
    for sentinel in deployment.sentinels[1:]:
        await deployment.kill(sentinel)
    async with listening(deployment.sentinels[0]) as listener:
        await deployment.kill(old)
        deployment.clock.advance(60)
        assert "+odown" not in await listener.heard()
    assert deployment.primary is old


async def test_a_small_quorum_still_needs_a_majority_to_elect() -> None:
    async with FakeSentinel(replicas=1, sentinels=3, quorum=1, down_after=1.0) as deployment:
        deployment.clock.freeze()
        old = deployment.primary
        deployment.partition([old, *deployment.replicas, deployment.sentinels[0]])
        await deployment.kill(old)
        async with listening(deployment.sentinels[0]) as listener:
            deployment.clock.advance(1)
            assert "+odown" in await listener.heard()
            deployment.clock.advance(3600)
            assert "-failover-abort-not-elected" in await listener.heard()
        assert deployment.primary is old


async def test_a_sentinel_in_the_minority_keeps_its_old_view_until_it_is_healed(
    deployment: FakeSentinel,
) -> None:
    old, alone = deployment.primary, deployment.sentinels[0]
    deployment.partition([old, alone])
    deployment.clock.advance(1)
    new = deployment.primary
    assert new is not old
    assert await primary_by(alone) == place(old)
    assert await primary_by(deployment.sentinels[1]) == place(new)
    assert await ask(old, "SET lost v") == OK
    async with listening(alone) as listener:
        deployment.heal()
        assert "+switch-master" in await listener.heard()
    assert await ask(old, "EXISTS lost") == 0


async def test_one_sentinel_alone_that_hears_nothing_changes_nothing(deployment: FakeSentinel) -> None:
    deployment.partition([deployment.sentinels[0]])
    deployment.clock.advance(60)
    assert (await master_by(deployment.sentinels[0]))[b"flags"] == b"s_down,master,disconnected"
    assert (await master_by(deployment.sentinels[1]))[b"flags"] == b"master"
    deployment.heal()
    assert (await master_by(deployment.sentinels[0]))[b"flags"] == b"master"


async def test_replicas_and_sentinels_go_down_and_come_up_again(deployment: FakeSentinel) -> None:
    replica, sentinel = deployment.replicas[0], deployment.sentinels[2]
    async with listening(deployment.sentinels[0]) as listener:
        await deployment.kill(replica)
        await deployment.kill(sentinel)
        deployment.clock.advance(1)
        assert await listener.heard() == ["+sdown", "+sdown"]
        await deployment.restart(replica)
        await deployment.restart(sentinel)
        assert sorted(await listener.heard()) == ["+reboot", "-sdown", "-sdown"]


async def test_the_steps_take_the_time_they_are_given(deployment: FakeSentinel) -> None:
    old = deployment.primary
    leader, second, third = deployment.sentinels
    new = await deployment.failover(timing=LIKE_REAL)
    assert deployment.primary is old
    deployment.clock.advance(0.2)
    assert await ask(new, "SET k v") == OK
    assert [await primary_by(each) for each in (leader, second)] == [place(new), place(old)]
    deployment.clock.advance(0.5)
    assert [await primary_by(each) for each in (second, third)] == [place(new)] * 2
    assert (await master_by(leader))[b"port"] == str(old.port).encode()
    deployment.clock.advance(5.3)
    assert (await master_by(leader))[b"port"] == str(new.port).encode()
    assert await ask(old, "SET lost v") == OK
    deployment.clock.advance(4)
    assert await ask(old, "EXISTS lost") == 0


async def test_what_a_replica_did_not_get_in_time_is_lost(deployment: FakeSentinel) -> None:
    old = deployment.primary
    deployment.replication_lag = 5.0
    await ask(old, "SET k v")
    await deployment.kill(old)
    deployment.clock.advance(1)
    assert deployment.primary is not old
    assert await ask(deployment.primary, "EXISTS k") == 0


async def test_the_replica_with_most_of_the_data_is_chosen(deployment: FakeSentinel) -> None:
    behind, ahead = deployment.replicas
    deployment.lag(behind, 60)
    await ask(deployment.primary, "SET k v")
    await deployment.kill(deployment.primary)
    deployment.clock.advance(1)
    assert deployment.primary is ahead


async def test_in_tilt_a_sentinel_takes_no_part(deployment: FakeSentinel) -> None:
    first, second, _ = deployment.sentinels
    async with listening(first) as listener:
        deployment.tilt(first)
        info = await ask(first, "INFO sentinel")
        assert "sentinel_tilt:1" in str(info)
        await deployment.kill(deployment.primary)
        deployment.clock.advance(1)
        assert await listener.heard() == ["+tilt"]
        assert await primary_by(second) == place(deployment.primary)
        deployment.clock.advance(29)
        assert (await listener.heard())[0] == "-tilt"
    assert await primary_by(first) == place(deployment.primary)


async def test_a_stale_sentinel_tells_what_was_until_it_may_learn_again(deployment: FakeSentinel) -> None:
    old, stale = deployment.primary, deployment.sentinels[0]
    deployment.freeze_view(stale)
    await deployment.failover()
    assert await primary_by(stale) == place(old)
    deployment.thaw_view(stale)
    assert await primary_by(stale) == place(deployment.primary)


async def test_a_sentinel_can_lie(deployment: FakeSentinel) -> None:
    liar = deployment.sentinels[0]
    deployment.lie(liar, ("127.0.0.1", 1))
    deployment.clock.advance(60)
    assert await primary_by(liar) == ("127.0.0.1", 1)
    deployment.thaw_view(liar)
    assert await primary_by(liar) == place(deployment.primary)


async def test_a_hung_sentinel_answers_late(deployment: FakeSentinel) -> None:
    sentinel = deployment.sentinels[0]
    deployment.hang(sentinel)
    async with RawConnection(sentinel.host, sentinel.port) as client:
        client.send("PING")
        async with listening(deployment.sentinels[1]) as listener:
            deployment.clock.advance(1)
            assert await listener.heard() == ["+sdown"]
        deployment.resume(sentinel)
        assert await client.reply() is not None


async def test_with_no_limit_nothing_is_found_down() -> None:
    async with FakeSentinel(down_after=None) as deployment:
        deployment.clock.freeze()
        old = deployment.primary
        await deployment.kill(old)
        deployment.clock.advance(3600)
        assert deployment.primary is old


async def test_several_services_fail_over_apart(deployment: FakeSentinel) -> None:
    other = await deployment.add_service("other", replicas=1)
    await deployment.kill(other)
    deployment.clock.advance(1)
    assert deployment.primary_of("other") is not other
    assert await ask(deployment.sentinels[0], "SENTINEL CKQUORUM other") is not None
    assert (await master_by(deployment.sentinels[0]))[b"flags"] == b"master"


async def test_a_client_may_order_a_replica_to_lead(deployment: FakeSentinel) -> None:
    replica = deployment.replicas[0]
    assert await ask(replica, "SET k v") == Error.of("READONLY You can't write against a read only replica.")
    assert await ask(replica, "REPLICAOF NO ONE") == OK
    assert await ask(replica, "SET k v") == OK
    assert await ask(replica, f"REPLICAOF 127.0.0.1 {deployment.primary.port}") == OK
    assert await ask(replica, "EXISTS k") == 0


@pytest.mark.parametrize("steps", [{"promotion": 2.0, "announcement": 1.0}, {"demotion": -1.0}])
def test_impossible_timing_is_refused(steps: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="one after the other"):
        FailoverTiming(**steps)
