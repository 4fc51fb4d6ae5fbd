"""From a command and its options to a request that is ready to be sent."""

from __future__ import annotations

import asyncio

from respool._connection.request import Convert, Request, Rescue, SilentRequest, StatefulRequest
from respool._connection.session import Held
from respool._connection.settings import Settings, check_encoding
from respool._connection.subscriptions import SUBSCRIBING, SubscribingRequest
from respool._wire.decoding import decoder
from respool._wire.encoding import pack, split_name, upper_word
from respool._wire.tuples import NamedTuple
from respool._wire.values import ValueT
from respool.errors import (
    BusyLoadingError,
    DataError,
    InvalidResponse,
    ProtocolError,
    RedisError,
    ResponseError,
)

_SKIP = b"*3\r\n$6\r\nCLIENT\r\n$5\r\nREPLY\r\n$4\r\nSKIP\r\n"


class CommandInvocation(NamedTuple):
    """One command for `create_requests`: None means what its connection was made with."""

    command: bytes
    args: tuple[ValueT, ...] = ()
    decode: bool | None = None
    encoding: str | None = None


def build_request(
    args: tuple[ValueT, ...],
    *,
    encoding: str = "utf-8",
    decode: bool = False,
    convert: Convert | None = None,
    rescue: Rescue | None = None,
    kind: type[Request[object]] = Request,
) -> Request[object]:
    """Make a request in the running loop. Raises `DataError` for what cannot be sent."""
    request = kind()
    request.args = args
    request.payload = pack(args, encoding)
    request.future = asyncio.get_running_loop().create_future()
    request.convert = convert or (decoder(encoding) if decode else None)
    request.rescue = rescue
    return request


def build_silent_request(args: tuple[ValueT, ...], *, encoding: str = "utf-8", skip: bool) -> Request[object]:
    """Make a request that will get no reply: with `skip`, the server is told so in front of it."""
    request = build_request(args, encoding=encoding, kind=SilentRequest)
    if skip:
        payload = request.payload
        request.payload = _SKIP + payload if isinstance(payload, bytes) else (_SKIP, *payload)
    return request


def prepare(
    invocation: CommandInvocation,
    args: tuple[ValueT, ...],
    settings: Settings,
    *,
    raise_exceptions: bool,
    noreply: bool,
    stateful: bool,
) -> Request[object]:
    """Make the request of an invocation, whose words are `args`, on a connection with these settings."""
    encoding = settings.encoding if invocation.encoding is None else invocation.encoding
    if encoding is not settings.encoding:
        check_encoding(encoding)
    always_silent = settings.introduction.noreply
    if always_silent or noreply:
        return build_silent_request(args, encoding=encoding, skip=not always_silent)
    return build_request(
        args,
        encoding=encoding,
        decode=settings.decode_responses if invocation.decode is None else invocation.decode,
        rescue=None if raise_exceptions else keep_error,
        kind=StatefulRequest if stateful else Request,
    )


def words_of(command: bytes, args: tuple[ValueT, ...]) -> tuple[ValueT, ...]:
    """Return a command as it is sent: a name with a space in it is two words."""
    words = split_name(command)
    if not words:
        raise DataError("an empty command name")
    return (*words, *args)


def build_subscribing_request(name: bytes, words: tuple[ValueT, ...], encoding: str) -> SubscribingRequest:
    """Make the request of a command that messages answer."""
    request = build_request(words, encoding=encoding, kind=SubscribingRequest)
    assert isinstance(request, SubscribingRequest)
    request.confirmation = name.lower()
    request.missing = len(words) - 1
    return request


def check_sendable(name: bytes, args: tuple[ValueT, ...], protocol: int) -> None:
    """Raise `DataError` for a command after which the two sides would no longer understand each other."""
    if name in (b"SYNC", b"PSYNC"):
        raise DataError(f"{name.decode()} makes a replica of a connection, which ours cannot be")
    if name == b"RESET":
        raise DataError("RESET undoes the handshake: disconnect() and connect() begin afresh and keep it")
    if name == b"HELLO" and len(args) > 1 and upper_word(args[1]) != b"%d" % protocol:
        raise DataError(
            f"HELLO would change the protocol: this connection was made with protocol_version={protocol}"
        )
    if name == b"CLIENT REPLY" and upper_word(args[2] if len(args) > 2 else b"") != b"ON":
        raise DataError("CLIENT REPLY would leave its future without a reply: use noreply=True")


def check_answered(name: bytes, held: Held) -> None:
    """Raise `DataError` for a command that would not get one reply of its own: its future would take another's."""
    if name in SUBSCRIBING or name == b"MONITOR":
        raise DataError(f"{name.decode()} is answered by messages: use send_command and fetch_push_message")
    if Held.MONITOR in held:
        raise DataError("a connection in MONITOR takes no requests: nothing tells what it says from replies")


def keep_error(request: Request[object], error: RedisError) -> bool:
    """Rescue for callers that take an error reply as a result. A lost connection is still an exception."""
    if not is_error_reply(error):
        return False
    request.future.set_result(error)
    return True


def is_error_reply(error: object) -> bool:
    """Tell whether this is what the server answered, not what became of the connection."""
    is_reply = isinstance(error, (ResponseError, BusyLoadingError, ProtocolError))
    return is_reply and not isinstance(error, InvalidResponse)
