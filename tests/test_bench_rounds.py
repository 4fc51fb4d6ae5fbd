"""The order in which the benchmarks measure, and what becomes of a peer that fails."""

from __future__ import annotations

from benchmarks.cells import CELLS
from benchmarks.effort import QUICK
from benchmarks.orders import Answer, Order
from benchmarks.peers.door import Address
from benchmarks.placement import FREE
from benchmarks.results import Row
from benchmarks.rounds import take_row, turns

PEERS = ("a", "b", "c")


async def rows(*failing: str, rounds: int = 3) -> tuple[Row, list[str]]:
    asked: list[str] = []

    async def ask(peer: str) -> Answer:
        asked.append(peer)
        failure = "broke" if peer in failing and asked.count(peer) == 2 else None
        return Answer({"rate": float(len(asked))}, failure)

    return await take_row(CELLS["get-1"], FREE, ask, PEERS, rounds, seed=1), asked


def test_every_round_has_every_peer_once() -> None:
    assert [sorted(order) for order in turns(PEERS, 5, seed=3)] == [list(PEERS)] * 5


def test_the_order_is_drawn_anew_for_each_round() -> None:
    assert len({tuple(order) for order in turns(PEERS, 20, seed=3)}) > 1


def test_the_same_seed_gives_the_same_order() -> None:
    assert list(turns(PEERS, 20, seed=3)) == list(turns(PEERS, 20, seed=3))


async def test_a_row_has_a_sample_of_every_peer_in_every_round() -> None:
    row, asked = await rows()
    assert len(asked) == 9
    assert [len(outcome.samples) for outcome in row.outcomes.values()] == [3, 3, 3]


async def test_a_peer_that_failed_is_shown_as_failed_and_not_asked_again() -> None:
    row, asked = await rows("b")
    assert asked.count("b") == 2
    assert (row.outcomes["b"].samples, row.outcomes["b"].failure) == ([], "broke")
    assert len(row.outcomes["a"].samples) == 3


def test_orders_and_answers_survive_the_pipe() -> None:
    order = Order("get-1", (Address("127.0.0.1", 1), Address("127.0.0.1", 2)), (0, 1), QUICK)
    assert Order.from_line(order.to_line()) == order
    answer = Answer({"rate": 1.5}, "no")
    assert Answer.from_line(answer.to_line()) == answer
