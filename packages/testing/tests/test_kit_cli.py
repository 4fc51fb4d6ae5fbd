"""Serving from the shell."""

from __future__ import annotations

import asyncio
import signal
import socket
import sys
from asyncio.subprocess import PIPE

import pytest

from respool_testing import RawConnection
from respool_testing.__main__ import main
from respool_testing.replies import PONG, Error, Reply


def address_in(line: str) -> tuple[str, int]:
    """Read the address from a line of the announcement."""
    host, port = line.split()[0].removeprefix("redis://").rsplit(":", 1)
    return host, int(port)


@pytest.mark.parametrize(
    ("arguments", "lines", "asked", "expected"),
    [
        (["server"], 1, ["PING"], PONG),
        (["cluster", "--primaries", "2", "--replicas", "1"], 4, ["CLUSTER", "KEYSLOT", "foo"], 12182),
        (["sentinel", "--service", "main"], 5, ["ROLE"], [b"sentinel", [b"main"]]),
    ],
)
async def test_it_serves_until_interrupted(
    arguments: list[str], lines: int, asked: list[str], expected: Reply
) -> None:
    command = [sys.executable, "-m", "respool_testing", *arguments, "--port", "0"]
    process = await asyncio.create_subprocess_exec(*command, stdout=PIPE, stderr=PIPE)
    assert process.stdout is not None
    announced = [await process.stdout.readline() for _ in range(lines)]
    async with RawConnection(*address_in(announced[0].decode())) as client:
        assert await client.call(*asked) == expected
    assert await process.stdout.readline() == b"serving; Ctrl-C stops\n"
    process.send_signal(signal.SIGINT)
    assert (await process.communicate(), process.returncode) == ((b"stopped\n", b""), 0)


async def test_faults_are_armed_on_the_command_line_and_while_it_runs() -> None:
    arguments = ["server", "--port", "0", "--fault", "on GET do loading", "--show"]
    command = [sys.executable, "-m", "respool_testing", *arguments]
    process = await asyncio.create_subprocess_exec(*command, stdout=PIPE)
    assert process.stdout is not None
    host, port = address_in((await process.stdout.readline()).decode())
    async with RawConnection(host, port) as client:
        assert str(await client.call("GET", "k")).startswith("Error(text=b'LOADING")
        await client.call("FAULT", "on", "SET", "do", "reply_error", "OOM")
        assert await client.call("SET", "k", "v") == Error.of("OOM")
        await client.call("ECHO", "seen")
    await process.stdout.readline()
    assert await process.stdout.readline() == f"{host}:{port}  ECHO seen  [client 1]\n".encode()
    process.terminate()
    await process.communicate()


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["server", "--host", "0.0.0.0"], "cannot serve: a fake server listens on loopback addresses only"),
        (["server", "--version", "new"], "cannot serve: a server version is three numbers"),
        (["server", "--fault", "on SET do explode"], "cannot serve: no fault does 'explode'"),
        (["server", "--tls-port", "0"], "cannot serve: a port for TLS needs a TLS context"),
        (["cluster", "--primaries", "0"], "cannot serve: a cluster of 0 primaries"),
    ],
)
def test_bad_wishes_end_in_one_clear_line(
    capsys: pytest.CaptureFixture[str], arguments: list[str], complaint: str
) -> None:
    assert main(arguments) == 1
    said = capsys.readouterr().err
    assert said.startswith(complaint)
    assert said.count("\n") == 1


def test_a_taken_port_ends_in_one_clear_line(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert main(["server", "--port", str(taken.getsockname()[1])]) == 1
    assert "address already in use" in capsys.readouterr().err
