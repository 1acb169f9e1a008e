"""The inventory of collectors, and what each said last.

The inventory (`collectors`) changes rarely; what a collector says (`collector_contacts`) changes with its polls and is
written in multi-row statements. Writers lock inventory rows in the order of their ids.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from quarterdeck.database import Connection, Json, Text, Timestamp, insert, metadata
from quarterdeck.errors import NotFound, Reason
from quarterdeck.fleet.collector import Collector, CollectorStatus, CollectorType, ConfigStatus, Customisation

collectors = sa.Table(
    "collectors",
    metadata,
    sa.Column("tenant_id", Text, primary_key=True),
    sa.Column("id", Text, primary_key=True),
    sa.Column("name", Text, nullable=False),
    sa.Column("local_attributes", Json, nullable=False),
    sa.Column("remote_attributes", Json, nullable=False),
    sa.Column("enabled", sa.Boolean, nullable=False),
    sa.Column("collector_type", sa.Integer, nullable=False),
    sa.Column("customised", sa.Boolean, nullable=False, comment="a poll must know about this row"),
    sa.Column("created_by_api", sa.Boolean, nullable=False),
    sa.Column("created_at", Timestamp, nullable=False),
    sa.Column("updated_at", Timestamp, nullable=False),
    sa.Column("marked_inactive_at", Timestamp),
    sa.Index(None, "tenant_id", "customised"),
)

contacts = sa.Table(
    "collector_contacts",
    metadata,
    sa.Column("tenant_id", Text, primary_key=True),
    sa.Column("collector_id", Text, primary_key=True),
    sa.Column("last_seen_at", Timestamp),
    sa.Column("poll_interval", sa.Double, comment="seconds"),
    sa.Column("served_hash", Text),
    sa.Column("served_fnv1", Text),
    sa.Column("served_at", Timestamp),
    sa.Column("status", sa.Integer),
    sa.Column("error_message", Text),
    sa.Column("reported_at", Timestamp),
    sa.Column("effective_sha256", Text),
    sa.Column("effective_content_type", Text),
    sa.Column("effective_at", Timestamp),
    sa.Index(None, "last_seen_at"),
)

_CHUNK = 400
"""Ids or rows per statement: SQLite takes a bounded number of parameters."""


def find(connection: Connection, tenant_id: str, collector_id: str) -> Collector | None:
    return find_many(connection, tenant_id, [collector_id]).get(collector_id)


def get(connection: Connection, tenant_id: str, collector_id: str) -> Collector:
    """Raises NotFound."""
    collector = find(connection, tenant_id, collector_id)
    if collector is None:
        raise NotFound(Reason.COLLECTOR_NOT_FOUND, f"no collector has the id {collector_id[:200]!r}")
    return collector


def find_many(
    connection: Connection, tenant_id: str, ids: Iterable[str], *, lock: bool = False
) -> dict[str, Collector]:
    """By id, those that exist. With `lock`, until the transaction ends nobody else changes them."""
    found: dict[str, Collector] = {}
    for chunk in _chunks(sorted(set(ids))):
        query = sa.select(collectors).where(collectors.c.tenant_id == tenant_id, collectors.c.id.in_(chunk))
        query = query.order_by(collectors.c.id)
        rows = connection.execute(query.with_for_update() if lock else query).mappings()
        found.update((row["id"], _collector(row)) for row in rows)
    return found


def list_all(connection: Connection, tenant_id: str) -> list[Collector]:
    """In the order of their ids."""
    query = sa.select(collectors).where(collectors.c.tenant_id == tenant_id)
    rows = [_collector(row) for row in connection.execute(query).mappings()]
    # Not ORDER BY: PostgreSQL's collation would order otherwise than SQLite and than clients do.
    return sorted(rows, key=lambda collector: collector.id)


def customisations(connection: Connection, tenant_id: str) -> dict[str, Customisation]:
    """What polls must know, by collector id."""
    query = sa.select(
        collectors.c.id, collectors.c.remote_attributes, collectors.c.enabled, collectors.c.collector_type
    ).where(collectors.c.tenant_id == tenant_id, collectors.c.customised == sa.true())
    return {
        row.id: Customisation(row.remote_attributes, row.enabled, row.collector_type)
        for row in connection.execute(query)
    }


def add(connection: Connection, tenant_id: str, collector: Collector) -> bool:
    """Store a new collector; False when the id is taken."""
    statement = insert(connection, collectors).values(
        tenant_id=tenant_id,
        id=collector.id,
        created_by_api=collector.created_by_api,
        created_at=collector.created_at,
        **_values(collector),
    )
    return connection.execute(statement.on_conflict_do_nothing().returning(collectors.c.id)).first() is not None


def update(connection: Connection, tenant_id: str, collector: Collector) -> None:
    """Store a collector that exists."""
    connection.execute(
        sa.update(collectors)
        .where(collectors.c.tenant_id == tenant_id, collectors.c.id == collector.id)
        .values(**_values(collector))
    )


def delete(connection: Connection, tenant_id: str, ids: Collection[str]) -> None:
    """Remove collectors and what they said."""
    for chunk in _chunks(sorted(ids)):
        connection.execute(
            sa.delete(contacts).where(contacts.c.tenant_id == tenant_id, contacts.c.collector_id.in_(chunk))
        )
        connection.execute(sa.delete(collectors).where(collectors.c.tenant_id == tenant_id, collectors.c.id.in_(chunk)))


def save_contacts(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write what collectors said. Every row has `tenant_id`, `collector_id` and the same further columns; columns
    that are not named keep their values.

    Replicas write in no particular order: the latest time of a call stays, an observed interval is not unlearned, and a
    text that was handed out again keeps the time at which it first was.
    """
    if not rows:
        return
    keys = {"tenant_id", "collector_id"}
    changed = [name for name in rows[0] if name not in keys]
    for start in range(0, len(rows), _CHUNK):
        statement = insert(connection, contacts).values(list(rows[start : start + _CHUNK]))
        connection.execute(
            statement.on_conflict_do_update(
                index_elements=[contacts.c.tenant_id, contacts.c.collector_id],
                set_={name: _merged(name, statement.excluded) for name in changed},
            )
        )


def _merged(name: str, excluded: Any) -> sa.ColumnElement[Any]:
    new, old = excluded[name], contacts.c[name]
    match name:
        case "last_seen_at":
            return sa.case((old > new, old), else_=new)
        case "poll_interval":
            return sa.func.coalesce(new, old)
        case "served_at":
            return sa.case((contacts.c.served_hash == excluded.served_hash, old), else_=new)
        case _:
            return new  # type: ignore[no-any-return]  # a column of the statement


def existing(connection: Connection, tenant_id: str, ids: Collection[str]) -> set[str]:
    """Those of the ids that collectors have."""
    found: set[str] = set()
    for chunk in _chunks(sorted(ids)):
        query = sa.select(collectors.c.id).where(collectors.c.tenant_id == tenant_id, collectors.c.id.in_(chunk))
        found.update(connection.execute(query).scalars())
    return found


def statuses(
    connection: Connection, tenant_id: str, collector_ids: Collection[str] | None = None
) -> list[CollectorStatus]:
    """How collectors fare, in the order of their ids: of some, or of all."""
    join = sa.and_(contacts.c.tenant_id == collectors.c.tenant_id, contacts.c.collector_id == collectors.c.id)
    query = (
        sa.select(collectors.c.id, collectors.c.marked_inactive_at, contacts)
        .select_from(collectors.outerjoin(contacts, join))
        .where(collectors.c.tenant_id == tenant_id)
    )
    if collector_ids is not None:
        query = query.where(collectors.c.id.in_(list(collector_ids)))
    return sorted((_status(row) for row in connection.execute(query).mappings()), key=lambda s: s.collector_id)


def effective_config(connection: Connection, tenant_id: str, collector_id: str) -> tuple[str, str] | None:
    """Hash and content type of the text that a collector reported to run; None when it never did."""
    query = sa.select(contacts.c.effective_sha256, contacts.c.effective_content_type).where(
        contacts.c.tenant_id == tenant_id, contacts.c.collector_id == collector_id
    )
    row = connection.execute(query).first()
    return (row.effective_sha256, row.effective_content_type or "") if row and row.effective_sha256 else None


def list_silent(connection: Connection, seen_before: datetime) -> list[tuple[str, str, datetime, float | None]]:
    """Active collectors of all tenants last seen before a time: tenant, id, last seen, poll interval."""
    query = (
        sa.select(contacts.c.tenant_id, contacts.c.collector_id, contacts.c.last_seen_at, contacts.c.poll_interval)
        .join(
            collectors,
            sa.and_(collectors.c.tenant_id == contacts.c.tenant_id, collectors.c.id == contacts.c.collector_id),
        )
        .where(contacts.c.last_seen_at < seen_before, collectors.c.marked_inactive_at.is_(None))
    )
    return [(row.tenant_id, row.collector_id, row.last_seen_at, row.poll_interval) for row in connection.execute(query)]


def mark_inactive(connection: Connection, tenant_id: str, collector_id: str, at: datetime) -> bool:
    """Mark an active collector as gone; False when there is no such active collector."""
    statement = (
        sa.update(collectors)
        .where(
            collectors.c.tenant_id == tenant_id,
            collectors.c.id == collector_id,
            collectors.c.marked_inactive_at.is_(None),
        )
        .values(marked_inactive_at=at)
    )
    return connection.execute(statement).rowcount > 0


def clear_inactive(connection: Connection, tenant_id: str, ids: Collection[str]) -> None:
    """Collectors that called since they were marked are not gone."""
    called_since = sa.exists().where(
        contacts.c.tenant_id == collectors.c.tenant_id,
        contacts.c.collector_id == collectors.c.id,
        contacts.c.last_seen_at > collectors.c.marked_inactive_at,
    )
    for chunk in _chunks(sorted(ids)):
        connection.execute(
            sa.update(collectors)
            .where(
                collectors.c.tenant_id == tenant_id,
                collectors.c.id.in_(chunk),
                collectors.c.marked_inactive_at.is_not(None),
                called_since,
            )
            .values(marked_inactive_at=None)
        )


def list_purgeable(connection: Connection, inactive_before: datetime) -> list[tuple[str, str]]:
    """Tenant and id of collectors that registered themselves, carry nothing given here, and are long gone."""
    query = sa.select(collectors.c.tenant_id, collectors.c.id).where(
        collectors.c.marked_inactive_at < inactive_before,
        collectors.c.created_by_api == sa.false(),
        collectors.c.customised == sa.false(),
    )
    return [(row.tenant_id, row.id) for row in connection.execute(query)]


def _chunks(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(ids), _CHUNK):
        yield ids[start : start + _CHUNK]


def _values(collector: Collector) -> dict[str, Any]:
    return {
        "name": collector.name,
        "local_attributes": dict(collector.local_attributes),
        "remote_attributes": dict(collector.remote_attributes),
        "enabled": collector.enabled,
        "collector_type": collector.collector_type,
        "customised": bool(
            collector.remote_attributes or not collector.enabled or collector.collector_type == CollectorType.OTEL
        ),
        "updated_at": collector.updated_at,
        "marked_inactive_at": collector.marked_inactive_at,
    }


def _collector(row: Mapping[Any, Any]) -> Collector:
    return Collector(
        id=row["id"],
        name=row["name"],
        local_attributes=row["local_attributes"],
        remote_attributes=row["remote_attributes"],
        enabled=row["enabled"],
        collector_type=row["collector_type"],
        created_by_api=row["created_by_api"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        marked_inactive_at=row["marked_inactive_at"],
    )


def _status(row: Mapping[Any, Any]) -> CollectorStatus:
    return CollectorStatus(
        collector_id=row["id"],
        last_seen_at=row["last_seen_at"],
        marked_inactive_at=row["marked_inactive_at"],
        poll_interval=row["poll_interval"],
        served_hash=row["served_hash"],
        served_fnv1=row["served_fnv1"],
        served_at=row["served_at"],
        status=ConfigStatus(row["status"] or 0),
        error_message=row["error_message"] or "",
        reported_at=row["reported_at"],
        effective_hash=row["effective_sha256"],
        effective_at=row["effective_at"],
    )
