"""Many incidents taken together: how many there are of each kind, and how long they took."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from quarterdeck.database import Connection
from quarterdeck.incidents.incident import Actor, Category, IncidentType
from quarterdeck.incidents.store import tables as t
from quarterdeck.incidents.store.incidents import visible_to

_INCIDENTS = t.incidents.c
_MICROSECONDS = 1_000_000

Population = sa.ColumnElement[bool]
"""Which incidents are counted."""


@dataclass(frozen=True, slots=True)
class StateCount:
    """How many incidents of a tenant have a status and a severity."""

    tenant_id: str
    status_id: str
    status: str
    category: Category
    severity_id: str
    severity: str
    level: int
    count: int


@dataclass(frozen=True, slots=True)
class LabelCount:
    """How many incidents of a tenant have a label."""

    tenant_id: str
    key: str
    value: str
    count: int


@dataclass(frozen=True, slots=True)
class Durations:
    """How long something took, in seconds: nearest-rank percentiles, so that each is a duration that there was."""

    count: int = 0
    p50: float = 0.0
    p90: float = 0.0
    mean: float = 0.0
    longest: float = 0.0


def seen_by(
    tenant_id: str,
    actor: Actor,
    *,
    declared_from: datetime | None = None,
    declared_to: datetime | None = None,
    drills: bool = False,
) -> Population:
    """What somebody may see, declared within a range, both ends included; with drills or without."""
    conditions = [visible_to(tenant_id, actor)]
    if declared_from is not None:
        conditions.append(_INCIDENTS.created_at >= declared_from)
    if declared_to is not None:
        conditions.append(_INCIDENTS.created_at <= declared_to)
    if not drills:
        conditions.append(_INCIDENTS.is_drill.is_(False))
    return sa.and_(*conditions)


def seen_by_operators() -> Population:
    """Of every tenant what is neither private nor a drill: for pages that are read without a token."""
    return sa.and_(_INCIDENTS.incident_type != IncidentType.PRIVATE, _INCIDENTS.is_drill.is_(False))


def count_states(connection: Connection, population: Population) -> list[StateCount]:
    """In no particular order."""
    keys = (_INCIDENTS.tenant_id, _INCIDENTS.status_id, _INCIDENTS.severity_id)
    counted = sa.select(*keys, sa.func.count().label("count")).where(population).group_by(*keys).subquery().c
    query = (
        sa.select(
            counted.tenant_id,
            counted.status_id,
            t.statuses.c.name.label("status"),
            t.statuses.c.category,
            counted.severity_id,
            t.severities.c.label.label("severity"),
            t.severities.c.level,
            counted.count,
        )
        .join_from(counted.tenant_id.table, t.statuses, _same(t.statuses, counted.tenant_id, counted.status_id))
        .join(t.severities, _same(t.severities, counted.tenant_id, counted.severity_id))
    )
    return [
        StateCount(**{**row, "category": Category(row["category"])}) for row in connection.execute(query).mappings()
    ]


def count_labels(connection: Connection, population: Population) -> list[LabelCount]:
    """In no particular order."""
    held = t.incident_labels.c
    keys = (held.tenant_id, held.field_uuid, held.option_uuid)
    counted = (
        sa.select(*keys, sa.func.count().label("count"))
        .join_from(t.incident_labels, t.incidents, _same(t.incidents, held.tenant_id, held.incident_id))
        .where(population)
        .group_by(*keys)
        .subquery()
        .c
    )
    fields, options = t.fields.c, t.select_options.c
    query = (
        sa.select(counted.tenant_id, fields.slug.label("key"), options.value, counted.count)
        .join_from(
            counted.tenant_id.table,
            t.fields,
            sa.and_(fields.tenant_id == counted.tenant_id, fields.uuid == counted.field_uuid),
        )
        .join(t.select_options, sa.and_(options.tenant_id == counted.tenant_id, options.uuid == counted.option_uuid))
    )
    return [LabelCount(**row) for row in connection.execute(query).mappings()]


def times_to_acknowledge(connection: Connection, population: Population) -> dict[str, Durations]:
    """By tenant, from the declaration to the first role; tenants without one are left out."""
    return _durations(connection, _INCIDENTS.acknowledged_at, population)


def times_to_resolve(connection: Connection, population: Population) -> dict[str, Durations]:
    """By tenant, from the declaration to the resolution, without incidents that were declared resolved."""
    later = _INCIDENTS.closed_at > _INCIDENTS.created_at
    return _durations(connection, _INCIDENTS.closed_at, sa.and_(population, later))


def _durations(
    connection: Connection, end: sa.ColumnElement[datetime | None], population: Population
) -> dict[str, Durations]:
    took = sa.type_coerce(end, sa.BigInteger) - sa.type_coerce(_INCIDENTS.created_at, sa.BigInteger)
    of_tenant: Any = {"partition_by": _INCIDENTS.tenant_id}
    ranked = (
        sa.select(
            _INCIDENTS.tenant_id,
            took.label("took"),
            sa.func.row_number().over(**of_tenant, order_by=took).label("rank"),
            sa.func.count().over(**of_tenant).label("of"),
        )
        .where(population, end.is_not(None))
        .subquery()
        .c
    )
    query = sa.select(
        ranked.tenant_id,
        sa.func.count().label("amount"),
        sa.func.avg(ranked.took).label("mean"),
        sa.func.max(ranked.took).label("longest"),
        _percentile(ranked, 50).label("p50"),
        _percentile(ranked, 90).label("p90"),
    ).group_by(ranked.tenant_id)
    return {
        row.tenant_id: Durations(
            row.amount, *(float(each) / _MICROSECONDS for each in (row.p50, row.p90, row.mean, row.longest))
        )
        for row in connection.execute(query)
    }


def _percentile(ranked: Any, percent: int) -> sa.ColumnElement[Any]:
    """The nearest-rank percentile: the value at rank ceil(n * percent / 100)."""
    return sa.func.max(sa.case((ranked.rank == (ranked.of * percent + 99) // 100, ranked.took)))


def _same(table: sa.Table, tenant_id: Any, identifier: Any) -> sa.ColumnElement[bool]:
    return sa.and_(table.c.tenant_id == tenant_id, table.c.id == identifier)
