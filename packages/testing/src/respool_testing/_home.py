"""The event loop a server lives on, and the way in for other threads."""

from __future__ import annotations

import asyncio
import concurrent.futures
import threading
from collections.abc import Callable, Coroutine
from typing import Final, TypeVar

Result = TypeVar("Result")

PATIENCE_SECONDS: Final = 30.0


class Home:
    """Where something lives: everything that touches it from elsewhere goes through here."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = 0

    def move_in(self, loop: asyncio.AbstractEventLoop) -> None:
        """Live on this loop, which runs in this thread, from now on."""
        self._loop, self._thread = loop, threading.get_ident()

    @property
    def is_elsewhere(self) -> bool:
        """Tell whether the loop runs in another thread than the one that asks."""
        loop = self._loop
        return loop is not None and self._thread != threading.get_ident() and loop.is_running()

    def do(self, act: Callable[[], Result]) -> Result:
        """Do something where it is safe, and return what came of it; waits for the other thread."""
        if not self.is_elsewhere:
            return act()
        done: concurrent.futures.Future[Result] = concurrent.futures.Future()
        assert self._loop is not None
        self._loop.call_soon_threadsafe(_carry_out, act, done)
        return done.result(PATIENCE_SECONDS)

    async def wait(self, waiting: Callable[[], Coroutine[None, None, Result]]) -> Result:
        """Wait for something there, from whatever loop runs here."""
        if not self.is_elsewhere:
            return await waiting()
        assert self._loop is not None
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(waiting(), self._loop))


class LoopThread:
    """An event loop in a thread of its own."""

    def __init__(self, name: str) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name=name, daemon=True)
        self._thread.start()

    def run(self, coroutine: Coroutine[None, None, Result], timeout: float | None = None) -> Result:
        """Run a coroutine there and wait for its result, no longer than `timeout` seconds."""
        running = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        try:
            return running.result(timeout)
        except concurrent.futures.TimeoutError:  # not yet the same as the builtin one in Python 3.10
            running.cancel()
            raise TimeoutError(f"still waiting after {timeout} seconds") from None
        except BaseException:
            running.cancel()
            raise

    def stop(self) -> None:
        """End the loop and its thread."""
        self.run(self._loop.shutdown_asyncgens())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


def _carry_out(act: Callable[[], Result], done: concurrent.futures.Future[Result]) -> None:
    try:
        done.set_result(act())
    except BaseException as error:
        done.set_exception(error)
