"""Commands that tell of commands and of modules."""

from __future__ import annotations

from asyncio import Future
from collections.abc import Iterable, Mapping
from typing import Generic, TypeVar

from respool._client.families.arguments import clash, flattened, option
from respool._client.families.family import Family
from respool._client.replies.basic import succeeded, texts
from respool._client.replies.introspection import (
    CommandDocs,
    CommandInfo,
    Module,
    command_docs,
    command_infos,
    keys_with_flags,
    known_commands,
    modules,
)
from respool._wire.values import ValueT

T = TypeVar("T")


class IntrospectionCommands(Family[T], Generic[T]):
    """Commands that tell of commands and modules."""

    def command(self) -> Future[dict[str, CommandInfo]]:
        """Return all commands by name. https://redis.io/docs/latest/commands/command/"""
        return self._run((b"COMMAND",), known_commands)

    def command_count(self) -> Future[int]:
        """Return how many commands there are. https://redis.io/docs/latest/commands/command-count/"""
        return self._run((b"COMMAND", b"COUNT"))

    def command_docs(self, *names: str) -> Future[dict[str, CommandDocs]]:
        """Return what is written of commands, by name. https://redis.io/docs/latest/commands/command-docs/"""
        return self._run((b"COMMAND", b"DOCS", *names), command_docs)

    def command_getkeys(self, *args: ValueT) -> Future[list[T]]:
        """Return the keys of a command as it would be sent. https://redis.io/docs/latest/commands/command-getkeys/"""
        return self._run((b"COMMAND", b"GETKEYS", *args))

    def command_getkeysandflags(self, *args: ValueT) -> Future[list[tuple[T, set[str]]]]:
        """Return the keys of a command, and what it does with each.

        https://redis.io/docs/latest/commands/command-getkeysandflags/
        """
        return self._run((b"COMMAND", b"GETKEYSANDFLAGS", *args), keys_with_flags)

    def command_info(self, *names: str) -> Future[list[CommandInfo | None]]:
        """Return commands, None for each that there is not. https://redis.io/docs/latest/commands/command-info/"""
        return self._run((b"COMMAND", b"INFO", *names), command_infos)

    def command_list(
        self, *, module: str | None = None, category: str | None = None, pattern: str | None = None
    ) -> Future[list[str]]:
        """Return the names of commands: all, of a module, of an ACL category, or that match.

        https://redis.io/docs/latest/commands/command-list/
        """
        chosen = (*option(b"MODULE", module), *option(b"ACLCAT", category), *option(b"PATTERN", pattern))
        filter_by = (b"FILTERBY", *chosen) if chosen else ()
        why = clash(module=module, category=category, pattern=pattern)
        return self._run_unless(why, (b"COMMAND", b"LIST", *filter_by), texts)

    def module_list(self) -> Future[list[Module]]:
        """Return the modules that are loaded. https://redis.io/docs/latest/commands/module-list/"""
        return self._run((b"MODULE", b"LIST"), modules)

    def module_load(self, path: str, *args: ValueT) -> Future[bool]:
        """Load a module. https://redis.io/docs/latest/commands/module-load/"""
        return self._run((b"MODULE", b"LOAD", path, *args), succeeded)

    def module_loadex(
        self, path: str, *, options: Mapping[str, ValueT] | None = None, args: Iterable[ValueT] = ()
    ) -> Future[bool]:
        """Load a module with settings and arguments. https://redis.io/docs/latest/commands/module-loadex/"""
        pairs = flattened(options or {})
        settings = [word for at in range(0, len(pairs), 2) for word in (b"CONFIG", *pairs[at : at + 2])]
        words = tuple(args)
        behind = (b"ARGS", *words) if words else ()
        return self._run((b"MODULE", b"LOADEX", path, *settings, *behind), succeeded)

    def module_unload(self, name: str) -> Future[bool]:
        """Unload a module. https://redis.io/docs/latest/commands/module-unload/"""
        return self._run((b"MODULE", b"UNLOAD", name), succeeded)
