"""What can be said on the command line of `respool-fake`, and the deployment it asks for. Starts nothing."""

from __future__ import annotations

import argparse
import ssl
import sys

from .cluster import FakeCluster
from .sentinel import AT_ONCE, LIKE_REAL, FakeSentinel
from .server import FakeServer


def command_line(description: str) -> argparse.ArgumentParser:
    """Return what reads the command line."""
    parser = argparse.ArgumentParser(prog="respool-fake", description=description)
    kinds = parser.add_subparsers(dest="kind", required=True, metavar="server|cluster|sentinel")
    server = kinds.add_parser("server", help="one server")
    cluster = kinds.add_parser("cluster", help="a cluster, on consecutive ports")
    sentinel = kinds.add_parser(
        "sentinel", help="sentinels, then the servers they watch, on consecutive ports"
    )
    for each, port in ((server, 6379), (cluster, 7000), (sentinel, 26379)):
        _add_common_options(each, port)
    server.add_argument("--unixsocket", help="the path of a socket file to serve as well")
    server.add_argument(
        "--tls-port", type=int, help="let this port speak TLS, 0 for a free one, and --port plain"
    )
    _add_cluster_options(cluster)
    _add_sentinel_options(sentinel)
    return parser


def _add_common_options(parser: argparse.ArgumentParser, port: int) -> None:
    parser.add_argument("--host", default="127.0.0.1", help="a loopback address (default %(default)s)")
    parser.add_argument(
        "--port", type=int, default=port, help="the first port, 0 for free ones (default %(default)s)"
    )
    parser.add_argument("--password", help="what clients must say first")
    parser.add_argument("--version", default="7.4.0", help="the version to play (default %(default)s)")
    parser.add_argument(
        "--fault", action="append", default=[], help="arm a fault everywhere: 'on SET do delay 0.5'"
    )
    parser.add_argument(
        "--show",
        nargs="?",
        choices=("lines", "live"),
        const="live" if sys.stdout.isatty() else "lines",
        help="show what clients do, as lines or as a live view (the default on a terminal)",
    )
    parser.add_argument("--tls-cert", help="a certificate chain (PEM): the port or ports speak TLS")
    parser.add_argument("--tls-key", help="the certificate's private key (PEM)")


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


def deployment_of(options: argparse.Namespace) -> FakeServer | FakeCluster | FakeSentinel:
    """Make what the command line asks for; raise ValueError or OSError if that cannot be."""
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
