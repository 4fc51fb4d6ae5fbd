"""The contract of the pools: leases, the share, release, disconnect, bounds, order and idle closing.

On every server and transport. What both pools promise is asked of both.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TypeAlias

import pytest

from packages.core.tests.contract import Protocol, ask, kill, pool_of, seen
from respool import (
    BaseConnection,
    BlockingConnectionPool,
    Connection,
    ConnectionError,
    ConnectionPool,
    DataError,
)
from respool_testing import Endpoint, RawConnection

Kind: TypeAlias = type[ConnectionPool]

both_pools = pytest.mark.parametrize("kind", [ConnectionPool, BlockingConnectionPool])


class Hat:
    """A queue as one might write it, with no more to it than a pool needs."""

    def __init__(self) -> None:
        self.items: deque[BaseConnection] = deque()

    def put_nowait(self, item: BaseConnection) -> None:
        self.items.append(item)

    def get_nowait(self) -> BaseConnection:
        if not self.items:
            raise asyncio.QueueEmpty
        return self.items.popleft()


async def count(witness: RawConnection, name: str) -> int:
    """Return how many sockets with this name the server has."""
    told = await witness.call("CLIENT", "LIST")
    assert isinstance(told, bytes)
    return told.count(f" name={name} ".encode())


# --- what a pool is made with


async def test_what_a_pool_was_made_with_can_be_read(any_endpoint: Endpoint) -> None:
    pool = pool_of(
        any_endpoint, ConnectionPool, max_connections=3, max_idle_time=7, idle_check_interval=2, db=1
    )
    assert pool.connection_class is any_endpoint.connection_class
    assert pool.connection_kwargs == {**any_endpoint.options, "db": 1}
    assert (pool.max_connections, pool.max_idle_time, pool.idle_check_interval) == (3, 7, 2)


def test_without_a_choice_connections_are_tcp_and_unlimited() -> None:
    pool = ConnectionPool()
    assert (pool.connection_class, pool.max_connections) == (Connection, None)
    assert (pool.max_idle_time, pool.idle_check_interval) == (0, 1)


def test_without_a_choice_a_blocking_pool_is_bounded_and_patient() -> None:
    pool = BlockingConnectionPool()
    assert (pool.max_connections, pool.timeout) == (50, 20)
    queue_class: object = pool.queue_class
    assert queue_class is asyncio.LifoQueue


@both_pools
async def test_connections_are_made_as_the_pool_was_told(
    any_endpoint: Endpoint, any_protocol: Protocol, any_witness: RawConnection, kind: Kind
) -> None:
    options = {"protocol_version": any_protocol, "db": 2, "client_name": "pooled", "decode_responses": True}
    async with pool_of(any_endpoint, kind, **options) as pool, pool.connection() as connection:
        assert await ask(connection, b"ECHO", "é") == "é"
        assert connection.protocol_version == any_protocol
        told = await seen(any_witness, connection)
        assert (told["name"], told["db"]) == ("pooled", "2")


@both_pools
async def test_a_wrong_option_is_told_when_the_pool_is_made(any_endpoint: Endpoint, kind: Kind) -> None:
    with pytest.raises(DataError):
        pool_of(any_endpoint, kind, encoding="klingon")
    with pytest.raises(DataError):
        pool_of(any_endpoint, kind, max_connections=0)


@both_pools
async def test_repr_tells_where_and_how_many_and_no_secret(any_endpoint: Endpoint, kind: Kind) -> None:
    any_endpoint.add_user("ann", "secret")
    pool = pool_of(any_endpoint, kind, max_connections=3, username="ann", password="secret")
    where = any_endpoint.path if any_endpoint.transport == "unix" else str(any_endpoint.port)
    async with pool, pool.connection():
        assert kind.__name__ in repr(pool)
        assert where in repr(pool)
        assert "1/3" in repr(pool)
        assert "secret" not in repr(pool)


# --- leases


@both_pools
async def test_a_lease_is_connected_and_nobody_elses(any_endpoint: Endpoint, kind: Kind) -> None:
    async with pool_of(any_endpoint, kind) as pool:
        leases = [await pool.get_connection(b"GET", "k") for _ in range(5)]
        assert all(lease.is_connected for lease in leases)
        assert len(set(map(id, leases))) == 5
        tokens = await asyncio.gather(*(ask(lease, b"ECHO", at) for at, lease in enumerate(leases)))
        assert tokens == [b"0", b"1", b"2", b"3", b"4"]
        for lease in leases:
            pool.release(lease)


@both_pools
async def test_what_was_released_is_leased_again(
    any_endpoint: Endpoint, any_witness: RawConnection, kind: Kind
) -> None:
    async with pool_of(any_endpoint, kind, client_name="again") as pool:
        for _ in range(10):
            async with pool.connection() as connection:
                await ask(connection, b"PING")
        assert await count(any_witness, "again") == 1


@both_pools
async def test_a_lease_keeps_its_transaction_to_itself(
    any_endpoint: Endpoint, any_witness: RawConnection, kind: Kind
) -> None:
    async with pool_of(any_endpoint, kind) as pool, pool.connection() as lease:
        share = await pool.get_connection(acquire=False)
        await ask(lease, b"MULTI")
        assert await ask(lease, b"SET", "k", "v") == b"QUEUED"
        assert await ask(share, b"GET", "k") is None
        assert await ask(lease, b"EXEC") == [b"OK"]


@both_pools
async def test_state_on_the_server_is_nobody_elses_surprise(any_endpoint: Endpoint, kind: Kind) -> None:
    async with pool_of(any_endpoint, kind, max_connections=1) as pool:
        for spell in (b"SELECT 3", b"MULTI", b"WATCH k", b"CLIENT TRACKING ON"):
            name, *args = spell.split()
            async with pool.connection() as connection:
                await ask(connection, name, *args)
        async with pool.connection() as connection:
            assert await ask(connection, b"SET", "k", "v") == b"OK"
        async with pool.connection() as connection:
            assert await ask(connection, b"GET", "k") == b"v"


@both_pools
async def test_releasing_what_is_not_leased_is_an_error(any_endpoint: Endpoint, kind: Kind) -> None:
    async with pool_of(any_endpoint, kind) as pool, pool_of(any_endpoint, kind) as other:
        connection = await pool.get_connection()
        with pytest.raises(ConnectionError, match="not leased"):
            other.release(connection)
        pool.release(connection)
        with pytest.raises(ConnectionError, match="not leased"):
            pool.release(connection)


@both_pools
async def test_a_broken_lease_costs_no_slot(
    any_endpoint: Endpoint, any_witness: RawConnection, kind: Kind
) -> None:
    async with pool_of(any_endpoint, kind, max_connections=1) as pool:
        for _ in range(3):
            lease = await pool.get_connection()
            pending = await lease.create_request(b"BLPOP", "list", 0)
            await asyncio.sleep(0)
            await kill(any_witness, lease)
            with pytest.raises(ConnectionError):
                await pending
            pool.release(lease)
        async with pool.connection() as connection:
            assert await ask(connection, b"PING") == b"PONG"


@both_pools
async def test_a_refused_connection_costs_no_slot(any_endpoint: Endpoint, kind: Kind) -> None:
    async with pool_of(any_endpoint, kind, max_connections=1, db=99) as pool:
        for acquire in (True, False, True):
            with pytest.raises(Exception, match="SELECT"):
                await pool.get_connection(acquire=acquire)


# --- the share


@both_pools
async def test_the_share_is_one_for_all_and_nobody_leases_it(any_endpoint: Endpoint, kind: Kind) -> None:
    async with pool_of(any_endpoint, kind) as pool:
        shares = await asyncio.gather(*(pool.get_connection(acquire=False) for _ in range(10)))
        assert len(set(map(id, shares))) == 1
        assert shares[0].is_connected
        async with pool.connection() as lease:
            assert lease is not shares[0]
        with pytest.raises(ConnectionError, match="not leased"):
            pool.release(shares[0])


@both_pools
async def test_requests_on_the_share_get_their_own_replies(any_endpoint: Endpoint, kind: Kind) -> None:
    async with pool_of(any_endpoint, kind) as pool:

        async def work(number: int) -> object:
            share = await pool.get_connection(acquire=False)
            return await ask(share, b"ECHO", number)

        assert await asyncio.gather(*map(work, range(200))) == [b"%d" % number for number in range(200)]


# --- the bound


async def test_a_full_pool_raises_at_once(any_endpoint: Endpoint) -> None:
    async with pool_of(any_endpoint, ConnectionPool, max_connections=2) as pool:
        async with pool.connection(), pool.connection():
            with pytest.raises(ConnectionError, match="Too many connections"):
                await pool.get_connection()
        async with pool.connection():
            pass


@pytest.mark.parametrize("timeout", [0, 0.01])
async def test_a_full_blocking_pool_gives_up_after_its_timeout(
    any_endpoint: Endpoint, timeout: float
) -> None:
    async with pool_of(any_endpoint, BlockingConnectionPool, max_connections=1, timeout=timeout) as pool:
        async with pool.connection():
            with pytest.raises(ConnectionError, match="No connection available"):
                await pool.get_connection()
        async with pool.connection():
            pass


@pytest.mark.parametrize("timeout", [20, None])
async def test_a_full_blocking_pool_serves_who_waits_in_order(
    any_endpoint: Endpoint, timeout: float | None
) -> None:
    served: list[int] = []

    async def work(pool: ConnectionPool, number: int) -> None:
        async with pool.connection() as connection:
            served.append(number)
            await ask(connection, b"PING")

    async with pool_of(any_endpoint, BlockingConnectionPool, max_connections=1, timeout=timeout) as pool:
        await asyncio.gather(*(work(pool, number) for number in range(20)))
    assert served == list(range(20))


@both_pools
async def test_the_server_never_sees_more_connections_than_the_bound(
    any_endpoint: Endpoint, any_witness: RawConnection, kind: Kind
) -> None:
    async with pool_of(any_endpoint, kind, max_connections=3, client_name="bound") as pool:
        leases = [await pool.get_connection() for _ in range(3)]
        assert await count(any_witness, "bound") == 3
        for lease in leases:
            pool.release(lease)
        for _ in range(10):
            share = await pool.get_connection(acquire=False)
            async with pool.connection() as lease:
                await asyncio.gather(ask(share, b"PING"), ask(lease, b"PING"))
        assert await count(any_witness, "bound") == 3


@both_pools
async def test_the_bound_holds_after_disconnect(any_endpoint: Endpoint, kind: Kind) -> None:
    async with pool_of(any_endpoint, kind, max_connections=2) as pool:
        lease = await pool.get_connection()
        pool.disconnect()
        async with pool.connection():
            assert "2/2" in repr(pool)  # a lease has its slot until it is released
        pool.release(lease)


# --- order


@pytest.mark.parametrize(
    ("queue_class", "order"),
    [(asyncio.LifoQueue, [2, 1, 0]), (asyncio.Queue, [0, 1, 2]), (Hat, [0, 1, 2])],
    ids=["LifoQueue", "Queue", "one's own"],
)
async def test_the_queue_decides_which_idle_connection_is_used_first(
    any_endpoint: Endpoint, queue_class: type[Hat], order: list[int]
) -> None:
    async with pool_of(any_endpoint, BlockingConnectionPool, queue_class=queue_class) as pool:
        assert pool.queue_class is queue_class
        first = [await pool.get_connection() for _ in range(3)]
        for connection in first:
            pool.release(connection)
        second = [await pool.get_connection() for _ in range(3)]
        assert second == [first[at] for at in order]
        for connection in second:
            pool.release(connection)


# --- the end


@both_pools
async def test_disconnect_closes_all_and_the_pool_goes_on(any_endpoint: Endpoint, kind: Kind) -> None:
    async with pool_of(any_endpoint, kind) as pool:
        lease, idle = await pool.get_connection(), await pool.get_connection()
        share = await pool.get_connection(acquire=False)
        pool.release(idle)
        pool.disconnect()
        assert not any(each.is_connected for each in (lease, idle, share))
        pool.release(lease)
        async with pool.connection() as connection:
            assert await ask(connection, b"PING") == b"PONG"


@both_pools
async def test_disconnect_fails_what_is_in_flight(any_endpoint: Endpoint, kind: Kind) -> None:
    async with pool_of(any_endpoint, kind) as pool, pool.connection() as lease:
        pending = await lease.create_request(b"BLPOP", "list", 0)
        await asyncio.sleep(0)
        pool.disconnect()
        with pytest.raises(ConnectionError):
            await pending


@both_pools
async def test_a_pool_that_is_closed_leaves_nothing_on_the_server(
    any_endpoint: Endpoint, any_witness: RawConnection, kind: Kind
) -> None:
    async with pool_of(any_endpoint, kind, client_name="gone") as pool:
        leases = [await pool.get_connection() for _ in range(3)]
        await pool.get_connection(acquire=False)
        for lease in leases:
            pool.release(lease)
        assert await count(any_witness, "gone") > 0
    while await count(any_witness, "gone"):
        pass  # the server notices in its own time, and every question gives it some


# --- idle connections


@both_pools
async def test_an_idle_connection_is_closed(
    any_endpoint: Endpoint, any_witness: RawConnection, kind: Kind
) -> None:
    options = {"max_idle_time": 0.01, "idle_check_interval": 0.01}
    async with pool_of(any_endpoint, kind, client_name="idle", **options) as pool:
        for _ in range(2):  # a second one, too
            async with pool.connection() as connection:
                await ask(connection, b"PING")
            while await count(any_witness, "idle"):
                pass  # every question gives it time
            assert not connection.is_connected
            assert "0/" in repr(pool)


@both_pools
async def test_a_connection_in_use_is_never_idle(
    any_endpoint: Endpoint, any_witness: RawConnection, kind: Kind
) -> None:
    options = {"max_idle_time": 0.01, "idle_check_interval": 0.01}
    pool = pool_of(any_endpoint, kind, **options)
    async with pool, pool.connection() as quiet, pool.connection() as blocked:
        async with pool.connection() as idle:
            pass
        pending = await blocked.create_request(b"BLPOP", "list", 0)
        while idle.is_connected:
            await any_witness.call("PING")
        assert quiet.is_connected
        await any_witness.call("RPUSH", "list", "x")
        assert await pending == [b"list", b"x"]
        assert await ask(quiet, b"PING") == b"PONG"
