"""The fleet's services on a real database, wired as the server wires them, called with messages and no transport."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

import sqlalchemy as sa
from google.protobuf.message import Message

from quarterdeck.database import Connection, Database
from quarterdeck.errors import Reason, Unavailable
from quarterdeck.events import Event, EventLog, Position
from quarterdeck.events.log import events as events_table
from quarterdeck.fleet.contacts import Contacts
from quarterdeck.fleet.inactivity import Inactivity, InactivityRules
from quarterdeck.fleet.snapshot import FleetSnapshots
from quarterdeck.gen.collector.v1 import collector_pb2 as cpb
from quarterdeck.gen.pipeline.v1 import pipeline_pb2 as ppb
from quarterdeck.gen.quarterdeck.fleet.v1 import fleet_pb2 as fpb
from quarterdeck.identity import CallContext, Caller, Identity, Role
from quarterdeck.server import own_services
from quarterdeck.settings import Settings
from quarterdeck.wings.fleet import fleet_services
from quarterdeck.wire.chain import bind
from quarterdeck.wire.validation import validate
from tests.store.manual_clock import ManualClock

T = TypeVar("T")

DEADLINE = 20.0
"""Seconds of the machine's time that a condition may take to come true."""

EVERYBODY = 'collector.ID=~".+"'


class SeveredDatabase(Database):
    """A database that can be taken away, and that counts how often it is written and read."""

    away = False
    writes = 0
    reads = 0

    async def transaction(self, fn: Callable[[Connection], T]) -> T:
        self._require()
        self.writes += 1
        return await super().transaction(fn)

    async def read(self, fn: Callable[[Connection], T]) -> T:
        self._require()
        self.reads += 1
        return await super().read(fn)

    def _require(self) -> None:
        if self.away:
            raise Unavailable(Reason.DATABASE_UNAVAILABLE, "away")


@dataclass
class Replica:
    """What one server process has in memory, over a database that it may share with others."""

    database: SeveredDatabase
    clock: HouseClock
    snapshots: FleetSnapshots
    contacts: Contacts
    handlers: Mapping[type[Message], Callable[..., Any]]
    tenant: str
    tasks: list[asyncio.Task[None]] = field(default_factory=list)

    def context(self, tenant: str | None = None, **caller: Any) -> CallContext:
        who = {"account_id": "sa_1", "account_name": "ci", "role": Role.ADMIN, "token_id": "tok_1", **caller}
        return CallContext(Caller(tenant or self.tenant, **who), "request-1")

    async def __call__(self, request: Message, *, tenant: str | None = None, **caller: Any) -> Any:
        """The answer of the RPC that takes this message, behind the contract's own rules; raises DomainError."""
        validate(request)
        return await self.handlers[type(request)](request, self.context(tenant, **caller))

    async def create(self, name: str, contents: str = "// a\n", *, tenant: str | None = None, **fields: Any) -> Any:
        fields.setdefault("matchers", [EVERYBODY])
        pipeline = ppb.Pipeline(name=name, contents=contents, **fields)
        return await self(ppb.CreatePipelineRequest(pipeline=pipeline), tenant=tenant)

    async def update(self, identifier: str, name: str, contents: str = "// a\n", **fields: Any) -> Any:
        fields.setdefault("matchers", [EVERYBODY])
        pipeline = ppb.Pipeline(id=identifier, name=name, contents=contents, **fields)
        return await self(ppb.UpdatePipelineRequest(pipeline=pipeline))

    async def upsert(self, name: str, contents: str = "// a\n", *, validate_only: bool = False, **fields: Any) -> Any:
        pipeline = ppb.Pipeline(name=name, contents=contents, **fields)
        return await self(ppb.UpsertPipelineRequest(pipeline=pipeline, validate_only=validate_only))

    async def sync(
        self,
        *pipelines: ppb.Pipeline,
        kind: ppb.PipelineSource.SourceType = ppb.PipelineSource.SOURCE_TYPE_GIT,
        namespace: str = "repo",
    ) -> None:
        source = ppb.PipelineSource(type=kind, namespace=namespace)
        await self(ppb.SyncPipelinesRequest(source=source, pipelines=pipelines))

    async def pipelines(self, tenant: str | None = None, **filters: Any) -> list[ppb.Pipeline]:
        return list((await self(ppb.ListPipelinesRequest(**filters), tenant=tenant)).pipelines)

    async def names(self, **filters: Any) -> list[str]:
        return [pipeline.name for pipeline in await self.pipelines(**filters)]

    async def revisions(self, identifier: str | None = None, tenant: str | None = None) -> list[ppb.PipelineRevision]:
        request = (
            ppb.ListPipelinesRevisionsRequest()
            if identifier is None
            else ppb.ListPipelineRevisionsRequest(id=identifier)
        )
        return list((await self(request, tenant=tenant)).pipeline_revisions)

    async def collector(self, identifier: str) -> Any:
        return await self(cpb.GetCollectorRequest(id=identifier))

    async def collectors(self, *matchers: str, tenant: str | None = None) -> list[str]:
        listed = await self(cpb.ListCollectorsRequest(matchers=matchers), tenant=tenant)
        return [collector.id for collector in listed.collectors]

    async def create_collector(self, identifier: str, *, tenant: str | None = None, **fields: Any) -> Any:
        request = cpb.CreateCollectorRequest(collector=cpb.Collector(id=identifier, **fields))
        return await self(request, tenant=tenant)

    async def update_collector(self, identifier: str, **fields: Any) -> Any:
        return await self(cpb.UpdateCollectorRequest(collector=cpb.Collector(id=identifier, **fields)))

    async def register(
        self, identifier: str, local: Mapping[str, str] | None = None, *, name: str = "", tenant: str | None = None
    ) -> None:
        request = cpb.RegisterCollectorRequest(id=identifier, local_attributes=local or {}, name=name)
        await self(request, tenant=tenant)

    async def poll(
        self, identifier: str, local: Mapping[str, str] | None = None, *, tenant: str | None = None, **fields: Any
    ) -> Any:
        request = cpb.GetConfigRequest(id=identifier, local_attributes=local or {}, **fields)
        return await self(request, tenant=tenant)

    async def unregister(self, identifier: str, *, tenant: str | None = None) -> None:
        await self(cpb.UnregisterCollectorRequest(id=identifier), tenant=tenant)

    async def status(self, identifier: str) -> Any:
        return (await self(fpb.GetCollectorStatusRequest(id=identifier))).status

    async def preview(self, identifier: str, local: Mapping[str, str], remote: Mapping[str, str] | None = None) -> Any:
        request = fpb.PreviewConfigRequest(id=identifier, local_attributes=local, remote_attributes=remote or {})
        return await self(request)

    async def settle(self) -> None:
        """Returns when everything that collectors said so far is in the database."""
        # Its own registration is news: it is written at once, and what waits is written with it.
        self.clock.settled += 1
        await self.register(f"settling-{self.clock.settled}", tenant=f"{self.tenant}-settling")

    async def sweep(self, **rules: float) -> None:
        await self.settle()
        long_ago = float("-inf")
        rules_of_it = InactivityRules(**rules)
        await Inactivity(self.database, self.contacts, self.clock, rules_of_it, running_since=long_ago).sweep()

    async def events(self, *kinds: str, tenant: str | None = None) -> list[Event]:
        """The tenant's events in order, of some kinds or of all."""
        query = sa.select(events_table).where(events_table.c.tenant_id == (tenant or self.tenant))
        query = query.order_by(events_table.c.xid, events_table.c.position)
        rows = await self.database.read(lambda c: c.execute(query).mappings().all())
        found = [
            Event(
                **{key: row[key] for key in row if key not in ("xid", "position")},
                position=Position(row["xid"], row["position"]),
            )
            for row in rows
        ]
        return [event for event in found if not kinds or event.kind in kinds]

    async def kinds(self, tenant: str | None = None) -> list[str]:
        return [event.kind for event in await self.events(tenant=tenant)]

    def watch(self, after: str = "", *, tenant: str | None = None) -> AsyncIterator[Any]:
        request = fpb.WatchFleetRequest(after=after)
        validate(request)
        stream: AsyncIterator[Any] = self.handlers[fpb.WatchFleetRequest](request, self.context(tenant))
        return stream


class HouseClock(ManualClock):
    """Moves when told to."""

    settled = 0


async def wait_until(condition: Callable[[], Awaitable[bool]], what: str) -> None:
    """Returns when the condition holds; fails when it does not in time."""
    deadline = time.monotonic() + DEADLINE
    while not await condition():
        assert time.monotonic() < deadline, f"not in time: {what}"
        await asyncio.sleep(0.01)


async def take(stream: AsyncIterator[T], count: int) -> list[T]:
    """The next messages of a stream; fails when they do not come."""
    found = []
    async with asyncio.timeout(DEADLINE):
        for _ in range(count):
            found.append(await anext(stream))  # noqa: PERF401 - one at a time, so that a failure shows how far it came
    return found


@asynccontextmanager
async def open_replica(
    database: SeveredDatabase,
    tenant: str,
    clock: HouseClock,
    *,
    flush_every: float = 3600,
    listens: bool = True,
    **settings: Any,
) -> AsyncIterator[Replica]:
    """One server's worth of services, with its background work; one that does not listen never hears of the others."""
    event_log = EventLog(database, poll=0.2)
    contacts = Contacts(database, clock, flush_every=flush_every)
    snapshots = FleetSnapshots(database, event_log, clock, on_deleted=lambda *key: contacts.forget(key))
    chosen = Settings(**settings)
    services = {
        **fleet_services(chosen, database, clock, event_log, snapshots, contacts),
        **own_services(chosen, database, clock, Identity(database, clock)),
    }
    by_path = bind(services)
    handlers = {method.request_class: by_path[method.path] for service in services for method in service.methods}
    replica = Replica(database, clock, snapshots, contacts, handlers, tenant)
    listening = asyncio.create_task(snapshots.run() if listens else asyncio.Event().wait())
    writing = asyncio.create_task(contacts.run())
    try:
        yield replica
    finally:
        listening.cancel()
        contacts.close()
        results = await asyncio.gather(listening, writing, return_exceptions=True)
        failed = [r for r in results if isinstance(r, Exception)]
        assert not failed, failed


def pipeline(
    name: str, contents: str = "// a\n", matchers: Sequence[str] = (EVERYBODY,), **fields: Any
) -> ppb.Pipeline:
    """A pipeline message with what is required."""
    return ppb.Pipeline(name=name, contents=contents, matchers=matchers, **fields)


def operation(op: str, path: str, value: str | None = None, **fields: str) -> cpb.Operation:
    """One operation of a bulk update; `from_` is the field `from`."""
    message = cpb.Operation(op=op, path=path, value=value)
    for name, content in fields.items():
        setattr(message, name.rstrip("_"), content)
    return message


def kinds_of(events: Iterable[Any]) -> list[str]:
    return [event.kind for event in events]
