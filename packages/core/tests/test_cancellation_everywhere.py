"""Interrupted at any step of the loop, work on a pool costs no slot, no connection, no task and nobody's reply.

Each piece of work is run again and again, interrupted one step later each time, until it is over before the
interruption comes: cancelled, cut off by its server, refused by it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from itertools import count
from typing import TypeAlias

import pytest

from packages.core.tests.stepping import PATIENCE, interrupt, nothing_left_behind
from packages.core.tests.waiting import let_news_arrive
from respool import BaseConnection, BlockingConnectionPool, Connection, Redis
from respool.errors import RedisError
from respool_testing import FakeServer, ServerProcess

Work: TypeAlias = Callable[[BlockingConnectionPool], Coroutine[object, object, None]]

SLOTS = 2


async def ask(connection: BaseConnection, *args: str | int) -> object:
    return await (await connection.create_request(str(args[0]).encode(), *args[1:]))


# ---- the work


async def leases_and_gives_back(pool: BlockingConnectionPool) -> None:
    pool.release(await pool.get_connection())


async def leases_for_a_block(pool: BlockingConnectionPool) -> None:
    async with pool.connection() as connection:
        assert await ask(connection, "ECHO", "mine") == b"mine"


async def takes_a_share(pool: BlockingConnectionPool) -> None:
    share = await pool.get_connection(acquire=False)
    try:
        assert await ask(share, "ECHO", "mine") == b"mine"
    finally:
        share.disconnect()  # there is no giving back of a share, and nobody leases one that is held


async def waits_for_a_release(pool: BlockingConnectionPool) -> None:
    async with pool.connection():
        other = await pool.get_connection()
        asyncio.get_running_loop().call_soon(pool.release, other)
        await leases_for_a_block(pool)


async def waits_for_one_that_broke(pool: BlockingConnectionPool) -> None:
    async with pool.connection():
        other = await pool.get_connection()
        other.disconnect()
        asyncio.get_running_loop().call_soon(pool.release, other)
        await leases_for_a_block(pool)


async def takes_turns(pool: BlockingConnectionPool) -> None:
    turns = (leases_for_a_block(pool) for _ in range(2 * SLOTS))
    for result in await asyncio.gather(*turns, return_exceptions=True):
        if result is not None:
            raise result


async def opens_by_itself(pool: BlockingConnectionPool) -> None:
    connection = Connection(str(pool.connection_kwargs["host"]), int(str(pool.connection_kwargs["port"])))
    try:
        await asyncio.gather(connection.connect(), connection.connect())
        assert await ask(connection, "ECHO", "mine") == b"mine"
    finally:
        connection.disconnect()
        await connection.wait_closed()


async def runs_a_connect_callback(pool: BlockingConnectionPool) -> None:
    async with pool.connection() as connection:
        connection.register_connect_callback(lambda fresh: ask(fresh, "ECHO", "callback"))
        connection.disconnect()
        await connection.connect()
        assert await ask(connection, "ECHO", "mine") == b"mine"


async def asks_together(pool: BlockingConnectionPool) -> None:
    redis = Redis(connection_pool=pool)
    replies = await asyncio.gather(*(redis.execute_command("ECHO", number) for number in range(3)))
    assert replies == [b"0", b"1", b"2"]


async def asks_in_turn(pool: BlockingConnectionPool) -> None:
    redis = Redis(connection_pool=pool)
    for number in range(2):
        assert await redis.execute_command("ECHO", number) == b"%d" % number


async def transacts(pool: BlockingConnectionPool) -> None:
    async with Redis(connection_pool=pool).pipeline() as pipe:
        pipe.execute_command("ECHO", 1)
        pipe.execute_command("ECHO", 2)
        assert await pipe.execute() == [b"1", b"2"]


async def pipelines(pool: BlockingConnectionPool) -> None:
    async with Redis(connection_pool=pool).pipeline(transaction=False) as pipe:
        pipe.execute_command("ECHO", 1)
        pipe.execute_command("ECHO", 2)
        assert await pipe.execute() == [b"1", b"2"]


async def blocks_until_served(pool: BlockingConnectionPool) -> None:
    redis = Redis(connection_pool=pool)
    popped = redis.execute_command("BLPOP", "list", 0)
    try:
        await redis.execute_command("RPUSH", "list", "x")
        assert await popped == [b"list", b"x"]
    finally:
        popped.cancel()


async def watches_and_transacts(pool: BlockingConnectionPool) -> None:
    async with pool.connection() as connection:
        for words in (("WATCH", "k"), ("MULTI",), ("ECHO", "x")):
            await ask(connection, *words)
        assert await ask(connection, "EXEC") == [b"x"]


async def listens(pool: BlockingConnectionPool) -> None:
    async with pool.connection() as connection:
        await connection.send_command(b"SUBSCRIBE", "news")
        assert await connection.fetch_push_message() == [b"subscribe", b"news", 1]
        await Redis(connection_pool=pool).execute_command("PUBLISH", "news", "x")
        assert await connection.fetch_push_message(block=True) == [b"message", b"news", b"x"]


async def tracks(pool: BlockingConnectionPool) -> None:
    async with pool.connection() as connection:
        await connection.update_tracking_client(True)
        await connection.update_tracking_client(False)


async def says_without_answer(pool: BlockingConnectionPool) -> None:
    async with pool.connection() as connection:
        assert await (await connection.create_request(b"ECHO", "x", noreply=True)) is None
        assert await ask(connection, "ECHO", "mine") == b"mine"


async def closes(pool: BlockingConnectionPool) -> None:
    async with pool.connection() as connection:
        await ask(connection, "ECHO", "x")
    late = Redis(connection_pool=pool).execute_command("ECHO", "late")
    try:
        await pool.aclose()
        assert await late == b"late"
    finally:
        late.cancel()


WORK: tuple[Work, ...] = (
    leases_and_gives_back,
    leases_for_a_block,
    takes_a_share,
    waits_for_a_release,
    waits_for_one_that_broke,
    takes_turns,
    opens_by_itself,
    runs_a_connect_callback,
    asks_together,
    asks_in_turn,
    transacts,
    pipelines,
    blocks_until_served,
    watches_and_transacts,
    listens,
    tracks,
    says_without_answer,
    closes,
)


# ---- what must hold afterwards


class Fake:
    """What a sweep asks of a fake server."""

    def __init__(self, server: FakeServer) -> None:
        self.server = server
        self.address = (server.host, server.port)

    def kill_everybody(self) -> None:
        self.server.drop_connections()

    async def until_clients(self, ids: set[int | None]) -> None:
        until = self.server.until(lambda: {each.id for each in self.server.connections} == ids)
        await asyncio.wait_for(until, PATIENCE)


ASKING = (b"client|list", b"client")  # the latter before Redis 7


class Real:
    """What a sweep asks of a real server."""

    def __init__(self, server: ServerProcess) -> None:
        self.server = server
        self.address = (server.host, server.port)

    def kill_everybody(self) -> None:
        for kind in ("normal", "pubsub"):
            self.server.call("CLIENT", "KILL", "TYPE", kind)

    async def until_clients(self, ids: set[int | None]) -> None:
        for _ in range(1000):
            if self._clients() == ids:
                break
            await asyncio.sleep(0)
        assert self._clients() == ids

    def _clients(self) -> set[int | None]:
        lines = self.server.call("CLIENT", "LIST").split(b"\n")
        fields = [dict(pair.split(b"=", 1) for pair in line.split()) for line in lines if b"id=" in line]
        return {int(each[b"id"]) for each in fields if each[b"cmd"] not in ASKING}


def new_pool(server: Fake | Real) -> BlockingConnectionPool:
    host, port = server.address
    return BlockingConnectionPool(max_connections=SLOTS, timeout=PATIENCE, host=host, port=port)


async def check_capacity(server: Fake | Real, pool: BlockingConnectionPool) -> None:
    """Every slot can be leased, every connection answers what it is asked, the server knows of no other."""
    leases = [await pool.get_connection() for _ in range(SLOTS)]
    tokens = [await ask(lease, "ECHO", f"token {at}") for at, lease in enumerate(leases)]
    assert tokens == [b"token %d" % at for at in range(SLOTS)]
    await server.until_clients({lease.client_id for lease in leases})
    for lease in leases:
        pool.release(lease)


async def sweep(
    server: Fake | Real,
    work: Work,
    act: Callable[[asyncio.Task[None]], object],
    mend: Callable[[], object] = lambda: None,
) -> None:
    """Interrupt `work` at every step by `act`, `mend` what that broke, and look what is left of the pool."""
    for step in count():
        pool = new_pool(server)
        try:
            with nothing_left_behind():
                outcome = await interrupt(work(pool), step, act)
                if not isinstance(outcome.error, (RedisError, type(None))):
                    raise AssertionError(f"interrupted at step {step}: {outcome.error!r}") from outcome.error
                mend()
                await let_news_arrive()
                await check_capacity(server, pool)
                await asyncio.wait_for(pool.aclose(), PATIENCE)
                await server.until_clients(set())
        finally:
            pool.disconnect()
        if not outcome.reached:
            return


every_work = pytest.mark.parametrize("work", WORK)
everyday_work = pytest.mark.parametrize(
    "work", [takes_turns, asks_together, transacts, blocks_until_served, listens]
)


@every_work
async def test_cancelled_at_any_step_it_leaves_everything_whole(
    respool_server: FakeServer, work: Work
) -> None:
    await sweep(Fake(respool_server), work, lambda task: task.cancel())


@every_work
async def test_cut_off_at_any_step_it_leaves_everything_whole(respool_server: FakeServer, work: Work) -> None:
    server = Fake(respool_server)
    await sweep(server, work, lambda _: server.kill_everybody())


@every_work
async def test_refused_from_any_step_on_it_leaves_everything_whole(
    respool_server: FakeServer, work: Work
) -> None:
    faults = respool_server.faults

    def refuse(_: object) -> None:
        faults.on("HELLO").reply_error("ERR go away")

    await sweep(Fake(respool_server), work, refuse, mend=faults.clear)


@every_work
async def test_cut_off_and_kept_out_from_any_step_on_it_leaves_everything_whole(
    respool_server: FakeServer, work: Work
) -> None:
    def go_away(_: object) -> None:
        respool_server.drop_connections()
        respool_server.faults.on_connect().drop_connection()

    await sweep(Fake(respool_server), work, go_away, mend=respool_server.faults.clear)


@everyday_work
async def test_cancelled_on_a_real_server_it_leaves_everything_whole(
    real_server: ServerProcess, work: Work
) -> None:
    await sweep(Real(real_server), work, lambda task: task.cancel())


@everyday_work
async def test_cut_off_by_a_real_server_it_leaves_everything_whole(
    real_server: ServerProcess, work: Work
) -> None:
    server = Real(real_server)
    await sweep(server, work, lambda _: server.kill_everybody())
