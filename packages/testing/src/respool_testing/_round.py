"""One round of what the nodes of a fake cluster tell each other, and the conclusions they come to.

Each function does its part for all of them at one moment, and tells whether anybody learned something.
"""

from __future__ import annotations

import random
from collections.abc import Iterable

from ._engine.election import stand, vote
from ._engine.failure import hold_for_failed, judge
from ._engine.gossip import absorb, claim_of
from ._engine.slots import key_slot
from ._stations import Station, Stations, introduce


def notice_silence(stations: Stations, now: int) -> None:
    """Let each node see whom it hears no more."""
    for station in stations.all:
        station.view.me.offset = station.server._engine.state.replication.offset
        for node in station.view.others():
            other = stations.named(node.id)
            if other is not None and stations.hears(station, other):
                node.silent_since = None
            elif node.silent_since is None:
                node.silent_since = now


def exchange(stations: Stations, now: int) -> bool:
    """Let each node hear each other one once."""
    news = False
    for speaker in stations.up():
        claim = claim_of(speaker.view)
        for listener in stations.listeners(speaker):
            news |= _learn_of(stations, listener, claim.known, now)
            heard = absorb(listener.view, claim, now)
            news |= heard.changed
            _drop_keys(listener, heard.lost)
            if heard.better is not None:
                better = claim_of(listener.view, heard.better)
                news |= absorb(speaker.view, better, now, relayed=True).changed
    return news


def decide(stations: Stations, now: int, chance: random.Random) -> bool:
    """Let each node make up its mind: who is dead, and whether to stand for election."""
    news = False
    for station in stations.up():
        before = {node.id for node in station.view.others() if node.failed}
        news |= judge(station.view, now)
        failed = {node.id for node in station.view.others() if node.failed} - before
        for listener in stations.listeners(station):
            for each in sorted(failed):
                news |= hold_for_failed(listener.view, each, now)
        epoch = stand(station.view, now, chance)
        if epoch is not None:
            news |= elect(stations, station, epoch, now)
    return news


def elect(stations: Stations, station: Station, epoch: int, now: int, *, forced: bool = False) -> bool:
    """Ask everybody for a vote; let the replica lead if most primaries are for it."""
    view = station.view
    votes = sum(
        vote(listener.view, view.me.id, epoch, now, forced=forced) for listener in stations.listeners(station)
    )
    if votes >= view.majority:
        view.lead(epoch)
    return votes >= view.majority


def _learn_of(stations: Stations, listener: Station, known: Iterable[str], now: int) -> bool:
    """Let a node meet those that others talk of."""
    # In an order of their own: that of a set differs from process to process.
    unknown = [stations.named(each) for each in sorted(known) if each not in listener.view.nodes]
    before = len(listener.view.nodes)
    for other in unknown:
        if other is not None and stations.hears(listener, other):
            introduce(listener, other, now)
    return len(listener.view.nodes) != before


def _drop_keys(station: Station, lost: int) -> None:
    """Delete what a node holds of slots that are no longer its own."""
    if lost:
        database = station.server._engine.state.keyspace[0]
        for key in [each for each in database if lost >> key_slot(each) & 1]:
            database.delete(key)
        station.server._shell.settle()
