"""Reading what sentinels say: literal replies in, plain data out."""

from __future__ import annotations

import pytest

from respool.errors import InvalidResponse
from respool_sentinel._views import (
    SWITCHED,
    event_of,
    is_subscribed,
    primary_view,
    replica_trouble,
    replica_views,
    role_of,
    sentinel_views,
    spell,
    usable_replicas,
)

FLAT = [b"ip", b"10.0.0.1", b"port", b"6379", b"flags", b"master", b"config-epoch", b"7"]
NAMED = [b"10.0.0.1", b"6379"]
MAP = dict(zip(FLAT[::2], FLAT[1::2], strict=True))


def replica(**fields: str) -> dict[object, object]:
    given = {"ip": "10.0.0.2", "port": "6379", "flags": "slave", "master-link-status": "ok"} | fields
    return {name.replace("_", "-").encode(): value.encode() for name, value in given.items()}


@pytest.mark.parametrize("reply", [FLAT, MAP])
def test_a_primary_reads_the_same_in_both_protocols(reply: object) -> None:
    view = primary_view(reply, NAMED)
    assert (view.address, view.epoch, view.trouble) == (("10.0.0.1", 6379), 7, None)


@pytest.mark.parametrize("reply", [None, b"+OK", 7, [], {b"ip": b"h"}, {b"ip": b"h", b"port": b"?"}])
def test_what_is_no_description_of_a_server_is_refused(reply: object) -> None:
    with pytest.raises(InvalidResponse, match="sentinel"):
        primary_view(reply, NAMED)


def test_a_primary_its_sentinel_has_not_connected_to_yet_is_none_the_worse() -> None:
    assert primary_view(MAP | {b"flags": b"master,disconnected"}, NAMED).trouble is None


def test_a_replica_that_its_sentinel_has_promoted_already_is_the_primary() -> None:
    view = primary_view(MAP | {b"flags": b"master,s_down,o_down"}, [b"10.0.0.2", b"6380"])
    assert (view.address, view.epoch, view.trouble) == (("10.0.0.2", 6380), 7, None)


@pytest.mark.parametrize("named", [None, [b"h"], [b"h", b"x"], b"h:1"])
def test_what_names_no_primary_is_refused(named: object) -> None:
    with pytest.raises(InvalidResponse, match="named"):
        primary_view(MAP, named)


@pytest.mark.parametrize("epoch", [b"", b"many", b"-1"])
def test_an_epoch_that_is_no_number_is_the_first(epoch: bytes) -> None:
    assert primary_view(MAP | {b"config-epoch": epoch}, NAMED).epoch == 0


@pytest.mark.parametrize("flag", ["s_down", "o_down", "disconnected"])
def test_a_server_that_is_down_has_a_trouble_that_names_it(flag: str) -> None:
    (view,) = replica_views([replica(flags=f"slave,{flag}")])
    assert view.trouble == f"10.0.0.2:6379 is {flag}"


def test_a_replica_without_its_primary_has_a_trouble() -> None:
    (view,) = replica_views([replica(master_link_status="err")])
    assert view.trouble == "10.0.0.2:6379 has no link to its primary"


def test_replicas_that_are_no_list_are_refused() -> None:
    with pytest.raises(InvalidResponse):
        replica_views(b"none")


@pytest.mark.parametrize(
    ("reply", "role"),
    [
        ([b"master", 0, []], "primary"),
        ([b"slave", b"h", 1, b"connected", 0], "replica"),
        ([b"sentinel", [b"m"]], None),
        ([], None),
        (None, None),
    ],
)
def test_a_role_is_read(reply: object, role: str | None) -> None:
    assert role_of(reply) == role


@pytest.mark.parametrize(
    ("message", "service"),
    [
        ([b"message", b"+switch-master", b"m 10.0.0.1 6379 10.0.0.2 6379"], "m"),
        ([b"message", b"+sdown", b"master m 10.0.0.1 6379"], "m"),
        ([b"message", b"+sdown", b"slave 10.0.0.2:6379 10.0.0.2 6379 @ m 10.0.0.1 6379"], "m"),
        ([b"message", b"-odown", b"master m 10.0.0.1 6379"], "m"),
        ([b"message", b"+switch-master", b""], None),
        ([b"message", b"+tilt", b"#tilt mode entered"], None),
        ([b"message", b"+sdown", b"master"], None),
        ([b"message", b"+sdown", b"slave x @"], None),
    ],
)
def test_an_event_names_its_service(message: object, service: str | None) -> None:
    event = event_of(message)
    assert event is not None
    assert event.service == service


@pytest.mark.parametrize("message", [None, b"OK", [b"subscribe", SWITCHED, 1], [b"message", b"other", b"x"]])
def test_other_messages_are_no_events(message: object) -> None:
    assert event_of(message) is None


def test_a_subscription_is_known_to_stand_by_its_confirmation() -> None:
    assert is_subscribed([b"subscribe", SWITCHED, 1], SWITCHED)
    assert not is_subscribed([b"message", SWITCHED, b"x"], SWITCHED)
    assert not is_subscribed([b"subscribe", b"+sdown", 2], SWITCHED)


def test_other_sentinels_are_read_by_their_ids() -> None:
    reply = [{b"ip": b"10.0.0.7", b"port": b"26379", b"runid": b"abc"}]
    assert sentinel_views(reply) == {"abc": ("10.0.0.7", 26379)}


@pytest.mark.parametrize("reply", [None, b"none", [7], [{b"ip": b"h"}]])
def test_what_describes_no_sentinels_is_refused(reply: object) -> None:
    with pytest.raises(InvalidResponse):
        sentinel_views(reply)


def test_a_replica_too_far_behind_is_left_out() -> None:
    views = replica_views([replica(slave_repl_offset="900"), replica(ip="10.0.0.3", slave_repl_offset="100")])
    assert usable_replicas(views, None) == [("10.0.0.2", 6379), ("10.0.0.3", 6379)]
    assert usable_replicas(views, 500) == [("10.0.0.2", 6379)]


def test_without_a_usable_replica_it_is_said_why() -> None:
    assert replica_trouble([], None) == "knows no replica"
    assert replica_trouble(replica_views([replica(flags="slave,s_down")]), None) == "10.0.0.2:6379 is s_down"
    assert replica_trouble(replica_views([replica()]), None) is None


def test_addresses_are_spelled_as_people_write_them() -> None:
    assert [spell(("h", 1)), spell(("::1", 2))] == ["h:1", "[::1]:2"]
