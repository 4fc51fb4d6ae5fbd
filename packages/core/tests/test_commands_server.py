"""The typed commands on a server: connections, users, settings, memory, latency, commands, the whole of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta, timezone
from typing import Literal

import pytest
import pytest_asyncio

from packages.core.tests.typed import client_of, needs, needs_version, text_client_of
from packages.core.tests.waiting import until
from respool import Redis
from respool._client.replies.server import PrimaryRole, ReplicaRole
from respool.errors import AuthorizationError, ConnectionError, DataError, ResponseError, UnblockedError
from respool_testing import RealServer, ServerProcess


@pytest_asyncio.fixture
async def redis(real_server: ServerProcess, any_protocol: Literal[2, 3]) -> AsyncIterator[Redis[bytes]]:
    async with client_of(real_server, any_protocol) as redis:
        yield redis


# --- connections


async def test_signs_of_life(redis: Redis[bytes]) -> None:
    assert await redis.ping() == b"PONG"
    assert await redis.ping("hello") == b"hello"
    assert await redis.echo("hello") == b"hello"


async def test_a_connection_is_told(redis: Redis[bytes], any_protocol: Literal[2, 3]) -> None:
    id = await redis.client_id()
    told = await redis.client_info()
    assert (told["id"], told["cmd"]) == (str(id), "client|info")
    assert await redis.client_getname() is None
    assert await redis.client_getredir() == -1
    tracking = await redis.client_trackinginfo()
    assert (set(tracking.flags), tracking.redirect) == ({"off"}, -1)
    assert tracking.prefixes == []


async def test_connections_are_listed(redis: Redis[bytes]) -> None:
    id = await redis.client_id()
    assert [told["id"] for told in await redis.client_list(id)] == [str(id)]
    assert str(id) in [told["id"] for told in await redis.client_list(type="normal")]
    assert await redis.client_list(type="pubsub") == []


async def test_connections_are_listed_by_what_they_are(redis: Redis[bytes]) -> None:
    await needs(redis, "COMMANDLOG", why="Valkey >= 8.1")
    id = await redis.client_id()
    assert [told["id"] for told in await redis.client_list(id=[id], user="default", skipme=False)] == [
        str(id)
    ]
    assert await redis.client_list(user="default", addr="127.0.0.1:1") == []


async def test_connections_are_closed(redis: Redis[bytes], real_server: ServerProcess) -> None:
    async with Redis.from_url(real_server.url) as other:
        id = await other.client_id()
        assert await redis.client_kill(id=id, type="normal", user="default", skipme=True) == 1
        assert await redis.client_kill("127.0.0.1:1", laddr="127.0.0.1:1") == 0


async def test_connections_are_not_closed_by_oversight(redis: Redis[bytes]) -> None:
    with pytest.raises(DataError, match="say which"):
        await redis.client_kill()


async def test_old_connections_are_closed(redis: Redis[bytes]) -> None:
    await needs_version(redis, 7, 4)
    assert await redis.client_kill(maxage=100_000) == 0


async def test_a_wait_is_ended_from_outside(redis: Redis[bytes]) -> None:
    assert await redis.client_unblock(await redis.client_id()) is False
    wait = redis.blpop("none")
    assert await redis.client_unblock(await id_of_who_waits(redis)) is True
    assert await wait is None
    wait = redis.blpop("none")
    assert await redis.client_unblock(await id_of_who_waits(redis), error=True) is True
    with pytest.raises(UnblockedError):
        await wait


async def id_of_who_waits(redis: Redis[bytes]) -> int:
    """Return the id of the connection that is blocked, as soon as one is."""
    clients = await until(redis.client_list, lambda clients: any("b" in told["flags"] for told in clients))
    return next(int(told["id"]) for told in clients if "b" in told["flags"])


async def test_clients_pause(redis: Redis[bytes], real_server: ServerProcess) -> None:
    assert await redis.client_pause(timedelta(minutes=1), all=False) is True
    write = redis.set("k", "v")
    async with Redis.from_url(real_server.url) as other:
        assert await other.client_unpause() is True
    assert await write is True


# --- users


async def test_users_are_made_and_told(redis: Redis[bytes]) -> None:
    assert await redis.acl_setuser("ann", "on", ">secret", "~cache:*", "+get", "(%R~x +set)") is True
    ann = await redis.acl_getuser("ann")
    assert ann is not None
    assert "on" in ann.flags
    assert [len(password) for password in ann.passwords] == [64]
    assert (ann.rules.keys, ann.rules.commands) == ("~cache:*", "-@all +get")
    assert [selector.keys for selector in ann.selectors] == ["%R~x"]
    assert await redis.acl_getuser("none") is None
    assert sorted(await redis.acl_users()) == ["ann", "default"]
    assert [line.split()[1] for line in await redis.acl_list()] == ["ann", "default"]
    assert await redis.acl_deluser("ann", "none") == 1


async def test_who_may_do_what(redis: Redis[bytes]) -> None:
    assert await redis.acl_whoami() == "default"
    await redis.acl_setuser("ann", "on", "+get", "~*")
    assert await redis.acl_dryrun("ann", "get", "k") is None
    assert "permissions" in (await redis.acl_dryrun("ann", "set", "k", 1) or "")


async def test_categories_and_passwords(redis: Redis[bytes]) -> None:
    assert "string" in await redis.acl_cat()
    assert "getdel" in await redis.acl_cat("string")
    assert len(await redis.acl_genpass()) == 64
    assert len(await redis.acl_genpass(32)) == 8


async def test_denials_are_logged(redis: Redis[bytes], real_server: ServerProcess) -> None:
    assert await redis.acl_log_reset() is True
    await redis.acl_setuser("ann", "on", ">secret", "~*", "+get", "+hello", "+client")
    host = f"{real_server.host}:{real_server.port}"
    async with Redis.from_url(f"redis://ann:secret@{host}") as denied:
        with pytest.raises(AuthorizationError):
            await denied.set("k", 1)
    (entry,) = await redis.acl_log(1)
    assert (entry.times, entry.reason, entry.object, entry.username) == (1, "command", "set", "ann")
    assert (entry.client_info["user"], entry.age_seconds >= 0) == ("ann", True)


async def test_users_need_a_file_to_be_saved(redis: Redis[bytes]) -> None:
    with pytest.raises(ResponseError, match="ACL file"):
        await redis.acl_save()
    with pytest.raises(ResponseError, match="ACL file"):
        await redis.acl_load()


# --- settings


async def test_settings_are_read_and_changed(redis: Redis[bytes]) -> None:
    assert await redis.config_set("maxmemory", 0, "maxmemory-samples", 7) is True
    assert await redis.config_get("maxmemory-sa*") == {"maxmemory-samples": "7"}
    assert (await redis.config_get())["maxmemory"] == "0"
    assert await redis.config_resetstat() is True
    with pytest.raises(ResponseError, match="config file"):
        await redis.config_rewrite()


# --- memory


async def test_memory(redis: Redis[bytes]) -> None:
    await redis.set("k", "v" * 1000)
    assert (await redis.memory_usage("k", samples=0) or 0) > 1000
    assert await redis.memory_usage("none") is None
    assert await redis.memory_purge() is True
    assert await redis.memory_doctor()
    assert await redis.memory_malloc_stats()


async def test_figures_of_memory_are_numbers(redis: Redis[bytes]) -> None:
    await redis.set("k", "v")
    stats = await redis.memory_stats()
    assert stats["keys.count"] == 1.0
    assert stats["fragmentation"] > 0
    assert "db.0.overhead.hashtable.main" in stats


# --- latency


async def test_latency_of_commands(redis: Redis[bytes]) -> None:
    await redis.config_resetstat()
    await redis.set("k", "v")
    (told,) = (await redis.latency_histogram("set")).values()
    assert told.calls == 1
    assert list(told.microseconds.values()) == [1]


async def test_slow_events(redis: Redis[bytes], real_server: ServerProcess) -> None:
    assert await redis.latency_reset() >= 0
    assert await redis.latency_latest() == []
    await redis.config_set("latency-monitor-threshold", 1)
    await redis.execute_command("DEBUG", "SLEEP", 0.01)
    (event,) = [event for event in await redis.latency_latest() if event.name == "command"]
    assert event.maximum >= event.latest >= 10
    assert (event.time, event.latest) in await redis.latency_history("command")
    assert "command" in await redis.latency_graph("command")
    assert await redis.latency_doctor()
    assert await redis.latency_reset("command") == 1


async def test_slow_commands(redis: Redis[bytes]) -> None:
    assert await redis.slowlog_reset() is True
    await redis.config_set("slowlog-log-slower-than", 0)
    await redis.set("k", "v")
    await redis.config_set("slowlog-log-slower-than", -1)
    assert await redis.slowlog_len() == 2
    (logged,) = [each for each in await redis.slowlog_get(-1) if each.command[0] == b"SET"]
    assert (logged.command, logged.client_name) == ([b"SET", b"k", b"v"], "")
    assert len(await redis.slowlog_get()) == 2


async def test_large_commands(redis: Redis[bytes]) -> None:
    await needs(redis, "COMMANDLOG", why="Valkey >= 8.1")
    assert await redis.commandlog_reset("large-request") is True
    await redis.config_set("commandlog-request-larger-than", 1000)
    await redis.set("k", "v" * 2000)
    assert await redis.commandlog_len("large-request") == 1
    (logged,) = await redis.commandlog_get(-1, "large-request")
    assert (logged.command[:2], logged.amount > 2000) == ([b"SET", b"k"], True)


# --- commands and modules


async def test_commands_are_told(redis: Redis[bytes]) -> None:
    get, none, config = await redis.command_info("get", "none", "config")
    assert none is None
    assert get is not None
    assert (get.name, get.arity, get.first_key, get.last_key, get.key_step) == ("get", 2, 1, 1, 1)
    assert "readonly" in get.flags
    assert "@string" in get.categories
    assert config is not None
    assert "config|get" in [each.name for each in config.subcommands]


async def test_all_commands(redis: Redis[bytes]) -> None:
    commands = await redis.command()
    assert len(commands) == await redis.command_count()
    assert commands["mget"].tips == ["request_policy:multi_shard"]


async def test_commands_are_listed(redis: Redis[bytes]) -> None:
    assert "get" in await redis.command_list()
    assert await redis.command_list(pattern="xgroup") == ["xgroup"]
    assert "sadd" in await redis.command_list(category="set")
    assert await redis.command_list(module="none") == []
    with pytest.raises(DataError, match="category and pattern"):
        await redis.command_list(category="set", pattern="*")


async def test_commands_are_documented(redis: Redis[bytes]) -> None:
    docs = await redis.command_docs("hmset", "client")
    assert (docs["hmset"].group, docs["hmset"].deprecated_since) == ("hash", "4.0.0")
    assert "Returns" in docs["client"].subcommands["client|id"].summary


async def test_keys_of_a_command(redis: Redis[bytes]) -> None:
    assert await redis.command_getkeys("MSET", "a", 1, "b", 2) == [b"a", b"b"]
    assert await redis.command_getkeysandflags("GET", "a") == [(b"a", {"RO", "access"})]


async def test_modules(redis: Redis[bytes]) -> None:
    assert all(module.name for module in await redis.module_list())
    for attempt in (
        redis.module_load("/none.so", "arg"),
        redis.module_loadex("/none.so", options={"name": "value"}, args=["a"]),
        redis.module_unload("none"),
    ):
        with pytest.raises(ResponseError):
            await attempt


# --- the server


async def test_a_server_tells_of_itself(redis: Redis[bytes]) -> None:
    told = await redis.info("server", "keyspace")
    assert told["tcp_port"].isdigit()
    assert "used_memory" not in told
    assert "used_memory" in await redis.info()


async def test_clocks(redis: Redis[bytes]) -> None:
    seconds, microseconds = await redis.time()
    assert datetime.fromtimestamp(seconds, timezone.utc).year >= 2024
    assert 0 <= microseconds < 1_000_000
    assert (await redis.lastsave()).tzinfo is timezone.utc


async def test_databases(redis: Redis[bytes]) -> None:
    await redis.set("k", "v")
    assert await redis.dbsize() == 1
    assert await redis.swapdb(0, 1) is True
    assert await redis.dbsize() == 0
    assert await redis.flushdb(asynchronous=True) is True
    assert await redis.flushall() is True
    assert await redis.swapdb(0, 1) is True


async def test_art(redis: Redis[bytes]) -> None:
    assert "ver" in await redis.lolwut()
    assert "ver" in await redis.lolwut(5, 10, 5)


async def test_text_of_the_server_is_text_in_either_case(
    real_server: ServerProcess, any_protocol: Literal[2, 3]
) -> None:
    async with text_client_of(real_server, any_protocol) as redis:
        assert await redis.config_get("maxmemory") == {"maxmemory": "0"}
        assert (await redis.info("server"))["tcp_port"] == str(real_server.port)
        assert await redis.acl_whoami() == "default"
        assert await redis.memory_stats()


# --- what no other test may share a server with


@pytest_asyncio.fixture
async def own_server(real_server: ServerProcess) -> AsyncIterator[RealServer]:
    async with RealServer(real_server.binary) as server:
        yield server


async def test_snapshots(own_server: RealServer, any_protocol: Literal[2, 3]) -> None:
    async with client_of(own_server, any_protocol) as redis:
        assert await redis.save() is True
        assert "Background" in await redis.bgsave()
        assert "ackground" in await redis.bgrewriteaof()


async def test_replication(own_server: RealServer, any_protocol: Literal[2, 3]) -> None:
    async with (
        RealServer(own_server.binary) as other,
        client_of(own_server, any_protocol) as replica,
        client_of(other, any_protocol) as primary,
    ):
        assert await replica.role() == PrimaryRole(0, [])
        await primary.config_set("repl-diskless-sync-delay", 0)
        assert await replica.replicaof(other.host, other.port) is True
        seen = await until(primary.role, lambda role: isinstance(role, PrimaryRole) and bool(role.replicas))
        assert isinstance(seen, PrimaryRole)
        assert [each.port for each in seen.replicas] == [own_server.port]
        own = await until(replica.role, lambda role: getattr(role, "state", "") == "connected")
        assert isinstance(own, ReplicaRole)
        assert (own.host, own.port) == (other.host, other.port)
        assert await replica.replicaof_no_one() is True


async def test_a_failover_needs_a_replica(redis: Redis[bytes]) -> None:
    with pytest.raises(ResponseError, match="connected replicas"):
        await redis.failover()
    with pytest.raises(ResponseError, match="No failover"):
        await redis.failover(abort=True)
    with pytest.raises(DataError, match="force needs"):
        await redis.failover(force=True)


async def test_a_server_is_stopped(own_server: RealServer, any_protocol: Literal[2, 3]) -> None:
    async with client_of(own_server, any_protocol) as redis:
        with pytest.raises(ResponseError):
            await redis.shutdown(abort=True)
        with pytest.raises(ConnectionError):
            await redis.shutdown(save=False, now=True, force=True)
