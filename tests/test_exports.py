"""What the public modules offer: `__all__` is true, whole, in order, and each thing in it is explained."""

from __future__ import annotations

import inspect
from importlib import import_module
from types import FunctionType, ModuleType
from typing import get_origin

import pytest

PUBLIC = (
    "respool",
    "respool.errors",
    "respool.lowlevel",
    "respool.replies",
    "respool_cluster",
    "respool_sentinel",
    "respool_testing",
)


def exported(module: ModuleType) -> list[str]:
    names: list[str] = module.__all__
    return names


def explained(thing: object) -> bool:
    """Tell whether a class or function has a docstring of its own; a dataclass's automatic one is none."""
    if not isinstance(thing, type):
        return bool(inspect.getdoc(thing))
    doc: str | None = vars(thing).get("__doc__")
    return doc is not None and not doc.startswith(f"{thing.__name__}(")


def methods(thing: type) -> list[str]:
    """List the public methods and properties that a class defines itself."""
    kinds = (property, staticmethod, classmethod, FunctionType)
    return [
        name for name, each in vars(thing).items() if not name.startswith("_") and isinstance(each, kinds)
    ]


def order(name: str) -> tuple[int, str]:
    """Sort as ruff does: constants, classes, the rest."""
    return (0 if name.isupper() else 1 if name[0].isupper() else 2, name)


@pytest.mark.parametrize("name", PUBLIC)
def test_every_exported_name_is_there(name: str) -> None:
    module = import_module(name)
    assert [each for each in exported(module) if not hasattr(module, each)] == []


@pytest.mark.parametrize("name", PUBLIC)
def test_exports_are_sorted_once_each_and_never_private(name: str) -> None:
    names = exported(import_module(name))
    assert names == sorted(set(names), key=order)
    assert [each for each in names if each.startswith("_") and each != "__version__"] == []


@pytest.mark.parametrize("name", PUBLIC)
def test_nothing_of_ours_is_offered_without_being_exported(name: str) -> None:
    module = import_module(name)
    ours = {
        each
        for each, thing in vars(module).items()
        if not each.startswith("_") and str(getattr(thing, "__module__", "")).startswith("respool")
    }
    assert ours - set(exported(module)) == set()


@pytest.mark.parametrize("name", PUBLIC)
def test_every_module_opens_with_its_promise(name: str) -> None:
    assert inspect.getdoc(import_module(name))


@pytest.mark.parametrize("name", PUBLIC)
def test_every_exported_class_and_function_is_explained(name: str) -> None:
    module = import_module(name)
    things = {each: getattr(module, each) for each in exported(module)}
    ours = {
        each: thing
        for each, thing in things.items()
        # A generic alias says it is a class on Python 3.10.
        if (inspect.isclass(thing) and get_origin(thing) is None) or inspect.isroutine(thing)
    }
    assert [each for each, thing in ours.items() if not explained(thing)] == []


@pytest.mark.parametrize("name", PUBLIC)
def test_every_public_method_is_explained(name: str) -> None:
    module = import_module(name)
    classes = [thing for each in exported(module) if inspect.isclass(thing := getattr(module, each))]
    silent = [
        (each, name) for each in classes for name in methods(each) if not inspect.getdoc(getattr(each, name))
    ]
    assert silent == []
