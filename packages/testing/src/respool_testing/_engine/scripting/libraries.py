"""The libraries a script finds beside the language's own: random numbers, JSON, bits.

As functions for the sandbox, which take Lua values and never raise: whether all is well, and the result or what
is wrong.
"""

from __future__ import annotations

from collections.abc import Callable

from . import bits, jsons
from .conversions import whole
from .dice import Dice
from .host import Answer, is_number
from .runtime import Runtime


class Libraries:
    """What scripts compute with; `null` is what JSON's null becomes."""

    def __init__(self, runtime: Runtime) -> None:
        self._lua = runtime
        self._dice = Dice()
        self.null: object = None

    def functions(self) -> dict[str, Callable[..., object]]:
        """Return every function, by the name the sandbox knows it by."""
        named = (self.random, self.randomseed, self.json_encode, self.json_decode)
        return {each.__name__: each for each in named} | {name: _bits(name) for name in bits.OPERATIONS}

    def random(self, *limits: object) -> Answer:
        fraction = self._dice.fraction()
        if not limits:
            return True, fraction
        for place, limit in enumerate(limits, 1):
            if not is_number(limit):
                return False, b"bad argument #%d to 'random' (number expected, got %b)" % (
                    place,
                    _kind(limit),
                )
        low, high = [1, *(whole(each) for each in limits if is_number(each))][-2:]
        if low > high:
            return False, b"bad argument #%d to 'random' (interval is empty)" % len(limits)
        return True, int(fraction * (high - low + 1)) + low

    def randomseed(self, *args: object) -> Answer:
        if not args or not is_number(args[0]):
            kind = _kind(args[0]) if args else b"no value"
            return False, b"bad argument #1 to 'randomseed' (number expected, got %b)" % kind
        self._dice.seed(whole(args[0]))
        return True, None

    def json_encode(self, *args: object) -> Answer:
        if len(args) != 1:
            return False, b"bad argument #1 to 'encode' (expected 1 argument)"
        try:
            return True, jsons.encode(args[0], self._lua)
        except jsons.JsonError as problem:
            return False, str(problem).encode()

    def json_decode(self, *args: object) -> Answer:
        if len(args) != 1:
            return False, b"bad argument #1 to 'decode' (expected 1 argument)"
        text = b"%.14g" % args[0] if is_number(args[0]) else args[0]
        if not isinstance(text, bytes):
            return False, b"bad argument #1 to 'decode' (string expected, got %b)" % _kind(text)
        try:
            return True, jsons.decode(text, self._lua, self.null)
        except jsons.JsonError as problem:
            return False, str(problem).encode()


def _bits(name: str) -> Callable[..., Answer]:
    operation, wanted = bits.OPERATIONS[name], bits.ARITY.get(name, 1)

    def operate(*args: object) -> Answer:
        missing = [None] * (wanted - len(args))
        for place, arg in enumerate([*args, *missing], 1):
            if not is_number(arg):
                kind = _kind(arg) if place <= len(args) else b"no value"
                text = f"bad argument #{place} to '{name}' (number expected, got "
                return False, text.encode() + kind + b")"
        return True, operation(*args)

    return operate


def _kind(value: object) -> bytes:
    match value:
        case None:
            return b"nil"
        case bool():
            return b"boolean"
        case int() | float():
            return b"number"
        case bytes():
            return b"string"
    return b"table"
