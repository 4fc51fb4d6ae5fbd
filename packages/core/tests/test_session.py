"""What a connection holds on the server: each command's row of the table."""

from __future__ import annotations

import pytest

from respool._connection.session import Held, after, command_name
from respool._connection.subscriptions import SUBSCRIBING
from respool._wire.values import ValueT

EVERYTHING = Held.TRANSACTION | Held.WATCH | Held.SUBSCRIPTION | Held.MONITOR | Held.SETTINGS


@pytest.mark.parametrize(
    ("args", "held"),
    [
        (("MULTI",), Held.TRANSACTION),
        (("WATCH", "k"), Held.WATCH),
        (("MONITOR",), Held.MONITOR),
        (("SUBSCRIBE", "c"), Held.SUBSCRIPTION),
        (("PSUBSCRIBE", "c*"), Held.SUBSCRIPTION),
        (("SSUBSCRIBE", "c"), Held.SUBSCRIPTION),
        (("SELECT", 1), Held.SETTINGS),
        (("AUTH", "pw"), Held.SETTINGS),
        (("HELLO", 2), Held.SETTINGS),
        (("RESET",), Held.SETTINGS),
        (("READONLY",), Held.SETTINGS),
        (("READWRITE",), Held.SETTINGS),
        (("CLIENT", "TRACKING", "ON"), Held.SETTINGS),
        (("CLIENT", "REPLY", "OFF"), Held.SETTINGS),
        (("CLIENT", "NO-EVICT", "ON"), Held.SETTINGS),
        (("CLIENT", "NO-TOUCH", "ON"), Held.SETTINGS),
        (("GET", "k"), Held.NOTHING),
        (("CLIENT", "ID"), Held.NOTHING),
        (("CLIENT",), Held.NOTHING),
    ],
)
def test_a_command_leaves_its_state_behind(args: tuple[ValueT, ...], held: Held) -> None:
    assert after(Held.NOTHING, command_name(args)) == held


@pytest.mark.parametrize(
    ("name", "cleared"),
    [
        (b"EXEC", Held.TRANSACTION | Held.WATCH),
        (b"DISCARD", Held.TRANSACTION | Held.WATCH),
        (b"UNWATCH", Held.WATCH),
        (b"GET", Held.NOTHING),
        (b"UNSUBSCRIBE", Held.NOTHING),
    ],
)
def test_a_command_clears_only_its_own_state(name: bytes, cleared: Held) -> None:
    assert after(EVERYTHING, name) == EVERYTHING & ~cleared


def test_settings_are_taken_back_by_no_command() -> None:
    names = (b"EXEC", b"DISCARD", b"UNWATCH", b"RESET", b"SELECT", b"HELLO")
    assert all(after(Held.SETTINGS, name) & Held.SETTINGS for name in names)


@pytest.mark.parametrize("word", ["multi", b"multi", "Multi", b"mUlTi"])
def test_a_name_is_read_in_any_spelling(word: ValueT) -> None:
    assert command_name((word,)) == b"MULTI"


@pytest.mark.parametrize(
    ("args", "name"),
    [
        ((b"client", b"tracking", b"on"), b"CLIENT TRACKING"),
        (("CLIENT", "no-evict", "ON"), b"CLIENT NO-EVICT"),
        ((b"CONFIG", b"GET", b"*"), b"CONFIG"),
    ],
)
def test_only_client_needs_its_subcommand(args: tuple[ValueT, ...], name: bytes) -> None:
    assert command_name(args) == name


def test_unsubscribing_is_answered_by_messages_too() -> None:
    assert {b"UNSUBSCRIBE", b"PUNSUBSCRIBE", b"SUNSUBSCRIBE"} <= SUBSCRIBING
