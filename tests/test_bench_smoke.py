"""The benchmarks run, on a fake server and for an instant: that they work, never how fast anything is."""

from __future__ import annotations

import asyncio
import io
import json
import sys
from pathlib import Path

import pytest

from benchmarks import peers, redraw, worker
from benchmarks.crew import Crew, Member
from benchmarks.effort import QUICK
from benchmarks.orders import Answer, Order
from benchmarks.parts.callgrind import collected
from benchmarks.peers.door import Address
from respool_testing import FakeServer
from tools.project import ROOT

PATIENCE_SECONDS = 60
NOWHERE = Address("127.0.0.1", 9)


async def run(*words: str) -> str:
    """Run `python -m benchmarks` and return what it printed."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-W", "error", "-m", "benchmarks", *words),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=ROOT,
    )
    out, err = await asyncio.wait_for(process.communicate(), PATIENCE_SECONDS)
    assert process.returncode == 0, err.decode()
    return out.decode()


async def test_a_quick_run_writes_table_json_and_chart(tmp_path: Path) -> None:
    results, drawing = tmp_path / "results.json", tmp_path / "chart.svg"
    cells = "get-50,gather-1000,pipeline-100,latency-50,set-1mib,connect,lease,idle,import"
    async with FakeServer() as server:
        words = ("--quick", "--peers", "respool,bare loop", "--cells", cells, "--server", server.url)
        printed = await run(*words, "--json", str(results), "--chart", str(drawing))
    failed = {
        (row["cell"], name): outcome["failure"]
        for row in json.loads(results.read_text())["rows"]
        for name, outcome in row["outcomes"].items()
        if outcome["failure"]
    }
    assert failed == {("lease", "bare loop"): "not offered: it has no pool"}
    assert "GET, 50 tasks · free" in printed
    assert drawing.read_text().startswith("<svg")


async def test_parts_are_measured() -> None:
    printed = await run("parts", "nothing", "pack-get", "reply", "ledger", "--seconds", "0.001")
    assert [line.split()[0] for line in printed.splitlines()[1:]] == [
        "nothing",
        "pack-get",
        "reply",
        "ledger",
    ]


@pytest.mark.parametrize("kind", ['"format": 1, "rows": []', '"growth": 1, "curves": []'])
def test_the_table_of_an_earlier_run_is_printed_again(
    kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    results = tmp_path / "results.json"
    results.write_text(f'{{"conditions": {{"server": "Redis 1"}}, {kind}}}')
    redraw.main([str(results), "-"])
    assert "server: Redis 1" in capsys.readouterr().out


@pytest.mark.parametrize("text", ["", "[]", '{"format": 2}', '{"format": 1, "conditions": {}, "rows": []}'])
def test_what_cannot_be_drawn_is_refused(text: str, tmp_path: Path) -> None:
    results = tmp_path / "results.json"
    results.write_text(text)
    with pytest.raises(SystemExit):
        redraw.main([str(results), str(tmp_path / "chart.svg")])
    assert not (tmp_path / "chart.svg").exists()


def test_a_peer_that_is_not_installed_has_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peers, "_PLACES", {"missing": "benchmarks.peers.missing"})
    answer = worker.take_sample("missing", "asyncio", Order("get-1", (NOWHERE,), None, QUICK))
    assert answer.failure == "not installed: No module named 'benchmarks.peers.missing'"


def test_a_peer_that_cannot_connect_has_failed() -> None:
    answer = worker.take_sample("bare loop", "asyncio", Order("get-1", (NOWHERE,), None, QUICK))
    assert (answer.failure or "").startswith("ConnectionRefusedError")


def test_of_a_group_of_errors_the_first_is_told() -> None:
    group = ValueError("3 errors")
    group.exceptions = (KeyError("first\nof many"), KeyError("second"))  # type: ignore[attr-defined]
    assert worker.reason(group) == "KeyError: 'first\\nof many'"
    assert worker.reason(OSError("two\nlines")) == "OSError: two"


def test_a_worker_answers_every_order_with_a_line() -> None:
    order = Order("get-1", (NOWHERE,), None, QUICK).to_line()
    answers = io.StringIO()
    worker.serve("bare loop", "asyncio", io.StringIO(f"{order}\n{order}\n"), answers)
    assert all(Answer.from_line(line).failure for line in answers.getvalue().splitlines())
    assert len(answers.getvalue().splitlines()) == 2


async def follow(program: str) -> Answer:
    """Give an order to a process that runs `program` in the place of a worker."""
    member = Member([sys.executable, "-c", program])
    try:
        return await member.follow(Order("get-1", (NOWHERE,), None, QUICK), patience=0.1)
    finally:
        await member.stop()
        member.close()


async def test_a_process_that_dies_has_failed_with_its_last_words() -> None:
    answer = await follow("raise SystemExit('first\\nlast words')")
    assert answer.failure == "its process ended with 1: last words"


async def test_a_process_that_stays_silent_has_failed() -> None:
    assert (await follow("input(); input()")).failure == "no answer within 0.1 s"


async def test_a_crew_asks_each_peer_in_its_own_process() -> None:
    async with Crew("asyncio") as crew:
        wrong = Order("no such cell", (NOWHERE,), None, QUICK)
        answers = [await crew.follow(peer, wrong, fresh=False) for peer in ("no such peer", "bare loop")]
    assert [answer.failure for answer in answers] == ["KeyError: 'no such peer'", "KeyError: 'no such cell'"]


def test_callgrind_is_read() -> None:
    assert collected("==7== Events    : Ir\n==7== Collected : 123456\n==7==") == 123456
    with pytest.raises(ValueError, match="did not say"):
        collected("valgrind: fatal error")
