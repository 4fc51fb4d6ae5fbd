"""Commands on streams and their entries. Consumer groups and what tells of streams have modules of their own.

An id is `"milliseconds-number"`; an entry is its id and a dict of its fields.
"""

from __future__ import annotations

from asyncio import Future
from collections.abc import Mapping
from typing import Generic, Literal, TypeAlias, TypeVar, overload

from respool._client.families.arguments import (
    AnyKeyT,
    AnyValueT,
    PeriodT,
    Words,
    clash,
    flag,
    flattened,
    milliseconds,
    option,
    optional,
    seconds,
)
from respool._client.families.family import Family
from respool._client.replies.basic import succeeded
from respool._client.replies.streams import Entry, entries, entries_by_stream
from respool._wire.values import KeyT, StringT, ValueT

T = TypeVar("T")

ReferencePolicy: TypeAlias = Literal["KEEPREF", "DELREF", "ACKED"]
"""What becomes of a deleted entry in consumer groups: it stays pending; it goes; it is deleted only if all are done."""

StreamIdT: TypeAlias = StringT | int
"""An id, or one of the signs that a command takes for one: `*`, `$`, `-`, `+`, `>`."""


class StreamCommands(Family[T], Generic[T]):
    """Commands on entries of streams.

    Trimming keeps `maxlen` entries or those from `minid` on: `approximate` keeps some more where that is faster, and
    then removes `limit` at most. Reference policies need Redis 8.2.
    """

    @overload
    def xadd(
        self,
        key: KeyT,
        fields: Mapping[AnyValueT, ValueT],
        id: StreamIdT = ...,
        *,
        maxlen: int | None = ...,
        approximate: bool = ...,
        nomkstream: Literal[False] = ...,
        minid: StreamIdT | None = ...,
        limit: int | None = ...,
        ref_policy: ReferencePolicy | None = ...,
        idmp: tuple[ValueT, ValueT] | None = ...,
        idmpauto: ValueT | None = ...,
    ) -> Future[T]: ...

    @overload
    def xadd(
        self,
        key: KeyT,
        fields: Mapping[AnyValueT, ValueT],
        id: StreamIdT = ...,
        *,
        maxlen: int | None = ...,
        approximate: bool = ...,
        nomkstream: Literal[True],
        minid: StreamIdT | None = ...,
        limit: int | None = ...,
        ref_policy: ReferencePolicy | None = ...,
        idmp: tuple[ValueT, ValueT] | None = ...,
        idmpauto: ValueT | None = ...,
    ) -> Future[T | None]: ...

    def xadd(
        self,
        key: KeyT,
        fields: Mapping[AnyValueT, ValueT],
        id: StreamIdT = "*",
        *,
        maxlen: int | None = None,
        approximate: bool = True,
        nomkstream: bool = False,
        minid: StreamIdT | None = None,
        limit: int | None = None,
        ref_policy: ReferencePolicy | None = None,
        idmp: tuple[ValueT, ValueT] | None = None,
        idmpauto: ValueT | None = None,
    ) -> object:
        """Append an entry; return its id. None where there is no stream and `nomkstream` makes none.

        Redis 8.6 knows duplicates: of the same producer and id (`idmp`), or of the same producer and content
        (`idmpauto`); then the id is that of the entry which is there. https://redis.io/docs/latest/commands/xadd/
        """
        trim = () if maxlen is None and minid is None else _trim(maxlen, minid, approximate, limit)
        once = option(b"IDMPAUTO", idmpauto) if idmp is None else (b"IDMP", *idmp)
        head = (*flag(b"NOMKSTREAM", nomkstream), *optional(ref_policy), *once)
        why = clash(maxlen=maxlen, minid=minid) or clash(idmp=idmp, idmpauto=idmpauto)
        return self._run_unless(why, (b"XADD", key, *head, *trim, id, *flattened(fields)))

    def xcfgset(
        self, key: KeyT, *, idmp_duration: PeriodT | None = None, idmp_maxsize: int | None = None
    ) -> Future[bool]:
        """Set for how many seconds, and how many of each producer, ids against duplicates are remembered. Redis 8.6.

        https://redis.io/docs/latest/commands/xcfgset/
        """
        duration = None if idmp_duration is None else seconds(idmp_duration)
        options = (*option(b"IDMP-DURATION", duration), *option(b"IDMP-MAXSIZE", idmp_maxsize))
        return self._run((b"XCFGSET", key, *options), succeeded)

    def xdel(self, key: KeyT, *ids: StreamIdT) -> Future[int]:
        """Delete entries; return how many there were. https://redis.io/docs/latest/commands/xdel/"""
        return self._run((b"XDEL", key, *ids))

    def xdelex(
        self, key: KeyT, *ids: StreamIdT, ref_policy: ReferencePolicy = "KEEPREF"
    ) -> Future[list[int]]:
        """Delete entries; of each: 1 deleted, -1 none, 2 not acknowledged by all yet (ACKED). Redis 8.2.

        https://redis.io/docs/latest/commands/xdelex/
        """
        return self._run((b"XDELEX", key, ref_policy, b"IDS", len(ids), *ids))

    def xlen(self, key: KeyT) -> Future[int]:
        """Return the number of entries. https://redis.io/docs/latest/commands/xlen/"""
        return self._run((b"XLEN", key))

    def xrange(
        self, key: KeyT, min: StreamIdT = "-", max: StreamIdT = "+", *, count: int | None = None
    ) -> Future[list[Entry[T]]]:
        """Return entries from `min` to `max`, both included. https://redis.io/docs/latest/commands/xrange/"""
        return self._run((b"XRANGE", key, min, max, *option(b"COUNT", count)), entries)

    def xread(
        self, streams: Mapping[AnyKeyT, StreamIdT], *, count: int | None = None, block: PeriodT | None = None
    ) -> Future[dict[T, list[Entry[T]]]]:
        """Return entries behind those ids, by stream; `block` waits so many milliseconds for one, 0 for ever.

        Empty where there are none. https://redis.io/docs/latest/commands/xread/
        """
        options = (
            *option(b"COUNT", count),
            *option(b"BLOCK", None if block is None else milliseconds(block)),
        )
        args = (b"XREAD", *options, b"STREAMS", *streams, *streams.values())
        run = self._run if block is None else self._run_alone
        return run(args, entries_by_stream)

    def xrevrange(
        self, key: KeyT, max: StreamIdT = "+", min: StreamIdT = "-", *, count: int | None = None
    ) -> Future[list[Entry[T]]]:
        """Return entries from `max` back to `min`. https://redis.io/docs/latest/commands/xrevrange/"""
        return self._run((b"XREVRANGE", key, max, min, *option(b"COUNT", count)), entries)

    def xsetid(
        self,
        key: KeyT,
        last_id: StreamIdT,
        *,
        entries_added: int | None = None,
        max_deleted_id: StreamIdT | None = None,
    ) -> Future[bool]:
        """Set the last id that a stream has given out. https://redis.io/docs/latest/commands/xsetid/"""
        options = (*option(b"ENTRIESADDED", entries_added), *option(b"MAXDELETEDID", max_deleted_id))
        return self._run((b"XSETID", key, last_id, *options), succeeded)

    def xtrim(
        self,
        key: KeyT,
        *,
        maxlen: int | None = None,
        approximate: bool = True,
        minid: StreamIdT | None = None,
        limit: int | None = None,
        ref_policy: ReferencePolicy | None = None,
    ) -> Future[int]:
        """Trim a stream; return how many entries went. https://redis.io/docs/latest/commands/xtrim/"""
        why = clash(maxlen=maxlen, minid=minid)
        if maxlen is None and minid is None:
            why = "give maxlen or minid"
        trim = (*_trim(maxlen, minid, approximate, limit), *optional(ref_policy))
        return self._run_unless(why, (b"XTRIM", key, *trim))


def _trim(maxlen: int | None, minid: StreamIdT | None, approximate: bool, limit: int | None) -> Words:
    limits = (*option(b"MAXLEN", maxlen), *option(b"MINID", minid))
    return (*limits[:1], b"~" if approximate else b"=", *limits[1:], *option(b"LIMIT", limit))
