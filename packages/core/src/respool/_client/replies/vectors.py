"""Vectors and what is like them. Pure; the same for RESP2 and RESP3."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Generic, TypeVar

from respool._client.replies.basic import (
    fields,
    integer,
    items,
    listed,
    number,
    numbers,
    pairs,
    parts,
    put_in,
    scored,
    takes_bytes,
    text,
    undecoded,
)
from respool._wire.tuples import NamedTuple

K = TypeVar("K")


class VectorSetInfo(NamedTuple):
    """A vector set and the graph that holds it."""

    quantization: str
    dimensions: int
    size: int
    max_level: int


class RawVector(NamedTuple):
    """A vector as it is stored: `raw` as `quantization` says, its length before it was normalised, and for "int8" the
    range that was quantised."""

    quantization: str
    raw: bytes
    norm: float
    range: float | None


class VectorMatch(NamedTuple, Generic[K]):
    """An element that is like what was asked for: 1 is the same. Attributes are JSON, None for none."""

    element: K
    score: float
    attributes: K | None


def vector(reply: object) -> list[float] | None:
    return None if reply is None else numbers(reply)


@takes_bytes
def raw_vector(reply: object) -> RawVector | None:
    if reply is None:
        return None
    quantization, raw, norm = parts(reply, 3)
    limit = items(reply)[3:]
    return RawVector(text(quantization), undecoded(raw), number(norm), number(limit[0]) if limit else None)


def vector_set_info(reply: object) -> VectorSetInfo | None:
    if reply is None:
        return None
    told = fields(reply)
    return VectorSetInfo(
        text(told["quant-type"]),
        integer(told["vector-dim"]),
        integer(told["size"]),
        integer(told["max-level"]),
    )


def links(reply: object) -> list[list[K]] | None:
    return None if reply is None else [listed(layer) for layer in items(reply)]


def links_with_scores(reply: object) -> list[list[tuple[K, float]]] | None:
    return None if reply is None else [scored(layer) for layer in items(reply)]


def matches(reply: object) -> list[VectorMatch[K]]:
    return list(_matches(reply))


def _matches(reply: object) -> Iterator[VectorMatch[K]]:
    if isinstance(reply, dict):
        for element, told in pairs(reply):
            score, attributes = parts(told, 2)
            yield VectorMatch(put_in(element), number(score), put_in(attributes))
        return
    each = iter(items(reply))
    for element, score, attributes in zip(each, each, each, strict=True):
        yield VectorMatch(put_in(element), number(score), put_in(attributes))
