"""Commands of consumer groups: each entry to one consumer, pending until it is acknowledged."""

from __future__ import annotations

from asyncio import Future
from collections.abc import Iterable, Mapping
from typing import Generic, Literal, TypeVar, overload

from respool._client.families.arguments import (
    AnyKeyT,
    MomentT,
    PeriodT,
    clash,
    flag,
    milliseconds,
    one_or_many,
    option,
    optional,
    unix_milliseconds,
)
from respool._client.families.family import Family
from respool._client.families.streams import ReferencePolicy, StreamIdT
from respool._client.replies.basic import listed, succeeded
from respool._client.replies.streams import (
    ClaimedEntry,
    Entry,
    PendingEntry,
    PendingSummary,
    claimed,
    claimed_entries_by_stream,
    claimed_ids,
    entries,
    entries_by_stream,
    pending_entries,
    pending_summary,
)
from respool._wire.values import KeyT, StringT

T = TypeVar("T")


class StreamGroupCommands(Family[T], Generic[T]):
    """Commands of consumer groups. Idle times are in milliseconds or timedeltas."""

    def xack(self, key: KeyT, groupname: StringT, *ids: StreamIdT) -> Future[int]:
        """Acknowledge entries; return how many were pending. https://redis.io/docs/latest/commands/xack/"""
        return self._run((b"XACK", key, groupname, *ids))

    def xackdel(
        self, key: KeyT, groupname: StringT, *ids: StreamIdT, ref_policy: ReferencePolicy = "KEEPREF"
    ) -> Future[list[int]]:
        """Acknowledge and delete entries; the result as for `xdelex`. Redis 8.2.

        https://redis.io/docs/latest/commands/xackdel/
        """
        return self._run((b"XACKDEL", key, groupname, ref_policy, b"IDS", len(ids), *ids))

    @overload
    def xautoclaim(
        self,
        key: KeyT,
        groupname: StringT,
        consumername: StringT,
        min_idle_time: PeriodT,
        start_id: StreamIdT = ...,
        *,
        count: int | None = ...,
        justid: Literal[False] = ...,
    ) -> Future[tuple[T, list[Entry[T]], list[T]]]: ...

    @overload
    def xautoclaim(
        self,
        key: KeyT,
        groupname: StringT,
        consumername: StringT,
        min_idle_time: PeriodT,
        start_id: StreamIdT = ...,
        *,
        count: int | None = ...,
        justid: Literal[True],
    ) -> Future[tuple[T, list[T], list[T]]]: ...

    def xautoclaim(
        self,
        key: KeyT,
        groupname: StringT,
        consumername: StringT,
        min_idle_time: PeriodT,
        start_id: StreamIdT = "0-0",
        *,
        count: int | None = None,
        justid: bool = False,
    ) -> object:
        """Take over pending entries that lie idle: where to go on ("0-0" at the end), they, ids of deleted ones.

        https://redis.io/docs/latest/commands/xautoclaim/
        """
        who = (groupname, consumername, milliseconds(min_idle_time), start_id)
        args = (b"XAUTOCLAIM", key, *who, *option(b"COUNT", count))
        if justid:
            return self._run((*args, b"JUSTID"), claimed_ids)
        return self._run(args, claimed)

    @overload
    def xclaim(
        self,
        key: KeyT,
        groupname: StringT,
        consumername: StringT,
        min_idle_time: PeriodT,
        message_ids: StreamIdT | Iterable[StreamIdT],
        *,
        idle: PeriodT | None = ...,
        time: MomentT | None = ...,
        retrycount: int | None = ...,
        force: bool = ...,
        justid: Literal[False] = ...,
    ) -> Future[list[Entry[T]]]: ...

    @overload
    def xclaim(
        self,
        key: KeyT,
        groupname: StringT,
        consumername: StringT,
        min_idle_time: PeriodT,
        message_ids: StreamIdT | Iterable[StreamIdT],
        *,
        idle: PeriodT | None = ...,
        time: MomentT | None = ...,
        retrycount: int | None = ...,
        force: bool = ...,
        justid: Literal[True],
    ) -> Future[list[T]]: ...

    def xclaim(
        self,
        key: KeyT,
        groupname: StringT,
        consumername: StringT,
        min_idle_time: PeriodT,
        message_ids: StreamIdT | Iterable[StreamIdT],
        *,
        idle: PeriodT | None = None,
        time: MomentT | None = None,
        retrycount: int | None = None,
        force: bool = False,
        justid: bool = False,
    ) -> object:
        """Take over pending entries by id; return them, or their ids with `justid`.

        They count as delivered `idle` ago, or at `time` (Unix time in milliseconds), `retrycount` times; `force` takes
        what is not pending too. https://redis.io/docs/latest/commands/xclaim/
        """
        args = (
            b"XCLAIM",
            key,
            groupname,
            consumername,
            milliseconds(min_idle_time),
            *one_or_many(message_ids),
            *option(b"IDLE", None if idle is None else milliseconds(idle)),
            *option(b"TIME", None if time is None else unix_milliseconds(time)),
            *option(b"RETRYCOUNT", retrycount),
            *flag(b"FORCE", force),
            *flag(b"JUSTID", justid),
        )
        why = clash(idle=idle, time=time)
        return self._run_unless(why, args, listed) if justid else self._run_unless(why, args, entries)

    def xgroup_create(
        self,
        key: KeyT,
        groupname: StringT,
        id: StreamIdT = "$",
        *,
        mkstream: bool = False,
        entries_read: int | None = None,
    ) -> Future[bool]:
        """Make a group that begins behind `id`. https://redis.io/docs/latest/commands/xgroup-create/"""
        options = (*flag(b"MKSTREAM", mkstream), *option(b"ENTRIESREAD", entries_read))
        return self._run((b"XGROUP", b"CREATE", key, groupname, id, *options), succeeded)

    def xgroup_createconsumer(self, key: KeyT, groupname: StringT, consumername: StringT) -> Future[bool]:
        """Make a consumer; False where there is one. https://redis.io/docs/latest/commands/xgroup-createconsumer/"""
        return self._run((b"XGROUP", b"CREATECONSUMER", key, groupname, consumername), bool)

    def xgroup_delconsumer(self, key: KeyT, groupname: StringT, consumername: StringT) -> Future[int]:
        """Delete a consumer; return how many entries it had pending.

        https://redis.io/docs/latest/commands/xgroup-delconsumer/
        """
        return self._run((b"XGROUP", b"DELCONSUMER", key, groupname, consumername))

    def xgroup_destroy(self, key: KeyT, groupname: StringT) -> Future[bool]:
        """Delete a group; False where there is none. https://redis.io/docs/latest/commands/xgroup-destroy/"""
        return self._run((b"XGROUP", b"DESTROY", key, groupname), bool)

    def xgroup_setid(
        self, key: KeyT, groupname: StringT, id: StreamIdT, *, entries_read: int | None = None
    ) -> Future[bool]:
        """Set which entry a group has read last. https://redis.io/docs/latest/commands/xgroup-setid/"""
        args = (b"XGROUP", b"SETID", key, groupname, id, *option(b"ENTRIESREAD", entries_read))
        return self._run(args, succeeded)

    def xnack(
        self,
        key: KeyT,
        groupname: StringT,
        mode: Literal["SILENT", "FAIL", "FATAL"],
        *ids: StreamIdT,
        retrycount: int | None = None,
        force: bool = False,
    ) -> Future[int]:
        """Give pending entries back to the group; return how many were. Redis 8.8.

        SILENT takes back the delivery that was counted, FAIL leaves it counted, FATAL counts as many as there can be;
        `retrycount` sets it. With `force` what is not pending is so afterwards. https://redis.io/docs/latest/commands/xnack/
        """
        how = (*option(b"RETRYCOUNT", retrycount), *flag(b"FORCE", force))
        return self._run((b"XNACK", key, groupname, mode, b"IDS", len(ids), *ids, *how))

    def xpending(self, key: KeyT, groupname: StringT) -> Future[PendingSummary[T]]:
        """Return how much is pending, of whom. https://redis.io/docs/latest/commands/xpending/"""
        return self._run((b"XPENDING", key, groupname), pending_summary)

    def xpending_range(
        self,
        key: KeyT,
        groupname: StringT,
        min: StreamIdT = "-",
        max: StreamIdT = "+",
        count: int = 10,
        *,
        consumername: StringT | None = None,
        idle: PeriodT | None = None,
    ) -> Future[list[PendingEntry[T]]]:
        """Return `count` pending entries; of one consumer, or idle for so long, if told so.

        https://redis.io/docs/latest/commands/xpending/
        """
        span = (*option(b"IDLE", None if idle is None else milliseconds(idle)), min, max, count)
        args = (b"XPENDING", key, groupname, *span, *optional(consumername))
        return self._run(args, pending_entries)

    @overload
    def xreadgroup(
        self,
        groupname: StringT,
        consumername: StringT,
        streams: Mapping[AnyKeyT, StreamIdT],
        *,
        count: int | None = ...,
        block: PeriodT | None = ...,
        noack: bool = ...,
        claim_min_idle_time: None = ...,
    ) -> Future[dict[T, list[Entry[T]]]]: ...

    @overload
    def xreadgroup(
        self,
        groupname: StringT,
        consumername: StringT,
        streams: Mapping[AnyKeyT, StreamIdT],
        *,
        count: int | None = ...,
        block: PeriodT | None = ...,
        noack: bool = ...,
        claim_min_idle_time: PeriodT,
    ) -> Future[dict[T, list[ClaimedEntry[T]]]]: ...

    def xreadgroup(
        self,
        groupname: StringT,
        consumername: StringT,
        streams: Mapping[AnyKeyT, StreamIdT],
        *,
        count: int | None = None,
        block: PeriodT | None = None,
        noack: bool = False,
        claim_min_idle_time: PeriodT | None = None,
    ) -> object:
        """Return entries for a consumer, by stream: new ones for the id ">", else its pending ones behind that id.

        `block` as for `xread`; with `noack` they do not become pending. A pending entry that was deleted has no fields.
        `claim_min_idle_time` takes over, before new ones, what lay idle with others for so long (Redis 8.4).
        https://redis.io/docs/latest/commands/xreadgroup/
        """
        options = (
            *option(b"COUNT", count),
            *option(b"BLOCK", None if block is None else milliseconds(block)),
            *option(b"CLAIM", None if claim_min_idle_time is None else milliseconds(claim_min_idle_time)),
            *flag(b"NOACK", noack),
        )
        who, where = (b"GROUP", groupname, consumername), (b"STREAMS", *streams, *streams.values())
        run = self._run if block is None else self._run_alone
        convert = entries_by_stream if claim_min_idle_time is None else claimed_entries_by_stream
        return run((b"XREADGROUP", *who, *options, *where), convert)
