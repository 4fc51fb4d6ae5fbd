"""What a read costs the process: no mapping of memory, once the allocator has had its hint."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

READS = 200

PROGRAM = f"""
import resource, socket
from respool._connection.allocator import expect_reads
ours, theirs = socket.socketpair()

def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range({READS}):
        theirs.send(b"x")
        ours.recv(256 * 1024)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

expect_reads()
faults()
print(faults())
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc's allocator takes this hint")
def test_a_read_maps_no_memory() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    assert int(done.stdout) < READS / 4
