"""Commands that were queued together, in columns: written as one, and answered without a step for each.

That serves as long as all goes well. Whatever befalls only some of them (an error reply, a deadline, the end of their
socket) befalls requests, which are made of them only then.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence

from respool._connection.request import Convert, Request, Rescue, complete
from respool._wire.encoding import Payload
from respool._wire.values import ValueT


class Bundle(Request[object]):
    """What stands in line for all of its commands.

    Its `deadline` and `rescue` hold for all of them. Its `convert` is there only to be noticed, for the hottest loop
    asks every request whether it has one.
    """

    __slots__ = ("_answered", "_converting", "commands", "converts", "futures", "kind", "payloads", "rescues")

    def __init__(self, kind: type[Request[object]]) -> None:
        self.kind = kind
        """What each command becomes where it has to be a request."""
        self.commands: list[tuple[ValueT, ...]] = []
        self.payloads: list[Payload] = []
        self.converts: list[Convert | None] = []
        self.futures: list[asyncio.Future[object]] = []
        self.rescues: dict[int, Rescue] = {}
        """Those that are not `rescue`, by the place of the command."""
        self.args = ()
        self.rescue = None
        self.convert = _notice
        self._answered = 0
        self._converting = False

    def __len__(self) -> int:
        return len(self.futures)

    def add(self, request: Request[object]) -> None:
        """Take the command of a request."""
        self.payloads.append(request.payload)
        self.commands.append(request.args)
        self.converts.append(request.convert)
        self.futures.append(request.future)

    @property
    def left(self) -> int:
        """How many replies are to come."""
        return len(self.futures) - self._answered

    def done(self) -> bool:
        """Whether nobody waits for any of the replies any more."""
        return all(future.done() for future in self.futures)

    def seal(self) -> bool:
        """Take nothing more; tell whether it may travel as one.

        Not where nobody waits for some of it any more, which is left out; nor with futures that are not asyncio's own.
        """
        self._converting = any(self.converts)
        return (
            len(self.payloads) == len(self.futures)  # unless Ctrl-C came between
            and not self.kind.silent
            and not self.rescues
            and self.futures[0].__class__ is asyncio.Future
            and True not in map(asyncio.Future.done, self.futures)
        )

    def answer(self, replies: Sequence[object]) -> None:
        """Give the next commands their replies, of which none is an error."""
        if self._converting:
            self._convert(replies)
        else:
            self._hand_over(replies)

    def _convert(self, replies: Sequence[object]) -> None:
        for reply in replies:
            place = self._answered
            self._answered += 1
            complete(self.futures[place], self.converts[place], reply)

    def _hand_over(self, replies: Sequence[object]) -> None:
        start = self._answered
        self._answered = stop = start + len(replies)
        answering = map(asyncio.Future.set_result, self.futures[start:stop], replies)
        while True:
            try:
                deque(answering, maxlen=0)  # the quickest way to the end
                return
            except asyncio.InvalidStateError:  # a tombstone; it goes on behind it
                continue

    def requests(self) -> list[Request[object]]:
        """Make the requests of the commands that are not answered."""
        deadline = getattr(self, "deadline", None)
        made = []
        columns = zip(self.commands, self.payloads, self.converts, self.futures, strict=True)
        for place, (args, payload, convert, future) in enumerate(columns):
            if place >= self._answered:
                request = self.kind()
                request.args, request.payload, request.future = args, payload, future
                request.convert = convert
                request.rescue = self.rescues.get(place, self.rescue)
                if deadline is not None:
                    request.deadline = deadline
                made.append(request)
        return made


def _notice(_: object) -> object:
    raise AssertionError("a bundle is answered by its own method")
