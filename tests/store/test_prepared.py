"""Prepared statements: on both databases, whatever SQLAlchemy would have written, read and raised."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
import pytest_asyncio
import sqlalchemy as sa

from quarterdeck.database import (
    BigInt,
    Connection,
    Database,
    Json,
    Prepared,
    Text,
    Timestamp,
    conflict_on,
    insert_into,
    metadata,
)
from quarterdeck.errors import Conflict, Invalid, Reason

things = sa.Table(
    "things",
    sa.MetaData(naming_convention=metadata.naming_convention),
    sa.Column("id", BigInt, primary_key=True, autoincrement=False),
    sa.Column("name", Text, unique=True),
    sa.Column("at", Timestamp),
    sa.Column("data", Json),
    sa.Column("ready", sa.Boolean),
    sa.Column("blob", sa.LargeBinary),
)

ADD = Prepared(sa.insert(things))
BY_ID = Prepared(sa.select(things).where(things.c.id == sa.bindparam("thing")))
ALL = Prepared(sa.select(things.c.id, things.c.name.label("title")).order_by(things.c.id).limit(2))
RENAME = Prepared(sa.update(things).where(things.c.id > sa.bindparam("above")).values(name=sa.bindparam("new_name")))
READY = Prepared(sa.select(sa.exists().where(things.c.ready.is_(True)).label("some_ready")))
NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
FULL = {"id": 1, "name": "Käse 🧀", "at": NOON, "data": {"a": [1, None]}, "ready": True, "blob": b"\x00\xff"}


@pytest_asyncio.fixture
async def made(database: Database) -> AsyncIterator[Database]:
    await database.transaction(things.metadata.create_all)
    yield database


def plain(connection: Connection, number: int) -> dict[str, Any]:
    """The row as SQLAlchemy reads it."""
    return dict(connection.execute(sa.select(things).where(things.c.id == number)).mappings().one())


async def test_values_are_converted_in_both_directions(made: Database) -> None:
    await made.transaction(lambda c: ADD.run(c, FULL))
    assert await made.read(lambda c: plain(c, 1)) == FULL
    assert await made.read(lambda c: BY_ID.mappings(c, {"thing": 1})) == [FULL]


async def test_what_is_missing_is_null_and_what_is_null_is_none(made: Database) -> None:
    empty = {"id": 2, "name": None, "at": None, "data": None, "ready": None, "blob": None}
    await made.transaction(lambda c: ADD.run(c, {"id": 2}))
    assert await made.read(lambda c: BY_ID.mappings(c, {"thing": 2})) == [empty]


async def test_rows_are_tuples_with_names(made: Database) -> None:
    await made.transaction(lambda c: ADD.run_many(c, [{"id": n, "name": f"n{n}"} for n in range(3)]))
    first, second = await made.read(lambda c: ALL.all(c, {}))
    assert tuple(first) == (0, "n0")
    assert (second.id, second.title) == (1, "n1")


async def test_the_first_row_or_none(made: Database) -> None:
    await made.transaction(lambda c: ADD.run(c, FULL))
    found = await made.read(lambda c: BY_ID.first(c, {"thing": 1}))
    assert found is not None
    assert found.at == NOON
    assert await made.read(lambda c: BY_ID.first(c, {"thing": 9})) is None


async def test_how_many_rows_were_written(made: Database) -> None:
    await made.transaction(lambda c: ADD.run_many(c, [{"id": n} for n in range(4)]))
    assert await made.transaction(lambda c: RENAME.run(c, {"above": 2, "new_name": "x"})) == 1
    assert await made.transaction(lambda c: RENAME.run(c, {"above": 9, "new_name": "y"})) == 0


async def test_other_names_are_another_statement(made: Database) -> None:
    await made.transaction(lambda c: ADD.run(c, {"id": 1, "name": "one"}))
    await made.transaction(lambda c: ADD.run(c, {"id": 2, "data": []}))
    assert (await made.read(lambda c: plain(c, 2)))["data"] == []
    assert (await made.read(lambda c: plain(c, 1)))["data"] is None


async def test_a_truth_is_a_bool(made: Database) -> None:
    await made.transaction(lambda c: ADD.run(c, FULL))
    row = await made.read(lambda c: READY.first(c, {}))
    assert row is not None
    assert row.some_ready is True


async def test_an_upsert_returns_what_it_wrote(made: Database) -> None:
    statement = insert_into(made.dialect, things)
    upsert = Prepared(
        statement.on_conflict_do_update(index_elements=[things.c.id], set_={"name": statement.excluded.name})
        .returning(things.c.name)
    )  # fmt: skip
    assert await made.transaction(lambda c: upsert.all(c, {"id": 1, "name": "first"})) == [("first",)]
    assert await made.transaction(lambda c: upsert.all(c, {"id": 1, "name": "second"})) == [("second",)]


@pytest.mark.parametrize(
    "bad",
    [{"name": "a\x00b"}, {"name": "\ud800"}, {"id": 2**63}, {"at": datetime(2026, 1, 1)}, {"data": {1, 2}}],  # noqa: DTZ001
    ids=["NUL", "surrogate", "wide", "naive", "no JSON"],
)
async def test_what_no_database_stores_is_invalid(made: Database, bad: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        await made.transaction(lambda c: ADD.run(c, {**FULL, **bad}))


async def test_a_violated_constraint_is_recognised(made: Database) -> None:
    def twice(connection: Connection) -> None:
        ADD.run(connection, FULL)
        with conflict_on("pk_things", Reason.CONCURRENT_CHANGE, "there is one already"):
            ADD.run(connection, FULL)

    with pytest.raises(Conflict):
        await made.transaction(twice)
    assert await made.read(lambda c: BY_ID.all(c, {"thing": 1})) == []


async def test_an_error_in_one_of_many_rolls_all_back(made: Database) -> None:
    with pytest.raises(Conflict):
        await made.transaction(lambda c: ADD.run_many(c, [{"id": 1}, {"id": 2}, {"id": 1}]))
    assert await made.read(lambda c: ALL.all(c, {})) == []


async def test_a_value_that_nobody_gave_is_a_bug(made: Database) -> None:
    with pytest.raises((KeyError, sa.exc.StatementError)):
        await made.read(lambda c: BY_ID.all(c, {}))


def test_a_list_of_values_is_refused() -> None:
    engine = sa.create_engine("sqlite://")
    with engine.begin() as connection, pytest.raises(TypeError, match="list of values"):
        Prepared(sa.select(things).where(things.c.id.in_([1, 2]))).all(connection, {})
    engine.dispose()


async def test_whoever_listens_to_statements_hears_them(made: Database) -> None:
    def heard(connection: Connection) -> list[str]:
        seen: list[str] = []
        sa.event.listen(connection, "before_cursor_execute", lambda *args: seen.append(args[2]))
        ADD.run(connection, FULL)
        return seen

    (statement,) = await made.transaction(heard)
    assert statement.startswith("INSERT INTO things")


def test_outside_a_transaction_sqlalchemy_begins_one() -> None:
    engine = sa.create_engine("sqlite://")
    with engine.connect() as connection:
        things.metadata.create_all(connection)
        connection.commit()
        ADD.run(connection, FULL)
        connection.rollback()
        assert BY_ID.all(connection, {"thing": 1}) == []
    engine.dispose()
