"""Who has read which key and wants to know when it changes: the server's side of client-side caching.

https://redis.io/docs/latest/develop/reference/client-side-caching/
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from respool_testing.replies import Push, Reply

from .outbox import Outbox
from .pubsub import PubSub
from .session import Session

CHANNEL: Final = b"__redis__:invalidate"
_SCRIPTS: Final = frozenset({"eval", "evalsha", "fcall"})


class TrackingTable:
    """What each client may have cached. Databases do not matter to tracking, only names do."""

    def __init__(self, sessions: Mapping[int, Session], pubsub: PubSub, outbox: Outbox) -> None:
        self._sessions = sessions
        self._pubsub = pubsub
        self._outbox = outbox
        self._readers: dict[bytes, dict[Session, None]] = {}

    def remember(self, session: Session, keys: Iterable[bytes]) -> None:
        """Note that a client, or its script, has read keys, if it wants them tracked."""
        session = session.client or session
        if session.tracking is not None and session.tracking.notices_reads():
            for key in keys:
                self._readers.setdefault(key, {})[session] = None

    def invalidate(self, keys: Sequence[bytes], author: Session | None) -> None:
        """Tell everybody concerned that keys have changed, by the doing of `author`."""
        for key in keys:
            for session in self._readers.pop(key, ()):
                tracking = session.tracking
                if tracking is not None and not tracking.broadcast and _hears(session, author):
                    self._tell(session, [key])
        if author is not None and author.last_command in _SCRIPTS:
            author = None  # where servers broadcast, they have forgotten whose script it was
        for session in list(self._sessions.values()):
            if session.tracking is not None and session.tracking.broadcast and _hears(session, author):
                for prefix in session.tracking.prefixes:
                    matching = [key for key in keys if key.startswith(prefix)]
                    if matching:
                        self._tell(session, matching)

    def flush(self) -> None:
        """Tell everybody that every key is gone, NOLOOP or not."""
        self._readers.clear()
        for session in list(self._sessions.values()):
            if session.tracking is not None:
                self._tell(session, None)

    def _tell(self, session: Session, keys: Sequence[bytes] | None) -> None:
        """Send an invalidation to a client, or to the one it redirects to; None means every key."""
        tracking = session.tracking
        assert tracking is not None
        target = self._sessions.get(tracking.redirect) if tracking.redirect else session
        if target is None:
            tracking.broken = True
            if session.protocol >= 3:
                self._outbox.push(session, Push([b"tracking-redir-broken", tracking.redirect]))
            return
        payload: Reply = None if keys is None else list(keys)
        if target.protocol >= 3:
            self._outbox.push(target, Push([b"invalidate", payload]))
        elif tracking.redirect and self._pubsub.is_subscribed(target):
            self._outbox.push(target, Push([b"message", CHANNEL, payload]))


def _hears(session: Session, author: Session | None) -> bool:
    """Tell whether a client is told of a change; NOLOOP spares it its own."""
    tracking = session.tracking
    return tracking is not None and not (tracking.no_loop and session is author)
