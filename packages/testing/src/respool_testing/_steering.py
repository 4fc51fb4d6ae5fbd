"""The command FAULT, by which a client of a steerable server arms faults at run time, in any language.

redis-cli FAULT on SET key=x:* do delay 0.5
redis-cli FAULT LIST
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ._engine.encoding import encode
from ._engine.parser import Request
from ._faults.spelling import ACTIONS, parse_fault
from .replies import OK, Error, Reply

if TYPE_CHECKING:
    from .faults import Faults

HELP: Final = (
    "FAULT on <command> [<arguments>] [key=<glob>] [client=<glob>] [after=<n>] [times=<n>] [chance=<p> seed=<n>]"
    " do <action>",
    "FAULT on_connect|on_handshake|on_push ... do <action>",
    "FAULT LIST -- what is armed, and how often it struck",
    "FAULT CLEAR -- disarm everything",
    "Actions: " + ", ".join(ACTIONS),
)


def is_steering(request: Request) -> bool:
    """Tell whether a request is one for this module."""
    return request[0].upper() == b"FAULT"


def steer(faults: Faults, request: Request, protocol: int) -> bytes:
    """Do what a request says, and return the reply to it."""
    return encode(_answer(faults, [word.decode("utf-8", "replace") for word in request[1:]]), protocol)


def _answer(faults: Faults, words: list[str]) -> Reply:
    match [words[0].upper(), *words[1:]] if words else ["HELP"]:
        case ["HELP"]:
            return [line.encode() for line in HELP]
        case ["LIST"]:
            return [f"{each}: {each.hits} hits of {each.seen}".encode() for each in faults.armed]
        case ["CLEAR"]:
            faults.clear()
            return OK
    try:
        parse_fault(words, faults)
    except ValueError as error:
        return Error.of(f"ERR {error}")
    return OK
