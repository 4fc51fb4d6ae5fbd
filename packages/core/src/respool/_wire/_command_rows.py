"""Rows of the generated table, read and written: the one place that knows their notation.

A row is (arity, flags, key specs, tips), the last three as words. A key spec is written
`[&][KEYWORD@]start[#][..last][/step][%limit]`: `1` is the first word behind the name, `1..-1/2` every
second one to the end, `2#` a count and so many keys, `STREAMS@1..-1%2` half of what follows that word, `&1`
a channel.
"""

from __future__ import annotations

import re
from typing import TypeAlias

from respool._wire._command_model import Command, CommandFlag, KeySpec, RequestPolicy, ResponsePolicy

Row: TypeAlias = tuple[int, str, str, str]

_SPEC = r"(&?)(?:(\w+)@)?(-?\d+)(#?)(?:\.\.([+-]\d+))?(?:/(\d+))?(?:%(\d+))?"


def read(name: str, row: Row) -> Command:
    """Return the command that `row` describes."""
    arity, flags, specs, tips = row
    told = dict(tip.partition(":")[::2] for tip in tips.split())
    return Command(
        name,
        arity,
        read_flags(flags),
        tuple(read_spec(spec) for spec in specs.split()),
        RequestPolicy(told["request_policy"]) if "request_policy" in told else None,
        ResponsePolicy(told["response_policy"]) if "response_policy" in told else None,
        "nondeterministic_output" in told,
        "nondeterministic_output_order" in told,
    )


def read_flags(words: str) -> CommandFlag:
    """Return the flags written as `words`. Raises AttributeError for one that the model has no name for."""
    return CommandFlag(getattr(CommandFlag, word.upper()) for word in words.split())


def read_spec(text: str) -> KeySpec:
    """Return the key spec written as `text`. Raises ValueError for what is none."""
    match = re.fullmatch(_SPEC, text)
    if match is None:
        raise ValueError(f"not a key spec: {text!r}")
    channel, keyword, start, counted, last, step, limit = match.groups()
    return KeySpec(
        start=int(start),
        keyword=keyword or "",
        last=int(last or 0),
        step=int(step or 1),
        limit=int(limit or 0),
        counted=bool(counted),
        channel=bool(channel),
    )


def write_spec(spec: KeySpec) -> str:
    """Return the notation of `spec`, the reverse of `read_spec`."""
    return "".join(
        (
            "&" if spec.channel else "",
            f"{spec.keyword}@" if spec.keyword else "",
            str(spec.start),
            "#" if spec.counted else "",
            f"..{spec.last:+d}" if spec.last else "",
            f"/{spec.step}" if spec.step != 1 else "",
            f"%{spec.limit}" if spec.limit else "",
        )
    )
