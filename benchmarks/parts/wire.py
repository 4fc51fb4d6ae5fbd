"""Parts of the wire: commands to bytes, bytes to replies, what the command table knows, the slot of a key."""

from __future__ import annotations

from benchmarks.data import LARGE_VALUE, VALUE
from benchmarks.parts.part import repeated
from respool._wire.parsing import ReplyParser
from respool.lowlevel import is_plain, is_read_only, lookup, pack, routing_keys
from respool_cluster._map.slot import key_slot

REPLIES = 100
REPLY = b"$64\r\n" + VALUE + b"\r\n"

GET = (b"GET", "key:123")
SET = (b"SET", "key:123", VALUE)
LARGE_SET = (b"SET", "key:123", LARGE_VALUE)

_parser = ReplyParser()


def parse_replies() -> None:
    """Feed one read's worth of replies and take them out."""
    for _ in _parser.feed(REPLY * REPLIES):
        pass


PARTS = (
    repeated("nothing", "an empty call, which is in all the others", lambda: None),
    repeated("pack-get", "GET to bytes", lambda: pack(GET)),
    repeated("pack-set", "SET of 64 bytes to bytes", lambda: pack(SET)),
    repeated("pack-large", "SET of 1 MiB to pieces", lambda: pack(LARGE_SET)),
    repeated("parse", f"{REPLIES} replies of 64 bytes, parsed", parse_replies, 10),
    repeated("lookup", "a command in the table", lambda: lookup(b"GET")),
    repeated("is-plain", "may a shared connection take it", lambda: is_plain(GET)),
    repeated("is-read-only", "may it repeat", lambda: is_read_only(GET)),
    repeated("routing-keys", "which arguments are keys", lambda: routing_keys(GET)),
    repeated("key-slot", "the slot of a key", lambda: key_slot(b"user:{1000}:name")),
)
