"""The pools of a cluster by themselves: where connections lead, how many there may be, what becomes of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from respool import BaseConnection, Connection, UnixDomainSocketConnection
from respool.errors import ConnectionError, DataError, MovedError, RedisClusterError
from respool_cluster import (
    BlockingClusterConnectionPool,
    ClusterConnection,
    ClusterConnectionPool,
    ManagedNode,
    Node,
)
from respool_cluster._map.slot import key_slot
from respool_testing import FakeCluster, FakeNode


def seed_of(cluster: FakeCluster) -> list[Node]:
    return [Node(cluster.nodes[0].host, cluster.nodes[0].port)]


def port_of(connection: BaseConnection) -> int:
    assert isinstance(connection, Connection)
    return connection.port


def another(cluster: FakeCluster, key: str) -> FakeNode:
    return next(node for node in cluster.primaries if node is not cluster.owner_of(key))


@pytest_asyncio.fixture
async def pool(respool_cluster: FakeCluster) -> AsyncIterator[ClusterConnectionPool]:
    async with ClusterConnectionPool(seed_of(respool_cluster)) as pool:
        yield pool


# ---- where they lead


@pytest.mark.parametrize("key", ["a", "b", "foo"])
async def test_a_connection_leads_to_the_primary_of_its_keys(
    respool_cluster: FakeCluster, pool: ClusterConnectionPool, key: str
) -> None:
    connection = await pool.get_connection(b"SET", key, f"{{{key}}}2")
    assert port_of(connection) == respool_cluster.owner_of(key).port
    assert await (await connection.create_request(b"SET", key, "v")) == b"OK"
    pool.release(connection)


async def test_without_keys_it_leads_to_some_primary(
    respool_cluster: FakeCluster, pool: ClusterConnectionPool
) -> None:
    connection = await pool.get_connection(b"PING")
    assert port_of(connection) in {node.port for node in respool_cluster.primaries}
    pool.release(connection)


async def test_keys_of_several_slots_lead_nowhere(pool: ClusterConnectionPool) -> None:
    with pytest.raises(RedisClusterError, match=r"'a' in slot 15495, 'b' in slot 3300"):
        await pool.get_connection(b"MGET", "a", "b")
    assert pool.stats().size == 0


async def test_a_slot_leads_to_its_primary(respool_cluster: FakeCluster, pool: ClusterConnectionPool) -> None:
    connection = await pool.get_connection_by_slot(key_slot(b"k"))
    assert isinstance(connection, ClusterConnection)
    assert connection.port == respool_cluster.owner_of("k").port
    pool.release(connection)


@pytest.mark.parametrize("slot", [-1, 16384])
async def test_what_is_no_slot_is_refused(pool: ClusterConnectionPool, slot: int) -> None:
    with pytest.raises(DataError, match="16383"):
        await pool.get_connection_by_slot(slot)


async def test_a_node_can_be_named(respool_cluster: FakeCluster, pool: ClusterConnectionPool) -> None:
    await pool.nodes.initialize()
    for node in pool.nodes.nodes.values():
        connection = await pool.get_connection_by_node(node)
        assert port_of(connection) == node.port
        pool.release(connection)
    assert {node.port for node in respool_cluster.nodes} == {node.port for node in pool.nodes.nodes.values()}


async def test_a_random_connection_may_be_wanted_to_a_primary(
    respool_cluster: FakeCluster, pool: ClusterConnectionPool
) -> None:
    primaries = {node.port for node in respool_cluster.primaries}
    for _ in range(10):
        connection = await pool.get_random_connection(primary=True)
        assert port_of(connection) in primaries
        pool.release(connection)


async def test_nodes_are_described_with_role_and_id(
    respool_cluster: FakeCluster, pool: ClusterConnectionPool
) -> None:
    await pool.warm_up()
    owner = respool_cluster.owner_of("k")
    primary, replica = pool.nodes.slots[key_slot(b"k")]
    assert primary == ManagedNode(owner.host, owner.port, "primary", owner.id)
    assert replica.server_type == "replica"
    assert pool.nodes.nodes[primary.name] == primary
    assert len(pool.nodes.slots) == 16384


async def test_a_moved_slot_is_learnt_from_whoever_stumbles_over_it(
    respool_cluster: FakeCluster, pool: ClusterConnectionPool
) -> None:
    connection = await pool.get_connection(b"SET", "k")
    target = another(respool_cluster, "k")
    await respool_cluster.migrate_slots([key_slot(b"k")], to=target)
    with pytest.raises(MovedError):
        await (await connection.create_request(b"SET", "k", "v"))
    pool.release(connection)
    connection = await pool.get_connection(b"SET", "k")
    assert port_of(connection) == target.port
    pool.release(connection)


async def test_a_dead_primary_is_asked_about_and_its_heir_found(
    respool_cluster: FakeCluster, pool: ClusterConnectionPool
) -> None:
    await pool.warm_up()
    victim = respool_cluster.owner_of("k")
    await respool_cluster.kill(victim)
    heir = await respool_cluster.failover(victim)
    connection = await pool.get_connection(b"GET", "k")
    assert port_of(connection) == heir.port
    pool.release(connection)


async def test_a_dead_primary_without_heir_is_the_error(
    respool_cluster: FakeCluster, pool: ClusterConnectionPool
) -> None:
    await pool.warm_up()
    victim = respool_cluster.owner_of("k")
    await respool_cluster.kill(victim)
    with pytest.raises(ConnectionError, match=str(victim.port)):
        await pool.get_connection(b"GET", "k")
    assert pool.stats().leased == 0


async def test_a_hung_primary_is_left_when_it_is_replaced(
    respool_cluster: FakeCluster, pool: ClusterConnectionPool
) -> None:
    connection = await pool.get_connection(b"SET", "k")
    victim = respool_cluster.owner_of("k")
    respool_cluster.hang(victim)
    reply = await connection.create_request(b"SET", "k", "v")
    await respool_cluster.failover(victim)
    with pytest.raises(ConnectionError) as caught:
        await reply
    assert caught.value.maybe_executed
    pool.release(connection)


# ---- replicas


async def test_reads_go_to_replicas_in_turn(respool_cluster: FakeCluster) -> None:
    async with (
        FakeCluster(primaries=1, replicas=2) as cluster,
        ClusterConnectionPool(seed_of(cluster), read_from_replicas=True) as pool,
    ):
        ports = []
        for _ in range(4):
            connection = await pool.get_connection(b"GET", "k")
            assert await (await connection.create_request(b"GET", "k")) is None
            ports.append(port_of(connection))
            pool.release(connection)
        assert set(ports) == {node.port for node in cluster.replicas}
        assert ports[:2] == ports[2:]


async def test_writes_go_to_the_primary_all_the_same(respool_cluster: FakeCluster) -> None:
    async with ClusterConnectionPool(seed_of(respool_cluster), readonly=True) as pool:
        connection = await pool.get_connection(b"SET", "k")
        assert port_of(connection) == respool_cluster.owner_of("k").port
        pool.release(connection)


async def test_where_no_replica_lives_the_primary_is_read(respool_cluster: FakeCluster) -> None:
    async with ClusterConnectionPool(seed_of(respool_cluster), read_from_replicas=True) as pool:
        await pool.warm_up()
        owner = respool_cluster.owner_of("k")
        for replica in respool_cluster.replicas_of(owner):
            await respool_cluster.kill(replica)
        connection = await pool.get_connection_by_slot(key_slot(b"k"))
        assert port_of(connection) == owner.port
        pool.release(connection)


# ---- how many there may be


async def test_the_limit_is_the_whole_clusters(respool_cluster: FakeCluster) -> None:
    async with ClusterConnectionPool(seed_of(respool_cluster), max_connections=3) as pool:
        leased = [await pool.get_connection(b"GET", key) for key in ("a", "b", "k")]
        with pytest.raises(ConnectionError, match="Too many connections: all 3"):
            await pool.get_connection(b"GET", "a")
        pool.release(leased.pop())
        # An idle connection to another node makes room.
        leased.append(await pool.get_connection(b"GET", "a"))
        assert pool.stats().size == pool.stats().leased == 3
        for connection in leased:
            pool.release(connection)


async def test_the_default_limit_is_32_or_one_for_each_node() -> None:
    async with (
        FakeCluster(primaries=17, replicas=1) as cluster,
        ClusterConnectionPool(seed_of(cluster)) as pool,
    ):
        assert pool.stats().limit == pool.max_connections == 32
        await pool.warm_up()
        assert pool.stats().limit == 34


async def test_the_limit_may_be_each_nodes(respool_cluster: FakeCluster) -> None:
    pool = ClusterConnectionPool(seed_of(respool_cluster), max_connections=1, max_connections_per_node=True)
    async with pool:
        leased = [await pool.get_connection(b"GET", key) for key in ("a", "b", "k")]
        with pytest.raises(ConnectionError, match="Too many connections"):
            await pool.get_connection(b"GET", "a")
        for connection in leased:
            pool.release(connection)


async def test_a_blocking_pool_waits_until_one_is_released(respool_cluster: FakeCluster) -> None:
    async with BlockingClusterConnectionPool(seed_of(respool_cluster), max_connections=6) as pool:
        connection = await pool.get_connection(b"GET", "k")
        waiting = asyncio.ensure_future(pool.get_connection(b"GET", "k"))
        await asyncio.wait([waiting], timeout=0.01)
        assert not waiting.done()
        pool.release(connection)
        assert await waiting is connection
        pool.release(connection)


async def test_a_blocking_pool_waits_for_its_timeout_only(respool_cluster: FakeCluster) -> None:
    pool = ClusterConnectionPool(seed_of(respool_cluster), max_connections=6, blocking=True, timeout=0.01)
    async with pool:
        connection = await pool.get_connection(b"GET", "k")
        with pytest.raises(ConnectionError, match="No connection available"):
            await pool.get_connection(b"GET", "k")
        pool.release(connection)


async def test_a_blocking_pool_with_fewer_connections_than_nodes_waits_too(
    respool_cluster: FakeCluster,
) -> None:
    async with BlockingClusterConnectionPool(seed_of(respool_cluster), max_connections=1) as pool:
        connection = await pool.get_connection(b"GET", "a")
        waiting = asyncio.ensure_future(pool.get_connection(b"GET", "b"))
        await asyncio.wait([waiting], timeout=0.01)
        assert (waiting.done(), pool.stats().size) == (False, 1)
        pool.release(connection)
        pool.release(await waiting)
        assert pool.stats().size == 1


async def test_the_wait_for_room_ends_too(respool_cluster: FakeCluster) -> None:
    pool = BlockingClusterConnectionPool(seed_of(respool_cluster), max_connections=1, timeout=0.01)
    async with pool:
        connection = await pool.get_connection(b"GET", "a")
        with pytest.raises(ConnectionError, match=r"No connection available: all 1 .* for 0.01 s"):
            await pool.get_connection(b"GET", "b")
        pool.release(connection)


async def test_a_cancelled_opening_costs_no_slot(respool_cluster: FakeCluster) -> None:
    async with ClusterConnectionPool(seed_of(respool_cluster), max_connections=1) as pool:
        opening = asyncio.ensure_future(pool.get_connection(b"GET", "k"))
        await asyncio.sleep(0)
        opening.cancel()
        await asyncio.wait([opening])
        pool.release(await pool.get_connection(b"GET", "k"))


async def test_a_share_is_the_same_for_all(pool: ClusterConnectionPool) -> None:
    first = await pool.get_connection(b"GET", "k", acquire=False)
    assert await pool.get_connection(b"GET", "k", acquire=False) is first
    with pytest.raises(ConnectionError, match="not leased"):
        pool.release(first)


async def test_what_is_not_leased_from_here_is_not_taken_back(pool: ClusterConnectionPool) -> None:
    with pytest.raises(ConnectionError, match="not leased"):
        pool.release(Connection())


# ---- finding the cluster


async def test_many_at_once_ask_for_the_slots_once(
    respool_cluster: FakeCluster, pool: ClusterConnectionPool
) -> None:
    connections = await asyncio.gather(*(pool.get_connection(b"GET", f"k{number}") for number in range(9)))
    asked = [
        each
        for node in respool_cluster.nodes
        for each in node.server.log
        if each.words[:2] == (b"CLUSTER", b"SLOTS")
    ]
    assert len(asked) == 1
    for connection in connections:
        pool.release(connection)


async def test_a_pool_that_follows_needs_its_seeds_no_more(
    respool_cluster: FakeCluster, pool: ClusterConnectionPool
) -> None:
    await pool.warm_up()
    await respool_cluster.kill(respool_cluster.nodes[0])
    assert len((await pool.nodes.initialize()).shards) == 3


async def test_one_that_does_not_follow_asks_its_seeds(respool_cluster: FakeCluster) -> None:
    pool = ClusterConnectionPool(seed_of(respool_cluster), nodemanager_follow_cluster=False)
    async with pool:
        await pool.warm_up()
        await respool_cluster.kill(respool_cluster.nodes[0])
        with pytest.raises(RedisClusterError, match=str(respool_cluster.nodes[0].port)):
            await pool.nodes.initialize()


async def test_slots_served_by_nobody_are_refused_if_the_cluster_does(respool_cluster: FakeCluster) -> None:
    async with FakeCluster(joined=False) as cluster, ClusterConnectionPool(seed_of(cluster)) as pool:
        await assign(pool, cluster.nodes[0], range(100))
        with pytest.raises(RedisClusterError, match=r"16284 slots, 100 the first"):
            await pool.get_connection(b"GET", "k")


async def test_the_check_can_be_left_out() -> None:
    async with (
        FakeCluster(joined=False) as cluster,
        ClusterConnectionPool(seed_of(cluster), skip_full_coverage_check=True) as pool,
    ):
        await assign(pool, cluster.nodes[0], range(100))
        pool.release(await pool.get_connection_by_slot(99))
        with pytest.raises(RedisClusterError, match="slot 100 is served by no node"):
            await pool.get_connection_by_slot(100)


async def test_a_server_that_hides_its_configuration_is_a_warning() -> None:
    async with FakeCluster(joined=False) as cluster, ClusterConnectionPool(seed_of(cluster)) as pool:
        await assign(pool, cluster.nodes[0], range(100))
        cluster.nodes[0].server.faults.on("CONFIG").reply_error("ERR unknown command 'CONFIG'")
        with pytest.warns(UserWarning, match="taken for no"):
            pool.release(await pool.get_connection_by_slot(99))


async def assign(pool: ClusterConnectionPool, node: FakeNode, slots: range) -> None:
    connection = await pool.get_connection_by_node(ManagedNode(node.host, node.port))
    await (await connection.create_request(b"CLUSTER", "ADDSLOTS", *slots))
    pool.release(connection)


# ---- ends and beginnings


async def test_disconnect_closes_everything_and_the_pool_goes_on(pool: ClusterConnectionPool) -> None:
    pool.release(await pool.get_connection(b"GET", "k"))
    pool.disconnect()
    assert pool.stats().size == 0
    pool.release(await pool.get_connection(b"GET", "k"))


async def test_reset_forgets_the_cluster_but_not_who_holds_a_slot(
    respool_cluster: FakeCluster, pool: ClusterConnectionPool
) -> None:
    connection = await pool.get_connection(b"GET", "k")
    pool.reset()
    assert dict(pool.nodes.nodes) == {}
    assert pool.stats().leased == 1
    pool.release(connection)
    assert pool.stats().size == 0
    pool.release(await pool.get_connection(b"GET", "k"))


async def test_a_url_names_the_cluster_and_its_options(respool_cluster: FakeCluster) -> None:
    url = f"{respool_cluster.url}?max_connections=5&max_connections_per_node=yes&read_from_replicas=1&blocking=0"
    async with ClusterConnectionPool.from_url(url) as pool:
        assert (pool.max_connections, pool.max_connections_per_node) == (5, True)
        assert (pool.read_from_replicas, pool.blocking) == (True, False)
        pool.release(await pool.get_connection(b"GET", "k"))


def test_a_cluster_is_not_reached_through_a_file() -> None:
    with pytest.raises(DataError, match="by TCP"):
        ClusterConnectionPool.from_url("unix:///tmp/socket", startup_nodes=[Node()])
    with pytest.raises(DataError, match="by TCP"):
        ClusterConnectionPool([Node()], connection_class=UnixDomainSocketConnection)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "startup node"),
        ({"startup_nodes": []}, "startup node"),
        ({"host": 5}, "has a host"),
        ({"startup_nodes": [Node()], "max_connections": 0}, "at least 1"),
        ({"startup_nodes": [Node()], "timeout": -1}, "seconds"),
        ({"startup_nodes": [Node()], "min_connections": 1}, "in advance"),
    ],
)
def test_what_makes_no_pool_is_refused(options: dict[str, object], message: str) -> None:
    with pytest.raises(DataError, match=message):
        ClusterConnectionPool(**options)  # type: ignore[arg-type]


def test_a_pool_tells_its_name_and_no_secret() -> None:
    pool = ClusterConnectionPool([Node("one", 1), Node("two", 2)], password="secret")
    assert repr(pool) == "<ClusterConnectionPool cluster of one:1, two:2 0/32 connections>"


def test_there_is_no_line_for_all_nodes() -> None:
    with pytest.raises(DataError, match="RedisCluster"):
        _ = ClusterConnectionPool([Node()]).line
