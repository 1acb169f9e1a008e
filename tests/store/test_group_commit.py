"""Writes that wait together on SQLite: committed once, and yet each with an outcome of its own."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from quarterdeck.database import Connection, Database, Limits, after_commit
from quarterdeck.database.group_commit import MOST_TOGETHER, run_group
from quarterdeck.errors import Conflict, NotFound, Reason, Unavailable

Work = Callable[[Connection], Any]


@pytest_asyncio.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    opened = await Database.open(f"sqlite:///{tmp_path / 'group.db'}", limits=Limits(lock=0.2))
    await opened.transaction(_create)
    yield opened
    await opened.close()


@pytest.fixture
def others(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """What another process sees of the database."""
    connection = sqlite3.connect(tmp_path / "group.db", isolation_level=None, timeout=0)
    yield connection
    connection.close()


def _create(connection: Connection) -> None:
    connection.exec_driver_sql("CREATE TABLE kept (id INTEGER PRIMARY KEY)")
    connection.exec_driver_sql(
        "CREATE TABLE leaning (id INTEGER REFERENCES kept (id) DEFERRABLE INITIALLY DEFERRED)",
    )


def add(connection: Connection, number: int) -> int:
    connection.exec_driver_sql("INSERT INTO kept VALUES (?)", (number,))
    return number


def adding(number: int) -> Work:
    return lambda connection: add(connection, number)


def adding_then(number: int, then: Work) -> Work:
    def work(connection: Connection) -> Any:
        add(connection, number)
        return then(connection)

    return work


def refuse(_connection: Connection) -> None:
    raise NotFound(Reason.PIPELINE_NOT_FOUND, "refused")


def lean_on_nothing(connection: Connection) -> None:
    """Fails when it is committed."""
    connection.exec_driver_sql("INSERT INTO leaning VALUES (99)")


def kept(connection: sqlite3.Connection) -> list[int]:
    return [row[0] for row in connection.execute("SELECT id FROM kept ORDER BY id")]


@asynccontextmanager
async def busy(database: Database) -> AsyncIterator[None]:
    """The writer is at work meanwhile, so that all that comes waits, and is then one group."""
    begun, go_on = threading.Event(), threading.Event()

    def hold(_connection: Connection) -> None:
        begun.set()
        go_on.wait(10)

    holding = asyncio.ensure_future(database.transaction(hold))
    await asyncio.to_thread(begun.wait, 10)
    try:
        yield
        # The tasks that were made inside come to their first wait.
        for _ in range(3):
            await asyncio.sleep(0)
    finally:
        go_on.set()
        await holding


async def together(database: Database, works: Sequence[Work]) -> list[Any]:
    async with busy(database):
        tasks = [asyncio.ensure_future(database.transaction(work)) for work in works]
    return await asyncio.gather(*tasks, return_exceptions=True)


async def test_what_waits_together_is_committed_once(database: Database, others: sqlite3.Connection) -> None:
    said: list[str] = []
    await database.transaction(lambda connection: _driver(connection).set_trace_callback(said.append))
    said.clear()
    assert await together(database, [adding(number) for number in range(5)]) == [0, 1, 2, 3, 4]
    # One for what kept the writer busy, one for the five.
    assert said.count("COMMIT") == 2
    assert kept(others) == [0, 1, 2, 3, 4]


async def test_a_long_queue_is_several_groups(database: Database, others: sqlite3.Connection) -> None:
    numbers = list(range(2 * MOST_TOGETHER + 1))
    assert await together(database, [adding(number) for number in numbers]) == numbers
    assert kept(others) == numbers


async def test_one_that_is_refused_takes_back_its_own_changes_alone(
    database: Database, others: sqlite3.Connection
) -> None:
    first, second, third = await together(database, [adding(1), adding_then(2, refuse), adding(3)])
    assert (first, third) == (1, 3)
    assert isinstance(second, NotFound)
    assert kept(others) == [1, 3]


async def test_one_that_violates_a_constraint_hurts_nobody(database: Database, others: sqlite3.Connection) -> None:
    first, second, third = await together(database, [adding(1), adding_then(2, adding(1)), adding(3)])
    assert (first, third) == (1, 3)
    assert isinstance(second, Conflict)
    assert kept(others) == [1, 3]


async def test_the_later_ones_see_what_the_earlier_ones_did(database: Database) -> None:
    def look(connection: Connection) -> list[int]:
        return list(connection.exec_driver_sql("SELECT id FROM kept").scalars())

    assert await together(database, [adding(1), look, adding_then(2, refuse), look]) == [1, [1], _Refused(), [1]]


class _Refused:
    def __eq__(self, other: object) -> bool:
        return isinstance(other, NotFound)

    __hash__ = None  # type: ignore[assignment]  # compares with what it is not


async def test_nobody_is_told_before_the_commit(database: Database, others: sqlite3.Connection) -> None:
    in_the_group, go_on = threading.Event(), threading.Event()

    def hold(_connection: Connection) -> None:
        in_the_group.set()
        go_on.wait(10)

    async with busy(database):
        succeeding = asyncio.ensure_future(database.transaction(adding(1)))
        failing = asyncio.ensure_future(database.transaction(adding_then(2, refuse)))
        holding = asyncio.ensure_future(database.transaction(hold))
    await asyncio.to_thread(in_the_group.wait, 10)
    assert kept(others) == []
    assert not succeeding.done()
    assert not failing.done()
    go_on.set()
    assert await succeeding == 1
    assert kept(others) == [1]
    with pytest.raises(NotFound):
        await failing
    await holding


async def test_callbacks_run_for_those_that_were_committed_in_their_order(database: Database) -> None:
    called: list[int] = []

    def calling(number: int) -> Work:
        return lambda connection: after_commit(connection, partial(called.append, number))

    def refused(connection: Connection) -> None:
        calling(2)(connection)
        refuse(connection)

    await together(database, [calling(1), refused, calling(3)])
    await database.transaction(calling(4))
    await asyncio.sleep(0)
    assert called == [1, 3, 4]


async def test_a_group_that_is_rolled_back_as_a_whole_runs_again_one_by_one(
    database: Database, others: sqlite3.Connection
) -> None:
    runs: list[int] = []

    def lose_everything(connection: Connection) -> None:
        # What SQLite does by itself when the disk is full.
        runs.append(1)
        _driver(connection).execute("ROLLBACK")
        raise NotFound(Reason.PIPELINE_NOT_FOUND, "everything is lost")

    first, second, third = await together(database, [adding(1), lose_everything, adding(3)])
    assert (first, third) == (1, 3)
    assert isinstance(second, NotFound)
    assert kept(others) == [1, 3]
    assert len(runs) == 2


async def test_one_that_fails_at_the_commit_hurts_nobody(database: Database, others: sqlite3.Connection) -> None:
    first, second, third = await together(database, [adding(1), lean_on_nothing, adding(3)])
    assert (first, third) == (1, 3)
    assert isinstance(second, Conflict)
    assert kept(others) == [1, 3]
    assert others.execute("SELECT count(*) FROM leaning").fetchone() == (0,)


async def test_a_group_that_cannot_begin_is_unavailable(database: Database, others: sqlite3.Connection) -> None:
    others.execute("BEGIN IMMEDIATE")
    outcomes = await asyncio.gather(
        *(database.transaction(adding(number)) for number in range(4)), return_exceptions=True
    )
    others.execute("ROLLBACK")
    assert all(isinstance(outcome, Unavailable) for outcome in outcomes)
    assert await database.transaction(adding(7)) == 7
    assert kept(others) == [7]


async def test_the_writer_goes_on_after_a_commit_that_failed(database: Database, others: sqlite3.Connection) -> None:
    with pytest.raises(Conflict):
        await database.transaction(lean_on_nothing)
    assert await database.transaction(adding(1)) == 1
    assert kept(others) == [1]


async def test_one_whose_caller_went_away_is_committed_all_the_same(
    database: Database, others: sqlite3.Connection
) -> None:
    async with busy(database):
        leaving = asyncio.ensure_future(database.transaction(adding(1)))
        staying = asyncio.ensure_future(database.transaction(adding(2)))
        await asyncio.sleep(0)
        leaving.cancel()
    assert await staying == 2
    assert leaving.cancelled()
    assert kept(others) == [1, 2]


@pytest.mark.parametrize("error", [StopIteration("end"), KeyError("bug"), asyncio.CancelledError()])
async def test_whatever_one_raises_the_others_get_their_answer(database: Database, error: BaseException) -> None:
    def fail(_connection: Connection) -> None:
        raise error

    first, second, third = await together(database, [adding(1), fail, adding(3)])
    assert (first, third) == (1, 3)
    assert isinstance(second, BaseException)


# --- the same as one by one ------------------------------------------------------------------------------------------

works = st.lists(st.tuples(st.integers(0, 4), st.sampled_from(["commit", "refuse", "lose"])), max_size=8)


@given(works)
def test_a_group_ends_as_the_same_transactions_one_by_one(plan: list[tuple[int, str]]) -> None:
    fns = [_work(number, then) for number, then in plan]
    with _memory() as grouped, _memory() as single:
        group = run_group(grouped, fns)
        alone = [run_group(single, [fn])[0] for fn in fns]
        assert [(each.result, type(each.error)) for each in group] == [
            (each.result, type(each.error)) for each in alone
        ]
        assert _all(grouped) == _all(single)


def _work(number: int, then: str) -> Work:
    def work(connection: Connection) -> int:
        add(connection, number)
        if then == "lose":
            _driver(connection).execute("ROLLBACK")
        if then != "commit":
            refuse(connection)
        return number

    return work


@contextmanager
def _memory() -> Iterator[Connection]:
    engine = sa.create_engine("sqlite://", connect_args={"isolation_level": None})
    sa.event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    with engine.connect() as connection:
        with connection.begin():
            _create(connection)
        yield connection
    engine.dispose()


def _all(connection: Connection) -> list[int]:
    with connection.begin():
        return list(connection.exec_driver_sql("SELECT id FROM kept ORDER BY id").scalars())


def _driver(connection: Connection) -> sqlite3.Connection:
    driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)
    return driver
