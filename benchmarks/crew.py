"""The processes of the peers, seen from outside: start them when they are first wanted, and never wait for ever."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import Sequence
from types import TracebackType
from typing import IO, TYPE_CHECKING

from benchmarks.orders import Answer, Order

if TYPE_CHECKING:
    from typing_extensions import Self

PATIENCE_SECONDS = 60.0
"""On top of what a sample should take. A peer that has not answered by then is killed, and has failed."""


class Member:
    """One process with one peer in it: `command` starts it."""

    def __init__(self, command: Sequence[str]) -> None:
        self._command = command
        self._process: asyncio.subprocess.Process | None = None
        self._errors: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  # `close` closes it

    async def follow(self, order: Order, patience: float = PATIENCE_SECONDS) -> Answer:
        """Return what the process answers. One that dies or stays silent has failed; the next order gets another."""
        process = self._process or await self._start()
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(order.to_line().encode() + b"\n")
        try:
            line = await asyncio.wait_for(process.stdout.readline(), patience + 4 * order.effort.seconds)
        except asyncio.TimeoutError:
            await self.stop()
            return Answer({}, f"no answer within {patience:g} s")
        if not line:
            return await self._died(process)
        return Answer.from_line(line.decode())

    async def stop(self) -> None:
        """Kill the process, if there is one."""
        process, self._process = self._process, None
        if process is not None:
            if process.returncode is None:
                process.kill()
            # Reads its output to the end, without which its transport would stay open.
            await process.communicate()

    def close(self) -> None:
        """Let go of what the process wrote to its standard error."""
        self._errors.close()

    async def _start(self) -> asyncio.subprocess.Process:
        self._errors.seek(0)
        self._errors.truncate()
        pipe = asyncio.subprocess.PIPE
        self._process = await asyncio.create_subprocess_exec(
            *self._command, stdin=pipe, stdout=pipe, stderr=self._errors
        )
        return self._process

    async def _died(self, process: asyncio.subprocess.Process) -> Answer:
        code = await process.wait()
        await self.stop()
        self._errors.seek(0)
        last_words = self._errors.read().decode(errors="replace").strip().rpartition("\n")[2]
        return Answer({}, f"its process ended with {code}: {last_words}")


class Crew:
    """A member for each peer, and more for the cells that want a fresh process. Kills them all in the end."""

    def __init__(self, loop: str) -> None:
        self._loop = loop
        self._members: dict[str, Member] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for member in self._members.values():
            await member.stop()
            member.close()

    async def follow(self, peer: str, order: Order, *, fresh: bool) -> Answer:
        """Give `order` to the process of `peer`: with `fresh`, to one that did nothing before."""
        member = self._members.get(peer)
        if member is None:
            command = (sys.executable, "-m", "benchmarks.worker", peer, self._loop)
            member = self._members[peer] = Member(command)
        if fresh:
            await member.stop()
        return await member.follow(order)
