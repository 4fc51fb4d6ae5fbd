"""What a server knows of a command without running it: its name, arity, flags and keys, as COMMAND tells them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple, TypeAlias

from .parser import Request
from .settings import Version

KeyFinder: TypeAlias = Callable[[Request], Sequence[bytes]]

_FLAG_CATEGORIES: Final = {
    "write": "write",
    "readonly": "read",
    "admin": "admin",
    "blocking": "blocking",
    "pubsub": "pubsub",
}
_GROUP_CATEGORIES: Final = {
    "generic": "keyspace",
    "string": "string",
    "list": "list",
    "bitmap": "bitmap",
    "hash": "hash",
    "set": "set",
    "sorted-set": "sortedset",
    "connection": "connection",
    "scripting": "scripting",
    "transactions": "transaction",
}


class KeyRange(NamedTuple):
    """Where the keys stand among the arguments; the name itself is argument 0, and -1 is the last."""

    first: int = 0
    last: int = 0
    step: int = 0


@dataclass(frozen=True, slots=True)
class Command:
    """One command, or one subcommand (`client|setname`). Arity counts the name; negative means at least.

    Servers as new as `longer_since` take more arguments than older ones.
    """

    name: str
    group: str
    arity: int
    flags: frozenset[str]
    keys: KeyRange
    since: Version
    is_container: bool = False
    longer_since: Version | None = None
    key_finder: KeyFinder | None = None
    tips: tuple[str, ...] = ()
    extra_categories: tuple[str, ...] = ()
    subcommands: dict[bytes, Command] = field(default_factory=dict)

    @property
    def categories(self) -> frozenset[str]:
        """Return the ACL categories the command belongs to, without the @."""
        if self.is_container:
            return frozenset({"slow"})
        implied = {"fast" if "fast" in self.flags else "slow", *self.extra_categories}
        implied |= {category for flag, category in _FLAG_CATEGORIES.items() if flag in self.flags}
        if self.group == "scripting":
            implied.discard("read")  # what a script does is for those to allow who allow scripts
        if "admin" in self.flags:
            implied.add("dangerous")
        if self.group in _GROUP_CATEGORIES:
            implied.add(_GROUP_CATEGORIES[self.group])
        return frozenset(implied)

    def in_version(self, version: Version) -> Command:
        """Return the command as a server of a version knows it."""
        is_longer = self.longer_since is not None and self.longer_since <= version
        return replace(self, arity=-self.arity) if is_longer else self

    def accepts(self, count: int) -> bool:
        """Tell whether a request of this many arguments, name included, is long enough and not too long."""
        return count == self.arity if self.arity > 0 else count >= -self.arity

    def keys_of(self, request: Request) -> Sequence[bytes]:
        """Return the keys a request names."""
        if self.key_finder is not None:
            return self.key_finder(request)
        first, last, step = self.keys
        if not first:
            return ()
        end = len(request) + last if last < 0 else last
        return request[first : end + 1 : step]
