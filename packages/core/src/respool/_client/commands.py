"""The typed commands, one short method each. How a command travels is its subclass's affair.

Every method returns the future of its reply at once; the command is on its way whether or not it is awaited.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Generic, TypeVar, cast

from respool._connection.request import Convert, Request
from respool._wire.values import KeyT, ResponseType, ValueT

T = TypeVar("T")


class Commands(ABC, Generic[T]):
    """The command set. `T` is what text decodes to: bytes, or str."""

    @abstractmethod
    def _run(self, args: tuple[ValueT, ...], convert: Convert | None = None) -> Request[object]:
        """Send one command; `convert` is applied to its reply."""

    def get(self, key: KeyT) -> Request[T | None]:
        """Return the value of `key`, None where there is none. https://redis.io/docs/latest/commands/get/"""
        return cast("Request[T | None]", self._run((b"GET", key)))

    def set(
        self,
        key: KeyT,
        value: ValueT,
        *,
        ex: int | None = None,
        px: int | None = None,
        nx: bool = False,
        xx: bool = False,
    ) -> Request[bool]:
        """Set `key`; `ex` seconds or `px` milliseconds until it expires. False when `nx` or `xx` forbade it.

        https://redis.io/docs/latest/commands/set/
        """
        args: list[ValueT] = [b"SET", key, value]
        if ex is not None:
            args += [b"EX", ex]
        if px is not None:
            args += [b"PX", px]
        if nx:
            args.append(b"NX")
        if xx:
            args.append(b"XX")
        return cast("Request[bool]", self._run(tuple(args), _is_not_none))

    def incr(self, key: KeyT, amount: int = 1) -> Request[int]:
        """Add `amount` to the integer at `key`. https://redis.io/docs/latest/commands/incrby/"""
        return cast("Request[int]", self._run((b"INCRBY", key, amount)))

    def delete(self, *keys: KeyT) -> Request[int]:
        """Delete keys; return how many there were. https://redis.io/docs/latest/commands/del/"""
        return cast("Request[int]", self._run((b"DEL", *keys)))

    def exists(self, *keys: KeyT) -> Request[int]:
        """Return how many of the keys exist. https://redis.io/docs/latest/commands/exists/"""
        return cast("Request[int]", self._run((b"EXISTS", *keys)))

    def expire(self, key: KeyT, seconds: int) -> Request[bool]:
        """Let `key` expire in `seconds`; False when there is none. https://redis.io/docs/latest/commands/expire/"""
        return cast("Request[bool]", self._run((b"EXPIRE", key, seconds), bool))

    def ping(self) -> Request[T]:
        """Ask for a sign of life. https://redis.io/docs/latest/commands/ping/"""
        return cast("Request[T]", self._run((b"PING",)))

    def execute_command(self, *args: ValueT) -> Request[ResponseType]:
        """Send any command, modules' included, and return its reply as the server gave it."""
        return self._run(args)


def _is_not_none(reply: object) -> bool:
    return reply is not None
