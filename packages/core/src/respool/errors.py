"""Every exception respool raises. Imports nothing of ours, so that every room may name them.

One base, `RedisError`. Below it: what went wrong between us and the server (`ConnectionError`,
`TimeoutError`, `ProtocolError`), what you gave us that cannot be sent (`DataError`), and what the server
answered (`ResponseError`, one class for each code that somebody may want to catch).
"""

from __future__ import annotations

import builtins

__all__ = [
    "AskError",
    "AuthenticationError",
    "AuthenticationFailureError",
    "AuthenticationRequiredError",
    "AuthorizationError",
    "BusyLoadingError",
    "BusyScriptError",
    "ClusterCrossSlotError",
    "ClusterDownError",
    "ConnectionError",
    "DataError",
    "ExecAbortError",
    "InvalidResponse",
    "LockError",
    "LockNotOwnedError",
    "MovedError",
    "NoScriptError",
    "NotBusyError",
    "OutOfMemoryError",
    "PrimaryDownError",
    "PrimaryNotFoundError",
    "ProtocolError",
    "PubSubError",
    "ReadOnlyError",
    "RedisClusterError",
    "RedisError",
    "ReplicaNotFoundError",
    "ResponseError",
    "StreamConsumerGroupError",
    "StreamDuplicateConsumerGroupError",
    "TimeoutError",
    "TryAgainError",
    "UnblockedError",
    "UnknownCommandError",
    "WatchError",
    "WrongTypeError",
]


class RedisError(Exception):
    """Base of every error of this family."""

    maybe_executed: bool = False
    """True when the command had been written and nobody can know whether the server executed it."""


class ConnectionError(RedisError):
    """The connection could not be had, or was lost.

    `maybe_executed` is True when the command had been written and its reply never came: only the caller knows
    whether it may be repeated.
    """

    def __init__(self, *args: object, maybe_executed: bool = False) -> None:
        super().__init__(*args)
        self.maybe_executed = maybe_executed


class TimeoutError(RedisError, builtins.TimeoutError):
    """The deadline passed first. Also a builtin `TimeoutError`.

    `maybe_executed` is True when the command had been written by then.
    """

    def __init__(self, *args: object, maybe_executed: bool = False) -> None:
        super().__init__(*args)
        self.maybe_executed = maybe_executed


class ProtocolError(RedisError):
    """The two sides do not speak the same protocol."""


class InvalidResponse(ProtocolError):
    """What arrived is not RESP, or nothing that was asked for. The connection it came on is closed."""


class DataError(RedisError):
    """An argument cannot be sent. Nothing was."""


class WatchError(RedisError):
    """A watched key changed, or the connection that watched it was lost; the transaction did not run."""


class PubSubError(RedisError):
    """A subscription was used in a way it cannot serve."""


class LockError(RedisError):
    """A lock could not be acquired, extended or released."""


class LockNotOwnedError(LockError):
    """The lock is not held with this token any more."""


class PrimaryNotFoundError(ConnectionError):
    """No sentinel knows a usable primary of this name."""


class ReplicaNotFoundError(ConnectionError):
    """No sentinel knows a usable replica of this name."""


class RedisClusterError(RedisError):
    """The cluster cannot take this command: no node reachable, slot uncovered, keys in several slots."""


class ResponseError(RedisError):
    """The server answered with an error. `code` is its first word; the message keeps it."""

    def __init__(self, *args: object) -> None:
        super().__init__(*args)
        self.code = str(args[0]).partition(" ")[0] if args else ""


class NoScriptError(ResponseError):
    """NOSCRIPT: the server does not hold the script with this digest."""


class ExecAbortError(ResponseError):
    """EXECABORT: a command of the transaction was refused, so none was executed."""


class ReadOnlyError(ResponseError):
    """READONLY: a write was sent to a replica."""


class WrongTypeError(ResponseError):
    """WRONGTYPE: the key holds another type of value."""


class NotBusyError(ResponseError):
    """NOTBUSY: there is no script to kill."""


class BusyScriptError(ResponseError):
    """BUSY: the server is running a script that takes too long."""


class UnblockedError(ResponseError):
    """UNBLOCKED: a blocking command was ended from outside."""


class TryAgainError(ResponseError):
    """TRYAGAIN: the keys of one command are being moved and are not together."""


class ClusterDownError(ResponseError):
    """CLUSTERDOWN: the cluster, or this slot of it, is not served."""


class ClusterCrossSlotError(ResponseError):
    """CROSSSLOT: the keys of one command lie in several slots."""


class PrimaryDownError(ResponseError):
    """MASTERDOWN: the replica has no link to its primary and may not serve stale data."""


class AuthenticationError(ResponseError):
    """The server does not know who we are."""


class AuthenticationFailureError(AuthenticationError):
    """WRONGPASS: user name or password are wrong."""


class AuthenticationRequiredError(AuthenticationError):
    """NOAUTH: the server wants credentials and got none."""


class AuthorizationError(ResponseError):
    """NOPERM: this user may not do that."""


class OutOfMemoryError(ResponseError):
    """OOM: the server is over its memory limit."""


class UnknownCommandError(ResponseError):
    """The server does not know `command`."""

    def __init__(self, *args: object) -> None:
        super().__init__(*args)
        self.command = _quoted(str(args[0])) if args else ""


class StreamConsumerGroupError(ResponseError):
    """NOGROUP: the stream or its consumer group does not exist."""


class StreamDuplicateConsumerGroupError(StreamConsumerGroupError):
    """BUSYGROUP: the consumer group exists already."""


class BusyLoadingError(ConnectionError):
    """LOADING: the server is reading its data from disk and does not serve yet."""


class _RedirectError(ResponseError):
    """A reply that names another node: `CODE slot host:port`. An empty host means the host we asked."""

    def __init__(self, *args: object) -> None:
        super().__init__(*args)
        _, slot, address = str(args[0]).split(" ")[:3]
        self.slot_id = int(slot)
        host, _, port = address.rpartition(":")
        self.host = host
        self.port = int(port)

    @property
    def node_addr(self) -> tuple[str, int]:
        return self.host, self.port


class MovedError(_RedirectError):
    """MOVED: the slot is served by another node, from now on."""


class AskError(_RedirectError):
    """ASK: the key may be at another node already; ask there, this once."""


def _quoted(message: str) -> str:
    """The first word in quotes; servers have used 'this' and `this`."""
    for mark in ("'", "`"):
        parts = message.split(mark)
        if len(parts) > 2:
            return parts[1]
    return ""
