"""The benchmarks believe the server, not the client."""

from __future__ import annotations

import pytest

from benchmarks.counters import Counters, Unaccounted, check_calls, check_connections, parse, read
from benchmarks.plain import Plain
from respool_testing import FakeServer

INFO = """# Stats\r
total_connections_received:7\r
total_commands_processed:100\r
# Commandstats\r
cmdstat_get:calls=42,usec=36,usec_per_call=0.86,rejected_calls=0,failed_calls=0\r
cmdstat_config|resetstat:calls=1,usec=5\r
"""


def counted(get: int = 0, commands: int = 0, connections: int = 0) -> Counters:
    return Counters({"get": get, "info": 1}, commands, connections)


def test_counters_are_read_from_info() -> None:
    assert parse(INFO) == Counters({"get": 42, "config|resetstat": 1}, 100, 7)


def test_calls_that_the_server_executed_are_accepted() -> None:
    check_calls(counted(get=5), counted(get=15), "get", 10)


@pytest.mark.parametrize("claimed", [9, 11])
def test_fewer_or_more_calls_than_the_server_executed_are_refused(claimed: int) -> None:
    with pytest.raises(Unaccounted, match=f"claims {claimed} calls of GET, the server counted 10"):
        check_calls(counted(get=5), counted(get=15), "get", claimed)


def test_a_command_the_server_never_saw_is_refused() -> None:
    with pytest.raises(Unaccounted, match="counted 0"):
        check_calls(counted(), counted(get=15), "set", 1)


def test_a_server_without_counters_for_each_command_is_asked_for_the_sum() -> None:
    before, after = Counters({}, 100, 0), Counters({}, 110, 0)
    check_calls(before, after, "get", 9)
    with pytest.raises(Unaccounted, match="claims 11 commands"):
        check_calls(before, after, "get", 11)


def test_connections_that_never_came_are_refused() -> None:
    check_connections(counted(connections=1), counted(connections=6), 5)
    with pytest.raises(Unaccounted, match="claims 6 connections, the server counted 5"):
        check_connections(counted(connections=1), counted(connections=6), 6)


def test_counters_are_asked_from_a_server() -> None:
    with FakeServer() as server, Plain(server.host, server.port) as plain:
        before = read(plain)
        plain.call("PING")
        after = read(plain)
    # The two INFO of the second reading are among them: it counts itself.
    assert after.commands - before.commands >= 2
