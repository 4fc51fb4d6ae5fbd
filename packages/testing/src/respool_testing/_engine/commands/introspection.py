"""COMMAND: the registry, told to clients in a real server's words.

https://redis.io/docs/latest/commands/command/
"""

from __future__ import annotations

from typing import Final

from respool_testing.replies import Map, Reply, Set, Simple

from ..call import Call
from ..command import Command
from ..errors import CommandError, syntax_error
from ..globs import matches
from ..registry import Family

family = Family("server")

_FLAGS: Final = "loading stale"
_UNORDERED: Final = "nondeterministic_output_order"


@family.command("command", arity=-1, flags=_FLAGS, since="2.8.13", tips=_UNORDERED, categories="connection")
def command(call: Call) -> Reply:
    return [_described(each) for each in call.catalog]


@family.command("command|count", arity=2, flags=_FLAGS, since="2.8.13", categories="connection")
def command_count(call: Call) -> Reply:
    return len(call.catalog)


@family.command(
    "command|info", arity=-2, flags=_FLAGS, since="2.8.13", tips=_UNORDERED, categories="connection"
)
def command_info(call: Call) -> Reply:
    if not call.args:
        return [_described(each) for each in call.catalog]
    found = [call.catalog.get(name) for name in call.args]
    return [None if each is None else _described(each) for each in found]


@family.command(
    "command|docs", arity=-2, flags=_FLAGS, since="7.0.0", tips=_UNORDERED, categories="connection"
)
def command_docs(call: Call) -> Reply:
    found = [call.catalog.get(name) for name in call.args] if call.args else call.catalog
    return Map([(each.name.encode(), _documented(each)) for each in found if each is not None])


@family.command(
    "command|list", arity=-2, flags=_FLAGS, since="7.0.0", tips=_UNORDERED, categories="connection"
)
def command_list(call: Call) -> Reply:
    if not call.args:
        return [each.name.encode() for each in call.catalog]
    if len(call.args) != 3 or call.args[0].upper() != b"FILTERBY":
        raise syntax_error()
    kind, wanted = call.args[1].upper(), call.args[2]
    if kind == b"PATTERN":
        return [each.name.encode() for each in call.catalog if matches(wanted.lower(), each.name.encode())]
    if kind == b"ACLCAT":
        return [each.name.encode() for each in call.catalog if wanted.decode("latin-1") in each.categories]
    if kind == b"MODULE":
        return []
    raise syntax_error()


@family.command("command|getkeys", arity=-4, flags=_FLAGS, since="2.8.13", categories="connection")
def command_getkeys(call: Call) -> Reply:
    try:
        asked = call.catalog.find(call.args)
    except CommandError as refusal:
        if refusal.reply.text.startswith(b"ERR unknown"):
            raise CommandError("ERR Invalid command specified") from None
        raise CommandError("ERR Invalid number of arguments specified for command") from None
    keys = asked.keys_of(call.args)
    if not keys:
        raise CommandError("ERR The command has no key arguments")
    return list(keys)


def _described(command: Command) -> Reply:
    first, last, step = command.keys
    return [
        command.name.encode(),
        command.arity,
        Set([Simple(flag.encode()) for flag in sorted(command.flags)]),
        first,
        last,
        step,
        Set([Simple(b"@" + category.encode()) for category in sorted(command.categories)]),
        Set([tip.encode() for tip in command.tips]),
        Set([_key_spec(command)] if first else []),
        Set([_described(each) for each in command.subcommands.values()]),
    ]


def _key_spec(command: Command) -> Reply:
    """Say where the keys are in the newer way; the last key is counted from the first."""
    first, last, step = command.keys
    access = (b"RO", b"ACCESS") if "readonly" in command.flags else (b"RW", b"UPDATE")
    span = Map.of(lastkey=last if last < 0 else last - first, keystep=step, limit=0)
    return Map(
        [
            (b"flags", Set([Simple(word) for word in access])),
            (b"begin_search", Map.of(type=b"index", spec=Map.of(index=first))),
            (b"find_keys", Map.of(type=b"range", spec=span)),
        ]
    )


def _documented(command: Command) -> Reply:
    fields: list[tuple[Reply, Reply]] = [
        (b"summary", command.name.upper().encode()),
        (b"since", ".".join(map(str, command.since)).encode()),
        (b"group", command.group.encode()),
    ]
    if command.subcommands:
        documented = [(each.name.encode(), _documented(each)) for each in command.subcommands.values()]
        fields.append((b"subcommands", Map(documented)))
    return Map(fields)
