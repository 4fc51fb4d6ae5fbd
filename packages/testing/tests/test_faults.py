"""What goes wrong when it is told to."""

from __future__ import annotations

import pytest

from respool_testing import FakeServer, Faults, RawConnection
from respool_testing.replies import OK, PONG, Error, Map


async def test_a_connection_dropped_before_execution_leaves_nothing_done(
    respool_server: FakeServer, respool_faults: Faults, respool_raw: RawConnection
) -> None:
    respool_faults.on("INCR").drop_connection()
    respool_raw.send("INCR", "n")
    assert await respool_raw.rest() == b""
    respool_server.log.assert_not_called("INCR")


async def test_a_connection_dropped_after_execution_leaves_the_work_done(
    respool_server: FakeServer, respool_faults: Faults, respool_raw: RawConnection
) -> None:
    respool_faults.on("INCR").drop_connection(when="after_execute")
    respool_raw.send("INCR", "n")
    assert await respool_raw.rest() == b""
    assert respool_server.db[0]["n"] == b"1"


async def test_a_fault_strikes_when_how_often_and_where_it_is_told(
    respool_faults: Faults, respool_raw: RawConnection
) -> None:
    fault = respool_faults.on("SET", key="x:*").after(1).reply_error("OOM no memory").times(2)
    lines = ["SET y:1 v", "SET x:1 v", "SET x:2 v", "GET x:2", "SET x:3 v", "SET x:4 v"]
    replies = [await respool_raw.call(*line.split()) for line in lines]
    oom = Error.of("OOM no memory")
    assert replies == [OK, OK, oom, None, oom, OK]
    assert (fault.hits, fault.seen) == (2, 4)


async def test_a_fault_can_mean_clients_by_name(
    respool_server: FakeServer, respool_faults: Faults, respool_raw: RawConnection
) -> None:
    respool_faults.on("PING", client="worker-*").reply_error("ERR broken")
    await respool_raw.call("CLIENT", "SETNAME", "worker-1")
    assert await respool_raw.call("PING") == Error.of("ERR broken")
    async with RawConnection(respool_server.host, respool_server.port) as other:
        assert await other.call("PING") == PONG


async def test_a_reply_can_be_anything_a_server_could_say(
    respool_faults: Faults, respool_raw: RawConnection
) -> None:
    respool_faults.on("GET").reply_with(Map.of(not_a=b"string"))
    await respool_raw.call("HELLO", 3)
    assert await respool_raw.call("GET", "k") == Map.of(not_a=b"string")


async def test_a_wrong_reply_can_follow_the_work(
    respool_server: FakeServer, respool_faults: Faults, respool_raw: RawConnection
) -> None:
    respool_faults.on("SET").reply_error("ERR lie", when="after_execute")
    assert await respool_raw.call("SET", "k", "v") == Error.of("ERR lie")
    assert respool_server.db[0]["k"] == b"v"


async def test_a_delay_before_execution_passes_with_the_clock(
    respool_server: FakeServer, respool_faults: Faults, respool_raw: RawConnection
) -> None:
    respool_server.clock.freeze()
    fault = respool_faults.on("SET").delay(5)
    respool_raw.send("SET", "k", "v")
    respool_raw.send("GET", "k")
    await respool_server.until(lambda: fault.hits == 1)
    respool_server.clock.advance(4.9)
    assert len(respool_server.log) == 0
    respool_server.clock.advance(0.1)
    assert [await respool_raw.reply(), await respool_raw.reply()] == [OK, b"v"]


async def test_a_delayed_reply_holds_back_what_comes_after_it(
    respool_server: FakeServer, respool_faults: Faults, respool_raw: RawConnection
) -> None:
    respool_server.clock.freeze()
    respool_faults.on("INCR").delay(5, when="after_execute").times(1)
    respool_raw.send("INCR", "n")
    respool_raw.send("INCR", "n")
    await respool_server.until(lambda: len(respool_server.log.calls("INCR")) == 1)
    respool_server.clock.advance(5)
    assert [await respool_raw.reply(), await respool_raw.reply()] == [1, 2]


async def test_a_delayed_command_runs_although_its_client_left(
    respool_server: FakeServer, respool_faults: Faults
) -> None:
    respool_server.clock.freeze()
    fault = respool_faults.on("SET").delay(5)
    async with RawConnection(respool_server.host, respool_server.port) as client:
        client.send("SET", "k", "v")
        await respool_server.until(lambda: fault.hits == 1)
    await respool_server.until(lambda: not respool_server.connections)
    respool_server.clock.advance(5)
    assert respool_server.db[0]["k"] == b"v"


async def test_a_delayed_command_does_not_outlive_its_server(respool_server: FakeServer) -> None:
    respool_server.clock.freeze()
    fault = respool_server.faults.on("SET").delay(5)
    async with RawConnection(respool_server.host, respool_server.port) as client:
        client.send("SET", "k", "v")
        await respool_server.until(lambda: fault.hits == 1)
        await respool_server.restart()
    respool_server.clock.advance(5)
    assert "k" not in respool_server.db[0]


async def test_a_hung_connection_says_nothing_while_others_go_on(
    respool_server: FakeServer, respool_faults: Faults, respool_raw: RawConnection
) -> None:
    fault = respool_faults.on("GET").hang()
    async with RawConnection(respool_server.host, respool_server.port) as hung:
        hung.send("GET", "k")
        hung.send("PING")
        await respool_server.until(lambda: fault.hits == 1)
        assert await respool_raw.call("PING") == PONG
        assert len(respool_server.connections) == 2
    respool_server.log.assert_called("PING", times=1)


async def test_a_new_connection_can_be_dropped_hung_or_delayed(
    respool_server: FakeServer, respool_faults: Faults
) -> None:
    respool_faults.on_connect().drop_connection().times(1)
    async with RawConnection(respool_server.host, respool_server.port) as dropped:
        assert await dropped.rest() == b""
    respool_server.clock.freeze()
    late = respool_faults.on_connect().delay(3)
    async with RawConnection(respool_server.host, respool_server.port) as client:
        client.send("PING")
        await respool_server.until(lambda: late.hits == 1)
        assert len(respool_server.log) == 0
        respool_server.clock.advance(3)
        assert await client.reply() == PONG


@pytest.mark.parametrize("size", [1, 2, 7, 100])
async def test_a_reply_in_pieces_is_still_the_reply(
    respool_faults: Faults, respool_raw: RawConnection, size: int
) -> None:
    respool_faults.on("ECHO").fragment(size)
    respool_raw.send("ECHO", "hello")
    respool_raw.send("PING")
    assert [await respool_raw.reply(), await respool_raw.reply()] == [b"hello", PONG]


async def test_half_a_reply_is_followed_by_nothing(
    respool_faults: Faults, respool_raw: RawConnection
) -> None:
    respool_faults.on("ECHO").half_reply(then="drop_connection")
    respool_raw.send("ECHO", "hello")
    assert await respool_raw.rest() == b"$5\r\nh"


async def test_half_a_reply_may_leave_the_connection_hanging(
    respool_server: FakeServer, respool_faults: Faults, respool_raw: RawConnection
) -> None:
    respool_faults.on("ECHO").half_reply()
    respool_raw.send("ECHO", "hello")
    assert await respool_raw.read_bytes(5) == b"$5\r\nh"
    assert len(respool_server.connections) == 1


async def test_faults_act_one_after_the_other(
    respool_server: FakeServer, respool_faults: Faults, respool_raw: RawConnection
) -> None:
    respool_server.clock.freeze()
    delayed = respool_faults.on("PING").delay(1)
    respool_faults.on("PING").reply_error("LOADING wait")
    respool_raw.send("PING")
    await respool_server.until(lambda: delayed.hits == 1)
    respool_server.clock.advance(1)
    assert await respool_raw.reply() == Error.of("LOADING wait")


async def test_the_reply_of_a_command_that_waited_can_be_lost(
    respool_server: FakeServer, respool_faults: Faults, respool_raw: RawConnection
) -> None:
    respool_faults.on("BLPOP").drop_connection(when="after_execute")
    async with RawConnection(respool_server.host, respool_server.port) as waiter:
        waiter.send("BLPOP", "q", 0)
        await respool_server.until(lambda: any(each.blocked for each in respool_server.connections))
        await respool_raw.call("RPUSH", "q", "lost")
        assert await waiter.rest() == b""
    assert "q" not in respool_server.db[0]


async def test_a_fault_lasts_as_long_as_its_block(respool_faults: Faults, respool_raw: RawConnection) -> None:
    with respool_faults.on("PING").reply_error("ERR broken") as fault:
        assert await respool_raw.call("PING") == Error.of("ERR broken")
    assert await respool_raw.call("PING") == PONG
    assert (fault.hits, len(respool_faults)) == (1, 0)


async def test_cleared_faults_strike_no_more(respool_server: FakeServer, respool_raw: RawConnection) -> None:
    respool_server.faults.on("PING").reply_error("ERR broken")
    respool_server.faults.clear()
    assert await respool_raw.call("PING") == PONG


def test_a_fault_that_never_struck_is_reported() -> None:
    faults = Faults()
    faults.on("SET", key="x:*").after(3).drop_connection(when="after_execute")
    with pytest.raises(
        AssertionError, match=r"DropConnection\(\) on SET with a key like x:\* after 3, after_execute"
    ):
        faults.assert_all_fired()


def test_nonsense_is_refused_when_a_fault_is_made() -> None:
    faults = Faults()
    with pytest.raises(TypeError, match="not something a server can say"):
        faults.on("PING").reply_with("text")
    with pytest.raises(ValueError, match="strikes 0 times"):
        faults.on("PING").hang().times(0)
    with pytest.raises(ValueError, match="pieces of 0 bytes"):
        faults.on("PING").fragment(0)
