"""Faults in one line of text, for the shell and for programs in other languages.

    on SET key=x:* after=3 do drop_connection when=after_execute times=1
    on_connect do delay 0.5 jitter=0.1

The words are those of `FaultBuilder`. Before `do` stands whom it means, after it what happens; the words that
say when may stand on either side.
"""

from __future__ import annotations

import inspect
import shlex
from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

from .builder import FaultBuilder, Meaning
from .fault import Fault

Converter: TypeAlias = "Callable[[str], object]"


def _raw(text: str) -> bytes:
    return text.encode().decode("unicode_escape").encode("latin-1")


MOMENTS: Final = ("on", "on_connect", "on_handshake", "on_push")
_SCHEDULE: Final[dict[str, Converter]] = {
    "after": int,
    "times": int,
    "nth": int,
    "chance": float,
    "seed": int,
    "lasting": float,
    "optional": bool,
}
_AIMS: Final[dict[str, Converter]] = {
    "key": str,
    "client": str,
    "client_id": int,
    "address": str,
    "node": str,
}
# What each action takes beside `when`: the words after its name, and those with an equals sign.
ACTIONS: Final[dict[str, tuple[Sequence[Converter], dict[str, Converter]]]] = {
    "drop_connection": ((), {}),
    "reset": ((), {}),
    "hang": ((), {}),
    "delay": ((float,), {"jitter": float}),
    "reply_error": ((str,), {}),
    "loading": ((), {}),
    "readonly": ((), {}),
    "out_of_memory": ((), {}),
    "primary_down": ((), {}),
    "cluster_down": ((), {}),
    "max_clients": ((), {}),
    "moved": ((str,), {}),
    "ask": ((str,), {}),
    "send_raw": ((_raw,), {}),
    "swallow": ((), {}),
    "repeat": ((), {}),
    "postpone": ((float,), {}),
    "fragment": ((int,), {}),
    "throttle": ((float,), {}),
    "half_reply": ((), {"then": str}),
}
_OPTIONAL_WORDS: Final = frozenset({"moved", "ask"})


def parse_fault(text: str | Sequence[str], meaning: Meaning | None = None) -> Fault:
    """Read a fault from a line, or from its words; arm it where it is meant for, if that is said.

    Raises ValueError that says what is not understood.
    """
    words = shlex.split(text) if isinstance(text, str) else list(text)
    if "do" not in words or words[0] not in MOMENTS:
        raise ValueError(f"a fault reads like 'on SET key=x:* do delay 0.5', not {' '.join(words)!r}")
    at = words.index("do")
    subject, deed = words[1:at], words[at + 1 :]
    if not deed or deed[0] not in ACTIONS:
        raise ValueError(f"no fault does {' '.join(deed)!r}; what can be done: {', '.join(ACTIONS)}")
    positional, named = ACTIONS[deed[0]]
    plain, options = _split(subject, {**_AIMS, **_SCHEDULE})
    given, more = _split(deed[1:], {**named, "when": str, **_SCHEDULE})
    if len(given) > len(positional) or (len(given) < len(positional) and deed[0] not in _OPTIONAL_WORDS):
        raise ValueError(f"{deed[0]} takes {len(positional)} words, not {' '.join(given)!r}")
    schedule = {name: value for name, value in {**options, **more}.items() if name in _SCHEDULE}
    begin = getattr(meaning or Meaning(), words[0])
    builder = _called(begin, plain, {name: value for name, value in options.items() if name in _AIMS})
    assert isinstance(builder, FaultBuilder)
    arguments = [convert(word) for convert, word in zip(positional, given, strict=False)]
    rest = {name: value for name, value in more.items() if name not in _SCHEDULE}
    fault = _called(getattr(_scheduled(builder, schedule), deed[0]), arguments, rest)
    assert isinstance(fault, Fault)
    return fault


def _split(words: Sequence[str], known: dict[str, Converter]) -> tuple[list[str], dict[str, object]]:
    """Part plain words from options; a word with an equals sign that names no option is a plain one."""
    plain: list[str] = []
    options: dict[str, object] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if name in known and (equals or name == "optional"):
            options[name] = known[name](value or "yes")
        else:
            plain.append(word)
    return plain, options


def _scheduled(builder: FaultBuilder, schedule: dict[str, object]) -> FaultBuilder:
    seed = schedule.pop("seed", 0)
    for name, value in schedule.items():
        if name == "optional":
            builder = builder.optional()
        elif name == "chance":
            assert isinstance(value, float)
            assert isinstance(seed, int)
            builder = builder.chance(value, seed=seed)
        else:
            builder = getattr(builder, name)(value)
    return builder


def _called(function: Callable[..., object], words: Sequence[object], options: dict[str, object]) -> object:
    """Call it, with a complaint in plain words where it takes no such arguments."""
    try:
        inspect.signature(function).bind(*words, **options)
    except TypeError as error:
        raise ValueError(f"{function.__name__}: {error}") from None
    return function(*words, **options)
