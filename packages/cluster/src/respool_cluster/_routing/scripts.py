"""Sources of scripts by their digests, for nodes that do not hold them: each node is another server."""

from __future__ import annotations

from respool import Script
from respool.errors import DataError, NoScriptError, RedisError
from respool.lowlevel import Request, ValueT, pack
from respool_cluster._map.slot import text_of

_KEPT = 1024
"""Scripts whose sources are kept, the last ones; of others a NOSCRIPT is the caller's to see."""

_WITH_SOURCE = {"EVALSHA": b"EVAL", "EVALSHA_RO": b"EVAL_RO"}


class Scripts:
    """Knows the scripts that were registered. Nothing is sent from here."""

    def __init__(self, encoding: str) -> None:
        self._encoding = encoding
        self._sources: dict[str, bytes] = {}

    def keep(self, script: Script) -> None:
        """Take note of a script's source."""
        self._sources.pop(script.sha, None)
        self._sources[script.sha] = script.source
        if len(self._sources) > _KEPT:
            del self._sources[next(iter(self._sources))]

    def supply(self, request: Request[object], error: RedisError) -> bool:
        """Put the source into a request that failed for want of it; False if it failed for something else."""
        if not isinstance(error, NoScriptError) or len(request.args) < 2:
            return False
        name, digest, *words = request.args
        source = self._sources.get(text_of(digest).lower())
        if source is None or text_of(name).upper() not in _WITH_SOURCE:
            return False
        args: tuple[ValueT, ...] = (_WITH_SOURCE[text_of(name).upper()], source, *words)
        try:
            request.payload = pack(args, self._encoding)
        except DataError:
            return False
        request.args = args
        return True
