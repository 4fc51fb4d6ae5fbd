"""A fake server's keys, read and written directly by the test, past the protocol.

A write has every consequence that a client's would have: it wakes blocked commands and spoils a WATCH.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, MutableMapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Protocol, TypeAlias, TypeVar

from ._engine.keyspace import Database
from ._engine.values import Hash, List, Members, SortedSet, Value

Scalar: TypeAlias = "bytes | str | int | float"
Key: TypeAlias = "bytes | str"

Plain: TypeAlias = "bytes | list[bytes] | dict[bytes, bytes] | set[bytes] | Scores"
Writable: TypeAlias = (
    "Scalar | Sequence[Scalar] | Mapping[str, Scalar] | Mapping[bytes, Scalar] | AbstractSet[Scalar] | Scores"
)
Result = TypeVar("Result")


class Within(Protocol):
    """Does something to a server where that is safe, at its present, with all that follows."""

    def __call__(self, act: Callable[[], Result]) -> Result: ...


class Scores(dict[bytes, float]):
    """The members of a sorted set, with their scores: what tells it from a hash where one is written."""


class DatabaseView(MutableMapping[Key, Plain]):
    """One numbered database as a mapping.

    Keys may be text or bytes; what comes out is bytes, a list, a set or a dict of them, or `Scores`. What is
    read is a copy: change a value by assigning it. May be used from any thread.
    """

    def __init__(self, database: Database, within: Within, now_ms: Callable[[], int]) -> None:
        self._database = database
        self._within = within
        self._now_ms = now_ms

    def __getitem__(self, key: Key) -> Plain:
        return self._within(lambda: _plain(self._value(key)))

    def __setitem__(self, key: Key, value: Writable) -> None:
        self._within(lambda: self._database.put(_encoded(key), _stored(value)))

    def __delitem__(self, key: Key) -> None:
        if not self._within(lambda: self._database.delete(_encoded(key))):
            raise KeyError(key)

    def __contains__(self, key: object) -> bool:
        return isinstance(key, (str, bytes)) and self._within(lambda: _encoded(key) in self._database)

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._within(lambda: list(self._database)))

    def __len__(self) -> int:
        return self._within(lambda: len(self._database))

    def __repr__(self) -> str:
        return f"<DatabaseView {self._database.index}: {len(self)} keys>"

    def expire(self, key: Key, seconds: float | None) -> None:
        """Let a key end after some seconds of the server's clock; None lets it live for ever."""
        self._within(lambda: self._expire(key, seconds))

    def ttl(self, key: Key) -> float | None:
        """Return the seconds a key has left; None for ever."""
        return self._within(lambda: self._ttl(key))

    def _value(self, key: Key) -> Value:
        value = self._database.get(_encoded(key))
        if value is None:
            raise KeyError(key)
        return value

    def _expire(self, key: Key, seconds: float | None) -> None:
        self._value(key)
        moment = None if seconds is None else self._now_ms() + round(seconds * 1000)
        self._database.set_expiry(_encoded(key), moment)

    def _ttl(self, key: Key) -> float | None:
        self._value(key)
        moment = self._database.expiry(_encoded(key))
        return None if moment is None else (moment - self._now_ms()) / 1000


def _encoded(word: Scalar) -> bytes:
    return word if isinstance(word, bytes) else str(word).encode()


def _plain(value: Value) -> Plain:
    if isinstance(value, bytes):
        return value
    match value:
        case Hash():
            return dict(value)
        case SortedSet():
            return Scores(value)
        case Members():
            return set(value)
    return list(value)


def _stored(value: Writable) -> Value:
    if isinstance(value, Scores):
        return SortedSet({_encoded(member): float(score) for member, score in value.items()})
    if isinstance(value, Mapping):
        return Hash({_encoded(field): _encoded(each) for field, each in value.items()})
    if isinstance(value, (str, bytes, int, float)):
        return _encoded(value)
    if isinstance(value, AbstractSet):
        return Members.of(map(_encoded, value))
    return List(_encoded(each) for each in value)
