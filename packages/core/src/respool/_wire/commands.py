"""What is known of a command before it is sent: its flags, its keys, whether it blocks, where it belongs.

A command is given as the arguments of one call, name first, in any spelling that `_command_names` knows.
Facts come from servers themselves (`_command_data`). What is unknown or makes no sense is never an error
here, for the server will judge it: it is None, False or no positions.
"""

from __future__ import annotations

from collections.abc import Sequence

from respool._wire._command_keys import channel_positions, key_positions
from respool._wire._command_model import Command, CommandFlag, KeySpec, RequestPolicy, ResponsePolicy
from respool._wire._command_names import find

__all__ = [
    "Command",
    "CommandFlag",
    "KeySpec",
    "RequestPolicy",
    "ResponsePolicy",
    "block_timeout",
    "door",
    "is_blocking",
    "is_plain",
    "is_read_only",
    "keys",
    "lookup",
    "routing_keys",
]


def lookup(name: str | bytes, *args: object) -> Command | None:
    """Return what servers say of a command, or None. A subcommand may stand in `name` or in `args`."""
    return find((name, *args)).command


def keys(args: Sequence[object]) -> list[int]:
    """Return the positions in `args` of the keys this command names; none where they cannot be told."""
    known = find(args)
    if known.only_key:
        return [known.only_key] if len(args) > known.only_key else []
    if known.command is None:
        return []
    return known.in_arguments(key_positions(known.command, known.on_the_wire(args)))


def routing_keys(args: Sequence[object]) -> list[int]:
    """Return the positions in `args` of what decides the slot: keys, or the channels of sharded pub/sub."""
    known = find(args)
    if known.only_key:
        return [known.only_key] if len(args) > known.only_key else []
    if known.command is None:
        return []
    return keys(args) or known.in_arguments(channel_positions(known.command, known.on_the_wire(args)))


def is_read_only(args: Sequence[object]) -> bool:
    """Tell whether the server itself calls this command read-only: it may repeat, and a replica takes it."""
    return find(args).read_only


def is_plain(args: Sequence[object]) -> bool:
    """Tell whether a shared connection takes this as it is: it has no `door` and is not `is_blocking`.

    The one question to ask on the way of every command: nearly always True, and then the other two need not
    be asked.
    """
    known = find(args)
    return known.plain or (known.door is None and block_timeout(args) is None)


def door(args: Sequence[object]) -> str | None:
    """Return why a shared connection refuses this command and what to use instead, or None if it does not."""
    return find(args).door


def is_blocking(args: Sequence[object]) -> bool:
    """Tell whether the server may keep this command's connection waiting; XREAD only with BLOCK."""
    return find(args).timeout is not None and block_timeout(args) is not None


def block_timeout(args: Sequence[object]) -> float | None:
    """Return for how many seconds the server may keep this command waiting, or None if it never does.

    Infinity where it asks to wait for ever; 0 where the timeout is one that the server refuses at once.
    """
    known = find(args)
    return known.timeout(known.on_the_wire(args)) if known.timeout is not None else None
