"""Driver errors → domain errors. Nothing above `database/` sees an exception of SQLAlchemy, asyncpg or sqlite3.

The sentences are fixed: a driver's own words may hold addresses, statements or values.
"""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, StatementError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from quarterdeck.database.schema import metadata
from quarterdeck.errors import Conflict, DomainError, Invalid, Reason, Unavailable

_RETRYABLE = frozenset({"40001", "40P01"})
"""serialization_failure, deadlock_detected: the same transaction may succeed when it is run again."""

_AWAY_CLASSES = ("08", "53", "57", "58", "28", "3D", "F0")
"""SQLSTATE classes of a server that is away, full, shutting down, or does not let us in."""

_AWAY_STATES = frozenset({"55P03", "25P03", "25006"})
"""lock_not_available, idle_in_transaction timeout, read-only (a standby after a failover)."""

_VALUE_CLASS = "22"
"""SQLSTATE class of values that the database cannot store."""

_SQLITE_AWAY = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_PROTOCOL,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_NOTADB,
        sqlite3.SQLITE_PERM,
    }
)


def unavailable() -> Unavailable:
    """The one sentence for a database that is away, slow or full."""
    return Unavailable(Reason.DATABASE_UNAVAILABLE, "the database is not available; try again later")


def translate(error: Exception) -> DomainError | None:
    """The domain error that `error` stands for; None when it is a bug of ours and should be seen as it is."""
    if isinstance(error, StatementError) and not isinstance(error, DBAPIError) and isinstance(error.orig, Exception):
        return translate(error.orig)  # raised while a value was bound, by our column types or by the driver
    if isinstance(error, DomainError):
        return error
    if isinstance(error, IntegrityError) and not _is_missing_value(error):
        return Conflict(Reason.CONCURRENT_CHANGE, "the change conflicts with something that exists already")
    if is_away(error):
        return unavailable()
    if _sqlstate(error).startswith(_VALUE_CLASS) or isinstance(error, UnicodeEncodeError | OverflowError):
        return Invalid(Reason.FIELD_INVALID, "a value cannot be stored: it is not valid text or out of range")
    return None


def is_away(error: BaseException) -> bool:
    """Whether the database, not the statement, is the problem."""
    if isinstance(error, PoolTimeoutError | OSError | TimeoutError) or _is_asyncpg(error, "InternalClientError"):
        return True
    if isinstance(error, DBAPIError):
        if error.connection_invalidated or is_away_state(_sqlstate(error)):
            return True
        return _is_sqlite_away(error.orig) or _is_lost(error)
    if _is_asyncpg(error, "PostgresError"):
        return is_away_state(getattr(error, "sqlstate", None) or "")
    return _is_asyncpg(error, "InterfaceError")


def is_away_state(sqlstate: str) -> bool:
    """Whether a SQLSTATE says that the server cannot serve now."""
    return sqlstate[:2] in _AWAY_CLASSES or sqlstate in _AWAY_STATES


def is_retryable(error: BaseException) -> bool:
    """Whether running the same transaction again may succeed: a deadlock or a serialization failure."""
    return isinstance(error, DBAPIError) and _sqlstate(error) in _RETRYABLE


def is_lost(error: BaseException) -> bool:
    """Whether the connection broke (rather than the server refusing): a fresh one may work."""
    return isinstance(error, DBAPIError) and (error.connection_invalidated or _is_lost(error))


def violated_constraint(error: IntegrityError) -> str | None:
    """The name of the violated constraint by our naming convention; None when the driver does not say which.

    SQLite names columns instead of the constraint; the metadata says which constraint has exactly those columns.
    """
    cause = getattr(error.orig, "__cause__", None)
    name = getattr(cause, "constraint_name", None)
    return name if isinstance(name, str) else _constraint_of_columns(str(error.orig))


@contextmanager
def conflict_on(constraint: str, reason: Reason, message: str) -> Iterator[None]:
    """A violation of `constraint` inside the block becomes `Conflict(reason, message)`; others pass through.

    On PostgreSQL the transaction is spoiled by then: let the error leave the transaction's function.
    """
    try:
        yield
    except IntegrityError as error:
        if violated_constraint(error) == constraint:
            raise Conflict(reason, message) from error
        raise


def _is_missing_value(error: IntegrityError) -> bool:
    """NOT NULL and CHECK violations are bugs of ours, not conflicts."""
    code = getattr(error.orig, "sqlite_errorcode", None)
    return _sqlstate(error) in ("23502", "23514") or code in (
        sqlite3.SQLITE_CONSTRAINT_NOTNULL,
        sqlite3.SQLITE_CONSTRAINT_CHECK,
    )


def _sqlstate(error: BaseException) -> str:
    state = getattr(getattr(error, "orig", None), "sqlstate", None)
    return state if isinstance(state, str) else ""


def _is_sqlite_away(error: BaseException | None) -> bool:
    code = getattr(error, "sqlite_errorcode", None)
    return isinstance(code, int) and code & 0xFF in _SQLITE_AWAY


def _is_lost(error: DBAPIError) -> bool:
    cause = getattr(error.orig, "__cause__", None)
    if isinstance(cause, ConnectionError) or _is_asyncpg(cause, "PostgresConnectionError"):
        return True
    return isinstance(error, InterfaceError) and "clos" in str(error.orig)


def _is_asyncpg(error: BaseException | None, name: str) -> bool:
    """Whether the error is of this class of asyncpg. Nobody who uses SQLite alone imports asyncpg, nor does this."""
    driver = sys.modules.get("asyncpg")
    return driver is not None and isinstance(error, getattr(driver, name))


def _constraint_of_columns(message: str) -> str | None:
    prefix, _, columns = message.partition("constraint failed: ")
    if not prefix.startswith(("UNIQUE", "(sqlite3.IntegrityError) UNIQUE")):
        return None
    names = frozenset(columns.split(", "))
    return next((name for name, covered in _unique_constraints() if covered == names), None)


def _unique_constraints() -> Iterator[tuple[str, frozenset[str]]]:
    for table in metadata.tables.values():
        for constraint in table.constraints:
            if isinstance(constraint, sa.UniqueConstraint | sa.PrimaryKeyConstraint):
                yield str(constraint.name), frozenset(f"{table.name}.{column.name}" for column in constraint.columns)
        for index in table.indexes:
            if index.unique:
                yield str(index.name), frozenset(f"{table.name}.{column.name}" for column in index.columns)
