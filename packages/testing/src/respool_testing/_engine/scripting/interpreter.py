"""Runs scripts and functions in the sandbox, to their end or to the last of the lines they are allowed."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Mapping
from functools import partial
from importlib.resources import files
from types import MethodType
from typing import Final

from respool_testing.replies import Error, Reply

from ..errors import CommandError
from ..settings import ServerSettings
from . import bits
from .calling import Caller
from .conversions import to_reply
from .host import Host
from .libraries import Libraries
from .library import Function
from .runtime import Runtime

# As many as a script may run: some tenths of a second, and more than any needs that ends.
LINE_LIMIT: Final = 5_000_000
_ENDLESS: Final = (
    f"ERR This script ran {LINE_LIMIT} lines and was ended. "
    "A real server would let it run, and answer BUSY to everybody else."
)
# The sandbox is read from behind so many empty lines, which tells its own lines from those of scripts.
_SANDBOX_LINE: Final = 100_000


class Interpreter:
    """One server's Lua."""

    def __init__(self, settings: ServerSettings) -> None:
        self._lua = Runtime()
        self._host = Host(self._lua)
        self._libraries = Libraries(self._lua)
        self._ways = self._enter(settings)

    def compile(self, body: bytes, source: bytes) -> tuple[object, str]:
        """Return a chunk, or None and what is wrong with the text."""
        made = self._ways[b"compile"](body, source)
        if isinstance(made, tuple):
            return None, made[1].decode("latin-1")
        return made, ""

    def evaluate(
        self, chunk: object, keys: list[bytes], args: list[bytes], caller: Caller, name: str
    ) -> Reply:
        """Run a script's chunk; return its reply. Errors name the script by `name`."""
        return self._run(partial(self._ways[b"eval"], chunk), keys, args, caller, name)

    def call(self, function: Function, keys: list[bytes], args: list[bytes], caller: Caller) -> Reply:
        """Run a registered function; return its reply."""
        return self._run(partial(self._ways[b"call"], function.callback), keys, args, caller, function.name)

    def load(self, chunk: object) -> dict[str, Function]:
        """Run a library's chunk; return what it registered, or raise what went wrong."""
        self._host.begin(None)
        fine, value = self._finish(partial(self._ways[b"load"], chunk))
        if not fine:
            text, _ = self._problem(value)
            raise CommandError(f"ERR Error registering functions: {text.decode('latin-1')}")
        return self._host.registered

    def _enter(self, settings: ServerSettings) -> Mapping[bytes, Callable[..., object]]:
        """Build the sandbox; return the ways into it."""
        major, minor, patch = settings.version_numbers
        number = major << 16 | minor << 8 | patch
        version = self._lua.make({b"text": settings.version.encode(), b"number": number})
        functions = self._host.functions() | self._libraries.functions()
        # What Lua holds, Python cannot collect: it must not hold us.
        host: dict[object, object] = {name.encode(): _unowned(each) for name, each in functions.items()}
        host[b"endless"] = _ENDLESS.encode()
        host[b"bit_operations"] = self._lua.array(name.encode() for name in bits.OPERATIONS)
        text = b"\n" * _SANDBOX_LINE + files(__package__).joinpath("sandbox.lua").read_bytes()
        given = (self._lua.make(host), _SANDBOX_LINE, LINE_LIMIT, version)
        ways = self._lua.execute(text, b"=sandbox", *given)
        self._libraries.null = ways[b"null"]
        return ways

    def _run(
        self, way: Callable[..., object], keys: list[bytes], args: list[bytes], caller: Caller, name: str
    ) -> Reply:
        self._host.begin(caller)
        fine, value = self._finish(partial(way, self._lua.array(keys), self._lua.array(args)))
        if fine:
            return to_reply(value, self._lua, resp3=self._host.resp3)
        text, place = self._problem(value)
        return Error.of(f"{text.decode('latin-1')} script: {name}, on {place}.")

    def _finish(self, way: Callable[[], object]) -> tuple[bool, object]:
        outcome = way()
        return (bool(outcome[0]), outcome[1]) if isinstance(outcome, tuple) else (bool(outcome), None)

    def _problem(self, value: object) -> tuple[bytes, str]:
        """Return what went wrong, and where."""
        if isinstance(value, bytes):  # Lua itself is at its end, and explains nothing
            return b"ERR " + value, "@user_script:1"
        text, source, line = (self._lua.get(value, field) for field in (b"err", b"source", b"line"))
        assert isinstance(text, bytes)
        assert isinstance(source, bytes)
        return text.removeprefix(b"-"), f"{source.decode('latin-1')}:{line}"


def _unowned(function: Callable[..., object]) -> Callable[..., object]:
    """Return a function that does the same, without keeping alive the object it may be a method of."""
    if not isinstance(function, MethodType):
        return function
    method: weakref.WeakMethod[Callable[..., object]] = weakref.WeakMethod(function)

    def call(*args: object) -> object:
        living = method()
        assert living is not None, "nobody runs scripts of a server that is gone"
        return living(*args)

    return call
