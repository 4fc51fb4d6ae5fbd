"""The `cjson` library of scripts: its spelling, its view of tables, its complaints.

https://redis.io/docs/latest/develop/programmability/lua-api/#cjson-library
"""

from __future__ import annotations

import math
import re
from typing import Final, NamedTuple

from .conversions import Tables

_DEEPEST: Final = 1000
_SPARSE_FROM: Final = 10
_SPARSE_RATIO: Final = 2
_PLAIN: Final[dict[bytes, tuple[str, object]]] = {
    b"[": ("T_ARR_BEGIN", None), b"]": ("T_ARR_END", None), b"{": ("T_OBJ_BEGIN", None), b"}": ("T_OBJ_END", None),
    b",": ("T_COMMA", None), b":": ("T_COLON", None), b"null": ("T_NULL", None),
    b"true": ("T_BOOLEAN", True), b"false": ("T_BOOLEAN", False),
}  # fmt: skip
_TOKEN: Final = re.compile(
    rb"(?P<plain>[\[\]{},:]|null|true|false)"
    rb'|"(?P<string>(?:[^"\\]|\\.)*)"'
    rb"|(?P<number>[+-]?(?:0x[0-9a-f]+|(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?|inf(?:inity)?|nan))",
    re.DOTALL | re.IGNORECASE,
)
_SPACE: Final = re.compile(rb"[ \t\r\n]*")
_ESCAPE: Final = re.compile(rb"\\(?:u([0-9a-fA-F]{4})(?:\\u([dD][c-fC-F][0-9a-fA-F]{2}))?|(.))", re.DOTALL)
_MEANINGS: Final = {
    b'"': b'"', b"\\": b"\\", b"/": b"/", b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t",
}  # fmt: skip
_SPELLINGS: Final = {
    **{bytes((code,)): b"\\u%04x" % code for code in (*range(32), 127)},
    **{meaning: b"\\" + letter for letter, meaning in _MEANINGS.items()},
}
_SPECIAL: Final = re.compile(rb'[\x00-\x1f\x7f"\\/]')


class JsonError(Exception):
    """Something cannot be spelled or read; the text is the library's."""


def encode(value: object, tables: Tables, depth: int = 0) -> bytes:
    """Spell a Lua value as JSON."""
    match value:
        case None:
            return b"null"
        case bool():
            return b"true" if value else b"false"
        case int() | float():
            return _number(value)
        case bytes():
            return _quoted(value)
    if tables.is_table(value):
        return _table(value, tables, depth + 1)
    if tables.is_function(value):
        raise JsonError("Cannot serialise function: type not supported")
    return b"null"  # what is left is `cjson.null`


def decode(text: bytes, tables: Tables, null: object) -> object:
    """Return what JSON says as Lua values."""
    reader = _Reader(text, tables, null)
    value = reader.value(reader.take())
    reader.expect("T_END", "the end")
    return value


def _number(value: float) -> bytes:
    if not math.isfinite(value):
        raise JsonError("Cannot serialise number: must not be NaN or Inf")
    return b"%.14g" % value


def _quoted(text: bytes) -> bytes:
    return b'"%b"' % _SPECIAL.sub(lambda found: _SPELLINGS[found[0]], text)


def _table(table: object, tables: Tables, depth: int) -> bytes:
    if depth > _DEEPEST:
        raise JsonError(f"Cannot serialise, excessive depth ({depth})")
    pairs = list(tables.pairs(table))
    places = range(1, _array_length([key for key, _ in pairs]) + 1)
    if places:
        return b"[%b]" % b",".join(encode(tables.get(table, place), tables, depth) for place in places)
    return b"{%b}" % b",".join(_key(key) + b":" + encode(value, tables, depth) for key, value in pairs)


def _array_length(keys: list[object]) -> int:
    """Return how long an array these keys make, 0 if they make none."""
    places = [key for key in keys if isinstance(key, int) and not isinstance(key, bool) and key > 0]
    if len(places) < len(keys) or not places:
        return 0
    length = max(places)
    if length > _SPARSE_FROM and length > len(keys) * _SPARSE_RATIO:
        raise JsonError("Cannot serialise table: excessively sparse array")
    return length


def _key(key: object) -> bytes:
    if isinstance(key, bytes):
        return _quoted(key)
    if isinstance(key, (int, float)) and not isinstance(key, bool):
        return b'"%b"' % _number(key)
    kind = "boolean" if isinstance(key, bool) else "table"
    raise JsonError(f"Cannot serialise {kind}: table key must be a number or string")


class _Token(NamedTuple):
    kind: str
    value: object
    at: int


class _Reader:
    """Reads one token after the other."""

    def __init__(self, text: bytes, tables: Tables, null: object) -> None:
        self._text = text
        self._tables = tables
        self._null = null
        self._at = 0
        self._depth = 0

    def take(self) -> _Token:
        """Return the next token."""
        self._at = _SPACE.match(self._text, self._at).end()  # type: ignore[union-attr]
        start = self._at
        if start == len(self._text):
            return _Token("T_END", None, start)
        found = _TOKEN.match(self._text, start)
        if found is None or (found["plain"] and found["plain"] not in _PLAIN):
            return self._unreadable(start)
        self._at = found.end()
        if found["plain"]:
            return _Token(*_PLAIN[found["plain"]], start)
        if found["number"]:
            return _Token("T_NUMBER", _read_number(found["number"]), start)
        return _Token("T_STRING", _ESCAPE.sub(_meant, found["string"]), start)

    def expect(self, kind: str, wanted: str) -> _Token:
        """Return the next token, which must be of a kind."""
        token = self.take()
        if token.kind != kind:
            raise _unexpected(wanted, token)
        return token

    def value(self, token: _Token) -> object:
        """Return the value that begins with a token."""
        match token.kind:
            case "T_STRING" | "T_NUMBER" | "T_BOOLEAN":
                return token.value
            case "T_NULL":
                return self._null
            case "T_ARR_BEGIN":
                return self._nested(self._array)
            case "T_OBJ_BEGIN":
                return self._nested(self._object)
        raise _unexpected("value", token)

    def _nested(self, read: object) -> object:
        assert callable(read)
        self._depth += 1
        if self._depth > _DEEPEST:
            raise JsonError(
                f"Found too many nested data structures ({self._depth}) at character {self._at + 1}"
            )
        entries = read()
        self._depth -= 1
        return self._tables.make(entries)

    def _array(self) -> dict[object, object]:
        entries: dict[object, object] = {}
        token = self.take()
        if token.kind == "T_ARR_END":
            return entries
        while True:
            entries[len(entries) + 1] = self.value(token)
            token = self.take()
            if token.kind == "T_ARR_END":
                return entries
            if token.kind != "T_COMMA":
                raise _unexpected("comma or array end", token)
            token = self.take()

    def _object(self) -> dict[object, object]:
        entries: dict[object, object] = {}
        token = self.take()
        if token.kind == "T_OBJ_END":
            return entries
        while True:
            if token.kind != "T_STRING":
                raise _unexpected("object key string", token)
            self.expect("T_COLON", "colon")
            entries[token.value] = self.value(self.take())
            end = self.take()
            if end.kind == "T_OBJ_END":
                return entries
            if end.kind != "T_COMMA":
                raise _unexpected("comma or object end", end)
            token = self.take()

    def _unreadable(self, start: int) -> _Token:
        """Say why there is no token here."""
        head = self._text[start : start + 1]
        if head == b'"':
            return _Token("unexpected end of string", None, len(self._text))
        return _Token("invalid number" if head in b"+-" else "invalid token", None, start)


def _unexpected(wanted: str, token: _Token) -> JsonError:
    return JsonError(f"Expected {wanted} but found {token.kind} at character {token.at + 1}")


def _read_number(text: bytes) -> float:
    if b"x" in text.lower():
        return int(text, 16)
    number = float(text)
    return int(number) if number.is_integer() and abs(number) < 2**53 else number


def _meant(found: re.Match[bytes]) -> bytes:
    first, second, letter = found.groups()
    if letter is not None:
        if letter not in _MEANINGS:
            raise JsonError(f"Expected value but found invalid escape code at character {found.start() + 2}")
        return _MEANINGS[letter]
    text = (bytes.fromhex(first.decode()) + bytes.fromhex((second or b"").decode())).decode(
        "utf-16-be", "ignore"
    )
    return text.encode()
