"""Commands about the connection itself: greeting, authentication, choosing a database.

https://redis.io/docs/latest/commands/?group=connection (CLIENT has a file of its own)
"""

from __future__ import annotations

from respool_testing.replies import OK, PONG, Map, Reply, Simple

from ..arguments import maybe_integer, small_integer
from ..call import Call
from ..errors import CommandError
from ..registry import Family
from ..session import Session
from ..state import ServerState
from .client import check_name

family = Family("connection")

WRONG_PASSWORD = "WRONGPASS invalid username-password pair or user is disabled."
NO_PASSWORD_SET = (
    "ERR AUTH <password> called without any password configured for the default user. "
    "Are you sure your configuration is correct?"
)
MUST_AUTHENTICATE = (
    "NOAUTH HELLO must be called with the client already authenticated, "
    "otherwise the HELLO <proto> AUTH <user> <pass> option can be used to authenticate the client "
    "and select the RESP protocol version at the same time"
)


@family.command(
    "ping", arity=-1, flags="fast", tips="request_policy:all_shards response_policy:all_succeeded"
)
def ping(call: Call) -> Reply:
    if len(call.args) > 1:
        raise CommandError("ERR wrong number of arguments for 'ping' command")
    if call.session.protocol < 3 and call.server.pubsub.is_subscribed(call.session):
        return [b"pong", call.args[0] if call.args else b""]
    return call.args[0] if call.args else PONG


@family.command("echo", arity=2, flags="loading stale fast")
def echo(call: Call) -> Reply:
    return call.args[0]


@family.command("select", arity=2, flags="loading stale fast")
def select(call: Call) -> Reply:
    index = small_integer(call.args[0])
    if call.server.cluster is not None and index:
        raise CommandError("ERR SELECT is not allowed in cluster mode")
    if not 0 <= index < len(call.server.keyspace.databases):
        raise CommandError("ERR DB index is out of range")
    call.session.database = index
    return OK


@family.command("quit", arity=-1, flags="noscript loading stale fast no_auth allow_busy")
def quit_(call: Call) -> Reply:
    call.server.outbox.hang_up(call.session)
    return OK


@family.command("reset", arity=1, flags="noscript loading stale fast no_auth allow_busy", since="6.2.0")
def reset(call: Call) -> Reply:
    call.server.pubsub.leave(call.session)
    call.session.reset(authenticated=call.server.password is None)
    return Simple(b"RESET")


@family.command("auth", arity=-2, flags="noscript loading stale fast no_auth allow_busy")
def auth(call: Call) -> Reply:
    if len(call.args) > 2:
        raise CommandError("ERR syntax error")
    if len(call.args) == 1 and call.server.password is None:
        raise CommandError(NO_PASSWORD_SET)
    user = call.args[0] if len(call.args) == 2 else b"default"
    authenticate(call.server, call.session, user, call.args[-1])
    return OK


@family.command("hello", arity=-1, flags="noscript loading stale fast no_auth allow_busy", since="6.0.0")
def hello(call: Call) -> Reply:
    protocol = _wanted_protocol(call)
    credentials, name = _hello_options(call)
    if credentials is not None:
        authenticate(call.server, call.session, *credentials)
    if not call.session.authenticated:
        raise CommandError(MUST_AUTHENTICATE)
    if name is not None:
        call.session.name = name
    call.session.protocol = protocol
    return _greeting(call)


def authenticate(server: ServerState, session: Session, user: bytes, password: bytes) -> None:
    """Let a client in as a user; raise WRONGPASS. A default user without a password takes any."""
    if user == b"default":
        accepted = server.password is None or password == server.password.encode()
    else:
        known = server.settings.users.get(user.decode("utf-8", "surrogateescape"))
        accepted = known is not None and password == known.encode()
    if not accepted:
        raise CommandError(WRONG_PASSWORD)
    session.authenticated = True
    session.user = user


def _wanted_protocol(call: Call) -> int:
    if not call.args:
        return call.session.protocol
    version = maybe_integer(call.args[0])
    if version is None:
        raise CommandError("ERR Protocol version is not an integer or out of range")
    if version not in (2, 3):
        raise CommandError("NOPROTO unsupported protocol version")
    return version


def _hello_options(call: Call) -> tuple[tuple[bytes, bytes] | None, bytes | None]:
    credentials: tuple[bytes, bytes] | None = None
    name: bytes | None = None
    rest = list(call.args[1:])
    while rest:
        option = rest.pop(0)
        if option.upper() == b"AUTH" and len(rest) >= 2:
            credentials = rest.pop(0), rest.pop(0)
        elif option.upper() == b"SETNAME" and rest:
            name = check_name(rest.pop(0))
        else:
            raise CommandError(f"ERR Syntax error in HELLO option '{option.decode('latin-1')}'")
    return credentials, name


def _greeting(call: Call) -> Reply:
    server = call.server
    fields: dict[str, Reply] = {
        "server": b"redis",
        "version": server.settings.version.encode(),
        "proto": call.session.protocol,
        "id": call.session.id,
        "mode": server.settings.mode.encode(),
    }
    if server.sentinel is None:
        fields["role"] = b"master" if server.replication.primary is None else b"replica"
    return Map.of(**fields, modules=[])
