"""Promise 5: a webhook is delivered at least once, signed, with a stable id, also when its sender is killed."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from quarterdeck.incidents.webhooks.signature import verify
from tests.faults.conftest import Servers
from tests.faults.impatient_sender import send_soon
from tests.faults.quick_server import TOKEN, QuickServer, free_port
from tests.services.incidents.webhook_house import Arrived, Receiver, ok

SECRET = "the-secret-of-the-webhook-faults"
WRITERS = 3
PAUSE = 0.1
"""Seconds between two incidents of a writer: the slow receiver has to keep up."""
WITHIN = 60


class Site:
    """The API at a port behind which one server after another stands."""

    def __init__(self, port: int) -> None:
        self.up = asyncio.Event()
        self._client = httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{port}", headers={"Authorization": f"Bearer {TOKEN}"}, timeout=10
        )

    async def call(self, method: str, **body: Any) -> Any:
        """Raises httpx.HTTPError when nobody answered: then it may have happened or not."""
        answer = await self._client.post(f"/api/v1/{method}", json=body)
        answer.raise_for_status()
        return answer.json()

    async def deliveries(self, **wanted: str) -> list[Any]:
        found: list[Any] = []
        token = ""
        while True:
            query = {"pageSize": "500", "pageToken": token, **wanted}
            answer = await self._client.get("/api/v1/webhook-deliveries", params=query)
            page = answer.raise_for_status().json()
            found += page.get("deliveries", [])
            token = page.get("nextPageToken", "")
            if not token:
                return found

    async def close(self) -> None:
        await self._client.aclose()


async def enable(site: Site, url: str, *, events: str = "") -> None:
    values = {"url": url, "signingSecret": SECRET, "events": events}
    await site.call(
        "IntegrationService.EnableHook",
        integrationID="grate.outgoingWebhook",
        hookID="grate.outgoingWebhook.send",
        eventName="incidentCreated",
        hookConfig={"fields": [{"key": key, "value": value} for key, value in values.items()]},
    )


@asynccontextmanager
async def writing(site: Site, acknowledged: set[str]) -> AsyncIterator[None]:
    """Declares incidents as long as this is open; `acknowledged` are those that the server said are there."""

    async def write() -> None:
        while True:
            await site.up.wait()
            try:
                answer = await site.call("IncidentsService.CreateIncident", title="Under fire")
                acknowledged.add(answer["incident"]["incidentID"])
            except httpx.HTTPError:
                pass
            await asyncio.sleep(PAUSE)

    writers = [asyncio.create_task(write()) for _ in range(WRITERS)]
    try:
        yield
    finally:
        for writer in writers:
            writer.cancel()
        await asyncio.gather(*writers, return_exceptions=True)


async def grown(receiver: Receiver, count: int) -> None:
    """Waits until so many more have arrived."""
    await receiver.wait_for(len(receiver.arrived) + count)


async def all_delivered(site: Site) -> None:
    """Waits until nothing is left to deliver."""
    deadline = time.monotonic() + WITHIN
    while left := await site.deliveries(status="todo"):
        assert time.monotonic() < deadline, f"{len(left)} are not delivered, the last is {left[0]}"
        await asyncio.sleep(0.1)


def first_arrivals(arrived: Sequence[Arrived]) -> list[int]:
    """The incidents in the order in which each delivery first arrived."""
    seen = dict.fromkeys((each.payload["id"], int(each.payload["incident"]["incidentID"])) for each in arrived)
    return [incident for _, incident in seen]


def check_arrivals(arrived: Sequence[Arrived], acknowledged: set[str]) -> None:
    incidents = first_arrivals(arrived)
    assert incidents == sorted(incidents), "the order of a hook was not kept"
    assert len(incidents) == len(set(incidents)), "an incident was announced under two ids"
    assert {int(each) for each in acknowledged} <= set(incidents), "a delivery was lost"
    bodies: dict[str, bytes] = {}
    for each in arrived:
        assert bodies.setdefault(each.payload["id"], each.body) == each.body, "a repetition is another one"
        assert verify(each.headers["gi-signature"], each.body, SECRET)


@pytest.mark.parametrize("kills", [3, pytest.param(50, marks=pytest.mark.faults)])
async def test_killed_senders_lose_nothing_and_keep_the_order(servers: Servers, database_url: str, kills: int) -> None:
    chance = random.Random(50)
    port = free_port()
    site = Site(port)
    acknowledged: set[str] = set()

    async def start() -> QuickServer:
        return await asyncio.to_thread(servers.start, database_url, port=port, variant=send_soon)

    async with Receiver().listening() as quick, Receiver(answer=slowly).listening() as slow:
        server = await start()
        await enable(site, quick.url)
        await enable(site, slow.url)
        async with asyncio.timeout(300), writing(site, acknowledged):
            for _ in range(kills):
                site.up.set()
                await grown(quick, chance.randint(1, 12))
                site.up.clear()
                server.kill()
                server = await start()
        await all_delivered(site)
        log = await site.deliveries()
        assert {each["status"] for each in log} == {"success"}
        assert len(log) == 2 * len({each["incidentId"] for each in log})
        for receiver in (quick, slow):
            check_arrivals(receiver.arrived, acknowledged)
            assert {each.payload["id"] for each in receiver.arrived} <= {each["id"] for each in log}
        assert len(acknowledged) >= kills
    await site.close()


async def slowly(writer: asyncio.StreamWriter) -> None:
    """Long enough for a kill to meet a delivery under way."""
    await asyncio.sleep(0.02)
    await ok(writer)


async def test_two_senders_share_the_work_and_keep_the_order(servers: Servers, postgres_url: str) -> None:
    ports = [free_port(), free_port()]
    sites = [Site(port) for port in ports]
    acknowledged: set[str] = set()
    async with Receiver().listening() as receiver:
        for port in ports:
            await asyncio.to_thread(servers.start, postgres_url, port=port, variant=send_soon)
        await enable(sites[0], receiver.url)
        for site in sites:
            site.up.set()
        async with asyncio.timeout(WITHIN), writing(sites[0], acknowledged), writing(sites[1], acknowledged):
            await grown(receiver, 40)
        await all_delivered(sites[0])
        check_arrivals(receiver.arrived, acknowledged)
        assert len(receiver.arrived) == len(first_arrivals(receiver.arrived)), "nobody was killed, nothing is repeated"
    for site in sites:
        await site.close()
