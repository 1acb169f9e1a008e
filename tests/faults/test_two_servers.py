"""Two servers on one PostgreSQL: what one does, the other knows; whoever moves between them misses nothing."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Sequence
from functools import partial

import pytest

from tests.faults.calls import ADMIN, COLLECTORS, Client, LostError, RefusedError, eventually
from tests.faults.conftest import Servers
from tests.faults.events import Open, Reader, Seen, over_grpc, over_sse
from tests.faults.quick_server import QuickServer

pytestmark = pytest.mark.faults

_CHANGES = 9
_WRITERS = 4
_WRITES = 30
_COLLECTORS = 20
"""Of each of the writers that change collectors."""
_STREAMS = _WRITERS // 2 * (1 + _COLLECTORS)
_LAST = "collector:the-last"


@pytest.fixture
def pair(servers: Servers, postgres_url: str) -> tuple[QuickServer, QuickServer]:
    """Two servers on one database."""
    return servers.start(postgres_url), servers.start(postgres_url)


async def test_a_change_is_served_by_the_other_server_within_a_second(pair: tuple[QuickServer, QuickServer]) -> None:
    delays = []
    async with Client(pair[0].http_url) as here, Client(pair[1].http_url) as there:
        known = (await there.poll("edge-1"))["hash"]
        for number in range(_CHANGES):
            await here.upsert("web", f"// revision {number}\n")
            acknowledged = time.monotonic()
            known = await eventually(partial(_news, there, known, f"revision {number}"), within=5)
            delays.append(time.monotonic() - acknowledged)

    assert statistics.median(delays) < 0.5, delays
    assert max(delays) < 1.0, delays


async def _news(client: Client, known: str, wanted: str) -> str | None:
    """The hash of what the collector gets, once that is what is wanted."""
    answer = await client.poll("edge-1", known)
    if answer.get("notModified"):
        return None
    assert wanted in answer["content"]
    return str(answer["hash"])


async def test_a_revoked_token_stops_working_at_the_other_server_within_five_seconds(
    pair: tuple[QuickServer, QuickServer],
) -> None:
    async with Client(pair[0].http_url) as admin:
        account = (await admin.call(ADMIN, "CreateServiceAccount", name="edge", role="ROLE_COLLECTOR"))[
            "serviceAccount"
        ]
        made = await admin.call(ADMIN, "CreateToken", serviceAccountId=account["id"])
        async with Client(pair[0].http_url, made["secret"]) as here, Client(pair[1].http_url, made["secret"]) as there:
            known = (await there.poll("edge-1"))["hash"]
            for _ in range(3):  # the third is answered without being decoded
                assert (await there.poll("edge-1", known))["notModified"]
            await admin.call(ADMIN, "RevokeToken", id=made["token"]["id"])
            revoked = time.monotonic()

            with pytest.raises(RefusedError, match="401"):
                await here.poll("edge-1", known)
            await eventually(lambda: _refused(there, known), within=5)

            assert time.monotonic() - revoked < 5


async def _refused(client: Client, known: str) -> bool | None:
    try:
        await client.poll("edge-1", known)
    except RefusedError as error:
        return error.status == 401 or None
    return None


@pytest.mark.parametrize("connect", [pytest.param(over_sse, id="sse"), pytest.param(over_grpc, id="grpc")])
async def test_readers_that_change_servers_see_every_event_once_and_in_order(
    servers: Servers, postgres_url: str, connect: Open
) -> None:
    pair = [servers.start(postgres_url), servers.start(postgres_url)]
    readers = [Reader(connect, cut_after=23), Reader(connect, cut_after=70)]
    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        for reader in readers:
            group.create_task(reader.read(pair, _is_last))
        async with asyncio.TaskGroup() as writing:
            for number in range(_WRITERS):
                writing.create_task(_write(pair, number))
        async with Client(pair[0].http_url) as client:
            await client.call(COLLECTORS, "CreateCollector", collector={"id": "the-last"})

    reference = Reader(over_grpc)
    await reference.read(pair[:1], _is_last)
    for reader in readers:
        assert reader.connections > _STREAMS * _WRITES // reader._cut_after
        assert reader.seen == reference.seen
    assert _everything(reference.seen)


async def test_readers_move_on_when_their_server_is_killed(servers: Servers, postgres_url: str) -> None:
    pair = [servers.start(postgres_url), servers.start(postgres_url)]
    readers = [Reader(over_sse), Reader(over_grpc)]
    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        for reader in readers:
            group.create_task(reader.read(pair, _is_last))
        async with asyncio.TaskGroup() as writing:
            for number in range(_WRITERS):
                writing.create_task(_write(pair, number))
            await eventually(lambda: _half_read(readers), within=30)
            pair[0].kill()
        async with Client(pair[1].http_url) as client:
            await client.call(COLLECTORS, "CreateCollector", collector={"id": "the-last"})

    reference = Reader(over_grpc)
    await reference.read(pair[1:], _is_last)
    for reader in readers:
        assert reader.connections > 1, "the kill cut nobody off"
        assert reader.seen == reference.seen
    assert _everything(reference.seen)


async def _half_read(readers: Sequence[Reader]) -> bool | None:
    return all(len(reader.seen) > _STREAMS * _WRITES / 3 for reader in readers) or None


async def _write(servers: Sequence[QuickServer], number: int) -> None:
    """Changes at both servers in turn; what got lost is done again at the other one, which changes nothing when it had
    arrived. Half of the writers change one pipeline, the other half twenty collectors at once: the long transactions
    among short ones are what a careless reader would miss.
    """
    change = _revise if number % 2 else _label
    turn = number
    async with Client(servers[0].http_url) as here, Client(servers[1].http_url) as there:
        for step in range(_WRITES):
            while True:
                turn += 1
                try:
                    await change((here, there)[turn % 2], number, step)
                    break
                except LostError:
                    continue


async def _revise(client: Client, number: int, step: int) -> None:
    await client.upsert(f"pipeline-{number}", f"// {step}\n")


async def _label(client: Client, number: int, step: int) -> None:
    ids = [f"edge-{number}-{collector}" for collector in range(_COLLECTORS)]
    if step == 0:
        for collector in ids:
            await client.call(COLLECTORS, "RegisterCollector", id=collector)
        return
    operation = {"op": "ADD", "path": "/remote_attributes/step", "value": str(step)}
    await client.call(COLLECTORS, "BulkUpdateCollectors", ids=ids, ops=[operation])


def _is_last(event: Seen) -> bool:
    return event.stream == _LAST


def _everything(seen: Sequence[Seen]) -> bool:
    """Whether these are all events that the writers caused, in the order of each stream."""
    streams: dict[str, list[int]] = {}
    for event in seen:
        if event.stream != _LAST:
            streams.setdefault(event.stream, []).append(event.sequence)
    complete = list(range(1, _WRITES + 1))
    return len(streams) == _STREAMS and all(sequences == complete for sequences in streams.values())
