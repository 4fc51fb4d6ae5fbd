"""Where commands are put together: what COMMAND says of each, and the function that carries it out."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeAlias

from respool_testing.replies import Reply

from .call import Call
from .catalog import Catalog
from .command import Command, KeyFinder, KeyRange
from .helping import list_subcommands
from .session import Block
from .settings import Version, parse_version

Handler: TypeAlias = "Callable[[Call], Reply | Block]"


class Family:
    """The commands of one file; what is registered here a `Registry` can pick up."""

    def __init__(self, group: str) -> None:
        self.group = group
        self.commands: dict[str, Command] = {}
        self.handlers: dict[str, Handler] = {}

    def command(
        self,
        name: str,
        *,
        arity: int,
        flags: str = "",
        keys: tuple[int, int, int] = (0, 0, 0),
        since: str = "1.0.0",
        longer_since: str | None = None,
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
                    longer_since=None if longer_since is None else parse_version(longer_since),
                    key_finder=key_finder,
                    tips=tuple(tips.split()),
                    extra_categories=tuple(categories.split()),
                )
            )
            self.handlers[name] = handler
            return handler

        return register

    def only(self, *names: str) -> Family:
        """Return a family of just some of these commands."""
        chosen = Family(self.group)
        chosen.commands = {name: self.commands[name] for name in names}
        chosen.handlers = {name: self.handlers[name] for name in names}
        return chosen

    def container(self, name: str, *, since: str = "1.0.0", help_since: str = "5.0.0") -> None:
        """Register a command that only has subcommands, HELP among them."""
        self._add(
            Command(name, self.group, -2, frozenset(), KeyRange(), parse_version(since), is_container=True)
        )
        self.command(f"{name}|help", arity=2, flags="loading stale", since=help_since)(list_subcommands)

    def _add(self, command: Command) -> None:
        if command.name in self.commands:
            raise ValueError(f"{command.name} is registered twice")
        self.commands[command.name] = command


class Registry:
    """The commands of some families that a server of one version has."""

    def __init__(self, families: Iterable[Family], version: Version) -> None:
        families = list(families)
        self.catalog = Catalog(
            each.in_version(version)
            for family in families
            for each in family.commands.values()
            if each.since <= version
        )
        self._handlers = {name: handler for family in families for name, handler in family.handlers.items()}

    def handler(self, command: Command) -> Handler:
        """Return the function that carries a command out."""
        return self._handlers[command.name]
