"""INSERT … ON CONFLICT, which both databases have with the same meaning but from different modules of SQLAlchemy."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.dialects import postgresql, sqlite

Insert = postgresql.Insert | sqlite.Insert


def insert(connection: Connection, table: sa.Table) -> Any:
    """The dialect's own INSERT for `table`: with `on_conflict_do_nothing`, `on_conflict_do_update` and `excluded`."""
    return insert_into(connection.dialect.name, table)


def insert_into(dialect: str, table: sa.Table) -> Any:
    """The same by the dialect's name, for statements that are made once: making one costs more than running it."""
    return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)
