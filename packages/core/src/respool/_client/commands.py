"""The command set: all its families in one class. How a command travels is its subclass's affair.

Every method returns the future of its reply at once; the command is on its way whether or not it is awaited.
"""

from __future__ import annotations

from asyncio import Future
from typing import Generic, TypeVar

from respool._client.families.acl import AclCommands
from respool._client.families.bitmaps import BitmapCommands
from respool._client.families.clients import ClientCommands
from respool._client.families.cluster_admin import ClusterAdminCommands
from respool._client.families.cluster_info import ClusterInfoCommands
from respool._client.families.configuration import ConfigurationCommands
from respool._client.families.expiry import ExpiryCommands
from respool._client.families.functions import FunctionCommands
from respool._client.families.geo import GeoCommands
from respool._client.families.hash_expiry import HashExpiryCommands
from respool._client.families.hashes import HashCommands
from respool._client.families.hyperloglogs import HyperLogLogCommands
from respool._client.families.introspection import IntrospectionCommands
from respool._client.families.keys import KeyCommands
from respool._client.families.latency import LatencyCommands
from respool._client.families.list_waits import ListWaitCommands
from respool._client.families.lists import ListCommands
from respool._client.families.memory import MemoryCommands
from respool._client.families.publishing import PublishingCommands
from respool._client.families.scripting import ScriptingCommands
from respool._client.families.server import ServerCommands
from respool._client.families.sets import SetCommands
from respool._client.families.sorted_set_algebra import SortedSetAlgebraCommands
from respool._client.families.sorted_set_pops import SortedSetPopCommands
from respool._client.families.sorted_set_ranges import SortedSetRangeCommands
from respool._client.families.sorted_sets import SortedSetCommands
from respool._client.families.sorting import SortingCommands
from respool._client.families.stream_groups import StreamGroupCommands
from respool._client.families.stream_info import StreamInfoCommands
from respool._client.families.streams import StreamCommands
from respool._client.families.strings import StringCommands
from respool._client.families.vector_sets import VectorSetCommands
from respool._wire.values import ResponseType, ValueT

T = TypeVar("T")


class Commands(
    StringCommands[T],
    HashCommands[T],
    HashExpiryCommands[T],
    SortedSetCommands[T],
    SortedSetRangeCommands[T],
    SortedSetPopCommands[T],
    SortedSetAlgebraCommands[T],
    KeyCommands[T],
    ExpiryCommands[T],
    SortingCommands[T],
    BitmapCommands[T],
    HyperLogLogCommands[T],
    ListCommands[T],
    ListWaitCommands[T],
    SetCommands[T],
    GeoCommands[T],
    StreamCommands[T],
    StreamGroupCommands[T],
    StreamInfoCommands[T],
    ScriptingCommands[T],
    FunctionCommands[T],
    PublishingCommands[T],
    ClientCommands[T],
    AclCommands[T],
    ConfigurationCommands[T],
    ServerCommands[T],
    MemoryCommands[T],
    LatencyCommands[T],
    IntrospectionCommands[T],
    ClusterInfoCommands[T],
    ClusterAdminCommands[T],
    VectorSetCommands[T],
    Generic[T],
):
    """The command set. `T` is what text decodes to: bytes, or str."""

    def execute_command(self, *args: ValueT) -> Future[ResponseType]:
        """Send any command, modules' included, and return its reply as the server gave it."""
        return self._run(args)
