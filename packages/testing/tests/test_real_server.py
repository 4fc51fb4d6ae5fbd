"""Starting and stopping real servers."""

from __future__ import annotations

import os
import ssl
import sys
from pathlib import Path

import pytest
import trustme

from respool_testing import RawConnection, RealServer, ServerFailed, ServerNotFound, ServerProcess, TLSFiles
from respool_testing.real import find_binaries, find_binary
from respool_testing.replies import OK, PONG


async def test_a_real_server_runs_while_it_is_needed(real_server: ServerProcess) -> None:
    async with RealServer(real_server.binary) as server:
        assert server.running
        assert server.url == f"redis://127.0.0.1:{server.port}"
        async with RawConnection(server.host, server.port) as client:
            assert await client.call("SET", "k", "v") == OK
    assert repr(server).endswith("stopped>")
    with pytest.raises(ConnectionRefusedError):
        await RawConnection(server.host, server.port).__aenter__()


async def test_a_real_server_takes_options(real_server: ServerProcess, tmp_path: Path) -> None:
    path = str(tmp_path / "socket")
    server = RealServer(real_server.binary, ["--maxclients", "7"], unixsocket=path)
    async with server, RawConnection(path=path) as client:
        assert await client.call("CONFIG", "GET", "maxclients") == [b"maxclients", b"7"]


async def test_a_real_server_can_speak_tls(real_server: ServerProcess, tmp_path: Path) -> None:
    authority, paths = trustme.CA(), [tmp_path / name for name in ("cert", "key", "ca")]
    issued = authority.issue_cert("127.0.0.1")
    issued.cert_chain_pems[0].write_to_path(paths[0])
    issued.private_key_pem.write_to_path(paths[1])
    authority.cert_pem.write_to_path(paths[2])
    trust = ssl.create_default_context()
    authority.configure_trust(trust)
    async with RealServer(real_server.binary, tls=TLSFiles(*map(str, paths))) as server:
        assert server.url.startswith("rediss://")
        async with RawConnection(server.host, server.port, tls=trust) as client:
            assert await client.call("PING") == PONG


def test_stopping_what_does_not_run_does_nothing(real_server: ServerProcess) -> None:
    ServerProcess(real_server.binary).stop_process()


def test_a_server_that_does_not_start_says_why(real_server: ServerProcess) -> None:
    server = ServerProcess(real_server.binary, ["--no-such-option", "1"])
    with pytest.raises(ServerFailed, match=r"(?s)did not start.*no-such-option"):
        server.start_process()
    assert not server.running


def test_listed_servers_come_first(monkeypatch: pytest.MonkeyPatch) -> None:
    listed = [sys.executable, "/somewhere/else"]
    monkeypatch.setenv("RESPOOL_SERVER_BINARIES", os.pathsep.join(listed))
    assert find_binaries()[:2] == listed
    assert find_binary() == sys.executable


def test_without_a_server_one_is_told_how_to_get_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("RESPOOL_SERVER_BINARIES", raising=False)
    with pytest.raises(ServerNotFound, match="apt install redis-server"):
        ServerProcess()
