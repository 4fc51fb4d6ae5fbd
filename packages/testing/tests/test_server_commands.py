"""What a server tells of itself, on a fake and on a real server."""

from __future__ import annotations

import pytest

from respool_testing import FakeServer, RawConnection, ServerProcess
from respool_testing.replies import OK, Error, Map, Reply, Set, Simple, Verbatim

Server = FakeServer | ServerProcess


def told(reply: Reply) -> dict[str, str]:
    """Read what INFO says, all sections as one."""
    text = reply.text if isinstance(reply, Verbatim) else reply
    assert isinstance(text, bytes)
    lines = [line for line in text.decode().split("\r\n") if line and not line.startswith("#")]
    return dict(line.split(":", 1) for line in lines)


async def test_info_names_version_and_role(any_client: RawConnection) -> None:
    info = told(await any_client.call("INFO"))
    assert info["redis_version"] in ("7.4.0", "7.0.15") or info["redis_version"][0].isdigit()
    assert (info["redis_mode"], info["role"], info["connected_slaves"]) == ("standalone", "master", "0")
    assert (info["loading"], info["cluster_enabled"]) == ("0", "0")


async def test_info_tells_only_the_section_asked_for(any_client: RawConnection) -> None:
    await any_client.call("HELLO", 3)
    await any_client.call("SET", "k", "v", "EX", 100)
    reply = await any_client.call("INFO", "keyspace")
    assert isinstance(reply, Verbatim)
    assert reply.text.startswith(b"# Keyspace\r\ndb0:keys=1,expires=1,avg_ttl=")
    assert await any_client.call("INFO", "nosuch") == Verbatim(b"")


async def test_role_of_a_server_alone(any_client: RawConnection) -> None:
    assert await any_client.call("ROLE") == [b"master", 0, []]


async def test_time_is_the_time_in_two_numbers(
    respool_server: FakeServer, respool_raw: RawConnection
) -> None:
    respool_server.clock.freeze(1234.5)
    assert await respool_raw.call("TIME") == [b"1234", b"500000"]


async def test_an_option_can_be_read_and_changed(any_client: RawConnection) -> None:
    before = await any_client.call("CONFIG", "GET", "maxmemory-policy")
    assert before == [b"maxmemory-policy", b"noeviction"]
    assert await any_client.call("CONFIG", "SET", "maxmemory-policy", "allkeys-lru") == OK
    assert await any_client.call("CONFIG", "GET", "MAXMEMORY-P*") == [b"maxmemory-policy", b"allkeys-lru"]
    assert await any_client.call("CONFIG", "SET", "maxmemory-policy", "noeviction") == OK
    assert await any_client.call("CONFIG", "GET", "nosuch") == []


@pytest.mark.parametrize(
    ("request_line", "complaint"),
    [
        ("CONFIG SET nosuch 1", "ERR Unknown option or number of arguments for CONFIG SET - 'nosuch'"),
        ("CONFIG SET hz 10 hz", "ERR syntax error"),
        (
            "CONFIG SET databases 5",
            "ERR CONFIG SET failed (possibly related to argument 'databases') - can't set immutable config",
        ),
        (
            "CONFIG SET hz x",
            "ERR CONFIG SET failed (possibly related to argument 'hz') - "
            "argument couldn't be parsed into an integer",
        ),
        ("CONFIG FOO", "ERR unknown subcommand 'FOO'. Try CONFIG HELP."),
    ],
)
async def test_bad_options_are_refused(any_client: RawConnection, request_line: str, complaint: str) -> None:
    assert await any_client.call(*request_line.split()) == Error.of(complaint)


async def test_a_password_set_later_holds_for_newcomers(
    respool_server: FakeServer, respool_raw: RawConnection
) -> None:
    await respool_raw.call("CONFIG", "SET", "requirepass", "secret")
    async with RawConnection(respool_server.host, respool_server.port) as newcomer:
        assert await newcomer.call("PING") == Error.of("NOAUTH Authentication required.")
        assert await newcomer.call("AUTH", "secret") == OK


async def test_a_full_server_turns_newcomers_away(
    any_client: RawConnection, any_server: FakeServer | ServerProcess
) -> None:
    await any_client.call("CONFIG", "SET", "maxclients", 1)
    async with RawConnection(any_server.host, any_server.port) as newcomer:
        assert await newcomer.rest() == b"-ERR max number of clients reached\r\n"
    await any_client.call("CONFIG", "SET", "maxclients", 1000)


async def test_command_info_describes_one_command(any_client: RawConnection) -> None:
    await any_client.call("HELLO", 3)
    reply = await any_client.call("COMMAND", "INFO", "get", "nosuch")
    assert isinstance(reply, list)
    assert reply[1] is None
    name, arity, flags, first, last, step, categories = reply[0][:7]
    assert (name, arity, first, last, step) == (b"get", 2, 1, 1, 1)
    assert isinstance(flags, Set)
    assert set(flags.members) == {Simple(b"readonly"), Simple(b"fast")}
    assert isinstance(categories, Set)
    assert {Simple(b"@read"), Simple(b"@string"), Simple(b"@fast")} == set(categories.members)


async def test_unknown_commands_have_no_info(any_client: RawConnection) -> None:
    assert await any_client.call("COMMAND", "INFO", "nosuch", "client|nosuch") == [None, None]


async def test_command_list_can_be_filtered(any_client: RawConnection) -> None:
    names = await any_client.call("COMMAND", "LIST", "FILTERBY", "PATTERN", "getd*")
    assert names == [b"getdel"]
    names = await any_client.call("COMMAND", "LIST", "FILTERBY", "ACLCAT", "transaction")
    assert isinstance(names, list)
    assert set(names) == {b"multi", b"exec", b"discard", b"watch", b"unwatch"}


@pytest.mark.parametrize(
    ("request_line", "keys"),
    [
        ("GET a", [b"a"]),
        ("MSET a 1 b 2", [b"a", b"b"]),
        ("BLPOP a b 0", [b"a", b"b"]),
        ("LMPOP 2 a b LEFT", [b"a", b"b"]),
        ("BLMPOP 0 1 a LEFT", [b"a"]),
        ("OBJECT ENCODING a", [b"a"]),
        ("PING x", Error.of("ERR The command has no key arguments")),
        ("NOSUCH x", Error.of("ERR Invalid command specified")),
        ("GET a b", Error.of("ERR Invalid number of arguments specified for command")),
    ],
)
async def test_getkeys_finds_the_keys(any_client: RawConnection, request_line: str, keys: Reply) -> None:
    assert await any_client.call("COMMAND", "GETKEYS", *request_line.split()) == keys


async def test_command_docs_tell_the_group(any_client: RawConnection) -> None:
    await any_client.call("HELLO", 3)
    reply = await any_client.call("COMMAND", "DOCS", "incr")
    assert isinstance(reply, Map)
    ((name, documented),) = reply.pairs
    assert isinstance(documented, Map)
    assert (name, dict(documented.pairs)[b"group"]) == (b"incr", b"string")


def summary(command: Reply) -> dict[Reply, tuple[Reply, ...]]:
    """Reduce what COMMAND says of a command, and of its subcommands, to what can be compared."""
    assert isinstance(command, list)
    name, arity, flags, first, last, step, categories, _, _, subcommands = command
    assert isinstance(flags, list)
    assert isinstance(categories, list)
    assert isinstance(subcommands, list)
    told: dict[Reply, tuple[Reply, ...]] = {
        name: (arity, first, last, step, sorted(map(str, flags + categories)))
    }
    for each in subcommands:
        told |= summary(each)
    return told


async def test_every_command_is_described_as_the_real_server_does(real_server: ServerProcess) -> None:
    async with FakeServer(version="7.0.15") as fake:
        told = {}
        for server in (fake, real_server):
            async with RawConnection(server.host, server.port) as client:
                commands = await client.call("COMMAND")
                assert isinstance(commands, list)
                told[server] = {name: each for command in commands for name, each in summary(command).items()}
    ours, theirs = told[fake], told[real_server]
    assert {name: theirs.get(name) for name in ours} == ours
