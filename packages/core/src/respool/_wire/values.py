"""The types that go over the wire, by the names the rest of the house uses for them."""

from __future__ import annotations

from typing import Literal, TypeAlias

KeyT: TypeAlias = str | bytes
"""A key or a channel."""

ValueT: TypeAlias = str | bytes | bytearray | memoryview | int | float
"""An argument of a command. Text is sent in the encoding of its connection, a float in full precision."""

StringT: TypeAlias = str | bytes

ResponseType: TypeAlias = object
"""Whatever the server answers: None, bool, int, float, bytes, str, list, dict."""

ProtocolVersion: TypeAlias = Literal[2, 3]
