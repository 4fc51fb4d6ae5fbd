"""Real servers that come to harm, and come back on the same port with what they wrote down of themselves."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess

from respool import Redis
from respool.lowlevel import ResponseType, ValueT
from respool_testing import ServerProcess

LOOK_SECONDS = 0.005
"""Between two looks at whether a server has become what it is to be."""

PATIENCE_SECONDS = 20.0
"""For a reply of a server that is busy becoming something else."""


class Victim(ServerProcess):
    """A server that can be killed, frozen, thawed and started again. Times are the operating system's."""

    def kill(self) -> None:
        """End the process as a crash would."""
        self._signal(signal.SIGKILL)

    def freeze(self) -> None:
        """Stop the process: its sockets stay open, and nobody answers."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on as if nothing had happened."""
        self._signal(signal.SIGCONT)

    async def restart(self) -> None:
        """End the process politely and start it again on the same port, in the same folder."""
        await asyncio.to_thread(self._restart)

    async def ask(self, *words: ValueT) -> ResponseType:
        """Return the reply to one command, sent on a connection of its own."""
        async with Redis(self.host, self.port, stream_timeout=PATIENCE_SECONDS) as client:
            return await client.execute_command(*words)

    async def until(self, text: str, *words: ValueT) -> None:
        """Ask again and again until a reply has `text` in it."""
        while True:
            reply = await self.ask(*words)
            if isinstance(reply, bytes) and text in reply.decode(errors="replace"):
                return
            await asyncio.sleep(LOOK_SECONDS)

    async def until_role(self, wanted: bytes) -> None:
        """Wait until it takes itself for a b"master", or a b"slave"."""
        async with Redis(self.host, self.port, stream_timeout=PATIENCE_SECONDS) as client:
            while True:
                reply = await client.execute_command("ROLE")
                if isinstance(reply, list) and reply[0] == wanted:
                    return
                await asyncio.sleep(LOOK_SECONDS)

    def _signal(self, number: signal.Signals) -> None:
        assert self.pid is not None
        os.kill(self.pid, number)

    def _restart(self) -> None:
        assert self._process is not None
        self._process.terminate()
        self._process.wait()
        with self._path("log").open("ab") as log:
            self._process = subprocess.Popen(
                self._command(), stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT
            )
        self._wait_until_it_answers()
