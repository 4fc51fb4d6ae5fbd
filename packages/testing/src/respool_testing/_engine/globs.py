"""The patterns of KEYS, SCAN and PSUBSCRIBE: `*`, `?`, `[a-z]`, `[^x]`, and a backslash to mean it."""

from __future__ import annotations

import re
from functools import lru_cache


def matches(pattern: bytes, text: bytes) -> bool:
    """Tell whether a whole text matches a pattern."""
    return _compiled(pattern).fullmatch(text) is not None


@lru_cache(maxsize=256)
def _compiled(pattern: bytes) -> re.Pattern[bytes]:
    parts: list[bytes] = []
    at = 0
    while at < len(pattern):
        part, at = _translated(pattern, at)
        parts.append(part)
    return re.compile(b"".join(parts), re.DOTALL)


def _translated(pattern: bytes, at: int) -> tuple[bytes, int]:
    """Return the regular expression for what stands at a place, and the place after it."""
    mark = pattern[at : at + 1]
    if mark == b"*":
        return b".*", at + 1
    if mark == b"?":
        return b".", at + 1
    if mark == b"[":
        return _character_class(pattern, at + 1)
    if mark == b"\\" and at + 1 < len(pattern):
        return re.escape(pattern[at + 1 : at + 2]), at + 2
    return re.escape(mark), at + 1


def _character_class(pattern: bytes, at: int) -> tuple[bytes, int]:
    negated = pattern[at : at + 1] == b"^"
    at += negated
    members = b""
    while at < len(pattern) and pattern[at : at + 1] != b"]":
        if pattern[at : at + 1] == b"\\" and at + 1 < len(pattern):
            at += 1
        if pattern[at + 1 : at + 2] == b"-" and at + 2 < len(pattern):
            low, high = sorted((pattern[at], pattern[at + 2]))
            members += re.escape(bytes([low])) + b"-" + re.escape(bytes([high]))
            at += 3
        else:
            members += re.escape(pattern[at : at + 1])
            at += 1
    if not members:  # nothing may stand here, or, negated, anything
        return (b"." if negated else b"(?!)"), at + 1
    return b"[" + (b"^" if negated else b"") + members + b"]", at + 1
