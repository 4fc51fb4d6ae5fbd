"""Scripts by their digest: their source travels only to a server that does not hold it yet."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import Protocol

from respool._connection.request import Request, Rescue
from respool._pool.pool import ConnectionPool
from respool._wire.encoding import pack
from respool._wire.values import KeyT, ResponseType, StringT, ValueT
from respool.errors import NoScriptError, RedisError


class ScriptRunner(Protocol):
    """What runs a script, in its own way: a client, a pipeline, watched keys."""

    def run_script(self, script: Script, *words: ValueT) -> asyncio.Future[ResponseType]:
        """Run a script; `words` are the number of keys, the keys and the arguments. For `Script` alone."""


class Script:
    """A script to be called like a function. What it returns has the shape that it gives it."""

    def __init__(self, client: ScriptRunner, source: StringT) -> None:
        from hashlib import sha1  # late: it takes longer to import than all of the scripts

        self.source = source.encode() if isinstance(source, str) else bytes(source)
        self.sha = sha1(self.source, usedforsecurity=False).hexdigest()
        self._client = client

    def __call__(
        self, keys: Sequence[KeyT] = (), args: Sequence[ValueT] = (), client: ScriptRunner | None = None
    ) -> asyncio.Future[ResponseType]:
        """Run it, on another client or in a pipeline if one is given; return the future of its result.

        It is sent by its digest; a server that does not hold it gets its source instead, and keeps it.
        """
        runner = self._client if client is None else client  # an empty pipeline is not true
        return runner.run_script(self, len(keys), *keys, *args)

    def rescue(self, pool: ConnectionPool, encoding: str) -> Rescue:
        """Return who sends a request that runs it by its digest again, with its source, where need be."""
        return partial(_rescue, self.source, pool, encoding)


def _rescue(
    source: bytes, pool: ConnectionPool, encoding: str, request: Request[object], error: RedisError
) -> bool:
    line = pool.line
    if not isinstance(error, NoScriptError):
        return line.rescue(request, error)
    request.args = (b"EVAL", source, *request.args[2:])
    request.payload = pack(request.args, encoding)
    request.rescue = line.rescue
    line.submit([request])  # it keeps its deadline
    return True
