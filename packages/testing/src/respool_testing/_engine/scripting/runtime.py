"""Lua 5.1 in this process, by the library lupa: an optional extra, looked for when the first script comes.

The only module that knows the library. Its Lua sees nothing of Python but the functions it is given.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Mapping
from types import ModuleType
from typing import Final, NoReturn, cast

from ..errors import CommandError

MEMORY_LIMIT_BYTES: Final = 64 * 2**20
_MISSING: Final = "ERR This fake server runs Lua by the library lupa: pip install respool-testing[lua]"


class Runtime:
    """One Lua, and its tables."""

    def __init__(self) -> None:
        lupa = _lupa()
        self._type_of: Callable[[object], str | None] = lupa.lua_type
        self._lua = lupa.LuaRuntime(
            encoding=None,
            unpack_returned_tuples=True,
            register_eval=False,
            register_builtins=False,
            attribute_filter=_hide,
            max_memory=MEMORY_LIMIT_BYTES,
        )
        self._rawget: Callable[[object, object], object] = self._lua.globals()[b"rawget"]

    def execute(self, text: bytes, name: bytes, *args: object) -> Mapping[bytes, Callable[..., object]]:
        """Run a trusted chunk, and return the functions it returns."""
        return cast("Mapping[bytes, Callable[..., object]]", self._lua.execute(text, *args, name=name))

    def make(self, pairs: Mapping[object, object]) -> object:
        """Return a new table; what is None is left out."""
        return self._lua.table_from({key: value for key, value in pairs.items() if value is not None})

    def array(self, values: Iterable[object]) -> object:
        """Return a new table with values from 1 on."""
        return self.make(dict(enumerate(values, 1)))

    def is_table(self, value: object) -> bool:
        """Tell whether a value is a table."""
        return self._type_of(value) == "table"

    def is_function(self, value: object) -> bool:
        """Tell whether a value is a function."""
        return self._type_of(value) == "function"

    def get(self, table: object, key: object) -> object:
        """Return what a table itself holds."""
        return self._rawget(table, key)

    def pairs(self, table: object) -> Iterable[tuple[object, object]]:
        """Return all that a table itself holds."""
        return cast("Mapping[object, object]", table).items()


def _lupa() -> ModuleType:
    """Return lupa's Lua 5.1, the Lua of the servers."""
    try:
        return importlib.import_module("lupa.lua51")
    except ImportError:
        raise CommandError(_MISSING) from None


def _hide(_object: object, _name: object, _is_setting: bool) -> NoReturn:
    raise AttributeError("scripts see nothing of Python")
