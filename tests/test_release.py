"""A release is refused for good reasons, and writes two files: decided on plain data, done once in a repository."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

from tools.project import FOLDERS, Distribution, load, path_of
from tools.release import (
    RefusedError,
    close_changelog,
    last_released,
    main,
    next_version,
    plan,
    prepare,
    with_version,
)

LOG = "# Changelog\n\n## Unreleased\n\n- Faster.\n\n## 0.1.0 (2026-01-01)\n\n- The first version.\n"
CORE = Distribution("core", "respool", Version("0.1.0"), (), {}, LOG)
CLUSTER = Distribution(
    "cluster", "respool-cluster", Version("0.1.0"), (Requirement("respool>=0.1,<0.2"),), {}, LOG
)


@pytest.mark.parametrize(
    ("level", "raised"), [("major", "2.0.0"), ("minor", "1.3.0"), ("patch", "1.2.4"), ("first", "1.2.3")]
)
def test_a_level_raises_its_part_and_zeroes_the_rest(level: str, raised: str) -> None:
    assert next_version(Version("1.2.3"), level) == Version(raised)


def test_the_last_release_is_the_highest_tag_of_that_distribution() -> None:
    tags = ["core-v0.9.0", "core-v0.10.0", "cluster-v2.0.0", "something"]
    assert last_released("core", tags) == Version("0.10.0")
    assert last_released("sentinel", tags) is None


def test_the_news_moves_under_the_version_and_leaves_room_for_more() -> None:
    assert close_changelog(LOG, "0.2.0 (2026-02-02)") == (
        "# Changelog\n\n## Unreleased\n\n## 0.2.0 (2026-02-02)\n\n- Faster.\n\n"
        "## 0.1.0 (2026-01-01)\n\n- The first version.\n"
    )


@pytest.mark.parametrize(
    "text", ["# Changelog\n", "## Unreleased\n\n## 0.1.0\n\n- Old.\n", "## Unreleased\n"]
)
def test_a_release_without_news_is_refused(text: str) -> None:
    with pytest.raises(RefusedError, match="nothing under Unreleased"):
        close_changelog(text, "0.2.0")


def test_only_the_static_version_changes_in_pyproject() -> None:
    text = '[project]\nversion = "0.1.0"\ndependencies = ["x>=0.1.0"]\n'
    assert with_version(text, Version("0.2.0")) == text.replace('version = "0.1.0"', 'version = "0.2.0"')


@pytest.mark.parametrize("text", ['[project]\nname = "x"\n', 'version = "1"\nversion = "2"\n'])
def test_a_version_that_cannot_be_placed_is_refused(text: str) -> None:
    with pytest.raises(RefusedError, match="say version"):
        with_version(text, Version("0.2.0"))


def test_a_release_is_planned_from_the_last_tag() -> None:
    decided = plan("cluster", "minor", (CORE, CLUSTER), ["cluster-v0.1.0"], "2026-02-02")
    assert decided.tag == "cluster-v0.2.0"
    assert "## 0.2.0 (2026-02-02)\n\n- Faster." in decided.changelog


def test_a_first_release_keeps_the_version_it_has() -> None:
    assert plan("core", "first", (CORE, CLUSTER), [], "2026-02-02").version == Version("0.1.0")


@pytest.mark.parametrize(
    ("level", "tags", "reason"),
    [
        ("minor", ["core-v0.0.9"], "is 0.1.0 here but 0.0.9 by its last tag"),
        ("minor", ["core-v0.2.0"], "is 0.1.0 here but 0.2.0 by its last tag"),
        ("minor", ["cluster-v0.1.0"], "was never released"),
        ("first", ["core-v0.1.0"], "was released before"),
    ],
)
def test_a_release_that_disagrees_with_the_tags_is_refused(level: str, tags: list[str], reason: str) -> None:
    with pytest.raises(RefusedError, match=reason):
        plan("core", level, (CORE, CLUSTER), tags, "2026-02-02")


def test_a_core_that_satellites_do_not_admit_is_refused_by_their_names() -> None:
    with pytest.raises(RefusedError, match=r"respool-cluster wants respool<0\.2,>=0\.1"):
        plan("core", "minor", (CORE, CLUSTER), ["core-v0.1.0"], "2026-02-02")


@pytest.mark.parametrize(
    "words", [[], ["core"], ["core", "huge"], ["kernel", "minor"], ["core", "minor", "now"]]
)
def test_words_it_does_not_know_are_answered_with_those_it_does(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 2
    assert "core|cluster|sentinel|testing major|minor|patch|first" in capsys.readouterr().err


def git(root: Path, *words: str) -> None:
    identity = ("-c", "user.name=tests", "-c", "user.email=tests@localhost", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *identity, *words], cwd=root, check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Copy the descriptions of the four distributions into a repository of their own, each with news to tell."""
    for folder in FOLDERS:
        path_of(folder, tmp_path).mkdir(parents=True)
        shutil.copy(path_of(folder) / "pyproject.toml", path_of(folder, tmp_path))
        (path_of(folder, tmp_path) / "CHANGELOG.md").write_text(LOG, encoding="utf-8")
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-q", "-m", "Begin")
    return tmp_path


def test_a_prepared_release_is_in_the_files(repository: Path) -> None:
    before = load("cluster", repository).version
    git(repository, "tag", f"cluster-v{before}")
    prepare("cluster", "patch", repository)
    after = load("cluster", repository)
    assert after.version == next_version(before, "patch")
    assert f"## Unreleased\n\n## {after.version} (" in after.changelog


def test_a_tree_with_changes_is_refused(repository: Path) -> None:
    (repository / "stray").touch()
    with pytest.raises(RefusedError, match="has changes"):
        prepare("core", "first", repository)
