"""Which of two accounts of a cluster is the older one: by config epochs, as nodes themselves decide. Values only.

A node that took over slots has a greater epoch than who had them before. One that was cut off, or was dead for a
while, tells what it believed then, with the epochs of then.
https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/#hash-slots-configuration-propagation-and-failovers
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce

from respool_cluster._map.topology import Topology


def parse_epochs(reply: object) -> dict[str, int]:
    """Read from a reply to CLUSTER NODES the config epoch of each node, by its id. Leaves out other lines."""
    text = reply.decode(errors="replace") if isinstance(reply, bytes) else str(reply)
    rows = (line.split(" ", 7) for line in text.splitlines())
    return {row[0]: int(row[6]) for row in rows if len(row) > 7 and row[6].isdecimal()}


def is_older(told: Topology, known: Topology) -> bool:
    """Tell whether some slot is known to have been taken over since. Where no epochs were told, nothing is older."""
    if not told.epochs or not known.epochs:
        return False
    before, now = ({id(shard): shard for shard in each.shards} for each in (told, known))
    for of_told, of_known in set(zip(map(id, told.slots), map(id, known.slots), strict=True)):
        if of_told in before and of_known in now:
            claimed, taken = before[of_told].primary, now[of_known].primary
            if claimed != taken and told.epochs.get(claimed, 0) < known.epochs.get(taken, 0):
                return True
    return False


def newest(accounts: Iterable[Topology]) -> Topology:
    """Return one of several accounts that none of the others is newer than."""
    return reduce(lambda best, each: each if is_older(best, each) else best, accounts)
