"""Numbers by chance, for pauses and lifetimes. Waits for nothing."""

from __future__ import annotations


def uniform(low: float, high: float) -> float:
    """Return a number between the two."""
    import random  # late: most programs never come to wait, and all would wait for it

    return random.uniform(low, high)
