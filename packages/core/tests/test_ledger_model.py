"""The ledger under arbitrary sequences of what a pool and its callers do, beside a model that is plain to see.

After every step: each slot has one owner, the bound holds, nobody waits while something is free, and the line is served
in the order it formed.
"""

from __future__ import annotations

import asyncio
from itertools import count

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    precondition,
    rule,
)

from respool._pool.ledger import Ledger, Use, Want


class Caller:
    """Somebody in line: a future without an event loop, that remembers what it wanted."""

    def __init__(self, number: int, want: Want) -> None:
        self.number = number
        self.want = want
        self.connection: int | None = None
        self.gone = False

    def done(self) -> bool:
        return self.gone or self.connection is not None

    def set_result(self, connection: int, /) -> None:
        assert not self.done()
        self.connection = connection

    def set_exception(self, error: BaseException, /) -> None:
        raise AssertionError("making a connection never fails here") from error


class LedgerMachine(RuleBasedStateMachine):
    """Its bundles hold what callers hold: connections by their use, and places in line."""

    opening: Bundle[int] = Bundle("opening")
    leases: Bundle[int] = Bundle("leases")
    settling: Bundle[int] = Bundle("settling")
    widening: Bundle[int] = Bundle("widening")

    @initialize(
        limit=st.one_of(st.none(), st.integers(1, 4)),
        shares=st.sampled_from([1, 1, 2, 3]),
        queue=st.sampled_from([asyncio.LifoQueue, asyncio.Queue]),
    )
    def begin(self, limit: int | None, shares: int, queue: type[asyncio.Queue[int]]) -> None:
        self.numbers = count()
        self.arrivals = count()
        self.line: list[Caller] = []
        self.unnoticed: list[Caller] = []
        self.was_shared = 0
        self.pinned: set[int] = set()
        self.ledger: Ledger[int] = Ledger(limit, self.numbers.__next__, queue, self.reshare, shares)

    def reshare(self) -> None:
        self.was_shared += 1

    def has(self, connection: int, use: Use) -> bool:
        """A connection may have been taken or lost since somebody put it into a bundle."""
        return self.ledger.use_of(connection) is use

    # ---- taking

    @rule(target=opening)
    def lease(self) -> int:
        connection = self.ledger.lease()
        assert connection is None or not self.line
        return -1 if connection is None else connection

    @rule()
    def share(self) -> None:
        self.ledger.share()

    @rule()
    def hold_a_share(self) -> None:
        if (shared := self.ledger.share()) is not None:
            self.ledger.pin(shared)
            self.pinned.add(shared)

    @rule(target=widening)
    def share_one_more(self) -> int:
        connection = self.ledger.widen()
        assert connection is None or not self.line
        return -1 if connection is None else connection

    @rule(target=opening)
    def open_in_advance(self) -> int:
        connection = self.ledger.reserve()
        return -1 if connection is None else connection

    @rule(target=settling, want=st.sampled_from(Want))
    def stand_in_line(self, want: Want) -> int:
        caller = Caller(next(self.arrivals), want)
        self.line.append(caller)
        yielding = self.ledger.wait(caller, want)
        return -1 if yielding is None else yielding

    @rule(target=settling)
    def give_way(self) -> int:
        yielding = self.ledger.give_way()
        return -1 if yielding is None else yielding

    # ---- in line

    @precondition(lambda self: self.unnoticed)
    @rule(target=opening, data=st.data())
    def notice(self, data: st.DataObject) -> int:
        caller = self.unnoticed.pop(data.draw(st.integers(0, len(self.unnoticed) - 1)))
        connection = caller.connection
        self.ledger.leave(caller)
        if connection is None or not self.has(connection, Use.HANDED):
            return -1  # a share that another had claimed already
        self.ledger.claim(connection, caller.want)
        return connection

    @precondition(lambda self: self.unnoticed)
    @rule(is_alive=st.booleans())
    def vanish_after_being_served(self, is_alive: bool) -> None:
        caller = self.unnoticed.pop()
        self.ledger.leave(caller)
        if caller.connection is not None and self.has(caller.connection, Use.HANDED):
            self.ledger.put_idle(caller.connection) if is_alive else self.ledger.drop(caller.connection)

    @precondition(lambda self: self.line)
    @rule(data=st.data(), says_so=st.booleans())
    def vanish_in_line(self, data: st.DataObject, says_so: bool) -> None:
        caller = self.line.pop(data.draw(st.integers(0, len(self.line) - 1)))
        caller.gone = True
        if says_so:
            self.ledger.leave(caller)

    # ---- opening, holding, giving back

    @rule(target=leases, connection=consumes(opening))
    def opened(self, connection: int) -> int:
        if self.has(connection, Use.OPENING):
            self.ledger.opened(connection)
        return connection

    @rule(connection=consumes(opening))
    def opened_in_advance(self, connection: int) -> None:
        if self.has(connection, Use.OPENING):
            self.ledger.put_idle(connection)

    @rule(connection=consumes(widening), is_alive=st.booleans())
    def opened_to_be_shared(self, connection: int, is_alive: bool) -> None:
        if self.has(connection, Use.OPENING):
            self.ledger.widened(connection) if is_alive else self.ledger.drop(connection)

    @rule(connection=consumes(opening))
    def failed_to_open(self, connection: int) -> None:
        if self.has(connection, Use.OPENING):
            self.ledger.drop(connection)

    @rule(connection=consumes(leases))
    def release(self, connection: int) -> None:
        if self.has(connection, Use.LEASED):
            self.ledger.put_idle(connection)

    @rule(connection=consumes(leases))
    def release_broken(self, connection: int) -> None:
        if self.has(connection, Use.LEASED):
            self.ledger.drop(connection)

    @rule(target=settling, connection=consumes(leases))
    def release_early(self, connection: int) -> int:
        if self.has(connection, Use.LEASED):
            self.ledger.settle(connection)
        return connection

    @rule(connection=consumes(settling))
    def settled(self, connection: int) -> None:
        if self.has(connection, Use.SETTLING):
            self.ledger.put_idle(connection)

    # ---- death, expiry, close

    @rule(data=st.data())
    def die_unheld(self, data: st.DataObject) -> None:
        uses = (Use.IDLE, Use.SHARED, Use.SETTLING, Use.RETIRING)
        unheld = [each for use in uses for each in self.ledger.held_for(use)]
        if unheld:
            self.ledger.drop(data.draw(st.sampled_from(unheld)))

    @rule()
    def retire_the_shared(self) -> None:
        if (shared := self.ledger.shared) is not None:
            self.ledger.retire(shared)

    @rule()
    def close_all(self) -> None:
        for use in (Use.IDLE, Use.SHARED, Use.SETTLING, Use.RETIRING):
            for connection in self.ledger.held_for(use):
                self.ledger.drop(connection)

    # ---- what must hold after every step

    @invariant()
    def all_is_well(self) -> None:
        self.the_line_is_served_in_order()
        self.each_slot_has_one_owner()
        self.the_bound_holds()
        self.nobody_waits_while_something_is_free()

    def the_line_is_served_in_order(self) -> None:
        served = [caller for caller in self.line if caller.connection is not None]
        assert served == self.line[: len(served)]
        del self.line[: len(served)]
        self.unnoticed += served

    def each_slot_has_one_owner(self) -> None:
        assert sum(map(self.ledger.count, Use)) == len(self.ledger)
        owned = [connection for use in Use for connection in self.ledger.held_for(use)]
        assert sorted(owned) == sorted(self.ledger)
        assert self.ledger.count(Use.SHARED) <= self.ledger.shares
        assert not self.pinned & set(self.ledger.held_for(Use.SETTLING))
        handed = {each.connection for each in self.unnoticed}
        assert set(self.ledger.held_for(Use.HANDED)) <= handed

    def the_bound_holds(self) -> None:
        assert self.ledger.limit is None or len(self.ledger) <= self.ledger.limit

    def nobody_waits_while_something_is_free(self) -> None:
        if self.line:
            assert not self.ledger.has_room
            assert not self.ledger.count(Use.IDLE)


LedgerMachine.TestCase.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
TestLedger = LedgerMachine.TestCase
