"""The stable door for the satellites, the testing kit and authors of pools. Re-exports only."""

from __future__ import annotations

from respool._client.cache.origin import Way
from respool._client.carriers import Carrier
from respool._client.commands import Commands
from respool._client.families.keys import KeyType
from respool._client.intake import Intake
from respool._client.locks import EXTEND, RELEASE
from respool._client.messages import Kind, Subscription
from respool._client.scanning import ScanningCommands
from respool._client.sending import RequestMaker, refused
from respool._client.station import PASSING, FindPool, Overseer, Station
from respool._client.transactions import Transaction
from respool._client.watching import WatchedPipeline
from respool._connection.base import BaseConnection
from respool._connection.generation import Generation
from respool._connection.invocation import CommandInvocation, build_request
from respool._connection.request import (
    Convert,
    FollowingRequest,
    GroupedRequest,
    Request,
    Rescue,
    SilentRequest,
    fail,
    fresh,
    refuse,
    retrieve,
)
from respool._connection.tcp import TCPOptions
from respool._pool.line import Line
from respool._pool.retry import RetryPolicy, may_repeat
from respool._wire.commands import (
    block_timeout,
    door,
    is_blocking,
    is_plain,
    is_read_only,
    keys,
    lookup,
    routing_keys,
)
from respool._wire.encoding import pack
from respool._wire.error_replies import error_from_reply
from respool._wire.values import KeyT, ProtocolVersion, ResponseType, StringT, ValueT

__all__ = [
    "EXTEND",
    "PASSING",
    "RELEASE",
    "BaseConnection",
    "Carrier",
    "CommandInvocation",
    "Commands",
    "Convert",
    "FindPool",
    "FollowingRequest",
    "Generation",
    "GroupedRequest",
    "Intake",
    "KeyT",
    "KeyType",
    "Kind",
    "Line",
    "Overseer",
    "ProtocolVersion",
    "Request",
    "RequestMaker",
    "Rescue",
    "ResponseType",
    "RetryPolicy",
    "ScanningCommands",
    "SilentRequest",
    "Station",
    "StringT",
    "Subscription",
    "TCPOptions",
    "Transaction",
    "ValueT",
    "WatchedPipeline",
    "Way",
    "block_timeout",
    "build_request",
    "door",
    "error_from_reply",
    "fail",
    "fresh",
    "is_blocking",
    "is_plain",
    "is_read_only",
    "keys",
    "lookup",
    "may_repeat",
    "pack",
    "refuse",
    "refused",
    "retrieve",
    "routing_keys",
]
