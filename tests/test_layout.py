"""Habits of the house that no tool checks: names of test files, shared fixtures, promises of modules."""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path

from tools.project import ROOT

SOURCES = sorted((ROOT / "packages").glob("*/src/**/*.py"))
SUITES = [*(ROOT / "packages").glob("*/tests/**/*.py"), *(ROOT / "tests").rglob("*.py")]


def relative(paths: list[Path]) -> list[str]:
    return [str(path.relative_to(ROOT)) for path in paths]


def test_every_test_file_has_a_name_of_its_own() -> None:
    counted = Counter(path.name for path in SUITES)
    assert [name for name, count in counted.items() if count > 1] == []


def test_shared_fixtures_come_from_the_kit() -> None:
    assert relative([path for path in SUITES if path.name == "conftest.py"]) == []


def test_every_module_opens_with_its_promise() -> None:
    silent = [path for path in SOURCES if not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))]
    assert relative(silent) == []
