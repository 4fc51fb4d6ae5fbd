"""Count visits, three ways: one by one, together, and in a transaction.

python examples/visits.py [redis://host:port]
"""

from __future__ import annotations

import asyncio
import sys

from respool import Redis


async def main(url: str) -> None:
    """Say what each way answered."""
    async with Redis.from_url(url) as redis:
        await redis.delete("visits")
        print("one by one:", await redis.incr("visits"), await redis.incr("visits"))

        # Called at once, sent in one write; the answers are futures.
        together = [redis.incr("visits") for _ in range(3)]
        print("together:", *await asyncio.gather(*together))

        async with redis.pipeline() as pipe:
            total = pipe.incr("visits")
            pipe.delete("visits")
            await pipe.execute()
        print("in all:", await total)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1] if len(sys.argv) > 1 else "redis://localhost:6379"))
