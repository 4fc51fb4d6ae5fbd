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
    # What a primary has, as its replicas know it: texts that are loaded once somebody asks for a function.
    announced: tuple[bytes, ...] | None = None

    def texts(self) -> tuple[bytes, ...]:
        """Return the texts of all libraries."""
        if self.announced is not None:
            return self.announced
        return tuple(library.text for library in self.libraries.values())

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
        self.clear_libraries()

    def clear_libraries(self) -> None:
        """Forget all functions."""
        self.libraries.clear()
        self.announced = None


def digest_of(text: bytes) -> str:
    """Return what EVALSHA calls a script by."""
    return sha1(text, usedforsecurity=False).hexdigest()
