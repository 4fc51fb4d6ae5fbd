"""What the first line of a script says of it: `#!lua flags=no-writes` or `#!lua name=mylib`.

https://redis.io/docs/latest/develop/programmability/lua-api/#script_flags
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from typing import Final

from ..errors import CommandError

FLAGS: Final = ("no-writes", "allow-oom", "allow-stale", "no-cluster", "allow-cross-slot-keys")
_NAME: Final = re.compile(r"[A-Za-z0-9_]+")
_BAD_NAME: Final = (
    "Library names can only contain letters, numbers, or underscores(_) "
    "and must be at least one character long"
)


@dataclass(frozen=True, slots=True)
class Source:
    """A script's text behind its first line, and its flags; None where it says nothing of itself."""

    body: bytes
    flags: frozenset[str] | None = None


def read_script(text: bytes) -> Source:
    """Part a script from its first line, if that speaks of it."""
    if not text.startswith(b"#!"):
        return Source(text)
    head, newline, rest = text.partition(b"\n")
    if not newline:
        raise CommandError("ERR Invalid script shebang")
    engine, *options = _words(head)
    if engine != "#!lua":
        raise CommandError(f"ERR Unexpected engine in script shebang: {engine}")
    flags: set[str] = set()
    for option in options:
        if not option.startswith("flags="):
            raise CommandError(f"ERR Unknown lua shebang option: {option}")
        flags.update(_flags(option.removeprefix("flags=")))
    return Source(newline + rest, frozenset(flags))  # lines are counted with the first


def read_library(text: bytes) -> tuple[str, Source]:
    """Return the name of a library of functions, and its source."""
    if not text.startswith(b"#!"):
        raise CommandError("ERR Missing library metadata")
    head, newline, rest = text.partition(b"\n")
    if not newline:
        raise CommandError("ERR Invalid library metadata")
    engine, *options = _words(head)
    if engine.lower() != "#!lua":
        raise CommandError(f"ERR Engine '{engine[2:]}' not found")
    return _library_name(options), Source(newline + rest)


def check_name(name: str) -> str | None:
    """Return why functions or libraries cannot be called so, None if they can."""
    return None if _NAME.fullmatch(name) else _BAD_NAME


def _words(head: bytes) -> list[str]:
    try:
        return shlex.split(head.decode("latin-1"), posix=True)
    except ValueError:
        raise CommandError("ERR Invalid engine in script shebang") from None


def _flags(names: str) -> list[str]:
    flags = [name for name in names.split(",") if name]
    for name in flags:
        if name not in FLAGS:
            raise CommandError(f"ERR Unexpected flag in script shebang: {name}")
    return flags


def _library_name(options: list[str]) -> str:
    names = [option[5:] for option in options if option.lower().startswith("name=")]
    for option in options:
        if not option.lower().startswith("name="):
            raise CommandError(f"ERR Invalid metadata value given: {option}")
    if not names:
        raise CommandError("ERR Library name was not given")
    if len(names) > 1:
        raise CommandError("ERR Invalid metadata value, name argument was given multiple times")
    complaint = check_name(names[0])
    if complaint:
        raise CommandError(f"ERR {complaint}")
    return names[0]
