"""The command table: names however they are spelled, what servers say of them, and where they belong."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from respool._wire import _command_names, commands
from respool._wire._command_data import ROWS as TOLD
from respool._wire._command_doors import DOORS
from respool._wire._command_model import KeySpec
from respool._wire._command_names import ROWS
from respool._wire._command_newer import NEWER
from respool._wire._command_rows import read_spec, write_spec
from respool._wire.commands import Command, CommandFlag, RequestPolicy, ResponsePolicy, door, is_plain, lookup


def known(name: str | bytes, *args: object) -> Command:
    command = lookup(name, *args)
    assert command is not None
    return command


# --- names


@pytest.mark.parametrize("name", ["GET", b"GET", "get", b"gEt"])
def test_a_name_is_found_in_any_case_as_text_or_bytes(name: str | bytes) -> None:
    assert known(name) is known("GET")


@pytest.mark.parametrize(
    "words",
    [
        (b"CLIENT TRACKING",),
        ("client tracking", "ON"),
        ("CLIENT", b"Tracking"),
        (b"CLIENT", "tracking", b"ON"),
    ],
)
def test_a_subcommand_is_found_in_one_name_or_in_two(words: tuple[str | bytes, ...]) -> None:
    assert known(*words).name == "CLIENT TRACKING"


def test_a_command_of_subcommands_is_itself_without_one() -> None:
    assert known("CLIENT").name == "CLIENT"


@pytest.mark.parametrize(
    "words", [("NOSUCH",), ("CLIENT", "NOSUCH"), ("CLIENT NOSUCH",), ("CLIENT", 5), ("",), (b"  ",), ("GÉT",)]
)
def test_what_no_server_knows_is_none(words: tuple[str, ...]) -> None:
    assert lookup(*words) is None


def test_an_argument_is_not_taken_for_a_subcommand() -> None:
    assert known("GET", "TRACKING").name == "GET"


def test_names_from_anywhere_do_not_fill_the_memory() -> None:
    for number in range(3000):
        lookup(f"NOSUCH{number}")
        lookup("CLIENT", f"NOSUCH{number}")
    lookup("X" * 10_000)
    assert len(_command_names._by_spelling) <= _command_names._REMEMBERED
    assert known("GET").name == "GET"


@given(st.lists(st.none() | st.integers() | st.floats() | st.text() | st.binary() | st.lists(st.integers())))
def test_no_arguments_are_too_strange_to_ask_about(arguments: list[object]) -> None:
    for args in (arguments, [bytearray(b"xread"), *arguments], [memoryview(bytearray(b"eval")), *arguments]):
        assert commands.keys(args) == commands.routing_keys(args)
        commands.is_read_only(args)
        assert commands.is_plain(args) == (commands.door(args) is None and not commands.is_blocking(args))


def test_a_released_view_is_not_too_strange_to_ask_about() -> None:
    view = memoryview(b"2")
    view.release()
    for args in ((view,), ("BLPOP", "k", view), ("CLIENT", view), ("EVAL", "", view)):
        assert commands.keys(args) in ([], [1])
        assert commands.block_timeout(args) in (None, 0)


@given(st.sampled_from(sorted(ROWS)), st.lists(st.integers() | st.text() | st.binary()))
def test_no_command_is_too_short_or_odd_to_ask_about(name: str, arguments: list[object]) -> None:
    args = [*name.split(), *arguments]
    assert all(0 < at < len(args) for at in commands.routing_keys(args))
    assert (commands.block_timeout(args) is not None) == commands.is_blocking(args)


# --- what servers say


def test_flags_and_arity_are_the_servers() -> None:
    blpop = known("BLPOP")
    assert blpop.arity == -3
    assert blpop.flags == CommandFlag((CommandFlag.WRITE, CommandFlag.BLOCKING))


@pytest.mark.parametrize(
    ("name", "request_policy", "response_policy"),
    [
        ("DBSIZE", RequestPolicy.ALL_SHARDS, ResponsePolicy.AGG_SUM),
        ("MSET", RequestPolicy.MULTI_SHARD, ResponsePolicy.ALL_SUCCEEDED),
        ("SCRIPT LOAD", RequestPolicy.ALL_NODES, ResponsePolicy.ALL_SUCCEEDED),
        ("SCRIPT EXISTS", RequestPolicy.ALL_SHARDS, ResponsePolicy.AGG_LOGICAL_AND),
        ("SCAN", RequestPolicy.SPECIAL, ResponsePolicy.SPECIAL),
        ("WAIT", RequestPolicy.ALL_SHARDS, ResponsePolicy.AGG_MIN),
        ("GET", None, None),
    ],
)
def test_policies_are_the_servers(
    name: str, request_policy: RequestPolicy | None, response_policy: ResponsePolicy | None
) -> None:
    command = known(name)
    assert (command.request_policy, command.response_policy) == (request_policy, response_policy)


def test_nondeterminism_of_value_and_of_order_are_told_apart() -> None:
    assert known("RANDOMKEY").nondeterministic_output
    assert not known("RANDOMKEY").nondeterministic_output_order
    assert known("SMEMBERS").nondeterministic_output_order
    assert not known("SMEMBERS").nondeterministic_output


@pytest.mark.parametrize(
    "name", ["HGETEX", "XDELEX", "CLIENT NO-TOUCH", "CLIENT CAPA", "COMMANDLOG GET", "DELEX", "DELIFEQ"]
)
def test_commands_of_the_newest_servers_of_both_families_are_there(name: str) -> None:
    assert known(name).name == name


@pytest.mark.parametrize(
    "args", [("VADD", "v", "VALUES", 1, 2, "e"), ("VSIM", "v", "ELE", "e"), ("vlinks", "v", "e")]
)
def test_vector_sets_belong_to_the_server_though_it_has_them_as_a_module(args: tuple[object, ...]) -> None:
    assert known(str(args[0])).name == str(args[0]).upper()
    assert commands.keys(args) == [1]
    assert commands.is_read_only(args) is (args[0] != "VADD")


def test_a_row_written_by_hand_gives_way_to_a_server() -> None:
    assert [name for name in NEWER if name in TOLD] == []


def test_every_row_reads() -> None:
    assert [known(name).name for name in ROWS] == list(ROWS)


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        (("GET", "k"), True),
        ((b"xread", b"STREAMS", b"s", b"0"), True),
        (("OBJECT", "ENCODING", "k"), True),
        (("EVAL_RO", "return 1", 0), True),
        (("SET", "k", 1), False),
        (("XREADGROUP", "GROUP", "g", "c", "STREAMS", "s", ">"), False),
        (("EVAL", "return 1", 0), False),
        (("PING",), False),
        (("NOSUCH",), False),
        ((), False),
    ],
)
def test_read_only_is_what_the_server_calls_so(args: tuple[object, ...], expected: bool) -> None:
    assert commands.is_read_only(args) is expected


# --- the notation of the generated table


@pytest.mark.parametrize(
    ("text", "spec"),
    [
        ("1", KeySpec(1)),
        ("1..-1/2", KeySpec(1, last=-1, step=2)),
        ("1..+1", KeySpec(1, last=1)),
        ("2#", KeySpec(2, counted=True)),
        ("1#/2", KeySpec(1, counted=True, step=2)),
        ("STREAMS@1..-1%2", KeySpec(1, "STREAMS", last=-1, limit=2)),
        ("KEYS@-2..-1", KeySpec(-2, "KEYS", last=-1)),
        ("&1", KeySpec(1, channel=True)),
    ],
)
def test_a_key_spec_reads_as_it_is_written(text: str, spec: KeySpec) -> None:
    assert read_spec(text) == spec
    assert write_spec(spec) == text


@pytest.mark.parametrize("text", ["", "x", "1..2", "1//2", "@1", "#"])
def test_what_is_no_key_spec_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a key spec"):
        read_spec(text)


# --- doors


@pytest.mark.parametrize(
    ("args", "instead"),
    [
        (("SELECT", 3), "pass db="),
        ((b"select", b"3"), "pass db="),
        (("SELECT 3",), "pass db="),
        ((memoryview(bytearray(b"SELECT")), 3), "pass db="),
        (("WATCH", "k"), "redis.transaction()"),
        (("MULTI",), "redis.pipeline("),
        (("Subscribe", "news"), "redis.pubsub()"),
        (("CLIENT", "REPLY", "OFF"), "noreply=True"),
        ((b"CLIENT TRACKING", b"ON"), "client-side cache"),
        (("SCRIPT", "DEBUG", "YES"), "lease a connection"),
    ],
)
def test_a_command_that_changes_its_connection_is_shown_the_right_door(
    args: tuple[object, ...], instead: str
) -> None:
    sentence = door(args)
    assert sentence is not None
    assert instead in sentence
    assert not is_plain(args)


@pytest.mark.parametrize(
    "args", [("GET", "k"), ("CLIENT", "ID"), ("CLIENT",), ("SCRIPT", "LOAD", "x"), ("NOSUCH",), (), (7,)]
)
def test_any_other_command_may_pass(args: tuple[object, ...]) -> None:
    assert door(args) is None
    assert is_plain(args)


@pytest.mark.parametrize("args", [("WAIT", 1, 100), (b"waitaof", 1, 0, 100)])
def test_a_command_about_the_writes_of_its_connection_belongs_on_that_connection(
    args: tuple[object, ...],
) -> None:
    sentence = door(args)
    assert sentence is not None
    assert "the writes of its own connection: lease one" in sentence
    assert commands.block_timeout(args) == pytest.approx(0.1)


def test_every_door_is_of_a_command_that_exists() -> None:
    assert [name for name in DOORS if name not in ROWS] == []
