"""What can be started and stopped, in three spellings: `async with`, `with`, and by hand."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable
from types import TracebackType
from typing import TYPE_CHECKING, TypeVar

from ._home import LoopThread

if TYPE_CHECKING:
    from typing_extensions import Self

Result = TypeVar("Result")


class Startable:
    """`async with` runs it on the caller's event loop, `with` on a loop in a thread of its own.

    In a thread it serves synchronous tests, and clients on any loop; a server may be used from any
    thread: coroutines through `run`, and methods of whole deployments through `call`.
    """

    _own_thread: LoopThread | None = None

    async def start(self) -> None:
        """Begin."""
        raise NotImplementedError

    async def stop(self) -> None:
        """End."""
        raise NotImplementedError

    def run(self, coroutine: Coroutine[None, None, Result], *, timeout: float | None = 30.0) -> Result:
        """Run one of its coroutines in its own thread: `server.run(server.restart())`; needs `with`.

        Raises TimeoutError after so many seconds.
        """
        if self._own_thread is None:
            coroutine.close()
            raise RuntimeError(f"{type(self).__name__}.run is for `with`; here coroutines can be awaited")
        return self._own_thread.run(coroutine, timeout)

    def call(self, function: Callable[[], Result]) -> Result:
        """Call something in its own thread: `cluster.call(lambda: cluster.mark_failed(node))`; needs `with`."""

        async def called() -> Result:
            return function()

        return self.run(called())

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    def __enter__(self) -> Self:
        thread = LoopThread(f"respool {type(self).__name__}")
        try:
            thread.run(self.start())
        except BaseException:
            thread.stop()
            raise
        self._own_thread = thread
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        thread, self._own_thread = self._own_thread, None
        assert thread is not None
        try:
            thread.run(self.stop())
        finally:
            thread.stop()


def consecutive(first: int, count: int) -> Iterable[int]:
    """Return so many ports, the first one and those after it; any free ones, said as 0, if the first is 0."""
    return range(first, first + count) if first else [0] * count
