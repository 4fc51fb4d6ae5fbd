"""Walking a collection in pages, as SCAN and its kin do, without missing what stays or remembering who walks.

https://redis.io/docs/latest/commands/scan/
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from dataclasses import dataclass, replace

from .arguments import maybe_integer, positive
from .errors import CommandError, syntax_error
from .globs import matches
from .parser import Request


@dataclass(frozen=True, slots=True)
class ScanOptions:
    """What to keep of a page, and how long it should be; `type` is for keys only."""

    pattern: bytes = b"*"
    count: int = 10
    type: bytes | None = None

    def accepts(self, name: bytes) -> bool:
        """Tell whether a key or field is wanted."""
        return matches(self.pattern, name)


def cursor_of(text: bytes) -> int:
    """Read a cursor."""
    cursor = maybe_integer(text)
    if cursor is None or cursor < 0:
        raise CommandError("ERR invalid cursor")
    return cursor


def read_scan_options(words: Request, *, typed: bool = False) -> ScanOptions:
    """Read MATCH, COUNT and, if `typed`, TYPE."""
    options = ScanOptions()
    for at in range(0, len(words), 2):
        option, value = words[at].upper(), words[at + 1 : at + 2]
        if option == b"MATCH" and value:
            options = replace(options, pattern=value[0])
        elif option == b"COUNT" and value:
            options = replace(options, count=positive(value[0], "ERR syntax error"))
        elif option == b"TYPE" and value and typed:
            options = replace(options, type=value[0].lower())
        else:
            raise syntax_error()
    return options


def page_of(names: Iterable[bytes], cursor: int, count: int) -> tuple[int, list[bytes]]:
    """Return the next cursor and at least `count` names, unless fewer are left; cursor 0 means that was all.

    Names are walked in the order of a checksum, so one that stays is seen, whatever comes and goes meanwhile.
    """
    rest = sorted((place, name) for name in names if (place := zlib.crc32(name) + 1) > cursor)
    if len(rest) <= count:
        return 0, [name for _, name in rest]
    last = rest[count - 1][0]
    page = [name for place, name in rest if place <= last]
    return (last if len(page) < len(rest) else 0), page
