"""The contract of a connection's session: what it tells the server of itself, connect, disconnect, callbacks.

On every server, transport and protocol; what a server knows of us is asked of the server.
"""

from __future__ import annotations

import asyncio

import pytest

from packages.core.tests.contract import Connect, Protocol, ask, kill, seen
from respool import BaseConnection, ConnectionError, DataError, ResponseError
from respool.errors import AuthenticationFailureError, AuthenticationRequiredError, RedisError
from respool_testing import Endpoint, RawConnection

# --- what it tells of itself


async def test_the_server_speaks_the_protocol_asked_for(
    any_connect: Connect, any_witness: RawConnection, any_endpoint: Endpoint, any_protocol: Protocol
) -> None:
    connection = any_connect()
    assert connection.protocol_version == any_protocol
    await ask(connection, b"HSET", "hash", "field", "value")
    pairs = await ask(connection, b"HGETALL", "hash")
    assert pairs == ({b"field": b"value"} if any_protocol == 3 else [b"field", b"value"])
    if any_endpoint.version >= (7,):  # which is when servers began to tell
        assert (await seen(any_witness, connection))["resp"] == str(any_protocol)


async def test_without_a_choice_it_is_the_third_protocol(any_endpoint: Endpoint) -> None:
    connection = any_endpoint.connection_class(**any_endpoint.options)  # type: ignore[arg-type]
    assert connection.protocol_version == 3
    assert (connection.requests_pending, connection.client_id, connection.is_connected) == (0, None, False)


@pytest.mark.parametrize("version", [1, 4, "3", None])
async def test_other_protocols_are_refused(any_connect: Connect, version: object) -> None:
    with pytest.raises(DataError, match="protocol_version"):
        any_connect(protocol_version=version)


async def test_the_server_knows_its_id(any_connect: Connect, any_witness: RawConnection) -> None:
    connection = any_connect()
    assert connection.client_id is None
    await connection.connect()
    assert (await seen(any_witness, connection))["id"] == str(connection.client_id)
    connection.disconnect()
    assert connection.client_id is None


@pytest.mark.parametrize("db", [None, 0, 1, 15])
async def test_it_works_in_its_database(
    any_connect: Connect, any_witness: RawConnection, db: int | None
) -> None:
    connection = any_connect(db=db)
    await ask(connection, b"SET", "k", "v")
    assert (await seen(any_witness, connection))["db"] == str(db or 0)
    await any_witness.call("SELECT", db or 0)
    assert await any_witness.call("GET", "k") == b"v"


async def test_a_database_that_is_not_there_refuses_the_connection(any_connect: Connect) -> None:
    connection = any_connect(db=99)
    for _ in range(2):  # once more: nothing may have run in database 0 meanwhile
        with pytest.raises(ResponseError, match="SELECT"):
            await connection.create_request(b"SET", "k", "v")
        assert not connection.is_connected
    assert await ask(any_connect(), b"EXISTS", "k") == 0


@pytest.mark.parametrize("name", [None, "billing:7"])
async def test_it_has_its_name(any_connect: Connect, any_witness: RawConnection, name: str | None) -> None:
    connection = any_connect(client_name=name)
    assert await ask(connection, b"CLIENT GETNAME", decode=True) == name
    assert (await seen(any_witness, connection))["name"] == (name or "")


async def test_a_name_the_server_does_not_take_refuses_the_connection(any_connect: Connect) -> None:
    connection = any_connect(client_name="two words")
    with pytest.raises(RedisError, match="HELLO"):
        await connection.connect()
    assert not connection.is_connected


async def test_the_server_knows_the_library(
    any_connect: Connect, any_witness: RawConnection, any_endpoint: Endpoint
) -> None:
    connection = any_connect()
    await connection.connect()
    told = await seen(any_witness, connection)
    assert told.get("lib-name") == ("respool" if any_endpoint.version >= (7, 2) else None)


@pytest.mark.parametrize(
    ("option", "since", "mark"),
    [("noevict", (7, 0), "e"), ("notouch", (7, 2), "T")],
    ids=["noevict", "notouch"],
)
async def test_it_is_marked_as_it_wishes(
    any_connect: Connect,
    any_witness: RawConnection,
    any_endpoint: Endpoint,
    option: str,
    since: tuple[int, ...],
    mark: str,
) -> None:
    connection = any_connect(**{option: True})
    if any_endpoint.version >= since:
        await connection.connect()
        assert mark in (await seen(any_witness, connection))["flags"]
    else:
        with pytest.raises(RedisError, match=f"NO-{option[2:].upper()}"):
            await connection.connect()
        assert not connection.is_connected


async def test_unasked_it_is_not_marked(any_connect: Connect, any_witness: RawConnection) -> None:
    connection = any_connect()
    await connection.connect()
    flags = (await seen(any_witness, connection))["flags"]
    assert not {"e", "T"} & set(flags)


# --- who it is


async def test_it_comes_as_its_user(
    any_connect: Connect, any_endpoint: Endpoint, any_witness: RawConnection
) -> None:
    any_endpoint.add_user("ann", "sécret:/@")
    connection = any_connect(username="ann", password="sécret:/@", client_name="ann's", db=2)
    await connection.connect()
    told = await seen(any_witness, connection)
    assert (told["user"], told["name"], told["db"]) == ("ann", "ann's", "2")


async def test_a_password_alone_is_the_default_users(
    any_connect: Connect, any_witness: RawConnection
) -> None:
    await any_witness.call("CONFIG", "SET", "requirepass", "secret")
    assert await ask(any_connect(password="secret"), b"PING") == b"PONG"


async def test_a_wrong_password_is_refused_and_never_told(
    any_connect: Connect, any_endpoint: Endpoint
) -> None:
    any_endpoint.add_user("ann", "right")
    connection = any_connect(username="ann", password="wrong-secret")
    for _ in range(2):
        with pytest.raises(AuthenticationFailureError, match="WRONGPASS") as refused:
            await connection.create_request(b"PING")
        assert "wrong-secret" not in str(refused.value) + repr(connection)
        assert not connection.is_connected


async def test_without_the_password_it_is_told_what_is_missing(
    any_connect: Connect, any_witness: RawConnection
) -> None:
    await any_witness.call("CONFIG", "SET", "requirepass", "secret")
    connection = any_connect()
    with pytest.raises(AuthenticationRequiredError, match="password"):
        await connection.connect()
    assert not connection.is_connected


# --- without replies


async def test_a_connection_without_replies_answers_none_at_once(
    any_connect: Connect, any_witness: RawConnection
) -> None:
    connection = any_connect(noreply=True)
    requests = [await connection.create_request(b"RPUSH", "list", number) for number in range(100)]
    assert await asyncio.gather(*requests) == [None] * 100
    assert await ask(connection, b"NOSUCH") is None
    await ask(connection, b"RPUSH", "done", "x")
    await any_witness.call("BLPOP", "done", 5)
    assert await any_witness.call("LLEN", "list") == 100
    assert connection.requests_pending == 0


async def test_a_connection_without_replies_is_introduced_all_the_same(
    any_connect: Connect, any_witness: RawConnection
) -> None:
    connection = any_connect(noreply=True, db=3, client_name="quiet")
    await connection.connect()
    told = await seen(any_witness, connection)
    assert (told["name"], told["db"]) == ("quiet", "3")


# --- connect and disconnect


async def test_it_is_connected_from_connect_to_disconnect(any_connect: Connect) -> None:
    connection = any_connect()
    states = [connection.is_connected]
    await connection.connect()
    states.append(connection.is_connected)
    connection.disconnect()
    assert [*states, connection.is_connected] == [False, True, False]


async def test_connecting_again_changes_nothing(any_connect: Connect) -> None:
    connection = any_connect()
    await connection.connect()
    before = connection.client_id
    await connection.connect()
    assert connection.client_id == before


async def test_connecting_from_many_sides_opens_one_socket(
    any_connect: Connect, any_witness: RawConnection
) -> None:
    connection = any_connect(client_name="one")
    await asyncio.gather(*(connection.connect() for _ in range(10)), ask(connection, b"PING"))
    told = await any_witness.call("CLIENT", "LIST")
    assert isinstance(told, bytes)
    assert told.count(b"name=one ") == 1


async def test_it_connects_again_as_it_was(any_connect: Connect, any_witness: RawConnection) -> None:
    connection = any_connect(db=4, client_name="again")
    await connection.connect()
    before = connection.client_id
    connection.disconnect()
    await ask(connection, b"SET", "k", "v")
    told = await seen(any_witness, connection)
    assert (told["db"], told["name"]) == ("4", "again")
    assert connection.client_id != before


async def test_it_connects_again_after_the_server_hung_up(
    any_connect: Connect, any_witness: RawConnection
) -> None:
    connection = any_connect(db=4)
    pending = await connection.create_request(b"BLPOP", "list", 0)
    await asyncio.sleep(0)  # written in the next tick
    await kill(any_witness, connection)
    with pytest.raises(ConnectionError):
        await pending
    assert not connection.is_connected
    assert await ask(connection, b"PING") == b"PONG"
    assert (await seen(any_witness, connection))["db"] == "4"


async def test_disconnecting_fails_each_request_with_an_error_of_its_own(any_connect: Connect) -> None:
    connection = any_connect()
    await connection.connect()
    pending = [await connection.create_request(b"BLPOP", f"list{at}", 0) for at in range(3)]
    await asyncio.sleep(0)
    connection.disconnect()
    errors = await asyncio.gather(*pending, return_exceptions=True)
    assert [type(error) for error in errors] == [ConnectionError] * 3
    assert len(set(map(id, errors))) == 3
    assert connection.requests_pending == 0


async def test_disconnecting_what_is_not_connected_does_nothing(any_connect: Connect) -> None:
    connection = any_connect()
    connection.disconnect()
    await connection.connect()
    connection.disconnect()
    connection.disconnect()


async def test_a_server_that_is_not_there_is_named(any_endpoint: Endpoint, any_connect: Connect) -> None:
    nowhere: dict[str, object] = {"port": 1}
    if any_endpoint.transport == "unix":
        nowhere = {"path": any_endpoint.path + ".gone"}
    connection = any_connect(**nowhere)
    with pytest.raises(ConnectionError, match=r"cannot connect to .*(:1|gone)"):
        await connection.connect()


async def test_repr_tells_address_database_and_state(any_connect: Connect, any_endpoint: Endpoint) -> None:
    connection = any_connect(db=2, password="secret")
    where = any_endpoint.path if any_endpoint.transport == "unix" else str(any_endpoint.port)
    assert where in repr(connection)
    assert "db=2" in repr(connection)
    assert "secret" not in repr(connection)


# --- connect callbacks


async def test_callbacks_run_in_order_after_every_connect(any_connect: Connect) -> None:
    connection = any_connect()
    called: list[str] = []

    async def first(given: BaseConnection) -> None:
        assert given is connection
        called.append(f"first {(await ask(given, b'ECHO', 'x'))!r}")

    def second(given: BaseConnection) -> None:
        assert given is connection
        called.append("second")

    connection.register_connect_callback(first)
    connection.register_connect_callback(second)
    for times in (1, 2):
        await connection.connect()
        assert called == ["first b'x'", "second"] * times
        connection.disconnect()


async def test_callbacks_come_before_anything_else(any_connect: Connect) -> None:
    connection = any_connect()

    async def prepare(given: BaseConnection) -> None:
        await ask(given, b"SELECT", 5)
        await ask(given, b"SET", "k", "prepared")

    connection.register_connect_callback(prepare)
    reads = await asyncio.gather(*(ask(connection, b"GET", "k") for _ in range(5)))
    assert reads == [b"prepared"] * 5


async def test_what_a_callback_raises_fails_the_connect(any_connect: Connect) -> None:
    connection = any_connect()
    connection.register_connect_callback(lambda _: 1 / 0)
    with pytest.raises(ConnectionError, match="division by zero") as failed:
        await connection.connect()
    assert isinstance(failed.value.__cause__, ZeroDivisionError)
    assert not connection.is_connected


async def test_callbacks_can_be_cleared(any_connect: Connect) -> None:
    connection = any_connect()
    connection.register_connect_callback(lambda _: 1 / 0)
    connection.clear_connect_callbacks()
    await connection.connect()
    assert connection.is_connected
