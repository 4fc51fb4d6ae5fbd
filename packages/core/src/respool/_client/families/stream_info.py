"""Commands that tell of streams, their groups and consumers."""

from __future__ import annotations

from asyncio import Future
from typing import Generic, TypeVar

from respool._client.families.family import Family
from respool._client.replies.stream_info import (
    ConsumerInfo,
    GroupInfo,
    StreamDetails,
    StreamInfo,
    consumer_infos,
    group_infos,
    stream_details,
    stream_info,
)
from respool._wire.values import KeyT, StringT

T = TypeVar("T")


class StreamInfoCommands(Family[T], Generic[T]):
    """Commands that tell of streams."""

    def xinfo_consumers(self, key: KeyT, groupname: StringT) -> Future[list[ConsumerInfo[T]]]:
        """Return the consumers of a group. https://redis.io/docs/latest/commands/xinfo-consumers/"""
        return self._run((b"XINFO", b"CONSUMERS", key, groupname), consumer_infos)

    def xinfo_groups(self, key: KeyT) -> Future[list[GroupInfo[T]]]:
        """Return the groups of a stream. https://redis.io/docs/latest/commands/xinfo-groups/"""
        return self._run((b"XINFO", b"GROUPS", key), group_infos)

    def xinfo_stream(self, key: KeyT) -> Future[StreamInfo[T]]:
        """Return what there is to tell of a stream. https://redis.io/docs/latest/commands/xinfo-stream/"""
        return self._run((b"XINFO", b"STREAM", key), stream_info)

    def xinfo_stream_full(self, key: KeyT, *, count: int = 10) -> Future[StreamDetails[T]]:
        """Return a stream with `count` entries (0: all), groups, consumers and what is pending.

        https://redis.io/docs/latest/commands/xinfo-stream/
        """
        return self._run((b"XINFO", b"STREAM", key, b"FULL", b"COUNT", count), stream_details)
