"""What the plugin looks after in every test: that armed faults struck, and what a failure's report shows.

Knows servers only by the few questions it asks them; fixtures say which ones belong to a test. What a test asks
of its fixtures, by marks and settings, is read here.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable
from typing import Any, Protocol

import pytest


class Watchable(Protocol):
    """A server a test has."""

    def describe_log(self) -> str:
        """Tell of the last commands."""

    def assert_faults_fired(self) -> None:
        """Fail if an armed fault never struck."""


WATCHED: pytest.StashKey[list[Watchable]] = pytest.StashKey()
LEAK_CHECK: pytest.StashKey[bool] = pytest.StashKey()


def options_of(item: pytest.Item, mark: str) -> dict[str, Any]:
    """Return the options that a test's mark gives to its server or deployment."""
    marked = item.get_closest_marker(mark)
    return {} if marked is None else dict(marked.kwargs)


def check_leaks(item: pytest.Item) -> None:
    """Let a test fail if it leaves connections open."""
    item.stash[LEAK_CHECK] = True


def checks_leaks(item: pytest.Item) -> bool:
    """Tell whether a test fails if it leaves connections open: it says so, or the project's settings do."""
    return item.stash.get(LEAK_CHECK, False) or bool(item.config.getini("respool_leak_check"))


def watch(item: pytest.Item, servers: Iterable[Watchable]) -> None:
    """Look after these servers while a test runs."""
    item.stash.setdefault(WATCHED, []).extend(servers)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, None, None]:
    """Fail a test that passed although what it meant to break never broke."""
    yield
    for server in item.stash.get(WATCHED, []):
        server.assert_faults_fired()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show in a failed test's report what its servers were asked last."""
    report = yield
    if report.failed:
        for server in item.stash.get(WATCHED, []):
            report.sections.append(("respool", server.describe_log()))
    return report
