"""Everything one server knows, in one place. The commands read and change it; the engine drives them.

The present is `now`, in microseconds since the epoch, set by the engine before anything runs.
"""

from __future__ import annotations

from .chance import make_random
from .cluster import Membership
from .keyspace import Keyspace
from .outbox import Outbox
from .pubsub import PubSub
from .replication import Replication
from .scripting.library import Shelf
from .sentinel import SentinelView
from .session import Session, Waiting
from .settings import ServerSettings
from .tracking import TrackingTable


class ServerState:
    """The state of one server."""

    def __init__(self, settings: ServerSettings) -> None:
        self.settings = settings
        self.random = make_random(settings.seed)
        self.run_id = f"{self.random.getrandbits(160):040x}"
        self.now = 0
        self.started_at = 0
        self.keyspace = Keyspace(settings.databases)
        self.outbox = Outbox()
        self.sessions: dict[int, Session] = {}
        self.pubsub = PubSub()
        self.shelf = Shelf()
        # What runs Lua, and knows what it is; comes with the first script, which most servers never see.
        self.interpreter: object = None
        self.tracking = TrackingTable(self.sessions, self.pubsub, self.outbox)
        # In the order they began to wait, which is the order they are served in.
        self.blocked: dict[Session, Waiting] = {}
        self.next_session_id = 1
        self.replication = Replication(id=f"{self.random.getrandbits(160):040x}")
        self.cluster: Membership | None = None
        self.sentinel: SentinelView | None = None
        # What the server begins with; commands that change options change `options` alone.
        self.first_options = {"maxclients": str(settings.max_clients)}
        self.options: dict[str, str] = {}
        self.forget_options()
        self.connections_received = 0
        self.commands_processed = 0
        self.expired_keys = 0
        self.port = 0

    def forget_options(self) -> None:
        """Take back what CONFIG SET has changed."""
        self.password = self.settings.password
        self.options.clear()  # the same mapping stays, others look into it
        self.options.update(self.first_options)

    @property
    def now_ms(self) -> int:
        """Return the present in milliseconds since the epoch."""
        return self.now // 1000

    @property
    def max_clients(self) -> int:
        """Return how many clients may be connected at once."""
        return int(self.options["maxclients"])

    def unblock(self, session: Session) -> Waiting | None:
        """Let a client wait no longer; return what it waited for."""
        waiting = self.blocked.pop(session, None)
        if waiting is not None:
            self.outbox.release(session)
        return waiting
