#!/usr/bin/env python3
"""Write the command table from what real servers say of themselves.

    python scripts/command_table.py SERVER [SERVER ...]

Starts each executable, asks it COMMAND, stops it, and writes `packages/core/src/respool/_wire/_command_data.py`.
A command is described by the last server named that knows it, so name the oldest first. Servers run without a
configuration, so the modules they have are those they are built with (vector sets). Needs respool and
respool-testing to be installed; `scripts/servers.py` brings servers.
"""

from __future__ import annotations

import argparse
import socket
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from hiredis import Reader

from respool._wire._command_model import KeySpec
from respool._wire._command_rows import Row, read, write_spec
from respool_testing import ServerProcess

TARGET = Path(__file__).parent.parent / "packages/core/src/respool/_wire/_command_data.py"

HEAD = '''\
"""What servers say of their commands: name -> (arity, flags, key specs, tips). Generated, not to be edited.

Made by scripts/command_table.py from the COMMAND reply of
{servers}. Where they differ the last speaks.
The notation is told in `_command_rows`.
"""

# fmt: off
# ruff: noqa: E501
ROWS: dict[str, tuple[int, str, str, str]] = {{
'''


# --- asking a server


def question(binary: str) -> tuple[str, list[Any]]:
    """Start a server and return its name with version, and its COMMAND reply."""
    server = ServerProcess(binary)
    server.start_process()
    try:
        with socket.create_connection((server.host, server.port), timeout=10) as connection:
            return server_name(ask(connection, "INFO server")), ask(connection, "COMMAND")
    finally:
        server.stop_process()


def ask(connection: socket.socket, command: str) -> Any:
    reader = Reader(encoding="utf-8")
    connection.sendall(f"{command}\r\n".encode())
    while (reply := reader.gets()) is False:
        reader.feed(connection.recv(1 << 16))
    return reply


def server_name(info: str) -> str:
    """Return the server's name and version, as `Valkey 8.0.1`; Valkey also tells the Redis it stands for."""
    lines = dict(line.partition(":")[::2] for line in info.splitlines())
    if "valkey_version" in lines:
        return f"Valkey {lines['valkey_version']}"
    return f"Redis {lines['redis_version']}"


# --- reading its answer


def rows(commands: Iterable[list[Any]]) -> Iterator[tuple[str, Row]]:
    """Yield the rows of a COMMAND reply, subcommands behind their command."""
    for name, arity, flags, _first, _last, _step, _acl, tips, specs, subcommands in commands:
        # That a built-in command is written as a module is the server's own affair.
        told = " ".join(flag for flag in flags if flag != "module")
        written = " ".join(write_spec(spec) for said in specs if (spec := key_spec(pairs(said))))
        yield name.upper().replace("|", " "), (arity, told, written, " ".join(tips))
        yield from rows(subcommands)


def key_spec(said: dict[str, Any]) -> KeySpec | None:
    """Return a key spec of the reply, or None for keys that only the server's own code can find."""
    begin, found = pairs(said["begin_search"]), pairs(said["find_keys"])
    if begin["type"] == "unknown":
        return None
    where, how = pairs(begin["spec"]), pairs(found["spec"])
    start = where["index"] if begin["type"] == "index" else where["startfrom"]
    keyword, channel = where.get("keyword", ""), "not_key" in said["flags"]
    if found["type"] == "keynum":
        if how != {"keynumidx": 0, "firstkey": 1, "keystep": how["keystep"]}:
            raise SystemExit(f"a counted key spec of a new kind, which KeySpec cannot say: {how}")
        return KeySpec(start, keyword, step=how["keystep"], counted=True, channel=channel)
    return KeySpec(start, keyword, how["lastkey"], how["keystep"], how["limit"], channel=channel)


def pairs(flat: list[Any]) -> dict[str, Any]:
    return dict(zip(flat[::2], flat[1::2], strict=True))


def main() -> int:
    parser = argparse.ArgumentParser(description="Write the command table from what real servers say.")
    parser.add_argument("servers", nargs="+", metavar="SERVER", help="executable of a server, oldest first")
    table: dict[str, Row] = {}
    names: list[str] = []
    for binary in parser.parse_args().servers:
        name, commands = question(binary)
        names.append(name)
        table.update(rows(commands))
    for name, row in table.items():
        read(name, row)  # a flag or a policy that the model has no word for is found here, not by users
    lines = [f'    "{name}": {row!r},\n'.replace("'", '"') for name, row in sorted(table.items())]
    TARGET.write_text(HEAD.format(servers=", ".join(names)) + "".join(lines) + "}\n")
    print(f"{len(table)} commands of {', '.join(names)} in {TARGET.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
