"""The words in which a fault is said: `on(...)`, how often, and what happens."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from respool_testing._engine.encoding import encode
from respool_testing.patterns import Argument, RequestPattern
from respool_testing.replies import Error, Push, Reply

from . import actions
from .aim import Aim
from .fault import Fault, When
from .schedule import Schedule, Scheduled

if TYPE_CHECKING:
    from typing_extensions import Self


class FaultBuilder(Scheduled):
    """A fault that still has to be told what to do; being told arms it, if it belongs to a server."""

    def __init__(self, meaning: Meaning, aim: Aim, schedule: Schedule | None = None) -> None:
        self._meaning = meaning
        self._aim = aim
        self._schedule = schedule or Schedule()

    def drop_connection(self, *, when: When = "before_execute") -> Fault:
        """Cut the connection: before the command runs, or after it ran and before its reply."""
        return self.act(actions.DropConnection(), when=when)

    def reset(self, *, when: When = "before_execute") -> Fault:
        """Cut the connection with a TCP reset."""
        return self.act(actions.Reset(), when=when)

    def hang(self, *, when: When = "before_execute") -> Fault:
        """Never answer again on the connection, which stays open."""
        return self.act(actions.Hang(), when=when)

    def delay(self, seconds: float, *, jitter: float = 0.0, when: When = "before_execute") -> Fault:
        """Wait some seconds of the server's clock, more or less by `jitter`, before the command or its reply."""
        _positive(seconds, "a delay of {} seconds is none")
        return self.act(actions.Delay(seconds, jitter), when=when)

    def reply_with(self, reply: Reply, *, when: When = "before_execute") -> Fault:
        """Answer this, as a value of `respool_testing.replies`; by default instead of running the command.

        Raises TypeError at once for what no server could say.
        """
        encode(reply, 3)
        return self.act(actions.ReplyWith(reply), when=when)

    def reply_error(self, text: str, *, when: When = "before_execute") -> Fault:
        """Answer an error: `reply_error("NOSCRIPT No matching script.")`."""
        return self.act(actions.ReplyWith(Error.of(text)), when=when)

    def loading(self) -> Fault:
        """Answer that the server is still loading its data."""
        return self.reply_error("LOADING Redis is loading the dataset in memory")

    def readonly(self) -> Fault:
        """Answer that this server is a replica."""
        return self.reply_error("READONLY You can't write against a read only replica.")

    def out_of_memory(self) -> Fault:
        """Answer that there is no memory left."""
        return self.reply_error("OOM command not allowed when used memory > 'maxmemory'.")

    def primary_down(self) -> Fault:
        """Answer that the replica's link to its primary is down."""
        return self.reply_error(
            "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'."
        )

    def cluster_down(self) -> Fault:
        """Answer that the cluster is down."""
        return self.reply_error("CLUSTERDOWN The cluster is down")

    def moved(self, to: str | None = None) -> Fault:
        """Send the client to another address for the key, by default to this very one: a loop without end."""
        return self.act(actions.Moved(to))

    def ask(self, to: str | None = None) -> Fault:
        """Send the client to another address for this once, by default to this very one."""
        return self.act(actions.Moved(to, "ASK"))

    def close_with(self, reply: Reply) -> Fault:
        """Say this and hang up."""
        encode(reply, 3)
        return self.act(actions.CloseWith(reply))

    def max_clients(self) -> Fault:
        """Say that the server is full and hang up, as it does to a new connection."""
        return self.act(actions.CloseWith(Error(b"ERR max number of clients reached")))

    def send_raw(self, data: bytes, *, when: When = "after_execute") -> Fault:
        """Send these bytes for a reply, whether or not they make sense."""
        return self.act(actions.SendRaw(data), when=when)

    def swallow(self) -> Fault:
        """Lose the reply alone: every later one comes too early for its request."""
        return self.act(actions.Swallow(), when="after_execute")

    def repeat(self) -> Fault:
        """Send the reply twice: every later one comes too late for its request."""
        return self.act(actions.Repeat(), when="after_execute")

    def push_first(self, *words: Argument) -> Fault:
        """Send a push message just before the reply: `push_first("invalidate", "k")`."""
        message = Push([word.encode() if isinstance(word, str) else word for word in words])
        return self.act(actions.PushFirst(message), when="after_execute")

    def postpone(self, seconds: float) -> Fault:
        """Send it some seconds late, while everything after it comes in time."""
        _positive(seconds, "{} seconds is not late")
        return self.act(actions.Postpone(seconds), when="after_execute")

    def fragment(self, size: int) -> Fault:
        """Send the reply in pieces of so many bytes."""
        _positive(size, "no reply can be sent in pieces of {} bytes")
        return self.act(actions.Fragment(size), when="after_execute")

    def throttle(self, bytes_per_second: float) -> Fault:
        """Send the reply no faster than this, by the server's clock."""
        _positive(bytes_per_second, "nothing is ever sent at {} bytes per second")
        return self.act(actions.Throttle(bytes_per_second), when="after_execute")

    def half_reply(self, *, then: actions.Then = "hang") -> Fault:
        """Send half of the reply, then nothing more, or drop the connection."""
        return self.act(actions.HalfReply(then), when="after_execute")

    def intercept(
        self,
        function: Callable[[actions.Exchange], actions.Action | None],
        *,
        when: When = "before_execute",
    ) -> Fault:
        """Ask a function each time what shall happen: an action, or None for nothing."""
        return self.act(actions.Intercept(function), when=when)

    def act(self, action: actions.Action, *, when: When = "before_execute") -> Fault:
        """Let this happen, whatever it is."""
        if self._aim.moment == "push":  # nothing runs before a message
            when = "after_execute"
        elif self._aim.moment != "request" and when == "after_execute":
            raise ValueError(f"{action} acts on replies; {self._aim} have none")
        fault = Fault(self._aim, action, when, self._schedule)
        self._meaning.arm(fault)
        return fault

    def _rescheduled(self, schedule: Schedule) -> Self:
        return type(self)(self._meaning, self._aim, schedule)


class Meaning:
    """Where a fault begins: with whom it means. Without a server, what is described here stays unarmed."""

    def on(
        self,
        command: str | None = None,
        *args: Argument,
        key: str | bytes | None = None,
        client: str | None = None,
        client_id: int | None = None,
        address: str | None = None,
        node: str | None = None,
    ) -> FaultBuilder:
        """Mean requests of a command (None: of any), with these first arguments, a key, a certain client.

        `key` is a glob that some argument must match, `client` one for the name the client has set, `address`
        one for where it comes from, `node` one for the `host:port` it came to.
        """
        pattern = RequestPattern(command, args, key)
        return FaultBuilder(self, Aim("request", pattern, client, client_id, address, node))

    def on_connect(self, *, address: str | None = None, node: str | None = None) -> FaultBuilder:
        """Mean new connections, before they say anything: drop, reset, hang, delay or refuse them."""
        return FaultBuilder(self, Aim("connect", address=address, node=node))

    def on_handshake(self, *, address: str | None = None, node: str | None = None) -> FaultBuilder:
        """Mean connections that are about to agree on TLS: drop, reset, hang or delay them."""
        return FaultBuilder(self, Aim("handshake", address=address, node=node))

    def on_push(
        self,
        kind: str | None = None,
        *args: Argument,
        key: str | bytes | None = None,
        client: str | None = None,
        client_id: int | None = None,
    ) -> FaultBuilder:
        """Mean messages that answer no request, by their words: `on_push("message", "news")`."""
        return FaultBuilder(self, Aim("push", RequestPattern(kind, args, key), client, client_id))

    def arm(self, *faults: Fault) -> object:
        """Put faults into force, where there is a server to do so."""
        return faults


def _positive(number: float, complaint: str) -> None:
    if number <= 0:
        raise ValueError(complaint.format(number))
