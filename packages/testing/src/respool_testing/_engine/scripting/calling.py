"""What `redis.call` does: which commands a script may run, and how it is told what came of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from respool_testing.replies import Reply

from .. import gates
from ..catalog import Catalog
from ..command import Command
from ..errors import CommandError
from ..numbers import spelled
from ..parser import Request
from ..session import Queued, Session
from ..slots import key_slot
from ..state import ServerState

_BLOCKING_ALLOWED_SINCE: Final = (7, 2, 0)
_CLUSTER_IS_DOWN: Final = {
    b"CLUSTERDOWN The cluster is down": "ERR Script attempted to execute a command while the cluster is down",
    b"CLUSTERDOWN The cluster is down and only accepts read commands": (
        "ERR Script attempted to execute a write command while the cluster is down and readonly"
    ),
}
_CROSSES_SLOTS: Final = "ERR Script attempted to access keys that do not hash to the same slot"
_ELSEWHERE: Final = "ERR Script attempted to access a non local key in a cluster node"


@dataclass(frozen=True, slots=True)
class Rights:
    """What a script may do: write, and in a cluster touch other slots than those of its keys."""

    writes: bool = True
    crosses_slots: bool = False


class Caller:
    """Runs commands for one run of a script, on a session of its own behind that of its client."""

    def __init__(
        self,
        server: ServerState,
        catalog: Catalog,
        client: Session,
        run: Callable[[Session, Queued], Reply],
        rights: Rights,
        keys: Sequence[bytes],
    ) -> None:
        self.server = server
        self._catalog = catalog
        self._run = run
        self._rights = rights
        self._slot = key_slot(keys[0]) if keys else None
        self.session = client.for_script()

    def call(self, request: Request) -> Reply:
        """Run a command; what it refuses with is the reply."""
        try:
            command = self._find(request)
            self._check(command, request)
        except CommandError as refusal:
            return refusal.reply
        return self._run(self.session, Queued(command, request))

    def knows(self, request: Request) -> bool:
        """Tell whether there is such a command."""
        try:
            self._catalog.find(request)
        except CommandError as refusal:
            return not refusal.reply.text.startswith(b"ERR unknown")
        return True

    def spelled(self, number: float) -> bytes:
        """Return a number as an argument."""
        return spelled(number, self.server.settings.version_numbers)

    def _find(self, request: Request) -> Command:
        try:
            return self._catalog.find(request)
        except CommandError as refusal:
            if refusal.reply.text.startswith(b"ERR unknown"):
                raise CommandError("ERR Unknown Redis command called from script") from None
            raise CommandError("ERR Wrong number of args calling Redis command from script") from None

    def _check(self, command: Command, request: Request) -> None:
        if "noscript" in command.flags and not self._may_block(command):
            raise CommandError("ERR This Redis command is not allowed from script")
        if "write" in command.flags and not self._rights.writes:
            raise CommandError("ERR Write commands are not allowed from read-only scripts.")
        gates.writable(self.server, self.session, command, request)
        gates.enough_replicas(self.server, self.session, command, request)
        self._check_fresh(command, request)
        self._check_slots(command, request)

    def _may_block(self, command: Command) -> bool:
        """Tell whether a script may run what would wait, as newer servers let it; it never waits."""
        return "blocking" in command.flags and self._at_least(_BLOCKING_ALLOWED_SINCE)

    def _at_least(self, version: tuple[int, int, int]) -> bool:
        return self.server.settings.version_numbers >= version

    def _check_fresh(self, command: Command, request: Request) -> None:
        try:
            gates.not_stale(self.server, self.session, command, request)
        except CommandError:
            raise CommandError("ERR Can not execute the command on a stale replica") from None

    def _check_slots(self, command: Command, request: Request) -> None:
        if self.server.cluster is None:
            return
        try:
            gates.on_its_node(self.server, self.session, command, request)
        except CommandError as refusal:
            raise CommandError(_CLUSTER_IS_DOWN.get(refusal.reply.text, _ELSEWHERE)) from None
        if self._slot is None or self._rights.crosses_slots:
            return
        if any(key_slot(key) != self._slot for key in command.keys_of(request)):
            raise CommandError(_CROSSES_SLOTS)
