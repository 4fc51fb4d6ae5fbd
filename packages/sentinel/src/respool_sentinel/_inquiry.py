"""One question to all sentinels at once: the first sound answer wins. Knows nothing of what is asked."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from respool.errors import RedisError, ResponseError

A = TypeVar("A")
S = TypeVar("S")

STRAGGLER_SECONDS = 0.25
"""How long the others are waited for once most have answered, none of them well: whoever asks will ask again."""


@dataclass
class Inquiry(Generic[A]):
    """What came of a question: the answer that was believed, the others until then, and what went wrong."""

    winner: A | None = None
    doubtful: list[A] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    refusals: int = 0
    """How many answered with an error."""

    def __str__(self) -> str:
        return "; ".join(self.failures)

    @property
    def is_refused(self) -> bool:
        """Whether everybody answered, and with an error: asking again would not help."""
        return bool(self.failures) and self.refusals == len(self.failures)


async def inquire(
    sentinels: Sequence[S],
    question: Callable[[S], Awaitable[A]],
    objection: Callable[[A], str | None],
    seconds: float,
) -> Inquiry[A]:
    """Ask every sentinel; return at the first answer without an objection, or when all answered or time is up.

    Whoever has not answered by then is not waited for. Cancelled, it asks nobody any more.
    """
    inquiry: Inquiry[A] = Inquiry()
    loop = asyncio.get_running_loop()
    began = loop.time()
    deadline = began + seconds
    tasks = {asyncio.ensure_future(question(each)): each for each in sentinels}
    pending = set(tasks)
    try:
        while pending and inquiry.winner is None:
            done, pending = await asyncio.wait(
                pending, timeout=max(0.0, deadline - loop.time()), return_when=asyncio.FIRST_COMPLETED
            )
            if not done:
                waited = loop.time() - began
                inquiry.failures += [f"{tasks[task]}: no answer within {waited:.3g} s" for task in pending]
                break
            for task in done:
                _judge(inquiry, tasks[task], task, objection)
            if len(pending) * 2 < len(tasks):
                deadline = min(deadline, loop.time() + STRAGGLER_SECONDS)
    finally:
        for task in pending:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return inquiry


def _judge(
    inquiry: Inquiry[A], sentinel: object, task: asyncio.Future[A], objection: Callable[[A], str | None]
) -> None:
    try:
        answer = task.result()
    except RedisError as exc:
        inquiry.failures.append(f"{sentinel}: {exc}")
        inquiry.refusals += isinstance(exc, ResponseError)
        return
    complaint = objection(answer)
    if complaint is not None:
        inquiry.doubtful.append(answer)
        inquiry.failures.append(f"{sentinel}: {complaint}")
    elif inquiry.winner is None:
        inquiry.winner = answer
