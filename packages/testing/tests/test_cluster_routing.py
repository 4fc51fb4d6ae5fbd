"""Where a request belongs, decided without any server."""

from __future__ import annotations

import pytest

from respool_testing._engine.cluster import (
    SLOTS,
    Asked,
    ClusterNode,
    Membership,
    Topology,
    key_slot,
    route,
    slot_ranges,
)
from respool_testing._engine.errors import CommandError
from respool_testing._engine.keyspace import Database, Keyspace

SLOT = key_slot(b"k")


@pytest.mark.parametrize(
    ("key", "slot"),
    [
        (b"123456789", 0x31C3 % SLOTS),
        (b"foo", 12182),
        (b"{foo}bar", 12182),
        (b"bar{foo}{x}", 12182),
        (b"foo{}", key_slot(b"foo{}")),
        (b"", 0),
    ],
)
def test_a_key_has_a_slot(key: bytes, slot: int) -> None:
    assert key_slot(key) == slot


def test_an_empty_or_open_tag_is_no_tag() -> None:
    assert key_slot(b"foo{}{bar}") != key_slot(b"bar")
    assert key_slot(b"foo{bar") != key_slot(b"bar")


@pytest.mark.parametrize(
    ("slots", "ranges"), [([], []), ([5], [(5, 5)]), ([0, 1, 2, 7, 9, 10], [(0, 2), (7, 7), (9, 10)])]
)
def test_slots_are_joined_to_ranges(slots: list[int], ranges: list[tuple[int, int]]) -> None:
    assert list(slot_ranges(slots)) == ranges


class Town:
    """Three nodes: one that owns every slot, its replica, and one that owns none."""

    def __init__(self) -> None:
        self.owner = ClusterNode("a" * 40, "127.0.0.1", 1)
        self.replica = ClusterNode("b" * 40, "127.0.0.1", 2, primary=self.owner)
        self.other = ClusterNode("c" * 40, "127.0.0.1", 3)
        self.topology = Topology([self.owner, self.replica, self.other])
        for slot in range(SLOTS):
            self.topology.assign(slot, self.owner)

    def answer(
        self,
        node: ClusterNode,
        *keys: bytes,
        there: tuple[bytes, ...] = (),
        read_only: bool = True,
        asking: bool = False,
        replica_reads: bool = False,
    ) -> str | None:
        """Return what a node that holds the keys `there` says to a request; None if it serves it."""
        asked = Asked(keys, read_only=read_only, asking=asking, replica_reads=replica_reads)
        try:
            route(Membership(node, self.topology), holding(there), asked)
        except CommandError as refusal:
            return str(refusal)
        return None


def holding(keys: tuple[bytes, ...]) -> Database:
    database = Keyspace(1)[0]
    for key in keys:
        database.put(key, b"v")
    return database


def test_a_request_without_keys_belongs_anywhere() -> None:
    assert Town().answer(Town().other) is None


def test_the_owner_serves_and_others_point_to_it() -> None:
    town = Town()
    assert town.answer(town.owner, b"k") is None
    assert town.answer(town.other, b"k") == town.answer(town.replica, b"k") == f"MOVED {SLOT} 127.0.0.1:1"


def test_keys_of_two_slots_cannot_meet() -> None:
    town = Town()
    assert town.answer(town.owner, b"a", b"b") == "CROSSSLOT Keys in request don't hash to the same slot"
    assert town.answer(town.owner, b"{a}1", b"{a}2") is None


def test_a_replica_serves_reads_to_those_who_want_them() -> None:
    town = Town()
    assert town.answer(town.replica, b"k", replica_reads=True) is None
    moved = f"MOVED {SLOT} 127.0.0.1:1"
    assert town.answer(town.replica, b"k", replica_reads=True, read_only=False) == moved
    assert town.answer(town.other, b"k", replica_reads=True) == moved


def test_a_slot_without_owner_is_not_served() -> None:
    town = Town()
    town.topology.owners[SLOT] = None
    assert town.answer(town.owner, b"k") == "CLUSTERDOWN Hash slot not served"


def test_one_failed_owner_takes_the_whole_cluster_down() -> None:
    town = Town()
    town.topology.assign(0, town.other)
    town.topology.set_failed(town.other, failed=True)
    assert town.answer(town.owner, b"k") == "CLUSTERDOWN The cluster is down"
    town.topology.set_failed(town.other, failed=False)
    assert town.answer(town.owner, b"k") is None


def test_a_moving_slots_owner_sends_clients_after_missing_keys() -> None:
    town = Town()
    town.topology.migrating[SLOT] = town.other
    ask = f"ASK {SLOT} 127.0.0.1:3"
    again = "TRYAGAIN Multiple keys request during rehashing of slot"
    assert town.answer(town.owner, b"k", there=(b"k",)) is None
    assert town.answer(town.owner, b"k") == ask
    assert town.answer(town.owner, b"{k}1", b"{k}2") == ask
    assert town.answer(town.owner, b"{k}1", b"{k}2", there=(b"{k}1",)) == again


def test_a_moving_slots_target_serves_only_those_who_ask() -> None:
    town = Town()
    town.topology.migrating[SLOT] = town.other
    again = "TRYAGAIN Multiple keys request during rehashing of slot"
    assert town.answer(town.other, b"k") == f"MOVED {SLOT} 127.0.0.1:1"
    assert town.answer(town.other, b"k", asking=True) is None
    assert town.answer(town.other, b"{k}1", b"{k}2", asking=True, there=(b"{k}1",)) == again
    assert town.answer(town.other, b"{k}1", b"{k}2", asking=True, there=(b"{k}1", b"{k}2")) is None


def test_a_promoted_replica_takes_everything_over() -> None:
    town = Town()
    town.topology.promote(town.replica)
    assert town.answer(town.replica, b"k") is None
    assert town.answer(town.owner, b"k") == f"MOVED {SLOT} 127.0.0.1:2"
    assert (town.owner.primary, town.replica.epoch) == (town.replica, 1)


def test_a_primary_cannot_be_promoted() -> None:
    town = Town()
    with pytest.raises(ValueError, match="is a primary already"):
        town.topology.promote(town.owner)
