"""The command set: all its families in one class. How a command travels is its subclass's affair.

Every method returns the future of its reply at once; the command is on its way whether or not it is awaited.
"""

from __future__ import annotations

from typing import Generic, TypeVar

from respool._client.acl import AclCommands
from respool._client.bitmaps import BitmapCommands
from respool._client.clients import ClientCommands
from respool._client.cluster_admin import ClusterAdminCommands
from respool._client.cluster_info import ClusterInfoCommands
from respool._client.configuration import ConfigurationCommands
from respool._client.expiry import ExpiryCommands
from respool._client.functions import FunctionCommands
from respool._client.geo import GeoCommands
from respool._client.hash_expiry import HashExpiryCommands
from respool._client.hashes import HashCommands
from respool._client.hyperloglogs import HyperLogLogCommands
from respool._client.introspection import IntrospectionCommands
from respool._client.keys import KeyCommands
from respool._client.latency import LatencyCommands
from respool._client.list_waits import ListWaitCommands
from respool._client.lists import ListCommands
from respool._client.memory import MemoryCommands
from respool._client.publishing import PublishingCommands
from respool._client.scripting import ScriptingCommands
from respool._client.server import ServerCommands
from respool._client.sets import SetCommands
from respool._client.sorted_set_algebra import SortedSetAlgebraCommands
from respool._client.sorted_set_pops import SortedSetPopCommands
from respool._client.sorted_set_ranges import SortedSetRangeCommands
from respool._client.sorted_sets import SortedSetCommands
from respool._client.sorting import SortingCommands
from respool._client.stream_groups import StreamGroupCommands
from respool._client.stream_info import StreamInfoCommands
from respool._client.streams import StreamCommands
from respool._client.strings import StringCommands
from respool._client.vector_sets import VectorSetCommands
from respool._connection.request import Request
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

    def execute_command(self, *args: ValueT) -> Request[ResponseType]:
        """Send any command, modules' included, and return its reply as the server gave it."""
        return self._run(args)
