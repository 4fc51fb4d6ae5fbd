"""The server as the sandbox sees it: functions that take Lua values and never raise.

Each returns two values: whether all is well, and the result or what is wrong.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Final, TypeAlias, TypeGuard

from respool_testing.replies import Error

from .calling import Caller
from .conversions import items, to_lua
from .library import Function
from .runtime import Runtime
from .shebang import FLAGS, check_name

Answer: TypeAlias = "tuple[bool, object]"

_ARGUMENTS: Final = "Lua redis lib command arguments must be strings or integers"
_FIELDS: Final = frozenset({"function_name", "callback", "flags", "description"})
_NONE: Final = "Please specify at least one argument for this redis lib call"
_LARGEST_LOG_LEVEL: Final = 3
_ALL_REPLICATION_FLAGS: Final = 3


class Host:
    """What scripts can ask for; `caller` and `resp3` are those of the script that runs now."""

    def __init__(self, runtime: Runtime) -> None:
        self._lua = runtime
        self.caller: Caller | None = None
        self.resp3 = False
        self.registered: dict[str, Function] = {}

    def begin(self, caller: Caller | None) -> None:
        """Serve another script."""
        self.caller, self.resp3, self.registered = caller, False, {}

    def functions(self) -> dict[str, Callable[..., object]]:
        """Return every function, by the name the sandbox knows it by."""
        return {
            each.__name__: each
            for each in (
                self.call, self.error_reply, self.status_reply, self.log, self.setresp, self.set_repl,
                self.sha1hex, self.acl_check_cmd, self.register,
            )
        }  # fmt: skip

    def call(self, *args: object) -> Answer:
        assert self.caller is not None
        if not args:
            return False, self._error(f"ERR {_NONE}")
        request = [self._word(arg) for arg in args]
        words = tuple(word for word in request if word is not None)
        if len(words) < len(request):
            return False, self._error(f"ERR {_ARGUMENTS}")
        self.caller.session.protocol = 3 if self.resp3 else 2
        reply = self.caller.call(words)
        return not isinstance(reply, Error), to_lua(reply, self._lua, resp3=self.resp3)

    def error_reply(self, *args: object) -> object:
        if len(args) != 1 or not isinstance(args[0], bytes):
            return self._error("ERR wrong number or type of arguments")
        text = args[0].replace(b"\r", b" ").replace(b"\n", b" ")
        if text.startswith(b"-"):
            return self._lua.make({b"err": text[1:]})
        return self._lua.make({b"err": text if b" " in text else b"ERR " + text})

    def status_reply(self, *args: object) -> object:
        if len(args) != 1 or not isinstance(args[0], bytes):
            return self._error("ERR wrong number or type of arguments")
        return self._lua.make({b"ok": args[0]})

    def log(self, *args: object) -> Answer:
        if len(args) < 2:
            return False, b"ERR redis.log() requires two arguments or more."
        if not is_number(args[0]):
            return False, b"ERR First argument must be a number (log level)."
        if args[0] not in range(_LARGEST_LOG_LEVEL + 1):
            return False, b"ERR Invalid debug level."
        return True, None

    def setresp(self, *args: object) -> Answer:
        if len(args) != 1:
            return False, b"ERR redis.setresp() requires one argument."
        if args[0] not in (2, 3):
            return False, b"ERR RESP version must be 2 or 3."
        self.resp3 = args[0] == 3
        return True, None

    def set_repl(self, *args: object) -> Answer:
        if len(args) != 1:
            return False, b"ERR redis.set_repl() requires two arguments."
        if args[0] not in range(_ALL_REPLICATION_FLAGS + 1):
            flags = b"Use REPL_AOF, REPL_REPLICA, REPL_ALL or REPL_NONE."
            return False, b"ERR Invalid replication flags. " + flags
        return True, None

    def sha1hex(self, *args: object) -> Answer:
        if len(args) != 1:
            return False, b"ERR wrong number of arguments"
        text = self._word(args[0]) or b""
        return True, hashlib.sha1(text, usedforsecurity=False).hexdigest().encode()

    def acl_check_cmd(self, *args: object) -> Answer:
        assert self.caller is not None
        words = tuple(word for arg in args if (word := self._word(arg)) is not None)
        if not args:
            return False, b"ERR " + _NONE.encode()
        if len(words) < len(args):
            return False, b"ERR redis.acl_check_cmd() require a command arguments"
        if not self.caller.knows(words):
            return False, b"ERR Invalid command passed to redis.acl_check_cmd()"
        return True, True

    def register(self, *args: object) -> Answer:
        """Register a function of the library that is being loaded."""
        if len(args) not in (1, 2):
            return False, b"ERR wrong number of arguments to redis.register_function"
        complaint = self._register_pair(*args) if len(args) == 2 else self._register_named(args[0])
        return (True, None) if complaint is None else (False, b"ERR " + complaint.encode())

    def _error(self, text: str) -> object:
        return self._lua.make({b"err": text.encode()})

    def _word(self, value: object) -> bytes | None:
        """Return an argument as bytes, None if it can be none."""
        if isinstance(value, bytes):
            return value
        if self.caller is None or not is_number(value):
            return None
        return self.caller.spelled(value)

    def _register_pair(self, name: object, callback: object) -> str | None:
        if not isinstance(name, (bytes, int, float)):
            return "first argument to redis.register_function must be a string"
        if not self._lua.is_function(callback):
            return "second argument to redis.register_function must be a function"
        return self._register(_text(name), callback, frozenset(), None)

    def _register_named(self, table: object) -> str | None:
        if not self._lua.is_table(table):
            return (
                "calling redis.register_function with a single argument is only applicable to Lua table "
                "(representing named arguments)."
            )
        fields = {_text(key): value for key, value in self._lua.pairs(table)}
        if fields.keys() - _FIELDS:
            return "unknown argument given to redis.register_function"
        complaint, flags = self._flags(fields.get("flags"))
        if "function_name" not in fields:
            return "redis.register_function must get a function name argument"
        if "callback" not in fields:
            return "redis.register_function must get a callback argument"
        if not self._lua.is_function(fields["callback"]):
            return "callback argument given to redis.register_function must be a function"
        described = fields.get("description")
        description = None if described is None else _text(described)
        return complaint or self._register(
            _text(fields["function_name"]), fields["callback"], flags, description
        )

    def _flags(self, table: object) -> tuple[str | None, frozenset[str]]:
        if table is None:
            return None, frozenset()
        if not self._lua.is_table(table):
            return (
                "flags argument to redis.register_function must be a table representing function flags",
                frozenset(),
            )
        flags = frozenset(_text(flag) for flag in items(table, self._lua))
        return ("unknown flag given" if flags - set(FLAGS) else None), flags

    def _register(
        self, name: str, callback: object, flags: frozenset[str], description: str | None
    ) -> str | None:
        complaint = check_name(name)
        if complaint is None and name in self.registered:
            complaint = "Function already exists in the library"
        if complaint is None:
            self.registered[name] = Function(name, callback, flags, description)
        return complaint


def is_number(value: object) -> TypeGuard[float]:
    """Tell whether a Lua value is a number."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _text(value: object) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)
