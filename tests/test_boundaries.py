"""The house's walls: who imports whom, held against every source file; and the checker, seen to fail."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.boundaries import RANKS, closed_doors, cycle, homeless, undeclared, wrong_way
from tools.imports import UNREADABLE, Module, imports_of
from tools.project import FOLDERS, load, path_of

IN_ROOMS = [folder for folder in FOLDERS if load(folder).import_name in RANKS]
SATELLITES = [folder for folder in FOLDERS if folder != "core"]


def sources(folder: str) -> list[Module]:
    root = path_of(folder) / "src"
    return [_module(path, path.relative_to(root)) for path in sorted(root.rglob("*.py"))]


def suites(folder: str) -> list[Module]:
    root = path_of(folder) / "tests"
    return [_module(path, path.relative_to(root)) for path in sorted(root.rglob("*.py"))]


def _module(path: Path, place: Path) -> Module:
    words = place.with_suffix("").parts
    is_package = words[-1] == "__init__"
    return Module(".".join(words[:-1] if is_package else words), path.read_text(encoding="utf-8"), is_package)


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_distribution_has_sources_to_look_at(folder: str) -> None:
    assert load(folder).import_name in {module.name for module in sources(folder)}


@pytest.mark.parametrize("folder", SATELLITES)
def test_satellites_come_in_by_the_doors_of_core(folder: str) -> None:
    assert closed_doors(sources(folder), home=load(folder).import_name) == []


@pytest.mark.parametrize("folder", SATELLITES)
def test_the_tests_of_a_satellite_know_only_it_and_the_kit(folder: str) -> None:
    home = load(folder).import_name
    assert closed_doors(suites(folder), home=home, guests=frozenset({"respool_testing"})) == []


def test_core_knows_no_satellite() -> None:
    assert closed_doors(sources("core"), home="respool") == []


@pytest.mark.parametrize("folder", FOLDERS)
def test_what_is_imported_is_required(folder: str) -> None:
    declared = frozenset(each.name.replace("-", "_") for each in load(folder).requirements())
    assert undeclared(sources(folder), declared) == []


@pytest.mark.parametrize("folder", IN_ROOMS)
def test_the_rooms_of_a_distribution_import_one_way(folder: str) -> None:
    assert wrong_way(sources(folder)) == []


@pytest.mark.parametrize("folder", IN_ROOMS)
def test_every_module_has_a_room(folder: str) -> None:
    assert homeless(sources(folder)) == []


@pytest.mark.parametrize("folder", FOLDERS)
def test_no_modules_import_each_other_in_a_circle(folder: str) -> None:
    assert cycle(sources(folder)) == []


# The checker itself: what it must see, and what it must let pass.

WRONG_DOORS = [
    "import respool._pool",
    "import respool._pool.ledger as ledger",
    "from respool._wire import pack",
    "from respool import _connection",
    "from respool.lowlevel import _hidden",
    "from respool.somewhere import Redis",
    "import respool_sentinel",
    "from respool_testing import FakeServer",
    "if TYPE_CHECKING:\n    from respool._pool import Ledger",
    "def late():\n    from respool._client.redis import Redis",
    "import importlib\nimportlib.import_module('respool._pool')",
    "__import__('respool._pool')",
    "from importlib import import_module\nimport_module(name)",
    "import respool\nrespool._pool.ledger",
    "import respool.lowlevel\nrespool.lowlevel._hidden()",
]
RIGHT_DOORS = [
    "import respool",
    "from respool import Redis",
    "from respool.errors import ConnectionError",
    "from respool import lowlevel",
    "import respool.lowlevel as lowlevel",
    "from respool_cluster._slots import slot_of",
    "from . import _slots",
    "from ._slots import slot_of",
    "import asyncio, hiredis",
    "import respool\nrespool.__version__",
    "self._pool.ledger",
    "'respool._pool is only spoken of'",
]


@pytest.mark.parametrize("source", WRONG_DOORS)
def test_a_way_round_the_doors_is_seen(source: str) -> None:
    assert len(closed_doors([Module("respool_cluster.pool", source)], home="respool_cluster")) == 1


@pytest.mark.parametrize("source", RIGHT_DOORS)
def test_the_open_doors_are_open(source: str) -> None:
    assert closed_doors([Module("respool_cluster.pool", source)], home="respool_cluster") == []


@pytest.mark.parametrize(
    ("importer", "source"),
    [
        ("respool.errors", "from respool._wire import pack"),
        ("respool._wire.reply", "from respool._connection import Connection"),
        ("respool._wire.reply", "from .._pool.ledger import Ledger"),
        ("respool._pool.ledger", "import respool"),
        ("respool._pool.ledger", "from respool import Redis"),
        ("respool._pool.ledger", "from respool import lowlevel"),
        ("respool._pool.ledger", "if typing.TYPE_CHECKING:\n    from respool._client import Redis"),
        ("respool.lowlevel", "from respool import Redis"),
        ("respool_cluster._map.topology", "from respool_cluster._routing.router import Router"),
        ("respool_cluster._client.client", "from respool_cluster import Node"),
    ],
)
def test_an_import_that_points_up_is_seen(importer: str, source: str) -> None:
    assert len(wrong_way([Module(importer, source)])) == 1


@pytest.mark.parametrize(
    ("importer", "source"),
    [
        ("respool._wire.reply", "from respool import errors"),
        ("respool._pool.shell", "from respool._pool.ledger import Ledger"),
        ("respool._client.redis", "from .._pool import shell\nfrom respool.errors import RedisError"),
        ("respool.lowlevel", "from respool._wire import pack"),
        (
            "respool_cluster._client.client",
            "from respool_cluster._map.node import Node\nfrom respool import Redis",
        ),
    ],
)
def test_an_import_that_points_down_passes(importer: str, source: str) -> None:
    assert wrong_way([Module(importer, source)]) == []


def test_a_module_outside_the_rooms_is_seen() -> None:
    assert homeless([Module("respool.utils", ""), Module("respool._wire.reply", "")]) == [
        "respool.utils belongs to no room"
    ]


def test_a_requirement_nobody_declared_is_seen() -> None:
    modules = [Module("respool_cluster.pool", "import asyncio\nimport hiredis\nfrom rich import console")]
    [breach] = undeclared(modules, frozenset({"hiredis"}))
    assert "rich" in breach


def test_typing_extensions_need_no_requirement_for_types_alone() -> None:
    source = "if TYPE_CHECKING:\n    from typing_extensions import Self\nfrom typing_extensions import Never"
    [breach] = undeclared([Module("respool_cluster.pool", source)], frozenset())
    assert "Never" in breach


def test_a_circle_is_seen_whole() -> None:
    modules = [
        Module("p", "", is_package=True),
        Module("p.a", "from p import b"),
        Module("p.b", "def late():\n    from p.c import thing"),
        Module("p.c", "from . import a"),
    ]
    assert set(cycle(modules)) == {"p.a", "p.b", "p.c"}


def test_a_circle_of_annotations_is_none() -> None:
    modules = [Module("p.a", "from p import b"), Module("p.b", "if TYPE_CHECKING:\n    from p.a import A")]
    assert cycle(modules) == []


@pytest.mark.parametrize(
    ("module", "target"),
    [
        (Module("p.q.m", "from . import n"), "p.q.n"),
        (Module("p.q.m", "from ..r import n"), "p.r.n"),
        (Module("p.q", "from . import n", is_package=True), "p.q.n"),
        (Module("p.q", "from ..r import n", is_package=True), "p.r.n"),
        (Module("p.q.m", "import_module(f'p.{x}')"), UNREADABLE),
    ],
)
def test_a_relative_import_is_resolved_where_it_stands(module: Module, target: str) -> None:
    assert [each.target for each in imports_of(module)] == [target]
