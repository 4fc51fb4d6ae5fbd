"""The random numbers of `math.random`: the same sequence as a real server's, from its start on.

The generator is drand48's (POSIX), which servers carry with them for that reason.
"""

from __future__ import annotations

from typing import Final

_FIRST: Final = 0x1234ABCD330E
_FACTOR: Final = 0x5DEECE66D
_ADDEND: Final = 0xB
_MASK: Final = 2**48 - 1
_LARGEST: Final = 2**31 - 1


class Dice:
    """A repeatable sequence."""

    def __init__(self) -> None:
        self._state = _FIRST

    def seed(self, number: int) -> None:
        """Begin anew."""
        self._state = ((number & 0xFFFFFFFF) << 16) + 0x330E

    def fraction(self) -> float:
        """Return the next number of at least 0 and below 1."""
        self._state = (self._state * _FACTOR + _ADDEND) & _MASK
        return (self._state >> 17) % _LARGEST / _LARGEST
