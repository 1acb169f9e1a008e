"""The incident wing with its webhooks: a real queue, a real sender, and receivers on real sockets."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from quarterdeck.gen.incident.v1 import hook_pb2, integration_service_pb2
from quarterdeck.gen.quarterdeck.incident.v1 import webhook_delivery_service_pb2 as delivery_pb2
from quarterdeck.identity import Role
from quarterdeck.incidents.change import QueueDeliveries
from quarterdeck.incidents.webhooks.delivering import webhook_runner
from quarterdeck.incidents.webhooks.queueing import DeliveryQueue
from quarterdeck.incidents.webhooks.sender import ALLOW_SETTING, WebhookSender
from quarterdeck.jobs import JobRunner
from quarterdeck.outgoing.addresses import AllowList, parse_allow_list
from tests.services.fleet_house import HouseClock, SeveredDatabase
from tests.services.incidents.incidents_house import IncidentsHouse, dependencies_of, incident_json, services

SECRET = "a-secret-of-the-webhook-tests"
LOOPBACK = parse_allow_list(["127.0.0.0/8"], setting=ALLOW_SETTING)


@dataclass(frozen=True)
class Arrived:
    """One request, as it arrived."""

    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def payload(self) -> Any:
        return json.loads(self.body)


Answer = Callable[[asyncio.StreamWriter], Awaitable[None]]


async def ok(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    await writer.drain()


def status(code: int, *headers: str) -> Answer:
    """An answer with this status."""
    lines = "".join(f"{header}\r\n" for header in headers)

    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(f"HTTP/1.1 {code} Because\r\n{lines}Content-Length: 0\r\n\r\n".encode())
        await writer.drain()

    return answer


async def hang_up(writer: asyncio.StreamWriter) -> None:
    """Close without a word."""
    writer.close()


@dataclass
class Receiver:
    """An HTTP server that remembers what it got; `answer` says what it answers."""

    arrived: list[Arrived] = field(default_factory=list)
    answer: Answer = ok
    connections: int = 0
    port: int = 0
    _changed: asyncio.Event = field(default_factory=asyncio.Event)
    _serving: set[asyncio.Task[Any]] = field(default_factory=set)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[Receiver]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            for task in list(self._serving):
                task.cancel()
            await asyncio.gather(*self._serving, return_exceptions=True)

    async def wait_for(self, count: int) -> None:
        """Returns when so many requests have arrived; fails when they do not in time."""
        async with asyncio.timeout(60):
            while len(self.arrived) < count:
                self._changed.clear()
                await self._changed.wait()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.current_task()
        assert task is not None
        self._serving.add(task)
        try:
            while not writer.is_closing():
                self.arrived.append(await _read(reader))
                self._changed.set()
                await self.answer(writer)
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass  # the streams of asyncio complain of a task that was cancelled
        finally:
            self._serving.discard(task)
            writer.close()


async def _read(reader: asyncio.StreamReader) -> Arrived:
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    first, *lines = head.strip().split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return Arrived(first.split()[1], headers, body)


@dataclass
class WebhookHouse:
    """The wing of one tenant, its webhooks' runner, and short ways to what tests ask for."""

    incidents: IncidentsHouse
    runner: JobRunner
    sender: WebhookSender
    queue: DeliveryQueue

    @property
    def clock(self) -> HouseClock:
        return self.incidents.clock

    @property
    def database(self) -> SeveredDatabase:
        return self.incidents.database

    async def __call__(self, request: Any, **caller: Any) -> Any:
        return await self.incidents(request, **{"role": Role.ADMIN, **caller})

    async def enable(self, url: str, event_name: str = "incidentCreated", **options: Any) -> str:
        """Enable an outgoing webhook; options are config keys, `incident_filter` and `sensitive`."""
        request = enabling(url, event_name, **options)
        enabled: str = (await self(request)).enabled_hook_id
        return enabled

    async def deliver(self) -> int:
        """Try everything that is due, one round; returns how many tries that were."""
        return await self.runner.run_due()

    async def deliver_all(self) -> int:
        """Try what is due until nothing is."""
        total = 0
        while tried := await self.runner.run_due():
            total += tried
        return total

    async def deliveries(self, **wanted: Any) -> list[Any]:
        """The log, oldest first."""
        answer = await self(delivery_pb2.ListDeliveriesRequest(page_size=500, **wanted))
        return sorted(answer.deliveries, key=lambda each: (each.created_at.ToDatetime(), int(each.incident_id)))

    async def runs(self, incident_id: str, **caller: Any) -> list[Any]:
        answer = await self(integration_service_pb2.GetHookRunsRequest(incident_id=incident_id), **caller)
        return list(answer.hook_runs)


def enabling(
    url: str, event_name: str = "incidentCreated", *, incident_filter: str = "", sensitive: bool = False, **config: str
) -> Any:
    """A request that enables an outgoing webhook."""
    values = {"url": url, "signingSecret": SECRET, **config}
    return integration_service_pb2.EnableHookRequest(
        integration_id="grate.outgoingWebhook",
        hook_id="grate.outgoingWebhook.send",
        event_name=event_name,
        incident_filter=incident_filter,
        sensitive=sensitive,
        hook_config=hook_pb2.HookConfig(fields=[hook_pb2.Field(key=key, value=value) for key, value in values.items()]),
    )


@asynccontextmanager
async def open_webhook_house(
    database: SeveredDatabase, clock: HouseClock, tenant: str, *, allowed: AllowList = LOOPBACK, **sending: Any
) -> AsyncIterator[WebhookHouse]:
    house = IncidentsHouse(database, clock, tenant)
    queue = DeliveryQueue(incident_json)
    dependencies = {**dependencies_of(house), QueueDeliveries: queue.queue, DeliveryQueue: queue}
    house.handlers = services(dependencies)
    sender = WebhookSender(clock, allowed=allowed, **sending)
    try:
        yield WebhookHouse(house, webhook_runner(database, clock, sender, worker="w1"), sender, queue)
    finally:
        await sender.close()
