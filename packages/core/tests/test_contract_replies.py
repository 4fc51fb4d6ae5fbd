"""The contract of replies: every type that a server can send arrives as what it is, and none reaches another.

On every server, transport and protocol. A real server is asked for each type by DEBUG PROTOCOL; the fake one
is told to answer the same with the same value.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from packages.core.tests.contract import Connect, Protocol, ask
from respool import CommandInvocation
from respool.errors import InvalidResponse
from respool_testing import Endpoint, FakeServer
from respool_testing.replies import BigNumber, Map, Reply, Set, Verbatim

Stage = Callable[["Kind"], None]

BIG = 1234567999999999999999999999999999999


@dataclass(frozen=True)
class Kind:
    """One type of reply: its name for DEBUG PROTOCOL, the kit's value of it, what clients get of it."""

    name: str
    told: Reply
    resp2: object
    resp3: object
    text: object = None


KINDS = [
    Kind("string", b"Hello World", b"Hello World", b"Hello World", "Hello World"),
    Kind("integer", 12345, 12345, 12345, 12345),
    Kind("null", None, None, None),
    Kind("array", [0, 1, 2], [0, 1, 2], [0, 1, 2], [0, 1, 2]),
    Kind("set", Set([0, 1, 2]), [0, 1, 2], [0, 1, 2], [0, 1, 2]),
    Kind("map", Map([(0, False), (1, True), (2, False)]), [0, 0, 1, 1, 2, 0], {0: False, 1: True, 2: False}),
    Kind("true", True, 1, True),
    Kind("false", False, 0, False),
    Kind("bignum", BigNumber(BIG), str(BIG).encode(), str(BIG).encode()),
    Kind(
        "verbatim",
        Verbatim(b"This is a verbatim\nstring"),
        b"This is a verbatim\nstring",
        b"This is a verbatim\nstring",
        "This is a verbatim\nstring",
    ),
]


@pytest.fixture
def stage(any_endpoint: Endpoint) -> Stage:
    """Offer a function that sees to it that DEBUG PROTOCOL answers this kind of reply."""

    def prepare(kind: Kind) -> None:
        if isinstance(any_endpoint.server, FakeServer):
            any_endpoint.server.faults.on("DEBUG").reply_with(kind.told)

    return prepare


@pytest.mark.parametrize("kind", KINDS, ids=[kind.name for kind in KINDS])
async def test_each_type_arrives_as_what_it_is(
    any_connect: Connect, any_protocol: Protocol, stage: Stage, kind: Kind
) -> None:
    stage(kind)
    connection = any_connect()
    before = await connection.create_request(b"ECHO", "before")
    reply = await ask(connection, b"DEBUG PROTOCOL", kind.name)
    expected = kind.resp2 if any_protocol == 2 else kind.resp3
    if isinstance(expected, bytes) and isinstance(reply, str):
        expected = expected.decode()
    assert reply == expected
    assert [await before, await ask(connection, b"ECHO", "after")] == [b"before", b"after"]


async def test_a_double_is_a_float_where_the_protocol_has_it(
    any_connect: Connect, any_protocol: Protocol, stage: Stage
) -> None:
    stage(Kind("double", 3.141, b"3.141", 3.141))
    reply = await ask(any_connect(), b"DEBUG PROTOCOL", "double")
    assert isinstance(reply, float if any_protocol == 3 else bytes)
    assert 3.141 <= float(reply) < 3.142  # old servers have more of pi


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind.text], ids=lambda kind: kind.name)
async def test_text_is_decoded_and_nothing_else_is(any_connect: Connect, stage: Stage, kind: Kind) -> None:
    stage(kind)
    assert await ask(any_connect(decode_responses=True), b"DEBUG PROTOCOL", kind.name) == kind.text


async def test_replies_of_all_types_in_one_flight_do_not_cross(
    any_connect: Connect, any_endpoint: Endpoint
) -> None:
    if any_endpoint.is_fake:
        pytest.skip("the fake server has no DEBUG PROTOCOL")
    commands = []
    for number in range(200):
        kind = KINDS[number % len(KINDS)]
        commands += [
            CommandInvocation(b"DEBUG PROTOCOL", (kind.name,)),
            CommandInvocation(b"ECHO", (number,)),
        ]
    replies = await asyncio.gather(*await any_connect().create_requests(commands))
    assert replies[1::2] == [b"%d" % number for number in range(200)]


async def test_an_attribute_shifts_nothing(
    any_connect: Connect, any_endpoint: Endpoint, any_protocol: Protocol
) -> None:
    if any_endpoint.is_fake:
        pytest.skip("the fake server has no attributes")
    connection = any_connect()
    request = await connection.create_request(b"DEBUG PROTOCOL", "attrib")
    behind = await connection.create_request(b"ECHO", "mine")
    replies = list(await asyncio.gather(request, behind, return_exceptions=True))
    if any_protocol == 2:
        assert replies == [b"Some real reply following the attribute", b"mine"]
    else:
        assert isinstance(replies[0], InvalidResponse)
        assert isinstance(replies[1], InvalidResponse) or replies[1] == b"mine"
    assert await ask(connection, b"ECHO", "again") == b"again"


async def test_a_push_is_no_reply(
    any_connect: Connect, any_endpoint: Endpoint, any_protocol: Protocol
) -> None:
    if any_endpoint.is_fake or any_protocol == 2:
        pytest.skip("the fake server does not push on command, and RESP2 not at all")
    connection = any_connect()
    requests = await connection.create_requests(
        [CommandInvocation(b"DEBUG PROTOCOL", ("push",)), CommandInvocation(b"ECHO", ("mine",))]
    )
    assert await requests[1] == b"mine"
    assert (await requests[0]) != b"mine"
    assert connection.push_messages.qsize() == 1


@pytest.mark.parametrize("number", [0.1, -1.5, 1e17, 3.0, math.pi, 1e-7])
async def test_scores_keep_every_digit(any_connect: Connect, any_protocol: Protocol, number: float) -> None:
    connection = any_connect()
    await ask(connection, b"ZADD", "z", number, "member")
    score = await ask(connection, b"ZSCORE", "z", "member", decode=True)
    assert isinstance(score, float if any_protocol == 3 else str)
    assert float(score) == number


@pytest.mark.parametrize("score", [math.inf, -math.inf])
async def test_infinite_scores_are_infinite(any_connect: Connect, score: float) -> None:
    connection = any_connect()
    await ask(connection, b"ZADD", "z", score, "member")
    reply = await ask(connection, b"ZSCORE", "z", "member", decode=True)
    assert isinstance(reply, (str, float))
    assert float(reply) == score


async def test_nulls_of_both_kinds_are_none(any_connect: Connect) -> None:
    connection = any_connect()
    assert await ask(connection, b"GET", "none") is None
    assert await ask(connection, b"BLPOP", "none", 0.01) is None
    assert await ask(connection, b"MGET", "none", "none") == [None, None]


async def test_what_is_empty_is_empty(any_connect: Connect, any_protocol: Protocol) -> None:
    connection = any_connect()
    await ask(connection, b"SET", "k", "")
    assert await ask(connection, b"GET", "k") == b""
    assert await ask(connection, b"LRANGE", "none", 0, -1) == []
    assert await ask(connection, b"HGETALL", "none") == ({} if any_protocol == 3 else [])


async def test_nested_replies_keep_their_shape(any_connect: Connect) -> None:
    connection = any_connect()
    await ask(connection, b"RPUSH", "list", "a", "b")
    commands = [b"MULTI", b"LRANGE list 0 -1", b"GET none", b"SCAN 0", b"EXEC"]
    requests = await connection.create_requests(
        [CommandInvocation(name, tuple(args)) for name, *args in (each.split() for each in commands)]
    )
    *queued, nested = await asyncio.gather(*requests)
    assert queued == [b"OK", b"QUEUED", b"QUEUED", b"QUEUED"]
    assert nested == [[b"a", b"b"], None, [b"0", [b"list"]]]


@pytest.mark.parametrize("size", [0, 1, 2**10, 2**14, 2**16 - 1, 2**16, 2**20, 2**22])
async def test_values_of_any_size_go_both_ways(any_connect: Connect, size: int) -> None:
    connection = any_connect()
    value = (b"\r\n$-1\r\n*2\r\n" * (size // 12 + 1))[:size]
    before = await connection.create_request(b"ECHO", "before")
    assert await ask(connection, b"ECHO", value) == value
    assert [await before, await ask(connection, b"ECHO", "after")] == [b"before", b"after"]
