"""`--workers 2`: one server in several processes. One that dies is replaced, and all end together."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any

import grpc.aio
import psutil  # type: ignore[import-untyped]  # ships no types
import pytest
import pytest_asyncio

from quarterdeck.gen.pipeline.v1 import pipeline_pb2, pipeline_pb2_grpc
from tests.faults.calls import PIPELINES, Client, LostError, eventually
from tests.faults.conftest import Servers
from tests.faults.quick_server import free_port
from tests.running_server import RunningServer, StartError

pytestmark = pytest.mark.faults

_CONNECTIONS = 16
"""The kernel deals connections out to the workers; so many do not all reach the same one."""


@pytest_asyncio.fixture
async def server(database_url: str, tmp_path: Path) -> AsyncIterator[RunningServer]:
    """A server of two workers."""
    running = await asyncio.to_thread(RunningServer.start, database_url, tmp_path, args=["--workers", "2"])
    yield running
    running.kill()


async def test_workers_serve_the_same_and_are_replaced(server: RunningServer) -> None:
    async with Client(server.http_url, server.token) as client:
        created = await client.upsert("web", "// one\n")
    await eventually(lambda: _everybody_serves(server, "// one"), within=5)
    await _everybody_knows(server, created["id"])

    first = await eventually(lambda: _two_workers(server), within=30)
    for worker in sorted(first):
        psutil.Process(worker).kill()
        await eventually(partial(_replaced, server, worker), within=30)
    server.wait_for_log("is replaced")
    assert not first & _workers(server)

    async with Client(server.http_url, server.token) as client:
        await eventually(lambda: _upserted(client, "// two\n"), within=30)
    await eventually(lambda: _everybody_serves(server, "// two"), within=30)

    processes = [psutil.Process(pid) for pid in _workers(server)]
    assert await asyncio.to_thread(server.stop, 10) == 0
    assert not any(process.is_running() for process in processes)
    assert "Traceback" not in server.logs, server.tail()


async def test_workers_end_when_their_parent_is_killed(servers: Servers, sqlite_url: str, tmp_path: Path) -> None:
    port = free_port()
    server = await asyncio.to_thread(RunningServer.start, sqlite_url, tmp_path, port=port, args=["--workers", "2"])
    workers = [psutil.Process(pid) for pid in await eventually(lambda: _two_workers(server), within=30)]
    server.process.kill()

    async def gone() -> bool | None:
        return not any(worker.is_running() for worker in workers) or None

    try:
        await eventually(gone, within=10)
    finally:
        server.kill()
    servers.start(sqlite_url, port=port)


def test_workers_that_cannot_start_say_so_once(tmp_path: Path) -> None:
    with pytest.raises(StartError) as failed:
        RunningServer.start("postgresql://nobody@127.0.0.1:1/fleet", tmp_path, args=["--workers", "2"])

    assert "ended with code 1" in str(failed.value)
    assert str(failed.value).count("quarterdeck: ") == 1
    assert "Traceback" not in str(failed.value)


def _workers(server: RunningServer) -> set[int]:
    """The processes that serve, without multiprocessing's own."""
    return {child.pid for child in psutil.Process(server.process.pid).children() if _serves(child)}


def _serves(child: psutil.Process) -> bool:
    try:
        return "spawn_main" in " ".join(child.cmdline())
    except psutil.NoSuchProcess:  # a zombie counts as one
        return False


async def _two_workers(server: RunningServer) -> set[int] | None:
    found = _workers(server)
    return found if len(found) == 2 else None


async def _replaced(server: RunningServer, worker: int) -> bool | None:
    found = _workers(server)
    return (len(found) == 2 and worker not in found) or None


async def _everybody_serves(server: RunningServer, wanted: str) -> bool | None:
    """Whether each of many new connections gets the configuration wanted."""
    for number in range(_CONNECTIONS):
        async with Client(server.http_url, server.token) as client:
            try:
                if wanted not in (await client.poll(f"edge-{number}"))["content"]:
                    return None
            except LostError:
                return None
    return True


async def _everybody_knows(server: RunningServer, pipeline: str) -> None:
    """Asks over many new connections of both kinds."""
    request = pipeline_pb2.GetPipelineRequest(id=pipeline)
    metadata = (("authorization", f"Bearer {server.token}"),)
    for _ in range(_CONNECTIONS):
        async with Client(server.http_url, server.token) as client:
            assert (await client.call(PIPELINES, "GetPipeline", id=pipeline))["contents"] == "// one\n"
        # Channels of one process share their connections, unless told not to.
        options = [("grpc.use_local_subchannel_pool", 1)]
        async with grpc.aio.insecure_channel(server.grpc_target, options=options) as channel:
            stub: Any = pipeline_pb2_grpc.PipelineServiceStub(channel)  # type: ignore[no-untyped-call]
            assert (await stub.GetPipeline(request, metadata=metadata)).contents == "// one\n"


async def _upserted(client: Client, contents: str) -> bool | None:
    try:
        await client.upsert("web", contents)
    except LostError:
        return None
    return True
