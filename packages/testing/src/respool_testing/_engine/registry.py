"""Which commands exist, with what a real server's COMMAND says of each. Finds them; runs none of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from .errors import CommandError
from .settings import Version, parse_version

if TYPE_CHECKING:
    from respool_testing.replies import Reply

    from .call import Call
    from .parser import Request
    from .session import Block

Handler: TypeAlias = "Callable[[Call], Reply | Block]"
KeyFinder: TypeAlias = "Callable[[Request], Sequence[bytes]]"


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
    "hash": "hash",
    "connection": "connection",
    "transactions": "transaction",
}


class KeyRange(NamedTuple):
    """Where the keys stand among the arguments; the name itself is argument 0, and -1 is the last."""

    first: int = 0
    last: int = 0
    step: int = 0


@dataclass(frozen=True, slots=True)
class Command:
    """One command, or one subcommand (`client|setname`). Arity counts the name; negative means at least."""

    name: str
    group: str
    arity: int
    flags: frozenset[str]
    keys: KeyRange
    since: Version
    handler: Handler | None = None
    key_finder: KeyFinder | None = None
    tips: tuple[str, ...] = ()
    extra_categories: tuple[str, ...] = ()
    subcommands: dict[bytes, Command] = field(default_factory=dict)

    @property
    def categories(self) -> frozenset[str]:
        """Return the ACL categories the command belongs to, without the @."""
        if self.handler is None:
            return frozenset({"slow"})
        implied = {"fast" if "fast" in self.flags else "slow", *self.extra_categories}
        implied |= {category for flag, category in _FLAG_CATEGORIES.items() if flag in self.flags}
        if "admin" in self.flags:
            implied.add("dangerous")
        if self.group in _GROUP_CATEGORIES:
            implied.add(_GROUP_CATEGORIES[self.group])
        return frozenset(implied)

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


class Family:
    """The commands of one file; what is registered here a `Registry` can pick up."""

    def __init__(self, group: str) -> None:
        self.group = group
        self.commands: dict[str, Command] = {}

    def command(
        self,
        name: str,
        *,
        arity: int,
        flags: str = "",
        keys: tuple[int, int, int] = (0, 0, 0),
        since: str = "1.0.0",
        key_finder: KeyFinder | None = None,
        tips: str = "",
        categories: str = "",
    ) -> Callable[[Handler], Handler]:
        """Register the function below as a command; `container|name` makes it a subcommand.

        `flags`, `tips` and `categories` are words with spaces between; of the categories only those that do
        not follow from the flags and the group need saying.
        """

        def register(handler: Handler) -> Handler:
            self._add(
                Command(
                    name=name,
                    group=self.group,
                    arity=arity,
                    flags=frozenset(flags.split()),
                    keys=KeyRange(*keys),
                    since=parse_version(since),
                    handler=handler,
                    key_finder=key_finder,
                    tips=tuple(tips.split()),
                    extra_categories=tuple(categories.split()),
                )
            )
            return handler

        return register

    def only(self, *names: str) -> Family:
        """Return a family of just some of these commands."""
        chosen = Family(self.group)
        chosen.commands = {name: self.commands[name] for name in names}
        return chosen

    def container(self, name: str, *, since: str = "1.0.0") -> None:
        """Register a command that only has subcommands."""
        self._add(Command(name, self.group, -2, frozenset(), KeyRange(), parse_version(since)))

    def _add(self, command: Command) -> None:
        if command.name in self.commands:
            raise ValueError(f"{command.name} is registered twice")
        self.commands[command.name] = command


class Registry:
    """The commands one server knows: those of some families that its version has."""

    def __init__(self, families: Iterable[Family], version: Version) -> None:
        self._commands: dict[bytes, Command] = {}
        known = [each for family in families for each in family.commands.values() if each.since <= version]
        for command in known:
            if "|" not in command.name:
                self._commands[command.name.encode()] = replace(command, subcommands={})
        for command in known:
            container, bar, subcommand = command.name.partition("|")
            if bar:
                self._commands[container.encode()].subcommands[subcommand.encode()] = command

    def __iter__(self) -> Iterator[Command]:
        return iter(self._commands.values())

    def __len__(self) -> int:
        return len(self._commands)

    def get(self, name: bytes) -> Command | None:
        """Return a command by name, in any case; `client|setname` finds a subcommand."""
        container, bar, subcommand = name.lower().partition(b"|")
        command = self._commands.get(container)
        return command.subcommands.get(subcommand) if bar and command else command

    def find(self, request: Request) -> Command:
        """Return what a request asks for; raise the error a server says if there is no such thing."""
        command = self._commands.get(request[0].lower())
        if command is None:
            raise CommandError(_unknown(request))
        if command.subcommands and len(request) > 1:
            subcommand = command.subcommands.get(request[1].lower())
            if subcommand is None:
                raise CommandError(_unknown_subcommand(request))
            command = subcommand
        if not command.accepts(len(request)):
            raise CommandError(f"ERR wrong number of arguments for '{command.name}' command")
        return command


def _unknown(request: Request) -> str:
    # Servers quote at most 128 bytes of the name, and arguments until the sentence is as long.
    name, quoted = request[0][:128].decode("latin-1"), ""
    for argument in request[1:]:
        if len(quoted) >= 128:
            break
        quoted += f"'{argument[: 128 - len(quoted)].decode('latin-1')}' "
    return f"ERR unknown command '{name}', with args beginning with: {quoted}"


def _unknown_subcommand(request: Request) -> str:
    subcommand = request[1][:128].decode("latin-1")
    return f"ERR unknown subcommand '{subcommand}'. Try {request[0].decode('latin-1').upper()} HELP."
