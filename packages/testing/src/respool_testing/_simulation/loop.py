"""An event loop whose time is a number: waiting costs nothing, and nothing outside the process is reached.

Time moves on when there is nothing to do, straight to the next timer. All that would make a run depend on the
machine (sockets, threads, processes, signals) is refused.
"""

from __future__ import annotations

import asyncio
import errno
import os
import random
import socket
import ssl
from collections.abc import Callable
from typing import Any, Final, NoReturn

from .network import Network, ProtocolFactory
from .transports import Address, SimulatedTransport

# The moment at which simulated servers' clocks begin, in seconds since the epoch: the same in every run.
EPOCH: Final = 1_700_000_000.0
REAL_SOCKETS: Final = "real sockets: use create_connection and create_server with addresses"


class SimulationStuck(Exception):
    """The simulation waits for something that can never happen, or went on for longer than it may."""


def _refusal(what: str) -> Callable[..., NoReturn]:
    def refuse(*args: object, **options: object) -> NoReturn:
        raise RuntimeError(f"a simulation has no {what}")

    return refuse


class SimulatedLoop(asyncio.BaseEventLoop):
    """Runs callbacks in the order real loops do; `time()` is virtual."""

    epoch = EPOCH

    def __init__(self, seed: int, limit: float) -> None:
        super().__init__()
        self._now = 0.0
        self.limit = limit
        # What the base class asks for input, and for how long: here it is told that the time is over.
        self._selector: SimulatedLoop | None = self
        self.network = Network(self, random.Random(seed))
        self._dialled: dict[int, Address] = {}

    def time(self) -> float:
        """Return the virtual time, in seconds since the loop was made."""
        return self._now

    def leap(self, seconds: float) -> None:
        """Let time pass all at once; the timers of meanwhile fall due together."""
        if seconds < 0:
            raise ValueError(f"time does not go backwards: {seconds}")
        self._now += seconds

    def select(self, timeout: float | None) -> list[object]:
        """Let virtual time pass, as much as there is until the next timer."""
        if timeout is None:
            waiting = "\n  ".join(sorted(map(str, asyncio.all_tasks(self)))) or "no task at all"
            raise SimulationStuck(f"nothing will ever happen any more at {self._now:.3f} s:\n  {waiting}")
        self._now += timeout
        if self._now > self.limit:
            raise SimulationStuck(f"the simulation is still running after {self.limit} virtual seconds")
        return []

    def close(self) -> None:
        """Close the loop; what is on its way in the network is gone."""
        self._selector = None
        super().close()

    async def create_server(  # type: ignore[override]
        self,
        protocol_factory: ProtocolFactory,
        host: str | None = None,
        port: int | None = None,
        *,
        ssl: ssl.SSLContext | None = None,
        **options: object,
    ) -> asyncio.AbstractServer:
        """Listen in the simulated network."""
        _refuse_tls(ssl)
        if options.get("sock") is not None:
            _refusal(REAL_SOCKETS)()
        return self.network.listen(protocol_factory, (host or "127.0.0.1", port or 0))

    async def create_unix_server(  # type: ignore[override]
        self, protocol_factory: ProtocolFactory, path: str | os.PathLike[str] | None = None, **options: object
    ) -> asyncio.AbstractServer:
        """Listen under a path of the simulated network; there is no file."""
        return self.network.listen(protocol_factory, os.fspath(path or ""))

    async def create_connection(  # type: ignore[override]
        self,
        protocol_factory: ProtocolFactory,
        host: str | None = None,
        port: int | None = None,
        *,
        ssl: ssl.SSLContext | None = None,
        sock: socket.socket | None = None,
        **options: object,
    ) -> tuple[SimulatedTransport, asyncio.BaseProtocol]:
        """Connect in the simulated network; raises ConnectionRefusedError where nobody listens."""
        _refuse_tls(ssl)
        if sock is None:
            return await self.network.connect(protocol_factory, (self.network.resolve(host), port or 0))
        address = self._dialled.pop(sock.fileno(), None)
        if address is None:
            _refusal(REAL_SOCKETS)()
        sock.close()
        return await self.network.connect(protocol_factory, address)

    async def create_unix_connection(  # type: ignore[override]
        self, protocol_factory: ProtocolFactory, path: str | os.PathLike[str] | None = None, **options: object
    ) -> tuple[SimulatedTransport, asyncio.BaseProtocol]:
        """Connect to a path of the simulated network."""
        return await self.network.connect(protocol_factory, os.fspath(path or ""))

    async def getaddrinfo(self, host: Any, port: Any, **options: Any) -> list[Any]:
        """Look up a name among those the network knows; numbers are what they say."""
        address = (self.network.resolve(host), int(port or 0))
        return [(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", address)]

    async def sock_connect(self, sock: socket.socket, address: Any) -> None:
        """Note where a socket shall lead; the real one is never connected, `create_connection` closes it."""
        if not self.network.is_listening(address):
            raise ConnectionRefusedError(errno.ECONNREFUSED, f"nobody listens at {address} in the simulation")
        self._dialled[sock.fileno()] = address

    run_in_executor = _refusal("threads: what they do cannot be replayed")  # type: ignore[assignment]
    add_signal_handler = _refusal("signals: they come from outside")  # type: ignore[assignment]
    subprocess_exec = _refusal("processes: they run in real time")
    subprocess_shell = subprocess_exec
    create_datagram_endpoint = _refusal("datagrams")
    sock_recv = sock_sendall = sock_accept = _refusal(REAL_SOCKETS)
    add_reader = _refusal(REAL_SOCKETS)  # type: ignore[assignment]
    add_writer = _refusal(REAL_SOCKETS)  # type: ignore[assignment]

    def _process_events(self, event_list: list[object]) -> None:
        """Do nothing: there is no input but what the network schedules."""

    def _write_to_self(self) -> None:
        """Do nothing: the loop never sleeps."""


def _refuse_tls(context: object) -> None:
    if context is not None:
        raise RuntimeError("the simulated network has no TLS")
