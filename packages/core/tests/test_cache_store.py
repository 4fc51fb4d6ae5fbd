"""The entries of a cache and their bounds, by hand: no server, no loop."""

from __future__ import annotations

from math import inf

from respool._client.cache.store import ENTRY_BYTES, Entry, Store
from respool._client.cache.values import copied, weight

SOURCE = object()


def entry(command: bytes, *keys: bytes, reply: object = b"v", expires_at: float = inf) -> Entry:
    return Entry(command, keys or (command,), reply, SOURCE, expires_at)


def filled(*commands: bytes, max_entries: int = 100, max_bytes: int = 1_000_000) -> Store:
    store = Store(max_entries, max_bytes)
    for command in commands:
        store.put(entry(command))
    return store


def held(store: Store, *commands: bytes) -> list[bytes]:
    return [command for command in commands if store.find(command, 0.0) is not None]


def test_what_was_used_longest_ago_makes_room() -> None:
    store = filled(b"a", b"b", b"c", max_entries=3)
    assert store.find(b"a", 0.0) is not None
    store.put(entry(b"d"))
    assert held(store, b"a", b"b", b"c", b"d") == [b"a", b"c", b"d"]
    assert (store.evictions, len(store)) == (1, 3)


def test_bytes_are_bounded_too() -> None:
    store = Store(100, 4 * (ENTRY_BYTES + 200))
    for number in range(10):
        store.put(entry(b"%d" % number, reply=b"x" * 100))
    assert 0 < len(store) < 10
    assert store.size <= 4 * (ENTRY_BYTES + 200)


def test_what_is_larger_than_the_whole_store_leaves_the_others_alone() -> None:
    store = filled(b"a", b"b", max_bytes=3 * ENTRY_BYTES)
    store.put(entry(b"a", reply=b"x" * 10_000))
    assert held(store, b"a", b"b") == [b"b"]
    assert store.evictions == 0


def test_a_newer_reply_takes_the_place_of_an_older_one() -> None:
    store = filled(b"a")
    size = store.size
    store.put(entry(b"a", reply=b"w"))
    found = store.find(b"a", 0.0)
    assert found is not None
    assert (found.reply, len(store), store.size) == (b"w", 1, size)


def test_a_key_takes_all_that_was_read_of_it() -> None:
    store = filled()
    store.put(entry(b"GET k", b"k"))
    store.put(entry(b"MGET k l", b"k", b"l"))
    store.put(entry(b"GET l", b"l"))
    assert store.drop_key(b"k") == 2
    assert held(store, b"GET k", b"MGET k l", b"GET l") == [b"GET l"]
    assert store.drop_key(b"k") == 0


def test_a_source_takes_what_it_vouched_for() -> None:
    store = filled(b"a", b"b")
    store.put(Entry(b"c", (b"c",), b"v", object()))
    assert store.drop_source(SOURCE) == 2
    assert held(store, b"a", b"b", b"c") == [b"c"]


def test_what_is_too_old_is_no_longer_found() -> None:
    store = filled()
    store.put(entry(b"a", expires_at=10.0))
    assert store.find(b"a", 9.9) is not None
    assert store.find(b"a", 10.0) is None
    assert (len(store), store.size) == (0, 0)


def test_an_empty_store_weighs_nothing() -> None:
    store = filled(b"a", b"b", b"c")
    assert store.size > 3 * ENTRY_BYTES
    assert store.clear() == 3
    assert (store.size, len(store), store.drop_key(b"a")) == (0, 0, 0)


def test_a_copy_shares_nothing_that_could_be_changed() -> None:
    reply = [b"a", [b"b", 1, None], {b"f": [b"v"]}]
    copy = copied(reply)
    assert copy == reply
    assert isinstance(copy, list)
    copy[1].append(b"x")
    copy[2][b"f"].append(b"y")
    assert reply == [b"a", [b"b", 1, None], {b"f": [b"v"]}]


def test_a_reply_weighs_what_is_in_it() -> None:
    assert weight(b"x" * 1000) > 1000
    assert weight([b"x" * 1000] * 3) > 3 * weight(b"x" * 1000)
    assert weight({b"f": [b"x" * 1000]}) > weight([b"x" * 1000]) + weight(b"f")
