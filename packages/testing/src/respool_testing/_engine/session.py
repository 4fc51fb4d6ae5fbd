"""What a server remembers about one client. Plain data: the commands change it, nothing here decides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum

from respool_testing.replies import Reply

from .command import Command
from .keyspace import DatabaseKey
from .parser import Request


class ReplyMode(Enum):
    """CLIENT REPLY. SKIP_NEXT is armed by the command that asks for it and becomes SKIP for the one after."""

    ON = "on"
    OFF = "off"
    SKIP_NEXT = "skip_next"
    SKIP = "skip"


@dataclass(frozen=True, slots=True)
class Queued:
    """A command that waits for EXEC."""

    command: Command
    request: Request


@dataclass(slots=True)
class Transaction:
    """Commands queued since MULTI; spoilt once one of them could not be queued."""

    queue: list[Queued] = field(default_factory=list)
    spoilt: bool = False


@dataclass(frozen=True, slots=True)
class Block:
    """A command's answer when it must wait.

    It is run again when one of the keys changes; once `timeout` microseconds (None: for ever) are over, the
    answer is `otherwise`.
    """

    keys: Sequence[bytes]
    timeout: int | None
    otherwise: Reply


@dataclass(frozen=True, slots=True)
class Waiting:
    """A blocked command: what to run again, which keys may wake it, and until when (microseconds)."""

    request: Request
    keys: frozenset[DatabaseKey]
    deadline: int | None
    otherwise: Reply


@dataclass(slots=True)
class Tracking:
    """CLIENT TRACKING: what a client wants to be told of. `redirect` is the client to tell instead, 0 for none."""

    redirect: int = 0
    broadcast: bool = False
    prefixes: tuple[bytes, ...] = ()
    opt_in: bool = False
    opt_out: bool = False
    no_loop: bool = False
    caching: bool = False
    broken: bool = False

    def notices_reads(self) -> bool:
        """Tell whether what the client reads now is to be remembered; CLIENT CACHING says so for one command."""
        if self.broadcast:
            return False
        return self.caching if self.opt_in else not (self.opt_out and self.caching)


@dataclass(slots=True, eq=False)
class Session:
    """One connected client."""

    id: int
    address: str
    local_address: str
    connected_at: int
    authenticated: bool = True
    user: bytes = b"default"
    protocol: int = 2
    database: int = 0
    name: bytes = b""
    library_name: bytes = b""
    library_version: bytes = b""
    reply_mode: ReplyMode = ReplyMode.ON
    no_evict: bool = False
    no_touch: bool = False
    transaction: Transaction | None = None
    watched: dict[DatabaseKey, int] = field(default_factory=dict)
    tracking: Tracking | None = None
    asking: bool = False
    replica_reads: bool = False
    closing: bool = False
    last_active: int = 0
    last_command: str = "NULL"
    # Commands of a script run on a session of their own, on behalf of the client that sent the script.
    client: Session | None = None

    def reset(self, *, authenticated: bool) -> None:
        """Forget everything but identity, as RESET does."""
        self.authenticated = authenticated
        self.user = b"default"
        self.protocol = 2
        self.database = 0
        self.name = b""
        self.reply_mode = ReplyMode.ON
        self.no_evict = False
        self.no_touch = False
        self.tracking = None
        self.asking = False
        self.replica_reads = False
        self.leave_transaction()

    def for_script(self) -> Session:
        """Return the session on which a script of this client runs its commands."""
        return Session(
            id=self.id,
            address=self.address,
            local_address=self.local_address,
            connected_at=self.connected_at,
            authenticated=self.authenticated,
            user=self.user,
            database=self.database,
            name=self.name,
            no_touch=self.no_touch,
            asking=self.asking,
            replica_reads=self.replica_reads,
            client=self,
        )

    def forget_caching(self) -> None:
        """Let CLIENT CACHING hold no longer."""
        if self.tracking is not None:
            self.tracking.caching = False

    def leave_transaction(self) -> None:
        """Forget what was queued and watched."""
        self.transaction = None
        self.watched.clear()
