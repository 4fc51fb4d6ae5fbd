"""Drives one server: takes requests and the time, runs commands, and returns what should be done.

Nothing here waits, reads a clock or touches a socket. Each entry point first lets time pass (keys expire,
blocked commands give up), then does its work, then settles what follows from changed keys.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from respool_testing.replies import QUEUED, Reply

from . import gates
from .call import Call
from .errors import CommandError
from .keyspace import DatabaseKey
from .outbox import Effects
from .parser import Request
from .registry import Command, Family, Registry
from .session import Block, ReplyMode, Session, Waiting
from .settings import ServerSettings
from .state import ServerState

# What a transaction does not queue.
_AT_ONCE: Final = frozenset({"exec", "discard", "multi", "watch", "quit", "reset"})
# CLIENT REPLY SKIP silences the command after it, and only that one.
_NEXT_REPLY_MODE: Final = {ReplyMode.SKIP_NEXT: ReplyMode.SKIP, ReplyMode.SKIP: ReplyMode.ON}


class Engine:
    """One server's state and its commands."""

    def __init__(self, settings: ServerSettings, families: Iterable[Family]) -> None:
        self.state = ServerState(settings)
        self.registry = Registry(families, settings.version_numbers)

    def connect(self, address: str, local_address: str, now: int) -> Session:
        """Welcome a client."""
        state = self.state
        session = Session(
            id=state.next_session_id,
            address=address,
            local_address=local_address,
            connected_at=now,
            authenticated=state.password is None,
            last_active=now,
        )
        state.next_session_id += 1
        state.connections_received += 1
        state.sessions[session.id] = session
        return session

    def disconnect(self, session: Session) -> None:
        """Forget a client."""
        self.state.sessions.pop(session.id, None)
        self.state.blocked.pop(session, None)

    def execute(self, session: Session, request: Request, now: int) -> Effects:
        """Run one request of a client that is not blocked."""
        self._pass_time(now)
        session.last_active = now
        session.commands += 1
        answer = self._answer(session, request)
        if isinstance(answer, Block):
            self._block(session, request, answer)
        else:
            self._reply(session, answer)
        self._settle()
        return self.state.outbox.take()

    def tick(self, now: int) -> Effects:
        """Let time pass."""
        self._pass_time(now)
        self._settle()
        return self.state.outbox.take()

    def deadline(self) -> int | None:
        """Return when something happens by itself, in microseconds since the epoch; None for never."""
        times = [each.deadline for each in self.state.blocked.values() if each.deadline is not None]
        expiry = self.state.keyspace.next_expiry()
        if expiry is not None:
            times.append(expiry * 1000)
        return min(times, default=None)

    def _pass_time(self, now: int) -> None:
        state = self.state
        state.now = now
        state.expired_keys += state.keyspace.expire_due(now // 1000)
        for session, waiting in list(state.blocked.items()):
            if waiting.deadline is not None and waiting.deadline <= now:
                state.unblock(session)
                self._reply(session, waiting.otherwise)

    def _answer(self, session: Session, request: Request) -> Reply | Block:
        try:
            command = self.registry.find(request)
            session.last_command = command.name
            gates.check(self.state, session, command, request)
        except CommandError as refusal:
            if session.transaction is not None:
                session.transaction.spoilt = True
            return refusal.reply
        if session.transaction is not None and command.name not in _AT_ONCE:
            session.transaction.queue.append(request)
            return QUEUED
        return self._run(session, command, request)

    def _run(self, session: Session, command: Command, request: Request) -> Reply | Block:
        assert command.handler is not None, f"{command.name} has no function"
        self.state.commands_processed += 1
        self.state.outbox.executed(session, request)
        call = Call(self.state, self.registry, session, command, request, self._run_in_transaction)
        try:
            return command.handler(call)
        except CommandError as failure:
            return failure.reply

    def _run_in_transaction(self, session: Session, request: Request) -> Reply:
        answer = self._run(session, self.registry.find(request), request)
        return answer.otherwise if isinstance(answer, Block) else answer

    def _block(self, session: Session, request: Request, block: Block) -> None:
        keys = frozenset((session.database, key) for key in block.keys)
        deadline = None if block.timeout is None else self.state.now + block.timeout
        self.state.blocked[session] = Waiting(request, keys, deadline, block.otherwise)

    def _reply(self, session: Session, reply: Reply) -> None:
        self.state.outbox.reply(session, reply)
        session.reply_mode = _NEXT_REPLY_MODE.get(session.reply_mode, session.reply_mode)

    def _settle(self) -> None:
        """Carry out what follows from changed keys, until nothing changes any more."""
        journal = self.state.keyspace.journal
        while journal.touched or journal.flushed:
            touched, _ = journal.take()
            self._wake(frozenset(touched))

    def _wake(self, touched: frozenset[DatabaseKey]) -> None:
        """Run again what waits for these keys, in the order it began to wait."""
        for session, waiting in list(self.state.blocked.items()):
            if waiting.keys.isdisjoint(touched):
                continue
            answer = self._run(session, self.registry.find(waiting.request), waiting.request)
            if not isinstance(answer, Block):
                self.state.unblock(session)
                self._reply(session, answer)
