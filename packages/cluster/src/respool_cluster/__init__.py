"""Cluster support for respool: slot routing, redirections, failover."""

from __future__ import annotations

__all__: list[str] = []
