"""Several requests whose replies become one: it waits for all, without a task, and fails with the first error."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from functools import partial

from respool.errors import RedisError
from respool.lowlevel import Convert, fresh


def join(
    whole: asyncio.Future[object],
    parts: Sequence[asyncio.Future[object]],
    merge: Callable[[Sequence[object]], object],
    *,
    convert: Convert | None = None,
    any_will_do: bool = False,
) -> None:
    """Complete `whole`, when all of `parts` are done, with their merged and converted replies.

    Cancelled, it cancels them. It fails with the first error; with `any_will_do`, only if all have failed. An error
    after others succeeded says `maybe_executed`.
    """
    missing = len(parts)

    def count(part: asyncio.Future[object]) -> None:
        nonlocal missing
        missing -= 1
        if not missing and not whole.done():
            _complete(whole, parts, merge, convert, any_will_do)

    for part in parts:
        part.add_done_callback(count)
    whole.add_done_callback(partial(_cancel, parts))


def _complete(
    whole: asyncio.Future[object],
    parts: Sequence[asyncio.Future[object]],
    merge: Callable[[Sequence[object]], object],
    convert: Convert | None,
    any_will_do: bool,
) -> None:
    futures = [part for part in parts if not part.cancelled()]
    errors = [each.exception() for each in futures]
    failed = next((error for error in errors if error is not None), None)
    replies = [each.result() for each in futures if each.exception() is None]
    if failed is not None and not (any_will_do and replies):
        if isinstance(failed, RedisError):
            failed = fresh(failed, maybe_executed=failed.maybe_executed or bool(replies))
        whole.set_exception(failed)
        return
    try:
        reply = merge(replies)
        whole.set_result(reply if convert is None else convert(reply))
    except Exception as exc:  # what a converter raises is the caller's to see
        whole.set_exception(exc)


def _cancel(parts: Sequence[asyncio.Future[object]], whole: asyncio.Future[object]) -> None:
    if whole.cancelled():
        for part in parts:
            part.cancel()
