"""Sentinel support for respool: discovery, failover, replica rotation."""

from __future__ import annotations

__all__: list[str] = []
