"""From a command that runs Lua to its reply: reading its keys, checking what it may do, and running it.

https://redis.io/docs/latest/develop/programmability/
"""

from __future__ import annotations

from collections.abc import Sequence

from respool_testing.replies import Reply

from ..arguments import integer
from ..call import Call
from ..errors import CommandError
from .calling import Caller, Rights
from .interpreter import Interpreter
from .library import Function, Script


def interpreter_of(call: Call) -> Interpreter:
    """Return the server's Lua."""
    if not isinstance(call.server.interpreter, Interpreter):
        call.server.interpreter = Interpreter(call.server.settings)
    return call.server.interpreter


def run_script(call: Call, script: Script) -> Reply:
    """Run a script for EVAL and its kin."""
    keys, args = _keys_and_arguments(call, "ERR value is not an integer or out of range")
    flags = script.source.flags
    rights = _rights(call, flags or frozenset(), says_nothing=flags is None)
    interpreter = interpreter_of(call)
    chunk = compiled(interpreter, script)
    return interpreter.evaluate(chunk, keys, args, _caller(call, rights, keys), script.digest)


def run_function(call: Call, function: Function) -> Reply:
    """Run a function for FCALL and FCALL_RO."""
    keys, args = _keys_and_arguments(call, "ERR Bad number of keys provided")
    rights = _rights(call, function.flags, says_nothing=False)
    return interpreter_of(call).call(function, keys, args, _caller(call, rights, keys))


def compiled(interpreter: Interpreter, script: Script) -> object:
    """Return a script's chunk; refuse what is no Lua."""
    chunk, problem = interpreter.compile(script.source.body, b"@user_script")
    if chunk is None:
        raise CommandError(f"ERR Error compiling script (new function): {problem}")
    return chunk


def _keys_and_arguments(call: Call, complaint: str) -> tuple[list[bytes], list[bytes]]:
    _, number, *words = call.args
    try:
        count = integer(number)
    except CommandError:
        raise CommandError(complaint) from None
    if count > len(words):
        raise CommandError("ERR Number of keys can't be greater than number of args")
    if count < 0:
        raise CommandError("ERR Number of keys can't be negative")
    return words[:count], words[count:]


def _rights(call: Call, flags: frozenset[str], *, says_nothing: bool) -> Rights:
    """Return what a script may do by its flags, the command that runs it, and the state of the server."""
    reads_only = call.command.name.endswith("_ro")
    if says_nothing:
        return Rights(writes=not reads_only, crosses_slots=True)
    writes = "no-writes" not in flags
    if call.server.cluster is not None and "no-cluster" in flags:
        raise CommandError("ERR Can not run script on cluster, 'no-cluster' flag is set.")
    if writes and reads_only:
        raise CommandError("ERR Can not execute a script with write flag using *_ro command.")
    if writes and call.server.replication.primary is not None:
        raise CommandError("READONLY Can not run script with write flag on readonly replica.")
    return Rights(writes=writes, crosses_slots="allow-cross-slot-keys" in flags)


def _caller(call: Call, rights: Rights, keys: Sequence[bytes]) -> Caller:
    return Caller(call.server, call.catalog, call.session, call.run, rights, keys)
