"""The log of events: gap-free streams, readers that miss nothing, on both databases."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from quarterdeck import events
from quarterdeck.database import Connection, Database
from quarterdeck.errors import Invalid, NotFound, PreconditionFailed, Reason, Unavailable
from quarterdeck.events import Batch, Event, EventLog, Position
from tests.store.manual_clock import START

NEVER = 3600.0
"""A poll that does not happen within a test."""


def append(connection: Connection, stream: str = "pipeline:1", *, tenant_id: str = "t", **payload: Any) -> Event:
    return events.append(
        connection, tenant_id=tenant_id, stream=stream, kind="changed", actor="me", at=START, payload=payload
    )


async def read_all(
    database: Database,
    after: Position = Position.START,
    *,
    tenant_id: str | None = "t",
    prefixes: tuple[str, ...] = (),
    limit: int = 100,
) -> Batch:
    return await database.read(
        partial(events.read_all, tenant_id=tenant_id, stream_prefixes=prefixes, after=after, limit=limit)
    )


async def read_stream(database: Database, after: int = 0, *, limit: int = 100) -> list[int]:
    read = partial(events.read_stream, tenant_id="t", stream="pipeline:1", after_sequence=after, limit=limit)
    return [event.sequence for event in await database.read(read)]


async def take(following: AsyncIterator[Event], number: int) -> list[Event]:
    async with asyncio.timeout(20):
        return [await anext(following) for _ in range(number)]


async def test_an_event_comes_back_as_it_was_written(database: Database) -> None:
    def write(connection: Connection) -> Event:
        return events.append(
            connection,
            tenant_id="t",
            stream="pipeline:1",
            kind="updated",
            actor="service_account:ci",
            at=START,
            payload={"b": [1, None], "a": "é"},
            references={"contents": "abc"},
        )

    written = await database.transaction(write)
    batch = await read_all(database)
    assert batch.events == (written,)
    assert batch.complete
    assert written.sequence == 1


async def test_a_stream_has_no_gaps_under_concurrency_and_rollbacks(database: Database) -> None:
    def fails(connection: Connection) -> None:
        append(connection)
        raise NotFound(Reason.PIPELINE_NOT_FOUND, "gone")

    async def write(number: int) -> None:
        if number % 4 == 0:
            with pytest.raises(NotFound):
                await database.transaction(fails)
        else:
            await database.transaction(append)

    await asyncio.gather(*(write(number) for number in range(40)))
    assert await read_stream(database) == list(range(1, 31))
    assert await read_stream(database, after=28) == [29, 30]
    assert await read_stream(database, limit=2) == [1, 2]
    assert await database.read(partial(events.stream_head, tenant_id="t", stream="pipeline:1")) == 30
    assert await database.read(partial(events.stream_head, tenant_id="t", stream="pipeline:2")) == 0


async def test_positions_follow_commits_across_streams(database: Database) -> None:
    async def write(number: int) -> None:
        await database.transaction(partial(append, stream=f"pipeline:{number % 5}"))

    await asyncio.gather(*(write(number) for number in range(40)))
    batch = await read_all(database)
    positions = [event.position for event in batch.events]
    assert len(positions) == 40
    assert positions == sorted(set(positions))
    for stream in {event.stream for event in batch.events}:
        assert [event.sequence for event in batch.events if event.stream == stream] == list(range(1, 9))


async def test_a_reader_pages_and_resumes(database: Database) -> None:
    for _ in range(7):
        await database.transaction(append)
    seen: list[int] = []
    after, complete = Position.START, False
    while not complete:
        batch = await read_all(database, Position.parse(str(after)), limit=3)
        seen += [event.sequence for event in batch.events]
        after, complete = batch.reached, batch.complete
    assert seen == list(range(1, 8))
    assert (await read_all(database, after)).events == ()
    await database.transaction(append)
    assert [event.sequence for event in (await read_all(database, after)).events] == [8]


async def test_prefixes_and_tenants_filter(database: Database) -> None:
    streams = ["pipeline:1", "Pipeline:1", "collector:1", "pipeline_x", "incident:1"]
    for stream in streams:
        await database.transaction(partial(append, stream=stream))
    await database.transaction(partial(append, tenant_id="other"))
    found = await read_all(database, prefixes=("pipeline:", "collector:"))
    assert [event.stream for event in found.events] == ["pipeline:1", "collector:1"]
    assert (await read_all(database, prefixes=("%",))).events == ()
    assert len((await read_all(database, tenant_id=None)).events) == 6


async def test_a_filtered_reader_moves_past_what_does_not_match(database: Database) -> None:
    for _ in range(5):
        await database.transaction(append)
    batch = await read_all(database, prefixes=("incident:",))
    assert batch.events == ()
    assert (await read_all(database, batch.reached)).events == ()
    assert batch.reached > Position.START


async def test_head_is_after_everything_committed(database: Database) -> None:
    await database.transaction(append)
    head = await database.read(events.head)
    assert (await read_all(database, head)).events == ()
    await database.transaction(append)
    assert [event.sequence for event in (await read_all(database, head)).events] == [2]


async def test_trimmed_events_are_refused_and_their_numbers_not_used_again(database: Database) -> None:
    for _ in range(3):
        await database.transaction(append)
    trim = partial(events.trim, tenant_id="t", stream="pipeline:1")
    assert await database.transaction(partial(trim, through=2)) == 2
    assert await database.transaction(partial(trim, through=99)) == 1
    assert (await database.transaction(append)).sequence == 4
    with pytest.raises(PreconditionFailed) as caught:
        await read_stream(database, after=2)
    assert caught.value.reason is Reason.EVENTS_TRIMMED
    assert await read_stream(database, after=3) == [4]


@pytest.mark.parametrize(
    "text", ["", "1", "1.", ".1", "-1.0", "1.1.1", "01.1", "1.9223372036854775808", "٣.1", "1" * 9999]
)
def test_other_positions_are_invalid(text: str) -> None:
    with pytest.raises(Invalid, match="position"):
        Position.parse(text)


# --- late commits: PostgreSQL numbers transactions when they begin to write, not when they commit


@pytest_asyncio.fixture
async def postgres(postgres_url: str) -> AsyncIterator[Database]:
    opened = await Database.open(postgres_url)
    yield opened
    await opened.close()


def engine_of(database: Database) -> AsyncEngine:
    backend: Any = database._backend
    engine = backend._writer
    assert isinstance(engine, AsyncEngine)
    return engine


async def append_on(connection: AsyncConnection, stream: str) -> Event:
    return await connection.run_sync(partial(append, stream=stream))


async def test_a_row_that_commits_late_is_not_skipped(postgres: Database) -> None:
    async with engine_of(postgres).connect() as late:
        await append_on(late, "pipeline:late")
        await postgres.transaction(partial(append, stream="pipeline:early"))
        held = await read_all(postgres)
        assert held.events == ()
        assert held.pending
        await late.commit()
    found = await read_all(postgres, held.reached)
    assert [event.stream for event in found.events] == ["pipeline:late", "pipeline:early"]
    assert not found.pending


async def test_a_row_whose_position_is_older_than_its_transaction_is_not_skipped(postgres: Database) -> None:
    async with engine_of(postgres).connect() as first, engine_of(postgres).connect() as second:
        # The second transaction begins to write first but takes its position last, and the other way round.
        await second.exec_driver_sql("SELECT pg_current_xact_id()")
        await append_on(first, "pipeline:first")
        await first.commit()
        before = await read_all(postgres)
        await append_on(second, "pipeline:second")
        await second.commit()
    after = await read_all(postgres, before.reached)
    streams = [event.stream for event in (*before.events, *after.events)]
    assert streams == ["pipeline:second", "pipeline:first"]


async def test_readers_see_every_event_once_while_many_write(database: Database) -> None:
    log = EventLog(database, poll=0.05, page=7)

    async def read() -> list[tuple[str, int]]:
        following = log.follow(tenant_id="t", after=Position.START)
        return [(event.stream, event.sequence) for event in await take(following, 60)]

    async def write(writer: int) -> None:
        for _ in range(10):
            await database.transaction(partial(append, stream=f"pipeline:{writer}"))

    results = await asyncio.gather(read(), read(), *(write(writer) for writer in range(6)))
    first, second = results[0], results[1]
    assert first == second
    assert first is not None
    assert len(set(first)) == 60


async def test_a_log_from_another_cluster_is_readable_again(postgres: Database) -> None:
    for _ in range(3):
        await postgres.transaction(append)
    seen = (await read_all(postgres)).events
    await postgres.transaction(
        lambda connection: connection.exec_driver_sql("UPDATE events SET xid = xid + 1000000000")
    )
    assert (await read_all(postgres)).events == ()
    assert await postgres.transaction(events.adopt_restored) == 3
    await postgres.transaction(append)
    assert [event.sequence for event in (await read_all(postgres)).events] == [1, 2, 3, 4]
    foreign = Position(seen[1].position.xid + 1_000_000_000, seen[1].position.number)
    assert [event.sequence for event in (await read_all(postgres, foreign)).events] == [3, 4]


# --- following


async def test_a_follower_gets_what_was_and_what_comes(database: Database) -> None:
    log = EventLog(database, poll=0.2)
    await database.transaction(append)
    following = log.follow(tenant_id="t", stream_prefixes=("pipeline:",), after=Position.START)
    first = await take(following, 1)
    waiting = asyncio.create_task(take(following, 2))
    await asyncio.sleep(0)
    await database.transaction(partial(append, stream="incident:1"))
    await database.transaction(append)
    await database.transaction(append)
    assert [event.sequence for event in first + await waiting] == [1, 2, 3]


async def test_a_hint_wakes_a_follower_without_any_poll(sqlite_url: str) -> None:
    database = await Database.open(sqlite_url)
    log = EventLog(database, poll=NEVER)
    following = log.follow_stream(tenant_id="t", stream="pipeline:1")
    waiting = asyncio.create_task(take(following, 3))
    for _ in range(3):
        await database.transaction(append)
    assert [event.sequence for event in await waiting] == [1, 2, 3]
    await database.close()


async def test_a_lost_hint_delays_only(database_url: str) -> None:
    writer, reader = await Database.open(database_url), await Database.open(database_url)
    log = EventLog(reader, poll=0.02)
    following = log.follow(tenant_id="t", after=Position.START)
    waiting = asyncio.create_task(take(following, 2))
    # The writer never subscribes: it sends no hints to other replicas.
    await writer.transaction(append)
    await writer.transaction(append)
    assert len(await waiting) == 2
    await writer.close()
    await reader.close()


async def test_following_a_stream_resumes_after_a_sequence(database: Database) -> None:
    log = EventLog(database, page=2)
    for _ in range(5):
        await database.transaction(append)
    following = log.follow_stream(tenant_id="t", stream="pipeline:1", after_sequence=2)
    assert [event.sequence for event in await take(following, 3)] == [3, 4, 5]


async def test_a_follower_ends_when_the_database_is_closed(database: Database) -> None:
    following = EventLog(database, poll=NEVER).follow(tenant_id="t", after=Position.START)
    waiting = asyncio.create_task(take(following, 1))
    await database.ping()
    await database.close()
    with pytest.raises(Unavailable) as caught:
        await waiting
    assert caught.value.reason is Reason.SHUTTING_DOWN


async def test_a_follower_goes_on_after_the_connections_were_cut(postgres: Database) -> None:
    log = EventLog(postgres, poll=0.05)
    following = log.follow(tenant_id="t", after=Position.START)
    waiting = asyncio.create_task(take(following, 2))
    await postgres.transaction(append)
    others = "datname = current_database() AND pid <> pg_backend_pid()"
    cut = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}"
    for _ in range(3):
        await postgres.read(lambda connection: connection.exec_driver_sql(cut).all())
    await postgres.transaction(append)
    assert [event.sequence for event in await waiting] == [1, 2]
