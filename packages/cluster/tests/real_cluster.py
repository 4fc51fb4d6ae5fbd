"""A real cluster for tests: three primaries, the first with a replica, on free loopback ports."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager

import hiredis
import pytest

from respool_cluster import Node
from respool_cluster._map.topology import parse_slots
from respool_testing import ServerNotFound, ServerProcess

_OPTIONS = ["--cluster-enabled", "yes", "--cluster-node-timeout", "1500", "--repl-diskless-sync-delay", "0"]
_SHARES = {0: (0, 5460), 3: (5461, 10922), 1: (10923, 16383)}  # by place in the list


def real_binary() -> str:
    """Return the first real server there is; skip where there is none, or fail if RESPOOL_REQUIRE_REAL=1."""
    try:
        return ServerProcess().binary
    except ServerNotFound as missing:
        if os.environ.get("RESPOOL_REQUIRE_REAL") == "1":
            raise
        pytest.skip(str(missing))


@contextmanager
def running_cluster(binary: str, *options: str) -> Iterator[list[ServerProcess]]:
    """Run three primaries with a third of the slots each; third in the list is a replica of the first."""
    with ExitStack() as stack:
        nodes = [ServerProcess(binary, args=[*_OPTIONS, *options]) for _ in range(4)]
        for number, node in enumerate(nodes):
            node.start_process()
            stack.callback(node.stop_process)
            node.call("CLUSTER", "SET-CONFIG-EPOCH", number + 1)
            nodes[0].call("CLUSTER", "MEET", node.host, node.port)
        _share_out(nodes)
        yield nodes


def move_slot(
    nodes: Sequence[ServerProcess], slot: int, source: ServerProcess, target: ServerProcess
) -> None:
    """Hand an empty slot from one primary to another, and wait until every node knows."""
    # Only a node that was importing it takes a slot with an epoch of its own: without one, others may never believe it.
    target.call("CLUSTER", "SETSLOT", slot, "IMPORTING", id_of(source))
    source.call("CLUSTER", "SETSLOT", slot, "MIGRATING", id_of(target))
    for node in (target, source, *nodes):  # replicas refuse, and hear of it
        node.call("CLUSTER", "SETSLOT", slot, "NODE", id_of(target))
    _wait_until(lambda: all(_owner(node, slot) == target.port for node in nodes))


def fail_over(replica: ServerProcess) -> None:
    """Have a replica take its primary's place. It asks nobody, for others vote only once within some seconds."""
    _wait_until(lambda: replica.call("CLUSTER", "FAILOVER", "TAKEOVER") == b"+OK\r\n")
    _wait_until(lambda: replica.call("ROLE").startswith(b"*3\r\n$6\r\nmaster"))


def id_of(node: ServerProcess) -> str:
    """Return what a node calls itself."""
    return node.call("CLUSTER", "MYID")[5:-2].decode()


def _owner(node: ServerProcess, slot: int) -> int | None:
    """Return the port of a slot's primary, as a node sees it."""
    reader = hiredis.Reader()
    reader.feed(node.call("CLUSTER", "SLOTS"))
    shard = parse_slots(reader.gets(), Node(node.host, node.port)).slots[slot]
    return None if shard is None else shard.primary.port


def _share_out(nodes: list[ServerProcess]) -> None:
    for place, (first, last) in _SHARES.items():
        nodes[place].call("CLUSTER", "ADDSLOTS", *range(first, last + 1))
    _wait_until(lambda: all(b"known_nodes:4" in node.call("CLUSTER", "INFO") for node in nodes))
    primary = id_of(nodes[0])
    _wait_until(lambda: nodes[2].call("CLUSTER", "REPLICATE", primary) == b"+OK\r\n")
    _wait_until(lambda: b"connected_slaves:1" in nodes[0].call("INFO", "replication"))
    replica = id_of(nodes[2]).encode()
    _wait_until(lambda: all(_knows(node, replica) for node in nodes))


def _knows(node: ServerProcess, replica: bytes) -> bool:
    is_whole = b"cluster_state:ok" in node.call("CLUSTER", "INFO")
    return is_whole and replica in node.call("CLUSTER", "SLOTS")


def _wait_until(condition: Callable[[], bool]) -> None:
    """Wait for real processes, which cannot be told to hurry."""
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, "the real cluster did not come up"
        time.sleep(0.05)
