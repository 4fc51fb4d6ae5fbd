"""The types of replies that have parts, to annotate with. Re-exports only; commands make them, not you."""

from __future__ import annotations

from respool._client.replies.acl import AclLogEntry, AclRules, AclUser
from respool._client.replies.clients import TrackingInfo
from respool._client.replies.cluster import ClusterLink, ClusterNode, ServingNode, Shard, ShardNode, SlotRange
from respool._client.replies.functions import Engine, Function, FunctionStats, Library, RunningFunction
from respool._client.replies.geo import GeoMatch
from respool._client.replies.introspection import CommandDocs, CommandInfo, Module
from respool._client.replies.latency import CommandHistogram, LatencyEvent, LoggedCommand
from respool._client.replies.server import PrimaryRole, ReplicaAddress, ReplicaRole, SentinelRole
from respool._client.replies.stream_info import (
    ConsumerDetails,
    ConsumerInfo,
    Delivery,
    GroupDetails,
    GroupInfo,
    StreamDetails,
    StreamInfo,
)
from respool._client.replies.streams import ClaimedEntry, PendingEntry, PendingSummary
from respool._client.replies.strings import LcsMatch, LcsMatches
from respool._client.replies.vectors import RawVector, VectorMatch, VectorSetInfo

__all__ = [
    "AclLogEntry",
    "AclRules",
    "AclUser",
    "ClaimedEntry",
    "ClusterLink",
    "ClusterNode",
    "CommandDocs",
    "CommandHistogram",
    "CommandInfo",
    "ConsumerDetails",
    "ConsumerInfo",
    "Delivery",
    "Engine",
    "Function",
    "FunctionStats",
    "GeoMatch",
    "GroupDetails",
    "GroupInfo",
    "LatencyEvent",
    "LcsMatch",
    "LcsMatches",
    "Library",
    "LoggedCommand",
    "Module",
    "PendingEntry",
    "PendingSummary",
    "PrimaryRole",
    "RawVector",
    "ReplicaAddress",
    "ReplicaRole",
    "RunningFunction",
    "SentinelRole",
    "ServingNode",
    "Shard",
    "ShardNode",
    "SlotRange",
    "StreamDetails",
    "StreamInfo",
    "TrackingInfo",
    "VectorMatch",
    "VectorSetInfo",
]
