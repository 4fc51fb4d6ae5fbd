"""redis-cli's cluster manager on a fake cluster: it checks, moves, adds and removes, and finds everything in order."""

from __future__ import annotations

import asyncio
import shutil

import pytest

from respool_testing import FakeCluster, FakeNode

REDIS_CLI = shutil.which("redis-cli") or shutil.which("valkey-cli")

pytestmark = pytest.mark.skipif(
    REDIS_CLI is None, reason="no redis-cli found (Debian, Ubuntu: apt install redis-tools)"
)


async def manage(*words: str | int, code: int = 0) -> str:
    """Run `redis-cli --cluster` with these words, and return what it printed; fail if it ends otherwise."""
    process = await asyncio.create_subprocess_exec(
        REDIS_CLI or "",
        "--cluster",
        *map(str, words),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    printed, _ = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == code, printed.decode()
    return printed.decode()


def fill(cluster: FakeCluster, count: int) -> None:
    for number in range(count):
        key = f"k{number}"
        cluster.owner_of(key).server.db[0][key] = str(number)


def keys_of(nodes: list[FakeNode]) -> int:
    return sum(len(node.server.db[0]) for node in nodes)


async def test_check_finds_everything_in_order(respool_cluster: FakeCluster) -> None:
    fill(respool_cluster, 20)
    printed = await manage("check", respool_cluster.nodes[0].name)
    assert "20 keys in 3 masters" in printed
    assert "All nodes agree about slots configuration" in printed
    assert "All 16384 slots covered" in printed


async def test_check_sees_a_slot_that_is_open(respool_cluster: FakeCluster) -> None:
    respool_cluster.begin_migration(0, respool_cluster.primaries[1])
    printed = await manage("check", respool_cluster.nodes[0].name, code=1)
    assert "has slots in migrating state 0" in printed
    assert "has slots in importing state 0" in printed


async def test_fix_closes_a_slot_that_was_left_open(respool_cluster: FakeCluster) -> None:
    respool_cluster.begin_migration(0, respool_cluster.primaries[1])
    await manage("fix", respool_cluster.nodes[0].name)
    assert "slots covered" in await manage("check", respool_cluster.nodes[0].name)


async def test_reshard_moves_slots_with_their_keys(respool_cluster: FakeCluster) -> None:
    source, target, _ = respool_cluster.primaries
    fill(respool_cluster, 200)
    await manage(
        *("reshard", source.name, "--cluster-from", source.id, "--cluster-to", target.id),
        *("--cluster-slots", 50, "--cluster-yes"),
    )
    assert (len(respool_cluster.slots_of(source)), len(respool_cluster.slots_of(target))) == (5412, 5511)
    assert keys_of(respool_cluster.primaries) == keys_of(respool_cluster.replicas) == 200


async def test_rebalance_shares_the_slots_out_again(respool_cluster: FakeCluster) -> None:
    fill(respool_cluster, 50)
    await respool_cluster.migrate_slots(range(300), to=respool_cluster.primaries[1])
    await manage("rebalance", respool_cluster.nodes[0].name, "--cluster-pipeline", 100)
    shares = [len(respool_cluster.slots_of(node)) for node in respool_cluster.primaries]
    assert max(shares) - min(shares) <= 1
    assert keys_of(respool_cluster.primaries) == 50


async def test_create_makes_a_cluster_of_nodes_that_know_nobody() -> None:
    async with FakeCluster(primaries=6, replicas=0, joined=False) as cluster:
        names = [node.name for node in cluster.nodes]
        await manage("create", *names, "--cluster-replicas", 1, "--cluster-yes")
        assert sorted(len(cluster.slots_of(node)) for node in cluster.primaries) == [5461, 5461, 5462]
        assert [len(cluster.replicas_of(node)) for node in cluster.primaries] == [1, 1, 1]


async def test_nodes_come_and_go(respool_cluster: FakeCluster) -> None:
    first = respool_cluster.nodes[0]
    node = await respool_cluster.add_node(joined=False)
    await manage("add-node", node.name, first.name, "--cluster-slave")
    assert node in respool_cluster.replicas
    await manage("del-node", first.name, node.id)
    assert node.id not in await manage("check", first.name)
