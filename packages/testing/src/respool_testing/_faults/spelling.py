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
Options: TypeAlias = "dict[str, object]"


def _raw(text: str) -> bytes:
    return text.encode().decode("unicode_escape").encode("latin-1")


def _one_of(name: str, *choices: str) -> Converter:
    def chosen(text: str) -> str:
        if text not in choices:
            raise ValueError(f"{name} is one of {', '.join(choices)}, not {text!r}")
        return text

    return chosen


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
    "half_reply": ((), {"then": _one_of("then", "hang", "drop_connection")}),
}
_WHEN: Final = _one_of("when", "before_execute", "after_execute")
_OPTIONAL_WORDS: Final = frozenset({"moved", "ask"})


def parse_fault(text: str | Sequence[str], meaning: Meaning | None = None) -> Fault:
    """Read a fault from a line, or from its words; arm it where it is meant for, if that is said.

    Raises ValueError that says what is not understood.
    """
    words = shlex.split(text) if isinstance(text, str) else list(text)
    if "do" not in words or words[0] not in MOMENTS:
        raise ValueError(f"a fault reads like 'on SET key=x:* do delay 0.5', not {' '.join(words)!r}")
    at = words.index("do")
    moment, subject, deed = words[0], words[1:at], words[at + 1 :]
    if not deed or deed[0] not in ACTIONS:
        raise ValueError(f"no fault does {' '.join(deed)!r}; what can be done: {', '.join(ACTIONS)}")
    whom, aims_and_times = _split(subject, {**_AIMS, **_SCHEDULE})
    arguments, more = _read_deed(deed)
    aims, earlier = _parted(aims_and_times)
    options, later = _parted(more)
    begin = getattr(Meaning() if meaning is None else meaning, moment)
    builder = _called(begin, whom, aims)
    assert isinstance(builder, FaultBuilder)
    fault = _called(getattr(_scheduled(builder, {**earlier, **later}), deed[0]), arguments, options)
    assert isinstance(fault, Fault)
    return fault


def _read_deed(deed: Sequence[str]) -> tuple[list[object], Options]:
    """Read the arguments of an action, and its options with those that say when."""
    positional, named = ACTIONS[deed[0]]
    given, options = _split(deed[1:], {**named, "when": _WHEN, **_SCHEDULE})
    if len(given) > len(positional) or (len(given) < len(positional) and deed[0] not in _OPTIONAL_WORDS):
        raise ValueError(f"{deed[0]} takes {len(positional)} words, not {' '.join(given)!r}")
    return [convert(word) for convert, word in zip(positional, given, strict=False)], options


def _parted(options: Options) -> tuple[Options, Options]:
    """Part other options from those that say when."""
    schedule = {name: value for name, value in options.items() if name in _SCHEDULE}
    return {name: value for name, value in options.items() if name not in _SCHEDULE}, schedule


def _split(words: Sequence[str], known: dict[str, Converter]) -> tuple[list[str], Options]:
    """Part plain words from options; a word with an equals sign that names no option is a plain one."""
    plain: list[str] = []
    options: Options = {}
    for word in words:
        name, equals, value = word.partition("=")
        if name in known and (equals or name == "optional"):
            options[name] = known[name](value or "yes")
        else:
            plain.append(word)
    return plain, options


def _scheduled(builder: FaultBuilder, schedule: Options) -> FaultBuilder:
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


def _called(function: Callable[..., object], words: Sequence[object], options: Options) -> object:
    """Call it, with a complaint in plain words where it takes no such arguments."""
    try:
        inspect.signature(function).bind(*words, **options)
    except TypeError as error:
        raise ValueError(f"{function.__name__}: {error}") from None
    return function(*words, **options)
