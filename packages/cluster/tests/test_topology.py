"""The map of a cluster: read from CLUSTER SLOTS, taught by MOVED, never changed."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from respool_cluster import Node
from respool_cluster._map.topology import Shard, Topology, parse_slots

ASKED = Node("asked", 7000)
A, B, C = Node("a", 1), Node("b", 2), Node("c", 3)


def described(node: Node) -> list[object]:
    return [node.host.encode(), node.port, b"id", []]


def two_shards() -> Topology:
    reply = [
        [0, 99, described(A), described(B)],
        [100, 199, described(C)],
        [200, 299, described(A), described(B)],
    ]
    return parse_slots(reply, ASKED)


def test_slots_belong_to_the_shards_a_node_tells() -> None:
    topology = two_shards()
    assert topology.slots[99] == topology.slots[200] == Shard(A, (B,))
    assert topology.slots[100] == Shard(C)
    assert topology.slots[300] is None
    assert topology.nodes() == (A, B, C)


def test_ranges_of_one_shard_share_it() -> None:
    topology = two_shards()
    assert topology.slots[0] is topology.slots[299]


@pytest.mark.parametrize("host", [None, b"", ""])
def test_an_empty_host_is_the_host_that_was_asked(host: object) -> None:
    topology = parse_slots([[0, 16383, [host, 7001]]], ASKED)
    assert topology.nodes() == (Node("asked", 7001),)


@pytest.mark.parametrize("more", [[b"ip", b"10.0.0.1"], {b"ip": b"10.0.0.1"}])
def test_a_node_without_the_name_it_should_go_by_has_an_address(more: object) -> None:
    topology = parse_slots([[0, 16383, [b"?", 7001, b"id", more]]], ASKED)
    assert topology.nodes() == (Node("10.0.0.1", 7001),)


def test_one_without_an_address_either_is_where_we_asked() -> None:
    topology = parse_slots([[0, 16383, [b"?", 7001, b"id", []]]], ASKED)
    assert topology.nodes() == (Node("asked", 7001),)


def test_names_and_addresses_of_the_sixth_version_are_taken_as_told() -> None:
    nodes = [Node("fe80::1", 7001), Node("node-1.example", 7002)]
    topology = parse_slots([[0, 16383, *map(described, nodes)]], ASKED)
    assert topology.nodes() == tuple(nodes)
    assert str(nodes[0]) == "[fe80::1]:7001"


@pytest.mark.parametrize(
    "reply",
    [
        None,
        b"OK",
        [],
        [[0, 1]],
        [[1, 0, [b"a", 1]]],
        [[0, 16384, [b"a", 1]]],
        [[-1, 5, [b"a", 1]]],
        [[b"0", 1, [b"a", 1]]],
        [[0, 1, [b"a"]]],
        [[0, 1, [7, 1]]],
        [[0, 1, b"a"]],
        [[0]],
    ],
)
def test_what_is_no_map_is_refused(reply: object) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_slots(reply, ASKED)


def test_a_slot_that_moved_to_another_shard_moves_alone() -> None:
    topology = two_shards().moved(5, C)
    assert topology.slots[5] is topology.slots[100]
    assert topology.slots[4] == topology.slots[6] == Shard(A, (B,))


def test_a_slot_that_moved_to_its_replica_tells_of_a_promotion() -> None:
    topology = two_shards().moved(5, B)
    assert topology.slots[0] == topology.slots[299] == Shard(B, (A,))
    assert topology.slots[100] == Shard(C)


def test_a_slot_may_move_to_a_node_nobody_told_of() -> None:
    stranger = Node("d", 4)
    assert two_shards().moved(300, stranger).slots[300] == Shard(stranger)


def test_what_is_known_already_teaches_nothing() -> None:
    topology = two_shards()
    assert topology.moved(5, A) is topology


def test_a_lesson_leaves_the_old_map_as_it_was() -> None:
    topology = two_shards()
    topology.moved(5, B)
    assert topology.slots[5] == Shard(A, (B,))


ADDRESSES = st.tuples(st.sampled_from([b"a", b"b", b"", None, b"?"]), st.integers(1, 3), st.just(b"id"))
RANGES = st.tuples(st.integers(0, 16383), st.integers(0, 16383)).map(sorted)
SAID = st.lists(st.tuples(RANGES, st.lists(ADDRESSES, min_size=1, max_size=3)), min_size=1, max_size=8)


@given(SAID)
def test_every_slot_has_the_nodes_that_were_told_of_it_last(
    said: list[tuple[list[int], list[tuple[bytes | None, int, bytes]]]],
) -> None:
    topology = parse_slots([[*ends, *map(list, nodes)] for ends, nodes in said], ASKED)
    for (first, last), _ in said:
        told = [nodes for (begin, end), nodes in said if begin <= first <= end][-1]
        hosts = [(host or b"").decode().strip("?") or ASKED.host for host, _, _ in told]
        shard = topology.slots[first]
        assert shard is not None
        assert shard.nodes() == tuple(map(Node, hosts, [port for _, port, _ in told]))
        assert topology.slots[last] is not None


NONSENSE = st.recursive(
    st.none() | st.integers() | st.binary(max_size=5) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.binary(max_size=3), inner, max_size=3),
    max_leaves=20,
)


@given(NONSENSE)
def test_nonsense_is_refused_in_one_way_only(reply: object) -> None:
    with suppress(ValueError):
        parse_slots(reply, ASKED)


@given(st.lists(st.lists(NONSENSE, min_size=3, max_size=4), min_size=1, max_size=3))
def test_so_is_what_looks_a_little_like_a_map(reply: list[list[object]]) -> None:
    with suppress(ValueError):
        parse_slots([[0, 5, *each] for each in reply], ASKED)


def test_what_was_read_anew_and_is_the_same_has_not_changed() -> None:
    assert two_shards().changed_since(two_shards()) == two_shards().moved_since(two_shards()) == set()


def test_shards_that_are_known_are_the_same_again() -> None:
    known = two_shards()
    reply = [[0, 99, described(A), described(B)], [100, 16383, described(C), described(A)]]
    topology = parse_slots(reply, ASKED, known)
    assert topology.slots[0] is known.slots[0]
    assert topology.slots[100] == Shard(C, (A,))
    with pytest.raises(ValueError, match="no slots"):
        parse_slots([], ASKED, known)


def test_a_slot_that_moved_has_changed_alone() -> None:
    assert two_shards().moved(100, A).changed_since(two_shards()) == {100}
    assert two_shards().moved(100, A).moved_since(two_shards()) == {100}
    assert two_shards().moved(300, A).moved_since(two_shards()) == {300}


def test_a_promotion_changes_all_slots_of_its_shard() -> None:
    promoted = two_shards().moved(0, B)
    assert promoted.moved_since(two_shards()) == {*range(100), *range(200, 300)}


def test_another_replica_changes_slots_but_moves_none() -> None:
    more = parse_slots([[0, 99, described(A), described(B), described(C)]], ASKED)
    fewer = parse_slots([[0, 99, described(A), described(B)]], ASKED)
    assert (more.changed_since(fewer), more.moved_since(fewer)) == (set(range(100)), set())
