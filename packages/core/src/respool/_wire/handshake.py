"""How a connection introduces itself, as data: flights of commands out, replies in, a greeting at the end.

`handshake` is a generator that does no I/O: it yields what to write in one go, is sent the replies (an error
reply as a `RedisError`, not raised), and returns what the server said of itself, or raises what to tell the
caller. One round trip with every server since Redis 6; a second one for servers that do not know HELLO
(https://redis.io/docs/latest/commands/hello/).
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import TypeAlias

from respool._wire.error_replies import error_from_reply
from respool._wire.tuples import NamedTuple
from respool._wire.values import ProtocolVersion, ValueT
from respool.errors import (
    AuthenticationRequiredError,
    InvalidResponse,
    ProtocolError,
    RedisError,
    UnknownCommandError,
)


class Introduction(NamedTuple):
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
    username: str | None = None
    password: str | None = None

    def __repr__(self) -> str:
        shown = (f"{name}={value!r}" for name, value in zip(self._fields, self[:-2], strict=False))
        return f"Introduction({', '.join(shown)})"


class Greeting(NamedTuple):
    """What the server said of itself. `client_id` and `server_version` are None where it did not say."""

    client_id: int | None = None
    server_version: tuple[int, ...] | None = None
    """As numbers. Of `server_name`: Redis and Valkey count on their own since Redis 7.2."""

    server_name: str | None = None
    role: str | None = None

    def server(self) -> str:
        """Return name and version for a message."""
        if self.server_version is None:
            return "a server that does not tell its version"
        return f"{self.server_name or 'server'} {'.'.join(map(str, self.server_version))}"


class Step(NamedTuple):
    """One command of a flight. An optional one may be refused; an unanswered one gets no reply.

    `wish` is what the caller said to have it sent, `since` the first servers that know it.
    """

    args: tuple[ValueT, ...]
    optional: bool = False
    answered: bool = True
    wish: str = ""
    since: str = ""

    def __repr__(self) -> str:
        return f"<Step {self.args[0]!r}>"  # what follows may be a secret


Flight: TypeAlias = Sequence[Step]
Replies: TypeAlias = Sequence[object]


def handshake(intro: Introduction) -> Generator[Flight, Replies, Greeting]:
    """Introduce a connection; see the module."""
    hello = _hello(intro)
    flight = [hello, *_settings(intro)]
    replies = yield flight
    greeting = _greeting(replies[0], intro.protocol_version)
    if isinstance(replies[0], RedisError):
        greeting = yield from _without_hello(intro, replies[0])
    else:
        _check(intro, flight, replies, greeting)
    if intro.noreply:
        yield [Step(("CLIENT", "REPLY", "OFF"), answered=False)]
    return greeting


def _hello(intro: Introduction) -> Step:
    args: list[ValueT] = ["HELLO", intro.protocol_version]
    if intro.password is not None or intro.username:
        # A name alone is that of a user without a password: left out, the caller would be somebody else.
        args += ["AUTH", intro.username or "default", intro.password or ""]
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
        steps.append(Step(("CLIENT", "NO-EVICT", "ON"), wish="noevict=True", since="Redis 7.0 or Valkey"))
    if intro.notouch:
        steps.append(Step(("CLIENT", "NO-TOUCH", "ON"), wish="notouch=True", since="Redis 7.2 or Valkey"))
    if intro.readonly:
        steps.append(Step(("READONLY",), wish="reading from replicas", since="a node of a cluster"))
    return steps


def _without_hello(intro: Introduction, refusal: RedisError) -> Generator[Flight, Replies, Greeting]:
    """Say it in the words of servers before Redis 6, if that is why HELLO was refused."""
    if isinstance(refusal, AuthenticationRequiredError) and intro.password is None:
        raise AuthenticationRequiredError(
            "NOAUTH the server wants credentials: give a password, and a username if need be"
        )
    if not isinstance(refusal, UnknownCommandError):
        raise _explained(intro, refusal, "HELLO in the handshake")
    if intro.protocol_version != 2:
        message = "the server knows no HELLO (it is older than Redis 6), so no RESP3: use protocol_version=2"
        raise ProtocolError(message)
    flight = [*_old_credentials(intro), Step(("CLIENT", "ID"), optional=True), *_settings(intro)]
    replies = yield flight
    _check(intro, flight, replies, Greeting())
    client_id = replies[[step.args[:2] for step in flight].index(("CLIENT", "ID"))]
    return Greeting(client_id=client_id if isinstance(client_id, int) else None)


def _old_credentials(intro: Introduction) -> list[Step]:
    steps = []
    if intro.password is not None or intro.username:
        # These servers know one user only, whom later ones call "default".
        user = () if intro.username in (None, "", "default") else (intro.username,)
        steps.append(Step(("AUTH", *user, intro.password or ""), wish="username=", since="Redis 6"))
    if intro.client_name:
        steps.append(Step(("CLIENT", "SETNAME", intro.client_name)))
    return steps


def _check(intro: Introduction, flight: Flight, replies: Replies, greeting: Greeting) -> None:
    for step, reply in zip(flight, replies, strict=True):
        if isinstance(reply, RedisError) and not step.optional:
            raise _explained(intro, reply, _reason(step, reply, greeting))


def _reason(step: Step, refusal: RedisError, greeting: Greeting) -> str:
    if step.wish and _is_not_known(refusal):
        return f"{step.wish} needs {step.since}: this is {greeting.server()}"
    # The arguments of AUTH are no one's business, so only the name is told.
    name = step.args[0] if step.args[0] in ("AUTH", "HELLO") else " ".join(map(str, step.args))
    return f"{name} in the handshake"


def _is_not_known(refusal: RedisError) -> bool:
    text = str(refusal)
    too_many_words = text.startswith("ERR wrong number of arguments for 'auth'")
    return isinstance(refusal, UnknownCommandError) or too_many_words or "cluster support disabled" in text


def _explained(intro: Introduction, refusal: RedisError, why: str) -> RedisError:
    text = str(refusal)
    if intro.password and intro.password in text:  # some servers repeat what they do not understand
        text = text.partition(" ")[0]
    return error_from_reply(f"{text} ({why})")


def _greeting(reply: object, asked: ProtocolVersion) -> Greeting:
    if isinstance(reply, list):  # RESP2 spells a map as a flat list
        reply = dict(zip(reply[::2], reply[1::2], strict=False))
    if isinstance(reply, RedisError):
        return Greeting()
    if not isinstance(reply, dict):
        raise InvalidResponse(f"HELLO was answered with a {type(reply).__name__}")
    granted = reply.get(b"proto", asked)
    if granted != asked:
        raise ProtocolError(
            f"asked for RESP{asked}, the server speaks RESP{granted}: use protocol_version={granted}"
        )
    client_id = reply.get(b"id")
    return Greeting(
        client_id=client_id if isinstance(client_id, int) else None,
        server_version=_version(reply.get(b"version")),
        server_name=_text(reply.get(b"server")),
        role=_text(reply.get(b"role")),
    )


def _text(raw: object) -> str | None:
    return raw.decode(errors="replace") if isinstance(raw, bytes) else None


def _version(raw: object) -> tuple[int, ...] | None:
    if not isinstance(raw, bytes):
        return None
    numbers = raw.split(b"-")[0].split(b".")
    return tuple(map(int, numbers)) if all(number.isdigit() for number in numbers) else None
