"""Which replica is next, and which connections lead where none is wanted. Decides; opens and closes nothing."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence

from respool_sentinel._views import Address


class Rotation:
    """The replicas of one service in turn: from anywhere, so that many processes do not begin with the same one."""

    def __init__(self, randrange: Callable[[int], int] = random.randrange) -> None:
        self._randrange = randrange
        self._turn: int | None = None
        self._avoided: set[Address] = set()

    def order(self, replicas: Iterable[Address]) -> list[Address]:
        """Return all of them, at each call beginning with the next."""
        known = sorted(replicas)
        self._turn = self._randrange(len(known)) if self._turn is None else self._turn + 1
        first = self._turn % len(known)
        return known[first:] + known[:first]

    def by_need(
        self, replicas: Sequence[Address], shared: Iterable[Address], others: Iterable[Address]
    ) -> list[Address]:
        """Order replicas for one more connection: those that fewest lead to go first, those to avoid last.

        `shared` and `others` are where connections lead: what is shared counts more, for it has most of the work.
        """
        shares, loads = Counter(shared), Counter(others)
        return sorted(replicas, key=lambda each: (each in self._avoided, shares[each], loads[each]))

    def avoid(self, address: Address) -> None:
        """Take note that a replica does not serve as it should."""
        self._avoided.add(address)

    def forgive(self) -> None:
        """Give all replicas another chance."""
        self._avoided.clear()

    def knows_better_than(self, address: Address, replicas: Iterable[Address]) -> bool:
        """Tell whether there is another one that is not to be avoided."""
        return any(each != address and each not in self._avoided for each in replicas)


def superfluous(shared: Sequence[Address], replicas: Sequence[Address]) -> Iterator[int]:
    """Tell, by their index, which shared connections keep replicas that have none from getting one."""
    missing = len(set(replicas) - set(shared))
    seen: set[Address] = set()
    for index, address in enumerate(shared):
        if address in seen and missing:
            missing -= 1
            yield index
        seen.add(address)
