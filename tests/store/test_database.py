"""The transaction runner: the same promises on both databases."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta, timezone
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import sqlalchemy as sa

from quarterdeck.database import (
    Connection,
    Database,
    Json,
    Limits,
    Subscription,
    Text,
    Timestamp,
    after_commit,
    conflict_on,
    hint,
    insert,
    next_value,
)
from quarterdeck.database.breaker import Breaker
from quarterdeck.database.url import DatabaseUrl
from quarterdeck.errors import Conflict, DomainError, Invalid, NotFound, Reason, Unavailable
from tests.store.manual_clock import ManualClock

scratch = sa.Table(
    "scratch",
    sa.MetaData(naming_convention={"uq": "uq_%(table_name)s_%(column_0_N_name)s"}),
    sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("name", Text, unique=True),
    sa.Column("at", Timestamp),
    sa.Column("data", Json),
)


@pytest_asyncio.fixture
async def scratched(database: Database) -> AsyncIterator[Database]:
    await database.transaction(scratch.metadata.create_all)
    yield database


def add(connection: Connection, **values: Any) -> None:
    connection.execute(sa.insert(scratch).values(**values))


def count(connection: Connection) -> int:
    return connection.execute(sa.select(sa.func.count()).select_from(scratch)).scalar_one()


async def test_a_transaction_commits_and_returns_the_result(scratched: Database) -> None:
    def work(connection: Connection) -> str:
        add(connection, id=1)
        return "done"

    assert await scratched.transaction(work) == "done"
    assert await scratched.read(count) == 1


async def test_a_domain_error_rolls_back_and_reaches_the_caller(scratched: Database) -> None:
    def work(connection: Connection) -> None:
        add(connection, id=1)
        raise NotFound(Reason.PIPELINE_NOT_FOUND, "gone")

    with pytest.raises(NotFound, match="gone"):
        await scratched.transaction(work)
    assert await scratched.read(count) == 0


async def test_a_bug_is_seen_as_it_is(scratched: Database) -> None:
    with pytest.raises(ZeroDivisionError):
        await scratched.transaction(lambda _connection: 1 // 0)
    with pytest.raises(sa.exc.DBAPIError, match="nowhere"):
        await scratched.read(lambda connection: connection.exec_driver_sql("SELECT * FROM nowhere"))
    with pytest.raises(sa.exc.IntegrityError):
        await scratched.transaction(lambda connection: add(connection, id=None, name="a"))
    assert await scratched.read(count) == 0


async def test_ddl_is_part_of_the_transaction(scratched: Database) -> None:
    def work(connection: Connection) -> None:
        connection.exec_driver_sql("CREATE TABLE half (id INTEGER)")
        raise NotFound(Reason.PIPELINE_NOT_FOUND, "gone")

    with pytest.raises(NotFound):
        await scratched.transaction(work)
    assert "half" not in await scratched.read(lambda connection: sa.inspect(connection).get_table_names())


async def test_a_read_cannot_write(scratched: Database) -> None:
    with pytest.raises(DomainError):
        await scratched.read(lambda connection: add(connection, id=1))
    assert await scratched.read(count) == 0


async def test_a_read_sees_one_snapshot_while_others_write(scratched: Database) -> None:
    url = url_of(scratched)

    def read_twice(connection: Connection) -> tuple[int, int]:
        before = count(connection)
        write_elsewhere()
        return before, count(connection)

    def write_elsewhere() -> None:
        # In a thread of its own: on PostgreSQL this function runs on the loop's thread.
        worker = threading.Thread(target=lambda: asyncio.run(write_one()))
        worker.start()
        worker.join(10)

    async def write_one() -> None:
        other = await Database.open(url)
        await other.transaction(lambda connection: add(connection, id=1))
        await other.close()

    assert await scratched.read(read_twice) == (0, 0)
    assert await scratched.read(count) == 1


def url_of(database: Database) -> str:
    backend: Any = database._backend
    return backend._dsn if database.dialect == "postgresql" else f"sqlite:///{backend._writer._path}"


async def test_reads_do_not_wait_for_sqlites_writer(sqlite_url: str) -> None:
    database = await Database.open(sqlite_url)
    loop = asyncio.get_running_loop()
    writing, may_end = asyncio.Event(), threading.Event()

    def slow_write(connection: Connection) -> None:
        next_value(connection, "t", "n")
        loop.call_soon_threadsafe(writing.set)
        assert may_end.wait(10)

    def numbers(connection: Connection) -> int:
        return int(connection.exec_driver_sql("SELECT count(*) FROM sequences").scalar_one())

    write = asyncio.create_task(database.transaction(slow_write))
    await writing.wait()
    assert await database.read(numbers) == 0
    may_end.set()
    await write
    assert await database.read(numbers) == 1
    await database.close()


async def test_concurrent_writes_all_happen(scratched: Database) -> None:
    await asyncio.gather(*(scratched.transaction(partial(add, id=number)) for number in range(50)))
    assert await scratched.read(count) == 50


async def test_a_cancelled_caller_leaves_a_whole_transaction(scratched: Database) -> None:
    def work(connection: Connection) -> None:
        add(connection, id=1)
        add(connection, id=2)

    call = asyncio.create_task(scratched.transaction(work))
    await asyncio.sleep(0)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    await scratched.close()
    again = await Database.open(url_of(scratched))
    assert await again.read(count) == 2
    await again.close()


async def test_a_violated_constraint_is_a_conflict(scratched: Database) -> None:
    await scratched.transaction(lambda connection: add(connection, id=1, name="a"))
    with pytest.raises(Conflict) as generic:
        await scratched.transaction(lambda connection: add(connection, id=1))
    assert generic.value.reason is Reason.CONCURRENT_CHANGE

    def named(connection: Connection) -> None:
        with conflict_on("uq_tenants_name", Reason.TENANT_NAME_TAKEN, "taken"):
            connection.execute(
                sa.text("INSERT INTO tenants (tenant_id, name, created_at) VALUES ('1', 'n', 0), ('2', 'n', 0)")
            )

    with pytest.raises(Conflict, match="taken") as caught:
        await scratched.transaction(named)
    assert caught.value.reason is Reason.TENANT_NAME_TAKEN


@pytest.mark.parametrize("text", ["a\x00b", "\ud800"])
async def test_text_that_no_database_can_store_is_invalid(scratched: Database, text: str) -> None:
    with pytest.raises(Invalid):
        await scratched.transaction(lambda connection: add(connection, id=1, name=text))


async def test_raw_bind_values_that_cannot_be_stored_are_invalid(scratched: Database) -> None:
    insertion = sa.text("INSERT INTO scratch (id) VALUES (:id)")
    with pytest.raises(Invalid):
        await scratched.transaction(lambda connection: connection.execute(insertion, {"id": 2**70}))


@pytest.mark.parametrize("value", [object(), 2**70, "\ud800", {"k": {1, 2}}])
async def test_json_that_cannot_be_written_is_invalid(scratched: Database, value: object) -> None:
    with pytest.raises(Invalid):
        await scratched.transaction(lambda connection: add(connection, id=1, data=[value]))


async def test_deeply_nested_json_is_invalid(scratched: Database) -> None:
    value: list[Any] = []
    for _ in range(100_000):
        value = [value]
    with pytest.raises(Invalid):
        await scratched.transaction(lambda connection: add(connection, id=1, data=value))
    while value:
        value = value.pop()


async def test_values_come_back_as_they_went_in(scratched: Database) -> None:
    moment = datetime(2026, 3, 1, 12, 30, 15, 123456, tzinfo=UTC)
    local = moment.astimezone(timezone(timedelta(hours=9)))
    data = {"b": 1, "a": [None, "\x00\u2028é", 1.5], "": {}}
    await scratched.transaction(lambda connection: add(connection, id=1, name="é\n", at=local, data=data))
    row = await scratched.read(lambda connection: connection.execute(sa.select(scratch)).one())
    assert (row.name, row.at, row.data) == ("é\n", moment, data)
    assert list(row.data) == ["b", "a", ""]


async def test_a_time_without_zone_is_invalid(scratched: Database) -> None:
    naive = datetime(2026, 3, 1)  # noqa: DTZ001 - the point
    with pytest.raises(Invalid, match="time zone"):
        await scratched.transaction(lambda connection: add(connection, id=1, at=naive))


async def test_upsert(scratched: Database) -> None:
    def work(connection: Connection) -> None:
        for name in ("a", "b"):
            statement = insert(connection, scratch).values(id=1, name=name)
            statement = statement.on_conflict_do_update(index_elements=["id"], set_={"name": statement.excluded.name})
            connection.execute(statement)

    await scratched.transaction(work)
    assert await scratched.read(lambda connection: connection.execute(sa.select(scratch.c.name)).scalars().all()) == [
        "b"
    ]


async def test_after_commit_runs_once_and_only_after_a_commit(scratched: Database) -> None:
    calls: list[str] = []

    def fails(connection: Connection) -> None:
        after_commit(connection, lambda: calls.append("rolled back"))
        raise NotFound(Reason.PIPELINE_NOT_FOUND, "gone")

    def works(connection: Connection) -> None:
        after_commit(connection, lambda: calls.append("committed"))
        assert calls == []

    with pytest.raises(NotFound):
        await scratched.transaction(fails)
    await scratched.transaction(works)
    await scratched.transaction(count)
    await asyncio.sleep(0)
    assert calls == ["committed"]


async def test_a_hint_wakes_its_topic_only(scratched: Database) -> None:
    await scratched.ping()
    with scratched.subscribe("wanted") as wanted, scratched.subscribe("other") as other:
        while await wanted.wait(0.3) or await other.wait(0):
            pass  # the listener's connection wakes everybody once
        await scratched.transaction(lambda connection: hint(connection, "wanted"))
        assert await wanted.wait(5)
        assert not await other.wait(0)


async def hears(here: Database, waiting: Subscription) -> bool:
    for _ in range(200):
        await here.transaction(lambda connection: hint(connection, "topic"))
        if await waiting.wait(0.05):
            return True
    return False


async def test_hints_reach_other_replicas_on_postgresql_also_after_their_connections_were_cut(
    postgres_url: str,
) -> None:
    here, there = await Database.open(postgres_url), await Database.open(postgres_url)
    others = "datname = current_database() AND pid <> pg_backend_pid()"
    with here.subscribe("topic"), there.subscribe("topic") as waiting:
        assert await hears(here, waiting)
        await here.read(
            lambda connection: connection.exec_driver_sql(
                f"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE {others}"
            ).all()
        )
        await waiting.wait(0)
        assert await hears(here, waiting)
    await here.close()
    await there.close()


async def test_numbers_are_gap_free_also_after_rollbacks(database: Database) -> None:
    def fails(connection: Connection) -> None:
        next_value(connection, "t", "n")
        raise NotFound(Reason.PIPELINE_NOT_FOUND, "gone")

    async def take(number: int) -> int | None:
        if number % 3 == 0:
            with pytest.raises(NotFound):
                await database.transaction(fails)
            return None
        return await database.transaction(lambda connection: next_value(connection, "t", "n"))

    taken = await asyncio.gather(*(take(number) for number in range(30)))
    assert sorted(number for number in taken if number is not None) == list(range(1, 21))
    assert await database.transaction(lambda connection: next_value(connection, "other", "n")) == 1


async def test_after_close_calls_are_unavailable(database: Database) -> None:
    await database.close()
    await database.close()
    with pytest.raises(Unavailable) as caught:
        await database.ping()
    assert caught.value.reason is Reason.SHUTTING_DOWN


@pytest.mark.parametrize(
    "url",
    ["", "sqlite", "sqlite://", "sqlite:///", "sqlite:///:memory:", "mysql://host/db", "postgresql://", "x" * 100_000],
)
def test_other_urls_are_invalid_and_not_repeated(url: str) -> None:
    with pytest.raises(Invalid) as caught:
        DatabaseUrl.parse(url)
    assert "postgresql://user" in caught.value.message
    assert len(caught.value.message) < 500


def test_a_url_does_not_show_its_password() -> None:
    assert "secret" not in repr(DatabaseUrl.parse("postgres://me:secret@host/db"))


async def test_a_port_that_is_no_number_is_invalid() -> None:
    database = await Database.open("postgresql://me:secret@localhost:port/db")
    with pytest.raises(Invalid) as caught:
        await database.ping()
    assert "secret" not in caught.value.message
    await database.close()


async def test_a_file_in_a_missing_folder_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(Unavailable):
        await Database.open(f"sqlite:///{tmp_path / 'missing' / 'file.db'}")


async def test_a_file_that_is_no_database_is_unavailable(tmp_path: Path) -> None:
    path = tmp_path / "file.db"
    path.write_bytes(b"not a database" * 1000)
    with pytest.raises(Unavailable):
        await Database.open(f"sqlite:///{path}")


async def test_a_locked_file_is_unavailable_and_works_again_afterwards(sqlite_url: str) -> None:
    database = await Database.open(sqlite_url, limits=Limits(lock=0.01))
    holder = sqlite3.connect(sqlite_url.removeprefix("sqlite:///"), isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(Unavailable):
        await database.transaction(lambda connection: next_value(connection, "t", "n"))
    holder.execute("COMMIT")
    holder.close()
    assert await database.transaction(lambda connection: next_value(connection, "t", "n")) == 1
    await database.close()


async def test_a_full_queue_of_writes_refuses_more(sqlite_url: str) -> None:
    database = await Database.open(sqlite_url, limits=Limits(waiting_writes=2))
    loop = asyncio.get_running_loop()
    started, may_end = asyncio.Event(), threading.Event()

    def slow(_connection: Connection) -> None:
        loop.call_soon_threadsafe(started.set)
        assert may_end.wait(10)

    running = [asyncio.create_task(database.transaction(slow)) for _ in range(2)]
    await started.wait()
    with pytest.raises(Unavailable):
        await database.transaction(slow)
    may_end.set()
    await asyncio.gather(*running)
    await database.close()


async def test_deadlocks_are_run_again(postgres_url: str) -> None:
    database = await Database.open(postgres_url)
    runs: list[int] = []

    def lock(first: str, second: str, connection: Connection) -> None:
        runs.append(1)
        next_value(connection, "t", first)
        connection.exec_driver_sql("SELECT pg_sleep(0.05)")
        next_value(connection, "t", second)

    await asyncio.gather(
        database.transaction(lambda connection: lock("a", "b", connection)),
        database.transaction(lambda connection: lock("b", "a", connection)),
    )
    assert len(runs) > 2
    assert await database.transaction(lambda connection: next_value(connection, "t", "a")) == 3
    await database.close()


async def test_a_lost_connection_is_replaced(postgres_url: str) -> None:
    database = await Database.open(postgres_url, limits=Limits(pool=1))
    pid = await database.read(lambda connection: connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one())
    other = await Database.open(postgres_url)
    await other.read(lambda connection: connection.exec_driver_sql(f"SELECT pg_terminate_backend({pid}, 5000)"))
    assert await database.transaction(lambda connection: next_value(connection, "t", "n")) == 1
    await database.close()
    await other.close()


async def test_a_statement_that_takes_too_long_is_unavailable(postgres_url: str) -> None:
    database = await Database.open(postgres_url, limits=Limits(statement=0.05))
    with pytest.raises(Unavailable):
        await database.read(lambda connection: connection.exec_driver_sql("SELECT pg_sleep(10)"))
    await database.ping()
    await database.close()


async def test_a_used_up_pool_is_unavailable(postgres_url: str) -> None:
    database = await Database.open(postgres_url, limits=Limits(pool=1, pool_wait=0.05))
    slow = asyncio.create_task(
        database.read(lambda connection: connection.exec_driver_sql("SELECT pg_sleep(0.5)").scalar())
    )
    backend: Any = database._backend
    while backend._writer.pool.checkedout() == 0:  # noqa: ASYNC110 - the pool has no event to wait for
        await asyncio.sleep(0)
    with pytest.raises(Unavailable):
        await database.ping()
    await slow
    await database.close()


async def test_nobody_listening_is_unavailable_at_once(tmp_path: Path) -> None:
    clock = ManualClock()
    database = await Database.open(f"postgresql://me:secret@/db?host={tmp_path}", clock=clock)
    for _ in range(3):
        with pytest.raises(Unavailable) as caught:
            await database.ping()
        assert "secret" not in caught.value.message
        assert str(tmp_path) not in caught.value.message
    await database.close()


def test_a_breaker_lets_one_call_try_after_its_pause() -> None:
    clock = ManualClock()
    breaker = Breaker(0.5, clock)
    with pytest.raises(OSError, match="down"), breaker.attempt():
        raise OSError("down")
    with pytest.raises(Unavailable), breaker.attempt():
        pytest.fail("tried too early")
    clock.advance(0.5)
    with breaker.attempt(), pytest.raises(Unavailable), breaker.attempt():
        pytest.fail("two tried at once")
    with breaker.attempt():
        pass
