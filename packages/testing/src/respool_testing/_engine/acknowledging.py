"""Clients in WAIT, and the replicas they wait for.

https://redis.io/docs/latest/commands/wait/
"""

from __future__ import annotations

from dataclasses import replace

from .state import ServerState


def answer_waiting(state: ServerState) -> None:
    """Let go of the clients in WAIT whose number of replicas is reached, and tell the others how far it got."""
    reached = state.replication.acknowledged()
    for session, waiting in list(state.blocked.items()):
        if waiting.request[0].upper() != b"WAIT":
            continue
        if reached >= int(waiting.request[1]):
            state.unblock(session)
            state.outbox.reply(session, reached)
        else:
            state.blocked[session] = replace(waiting, otherwise=reached)
