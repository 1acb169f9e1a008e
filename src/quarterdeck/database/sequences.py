"""Gap-free counters: ids that are never given twice and leave no holes."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import Connection

from quarterdeck.database.schema import metadata
from quarterdeck.database.types import BigInt, Text
from quarterdeck.database.upsert import insert

sequences = sa.Table(
    "sequences",
    metadata,
    sa.Column("tenant_id", Text, primary_key=True),
    sa.Column("name", Text, primary_key=True),
    sa.Column("value", BigInt, nullable=False),
)


def next_value(connection: Connection, tenant_id: str, name: str) -> int:
    """The next number of the sequence, from 1.

    It belongs to the transaction: a rollback gives it back, and other transactions that want the next one wait for
    this one's end. Take it late, and in the same order everywhere.
    """
    statement = insert(connection, sequences).values(tenant_id=tenant_id, name=name, value=1)
    statement = statement.on_conflict_do_update(
        index_elements=[sequences.c.tenant_id, sequences.c.name], set_={"value": sequences.c.value + 1}
    ).returning(sequences.c.value)
    value = connection.execute(statement).scalar_one()
    assert isinstance(value, int)  # noqa: S101 - for the type checker
    return value


def last_value(connection: Connection, tenant_id: str, name: str) -> int:
    """The last number taken, 0 for none; without a lock: a transaction still running may have taken the next."""
    query = sa.select(sequences.c.value).where(sequences.c.tenant_id == tenant_id, sequences.c.name == name)
    value = connection.execute(query).scalar()
    return int(value or 0)


def hold(connection: Connection, tenant_id: str, name: str) -> int:
    """Lock the sequence until the transaction ends, without taking a number; returns the last one taken, 0 for none.

    Transactions that hold the same sequence run one after the other: what one of them reads after this stays true.
    """
    statement = insert(connection, sequences).values(tenant_id=tenant_id, name=name, value=0)
    statement = statement.on_conflict_do_update(
        index_elements=[sequences.c.tenant_id, sequences.c.name], set_={"value": sequences.c.value}
    ).returning(sequences.c.value)
    return int(connection.execute(statement).scalar_one())
