"""What the server says it did, held against what a client says it did.

A figure counts only if the server executed every command of it: nothing answered from a cache, or from a future
that was completed too early, passes. A server without statistics for each command is asked for the sum of all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from benchmarks.peers.door import Address
from benchmarks.plain import Plain


class Unaccounted(Exception):
    """The server did less, or other, than the client says; the message has both numbers."""


@dataclass(frozen=True)
class Counters:
    """The server's own counts at one moment. `calls` is empty where it does not count each command."""

    calls: dict[str, int]
    commands: int
    connections: int


def parse(info: str) -> Counters:
    """Read the counters out of what INFO answered."""
    fields = dict(line.split(":", 1) for line in info.splitlines() if ":" in line)
    prefix = "cmdstat_"
    calls = {
        name[len(prefix) :].lower(): int(value.split(",")[0].removeprefix("calls="))
        for name, value in fields.items()
        if name.startswith(prefix)
    }
    total, connections = fields["total_commands_processed"], fields["total_connections_received"]
    return Counters(calls, int(total), int(connections))


def read(server: Plain) -> Counters:
    """Ask the server for its counters."""
    sections = [server.call("INFO", section) for section in ("stats", "commandstats")]
    return parse("\n".join(each.decode() for each in sections if isinstance(each, bytes)))


def read_all(nodes: Iterable[Address]) -> Counters:
    """Ask several servers, over a new connection to each, and add up."""
    calls: Counter[str] = Counter()
    commands = connections = 0
    for at in nodes:
        with Plain(at.host, at.port) as server:
            counted = read(server)
        calls.update(counted.calls)
        commands += counted.commands
        connections += counted.connections
    return Counters(dict(calls), commands, connections)


def check_calls(before: Counters, after: Counters, command: str, claimed: int) -> None:
    """Raise `Unaccounted` unless the server executed `command` exactly as often as claimed in between."""
    if after.calls:
        counted = after.calls.get(command, 0) - before.calls.get(command, 0)
        if counted != claimed:
            raise Unaccounted(f"claims {claimed} calls of {command.upper()}, the server counted {counted}")
    elif (counted := after.commands - before.commands) < claimed:
        raise Unaccounted(f"claims {claimed} commands, the server counted {counted} in all")


def check_connections(before: Counters, after: Counters, claimed: int) -> None:
    """Raise `Unaccounted` unless at least as many connections as claimed reached the server in between."""
    counted = after.connections - before.connections
    if counted < claimed:
        raise Unaccounted(f"claims {claimed} connections, the server counted {counted}")
