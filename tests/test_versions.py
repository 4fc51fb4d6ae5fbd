"""The four distributions agree with each other, with their changelogs and with what is installed."""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import distribution

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

from tools.project import FOLDERS, ROOT, Distribution, disagreements, load, load_all, path_of

SATELLITES = [folder for folder in FOLDERS if folder != "core"]


def a_distribution(name: str, version: str, *requires: str) -> Distribution:
    return Distribution(name, name, Version(version), tuple(map(Requirement, requires)), {}, "")


def test_this_tree_meets_its_own_requirements() -> None:
    assert disagreements(load_all()) == []


@pytest.mark.parametrize("folder", SATELLITES)
def test_a_satellite_says_from_which_core_and_below_which(folder: str) -> None:
    [pin] = [each for each in load(folder).requires if each.name == "respool"]
    assert {each.operator for each in pin.specifier} == {">=", "<"}


def test_the_extras_of_core_carry_a_floor_only() -> None:
    core = load("core")
    assert set(core.extras) == {"cluster", "sentinel", "testing", "all"}
    for extra in SATELLITES:
        [floor] = core.extras[extra]
        assert floor.name == f"respool-{extra}"
        assert [each.operator for each in floor.specifier] == [">="]


def test_the_extra_all_is_all_of_them() -> None:
    [everything] = load("core").extras["all"]
    assert everything.name == "respool"
    assert everything.extras == set(SATELLITES)


def test_core_requires_two_packages_and_the_others_core_alone() -> None:
    assert {each.name for each in load("core").requires} == {"hiredis", "typing-extensions"}
    for folder in SATELLITES:
        assert [each.name for each in load(folder).requires] == ["respool"]


@pytest.mark.parametrize("folder", FOLDERS)
def test_the_changelog_speaks_of_what_comes_next_first(folder: str) -> None:
    headings = [line for line in load(folder).changelog.splitlines() if line.startswith("## ")]
    assert headings[0] == "## Unreleased"
    assert len(headings) == len(set(headings))


@pytest.mark.parametrize("folder", FOLDERS)
def test_what_is_installed_is_this_version(folder: str) -> None:
    described = load(folder)
    assert Version(distribution(described.name).version) == described.version
    claimed = getattr(import_module(described.import_name), "__version__", str(described.version))
    assert Version(claimed) == described.version


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_distribution_carries_the_licence_and_its_types(folder: str) -> None:
    licence = path_of(folder) / "LICENSE"
    assert licence.read_text(encoding="utf-8") == (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert (path_of(folder) / "src" / load(folder).import_name / "py.typed").exists()


def test_a_pin_that_shuts_out_this_trees_core_is_seen() -> None:
    family = (
        a_distribution("respool", "0.2.0"),
        a_distribution("respool-cluster", "0.1.0", "respool>=0.1,<0.2"),
    )
    [sentence] = disagreements(family)
    assert "respool-cluster wants respool<0.2,>=0.1" in sentence
    assert "0.2.0" in sentence
