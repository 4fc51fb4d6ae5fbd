"""One socket's worth of a connection, driven by hand: a transport that only takes notes, and literal bytes."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

import pytest

from respool._connection.generation import Generation
from respool._connection.invocation import build_request, build_silent_request
from respool._connection.request import FollowingRequest, GroupedRequest, Request
from respool._wire.values import ValueT
from respool.errors import ConnectionError, InvalidResponse, RedisError, TimeoutError
from respool_testing import Simulation, simulate


class NotingTransport(asyncio.Transport):
    """Keeps what is written, one entry a write."""

    def __init__(self) -> None:
        super().__init__()
        self.writes: list[bytes] = []
        self.ended: list[str] = []

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if data:  # as asyncio's own transports do, an empty write does nothing
            self.writes.append(bytes(data))

    def writelines(self, list_of_data: Iterable[bytes | bytearray | memoryview]) -> None:
        self.writes.append(b"".join(list_of_data))

    def get_write_buffer_size(self) -> int:
        return 0

    def close(self) -> None:
        self.ended.append("closed")

    def abort(self) -> None:
        self.ended.append("aborted")


class NotingOwner:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.pushes: list[object] = []
        self.ends: list[tuple[RedisError, list[Request[object]], list[Request[object]]]] = []

    def describe(self) -> str:
        return "here"

    def on_push(self, message: object) -> None:
        self.pushes.append(message)

    def on_suspect(self) -> None:
        raise AssertionError("nothing here is silent for that long")

    def on_end(
        self,
        generation: Generation,
        error: RedisError,
        unanswered: list[Request[object]],
        unsent: list[Request[object]],
    ) -> None:
        self.ends.append((error, unanswered, unsent))


class Line:
    """A generation between its two ends; ended before the test is over, so that no timer outlives it."""

    def __init__(self, *, up: bool = True, timeout: float = 60.0) -> None:
        self.owner, self.transport = NotingOwner(), NotingTransport()
        self.generation = Generation(self.owner, timeout, asyncio.get_running_loop())
        if up:
            self.generation.connection_made(self.transport)
            self.generation.open_gate()

    def __enter__(self) -> Line:
        return self

    def __exit__(self, *_: object) -> None:
        self.generation.end(ConnectionError("the test is over"))

    def send(self, *args: ValueT) -> Request[object]:
        request = build_request(args)
        self.generation.send(request)
        return request


async def tick() -> None:
    await asyncio.sleep(0)


def ping(count: int = 1) -> bytes:
    return b"*1\r\n$4\r\nPING\r\n" * count


async def test_a_lone_request_is_written_at_once() -> None:
    with Line() as line:
        line.send("PING")
        assert line.transport.writes == [ping()]


async def test_requests_of_one_tick_are_one_write() -> None:
    with Line() as line:
        line.send("PING")
        for _ in range(9):
            line.send("PING")
        assert len(line.transport.writes) == 1
        await tick()
        assert line.transport.writes == [ping(), ping(9)]


async def test_after_a_busy_tick_the_first_request_waits_for_company() -> None:
    with Line() as line:
        line.send("PING")
        line.send("PING")
        line.send("PING")
        await tick()
        line.generation.data_received(b"+PONG\r\n" * 3)
        line.transport.writes.clear()
        line.send("PING")
        line.send("PING")
        assert line.transport.writes == []
        await tick()
        assert line.transport.writes == [ping(2)]


async def test_requests_wait_behind_the_gate_and_follow_in_order() -> None:
    with Line(up=False) as line:
        line.send("ECHO", "1")
        line.send("ECHO", "2")
        line.generation.connection_made(line.transport)
        await tick()
        assert line.transport.writes == []
        line.generation.open_gate()
        assert line.transport.writes == [b"*2\r\n$4\r\nECHO\r\n$1\r\n1\r\n*2\r\n$4\r\nECHO\r\n$1\r\n2\r\n"]


async def test_the_handshake_passes_those_who_wait() -> None:
    with Line(up=False) as line:
        waiting = line.send("PING")
        line.generation.connection_made(line.transport)
        hello = build_request(("HELLO", 3))
        line.generation.exchange([hello])
        line.generation.data_received(b"%0\r\n")
        assert (hello.future.result(), waiting.done()) == ({}, False)
        line.generation.open_gate()
        line.generation.data_received(b"+PONG\r\n")
        assert waiting.future.result() == b"PONG"


async def test_submitted_requests_stand_next_to_each_other() -> None:
    with Line() as line:
        pair = [build_request((name,), kind=GroupedRequest) for name in ("ASKING", "PING")]
        for request in pair:
            request.deadline = asyncio.get_running_loop().time() + 60
        line.send("PING")
        line.generation.submit(pair)
        await tick()
        assert line.transport.writes[-1] == b"*1\r\n$6\r\nASKING\r\n" + ping()


async def test_a_silent_request_is_done_when_it_is_written() -> None:
    with Line() as line:
        quiet = build_silent_request(("SET", "k", "v"), skip=True)
        quiet.deadline = asyncio.get_running_loop().time() + 60
        line.generation.submit([quiet])
        assert not quiet.done()
        await tick()
        assert quiet.future.result() is None
        assert line.transport.writes[0].startswith(
            b"*3\r\n$6\r\nCLIENT\r\n$5\r\nREPLY\r\n$4\r\nSKIP\r\n*3\r\n$3\r\nSET"
        )


async def test_nothing_is_written_while_the_transport_is_full() -> None:
    with Line() as line:
        line.generation.pause_writing()
        line.send("PING")
        await tick()
        assert line.transport.writes == []
        line.generation.resume_writing()
        assert line.transport.writes == [ping()]


async def test_requests_made_by_a_reply_wait_for_the_whole_read() -> None:
    with Line() as line:
        follow_up: list[Request[object]] = []
        first = build_request(("PING",), convert=lambda reply: follow_up.append(line.send("PING")))
        line.generation.send(first)
        line.generation.data_received(b"+PONG\r\n")
        assert line.transport.writes == [ping()]
        await tick()
        assert line.transport.writes == [ping(), ping()]
        line.generation.data_received(b"+SECOND\r\n")
        assert follow_up[0].future.result() == b"SECOND"


async def test_what_a_conversion_raises_is_its_requests_own() -> None:
    with Line() as line:
        broken = build_request(("PING",), convert=lambda reply: 1 / 0)
        line.generation.send(broken)
        sound = line.send("PING")
        await tick()
        line.generation.data_received(b"+1\r\n+2\r\n")
        assert isinstance(broken.future.exception(), ZeroDivisionError)
        assert sound.future.result() == b"2"


async def test_a_push_takes_nobodys_place() -> None:
    with Line() as line:
        request = line.send("PING")
        line.generation.data_received(b">2\r\n+invalidate\r\n_\r\n+PONG\r\n")
        assert line.owner.pushes == [[b"invalidate", None]]
        assert request.future.result() == b"PONG"


async def test_a_rescued_request_is_left_to_its_rescuer() -> None:
    with Line() as line:
        taken: list[RedisError] = []

        def rescue(_: Request[object], error: RedisError) -> bool:
            taken.append(error)
            return True

        request = build_request(("GET", "k"), rescue=rescue)
        line.generation.send(request)
        line.generation.data_received(b"-MOVED 1 127.0.0.1:7000\r\n")
        assert not request.done()
        assert [str(error) for error in taken] == ["MOVED 1 127.0.0.1:7000"]


@pytest.mark.parametrize(
    ("unasked", "kind", "said"),
    [
        (b"+hello\r\n", InvalidResponse, "nobody asked for"),
        (b"-ERR max number of clients reached\r\n", ConnectionError, "max number of clients"),
    ],
)
async def test_what_nobody_asked_for_ends_it(unasked: bytes, kind: type[RedisError], said: str) -> None:
    with Line() as line:
        line.generation.data_received(unasked)
        ((error, _, _),) = line.owner.ends
        assert type(error) is kind
        assert said in str(error)
        assert line.transport.ended == ["aborted"]


def test_a_sequence_that_was_never_begun_ends_nothing() -> None:
    async def main(_: Simulation) -> None:
        with Line(timeout=0.5) as line:
            line.generation.pause_writing()
            group: list[Request[object]] = [
                build_request(("MULTI",), kind=GroupedRequest),
                build_request(("EXEC",), kind=FollowingRequest),
            ]
            line.generation.send_all(group)
            await asyncio.sleep(0.75)
            assert all(isinstance(request.future.exception(), TimeoutError) for request in group)
            assert line.owner.ends == []

    simulate(main)


def test_the_rest_of_a_sequence_that_runs_out_of_time_ends_it() -> None:
    async def main(_: Simulation) -> None:
        with Line(timeout=0.5) as line:
            line.generation.fifo._max_requests = 2
            group: list[Request[object]] = [build_request(("MULTI",), kind=GroupedRequest)]
            group += [build_request((name,), kind=FollowingRequest) for name in ("PING", "EXEC")]
            line.generation.send_all(group)
            await asyncio.sleep(0.75)
            assert len(line.transport.writes) == 1
            assert ["took nothing more in time" in str(end[0]) for end in line.owner.ends] == [True]

    simulate(main)


async def test_the_end_tells_written_from_unwritten_once() -> None:
    line = Line()
    written = line.send("PING")
    unwritten = line.send("PING")
    line.generation.eof_received()
    line.generation.connection_lost(None)
    ((_, unanswered, unsent),) = line.owner.ends
    assert (unanswered, unsent) == ([written], [unwritten])


async def test_bytes_that_come_after_the_end_are_ignored() -> None:
    line = Line()
    request = line.send("PING")
    line.generation.end(ConnectionError("over"))
    line.generation.data_received(b"+LATE\r\n")
    await tick()
    assert not request.done()
    assert len(line.owner.ends) == 1


async def test_a_socket_that_comes_up_after_the_end_is_dropped() -> None:
    line = Line(up=False)
    line.generation.end(ConnectionError("over"))
    line.generation.connection_made(line.transport)
    assert line.transport.ended == ["aborted"]


async def test_a_graceful_end_lets_bytes_out() -> None:
    line = Line()
    line.generation.end(ConnectionError("over"), graceful=True)
    assert line.transport.ended == ["closed"]
