"""EVAL and its kin, and SCRIPT.

https://redis.io/docs/latest/commands/?group=scripting
"""

from __future__ import annotations

from typing import Final

from respool_testing.replies import OK, Reply

from ..call import Call
from ..errors import CommandError
from ..parser import Request
from ..registry import Family
from ..scripting.library import Script, digest_of
from ..scripting.running import compiled, interpreter_of, run_script
from ..scripting.shebang import read_script
from .popping import keys_after_count

family = Family("scripting")

_RUNS: Final = "noscript stale skip_monitor no_mandatory_keys movablekeys"
_ALL_NODES: Final = "request_policy:all_nodes response_policy:all_succeeded"
_NO_SCRIPT: Final = "NOSCRIPT No matching script. Please use EVAL."
_FLUSH_ONLY: Final = "ERR SCRIPT FLUSH only support SYNC|ASYNC option"


def _keys(request: Request) -> Request:
    return keys_after_count(request, 2)


@family.command("eval", arity=-3, flags=_RUNS, since="2.6.0", key_finder=_keys)
def eval_(call: Call) -> Reply:
    return _evaluate(call)


@family.command("eval_ro", arity=-3, flags=f"readonly {_RUNS}", since="7.0.0", key_finder=_keys)
def eval_ro(call: Call) -> Reply:
    return _evaluate(call)


@family.command("evalsha", arity=-3, flags=_RUNS, since="2.6.0", key_finder=_keys)
def evalsha(call: Call) -> Reply:
    return _evaluate_known(call)


@family.command("evalsha_ro", arity=-3, flags=f"readonly {_RUNS}", since="7.0.0", key_finder=_keys)
def evalsha_ro(call: Call) -> Reply:
    return _evaluate_known(call)


family.container("script", since="2.6.0")


@family.command("script|load", arity=3, flags="noscript stale", since="2.6.0", tips=_ALL_NODES)
def script_load(call: Call) -> Reply:
    return _keep(call, call.args[0]).digest.encode()


@family.command(
    "script|exists",
    arity=-3,
    flags="noscript",
    since="2.6.0",
    tips="request_policy:all_shards response_policy:agg_logical_and",
)
def script_exists(call: Call) -> Reply:
    return [int(_known_as(digest) in call.server.shelf.scripts) for digest in call.args]


@family.command("script|flush", arity=-2, flags="noscript", since="2.6.0", tips=_ALL_NODES)
def script_flush(call: Call) -> Reply:
    if len(call.args) > 1 or (call.args and call.args[0].upper() not in (b"SYNC", b"ASYNC")):
        raise CommandError(_FLUSH_ONLY)
    call.server.shelf.scripts.clear()
    return OK


@family.command(
    "script|kill",
    arity=2,
    flags="noscript allow_busy",
    since="2.6.0",
    tips="request_policy:all_shards response_policy:one_succeeded",
)
def script_kill(call: Call) -> Reply:
    raise CommandError("NOTBUSY No scripts in execution right now.")  # whoever asks, none runs meanwhile


def _evaluate(call: Call) -> Reply:
    return run_script(call, _keep(call, call.args[0]))


def _evaluate_known(call: Call) -> Reply:
    script = call.server.shelf.scripts.get(_known_as(call.args[0]))
    if script is None:
        raise CommandError(_NO_SCRIPT)
    return run_script(call, script)


def _keep(call: Call, text: bytes) -> Script:
    """Return a script that the server holds from now on."""
    digest = digest_of(text)
    script = call.server.shelf.scripts.get(digest)
    if script is None:
        script = Script(digest, read_script(text))
        compiled(interpreter_of(call), script)
        call.server.shelf.scripts[digest] = script
    return script


def _known_as(digest: bytes) -> str:
    return digest.decode("latin-1").lower()
