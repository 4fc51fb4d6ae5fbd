"""Commands on vector sets (Redis 8): elements with vectors, found by likeness. Nothing here reads JSON."""

from __future__ import annotations

from asyncio import Future
from collections.abc import Iterable
from typing import Generic, Literal, TypeAlias, TypeVar, overload

from respool._client.families.arguments import Words, flag, flags, option, optional
from respool._client.families.family import Family
from respool._client.replies.basic import scored
from respool._client.replies.vectors import (
    RawVector,
    VectorMatch,
    VectorSetInfo,
    links,
    links_with_scores,
    matches,
    raw_vector,
    vector,
    vector_set_info,
)
from respool._wire.values import KeyT, StringT, ValueT

T = TypeVar("T")

VectorT: TypeAlias = Iterable[float] | bytes
"""Numbers, or as bytes of little-endian 32-bit floats."""


class VectorSetCommands(Family[T], Generic[T]):
    """Commands on vector sets. Attributes are JSON, as text."""

    def vadd(
        self,
        key: KeyT,
        vector: VectorT,
        element: ValueT,
        *,
        reduce_dim: int | None = None,
        cas: bool = False,
        quantization: Literal["NOQUANT", "BIN", "Q8"] | None = None,
        ef: int | None = None,
        attributes: StringT | None = None,
        numlinks: int | None = None,
    ) -> Future[bool]:
        """Add an element; False where it was there and has a new vector. https://redis.io/docs/latest/commands/vadd/"""
        args = (
            b"VADD",
            key,
            *option(b"REDUCE", reduce_dim),
            *_spelled(vector),
            element,
            *flag(b"CAS", cas),
            *optional(quantization),
            *option(b"EF", ef),
            *option(b"SETATTR", attributes),
            *option(b"M", numlinks),
        )
        return self._run(args, bool)

    def vcard(self, key: KeyT) -> Future[int]:
        """Return the number of elements. https://redis.io/docs/latest/commands/vcard/"""
        return self._run((b"VCARD", key))

    def vdim(self, key: KeyT) -> Future[int]:
        """Return the number of dimensions. https://redis.io/docs/latest/commands/vdim/"""
        return self._run((b"VDIM", key))

    def vemb(self, key: KeyT, element: ValueT) -> Future[list[float] | None]:
        """Return the vector of an element, nearly; None for none. https://redis.io/docs/latest/commands/vemb/"""
        return self._run((b"VEMB", key, element), vector)

    def vemb_raw(self, key: KeyT, element: ValueT) -> Future[RawVector | None]:
        """Return the vector of an element as it is stored. https://redis.io/docs/latest/commands/vemb/"""
        return self._run((b"VEMB", key, element, b"RAW"), raw_vector)

    def vgetattr(self, key: KeyT, element: ValueT) -> Future[T | None]:
        """Return the attributes of an element, None for none. https://redis.io/docs/latest/commands/vgetattr/"""
        return self._run((b"VGETATTR", key, element))

    def vinfo(self, key: KeyT) -> Future[VectorSetInfo | None]:
        """Return what there is to tell of a vector set, None for none. https://redis.io/docs/latest/commands/vinfo/"""
        return self._run((b"VINFO", key), vector_set_info)

    def vismember(self, key: KeyT, element: ValueT) -> Future[bool]:
        """Tell whether there is such an element. Redis 8.2. https://redis.io/docs/latest/commands/vismember/"""
        return self._run((b"VISMEMBER", key, element), bool)

    @overload
    def vlinks(
        self, key: KeyT, element: ValueT, *, withscores: Literal[False] = ...
    ) -> Future[list[list[T]] | None]: ...

    @overload
    def vlinks(
        self, key: KeyT, element: ValueT, *, withscores: Literal[True]
    ) -> Future[list[list[tuple[T, float]]] | None]: ...

    def vlinks(self, key: KeyT, element: ValueT, *, withscores: bool = False) -> object:
        """Return the neighbours of an element, by layer of the graph; None for no element.

        https://redis.io/docs/latest/commands/vlinks/
        """
        args = (b"VLINKS", key, element, *flag(b"WITHSCORES", withscores))
        return self._run(args, links_with_scores) if withscores else self._run(args, links)

    @overload
    def vrandmember(self, key: KeyT) -> Future[T | None]: ...

    @overload
    def vrandmember(self, key: KeyT, count: int) -> Future[list[T]]: ...

    def vrandmember(self, key: KeyT, count: int | None = None) -> object:
        """Return an element by chance, None for none; with `count` a list of so many different ones.

        A negative `count` may name one more than once. https://redis.io/docs/latest/commands/vrandmember/
        """
        return self._run((b"VRANDMEMBER", key, *optional(count)))

    def vrange(
        self, key: KeyT, start: StringT = "-", end: StringT = "+", count: int | None = None
    ) -> Future[list[T]]:
        """Return elements in the order of their bytes, from `start` to `end`: `-`, `+`, `[with`, `(without`. Redis 8.4.

        All, or `count` at most: `(last` goes on behind the last one. https://redis.io/docs/latest/commands/vrange/
        """
        return self._run((b"VRANGE", key, start, end, *optional(count)))

    def vrem(self, key: KeyT, element: ValueT) -> Future[bool]:
        """Remove an element; False where there is none. https://redis.io/docs/latest/commands/vrem/"""
        return self._run((b"VREM", key, element), bool)

    def vsetattr(self, key: KeyT, element: ValueT, attributes: StringT) -> Future[bool]:
        """Set the attributes of an element, "" for none; False for no element.

        https://redis.io/docs/latest/commands/vsetattr/
        """
        return self._run((b"VSETATTR", key, element, attributes), bool)

    @overload
    def vsim(
        self,
        key: KeyT,
        input: VectorT | str,
        *,
        with_scores: Literal[False] = ...,
        count: int | None = ...,
        ef: int | None = ...,
        epsilon: float | None = ...,
        filter: StringT | None = ...,
        filter_ef: int | None = ...,
        truth: bool = ...,
        no_thread: bool = ...,
    ) -> Future[list[T]]: ...

    @overload
    def vsim(
        self,
        key: KeyT,
        input: VectorT | str,
        *,
        with_scores: Literal[True],
        count: int | None = ...,
        ef: int | None = ...,
        epsilon: float | None = ...,
        filter: StringT | None = ...,
        filter_ef: int | None = ...,
        truth: bool = ...,
        no_thread: bool = ...,
    ) -> Future[list[tuple[T, float]]]: ...

    def vsim(
        self,
        key: KeyT,
        input: VectorT | str,
        *,
        with_scores: bool = False,
        count: int | None = None,
        ef: int | None = None,
        epsilon: float | None = None,
        filter: StringT | None = None,
        filter_ef: int | None = None,
        truth: bool = False,
        no_thread: bool = False,
    ) -> object:
        """Return the elements that are most like a vector, or like an element (str): 10 or `count`, the likest first.

        Scores are from 0 to 1, the same. `epsilon` is how far away they may be; `filter` an expression on attributes.
        https://redis.io/docs/latest/commands/vsim/
        """
        options = _search(count, epsilon, ef, filter, filter_ef, truth, no_thread)
        args = (b"VSIM", key, *_spelled(input))
        if with_scores:
            return self._run((*args, b"WITHSCORES", *options), scored)
        return self._run((*args, *options))

    def vsim_details(
        self,
        key: KeyT,
        input: VectorT | str,
        *,
        count: int | None = None,
        ef: int | None = None,
        epsilon: float | None = None,
        filter: StringT | None = None,
        filter_ef: int | None = None,
        truth: bool = False,
        no_thread: bool = False,
    ) -> Future[list[VectorMatch[T]]]:
        """Return what `vsim` does, with scores and attributes. Redis 8.2. https://redis.io/docs/latest/commands/vsim/"""
        options = _search(count, epsilon, ef, filter, filter_ef, truth, no_thread)
        return self._run((b"VSIM", key, *_spelled(input), b"WITHSCORES", b"WITHATTRIBS", *options), matches)


def _spelled(input: VectorT | str) -> Words:
    if isinstance(input, str):
        return (b"ELE", input)
    if isinstance(input, bytes):
        return (b"FP32", input)
    numbers = tuple(input)
    return (b"VALUES", len(numbers), *numbers)


def _search(
    count: int | None,
    epsilon: float | None,
    ef: int | None,
    filter: StringT | None,
    filter_ef: int | None,
    truth: bool,
    no_thread: bool,
) -> Words:
    return (
        *option(b"COUNT", count),
        *option(b"EPSILON", epsilon),
        *option(b"EF", ef),
        *option(b"FILTER", filter),
        *option(b"FILTER-EF", filter_ef),
        *flags(truth=truth, nothread=no_thread),
    )
