"""The examples on scripts and locks, run on fake and on real servers."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest

from packages.core.tests.typed import Server, text_client_of

DOCS = Path(__file__).parents[3] / "docs"
EXAMPLE = re.compile(r"^```py\n(?P<code>.*?)^```$", re.DOTALL | re.MULTILINE)
PROMISE = re.compile(r"^\s*print\(.*\)  # (?P<output>.+)$", re.MULTILINE)


def examples() -> Iterator[tuple[str, str]]:
    for name in ("scripts", "locks"):
        text = (DOCS / f"{name}.md").read_text(encoding="utf-8")
        for number, found in enumerate(EXAMPLE.finditer(text), 1):
            yield f"{name}-{number}", found["code"]


EXAMPLES = dict(examples())


@pytest.mark.parametrize("name", EXAMPLES)
async def test_every_example_prints_what_it_says(
    name: str, any_server: Server, any_protocol: Literal[2, 3]
) -> None:
    printed: list[str] = []
    async with text_client_of(any_server, any_protocol) as redis:
        code = compile(EXAMPLES[name], name, "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        space = {"redis": redis, "print": lambda *words: printed.append(" ".join(map(str, words)))}
        running = eval(code, space)
        assert inspect.isawaitable(running)
        await running
    assert printed == PROMISE.findall(EXAMPLES[name])


def test_the_first_page_leads_to_every_page() -> None:
    linked = set(re.findall(r"\((\w+)\.md\)", (DOCS / "index.md").read_text(encoding="utf-8")))
    assert linked == {page.stem for page in DOCS.glob("*.md")} - {"index"}
