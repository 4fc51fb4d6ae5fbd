"""Whether a cluster with slots that nobody serves is one to work with: it says so in its configuration.

https://redis.io/docs/latest/operate/oss_and_stack/management/scaling/#redis-cluster-configuration-parameters
"""

from __future__ import annotations

import warnings
from collections.abc import Callable

from respool import ConnectionPool
from respool.errors import ConnectionError, RedisClusterError, ResponseError, TimeoutError
from respool.lowlevel import build_request
from respool_cluster._map.node import Node
from respool_cluster._map.topology import Topology


async def check_coverage(topology: Topology, pool_of: Callable[[Node], ConnectionPool]) -> None:
    """Raise `RedisClusterError` where slots are served by nobody although the cluster insists on all.

    A server that does not tell its configuration, as managed services do not, is a warning.
    """
    if not topology.is_whole and await _insists(topology, pool_of):
        missing = [slot for slot, shard in enumerate(topology.slots) if shard is None]
        raise RedisClusterError(
            f"{len(missing)} slots, {missing[0]} the first, are served by no node, and the cluster wants all of "
            "them served (cluster-require-full-coverage): skip_full_coverage_check=True works with the others"
        )


async def _insists(topology: Topology, pool_of: Callable[[Node], ConnectionPool]) -> bool:
    for shard in topology.shards:
        request = build_request((b"CONFIG", b"GET", b"cluster-require-full-coverage"))
        pool_of(shard.primary).line.send(request)
        try:
            return b"yes" in _values(await request.future)
        except ResponseError as exc:
            message = f"whether the cluster wants all slots served is not told ({exc}): taken for no"
            warnings.warn(message, stacklevel=2)
            return False
        except (ConnectionError, TimeoutError):
            continue
    return False


def _values(reply: object) -> list[object]:
    if isinstance(reply, dict):
        return list(reply.values())
    return reply if isinstance(reply, list) else []
