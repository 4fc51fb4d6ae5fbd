"""Serves a fake server, cluster or sentinels from the shell: `python -m respool_testing server --port 6379`.

Runs until Ctrl-C. Listens on loopback only, keeps everything in memory. Faults are armed with `--fault`, or while
it runs by any client: `redis-cli FAULT on SET do delay 0.5`; FAULT HELP tells more.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import shutil
import signal
import sys
from collections.abc import Sequence

from ._command_line import command_line, deployment_of
from ._view import View, show
from .cluster import FakeCluster
from .faults import FaultsOfMany, parse_fault
from .log import LogEntry
from .sentinel import FakeSentinel
from .server import FakeServer


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse the command line, serve until interrupted, and return the exit code."""
    options = command_line(__doc__.splitlines()[0]).parse_args(arguments)
    try:
        faults, shown = vars(options).pop("fault"), vars(options).pop("show")
        deployment = deployment_of(options)
        _steer(deployment, faults)
        asyncio.run(_serve(deployment, shown))
    except (OSError, ValueError) as error:
        print(f"cannot serve: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        pass
    return 0


def _servers(deployment: FakeServer | FakeCluster | FakeSentinel) -> list[FakeServer]:
    if isinstance(deployment, FakeServer):
        return [deployment]
    if isinstance(deployment, FakeCluster):
        return [node.server for node in deployment.nodes]
    return [deployment.primary, *deployment.replicas, *deployment.sentinels]


def _steer(deployment: FakeServer | FakeCluster | FakeSentinel, faults: Sequence[str]) -> None:
    """Arm the faults that were asked for, and let clients arm more."""
    servers = _servers(deployment)
    together = FaultsOfMany([server.faults for server in servers])
    for line in faults:
        parse_fault(line, together)
    for server in servers:
        server.make_steerable()


async def _serve(deployment: FakeServer | FakeCluster | FakeSentinel, shown: str | None) -> None:
    async with deployment:
        interrupted = _interruption()
        if shown == "live":
            await _serve_in_view(deployment, interrupted)
        else:
            if shown == "lines":
                _print_commands(deployment)
            print(_announcement(deployment), flush=True)
            await interrupted.wait()
    print("stopped", flush=True)


def _print_commands(deployment: FakeServer | FakeCluster | FakeSentinel) -> None:
    for server in _servers(deployment):
        server.log.observer = functools.partial(_print_command, server)


def _print_command(server: FakeServer, entry: LogEntry) -> None:
    print(f"{server.host}:{server.port}  {entry}", flush=True)


async def _serve_in_view(
    deployment: FakeServer | FakeCluster | FakeSentinel, interrupted: asyncio.Event
) -> None:
    """Draw what happens until somebody interrupts."""
    servers = _servers(deployment)
    view = View("respool-fake; Ctrl-C stops", servers)
    for number, server in enumerate(servers):
        server.log.observer = functools.partial(view.saw, number)
    drawing = asyncio.ensure_future(show(view, sys.stdout, shutil.get_terminal_size))
    try:
        await interrupted.wait()
    finally:
        drawing.cancel()
        await asyncio.wait([drawing])


def _interruption() -> asyncio.Event:
    """Return what Ctrl-C, or a request to terminate, will set."""
    loop, done = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):  # Windows: KeyboardInterrupt does it there
            loop.add_signal_handler(number, done.set)
    return done


def _announcement(deployment: FakeServer | FakeCluster | FakeSentinel) -> str:
    if isinstance(deployment, FakeServer):
        lines = [deployment.url]
        lines += [deployment.tls_url] if deployment.tls_port is not None else []
        lines += [deployment.unix_url] if deployment.unixsocket is not None else []
    elif isinstance(deployment, FakeCluster):
        lines = [f"{node.server.url}  {node.role}" for node in deployment.nodes]
    else:
        lines = [f"{host}:{port}  sentinel" for host, port in deployment.sentinel_addresses]
        lines += [f"{deployment.primary.url}  primary of {deployment.service}"]
        lines += [f"{replica.url}  replica" for replica in deployment.replicas]
    return "\n".join([*lines, "serving; Ctrl-C stops"])


if __name__ == "__main__":
    sys.exit(main())
