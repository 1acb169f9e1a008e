"""Gap-free counters: ids that are never given twice and leave no holes."""

from __future__ import annotations

from functools import cache

import sqlalchemy as sa
from sqlalchemy import Connection

from quarterdeck.database.prepared import Prepared
from quarterdeck.database.schema import metadata
from quarterdeck.database.types import BigInt, Text
from quarterdeck.database.upsert import insert_into

sequences = sa.Table(
    "sequences",
    metadata,
    sa.Column("tenant_id", Text, primary_key=True),
    sa.Column("name", Text, primary_key=True),
    sa.Column("value", BigInt, nullable=False),
)

_LAST = Prepared(
    sa.select(sequences.c.value).where(
        sequences.c.tenant_id == sa.bindparam("tenant"), sequences.c.name == sa.bindparam("sequence")
    )
)


def next_value(connection: Connection, tenant_id: str, name: str) -> int:
    """The next number of the sequence, from 1.

    It belongs to the transaction: a rollback gives it back, and other transactions that want the next one wait for
    this one's end. Take it late, and in the same order everywhere.
    """
    return _advance(connection, tenant_id, name, by=1)


def last_value(connection: Connection, tenant_id: str, name: str) -> int:
    """The last number taken, 0 for none; without a lock: a transaction still running may have taken the next."""
    found = _LAST.first(connection, {"tenant": tenant_id, "sequence": name})
    return int(found[0]) if found else 0


def hold(connection: Connection, tenant_id: str, name: str) -> int:
    """Lock the sequence until the transaction ends, without taking a number; returns the last one taken, 0 for none.

    Transactions that hold the same sequence run one after the other: what one of them reads after this stays true.
    """
    return _advance(connection, tenant_id, name, by=0)


def _advance(connection: Connection, tenant_id: str, name: str, *, by: int) -> int:
    row = {"tenant_id": tenant_id, "name": name, "value": by}
    advanced = _advancing(connection.dialect.name, by).first(connection, row)
    assert advanced is not None  # noqa: S101 - it returns what it wrote
    return int(advanced[0])


@cache
def _advancing(dialect: str, by: int) -> Prepared:
    return Prepared(
        insert_into(dialect, sequences)
        .on_conflict_do_update(
            index_elements=[sequences.c.tenant_id, sequences.c.name], set_={"value": sequences.c.value + by}
        )
        .returning(sequences.c.value)
    )
