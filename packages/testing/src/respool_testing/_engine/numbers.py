"""How servers spell a number that need not be whole: in 17 digits, and since 7.2 in as few as tell it."""

from __future__ import annotations

import math
from typing import Final

from .settings import Version

_SHORTEST_SINCE: Final = (7, 2, 0)
_WHOLE_BELOW: Final = 10**17


def spelled(number: float, version: Version) -> bytes:
    """Return a number as a server of a version writes it."""
    if math.isinf(number):
        return b"inf" if number > 0 else b"-inf"
    if version < _SHORTEST_SINCE:
        return b"%.17g" % number
    if float(number).is_integer() and abs(number) <= _WHOLE_BELOW:
        return b"%d" % number
    return repr(number).encode()
