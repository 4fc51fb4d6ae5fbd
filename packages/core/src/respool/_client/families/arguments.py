"""Options of a call to words of a command: times, flags, lists of keys. Sends nothing, refuses nothing.

What cannot be sent together is told as a sentence (`clash`), for the caller to refuse with.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Literal, TypeAlias, TypeVar

from respool._wire.values import KeyT, ValueT

if TYPE_CHECKING:
    from datetime import datetime, timedelta

AnyKeyT = TypeVar("AnyKeyT", bound=KeyT)
"""A key of a mapping: a variable, for `Mapping` would not take a dict of str where str or bytes is asked for."""

AnyValueT = TypeVar("AnyValueT", bound=ValueT)
"""A field or member of a mapping, for the same reason."""

PeriodT: TypeAlias = "int | timedelta"
"""How long: a number in the unit of the option, or a timedelta, of which parts of that unit are dropped."""

MomentT: TypeAlias = "int | datetime"
"""When: Unix time in the unit of the option, or a datetime; one without a zone is local time."""

Side: TypeAlias = Literal["LEFT", "RIGHT"]
"""An end of a list."""

Ordering: TypeAlias = Literal["BULK", "OBO"]
"""How several elements arrive: as they stood (in bulk), or one by one, each before or behind the last."""

Words: TypeAlias = tuple[ValueT, ...]


def seconds(period: PeriodT) -> int:
    return period if isinstance(period, int) else _units(period, seconds=1)


def milliseconds(period: PeriodT) -> int:
    return period if isinstance(period, int) else _units(period, milliseconds=1)


def unix_seconds(moment: MomentT) -> int:
    return moment if isinstance(moment, int) else _stamp(moment, seconds=True)


def unix_milliseconds(moment: MomentT) -> int:
    return moment if isinstance(moment, int) else _stamp(moment, seconds=False)


def expiry(
    ex: PeriodT | None = None,
    px: PeriodT | None = None,
    exat: MomentT | None = None,
    pxat: MomentT | None = None,
) -> Words:
    """Return the option that says when a value expires; nothing where none is given."""
    if ex is not None:
        return (b"EX", seconds(ex))
    if px is not None:
        return (b"PX", milliseconds(px))
    if exat is not None:
        return (b"EXAT", unix_seconds(exat))
    if pxat is not None:
        return (b"PXAT", unix_milliseconds(pxat))
    return ()


def flag(word: bytes, on: bool) -> Words:
    return (word,) if on else ()


def flags(**given: bool) -> Words:
    """Return the names of those that are on, in upper case."""
    return tuple(name.upper().encode() for name, on in given.items() if on)


def optional(value: ValueT | None) -> Words:
    return () if value is None else (value,)


def option(word: bytes, value: ValueT | None) -> Words:
    return () if value is None else (word, value)


def one_or_many(
    first: AnyValueT | Iterable[AnyValueT], more: Iterable[AnyValueT] = ()
) -> tuple[AnyValueT, ...]:
    """Return what a call takes one by one as well as in a list."""
    if isinstance(first, Iterable) and not isinstance(first, (str, bytes, bytearray, memoryview)):
        return (*first, *more)
    return (first, *more)  # type: ignore[arg-type] # no list, so what lists would hold


def counted(keys: Iterable[ValueT]) -> Words:
    """Return keys behind their number, as commands of variable length want them."""
    listed = tuple(keys)
    return (len(listed), *listed)


def how_many(count: int | None, exactly: bool, ordering: str) -> Words:
    """Return how many elements a command moves, and in which order they arrive; nothing for one."""
    return () if count is None else (b"EXACTLY" if exactly else b"COUNT", count, ordering)


def flattened(mapping: Mapping[AnyValueT, ValueT]) -> Words:
    """Return keys and values in turns."""
    return tuple(word for pair in mapping.items() for word in pair)


def clash(**given: object) -> str | None:
    """Return a sentence where more than one of these options is given, None where that is not so."""
    names = [name for name, value in given.items() if value is not None and value is not False]
    return f"{' and '.join(names)} exclude each other: give one of them" if len(names) > 1 else None


def incomplete(**given: object) -> str | None:
    """Return a sentence where some but not all of these options are given."""
    missing = [name for name, value in given.items() if value is None]
    return (
        f"{', '.join(given)} belong together: {', '.join(missing)} missing"
        if 0 < len(missing) < len(given)
        else None
    )


# The module of dates is imported when the first one comes: most programs give numbers, and all would wait for it.


def _units(period: PeriodT, **unit: int) -> int:
    from datetime import timedelta

    return period // timedelta(**unit) if isinstance(period, timedelta) else period


def _stamp(moment: MomentT, seconds: bool) -> int:
    from datetime import datetime

    if not isinstance(moment, datetime):
        return moment
    # Microseconds apart: a float holds the whole second exactly, but not the fraction with it.
    whole = int(moment.replace(microsecond=0).timestamp())
    return whole if seconds else whole * 1000 + moment.microsecond // 1000
