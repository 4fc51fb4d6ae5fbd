"""Hash slots as numbers: which one a key has, and sets of them as one integer with a bit for each.

Knows nothing of nodes. https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/
"""

from __future__ import annotations

import binascii
from collections.abc import Iterable, Iterator
from typing import Final

SLOTS: Final = 16_384
EVERY_SLOT: Final = (1 << SLOTS) - 1


def key_slot(key: bytes) -> int:
    """Return a key's slot: CRC16 of the key, or of what stands in its first braces if anything does."""
    start = key.find(b"{")
    end = key.find(b"}", start + 1) if start >= 0 else -1
    if end > start + 1:
        key = key[start + 1 : end]
    return binascii.crc_hqx(key, 0) % SLOTS


def slot_set(slots: Iterable[int]) -> int:
    """Return slots as one number with a bit for each."""
    bits = 0
    for slot in slots:
        bits |= 1 << slot
    return bits


def slot_span(first: int, last: int) -> int:
    """Return the slots from one to another, both included, as such a number."""
    return (1 << last + 1) - (1 << first)


def spans_in(bits: int) -> Iterator[tuple[int, int]]:
    """Return the (first, last) of every run of slots in such a number, in order."""
    while bits:
        first = (bits & -bits).bit_length() - 1
        after = (bits >> first) + 1  # the run's carry falls into the first slot behind it
        length = (after & -after).bit_length() - 1
        yield first, first + length - 1
        bits &= ~slot_span(first, first + length - 1)


def slots_in(bits: int) -> Iterator[int]:
    """Return the slots of such a number, in order."""
    for first, last in spans_in(bits):
        yield from range(first, last + 1)
