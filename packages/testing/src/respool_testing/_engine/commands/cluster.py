"""Everything clients and administrators say to a node of a cluster, gathered from the files that know it."""

from __future__ import annotations

from ..registry import Family
from . import cluster_changes, cluster_reports, cluster_slots, migration, replication, steering

family = Family("cluster")
for part in (
    steering.family,
    cluster_reports.family,
    cluster_slots.family,
    cluster_changes.family,
    migration.family,
    replication.family,
):
    family.commands |= part.commands
    family.handlers |= part.handlers
family.container("cluster", since="3.0.0")
