"""The version that servers are told is the one that is installed."""

from __future__ import annotations

from importlib.metadata import version

from respool._wire.version import VERSION


def test_the_version_written_down_is_the_one_installed() -> None:
    assert version("respool") == VERSION
