"""The same questions and orders put to a real sentinel and to a fake one: both must say the same, field by field."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from packages.testing.tests.word_for_word import redis_7_0
from respool_testing import FakeSentinel, RawConnection, ServerProcess
from respool_testing.replies import Error, Map, Reply, Simple, Verbatim

# `<primary>` stands for the primary's port.
WORDS = """
    PING
    ROLE
    SENTINEL
    SENTINEL FOO
    SENTINEL MASTER mymaster
    SENTINEL MASTER nobody
    SENTINEL MASTERS
    SENTINEL REPLICAS mymaster
    SENTINEL SLAVES nobody
    SENTINEL SENTINELS mymaster
    SENTINEL SENTINELS nobody
    SENTINEL GET-MASTER-ADDR-BY-NAME mymaster
    SENTINEL GET-MASTER-ADDR-BY-NAME nobody
    SENTINEL IS-MASTER-DOWN-BY-ADDR 127.0.0.1 <primary> 0 *
    SENTINEL IS-MASTER-DOWN-BY-ADDR 127.0.0.1 1 0 *
    SENTINEL CKQUORUM mymaster
    SENTINEL CKQUORUM nobody
    SENTINEL INFO-CACHE nobody
    SENTINEL CONFIG GET *
    SENTINEL CONFIG GET announce-port
    SENTINEL CONFIG SET announce-port 0
    SENTINEL CONFIG SET foo 0
    SENTINEL PENDING-SCRIPTS
    SENTINEL SIMULATE-FAILURE HELP
    SENTINEL FLUSHCONFIG
    SENTINEL RESET nobody
    SENTINEL FAILOVER nobody
    SENTINEL REMOVE nobody
    SENTINEL MONITOR mymaster 127.0.0.1 1 1
    SENTINEL MONITOR other 127.0.0.1 x 1
    SENTINEL MONITOR other 127.0.0.1 1 x
    SENTINEL MONITOR other 127.0.0.1 1 0
    SENTINEL MONITOR other 127.0.0.1 1 1
    SENTINEL GET-MASTER-ADDR-BY-NAME other
    SENTINEL REMOVE other
    SENTINEL SET nobody quorum 1
    SENTINEL SET mymaster foo 1
    SENTINEL SET mymaster quorum 0
    SENTINEL SET mymaster quorum x
    SENTINEL SET mymaster quorum
    SENTINEL SET mymaster quorum 3
    SENTINEL CKQUORUM mymaster
    SENTINEL SET mymaster quorum 2 down-after-milliseconds 5000
    SENTINEL SET mymaster down-after-milliseconds 60000 failover-timeout 10000 parallel-syncs 2
    SENTINEL MASTER mymaster
    SENTINEL SET mymaster failover-timeout 180000 parallel-syncs 1
    SENTINEL DEBUG
    INFO sentinel
    PUBLISH a b
    GET k
    SELECT 0
    CONFIG GET *
    AUTH x
"""
# What depends on the moment, and on who greeted whom how long ago.
MOMENTARY = {
    *(b"last-ping-sent", b"last-ok-ping-reply", b"last-ping-reply", b"info-refresh", b"role-reported-time"),
    *(b"last-hello-message", b"link-pending-commands", b"link-refcount", b"runid", b"slave-repl-offset"),
    *(b"master-link-down-time",),
}


@pytest.fixture(scope="module")
def real_sentinel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[ServerProcess, int]]:
    """Run a real primary with a replica and two sentinels; offer one of these, and the primary's port."""
    binary = redis_7_0()
    primary = ServerProcess(binary)
    primary.start_process()
    replica = ServerProcess(binary, args=["--replicaof", f"127.0.0.1 {primary.port}"])
    replica.start_process()
    sentinels = [Sentinel(binary, tmp_path_factory.mktemp("sentinel"), primary.port) for _ in range(2)]
    for sentinel in sentinels:
        sentinel.start_process()
    deadline = time.monotonic() + 20
    while not settled(
        sentinels[0].call("SENTINEL", "REPLICAS", "mymaster"), sentinels[0].call("INFO", "sentinel")
    ):
        assert time.monotonic() < deadline, "the real sentinels did not find each other"
        time.sleep(0.1)  # real processes cannot be told to hurry
    yield sentinels[0], primary.port
    for server in (*sentinels, replica, primary):
        server.stop_process()


def settled(replicas: bytes, info: bytes) -> bool:
    """Tell whether a sentinel has seen the other one, and the replica in its proper state."""
    return b"sentinels=2" in info and b"slaves=1" in info and b"\r\nok\r\n" in replicas


class Sentinel(ServerProcess):
    """A real sentinel: a server started from a file that it writes its state into."""

    def __init__(self, binary: str, folder: Path, primary: int) -> None:
        super().__init__(binary)
        self._file = folder / "sentinel.conf"
        self._primary = primary

    def _command(self) -> list[str]:
        self._file.write_text(
            f"port {self.port}\nbind 127.0.0.1\nsentinel monitor mymaster 127.0.0.1 {self._primary} 2\n"
            f"sentinel down-after-milliseconds mymaster 60000\n"
        )
        return [self.binary, str(self._file), "--sentinel"]


async def answers(host: str, port: int, primary: int, protocol: int) -> list[tuple[str, Reply]]:
    """Ask everything, and return the answers without what differs from moment to moment."""
    async with RawConnection(host, port) as client:
        await client.call("HELLO", protocol)
        lines = WORDS.strip().splitlines()
        filled = [line.replace("<primary>", str(primary)).split() for line in lines]
        return [
            (line.strip(), plain(await client.call(*words)))
            for line, words in zip(lines, filled, strict=True)
        ]


def plain(reply: Reply) -> Reply:
    """Leave out times, and put one word for every port and address."""
    match reply:
        case Error() | Simple() | None | int():
            return reply
        case Map(pairs):
            return Map([(key, value_of(key, value)) for key, value in pairs])
        case Verbatim(text):
            return Verbatim(without_ports(text))
        case bytes():
            return without_ports(reply)
        case list() if len(reply) > 10 and reply[0] == b"name":
            return [part for key, value in pairs_of(reply) for part in (key, value_of(key, value))]
        case list():
            return [plain(each) for each in reply]
    return reply


def pairs_of(flat: list[Reply]) -> list[tuple[Reply, Reply]]:
    return list(zip(flat[::2], flat[1::2], strict=True))


def value_of(key: Reply, value: Reply) -> Reply:
    if key in MOMENTARY:
        return b"some"
    return plain(value)


def without_ports(text: bytes) -> bytes:
    """Replace what a free port or a run id looks like."""
    words = text.replace(b":", b" : ").replace(b",", b" , ").split(b" ")
    shown = [
        b"PORT" if word.isdigit() and 10_000 < int(word) < 60_000 and len(word) == 5 else word
        for word in words
    ]
    return b"ID" if len(text) == 40 else b" ".join(shown)


@pytest.mark.parametrize("protocol", [2, 3])
async def test_both_sentinels_say_the_same(real_sentinel: tuple[ServerProcess, int], protocol: int) -> None:
    sentinel, primary = real_sentinel
    theirs = await answers(sentinel.host, sentinel.port, primary, protocol)
    async with FakeSentinel(
        replicas=1, sentinels=2, quorum=2, down_after=60.0, version="7.0.15"
    ) as deployment:
        host, port = deployment.sentinel_addresses[0]
        ours = await answers(host, port, deployment.primary.port, protocol)
    assert [pair for pair in zip(ours, theirs, strict=True) if pair[0] != pair[1]] == []
