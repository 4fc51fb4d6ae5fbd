"""Commands on functions: libraries of scripts that the server keeps by name."""

from __future__ import annotations

from asyncio import Future
from typing import Generic, Literal, TypeVar

from respool._client.families.arguments import flag, option
from respool._client.families.family import Family
from respool._client.replies.basic import succeeded, text, undecoded
from respool._client.replies.functions import FunctionStats, Library, function_stats, libraries
from respool._wire.values import KeyT, ResponseType, StringT, ValueT

T = TypeVar("T")


class FunctionCommands(Family[T], Generic[T]):
    """Commands on functions."""

    def fcall(self, function: StringT, numkeys: int, *keys_and_args: KeyT | ValueT) -> Future[ResponseType]:
        """Call a function: the first `numkeys` are keys. https://redis.io/docs/latest/commands/fcall/"""
        return self._run((b"FCALL", function, numkeys, *keys_and_args))

    def fcall_ro(
        self, function: StringT, numkeys: int, *keys_and_args: KeyT | ValueT
    ) -> Future[ResponseType]:
        """Call a function that only reads. https://redis.io/docs/latest/commands/fcall_ro/"""
        return self._run((b"FCALL_RO", function, numkeys, *keys_and_args))

    def function_delete(self, library: StringT) -> Future[bool]:
        """Delete a library. https://redis.io/docs/latest/commands/function-delete/"""
        return self._run((b"FUNCTION", b"DELETE", library), succeeded)

    def function_dump(self) -> Future[bytes]:
        """Return all libraries in a form that `function_restore` takes.

        https://redis.io/docs/latest/commands/function-dump/
        """
        return self._run((b"FUNCTION", b"DUMP"), undecoded)

    def function_flush(self, mode: Literal["SYNC", "ASYNC"] = "SYNC") -> Future[bool]:
        """Delete all libraries. https://redis.io/docs/latest/commands/function-flush/"""
        return self._run((b"FUNCTION", b"FLUSH", mode), succeeded)

    def function_kill(self) -> Future[bool]:
        """Stop the function that runs, if it has written nothing; `NotBusyError` for none.

        https://redis.io/docs/latest/commands/function-kill/
        """
        return self._run((b"FUNCTION", b"KILL"), succeeded)

    def function_list(self, library: StringT = "*", *, withcode: bool = False) -> Future[list[Library]]:
        """Return the libraries whose names match. https://redis.io/docs/latest/commands/function-list/"""
        args = (b"FUNCTION", b"LIST", *option(b"LIBRARYNAME", library), *flag(b"WITHCODE", withcode))
        return self._run(args, libraries)

    def function_load(self, code: StringT, *, replace: bool = False) -> Future[str]:
        """Keep a library; return its name. https://redis.io/docs/latest/commands/function-load/"""
        return self._run((b"FUNCTION", b"LOAD", *flag(b"REPLACE", replace), code), text)

    def function_restore(
        self, payload: bytes, policy: Literal["APPEND", "FLUSH", "REPLACE"] = "APPEND"
    ) -> Future[bool]:
        """Keep the libraries of a `function_dump`. https://redis.io/docs/latest/commands/function-restore/"""
        return self._run((b"FUNCTION", b"RESTORE", payload, policy), succeeded)

    def function_stats(self) -> Future[FunctionStats]:
        """Return which function runs, and how many there are. https://redis.io/docs/latest/commands/function-stats/"""
        return self._run((b"FUNCTION", b"STATS"), function_stats)
