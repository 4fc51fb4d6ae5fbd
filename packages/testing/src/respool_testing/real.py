"""Real servers for tests: finds a redis-server or valkey-server, starts it on a free loopback port, stops it.

Needs nothing but the executable. `ServerProcess` is the synchronous core; `RealServer` is the same for `async
with`.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import os
import re
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Final

from .raw import pack

if TYPE_CHECKING:
    from typing_extensions import Self

BINARIES_VARIABLE: Final = "RESPOOL_SERVER_BINARIES"
EXECUTABLES: Final = ("redis-server", "valkey-server")
START_TIMEOUT: Final = 10.0
STOP_TIMEOUT: Final = 5.0
# A cluster's nodes talk to each other this far above the port for clients.
BUS_OFFSET: Final = 10_000


class ServerNotFound(Exception):
    """There is no real server to start on this machine; the message says how to get one."""


class ServerFailed(Exception):
    """A real server did not start; the message ends with what it said."""


@dataclass(frozen=True, slots=True)
class TLSFiles:
    """Paths of the certificate, key and authority a real server shall use."""

    certificate: str
    key: str
    authority: str

    def options(self, port: int) -> dict[str, str]:
        """Return what makes a server speak TLS on a port, as names and values of its configuration."""
        return {
            "tls-port": str(port),
            "tls-cert-file": self.certificate,
            "tls-key-file": self.key,
            "tls-ca-cert-file": self.authority,
            "tls-auth-clients": "no",
        }


def find_binaries() -> list[str]:
    """Return the real servers to use: those that RESPOOL_SERVER_BINARIES lists, or else those on PATH."""
    listed = [path for path in os.environ.get(BINARIES_VARIABLE, "").split(os.pathsep) if path]
    on_path = [found for name in EXECUTABLES if (found := shutil.which(name)) is not None]
    return list(dict.fromkeys(listed or on_path))


def find_binary() -> str:
    """Return the first real server there is; raise ServerNotFound if there is none."""
    for path in find_binaries():
        return path
    raise ServerNotFound(
        "no redis-server or valkey-server found. Install one (Debian, Ubuntu: apt install redis-server; "
        f"macOS: brew install redis), or list paths of executables in {BINARIES_VARIABLE}, "
        f"separated by {os.pathsep!r}."
    )


@dataclass(frozen=True, slots=True)
class Brand:
    """What a server's executable says it is: `Brand("redis", (7, 0, 15))`."""

    name: str
    version: tuple[int, ...]

    def __str__(self) -> str:
        return "-".join([self.name, ".".join(map(str, self.version))])


@lru_cache
def brand_of(binary: str) -> Brand:
    """Ask an executable for its name and version; raise ServerFailed if it does not tell."""
    try:
        asked = subprocess.run(
            [binary, "--version"], capture_output=True, text=True, timeout=START_TIMEOUT, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ServerFailed(f"{binary} cannot be run: {error}") from None
    said = re.match(r"(\w+) server v=([\d.]+)", asked.stdout)
    if said is None:
        raise ServerFailed(f"{binary} does not tell its version. It said:\n{asked.stdout}{asked.stderr}")
    return Brand(said[1].lower(), tuple(map(int, said[2].split("."))))


class ServerProcess:
    """A real server in a process and a folder of its own, without persistence, on loopback only.

    `args` are further options as on the command line; `unixsocket` is the path of a socket file to open
    beside the port; with `tls` the port speaks TLS. `start` returns once the server answers.
    """

    def __init__(
        self,
        binary: str | None = None,
        args: Sequence[str] = (),
        *,
        unixsocket: str | None = None,
        tls: TLSFiles | None = None,
    ) -> None:
        self.binary = find_binary() if binary is None else binary
        self.args = tuple(args)
        self.host = "127.0.0.1"
        self.port = 0
        self.unixsocket = unixsocket
        self._tls = tls
        self._process: subprocess.Popen[bytes] | None = None
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    def __repr__(self) -> str:
        state = "running" if self.running else "stopped"
        return f"<{type(self).__name__} {self.binary} {self.host}:{self.port} {state}>"

    @property
    def url(self) -> str:
        """Return the address as clients take it."""
        return f"{'rediss' if self._tls else 'redis'}://{self.host}:{self.port}"

    @property
    def running(self) -> bool:
        """Tell whether the server has been started and not stopped."""
        return self._process is not None

    @property
    def pid(self) -> int | None:
        """Return the process id while the server runs."""
        return None if self._process is None else self._process.pid

    def start_process(self) -> None:
        """Start the server and wait until it answers; raise ServerFailed with its output if it does not."""
        self._folder = tempfile.TemporaryDirectory(prefix="respool-")
        self.port = free_port()
        with self._path("log").open("wb") as log:
            self._process = subprocess.Popen(
                self._command(), stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT
            )
        atexit.register(self.stop_process)
        try:
            self._wait_until_it_answers()
        except BaseException:
            self.stop_process()
            raise

    def stop_process(self) -> None:
        """Stop the server, by force if need be, and remove its folder; a stopped one is left as it is."""
        atexit.unregister(self.stop_process)
        process, self._process = self._process, None
        if process is not None:
            process.terminate()
            try:
                process.wait(STOP_TIMEOUT)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None

    def call(self, *words: str | bytes | int) -> bytes:
        """Send one request over a connection of its own and return the reply's first bytes as they came."""
        with socket.create_connection((self.host, self.port), timeout=START_TIMEOUT) as connection:
            connection.sendall(pack(*words))
            return connection.recv(65536)

    def _command(self) -> list[str]:
        options: dict[str, str] = {
            "port": str(self.port),
            "bind": self.host,
            "dir": str(self._path("")),
            "save": "",
            "appendonly": "no",
            "daemonize": "no",
            "loglevel": "notice",
        }
        if self.unixsocket is not None:
            options["unixsocket"] = self.unixsocket
        if self._tls is not None:
            options |= {"port": "0", **self._tls.options(self.port)}
        return [self.binary, *spell_options(options), *self.args]

    def _wait_until_it_answers(self) -> None:
        deadline = time.monotonic() + START_TIMEOUT
        while not self._answers():
            assert self._process is not None
            if self._process.poll() is not None or time.monotonic() > deadline:
                said = self._path("log").read_text(errors="replace")[-2000:]
                raise ServerFailed(
                    f"{self.binary} did not start on {self.host}:{self.port}. It said:\n{said}"
                )
            time.sleep(0.01)

    def _answers(self) -> bool:
        with contextlib.suppress(OSError):
            if self._tls is not None:  # that it accepts is all one can tell without a certificate
                socket.create_connection((self.host, self.port), timeout=1).close()
                return True
            answer = self.call("PING")
            return answer.startswith((b"+PONG", b"-NOAUTH"))
        return False

    def _path(self, name: str) -> Path:
        assert self._folder is not None
        return Path(self._folder.name) / name


class RealServer(ServerProcess):
    """A real server: `async with RealServer() as server:` starts the first one found; see `ServerProcess`."""

    async def __aenter__(self) -> Self:
        await asyncio.to_thread(self.start_process)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await asyncio.shield(asyncio.to_thread(self.stop_process))


def spell_options(options: Mapping[str, str]) -> list[str]:
    """Spell configuration as words of a command line."""
    return [word for name, value in options.items() for word in (f"--{name}", value)]


def free_port() -> int:
    """Return a loopback port that nothing uses at this moment, and that leaves room for a cluster bus above it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port if port + BUS_OFFSET < 2**16 else free_port()
