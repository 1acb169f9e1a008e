"""Several write transactions, one COMMIT: on SQLite the disk's flush costs as much as the statements before it.

Each transaction of a group runs between its own savepoints, so one that fails takes back its own changes and nothing
else. Nobody is told anything, good or bad, before the group is committed: what one of them saw of those before it is
then as true as if they had been committed one by one. When the group as a whole is lost (SQLite rolls everything back
when the disk is full, for one), each transaction runs again by itself and is told what became of it alone.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection

MOST_TOGETHER: Final = 32
"""Transactions of one group: the first of them waits for the last."""


@dataclass(frozen=True, slots=True, eq=False)
class Write:
    """A transaction that waits for its turn, and who waits for it."""

    fn: Callable[[Connection], Any]
    told: asyncio.Future[Any]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a transaction returned, or raised."""

    result: Any = None
    error: BaseException | None = None

    def tell(self, told: asyncio.Future[Any]) -> None:
        """On the event loop. Whoever was cancelled is told nothing; its transaction has its outcome all the same."""
        if told.done():
            return
        if isinstance(self.error, StopIteration):
            # A future cannot carry it.
            told.set_exception(RuntimeError(f"a transaction raised {self.error!r}"))
        elif self.error is not None:
            told.set_exception(self.error)
        else:
            told.set_result(self.result)


def run_group(connection: Connection, fns: Sequence[Callable[[Connection], Any]]) -> list[Outcome]:
    """Run the functions in order, each a transaction of its own, and commit. Never raises."""
    if len(fns) > 1:
        try:
            together = _run_together(connection, fns)
        except Exception as error:  # noqa: BLE001 - it could not begin: that is everybody's outcome
            return [Outcome(error=error)] * len(fns)
        if together is not None:
            return together
    return [_run_alone(connection, fn) for fn in fns]


def _run_alone(connection: Connection, fn: Callable[[Connection], Any]) -> Outcome:
    try:
        with connection.begin():
            result = fn(connection)
    except BaseException as error:  # noqa: BLE001 - whoever waits for it is to have it
        _end(connection)
        return Outcome(error=error)
    return Outcome(result)


def _run_together(connection: Connection, fns: Sequence[Callable[[Connection], Any]]) -> list[Outcome] | None:
    """None when nothing of it was committed. Raises when it could not begin."""
    transaction = connection.begin()
    try:
        outcomes = [_run_in_savepoint(connection, fn) for fn in fns]
        transaction.commit()
    except Exception:  # noqa: BLE001 - the transactions run again, and each has its own error then
        transaction.rollback()
        _end(connection)
        return None
    return outcomes


def _end(connection: Connection) -> None:
    # A COMMIT that failed leaves SQLite in the transaction that SQLAlchemy believes to be over.
    driver = _driver(connection)
    if driver.in_transaction:
        driver.rollback()


def _run_in_savepoint(connection: Connection, fn: Callable[[Connection], Any]) -> Outcome:
    """Raises when the transaction around the savepoint is gone."""
    # By the driver: SQLAlchemy's own savepoints take longer than a statement.
    driver = _driver(connection)
    driver.execute("SAVEPOINT one_of_group")
    try:
        outcome = Outcome(fn(connection))
    except BaseException as error:  # noqa: BLE001 - whoever waits for it is to have it
        driver.execute("ROLLBACK TO one_of_group")
        outcome = Outcome(error=error)
    driver.execute("RELEASE one_of_group")
    return outcome


def _driver(connection: Connection) -> sqlite3.Connection:
    driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)  # noqa: S101 - there is no other
    return driver
