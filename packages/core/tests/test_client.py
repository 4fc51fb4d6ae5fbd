"""The client, on fake and real servers, over both protocols."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Protocol

import pytest
import pytest_asyncio

from respool import ConnectionPool, Redis
from respool.errors import ConnectionError, DataError, ResponseError, WrongTypeError
from respool_testing import FakeServer


class Server(Protocol):
    @property
    def url(self) -> str: ...


@pytest_asyncio.fixture(params=[2, 3], ids=["RESP2", "RESP3"])
async def redis(any_server: Server, request: pytest.FixtureRequest) -> AsyncIterator[Redis[bytes]]:
    async with Redis.from_url(any_server.url, protocol_version=request.param) as redis:
        await redis.execute_command("FLUSHALL")
        yield redis


async def test_what_is_set_is_got(redis: Redis[bytes]) -> None:
    assert await redis.set("k", "v") is True
    assert await redis.get("k") == b"v"
    assert await redis.get("other") is None


async def test_set_tells_when_its_condition_forbade_it(redis: Redis[bytes]) -> None:
    assert await redis.set("k", 1, nx=True) is True
    assert await redis.set("k", 2, nx=True) is False
    assert await redis.get("k") == b"1"


async def test_counters_keys_and_expiry(redis: Redis[bytes]) -> None:
    assert await redis.incr("n") == 1
    assert await redis.incr("n", 5) == 6
    assert await redis.expire("n", 60) is True
    assert await redis.expire("other", 60) is False
    assert await redis.exists("n", "other") == 1
    assert await redis.delete("n", "other") == 1


async def test_calls_made_together_answer_in_order(redis: Redis[bytes]) -> None:
    assert await asyncio.gather(*(redis.incr("n") for _ in range(200))) == list(range(1, 201))


async def test_a_command_is_sent_without_being_awaited(redis: Redis[bytes]) -> None:
    future = redis.set("k", "v")
    assert await redis.get("k") == b"v"
    assert future.done()


async def test_an_error_reply_is_raised_for_its_own_call_only(redis: Redis[bytes]) -> None:
    await redis.set("k", "v")
    wrong, right = redis.execute_command("LPUSH", "k", 1), redis.get("k")
    with pytest.raises(WrongTypeError):
        await wrong
    assert await right == b"v"


async def test_a_cancelled_call_shifts_nobodys_reply(redis: Redis[bytes]) -> None:
    await redis.set("a", 1)
    await redis.set("b", 2)
    calls = [redis.get("ab"[number % 2]) for number in range(100)]
    for call in calls[::3]:
        call.cancel()
    for number, call in enumerate(calls):
        if number % 3:
            assert await call == (b"1", b"2")[number % 2]


async def test_a_call_cancelled_before_it_was_sent_is_not_sent(redis: Redis[bytes]) -> None:
    await redis.ping()
    first, second = redis.get("n"), redis.incr("n")
    second.cancel()
    assert await first is None
    assert await redis.get("n") is None


async def test_text_is_decoded_when_asked(any_server: Server) -> None:
    async with Redis.from_url(any_server.url, decode_responses=True) as redis:
        await redis.set("k", "ü")
        assert await redis.get("k") == "ü"
        assert await redis.set("k", b"\xff") is True
        assert await redis.execute_command("GET", "k") == b"\xff"


@pytest.mark.parametrize("size", [0, 1, 32 * 1024, 3_000_000])
async def test_values_of_any_size_come_back_whole(redis: Redis[bytes], size: int) -> None:
    value = bytes(range(256)) * (size // 256 + 1)
    await redis.set("k", value[:size])
    assert await redis.get("k") == value[:size]


@pytest.mark.parametrize("value", [None, True, [], object()])
async def test_what_cannot_be_sent_fails_through_the_future(redis: Redis[bytes], value: object) -> None:
    future = redis.execute_command("SET", "k", value)  # type: ignore[arg-type]
    with pytest.raises(DataError):
        await future
    assert await redis.get("k") is None


@pytest.mark.parametrize("command", ["SELECT", "MULTI", "WATCH", "SUBSCRIBE", "MONITOR", "AUTH", "HELLO"])
async def test_a_stateful_command_is_refused(redis: Redis[bytes], command: str) -> None:
    with pytest.raises(DataError):
        await redis.execute_command(command, "1")


async def test_no_command_at_all_is_refused(redis: Redis[bytes]) -> None:
    with pytest.raises(DataError):
        await redis.execute_command()


async def test_a_blocking_command_holds_nobody_up(redis: Redis[bytes]) -> None:
    popped = redis.execute_command("BLPOP", "q", 0)
    await redis.execute_command("RPUSH", "q", "v")
    assert await popped == [b"q", b"v"]


async def test_a_cancelled_blocking_command_pops_for_nobody(respool_server: FakeServer) -> None:
    async with Redis.from_url(respool_server.url) as redis:
        popped = redis.execute_command("BLPOP", "q", 0)
        await respool_server.until(lambda: any(entry.name == "BLPOP" for entry in respool_server.log))
        popped.cancel()
        await respool_server.until(lambda: not respool_server.connections)
        assert await redis.execute_command("RPUSH", "q", "v") == 1
        assert await redis.execute_command("LLEN", "q") == 1


async def test_the_client_comes_back_after_its_connection_was_dropped(respool_server: FakeServer) -> None:
    async with Redis.from_url(respool_server.url) as redis:
        await redis.set("k", "v")
        respool_server.drop_connections()
        assert await redis.get("k") == b"v"


async def test_a_write_that_may_have_been_executed_is_not_repeated(respool_server: FakeServer) -> None:
    async with Redis.from_url(respool_server.url) as redis:
        await redis.ping()
        respool_server.faults.on("INCRBY").drop_connection(when="after_execute").times(1)
        with pytest.raises(ConnectionError) as caught:
            await redis.incr("n")
        assert caught.value.maybe_executed
        assert await redis.get("n") == b"1"


async def test_a_read_is_repeated_after_a_lost_connection(respool_server: FakeServer) -> None:
    async with Redis.from_url(respool_server.url) as redis:
        await redis.set("k", "v")
        respool_server.faults.on("GET").drop_connection(when="before_execute").times(1)
        assert await redis.get("k") == b"v"


async def test_an_unreachable_server_is_one_clear_error(respool_server: FakeServer) -> None:
    await respool_server.stop()
    async with Redis.from_url(respool_server.url) as redis:
        with pytest.raises(ConnectionError, match=f"cannot connect to {respool_server.host}") as caught:
            await redis.get("k")
        assert not caught.value.maybe_executed


async def test_a_pool_that_was_given_is_left_to_its_owner(respool_server: FakeServer) -> None:
    async with ConnectionPool.from_url(respool_server.url) as pool:
        async with Redis(connection_pool=pool) as redis:
            await redis.ping()
        async with Redis(connection_pool=pool) as redis:
            assert await redis.ping() == b"PONG"


async def test_a_transaction_returns_its_results_in_order(redis: Redis[bytes]) -> None:
    async with redis.pipeline() as pipe:
        total = pipe.incr("n")
        pipe.set("k", "v")
        value = pipe.get("k")
        assert await pipe.execute() == [1, True, b"v"]
    assert (await total, await value) == (1, b"v")


@pytest.mark.parametrize("transaction", [True, False])
async def test_a_failing_command_of_a_pipeline_is_named(redis: Redis[bytes], transaction: bool) -> None:
    async with redis.pipeline(transaction) as pipe:
        pipe.set("k", "v")
        pipe.execute_command("LPUSH", "k", 1)
        kept = pipe.get("k")
        with pytest.raises(WrongTypeError, match=r"command 2 of the pipeline: LPUSH"):
            await pipe.execute()
    assert await kept == b"v"


async def test_an_aborted_transaction_names_what_it_was_aborted_for(redis: Redis[bytes]) -> None:
    async with redis.pipeline() as pipe:
        first = pipe.set("k", "v")
        pipe.execute_command("SET", "only a key")
        with pytest.raises(ResponseError, match=r"wrong number.*command 2 of the pipeline"):
            await pipe.execute()
    assert isinstance(first.exception(), ResponseError)
    assert await redis.get("k") is None


async def test_errors_can_stand_in_the_list(redis: Redis[bytes]) -> None:
    async with redis.pipeline(transaction=False) as pipe:
        pipe.set("k", "v")
        pipe.execute_command("LPUSH", "k", 1)
        results = await pipe.execute(raise_on_error=False)
    assert results[0] is True
    assert isinstance(results[1], WrongTypeError)


async def test_an_empty_pipeline_is_nothing(redis: Redis[bytes]) -> None:
    assert await redis.pipeline().execute() == []


async def test_a_pipeline_that_is_left_sends_nothing(redis: Redis[bytes]) -> None:
    async with redis.pipeline() as pipe:
        queued = pipe.set("k", "v")
    assert queued.cancelled()
    assert await redis.get("k") is None


async def test_a_shared_call_never_lands_inside_a_transaction(redis: Redis[bytes]) -> None:
    async with redis.pipeline() as pipe:
        for _ in range(50):
            pipe.incr("n")
        before = redis.get("n")
        running = asyncio.ensure_future(pipe.execute())
        await asyncio.sleep(0)
        after = redis.get("n")
        assert await running == list(range(1, 51))
    assert await before is None
    assert await after == b"50"


@pytest.mark.parametrize("command", [("WATCH", "k"), ("BLPOP", "q", 0), ()])
async def test_what_does_not_belong_in_a_pipeline_is_refused(
    redis: Redis[bytes], command: tuple[str, ...]
) -> None:
    async with redis.pipeline() as pipe:
        with pytest.raises(DataError):
            pipe.execute_command(*command)


def test_repr_of_a_client_shows_no_secret() -> None:
    assert "secret" not in repr(Redis.from_url("redis://:secret@example.org"))


async def test_closing_waits_for_replies_and_not_for_what_was_cancelled(redis: Redis[bytes]) -> None:
    kept, dropped = redis.incr("n"), redis.incr("n")
    await redis.ping()
    late = [redis.incr("n") for _ in range(3)]
    for call in late[1:]:
        call.cancel()
    await redis.aclose()
    assert (await kept, await dropped, await late[0]) == (1, 2, 3)


async def test_closing_with_nothing_but_cancelled_calls_under_way_is_fine(redis: Redis[bytes]) -> None:
    await redis.ping()
    call = redis.get("k")
    await asyncio.sleep(0)
    call.cancel()
    await redis.aclose()


async def test_a_client_without_replies_sends_and_gets_none(respool_server: FakeServer) -> None:
    async with Redis.from_url(respool_server.url, noreply=True) as redis:
        assert await redis.set("k", "v") is None
        pipe = redis.pipeline(transaction=False)
        pipe.incr("n")
        pipe.incr("n")
        assert await pipe.execute() == [None, None]
        await respool_server.until(lambda: len(respool_server.log.calls("INCRBY")) == 2)
        assert respool_server.db[0]["n"] == b"2"
        with pytest.raises(DataError, match="transaction"):
            redis.pipeline()


async def test_a_url_may_say_how_to_decode(respool_server: FakeServer) -> None:
    url = f"{respool_server.url}?decode_responses=true&encoding=latin-1"
    async with Redis.from_url(url) as redis:
        await redis.set("k", "grün")
        assert respool_server.db[0]["k"] == "grün".encode("latin-1")
        assert await redis.get("k") == "grün"  # type: ignore[comparison-overlap]


async def test_what_is_quoted_in_a_url_is_unquoted_where_asked_for() -> None:
    async with FakeServer(users={"a@b": "p:w"}) as server:
        url = f"redis://a%40b:p%3Aw@{server.host}:{server.port}"
        async with Redis.from_url(url, decode_components=True) as redis:
            assert await redis.ping() == b"PONG"
