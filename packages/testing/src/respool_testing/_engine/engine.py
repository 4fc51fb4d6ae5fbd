"""Drives one server: takes requests and the time, runs commands, and returns what should be done.

Nothing here waits, reads a clock or touches a socket. Each entry point first lets time pass (keys expire,
blocked commands give up), then does its work, then settles what follows from changed keys.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from respool_testing.replies import QUEUED, Error, Reply

from . import gates
from .call import Call
from .cluster import Membership, key_slot
from .command import Command
from .errors import CommandError, wrong_type
from .keyspace import DatabaseKey
from .messages import Published
from .outbox import Effects
from .parser import Request
from .pubsub import Kind, confirmation
from .registry import Family, Registry
from .replication import Change, apply_changes, changes_of
from .session import Block, Queued, ReplyMode, Session, Waiting
from .settings import ServerSettings
from .state import ServerState

# What a transaction does not queue.
_AT_ONCE: Final = frozenset({"exec", "discard", "multi", "watch", "quit", "reset"})
_REDIRECTIONS: Final = frozenset({"MOVED", "ASK", "TRYAGAIN", "CROSSSLOT", "CLUSTERDOWN"})
_ROLE_CHANGED: Final = Error(
    b"UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)"
)
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
        self.state.pubsub.leave(session)

    def execute(self, session: Session, request: Request, now: int) -> Effects:
        """Run one request of a client that is not blocked."""
        self._pass_time(now)
        session.last_active = now
        answer = self._answer(session, request)
        if isinstance(answer, Block):
            self._block(session, request, answer)
        else:
            self._reply(session, answer)
        if session.transaction is None and not session.last_command.startswith("client|"):
            session.forget_caching()  # CLIENT CACHING is for one command, or one transaction
        self._settle(session)
        return self.state.outbox.take()

    def tick(self, now: int) -> Effects:
        """Let time pass."""
        self._pass_time(now)
        self._settle()
        return self.state.outbox.take()

    def apply(self, changes: list[Change], offset: int, now: int) -> Effects:
        """Take over what changed on the primary."""
        self._pass_time(now)
        apply_changes(self.state.keyspace, self.state.shelf, changes)
        self.state.replication.offset = offset
        self._settle()
        return self.state.outbox.take()

    def publish(self, messages: list[Published], now: int) -> Effects:
        """Let this server's clients hear what was published elsewhere."""
        self._pass_time(now)
        for published in messages:
            self.state.pubsub.publish(published, self.state.outbox)
        self._settle()
        return self.state.outbox.take()

    def revise(self, now: int) -> Effects:
        """Look again at who is blocked, after this server's role or its cluster has changed."""
        self._pass_time(now)
        for session, waiting in list(self.state.blocked.items()):
            refusal = self._refusal(session, waiting.request)
            if refusal is not None:
                self.state.unblock(session)
                self._reply(session, refusal)
                if self.state.replication.primary is not None:
                    self.state.outbox.hang_up(session)
        if self.state.cluster is not None:
            self._end_strayed_subscriptions(self.state.cluster)
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
            command = self.registry.catalog.find(request)
            session.last_command = command.name
            gates.check(self.state, session, command, request)
        except CommandError as refusal:
            return self._refused(session, request, refusal)
        finally:
            session.asking = False  # ASKING is for one command
        if session.transaction is not None and command.name not in _AT_ONCE:
            session.transaction.queue.append(Queued(command, request))
            return QUEUED
        return self._run(session, command, request)

    def _refused(self, session: Session, request: Request, refusal: CommandError) -> Reply:
        """Answer a command that may not run; inside a transaction this spoils or ends the whole."""
        if request[0].upper() != b"EXEC":
            if session.transaction is not None:
                session.transaction.spoilt = True
            return refusal.reply
        session.leave_transaction()
        if refusal.reply.code in _REDIRECTIONS:
            return refusal.reply
        reason = refusal.reply.text.removeprefix(b"ERR ")
        return Error(b"EXECABORT Transaction discarded because of: " + reason)

    def _end_strayed_subscriptions(self, membership: Membership) -> None:
        """Tell the listeners of shard channels whose slots went to another node: servers end them, even in a shard."""
        pubsub = self.state.pubsub
        changed, membership.changed_hands = membership.changed_hands, 0
        for channel, listeners in list(pubsub.channels[Kind.SHARD].items()):
            slot = key_slot(channel)
            if changed >> slot & 1 or not membership.serves(slot):
                for session in list(listeners):
                    pubsub.unsubscribe(session, Kind.SHARD, channel)
                    count = pubsub.count(session, Kind.SHARD)
                    self.state.outbox.push(session, confirmation(b"unsubscribe", Kind.SHARD, channel, count))

    def _refusal(self, session: Session, request: Request) -> Reply:
        """Return why a blocked command may not wait here any longer, None if it may."""
        if self.state.replication.primary is not None:
            return _ROLE_CHANGED
        try:
            gates.check(self.state, session, self.registry.catalog.find(request), request)
        except CommandError as refusal:
            return refusal.reply
        return None

    def _run(
        self, session: Session, command: Command, request: Request, *, queued: bool = False
    ) -> Reply | Block:
        self.state.commands_processed += 1
        if session.client is None:  # the log is of what clients have sent
            self.state.outbox.executed(session, request)
        return self._attempt(session, command, request, queued=queued)

    def _attempt(
        self, session: Session, command: Command, request: Request, *, queued: bool = False
    ) -> Reply | Block:
        call = Call(self.state, self.registry.catalog, session, command, request, queued, self._run_queued)
        if "readonly" in command.flags and command.group != "scripting":
            self.state.tracking.remember(session, command.keys_of(request))
        try:
            return self.registry.handler(command)(call)
        except CommandError as failure:
            return failure.reply

    def _run_queued(self, session: Session, queued: Queued) -> Reply:
        answer = self._run(session, queued.command, queued.request, queued=True)
        return answer.otherwise if isinstance(answer, Block) else answer

    def _block(self, session: Session, request: Request, block: Block) -> None:
        keys = frozenset((session.database, key) for key in block.keys)
        deadline = None if block.timeout is None else self.state.now + block.timeout
        self.state.blocked[session] = Waiting(request, keys, deadline, block.otherwise)

    def _reply(self, session: Session, reply: Reply) -> None:
        self.state.outbox.reply(session, reply)
        session.reply_mode = _NEXT_REPLY_MODE.get(session.reply_mode, session.reply_mode)

    def _settle(self, author: Session | None = None) -> None:
        """Carry out what follows from keys that `author` changed, until nothing changes any more."""
        journal = self.state.keyspace.journal
        while journal.touched or journal.flushed:
            touched, flushed = journal.take()
            self._replicate(list(touched))
            if flushed:
                self.state.tracking.flush()
            else:
                told = dict.fromkeys(key for (_, key), is_told in touched.items() if is_told)
                self.state.tracking.invalidate(list(told), author)
            self._wake(frozenset(touched))

    def _replicate(self, touched: list[DatabaseKey]) -> None:
        replication = self.state.replication
        if replication.replicas:  # without any, a server counts nothing
            replication.offset += len(touched)
            self.state.outbox.replicate(changes_of(self.state.keyspace, touched))

    def _wake(self, touched: frozenset[DatabaseKey]) -> None:
        """Run again what waits for these keys, in the order it began to wait."""
        for session, waiting in list(self.state.blocked.items()):
            if waiting.keys.isdisjoint(touched):
                continue
            answer = self._attempt(session, self.registry.catalog.find(waiting.request), waiting.request)
            # A value of another type is not what it waits for, and no reason to stop waiting.
            if not isinstance(answer, Block) and answer != wrong_type().reply:
                self.state.unblock(session)
                self._reply(session, answer)
