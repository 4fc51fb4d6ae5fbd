"""What the families of commands have in common: the three ways that a command may go. No command lives here.

A family is a class of short methods: each builds the words of one command, names the converter of its reply and
leaves the rest to whoever inherits it. The shape of a reply is said once, in a method's return type: where the
server sends it in that shape already there is no converter, and a reply costs no call.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from asyncio import Future
from collections.abc import Callable
from typing import Generic, TypeAlias, TypeVar, overload

from respool._wire.values import ValueT

T = TypeVar("T")
R = TypeVar("R")

Args: TypeAlias = tuple[ValueT, ...]
"""The words of one command, name first."""


class Family(ABC, Generic[T]):
    """Commands that belong together. `T` is what text decodes to: bytes, or str."""

    @overload
    def _run(self, args: Args, convert: None = None) -> Future[R]: ...

    @overload
    def _run(self, args: Args, convert: Callable[[object], R]) -> Future[R]: ...

    @abstractmethod
    def _run(self, args: Args, convert: Callable[[object], R] | None = None) -> Future[R]:
        """Send one command; `convert` is applied to its reply, which is decoded by then."""

    @overload
    def _run_alone(self, args: Args, convert: None = None) -> Future[R]: ...

    @overload
    def _run_alone(self, args: Args, convert: Callable[[object], R]) -> Future[R]: ...

    @abstractmethod
    def _run_alone(self, args: Args, convert: Callable[[object], R] | None = None) -> Future[R]:
        """Send a command that blocks, on a connection which nobody shares meanwhile."""

    @abstractmethod
    def _refuse(self, args: Args, why: str) -> Future[R]:
        """Send nothing and fail with `DataError`."""

    @overload
    def _run_unless(self, why: str | None, args: Args, convert: None = None) -> Future[R]: ...

    @overload
    def _run_unless(self, why: str | None, args: Args, convert: Callable[[object], R]) -> Future[R]: ...

    def _run_unless(
        self, why: str | None, args: Args, convert: Callable[[object], R] | None = None
    ) -> Future[R]:
        """Send one command, unless there is a reason against it."""
        if why:
            return self._refuse(args, why)
        return self._run(args) if convert is None else self._run(args, convert)
