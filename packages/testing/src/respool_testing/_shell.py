"""The asyncio side of one fake server: connections, and doing what engine and faults say.

Decides nothing about commands. Synchronous throughout but for opening and closing sockets.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from ._connection import ClientConnection
from ._engine.engine import Engine
from ._engine.messages import Published
from ._engine.outbox import Delivery, Effects
from ._engine.parser import Request
from ._engine.replication import Change
from ._engine.session import Session
from ._faults.aim import Stranger
from ._faults.fault import Plan
from ._listeners import Listeners
from ._sockets import own_end_of, peer_of
from ._steering import is_steering, steer
from ._tls import TLSDoor
from .clock import Clock, Timer
from .faults import Faults
from .log import CommandLog, LogEntry
from .replies import Push, Reply

if TYPE_CHECKING:
    import ssl

TOO_MANY_CLIENTS = b"-ERR max number of clients reached\r\n"
Result = TypeVar("Result")


class Shell:
    """One server's connections round its engine."""

    def __init__(self, engine: Engine, clock: Clock, log: CommandLog, faults: Faults) -> None:
        self.engine = engine
        self.clock = clock
        self.log = log
        self.faults = faults
        # Whether clients may arm faults themselves, with the command FAULT.
        self.steerable = False
        # Who carries changed keys on to the replicas, if there are any.
        self.forward: Callable[[list[Change]], None] | None = None
        # Who lets other servers' clients hear what is published here.
        self.broadcast: Callable[[list[Published]], None] | None = None
        # Counts how often the server was shut: what began in an earlier life does not go on in a later one.
        self.life = 0
        self.running = False
        self._connections: dict[Session, ClientConnection] = {}
        self._doors: set[TLSDoor] = set()
        self._listeners = Listeners()
        self._timer: Timer | None = None
        self._watchers: list[tuple[Callable[[], bool], asyncio.Future[None]]] = []

    @property
    def sessions(self) -> list[Session]:
        """Return the connected clients, oldest first."""
        return list(self._connections)

    @property
    def listening(self) -> bool:
        """Tell whether new connections are possible at all."""
        return bool(self._listeners)

    async def listen(self, host: str, port: int, tls: ssl.SSLContext | None) -> int:
        """Accept clients on a TCP port, any free one for 0, with TLS if there is a context; return the port."""
        self.clock.bind(asyncio.get_running_loop())
        accept = self.accept if tls is None else lambda: TLSDoor(self, tls)
        bound = await self._listeners.open_tcp(accept, host, port)
        self.running = True
        self._reschedule()
        return bound

    async def listen_unix(self, path: str) -> None:
        """Accept clients on a socket file too; it is removed with the listener."""
        await self._listeners.open_unix(self.accept, path)

    def refuse(self) -> None:
        """Listen no more, while those who are connected stay."""
        self._listeners.close()

    def shut(self) -> None:
        """Stop listening, drop every client and let nothing that is under way go on."""
        self.life += 1
        self.running = False
        self._listeners.close()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for door in list(self._doors):
            door.shut()
        self.drop_connections()

    async def closed(self) -> None:
        """Wait until every socket of a server that was shut is closed."""
        gone = [connection.closed for connection in self._connections.values()]
        gone += [door.closed for door in self._doors]
        if gone:
            await asyncio.wait(gone)
        await self._listeners.closed()

    def drop_connections(self) -> int:
        """Cut every connection at once, without a word; return how many there were."""
        connections = list(self._connections.values())
        for connection in connections:
            connection.end("drop_connection")
        return len(connections)

    def accept(self) -> ClientConnection:
        """Offer a connection to a socket that has just been accepted."""
        return ClientConnection(self)

    def at_the_door(self, door: TLSDoor, stranger: Stranger) -> Plan:
        """Say what shall happen before a TLS handshake."""
        self._doors.add(door)
        plan = self.faults.plan("handshake", stranger)
        self._notify()
        return plan

    def left_the_door(self, door: TLSDoor) -> None:
        """Forget a door that was passed, or turned away from."""
        self._doors.discard(door)

    def welcome(self, connection: ClientConnection) -> None:
        """Take in a new connection, unless the server is full or has stopped."""
        transport = connection.transport
        session = self.engine.connect(peer_of(transport), own_end_of(transport), self.clock.microseconds())
        connection.session = session
        self._connections[session] = connection
        if not self.running:
            connection.end("drop_connection")
        elif len(self._connections) > self.engine.state.max_clients:
            connection.write(TOO_MANY_CLIENTS)
            connection.end("hang_up")
        else:
            plan = self.faults.plan("connect", session)
            connection.player.play(plan.steps_before(session.protocol, _nothing))
        self._notify()

    def farewell(self, connection: ClientConnection) -> None:
        """Forget a connection that is gone."""
        self._connections.pop(connection.session, None)
        self.engine.disconnect(connection.session)
        self._notify()

    def is_blocked(self, session: Session) -> bool:
        """Tell whether a client waits inside a blocking command."""
        return session in self.engine.state.blocked

    def serve(self, connection: ClientConnection, request: Request) -> None:
        """Carry out one request, and let happen to it what faults are meant for it."""
        session = connection.session
        if self.steerable and is_steering(request):
            connection.write(steer(self.faults, request, session.protocol))
            return
        plan = connection.plan = self.faults.plan("request", session, request)
        if plan.before:
            go_on = lambda: self._execute(connection, request)  # noqa: E731
            connection.player.play(plan.steps_before(session.protocol, go_on))
        else:
            self._execute(connection, request)
        self._notify()

    def within(self, act: Callable[[], Result]) -> Result:
        """Do something to the server's state, as of now, and let follow what does; from any thread."""
        return self.clock.home.do(lambda: self._within(act))

    def settle(self) -> None:
        """Let time pass up to now, and do what follows."""
        self.perform(self.engine.tick(self.clock.microseconds()))

    def publish(self, messages: list[Published]) -> None:
        """Let this server's clients hear what was published elsewhere."""
        self.perform(self.engine.publish(messages, self.clock.microseconds()))

    def revise(self) -> None:
        """Let the server take in that its role or its cluster has changed."""
        self.perform(self.engine.revise(self.clock.microseconds()))

    def perform(self, effects: Effects) -> None:
        """Do what the engine asked for."""
        for session, request in effects.executed:
            self._record(session, request, executed=True)
        if effects.changes and self.forward is not None:
            self.forward(effects.changes)
        if effects.published and self.broadcast is not None:
            self.broadcast(effects.published)
        for delivery in effects.deliveries:
            connection = self._connections.get(delivery.session)
            if connection is not None:
                self._deliver(connection, delivery)
        for session in effects.hangups:
            if session in self._connections:
                self._connections[session].end("hang_up")
        for session in effects.released:
            if session in self._connections:
                asyncio.get_running_loop().call_soon(self._connections[session].pump)
        self._reschedule()
        self._notify()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until a condition holds; it is asked again after every step of the server."""
        if condition():
            return
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._watchers.append((condition, waiter))
        try:
            await waiter
        finally:
            self._watchers = [watcher for watcher in self._watchers if watcher[1] is not waiter]

    def _within(self, act: Callable[[], Result]) -> Result:
        self.settle()
        try:
            return act()
        finally:
            self.settle()

    def _execute(self, connection: ClientConnection, request: Request) -> None:
        session = connection.session
        effects = self.engine.execute(session, request, self.clock.microseconds())
        if (session, request) not in effects.executed:
            self._record(session, request, executed=False)
        self.perform(effects)
        if connection.plan.after and not self.is_blocked(session):
            connection.answer(b"")  # there was no reply for the faults to act on
        if session not in self._connections:  # it left while its request was under way
            self.engine.disconnect(session)

    def _deliver(self, connection: ClientConnection, delivery: Delivery) -> None:
        """Send a client what it is to have, and let the faults of messages act on those."""
        if delivery.is_reply:
            connection.answer(delivery.data)
            return
        session = delivery.session
        plan = self.faults.plan("push", session, _words(delivery.said))
        if plan.after:
            connection.player.play(plan.steps_after(session.protocol, delivery.data))
        else:
            connection.write(delivery.data)

    def _record(self, session: Session, request: Request, *, executed: bool) -> None:
        self.log.record(LogEntry(request, session.id, self.clock.now(), executed))

    def _reschedule(self) -> None:
        """Be woken when something happens by itself."""
        deadline = self.engine.deadline() if self.running else None
        if self._timer is not None:
            if self._timer.when == deadline and not self._timer.cancelled:
                return
            self._timer.cancel()
        self._timer = None if deadline is None else self.clock.call_at(deadline, self.settle)

    def _notify(self) -> None:
        for condition, waiter in self._watchers:
            if not waiter.done() and condition():
                waiter.set_result(None)


def _words(message: Reply) -> Request:
    """Return the words of a push message as a pattern looks at them."""
    items = message.items if isinstance(message, Push) else ()
    return tuple(item for item in items if isinstance(item, bytes))


def _nothing() -> None:
    """Do nothing: a new connection just goes on."""
