"""Where a stream announces more than may be believed before it is there. Looks at bytes, keeps nothing.

A dozen bytes can announce a list of four thousand million elements, and hiredis makes room for it at once, in
each of a thousand levels. So large announcements are looked up first. What looks like one may be part of a
value: only who follows the stream can tell, so these are doubts, not findings. The announcement of a large value
is harmless, and worth to be known: nothing has to be looked up in what it announces.
"""

from __future__ import annotations

import re

ATTRIBUTE = ord("|")
VALUE = ord("$")

SMALLEST_ELEMENT = 3
"""Bytes that every announced element will take at least: its type and the end of its line."""


def _pattern(mark: bytes, rest: bytes) -> tuple[int, re.Pattern[bytes]]:
    # An announcement is the first of its line. The pattern begins with the mark itself and looks back afterwards,
    # for thus it is found many times quicker.
    return ord(mark), re.compile(rb"\%b(?<![^\n]\%b)%b" % (mark, mark, rest))


# Of lists, sets and pushes those of a thousand elements and more. All attributes.
_DOUBTS = (
    _pattern(b"*", rb"[0-9]{4}"),
    _pattern(b"~", rb"[0-9]{4}"),
    _pattern(b">", rb"[0-9]{4}"),
    _pattern(b"|", rb"[-0-9]"),
)
_DOUBTS_AND_VALUES = (_pattern(b"$", rb"[0-9]{5}"), *_DOUBTS)
_LINE_END = ord("\n")
_BEGUN = re.compile(rb"[$*~>|][0-9]{0,20}\r?")
_LONGEST_HEADER = 24
_FIRST_WINDOW = 1024


def is_doubtful(data: bytes) -> bool:
    """Tell whether data that ends with a line holds a doubt. Asked of nearly everything that arrives."""
    for mark, pattern in _DOUBTS:  # noqa: SIM110 # a generator costs more than the question
        if mark in data and pattern.search(data):
            return True
    return False


def next_doubt(data: bytes, start: int) -> int:
    """Return where from `start` on a doubt or a large value may be announced, else the length of `data`.

    An announcement cut off by the end of `data` is one. Takes no longer than the way to what it finds.
    """
    # Of values only one that goes on beyond `data` is of interest.
    patterns = _DOUBTS if data[-1] == _LINE_END else _DOUBTS_AND_VALUES
    window_start, size = start, _FIRST_WINDOW
    while window_start < len(data):
        window_end = window_start + size
        found = window_end + _LONGEST_HEADER
        for mark, pattern in patterns:
            if data.find(mark, window_start, found) >= 0:
                match = pattern.search(data, window_start, found)
                found = match.start() if match else found
        if found < window_end:
            return found
        window_start, size = window_end, size * 2
    last_line = data.rfind(b"\n", max(start - 1, 0)) + 1
    return last_line if last_line >= start and _BEGUN.fullmatch(data, last_line) else len(data)


def announcement(data: bytes, at: int) -> tuple[int, int] | None:
    """Return what is announced at `at`, elements or bytes, and where it begins; None if it is cut off.

    What is no announcement announces nothing: it is for the parser to judge.
    """
    end = data.find(b"\r\n", at, at + _LONGEST_HEADER)
    if end < 0 and len(data) - at < _LONGEST_HEADER:
        return None
    number = data[at + 1 : max(end, at + 1)]
    return (int(number) if number.isdigit() else 0), end + 2
