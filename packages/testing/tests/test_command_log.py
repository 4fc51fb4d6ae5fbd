"""What the log tells of commands that ran and of those that did not."""

from __future__ import annotations

import pytest

from respool_testing import CommandLog, FakeServer, RawConnection


@pytest.fixture
async def log(respool_server: FakeServer, respool_raw: RawConnection) -> CommandLog:
    """Offer the log of a short conversation."""
    for line in ("SET x:1 a", "set x:2 b", "GET x:1", "CLIENT SETNAME me", "NOSUCH", "GET"):
        await respool_raw.call(*line.split())
    return respool_server.log


def test_commands_are_logged_in_order(log: CommandLog) -> None:
    assert [entry.name for entry in log] == ["SET", "SET", "GET", "CLIENT", "NOSUCH", "GET"]
    assert [entry.executed for entry in log] == [True, True, True, True, False, False]
    assert (log[0].args, log[0].words[0], len(log)) == ((b"x:1", b"a"), b"SET", 6)


@pytest.mark.parametrize(
    ("name", "args", "key", "count"),
    [
        ("SET", (), None, 2),
        ("set", ("x:1",), None, 1),
        ("SET", ("x:1", "a"), None, 1),
        ("SET", ("a",), None, 0),
        ("SET", (), "x:*", 2),
        (None, (), "x:1", 2),
        ("CLIENT SETNAME", ("me",), None, 1),
        ("CLIENT", (), None, 1),
        ("NOSUCH", (), None, 0),
        ("GET", (), None, 1),
    ],
)
def test_calls_are_found_by_what_matters(
    log: CommandLog, name: str | None, args: tuple[str, ...], key: str | None, count: int
) -> None:
    assert len(log.calls(name, *args, key=key)) == count


def test_assertions_hold_when_they_should(log: CommandLog) -> None:
    log.assert_called("SET")
    log.assert_called("SET", key="x:*", times=2)
    log.assert_not_called("DEL")


@pytest.mark.parametrize(
    ("key", "times", "complaint"),
    [
        ("y:*", None, r"SET with a key like y:\* should have run at least once, ran 0 times"),
        ("x:*", 1, "should have run 1 times, ran 2 times"),
    ],
)
def test_a_failed_assertion_shows_the_last_commands(
    log: CommandLog, key: str, times: int | None, complaint: str
) -> None:
    with pytest.raises(AssertionError, match=complaint) as caught:
        log.assert_called("SET", key=key, times=times)
    assert "SET x:1 a  [client 1]" in str(caught.value)
    assert "NOSUCH  (not executed)  [client 1]" in str(caught.value)


def test_an_empty_log_says_so() -> None:
    with pytest.raises(AssertionError, match="no commands at all"):
        CommandLog().assert_called("SET")


async def test_a_queued_command_counts_when_it_runs(
    respool_server: FakeServer, respool_raw: RawConnection
) -> None:
    await respool_raw.call("MULTI")
    await respool_raw.call("SET", "k", "v")
    respool_server.log.assert_not_called("SET")
    await respool_raw.call("EXEC")
    respool_server.log.assert_called("SET", times=1)


async def test_a_command_that_waits_counts_once(
    respool_server: FakeServer, respool_raw: RawConnection
) -> None:
    async with RawConnection(respool_server.host, respool_server.port) as waiter:
        waiter.send("BLPOP", "q", 0)
        await respool_server.until(lambda: any(each.blocked for each in respool_server.connections))
        await respool_raw.call("RPUSH", "q", "a")
        await waiter.reply()
    respool_server.log.assert_called("BLPOP", times=1)


def test_a_cleared_log_begins_afresh(log: CommandLog) -> None:
    log.clear()
    assert len(log) == 0
