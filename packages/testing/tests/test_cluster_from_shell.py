"""Clusters and sentinels served from the shell, with the options that are theirs alone."""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from respool_testing import RawConnection
from respool_testing.__main__ import main
from respool_testing.replies import Error


@asynccontextmanager
async def served(*arguments: str) -> AsyncIterator[RawConnection]:
    """Serve a deployment from a process; offer a connection to what it names first."""
    command = [sys.executable, "-m", "respool_testing", *arguments, "--port", "0"]
    process = await asyncio.create_subprocess_exec(*command, stdout=PIPE)
    assert process.stdout is not None
    host, port = (await process.stdout.readline()).decode().split()[0].removeprefix("redis://").split(":")
    async with RawConnection(host, int(port)) as client:
        yield client
    process.terminate()
    await process.communicate()


async def test_bare_nodes_are_no_cluster_yet() -> None:
    async with served("cluster", "--primaries", "2", "--replicas", "0", "--bare") as client:
        assert await client.call("GET", "k") == Error.of("CLUSTERDOWN Hash slot not served")
        nodes = await client.call("CLUSTER", "NODES")
        assert isinstance(nodes, bytes)
        assert nodes.count(b"\n") == 1


async def test_the_node_timeout_is_what_was_asked_for() -> None:
    async with served("cluster", "--node-timeout", "2.5", "--endpoint-type", "unknown") as client:
        assert await client.call("CONFIG", "GET", "cluster-node-timeout") == [
            b"cluster-node-timeout",
            b"2500",
        ]
        spans = await client.call("CLUSTER", "SLOTS")
        assert isinstance(spans, list)
        assert spans[0][2][0] is None


async def test_sentinels_take_their_limits_from_the_command_line() -> None:
    async with served("sentinel", "--quorum", "3", "--down-after", "5", "--like-real") as client:
        fields = await client.call("SENTINEL", "MASTER", "mymaster")
        assert isinstance(fields, list)
        told = dict(zip(fields[::2], fields[1::2], strict=True))
        assert (told[b"quorum"], told[b"down-after-milliseconds"]) == (b"3", b"5000")


def test_an_unknown_endpoint_type_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["cluster", "--endpoint-type", "face"])
    assert "invalid choice: 'face'" in capsys.readouterr().err
