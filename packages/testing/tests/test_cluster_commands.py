"""CLUSTER on a lone fake node and on a lone real one, and where there is no cluster at all."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from packages.testing.tests.word_for_word import redis_7_0
from respool_testing import FakeCluster, RawConnection, ServerProcess
from respool_testing.replies import OK, Error, Map, Reply, Verbatim


@pytest.fixture(scope="module")
def real_node() -> Iterator[ServerProcess]:
    """Run a real node that owns every slot."""
    server = ServerProcess(redis_7_0(), args=["--cluster-enabled", "yes"])
    server.start_process()
    server.call("CLUSTER", "ADDSLOTSRANGE", 0, 16383)
    while b"cluster_state:ok" not in server.call("CLUSTER", "INFO"):
        pass  # it needs a moment to believe it
    yield server
    server.stop_process()


@pytest_asyncio.fixture(params=["fake", "real"])
async def lone_node(request: pytest.FixtureRequest) -> AsyncIterator[RawConnection]:
    """Offer a connection to a node that owns every slot."""
    if request.param == "real":
        node: ServerProcess = request.getfixturevalue("real_node")
        async with RawConnection(node.host, node.port) as client:
            yield client
    else:
        cluster = FakeCluster(primaries=1, replicas=0)
        async with cluster, RawConnection(cluster.nodes[0].host, cluster.nodes[0].port) as client:
            yield client


def text(reply: Reply) -> bytes:
    reply = reply.text if isinstance(reply, Verbatim) else reply
    assert isinstance(reply, bytes)
    return reply


async def test_info_tells_of_slots_and_nodes(lone_node: RawConnection) -> None:
    info = dict(line.split(b":") for line in text(await lone_node.call("CLUSTER", "INFO")).splitlines())
    names = ("state", "slots_assigned", "slots_ok", "slots_fail", "known_nodes", "size")
    told = [info[f"cluster_{name}".encode()] for name in names]
    assert told == [b"ok", b"16384", b"16384", b"0", b"1", b"1"]


async def test_slots_and_shards_are_maps_and_lists(lone_node: RawConnection) -> None:
    await lone_node.call("HELLO", 3)
    own = await lone_node.call("CLUSTER", "MYID")
    slots = await lone_node.call("CLUSTER", "SLOTS")
    assert isinstance(slots, list)
    ((first, last, node),) = slots
    assert (first, last, node[2], node[3]) == (0, 16383, own, Map([]))
    shards = await lone_node.call("CLUSTER", "SHARDS")
    assert isinstance(shards, list)
    shard = dict(shards[0].pairs)
    assert shard[b"slots"] == [0, 16383]
    names = [b"id", b"port", b"ip", b"endpoint", b"role", b"replication-offset", b"health"]
    assert [name for name, _ in shard[b"nodes"][0].pairs] == names


async def test_the_nodes_table_has_one_line(lone_node: RawConnection) -> None:
    own = text(await lone_node.call("CLUSTER", "MYID")).decode()
    words = text(await lone_node.call("CLUSTER", "NODES")).decode().split()
    assert (words[0], words[2], words[3], words[7:]) == (own, "myself,master", "-", ["connected", "0-16383"])


@pytest.mark.parametrize(
    ("request_line", "reply"),
    [
        ("CLUSTER KEYSLOT foo", 12182),
        ("CLUSTER COUNTKEYSINSLOT 0", 0),
        ("CLUSTER GETKEYSINSLOT 0 10", []),
        ("CLUSTER COUNTKEYSINSLOT 99999", Error.of("ERR Invalid slot")),
        ("CLUSTER COUNTKEYSINSLOT x", Error.of("ERR value is not an integer or out of range")),
        ("CLUSTER FOO", Error.of("ERR unknown subcommand 'FOO'. Try CLUSTER HELP.")),
        ("CLUSTER REPLICAS nobody", Error.of("ERR Unknown node nobody")),
        ("MGET a b", Error.of("CROSSSLOT Keys in request don't hash to the same slot")),
        ("SELECT 1", Error.of("ERR SELECT is not allowed in cluster mode")),
        ("READONLY", OK),
        ("READWRITE", OK),
        ("ASKING", OK),
        ("GET a", None),
    ],
)
async def test_a_lone_node_answers(lone_node: RawConnection, request_line: str, reply: Reply) -> None:
    assert await lone_node.call(*request_line.split()) == reply


@pytest.mark.parametrize(
    "request_line", ["CLUSTER INFO", "CLUSTER SLOTS", "CLUSTER KEYSLOT k", "READONLY", "READWRITE", "ASKING"]
)
async def test_without_a_cluster_there_is_none(any_client: RawConnection, request_line: str) -> None:
    disabled = Error.of("ERR This instance has cluster support disabled")
    assert await any_client.call(*request_line.split()) == disabled
