"""Named tuples, for type checkers those of `typing`, made in a tenth of the time. Imports nothing of ours.

The library's own compile a constructor for each class and evaluate what every field is annotated with: for as
many as there are shapes of replies this took a sixth of what importing respool takes. These take the names of
fields as they stand and share one constructor, and may be generic on every Python.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing_extensions import NamedTuple
else:
    from collections import _tuplegetter  # what collections.namedtuple reads fields with, in C

    class _NamedTupleMeta(type):
        """Turn the annotations of a class body into fields, and what is assigned to them into defaults."""

        def __new__(cls, name, bases, body):
            fields = tuple(body.get("__annotations__", ()))
            if not fields:
                return super().__new__(cls, name, bases, body)
            defaults = {field: body.pop(field) for field in fields if field in body}
            readers = {field: _tuplegetter(at, None) for at, field in enumerate(fields)}
            facts = {
                "_fields": fields,
                "_field_defaults": defaults,
                "__match_args__": fields,
                "__slots__": (),
            }
            return super().__new__(cls, name, bases, {**body, **facts, **readers})

    class NamedTuple(tuple, metaclass=_NamedTupleMeta):
        """A tuple whose parts have names."""

        __slots__ = ()

        def __new__(cls, *values, **named):
            if named or len(values) != len(cls._fields):
                values = cls._all(values, named)
            return tuple.__new__(cls, values)

        @classmethod
        def _make(cls, values):
            return cls(*values)

        @classmethod
        def _all(cls, values, named):
            given = {**cls._field_defaults, **named}
            rest = cls._fields[len(values) :]
            missing = [field for field in rest if field not in given]
            if missing or len(values) > len(cls._fields) or not named.keys() <= {*rest}:
                raise TypeError(f"{cls.__name__} takes {', '.join(cls._fields)}: each once, and nothing else")
            return [*values, *[given[field] for field in rest]]

        def _asdict(self):
            return dict(zip(self._fields, self, strict=True))

        def _replace(self, **named):
            return type(self)(**{**self._asdict(), **named})

        __replace__ = _replace  # what copy.replace calls

        def __getnewargs__(self):
            return tuple(self)

        def __repr__(self):
            parts = (f"{field}={value!r}" for field, value in self._asdict().items())
            return f"{type(self).__name__}({', '.join(parts)})"


__all__ = ["NamedTuple"]
