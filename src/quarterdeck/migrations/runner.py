"""Bringing a database to a revision, from code. One transaction each: a migration happens whole or not at all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Final, TypeVar

import sqlalchemy as sa
from sqlalchemy import Connection

from quarterdeck.database import Database, Limits
from quarterdeck.events import adopt_restored

T = TypeVar("T")
_LIMITS: Final = Limits(statement=3600.0, lock=60.0, idle_in_transaction=3600.0, pool=1)
_LOCK: Final = 0x51444D4947524154
"""PostgreSQL's advisory lock that makes two servers migrate one after the other; the bytes read `QDMIGRAT`."""

_APPLIED: Final = sa.table("alembic_version", sa.column("version_num", sa.String))
"""Alembic's own table, with the one revision that the database is at."""
_VERSIONS: Final = Path(__file__).parent / "versions"
"""A revision each, in files that begin with its four digits."""


@dataclass(frozen=True, slots=True)
class Status:
    """Which revision a database has, which one this version of the server wants, and how its tables differ."""

    current: str | None
    head: str
    differences: tuple[str, ...] = ()

    @property
    def up_to_date(self) -> bool:
        return self.current == self.head and not self.differences


async def upgrade(url: str, revision: str = "head") -> None:
    """Brings the database up to `revision`. Safe when several servers do it at once; does nothing when it is there.

    Raises `PreconditionFailed` for a database that a newer version has migrated, `Unavailable` when it is away or
    another migration has held it for a minute.
    """
    await _with_database(url, lambda connection: upgrade_on(connection, revision), write=True)


async def downgrade(url: str, revision: str) -> None:
    """Brings the database down to `revision` (`base`: empty). Data of what is removed is lost."""
    await _with_database(url, lambda connection: downgrade_on(connection, revision), write=True)


async def current(url: str) -> str | None:
    """The database's revision; None when it was never migrated."""
    return await _with_database(url, _current)


async def check(url: str) -> Status:
    """The revision, and whether the tables are what this version expects: the result of comparing them all."""
    return await _with_database(url, lambda connection: status_on(connection, compare=True))


def upgrade_on(connection: Connection, revision: str = "head") -> None:
    """`upgrade` within a write transaction that is open already."""
    _lock(connection)
    _moving().up(connection, revision)
    if _current(connection) == _head():
        adopt_restored(connection)


def downgrade_on(connection: Connection, revision: str) -> None:
    """`downgrade` within a write transaction that is open already."""
    _lock(connection)
    _moving().down(connection, revision)


def status_on(connection: Connection, *, compare: bool = False) -> Status:
    """Which revision this database has. With `compare` (slow), also how its tables differ from the expected ones."""
    differences = _moving().differences(connection) if compare else ()
    return Status(_current(connection), _head(), differences)


async def _with_database(url: str, fn: Callable[[Connection], T], *, write: bool = False) -> T:
    database = await Database.open(url, limits=_LIMITS)
    try:
        return await (database.transaction(fn) if write else database.read(fn))
    finally:
        await database.close()


def _moving() -> ModuleType:
    # Here, because Alembic is a tenth of a server's start and hardly any start needs it.
    from quarterdeck.migrations import moving

    return moving


def _lock(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")


def _current(connection: Connection) -> str | None:
    if not sa.inspect(connection).has_table(_APPLIED.name):
        return None
    found: str | None = connection.execute(sa.select(_APPLIED)).scalar_one_or_none()
    return found


@cache
def _head() -> str:
    return max(path.name[:4] for path in _VERSIONS.glob("[0-9]*.py"))
