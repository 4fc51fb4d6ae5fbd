"""The patterns of KEYS and PSUBSCRIBE."""

from __future__ import annotations

import pytest

from respool_testing._engine.globs import matches


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (b"*", b""),
        (b"h?llo", b"hello"),
        (b"h*llo", b"heeello"),
        (b"h[ae]llo", b"hallo"),
        (b"h[^e]llo", b"hallo"),
        (b"h[a-c]llo", b"hbllo"),
        (b"h[c-a]llo", b"hbllo"),
        (rb"h\*llo", b"h*llo"),
        (rb"[\]]", b"]"),
        (b"a.c", b"a.c"),
        (b"*", b"line\nbreak"),
        (b"[^]", b"x"),
    ],
)
def test_pattern_matches(pattern: bytes, text: bytes) -> None:
    assert matches(pattern, text)


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (b"", b"a"),
        (b"h?llo", b"hllo"),
        (b"h[^e]llo", b"hello"),
        (rb"h\*llo", b"heello"),
        (b"a.c", b"abc"),
        (b"abc", b"abcd"),
        (b"[]", b"x"),
    ],
)
def test_pattern_does_not_match(pattern: bytes, text: bytes) -> None:
    assert not matches(pattern, text)
