"""What a scene came to, what was promised of it, and both as text. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from math import inf


@dataclass(frozen=True)
class Outcome:
    """Figures of one scene. Times are in seconds; None is what the scene has none of."""

    scene: str
    calls: int
    errors: int
    lost: int
    duplicated: int
    longest_call: float
    promotion: float | None = None
    """From the fault until a replica had taken over."""

    back: float | None = None
    """From then until every caller of the shard had its next reply."""

    others_percent: float | None = None
    """Throughput of the other shards until then, of what it was before."""

    reasons: Mapping[str, int] = field(default_factory=dict)
    """What the errors said, and how often."""


@dataclass(frozen=True)
class Promise:
    """What may come of a scene at most, `others_percent` at least."""

    errors: float = inf
    lost: float = 0
    duplicated: float = 0
    back: float = inf
    back_since_fault: float = 0
    """Or so long after the fault: one that nobody tells of takes a while to be noticed, whatever else happens."""

    others_percent: float = 0
    longest_call: float = inf

    def broken(self, outcome: Outcome) -> list[str]:
        """Name what was promised and did not come true."""
        missed = [
            f"{name} over {most:g}"
            for name, most in (
                ("errors", self.errors),
                ("lost", self.lost),
                ("duplicated", self.duplicated),
                ("longest_call", self.longest_call),
            )
            if getattr(outcome, name) > most
        ]
        if outcome.back is not None and not self._in_time(outcome.promotion or 0.0, outcome.back):
            missed.append("back too late")
        if outcome.others_percent is not None and outcome.others_percent < self.others_percent:
            missed.append(f"others under {self.others_percent:g} %")
        return missed

    def _in_time(self, promotion: float, back: float) -> bool:
        return back <= self.back or promotion + back <= self.back_since_fault


HEADS = ("scene", "calls", "errors", "lost", "dupl.", "longest s", "promoted s", "back s", "others %")


def lines(outcomes: Sequence[Outcome], promises: Mapping[str, Promise]) -> Iterator[str]:
    """Yield a table, a line for each scene, with what was promised and missed at its end."""
    yield _line(HEADS)
    for outcome in outcomes:
        missed = promises[outcome.scene].broken(outcome)
        yield f"{_line(_cells(outcome))}  {', '.join(missed) or 'as promised'}"
        for reason, times in outcome.reasons.items():
            yield f"    {times} x {reason}"


def _cells(outcome: Outcome) -> list[str]:
    counts = (outcome.calls, outcome.errors, outcome.lost, outcome.duplicated)
    figures = (outcome.longest_call, outcome.promotion, outcome.back)
    others = "-" if outcome.others_percent is None else f"{outcome.others_percent:.0f}"
    return [
        outcome.scene,
        *map(str, counts),
        *("-" if each is None else f"{each:.3f}" for each in figures),
        others,
    ]


def _line(cells: Sequence[str]) -> str:
    first, *others = cells
    return f"{first:<24}" + "".join(f"{each:>11}" for each in others)


def to_json(outcomes: Sequence[Outcome], promises: Mapping[str, Promise]) -> str:
    """Write all figures as JSON."""
    rows = [{**asdict(each), "missed": promises[each.scene].broken(each)} for each in outcomes]
    return json.dumps(rows, indent=2)
