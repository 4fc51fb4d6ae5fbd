"""Interrupts work at any one step that the event loop takes. Knows nothing of Redis.

A step is one callback that the loop runs, whoever it belongs to: the task under test, an opening under way, a
socket, a server in the same loop. So every state in which an interruption can find the work is reached, not
only those at its own awaits.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Generic, TypeVar

import pytest

T = TypeVar("T")

PATIENCE = 3.0
"""Seconds after which work is said to hang."""


@dataclass
class Interrupted(Generic[T]):
    """How work ended. `reached` is False where it was over before the step came."""

    task: asyncio.Task[T]
    reached: bool

    @property
    def error(self) -> BaseException | None:
        """What it raised; None where it was cancelled or returned."""
        return None if self.task.cancelled() else self.task.exception()


async def interrupt(
    work: Coroutine[object, object, T], step: int, act: Callable[[asyncio.Task[T]], object]
) -> Interrupted[T]:
    """Run `work` in a task and call `act(task)` right after `step` callbacks of the loop (0: before it begins)."""
    task = asyncio.get_running_loop().create_task(work)
    outcome = Interrupted(task, reached=False)

    def act_on_it() -> None:
        outcome.reached = not task.done()
        if outcome.reached:
            act(task)

    with _after_callbacks(step, act_on_it):
        done, _ = await asyncio.wait([task], timeout=PATIENCE)
    if not done:
        task.cancel()
        raise AssertionError(f"interrupted at step {step}, it hangs")
    return outcome


@contextmanager
def _after_callbacks(count: int, act: Callable[[], None]) -> Iterator[None]:
    run = asyncio.Handle._run
    left = count

    def run_and_count(handle: asyncio.Handle) -> None:
        nonlocal left
        run(handle)
        left -= 1
        if left == 0:
            act()

    if count == 0:
        act()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(asyncio.Handle, "_run", run_and_count)
        yield


@contextmanager
def nothing_left_behind() -> Iterator[None]:
    """Fail where the block leaves a task running, or the loop had to report what nobody took care of."""
    loop = asyncio.get_running_loop()
    reported: list[str] = []
    before = asyncio.all_tasks()
    handler = loop.get_exception_handler()
    loop.set_exception_handler(lambda _, context: reported.append(str(context)))
    try:
        yield
    finally:
        loop.set_exception_handler(handler)
    assert not reported, reported
    assert asyncio.all_tasks() == before
