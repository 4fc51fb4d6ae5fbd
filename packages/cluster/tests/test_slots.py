"""From a command to its slot: literal words in, a number or a refusal out."""

from __future__ import annotations

import pytest

from respool.errors import RedisClusterError
from respool.lowlevel import ValueT
from respool_cluster._map.slot import key_slot, slot_of


@pytest.mark.parametrize(
    ("key", "slot"),
    [
        (b"123456789", 12739),  # the check value of the cluster specification: 0x31c3
        (b"", 0),
        (b"{user1000}.following", key_slot(b"user1000")),
        (b"foo{bar}{zap}", key_slot(b"bar")),
        (b"foo{{bar}}zap", key_slot(b"{bar")),
    ],
)
def test_a_key_has_the_slot_of_its_hash_tag(key: bytes, slot: int) -> None:
    assert key_slot(key) == slot


@pytest.mark.parametrize("key", [b"foo{}{bar}", b"foo{bar", b"foo}bar{"])
def test_braces_with_nothing_in_them_are_no_hash_tag(key: bytes) -> None:
    assert key_slot(key) != key_slot(b"bar")
    assert key_slot(key) == key_slot(key + b"")


@pytest.mark.parametrize(
    ("args", "key"),
    [
        ((b"GET", "k"), b"k"),
        (("get", b"k"), b"k"),
        (("GET", memoryview(b"k")), b"k"),
        (("GET", 7), b"7"),
        (("GET", 0.5), b"0.5"),
        (("DEL", "{k}1", "{k}2"), b"k"),
        (("EVAL", "return 1", 1, "k", "argument"), b"k"),
        (("SPUBLISH", "k", "message"), b"k"),
    ],
)
def test_a_command_has_the_slot_of_its_keys(args: tuple[ValueT, ...], key: bytes) -> None:
    assert slot_of(args) == key_slot(key)


def test_a_key_is_hashed_as_it_is_sent() -> None:
    assert slot_of(("GET", "ü"), "latin-1") == key_slot("ü".encode("latin-1"))


@pytest.mark.parametrize("args", [("PING",), ("ECHO", "x"), ("PUBLISH", "c", "m"), ("NO.SUCH", "x")])
def test_a_command_without_keys_has_no_slot(args: tuple[ValueT, ...]) -> None:
    assert slot_of(args) is None


def test_keys_in_several_slots_are_named_with_their_slots() -> None:
    with pytest.raises(RedisClusterError, match=r"MGET: .*'a' in slot 15495, 'b' in slot 3300, .*\.\.\."):
        slot_of((b"mget", b"a", "b", "c", "d", "e", "f"))


@pytest.mark.parametrize("args", [("KEYS", "*"), (b"flushall",), ("CONFIG", "SET", "a", "b"), ("SCAN", 0)])
def test_what_one_node_cannot_answer_is_refused(args: tuple[ValueT, ...]) -> None:
    with pytest.raises(RedisClusterError, match="more than one node"):
        slot_of(args)
