"""What a command that only has subcommands says to HELP: which ones there are. Their arguments it leaves out."""

from __future__ import annotations

from respool_testing.replies import Reply, Simple

from .call import Call


def list_subcommands(call: Call) -> Reply:
    """Answer `CLIENT HELP` and its like, in the shape real servers give it."""
    name = call.command.name.partition("|")[0]
    container = call.catalog.get(name.encode())
    assert container is not None, "HELP is the help of something"
    title = f"{name.upper()} <subcommand> [<arg> [value] [opt] ...]. Subcommands are:"
    known = sorted(each.decode().upper() for each in container.subcommands if each != b"help")
    return [Simple(line.encode()) for line in (title, *known, "HELP", "    Prints this help.")]
