"""A lock that one server keeps: a key with a random token and a time limit. No consensus of several servers.

Whoever holds it may lose it: when the time limit passes, or the server loses its data. So nobody releases or extends
what is not theirs: the token is compared by a script (https://redis.io/docs/latest/develop/clients/patterns/distributed-locks/).
"""

from __future__ import annotations

import asyncio
from os import urandom
from typing import TYPE_CHECKING, TypeVar

from respool._client.commands import Commands
from respool._client.scripts import Script
from respool._connection.request import retrieve
from respool._pool.chance import uniform
from respool._wire.values import KeyT
from respool.errors import DataError, LockError, LockNotOwnedError, RedisError

if TYPE_CHECKING:
    from typing_extensions import Self

T = TypeVar("T")

RELEASE = "return redis.call('GET', KEYS[1]) == ARGV[1] and redis.call('DEL', KEYS[1]) or 0"
EXTEND = "return redis.call('GET', KEYS[1]) == ARGV[1] and redis.call('PEXPIRE', KEYS[1], ARGV[2]) or 0"

_PAUSE_SECONDS = 0.1


class Lock:
    """A lock, to be used in `async with`, by one task at a time. Times are in seconds.

    The server drops it after `timeout`; with `renew` it is extended every third of that, for as long as it is held.
    Who waits asks again about every 0.1 s, for `blocking_timeout` at most.
    """

    def __init__(
        self,
        client: Commands[T],
        name: KeyT,
        release: Script,
        extend: Script,
        *,
        timeout: float,
        blocking_timeout: float | None,
        renew: bool,
    ) -> None:
        if not timeout >= 0.001:
            raise DataError(f"a lock's timeout is at least 0.001 seconds, not {timeout}")
        self.name = name
        self.timeout = timeout
        self._client = client
        self._release_script = release
        self._extend_script = extend
        self._patience = blocking_timeout
        self._renew = renew
        self._token: str | None = None
        self._until = 0.0
        self._renewal: asyncio.Task[None] | None = None

    @property
    def is_held(self) -> bool:
        """Whether it is held, as far as is known here: it was acquired, and its time limit has not passed."""
        return self._token is not None and asyncio.get_running_loop().time() < self._until

    async def __aenter__(self) -> Self:
        if not await self.acquire():
            raise LockError(f"the lock {self.name!r} was held by another for all of {self._patience:g} s")
        return self

    async def __aexit__(self, kind: type[BaseException] | None, *exc_info: object) -> None:
        try:
            if self._token is not None:
                await self.release()
        except RedisError:
            if kind is None:  # else it would hide what went wrong first
                raise

    async def acquire(self) -> bool:
        """Wait for the lock and take it; False when `blocking_timeout` passed first.

        Cancelled, or failed without knowing whether it was taken, it sees to it that it is given back.
        """
        if self._token is not None:
            raise LockError(f"the lock {self.name!r} is held here already")
        loop = asyncio.get_running_loop()
        end = None if self._patience is None else loop.time() + self._patience
        token = urandom(16).hex()
        while not await self._take(token):
            pause = uniform(0.5, 1.0) * _PAUSE_SECONDS
            if end is not None and loop.time() + pause > end:
                return False
            await asyncio.sleep(pause)
        self._token = token
        if self._renew:
            self._renewal = loop.create_task(self._keep())
        return True

    async def release(self) -> None:
        """Give the lock back. Raises `LockNotOwnedError` where it was lost before. Cancelled, it is given back too."""
        token, self._token = self._token, None
        if self._renewal is not None:
            self._renewal.cancel()
            self._renewal = None
        if token is None:
            raise LockError(f"the lock {self.name!r} is not held here")
        request = self._release_script([self.name], [token])
        request.add_done_callback(retrieve)
        if not await asyncio.shield(request):
            raise self._lost()

    async def extend(self, seconds: float | None = None) -> None:
        """Let it be held for so many seconds from now, by default for `timeout`. Raises `LockNotOwnedError`."""
        if self._token is None:
            raise LockError(f"the lock {self.name!r} is not held here")
        seconds = self.timeout if seconds is None else seconds
        asked_at = asyncio.get_running_loop().time()
        if not await self._extend_script([self.name], [self._token, _milliseconds(seconds)]):
            self._until = 0.0
            raise self._lost()
        self._until = asked_at + seconds

    async def _take(self, token: str) -> bool:
        asked_at = asyncio.get_running_loop().time()
        try:
            taken = await self._client.set(self.name, token, nx=True, px=_milliseconds(self.timeout))
        except (asyncio.CancelledError, RedisError) as exc:
            if not isinstance(exc, RedisError) or exc.maybe_executed:
                self._release_script([self.name], [token]).add_done_callback(retrieve)
            raise
        self._until = asked_at + self.timeout
        return taken

    async def _keep(self) -> None:
        """Extend it again and again. An error may pass; that it is another's does not."""
        while True:
            await asyncio.sleep(self.timeout / 3)
            try:
                await self.extend()
            except LockError:
                return
            except RedisError:
                continue

    def _lost(self) -> LockNotOwnedError:
        return LockNotOwnedError(
            f"the lock {self.name!r} was lost: its {self.timeout:g} s passed, or somebody removed it"
        )


def _milliseconds(seconds: float) -> int:
    return max(1, round(seconds * 1000))
