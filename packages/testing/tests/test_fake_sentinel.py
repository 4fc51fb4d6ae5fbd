"""A fake deployment watched by fake sentinels, over real sockets."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from respool_testing import FakeSentinel, FakeServer, RawConnection
from respool_testing.replies import NULL_ARRAY, OK, Error, Map, Push, Reply, Simple


async def ask(server: FakeServer, *words: str) -> Reply:
    """Ask a server, or a sentinel, something over a connection of its own, in RESP3."""
    async with RawConnection(server.host, server.port) as client:
        await client.call("HELLO", 3)
        return await client.call(*words)


def spelled(server: FakeServer) -> list[bytes]:
    return [server.host.encode(), str(server.port).encode()]


async def primary_by(sentinel: FakeServer) -> Reply:
    return await ask(sentinel, "SENTINEL", "GET-MASTER-ADDR-BY-NAME", "mymaster")


async def told_by(sentinel: FakeServer, *words: str) -> list[dict[Reply, Reply]]:
    """Return what a sentinel says about each instance of a kind."""
    reply = await ask(sentinel, "SENTINEL", *words)
    assert isinstance(reply, list)
    maps = [each for each in reply if isinstance(each, Map)]
    return [dict(each.pairs) for each in maps]


@asynccontextmanager
async def listening(sentinel: FakeServer) -> AsyncIterator[RawConnection]:
    """Offer a connection that hears everything a sentinel announces."""
    async with RawConnection(sentinel.host, sentinel.port) as client:
        await client.call("HELLO", 3)
        client.send("PSUBSCRIBE", "*")
        await client.push()
        yield client


async def heard(client: RawConnection) -> list[tuple[Reply, Reply]]:
    """Return channel and message of everything announced so far."""
    await client.call("PING")
    pushes, client.pushes = client.pushes, []
    return [(push.items[2], push.items[3]) for push in pushes]


async def test_every_sentinel_knows_primary_replicas_and_the_others(respool_sentinel: FakeSentinel) -> None:
    assert len(respool_sentinel.sentinel_addresses) == 3
    for sentinel in respool_sentinel.sentinels:
        assert await primary_by(sentinel) == spelled(respool_sentinel.primary)
        replicas = await told_by(sentinel, "REPLICAS", "mymaster")
        assert [each[b"port"] for each in replicas] == [
            str(r.port).encode() for r in respool_sentinel.replicas
        ]
        assert [each[b"flags"] for each in replicas] == [b"slave", b"slave"]
        others = {each[b"port"] for each in await told_by(sentinel, "SENTINELS", "mymaster")}
        assert others == {str(port).encode() for _, port in respool_sentinel.sentinel_addresses} - {
            str(sentinel.port).encode()
        }


async def test_a_service_is_described_in_full(respool_sentinel: FakeSentinel) -> None:
    (service,) = await told_by(respool_sentinel.sentinels[0], "MASTERS")
    names = (b"name", b"flags", b"num-slaves", b"num-other-sentinels", b"quorum", b"role-reported")
    assert [service[name] for name in names] == [b"mymaster", b"master", b"2", b"2", b"2", b"master"]


async def test_a_sentinel_is_no_data_server(respool_sentinel: FakeSentinel) -> None:
    sentinel = respool_sentinel.sentinels[0]
    assert await ask(sentinel, "ROLE") == [b"sentinel", [b"mymaster"]]
    assert await ask(sentinel, "GET", "k") == Error.of(
        "ERR unknown command 'GET', with args beginning with: 'k' "
    )
    assert await ask(sentinel, "PUBLISH", "news", "hi") == Error.of(
        "ERR Only HELLO messages are accepted by Sentinel instances."
    )
    greeting = await ask(sentinel, "HELLO")
    assert isinstance(greeting, Map)
    assert dict(greeting.pairs)[b"mode"] == b"sentinel"


async def test_an_unknown_service_is_nobodys(respool_sentinel: FakeSentinel) -> None:
    sentinel = respool_sentinel.sentinels[0]
    unknown = Error.of("ERR No such master with that name")
    assert await ask(sentinel, "SENTINEL", "GET-MASTER-ADDR-BY-NAME", "other") is None
    assert await ask(sentinel, "SENTINEL", "REPLICAS", "other") == unknown
    assert await ask(sentinel, "SENTINEL", "MASTER", "other") == unknown
    async with RawConnection(sentinel.host, sentinel.port) as client:
        assert await client.call("SENTINEL", "GET-MASTER-ADDR-BY-NAME", "other") == NULL_ARRAY


async def test_a_quorum_needs_enough_sentinels(respool_sentinel: FakeSentinel) -> None:
    first, second, third = respool_sentinel.sentinels
    assert await ask(first, "SENTINEL", "CKQUORUM", "mymaster") == Simple(
        b"OK 3 usable Sentinels. Quorum and failover authorization can be reached"
    )
    for each in (second, third):
        await respool_sentinel.kill(each)
        respool_sentinel.mark_down(each)
    reply = await ask(first, "SENTINEL", "CKQUORUM", "mymaster")
    assert isinstance(reply, Error)
    assert reply.text.startswith(b"NOQUORUM 1 usable Sentinels. Not enough available Sentinels")


async def test_servers_know_their_roles(respool_sentinel: FakeSentinel) -> None:
    primary, (replica, _) = respool_sentinel.primary, respool_sentinel.replicas
    assert await ask(primary, "SET", "k", "v") == OK
    role = await ask(primary, "ROLE")
    assert isinstance(role, list)
    assert [name for name, *_ in role[2]] == [b"127.0.0.1", b"127.0.0.1"]
    assert await ask(replica, "ROLE") == [b"slave", b"127.0.0.1", primary.port, b"connected", 1]
    assert await ask(replica, "GET", "k") == b"v"
    assert await ask(replica, "SET", "k", "w") == Error.of(
        "READONLY You can't write against a read only replica."
    )


async def test_a_failover_is_announced_by_every_sentinel(respool_sentinel: FakeSentinel) -> None:
    old = respool_sentinel.primary
    async with listening(respool_sentinel.sentinels[2]) as client:
        new = await respool_sentinel.failover()
        announced = await heard(client)
    switch = f"mymaster {old.host} {old.port} {new.host} {new.port}".encode()
    channels = [channel for channel, _ in announced]
    assert (b"+switch-master", switch) in announced
    assert channels[:3] == [b"+config-update-from", b"+switch-master", b"+slave"]
    for sentinel in respool_sentinel.sentinels:
        assert await primary_by(sentinel) == spelled(new)
    assert respool_sentinel.primary is new
    assert old in respool_sentinel.replicas


async def test_after_a_failover_the_old_primary_follows_the_new(respool_sentinel: FakeSentinel) -> None:
    old = respool_sentinel.primary
    await ask(old, "SET", "k", "v")
    async with RawConnection(old.host, old.port) as client:
        await client.call("PING")
        new = await respool_sentinel.failover(to=respool_sentinel.replicas[1])
        assert await client.rest() == b""
    assert await ask(new, "SET", "k", "w") == OK
    assert old.db[0]["k"] == b"w"


async def test_a_dead_primary_is_found_down_and_replaced(respool_sentinel: FakeSentinel) -> None:
    old = respool_sentinel.primary
    await respool_sentinel.kill(old)
    (replica, _) = respool_sentinel.replicas
    role = await ask(replica, "ROLE")
    assert isinstance(role, list)
    assert role[3] == b"connect"
    async with listening(respool_sentinel.sentinels[0]) as client:
        await respool_sentinel.failover()
        channels = [channel for channel, _ in await heard(client)]
    words = (b"+sdown", b"+odown", b"+elected-leader", b"+promoted-slave", b"+switch-master")
    assert [channel for channel in channels if channel in words] == list(words)
    replicas = await told_by(respool_sentinel.sentinels[0], "REPLICAS", "mymaster")
    assert {each[b"flags"] for each in replicas} == {b"slave", b"s_down,slave,disconnected"}


async def test_a_restarted_server_follows_the_present_primary(respool_sentinel: FakeSentinel) -> None:
    old = respool_sentinel.primary
    await ask(old, "SET", "k", "v")
    await respool_sentinel.kill(old)
    new = await respool_sentinel.failover()
    await respool_sentinel.restart(old)
    assert await ask(old, "ROLE") == [b"slave", b"127.0.0.1", new.port, b"connected", 1]
    assert old.db[0]["k"] == b"v"


async def test_sentinels_can_disagree(respool_sentinel: FakeSentinel) -> None:
    old = respool_sentinel.primary
    first, second, _ = respool_sentinel.sentinels
    new = respool_sentinel.promote()
    respool_sentinel.announce(first)
    assert await primary_by(first) == spelled(new)
    assert await primary_by(second) == spelled(old)


async def test_until_it_is_demoted_an_old_primary_takes_writes_that_are_lost(
    respool_sentinel: FakeSentinel,
) -> None:
    old = respool_sentinel.primary
    respool_sentinel.promote()
    assert await ask(old, "SET", "lost", "v") == OK
    respool_sentinel.demote(old)
    assert await ask(old, "EXISTS", "lost") == 0
    with pytest.raises(ValueError, match="promote another one first"):
        respool_sentinel.demote(respool_sentinel.primary)


async def test_messages_on_the_primary_reach_clients_of_the_replicas(respool_sentinel: FakeSentinel) -> None:
    await respool_sentinel.failover()
    async with listening(respool_sentinel.replicas[0]) as client:
        assert await ask(respool_sentinel.primary, "PUBLISH", "news", "hi") == 0
        assert await client.push() == Push([b"pmessage", b"*", b"news", b"hi"])


async def test_without_a_living_replica_nobody_is_promoted() -> None:
    async with FakeSentinel(replicas=1, sentinels=1) as deployment:
        await deployment.kill(deployment.replicas[0])
        with pytest.raises(ValueError, match="no living replica"):
            await deployment.failover()


async def test_sentinels_may_want_a_password_of_their_own() -> None:
    async with FakeSentinel(replicas=0, password="data", sentinel_password="watch") as deployment:
        sentinel = deployment.sentinels[0]
        async with RawConnection(sentinel.host, sentinel.port) as client:
            assert await client.call("AUTH", "data") != OK
            assert await client.call("AUTH", "watch") == OK


@pytest.mark.parametrize(("replicas", "sentinels"), [(-1, 1), (1, 0)])
def test_an_impossible_deployment_is_refused(replicas: int, sentinels: int) -> None:
    with pytest.raises(ValueError, match="make no deployment"):
        FakeSentinel(replicas=replicas, sentinels=sentinels)


@pytest.mark.parametrize("word", ["PRIMARIES", "MASTERS"])
async def test_newer_servers_know_the_newer_words(word: str) -> None:
    async with FakeSentinel(replicas=0, sentinels=1, version="8.0.0") as deployment:
        (service,) = await told_by(deployment.sentinels[0], word)
        assert service[b"name"] == b"mymaster"


async def test_info_of_a_sentinel_tells_where_the_primary_is(respool_sentinel: FakeSentinel) -> None:
    async with RawConnection(*respool_sentinel.sentinel_addresses[0]) as client:
        reply = await client.call("INFO", "sentinel")
    assert isinstance(reply, bytes)
    address = f"127.0.0.1:{respool_sentinel.primary.port}"
    assert f"master0:name=mymaster,status=ok,address={address},slaves=2,sentinels=3" in reply.decode()
