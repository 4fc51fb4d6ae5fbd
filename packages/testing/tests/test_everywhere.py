"""One test on every server at hand: which runs there are, and in what state each finds its server."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from respool_testing import Endpoint, RawConnection, ServerFailed, ServerProcess
from respool_testing._control import Control, NotRestored
from respool_testing._fleet import Fleet
from respool_testing.real import Brand, brand_of
from respool_testing.replies import OK, PONG

ASKED_FOR = """
def test_it(any_endpoint, any_protocol): pass
"""

CHOSEN_BY_HAND = """
import pytest

@pytest.mark.parametrize("any_server", ["fake"], indirect=True)
def test_it(any_server): pass
"""


def collect(folder: Path, source: str, binaries: list[str]) -> list[str]:
    """Return the runs of somebody's test on a machine with these servers."""
    (folder / "test_theirs.py").write_text(source)
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider"],
        cwd=folder,
        env={**os.environ, "PYTEST_ADDOPTS": "", "RESPOOL_SERVER_BINARIES": os.pathsep.join(binaries)},
        capture_output=True,
        text=True,
        check=False,
    )
    return [line.partition("::")[2] for line in ran.stdout.splitlines() if "::" in line]


def test_every_server_transport_and_protocol_is_a_run_of_its_own(
    tmp_path: Path, real_server: ServerProcess
) -> None:
    servers = ["fake", str(brand_of(real_server.binary)), "some-server"]
    assert sorted(collect(tmp_path, ASKED_FOR, [real_server.binary, "/nowhere/some-server"])) == sorted(
        f"test_it[{protocol}-{server}-{transport}]"
        for server in servers
        for transport in ("tcp", "unix", "tls")
        for protocol in ("RESP2", "RESP3")
    )


def test_who_chooses_servers_by_hand_gets_no_others(tmp_path: Path) -> None:
    assert collect(tmp_path, CHOSEN_BY_HAND, ["/nowhere/some-server"]) == ["test_it[fake]"]


async def test_an_endpoint_is_reached_over_its_transport(
    any_endpoint: Endpoint, any_witness: RawConnection
) -> None:
    assert await any_witness.call("PING") == PONG
    told = await any_witness.call("CLIENT", "LIST")
    assert isinstance(told, bytes)
    assert (b":0 " in told) is (any_endpoint.transport == "unix")
    scheme = any_endpoint.url.partition(":")[0]
    assert scheme == {"tcp": "redis", "unix": "unix", "tls": "rediss"}[any_endpoint.transport]


async def test_an_added_user_gets_in(any_endpoint: Endpoint, any_witness: RawConnection) -> None:
    any_endpoint.add_user("ann", "secret")
    assert await any_witness.call("AUTH", "ann", "wrong") != OK
    assert await any_witness.call("AUTH", "ann", "secret") == OK


# --- between two tests


@pytest.fixture
def fleet() -> Iterator[Fleet]:
    """Offer servers that are nobody else's."""
    fleet = Fleet(None)
    yield fleet
    fleet.close()


def test_a_server_is_started_once(fleet: Fleet, real_server: ServerProcess) -> None:
    assert fleet.get(real_server.binary) is fleet.get(real_server.binary)


@pytest.mark.parametrize(
    ("change", "question"),
    [
        (("SET", "k", "v"), ("DBSIZE",)),
        (("CONFIG", "SET", "maxmemory", "1000000000"), ("CONFIG", "GET", "maxmemory")),
        (("ACL", "SETUSER", "ann", "on"), ("ACL", "USERS")),
        (("SCRIPT", "LOAD", "return 1"), ("SCRIPT", "EXISTS", "e0e1f9fabfc9d4800c877a703b823ac0578ff8db")),
    ],
)
def test_what_a_test_changed_is_undone(
    fleet: Fleet, real_server: ServerProcess, change: tuple[str, ...], question: tuple[str, ...]
) -> None:
    server = fleet.get(real_server.binary).server
    before = server.call(*question)
    server.call(*change)
    assert server.call(*question) != before
    assert fleet.get(real_server.binary).server.call(*question) == before


async def test_clients_that_a_test_left_behind_are_gone(fleet: Fleet, real_server: ServerProcess) -> None:
    server = fleet.get(real_server.binary).server
    async with RawConnection(server.host, server.port) as forgotten:
        await forgotten.call("CLIENT", "SETNAME", "forgotten")
        fleet.get(real_server.binary)
        assert b"forgotten" not in server.call("CLIENT", "LIST")
        assert await forgotten.rest() == b""


@pytest.mark.parametrize(
    "spell",
    [("CONFIG", "SET", "requirepass", "locked"), ("ACL", "SETUSER", "default", "-@all"), ("SHUTDOWN",)],
)
def test_a_server_that_cannot_be_put_back_is_replaced(
    fleet: Fleet, real_server: ServerProcess, spell: tuple[str, ...]
) -> None:
    fleet.get(real_server.binary).server.call(*spell)
    assert fleet.get(real_server.binary).server.call("PING") == b"+PONG\r\n"


def test_nobody_to_control_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(NotRestored, match="does not answer"):
        Control(str(tmp_path / "nobody"))


# --- what an executable says it is


def test_an_executable_tells_its_name_and_version(tmp_path: Path) -> None:
    binary = script(tmp_path, "echo 'Valkey server v=8.1.1 sha=0:0'")
    assert brand_of(binary) == Brand("valkey", (8, 1, 1))
    assert str(brand_of(binary)) == "valkey-8.1.1"


def test_an_executable_that_is_no_server_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ServerFailed, match=r"(?s)does not tell its version.*hello"):
        brand_of(script(tmp_path, "echo hello"))


def test_an_executable_that_is_missing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ServerFailed, match="cannot be run"):
        brand_of(str(tmp_path / "nothing"))


def script(folder: Path, line: str) -> str:
    path = folder / "some-server"
    path.write_text(f"#!/bin/sh\n{line}\n")
    path.chmod(0o755)
    return str(path)
