"""Which commands a cache may answer and which keys a command changes, held against what servers say of commands."""

from __future__ import annotations

import pytest

from respool._client.cache.commands import CACHEABLE, EVERYTHING, changed_keys, is_cacheable, read_keys
from respool._client.cache.policy import Policy, encoded
from respool._wire._command_data import ROWS
from respool._wire.commands import CommandFlag, lookup
from respool._wire.values import ValueT
from respool.errors import DataError

NEVER_CACHED = {
    "time goes on": "HPTTL HTTL OBJECT PTTL TTL XINFO XPENDING",
    "chance": "HRANDFIELD RANDOMKEY SRANDMEMBER ZRANDMEMBER VRANDMEMBER VSIM",
    "cursors": "HSCAN SCAN SSCAN ZSCAN",
    "no keys of its own": "DBSIZE KEYS LOLWUT",
    "keys it does not name": "SORT_RO",
    "scripts": "EVALSHA_RO EVAL_RO FCALL_RO",
    "not about values": "DUMP MEMORY TOUCH",
    "may wait": "XREAD",
    "approximate, and of a module": "VCARD VDIM VEMB VGETATTR VINFO VISMEMBER VLINKS VRANGE",
}


def test_every_cacheable_command_is_read_only_and_says_which_keys_it_reads() -> None:
    for name in CACHEABLE:
        command = lookup(name)
        assert command is not None, name
        assert CommandFlag.READONLY in command.flags, name
        assert command.key_specs, name
        assert not command.nondeterministic_output, name
        assert CommandFlag.BLOCKING not in command.flags, name


def test_every_read_only_command_is_cacheable_or_there_is_a_reason() -> None:
    reading = {name.partition(" ")[0] for name, row in ROWS.items() if "readonly" in row[1].split()}
    excused = {name for names in NEVER_CACHED.values() for name in names.split()}
    assert reading - {name.decode() for name in CACHEABLE} - excused == set()
    assert excused & {name.decode() for name in CACHEABLE} == set()


@pytest.mark.parametrize("name", [b"GET", b"get", "GET", "Get"])
def test_a_name_may_be_spelled_in_any_way(name: ValueT) -> None:
    assert is_cacheable((name, "k"))


@pytest.mark.parametrize(
    "args", [(), (b"SET", b"k", b"v"), (b"TTL", b"k"), (b"JSON.GET", b"k"), (bytearray(b"GET"), b"k")]
)
def test_other_commands_are_not_cacheable(args: tuple[ValueT, ...]) -> None:
    assert not is_cacheable(args)


@pytest.mark.parametrize(
    ("args", "keys"),
    [
        ((b"GET", "ä"), ["ä".encode()]),
        ((b"MGET", b"a", bytearray(b"b"), memoryview(b"c"), 1, 1.5), [b"a", b"b", b"c", b"1", b"1.5"]),
        ((b"SINTERCARD", 2, "a", "b", "LIMIT", 1), [b"a", b"b"]),
    ],
)
def test_keys_are_told_as_they_go_over_the_wire(args: tuple[ValueT, ...], keys: list[bytes]) -> None:
    assert read_keys(args, "utf-8") == keys


@pytest.mark.parametrize(
    ("args", "keys"),
    [
        ((b"SET", "k", "v"), [b"k"]),
        ((b"MSET", "a", 1, "b", 2), [b"a", b"b"]),
        ((b"RENAME", "a", "b"), [b"a", b"b"]),
        ((b"EVAL", "return 1", 1, "a", "b"), [b"a"]),
        ((b"EVALSHA", "0" * 40, 0), []),
        ((b"BLPOP", "a", "b", 0), [b"a", b"b"]),
        ((b"JSON.SET", "doc", "$", "1"), [b"doc", b"$", b"1"]),
        ((b"FLUSHALL",), EVERYTHING),
        ((b"SWAPDB", 0, 1), EVERYTHING),
        ((b"TTL", "k"), []),
        ((b"PING",), []),
        ((b"PUBLISH", "channel", "k"), []),
        ((b"MULTI",), []),
    ],
)
def test_what_a_command_changes(args: tuple[ValueT, ...], keys: list[bytes] | None) -> None:
    assert changed_keys(args, "utf-8") == keys


def policy(**options: object) -> Policy:
    given = {"max_entries": 1, "max_bytes": 1, "max_age": None, "prefixes": (), "cacheable": None}
    return Policy(**{**given, **options})  # type: ignore[arg-type]


def test_all_keys_are_admitted_unless_somebody_objects() -> None:
    assert policy().admits([b"a", b"b"])
    assert policy(prefixes=(b"a:", b"b:")).admits([b"a:1", b"b:1"])
    assert not policy(prefixes=(b"a:",)).admits([b"a:1", b"b:1"])
    assert not policy(cacheable=lambda key: key != b"b").admits([b"a", b"b"])


def test_prefixes_mean_broadcasting() -> None:
    assert policy().tracking() == (b"CLIENT", b"TRACKING", b"ON")
    broadcasting = policy(prefixes=encoded(["a:", b"b:"])).tracking()
    assert broadcasting[3:] == (b"BCAST", b"PREFIX", b"a:", b"PREFIX", b"b:")


@pytest.mark.parametrize(
    "options",
    [
        {"max_entries": 0},
        {"max_bytes": 0},
        {"max_age": 0},
        {"max_age": float("nan")},
        {"prefixes": (b"user:", b"user:1")},
        {"prefixes": (b"a", b"a")},
    ],
)
def test_options_that_make_no_sense_are_refused(options: dict[str, object]) -> None:
    with pytest.raises(DataError):
        policy(**options)


def test_one_prefix_in_the_place_of_several_is_refused() -> None:
    with pytest.raises(DataError, match=r"\['user:'\]"):
        encoded("user:")
