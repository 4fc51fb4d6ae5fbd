"""Hash slots as numbers: which one a key has, and sets of them as one integer with a bit for each.

Knows nothing of nodes. https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/
"""

from __future__ import annotations

import binascii
from collections.abc import Iterable, Iterator, Sequence
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


def slots_in(bits: int) -> Iterator[int]:
    """Return the slots of such a number, in order."""
    # Byte by byte: shifting a number of 16,384 bits for each of its slots would take far longer.
    for place, byte in enumerate(bits.to_bytes((bits.bit_length() + 7) // 8, "little")):
        if byte:
            for bit in range(8):
                if byte >> bit & 1:
                    yield place * 8 + bit


def slot_ranges(slots: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Join ascending slots to (first, last) ranges."""
    start = previous = None
    for slot in slots:
        if start is None or previous is None:
            start = slot
        elif slot != previous + 1:
            yield start, previous
            start = slot
        previous = slot
    if start is not None and previous is not None:
        yield start, previous
