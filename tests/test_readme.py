"""Every Python block of the documents is run as its reader would run it, in a fresh interpreter.

A block is a program, with `await` allowed at its top as in `python -m asyncio`; one that defines tests is
given to pytest. Where it says localhost:6379, a fake server answers (localhost:7000: a fake cluster,
localhost:26379: fake sentinels). What follows a `print(...)` as a comment is what it must have printed.
"""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from respool_testing import FakeCluster, FakeSentinel, FakeServer
from tools.project import ROOT

PATIENCE_SECONDS = 60
PAGES = (ROOT / "README.md", *sorted(ROOT.glob("packages/*/README.md")), *sorted(ROOT.glob("docs/**/*.md")))
BLOCK = re.compile(r"^```python\n(?P<code>.*?)^```$", re.DOTALL | re.MULTILINE)
PROMISE = re.compile(r"^\s*print\(.*\)  # (?P<output>.+)$", re.MULTILINE)
ASYNCIO = ("-oasyncio_mode=auto", "-oasyncio_default_fixture_loop_scope=function")
RUNNER = """
import ast, asyncio, inspect, sys
space = {"__name__": "__main__"}
code = compile(sys.stdin.read(), "<block>", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
if code.co_flags & inspect.CO_COROUTINE:
    asyncio.run(eval(code, space))
else:
    exec(code, space)
"""


@dataclass(frozen=True)
class Block:
    """One fenced block of Python, and where it stands."""

    place: str
    code: str

    @property
    def promises(self) -> list[str]:
        """List the lines it says it prints."""
        return PROMISE.findall(self.code)


def blocks() -> Iterator[Block]:
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for found in BLOCK.finditer(text):
            line = text.count("\n", 0, found.start()) + 1
            yield Block(f"{page.relative_to(ROOT)}:{line}", found["code"])


async def with_servers(code: str, stack: AsyncExitStack) -> str:
    """Start what the block speaks to, and put the true addresses in the place of the customary ones."""
    if mentions(code, 6379):
        server = await stack.enter_async_context(FakeServer())
        code = moved(code, 6379, (server.host, server.port))
    if mentions(code, 7000):
        cluster = await stack.enter_async_context(FakeCluster())
        code = moved(code, 7000, (cluster.nodes[0].host, cluster.nodes[0].port))
    if mentions(code, 26379):
        deployment = await stack.enter_async_context(FakeSentinel("mymaster"))
        code = moved(code, 26379, deployment.sentinel_addresses[0])
    return code


def mentions(code: str, port: int) -> bool:
    return re.search(rf"\b{port}\b", code) is not None


def moved(code: str, port: int, to: tuple[str, int]) -> str:
    """Put one address in the place of localhost and `port`, as a URL says it, as a pair, and as arguments."""
    host, true_port = to
    code = re.sub(rf"localhost:{port}\b", f"{host}:{true_port}", code)
    return re.sub(rf'"localhost"(, (?:port=)?){port}\b', rf'"{host}"\g<1>{true_port}', code)


async def run(code: str, *command: str) -> str:
    """Run a fresh interpreter on `code`; whatever it says on stderr is a failure."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-W", "error", *command, stdin=pipe, stdout=pipe, stderr=pipe, cwd=ROOT
    )
    out, err = await asyncio.wait_for(process.communicate(code.encode()), PATIENCE_SECONDS)
    assert (process.returncode, err.decode()) == (0, ""), out.decode()
    return out.decode()


@pytest.mark.parametrize("block", [pytest.param(block, id=block.place) for block in blocks()])
async def test_the_example_does_what_it_says(block: Block, tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        code = await with_servers(block.code, stack)
        if "def test_" in code:
            example = tmp_path / "test_example.py"
            example.write_text(code, encoding="utf-8")
            await run("", "-m", "pytest", "-q", f"--rootdir={tmp_path}", *ASYNCIO, str(example))
        else:
            printed = (await run(code, "-c", RUNNER)).splitlines()
            assert [line for line in printed if line in block.promises] == block.promises


def test_the_main_page_has_an_example() -> None:
    assert [block for block in blocks() if block.place.startswith("README.md")]


def test_ci_runs_the_test_command_of_the_readme_to_the_letter() -> None:
    [command] = re.findall(
        r"^    (python3 .* -s tests)\b", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE
    )
    assert command in (ROOT / ".ci/run").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("written", "run"),
    [
        ('"redis://localhost:6379/0"', '"redis://127.0.0.1:5/0"'),
        ('[("localhost", 6379)]', '[("127.0.0.1", 5)]'),
        ('Node(host="localhost", port=6379)', 'Node(host="127.0.0.1", port=5)'),
        ('"redis://localhost:63790"', '"redis://localhost:63790"'),
        ('"redis://example.com:6379"', '"redis://example.com:6379"'),
    ],
)
def test_customary_addresses_are_replaced_in_every_spelling(written: str, run: str) -> None:
    assert moved(written, 6379, ("127.0.0.1", 5)) == run
