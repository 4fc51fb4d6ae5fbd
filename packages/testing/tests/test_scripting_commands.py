"""Scripts on a fake server: what they see, what they may do, and what becomes of those that misbehave."""

from __future__ import annotations

import gc
import sys
import weakref
from hashlib import sha1

import pytest

from respool_testing import FakeCluster, FakeServer, RawConnection
from respool_testing.replies import OK, Error, Map, NullArray, Push, Reply, Simple

ADD = "return redis.call('INCRBY', KEYS[1], ARGV[1])"
READ = "return redis.call('GET', KEYS[1])"


def digest(text: str) -> str:
    return sha1(text.encode()).hexdigest()


async def evaluate(client: RawConnection, script: str, *words: str) -> Reply:
    """Run a script; the words are its keys."""
    return await client.call("EVAL", script, len(words), *words)


async def test_a_script_is_known_by_its_digest_once_it_was_seen(respool_raw: RawConnection) -> None:
    missing = await respool_raw.call("EVALSHA", digest(ADD), 1, "n", 2)
    assert missing == Error(b"NOSCRIPT No matching script. Please use EVAL.")
    assert await respool_raw.call("EVAL", ADD, 1, "n", 2) == 2
    assert await respool_raw.call("EVALSHA", digest(ADD).upper(), 1, "n", 3) == 5
    assert await respool_raw.call("SCRIPT", "LOAD", READ) == digest(READ).encode()
    assert await respool_raw.call("SCRIPT", "EXISTS", digest(READ), "0" * 40) == [1, 0]
    assert await respool_raw.call("SCRIPT", "FLUSH") == OK
    assert await respool_raw.call("SCRIPT", "EXISTS", digest(READ)) == [0]


async def test_what_a_script_changes_wakes_who_waits_for_it(
    respool_raw: RawConnection, respool_server: FakeServer
) -> None:
    async with RawConnection(respool_server.host, respool_server.port) as waiting:
        waiting.send("BLPOP", "l", 0)
        await respool_server.until(lambda: any(each.blocked for each in respool_server.connections))
        await evaluate(respool_raw, "redis.call('RPUSH', 'l', 'a') redis.call('RPUSH', 'l', 'b')")
        assert await waiting.read() == [b"l", b"a"]


async def test_what_a_script_changes_spoils_a_watch(
    respool_raw: RawConnection, respool_server: FakeServer
) -> None:
    async with RawConnection(respool_server.host, respool_server.port) as other:
        await other.call("WATCH", "n")
        await respool_raw.call("EVAL", ADD, 1, "n", 1)
        await other.call("MULTI")
        assert await other.call("EXEC") == NullArray()


async def test_a_script_that_reads_is_told_of_changes_like_its_client(
    respool_raw: RawConnection, respool_server: FakeServer
) -> None:
    await respool_raw.call("HELLO", 3)
    await respool_raw.call("CLIENT", "TRACKING", "ON")
    await evaluate(respool_raw, READ, "k")
    async with RawConnection(respool_server.host, respool_server.port) as other:
        await other.call("SET", "k", "new")
    assert await respool_raw.read() == Push([b"invalidate", [b"k"]])


async def test_a_script_in_a_transaction_runs_in_its_place(respool_raw: RawConnection) -> None:
    for words in (["MULTI"], ["SET", "n", "1"], ["EVAL", ADD, "1", "n", "2"], ["GET", "n"]):
        await respool_raw.call(*words)
    assert await respool_raw.call("EXEC") == [OK, 3, b"3"]


async def test_a_script_selects_a_database_for_itself_alone(respool_raw: RawConnection) -> None:
    await evaluate(respool_raw, "redis.call('SELECT', 3) redis.call('SET', 'k', 'there')")
    assert await respool_raw.call("GET", "k") is None
    await respool_raw.call("SELECT", 3)
    assert await respool_raw.call("GET", "k") == b"there"


async def test_a_script_may_choose_how_it_is_spoken_to(respool_raw: RawConnection) -> None:
    await respool_raw.call("HSET", "h", "f", "v")
    script = "redis.setresp(3) return redis.call('HGETALL', 'h')"
    assert await evaluate(respool_raw, script) == [b"f", b"v"]
    await respool_raw.call("HELLO", 3)
    assert await evaluate(respool_raw, script) == Map([(b"f", b"v")])
    assert await evaluate(respool_raw, "return redis.call('HGETALL', 'h')") == [b"f", b"v"]


async def test_what_a_script_publishes_reaches_its_own_client_as_a_message(
    respool_raw: RawConnection,
) -> None:
    await respool_raw.call("HELLO", 3)
    respool_raw.send("SUBSCRIBE", "c")
    await respool_raw.read()
    respool_raw.send("EVAL", "return redis.call('PUBLISH', 'c', 'x')", 0)
    assert {str(await respool_raw.read()), str(await respool_raw.read())} == {
        str(Push([b"message", b"c", b"x"])), "1",
    }  # fmt: skip


@pytest.mark.parametrize("script", ["while true do end", "while true do pcall(error) end"])
async def test_a_script_without_end_is_ended(
    respool_raw: RawConnection, script: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("respool_testing._engine.scripting.interpreter.LINE_LIMIT", 1000)
    reply = await evaluate(respool_raw, script)
    assert isinstance(reply, Error)
    assert b"was ended" in reply.text
    assert await evaluate(respool_raw, "for i = 1, 400 do end return 1") == 1


async def test_a_coroutine_without_end_is_ended(
    respool_raw: RawConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("respool_testing._engine.scripting.interpreter.LINE_LIMIT", 1000)
    reply = await evaluate(respool_raw, "coroutine.wrap(function() while true do end end)()")
    assert isinstance(reply, Error)
    assert b"was ended" in reply.text


async def test_a_script_that_hoards_runs_out_of_memory(respool_raw: RawConnection) -> None:
    reply = await evaluate(respool_raw, "return string.rep('x', 1e9)")
    assert isinstance(reply, Error)
    assert reply.text.startswith(b"ERR not enough memory")
    assert await evaluate(respool_raw, "return 1") == 1


@pytest.mark.parametrize(
    "name", ["os", "io", "require", "print", "python", "dofile", "debug", "package", "newproxy"]
)
async def test_a_script_has_no_way_out(respool_raw: RawConnection, name: str) -> None:
    for source in (f"return {name}", f"return loadstring('return {name}')()"):
        reply = await evaluate(respool_raw, source)
        assert isinstance(reply, Error)
        assert b"nonexistent global variable" in reply.text


async def test_nothing_of_one_script_is_left_for_the_next(respool_raw: RawConnection) -> None:
    for source in (
        "rawset(_G, 'x', 1)",
        "x = 1",
        "string.x = 1",
        "getmetatable('').__index = nil",
        "redis.x = 1",
    ):
        reply = await evaluate(respool_raw, source)
        assert isinstance(reply, Error)
        assert b"readonly table" in reply.text
    assert await evaluate(respool_raw, "return {('x'):rep(2), rawget(_G, 'x') == nil}") == [b"xx", 1]


async def test_commands_of_scripts_are_not_logged_as_a_clients(
    respool_raw: RawConnection, respool_server: FakeServer
) -> None:
    await evaluate(respool_raw, "redis.call('SET', 'k', 'v')")
    respool_server.log.assert_called("EVAL", times=1)
    respool_server.log.assert_not_called("SET")


async def test_a_restarted_server_has_forgotten_scripts_and_functions() -> None:
    server = FakeServer()
    async with server, RawConnection(server.host, server.port) as client:
        await client.call("SCRIPT", "LOAD", READ)
        await client.call("FUNCTION", "LOAD", LIBRARY)
        await server.restart()
        async with RawConnection(server.host, server.port) as client:
            assert await client.call("SCRIPT", "EXISTS", digest(READ)) == [0]
            assert await client.call("FUNCTION", "LIST") == []


async def test_without_the_library_one_is_told_how_to_get_it(
    respool_raw: RawConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "lupa.lua51", None)
    reply = await evaluate(respool_raw, "return 1")
    assert isinstance(reply, Error)
    assert reply.text.endswith(b"pip install respool-testing[lua]")


async def test_nothing_of_a_server_outlives_it_for_having_run_scripts() -> None:
    async with FakeServer() as server, RawConnection(server.host, server.port) as client:
        await evaluate(client, "return cjson.encode({redis.call('PING')})")
        interpreter = weakref.ref(server._engine.state.interpreter)
    del server, client
    gc.collect()
    assert interpreter() is None


LIBRARY = """#!lua name=shop
local sold = 0
local function sell(keys, args)
  sold = sold + 1
  return {sold, redis.call('INCRBY', keys[1], args[1])}
end
redis.register_function('sell', sell)
redis.register_function{function_name = 'stock', description = 'What is left.', flags = {'no-writes'},
  callback = function(keys) return redis.call('GET', keys[1]) end}
"""


async def test_functions_stay_with_what_they_remember(respool_raw: RawConnection) -> None:
    assert await respool_raw.call("FUNCTION", "LOAD", LIBRARY) == b"shop"
    assert await respool_raw.call("FCALL", "sell", 1, "n", 2) == [1, 2]
    assert await respool_raw.call("FCALL", "SELL", 1, "n", 2) == [2, 4]
    assert await respool_raw.call("FCALL_RO", "stock", 1, "n") == b"4"
    refused = await respool_raw.call("FCALL_RO", "sell", 1, "n", 2)
    assert refused == Error(b"ERR Can not execute a script with write flag using *_ro command.")
    assert await respool_raw.call("FUNCTION", "DELETE", "shop") == OK
    assert await respool_raw.call("FCALL", "sell", 1, "n", 2) == Error(b"ERR Function not found")


async def test_a_library_is_listed_with_its_code(respool_raw: RawConnection) -> None:
    await respool_raw.call("HELLO", 3)
    await respool_raw.call("FUNCTION", "LOAD", LIBRARY)
    listed = await respool_raw.call("FUNCTION", "LIST", "LIBRARYNAME", "SH*", "WITHCODE")
    assert isinstance(listed, list)
    assert isinstance(listed[0], Map)
    fields = [value for _, value in listed[0].pairs]
    assert fields[:2] == [b"shop", b"LUA"]
    assert fields[3] == LIBRARY.encode()
    assert await respool_raw.call("FUNCTION", "LIST", "LIBRARYNAME", "other") == []


async def test_functions_survive_a_failover() -> None:
    async with FakeCluster(primaries=1, replicas=1) as cluster:
        old, new = cluster.nodes
        async with RawConnection(old.host, old.port) as client:
            await client.call("FUNCTION", "LOAD", LIBRARY)
            await client.call("FCALL", "sell", 1, "n", 2)
        await cluster.failover(old)
        async with RawConnection(new.host, new.port) as client:
            assert await client.call("FCALL", "sell", 1, "n", 2) == [1, 4]
            await client.call("FUNCTION", "FLUSH")
        async with RawConnection(old.host, old.port) as client:
            assert await client.call("FUNCTION", "LIST") == []


async def test_a_replica_runs_what_only_reads() -> None:
    writes = "#!lua\nreturn redis.call('SET', KEYS[1], 'x')"
    async with (
        FakeCluster(primaries=1, replicas=1) as cluster,
        RawConnection(cluster.replicas[0].host, cluster.replicas[0].port) as client,
    ):
        await client.call("READONLY")
        assert await evaluate(client, READ, "k") is None
        assert await evaluate(client, writes, "k") == Error(
            b"READONLY Can not run script with write flag on readonly replica."
        )
        refused = await evaluate(client, "return redis.call('SET', KEYS[1], 'x')", "k")
        assert isinstance(refused, Error)
        assert refused.text.startswith(b"READONLY You can't write against a read only replica. script: ")


async def test_in_a_cluster_a_script_keeps_to_the_slot_of_its_keys() -> None:
    async with FakeCluster(primaries=2) as cluster:
        here, other = cluster.owner_of("a"), "b"
        async with RawConnection(here.host, here.port) as client:
            assert await evaluate(client, "return redis.call('SET', KEYS[1], 'x')", "a") == Simple(b"OK")
            reply = await evaluate(client, f"return redis.call('SET', '{other}', 'x')", "a")
            assert isinstance(reply, Error)
            assert reply.text.startswith(b"ERR Script attempted to access a non local key in a cluster node")
            strict = await evaluate(client, "#!lua\nreturn redis.call('SET', '{a}b', 'x')", "a")
            assert strict == Simple(b"OK")
