"""The live view on the terminal: what it draws, and that it gives the terminal back."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable

import pytest

from respool_testing import FakeCluster, FakeServer, RawConnection
from respool_testing._view import ENTER, LEAVE, View

pty = pytest.importorskip("pty", reason="a terminal of this kind there is only on Unix")


def watched(*servers: FakeServer) -> View:
    """Return a view that sees what these servers are asked."""
    view = View("title", servers)
    for number, server in enumerate(servers):
        server.log.observer = lambda entry, number=number: view.saw(number, entry)
    return view


async def test_servers_clients_and_commands_are_drawn() -> None:
    async with FakeServer() as server, RawConnection(server.host, server.port) as client:
        view = watched(server)
        await client.call("CLIENT", "SETNAME", "web")
        await client.call("SET", "k", "v")
        lines = view.frame(120, 24, seconds=0.5)
    place = f"127.0.0.1:{server.port}"
    assert lines[3].split() == [place, "1", "2", "4"]
    assert lines[6].split()[1:] == [place, "web"]
    assert lines[-2:] == [f"{place}  CLIENT SETNAME web  [client 1]", f"{place}  SET k v  [client 1]"]


async def test_a_small_terminal_shows_the_latest_and_no_more() -> None:
    async with FakeServer() as server, RawConnection(server.host, server.port) as client:
        view = watched(server)
        for number in range(30):
            await client.call("ECHO", str(number) * 100)
        lines = view.frame(40, 12, seconds=1)
        assert len(lines) == 12
        assert max(map(len, lines)) == 40
        assert "ECHO 2929" in lines[-1]
        assert len(view.frame(40, 2, seconds=1)) == 2


async def test_what_clients_say_does_not_steer_the_terminal() -> None:
    async with FakeServer() as server, RawConnection(server.host, server.port) as client:
        view = watched(server)
        await client.call("ECHO", "\x1b[2J\r\nX")
        assert "ECHO \N{MIDDLE DOT}[2J\N{MIDDLE DOT}\N{MIDDLE DOT}X" in view.frame(80, 24, seconds=1)[-1]


async def test_a_stopped_node_is_shown_as_one() -> None:
    async with FakeCluster(primaries=1, replicas=1) as cluster:
        view = watched(*(node.server for node in cluster.nodes))
        await cluster.kill(cluster.nodes[1])
        assert [line.split()[1] for line in view.frame(80, 24, seconds=1)[3:5]] == ["0", "stopped"]


async def test_on_a_terminal_the_view_is_drawn_until_interrupted() -> None:
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "respool_testing", "server", "--port", "0", "--show"]
    process = await asyncio.create_subprocess_exec(*command, stdout=theirs, stdin=theirs)
    os.close(theirs)
    await seen(ours, lambda said: "last commands" in said)
    process.send_signal(signal.SIGINT)
    said = await seen(ours, lambda said: "stopped" in said)
    assert await process.wait() == 0
    os.close(ours)
    assert LEAVE in said
    assert ENTER not in said


async def seen(terminal: int, enough: Callable[[str], bool]) -> str:
    """Read from a terminal until that is enough."""
    said = ""
    while not enough(said):
        said += (await asyncio.to_thread(os.read, terminal, 4096)).decode()
    return said
