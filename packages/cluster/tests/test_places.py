"""Where subscriptions are listened to: by slot, at any node, or nowhere yet."""

from __future__ import annotations

import pytest

from respool.lowlevel import Kind, Subscription
from respool_cluster import Node
from respool_cluster._map.slot import SLOTS, key_slot
from respool_cluster._map.topology import Shard, Topology
from respool_cluster._pubsub.places import Elsewhere, Place, Places, slot_of_shard
from respool_cluster._routing.verdict import HOPS

A, B, C = Node("h", 1), Node("h", 2), Node("h", 3)
NEWS = Subscription(Kind.SHARD, b"news")
WHOLE = Topology((Shard(A, (B,)),) * SLOTS)


@pytest.mark.parametrize("kind", [Kind.CHANNEL, Kind.PATTERN])
@pytest.mark.parametrize("topology", [None, WHOLE])
def test_what_has_no_slot_is_heard_anywhere(kind: Kind, topology: Topology | None) -> None:
    assert Places().best(Subscription(kind, b"n"), topology, stays=False) is Elsewhere.ANYWHERE


@pytest.mark.parametrize(
    ("topology", "best"),
    [(None, Elsewhere.NOWHERE), (Topology((None,) * SLOTS), Elsewhere.NOWHERE), (WHOLE, A)],
)
def test_a_sharded_channel_belongs_to_the_primary_of_its_slot(topology: Topology | None, best: Place) -> None:
    assert Places().best(NEWS, topology, stays=False) == best


@pytest.mark.parametrize(
    ("here", "stays", "best"), [(B, True, B), (B, False, A), (C, True, A), (Elsewhere.NOWHERE, True, A)]
)
def test_it_stays_at_a_replica_that_hears_it(here: Place, stays: bool, best: Place) -> None:
    places = Places()
    places.put([NEWS], here)
    assert places.best(NEWS, WHOLE, stays=stays) == best


def test_who_is_sent_on_goes_there_but_not_in_circles() -> None:
    places = Places()
    nodes = [A, B] * HOPS
    for node in nodes[: HOPS - 1]:
        places.count_hop([NEWS])
        assert places.sent_on(NEWS, node) == node
        places.put([NEWS], node)
    places.count_hop([NEWS])
    assert places.sent_on(NEWS, nodes[HOPS - 1]) is Elsewhere.NOWHERE
    assert places.best(NEWS, WHOLE, stays=False) is Elsewhere.NOWHERE
    places.forgive([NEWS])
    assert places.best(NEWS, WHOLE, stays=False) == A


def test_a_node_that_sends_to_itself_leads_nowhere() -> None:
    places = Places()
    places.put([NEWS], A)
    places.count_hop([NEWS])
    assert places.sent_on(NEWS, A) is Elsewhere.NOWHERE


def test_what_was_removed_is_forgotten() -> None:
    places = Places()
    other = Subscription(Kind.CHANNEL, b"other")
    places.put([NEWS], A)
    places.put([other], Elsewhere.ANYWHERE)
    assert (places.at(A), places.in_slots(range(SLOTS)), places.in_slots(())) == ([NEWS], [NEWS], [])
    assert places.remove([NEWS, Subscription(Kind.SHARD, b"never")]) == {NEWS: A}
    assert (places[NEWS], places.at(A), places.in_slots(range(SLOTS))) == (None, [], [])
    assert places.of([NEWS, other]) == {other: Elsewhere.ANYWHERE}


def test_one_command_has_channels_of_one_slot() -> None:
    assert slot_of_shard(Subscription(Kind.SHARD, b"x{t}y")) == key_slot(b"t")
    assert slot_of_shard(Subscription(Kind.CHANNEL, b"x{t}y")) is None
