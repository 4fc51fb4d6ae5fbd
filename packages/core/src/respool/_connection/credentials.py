"""User name and password that change: asked for at each connect, and sent again when they are said to be new."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from typing import Protocol, TypeAlias, runtime_checkable

from respool.errors import DataError

Credentials: TypeAlias = "str | tuple[str | None, str]"
"""A password, or a user name (None: the default user) and a password."""

AskCredentials: TypeAlias = "Callable[[], Credentials | Awaitable[Credentials]]"


@runtime_checkable
class CredentialProvider(Protocol):
    """Knows the credentials of the moment. It is asked in the event loop, so it waits by being a coroutine function.

    One that also has `subscribe(on_change)`, returning a function that ends the subscription, may call `on_change` from
    any thread: every live connection then asks again and authenticates anew, without being closed.
    """

    def get_credentials(self) -> Credentials | Awaitable[Credentials]:
        """Return the credentials to use now."""


@runtime_checkable
class ChangingCredentialProvider(CredentialProvider, Protocol):
    """A provider that says when its credentials have changed."""

    def subscribe(self, on_change: Callable[[], None]) -> Callable[[], None]: ...


CredentialSource: TypeAlias = "CredentialProvider | AskCredentials"


class Client(Protocol):
    """What a renewal asks of the connection it serves."""

    def authenticate(self, username: str | None, password: str) -> None:
        """Send AUTH now or as soon as it is possible. Never waits, never raises."""


async def ask(source: CredentialSource) -> tuple[str | None, str]:
    """Return user name and password. Raises `DataError` for what is neither, and whatever the source raises."""
    answer = source.get_credentials() if isinstance(source, CredentialProvider) else source()
    if inspect.isawaitable(answer):
        answer = await answer
    match answer:
        case str(password):
            return None, password
        case (str() | None as username, str(password)):
            return username, password
    # What it returned is not told: it is a secret, if only a misspelt one.
    raise DataError(f"credentials are a password or (username, password), not a {type(answer).__name__}")


class Renewal:
    """Follows one source of credentials on behalf of one connection, from handshake to loss of each of its sockets."""

    __slots__ = ("_asking", "_client", "_loop", "_source", "_unsubscribe")

    def __init__(self, source: CredentialSource, client: Client) -> None:
        self._source = source
        self._client = client
        self._loop: asyncio.AbstractEventLoop | None = None
        self._unsubscribe: Callable[[], None] | None = None
        self._asking: asyncio.Task[None] | None = None

    async def credentials(self) -> tuple[str | None, str]:
        """Return what to introduce the connection with."""
        return await ask(self._source)

    def begin(self) -> None:
        """Listen for changes: the connection is up."""
        self._loop = asyncio.get_running_loop()
        if isinstance(self._source, ChangingCredentialProvider) and self._unsubscribe is None:
            self._unsubscribe = self._source.subscribe(self._changed)

    def end(self) -> None:
        """Stop listening: the socket is gone."""
        unsubscribe, self._unsubscribe = self._unsubscribe, None
        if unsubscribe is not None:
            unsubscribe()
        if self._asking is not None:
            self._asking.cancel()
            self._asking = None

    def _changed(self) -> None:
        """Hear of new credentials, in whatever thread the source lives."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._ask_again)

    def _ask_again(self) -> None:
        if self._unsubscribe is not None and self._loop is not None:
            if self._asking is not None:
                self._asking.cancel()
            self._asking = self._loop.create_task(self._renew())

    async def _renew(self) -> None:
        try:
            username, password = await ask(self._source)
        except Exception:  # the old ones still hold; the next connect asks again, and tells
            return
        self._client.authenticate(username, password)
