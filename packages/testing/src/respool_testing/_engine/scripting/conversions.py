"""Replies to Lua values and back, as the Lua API of the servers describes it.

https://redis.io/docs/latest/develop/programmability/lua-api/#data-type-conversion
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final, Protocol

from respool_testing.replies import BigNumber, Error, Map, NullArray, Reply, Set, Simple, Verbatim

from ..arguments import INTEGER_MAX, INTEGER_MIN, maybe_integer
from ..encoding import format_double

DEEPEST: Final = 250


class Tables(Protocol):
    """The tables of an interpreter; what they hold is bytes, numbers, booleans, None, and what only Lua knows."""

    def make(self, pairs: Mapping[object, object]) -> object:
        """Return a new table; what is None is left out."""

    def is_table(self, value: object) -> bool:
        """Tell whether a value is a table."""

    def is_function(self, value: object) -> bool:
        """Tell whether a value is a function."""

    def get(self, table: object, key: object) -> object:
        """Return what a table itself holds."""

    def pairs(self, table: object) -> Iterable[tuple[object, object]]:
        """Return all that a table itself holds."""


def to_lua(reply: Reply, tables: Tables, *, resp3: bool) -> object:
    """Return a reply as a script sees it that speaks RESP2, or has asked for RESP3."""
    match reply:
        case None | NullArray():
            return None if resp3 else False
        case bool():
            return reply if resp3 else int(reply)
        case int() | bytes():
            return reply
        case Simple(text):
            return tables.make({b"ok": text})
        case Error(text):
            return tables.make({b"err": text})
        case float():
            return tables.make({b"double": reply}) if resp3 else format_double(reply)
        case BigNumber(value):
            return tables.make({b"big_number": b"%d" % value}) if resp3 else b"%d" % value
        case Verbatim(text, form):
            inner = tables.make({b"format": form, b"string": text})
            return tables.make({b"verbatim_string": inner}) if resp3 else text
    return _compound_to_lua(reply, tables, resp3=resp3)


def to_reply(value: object, tables: Tables, *, resp3: bool, depth: int = 0) -> Reply:
    """Return a script's result as a reply; `resp3` if the script has asked for it."""
    if depth > DEEPEST:
        return Error(b"ERR reached lua stack limit")
    if isinstance(value, bool):
        return value if resp3 else (1 if value else None)
    if isinstance(value, (int, float)):
        return whole(value)
    if isinstance(value, bytes):
        return value
    if not tables.is_table(value):
        return None
    marked = _marked(value, tables, lambda each: to_reply(each, tables, resp3=resp3, depth=depth + 1))
    if marked is not None:
        return marked
    return [to_reply(each, tables, resp3=resp3, depth=depth + 1) for each in items(value, tables)]


def items(table: object, tables: Tables) -> Iterator[object]:
    """Return what a table holds at 1, 2, 3 and so on, up to the first that is missing."""
    place = 1
    while (value := tables.get(table, place)) is not None:
        yield value
        place += 1


def whole(number: float) -> int:
    """Cut off what is behind the point, as C does; what fits no integer becomes the smallest."""
    if not INTEGER_MIN <= number <= INTEGER_MAX:  # nor is what is no number
        return INTEGER_MIN
    return min(int(number), INTEGER_MAX)


def _compound_to_lua(reply: Reply, tables: Tables, *, resp3: bool) -> object:
    def convert(each: Reply) -> object:
        return to_lua(each, tables, resp3=resp3)

    match reply:
        case Map(pairs) if resp3:
            return tables.make({b"map": tables.make({convert(key): convert(value) for key, value in pairs})})
        case Set(members) if resp3:
            return tables.make({b"set": tables.make({convert(member): True for member in members})})
        case Map(pairs):
            return _array([convert(part) for pair in pairs for part in pair], tables)
        case Set(members):
            return _array([convert(member) for member in members], tables)
    assert isinstance(reply, Sequence)
    return _array([convert(each) for each in reply], tables)


def _array(values: list[object], tables: Tables) -> object:
    return tables.make(dict(enumerate(values, 1)))


def _marked(table: object, tables: Tables, convert: Callable[[object], Reply]) -> Reply:
    """Return the reply a table stands for if one of its fields says so, else None."""
    for field, kind in ((b"err", Error), (b"ok", Simple)):
        text = tables.get(table, field)
        if isinstance(text, bytes):
            return kind(_flat(text.removeprefix(b"-") if kind is Error else text))
    double = tables.get(table, b"double")
    if isinstance(double, (int, float)):
        return float(double)
    pairs = tables.get(table, b"map")
    if tables.is_table(pairs):
        return Map([(convert(key), convert(value)) for key, value in tables.pairs(pairs)])
    members = tables.get(table, b"set")
    if tables.is_table(members):
        return Set([convert(member) for member, _ in tables.pairs(members)])
    return _marked_text(table, tables)


def _marked_text(table: object, tables: Tables) -> Reply:
    digits = tables.get(table, b"big_number")
    if isinstance(digits, bytes):
        return _flat(digits) if maybe_integer(digits) is None else BigNumber(int(digits))
    verbatim = tables.get(table, b"verbatim_string")
    if tables.is_table(verbatim):
        text, form = tables.get(verbatim, b"string"), tables.get(verbatim, b"format")
        if isinstance(text, bytes) and isinstance(form, bytes):
            return Verbatim(text, form[:3].ljust(3))
    return None


def _flat(text: bytes) -> bytes:
    return text.replace(b"\r", b" ").replace(b"\n", b" ")
