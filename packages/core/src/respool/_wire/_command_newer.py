"""Commands newer than the servers that made `_command_data`, from their descriptions: Redis 8.4 to 8.10, Valkey 9.

In the notation of `_command_rows`. Written by hand, so what a server says goes before it: what is in the generated
table is taken from there, and leaves this one when it is made anew.
"""

from __future__ import annotations

from respool._wire._command_rows import Row

NEWER: dict[str, Row] = {
    "BLMOVEM": (-6, "write denyoom blocking", "1 2", ""),
    "CLUSTER CANCELSLOTMIGRATIONS": (2, "admin stale no_async_loading", "", ""),
    "CLUSTER FLUSHSLOT": (-3, "write admin no_async_loading", "", ""),
    "CLUSTER GETSLOTMIGRATIONS": (2, "admin stale no_async_loading", "", ""),
    "CLUSTER MIGRATESLOTS": (-4, "admin stale no_async_loading", "", ""),
    "CLUSTER MIGRATION": (-4, "admin stale no_async_loading", "", ""),
    "DELEX": (-2, "write fast", "1", ""),
    "DELIFEQ": (3, "write", "1", ""),
    "DIGEST": (2, "readonly fast", "1", ""),
    "LMOVEM": (-5, "write denyoom", "1 2", ""),
    "MSETEX": (-4, "write denyoom", "1#/2", "request_policy:multi_shard response_policy:all_succeeded"),
    "SDIFFCARD": (-3, "readonly", "1#", ""),
    "SUNIONCARD": (-3, "readonly", "1#", ""),
    "VRANGE": (-1, "readonly", "1", ""),
    "XCFGSET": (-2, "write fast", "1", ""),
    "XNACK": (-7, "write fast", "1", ""),
}
