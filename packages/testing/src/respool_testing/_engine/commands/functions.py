"""FUNCTION, FCALL and FCALL_RO: libraries of functions that stay on the server.

https://redis.io/docs/latest/develop/programmability/functions-intro/
"""

from __future__ import annotations

from typing import Final

from respool_testing.replies import OK, Map, Reply, Set, Simple

from ..call import Call
from ..errors import CommandError
from ..globs import matches
from ..parser import Request
from ..registry import Family
from ..replication import LibrariesChange
from ..scripting.library import Function, Library, Shelf
from ..scripting.running import interpreter_of, run_function
from ..scripting.shebang import FLAGS, read_library
from .popping import keys_after_count

family = Family("scripting")

_RUNS: Final = "noscript stale skip_monitor no_mandatory_keys movablekeys"
_ALL_SHARDS: Final = "request_policy:all_shards response_policy:all_succeeded"
_NOT_THERE: Final = "ERR Library not found"


def _keys(request: Request) -> Request:
    return keys_after_count(request, 2)


@family.command("fcall", arity=-3, flags=_RUNS, since="7.0.0", key_finder=_keys)
def fcall(call: Call) -> Reply:
    return _call(call)


@family.command("fcall_ro", arity=-3, flags=f"readonly {_RUNS}", since="7.0.0", key_finder=_keys)
def fcall_ro(call: Call) -> Reply:
    return _call(call)


family.container("function", since="7.0.0", help_since="7.0.0")


@family.command("function|load", arity=-3, flags="write denyoom noscript", since="7.0.0", tips=_ALL_SHARDS)
def function_load(call: Call) -> Reply:
    *options, text = call.args
    for option in options:
        if option.upper() != b"REPLACE":
            raise CommandError(f"ERR Unknown option given: {option.decode('latin-1')}")
    shelf = _shelf(call)
    library = _loaded(call, text, replace=bool(options))
    shelf.libraries[library.name] = library
    _replicate(call)
    return library.name.encode()


@family.command("function|delete", arity=3, flags="write noscript", since="7.0.0", tips=_ALL_SHARDS)
def function_delete(call: Call) -> Reply:
    if _shelf(call).libraries.pop(call.args[0].decode("latin-1"), None) is None:
        raise CommandError(_NOT_THERE)
    _replicate(call)
    return OK


@family.command("function|flush", arity=-2, flags="write noscript", since="7.0.0", tips=_ALL_SHARDS)
def function_flush(call: Call) -> Reply:
    if len(call.args) > 1 or (call.args and call.args[0].upper() not in (b"SYNC", b"ASYNC")):
        raise CommandError("ERR FUNCTION FLUSH only supports SYNC|ASYNC option")
    _shelf(call).libraries.clear()
    _replicate(call)
    return OK


@family.command(
    "function|list", arity=-2, flags="noscript", since="7.0.0", tips="nondeterministic_output_order"
)
def function_list(call: Call) -> Reply:
    pattern, with_code = _list_options(list(call.args))
    return [
        _described(library, with_code=with_code)
        for library in _shelf(call).libraries.values()
        if matches(pattern.lower(), library.name.lower().encode())
    ]


@family.command(
    "function|stats",
    arity=2,
    flags="noscript allow_busy",
    since="7.0.0",
    tips="nondeterministic_output request_policy:all_shards response_policy:special",
)
def function_stats(call: Call) -> Reply:
    libraries = _shelf(call).libraries.values()
    counts = Map(
        [
            (b"libraries_count", len(libraries)),
            (b"functions_count", sum(len(library.functions) for library in libraries)),
        ]
    )
    return Map([(b"running_script", None), (b"engines", Map([(b"LUA", counts)]))])


@family.command(
    "function|kill",
    arity=2,
    flags="noscript allow_busy",
    since="7.0.0",
    tips="request_policy:all_shards response_policy:one_succeeded",
)
def function_kill(call: Call) -> Reply:
    raise CommandError("NOTBUSY No scripts in execution right now.")  # whoever asks, none runs meanwhile


def _shelf(call: Call) -> Shelf:
    """Return what the server has of functions, those included that its primary told it of."""
    shelf = call.server.shelf
    if shelf.announced is not None:
        texts = shelf.announced
        shelf.clear_libraries()
        for text in texts:
            library = _loaded(call, text, replace=False)
            shelf.libraries[library.name] = library
    return shelf


def _replicate(call: Call) -> None:
    """Let the replicas know which libraries there are now."""
    replication = call.server.replication
    if replication.replicas:
        replication.offset += 1
        call.server.outbox.replicate([LibrariesChange(call.server.shelf.texts())])


def _call(call: Call) -> Reply:
    function = _shelf(call).function(call.args[0].decode("latin-1"))
    if function is None:
        raise CommandError("ERR Function not found")
    return run_function(call, function)


def _loaded(call: Call, text: bytes, *, replace: bool) -> Library:
    """Return the library a text makes, if there is room for its names."""
    name, source = read_library(text)
    if not replace and name in call.server.shelf.libraries:
        raise CommandError(f"ERR Library '{name}' already exists")
    interpreter = interpreter_of(call)
    chunk, problem = interpreter.compile(source.body, b"@user_function")
    if chunk is None:
        raise CommandError(f"ERR Error compiling function: {problem}")
    functions = interpreter.load(chunk)
    if not functions:
        raise CommandError("ERR No functions registered")
    for other in (each for each in _shelf(call).libraries.values() if each.name != name):
        for taken in functions:
            if taken in other.functions:
                raise CommandError(f"ERR Function {taken} already exists")
    return Library(name, text, functions)


def _list_options(words: list[bytes]) -> tuple[bytes, bool]:
    pattern, with_code = b"*", False
    while words:
        word = words.pop(0)
        if word.upper() == b"WITHCODE" and not with_code:
            with_code = True
        elif word.upper() == b"LIBRARYNAME":
            if not words:
                raise CommandError("ERR library name argument was not given")
            pattern = words.pop(0)
        else:
            raise CommandError(f"ERR Unknown argument {word.decode('latin-1')}")
    return pattern, with_code


def _described(library: Library, *, with_code: bool) -> Reply:
    fields: list[tuple[Reply, Reply]] = [
        (b"library_name", library.name.encode()),
        (b"engine", b"LUA"),
        (b"functions", [_function(each) for each in library.functions.values()]),
    ]
    if with_code:
        fields.append((b"library_code", library.text))
    return Map(fields)


def _function(function: Function) -> Reply:
    description = None if function.description is None else function.description.encode("latin-1")
    return Map(
        [
            (b"name", function.name.encode()),
            (b"description", description),
            (b"flags", Set([Simple(flag.encode()) for flag in FLAGS if flag in function.flags])),
        ]
    )
