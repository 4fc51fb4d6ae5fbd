"""Whatever is cancelled, times out, breaks or arrives in pieces: a reply reaches who asked, or nobody.

The whole stack (client, pool, generation, parser) talks to a server in memory whose every step is chosen: when it
answers, how many bytes arrive at once, what comes in between, when sockets break, how time passes. A few talks are
held over real sockets too.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from packages.core.tests.in_memory import FrozenLoop, MemoryConnection, MemoryServer, frozen_loop, value_of
from respool import BlockingConnectionPool, CommandInvocation, Redis
from respool._connection import generation
from respool.errors import RedisError, ResponseError
from respool_testing import FakeServer

SLOTS = 3


@pytest.fixture(autouse=True, scope="module")
def _short_pipelines_travel_as_long_ones() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(generation, "WORTH_A_WRITE", 2)
        yield


@dataclass
class Call:
    """Something asked: what it may return, and which writes it makes on the way."""

    future: asyncio.Future[object]
    expected: object
    writes: tuple[bytes, ...] = ()


class Caller:
    """Asks the same server in every way there is; each call has tokens and keys of its own."""

    def __init__(self, pool: BlockingConnectionPool) -> None:
        self.redis = Redis(connection_pool=pool)
        self.pool = pool
        self._numbers = count()

    def ask(self, kind: str) -> Call:
        make: Callable[[bytes], Call] = getattr(self, kind)
        return make(b"%d" % next(self._numbers))

    def echo(self, token: bytes) -> Call:
        return Call(self.redis.execute_command("ECHO", token), token)

    def read(self, key: bytes) -> Call:
        return Call(self.redis.execute_command("GET", b"small " + key), value_of(b"small " + key))

    def read_large(self, key: bytes) -> Call:
        return Call(self.redis.execute_command("GET", b"large " + key), value_of(b"large " + key))

    def send_large(self, token: bytes) -> Call:
        large = token * 40_000
        return Call(self.redis.execute_command("ECHO", large), large)

    def write(self, key: bytes) -> Call:
        return Call(self.redis.execute_command("INCRBY", key, 1), 1, (key,))

    def fail(self, token: bytes) -> Call:
        return Call(self.redis.execute_command("NOPE", token), ResponseError)

    def pipeline(self, token: bytes) -> Call:
        return self._together(token, transaction=False)

    def transaction(self, token: bytes) -> Call:
        return self._together(token, transaction=True)

    def _together(self, token: bytes, *, transaction: bool) -> Call:
        keys = tuple(b"%b of %b" % (name, token) for name in (b"a", b"b"))
        pipe = self.redis.pipeline(transaction)
        pipe.incr(keys[0])
        pipe.execute_command("ECHO", token)
        pipe.incr(keys[1])
        return Call(asyncio.ensure_future(pipe.execute()), [1, token, 1], keys)

    def lease(self, token: bytes) -> Call:
        return Call(asyncio.ensure_future(self._lease(token, None)), [1, token], (token,))

    def hasty_lease(self, token: bytes) -> Call:
        return Call(asyncio.ensure_future(self._lease(token, 1.0)), [1, token], (token,))

    async def _lease(self, token: bytes, timeout: float | None) -> object:
        async with self.pool.connection() as connection:
            commands = [CommandInvocation(b"INCRBY", (token, 1)), CommandInvocation(b"ECHO", (token,))]
            return await asyncio.gather(*await connection.create_requests(commands, timeout=timeout))

    def quiet_lease(self, token: bytes) -> Call:
        return Call(asyncio.ensure_future(self._say_without_answer(token)), token)

    async def _say_without_answer(self, token: bytes) -> object:
        async with self.pool.connection() as connection:
            await connection.create_request(b"ECHO", b"unheard", noreply=True)
            return await (await connection.create_request(b"ECHO", token))

    def listener(self, token: bytes) -> Call:
        return Call(asyncio.ensure_future(self._listen(token)), [b"subscribe", token, 1])

    async def _listen(self, channel: bytes) -> object:
        async with self.pool.connection() as connection:
            await connection.send_command(b"SUBSCRIBE", channel)
            echo = await connection.create_request(b"ECHO", channel)
            wanted = {b"subscribe"}
            message = await connection.fetch_push_message(push_message_types=wanted)
            assert await echo == channel
            return message


class World:
    """A pool, its server and what was asked; each method is one thing that may happen."""

    def __init__(self, loop: FrozenLoop) -> None:
        self.server = MemoryServer()
        self.pool = BlockingConnectionPool(
            connection_class=MemoryConnection, max_connections=SLOTS, server=self.server
        )
        self.caller = Caller(self.pool)
        self.calls: list[Call] = []
        self._loop = loop

    async def ask(self, kinds: list[str]) -> None:
        self.calls += map(self.caller.ask, kinds)

    async def cancel(self, which: int) -> None:
        under_way = [call.future for call in self.calls if not call.future.done()]
        if under_way:
            under_way[which % len(under_way)].cancel()

    async def tick(self, times: int) -> None:
        for _ in range(times):
            await asyncio.sleep(0)

    async def answer(self, commands: int) -> None:
        for wire in self.server.open_wires:
            wire.answer(commands)

    async def deliver(self, size: int) -> None:
        for wire in self.server.open_wires:
            wire.deliver(size)

    async def serve(self, rounds: int) -> None:
        for _ in range(rounds):
            await self.tick(5)
            await self.answer(1000)
            await self.deliver(10**9)

    async def push(self, _: int) -> None:
        for wire in self.server.open_wires:
            wire.push(b">2\r\n+invalidate\r\n*1\r\n$1\r\nk\r\n")

    async def lose(self, executed: int) -> None:
        """Break every socket, so many commands later, and with their replies."""
        await self.answer(executed)
        for wire in self.server.open_wires:
            wire.break_off(ConnectionResetError("reset"))

    async def wait(self, seconds: float) -> None:
        self._loop.now += seconds

    async def until_over(self, futures: list[asyncio.Future[object]]) -> None:
        """Let the server do its duty, and time pass, until all of these are done."""
        for _ in range(200):
            await self.serve(1)
            await self.tick(5)
            if all(future.done() for future in futures):
                return
            await self.wait(0.5)
        raise AssertionError(f"hangs: {[future for future in futures if not future.done()]}")


Event = tuple[str, object]

KINDS = [
    *("echo", "read", "read_large", "send_large", "write", "write", "fail", "pipeline", "transaction"),
    *("lease", "hasty_lease", "quiet_lease", "listener"),
]

DETAILS: dict[str, list[object]] = {
    "tick": [1, 2, 3, 4],
    "answer": [1, 2, 5, 20],
    "deliver": [1, 2, 3, 5, 11, 50, 10**6],
    "serve": [1, 2],
    "cancel": [0, 1, 2, 3, 4],
    "push": [0],
    "wait": [0.01, 0.2, 0.4, 1.1, 6.0],
    "lose": [0, 1, 3, 1000],
}

LIKELY = (
    ["ask"] * 8
    + ["serve"] * 4
    + ["tick", "answer", "deliver"] * 4
    + ["cancel"] * 5
    + ["push", "wait", "lose"]
)
"""What moves the talk on is likelier than what disturbs it."""


def event_of(name: int, detail: int) -> Event:
    """Read one event from two bytes: drawing bytes is a hundred times faster than drawing events."""
    what = LIKELY[name % len(LIKELY)]
    if what != "ask":
        return what, DETAILS[what][detail % len(DETAILS[what])]
    return what, [KINDS[(detail + 5 * number) % len(KINDS)] for number in range(1 + detail % 5)]


def happenings(length: int) -> st.SearchStrategy[list[Event]]:
    """Anything that may happen, one after the other."""
    return st.binary(min_size=2 * length, max_size=2 * length).map(
        lambda data: [event_of(*pair) for pair in zip(data[::2], data[1::2], strict=True)]
    )


def check(call: Call, executed: Counter[bytes]) -> None:
    """A call got its own reply or an error, and what that says of its writes is true."""
    done = [executed[key] for key in call.writes]
    assert all(times <= 1 for times in done), f"executed more than once: {call}"
    if call.future.cancelled():
        return
    error = call.future.exception()
    if error is None:
        assert call.future.result() == call.expected
        assert all(done)
    elif not isinstance(error, RedisError):
        raise error
    elif isinstance(error, ResponseError):
        assert call.expected is ResponseError
    elif not error.maybe_executed:
        assert not any(done), f"executed, and the error denies it: {call}"


async def live(world: World, happening: list[Event]) -> None:
    for name, detail in happening:
        await getattr(world, name)(detail)
    await world.until_over([call.future for call in world.calls])
    for call in world.calls:
        check(call, world.server.executed)
    await world.until_over([asyncio.ensure_future(world.pool.aclose())])
    assert not world.server.open_wires
    assert asyncio.all_tasks() == {asyncio.current_task()}


@settings(max_examples=400, deadline=None, derandomize=True)
@given(happenings(50))
def test_a_reply_reaches_who_asked_or_nobody(happening: list[Event]) -> None:
    with frozen_loop() as loop:
        loop.run_until_complete(live(World(loop), happening))


def times_executed(server: FakeServer, key: bytes) -> int:
    count = server.db[0].get(key, b"0")
    assert isinstance(count, bytes)
    return int(count)


async def talk_over_sockets(kinds: list[str], piece: int, cancelled: set[int], lost: set[int]) -> None:
    async with FakeServer() as server:
        for name in (
            b"%b %d" % (size, number) for size in (b"small", b"large") for number in range(len(kinds))
        ):
            server.db[0][name] = value_of(name)
        server.faults.on().fragment(piece)
        async with BlockingConnectionPool.from_url(server.url, max_connections=SLOTS) as pool:
            caller = Caller(pool)
            calls = []
            for number, kind in enumerate(kinds):
                calls.append(caller.ask(kind))
                await asyncio.sleep(0)
                if number in cancelled:
                    calls[number // 2].future.cancel()
                if number in lost:
                    server.drop_connections()
            await asyncio.wait([call.future for call in calls], timeout=10)
            executed = Counter({key: times_executed(server, key) for call in calls for key in call.writes})
            for call in calls:
                check(call, executed)


numbers = st.sets(st.integers(0, 19), max_size=6)


@settings(max_examples=15, deadline=None, derandomize=True)
@given(
    st.lists(st.sampled_from(KINDS), min_size=10, max_size=20),
    st.sampled_from([9, 100, 5000]),
    numbers,
    numbers,
)
def test_a_reply_reaches_who_asked_or_nobody_over_sockets(
    kinds: list[str], piece: int, cancelled: set[int], lost: set[int]
) -> None:
    asyncio.run(talk_over_sockets(kinds, piece, cancelled, lost))
