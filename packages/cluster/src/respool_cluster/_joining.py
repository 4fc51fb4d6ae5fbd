"""Several requests whose replies become one: it waits for all, without a task, and fails with the first error."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from functools import partial

from respool.errors import RedisError
from respool.lowlevel import Request, fresh


def join(
    whole: Request[object],
    parts: Sequence[Request[object]],
    merge: Callable[[Sequence[object]], object],
    *,
    any_will_do: bool = False,
) -> None:
    """Complete `whole` when all of `parts` are done. Cancelled, it cancels them.

    It fails with the first error; with `any_will_do`, only if all have failed. An error after others succeeded
    says `maybe_executed`.
    """
    missing = len(parts)

    def count(part: asyncio.Future[object]) -> None:
        nonlocal missing
        missing -= 1
        if not missing and not whole.done():
            _complete(whole, parts, merge, any_will_do)

    for part in parts:
        part.future.add_done_callback(count)
    whole.future.add_done_callback(partial(_cancel, parts))


def _complete(
    whole: Request[object],
    parts: Sequence[Request[object]],
    merge: Callable[[Sequence[object]], object],
    any_will_do: bool,
) -> None:
    futures = [part.future for part in parts if not part.future.cancelled()]
    errors = [each.exception() for each in futures]
    failed = next((error for error in errors if error is not None), None)
    replies = [each.result() for each in futures if each.exception() is None]
    if failed is not None and not (any_will_do and replies):
        if isinstance(failed, RedisError):
            failed = fresh(failed, maybe_executed=failed.maybe_executed or bool(replies))
        whole.future.set_exception(failed)
        return
    try:
        reply = merge(replies)
        whole.future.set_result(reply if whole.convert is None else whole.convert(reply))
    except Exception as exc:  # what a converter raises is the caller's to see
        whole.future.set_exception(exc)


def _cancel(parts: Sequence[Request[object]], whole: asyncio.Future[object]) -> None:
    if whole.cancelled():
        for part in parts:
            part.future.cancel()
