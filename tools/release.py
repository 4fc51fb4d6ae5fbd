"""Prepares the release of one distribution: `python -m tools.release core minor`.

Refuses unless the tree is clean, the version in it is the one that was tagged last, and the changelog has
something to say; then writes the next version and its changelog entry, builds, and tells what is left to
do. Commits, tags and uploads nothing: those are said by a person. Levels: major, minor, patch; `first`
releases the version as it stands and is for what was never released.
"""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path

from packaging.version import Version

from tools.project import FOLDERS, ROOT, Distribution, disagreements, load_all, path_of

UNRELEASED = "## Unreleased\n"
LEVELS = ("major", "minor", "patch", "first")


class RefusedError(Exception):
    """The release cannot be prepared; the message says why and what to do."""


@dataclass(frozen=True)
class Plan:
    """What a release would write."""

    distribution: Distribution
    version: Version
    changelog: str

    @property
    def tag(self) -> str:
        """The git tag that marks this release."""
        return f"{self.distribution.folder}-v{self.version}"


def next_version(current: Version, level: str) -> Version:
    """Raise one part of a version and zero those after it."""
    major, minor, patch = current.release
    raised = {
        "major": (major + 1, 0, 0),
        "minor": (major, minor + 1, 0),
        "patch": (major, minor, patch + 1),
        "first": (major, minor, patch),
    }
    return Version(".".join(map(str, raised[level])))


def close_changelog(text: str, heading: str) -> str:
    """Put what is under Unreleased below `heading`, and leave an empty Unreleased above it."""
    before, mark, after = text.partition(UNRELEASED)
    news = after.partition("\n## ")[0].strip()
    if not mark or not news:
        raise RefusedError("the changelog has nothing under Unreleased: say there what this release brings")
    return f"{before}{UNRELEASED}\n## {heading}\n{after}"


def with_version(pyproject: str, version: Version) -> str:
    """Write another static version into the text of a pyproject.toml."""
    written, count = re.subn(r'^version = ".*"$', f'version = "{version}"', pyproject, flags=re.MULTILINE)
    if count != 1:
        raise RefusedError(f"pyproject.toml has {count} lines that say version, not one")
    return written


def last_released(folder: str, tags: list[str]) -> Version | None:
    """Return the highest version that a tag of this distribution names."""
    prefix = f"{folder}-v"
    return max((Version(tag.removeprefix(prefix)) for tag in tags if tag.startswith(prefix)), default=None)


def plan(folder: str, level: str, family: tuple[Distribution, ...], tags: list[str], date: str) -> Plan:
    """Decide the next version and its changelog, or refuse."""
    [chosen] = [each for each in family if each.folder == folder]
    _agree_with_tags(chosen, level, last_released(folder, tags))
    version = next_version(chosen.version, level)
    after = tuple(replace(each, version=version) if each is chosen else each for each in family)
    if broken := disagreements(after):
        raise RefusedError("\n  ".join(["widen these requirements first:", *broken]))
    return Plan(chosen, version, close_changelog(chosen.changelog, f"{version} ({date})"))


def _agree_with_tags(chosen: Distribution, level: str, released: Version | None) -> None:
    if released is None and level != "first":
        raise RefusedError(f"{chosen.name} was never released: say `first`, which releases {chosen.version}")
    if released is not None and level == "first":
        raise RefusedError(f"{chosen.name} was released before, last as {released}")
    if released not in (None, chosen.version):
        raise RefusedError(f"{chosen.name} is {chosen.version} here but {released} by its last tag")


def prepare(folder: str, level: str, root: Path = ROOT) -> Plan:
    """Decide, and write the two files."""
    if _git(root, "status", "--porcelain"):
        raise RefusedError("the work tree has changes: commit them or put them away first")
    date = datetime.now(timezone.utc).date().isoformat()
    decided = plan(folder, level, load_all(root), _git(root, "tag", "--list").split(), date)
    home = path_of(folder, root)
    pyproject = home / "pyproject.toml"
    pyproject.write_text(
        with_version(pyproject.read_text(encoding="utf-8"), decided.version), encoding="utf-8"
    )
    (home / "CHANGELOG.md").write_text(decided.changelog, encoding="utf-8")
    return decided


def build(folder: str) -> None:
    """Build the wheel and the source archive into dist/."""
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-d", ROOT / "dist"], cwd=path_of(folder), check=True
    )


def what_is_left(done: Plan) -> str:
    """Tell which commands a person says next."""
    place, name = f"packages/{done.distribution.folder}", done.distribution.name.replace("-", "_")
    return "\n".join(
        [
            f"{done.distribution.name} {done.version} is written and built. Left to do, by hand:",
            "    nox && nox -t packaging",
            f'    git commit -m "Release {done.distribution.name} {done.version}" -- {place}',
            f"    git tag {done.tag} && git push && git push origin {done.tag}",
            f"    upload dist/{name}-{done.version}*",
        ]
    )


def _git(root: Path, *words: str) -> str:
    return subprocess.run(
        ["git", *words], cwd=root, check=True, capture_output=True, text=True
    ).stdout.strip()


def main(words: list[str]) -> int:
    """Prepare what the command line names; returns the exit code."""
    if len(words) != 2 or words[0] not in FOLDERS or words[1] not in LEVELS:
        print(f"say which and how far: {'|'.join(FOLDERS)} {'|'.join(LEVELS)}", file=sys.stderr)
        return 2
    folder, level = words
    try:
        prepared = prepare(folder, level)
    except RefusedError as refusal:
        print(f"refused: {refusal}", file=sys.stderr)
        return 1
    build(folder)
    print(what_is_left(prepared))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
