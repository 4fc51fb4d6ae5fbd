"""Options of a call to words of a command, without a server."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from respool._client.families import arguments

HALF_PAST = datetime(2030, 1, 1, 0, 0, 0, 500_999, tzinfo=timezone.utc)
STAMP = 1_893_456_000


def test_periods_are_whole_units() -> None:
    assert arguments.seconds(timedelta(seconds=2, milliseconds=999)) == 2
    assert arguments.milliseconds(timedelta(seconds=2, microseconds=1999)) == 2001
    assert arguments.seconds(7) == arguments.milliseconds(7) == 7


def test_moments_are_whole_units_of_unix_time() -> None:
    assert arguments.unix_seconds(HALF_PAST) == STAMP
    assert arguments.unix_milliseconds(HALF_PAST) == STAMP * 1000 + 500
    assert arguments.unix_seconds(7) == arguments.unix_milliseconds(7) == 7


def test_a_moment_without_a_zone_is_local_time() -> None:
    local = datetime.fromtimestamp(STAMP)
    assert arguments.unix_seconds(local) == STAMP


def test_an_expiry_is_one_option() -> None:
    assert arguments.expiry() == ()
    assert arguments.expiry(ex=0) == (b"EX", 0)
    assert arguments.expiry(px=timedelta(seconds=1)) == (b"PX", 1000)
    assert arguments.expiry(exat=HALF_PAST) == (b"EXAT", STAMP)
    assert arguments.expiry(pxat=HALF_PAST) == (b"PXAT", STAMP * 1000 + 500)


@pytest.mark.parametrize(
    ("call", "keys"),
    [
        ((["a", "b"],), ("a", "b")),
        ((["a"], ["b"]), ("a", "b")),
        (("ab",), ("ab",)),
        ((b"ab", [b"c"]), (b"ab", b"c")),
        ((iter("ab"),), ("a", "b")),
        ((7, [8]), (7, 8)),
        (([],), ()),
    ],
)
def test_keys_come_one_by_one_or_in_a_list(call: tuple[object, ...], keys: tuple[object, ...]) -> None:
    assert arguments.one_or_many(*call) == keys  # type: ignore[arg-type]


def test_options_that_are_given_together_are_named() -> None:
    assert arguments.clash(nx=True, xx=False, gt=None) is None
    assert arguments.clash(ex=0, px=1) == "ex and px exclude each other: give one of them"


def test_options_that_belong_together_are_named() -> None:
    assert arguments.incomplete(offset=0, num=1) is None
    assert arguments.incomplete(offset=None, num=None) is None
    assert arguments.incomplete(offset=0, num=None) == "offset, num belong together: num missing"


def test_words() -> None:
    assert arguments.flags(nx=True, xx=False, withscores=True) == (b"NX", b"WITHSCORES")
    assert arguments.flag(b"GET", True) == (b"GET",)
    assert arguments.option(b"COUNT", 0) == (b"COUNT", 0)
    assert arguments.option(b"COUNT", None) == arguments.optional(None) == ()
    assert arguments.counted(["a", "b"]) == (2, "a", "b")
    assert arguments.flattened({"a": 1, "b": 2}) == ("a", 1, "b", 2)
