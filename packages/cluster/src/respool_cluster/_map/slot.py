"""From a command to the slot of its keys. Words only: it knows no node and no connection.

https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/#key-distribution-model
"""

from __future__ import annotations

from binascii import crc_hqx
from collections.abc import Sequence

from respool.errors import DataError, RedisClusterError
from respool.lowlevel import ValueT, lookup, routing_keys

SLOTS = 16384

_NOWHERE = 1 << 62
"""A place that no command has, for commands that have not one key in one place."""

_EVERYWHERE = frozenset({"all_nodes", "all_shards", "special"})  # request policies

_EACH_KNOWS_ITS_OWN = frozenset(
    f"PUBSUB {what}" for what in ("CHANNELS", "NUMPAT", "NUMSUB", "SHARDCHANNELS", "SHARDNUMSUB")
)  # which have no request policy


def key_slot(key: bytes) -> int:
    """Return the slot of a key: of the text in its first braces, if there is any, else of the whole key."""
    tag, closing, _ = key.partition(b"{")[2].partition(b"}")
    if closing and tag:
        key = tag
    return crc_hqx(key, 0) % SLOTS


class _SoleKeys(dict[ValueT, int]):
    """Where the key stands, by the name of a command that has one and always in the same place; else `_NOWHERE`."""

    def __missing__(self, name: ValueT) -> int:
        if len(self) >= _REMEMBERED:
            self.clear()
        place = self[name] = _sole_key(name)
        return place


def _sole_key(name: ValueT) -> int:
    if not isinstance(name, (str, bytes)) or len(name.split()) != 1:
        return _NOWHERE
    command = lookup(name)
    if command is None or len(command.key_specs) != 1 or type(command.flags).MOVABLEKEYS in command.flags:
        return _NOWHERE
    spec = command.key_specs[0]
    return spec.start if spec == type(spec)(spec.start) else _NOWHERE


_REMEMBERED = 1024  # names may come from anywhere
_sole_keys = _SoleKeys()


def slot_of_sole_key(args: Sequence[ValueT], encoding: str) -> int:
    """Return the slot of a command that has one key, always in the same place, as most have.

    On the way of every command, so it raises for all others, whatever it comes upon: `LookupError`, `TypeError` or
    `ValueError`. They ask `slot_of`.
    """
    key = args[_sole_keys[args[0]]]
    if key.__class__ is str:
        key = key.encode(encoding)
    elif key.__class__ is not bytes:
        raise TypeError
    # The number is found without an exception inside, which b"{" is not, at four times the cost.
    return key_slot(key) if 0x7B in key else crc_hqx(key, 0) % SLOTS


def slot_of_keys(keys: Sequence[ValueT], encoding: str = "utf-8") -> int:
    """Return the slot that keys have in common. Raises `RedisClusterError` where they have none."""
    slots = {key_slot(_as_bytes(key, encoding)) for key in keys}
    if len(slots) > 1:
        named = ", ".join(
            f"{text_of(key)!r} in slot {key_slot(_as_bytes(key, encoding))}" for key in keys[:5]
        )
        raise RedisClusterError(f"the keys lie in several slots ({named}): no one connection leads to all")
    return slots.pop()


def slot_of(args: Sequence[ValueT], encoding: str = "utf-8") -> int | None:
    """Return the slot a command belongs to, None where any node will do.

    Raises `RedisClusterError` for keys in several slots, and for what no single node can answer.
    """
    positions = routing_keys(args)
    if len(positions) == 1:
        return key_slot(_as_bytes(args[positions[0]], encoding))
    if not positions:
        _check_one_node_will_do(args)
        return None
    slots = {key_slot(_as_bytes(args[at], encoding)) for at in positions}
    if len(slots) > 1:
        raise _several_slots(args, positions, encoding)
    return slots.pop()


def slot_of_channel(args: Sequence[ValueT], encoding: str) -> int | None:
    """Return the slot that a channel would have if it was a key, for PUBLISH; None for any other command."""
    if len(args) < 2 or text_of(args[0]).upper() != "PUBLISH":
        return None
    return key_slot(_as_bytes(args[1], encoding))


def _check_one_node_will_do(args: Sequence[ValueT]) -> None:
    name = text_of(args[0]).upper()
    command = lookup(text_of(args[0]), *args[1:2])
    # PING goes to every shard only where somebody asks after all of them; here it asks after the cluster.
    if command is None or name == "PING":
        return
    policy = command.request_policy
    if (policy is not None and policy.value in _EVERYWHERE) or command.name in _EACH_KNOWS_ITS_OWN:
        raise RedisClusterError(
            f"{name} concerns more than one node of the cluster: name them: execute_command(..., nodes=), or on(node)"
        )


def _several_slots(args: Sequence[ValueT], positions: Sequence[int], encoding: str) -> RedisClusterError:
    named = ", ".join(
        f"{text_of(args[at])!r} in slot {key_slot(_as_bytes(args[at], encoding))}" for at in positions[:5]
    )
    more = ", ..." if len(positions) > 5 else ""
    return RedisClusterError(
        f"{text_of(args[0]).upper()}: the keys lie in several slots ({named}{more}); "
        "give them one {hash tag}, or send one command for each slot"
    )


def _as_bytes(key: ValueT, encoding: str) -> bytes:
    """Return a key as it goes over the wire. Raises `DataError` for text that cannot."""
    if isinstance(key, str):
        try:
            return key.encode(encoding)
        except UnicodeEncodeError as exc:
            raise DataError(f"the key {key!r} cannot be sent: {exc}") from exc
    if isinstance(key, (bytes, bytearray, memoryview)):
        return bytes(key)
    return repr(key).encode()


def text_of(word: ValueT) -> str:
    """Return a word of a command as text, for looking it up and for messages."""
    if isinstance(word, (bytes, bytearray, memoryview)):
        return bytes(word).decode(errors="replace")
    return str(word)
