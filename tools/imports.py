"""What a module imports, read from its syntax tree. Runs nothing; judges nothing (`boundaries` does).

Counted as imports: both statements, wherever they stand; the same under `if TYPE_CHECKING`, marked so;
`import_module("...")` and `__import__("...")`; and `package._private` reached through an imported name.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

UNREADABLE = "?"
_CALLS = {"import_module", "__import__"}


@dataclass(frozen=True)
class Module:
    """One source file under the dotted name it is imported by."""

    name: str
    source: str
    is_package: bool = False


@dataclass(frozen=True)
class Import:
    """One module, or one name of a module, that `importer` reaches for."""

    importer: str
    target: str
    line: int
    typing_only: bool = False


def imports_of(module: Module) -> list[Import]:
    """List everything that `module` imports, in the order of its lines.

    `from a import b` is the target `a.b`, because b may be a module; a dynamic import whose name is not a
    literal has the target `UNREADABLE`.
    """
    tree = ast.parse(module.source)
    guarded = {id(node) for node in _under_type_checking(tree)}
    found = {
        Import(module.name, target, node.lineno, id(node) in guarded)
        for node in ast.walk(tree)
        if isinstance(node, (ast.Import, ast.ImportFrom, ast.Call, ast.Attribute))
        for target in _targets(node, module)
    }
    return sorted(found, key=lambda each: (each.line, each.target))


def _targets(node: ast.AST, module: Module) -> Iterator[str]:
    match node:
        case ast.Import(names=names):
            yield from (alias.name for alias in names)
        case ast.ImportFrom(names=names):
            base = _base(node, module)
            yield from (f"{base}.{alias.name}" for alias in names)
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name), args=[first, *_]) if name in _CALLS:
            literal = first.value if isinstance(first, ast.Constant) else None
            yield literal if isinstance(literal, str) else UNREADABLE
        case ast.Attribute(attr=attr) if attr.startswith("_") and not attr.startswith("__"):
            yield from _dotted(node)


def _base(node: ast.ImportFrom, module: Module) -> str:
    """Resolve the dots of a relative import against the module that says it."""
    if not node.level:
        return node.module or ""
    up = node.level - 1 if module.is_package else node.level
    home = module.name.split(".")[: -up or None]
    return ".".join([*home, node.module] if node.module else home)


def _dotted(node: ast.Attribute) -> Iterator[str]:
    """Spell `a.b._c` where it starts with a plain name of the family; `self._c` is nobody's business here."""
    words = [node.attr]
    inner = node.value
    while isinstance(inner, ast.Attribute):
        words.append(inner.attr)
        inner = inner.value
    if isinstance(inner, ast.Name) and inner.id.split("_")[0] == "respool":
        yield ".".join([inner.id, *reversed(words)])


def _under_type_checking(tree: ast.Module) -> Iterator[ast.AST]:
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            for statement in node.body:
                yield from ast.walk(statement)
