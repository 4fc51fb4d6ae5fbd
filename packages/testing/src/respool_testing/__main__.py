"""Serves a fake server, cluster or sentinels from the shell: `python -m respool_testing server --port 6379`.

Runs until Ctrl-C. Listens on loopback only, keeps everything in memory. Faults are armed with `--fault`, or while
it runs by any client: `redis-cli FAULT on SET do delay 0.5`; FAULT HELP tells more.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import functools
import shutil
import signal
import ssl
import sys
from collections.abc import Sequence

from ._view import View, show
from .cluster import FakeCluster
from .faults import FaultsOfMany, parse_fault
from .log import LogEntry
from .sentinel import AT_ONCE, LIKE_REAL, FakeSentinel
from .server import FakeServer


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse the command line, serve until interrupted, and return the exit code."""
    options = _parser().parse_args(arguments)
    try:
        faults, shown = vars(options).pop("fault"), vars(options).pop("show")
        deployment = _deployment(options)
        _steer(deployment, faults)
        asyncio.run(_serve(deployment, shown))
    except (OSError, ValueError) as error:
        print(f"cannot serve: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        pass
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="respool-fake", description=__doc__.splitlines()[0])
    kinds = parser.add_subparsers(dest="kind", required=True, metavar="server|cluster|sentinel")
    server = kinds.add_parser("server", help="one server")
    cluster = kinds.add_parser("cluster", help="a cluster, on consecutive ports")
    sentinel = kinds.add_parser(
        "sentinel", help="sentinels, then the servers they watch, on consecutive ports"
    )
    for each, port in ((server, 6379), (cluster, 7000), (sentinel, 26379)):
        each.add_argument("--host", default="127.0.0.1", help="a loopback address (default %(default)s)")
        each.add_argument(
            "--port", type=int, default=port, help="the first port, 0 for free ones (default %(default)s)"
        )
        each.add_argument("--password", help="what clients must say first")
        each.add_argument("--version", default="7.4.0", help="the version to play (default %(default)s)")
        each.add_argument(
            "--fault", action="append", default=[], help="arm a fault everywhere: 'on SET do delay 0.5'"
        )
        each.add_argument(
            "--show",
            nargs="?",
            choices=("lines", "live"),
            const="live" if sys.stdout.isatty() else "lines",
            help="show what clients do, as lines or as a live view (the default on a terminal)",
        )
        each.add_argument("--tls-cert", help="a certificate chain (PEM): the port or ports speak TLS")
        each.add_argument("--tls-key", help="the certificate's private key (PEM)")
    server.add_argument("--unixsocket", help="the path of a socket file to serve as well")
    server.add_argument(
        "--tls-port", type=int, help="let this port speak TLS, 0 for a free one, and --port plain"
    )
    _add_cluster_options(cluster)
    _add_sentinel_options(sentinel)
    return parser


def _add_cluster_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--primaries", type=int, default=3)
    parser.add_argument("--replicas", type=int, default=1, help="of each primary (default %(default)s)")
    parser.add_argument("--replication-lag", type=float, default=0.0, help="seconds (default %(default)s)")
    parser.add_argument(
        "--node-timeout",
        type=float,
        default=15.0,
        help="seconds of silence after which a node is held for dead (default %(default)s)",
    )
    parser.add_argument(
        "--endpoint-type",
        choices=("ip", "hostname", "unknown"),
        default="ip",
        help="how nodes are called in redirections and maps (default %(default)s)",
    )
    parser.add_argument(
        "--bare",
        dest="joined",
        action="store_false",
        help="nodes that know nobody, to make a cluster of: redis-cli --cluster create ...",
    )


def _add_sentinel_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--service", default="mymaster", help="the primary's name (default %(default)s)")
    parser.add_argument("--replicas", type=int, default=1)
    parser.add_argument("--sentinels", type=int, default=3)
    parser.add_argument("--quorum", type=int, help="how many must agree (default: the majority)")
    parser.add_argument("--replication-lag", type=float, default=0.0, help="seconds (default %(default)s)")
    parser.add_argument(
        "--down-after",
        type=float,
        default=30.0,
        help="seconds of silence after which a server is held for down (default %(default)s)",
    )
    parser.add_argument(
        "--like-real",
        dest="timing",
        action="store_const",
        const=LIKE_REAL,
        default=AT_ONCE,
        help="let the steps of a failover take the time that real sentinels take",
    )


def _deployment(options: argparse.Namespace) -> FakeServer | FakeCluster | FakeSentinel:
    settings = vars(options)
    kind = settings.pop("kind")
    settings["tls"] = _tls(settings.pop("tls_cert"), settings.pop("tls_key"))
    if kind == "cluster":
        return FakeCluster(**settings)
    if kind == "sentinel":
        return FakeSentinel(**settings)
    return FakeServer(**settings)


def _tls(certificate: str | None, key: str | None) -> ssl.SSLContext | None:
    if certificate is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    return context


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
