"""Everything that is said to a sentinel alone, gathered from the files that know it."""

from __future__ import annotations

from ..registry import Family
from . import sentinel_changes, sentinel_info, sentinel_reports

family = Family("sentinel")
for part in (sentinel_reports.family, sentinel_changes.family, sentinel_info.family):
    family.commands |= part.commands
    family.handlers |= part.handlers
family.container("sentinel", since="2.8.4", help_since="6.2.0")
