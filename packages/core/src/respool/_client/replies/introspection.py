"""Commands and modules as a server tells of them. Pure; the same for RESP2 and RESP3."""

from __future__ import annotations

from typing import TypeVar

from respool._client.replies.basic import (
    Told,
    fields,
    integer,
    items,
    parts,
    put_in,
    rows,
    text,
    text_or_none,
    text_set,
    texts,
)
from respool._wire.tuples import NamedTuple

K = TypeVar("K")


class CommandInfo(NamedTuple):
    """A command. `arity` counts its name, negative for "at least"; keys are from `first_key` to `last_key`."""

    name: str
    arity: int
    flags: frozenset[str]
    first_key: int
    last_key: int
    key_step: int
    categories: frozenset[str]
    tips: list[str]
    subcommands: list[CommandInfo]


class CommandDocs(NamedTuple):
    """What is written of a command. The last three only of those that are deprecated, or part of a container."""

    summary: str
    since: str
    group: str
    complexity: str | None
    deprecated_since: str | None
    replaced_by: str | None
    subcommands: dict[str, CommandDocs]


class Module(NamedTuple):
    """A module that is loaded. Path and arguments are empty where the server does not tell them."""

    name: str
    version: int
    path: str
    args: list[str]


def command_infos(reply: object) -> list[CommandInfo | None]:
    return [None if each is None else _command(each) for each in items(reply)]


def known_commands(reply: object) -> dict[str, CommandInfo]:
    return {command.name: command for command in map(_command, items(reply))}


def command_docs(reply: object) -> dict[str, CommandDocs]:
    return {name: _docs(fields(told)) for name, told in fields(reply).items()}


def keys_with_flags(reply: object) -> list[tuple[K, set[str]]]:
    return [(put_in(key), text_set(flags)) for key, flags in rows(reply, 2)]


def modules(reply: object) -> list[Module]:
    return [_module(fields(each)) for each in items(reply)]


def _command(reply: object) -> CommandInfo:
    name, arity, flags, first, last, step, categories, tips, _, subcommands = parts(reply, 10)
    return CommandInfo(
        name=text(name),
        arity=integer(arity),
        flags=frozenset(texts(flags)),
        first_key=integer(first),
        last_key=integer(last),
        key_step=integer(step),
        categories=frozenset(texts(categories)),
        tips=texts(tips),
        subcommands=[_command(each) for each in items(subcommands)],
    )


def _docs(told: Told) -> CommandDocs:
    return CommandDocs(
        summary=text(told.get("summary", "")),
        since=text(told.get("since", "")),
        group=text(told.get("group", "")),
        complexity=text_or_none(told.get("complexity")),
        deprecated_since=text_or_none(told.get("deprecated_since")),
        replaced_by=text_or_none(told.get("replaced_by")),
        subcommands=command_docs(told.get("subcommands")),
    )


def _module(told: Told) -> Module:
    return Module(
        text(told["name"]), integer(told["ver"]), text(told.get("path", "")), texts(told.get("args"))
    )
