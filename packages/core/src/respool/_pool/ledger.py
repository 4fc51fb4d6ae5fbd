"""Who holds which slot. Nothing here waits, opens or closes; every method answers or takes note.

Every connection in the ledger has one use at every moment: idle, shared or leased. Their number never exceeds the
limit, and those who wait are served in the order they came.
"""

from __future__ import annotations

import asyncio
from enum import Enum
from typing import Generic, Protocol, TypeVar

C = TypeVar("C")


class Use(Enum):
    """What a connection is held for."""

    IDLE = "idle"
    SHARED = "shared"
    LEASED = "leased"


class IdleQueue(Protocol[C]):
    """The order in which idle connections are used again; any queue of asyncio will do."""

    def put_nowait(self, item: C, /) -> None: ...

    def get_nowait(self) -> C: ...


class Ledger(Generic[C]):
    """The slots of one pool. A `limit` of None means no bound."""

    def __init__(self, limit: int | None, idle: IdleQueue[C]) -> None:
        self.limit = limit
        self._idle = idle
        self._uses: dict[C, Use] = {}

    # ---- asking

    def all(self) -> list[C]:
        return list(self._uses)

    def use_of(self, connection: C) -> Use | None:
        """Return what `connection` is held for; None when it is not in the ledger."""
        return self._uses.get(connection)

    def count(self, use: Use) -> int:
        return sum(each is use for each in self._uses.values())

    @property
    def has_room(self) -> bool:
        return self.limit is None or len(self._uses) < self.limit

    # ---- taking and giving back

    def admit(self, connection: C, use: Use) -> None:
        """Give a new connection a slot. Ask `has_room` first."""
        if not self.has_room:
            raise ValueError("no slot is free")
        self._uses[connection] = use

    def take_idle(self, use: Use) -> C | None:
        """Return an idle connection, now held for `use`, if there is one."""
        while True:
            try:
                connection = self._idle.get_nowait()
            except (asyncio.QueueEmpty, IndexError):
                return None
            # One that was dropped while idle is still in the queue: queues have no other way out.
            if self._uses.get(connection) is Use.IDLE:
                self._uses[connection] = use
                return connection

    @property
    def shared(self) -> C | None:
        """The connection that stateless requests share, if there is one."""
        return next((each for each, use in self._uses.items() if use is Use.SHARED), None)

    def take_shared(self) -> C | None:
        """Lease the connection that is shared: for when the limit leaves no other."""
        connection = self.shared
        if connection is not None:
            self._uses[connection] = Use.LEASED
        return connection

    def put_idle(self, connection: C) -> None:
        self._uses[connection] = Use.IDLE
        self._idle.put_nowait(connection)

    def drop(self, connection: C) -> None:
        """Forget `connection`; its slot is free."""
        self._uses.pop(connection, None)
