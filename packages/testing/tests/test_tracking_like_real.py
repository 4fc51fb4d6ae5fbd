"""Three clients and what they hear of each other's keys, on a fake and on a real server: both must say the same."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AsyncExitStack

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from packages.testing.tests.word_for_word import redis_7_0
from respool_testing import FakeServer, RawConnection, ServerProcess
from respool_testing.replies import Push, Reply

Turn = tuple[int, tuple[str, ...]]

END = b"that was all"
# `<1>` stands for the id of client 1.
TEMPLATES = """
CLIENT TRACKING ON | CLIENT TRACKING ON NOLOOP | CLIENT TRACKING ON OPTIN | CLIENT TRACKING ON OPTOUT NOLOOP
CLIENT TRACKING ON BCAST | CLIENT TRACKING ON BCAST PREFIX a PREFIX b | CLIENT TRACKING ON BCAST NOLOOP PREFIX ab
CLIENT TRACKING OFF | CLIENT TRACKING ON REDIRECT <0> | CLIENT TRACKING ON REDIRECT <1> | CLIENT CACHING YES
CLIENT TRACKING ON BCAST REDIRECT <2> | CLIENT CACHING NO
SUBSCRIBE __redis__:invalidate | UNSUBSCRIBE __redis__:invalidate | GET KEY | MGET KEY KEY | EXISTS KEY | TTL KEY
STRLEN KEY | TYPE KEY | HGET KEY f | LLEN KEY | SET KEY 1 | SET KEY 2 NX | SET KEY 2 GET | DEL KEY KEY | APPEND KEY x
MSET KEY 1 KEY 2 | INCR KEY | GETDEL KEY | GETEX KEY PERSIST | GETEX KEY EX 100 | RENAME KEY KEY | COPY KEY KEY REPLACE
EXPIRE KEY 100 | EXPIRE KEY -1 | PERSIST KEY | SETRANGE KEY 0 x | MOVE KEY 1 | SELECT 1 | SELECT 0 | FLUSHDB | FLUSHALL
SWAPDB 0 1 | HSET KEY f v | HDEL KEY f | RPUSH KEY a | LPOP KEY | LMOVE KEY KEY LEFT RIGHT
GETSET KEY 3 | UNLINK KEY | TOUCH KEY
EVAL return(redis.call('GET',KEYS[1])) 1 KEY | EVAL return(redis.call('SET',KEYS[1],'s')) 1 KEY | SET KEY 1 PX 100000
EVAL_RO return(redis.call('GET',KEYS[1])) 1 KEY
""".replace("\n", "|").split("|")  # fmt: skip
KEYS = ["a", "ab", "b", "c"]


def turns() -> st.SearchStrategy[Turn]:
    """Fill the templates with keys, and say who speaks."""
    requests = [
        st.tuples(*(st.sampled_from(KEYS) if word == "KEY" else st.just(word) for word in template.split()))
        for template in TEMPLATES
        if template.strip()
    ]
    return st.tuples(st.integers(0, 2), st.one_of(requests))


async def heard(client: RawConnection) -> list[object]:
    """Return everything a client was told, up to the reply of a PING."""
    client.send("PING", END)
    said: list[object] = []
    while (reply := await client.read()) not in (END, [b"pong", END]):
        said.append(plain(reply))
    return said


async def play(place: tuple[str, int], dialogue: list[Turn], *, resp2: bool) -> list[object]:
    """Let three clients speak, and return what each of them hears after each turn; keys of a message in order."""
    async with AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(RawConnection(*place)) for _ in range(3)]
        ids = [await client.call("CLIENT", "ID") for client in clients]
        for number, client in enumerate(clients):
            await client.call("HELLO", 2 if resp2 and number == 0 else 3)
        await clients[1].call("FLUSHALL")
        script: list[object] = []
        for speaker, words in dialogue:
            clients[speaker].send(*(str(ids[int(word[1])]) if word[0] == "<" else word for word in words))
            # A message to the speaker may come before the reply, or after it and that of a PING.
            replies = [*await heard(clients[speaker]), *await heard(clients[speaker])]
            replies.sort(key=is_message)
            script.append((speaker, words, replies, [await heard(client) for client in clients]))
        return script


def is_message(said: object) -> bool:
    """Tell an invalidation from a reply."""
    return isinstance(said, list) and said[0] in (b"invalidate", b"message")


def plain(said: Reply) -> object:
    """Put the keys of a message in order."""
    items = said.items if isinstance(said, Push) else said
    if not isinstance(items, list) or items[:1] not in ([b"invalidate"], [b"message"]):
        return said
    keys = items[-1]
    return [*items[:-1], sorted(map(str, keys)) if isinstance(keys, list) else keys]


@pytest.fixture(scope="module")
def real() -> Iterator[ServerProcess]:
    server = ServerProcess(redis_7_0())
    server.start_process()
    yield server
    server.stop_process()


@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(dialogue=st.lists(turns(), min_size=10, max_size=40), resp2=st.booleans())
async def test_both_tell_the_same_clients_of_the_same_keys(
    real: ServerProcess, dialogue: list[Turn], resp2: bool
) -> None:
    async with FakeServer(version="7.0.15") as fake:
        ours = await play((fake.host, fake.port), dialogue, resp2=resp2)
    theirs = await play((real.host, real.port), dialogue, resp2=resp2)
    for our, their in zip(ours, theirs, strict=True):
        assert our == their
