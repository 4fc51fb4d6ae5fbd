"""Fixtures for clusters and sentinels, as somebody else's tests see them, in a pytest run of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

SHARED = """
import socket
import pytest
from respool_testing.raw import pack

def ask(server, *words):
    with socket.create_connection((server.host, server.port), timeout=5) as connection:
        connection.sendall(pack(*words))
        return connection.recv(1000)

ports = {}

@pytest.fixture(params=["respool_module_cluster", "respool_session_cluster"])
def cluster(request):
    cluster = request.getfixturevalue(request.param)
    assert ports.setdefault(request.param, [node.port for node in cluster.nodes]) == [
        node.port for node in cluster.nodes
    ]
    return cluster

@pytest.fixture(params=["respool_module_sentinel", "respool_session_sentinel"])
def deployment(request):
    deployment = request.getfixturevalue(request.param)
    assert ports.setdefault(request.param, deployment.sentinel_addresses) == deployment.sentinel_addresses
    return deployment

@pytest.mark.parametrize("time", [1, 2])
def test_a_cluster_is_fresh(cluster, time):
    assert [node.role for node in cluster.nodes] == ["primary"] * 3 + ["replica"] * 3
    assert not any(len(node.server.log) or node.server.db[0] for node in cluster.nodes)
    owner = cluster.owner_of("k")
    assert ask(owner.server, "SET", "k", "v") == b"+OK\\r\\n"
    cluster.clock.freeze()
    cluster.run(cluster.kill(owner))
    cluster.run(cluster.failover(owner))
    cluster.run(cluster.add_node())

@pytest.mark.parametrize("time", [1, 2])
def test_sentinels_are_fresh(deployment, time):
    assert not deployment.primary.db[0] and len(deployment.replicas) == 2
    primary = deployment.primary
    assert ask(primary, "SET", "k", "v") == b"+OK\\r\\n"
    deployment.run(deployment.failover())
    deployment.run(deployment.kill(deployment.sentinels[0]))
    assert deployment.primary is not primary
"""

OPTIONS = """
import pytest

@pytest.mark.respool_cluster(primaries=2, replicas=0, version="6.2.0")
async def test_a_cluster_of_its_own_make(respool_cluster):
    assert len(respool_cluster.nodes) == 2

@pytest.mark.respool_cluster(replicas=2)
def test_in_a_thread_too(respool_cluster):
    assert len(respool_cluster.nodes) == 9

@pytest.mark.respool_sentinel(service="other", replicas=0, sentinels=1)
async def test_sentinels_of_its_own_make(respool_sentinel):
    assert (respool_sentinel.service, len(respool_sentinel.sentinels)) == ("other", 1)
"""

LEAKING = """
import socket
import pytest

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")
kept = []

def leave_open(server):
    kept.append(socket.create_connection((server.host, server.port)))
    kept[-1].sendall(b"CLIENT SETNAME forgotten\\r\\n")
    assert kept[-1].recv(100) == b"+OK\\r\\n"

def test_in_a_cluster(respool_cluster):
    leave_open(respool_cluster.nodes[1].server)

def test_in_a_shared_cluster(respool_module_cluster):
    leave_open(respool_module_cluster.nodes[1].server)

def test_at_a_sentinel(respool_sentinel):
    leave_open(respool_sentinel.sentinels[1])

def test_at_a_shared_sentinel(respool_session_sentinel):
    leave_open(respool_session_sentinel.sentinels[1])
"""


def run(folder: Path, source: str, *options: str) -> subprocess.CompletedProcess[str]:
    """Run a test file with pytest in a process of its own."""
    (folder / "test_theirs.py").write_text(source)
    command = [sys.executable, "-m", "pytest", "-W", "error", "-rA", "-p", "no:cacheprovider", *options]
    command += ["-o", "asyncio_default_fixture_loop_scope=function", "-o", "asyncio_mode=auto"]
    environment = {**os.environ, "PYTEST_ADDOPTS": ""}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_deployments_that_tests_share_are_fresh_for_each(tmp_path: Path) -> None:
    ran = run(tmp_path, SHARED)
    assert ran.returncode == 0, ran.stdout
    assert "8 passed" in ran.stdout


def test_marks_give_deployments_their_options(tmp_path: Path) -> None:
    ran = run(tmp_path, OPTIONS, "--strict-markers")
    assert ran.returncode == 0, ran.stdout


@pytest.mark.parametrize(("setting", "errors"), [("true", 4), ("false", 0)])
def test_connections_left_open_to_deployments_fail_the_test(
    tmp_path: Path, setting: str, errors: int
) -> None:
    ran = run(tmp_path, LEAKING, "-o", f"respool_leak_check={setting}")
    assert ("These connections were left open:\n" in ran.stdout) == bool(errors), ran.stdout
    assert ran.stdout.count("ERROR test_theirs.py") == errors
