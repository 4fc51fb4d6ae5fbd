"""Opens one generation: socket, then handshake. Everything that can fail here fails as one of our errors."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable

from respool._connection.generation import Generation
from respool._connection.invocation import build_request, keep_error
from respool._connection.request import Request, SilentRequest, retrieve
from respool._wire.handshake import Flight, Greeting, Introduction, handshake
from respool.errors import ConnectionError

OpenSocket = Callable[[Callable[[], asyncio.Protocol]], Awaitable[asyncio.BaseTransport]]
"""Connects a transport to the protocol that the given factory makes."""


async def open_generation(
    generation: Generation, open_socket: OpenSocket, introduction: Introduction, where: str
) -> Greeting:
    """Bring `generation` up to the end of its handshake. Cancelled or failed, its caller must end it."""
    try:
        await open_socket(lambda: generation)
        return await _introduce(generation, introduction)
    except ssl.SSLError as exc:
        raise ConnectionError(f"no TLS connection to {where}: {exc}") from exc
    except OSError as exc:
        raise ConnectionError(f"cannot connect to {where}: {exc.strerror or exc}") from exc


async def _introduce(generation: Generation, introduction: Introduction) -> Greeting:
    steps = handshake(introduction)
    flight = next(steps)
    while True:
        try:
            flight = steps.send(await _exchange(generation, flight))
        except StopIteration as stop:
            greeting: Greeting = stop.value
            return greeting


async def _exchange(generation: Generation, flight: Flight) -> list[object]:
    """Write a flight and wait for its replies. Error replies are values here: the handshake judges them."""
    requests = [
        build_request(step.args, rescue=keep_error, kind=Request if step.answered else SilentRequest)
        for step in flight
    ]
    generation.exchange(requests)
    answered = [request.future for request in requests if not request.silent]
    try:
        for reply in answered[-1:]:  # in order: when the last is there, all are
            await reply
        return [reply.result() for reply in answered]
    except BaseException:
        for reply in answered:
            reply.cancel()
            retrieve(reply)
        raise
