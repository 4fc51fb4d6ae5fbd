"""The fixtures under every way of running tests: synchronous, asyncio, anyio, in parallel, on a real server."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from respool_testing import FakeServer

SYNCHRONOUS = """
import socket
from respool_testing.raw import pack

def ask(server, *words):
    with socket.create_connection((server.host, server.port), timeout=5) as connection:
        connection.sendall(pack(*words))
        return connection.recv(1000)

def test_a_synchronous_client_is_served(respool_server, respool_clock):
    respool_clock.freeze()
    assert ask(respool_server, "SET", "k", "v", "EX", 10) == b"+OK\\r\\n"
    respool_clock.advance(11)
    assert "k" not in respool_server.db[0]

def test_shared_servers_are_fresh(respool_module_server, respool_session_server):
    for server in (respool_module_server, respool_session_server):
        assert not server.db[0] and not server.log and not server.faults
        ask(server, "SET", "k", "v")
        server.clock.freeze()

test_shared_servers_are_fresh_again = test_shared_servers_are_fresh
"""

ANYIO = """
import pytest

@pytest.fixture
def anyio_backend():
    return "asyncio"

@pytest.mark.anyio
async def test_on_anyio(respool_redis, respool_server):
    await respool_redis.set("k", "v")
    await respool_server.until(lambda: bool(respool_server.log))
    assert respool_server.db[0]["k"] == b"v"
"""

WIDE_LOOP = """
import pytest
from respool import Redis

@pytest.mark.asyncio(loop_scope="module")
async def test_on_a_loop_of_the_module(respool_server):
    async with Redis.from_url(respool_server.url) as redis:
        assert await redis.incr("n") == 1
"""

OPTIONS = """
import pytest

@pytest.mark.respool_server(password="secret", version="6.2.0")
async def test_options(respool_raw):
    assert (await respool_raw.call("GET", "k")).code == "NOAUTH"
"""

FAILING = """
from respool_testing import RawConnection

async def test_fails(respool_server, respool_raw):
    await respool_raw.call("SET", "trace", "of it")
    assert False

async def test_leaks(respool_server, respool_leak_check):
    client = await RawConnection(respool_server.host, respool_server.port).__aenter__()
    await client.call("CLIENT", "SETNAME", "forgotten")
    respool_server.kept = client

def test_never_struck(respool_server):
    respool_server.faults.on("GET").hang()
"""

ON_REAL = """
async def test_a_client_works_there(respool_redis):
    assert await respool_redis.incr("n") == 1

test_and_finds_it_empty = test_a_client_works_there

def test_what_only_fakes_have(respool_faults):
    respool_faults.on("GET")
"""


def run(folder: Path, source: str, *options: str) -> subprocess.CompletedProcess[str]:
    """Run a test file with pytest in a process of its own."""
    (folder / "test_theirs.py").write_text(source)
    common = [
        "-W",
        "error",
        "-rA",
        "-p",
        "no:cacheprovider",
        "-o",
        "asyncio_default_fixture_loop_scope=function",
    ]
    return subprocess.run(
        [sys.executable, "-m", "pytest", *common, *options],
        cwd=folder,
        env={**os.environ, "PYTEST_ADDOPTS": ""},
        capture_output=True,
        text=True,
        check=False,
    )


def test_synchronous_tests_have_a_server_in_a_thread(tmp_path: Path) -> None:
    ran = run(tmp_path, SYNCHRONOUS)
    assert ran.returncode == 0, ran.stdout


def test_anyio_tests_have_server_and_client(tmp_path: Path) -> None:
    pytest.importorskip("anyio")
    ran = run(tmp_path, ANYIO)
    assert ran.returncode == 0, ran.stdout


def test_loops_of_wider_scope_are_served(tmp_path: Path) -> None:
    ran = run(tmp_path, WIDE_LOOP)
    assert ran.returncode == 0, ran.stdout


def test_tests_may_run_in_parallel(tmp_path: Path) -> None:
    pytest.importorskip("xdist")
    ran = run(tmp_path, SYNCHRONOUS, "-n", "2")
    assert ran.returncode == 0, ran.stdout


def test_a_mark_gives_the_server_its_options(tmp_path: Path) -> None:
    ran = run(tmp_path, OPTIONS, "-o", "asyncio_mode=auto", "--strict-markers")
    assert ran.returncode == 0, ran.stdout


def test_a_failure_shows_the_last_commands_and_what_was_left_open(tmp_path: Path) -> None:
    ran = run(tmp_path, FAILING, "-o", "asyncio_mode=auto", "-W", "ignore")
    assert "SET trace of it  [client 1]" in ran.stdout
    assert "These connections were left open:" in ran.stdout
    assert "name='forgotten'" in ran.stdout
    assert "FAILED test_theirs.py::test_never_struck" in ran.stdout


def test_the_same_tests_run_on_a_real_server(tmp_path: Path) -> None:
    with FakeServer() as somebodys:  # it plays the real one: what counts is that it is reached by its address
        ran = run(tmp_path, ON_REAL, "-o", "asyncio_mode=auto", "--respool-server", somebodys.url)
        assert ran.returncode == 0, ran.stdout
        assert "2 passed, 1 skipped" in ran.stdout
        assert "something only a fake server has" in ran.stdout


def test_a_real_server_with_keys_is_left_alone(tmp_path: Path) -> None:
    with FakeServer() as somebodys:
        somebodys.db[0]["precious"] = "data"
        refused = run(tmp_path, ON_REAL, "-o", "asyncio_mode=auto", "--respool-server", somebodys.url)
        assert "holds keys" in refused.stdout
        assert somebodys.db[0]["precious"] == b"data"
        allowed = run(
            *(tmp_path, ON_REAL, "-o", "asyncio_mode=auto"),
            *("-o", f"respool_server={somebodys.url}", "--respool-flush"),
        )
        assert allowed.returncode == 0, allowed.stdout
