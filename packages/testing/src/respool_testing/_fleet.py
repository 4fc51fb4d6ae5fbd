"""The real servers of one test session: each started once, when first asked for, on every transport it has.

Between tests each is put back into its first state, which takes about a millisecond where starting takes
thirty. Knows nothing of pytest.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from ._control import Control, NotRestored
from .real import Brand, ServerFailed, ServerProcess, TLSFiles, brand_of, free_port, spell_options


@dataclass(frozen=True)
class Running:
    """One running server: `tls_port` is 0 where it was built without TLS."""

    server: ServerProcess
    brand: Brand
    path: str
    tls_port: int
    control: Control


class Fleet:
    """Running servers by their executables; `certificate` is what they show where they speak TLS."""

    def __init__(self, certificate: TLSFiles | None) -> None:
        self._certificate = certificate
        # Short, because the path of a socket may have no more than a hundred letters.
        self._folder = tempfile.TemporaryDirectory(prefix="respool-")
        self._numbers = count()
        self._running: dict[str, Running] = {}

    def get(self, binary: str) -> Running:
        """Return the server of an executable, in its first state; start it if nobody has yet."""
        running = self._running.get(binary)
        if running is not None:
            try:
                running.control.reset()
            except NotRestored:  # a fresh one is as good, only slower
                running.server.stop_process()
                running = None
        if running is None:
            running = self._running[binary] = self._launch(binary)
        return running

    def close(self) -> None:
        """Stop all servers."""
        while self._running:
            _, running = self._running.popitem()
            running.server.stop_process()
        self._folder.cleanup()

    def _launch(self, binary: str) -> Running:
        brand = brand_of(binary)
        path = str(Path(self._folder.name, f"{next(self._numbers)}.sock"))
        options = {"enable-debug-command": "yes"} if brand.version >= (7,) else {}
        tls_port = free_port() if self._certificate is not None else 0
        try:
            tls = self._certificate.options(tls_port) if self._certificate is not None else {}
            server = self._start(binary, path, options | tls)
        except ServerFailed:
            if not tls_port:
                raise
            tls_port = 0  # not every build has it
            server = self._start(binary, path, options)
        return Running(server, brand, path, tls_port, Control(path))

    def _start(self, binary: str, path: str, options: dict[str, str]) -> ServerProcess:
        server = ServerProcess(binary, spell_options(options), unixsocket=path)
        server.start_process()
        return server
