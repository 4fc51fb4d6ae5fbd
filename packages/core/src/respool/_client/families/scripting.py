"""Commands that run scripts, and keep them. Functions are in `functions`.

What a script returns has whatever shape it gives it: it is returned as the server gave it, and that may differ between
RESP2 and RESP3.
"""

from __future__ import annotations

from asyncio import Future
from typing import Generic, Literal, TypeVar

from respool._client.families.family import Family
from respool._client.replies.basic import booleans, succeeded, text
from respool._wire.values import KeyT, ResponseType, StringT, ValueT

T = TypeVar("T")


class ScriptingCommands(Family[T], Generic[T]):
    """Commands on scripts. The first `numkeys` of what follows it are keys, the rest arguments."""

    def eval(self, script: StringT, numkeys: int, *keys_and_args: KeyT | ValueT) -> Future[ResponseType]:
        """Run a script. https://redis.io/docs/latest/commands/eval/"""
        return self._run((b"EVAL", script, numkeys, *keys_and_args))

    def eval_ro(self, script: StringT, numkeys: int, *keys_and_args: KeyT | ValueT) -> Future[ResponseType]:
        """Run a script that only reads. https://redis.io/docs/latest/commands/eval_ro/"""
        return self._run((b"EVAL_RO", script, numkeys, *keys_and_args))

    def evalsha(self, sha: StringT, numkeys: int, *keys_and_args: KeyT | ValueT) -> Future[ResponseType]:
        """Run a script by its digest; `NoScriptError` where the server does not hold it.

        https://redis.io/docs/latest/commands/evalsha/
        """
        return self._run((b"EVALSHA", sha, numkeys, *keys_and_args))

    def evalsha_ro(self, sha: StringT, numkeys: int, *keys_and_args: KeyT | ValueT) -> Future[ResponseType]:
        """Run a script that only reads by its digest. https://redis.io/docs/latest/commands/evalsha_ro/"""
        return self._run((b"EVALSHA_RO", sha, numkeys, *keys_and_args))

    def script_exists(self, *shas: StringT) -> Future[list[bool]]:
        """Tell of each digest whether the server holds its script.

        https://redis.io/docs/latest/commands/script-exists/
        """
        return self._run((b"SCRIPT", b"EXISTS", *shas), booleans)

    def script_flush(self, mode: Literal["SYNC", "ASYNC"] = "SYNC") -> Future[bool]:
        """Forget all scripts. https://redis.io/docs/latest/commands/script-flush/"""
        return self._run((b"SCRIPT", b"FLUSH", mode), succeeded)

    def script_kill(self) -> Future[bool]:
        """Stop the script that runs, if it has written nothing; `NotBusyError` for none.

        https://redis.io/docs/latest/commands/script-kill/
        """
        return self._run((b"SCRIPT", b"KILL"), succeeded)

    def script_load(self, script: StringT) -> Future[str]:
        """Keep a script; return its digest. https://redis.io/docs/latest/commands/script-load/"""
        return self._run((b"SCRIPT", b"LOAD", script), text)

    def script_show(self, sha: StringT) -> Future[T]:
        """Return the script of a digest. Valkey 8. https://valkey.io/commands/script-show/"""
        return self._run((b"SCRIPT", b"SHOW", sha))
