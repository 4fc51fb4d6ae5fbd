"""What a server keeps of scripts and functions. Plain data; nothing here runs them."""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import sha1

from .shebang import Source


@dataclass(frozen=True, slots=True)
class Script:
    """A script, and the digest it is called by."""

    digest: str
    source: Source


@dataclass(frozen=True, slots=True)
class Function:
    """A function that a library registered; `callback` belongs to the interpreter."""

    name: str
    callback: object
    flags: frozenset[str] = frozenset()
    description: str | None = None


@dataclass(frozen=True, slots=True)
class Library:
    """A library of functions, with the text it was loaded from."""

    name: str
    text: bytes
    functions: dict[str, Function]


@dataclass(slots=True)
class Shelf:
    """The scripts and libraries of one server."""

    scripts: dict[str, Script] = field(default_factory=dict)
    libraries: dict[str, Library] = field(default_factory=dict)

    def function(self, name: str) -> Function | None:
        """Return a function by its name, in any case, whichever library it is in."""
        for library in self.libraries.values():
            for function in library.functions.values():
                if function.name.lower() == name.lower():
                    return function
        return None

    def clear(self) -> None:
        """Forget everything."""
        self.scripts.clear()
        self.libraries.clear()


def digest_of(text: bytes) -> str:
    """Return what EVALSHA calls a script by."""
    return sha1(text, usedforsecurity=False).hexdigest()
