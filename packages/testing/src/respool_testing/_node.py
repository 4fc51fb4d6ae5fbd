"""One node of a fake cluster, as a test sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._engine.cluster import Endpoint, KnownNode, Membership
from ._engine.engine import Engine
from ._engine.families import DATA_SERVER
from ._network import Network
from ._stations import Station
from .server import FakeServer

if TYPE_CHECKING:
    from ._engine.settings import ServerSettings
    from .clock import Clock


class FakeNode:
    """One node of a fake cluster; `server` is the fake server that plays it."""

    def __init__(
        self, settings: ServerSettings, node_id: str, place: Endpoint, clock: Clock, network: Network
    ) -> None:
        engine = Engine(settings, DATA_SERVER)
        view = Membership(KnownNode(node_id, place, shard=node_id), engine.state.options)
        engine.state.cluster = view
        self.server = FakeServer._around(engine, place.host, place.port, clock)
        self._network = network
        self._shell = network.join(self.server)
        self._station = Station(self.server, view)
        self._view = view
        self._place = place

    def __repr__(self) -> str:
        state = " dead" if not self.alive else " hung" if self.hung else ""
        return f"<FakeNode {self.name} {self.role}{state}>"

    @property
    def id(self) -> str:
        """Return the node's id, 40 hexadecimal digits."""
        return self._view.me.id

    @property
    def host(self) -> str:
        """Return the address the node listens on."""
        return self.server.host

    @property
    def port(self) -> int:
        """Return the port; 0 until the node was started, if a free one was asked for."""
        return self.server.port

    @property
    def name(self) -> str:
        """Return `host:port`."""
        return f"{self.host}:{self.port}"

    @property
    def role(self) -> str:
        """Return `primary` or `replica`: what the node itself believes to be."""
        return "primary" if self._view.me.primary is None else "replica"

    @property
    def alive(self) -> bool:
        """Tell whether the node accepts connections."""
        return self.server.running

    @property
    def hung(self) -> bool:
        """Tell whether the node accepts connections but never answers."""
        return self._network.hung(self.server)

    @property
    def healthy(self) -> bool:
        """Tell whether the node believes the cluster to be up (`cluster_state:ok`)."""
        return self._view.healthy

    def announce(self, *, host: str = "", port: int = 0, hostname: str = "") -> None:
        """Be known by another address than the one it listens on, as behind NAT, or by a host name.

        What is empty is not announced. Other nodes learn it at once.
        """
        self._place.announced_host, self._place.announced_port = host, port
        self._place.hostname = hostname

    def _set_up(self, timeout: float | None, endpoint_type: str) -> None:
        """Give the node the options it begins with."""
        state = self.server._engine.state
        state.first_options["cluster-preferred-endpoint-type"] = endpoint_type
        if timeout is not None:
            state.first_options["cluster-node-timeout"] = str(round(timeout * 1000))
        state.forget_options()

    async def _start(self) -> None:
        await self.server.start()
        self._place.port = self.server.port

    def _believes(self, other: FakeNode) -> KnownNode | None:
        """Return what this node knows of another one."""
        return self._view.nodes.get(other.id)
