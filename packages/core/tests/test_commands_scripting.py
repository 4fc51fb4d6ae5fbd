"""The typed commands on scripts, functions and channels."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Literal

import pytest
import pytest_asyncio

from packages.core.tests.typed import client_of, needs, text_client_of
from respool import Redis
from respool.errors import NoScriptError, NotBusyError
from respool_testing import RawConnection, ServerProcess

LIBRARY = """#!lua name=lib
redis.register_function('echo', function(keys, args) return {keys[1], args[1]} end)
redis.register_function{
    function_name='peek', callback=function(keys) return redis.call('GET', keys[1]) end,
    flags={'no-writes'}, description='Look only.'
}
"""


@pytest_asyncio.fixture
async def redis(real_server: ServerProcess, any_protocol: Literal[2, 3]) -> AsyncIterator[Redis[bytes]]:
    async with client_of(real_server, any_protocol) as redis:
        yield redis


async def test_scripts_run(redis: Redis[bytes]) -> None:
    script = "return {KEYS[1], ARGV[1], 7}"
    assert await redis.eval(script, 1, "k", "a") == [b"k", b"a", 7]
    assert await redis.eval_ro("return redis.call('GET', KEYS[1])", 1, "none") is None


async def test_scripts_run_by_digest(redis: Redis[bytes]) -> None:
    sha = await redis.script_load("return ARGV[1]")
    assert await redis.evalsha(sha, 0, "a") == b"a"
    assert await redis.evalsha_ro(sha, 0, "b") == b"b"
    assert await redis.script_exists(sha, "0" * 40) == [True, False]
    assert await redis.script_flush("ASYNC") is True
    with pytest.raises(NoScriptError):
        await redis.evalsha(sha, 0)


async def test_a_script_is_shown(redis: Redis[bytes]) -> None:
    await needs(redis, "COMMANDLOG", why="Valkey >= 8")
    sha = await redis.script_load("return 1")
    assert await redis.script_show(sha) == b"return 1"


async def test_there_is_nothing_to_kill(redis: Redis[bytes]) -> None:
    with pytest.raises(NotBusyError):
        await redis.script_kill()
    with pytest.raises(NotBusyError):
        await redis.function_kill()


async def test_functions_are_kept_and_called(redis: Redis[bytes]) -> None:
    assert await redis.function_load(LIBRARY) == "lib"
    assert await redis.function_load(LIBRARY, replace=True) == "lib"
    assert await redis.fcall("echo", 1, "k", "a") == [b"k", b"a"]
    assert await redis.fcall_ro("peek", 1, "none") is None
    assert await redis.function_delete("lib") is True


async def test_functions_are_listed(redis: Redis[bytes]) -> None:
    await redis.function_load(LIBRARY)
    (library,) = await redis.function_list("l*", withcode=True)
    assert (library.name, library.engine, library.code) == ("lib", "LUA", LIBRARY)
    echo, peek = sorted(library.functions, key=lambda function: function.name)
    assert (echo.name, echo.description, echo.flags) == ("echo", None, frozenset())
    assert (peek.name, peek.description, set(peek.flags)) == ("peek", "Look only.", {"no-writes"})
    assert [each.code for each in await redis.function_list()] == [None]
    assert await redis.function_list("none") == []


async def test_functions_are_counted(redis: Redis[bytes]) -> None:
    await redis.function_load(LIBRARY)
    stats = await redis.function_stats()
    assert stats.running is None
    assert (stats.engines["LUA"].libraries, stats.engines["LUA"].functions) == (1, 2)


async def test_functions_are_dumped_and_restored(redis: Redis[bytes]) -> None:
    await redis.function_load(LIBRARY)
    dump = await redis.function_dump()
    assert await redis.function_flush() is True
    assert await redis.function_restore(dump) is True
    assert await redis.function_restore(dump, "REPLACE") is True
    assert len(await redis.function_list()) == 1


async def test_a_dump_of_functions_is_never_decoded(
    real_server: ServerProcess, any_protocol: Literal[2, 3]
) -> None:
    async with text_client_of(real_server, any_protocol) as redis:
        assert isinstance(await redis.function_dump(), bytes)
        assert await redis.eval("return ARGV[1]", 0, "ä") == "ä"


async def test_messages_reach_who_listens(redis: Redis[bytes], real_server: ServerProcess) -> None:
    async with RawConnection(real_server.host, real_server.port) as listener:
        await listener.call("SUBSCRIBE", "news")
        assert await redis.publish("news", "hello") == 1
        assert await redis.publish("none", "hello") == 0
        assert await redis.pubsub_channels() == [b"news"]
        assert await redis.pubsub_channels("x*") == []
        assert await redis.pubsub_numsub("news", "none") == {b"news": 1, b"none": 0}
        assert await redis.pubsub_numpat() == 0


async def test_messages_reach_who_listens_to_a_shard(redis: Redis[bytes], real_server: ServerProcess) -> None:
    async with RawConnection(real_server.host, real_server.port) as listener:
        await listener.call("SSUBSCRIBE", "news")
        assert await redis.spublish("news", "hello") == 1
        assert await redis.pubsub_shardchannels() == [b"news"]
        assert await redis.pubsub_shardnumsub("news") == {b"news": 1}
