"""INFO as a sentinel tells it.

https://redis.io/docs/latest/commands/info/
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from respool_testing.replies import Reply

from ..call import Call
from ..registry import Family
from ..state import ServerState
from .info import SECTIONS, Section
from .sentinel_shared import view_of

family = Family("server")

_ALL: Final = frozenset({b"all", b"everything", b"default"})


@family.command(
    "info", arity=-1, flags="loading stale", tips="nondeterministic_output", categories="dangerous"
)
def info(call: Call) -> Reply:
    wanted = {word.lower() for word in call.args} or _ALL
    sections: dict[str, Section] = {
        "Server": SECTIONS["Server"],
        "Clients": SECTIONS["Clients"],
        "Stats": SECTIONS["Stats"],
        "Sentinel": lambda server: _sentinel(call, server),
    }
    chosen = [
        f"# {title}\r\n" + "".join(f"{name}:{value}\r\n" for name, value in fields(call.server).items())
        for title, fields in sections.items()
        if wanted & _ALL or title.lower().encode() in wanted
    ]
    return "\r\n".join(chosen).encode()  # a data server tells it as verbatim text


def _sentinel(call: Call, server: ServerState) -> Mapping[str, object]:
    view = view_of(call)
    since = -1 if view.tilt_since is None else (server.now_ms - view.tilt_since) // 1000
    fields: dict[str, object] = {
        "sentinel_masters": len(view.services),
        "sentinel_tilt": int(view.tilt_since is not None),
        "sentinel_tilt_since_seconds": since,
        "sentinel_running_scripts": 0,
        "sentinel_scripts_queue_length": 0,
        "sentinel_simulate_failure_flags": 0,
    }
    for number, watched in enumerate(view.services.values()):
        host, port = watched.primary.address
        fields[f"master{number}"] = (
            f"name={watched.name},status={watched.status},address={host}:{port},"
            f"slaves={len(watched.replicas)},sentinels={len(watched.sentinels) + 1}"
        )
    return fields
