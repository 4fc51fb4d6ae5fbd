"""The pages on commands: every example is run on real servers, every method is named, every page is found."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest

from packages.core.tests.test_commands_complete import METHODS
from packages.core.tests.typed import text_client_of
from respool_testing import ServerProcess

FOLDER = Path(__file__).parents[3] / "docs" / "commands"
EXAMPLE = re.compile(r"^```py\n(?P<code>.*?)^```$", re.DOTALL | re.MULTILINE)
PROMISE = re.compile(r"^\s*print\(.*\)  # (?P<output>.+)$", re.MULTILINE)


def examples() -> Iterator[tuple[str, str]]:
    for page in sorted(FOLDER.glob("*.md")):
        for number, found in enumerate(EXAMPLE.finditer(page.read_text(encoding="utf-8")), 1):
            yield f"{page.stem}-{number}", found["code"]


EXAMPLES = dict(examples())


@pytest.mark.parametrize("name", EXAMPLES)
async def test_every_example_prints_what_it_promises(
    name: str, real_server: ServerProcess, any_protocol: Literal[2, 3]
) -> None:
    printed: list[str] = []
    async with text_client_of(real_server, any_protocol) as redis:
        code = compile(EXAMPLES[name], name, "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        running = eval(
            code, {"redis": redis, "print": lambda *words: printed.append(" ".join(map(str, words)))}
        )
        if inspect.isawaitable(running):
            await running
    if printed or not EXAMPLES[name].startswith("if "):  # else it is for newer servers
        assert printed == PROMISE.findall(EXAMPLES[name])


def test_the_pages_name_every_method() -> None:
    said = "".join(page.read_text(encoding="utf-8") for page in FOLDER.glob("*.md"))
    named = set(re.findall(r"[.`](\w+)[(`]", said))
    assert [name for name in METHODS if name not in named] == []


def test_the_first_page_leads_to_all_others() -> None:
    linked = set(re.findall(r"\((\w+)\.md\)", (FOLDER / "index.md").read_text(encoding="utf-8")))
    assert linked == {page.stem for page in FOLDER.glob("*.md")} - {"index"}
