"""Ranks with scores, and what was popped from where. Pure; the same for RESP2 and RESP3."""

from __future__ import annotations

from typing import TypeVar

from respool._client.replies.basic import integer, number, parts, put_in, scored

K = TypeVar("K")


def rank_and_score(reply: object) -> tuple[int, float] | None:
    if reply is None:
        return None
    rank, score = parts(reply, 2)
    return integer(rank), number(score)


def popped_member(reply: object) -> tuple[K, K, float] | None:
    """Take key, member and score of what one blocking pop gave, None where its time ran out."""
    if reply is None:
        return None
    key, member, score = parts(reply, 3)
    return put_in(key), put_in(member), number(score)


def popped_members(reply: object) -> tuple[K, list[tuple[K, float]]] | None:
    """Take the key that had something, and members with scores."""
    if reply is None:
        return None
    key, members = parts(reply, 2)
    return put_in(key), scored(members)
