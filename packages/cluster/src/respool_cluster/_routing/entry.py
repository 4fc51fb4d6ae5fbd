"""Where a command's keys stand, as a server says in COMMAND INFO. Words and numbers only.

https://redis.io/docs/latest/commands/command/
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from respool.lowlevel import ValueT

_MOVABLE = b"movablekeys"


class Entry(NamedTuple):
    """What is said of one command: the places of its first and last key and the distance of two, counted from its name.

    `must_ask` is set where only the server can tell, which keys a call of it has.
    """

    first: int
    last: int
    step: int
    must_ask: bool

    def keys(self, args: Sequence[ValueT]) -> list[ValueT]:
        """Return the keys of a call."""
        if self.first <= 0:
            return []
        last = self.last if self.last >= 0 else len(args) + self.last
        return list(args[self.first : last + 1 : max(1, self.step)])


NO_KEYS = Entry(0, 0, 0, must_ask=False)


def read_entry(reply: object) -> Entry | None:
    """Read what COMMAND INFO answered about one command; None where the server does not know it."""
    told = reply[0] if isinstance(reply, list) and reply else None
    if not isinstance(told, list) or len(told) < 6:
        return None
    _, _, flags, first, last, step, *more = told
    if not (isinstance(first, int) and isinstance(last, int) and isinstance(step, int)):
        return None
    subcommands = more[3] if len(more) > 3 else None  # told since Redis 7.0
    is_movable = isinstance(flags, (list, set)) and (_MOVABLE in flags or _MOVABLE.decode() in flags)
    return Entry(first, last, step, must_ask=is_movable or bool(subcommands and not first))
