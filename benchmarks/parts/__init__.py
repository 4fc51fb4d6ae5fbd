"""Parts alone, for use while optimising: these may reach into private rooms."""

from __future__ import annotations

from types import MappingProxyType

from benchmarks.parts import engine, maps, pools, wire
from benchmarks.parts.part import Part

__all__ = ["PARTS", "Part"]

PARTS = MappingProxyType(
    {part.name: part for part in (*wire.PARTS, *engine.PARTS, *pools.PARTS, *maps.PARTS)}
)
