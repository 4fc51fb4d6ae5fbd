"""A hint to the C library's allocator, on which the cost of every read hangs. Knows nothing of connections.

For each read asyncio asks for 256 KiB and gives back what was not needed. glibc maps blocks of that size anew, at three
system calls a read, until it has once seen a larger one freed: from then on it takes them from its heap. Whether
that has happened is a matter of luck, so it is made to. Other allocators do not mind.
"""

from __future__ import annotations

from functools import cache

_READ = 256 * 1024


@cache
def expect_reads() -> None:
    """Have blocks of the size of a read come from the heap, from now on and for the whole process."""
    bytearray(2 * _READ)  # freed at once
