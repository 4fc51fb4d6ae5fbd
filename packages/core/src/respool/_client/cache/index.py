"""From a key to the commands that read it. No more than that."""

from __future__ import annotations

from collections.abc import Iterable


class KeyIndex:
    """Commands by the keys they read; each command is entered once."""

    __slots__ = ("_commands",)

    def __init__(self) -> None:
        self._commands: dict[bytes, dict[bytes, None]] = {}

    def add(self, command: bytes, keys: Iterable[bytes]) -> None:
        for key in keys:
            self._commands.setdefault(key, {})[command] = None

    def remove(self, command: bytes, keys: Iterable[bytes]) -> None:
        for key in keys:
            commands = self._commands.get(key)
            if commands is not None:
                commands.pop(command, None)
                if not commands:
                    del self._commands[key]

    def keys(self) -> list[bytes]:
        """Return the keys that are read by any."""
        return [*self._commands]

    def reading(self, key: bytes) -> list[bytes]:
        """Return the commands that read `key`."""
        return [*self._commands.get(key, ())]

    def clear(self) -> None:
        self._commands.clear()
