"""CLUSTER, its words about slots: giving them to nodes, and moving them from one to another.

https://redis.io/docs/latest/commands/cluster-setslot/ and its neighbours
"""

from __future__ import annotations

from typing import Final

from respool_testing.replies import OK, Reply

from ..call import Call
from ..cluster import KnownNode, Membership
from ..errors import CommandError
from ..failure import review
from ..registry import Family
from ..slots import EVERY_SLOT, key_slot
from .cluster_shared import membership_of, neighbours_of, slot_number

family = Family("cluster")

_CHANGE: Final = "admin stale no_async_loading"


@family.command("cluster|addslots", arity=-3, flags=_CHANGE, since="3.0.0")
def cluster_addslots(call: Call) -> Reply:
    return _assign(call, [slot_number(word) for word in call.args], add=True)


@family.command("cluster|addslotsrange", arity=-4, flags=_CHANGE, since="7.0.0")
def cluster_addslotsrange(call: Call) -> Reply:
    return _assign(call, _spans(call), add=True)


@family.command("cluster|delslots", arity=-3, flags=_CHANGE, since="3.0.0")
def cluster_delslots(call: Call) -> Reply:
    return _assign(call, [slot_number(word) for word in call.args], add=False)


@family.command("cluster|delslotsrange", arity=-4, flags=_CHANGE, since="7.0.0")
def cluster_delslotsrange(call: Call) -> Reply:
    return _assign(call, _spans(call), add=False)


@family.command("cluster|flushslots", arity=2, flags=_CHANGE, since="3.0.0")
def cluster_flushslots(call: Call) -> Reply:
    view = membership_of(call)
    if len(call.db):
        raise CommandError("ERR DB must be empty to perform CLUSTER FLUSHSLOTS.")
    view.take(EVERY_SLOT)
    return _changed(call, view)


@family.command("cluster|setslot", arity=-4, flags=_CHANGE, since="3.0.0")
def cluster_setslot(call: Call) -> Reply:
    view = membership_of(call)
    if view.me.primary is not None:
        raise CommandError("ERR Please use SETSLOT only with masters.")
    slot, action, *rest = slot_number(call.args[0]), call.args[1].upper(), *call.args[2:]
    if action == b"STABLE" and not rest:
        view.migrating.pop(slot, None)
        view.importing.pop(slot, None)
    elif action in _ACTIONS and len(rest) == 1:
        _ACTIONS[action](call, view, slot, rest[0])
    else:
        raise CommandError("ERR Invalid CLUSTER SETSLOT action or number of arguments. Try CLUSTER HELP")
    return _changed(call, view)


def _migrating(call: Call, view: Membership, slot: int, name: bytes) -> None:
    if view.owners[slot] is not view.me:
        raise CommandError(f"ERR I'm not the owner of hash slot {slot}")
    view.migrating[slot] = _primary_named(view, name, "I don't know about node").id


def _importing(call: Call, view: Membership, slot: int, name: bytes) -> None:
    if view.owners[slot] is view.me:
        raise CommandError(f"ERR I'm already the owner of hash slot {slot}")
    view.importing[slot] = _primary_named(view, name, "I don't know about node").id


def _owned_by(call: Call, view: Membership, slot: int, name: bytes) -> None:
    node = _primary_named(view, name, "Unknown node")
    was_mine, empty = view.owners[slot] is view.me, not any(key_slot(key) == slot for key in call.db)
    if was_mine and node is not view.me and not empty:
        raise CommandError(
            f"ERR Can't assign hashslot {slot} to a different node while I still hold keys for this hash slot."
        )
    if empty:
        view.migrating.pop(slot, None)
    view.give(1 << slot, node)
    if node is view.me and slot in view.importing:
        del view.importing[slot]
        view.bump_epoch()  # so that everybody believes it, without being asked
    if was_mine and not view.me.slots and node is not view.me:
        view.follow(node)


_ACTIONS: Final = {b"MIGRATING": _migrating, b"IMPORTING": _importing, b"NODE": _owned_by}


def _primary_named(view: Membership, name: bytes, complaint: str) -> KnownNode:
    node = view.nodes.get(name.decode("latin-1"))
    if node is None:
        raise CommandError(f"ERR {complaint} {name.decode('latin-1')}")
    if node.primary is not None:
        raise CommandError("ERR Target node is not a master")
    return node


def _spans(call: Call) -> list[int]:
    membership_of(call)
    if len(call.args) % 2:
        raise CommandError(f"ERR wrong number of arguments for '{call.command.name}' command")
    slots: list[int] = []
    for first, last in zip(call.args[::2], call.args[1::2], strict=True):
        start, end = slot_number(first), slot_number(last)
        if start > end:
            raise CommandError(f"ERR start slot number {start} is greater than end slot number {end}")
        slots += range(start, end + 1)
    return slots


def _assign(call: Call, slots: list[int], *, add: bool) -> Reply:
    """Take slots that are nobody's, or give some up: all of them or, with one mistake, none."""
    view, seen = membership_of(call), 0
    for slot in slots:
        if add and view.owners[slot] is not None:
            raise CommandError(f"ERR Slot {slot} is already busy")
        if not add and view.owners[slot] is None:
            raise CommandError(f"ERR Slot {slot} is already unassigned")
        if seen >> slot & 1:
            raise CommandError(f"ERR Slot {slot} specified multiple times")
        seen |= 1 << slot
    if add:
        view.give(seen, view.me)
        for slot in slots:
            view.importing.pop(slot, None)
    else:
        view.take(seen)
    return _changed(call, view)


def _changed(call: Call, view: Membership) -> Reply:
    review(view, call.now_ms)
    neighbours_of(view).stir()
    return OK
