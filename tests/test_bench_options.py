"""The command line of the benchmarks, and the cores it hands out."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.cells import CELLS
from benchmarks.effort import QUICK
from benchmarks.options import parse
from benchmarks.peers import NAMES
from benchmarks.peers.door import Address
from benchmarks.placement import possible


def test_without_words_everything_is_measured_in_both_placements() -> None:
    options = parse([], cores=[0, 1])
    assert (options.peers, options.cells) == (NAMES, tuple(CELLS))
    assert [each.name for each in options.placements] == ["one core", "two cores"]


def test_words_choose_peers_cells_and_effort() -> None:
    words = [
        "--peers",
        "respool,glide",
        "--cells",
        "get-1,idle",
        "--rounds",
        "3",
        "--seconds",
        "0.1",
        "--uvloop",
        "--seed",
        "9",
    ]
    options = parse(words, cores=[0, 1])
    assert options.peers == ("respool", "glide")
    assert options.cells == ("get-1", "idle")
    assert (options.effort.rounds, options.effort.seconds) == (3, 0.1)
    assert (options.loop, options.seed) == ("uvloop", 9)


def test_files_are_taken_as_paths() -> None:
    options = parse(["--json", "a.json", "--chart", "b.svg"], cores=[])
    assert (options.json, options.chart) == (Path("a.json"), Path("b.svg"))


def test_quick_is_quick_but_can_be_refined() -> None:
    assert parse(["--quick"], cores=[]).effort == QUICK
    assert parse(["--quick", "--rounds", "2"], cores=[]).effort.rounds == 2


def test_chosen_cores_go_to_client_and_server_in_this_order() -> None:
    [two] = parse(["--cores", "4,6", "--placements", "two cores"], cores=[0, 1]).placements
    assert (two.client, two.server) == ((4,), (6,))


def test_where_nothing_can_be_pinned_the_kernel_decides() -> None:
    assert [each.name for each in parse([], cores=[]).placements] == ["free"]


def test_a_server_that_is_not_ours_is_not_pinned() -> None:
    options = parse(["--server", "redis://example.com:7777"], cores=[0, 1])
    assert options.server == Address("example.com", 7777)
    assert [each.name for each in options.placements] == ["free"]


def test_a_server_that_is_not_ours_is_no_cluster() -> None:
    assert set(CELLS) - set(parse(["--server", "redis://example.com"], cores=[]).cells) == {"cluster-64"}


def test_one_core_allows_no_second() -> None:
    assert set(possible([3])) == {"free", "one core"}


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--peers", "nobody"], "no peer is called 'nobody'"),
        (["--cells", "nothing"], "no cell is called 'nothing'"),
        (["--placements", "moon"], "no placement is called 'moon'"),
        (["--placements", "two cores"], "is not possible here"),
        (["--server", "redis://example.com", "--cells", "cluster-64"], "needs servers of our own"),
        (["--rounds", "0"], "invalid"),
        (["--seconds", "nan"], "invalid"),
        (["--seconds", "-1"], "invalid"),
        (["--server", "localhost:6379"], "invalid"),
        (["--server", "redis://"], "invalid"),
    ],
)
def test_wrong_words_end_with_a_reason(
    words: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        parse(words, cores=[0])
    assert complaint in capsys.readouterr().err
