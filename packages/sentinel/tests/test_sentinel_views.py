"""Reading what sentinels say: literal replies in, plain data out."""

from __future__ import annotations

import pytest

from respool.errors import InvalidResponse
from respool_sentinel._views import (
    is_subscribed,
    primary_view,
    replica_views,
    role_of,
    spell,
    switched_service,
)

FLAT = [b"ip", b"10.0.0.1", b"port", b"6379", b"flags", b"master", b"config-epoch", b"7"]
MAP = dict(zip(FLAT[::2], FLAT[1::2], strict=True))


def replica(**fields: str) -> dict[object, object]:
    given = {"ip": "10.0.0.2", "port": "6379", "flags": "slave", "master-link-status": "ok"} | fields
    return {name.replace("_", "-").encode(): value.encode() for name, value in given.items()}


@pytest.mark.parametrize("reply", [FLAT, MAP])
def test_a_primary_reads_the_same_in_both_protocols(reply: object) -> None:
    view = primary_view(reply)
    assert (view.address, view.epoch, view.trouble) == (("10.0.0.1", 6379), 7, None)


@pytest.mark.parametrize("reply", [None, b"+OK", 7, [], {b"ip": b"h"}, {b"ip": b"h", b"port": b"?"}])
def test_what_is_no_description_of_a_server_is_refused(reply: object) -> None:
    with pytest.raises(InvalidResponse, match="sentinel"):
        primary_view(reply)


def test_a_primary_its_sentinel_has_not_connected_to_yet_is_none_the_worse() -> None:
    assert primary_view(MAP | {b"flags": b"master,disconnected"}).trouble is None


@pytest.mark.parametrize("epoch", [b"", b"many", b"-1"])
def test_an_epoch_that_is_no_number_is_the_first(epoch: bytes) -> None:
    assert primary_view(MAP | {b"config-epoch": epoch}).epoch == 0


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
        ([b"message", b"+switch-master", b"mymaster 10.0.0.1 6379 10.0.0.2 6379"], "mymaster"),
        ([b"message", b"+switch-master", b""], None),
        ([b"message", b"+sdown", b"master mymaster 10.0.0.1 6379"], None),
        ([b"subscribe", b"+switch-master", 1], None),
        (None, None),
    ],
)
def test_only_a_switch_names_a_service(message: object, service: str | None) -> None:
    assert switched_service(message) == service


def test_a_subscription_is_known_to_stand_by_its_confirmation() -> None:
    assert is_subscribed([b"subscribe", b"+switch-master", 1])
    assert not is_subscribed([b"message", b"+switch-master", b"x"])


def test_addresses_are_spelled_as_people_write_them() -> None:
    assert [spell(("h", 1)), spell(("::1", 2))] == ["h:1", "[::1]:2"]
