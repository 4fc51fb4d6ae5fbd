"""Transactions on watched keys: read, then change, unless somebody else did or the connection was lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Literal

import pytest
import pytest_asyncio

from packages.core.tests.typed import Server
from packages.core.tests.waiting import until
from respool import Pipeline, Redis
from respool._client.watching import Watched
from respool.errors import ConnectionError, DataError, ResponseError, WatchError, WrongTypeError
from respool_testing import FakeServer


@pytest_asyncio.fixture
async def redis(any_server: Server, any_protocol: Literal[2, 3]) -> AsyncIterator[Redis[bytes]]:
    async with Redis.from_url(any_server.url, protocol_version=any_protocol) as redis:
        await redis.flushall()
        yield redis
        assert redis.connection_pool.stats().leased == 0


async def increase(watched: Watched[bytes], pipe: Pipeline[bytes]) -> None:
    pipe.set("n", int(await watched.get("n") or 0) + 1)


async def test_what_was_read_is_changed_by_a_transaction(redis: Redis[bytes]) -> None:
    await redis.set("n", 1)
    assert await redis.transaction(increase, "n") == [True]
    assert await redis.get("n") == b"2"


async def test_transactions_that_cross_are_tried_again_until_each_has_its_turn(redis: Redis[bytes]) -> None:
    await asyncio.gather(*(redis.transaction(increase, "n") for _ in range(10)))
    assert await redis.get("n") == b"10"


async def test_a_transaction_gives_up_after_its_attempts(redis: Redis[bytes]) -> None:
    called = 0

    async def disturbed(_: Watched[bytes], pipe: Pipeline[bytes]) -> None:
        nonlocal called
        called = await redis.incr("n")
        pipe.set("n", 0)

    with pytest.raises(WatchError, match="a watched key changed"):
        await redis.transaction(disturbed, "n", attempts=3)
    assert called == 3


async def test_a_plain_function_may_fill_the_transaction(redis: Redis[bytes]) -> None:
    assert await redis.transaction(lambda _, pipe: pipe.incr("n"), "n") == [1]


async def test_what_the_function_raises_ends_the_transaction(redis: Redis[bytes]) -> None:
    def broken(_: Watched[bytes], pipe: Pipeline[bytes]) -> None:
        pipe.incr("n")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await redis.transaction(broken, "n")
    assert await redis.get("n") is None


async def test_a_watched_key_that_changed_is_told_and_nothing_executed(redis: Redis[bytes]) -> None:
    async with redis.watch("n") as watched:
        pipe = watched.pipeline()
        queued = pipe.set("other", 1)
        await redis.incr("n")
        with pytest.raises(WatchError, match=r"changed: nothing was executed$"):
            await pipe.execute()
        assert isinstance(queued.exception(), WatchError)
    assert await redis.exists("other") == 0


async def test_one_lease_serves_several_transactions(redis: Redis[bytes]) -> None:
    async with redis.watch("n") as watched:
        for number in (1, 2):
            pipe = watched.pipeline()
            total = pipe.incr("n")
            assert await pipe.execute() == [number]
            assert await total == number
            await watched.watch("n")


async def test_what_is_left_watched_is_let_go_and_its_connection_used_again(redis: Redis[bytes]) -> None:
    clients = set()
    for _ in range(3):
        async with redis.watch("n") as watched:
            clients.add(await watched.execute_command("CLIENT", "ID"))
        await until(redis.ping, lambda _: redis.connection_pool.stats().idle == 1)
    assert len(clients) == 1


async def test_after_a_transaction_nothing_is_watched(redis: Redis[bytes]) -> None:
    async with redis.watch("n") as watched:
        await watched.pipeline().execute()
        pipe = watched.pipeline()
        pipe.incr("n")
        await pipe.execute()
        with pytest.raises(DataError, match="watch\\(\\) begins anew"):
            await watched.get("n")


async def test_what_changes_the_connection_is_refused_while_watching(redis: Redis[bytes]) -> None:
    async with redis.watch("n") as watched:
        for command in (("SELECT", 1), ("MULTI",), ()):
            with pytest.raises(DataError):
                await watched.execute_command(*command)


async def test_a_command_may_wait_while_watching(redis: Redis[bytes]) -> None:
    async with redis.watch("n") as watched:
        popped = watched.blpop(["q"], 0)
        await redis.rpush("q", "v")
        assert await popped == (b"q", b"v")


@pytest.mark.parametrize("command", [("LPUSH", "k", 1), ("SET", "only a key")])
async def test_a_command_that_fails_is_named(redis: Redis[bytes], command: tuple[str | int, ...]) -> None:
    await redis.set("k", "v")
    async with redis.watch("k") as watched:
        pipe = watched.pipeline()
        pipe.get("k")
        pipe.execute_command(*command)
        with pytest.raises(ResponseError, match=f"command 2 of the pipeline: {command[0]}"):
            await pipe.execute()


async def test_no_transaction_without_replies(respool_server: FakeServer) -> None:
    async with Redis.from_url(respool_server.url, noreply=True) as redis:
        with pytest.raises(DataError, match="without replies"):
            await redis.transaction(increase, "n")


# ---- lost connections


async def test_a_connection_lost_before_the_transaction_is_a_watch_error(respool_server: FakeServer) -> None:
    async with Redis.from_url(respool_server.url) as redis, redis.watch("n") as watched:
        pipe = watched.pipeline()
        pipe.incr("n")
        respool_server.drop_connections()
        await respool_server.until(lambda: not respool_server.connections)
        await redis.ping()
        with pytest.raises(WatchError, match="lost") as caught:
            await pipe.execute()
        assert not caught.value.maybe_executed
        assert "n" not in respool_server.db[0]
        with pytest.raises(WatchError, match="lost"):
            await watched.get("n")


async def test_a_read_that_was_under_way_when_the_connection_was_lost(respool_server: FakeServer) -> None:
    async with Redis.from_url(respool_server.url) as redis:
        respool_server.faults.on("GET").drop_connection(when="before_execute").times(1)
        async with redis.watch("n") as watched:
            with pytest.raises(WatchError, match="GET: the connection that watched was lost"):
                await watched.get("n")


async def test_a_transaction_begins_anew_after_its_connection_was_lost(respool_server: FakeServer) -> None:
    async with Redis.from_url(respool_server.url) as redis:
        respool_server.faults.on("GET").drop_connection(when="before_execute").times(1)
        assert await redis.transaction(increase, "n") == [True]
        assert respool_server.db[0]["n"] == b"1"


async def test_a_transaction_that_may_have_been_executed_is_not_repeated(respool_server: FakeServer) -> None:
    async with Redis.from_url(respool_server.url) as redis:
        respool_server.faults.on("EXEC").drop_connection(when="after_execute").times(1)
        with pytest.raises(ConnectionError) as caught:
            await redis.transaction(increase, "n")
        assert caught.value.maybe_executed
        assert respool_server.db[0]["n"] == b"1"


async def test_a_write_that_was_under_way_is_not_repeated_either(respool_server: FakeServer) -> None:
    async def write(watched: Watched[bytes], _: Pipeline[bytes]) -> None:
        await watched.incr("n")

    async with Redis.from_url(respool_server.url) as redis:
        respool_server.faults.on("INCRBY").drop_connection(when="after_execute").times(1)
        with pytest.raises(WatchError) as caught:
            await redis.transaction(write, "other")
        assert caught.value.maybe_executed
        assert respool_server.db[0]["n"] == b"1"


async def test_a_cancelled_watch_loses_no_connection(respool_server: FakeServer) -> None:
    async with Redis.from_url(respool_server.url, max_connections=2) as redis:
        for _ in range(5):
            task = asyncio.ensure_future(redis.transaction(increase, "n"))
            await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        assert len(await redis.transaction(increase, "n")) == 1


# ---- pipelines that fail keep what they have


async def test_a_pipeline_keeps_the_replies_that_came_before_the_connection_was_lost(
    respool_server: FakeServer,
) -> None:
    async with Redis.from_url(respool_server.url) as redis, redis.pipeline(transaction=False) as pipe:
        first = pipe.set("k", "v")
        pipe.incr("n")
        respool_server.faults.on("INCRBY").drop_connection(when="after_execute").times(1)
        with pytest.raises(ConnectionError, match="command 2 of the pipeline: INCRBY") as caught:
            await pipe.execute()
        assert caught.value.maybe_executed
        assert await first is True


async def test_a_long_pipeline_repeats_its_reads_alone_after_a_lost_connection(
    respool_server: FakeServer,
) -> None:
    async with Redis.from_url(respool_server.url) as redis, redis.pipeline(transaction=False) as pipe:
        await redis.set("k", "v")
        for number in range(50):
            pipe.get("k")
            pipe.incr(f"n {number}")
        respool_server.faults.on("INCRBY", key="n 20").drop_connection(when="after_execute").times(1)
        results = await pipe.execute(raise_on_error=False)
        assert results[::2] == [b"v"] * 50
        assert results[1:40:2] == [1] * 20
        assert all(isinstance(each, ConnectionError) and each.maybe_executed for each in results[41::2])
        assert await redis.mget("n 20", "n 21") == [b"1", None]


async def test_errors_of_a_watched_transaction_can_stand_in_the_list(redis: Redis[bytes]) -> None:
    await redis.set("k", "v")
    async with redis.watch("k") as watched:
        pipe = watched.pipeline()
        pipe.lpush("k", 1)
        pipe.get("k")
        results = await pipe.execute(raise_on_error=False)
    assert isinstance(results[0], WrongTypeError)
    assert results[1] == b"v"


@pytest.mark.parametrize("transaction", [True, False])
async def test_a_queued_call_that_was_cancelled_cancels_no_other(
    redis: Redis[bytes], transaction: bool
) -> None:
    async with redis.pipeline(transaction) as pipe:
        pipe.incr("n").cancel()
        pipe.set("k", "v")
        results = await pipe.execute()
    assert isinstance(results[0], asyncio.CancelledError)
    assert results[1] is True
