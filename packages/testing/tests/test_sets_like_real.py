"""Sets and sorted sets, in dialogues with a fake and with a real server: both must say the same, word for word."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from packages.testing.tests.word_for_word import redis_7_0
from respool_testing import FakeServer, RawConnection, ServerProcess
from respool_testing.replies import Reply, Set

TEMPLATES = """
SADD KEY NAME NAME | SADD KEY NAME NAME NAME | SREM KEY NAME NAME | SMEMBERS KEY | SCARD KEY | SISMEMBER KEY NAME
SMISMEMBER KEY NAME NAME | SMOVE KEY KEY NAME | SPOP KEY 0 | SPOP KEY 100 | SPOP KEY -1 | SRANDMEMBER KEY 100
SINTER KEY KEY | SUNION KEY KEY | SDIFF KEY KEY KEY | SINTERSTORE KEY KEY KEY | SUNIONSTORE KEY KEY
SDIFFSTORE KEY KEY KEY | SINTERCARD NUMBER KEY KEY | SINTERCARD 2 KEY KEY LIMIT NUMBER | SSCAN KEY 0 COUNT 100
SSCAN KEY 0 MATCH a* COUNT 100 | ZADD KEY FLAG FLAG SCORE NAME SCORE NAME | ZADD KEY SCORE NAME
ZADD KEY SCORE NAME SCORE NAME | ZADD KEY FLAG SCORE NAME | ZADD KEY INCR FLAG SCORE NAME | ZADD KEY SCORE
ZINCRBY KEY SCORE NAME | ZREM KEY NAME NAME | ZCARD KEY | ZSCORE KEY NAME | ZMSCORE KEY NAME NAME | ZRANK KEY NAME
ZREVRANK KEY NAME | ZRANK KEY NAME WITHSCORE | ZRANDMEMBER KEY 0 | ZSCAN KEY 0 COUNT 100 | ZRANGE KEY NUMBER NUMBER
ZRANGE KEY NUMBER NUMBER WITHSCORES | ZRANGE KEY BOUND BOUND BYSCORE | ZRANGE KEY MARK MARK BYLEX
ZRANGE KEY BOUND BOUND BYSCORE REV WITHSCORES LIMIT NUMBER NUMBER | ZRANGE KEY MARK MARK BYLEX REV LIMIT 0 NUMBER
ZRANGE KEY NUMBER NUMBER REV | ZRANGE KEY 0 -1 LIMIT 0 1 | ZRANGE KEY MARK MARK BYLEX WITHSCORES | ZRANGE KEY 0 1 FOO
ZREVRANGE KEY NUMBER NUMBER WITHSCORES | ZRANGEBYSCORE KEY BOUND BOUND | ZREVRANGEBYSCORE KEY BOUND BOUND
ZRANGEBYSCORE KEY BOUND BOUND WITHSCORES LIMIT NUMBER NUMBER | ZRANGEBYLEX KEY MARK MARK
ZREVRANGEBYLEX KEY MARK MARK LIMIT NUMBER NUMBER | ZRANGESTORE KEY KEY NUMBER NUMBER
ZRANGESTORE KEY KEY BOUND BOUND BYSCORE | ZRANGESTORE KEY KEY 0 1 WITHSCORES | ZCOUNT KEY BOUND BOUND
ZLEXCOUNT KEY MARK MARK | ZREMRANGEBYRANK KEY NUMBER NUMBER | ZREMRANGEBYSCORE KEY BOUND BOUND
ZREMRANGEBYLEX KEY MARK MARK | ZPOPMIN KEY | ZPOPMAX KEY NUMBER | ZMPOP NUMBER KEY KEY MIN
ZMPOP 1 KEY MAX COUNT NUMBER | BZPOPMIN KEY KEY 0.001 | BZPOPMAX KEY 0.001 | BZMPOP 0.001 1 KEY MIN COUNT 2
ZMPOP 1 KEY FOO | ZUNION 2 KEY KEY WITHSCORES | ZINTER 2 KEY KEY WITHSCORES WEIGHTS WEIGHT WEIGHT
ZDIFF 2 KEY KEY WITHSCORES | ZUNIONSTORE KEY NUMBER KEY KEY | ZINTERSTORE KEY 2 KEY KEY AGGREGATE AGGREGATE
ZDIFFSTORE KEY 2 KEY KEY | ZINTERCARD 2 KEY KEY LIMIT NUMBER | ZUNIONSTORE KEY 2 KEY KEY WITHSCORES
ZUNION 2 KEY KEY WEIGHTS WEIGHT WEIGHT AGGREGATE AGGREGATE WITHSCORES | TYPE KEY | OBJECT ENCODING KEY | DEL KEY
SET KEY x | COPY KEY KEY REPLACE | RENAME KEY KEY | LPUSH KEY a | COMMAND GETKEYS ZINTERSTORE KEY 2 KEY KEY
""".replace("\n", "|").split("|")
WORDS = {
    "KEY": ["a", "b", "c", "d"],
    "NAME": ["x", "y", "z", "1", "2", "aa"],
    "SCORE": ["1", "2", "-1.5", "0.1", "inf", "-inf", "3", "nan", "x", "1e20"],
    "NUMBER": ["0", "1", "-1", "2", "-2", "100", "x"],
    "FLAG": ["NX", "XX", "GT", "LT", "CH"],
    "BOUND": ["-inf", "+inf", "0", "(1", "2", "(x", "x", "0.1"],
    "MARK": ["-", "+", "[x", "(x", "[aa", "x", "(z"],
    "WEIGHT": ["1", "2", "-1", "0.5", "x", "inf"],
    "AGGREGATE": ["SUM", "MIN", "MAX", "FOO"],
}
UNORDERED = {"SMEMBERS", "SINTER", "SUNION", "SDIFF", "SPOP", "SRANDMEMBER"}


def requests() -> st.SearchStrategy[tuple[str, ...]]:
    """Fill the templates with words; a word that is an option stays where it stands for itself."""
    chosen = []
    for template in filter(str.strip, TEMPLATES):
        words = template.replace("AGGREGATE AGGREGATE", "aggregate AGGREGATE").split()
        chosen.append(st.tuples(*(st.sampled_from(WORDS.get(word, [word])) for word in words)))
    return st.one_of(chosen)


def in_order(request: tuple[str, ...], reply: Reply) -> object:
    """Put what a server says in no order into one."""
    if request[0] in UNORDERED and isinstance(reply, (Set, list)):
        members = reply.members if isinstance(reply, Set) else reply
        return type(reply), sorted(map(str, members))
    if request[0] in ("SSCAN", "ZSCAN") and isinstance(reply, list):
        cursor, found = reply
        assert isinstance(found, list)
        width = 2 if request[0] == "ZSCAN" else 1
        return cursor, sorted(str(found[at : at + width]) for at in range(0, len(found), width))
    return reply


@pytest.fixture(scope="module")
def real() -> Iterator[ServerProcess]:
    server = ServerProcess(redis_7_0())
    server.start_process()
    yield server
    server.stop_process()


@settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(dialogue=st.lists(requests(), min_size=20, max_size=50), protocol=st.sampled_from([2, 3]))
async def test_both_say_the_same_of_sets(
    real: ServerProcess, dialogue: list[tuple[str, ...]], protocol: int
) -> None:
    async with (
        FakeServer(version="7.0.15") as fake,
        RawConnection(fake.host, fake.port) as ours,
        RawConnection(real.host, real.port) as theirs,
    ):
        await theirs.call("FLUSHALL")
        for client in (ours, theirs):
            await client.call("HELLO", protocol)
        for request in dialogue:
            said, meant = await ours.call(*request), await theirs.call(*request)
            assert in_order(request, said) == in_order(request, meant), request
