"""How long and how much to measure. Data only; every cell takes what concerns it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Effort:
    """The size of one sample. A round takes one sample of every peer."""

    rounds: int = 7
    seconds: float = 0.5
    """Of one sample, where it is limited by time; half as long again is spent warming up."""
    connections: int = 500
    """Held open at once, to see what one of them weighs."""
    connects: int = 200
    """Opened and closed in one sample; few, because each leaves a port that cannot be used again for a while."""
    imports: int = 3
    """Fresh interpreters in one sample."""

    def warm_up_seconds(self) -> float:
        """Return for how long a workload runs before it counts."""
        return self.seconds / 2


QUICK = Effort(rounds=1, seconds=0.02, connections=20, connects=5, imports=1)
"""Shows that everything works. Its figures mean nothing."""
