"""A command's name, however it is spelled, to what is known of it.

Text or bytes, any case, `CLIENT TRACKING` as one name or as two words. A name nobody knows is a name like
any other, of which nothing is known.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from respool._wire._command_blocking import TIMEOUTS
from respool._wire._command_data import ROWS as TOLD
from respool._wire._command_doors import DOORS
from respool._wire._command_keys import sole_key
from respool._wire._command_model import Command, CommandFlag
from respool._wire._command_newer import NEWER
from respool._wire._command_rows import read
from respool._wire.encoding import upper_word

ROWS = NEWER | TOLD
_CONTAINERS = frozenset(name.partition(" ")[0] for name in ROWS if " " in name)


class Known:
    """What is known by one spelling of a name. The answers that every command asks for are ready in it."""

    __slots__ = ("command", "container", "door", "only_key", "plain", "read_only", "timeout", "words")

    def __init__(self, words: list[str], words_in_name: int = 1) -> None:
        name = words[0] if words else ""
        self.container = name in _CONTAINERS and len(words) == 1
        """Whether it takes the next argument to say which command it is."""
        if name in _CONTAINERS and not self.container:
            name = f"{name} {words[1]}"
        self.command = _command(name) if name in ROWS else None
        self.read_only = self.command is not None and CommandFlag.READONLY in self.command.flags
        self.timeout = TIMEOUTS.get(name)
        self.door = DOORS.get(name)
        self.plain = self.door is None and self.timeout is None
        self.words = max(words_in_name, 1)
        """How many words of the wire the first argument holds: `CLIENT TRACKING` holds two."""
        self.only_key = sole_key(self.command) if self.command is not None and self.words == 1 else 0
        """Position of the one key that most commands have; 0 where it takes more to tell."""

    def on_the_wire(self, args: Sequence[object]) -> Sequence[object]:
        """Return `args` with each word of the name on its own, as key specs count them."""
        return args if self.words == 1 else (*upper_word(args[0]).split(), *args[1:])

    def in_arguments(self, positions: list[int]) -> list[int]:
        """Return positions of words as positions of arguments; a key inside the name has none."""
        extra = self.words - 1
        return [at - extra for at in positions if at > extra] if extra else positions


_REMEMBERED = 1024
_LONGEST_NAME = 64

_by_spelling: dict[object, Known] = {}
"""By name as given, and by name and subcommand as given: to upper-case each would cost more than the rest."""


def find(args: Sequence[object]) -> Known:
    """Return what is known of the command that `args` begin with. Raises nothing, whatever they are."""
    try:
        known = _by_spelling[args[0]]
        if known.container and len(args) > 1:
            return _by_spelling[args[0], args[1]]
    except (LookupError, TypeError, ValueError):  # not seen yet, no arguments, or nothing that can be hashed
        return _learn(args)
    return known


def _learn(args: Sequence[object]) -> Known:
    if not args:
        return Known([])
    name = _text(args[0]).split()
    known = _remember(args[0], Known(name, len(name)))
    if known.container and len(args) > 1:
        return _remember((args[0], args[1]), Known([*name, _text(args[1])]))
    return known


def _remember(spelling: object, known: Known) -> Known:
    # Bounded, and nothing long: a name may come from anywhere. To forget and learn again costs little.
    parts = spelling if isinstance(spelling, tuple) else (spelling,)
    if all(isinstance(part, (str, bytes)) and len(part) <= _LONGEST_NAME for part in parts):
        if len(_by_spelling) >= _REMEMBERED:
            _by_spelling.clear()
        _by_spelling[spelling] = known
    return known


def _text(argument: object) -> str:
    return upper_word(argument).decode("latin-1")


@cache
def _command(name: str) -> Command:
    return read(name, ROWS[name])
