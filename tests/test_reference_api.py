"""The family keeps the contract of connections and pools that `reference_api.pyi` writes down.

Ours must accept every call that the reference accepts: the same positional parameters in the same
order, the same names and defaults, awaited where it is awaited; it may accept more.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path

import pytest

HERE = Path(__file__).parent
HOMES = ("respool", "respool_cluster", "respool_sentinel")
# Classes, or single points of them, that are still to be written. Strict: what holds must leave the list.
NOT_YET: dict[str, str] = {}


@cache
def reference() -> dict[str, type]:
    """Execute the stub and return its classes by name."""
    path = HERE / "reference_api.pyi"
    space: dict[str, object] = {"__name__": "reference_api"}
    exec(compile(path.read_text(encoding="utf-8"), path, "exec"), space)
    classes = {name: each for name, each in space.items() if isinstance(each, type)}
    return {name: each for name, each in classes.items() if each.__module__ == "reference_api"}


def ours(name: str) -> type:
    """Find the class that one of our distributions exports under the contract's name."""
    for home in map(import_module, HOMES):
        if hasattr(home, name):
            found: type = getattr(home, name)
            return found
    pytest.fail(f"none of {', '.join(HOMES)} has a {name}")


@dataclass(frozen=True)
class Point:
    """One thing the contract says about one class."""

    owner: str
    name: str
    check: Callable[[type, type, str], None]

    def __str__(self) -> str:
        return f"{self.owner}.{self.name}" if self.name else self.owner


def points() -> Iterator[Point]:
    """Take the reference apart, each class with what it inherits from the contract's own classes."""
    for owner, cls in reference().items():
        yield Point(owner, "", check_bases)
        promised = {name: each for base in reversed(cls.__mro__) for name, each in _said_by(base).items()}
        for name, each in promised.items():
            yield Point(owner, name, _check_for(name, each))


def _said_by(cls: type) -> dict[str, object]:
    if cls not in reference().values():
        return {}
    annotated = dict.fromkeys(vars(cls).get("__annotations__", {}))
    return annotated | {
        name: each for name, each in vars(cls).items() if name == "__init__" or not name.startswith("_")
    }


def _check_for(name: str, said: object) -> Callable[[type, type, str], None]:
    if name.isupper():
        return check_parsers
    if isinstance(said, property):
        return check_property
    return check_call if said is not None else check_attribute


def check_bases(cls: type, promised: type, _: str) -> None:
    for base in promised.__bases__:
        wanted = ours(base.__name__) if base in reference().values() else base
        assert wanted in cls.__mro__ or base.__name__ == "Generic", f"{cls.__name__} is no {base.__name__}"


def check_parsers(cls: type, promised: type, name: str) -> None:
    missing = set(getattr(promised, name)) - set(getattr(cls, name, {}))
    assert not missing, f"{cls.__name__}.{name} lacks {sorted(missing)}"


def check_property(cls: type, _: type, name: str) -> None:
    assert isinstance(inspect.getattr_static(cls, name, None), property), (
        f"{cls.__name__}.{name} is no property"
    )


def check_attribute(cls: type, _: type, name: str) -> None:
    annotated = {each for base in cls.__mro__ for each in vars(base).get("__annotations__", {})}
    assert name in annotated or hasattr(cls, name), f"{cls.__name__}.{name} is not declared"


def check_call(cls: type, promised: type, name: str) -> None:
    wanted, have = getattr(promised, name), getattr(cls, name, None)
    assert have is not None, f"{cls.__name__} has no {name}"
    assert inspect.iscoroutinefunction(have) == inspect.iscoroutinefunction(wanted), f"{name}: async or not"
    assert inspect.ismethod(have) == inspect.ismethod(wanted), f"{name}: class method or not"
    assert breaches(inspect.signature(have), inspect.signature(wanted)) == []


def breaches(have: inspect.Signature, wanted: inspect.Signature) -> list[str]:
    """List what a caller of `wanted` would miss in `have`."""
    found = [
        f"{name}: {_told(have.parameters.get(name))}, promised {_told(parameter)}"
        for name, parameter in wanted.parameters.items()
        if parameter.kind not in _VARIADIC and not _same(have.parameters.get(name), parameter)
    ]
    order = _positional(wanted)
    if _positional(have)[: len(order)] != order:
        found.append(f"positional parameters are {_positional(have)}, promised {order}")
    return found + [f"no {kind.description}" for kind in _VARIADIC if kind in _kinds(wanted) - _kinds(have)]


_VARIADIC = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


def _same(have: inspect.Parameter | None, wanted: inspect.Parameter) -> bool:
    if have is None:
        return False
    if wanted.default is ...:
        return have.default is not inspect.Parameter.empty
    # 20.0 keeps a promise of 20; 0 does not keep one of False.
    same_kind = isinstance(have.default, bool) == isinstance(wanted.default, bool)
    return same_kind and bool(have.default == wanted.default)


def _told(parameter: inspect.Parameter | None) -> str:
    return "missing" if parameter is None else str(parameter.replace(annotation=inspect.Parameter.empty))


def _positional(signature: inspect.Signature) -> list[str]:
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return [name for name, each in signature.parameters.items() if each.kind in kinds]


def _kinds(signature: inspect.Signature) -> set[object]:
    return {each.kind for each in signature.parameters.values()}


def _case(point: Point) -> object:
    reason = NOT_YET.get(point.owner) or NOT_YET.get(str(point))
    marks = [pytest.mark.xfail(strict=True, reason=reason)] if reason else []
    return pytest.param(point, id=str(point), marks=marks)


@pytest.mark.parametrize("point", [_case(point) for point in points()])
def test_the_contract_is_kept(point: Point) -> None:
    point.check(ours(point.owner), reference()[point.owner], point.name)


def test_nothing_waits_that_the_contract_does_not_name() -> None:
    assert set(NOT_YET) <= {point.owner for point in points()} | set(map(str, points()))


@pytest.mark.parametrize(
    ("have", "missing"),
    [
        (lambda a, b=1, *, c=False, **more: None, []),
        (lambda a, b=1, extra=None, *, c=False, d=2, **more: None, []),
        (lambda b=1, a=0, *, c=False, **more: None, ["a", "positional"]),
        (lambda a, b=2, *, c=False, **more: None, ["b"]),
        (lambda a, b=1, *, c=0, **more: None, ["c"]),
        (lambda a, b=1, **more: None, ["c"]),
        (lambda a, b=1, *, c=False: None, ["no variadic"]),
    ],
)
def test_a_broken_promise_is_named(have: Callable[..., None], missing: list[str]) -> None:
    promised = inspect.signature(lambda a, b=1, *, c=False, **more: None)
    found = breaches(inspect.signature(have), promised)
    assert [each.startswith(word) for each, word in zip(found, missing, strict=True)] == [True] * len(missing)
