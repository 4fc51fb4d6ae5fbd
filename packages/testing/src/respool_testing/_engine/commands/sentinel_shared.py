"""What the SENTINEL commands have in common: finding the sentinel's view, and a service in it."""

from __future__ import annotations

from ..call import Call
from ..errors import CommandError
from ..sentinel import Deployment, SentinelView, Watched


def view_of(call: Call) -> SentinelView:
    """Return what the sentinel believes."""
    assert call.server.sentinel is not None, "only a sentinel has these commands"
    return call.server.sentinel


def watched_named(call: Call, name: bytes) -> Watched:
    """Return a service by its name."""
    watched = view_of(call).services.get(name.decode("latin-1"))
    if watched is None:
        raise CommandError("ERR No such master with that name")
    return watched


def deployment_of(view: SentinelView) -> Deployment:
    """Return what surrounds a sentinel."""
    assert view.deployment is not None, "a sentinel is connected before it serves anybody"
    return view.deployment
