"""The same scenes played on a real cluster and on a fake one: every node must say the same, word for word."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack

import pytest

from packages.testing.tests.word_for_word import redis_7_0
from respool_testing import FakeCluster, RawConnection, ServerProcess
from respool_testing.replies import Error, Map, Push, Reply, Simple, Verbatim

Places = list[tuple[str, int]]

# Each line: which of the nodes is asked, and what; `<1>` stands for the id of a node, `[1]` for its port. `k`
# (7629) is node 1's, `foo` (12182) and `{foo}` node 2's, `b` (3300) node 0's, by an even share of the slots.
# Node 3 is a replica of node 1.
SCENES = {
    "keys are where they are": """
        0 GET k
        1 GET k
        1 SET k v
        0 SET foo v
        2 MGET {foo}1 {foo}2
        2 MGET foo k
        0 MGET foo k
        0 PING
        0 DBSIZE
        1 DEL k
        0 CLUSTER KEYSLOT foo
        0 WATCH k
        1 WATCH k
        1 UNWATCH
        2 EXISTS
    """,
    "transactions are routed when they are queued": """
        1 MULTI
        1 SET k v
        1 SET foo v
        1 EXEC
        1 MULTI
        1 SET k v
        1 GET k
        1 EXEC
        1 DEL k
        0 MULTI
        0 GET k
        0 DISCARD
    """,
    "a slot opens, is emptied and changes hands": """
        1 SET k v
        1 SET {k}2 w
        2 CLUSTER SETSLOT 7629 IMPORTING <1>
        1 CLUSTER SETSLOT 7629 MIGRATING <2>
        1 GET k
        1 GET {k}3
        1 MGET k {k}3
        1 MGET {k}3 {k}4
        1 SET {k}3 v
        2 GET k
        2 ASKING
        2 GET k
        2 ASKING
        2 MGET k {k}2
        2 GET k
        1 CLUSTER GETKEYSINSLOT 7629 1
        1 CLUSTER COUNTKEYSINSLOT 7629
        1 MIGRATE 127.0.0.1 [2] k 0 1000
        1 MIGRATE 127.0.0.1 [2] k 0 1000
        1 GET k
        1 MGET k {k}2
        2 ASKING
        2 GET k
        2 ASKING
        2 MGET k {k}2
        2 ASKING
        2 SET {k}2 other
        1 MIGRATE 127.0.0.1 [2] {k}2 0 1000
        1 MIGRATE 127.0.0.1 [2] x 0 1000 KEYS {k}2
        1 CLUSTER SETSLOT 7629 NODE <2>
        1 MIGRATE 127.0.0.1 [2] "" 0 1000 REPLACE KEYS {k}2 {k}9
        2 CLUSTER SETSLOT 7629 NODE <2>
        1 CLUSTER SETSLOT 7629 NODE <2>
        0 CLUSTER SETSLOT 7629 NODE <2>
        1 GET k
        2 MGET k {k}2
        2 DEL k {k}2
        1 CLUSTER SETSLOT 7629 IMPORTING <2>
        1 CLUSTER SETSLOT 7629 NODE <1>
        2 CLUSTER SETSLOT 7629 NODE <1>
        0 CLUSTER SETSLOT 7629 NODE <1>
        2 GET k
    """,
    "nonsense about slots is refused": """
        0 CLUSTER SETSLOT 7629 MIGRATING <1>
        0 CLUSTER SETSLOT 0 IMPORTING <1>
        0 CLUSTER SETSLOT 0 MIGRATING nobody
        0 CLUSTER SETSLOT 7629 IMPORTING nobody
        0 CLUSTER SETSLOT 0 NODE nobody
        0 CLUSTER SETSLOT 99999 STABLE
        0 CLUSTER SETSLOT x STABLE
        0 CLUSTER SETSLOT 0 FOO
        0 CLUSTER SETSLOT 0 MIGRATING
        0 CLUSTER ADDSLOTS 1
        0 CLUSTER ADDSLOTS 99999
        0 CLUSTER ADDSLOTSRANGE 5
        0 CLUSTER ADDSLOTSRANGE 5 1
        0 CLUSTER ADDSLOTSRANGE 5 6 7
        0 CLUSTER DELSLOTS -1
        0 CLUSTER COUNTKEYSINSLOT x
        0 CLUSTER COUNTKEYSINSLOT 16384
        0 CLUSTER GETKEYSINSLOT 1 -1
        0 CLUSTER GETKEYSINSLOT 16384 1
        0 CLUSTER KEYSLOT
    """,
    "nonsense about nodes is refused": """
        0 CLUSTER FORGET nobody
        0 CLUSTER FORGET <0>
        0 CLUSTER REPLICATE nobody
        0 CLUSTER REPLICATE <0>
        0 CLUSTER REPLICATE <1>
        0 CLUSTER FAILOVER
        0 CLUSTER FAILOVER FOO
        0 CLUSTER MEET nowhere 1
        0 CLUSTER MEET 127.0.0.1 x
        0 CLUSTER MEET 127.0.0.1 99999999
        0 CLUSTER REPLICAS nobody
        0 CLUSTER SET-CONFIG-EPOCH 9
        0 CLUSTER SET-CONFIG-EPOCH x
        0 CLUSTER COUNT-FAILURE-REPORTS <1>
        0 CLUSTER COUNT-FAILURE-REPORTS nobody
        0 CLUSTER RESET FOO
        0 CLUSTER SAVECONFIG
        0 CLUSTER FOO
        0 REPLICAOF NO ONE
        0 REPLICAOF 127.0.0.1 1
    """,
    "slots are given up and taken again": """
        1 SET k v
        1 CLUSTER FLUSHSLOTS
        1 DEL k
        1 CLUSTER DELSLOTS 7629 7629
        1 CLUSTER DELSLOTS 7629
        1 CLUSTER DELSLOTS 7629
        1 GET k
        1 MGET k foo
        1 CLUSTER ADDSLOTS 7629 7629
        1 CLUSTER ADDSLOTS 7629
        1 CLUSTER ADDSLOTS 7629
        1 CLUSTER DELSLOTSRANGE 7629 7630
        1 CLUSTER ADDSLOTSRANGE 7629 7630
        1 GET k
    """,
    "a replica serves those who ask it to": """
        1 SET k v
        1 WAIT 1 1000
        3 GET k
        3 READONLY
        3 GET k
        3 EXISTS k {k}2
        3 MGET k foo
        3 GET foo
        3 SET k w
        3 WATCH k
        3 MULTI
        3 GET k
        3 EXEC
        3 MULTI
        3 GET k
        3 SET k w
        3 EXEC
        3 SPUBLISH k hi
        3 READWRITE
        3 GET k
        1 DEL k
        1 SPUBLISH foo hi
    """,
    "a replica refuses what only a primary may": """
        3 CLUSTER SETSLOT 1 STABLE
        3 CLUSTER FORGET <1>
        3 CLUSTER REPLICATE <3>
        3 CLUSTER REPLICATE nobody
        3 WAIT 1 1
        3 REPLICAOF NO ONE
        0 CLUSTER REPLICATE <3>
        0 CLUSTER REPLICAS <3>
        0 CLUSTER SETSLOT 7629 IMPORTING <3>
        0 CLUSTER SETSLOT 1 MIGRATING <3>
        0 CLUSTER SETSLOT 1 NODE <3>
        2 CLUSTER FAILOVER FORCE
    """,
    "what is said of slots and shards has the same shape": """
        0 CLUSTER SLOTS
        1 CLUSTER MYID
        0 CLUSTER SHARDS
    """,
    "a primary without replicas waits for none": """
        0 WAIT 0 100
        0 WAIT 1 1
        0 WAIT x 1
        0 WAIT 1 x
        0 WAIT 1 -1
        0 ROLE
    """,
    "scripts keep to the slot of their keys": """
        1 EVAL return{redis.call('SET',KEYS[1],'v')} 1 k
        0 EVAL return(1) 1 k
        0 EVALSHA ffffffffffffffffffffffffffffffffffffffff 1 k
        1 EVAL return(1) 2 k foo
        1 EVAL return{redis.call('GET','foo')} 1 k
        1 EVAL return{redis.pcall('GET','foo')} 1 k
        1 EVAL return{redis.call('GET','{k}2')} 1 k
        1 EVAL return{redis.call('GET','k')} 0
        1 EVAL return{redis.call('GET','foo')} 0
        1 EVAL return{redis.call('MGET','foo','k')} 0
        1 EVAL return{redis.call('MGET','k','{k}2')} 0
        1 EVAL return{redis.call('GET','xx')} 1 k
        1 EVAL return{redis.call('GET','xz')} 1 k
        1 EVAL return{redis.call('GET','xa')} 1 k
        1 EVAL return{redis.call('SPUBLISH','foo','m')} 0
        1 EVAL_RO return{redis.call('GET',KEYS[1])} 1 k
        3 EVAL return{redis.call('GET',KEYS[1])} 1 k
        3 EVAL return(redis.call('GET','k')) 0
        1 WAIT 1 1000
        3 READONLY
        3 EVAL return{redis.call('GET',KEYS[1])} 1 k
        3 EVAL_RO return{redis.call('GET',KEYS[1])} 1 k
        3 EVAL return(redis.call('SET',KEYS[1],'x')) 1 k
        3 EVAL return(redis.call('GET','k')) 0
        3 EVAL return(redis.call('SET','k','x')) 0
        3 FUNCTION FLUSH
        1 MULTI
        1 EVAL return(1) 1 k
        1 EXEC
        1 DEL k
    """,
    "migration is refused where it makes no sense": """
        1 MIGRATE 127.0.0.1 [2] k 0 1000
        1 SET k v
        1 MIGRATE 127.0.0.1 [2] k 0 1000
        1 EXISTS k
        1 MIGRATE 127.0.0.1 1 k 0 100
        1 MIGRATE 127.0.0.1 [2] k x 100
        1 MIGRATE 127.0.0.1 [2] k 0 x
        1 MIGRATE 127.0.0.1 [2] k 0 100 FOO
        0 MIGRATE 127.0.0.1 [2] k 0 100
        1 DEL k
    """,
}


class RealCluster:
    """Three nodes that share the slots evenly, and a replica of the second; the same ones for many scenes."""

    def __init__(self) -> None:
        self.nodes: list[ServerProcess] = []

    def as_in_the_beginning(self) -> list[ServerProcess]:
        """Return its nodes, all agreed on who has what; new ones where they have fallen out over a slot for good."""
        if not self.nodes:
            self._start()
        try:
            wait_until(lambda: settled(self.nodes), seconds=5)
        except AssertionError:
            self.stop()
            self._start()
            wait_until(lambda: settled(self.nodes))
        return self.nodes

    def stop(self) -> None:
        nodes, self.nodes = self.nodes, []
        for node in nodes:
            node.stop_process()

    def _start(self) -> None:
        options = ["--cluster-enabled", "yes", "--repl-diskless-sync-delay", "0"]
        self.nodes = nodes = [ServerProcess(redis_7_0(), args=options) for _ in range(4)]
        for number, node in enumerate(nodes):
            node.start_process()
            node.call("CLUSTER", "SET-CONFIG-EPOCH", number + 1)
            if node is not nodes[3]:
                first, last = (-(-16384 * part // 3) for part in (number, number + 1))
                node.call("CLUSTER", "ADDSLOTSRANGE", first, last - 1)
            nodes[0].call("CLUSTER", "MEET", node.host, node.port)
        wait_until(lambda: b"known_nodes:4" in nodes[3].call("CLUSTER", "INFO"))
        primary = nodes[1].call("CLUSTER", "MYID")[5:-2]
        wait_until(lambda: nodes[3].call("CLUSTER", "REPLICATE", primary) == b"+OK\r\n")
        wait_until(lambda: b"connected_slaves:1" in nodes[1].call("INFO", "replication"))


@pytest.fixture(scope="module")
def real_cluster() -> Iterator[RealCluster]:
    """Run a real cluster from the first scene that asks for it to the last."""
    cluster = RealCluster()
    yield cluster
    cluster.stop()


def settled(nodes: list[ServerProcess]) -> bool:
    """Tell whether every node of a real cluster knows that everybody has what it had in the beginning."""
    replica = nodes[3].call("CLUSTER", "MYID")[5:-2]
    spans = [node.call("CLUSTER", "SLOTS") for node in nodes]
    healthy = all(b"cluster_state:ok" in node.call("CLUSTER", "INFO") for node in nodes)
    return healthy and all(each.startswith(b"*3\r") and replica in each for each in spans)


def wait_until(condition: Callable[[], bool], *, seconds: float = 20) -> None:
    """Wait for real processes, which cannot be told to hurry."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "the real cluster did not come up"
        time.sleep(0.05)


async def play(script: str, places: Places, protocol: int) -> list[tuple[str, Reply]]:
    """Say the lines of a scene to the nodes, and return the answers in terms of node 0, 1, 2 and 3."""
    async with AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(RawConnection(*place)) for place in places]
        for client in clients:
            await client.call("HELLO", protocol)
        names = {await client.call("CLUSTER", "MYID"): number for number, client in enumerate(clients)}
        ids = {number: name for name, number in names.items()}
        said: list[tuple[str, Reply]] = []
        for line in script.strip().splitlines():
            node, *words = line.split()
            filled = [fill(word, ids, places) for word in words]
            reply = await clients[int(node)].call(*filled)
            said.append((line.strip(), plain(reply, ids, places)))
        return said


def fill(word: str, ids: dict[int, Reply], places: Places) -> bytes | str:
    """Put in a node's id for `<1>`, its port for `[1]`, and nothing for quotes with nothing in them."""
    if match := re.fullmatch(r"<(\d)>", word):
        node_id = ids[int(match[1])]
        assert isinstance(node_id, bytes)
        return node_id
    if match := re.fullmatch(r"\[(\d)]", word):
        return str(places[int(match[1])][1])
    return "" if word == '""' else word


def plain(reply: Reply, ids: dict[int, Reply], places: Places) -> Reply:
    """Put the names of nodes in a reply where their ids and ports are."""
    match reply:
        case Error(text):
            return Error(named(text, ids, places))
        case Simple(text):
            return Simple(named(text, ids, places))
        case bytes():
            return named(reply, ids, places)
        case int():
            ports = [port for _, port in places]
            return b"port %d" % ports.index(reply) if reply in ports else reply
        case Map(pairs):
            return Map(
                [(key, plain(value, ids, places)) for key, value in pairs if key != b"replication-offset"]
            )
        case Verbatim() | Push() | None:
            return reply
        case list() | tuple():
            told = [plain(each, ids, places) for each in reply]
            if b"replication-offset" in told:  # which counts bytes on one side, and changes on the other
                told[told.index(b"replication-offset") + 1] = b"some"
            return told
    return reply


def named(text: bytes, ids: dict[int, Reply], places: Places) -> bytes:
    for number, (_, port) in enumerate(places):
        node_id = ids[number]
        assert isinstance(node_id, bytes)
        text = text.replace(node_id, b"<%d>" % number).replace(b":%d" % port, b":[%d]" % number)
    return text


@pytest.mark.parametrize("protocol", [2, 3])
@pytest.mark.parametrize("scene", SCENES)
async def test_both_clusters_say_the_same(real_cluster: RealCluster, scene: str, protocol: int) -> None:
    real_nodes = real_cluster.as_in_the_beginning()
    theirs = await play(SCENES[scene], [(node.host, node.port) for node in real_nodes], protocol)
    async with FakeCluster(primaries=3, replicas=0, version="7.0.15") as cluster:
        await cluster.add_node(cluster.nodes[1])
        ours = await play(SCENES[scene], [(node.host, node.port) for node in cluster.nodes], protocol)
    if scene.startswith("what is said"):
        ours, theirs = (in_order(each) for each in (ours, theirs))
    assert [pair for pair in zip(ours, theirs, strict=True) if pair[0] != pair[1]] == []


def in_order(said: list[tuple[str, Reply]]) -> list[tuple[str, Reply]]:
    """Put what a real node lists in no order into one."""
    return [
        (line, str(sorted(map(str, reply)) if isinstance(reply, list) else reply)) for line, reply in said
    ]
