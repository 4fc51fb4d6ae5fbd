"""Whatever happens in whichever order: what a cache answers was true when this client last heard of a change, or later.

The whole stack talks to a server in memory, every step of which is chosen: who writes what, when commands are
executed, how many bytes arrive at once, when sockets break, how time passes. The oracle knows each version of each
value, and which the client must know to be outdated: by a report that arrived, by a write of its own that was answered,
by a loss.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from packages.core.tests.in_memory import FrozenLoop, MemoryConnection, MemoryServer, Wire, bulk, frozen_loop
from respool import BlockingConnectionPool, Cache, Pipeline, Redis
from respool.errors import RedisError

KEYS = (b"a", b"b")


class ReportingWire(Wire):
    """A socket on which changes are reported, and which tells when a report has arrived whole."""

    def __init__(self, server: VersionServer, protocol: asyncio.Protocol) -> None:
        self.versions = server
        self.late: list[tuple[bytes, dict[bytes, int]]] = []
        self._delivered = 0
        self._reports: list[tuple[int, int, dict[bytes, int]]] = []
        super().__init__(server, protocol)

    def answer(self, count: int) -> None:
        for _ in range(count):
            super().answer(1)
            late, self.late = self.late, []
            for message, news in late:
                self.report(message, news)

    def report(self, message: bytes, news: dict[bytes, int]) -> None:
        end = self._delivered + len(self._to_deliver) + len(message)
        self.push(message)
        self._reports.append((end - len(message), end, news))

    def deliver_up_to_report(self) -> None:
        """Let arrive what comes before the next report, and not the report."""
        self.deliver(self._reports[0][0] - self._delivered if self._reports else 10**9)

    def deliver(self, size: int) -> None:
        before = len(self._to_deliver)
        super().deliver(size)
        self._delivered += before - len(self._to_deliver)
        while not self.closed and self._reports and self._reports[0][1] <= self._delivered:
            self.versions.known_to_client(self._reports.pop(0)[2])


class VersionServer(MemoryServer):
    """Counts up a version for each key, whoever writes it; what a client gets for a key is its version."""

    def __init__(self) -> None:
        super().__init__()
        self.version: dict[bytes, int] = dict.fromkeys(KEYS, 0)
        self.floor: dict[bytes, int] = dict.fromkeys(KEYS, 0)
        """Versions that the client must know of: what is older must not be read by calls from now on."""
        self.written: dict[bytes, int] = {}
        self._tracking: dict[Wire, bool] = {}
        self._readers: defaultdict[bytes, set[Wire]] = defaultdict(set)

    def accept(self, protocol: asyncio.Protocol) -> Wire:
        self.wires.append(ReportingWire(self, protocol))
        return self.wires[-1]

    def known_to_client(self, news: dict[bytes, int]) -> None:
        for key, version in news.items():
            self.floor[key] = max(self.floor[key], version)

    def execute(self, wire: Wire, words: list[bytes]) -> bytes:
        match [words[0].upper(), *words[1:]]:
            case [b"CLIENT", b"TRACKING", b"ON", *options]:
                self._tracking[wire] = bool(options)
            case [b"CLIENT", b"TRACKING", b"OFF"]:
                self._tracking.pop(wire, None)
            case [b"GET", key]:
                return self._read(wire, key)
            case [b"MGET", *keys]:
                return b"*%d\r\n" % len(keys) + b"".join(self._read(wire, key) for key in keys)
            case [b"SET", key, token]:
                self.write([key], author=wire)
                self.written[token] = self.version[key]
            case [b"FLUSHALL"]:
                self.write(KEYS, author=wire)
            case [b"WATCH" | b"UNWATCH" | b"PING", *_]:
                pass
            case _:
                return super().execute(wire, words)
        return b"+OK\r\n"

    def _read(self, wire: Wire, key: bytes) -> bytes:
        if self._tracking.get(wire) is False:
            self._readers[key].add(wire)
        return bulk(b"%d" % self.version[key])

    def write(self, keys: Sequence[bytes], author: Wire | None = None) -> None:
        """Write keys, by a command of the client or of somebody else; of all keys it is a flush."""
        news = {}
        hearing = {wire for wire, broadcasting in self._tracking.items() if broadcasting}
        for key in keys:
            self.version[key] += 1
            news[key] = self.version[key]
            hearing |= self._readers.pop(key, set())
        if keys is KEYS:
            message, hearing = b">2\r\n$10\r\ninvalidate\r\n_\r\n", set(self._tracking)
        else:
            message = b">2\r\n$10\r\ninvalidate\r\n*%d\r\n" % len(keys) + b"".join(map(bulk, keys))
        for wire in self.open_wires:
            if wire in hearing and isinstance(wire, ReportingWire):
                if wire is author:
                    wire.late.append((message, news))
                else:
                    wire.report(message, news)


class World:
    """A client with a cache and its server; each method is one thing that may happen."""

    def __init__(self, loop: FrozenLoop, cache: Cache) -> None:
        self.server = VersionServer()
        self.pool = BlockingConnectionPool(
            connection_class=MemoryConnection, max_connections=2, server=self.server
        )
        self.redis: Redis[bytes] = Redis(connection_pool=self.pool, cache=cache)
        self.calls: list[asyncio.Future[object]] = []
        self._loop = loop
        self._tokens = 0

    # ---- what the client does

    async def read(self, which: int) -> None:
        key = KEYS[which % 2]
        self._expect([key], self.redis.execute_command("GET", key))

    async def read_two(self, which: int) -> None:
        keys = [KEYS[which % 2], KEYS[(which + 1) % 2]]
        self._expect(keys, self.redis.execute_command("MGET", *keys))

    async def write(self, which: int) -> None:
        token = self._token()
        self._note(KEYS[which % 2], token, self.redis.execute_command("SET", KEYS[which % 2], token))

    async def write_at_once(self, which: int) -> None:
        token = self._token()
        with_others = self.redis.pipeline()
        with_others.execute_command("SET", KEYS[which % 2], token)
        self._note(KEYS[which % 2], token, asyncio.ensure_future(with_others.execute()))

    async def write_watched(self, which: int) -> None:
        key, token = KEYS[which % 2], self._token()

        def change(_: object, pipe: Pipeline[bytes]) -> None:
            pipe.execute_command("SET", key, token)

        self._note(key, token, asyncio.ensure_future(self.redis.transaction(change, key)))

    async def flush(self, _: int) -> None:
        self.calls.append(self.redis.execute_command("FLUSHALL"))

    async def cancel(self, which: int) -> None:
        under_way = [call for call in self.calls if not call.done()]
        if under_way:
            under_way[which % len(under_way)].cancel()

    # ---- what the world does

    async def write_elsewhere(self, which: int) -> None:
        self.server.write([KEYS[which % 2]])

    async def flush_elsewhere(self, _: int) -> None:
        self.server.write(KEYS)

    async def tick(self, times: int) -> None:
        for _ in range(times):
            await asyncio.sleep(0)

    async def answer(self, commands: int) -> None:
        for wire in self.server.open_wires:
            wire.answer(commands)

    async def deliver(self, size: int) -> None:
        for wire in self.server.open_wires:
            wire.deliver(size)

    async def hold_back(self, which: int) -> None:
        """Let one of the sockets bring replies, and no report."""
        wires = [wire for wire in self.server.open_wires if isinstance(wire, ReportingWire)]
        if wires:
            wires[which % len(wires)].deliver_up_to_report()
            await self.tick(3)

    async def serve(self, rounds: int) -> None:
        for _ in range(rounds):
            await self.tick(5)
            await self.answer(100)
            await self.deliver(10**9)

    async def lose(self, executed: int) -> None:
        """Break every socket: from when the client notices, nothing that was read before may be answered."""
        await self.answer(executed)
        for wire in self.server.open_wires:
            wire.break_off(ConnectionResetError("reset"))
        self._loop.call_soon(lambda: self.server.known_to_client(self.server.version))

    async def wait(self, tenths: int) -> None:
        self._loop.now += tenths / 10

    async def until_over(self, futures: Sequence[asyncio.Future[object]]) -> None:
        for _ in range(200):
            await self.serve(1)
            await self.tick(5)
            if all(future.done() for future in futures):
                return
            await self.wait(5)
        raise AssertionError(f"hangs: {[future for future in futures if not future.done()]}")

    # ---- what must hold

    def _expect(self, keys: list[bytes], read: asyncio.Future[object]) -> None:
        self.calls.append(read)
        at_least = {key: self.server.floor[key] for key in keys}
        read.add_done_callback(partial(self._check, at_least))
        if read.done():
            self._check(at_least, read)

    def _check(self, at_least: dict[bytes, int], read: asyncio.Future[object]) -> None:
        if read.cancelled() or isinstance(read.exception(), RedisError):
            return
        reply = read.result()
        for (key, floor), value in zip(
            at_least.items(), reply if isinstance(reply, list) else [reply], strict=True
        ):
            assert isinstance(value, bytes)
            assert floor <= int(value) <= self.server.version[key], (key, floor, value, self.server.version)

    def _note(self, key: bytes, token: bytes, write: asyncio.Future[object]) -> None:
        self.calls.append(write)
        write.add_done_callback(partial(self._written, key, token))

    def _written(self, key: bytes, token: bytes, write: asyncio.Future[object]) -> None:
        if not write.cancelled() and write.exception() is None:
            self.server.known_to_client({key: self.server.written[token]})

    def _token(self) -> bytes:
        self._tokens += 1
        return b"%d" % self._tokens


LIKELY = (
    *(["read"] * 12 + ["read_two"] * 2 + ["write", "write_at_once"] + ["write_watched"] * 2),
    *(["write_elsewhere"] * 2 + ["serve"] * 12 + ["tick"] * 2 + ["answer"] * 3 + ["deliver"] * 2),
    *(["hold_back"] * 6 + ["flush", "flush_elsewhere", "cancel", "lose", "wait"]),
)
DETAILS = {"tick": 5, "answer": 4, "deliver": 60, "serve": 4, "lose": 4, "wait": 40}


def happenings(length: int) -> st.SearchStrategy[bytes]:
    """Anything that may happen, one after the other: two bytes for each."""
    return st.binary(min_size=2 * length, max_size=2 * length)


def read_events(data: bytes) -> Iterator[tuple[str, int]]:
    for name, detail in zip(data[::2], data[1::2], strict=True):
        what = LIKELY[name % len(LIKELY)]
        yield what, detail % DETAILS.get(what, 256)


async def live(world: World, data: bytes) -> None:
    for name, detail in read_events(data):
        await getattr(world, name)(detail)
    await world.until_over(world.calls)
    for key in KEYS:  # and in the end all is as if there was no cache
        read = world.redis.execute_command("GET", key)
        await world.until_over([read])
        assert read.result() == b"%d" % world.server.version[key]
    await world.until_over([asyncio.ensure_future(world.redis.aclose())])
    await world.until_over([asyncio.ensure_future(world.pool.aclose())])
    assert not world.server.open_wires
    assert asyncio.all_tasks() == {asyncio.current_task()}


MODES: dict[str, Callable[[], Cache]] = {
    "by key": partial(Cache, max_entries=2),
    "by prefix": partial(Cache, prefixes=[b"a"]),
    "with an age": partial(Cache, max_age=1.0),
}


@pytest.mark.parametrize("mode", MODES)
def test_nothing_is_read_that_the_client_must_know_to_be_outdated(mode: str) -> None:
    @settings(max_examples=150, deadline=None, derandomize=True)
    @given(happenings(60))
    def trial(data: bytes) -> None:
        with frozen_loop() as loop:
            loop.run_until_complete(live(World(loop, MODES[mode]()), data))

    trial()


# ---- two sockets, whose order nothing decides: too seldom met by chance


async def write_beside(world: World, overtaken: bool) -> None:
    """Write on a lease while a read is under way, and hear of the write before the report of it arrives.

    `overtaken`: before the reply to that read arrives, too.
    """
    await world.read(0)
    await world.serve(2)
    await world.write_watched(0)
    await world.serve(1)
    shared, leased = world.server.open_wires
    await world.tick(5)
    leased.answer(1)  # WATCH
    leased.deliver(10**9)
    await world.tick(5)  # MULTI, SET and EXEC are written by now, and nothing is kept
    await world.read(0)
    await world.tick(1)
    shared.answer(1)
    if not overtaken:
        shared.deliver(10**9)
    leased.answer(10)
    leased.deliver(10**9)
    await world.tick(10)
    assert world.calls[1].done()
    assert world.server.floor[KEYS[0]] == 1
    await world.read(0)
    assert not world.calls[-1].done()
    await world.until_over(world.calls)
    await world.until_over([asyncio.ensure_future(world.pool.aclose())])


@pytest.mark.parametrize("overtaken", [False, True])
def test_a_write_on_a_lease_is_seen_before_its_report(overtaken: bool) -> None:
    with frozen_loop() as loop:
        loop.run_until_complete(write_beside(World(loop, Cache()), overtaken))
