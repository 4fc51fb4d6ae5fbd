"""What was popped from where. Pure; the same for RESP2 and RESP3."""

from __future__ import annotations

from typing import TypeVar

from respool._client.replies.basic import listed, parts, put_in

K = TypeVar("K")


def popped_element(reply: object) -> tuple[K, K] | None:
    """Take the key that had something, and an element."""
    if reply is None:
        return None
    key, element = parts(reply, 2)
    return put_in(key), put_in(element)


def popped_elements(reply: object) -> tuple[K, list[K]] | None:
    """Take the key that had something, and elements."""
    if reply is None:
        return None
    key, elements = parts(reply, 2)
    return put_in(key), listed(elements)
