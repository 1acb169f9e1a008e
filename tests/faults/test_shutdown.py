"""SIGTERM: what was begun is finished, streams end, what was taken is written, and the exit code is 0."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg  # type: ignore[import-untyped]  # ships no types
import grpc
import grpc.aio
import httpx
import pytest
import sqlalchemy as sa

from quarterdeck.database import Database
from quarterdeck.fleet.store.collectors import contacts
from quarterdeck.gen.pipeline.v1 import pipeline_pb2, pipeline_pb2_grpc
from quarterdeck.gen.quarterdeck.fleet.v1 import fleet_pb2, fleet_pb2_grpc
from tests.faults.calls import Client, eventually
from tests.faults.conftest import Servers
from tests.faults.ledger import Ledger, problems
from tests.faults.quick_server import TOKEN, QuickServer, free_port
from tests.faults.writers import Site, Writers

pytestmark = pytest.mark.faults

_AUTHORIZATION = (("authorization", f"Bearer {TOKEN}"),)
_WITHIN = 10.0
"""Seconds that a server may take to stop."""
_AT_ONCE = 4.0
"""Seconds in which a server with nothing left to do stops: below the grace of running calls."""


async def test_a_server_under_writers_stops_and_loses_nothing(servers: Servers, database_url: str) -> None:
    port, ledger = free_port(), Ledger()
    site = Site(f"http://127.0.0.1:{port}")
    writers = Writers(site, ledger)
    server = servers.start(database_url, port=port)
    await writers.prepare()
    async with asyncio.timeout(60), writers.running():
        site.up.set()
        await ledger.grow(by=60)
        site.up.clear()
        assert await _stop(server) < _WITHIN

    _is_intact(database_url)
    again = await asyncio.to_thread(servers.start, database_url, port=port)
    assert problems(ledger, await writers.observe(again)) == []
    assert "Traceback" not in server.err, server.err


async def test_streams_end_at_once(servers: Servers, database_url: str) -> None:
    server = servers.start(database_url)
    headers = {"Authorization": f"Bearer {TOKEN}"}
    async with (
        httpx.AsyncClient(headers=headers, timeout=30, trust_env=False) as client,
        client.stream("GET", f"{server.http_url}/api/v1/fleet/events") as sse,
        grpc.aio.insecure_channel(server.grpc_target) as channel,
    ):
        lines = sse.aiter_lines()
        assert (await anext(lines)).startswith("id: ")
        stub: Any = fleet_pb2_grpc.FleetServiceStub(channel)  # type: ignore[no-untyped-call]
        watch = stub.WatchFleet(fleet_pb2.WatchFleetRequest(), metadata=_AUTHORIZATION)
        assert (await watch.read()).kind == "watch.started"

        duration = await _stop(server)

        last_words = [line async for line in lines]
        with pytest.raises(grpc.aio.AioRpcError) as ended:
            await watch.read()
    assert duration < _AT_ONCE
    assert "event: error" in last_words
    assert any('"unavailable"' in line for line in last_words), last_words
    assert ended.value.code() is grpc.StatusCode.UNAVAILABLE


async def test_a_request_that_has_begun_is_answered(servers: Servers, database_url: str) -> None:
    server = servers.start(database_url)
    body = json.dumps({"pipeline": {"name": "late", "contents": "// late\n"}}).encode()
    async with _connection(server) as (reader, writer):
        head = [
            "POST /pipeline.v1.PipelineService/CreatePipeline HTTP/1.1",
            "Host: server",
            f"Authorization: Bearer {TOKEN}",
            "Content-Type: application/json",
            f"Content-Length: {len(body)}",
            "Expect: 100-continue",
        ]
        writer.write("\r\n".join([*head, "", ""]).encode())
        # The server waits for the body now.
        assert b" 100 " in await reader.readuntil(b"\r\n\r\n")
        server.terminate()
        await eventually(lambda: _refuses(server), within=_WITHIN)
        writer.write(body)
        answer = await reader.read()

    assert await asyncio.to_thread(server.wait, _WITHIN) == 0
    assert answer.startswith(b"HTTP/1.1 200 "), answer
    assert await _pipelines_after_restart(servers, database_url) == ["late"]


async def test_calls_that_wait_for_the_database_are_answered(servers: Servers, postgres_url: str) -> None:
    server = servers.start(postgres_url)
    async with (
        Client(server.http_url) as client,
        grpc.aio.insecure_channel(server.grpc_target) as channel,
        asyncio.TaskGroup() as group,
    ):
        await client.upsert("first", "// first\n")
        async with _held(postgres_url) as database:
            by_http = group.create_task(client.upsert("by-http", "// held\n"))
            by_grpc = group.create_task(_create(channel, "by-grpc"))
            await eventually(lambda: _waiting(database, 2), within=10)
            server.terminate()
            await eventually(lambda: _refuses(server), within=_WITHIN)
            assert not by_http.done()
            assert not by_grpc.done()

    assert await asyncio.to_thread(server.wait, _WITHIN) == 0
    assert (by_http.result()["name"], by_grpc.result()) == ("by-http", "by-grpc")
    assert await _pipelines_after_restart(servers, postgres_url) == ["by-grpc", "by-http", "first"]


async def test_that_a_collector_was_seen_is_written_before_the_end(servers: Servers, database_url: str) -> None:
    server = servers.start(database_url)
    async with Client(server.http_url) as client:
        known = (await client.poll("edge-1"))["hash"]
        between = datetime.now(UTC)
        assert (await client.poll("edge-1", known))["notModified"]
    await _stop(server)

    database = await Database.open(database_url)
    last_seen = await database.read(lambda connection: connection.execute(sa.select(contacts.c.last_seen_at)).scalar())
    await database.close()
    assert last_seen is not None
    assert last_seen >= between


async def _stop(server: QuickServer) -> float:
    """SIGTERM, exit code 0; the seconds that it took."""
    started = time.monotonic()
    server.terminate()
    assert await asyncio.to_thread(server.wait, _WITHIN) == 0
    return time.monotonic() - started


def _is_intact(database_url: str) -> None:
    if not database_url.startswith("sqlite"):
        return
    path = Path(urlsplit(database_url).path)
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    connection.close()


@asynccontextmanager
async def _connection(server: QuickServer) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    url = urlsplit(server.http_url)
    reader, writer = await asyncio.open_connection(url.hostname, url.port)
    try:
        yield reader, writer
    finally:
        writer.close()
        await writer.wait_closed()


async def _refuses(server: QuickServer) -> bool | None:
    try:
        async with _connection(server):
            return None
    except ConnectionRefusedError:
        return True


async def _pipelines_after_restart(servers: Servers, database_url: str) -> list[str]:
    again = await asyncio.to_thread(servers.start, database_url)
    async with Client(again.http_url) as client:
        listed = await client.call("pipeline.v1.PipelineService", "ListPipelines")
    return sorted(pipeline["name"] for pipeline in listed["pipelines"])


async def _create(channel: grpc.aio.Channel, name: str) -> str:
    stub: Any = pipeline_pb2_grpc.PipelineServiceStub(channel)  # type: ignore[no-untyped-call]
    request = pipeline_pb2.CreatePipelineRequest(pipeline=pipeline_pb2.Pipeline(name=name, contents="// held\n"))
    return str((await stub.CreatePipeline(request, metadata=_AUTHORIZATION)).name)


@asynccontextmanager
async def _held(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    """Lock the rows that every change of a pipeline needs; yields a second connection to look around with."""
    holder, observer = await asyncpg.connect(database_url), await asyncpg.connect(database_url)
    try:
        async with holder.transaction():
            await holder.execute("SELECT * FROM sequences FOR UPDATE")
            yield observer
    finally:
        await holder.close()
        await observer.close()


async def _waiting(database: asyncpg.Connection, calls: int) -> bool | None:
    count = await database.fetchval(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    return count >= calls or None
