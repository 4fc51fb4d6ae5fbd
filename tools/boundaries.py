"""Who may import what: between the distributions, and between the rooms of one. Judges; reads no file.

Each rule takes modules and returns sentences, one for each breach, none if all is well.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter

from tools.imports import UNREADABLE, Import, Module, imports_of

FAMILY = frozenset({"respool", "respool_cluster", "respool_sentinel", "respool_testing"})
DOORS = ("respool", "respool.errors", "respool.lowlevel", "respool.replies")
# Rooms from the bottom up; the package itself, and core's `lowlevel` and `replies`, look down on all of them.
RANKS = {
    "respool": {
        "errors": 0,
        "_wire": 1,
        "_connection": 2,
        "_pool": 3,
        "_client": 4,
        "": 5,
        "lowlevel": 5,
        "replies": 5,
    },
    "respool_cluster": {"_map": 1, "_pool": 2, "_routing": 3, "_pubsub": 4, "_client": 5, "": 6},
}


def closed_doors(modules: Iterable[Module], *, home: str, guests: frozenset[str] = frozenset()) -> list[str]:
    """List imports of the family that `home` may not make: only itself, `guests`, and core's open doors."""
    return [
        f"{each.importer}:{each.line} imports {each.target}: {home} may import {', '.join(DOORS)} and itself"
        for module in modules
        for each in imports_of(module)
        if not _admitted(each.target, {home, *guests})
    ]


def undeclared(modules: Iterable[Module], declared: frozenset[str]) -> list[str]:
    """List imports from outside the family that are neither the standard library's nor `declared`.

    For types alone, typing_extensions is there for everybody: type checkers bring it along.
    """
    known = declared | sys.stdlib_module_names | FAMILY
    return [
        f"{each.importer}:{each.line} imports {each.target}, which its distribution does not require"
        for module in modules
        for each in imports_of(module)
        if _root(each.target) not in known | ({"typing_extensions"} if each.typing_only else set())
    ]


def wrong_way(modules: Iterable[Module]) -> list[str]:
    """List imports inside a distribution that point up: from a room into one that stands on it."""
    return [
        f"{each.importer}:{each.line} imports {each.target}, which stands above it"
        for module in modules
        for each in imports_of(module)
        if _root(each.target) == _root(each.importer) and not _points_down(each)
    ]


def homeless(modules: Iterable[Module]) -> list[str]:
    """List modules that belong to no room of their distribution."""
    return [
        f"{each.name} belongs to no room"
        for each in modules
        if _room(each.name) not in RANKS[_root(each.name)]
    ]


def cycle(modules: Iterable[Module]) -> list[str]:
    """Return one cycle of imports at run time, as the names along it, or nothing.

    A package counts as imported where it is named, not where a module inside it is.
    """
    known = {module.name: module for module in modules}
    graph = {name: set(_edges(module, known)) for name, module in known.items()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        path: list[str] = error.args[1]
        return path
    return []


def _edges(module: Module, known: Mapping[str, Module]) -> Iterator[str]:
    for each in imports_of(module):
        target = each.target if each.target in known else each.target.rpartition(".")[0]
        if target in known and target != module.name and not each.typing_only:
            yield target


def _admitted(target: str, homes: set[str]) -> bool:
    if target == UNREADABLE:
        return False
    if _root(target) not in FAMILY or _root(target) in homes:
        return True
    door, _, name = target.rpartition(".")
    return target in DOORS or (door in DOORS and not name.startswith("_"))


def _points_down(each: Import) -> bool:
    own, other = _room(each.importer), _room(each.target)
    ranks = RANKS[_root(each.importer)]
    # A name that is no room is one that the package itself offers.
    above, below = ranks.get(own, ranks[""]), ranks.get(other, ranks[""])
    return below < above or own == other


def _room(name: str) -> str:
    return name.partition(".")[2].partition(".")[0]


def _root(target: str) -> str:
    return target.partition(".")[0]
