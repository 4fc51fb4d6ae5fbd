"""Finds the command a request asks for, with a server's complaints where there is none. Runs nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from .command import Command
from .errors import CommandError
from .parser import Request


class Catalog:
    """The commands one server knows, by name; subcommands are kept with the command that contains them."""

    def __init__(self, known: Iterable[Command]) -> None:
        self._commands: dict[bytes, Command] = {}
        known = list(known)
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
