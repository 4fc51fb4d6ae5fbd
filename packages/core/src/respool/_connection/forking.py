"""What a forked child must not share with its parent: sockets, and whatever belongs to the parent's event loop.

A child that closed an inherited socket through its event loop would take it out of the parent's epoll, which both
share; one that kept it would keep the server from seeing the parent close it. So the child's copy is replaced,
under the same number, by one of /dev/null: nothing on the wire, nothing in the epoll, nothing for clean-ups to hurt.
"""

from __future__ import annotations

import os
from typing import Protocol
from weakref import WeakSet


class Forgetful(Protocol):
    """What lives on in a forked child, with nothing of its parent's."""

    def forget_after_fork(self) -> None:
        """Forget every connection, in the child, without touching the event loop or the wire."""


_KNOWN: WeakSet[Forgetful] = WeakSet()


def forget_in_child(thing: Forgetful) -> None:
    """Have `thing` told after each fork, in the child, for as long as it lives."""
    _KNOWN.add(thing)


def detach(descriptor: int) -> None:
    """Put /dev/null where this process has a copy of its parent's socket."""
    if descriptor >= 0:
        nothing = os.open(os.devnull, os.O_RDWR)
        try:
            os.dup2(nothing, descriptor)
        finally:
            os.close(nothing)


def _forget_all() -> None:
    for thing in list(_KNOWN):
        thing.forget_after_fork()


if hasattr(os, "register_at_fork"):  # not on Windows, where there is no fork
    os.register_at_fork(after_in_child=_forget_all)
