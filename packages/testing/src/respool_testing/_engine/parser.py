"""Bytes to requests: arrays and inline, in pieces of any size, with a real server's limits and complaints.

Knows nothing of commands. Whoever feeds it closes the connection once it has complained.
Follows https://redis.io/docs/latest/develop/reference/protocol-spec/ and, for the limits, what servers
answer.
"""

from __future__ import annotations

from typing import Final, TypeAlias

Request: TypeAlias = "tuple[bytes, ...]"

INLINE_LIMIT: Final = 64 * 1024
BULK_LIMIT: Final = 512 * 1024 * 1024
ARGUMENTS_LIMIT: Final = 2**31 - 1
# What a client may send before it has authenticated.
STRANGER_ARGUMENTS: Final = 10
STRANGER_BULK: Final = 16 * 1024

_ESCAPES: Final = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "a": "\a"}


class ProtocolViolation(Exception):
    """The client broke the protocol; the text is what the server says before it hangs up."""


class RequestParser:
    """Turns what one client sends into requests. `trusted` turns true once the client has authenticated."""

    __slots__ = ("_arguments", "_buffer", "_bulk_length", "_missing", "_start", "trusted")

    def __init__(self, *, trusted: bool = True) -> None:
        self.trusted = trusted
        self._buffer = bytearray()
        self._start = 0
        self._missing = 0
        self._bulk_length: int | None = None
        self._arguments: list[bytes] = []

    def feed(self, data: bytes) -> None:
        """Take in what the client sent."""
        self._buffer += data

    def next_request(self) -> Request | None:
        """Return the next whole request, None if there is none yet; raise ProtocolViolation for nonsense."""
        request: Request | None = ()
        while request == ():  # blank lines and empty arrays are no requests
            request = self._multibulk() if self._missing or self._at_array() else self._inline()
        if request is None or self._start > INLINE_LIMIT:
            del self._buffer[: self._start]
            self._start = 0
        return request

    def _at_array(self) -> bool:
        return self._buffer[self._start : self._start + 1] == b"*"

    def _multibulk(self) -> Request | None:
        if not self._missing and not self._header():
            return None
        while self._missing:
            if not self._bulk():
                return None
        request, self._arguments = tuple(self._arguments), []
        return request

    def _header(self) -> bool:
        line = self._line("too big mbulk count string")
        if line is None:
            return False
        count = _number(line[1:])
        if count is None or count > ARGUMENTS_LIMIT:
            raise ProtocolViolation("invalid multibulk length")
        if count > STRANGER_ARGUMENTS and not self.trusted:
            raise ProtocolViolation("unauthenticated multibulk length")
        self._missing = max(count, 0)
        return True

    def _bulk(self) -> bool:
        if self._bulk_length is None:
            line = self._line("too big bulk count string")
            if line is None:
                return False
            self._bulk_length = self._checked_length(line)
        end = self._start + self._bulk_length
        if len(self._buffer) < end + 2:
            return False
        self._arguments.append(bytes(self._buffer[self._start : end]))
        self._start = end + 2
        self._bulk_length = None
        self._missing -= 1
        return True

    def _checked_length(self, line: bytes) -> int:
        if line[:1] != b"$":
            raise ProtocolViolation(f"expected '$', got '{line[:1].decode('latin-1')}'")
        length = _number(line[1:])
        if length is None or not 0 <= length <= BULK_LIMIT:
            raise ProtocolViolation("invalid bulk length")
        if length > STRANGER_BULK and not self.trusted:
            raise ProtocolViolation("unauthenticated bulk length")
        return length

    def _line(self, complaint: str) -> bytes | None:
        end = self._buffer.find(b"\r", self._start)
        if end < 0:
            if len(self._buffer) - self._start > INLINE_LIMIT:
                raise ProtocolViolation(complaint)
            return None
        if len(self._buffer) < end + 2:
            return None
        line = bytes(self._buffer[self._start : end])
        self._start = end + 2
        return line

    def _inline(self) -> Request | None:
        end = self._buffer.find(b"\n", self._start)
        if end < 0:
            if len(self._buffer) - self._start > INLINE_LIMIT:
                raise ProtocolViolation("too big inline request")
            return None
        line = bytes(self._buffer[self._start : end]).removesuffix(b"\r")
        self._start = end + 1
        words = split_inline(line)
        if words is None:
            raise ProtocolViolation("unbalanced quotes in request")
        return words


def split_inline(line: bytes) -> Request | None:
    """Split a line into words as a shell would; None if a quote is left open."""
    text = line.decode("latin-1")
    words: list[bytes] = []
    at = 0
    while True:
        while at < len(text) and text[at].isspace():
            at += 1
        if at >= len(text):
            return tuple(words)
        word, at = _word(text, at)
        if word is None:
            return None
        words.append(word.encode("latin-1"))


def _word(text: str, at: int) -> tuple[str | None, int]:
    word = ""
    while at < len(text) and not text[at].isspace():
        if text[at] in "\"'":
            quoted, at = _quoted(text, at + 1, text[at])
            # A closing quote must be followed by a space or nothing at all.
            if quoted is None or (at < len(text) and not text[at].isspace()):
                return None, at
            return word + quoted, at
        word += text[at]
        at += 1
    return word, at


def _quoted(text: str, at: int, quote: str) -> tuple[str | None, int]:
    word = ""
    while at < len(text):
        if text[at] == quote:
            return word, at + 1
        if text[at] == "\\" and at + 1 < len(text):
            piece, at = _escaped(text, at + 1, quote)
            word += piece
        else:
            word += text[at]
            at += 1
    return None, at


def _escaped(text: str, at: int, quote: str) -> tuple[str, int]:
    if quote == "'":
        return ("'", at + 1) if text[at] == "'" else ("\\", at)
    digits = text[at + 1 : at + 3]
    if text[at] == "x" and len(digits) == 2 and all(digit in "0123456789abcdefABCDEF" for digit in digits):
        return chr(int(digits, 16)), at + 3
    return _ESCAPES.get(text[at], text[at]), at + 1


def _number(text: bytes) -> int | None:
    """Read an integer the way servers do: no sign but minus, no leading zeros, no spaces."""
    digits = text.removeprefix(b"-")
    if not digits.isdigit() or (digits[:1] == b"0" and len(text) > 1) or len(digits) > 19:
        return None
    return int(text)
