"""Commands on the server's settings."""

from __future__ import annotations

from asyncio import Future
from typing import Generic, TypeVar

from respool._client.families.family import Family
from respool._client.replies.basic import succeeded, text_mapping
from respool._wire.values import ValueT

T = TypeVar("T")


class ConfigurationCommands(Family[T], Generic[T]):
    """Commands on settings. Names and values are str: these are words of the server."""

    def config_get(self, *patterns: str) -> Future[dict[str, str]]:
        """Return the settings that match (all). https://redis.io/docs/latest/commands/config-get/"""
        return self._run((b"CONFIG", b"GET", *(patterns or ("*",))), text_mapping)

    def config_resetstat(self) -> Future[bool]:
        """Start the server's statistics afresh. https://redis.io/docs/latest/commands/config-resetstat/"""
        return self._run((b"CONFIG", b"RESETSTAT"), succeeded)

    def config_rewrite(self) -> Future[bool]:
        """Write the settings to the server's file. https://redis.io/docs/latest/commands/config-rewrite/"""
        return self._run((b"CONFIG", b"REWRITE"), succeeded)

    def config_set(self, name: str, value: ValueT, *more: ValueT) -> Future[bool]:
        """Change a setting, or several at once: names and values in turns.

        https://redis.io/docs/latest/commands/config-set/
        """
        return self._run((b"CONFIG", b"SET", name, value, *more), succeeded)
