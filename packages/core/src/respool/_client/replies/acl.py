"""Users and what they were denied. Pure; the same for RESP2 and RESP3."""

from __future__ import annotations

from respool._client.replies.basic import Told, fields, integer, integer_or_none, items, number, text, texts
from respool._client.replies.clients import client
from respool._wire.tuples import NamedTuple


class AclRules(NamedTuple):
    """What is allowed: commands, keys and channels, each as a line of rules."""

    commands: str
    keys: str
    channels: str


class AclUser(NamedTuple):
    """A user. Passwords are told by their SHA-256; each selector allows something beside the rules."""

    flags: list[str]
    passwords: list[str]
    rules: AclRules
    selectors: list[AclRules]


class AclLogEntry(NamedTuple):
    """A denial, and how often it happened lately. Timestamps are Unix time in milliseconds, None before Redis 7.2."""

    times: int
    reason: str
    context: str
    object: str
    username: str
    age_seconds: float
    client_info: dict[str, str]
    entry_id: int | None
    timestamp_created: int | None
    timestamp_last_updated: int | None


def acl_user(reply: object) -> AclUser | None:
    if reply is None:
        return None
    told = fields(reply)
    return AclUser(
        flags=texts(told["flags"]),
        passwords=texts(told["passwords"]),
        rules=_rules(told),
        selectors=[_rules(fields(each)) for each in items(told.get("selectors"))],
    )


def acl_log(reply: object) -> list[AclLogEntry]:
    return [_entry(fields(each)) for each in items(reply)]


def dry_run(reply: object) -> str | None:
    """Take OK, or a sentence that says why not."""
    answer = text(reply)
    return None if answer == "OK" else answer


def _rules(told: Told) -> AclRules:
    return AclRules(text(told["commands"]), text(told["keys"]), text(told["channels"]))


def _entry(told: Told) -> AclLogEntry:
    return AclLogEntry(
        times=integer(told["count"]),
        reason=text(told["reason"]),
        context=text(told["context"]),
        object=text(told["object"]),
        username=text(told["username"]),
        age_seconds=number(told["age-seconds"]),
        client_info=client(told["client-info"]),
        entry_id=integer_or_none(told.get("entry-id")),
        timestamp_created=integer_or_none(told.get("timestamp-created")),
        timestamp_last_updated=integer_or_none(told.get("timestamp-last-updated")),
    )
