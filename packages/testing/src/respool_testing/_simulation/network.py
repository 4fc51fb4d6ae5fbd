"""A network in memory: who listens where, how long things take to arrive, and which ways are cut."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import fnmatch
import hashlib
import itertools
import random
import socket
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import TYPE_CHECKING, Final, TypeAlias

from .transports import Address, Pipe, Sign, SimulatedTransport

if TYPE_CHECKING:
    from typing_extensions import Self

ProtocolFactory: TypeAlias = "Callable[[], asyncio.BaseProtocol]"
Delay: TypeAlias = "Callable[[random.Random], float]"

FIRST_PORT: Final = 10_000
FIRST_CLIENT_PORT: Final = 50_000
_origin: ContextVar[str] = ContextVar("origin", default="127.0.0.1")


def uniform_delay(shortest: float, longest: float) -> Delay:
    """Let everything take between so many seconds, each as likely as the other."""
    return lambda chance: chance.uniform(shortest, longest)


def lossy_delay(lost: float, *, again_after: float = 0.2, otherwise: Delay | None = None) -> Delay:
    """Let packets get lost with such a probability: TCP sends them again, after longer and longer times.

    `again_after` is how many seconds pass before the first repetition; each further one takes twice as long.
    """
    if not 0 <= lost < 1:
        raise ValueError(f"a probability of loss is at least 0 and less than 1, not {lost}")
    usual = otherwise or uniform_delay(0.000_05, 0.000_5)

    def delay(chance: random.Random) -> float:
        seconds, pause = usual(chance), again_after
        while chance.random() < lost:
            seconds, pause = seconds + pause, pause * 2
        return seconds

    return delay


class Listener(asyncio.AbstractServer):
    """One listening socket, in the words of asyncio's servers."""

    def __init__(self, network: Network, address: Address, accept: ProtocolFactory) -> None:
        self.address = address
        self.accept = accept
        self._network = network

    def getsockname(self) -> Address:
        """Return where it listens."""
        return self.address

    @property
    def sockets(self) -> tuple[Self, ...]:
        return (self,)

    def is_serving(self) -> bool:
        return self._network.is_listening(self.address)

    def close(self) -> None:
        self._network.forget(self)

    def get_loop(self) -> asyncio.AbstractEventLoop:
        return self._network.loop

    async def start_serving(self) -> None:
        """Do nothing: it serves from the start."""

    async def serve_forever(self) -> None:
        """Serve until cancelled."""
        await asyncio.get_running_loop().create_future()

    def close_clients(self) -> None:
        """Do nothing: who accepted a connection closes it."""

    abort_clients = close_clients

    async def wait_closed(self) -> None:
        """Return at once: nothing has to be waited for."""


class Network:
    """Every connection of one simulation.

    Addresses are spelled `host:port` (or a path) and matched by globs. What is cut off is not lost: it arrives
    once the way is free again, as TCP would see to.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, chance: random.Random) -> None:
        self.delay: Delay = uniform_delay(0.000_05, 0.000_5)
        self.names = {"localhost": "127.0.0.1"}
        self.loop = loop
        self._random = chance
        self._listeners: dict[Address, Listener] = {}
        self._pipes: list[Pipe] = []
        self._cuts: list[tuple[str, str]] = []
        self._delays: list[tuple[str, str, Delay]] = []
        self._healed: asyncio.Event = asyncio.Event()
        self._ports = itertools.count(FIRST_PORT)
        self._client_ports = itertools.count(FIRST_CLIENT_PORT)
        self._traffic = hashlib.sha256()

    @property
    def fingerprint(self) -> str:
        """Return a digest of all that has arrived so far, and when: the same for the same seed."""
        return self._traffic.hexdigest()

    @contextlib.contextmanager
    def host(self, name: str) -> Iterator[None]:
        """Let connections that are opened in this block come from a host of this name."""
        token = _origin.set(name)
        try:
            yield
        finally:
            _origin.reset(token)

    def cut(self, one: str, other: str = "*") -> None:
        """Let nothing arrive from one side at the other any more, either way: `cut("127.0.0.1:10001")`."""
        self.cut_one_way(one, other)
        self.cut_one_way(other, one)

    def cut_one_way(self, source: str, target: str) -> None:
        """Let nothing from here arrive there; the other way stays open."""
        self._cuts.append((source, target))

    def delay_one_way(self, source: str, target: str, delay: Delay) -> None:
        """Let what goes from here to there take such times, until `heal`; the other way stays as it is."""
        self._delays.insert(0, (source, target, delay))

    def heal(self) -> None:
        """Open every way again, each as fast as any; what was held up arrives now."""
        self._cuts.clear()
        self._delays.clear()
        self._healed.set()
        self._healed = asyncio.Event()
        for pipe in self._pipes:
            pipe.go_on()

    def reset(self, pattern: str) -> int:
        """Break every connection with an end like this, at both ends; return how many there were."""
        broken = [pipe for pipe in self._pipes if _like(pipe.source, pattern) or _like(pipe.target, pattern)]
        for pipe in broken:
            pipe.receiver.receive(Sign("reset"))
            self._forget(pipe)
        return len(broken) // 2

    def resolve(self, host: str | bytes | None) -> str:
        """Return the address of a host: that which `names` says, or the host itself if it is a number."""
        name = host.decode() if isinstance(host, bytes) else host or "localhost"
        if name not in self.names and not name.replace(".", "").isdigit() and ":" not in name:
            raise socket.gaierror(socket.EAI_NONAME, f"the simulation knows no host {name!r}")
        return self.names.get(name, name)

    def is_listening(self, address: Address) -> bool:
        """Tell whether somebody would accept a connection."""
        return address in self._listeners

    def listen(self, accept: ProtocolFactory, address: Address) -> Listener:
        """Accept connections there, at any free port for 0; raise OSError if somebody does already."""
        if isinstance(address, tuple) and not address[1]:
            address = (address[0], next(self._ports))
        if address in self._listeners:
            raise OSError(errno.EADDRINUSE, f"address already in use: {address}")
        listener = self._listeners[address] = Listener(self, address, accept)
        return listener

    def forget(self, listener: Listener) -> None:
        """Accept nobody there any more."""
        if self._listeners.get(listener.address) is listener:
            del self._listeners[listener.address]

    async def connect(
        self, make_protocol: ProtocolFactory, address: Address
    ) -> tuple[SimulatedTransport, asyncio.BaseProtocol]:
        """Connect a protocol to whoever listens; takes a way there and a way back."""
        origin: Address = (_origin.get(), next(self._client_ports)) if isinstance(address, tuple) else ""
        await self._travel(origin, address)
        listener = self._listeners.get(address)
        if listener is None:
            await self._travel(address, origin)
            raise ConnectionRefusedError(errno.ECONNREFUSED, f"nobody listens at {address} in the simulation")
        there, back = Pipe(origin, address, self._depart), Pipe(address, origin, self._depart)
        near = SimulatedTransport(self.loop, there, back)
        far = SimulatedTransport(self.loop, back, there)
        self._pipes += [there, back]
        far.begin(listener.accept())
        try:
            await self._travel(address, origin)
        except BaseException:
            far.receive(Sign("reset"))  # nobody waits for it any more
            raise
        if near.is_closing():
            raise ConnectionResetError(errno.ECONNRESET, f"{address} broke the connection off")
        protocol = make_protocol()
        near.begin(protocol)
        back.go_on()
        return near, protocol

    async def _travel(self, source: Address, target: Address) -> None:
        while self._is_cut(source, target):
            await self._healed.wait()
        await asyncio.sleep(self._delay_between(source, target))

    def _depart(self, pipe: Pipe) -> None:
        """See to it that what comes first in a pipe arrives, if nothing is in its way."""
        if not pipe.items or pipe.timer is not None or not pipe.receiver.begun:
            return
        if self._is_cut(pipe.source, pipe.target):
            return
        seconds = self._delay_between(pipe.source, pipe.target)
        pipe.timer = self.loop.call_later(seconds, self._arrive, pipe)

    def _arrive(self, pipe: Pipe) -> None:
        if self._is_cut(pipe.source, pipe.target):
            pipe.timer = None  # it was cut while this was on its way
            return
        item = pipe.items[0] if pipe.items else b""
        data = item if isinstance(item, bytes) else item.how.encode()
        self._traffic.update(f"{self.loop.time():.9f} {pipe.source} {pipe.target} ".encode() + data)
        pipe.arrive()
        if isinstance(item, Sign):
            self._forget(pipe)

    def _forget(self, pipe: Pipe) -> None:
        pipe.items.clear()
        if pipe in self._pipes:
            self._pipes.remove(pipe)

    def _delay_between(self, source: Address, target: Address) -> float:
        ways = (each for one, other, each in self._delays if _like(source, one) and _like(target, other))
        return next(ways, self.delay)(self._random)

    def _is_cut(self, source: Address, target: Address) -> bool:
        return any(_like(source, one) and _like(target, other) for one, other in self._cuts)


def _like(address: Address, pattern: str) -> bool:
    spelled = address if isinstance(address, str) else f"{address[0]}:{address[1]}"
    return fnmatch.fnmatchcase(spelled, pattern)
