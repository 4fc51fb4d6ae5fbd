"""The typed commands are complete: each command that servers have has a method, and each method has a test."""

from __future__ import annotations

import inspect
import re
from collections import Counter
from pathlib import Path

from respool._client.commands import Commands
from respool._client.families.family import Family
from respool._wire._command_doors import DOORS
from respool._wire._command_names import ROWS

RENAMED = {
    "ACL LOG": "acl_log",
    "CLUSTER MIGRATION": "cluster_migration_status",
    "CLUSTER SET-CONFIG-EPOCH": "cluster_set_config_epoch",
    "DEL": "delete",
    "DECRBY": "decr",
    "INCRBY": "incr",
    "MEMORY MALLOC-STATS": "memory_malloc_stats",
}
"""Commands whose method is not called what they are, because of Python or because one does for two."""

SUPERSEDED = {
    "BRPOPLPUSH": "blmove",
    "CLUSTER SLAVES": "cluster_replicas",
    "GEORADIUS": "geosearch",
    "GEORADIUSBYMEMBER": "geosearch",
    "GEORADIUSBYMEMBER_RO": "geosearch",
    "GEORADIUS_RO": "geosearch",
    "GETSET": "set",
    "HMSET": "hset",
    "PSETEX": "set",
    "RPOPLPUSH": "lmove",
    "SETEX": "set",
    "SETNX": "set",
    "SLAVEOF": "replicaof",
    "SUBSTR": "getrange",
    "ZRANGEBYLEX": "zrange",
    "ZRANGEBYSCORE": "zrange",
    "ZREVRANGE": "zrange",
    "ZREVRANGEBYLEX": "zrange",
    "ZREVRANGEBYSCORE": "zrange",
}
"""Commands that servers call deprecated, and the method that does the same."""

WITHOUT = {
    "DEBUG": "for those who test the server: differs with every version",
    "PFDEBUG": "for those who test the server",
    "PFSELFTEST": "for those who test the server",
    "RESTORE-ASKING": "for MIGRATE, which sends it from server to server",
    "WAIT": "tells of the writes of its own connection: belongs on a leased one, behind them",
    "WAITAOF": "tells of the writes of its own connection: belongs on a leased one, behind them",
}
"""Commands that have no method, and why."""

FAMILIES = Commands.__mro__[1 : Commands.__mro__.index(Family)]
METHODS = sorted(
    name for family in FAMILIES for name, value in vars(family).items() if callable(value) and name[0] != "_"
)
CONTAINERS = {name.partition(" ")[0] for name in ROWS if " " in name}


def method_of(command: str) -> str:
    """Return the name that the method of a command should have."""
    spelled = command.lower().replace(" ", "_").replace("-", "_")
    return RENAMED.get(command) or SUPERSEDED.get(command) or spelled


def needs_none(command: str) -> bool:
    """Tell whether a command has no use for a method: help texts, groups of commands, and what has a door."""
    is_group = command in CONTAINERS and command != "COMMAND"
    return command in DOORS or command in WITHOUT or command.endswith(" HELP") or is_group


def test_every_command_has_a_method() -> None:
    assert [name for name in ROWS if not needs_none(name) and not hasattr(Commands, method_of(name))] == []


def test_every_exception_is_about_a_command_that_there_is() -> None:
    assert [name for name in (*RENAMED, *SUPERSEDED, *WITHOUT) if name not in ROWS] == []
    assert [name for name in WITHOUT if hasattr(Commands, method_of(name))] == []


def test_no_two_families_define_the_same_name() -> None:
    names = Counter(
        name for family in FAMILIES for name, value in vars(family).items() if inspect.isfunction(value)
    )
    assert [name for name, times in names.items() if times > 1] == []


def test_every_method_says_what_it_does_and_where_its_command_is_described() -> None:
    page = re.compile(r"^[A-Z].*https://(redis\.io/docs/latest|valkey\.io)/commands/[a-z_-]+/$", re.DOTALL)
    assert [name for name in METHODS if not page.match(inspect.getdoc(getattr(Commands, name)) or "")] == []


def test_every_method_is_called_by_a_test() -> None:
    here = Path(__file__)
    tests = "".join(path.read_text() for path in here.parent.glob("test_commands_*.py") if path != here)
    called = set(re.findall(r"\.(\w+)[(,]", tests))
    assert [name for name in METHODS if name not in called] == []
