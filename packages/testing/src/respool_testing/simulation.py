"""Runs a service and its servers in virtual time: thirty seconds of failover in milliseconds, from a seed.

    def test_the_service_survives():
        simulate(main, seed=7)

`main` is a coroutine function that is given the `Simulation`. What it awaits (sleeps, timeouts, connections to
fake servers started in it) happens in virtual time and in a network in memory, in an order and with delays
that the seed decides. The same seed runs the same way again, as long as nothing else is left to chance.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import sys
from collections.abc import Callable, Coroutine, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from ._engine.chance import all_chance_from
from ._simulation.loop import SimulatedLoop, SimulationStuck
from ._simulation.network import Delay, Network, lossy_delay, uniform_delay

__all__ = [
    "Delay",
    "Network",
    "Simulation",
    "SimulationStuck",
    "lossy_delay",
    "simulate",
    "simulate_many",
    "uniform_delay",
]

Result = TypeVar("Result")


@dataclass(frozen=True)
class Simulation:
    """The world `main` runs in: its network, and chance that comes from the seed."""

    seed: int
    network: Network
    random: random.Random
    _loop: SimulatedLoop

    @property
    def seconds(self) -> float:
        """Return how much virtual time has passed."""
        return self._loop.time()

    def leap(self, seconds: float) -> None:
        """Let time jump, as for a process that was stopped or a machine that slept.

        Everything that should have happened meanwhile happens late, and all at once. To set the clock of one
        server right or wrong, use that server's: `server.clock.advance(...)`.
        """
        self._loop.leap(seconds)


def simulate(
    main: Callable[[Simulation], Coroutine[None, None, Result]],
    *,
    seed: int = 0,
    delay: Delay | None = None,
    limit: float = 3600.0,
) -> Result:
    """Run `main` in a simulation, and return what it returns.

    `delay` says how long things take in the network, by default 0.05 to 0.5 ms each way. Raises
    `SimulationStuck` if nothing can ever happen any more, or after `limit` virtual seconds. An error says by
    which seed it came about. May not be called from a running event loop.
    """
    loop = SimulatedLoop(seed, limit)
    if delay is not None:
        loop.network.delay = delay
    simulation = Simulation(seed, loop.network, random.Random(f"main {seed}"), loop)
    try:
        with _chance_from(seed), all_chance_from(random.Random(f"parts {seed}")):
            return loop.run_until_complete(main(simulation))
    except BaseException as error:
        _note(error, f"simulate: failed after {loop.time():.3f} virtual seconds; seed={seed} replays it")
        raise
    finally:
        _wind_up(loop)


def simulate_many(
    main: Callable[[Simulation], Coroutine[None, None, object]],
    *,
    seeds: Iterable[int] = range(100),
    delay: Delay | None = None,
    limit: float = 3600.0,
) -> None:
    """Run `main` once for each seed, up to the first that fails."""
    for seed in seeds:
        simulate(main, seed=seed, delay=delay, limit=limit)


@contextlib.contextmanager
def _chance_from(seed: int) -> Iterator[None]:
    """Let the module `random` say the same in every run with the same seed."""
    before = random.getstate()
    random.seed(seed)
    try:
        yield
    finally:
        random.setstate(before)


def _wind_up(loop: SimulatedLoop) -> None:
    """End what is left, as `asyncio.run` does."""
    loop.limit = float("inf")
    try:
        with contextlib.suppress(SimulationStuck):
            while left := asyncio.all_tasks(loop):  # ending one may begin another
                for task in left:
                    task.cancel()
                loop.run_until_complete(asyncio.wait(left))
            loop.run_until_complete(loop.shutdown_asyncgens())
    finally:
        loop.close()


def _note(error: BaseException, text: str) -> None:
    if sys.version_info >= (3, 11):
        error.add_note(text)
    else:
        print(text, file=sys.stderr)
