"""Where a request belongs, decided without any server."""

from __future__ import annotations

import pytest

from respool_testing._engine.cluster import Endpoint, KnownNode, Membership
from respool_testing._engine.errors import CommandError
from respool_testing._engine.failure import review
from respool_testing._engine.keyspace import Database, Keyspace
from respool_testing._engine.routing import Asked, route
from respool_testing._engine.slots import EVERY_SLOT, SLOTS, key_slot, slot_set, slot_span, slots_in, spans_in

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
    ("slots", "spans"),
    [
        ([], []),
        ([5], [(5, 5)]),
        ([0, 1, 2, 7, 9, 10], [(0, 2), (7, 7), (9, 10)]),
        ([16383], [(16383, 16383)]),
    ],
)
def test_slots_are_joined_to_spans(slots: list[int], spans: list[tuple[int, int]]) -> None:
    assert list(spans_in(slot_set(slots))) == spans
    assert slot_set(slots) == sum(slot_span(*span) for span in spans)


@pytest.mark.parametrize("slots", [[], [0], [7, 8], [0, 5461, 16383]])
def test_a_set_of_slots_is_one_number(slots: list[int]) -> None:
    assert list(slots_in(slot_set(slots))) == slots


class Town:
    """Three nodes: one that owns every slot, its replica, and one that owns none."""

    def __init__(self, **options: str) -> None:
        self.options = {name.replace("_", "-"): value for name, value in options.items()}
        self.views = {name: self.view_of(name) for name in "abc"}

    def view_of(self, name: str) -> Membership:
        """Return what a node believes."""
        nodes = {
            each: KnownNode(each, Endpoint("127.0.0.1", port), each) for port, each in enumerate("abc", 1)
        }
        nodes["b"].primary = "a"
        view = Membership(nodes[name], self.options)
        view.nodes = nodes
        view.give(EVERY_SLOT, nodes["a"])
        review(view, 0)
        return view

    def answer(
        self,
        node: str,
        *keys: bytes,
        there: tuple[bytes, ...] = (),
        writes: bool = False,
        asking: bool = False,
        replica_reads: bool = False,
        channels: bool = False,
        here: bool = False,
    ) -> str | None:
        """Return what a node that holds the keys `there` says to a request; None if it serves it."""
        asked = Asked(keys, writes, asking, replica_reads, channels, here)
        try:
            route(self.views[node], holding(there), asked)
        except CommandError as refusal:
            return str(refusal)
        return None

    def open(self) -> None:
        """Let the slot of `k` move from a to c."""
        self.views["a"].migrating[SLOT] = "c"
        self.views["c"].importing[SLOT] = "a"

    def lose(self, node: str) -> None:
        """Let everybody hold a node for dead."""
        for view in self.views.values():
            view.nodes[node].failed_at = 0
            review(view, 0)


def holding(keys: tuple[bytes, ...]) -> Database:
    database = Keyspace(1)[0]
    for key in keys:
        database.put(key, b"v")
    return database


def test_a_request_without_keys_belongs_anywhere() -> None:
    assert Town().answer("c") is None


def test_the_owner_serves_and_others_point_to_it() -> None:
    town = Town()
    assert town.answer("a", b"k") is None
    assert town.answer("c", b"k") == town.answer("b", b"k") == f"MOVED {SLOT} 127.0.0.1:1"


def test_keys_of_two_slots_cannot_meet() -> None:
    town = Town()
    assert town.answer("a", b"a", b"b") == "CROSSSLOT Keys in request don't hash to the same slot"
    assert town.answer("a", b"{a}1", b"{a}2") is None


def test_a_replica_serves_reads_to_those_who_want_them() -> None:
    town = Town()
    assert town.answer("b", b"k", replica_reads=True) is None
    moved = f"MOVED {SLOT} 127.0.0.1:1"
    assert town.answer("b", b"k", replica_reads=True, writes=True) == moved
    assert town.answer("c", b"k", replica_reads=True) == moved


def test_a_slot_without_owner_is_not_served_whatever_else_is_asked() -> None:
    town = Town()
    town.views["a"].take(slot_set([SLOT]))
    assert town.answer("a", b"k") == "CLUSTERDOWN Hash slot not served"
    assert town.answer("a", b"k", b"other") == "CLUSTERDOWN Hash slot not served"


def test_one_failed_owner_takes_the_whole_cluster_down() -> None:
    town = Town()
    for view in town.views.values():
        view.give(slot_set([0, 1]), view.nodes["c"])
    town.lose("c")
    assert town.answer("a", b"k") == "CLUSTERDOWN The cluster is down"
    assert town.answer("a", b"a", b"b") == "CROSSSLOT Keys in request don't hash to the same slot"


def test_without_full_coverage_only_the_lost_slots_are_missing() -> None:
    town = Town(cluster_require_full_coverage="no")
    view = town.views["a"]
    for number, name in enumerate("xyz"):
        view.know(name, Endpoint("127.0.0.1", 10 + number))
        view.give(slot_set([number]), view.nodes[name])
    view.nodes["x"].failed_at = 0
    review(view, 0)
    assert town.answer("a", b"k") is None


def test_a_cluster_that_is_down_may_still_serve_reads() -> None:
    town = Town(cluster_allow_reads_when_down="yes")
    town.lose("a")
    assert town.answer("a", b"k") is None
    refusal = "CLUSTERDOWN The cluster is down and only accepts read commands"
    assert town.answer("a", b"k", writes=True) == refusal


def test_shard_channels_work_while_the_cluster_is_down() -> None:
    town = Town()
    town.lose("a")
    assert town.answer("a", b"k", channels=True) is None


def test_a_moving_slots_owner_sends_clients_after_missing_keys() -> None:
    town = Town()
    town.open()
    ask = f"ASK {SLOT} 127.0.0.1:3"
    again = "TRYAGAIN Multiple keys request during rehashing of slot"
    assert town.answer("a", b"k", there=(b"k",)) is None
    assert town.answer("a", b"k") == ask
    assert town.answer("a", b"{k}1", b"{k}2") == ask
    assert town.answer("a", b"{k}1", b"{k}2", there=(b"{k}1",)) == again


def test_a_moving_slots_target_serves_only_those_who_ask() -> None:
    town = Town()
    town.open()
    again = "TRYAGAIN Multiple keys request during rehashing of slot"
    assert town.answer("c", b"k") == f"MOVED {SLOT} 127.0.0.1:1"
    assert town.answer("c", b"k", asking=True) is None
    assert town.answer("c", b"{k}1", b"{k}2", asking=True, there=(b"{k}1",)) == again
    assert town.answer("c", b"{k}1", b"{k}2", asking=True, there=(b"{k}1", b"{k}2")) is None


def test_a_command_that_moves_keys_runs_on_both_sides_of_an_open_slot() -> None:
    town = Town()
    assert town.answer("c", b"k", here=True) == f"MOVED {SLOT} 127.0.0.1:1"
    town.open()
    assert town.answer("a", b"k", here=True) is None
    assert town.answer("c", b"k", here=True) is None


def test_a_slots_owner_is_called_by_what_it_announces() -> None:
    town = Town()
    view = town.views["c"]
    place = view.nodes["a"].place
    town.options["cluster-preferred-endpoint-type"] = "hostname"
    assert town.answer("c", b"k") == f"MOVED {SLOT} ?:1"
    place.hostname, place.announced_port = "a.example", 7001
    assert town.answer("c", b"k") == f"MOVED {SLOT} a.example:7001"
    town.options["cluster-preferred-endpoint-type"] = "unknown-endpoint"
    assert town.answer("c", b"k") == f"MOVED {SLOT} :7001"
