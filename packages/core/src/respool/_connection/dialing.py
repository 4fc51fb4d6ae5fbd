"""From a host and a port to a transport. Knows nothing of what is said on it, nor what makes TLS trustworthy.

A name is resolved anew each time. Where it has several addresses, they race as RFC 8305 describes: the next one is
tried when one has failed, or has been given a head start. Each socket has one owner at every moment: its attempt until
it has won, then the race and its callers, and from `create_connection` on the event loop. Cancelled or failed at any
point, nothing stays open.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections import deque
from collections.abc import Callable, Sequence
from ssl import SSLContext, SSLError
from typing import Protocol

from respool._connection.addresses import Address, literal_address, take_turns

HEAD_START_SECONDS = 0.25
"""How long an address is tried before the next one is tried as well; what RFC 8305 recommends."""


class Security(Protocol):
    """What dialing needs to know of TLS."""

    @property
    def context(self) -> SSLContext: ...

    def name_of(self, host: str) -> str:
        """Return the name that the server's certificate must carry."""


async def dial(
    make_protocol: Callable[[], asyncio.BaseProtocol], host: str, port: int, security: Security | None = None
) -> asyncio.BaseTransport:
    """Connect the protocol that `make_protocol` returns to a server, over TLS if `security` is given.

    Waits as long as it takes. Raises `OSError`, of which TLS errors are a kind.
    """
    protocol = make_protocol()
    create = asyncio.get_running_loop().create_connection
    context = security.context if security is not None else None
    name = security.name_of(host) if security is not None else None
    if str(literal_address(host, port)) == host:  # nothing to race, and no scope to look up
        try:
            transport, _ = await create(lambda: protocol, host, port, ssl=context, server_hostname=name)
        except OSError as exc:
            raise _without_address(exc) from exc.__cause__
    else:
        sock = await connect_socket(host, port)
        transport, _ = await create(lambda: protocol, sock=sock, ssl=context, server_hostname=name)
    return transport


async def connect_socket(host: str, port: int) -> socket.socket:
    """Return a non-blocking socket that is connected to `host`; the caller closes it."""
    address = literal_address(host, port)
    return await race([address] if address is not None else take_turns(await resolve(host, port)))


async def resolve(host: str, port: int) -> list[Address]:
    """Ask the system's resolver, in a thread of its own, for the addresses of a name."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError as exc:
        raise OSError(f"{host!r} cannot be the name of a host") from exc
    return [Address(family, target) for family, _, _, _, target in found]


async def race(addresses: Sequence[Address], head_start: float = HEAD_START_SECONDS) -> socket.socket:
    """Return a socket connected to the address that answers first; the caller closes it.

    Raises one `OSError` that names every address and what is wrong with it.
    """
    ahead = deque(addresses)
    attempts: list[_Attempt] = []
    try:
        while ahead or any(attempt.is_under_way for attempt in attempts):
            if ahead:
                attempts.append(_Attempt(ahead.popleft()))
            await _until_one_ends(attempts, head_start if ahead else None)
            for attempt in attempts:
                if (sock := attempt.take()) is not None:
                    return sock
        raise _unreachable(attempts)
    finally:
        for attempt in attempts:
            attempt.close()


class _Attempt:
    """One address being tried. Owns its socket until it is taken."""

    def __init__(self, address: Address) -> None:
        self.address = address
        self._sock: socket.socket | None = None
        self.task = asyncio.get_running_loop().create_task(self._connect())

    async def _connect(self) -> None:
        self._sock = socket.socket(self.address.family, socket.SOCK_STREAM)
        self._sock.setblocking(False)
        await asyncio.get_running_loop().sock_connect(self._sock, self.address.target)

    @property
    def is_under_way(self) -> bool:
        return not self.task.done()

    def take(self) -> socket.socket | None:
        """Return the socket if it is connected; its owner is the caller from here on."""
        if self.is_under_way or self.task.exception() is not None:
            return None
        sock, self._sock = self._sock, None
        return sock

    def close(self) -> None:
        """Close the socket unless it was taken, as soon as the loop has stopped watching it."""
        self.task.cancel()
        if self.task.done():
            self._release(self.task)
        else:
            self.task.add_done_callback(self._release)

    def _release(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled():
            task.exception()  # told already, or of no interest any more
        if self._sock is not None:
            self._sock.close()


async def _until_one_ends(attempts: Sequence[_Attempt], timeout: float | None) -> None:
    under_way = [attempt.task for attempt in attempts if attempt.is_under_way]
    if under_way:
        await asyncio.wait(under_way, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)


def _unreachable(attempts: Sequence[_Attempt]) -> OSError:
    """One error for all: of the kind they share, if they share one."""
    errors = [(attempt.address, attempt.task.exception()) for attempt in attempts]
    text = "; ".join(f"{address}: {_reason(error)}" for address, error in errors)
    numbers = {error.errno if isinstance(error, OSError) else None for _, error in errors}
    shared = numbers.pop() if len(numbers) == 1 else None
    error = OSError(text or "the name has no address") if shared is None else OSError(shared, text)
    error.__cause__ = errors[0][1] if errors else None
    return error


def _without_address(error: OSError) -> OSError:
    """The same error, of the same kind, in words that leave it to the caller to say where."""
    if isinstance(error, SSLError) or not error.errno:
        return error
    return OSError(error.errno, _reason(error))


def _reason(error: BaseException | None) -> str:
    """What happened, without the address that asyncio puts into it."""
    number = error.errno if isinstance(error, OSError) and not isinstance(error, socket.gaierror) else None
    return os.strerror(number) if number else str(error)
