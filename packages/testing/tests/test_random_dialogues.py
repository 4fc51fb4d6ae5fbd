"""Random dialogues, held with a fake and with a real server: both must say the same, word for word."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from respool_testing import FakeServer, RawConnection, ServerProcess
from respool_testing.replies import QUEUED, Reply

TEMPLATES = """
SET KEY VALUE | SET KEY VALUE NX | SET KEY VALUE XX GET | SET KEY VALUE KEEPTTL | SET KEY VALUE EX NUMBER
GET KEY | GETSET KEY VALUE | GETDEL KEY | GETEX KEY PERSIST | MGET KEY KEY | MSET KEY VALUE KEY VALUE
MSETNX KEY VALUE KEY VALUE | APPEND KEY VALUE | STRLEN KEY | GETRANGE KEY NUMBER NUMBER
SETRANGE KEY 3 VALUE | SETNX KEY VALUE | SETEX KEY NUMBER VALUE | INCR KEY | DECR KEY | INCRBY KEY NUMBER
DECRBY KEY NUMBER | INCRBYFLOAT KEY VALUE | DEL KEY KEY | EXISTS KEY KEY | TYPE KEY
EXPIREAT KEY 99999999999 CONDITION | EXPIRE KEY NUMBER CONDITION CONDITION | EXPIRETIME KEY | PERSIST KEY
RENAME KEY KEY | RENAMENX KEY KEY | COPY KEY KEY | COPY KEY KEY REPLACE | DBSIZE | SELECT NUMBER | MULTI
EXEC | DISCARD | WATCH KEY | UNWATCH | HSET KEY FIELD VALUE | HSET KEY FIELD VALUE FIELD | HGET KEY FIELD
HDEL KEY FIELD FIELD | HLEN KEY | HMGET KEY FIELD FIELD | HSETNX KEY FIELD VALUE | HINCRBY KEY FIELD NUMBER
HINCRBYFLOAT KEY FIELD VALUE | LPUSH KEY VALUE VALUE | RPUSH KEY VALUE | LPUSHX KEY VALUE | LPOP KEY
RPOP KEY NUMBER | LLEN KEY | LRANGE KEY NUMBER NUMBER | LINDEX KEY NUMBER | LSET KEY NUMBER VALUE
LINSERT KEY SIDE VALUE VALUE | LREM KEY NUMBER VALUE | LTRIM KEY NUMBER NUMBER | LMOVE KEY KEY SIDE SIDE
RPOPLPUSH KEY KEY | LMPOP NUMBER KEY KEY SIDE | LPOS KEY VALUE COUNT NUMBER | BLPOP KEY KEY 0.001
BLMOVE KEY KEY LEFT SIDE 0.001 | PUBLISH KEY VALUE | PING VALUE | ECHO VALUE | CLIENT SETNAME VALUE
CLIENT GETNAME | CLIENT TRACKINGINFO | CLIENT TRACKING ON | CLIENT TRACKING ON OPTIN | CLIENT TRACKING OFF
CLIENT CACHING YES | NOSUCH VALUE VALUE | HGETALL KEY | HKEYS KEY | HVALS KEY | HSTRLEN KEY FIELD
HEXISTS KEY FIELD | SUBSTR KEY NUMBER NUMBER | TTL KEY | UNLINK KEY KEY | TOUCH KEY KEY | MOVE KEY NUMBER
LPOS KEY VALUE RANK NUMBER | LPOS KEY VALUE MAXLEN NUMBER | RPUSHX KEY VALUE | BRPOP KEY 0.001
BLMPOP 0.001 NUMBER KEY SIDE | BRPOPLPUSH KEY KEY 0.001 | SWAPDB NUMBER NUMBER | FLUSHDB | FLUSHALL
SUBSCRIBE KEY | UNSUBSCRIBE KEY | PSUBSCRIBE KEY* | PUNSUBSCRIBE | SSUBSCRIBE KEY | SUNSUBSCRIBE KEY
SPUBLISH KEY VALUE | PUBSUB NUMSUB KEY KEY | PUBSUB NUMPAT | ROLE | AUTH VALUE | AUTH FIELD VALUE
CLIENT REPLY VALUE | CLIENT NO-EVICT ON | CLIENT UNBLOCK NUMBER | CLIENT GETREDIR | CLIENT KILL ID NUMBER
WAIT 0 NUMBER | CLIENT NOSUCH | CLIENT SETNAME | CONFIG GET maxmemory | OBJECT NOSUCH KEY
SETBIT KEY NUMBER NUMBER | GETBIT KEY NUMBER | BITCOUNT KEY NUMBER NUMBER | BITCOUNT KEY NUMBER NUMBER BIT
BITCOUNT KEY
CONFIG SET nosuch VALUE | COMMAND GETKEYS GET KEY | COMMAND GETKEYS MSET KEY VALUE | RESET
""".replace("\n", "|").split("|")

END = b"that was all"

WORDS = {
    "KEY": ["a", "b", "{a}c", "d"],
    "VALUE": ["1", "-5", "10", "abc", "x y", "3.5", "9223372036854775807", "-0", "007", "1e3", "inf", ""],
    "NUMBER": ["0", "1", "-1", "2", "5", "-3", "100", "x", "1.5", "9223372036854775807"],
    "FIELD": ["f", "g"],
    "CONDITION": ["NX", "XX", "GT", "LT", "FOO"],
    "SIDE": ["LEFT", "RIGHT", "BEFORE", "AFTER"],
}


def requests() -> st.SearchStrategy[tuple[str, ...]]:
    """Fill the templates with words."""
    chosen = [
        st.tuples(*(st.sampled_from(WORDS.get(word, [word])) for word in template.split()))
        for template in TEMPLATES
        if template.strip()
    ]
    return st.one_of(chosen)


async def answers(client: RawConnection, request: tuple[str, ...]) -> list[Reply]:
    """Return everything a server says to one request, pushes included, up to the reply of a PING after it."""
    client.send(*request)
    client.send("PING", END)
    said = [await client.read(), await client.read()]
    while said[-1] not in (END, [b"pong", END], QUEUED):
        said.append(await client.read())
    return said


@settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(dialogue=st.lists(requests(), min_size=10, max_size=40), protocol=st.sampled_from([2, 3]))
async def test_both_say_the_same(
    real_server: ServerProcess, dialogue: list[tuple[str, ...]], protocol: int
) -> None:
    real_server.call("FLUSHALL")
    async with (
        FakeServer(version="7.0.15") as fake,
        RawConnection(fake.host, fake.port) as ours,
        RawConnection(real_server.host, real_server.port) as theirs,
    ):
        for client in (ours, theirs):
            await client.call("HELLO", protocol)
        for request in dialogue:
            assert await answers(ours, request) == await answers(theirs, request), request
