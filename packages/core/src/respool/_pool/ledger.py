"""Who holds which slot. Nothing here waits, opens or closes: it answers, takes note, and hands over.

Every connection in the ledger has one owner at every moment, told by its `Use`, and their number never exceeds
the limit. Whoever finds nothing stands in line; what becomes free belongs to the head of the line before
anybody else can see it.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator
from enum import Enum
from typing import Generic, Protocol, TypeVar

C = TypeVar("C")
C_contra = TypeVar("C_contra", contravariant=True)


class Use(Enum):
    """What a connection is held for, and so by whom."""

    # An enum's own is written in Python, and would be a tenth of the cost of a lease.
    __hash__ = object.__hash__

    IDLE = "idle"
    """By the ledger, for whoever comes."""

    OPENING = "opening"
    """By who is about to have it, while it is opened or checked."""

    HANDED = "handed"
    """By a waiter that was served and has not noticed yet."""

    LEASED = "leased"
    """By one holder, alone."""

    SHARED = "shared"
    """By all stateless requests together, perhaps as one of several."""

    SETTLING = "settling"
    """By its own last replies: released before they came, or shared until somebody had to lease it. Then it is idle."""

    RETIRING = "retiring"
    """By its own last replies. Then it is closed."""


class Want(Enum):
    """What somebody stands in line for."""

    LEASE = "lease"
    SHARE = "share"


_NEW = None
_MOVES: dict[Use | None, frozenset[Use]] = {
    _NEW: frozenset({Use.OPENING, Use.HANDED, Use.SHARED}),
    Use.IDLE: frozenset({Use.OPENING, Use.HANDED, Use.SHARED}),
    Use.OPENING: frozenset({Use.LEASED, Use.IDLE, Use.SETTLING, Use.SHARED}),
    Use.HANDED: frozenset({Use.OPENING, Use.SHARED, Use.IDLE, Use.SETTLING}),
    Use.LEASED: frozenset({Use.IDLE, Use.SETTLING}),
    Use.SHARED: frozenset({Use.SETTLING, Use.RETIRING}),
    Use.SETTLING: frozenset({Use.IDLE, Use.SHARED, Use.HANDED}),
    Use.RETIRING: frozenset(),
}

_STALE_ENTRIES = 16


class IdleQueue(Protocol[C]):
    """The order in which idle connections are used again; any queue of asyncio will do."""

    def put_nowait(self, item: C, /) -> None: ...

    def get_nowait(self) -> C: ...


class Waiter(Protocol[C_contra]):
    """Somebody in line. It may vanish at any moment, also between being served and noticing; a future will do."""

    def done(self) -> bool: ...

    def set_result(self, connection: C_contra, /) -> None: ...

    def set_exception(self, error: BaseException, /) -> None: ...


class Ledger(Generic[C]):
    """The slots of one pool. A `limit` of None means no bound; `make` makes a connection without opening it.

    As many as `shares` connections may be shared, where the limit leaves room; it may be changed at any time.
    `reshared` is called whenever one stops being shared, whatever becomes of it, and when a further one is.
    """

    def __init__(
        self,
        limit: int | None,
        make: Callable[[], C],
        make_queue: Callable[[], IdleQueue[C]],
        reshared: Callable[[], None] = lambda: None,
        shares: int = 1,
    ) -> None:
        self.limit = limit
        self.shares = shares
        self._make = make
        self._reshared = reshared
        self._make_queue = make_queue
        self._queue = make_queue()
        self._entries = 0
        self._uses: dict[C, Use] = {}
        # In the order in which they came to this use; those that are shared, in the order of their turns.
        self._held: dict[Use, dict[C, None]] = {use: {} for use in Use}
        self._waiters: OrderedDict[Waiter[C], Want] = OrderedDict()
        self._pinned: set[C] = set()
        self._widening: set[C] = set()

    # ---- asking

    def __len__(self) -> int:
        return len(self._uses)

    def __iter__(self) -> Iterator[C]:
        return iter(list(self._uses))

    def use_of(self, connection: C) -> Use | None:
        """Return what `connection` is held for; None when it is not in the ledger."""
        return self._uses.get(connection)

    def held_for(self, use: Use) -> list[C]:
        return list(self._held[use])

    def count(self, use: Use) -> int:
        return len(self._held[use])

    @property
    def shared(self) -> C | None:
        """The connection that stateless requests share, if there is one; of several, the one whose turn it is."""
        return next(iter(self._held[Use.SHARED]), None)

    @property
    def waiting(self) -> int:
        """How many stand in line; some of them may have vanished."""
        return len(self._waiters)

    @property
    def has_room(self) -> bool:
        return self.limit is None or len(self._uses) < self.limit

    @property
    def is_moving(self) -> bool:
        """Whether a slot will be free by itself for one more in line."""
        yielding = self.count(Use.SHARED) - len(self._pinned)
        return len(self._waiters) < self.count(Use.SETTLING) + self.count(Use.RETIRING) + yielding

    # ---- taking

    def lease(self) -> C | None:
        """Return a connection for one holder, as OPENING; None where one must wait for it."""
        return None if self._waiters else self._find(Want.LEASE, Use.OPENING)

    def share(self) -> C | None:
        """Return a connection to share, of several the next; None where one must wait for it."""
        shared = self.shared
        if shared is None:
            return None if self._waiters else self._find(Want.SHARE, Use.SHARED)
        taking_turns = self._held[Use.SHARED]
        if len(taking_turns) > 1:
            del taking_turns[shared]
            taking_turns[shared] = None
        return shared

    def widen(self) -> C | None:
        """Return one more connection to share, as OPENING until it is `widened`; None where none is wanted or free.

        Only where one is shared already, and nobody stands in line.
        """
        shared = self.count(Use.SHARED)
        if self._waiters or not 0 < shared < self.shares - len(self._widening):
            return None
        # A new one rather than an idle one: that may lead where the shared one does, in pools with several servers.
        connection = self._add(Use.OPENING) if self.has_room else self._find(Want.LEASE, Use.OPENING)
        if connection is not None:
            self._widening.add(connection)
        return connection

    def widened(self, connection: C) -> None:
        """Take note that one more is open: it is shared, too, unless somebody in line needs it."""
        self._widening.discard(connection)
        if self._waiters or self.count(Use.SHARED) >= self.shares:
            self.put_idle(connection)
        else:
            self._move(connection, Use.SHARED)
            self._reshared()

    def reserve(self) -> C | None:
        """Return a new connection as OPENING, to be idle when it is open; None where there is no room for it."""
        return self._add(Use.OPENING) if self.has_room else None

    def pin(self, connection: C) -> None:
        """Take note that somebody outside has a share of it: it will not be leased to another."""
        if self.use_of(connection) is Use.SHARED:
            self._pinned.add(connection)

    def opened(self, connection: C) -> None:
        """Take note that the holder has it: OPENING is over."""
        self._move(connection, Use.LEASED)

    # ---- standing in line

    def wait(self, waiter: Waiter[C], want: Want) -> C | None:
        """Stand in line for a connection, which comes as the waiter's result: HANDED until it is claimed.

        Who wants a share may get one that is SHARED already, by another. Returns a shared connection where one
        has to give way, as SETTLING: to be `put_idle` when its replies are there.
        """
        self._waiters[waiter] = want
        self._serve()
        return self.give_way()

    def leave(self, waiter: Waiter[C]) -> None:
        """Leave the line, served or not."""
        self._waiters.pop(waiter, None)

    def claim(self, connection: C, want: Want) -> None:
        """Take note that a waiter noticed what it was handed: as OPENING, or SHARED unless another is by now."""
        if want is Want.SHARE and self.shared is not None:
            self.put_idle(connection)
            return
        self._move(connection, Use.SHARED if want is Want.SHARE else Use.OPENING)
        self._serve()

    def give_way(self) -> C | None:
        """Return a shared connection where somebody in line needs it, as SETTLING; see `wait`."""
        yielding = self._yielding() if self._waiters else None
        if yielding is not None:
            self._move(yielding, Use.SETTLING)
        return yielding

    # ---- giving back

    def put_idle(self, connection: C) -> None:
        """Offer a connection: to the head of the line, else to whoever comes."""
        # First into the queue: one that refuses leaves the connection with who held it.
        self._queue.put_nowait(connection)
        self._entries += 1
        self._move(connection, Use.IDLE)
        self._serve()

    def settle(self, connection: C) -> None:
        """Take note that it was released with replies outstanding: `put_idle` when they are there."""
        self._move(connection, Use.SETTLING)
        self._serve()

    def retire(self, connection: C) -> None:
        """Share it no longer; `drop` it when its last replies are there."""
        self._move(connection, Use.RETIRING)

    def drop(self, connection: C) -> None:
        """Forget a connection, if it is here. Its slot is free."""
        use = self._uses.pop(connection, None)
        if use is not None:
            del self._held[use][connection]
            self._widening.discard(connection)
            self._forget_entries()
            if use is Use.SHARED:
                self._shared_no_longer(connection)
            self._serve()

    # ---- inside

    def _serve(self) -> None:
        """Hand what is free to those in line, in order."""
        while self._waiters:
            waiter, want = next(iter(self._waiters.items()))
            if not waiter.done():
                try:
                    connection = self._find(want, Use.HANDED)
                except (
                    Exception
                ) as exc:  # making one failed: the affair of who wanted it, not of who released
                    waiter.set_exception(exc)
                else:
                    if connection is None:
                        return
                    waiter.set_result(connection)
            self._waiters.popitem(last=False)

    def _find(self, want: Want, use: Use) -> C | None:
        """Return the best connection there is, now held for `use`."""
        if want is Want.SHARE and self.shared is not None:
            return self.shared
        found = self._next_idle()
        if found is None and self.has_room:
            return self._add(use)
        if found is None and want is Want.SHARE:
            # That others' last replies are on their way there is no hindrance to sharing it.
            found = next(iter(self._held[Use.SETTLING]), None)
        if found is not None:
            self._move(found, use)
        return found

    def _yielding(self) -> C | None:
        """Return a shared connection that nobody outside relies on; of several, the one whose turn is last."""
        shared = reversed(self._held[Use.SHARED])
        return next((each for each in shared if each not in self._pinned), None)

    def _add(self, use: Use) -> C:
        connection = self._make()
        self._move(connection, use)
        return connection

    def _move(self, connection: C, use: Use) -> None:
        before = self._uses.get(connection)
        if use not in _MOVES[before]:
            was = before.value if before else "new"
            raise LookupError(f"ledger: {connection!r} is {was} and cannot become {use.value}")
        if before is not None:
            del self._held[before][connection]
        self._uses[connection] = use
        self._held[use][connection] = None
        if before is Use.SHARED:
            self._shared_no_longer(connection)

    def _shared_no_longer(self, connection: C) -> None:
        self._pinned.discard(connection)
        self._reshared()

    def _next_idle(self) -> C | None:
        while self._entries:
            self._entries -= 1
            connection = self._queue.get_nowait()
            # One that was dropped while idle is still in the queue: queues have no other way out.
            if self._uses.get(connection) is Use.IDLE:
                return connection
        return None

    def _forget_entries(self) -> None:
        """Begin another queue when most of this one's entries stand for nothing any more."""
        idle = self._held[Use.IDLE]
        if self._entries > 2 * len(idle) + _STALE_ENTRIES:
            self._queue = self._make_queue()
            self._entries = len(idle)
            for connection in idle:
                self._queue.put_nowait(connection)
