"""Replies to typed values, without a server: both protocols, bytes and text, and what no server should say."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from respool._client.replies import basic as replies
from respool._client.replies.geo import matches
from respool._client.replies.server import PrimaryRole, ReplicaAddress, ReplicaRole, SentinelRole, role
from respool._client.replies.sorted_sets import popped_member
from respool._client.replies.stream_info import GroupInfo, group_infos, stream_info
from respool._client.replies.streams import entries_by_stream, pending_entries
from respool._client.replies.vectors import VectorMatch
from respool._client.replies.vectors import matches as vector_matches
from respool.errors import InvalidResponse

Convert = Callable[[object], object]


@pytest.mark.parametrize(
    ("convert", "resp2", "resp3", "value"),
    [
        (replies.number, b"1.5", 1.5, 1.5),
        (replies.number, "inf", float("inf"), float("inf")),
        (replies.numbers_or_none, [b"1", None], [1.0, None], [1.0, None]),
        (replies.mapping, [b"a", b"b"], {b"a": b"b"}, {b"a": b"b"}),
        (replies.mapping, [], {}, {}),
        (replies.mapping, None, {}, {}),
        (replies.paired, ["a", "b", "a", "c"], [["a", "b"], ["a", "c"]], [("a", "b"), ("a", "c")]),
        (replies.scored, [b"a", b"1"], [[b"a", 1.0]], [(b"a", 1.0)]),
        (replies.scored, [b"a", b"1"], {b"a": 1.0}, [(b"a", 1.0)]),
        (replies.text_mapping, [b"a", b"b"], {"a": "b"}, {"a": "b"}),
        (replies.scanned, [b"7", [b"a"]], ["7", [b"a"]], (7, [b"a"])),
        (
            replies.nested_numbers,
            [b"a", b"1.5", b"db.0", [b"b", 2]],
            {"a": 1.5, "db.0": {"b": 2}},
            {"a": 1.5, "db.0.b": 2.0},
        ),
        (
            entries_by_stream,
            [[b"s", [[b"1-0", [b"a", b"1"]]]]],
            {b"s": [[b"1-0", [b"a", b"1"]]]},
            {b"s": [(b"1-0", {b"a": b"1"})]},
        ),
        (vector_matches, [b"a", b"1", None], {b"a": [1.0, None]}, [VectorMatch(b"a", 1.0, None)]),
        (
            matches,
            [[b"a", b"2", 7, [b"1", b"3"]]],
            [[b"a", b"2", 7, [1.0, 3.0]]],
            [(b"a", 2.0, 7, (1.0, 3.0))],
        ),
    ],
)
def test_both_protocols_give_one_value(convert: Convert, resp2: object, resp3: object, value: object) -> None:
    assert convert(resp2) == convert(resp3) == value


def test_words_of_the_server_are_str_in_either_case() -> None:
    assert replies.text(b"ok") == replies.text("ok") == "ok"
    assert replies.fields([b"name", b"value"]) == {"name": b"value"}


def test_what_is_no_utf_8_is_not_lost() -> None:
    assert replies.text(b"caf\xe9").encode(errors="surrogateescape") == b"caf\xe9"


def test_lines_of_fields_leave_out_headings_and_keep_further_colons() -> None:
    told = b"# Server\r\nredis_version:7.0\r\nurl:a:b\r\nempty:\r\n\r\n"
    assert replies.lines_of_fields(told) == {"redis_version": "7.0", "url": "a:b", "empty": ""}


@pytest.mark.parametrize(
    ("reply", "value"),
    [
        ([b"master", 7, [[b"h", b"1", b"6"]]], PrimaryRole(7, [ReplicaAddress("h", 1, 6)])),
        (["slave", "h", 1, "connect", -1], ReplicaRole("h", 1, "connect", -1)),
        ([b"sentinel", [b"a", b"b"]], SentinelRole(["a", "b"])),
    ],
)
def test_roles(reply: object, value: object) -> None:
    assert role(reply) == value


@pytest.mark.parametrize(
    ("convert", "reply"),
    [
        (replies.number, [1]),
        (replies.number, None),
        (replies.listed, b"secret"),
        (replies.mapping, b"secret"),
        (replies.undecoded, "secret"),
        (replies.undecoded_or_none, 1),
        (replies.integer, b"secret"),
        (replies.number, "secret"),
        (replies.scanned, [b"0"]),
        (popped_member, [b"k", b"m"]),
        (role, []),
        (role, [b"master", 7]),
    ],
)
def test_a_reply_of_another_shape_is_an_error_without_its_text(convert: Convert, reply: object) -> None:
    with pytest.raises(InvalidResponse, match="does not answer with") as caught:
        convert(reply)
    assert "secret" not in str(caught.value)


def test_a_reply_without_a_field_that_it_always_has_names_the_field() -> None:
    with pytest.raises(InvalidResponse, match="tells no 'groups'"):
        stream_info(
            [b"length", 1, b"radix-tree-keys", 1, b"radix-tree-nodes", 2, b"last-generated-id", b"1-0"]
        )


def test_what_newer_servers_add_is_left_out() -> None:
    assert replies.parts([1, 2, 3], 2) == [1, 2]
    assert pending_entries([[b"1-0", b"c", 5, 1, b"new"]]) == [(b"1-0", b"c", 5, 1)]
    assert group_infos(
        [[b"name", b"g", b"consumers", 1, b"pending", 0, b"last-delivered-id", b"0-0", b"new", 1]]
    ) == [GroupInfo(b"g", 1, 0, b"0-0", None, None)]
