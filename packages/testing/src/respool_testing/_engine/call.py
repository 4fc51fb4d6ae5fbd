"""One command being run, as its function sees it: who asks, what was asked, and the server it is asked of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from respool_testing.replies import Reply

from .catalog import Catalog
from .command import Command
from .keyspace import Database
from .parser import Request
from .session import Queued, Session
from .state import ServerState


@dataclass(frozen=True, slots=True)
class Call:
    """A command under way; `run` executes one that was queued, which then is told so."""

    server: ServerState
    catalog: Catalog
    session: Session
    command: Command
    request: Request
    queued: bool
    run: Callable[[Session, Queued], Reply]

    @property
    def args(self) -> Request:
        """Return the arguments after the name, or after the subcommand's name."""
        return self.request[2 if "|" in self.command.name else 1 :]

    @property
    def db(self) -> Database:
        """Return the database the client has selected."""
        return self.server.keyspace[self.session.database]

    @property
    def now_ms(self) -> int:
        """Return the present in milliseconds since the epoch."""
        return self.server.now_ms
