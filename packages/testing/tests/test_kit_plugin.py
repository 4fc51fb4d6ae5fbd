"""The fixtures as somebody else's tests see them, in a pytest run of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

BROKEN_PROMISE = """
async def test_fault(respool_server, respool_faults):
    respool_faults.on("NEVER").drop_connection()
"""

EVERY_FIXTURE = """
import pytest

@pytest.mark.asyncio
async def test_fixtures(respool_server, respool_clock, respool_cluster, respool_sentinel, respool_raw):
    assert respool_server.running
    assert respool_clock is respool_server.clock
    assert len(respool_cluster.primaries) == 3
    assert len(respool_sentinel.sentinels) == 3
    await respool_raw.call("SET", "k", "v")

@pytest.mark.asyncio
async def test_fresh_each_time(respool_server):
    assert not respool_server.db[0]

def test_synchronously(real_server):
    assert real_server.port
"""


def run(folder: Path, source: str, *options: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a test file with pytest in a process of its own."""
    (folder / "test_theirs.py").write_text(source)
    command = [sys.executable, "-m", "pytest", "-W", "error", "-rA", "-p", "no:cacheprovider", *options]
    if "no:asyncio" not in options:
        command += ["-o", "asyncio_default_fixture_loop_scope=function"]
    options_of_ours = {"PYTEST_ADDOPTS": "", **environment}
    return subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, **options_of_ours},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("mode", ["strict", "auto"])
def test_the_fixtures_work_in_either_mode(tmp_path: Path, mode: str) -> None:
    ran = run(tmp_path, EVERY_FIXTURE, "-o", f"asyncio_mode={mode}")
    assert ran.returncode == 0, ran.stdout


def test_a_fault_that_never_struck_fails_the_test(tmp_path: Path) -> None:
    ran = run(tmp_path, BROKEN_PROMISE, "-o", "asyncio_mode=auto")
    assert ran.returncode == 1
    assert "These faults never struck:" in ran.stdout


@pytest.mark.parametrize(("required", "code", "outcome"), [("0", 0, "SKIPPED"), ("1", 1, "ERROR")])
def test_without_a_real_server_tests_skip_or_fail(
    tmp_path: Path, required: str, code: int, outcome: str
) -> None:
    ran = run(
        tmp_path,
        "def test_it(real_server): pass",
        RESPOOL_REQUIRE_REAL=required,
        PATH=str(tmp_path),
        RESPOOL_SERVER_BINARIES="",
    )
    assert ran.returncode == code
    assert outcome in ran.stdout
    assert "apt install redis-server" in ran.stdout


def test_the_plugin_imports_the_kit_only_when_asked(tmp_path: Path) -> None:
    source = "import sys\ndef test_it(): assert 'respool_testing.server' not in sys.modules"
    assert run(tmp_path, source).returncode == 0


def test_the_plugin_does_not_need_pytest_asyncio(tmp_path: Path) -> None:
    (tmp_path / "without_asyncio.py").write_text("import sys; sys.modules['pytest_asyncio'] = None")
    ran = run(
        tmp_path,
        "def test_it(real_server): assert real_server.running",
        *("-p", "no:asyncio", "-p", "without_asyncio"),
        PYTHONPATH=str(tmp_path),
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
