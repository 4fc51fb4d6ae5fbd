"""For tests that compare a fake with the real server it plays by default, word for word."""

from __future__ import annotations

import pytest

from respool_testing.real import brand_of, find_binaries


def redis_7_0() -> str:
    """Return the executable of what fakes are compared with; skip where there is none."""
    for binary in find_binaries():
        brand = brand_of(binary)
        if brand.name == "redis" and brand.version[:2] == (7, 0):
            return binary
    pytest.skip("fakes are compared word for word with Redis 7.0, which is not installed here")
