"""What Alembic does for us. Imported when it is needed: a server whose database is up to date starts without it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.util import CommandError
from sqlalchemy import Connection

from quarterdeck.errors import PreconditionFailed, Reason
from quarterdeck.migrations.tables import metadata


def up(connection: Connection, revision: str) -> None:
    """Runs what is missing up to `revision`. Raises `PreconditionFailed` for a revision that is not known here."""
    _run(connection, lambda config: command.upgrade(config, revision))


def down(connection: Connection, revision: str) -> None:
    """Takes back what came after `revision`. Raises `PreconditionFailed` as `up` does."""
    _run(connection, lambda config: command.downgrade(config, revision))


def differences(connection: Connection) -> tuple[str, ...]:
    """How the tables that are there differ from those that the code describes."""
    found: list[Any] = compare_metadata(MigrationContext.configure(connection), metadata)
    return tuple(repr(difference) for difference in found)


def _run(connection: Connection, run: Callable[[Config], None]) -> None:
    config = Config()
    config.set_main_option("script_location", "quarterdeck:migrations")
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    try:
        run(config)
    except CommandError as error:
        message = f"the database cannot be migrated: {error}; a newer version of the server may have migrated it"
        raise PreconditionFailed(Reason.SCHEMA_OUTDATED, message) from error
