"""Commands that publish messages and tell who listens. Listening is `redis.pubsub()`."""

from __future__ import annotations

from asyncio import Future
from typing import Generic, TypeVar

from respool._client.families.family import Family
from respool._client.replies.basic import mapping
from respool._wire.values import KeyT, StringT, ValueT

T = TypeVar("T")


class PublishingCommands(Family[T], Generic[T]):
    """Commands on channels. What is counted is counted on one node."""

    def publish(self, channel: KeyT, message: ValueT) -> Future[int]:
        """Publish a message; return how many clients received it. https://redis.io/docs/latest/commands/publish/"""
        return self._run((b"PUBLISH", channel, message))

    def pubsub_channels(self, pattern: StringT = "*") -> Future[list[T]]:
        """Return the channels somebody listens to. https://redis.io/docs/latest/commands/pubsub-channels/"""
        return self._run((b"PUBSUB", b"CHANNELS", pattern))

    def pubsub_numpat(self) -> Future[int]:
        """Return how many patterns are listened to. https://redis.io/docs/latest/commands/pubsub-numpat/"""
        return self._run((b"PUBSUB", b"NUMPAT"))

    def pubsub_numsub(self, *channels: KeyT) -> Future[dict[T, int]]:
        """Return how many clients listen to each channel. https://redis.io/docs/latest/commands/pubsub-numsub/"""
        return self._run((b"PUBSUB", b"NUMSUB", *channels), mapping)

    def pubsub_shardchannels(self, pattern: StringT = "*") -> Future[list[T]]:
        """Return the sharded channels somebody listens to.

        https://redis.io/docs/latest/commands/pubsub-shardchannels/
        """
        return self._run((b"PUBSUB", b"SHARDCHANNELS", pattern))

    def pubsub_shardnumsub(self, *channels: KeyT) -> Future[dict[T, int]]:
        """Return how many clients listen to each sharded channel.

        https://redis.io/docs/latest/commands/pubsub-shardnumsub/
        """
        return self._run((b"PUBSUB", b"SHARDNUMSUB", *channels), mapping)

    def spublish(self, channel: KeyT, message: ValueT) -> Future[int]:
        """Publish to a sharded channel; return how many received it. https://redis.io/docs/latest/commands/spublish/"""
        return self._run((b"SPUBLISH", channel, message))
