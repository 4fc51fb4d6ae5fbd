"""Where chance comes from: a seed, or else the machine; in a simulation, the simulation's own seed."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Iterator
from contextvars import ContextVar

_source: ContextVar[random.Random | None] = ContextVar("source", default=None)


def make_random(seed: int | None) -> random.Random:
    """Return a source of chance of one's own; without a seed it differs each time, but in a simulation."""
    source = _source.get()
    if seed is None and source is not None:
        seed = source.getrandbits(64)
    return random.Random(seed)


@contextlib.contextmanager
def all_chance_from(source: random.Random) -> Iterator[None]:
    """Let everything that is made in this block without a seed take one from here."""
    token = _source.set(source)
    try:
        yield
    finally:
        _source.reset(token)
