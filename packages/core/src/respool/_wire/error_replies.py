"""The text of an error reply to the exception that stands for it (table of codes)."""

from __future__ import annotations

from respool import errors
from respool.errors import RedisError, ResponseError

_BY_CODE: dict[str, type[RedisError]] = {
    "ASK": errors.AskError,
    "BUSY": errors.BusyScriptError,
    "BUSYGROUP": errors.StreamDuplicateConsumerGroupError,
    "CLUSTERDOWN": errors.ClusterDownError,
    "CROSSSLOT": errors.ClusterCrossSlotError,
    "EXECABORT": errors.ExecAbortError,
    "LOADING": errors.BusyLoadingError,
    "MASTERDOWN": errors.PrimaryDownError,
    "MOVED": errors.MovedError,
    "NOAUTH": errors.AuthenticationRequiredError,
    "NOGROUP": errors.StreamConsumerGroupError,
    "NOPERM": errors.AuthorizationError,
    "NOPROTO": errors.ProtocolError,
    "NOSCRIPT": errors.NoScriptError,
    "NOTBUSY": errors.NotBusyError,
    "OOM": errors.OutOfMemoryError,
    "READONLY": errors.ReadOnlyError,
    "TRYAGAIN": errors.TryAgainError,
    "UNBLOCKED": errors.UnblockedError,
    "WRONGPASS": errors.AuthenticationFailureError,
    "WRONGTYPE": errors.WrongTypeError,
}

# Errors that share the code ERR are told apart by how they go on. Servers before 6.2 refused a password so.
_BY_TEXT: tuple[tuple[str, type[RedisError]], ...] = (
    ("ERR unknown command", errors.UnknownCommandError),
    ("ERR unknown subcommand", errors.UnknownCommandError),
    ("ERR Unknown subcommand", errors.UnknownCommandError),
    ("ERR max number of clients reached", errors.ConnectionError),
    ("ERR invalid password", errors.AuthenticationFailureError),
)


ERROR_CLASSES: frozenset[type[RedisError]] = frozenset(
    {ResponseError, *_BY_CODE.values(), *(kind for _, kind in _BY_TEXT)}
)
"""Every class that `error_from_reply` makes."""


def error_from_reply(text: str) -> RedisError:
    """Return the exception for an error reply. Never raises: a malformed one is a plain `ResponseError`."""
    kind = _BY_CODE.get(text.partition(" ")[0])
    if kind is None:
        kind = next((kind for start, kind in _BY_TEXT if text.startswith(start)), ResponseError)
    try:
        return kind(text)
    except ValueError:  # a redirection without slot or address
        return ResponseError(text)
