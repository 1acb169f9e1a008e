"""INSERT … ON CONFLICT, which both databases have with the same meaning but from different modules of SQLAlchemy."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.dialects import postgresql, sqlite

Insert = postgresql.Insert | sqlite.Insert


def insert(connection: Connection, table: sa.Table) -> Any:
    """The dialect's own INSERT for `table`: with `on_conflict_do_nothing`, `on_conflict_do_update` and `excluded`."""
    return postgresql.insert(table) if connection.dialect.name == "postgresql" else sqlite.insert(table)
