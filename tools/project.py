"""The four distributions, as their own files describe them. Reads; decides and changes nothing."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import Requirement
from packaging.version import Version

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parent.parent
FOLDERS = ("core", "cluster", "sentinel", "testing")


@dataclass(frozen=True)
class Distribution:
    """One folder below packages/, by its pyproject.toml and its changelog."""

    folder: str
    name: str
    version: Version
    requires: tuple[Requirement, ...]
    extras: Mapping[str, tuple[Requirement, ...]]
    changelog: str

    @property
    def import_name(self) -> str:
        """The package that users import."""
        return self.name.replace("-", "_")

    def requirements(self) -> tuple[Requirement, ...]:
        """List everything this distribution may require, its extras included."""
        return (*self.requires, *(each for extra in self.extras.values() for each in extra))


def path_of(folder: str, root: Path = ROOT) -> Path:
    """Return the folder that holds one distribution."""
    return root / "packages" / folder


def load(folder: str, root: Path = ROOT) -> Distribution:
    """Read one distribution's pyproject.toml and CHANGELOG.md."""
    home = path_of(folder, root)
    project = tomllib.loads((home / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return Distribution(
        folder=folder,
        name=project["name"],
        version=Version(project["version"]),
        requires=_requirements(project.get("dependencies", ())),
        extras={
            extra: _requirements(wanted) for extra, wanted in project.get("optional-dependencies", {}).items()
        },
        changelog=(home / "CHANGELOG.md").read_text(encoding="utf-8"),
    )


def load_all(root: Path = ROOT) -> tuple[Distribution, ...]:
    """Read the four distributions, core first."""
    return tuple(load(folder, root) for folder in FOLDERS)


def disagreements(family: tuple[Distribution, ...]) -> list[str]:
    """List every requirement of the family on itself that the versions in this tree do not meet."""
    versions = {each.name: each.version for each in family}
    return [
        f"{each.name} wants {wanted}, but this tree has {wanted.name} {versions[wanted.name]}"
        for each in family
        for wanted in each.requirements()
        if wanted.name in versions and not wanted.specifier.contains(versions[wanted.name], prereleases=True)
    ]


def _requirements(lines: list[str]) -> tuple[Requirement, ...]:
    return tuple(map(Requirement, lines))
