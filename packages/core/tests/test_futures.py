"""Futures made without a frame of their loop's are the ones that it would make."""

from __future__ import annotations

import asyncio

from respool._connection.futures import future_maker


async def test_futures_belong_to_their_loop() -> None:
    loop = asyncio.get_running_loop()
    future = future_maker(loop)()
    assert type(future) is type(loop.create_future())
    assert future.get_loop() is loop


def test_a_loop_with_futures_of_its_own_makes_them() -> None:
    class OwnFuture(asyncio.Future[object]):
        pass

    class OwnLoop(asyncio.SelectorEventLoop):
        def create_future(self) -> asyncio.Future[object]:
            return OwnFuture(loop=self)

    loop = OwnLoop()
    try:
        assert type(future_maker(loop)()) is OwnFuture
    finally:
        loop.close()
