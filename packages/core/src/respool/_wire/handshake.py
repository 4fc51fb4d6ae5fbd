"""How a connection introduces itself, as data: flights of commands out, replies in, a greeting at the end.

`handshake` is a generator that does no I/O: it yields what to write in one go, is sent the replies (an error
reply as a `RedisError`, not raised), and returns what the server said of itself, or raises what to tell the
caller. One round trip with every server since Redis 6; a second one for servers that do not know HELLO
(https://redis.io/docs/latest/commands/hello/).
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from respool._wire.error_replies import error_from_reply
from respool._wire.values import ProtocolVersion, ValueT
from respool.errors import (
    AuthenticationRequiredError,
    InvalidResponse,
    ProtocolError,
    RedisError,
    UnknownCommandError,
)


@dataclass(frozen=True)
class Introduction:
    """What to tell the server. Credentials are kept out of its repr."""

    protocol_version: ProtocolVersion = 3
    db: int | None = 0
    client_name: str | None = None
    noevict: bool = False
    notouch: bool = False
    noreply: bool = False
    readonly: bool = False
    library: str = "respool"
    library_version: str = ""
    username: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Greeting:
    """What the server said of itself. `client_id` and `server_version` are None where it did not say."""

    client_id: int | None = None
    server_version: tuple[int, ...] | None = None
    role: str | None = None


@dataclass(frozen=True)
class Step:
    """One command of a flight. An optional one may be refused; an unanswered one gets no reply."""

    args: tuple[ValueT, ...] = field(repr=False)
    optional: bool = False
    answered: bool = True


Flight: TypeAlias = Sequence[Step]
Replies: TypeAlias = Sequence[object]


def handshake(intro: Introduction) -> Generator[Flight, Replies, Greeting]:
    """Introduce a connection; see the module."""
    hello = _hello(intro)
    flight = [hello, *_settings(intro)]
    replies = yield flight
    greeting = _greeting(replies[0])
    if isinstance(replies[0], RedisError):
        greeting = yield from _without_hello(intro, replies[0])
    else:
        _check(flight, replies)
    if intro.noreply:
        yield [Step(("CLIENT", "REPLY", "OFF"), answered=False)]
    return greeting


def _hello(intro: Introduction) -> Step:
    args: list[ValueT] = ["HELLO", intro.protocol_version]
    if intro.password is not None:
        args += ["AUTH", intro.username or "default", intro.password]
    if intro.client_name:
        args += ["SETNAME", intro.client_name]
    return Step(tuple(args))


def _settings(intro: Introduction) -> list[Step]:
    steps = [Step(("CLIENT", "SETINFO", "LIB-NAME", intro.library), optional=True)]
    if intro.library_version:
        steps.append(Step(("CLIENT", "SETINFO", "LIB-VER", intro.library_version), optional=True))
    if intro.db:
        steps.append(Step(("SELECT", intro.db)))
    if intro.noevict:
        steps.append(Step(("CLIENT", "NO-EVICT", "ON")))
    if intro.notouch:
        steps.append(Step(("CLIENT", "NO-TOUCH", "ON")))
    if intro.readonly:
        steps.append(Step(("READONLY",)))
    return steps


def _without_hello(intro: Introduction, refusal: RedisError) -> Generator[Flight, Replies, Greeting]:
    if isinstance(refusal, AuthenticationRequiredError):
        raise AuthenticationRequiredError(
            "NOAUTH the server wants credentials: give a password, and a username if need be"
        )
    if not isinstance(refusal, UnknownCommandError):
        raise _explained(refusal, "HELLO")
    if intro.protocol_version != 2:
        message = "the server knows no HELLO (it is older than Redis 6), so no RESP3: use protocol_version=2"
        raise ProtocolError(message)
    flight: list[Step] = []
    if intro.password is not None:
        user = (intro.username,) if intro.username else ()
        flight.append(Step(("AUTH", *user, intro.password)))
    if intro.client_name:
        flight.append(Step(("CLIENT", "SETNAME", intro.client_name)))
    flight += [Step(("CLIENT", "ID"), optional=True), *_settings(intro)]
    replies = yield flight
    _check(flight, replies)
    client_id = replies[[step.args[:2] for step in flight].index(("CLIENT", "ID"))]
    return Greeting(client_id=client_id if isinstance(client_id, int) else None)


def _check(flight: Flight, replies: Replies) -> None:
    for step, reply in zip(flight, replies, strict=True):
        if isinstance(reply, RedisError) and not step.optional:
            # The arguments of AUTH are no one's business, so only the name is told.
            name = step.args[0] if step.args[0] in ("AUTH", "HELLO") else " ".join(map(str, step.args))
            raise _explained(reply, str(name))


def _explained(error: RedisError, command: str) -> RedisError:
    return error_from_reply(f"{error} ({command} in the handshake)")


def _greeting(reply: object) -> Greeting:
    if isinstance(reply, list):  # RESP2 spells a map as a flat list
        reply = dict(zip(reply[::2], reply[1::2], strict=False))
    if isinstance(reply, RedisError):
        return Greeting()
    if not isinstance(reply, dict):
        raise InvalidResponse(f"HELLO was answered with a {type(reply).__name__}")
    client_id, role = reply.get(b"id"), reply.get(b"role")
    return Greeting(
        client_id=client_id if isinstance(client_id, int) else None,
        server_version=_version(reply.get(b"version")),
        role=role.decode(errors="replace") if isinstance(role, bytes) else None,
    )


def _version(raw: object) -> tuple[int, ...] | None:
    if not isinstance(raw, bytes):
        return None
    numbers = raw.split(b"-")[0].split(b".")
    return tuple(map(int, numbers)) if all(number.isdigit() for number in numbers) else None
