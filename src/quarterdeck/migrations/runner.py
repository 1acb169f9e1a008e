"""Bringing a database to a revision, from code. One transaction each: a migration happens whole or not at all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection

from quarterdeck.database import Database, Limits
from quarterdeck.errors import PreconditionFailed, Reason
from quarterdeck.events import adopt_restored
from quarterdeck.migrations.tables import metadata

T = TypeVar("T")
_LIMITS: Final = Limits(statement=3600.0, lock=60.0, idle_in_transaction=3600.0, pool=1)
_LOCK: Final = 0x51444D4947524154
"""PostgreSQL's advisory lock that makes two servers migrate one after the other; the bytes read `QDMIGRAT`."""


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
    _run(connection, lambda config: command.upgrade(config, revision))
    if _current(connection) == _head():
        adopt_restored(connection)


def downgrade_on(connection: Connection, revision: str) -> None:
    """`downgrade` within a write transaction that is open already."""
    _run(connection, lambda config: command.downgrade(config, revision))


def status_on(connection: Connection, *, compare: bool = False) -> Status:
    """Which revision this database has. With `compare` (slow), also how its tables differ from the expected ones."""
    differences = tuple(_differences(connection)) if compare else ()
    return Status(_current(connection), _head(), differences)


async def _with_database(url: str, fn: Callable[[Connection], T], *, write: bool = False) -> T:
    database = await Database.open(url, limits=_LIMITS)
    try:
        return await (database.transaction(fn) if write else database.read(fn))
    finally:
        await database.close()


def _run(connection: Connection, run: Callable[[Config], None]) -> None:
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
    config = _config()
    config.attributes["connection"] = connection
    try:
        run(config)
    except CommandError as error:
        message = f"the database cannot be migrated: {error}; a newer version of the server may have migrated it"
        raise PreconditionFailed(Reason.SCHEMA_OUTDATED, message) from error


def _current(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _head() -> str:
    head = ScriptDirectory.from_config(_config()).get_current_head()
    assert head is not None  # noqa: S101 - the package contains revisions
    return head


def _differences(connection: Connection) -> list[str]:
    found: list[Any] = compare_metadata(MigrationContext.configure(connection), metadata)
    return [repr(difference) for difference in found]


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", "quarterdeck:migrations")
    config.set_main_option("path_separator", "os")
    return config
