"""Which replica is next."""

from __future__ import annotations

from respool_sentinel._rotation import Rotation, superfluous

A, B, C = ("10.0.0.1", 6379), ("10.0.0.2", 6379), ("10.0.0.3", 6379)


def rotation() -> Rotation:
    return Rotation(lambda _: 0)


def test_each_turn_begins_one_further() -> None:
    turns = rotation()
    assert [turns.order([C, A, B])[0] for _ in range(4)] == [A, B, C, A]
    assert turns.order([C, A, B]) == [B, C, A]


def test_not_everybody_begins_with_the_same() -> None:
    assert Rotation(lambda number: number - 1).order([A, B, C]) == [C, A, B]


def test_who_has_least_goes_first() -> None:
    assert rotation().by_need([A, B, C], shared=[A, B], others=[B]) == [C, A, B]
    assert rotation().by_need([A, B], shared=[A], others=[B, B]) == [B, A]


def test_who_does_not_serve_goes_last_until_all_are_forgiven() -> None:
    turns = rotation()
    turns.avoid(A)
    assert turns.by_need([A, B], shared=[B, B], others=[]) == [B, A]
    turns.forgive()
    assert turns.by_need([A, B], shared=[B, B], others=[]) == [A, B]


def test_one_is_left_only_for_a_better_one() -> None:
    turns = rotation()
    assert turns.knows_better_than(A, [A, B])
    assert not turns.knows_better_than(A, [A])
    turns.avoid(B)
    assert not turns.knows_better_than(A, [A, B])


def test_a_second_connection_to_one_replica_makes_room_for_one_to_another() -> None:
    assert list(superfluous([A, A, A], [A, B])) == [1]
    assert list(superfluous([A, A, B, B], [A, B, C])) == [1]


def test_where_every_replica_has_one_none_is_too_many() -> None:
    assert list(superfluous([A, A, B], [A, B])) == []
    assert list(superfluous([A], [A, B])) == []
