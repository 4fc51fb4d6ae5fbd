"""Decoded replies to typed values, for the shapes that many families share. Pure; the same for RESP2 and RESP3.

Text arrives as bytes or as str, numbers as numbers or as text, maps as maps or as flat lists, pairs as pairs or
one after the other. What users put in comes out as it was decoded; what the server says of itself (its words,
names of fields) is str always.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from respool.errors import InvalidResponse

K = TypeVar("K")
V = TypeVar("V")
N = TypeVar("N", int, float)
C = TypeVar("C", bound=Callable[[object], object])


def items(reply: object) -> list[object]:
    """Take a list; None, which RESP2 has for an empty one, is none."""
    if reply is None:
        return []
    if isinstance(reply, list):
        return reply
    raise unexpected(reply)


def parts(reply: object, count: int) -> list[object]:
    """Take a list of at least so many parts; what newer servers add behind them is left out."""
    elements = items(reply)
    if len(elements) < count:
        raise unexpected(reply)
    return elements[:count]


def rows(reply: object, count: int) -> list[list[object]]:
    """Take a list of lists of parts."""
    return [parts(each, count) for each in items(reply)]


class Told(dict[str, object]):
    """A map of the server's own making. A field that is missing is a reply of a shape that makes no sense."""

    def __missing__(self, name: str) -> object:
        raise InvalidResponse(f"the reply tells no {name!r}, which this command always tells")


def unexpected(reply: object) -> InvalidResponse:
    """Return the error for a reply of a shape that this command never had. The text of the reply may be a secret."""
    return InvalidResponse(f"the reply is a {type(reply).__name__}, which this command does not answer with")


def put_in(value: object) -> V:  # type: ignore[type-var] # the caller says which
    """Take what somebody put in (a key, a member, a name of a consumer): it is decoded already."""
    return value  # type: ignore[return-value] # what text decodes to


UNDECODED: set[object] = set()
"""The converters that are given replies as they came, for what they take is no text."""


def takes_bytes(convert: C) -> C:
    """Mark a converter as one of those."""
    UNDECODED.add(convert)
    return convert


@takes_bytes
def undecoded(reply: object) -> bytes:
    """Take binary data."""
    if isinstance(reply, bytes):
        return reply
    raise unexpected(reply)


@takes_bytes
def undecoded_or_none(reply: object) -> bytes | None:
    """Take binary data, or None."""
    return None if reply is None else undecoded(reply)


def succeeded(reply: object) -> bool:
    """Tell OK from null, which is what a condition that was not met answers."""
    return reply is not None


def text(reply: object) -> str:
    """Take a word of the server, str in either case."""
    if isinstance(reply, bytes):
        return reply.decode(errors="surrogateescape")
    return reply if isinstance(reply, str) else str(reply)


def text_or_none(reply: object) -> str | None:
    return None if reply is None else text(reply)


def texts(reply: object) -> list[str]:
    return [text(each) for each in items(reply)]


def texts_or_none(reply: object) -> list[str | None]:
    return [text_or_none(each) for each in items(reply)]


def text_set(reply: object) -> set[str]:
    return set(texts(reply))


def integer(reply: object) -> int:
    """Take an integer that may come as text."""
    return int(number(reply)) if isinstance(reply, float) else _numeric(int, reply)


def integer_or_none(reply: object) -> int | None:
    return None if reply is None else integer(reply)


def number(reply: object) -> float:
    """Take a float, which is text in RESP2."""
    return _numeric(float, reply)


def number_or_none(reply: object) -> float | None:
    return None if reply is None else number(reply)


def numbers(reply: object) -> list[float]:
    return [number(each) for each in items(reply)]


def numbers_or_none(reply: object) -> list[float | None]:
    return [number_or_none(each) for each in items(reply)]


def booleans(reply: object) -> list[bool]:
    return [bool(each) for each in items(reply)]


def listed(reply: object) -> list[V]:
    """Take a list of what text decodes to; null is an empty one."""
    return reply if isinstance(reply, list) else items(reply)  # type: ignore[return-value] # of its elements


def as_set(reply: object) -> set[V]:
    """Take a set: RESP2 has lists for them."""
    return set(listed(reply))


def pairs(reply: object) -> Iterator[tuple[object, object]]:
    """Take pairs, be they a map, a list of pairs or a flat list."""
    if isinstance(reply, dict):
        return iter(reply.items())
    elements = items(reply)
    if elements and isinstance(elements[0], list):
        return ((first, second) for first, second in rows(elements, 2))
    return by_twos(elements)


def by_twos(elements: Iterable[object]) -> Iterator[tuple[object, object]]:
    """Return every two elements of a flat list as a pair."""
    each = iter(elements)
    return zip(each, each, strict=False)


def mapping(reply: object) -> dict[K, V]:
    """Take a map, which is a flat list in RESP2."""
    if isinstance(reply, dict):
        return reply
    return dict(pairs(reply))  # type: ignore[arg-type] # what text decodes to


def fields(reply: object) -> Told:
    """Take a map of the server's own making: its keys are names of fields."""
    return Told((text(name), value) for name, value in pairs(reply))


def text_mapping(reply: object) -> dict[str, str]:
    """Take a map of the server's own making, all of it words."""
    return {text(name): text(value) for name, value in pairs(reply)}


def paired(reply: object) -> list[tuple[K, V]]:
    """Take a list of pairs that were put in together: fields with their values."""
    return list(pairs(reply))  # type: ignore[arg-type] # what text decodes to


def scored(reply: object) -> list[tuple[K, float]]:
    """Take members with their scores."""
    return [(put_in(member), number(score)) for member, score in pairs(reply)]


def scanned(reply: object) -> tuple[int, list[V]]:
    """Take the next cursor, 0 at the end, and what was found by now."""
    cursor, found = parts(reply, 2)
    return integer(cursor), listed(found)


def scanned_mapping(reply: object) -> tuple[int, dict[K, V]]:
    """Take the next cursor and a map, which is a flat list in either protocol."""
    cursor, found = parts(reply, 2)
    return integer(cursor), mapping(found)


def scanned_scores(reply: object) -> tuple[int, list[tuple[K, float]]]:
    """Take the next cursor and members with their scores."""
    cursor, found = parts(reply, 2)
    return integer(cursor), scored(found)


def nested_numbers(reply: object) -> dict[str, float]:
    """Take figures by name; those in a map of their own are named after it, with a dot between."""
    told: dict[str, float] = {}
    for name, value in fields(reply).items():
        if isinstance(value, (dict, list)):
            told |= {f"{name}.{inner}": figure for inner, figure in nested_numbers(value).items()}
        else:
            told[name] = number(value)
    return told


def lines_of_fields(reply: object, separator: str = ":") -> dict[str, str]:
    """Take text of `name:value` lines, as INFO writes them; other lines are headings."""
    parts = (line.partition(separator) for line in text(reply).splitlines() if not line.startswith("#"))
    return {name: value for name, found, value in parts if found}


def _numeric(kind: type[N], reply: object) -> N:
    if isinstance(reply, (float, int, bytes, str)):
        try:
            return kind(reply)
        except ValueError:
            raise unexpected(reply) from None
    raise unexpected(reply)
