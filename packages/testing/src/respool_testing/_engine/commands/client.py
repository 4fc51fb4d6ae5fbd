"""CLIENT: what a client says about itself, and what it may ask about the others.

https://redis.io/docs/latest/commands/?group=connection (CLIENT TRACKING has a file of its own)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from respool_testing.replies import OK, Error, Reply, Several, Verbatim

from ..arguments import integer, maybe_integer, switch
from ..call import Call
from ..describing import client_type, described
from ..errors import CommandError, syntax_error
from ..registry import Family
from ..session import ReplyMode, Session

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
    return Verbatim(described(call.server, call.session))


@family.command("client|list", arity=-2, flags=_ADMIN, since="2.4.0", tips="nondeterministic_output")
def client_list(call: Call) -> Reply:
    chosen = _listed(call)
    return Verbatim(b"".join(described(call.server, session) for session in chosen))


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
