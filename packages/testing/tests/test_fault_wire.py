"""Faults as a client meets them on its socket."""

from __future__ import annotations

import asyncio

import pytest

from respool_testing import FakeServer, Faults, RawConnection
from respool_testing._certificate import Certificate
from respool_testing.faults import Action, DropConnection, Exchange, ReplyWith, SendRaw
from respool_testing.replies import OK, PONG, Error, Push


async def test_a_reset_is_one_for_the_client(respool_server: FakeServer, respool_faults: Faults) -> None:
    respool_faults.on("PING").reset()
    reader, writer = await asyncio.open_connection(respool_server.host, respool_server.port)
    writer.write(b"PING\r\n")
    with pytest.raises(ConnectionResetError):
        await reader.read()
    writer.close()


async def test_a_throttled_reply_takes_its_time_on_the_clock(
    respool_server: FakeServer, respool_faults: Faults, respool_raw: RawConnection
) -> None:
    respool_server.clock.freeze()
    fault = respool_faults.on("ECHO").throttle(100)
    respool_raw.send("ECHO", "0123456789")  # 17 bytes with what is round it
    await respool_server.until(lambda: fault.hits == 1)
    respool_server.clock.advance(0.10)
    assert await respool_raw.read_bytes(10) == b"$10\r\n01234"
    respool_server.clock.advance(0.07)
    assert await respool_raw.read_bytes(7) == b"56789\r\n"


async def test_a_swallowed_reply_shifts_those_after_it(
    respool_faults: Faults, respool_raw: RawConnection
) -> None:
    respool_faults.on("ECHO", "one").swallow()
    respool_faults.on("ECHO", "two").repeat()
    for word in ("one", "two", "three"):
        respool_raw.send("ECHO", word)
    assert [await respool_raw.reply() for _ in range(3)] == [b"two", b"two", b"three"]


async def test_a_reply_may_come_out_of_order(
    respool_server: FakeServer, respool_faults: Faults, respool_raw: RawConnection
) -> None:
    respool_server.clock.freeze()
    respool_faults.on("ECHO", "late").postpone(1)
    respool_raw.send("ECHO", "late")
    respool_raw.send("ECHO", "early")
    assert await respool_raw.reply() == b"early"
    respool_server.clock.advance(1)
    assert await respool_raw.reply() == b"late"


async def test_a_message_may_come_out_of_order(
    respool_server: FakeServer, respool_faults: Faults, respool_raw: RawConnection
) -> None:
    respool_server.clock.freeze()
    respool_faults.on_push("message", "news").postpone(1)
    await respool_raw.call("HELLO", 3)
    for channel in ("news", "other"):
        respool_raw.send("SUBSCRIBE", channel)
        await respool_raw.push()
    for channel in ("news", "other"):
        await respool_raw.call("PUBLISH", channel, "hi")
    assert await respool_raw.push() == Push([b"message", b"other", b"hi"])
    respool_server.clock.advance(1)
    assert await respool_raw.push() == Push([b"message", b"news", b"hi"])


async def test_a_message_may_push_itself_in_front(respool_faults: Faults, respool_raw: RawConnection) -> None:
    respool_faults.on("PING").push_first("invalidate", "k")
    await respool_raw.call("HELLO", 3)
    assert await respool_raw.call("PING") == PONG
    assert respool_raw.pushes == [Push([b"invalidate", b"k"])]


async def test_a_full_server_says_so_and_hangs_up(respool_server: FakeServer, respool_faults: Faults) -> None:
    respool_faults.on_connect().max_clients()
    async with RawConnection(respool_server.host, respool_server.port) as client:
        assert await client.rest() == b"-ERR max number of clients reached\r\n"


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("loading", "LOADING"),
        ("readonly", "READONLY"),
        ("out_of_memory", "OOM"),
        ("primary_down", "MASTERDOWN"),
        ("cluster_down", "CLUSTERDOWN"),
        ("moved", "MOVED"),
        ("ask", "ASK"),
    ],
)
async def test_what_servers_refuse_with_has_a_name(
    respool_server: FakeServer, respool_faults: Faults, respool_raw: RawConnection, name: str, code: str
) -> None:
    getattr(respool_faults.on("SET"), name)()
    refusal = await respool_raw.call("SET", "k", "v")
    assert isinstance(refusal, Error)
    assert refusal.code == code
    respool_server.log.assert_not_called("SET")


async def test_a_redirection_loops_unless_it_is_told_where_to(
    respool_server: FakeServer, respool_faults: Faults, respool_raw: RawConnection
) -> None:
    respool_faults.on("GET").moved()
    here = f"{respool_server.host}:{respool_server.port}"
    assert await respool_raw.call("GET", "foo") == Error.of(f"MOVED 12182 {here}")


async def test_an_interceptor_decides_on_each_request(
    respool_faults: Faults, respool_raw: RawConnection
) -> None:
    def refuse_admins(asked: Exchange) -> Action | None:
        return ReplyWith(Error.of("NOPERM")) if asked.client_name == "admin" else None

    respool_faults.on("SET").intercept(refuse_admins)
    assert await respool_raw.call("SET", "k", "v") == OK
    await respool_raw.call("CLIENT", "SETNAME", "admin")
    assert await respool_raw.call("SET", "k", "v") == Error.of("NOPERM")


async def test_an_interceptor_may_change_the_reply(
    respool_faults: Faults, respool_raw: RawConnection
) -> None:
    respool_faults.on("ECHO").intercept(lambda asked: SendRaw(asked.reply.upper()), when="after_execute")
    assert await respool_raw.call("ECHO", "quiet") == b"QUIET"


async def test_an_interceptor_may_end_the_connection(
    respool_faults: Faults, respool_raw: RawConnection
) -> None:
    respool_faults.on("ECHO").intercept(lambda asked: DropConnection())
    respool_raw.send("ECHO", "x")
    assert await respool_raw.rest() == b""


async def test_a_closed_port_refuses_while_clients_stay(
    respool_server: FakeServer, respool_raw: RawConnection
) -> None:
    await respool_raw.call("PING")
    async with respool_server.refusing_connections():
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection(respool_server.host, respool_server.port)
        assert await respool_raw.call("PING") == PONG
    async with RawConnection(respool_server.host, respool_server.port) as back:
        assert await back.call("PING") == PONG


async def test_a_tls_handshake_can_be_slow(respool_certificate: Certificate | None) -> None:
    if respool_certificate is None:
        pytest.skip("needs trustme")
    async with FakeServer(tls=respool_certificate.served) as server:
        server.clock.freeze()
        slow = server.faults.on_handshake().delay(3)
        connecting = asyncio.ensure_future(
            asyncio.open_connection(server.host, server.port, ssl=respool_certificate.trust)
        )
        await server.until(lambda: slow.hits == 1)
        server.clock.advance(3)
        _, writer = await connecting
        writer.close()
        await writer.wait_closed()


@pytest.mark.parametrize("how", ["drop_connection", "reset"])
async def test_a_tls_handshake_can_fail(respool_certificate: Certificate | None, how: str) -> None:
    if respool_certificate is None:
        pytest.skip("needs trustme")
    async with FakeServer(tls=respool_certificate.served) as server:
        getattr(server.faults.on_handshake(), how)()
        with pytest.raises(ConnectionError):
            await asyncio.open_connection(server.host, server.port, ssl=respool_certificate.trust)


async def test_a_hung_tls_handshake_ends_with_the_server(respool_certificate: Certificate | None) -> None:
    if respool_certificate is None:
        pytest.skip("needs trustme")
    async with FakeServer(tls=respool_certificate.served) as server:
        hung = server.faults.on_handshake().hang()
        connecting = asyncio.ensure_future(
            asyncio.open_connection(server.host, server.port, ssl=respool_certificate.trust)
        )
        await server.until(lambda: hung.hits == 1)
        assert not connecting.done()
    with pytest.raises(ConnectionError):
        await connecting


async def test_a_client_that_speaks_no_tls_is_turned_away(respool_certificate: Certificate | None) -> None:
    if respool_certificate is None:
        pytest.skip("needs trustme")
    async with FakeServer(tls=respool_certificate.served) as server:
        async with RawConnection(server.host, server.port) as client:
            client.send("PING")
            assert b"PONG" not in await client.rest()
        assert not server.connections


async def test_a_steerable_server_takes_faults_from_its_clients() -> None:
    async with FakeServer(steerable=True) as server, RawConnection(server.host, server.port) as client:
        assert await client.call("FAULT", *["on", "GET", "do", "reply_error", "LOADING", "times=1"]) == OK
        assert await client.call("GET", "k") == Error.of("LOADING")
        listed = b"ReplyWith(reply=Error(text=b'LOADING')) on GET 1 times, before_execute: 1 hits of 1"
        assert await client.call("FAULT", "LIST") == [listed]
        assert await client.call("FAULT", "CLEAR") == OK
        assert await client.call("FAULT", "LIST") == []
        assert isinstance(await client.call("FAULT", "nonsense"), Error)
        assert isinstance(await client.call("FAULT"), list)


async def test_other_servers_do_not_know_the_command_fault(respool_raw: RawConnection) -> None:
    refusal = await respool_raw.call("FAULT", "LIST")
    assert isinstance(refusal, Error)
    assert refusal.text.startswith(b"ERR unknown command 'FAULT'")
