"""CLIENT: what a client says about itself, and what it may ask about the others.

https://redis.io/docs/latest/commands/?group=connection (CLIENT TRACKING has a file of its own)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from respool_testing.replies import OK, Error, Reply, Several, Verbatim

from ..arguments import integer, maybe_integer, switch
from ..call import Call
from ..errors import CommandError, syntax_error
from ..pubsub import Kind
from ..registry import Family
from ..session import ReplyMode, Session
from ..state import ServerState

family = Family("connection")

_OWN: Final = "noscript loading stale"
_ADMIN: Final = "admin noscript loading stale"
_CLIENT_TYPES: Final = (b"normal", b"master", b"replica", b"slave", b"pubsub")

family.container("client", since="2.4.0")


@family.command("client|id", arity=2, flags=_OWN, since="5.0.0")
def client_id(call: Call) -> Reply:
    return call.session.id


@family.command("client|getname", arity=2, flags=_OWN, since="2.6.9")
def client_getname(call: Call) -> Reply:
    return call.session.name or None


@family.command("client|setname", arity=3, flags=_OWN, since="2.6.9")
def client_setname(call: Call) -> Reply:
    call.session.name = check_name(call.args[0])
    return OK


@family.command("client|setinfo", arity=4, flags=_OWN, since="7.2.0")
def client_setinfo(call: Call) -> Reply:
    attribute, value = call.args
    if attribute.lower() == b"lib-name":
        call.session.library_name = _printable(value, "lib-name")
    elif attribute.lower() == b"lib-ver":
        call.session.library_version = _printable(value, "lib-ver")
    else:
        raise CommandError(f"ERR Unrecognized option '{attribute.decode('latin-1')}'")
    return OK


@family.command("client|info", arity=2, flags=_OWN, since="6.2.0", tips="nondeterministic_output")
def client_info(call: Call) -> Reply:
    return Verbatim(_described(call.server, call.session))


@family.command("client|list", arity=-2, flags=_ADMIN, since="2.4.0", tips="nondeterministic_output")
def client_list(call: Call) -> Reply:
    chosen = _listed(call)
    return Verbatim(b"".join(_described(call.server, session) for session in chosen))


@family.command("client|reply", arity=3, flags=_OWN, since="3.2.0")
def client_reply(call: Call) -> Reply:
    mode = call.args[0].upper()
    if mode == b"ON":
        call.session.reply_mode = ReplyMode.ON
        return OK
    if mode == b"OFF":
        call.session.reply_mode = ReplyMode.OFF
    elif mode == b"SKIP":
        if call.session.reply_mode is ReplyMode.ON:
            call.session.reply_mode = ReplyMode.SKIP_NEXT
    else:
        raise syntax_error()
    return Several([])


@family.command("client|no-evict", arity=3, flags=_ADMIN, since="7.0.0")
def client_no_evict(call: Call) -> Reply:
    call.session.no_evict = switch(call.args[0])
    return OK


@family.command("client|no-touch", arity=3, flags=_OWN, since="7.2.0")
def client_no_touch(call: Call) -> Reply:
    call.session.no_touch = switch(call.args[0])
    return OK


@family.command("client|unblock", arity=-3, flags=_ADMIN, since="5.0.0")
def client_unblock(call: Call) -> Reply:
    how = call.args[1].upper() if len(call.args) == 2 else b"TIMEOUT"
    if len(call.args) > 2 or how not in (b"TIMEOUT", b"ERROR"):
        raise CommandError("ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR")
    session = call.server.sessions.get(integer(call.args[0]))
    waiting = None if session is None else call.server.unblock(session)
    if session is None or waiting is None:
        return 0
    unblocked = Error(b"UNBLOCKED client unblocked via CLIENT UNBLOCK")
    answer = unblocked if how == b"ERROR" else waiting.otherwise
    call.server.outbox.reply(session, answer)
    return 1


@family.command("client|kill", arity=-3, flags=_ADMIN, since="2.4.0")
def client_kill(call: Call) -> Reply:
    if len(call.args) == 1:
        victims = [each for each in call.server.sessions.values() if each.address.encode() == call.args[0]]
        if not victims:
            raise CommandError("ERR No such client")
        _hang_up(call, victims)
        return OK
    chosen = _kill_filter(call)
    victims = [each for each in call.server.sessions.values() if chosen(each)]
    _hang_up(call, victims)
    return len(victims)


def check_name(name: bytes) -> bytes:
    """Return a client's name if it may be one."""
    if any(not 33 <= letter <= 126 for letter in name):
        raise CommandError("ERR Client names cannot contain spaces, newlines or special characters.")
    return name


def client_type(server: ServerState, session: Session) -> bytes:
    """Say what kind of client this is, in the words of CLIENT LIST TYPE."""
    return b"pubsub" if server.pubsub.is_subscribed(session) else b"normal"


def _printable(text: bytes, what: str) -> bytes:
    if any(not 33 <= letter <= 126 for letter in text):
        raise CommandError(f"ERR {what} cannot contain spaces, newlines or special characters.")
    return text


def _listed(call: Call) -> list[Session]:
    sessions = list(call.server.sessions.values())
    if not call.args:
        return sessions
    option, *rest = call.args
    if option.upper() == b"TYPE" and len(rest) == 1:
        wanted = _known_type(rest[0])
        return [each for each in sessions if client_type(call.server, each) == wanted]
    if option.upper() == b"ID" and rest:
        wanted_ids = [maybe_integer(text) for text in rest]
        if any(each is None or each < 1 for each in wanted_ids):
            raise CommandError("ERR Invalid client ID")
        return [each for each in sessions if each.id in wanted_ids]
    raise syntax_error()


def _known_type(text: bytes) -> bytes:
    kind = text.lower()
    if kind not in _CLIENT_TYPES:
        raise CommandError(f"ERR Unknown client type '{text.decode('latin-1')}'")
    return b"replica" if kind == b"slave" else kind


def _kill_filter(call: Call) -> Callable[[Session], bool]:
    tests: list[Callable[[Session], bool]] = []
    skip_me = True
    words = list(call.args)
    while words:
        option = words.pop(0)
        if not words:
            raise syntax_error()
        value = words.pop(0)
        if option.upper() == b"SKIPME" and value.upper() in (b"YES", b"NO"):
            skip_me = value.upper() == b"YES"
        else:
            tests.append(_kill_test(call, option.upper(), value))
    if skip_me:
        tests.append(lambda session: session is not call.session)
    return lambda session: all(test(session) for test in tests)


def _kill_test(call: Call, option: bytes, value: bytes) -> Callable[[Session], bool]:
    if option == b"ID":
        wanted = maybe_integer(value)
        if wanted is None or wanted < 1:
            raise CommandError("ERR client-id should be greater than 0")
        return lambda session: session.id == wanted
    if option == b"ADDR":
        return lambda session: session.address.encode() == value
    if option == b"LADDR":
        return lambda session: session.local_address.encode() == value
    if option == b"TYPE":
        kind = _known_type(value)
        return lambda session: client_type(call.server, session) == kind
    if option == b"USER":
        if value != b"default" and value.decode("utf-8", "surrogateescape") not in call.server.settings.users:
            raise CommandError(f"ERR No such user '{value.decode('latin-1')}'")
        return lambda session: session.user == value
    raise syntax_error()


def _hang_up(call: Call, sessions: list[Session]) -> None:
    for session in sessions:
        call.server.outbox.hang_up(session)


def _described(server: ServerState, session: Session) -> bytes:
    """Describe a client in one line; what an engine without buffers cannot know is zero."""
    transaction = session.transaction
    fields: dict[str, object] = {
        "id": session.id,
        "addr": session.address,
        "laddr": session.local_address,
        "fd": session.id + 7,
        "name": session.name.decode("latin-1"),
        "age": (server.now - session.connected_at) // 1_000_000,
        "idle": (server.now - session.last_active) // 1_000_000,
        "flags": _flags(server, session),
        "db": session.database,
        "sub": len(server.pubsub.channels_of(session, Kind.CHANNEL)),
        "psub": len(server.pubsub.channels_of(session, Kind.PATTERN)),
        "ssub": len(server.pubsub.channels_of(session, Kind.SHARD)),
        "multi": -1 if transaction is None else len(transaction.queue),
        "watch": len(session.watched),
        "qbuf": 0,
        "qbuf-free": 0,
        "argv-mem": 0,
        "multi-mem": 0,
        "rbs": 1024,
        "rbp": 0,
        "obl": 0,
        "oll": 0,
        "omem": 0,
        "tot-mem": 0,
        "events": "r",
        "cmd": session.last_command,
        "user": session.user.decode("latin-1"),
        "redir": -1 if session.tracking is None else session.tracking.redirect,
        "resp": session.protocol,
    }
    if server.settings.version_numbers >= (7, 2, 0):
        fields["lib-name"] = session.library_name.decode("latin-1")
        fields["lib-ver"] = session.library_version.decode("latin-1")
    return " ".join(f"{name}={value}" for name, value in fields.items()).encode("latin-1") + b"\n"


def _flags(server: ServerState, session: Session) -> str:
    tracking = session.tracking
    marks = {
        "t": tracking is not None,
        "R": tracking is not None and tracking.broken,
        "B": tracking is not None and tracking.broadcast,
        "P": server.pubsub.is_subscribed(session),
        "x": session.transaction is not None,
        "b": session in server.blocked,
        "e": session.no_evict,
        "T": session.no_touch,
    }
    return "".join(mark for mark, holds in marks.items() if holds) or "N"
