"""Raw replies as a cache keeps them: what they weigh, and copies that their receivers may change."""

from __future__ import annotations

from sys import getsizeof


def copied(reply: object) -> object:
    """Return a reply that shares nothing which could be changed."""
    kind = reply.__class__
    if kind is list:
        return [copied(each) for each in reply]  # type: ignore[attr-defined]
    if kind is dict:
        return {name: copied(value) for name, value in reply.items()}  # type: ignore[attr-defined]
    return reply


def weight(reply: object) -> int:
    """Return about how many bytes of memory a reply takes."""
    own = getsizeof(reply)
    if isinstance(reply, list):
        return own + sum(map(weight, reply))
    if isinstance(reply, dict):
        return own + sum(map(weight, reply)) + sum(map(weight, reply.values()))
    return own
