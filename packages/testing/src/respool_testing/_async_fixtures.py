"""Asynchronous fixtures, whoever looks after them, and how a test runs: on a loop of its own or not."""

from __future__ import annotations

import functools

import pytest

try:
    import pytest_asyncio

    # On the loop of the test itself, whatever scope the project gives to loops of fixtures.
    async_fixture = functools.partial(pytest_asyncio.fixture, loop_scope="function")
except ImportError:  # another plugin, or none, looks after asynchronous fixtures
    async_fixture = pytest.fixture  # type: ignore[assignment]


def runs_on_own_loop(item: pytest.Item) -> bool:
    """Tell whether pytest-asyncio runs a test on a loop that its fixtures share.

    All others, synchronous ones and those of anyio or with loops of wider scope, need a server in a thread.
    """
    mark = item.get_closest_marker("asyncio")
    if mark is None or item.get_closest_marker("anyio") is not None:
        return False
    scope = mark.kwargs.get("loop_scope") or item.config.getini("asyncio_default_test_loop_scope")
    return scope == "function" and pytest_asyncio.is_async_test(item)
