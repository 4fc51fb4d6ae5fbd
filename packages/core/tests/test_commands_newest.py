"""Commands newer than any server here: the words they send, the shapes they return, what older servers say."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Literal

import pytest
import pytest_asyncio

from packages.core.tests.typed import client_of
from respool import Redis
from respool.errors import DataError, ResponseError
from respool.replies import ClaimedEntry
from respool_testing import FakeServer
from respool_testing.replies import Error, Map, Reply

NODE = "0123456789abcdef0123456789abcdef01234567"

Call = Callable[[Redis[bytes]], Awaitable[object]]


@pytest_asyncio.fixture
async def redis(respool_server: FakeServer, any_protocol: Literal[2, 3]) -> AsyncIterator[Redis[bytes]]:
    async with client_of(respool_server, any_protocol) as redis:
        yield redis


CALLS: list[tuple[Call, str]] = [
    (lambda r: r.delex("k"), "DELEX k"),
    (lambda r: r.delex("k", ifeq="v"), "DELEX k IFEQ v"),
    (lambda r: r.delex("k", ifne=1), "DELEX k IFNE 1"),
    (lambda r: r.delex("k", ifdeq="0f"), "DELEX k IFDEQ 0f"),
    (lambda r: r.delex("k", ifdne=b"0f"), "DELEX k IFDNE 0f"),
    (lambda r: r.delifeq("k", "v"), "DELIFEQ k v"),
    (lambda r: r.digest("k"), "DIGEST k"),
    (lambda r: r.msetex({"a": 1, "b": 2}), "MSETEX 2 a 1 b 2"),
    (lambda r: r.msetex({"a": 1}, nx=True, ex=timedelta(minutes=1)), "MSETEX 1 a 1 NX EX 60"),
    (lambda r: r.msetex({"a": 1}, xx=True, keepttl=True), "MSETEX 1 a 1 XX KEEPTTL"),
    (lambda r: r.vrange("v"), "VRANGE v - +"),
    (lambda r: r.vrange("v", "[a", "(b", 10), "VRANGE v [a (b 10"),
    (lambda r: r.lmovem("a", "b"), "LMOVEM a b LEFT RIGHT"),
    (lambda r: r.lmovem("a", "b", "RIGHT", count=3), "LMOVEM a b RIGHT RIGHT COUNT 3 BULK"),
    (
        lambda r: r.blmovem("a", "b", 0.5, count=3, exactly=True, ordering="OBO"),
        "BLMOVEM a b LEFT RIGHT 0.5 EXACTLY 3 OBO",
    ),
    (lambda r: r.sdiffcard(["a", "b"]), "SDIFFCARD 2 a b LIMIT 0"),
    (lambda r: r.sunioncard(["a", "b"], limit=5, approx=True), "SUNIONCARD 2 a b APPROX LIMIT 5"),
    (lambda r: r.xnack("s", "g", "FAIL", "1-0", "2-0"), "XNACK s g FAIL IDS 2 1-0 2-0"),
    (
        lambda r: r.xnack("s", "g", "SILENT", 1, retrycount=0, force=True),
        "XNACK s g SILENT IDS 1 1 RETRYCOUNT 0 FORCE",
    ),
    (lambda r: r.xcfgset("s", idmp_duration=60, idmp_maxsize=9), "XCFGSET s IDMP-DURATION 60 IDMP-MAXSIZE 9"),
    (lambda r: r.cluster_migration_import((0, 9), (20, 29)), "CLUSTER MIGRATION IMPORT 0 9 20 29"),
    (lambda r: r.cluster_migration_cancel(), "CLUSTER MIGRATION CANCEL ALL"),
    (lambda r: r.cluster_migration_cancel("t"), "CLUSTER MIGRATION CANCEL ID t"),
    (lambda r: r.cluster_migration_status(), "CLUSTER MIGRATION STATUS ALL"),
    (lambda r: r.cluster_migration_status("t"), "CLUSTER MIGRATION STATUS ID t"),
    (
        lambda r: r.cluster_migrateslots({NODE: [(0, 9), (20, 29)], "x": [(30, 30)]}),
        f"CLUSTER MIGRATESLOTS SLOTSRANGE 0 9 20 29 NODE {NODE} SLOTSRANGE 30 30 NODE x",
    ),
    (lambda r: r.cluster_getslotmigrations(), "CLUSTER GETSLOTMIGRATIONS"),
    (lambda r: r.cluster_cancelslotmigrations(), "CLUSTER CANCELSLOTMIGRATIONS"),
    (lambda r: r.cluster_flushslot(7, "ASYNC"), "CLUSTER FLUSHSLOT 7 ASYNC"),
    (lambda r: r.set("k", 1, ifne="v"), "SET k 1 IFNE v"),
    (lambda r: r.set("k", 1, ifdeq="0f", get=True), "SET k 1 IFDEQ 0f GET"),
    (lambda r: r.set("k", 1, ifdne="0f", ex=5), "SET k 1 IFDNE 0f EX 5"),
    (lambda r: r.xadd("s", {"f": 1}, idmpauto="p"), "XADD s IDMPAUTO p * f 1"),
    (lambda r: r.xadd("s", {"f": 1}, idmp=("p", 7), maxlen=3), "XADD s IDMP p 7 MAXLEN ~ 3 * f 1"),
    (
        lambda r: r.xreadgroup("g", "c", {"s": ">"}, count=5, claim_min_idle_time=timedelta(seconds=1)),
        "XREADGROUP GROUP g c COUNT 5 CLAIM 1000 STREAMS s >",
    ),
    (lambda r: r.hsetex("h", {"f": 1}, nx=True, fxx=True), "HSETEX h NX FXX FIELDS 1 f 1"),
    (
        lambda r: r.geosearch("g", polygon=[(1, 2), (3.5, 4), (5, 6)], sort="ASC"),
        "GEOSEARCH g BYPOLYGON 3 1 2 3.5 4 5 6 ASC",
    ),
    (
        lambda r: r.client_list(idle=5, not_user="me", skipme=True),
        "CLIENT LIST IDLE 5 NOT-USER me SKIPME YES",
    ),
    (lambda r: r.client_kill(id=[1, 2], lib_name="x", maxage=None), "CLIENT KILL ID 1 2 LIB-NAME x"),
]


@pytest.mark.parametrize(("call", "words"), CALLS, ids=[words.replace(" ", "-") for _, words in CALLS])
async def test_the_words_are_those_of_its_description(
    redis: Redis[bytes], respool_server: FakeServer, call: Call, words: str
) -> None:
    too_new = respool_server.faults.on(words.split()[0]).reply_with(
        Error.of("ERR too new"), when="after_execute"
    )
    with too_new, pytest.raises(ResponseError, match="too new") as caught:
        await call(redis)
    assert str(caught.value) == "ERR too new"
    assert respool_server.log[-1].words == tuple(words.encode().split())


@pytest.mark.parametrize(
    ("command", "reply", "call", "value"),
    [
        ("DELEX", 1, lambda r: r.delex("k"), True),
        ("DELIFEQ", 0, lambda r: r.delifeq("k", "v"), False),
        ("DIGEST", b"b6acb9d84a38ff74", lambda r: r.digest("k"), "b6acb9d84a38ff74"),
        ("DIGEST", None, lambda r: r.digest("k"), None),
        ("MSETEX", 0, lambda r: r.msetex({"a": 1}), False),
        ("LMOVEM", [b"a", b"b"], lambda r: r.lmovem("l", "m", count=2), [b"a", b"b"]),
        ("LMOVEM", None, lambda r: r.lmovem("l", "m"), None),
        ("CLUSTER", b"task", lambda r: r.cluster_migration_import((0, 9)), "task"),
        (
            "CLUSTER",
            [Map.of(state=b"completed", retries=0)],
            lambda r: r.cluster_migration_status(),
            [{"state": "completed", "retries": "0"}],
        ),
        (
            "XREADGROUP",
            Map([(b"s", [[b"1-0", [b"f", b"v"], 1500, 2], [b"2-0", [b"f", b"w"], 0, 0]])]),
            lambda r: r.xreadgroup("g", "c", {"s": ">"}, claim_min_idle_time=1000),
            {b"s": [ClaimedEntry(b"1-0", {b"f": b"v"}, 1500, 2), ClaimedEntry(b"2-0", {b"f": b"w"}, 0, 0)]},
        ),
    ],
)
async def test_the_reply_has_the_shape_that_its_type_says(
    redis: Redis[bytes], respool_server: FakeServer, command: str, reply: Reply, call: Call, value: object
) -> None:
    with respool_server.faults.on(command).reply_with(reply):
        assert await call(redis) == value


@pytest.mark.parametrize(
    "call",
    [
        lambda r: r.delex("k", ifeq=1, ifne=2),
        lambda r: r.set("k", 1, ifeq=1, ifdeq="0f"),
        lambda r: r.set("k", 1, nx=True, ifne=1),
        lambda r: r.msetex({"a": 1}, nx=True, xx=True),
        lambda r: r.msetex({"a": 1}, ex=1, keepttl=True),
        lambda r: r.hsetex("h", {"f": 1}, nx=True, xx=True),
        lambda r: r.xadd("s", {"f": 1}, idmp=("p", 7), idmpauto="p"),
        lambda r: r.geosearch("g", polygon=[(1, 2), (3, 4), (5, 6)], radius=1),
    ],
)
async def test_options_that_exclude_each_other_are_refused(redis: Redis[bytes], call: Call) -> None:
    with pytest.raises(DataError):
        await call(redis)
