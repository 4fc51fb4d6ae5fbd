"""Publishing and subscribing.

https://redis.io/docs/latest/commands/?group=pubsub
"""

from __future__ import annotations

from typing import Final

from respool_testing.replies import Reply, Several

from ..call import Call
from ..errors import CommandError
from ..globs import matches
from ..messages import Published
from ..pubsub import Kind, confirmation
from ..registry import Family

family = Family("pubsub")

_SUBSCRIBE: Final = "pubsub noscript loading stale"
_ASK: Final = "pubsub loading stale"


@family.command("subscribe", arity=-2, flags=_SUBSCRIBE, since="2.0.0")
def subscribe(call: Call) -> Reply:
    return _subscribe(call, Kind.CHANNEL)


@family.command("psubscribe", arity=-2, flags=_SUBSCRIBE, since="2.0.0")
def psubscribe(call: Call) -> Reply:
    return _subscribe(call, Kind.PATTERN)


@family.command("ssubscribe", arity=-2, flags=_SUBSCRIBE, keys=(1, -1, 1), since="7.0.0")
def ssubscribe(call: Call) -> Reply:
    return _subscribe(call, Kind.SHARD)


@family.command("unsubscribe", arity=-1, flags=_SUBSCRIBE, since="2.0.0")
def unsubscribe(call: Call) -> Reply:
    return _unsubscribe(call, Kind.CHANNEL)


@family.command("punsubscribe", arity=-1, flags=_SUBSCRIBE, since="2.0.0")
def punsubscribe(call: Call) -> Reply:
    return _unsubscribe(call, Kind.PATTERN)


@family.command("sunsubscribe", arity=-1, flags=_SUBSCRIBE, keys=(1, -1, 1), since="7.0.0")
def sunsubscribe(call: Call) -> Reply:
    return _unsubscribe(call, Kind.SHARD)


@family.command("publish", arity=3, flags="pubsub loading stale fast", since="2.0.0")
def publish(call: Call) -> Reply:
    if call.server.sentinel is not None:
        raise CommandError("ERR Only HELLO messages are accepted by Sentinel instances.")
    return _publish(call, sharded=False)


@family.command("spublish", arity=3, flags="pubsub loading stale fast", keys=(1, 1, 1), since="7.0.0")
def spublish(call: Call) -> Reply:
    return _publish(call, sharded=True)


family.container("pubsub", since="2.8.0", help_since="6.2.0")


@family.command("pubsub|channels", arity=-2, flags=_ASK, since="2.8.0")
def pubsub_channels(call: Call) -> Reply:
    return _channels(call, Kind.CHANNEL)


@family.command("pubsub|shardchannels", arity=-2, flags=_ASK, since="7.0.0")
def pubsub_shardchannels(call: Call) -> Reply:
    return _channels(call, Kind.SHARD)


@family.command("pubsub|numpat", arity=2, flags=_ASK, since="2.8.0")
def pubsub_numpat(call: Call) -> Reply:
    return len(call.server.pubsub.channels[Kind.PATTERN])


@family.command("pubsub|numsub", arity=-2, flags=_ASK, since="2.8.0")
def pubsub_numsub(call: Call) -> Reply:
    return _numbers(call, Kind.CHANNEL)


@family.command("pubsub|shardnumsub", arity=-2, flags=_ASK, since="7.0.0")
def pubsub_shardnumsub(call: Call) -> Reply:
    return _numbers(call, Kind.SHARD)


def _subscribe(call: Call, kind: Kind) -> Reply:
    if kind is Kind.SHARD and call.queued:
        raise CommandError("ERR SSUBSCRIBE isn't allowed for a DENY BLOCKING client")
    pubsub = call.server.pubsub
    replies = []
    for channel in call.args:
        pubsub.subscribe(call.session, kind, channel)
        replies.append(confirmation(b"subscribe", kind, channel, pubsub.count(call.session, kind)))
    return Several(replies)


def _unsubscribe(call: Call, kind: Kind) -> Reply:
    pubsub = call.server.pubsub
    channels = call.args or pubsub.channels_of(call.session, kind)
    replies = []
    for channel in channels:
        pubsub.unsubscribe(call.session, kind, channel)
        replies.append(confirmation(b"unsubscribe", kind, channel, pubsub.count(call.session, kind)))
    if not channels:
        replies.append(confirmation(b"unsubscribe", kind, None, pubsub.count(call.session, kind)))
    return Several(replies)


def _publish(call: Call, *, sharded: bool) -> int:
    channel, message = call.args
    published = Published(channel, message, sharded)
    call.server.outbox.broadcast(published)
    return call.server.pubsub.publish(published, call.server.outbox)


def _channels(call: Call, kind: Kind) -> Reply:
    if len(call.args) > 1:
        word = call.request[1].decode("latin-1")
        raise CommandError(
            f"ERR unknown subcommand or wrong number of arguments for '{word}'. Try PUBSUB HELP."
        )
    pattern = call.args[0] if call.args else b"*"
    return [channel for channel in call.server.pubsub.channels[kind] if matches(pattern, channel)]


def _numbers(call: Call, kind: Kind) -> Reply:
    return [part for channel in call.args for part in (channel, call.server.pubsub.listeners(kind, channel))]
