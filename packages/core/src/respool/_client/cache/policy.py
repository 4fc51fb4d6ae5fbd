"""What a cache was told to keep, checked once. Decides by keys alone; knows no commands and no connection."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

from respool._wire.values import KeyT, ValueT
from respool.errors import DataError


@dataclass(frozen=True)
class Policy:
    """How much to keep, of which keys, for how long."""

    max_entries: int
    max_bytes: int
    max_age: float | None
    prefixes: tuple[bytes, ...]
    cacheable: Callable[[bytes], bool] | None

    def __post_init__(self) -> None:
        if self.max_entries < 1 or self.max_bytes < 1:
            raise DataError("a cache has room for one entry and one byte at least")
        if self.max_age is not None and not self.max_age > 0:
            raise DataError(f"max_age is a number of seconds above 0, not {self.max_age!r}")
        for one, other in combinations(self.prefixes, 2):
            # The server would refuse them: it could not tell which of the two to report.
            if one.startswith(other) or other.startswith(one):
                raise DataError(f"prefixes must not overlap: {one!r} and {other!r}")

    def admits(self, keys: Sequence[bytes]) -> bool:
        """Tell whether what was read of all these keys may be kept."""
        # startswith(()) is False: without prefixes every key is tracked that is read.
        return (not self.prefixes or all(key.startswith(self.prefixes) for key in keys)) and (
            self.cacheable is None or all(map(self.cacheable, keys))
        )

    def tracking(self) -> tuple[ValueT, ...]:
        """Return the command that has the server report changes. https://redis.io/docs/latest/commands/client-tracking/"""
        prefixes = [word for prefix in self.prefixes for word in (b"PREFIX", prefix)]
        return (b"CLIENT", b"TRACKING", b"ON", *([b"BCAST", *prefixes] if prefixes else ()))


def encoded(prefixes: Iterable[KeyT]) -> tuple[bytes, ...]:
    """Return prefixes as they stand in front of keys. Raises `DataError` for one string in the place of several."""
    if isinstance(prefixes, (str, bytes)):
        raise DataError(f"prefixes is a list of prefixes: [{prefixes!r}]")
    return tuple(each.encode() if isinstance(each, str) else bytes(each) for each in prefixes)
