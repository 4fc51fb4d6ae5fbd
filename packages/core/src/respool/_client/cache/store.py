"""Entries and their bounds: what was used longest ago makes room. No clock, no loop, no connection.

An entry is a raw reply under the bytes of the command that asked for it. It belongs to a source, which reports what
changes; the store knows of that only that it is one.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from math import inf

from respool._client.cache.index import KeyIndex
from respool._client.cache.values import weight

ENTRY_BYTES = 600
"""What an entry weighs beside its command, its keys and its reply: the object, and its places in three tables."""


class Entry:
    """One reply. `expires_at` is on the clock of whoever stores and asks."""

    __slots__ = ("command", "expires_at", "keys", "reply", "size", "source")

    def __init__(
        self, command: bytes, keys: tuple[bytes, ...], reply: object, source: object, expires_at: float = inf
    ) -> None:
        self.command = command
        self.keys = keys
        self.reply = reply
        self.source = source
        self.expires_at = expires_at
        self.size = ENTRY_BYTES + len(command) + sum(map(len, keys)) + weight(reply)


class Store:
    """At most `max_entries` entries of together `max_bytes` bytes."""

    __slots__ = ("_by_key", "_entries", "_max_bytes", "_max_entries", "evictions", "size")

    def __init__(self, max_entries: int, max_bytes: int) -> None:
        self._max_entries = max_entries
        self._max_bytes = max_bytes
        self._entries: OrderedDict[bytes, Entry] = OrderedDict()
        self._by_key = KeyIndex()
        self.size = 0
        self.evictions = 0

    def __len__(self) -> int:
        return len(self._entries)

    def find(self, command: bytes, now: float) -> Entry | None:
        """Return the entry of a command, which counts as using it; what is too old by `now` is dropped."""
        entry = self._entries.get(command)
        if entry is None:
            return None
        if entry.expires_at <= now:
            self._drop(entry)
            return None
        self._entries.move_to_end(command)
        return entry

    def put(self, entry: Entry) -> None:
        """Keep an entry in the place of an older one, unless it alone would need all the room there is."""
        older = self._entries.get(entry.command)
        if older is not None:
            self._drop(older)
        if entry.size > self._max_bytes:
            return
        self._entries[entry.command] = entry
        self._by_key.add(entry.command, entry.keys)
        self.size += entry.size
        while self.size > self._max_bytes or len(self._entries) > self._max_entries:
            self._drop(next(iter(self._entries.values())))
            self.evictions += 1

    def drop(self, commands: Iterable[bytes]) -> int:
        """Forget the entries of commands; return how many there were."""
        found = [entry for command in commands if (entry := self._entries.get(command)) is not None]
        for entry in found:
            self._drop(entry)
        return len(found)

    def keys(self) -> list[bytes]:
        """Return the keys of which something is kept."""
        return self._by_key.keys()

    def drop_key(self, key: bytes) -> int:
        """Forget what was read of a key; return how many entries that were."""
        return self.drop(self._by_key.reading(key))

    def drop_source(self, source: object) -> int:
        """Forget what a source would have reported changes of; return how many entries that were."""
        return self.drop([entry.command for entry in self._entries.values() if entry.source is source])

    def latest_of(self, source: object) -> Entry | None:
        """Return the entry of a source that was used last."""
        return next((entry for entry in reversed(self._entries.values()) if entry.source is source), None)

    def clear(self) -> int:
        """Forget everything; return how many entries that were."""
        count = len(self._entries)
        self._entries.clear()
        self._by_key.clear()
        self.size = 0
        return count

    def _drop(self, entry: Entry) -> None:
        del self._entries[entry.command]
        self._by_key.remove(entry.command, entry.keys)
        self.size -= entry.size
