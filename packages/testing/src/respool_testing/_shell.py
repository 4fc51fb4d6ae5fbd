"""The asyncio side of one fake server: listeners, connections, and doing what engine and faults say.

Decides nothing about commands. Synchronous throughout, so it has no tasks that could be left over.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ._connection import ClientConnection
from ._engine.encoding import encode
from ._engine.engine import Engine
from ._engine.messages import Published
from ._engine.outbox import Effects
from ._engine.parser import Request
from ._engine.replication import KeyChange
from ._engine.session import Session
from .clock import Clock, Timer
from .faults import Action, Delay, DropConnection, Faults, Hang, ReplyWith
from .log import CommandLog, LogEntry

if TYPE_CHECKING:
    import ssl

TOO_MANY_CLIENTS = b"-ERR max number of clients reached\r\n"


class Shell:
    """One server's listeners and connections round its engine."""

    def __init__(self, engine: Engine, clock: Clock, log: CommandLog, faults: Faults) -> None:
        self.engine = engine
        self.clock = clock
        self.log = log
        self.faults = faults
        # Who carries changed keys on to the replicas, if there are any.
        self.forward: Callable[[list[KeyChange]], None] | None = None
        # Who lets other servers' clients hear what is published here.
        self.broadcast: Callable[[list[Published]], None] | None = None
        self._connections: dict[Session, ClientConnection] = {}
        # Counts how often the server was shut: what began in an earlier life does not go on in a later one.
        self.life = 0
        self._listeners: list[asyncio.Server] = []
        self._closing: list[asyncio.Server] = []
        self._socket_file: Path | None = None
        self._timer: Timer | None = None
        self._watchers: list[tuple[Callable[[], bool], asyncio.Future[None]]] = []

    @property
    def running(self) -> bool:
        """Tell whether the server listens."""
        return bool(self._listeners)

    @property
    def sessions(self) -> list[Session]:
        """Return the connected clients, oldest first."""
        return list(self._connections)

    async def listen(self, host: str, port: int, tls: ssl.SSLContext | None) -> int:
        """Accept clients on a TCP port, any free one for 0, with TLS if there is a context; return the port."""
        loop = asyncio.get_running_loop()
        self.clock.bind(loop)
        listener = await loop.create_server(lambda: ClientConnection(self), host, port, ssl=tls)
        self._listeners.append(listener)
        self._reschedule()
        bound: int = listener.sockets[0].getsockname()[1]
        return bound

    async def listen_unix(self, path: str) -> None:
        """Accept clients on a socket file too; it is removed with the listener."""
        loop = asyncio.get_running_loop()
        self._listeners.append(await loop.create_unix_server(lambda: ClientConnection(self), path))
        self._socket_file = Path(path)

    def shut(self) -> None:
        """Stop listening, drop every client and let nothing that is under way go on."""
        self.life += 1
        listeners, self._listeners = self._listeners, []
        for listener in listeners:
            listener.close()
        self._closing += listeners
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._socket_file is not None:
            self._socket_file.unlink(missing_ok=True)
            self._socket_file = None
        self.drop_connections()

    async def closed(self) -> None:
        """Wait until every socket of a server that was shut is closed."""
        gone = [connection.closed for connection in self._connections.values()]
        if gone:
            await asyncio.wait(gone)
        while self._closing:
            await self._closing[-1].wait_closed()
            self._closing.pop()

    def drop_connections(self) -> int:
        """Cut every connection at once, without a word; return how many there were."""
        connections = list(self._connections.values())
        for connection in connections:
            connection.drop()
        return len(connections)

    def welcome(self, connection: ClientConnection) -> None:
        """Take in a new connection, unless the server is full or has stopped listening."""
        address = _spelled(connection.transport.get_extra_info("peername"))
        local = _spelled(connection.transport.get_extra_info("sockname"))
        connection.session = self.engine.connect(address, local, self.clock.microseconds())
        self._connections[connection.session] = connection
        if not self._listeners:
            connection.drop()
        elif len(self._connections) > self.engine.state.max_clients:
            connection.session.closing = True
            connection.write(TOO_MANY_CLIENTS)
            connection.hang_up()
        else:
            self._prepare(connection, self.faults.plan(connection.session, None).before, connection.pump)
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
        plan = self.faults.plan(connection.session, request)
        connection.reply_faults = plan.after
        self._prepare(connection, plan.before, lambda: self._execute(connection, request))
        self._notify()

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
                connection.reply(delivery.data) if delivery.is_reply else connection.write(delivery.data)
        for session in effects.hangups:
            if session in self._connections:
                self._connections[session].hang_up()
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

    def _prepare(
        self, connection: ClientConnection, faults: Sequence[Action], go_on: Callable[[], None]
    ) -> None:
        """Let faults act one after the other before something happens, or instead of it."""
        if not faults:
            go_on()
            return
        match faults[0]:
            case Delay(seconds):
                connection.hold(seconds, lambda: self._prepare(connection, faults[1:], go_on))
            case DropConnection():
                connection.drop()
            case Hang():
                connection.silence()
            case ReplyWith(reply):
                connection.reply(encode(reply, connection.session.protocol))

    def _execute(self, connection: ClientConnection, request: Request) -> None:
        session = connection.session
        effects = self.engine.execute(session, request, self.clock.microseconds())
        if (session, request) not in effects.executed:
            self._record(session, request, executed=False)
        self.perform(effects)
        if connection.reply_faults and not self.is_blocked(session):
            connection.reply(b"")  # there was no reply for them to act on
        if session not in self._connections:  # it left while its request was under way
            self.engine.disconnect(session)

    def _record(self, session: Session, request: Request, *, executed: bool) -> None:
        self.log.record(LogEntry(request, session.id, self.clock.now(), executed))

    def _reschedule(self) -> None:
        """Be woken when something happens by itself."""
        deadline = self.engine.deadline() if self._listeners else None
        if self._timer is not None:
            if self._timer.when == deadline and not self._timer.cancelled:
                return
            self._timer.cancel()
        self._timer = None if deadline is None else self.clock.call_at(deadline, self.settle)

    def _notify(self) -> None:
        for condition, waiter in self._watchers:
            if not waiter.done() and condition():
                waiter.set_result(None)


def _spelled(address: object) -> str:
    """Spell a socket's address as CLIENT LIST does."""
    if isinstance(address, tuple):
        host, port = address[:2]
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    return f"{address or ''}:0"
