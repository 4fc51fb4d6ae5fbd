"""Keys, expiry and versions, without a server round them."""

from __future__ import annotations

import pytest

from respool_testing._engine.errors import CommandError
from respool_testing._engine.keyspace import Keyspace
from respool_testing._engine.values import Hash, List


def test_nothing_expires_until_time_is_said_to_have_passed() -> None:
    keyspace = Keyspace(1)
    keyspace[0].put(b"k", b"v", expires_at=1000)
    assert keyspace.expire_due(999) == 0
    assert b"k" in keyspace[0]
    assert keyspace.expire_due(1000) == 1
    assert b"k" not in keyspace[0]


def test_the_next_expiry_ignores_what_was_changed_since() -> None:
    keyspace = Keyspace(1)
    keyspace[0].put(b"soon", b"v", expires_at=10)
    keyspace[0].put(b"later", b"v", expires_at=20)
    keyspace[0].put(b"soon", b"v")
    assert keyspace.next_expiry() == 20
    keyspace[0].set_expiry(b"later", None)
    assert keyspace.next_expiry() is None


def test_every_change_raises_the_version_even_of_a_key_that_is_gone() -> None:
    database = Keyspace(1)[0]
    versions = [database.version(b"k")]
    for change in (lambda: database.put(b"k", b"v"), lambda: database.delete(b"k")):
        change()
        versions.append(database.version(b"k"))
    assert versions == sorted(set(versions))


def test_the_journal_tells_what_changed_once() -> None:
    keyspace = Keyspace(2)
    keyspace[1].put(b"a", b"1")
    keyspace[1].put(b"a", b"2")
    keyspace[0].flush()
    assert keyspace.journal.take() == ({(1, b"a"): True}, [0])
    assert keyspace.journal.take() == ({}, [])


def test_an_empty_collection_is_no_key() -> None:
    database = Keyspace(1)[0]
    database.put(b"l", List([b"x"]))
    database.put(b"l", List())
    assert b"l" not in database


def test_a_value_of_another_type_is_refused() -> None:
    database = Keyspace(1)[0]
    database.put(b"k", b"text")
    with pytest.raises(CommandError, match="WRONGTYPE"):
        database.get_typed(b"k", Hash)


def test_swapped_databases_keep_their_expiries() -> None:
    keyspace = Keyspace(2)
    keyspace[0].put(b"k", b"v", expires_at=10)
    keyspace.swap(0, 1)
    assert (keyspace[1].expiry(b"k"), len(keyspace[0])) == (10, 0)
