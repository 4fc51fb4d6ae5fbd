"""Scripts called like functions: by digest, and with their source where the server does not hold it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Literal

import pytest
import pytest_asyncio

from packages.core.tests.typed import Server, client_of
from respool import Redis
from respool.errors import NoScriptError, ResponseError
from respool_testing import FakeServer

ECHO = "return {KEYS[1], ARGV[1]}"


@pytest_asyncio.fixture
async def redis(any_server: Server, any_protocol: Literal[2, 3]) -> AsyncIterator[Redis[bytes]]:
    async with client_of(any_server, any_protocol) as redis:
        await redis.script_flush()
        yield redis


async def test_a_script_runs_whether_or_not_the_server_holds_it(redis: Redis[bytes]) -> None:
    echo = redis.register_script(ECHO)
    assert await echo(["k"], [1]) == [b"k", b"1"]
    assert await redis.script_exists(echo.sha) == [True]
    assert await echo(["k"], [2]) == [b"k", b"2"]
    await redis.script_flush()
    assert await asyncio.gather(*(echo(["k"], [n]) for n in range(3))) == [
        [b"k", b"%d" % n] for n in range(3)
    ]


@pytest.mark.parametrize("transaction", [True, False])
async def test_a_script_runs_in_a_pipeline_in_its_place(redis: Redis[bytes], transaction: bool) -> None:
    add = redis.register_script("return redis.call('INCRBY', KEYS[1], ARGV[1])")
    for _ in range(2):
        async with redis.pipeline(transaction) as pipe:
            pipe.set("n", 1)
            first, second = add(["n"], [1], client=pipe), add(["n"], [2], client=pipe)
            pipe.get("n")
            assert await pipe.execute() == [True, 2, 4, b"4"]
        assert (await first, await second) == (2, 4)
        await redis.script_flush()


async def test_a_script_whose_source_was_never_sent_gets_it_again(redis: Redis[bytes]) -> None:
    echo = redis.register_script(ECHO)
    async with redis.pipeline(transaction=False) as pipe:
        echo(["k"], [1], client=pipe).cancel()
        second = echo(["k"], [2], client=pipe)
        await pipe.execute(raise_on_error=False)
    assert await second == [b"k", b"2"]


async def test_a_script_runs_on_watched_keys(redis: Redis[bytes]) -> None:
    echo = redis.register_script(ECHO)
    async with redis.watch("k") as watched:
        assert await echo(["k"], [1], client=watched) == [b"k", b"1"]
        pipe = watched.pipeline()
        echo(["k"], [2], client=pipe)
        assert await pipe.execute() == [[b"k", b"2"]]


async def test_what_a_script_fails_with_is_raised(redis: Redis[bytes]) -> None:
    broken = redis.register_script(b"return redis.call('NONE')")
    for _ in range(2):
        with pytest.raises(ResponseError, match="Unknown"):
            await broken()


async def test_a_script_without_replies_is_sent_with_its_source(respool_server: FakeServer) -> None:
    async with Redis.from_url(respool_server.url, noreply=True) as redis:
        sent = respool_server.faults.on("EVAL").reply_with(1).times(1)
        assert await redis.register_script(ECHO)(["k"], [1]) is None
        await respool_server.until(lambda: sent.hits == 1)


async def test_a_server_that_lacks_a_script_gets_its_source_at_once(respool_server: FakeServer) -> None:
    async with Redis.from_url(respool_server.url) as redis:
        respool_server.faults.on("EVALSHA").reply_error("NOSCRIPT none").times(1)
        respool_server.faults.on("EVAL").reply_with([b"k", b"1"]).times(1)
        assert await redis.register_script(ECHO)(["k"], [1]) == [b"k", b"1"]
        respool_server.faults.on("EVALSHA").reply_error("NOSCRIPT none").times(1)
        respool_server.faults.on("EVAL").reply_error("NOSCRIPT still none").times(1)
        with pytest.raises(NoScriptError, match="still"):
            await redis.register_script(ECHO)(["k"], [1])
