"""Pages of incidents: those that a query asks for and the caller may see, in a strict order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import sqlalchemy as sa

from quarterdeck.database import Connection
from quarterdeck.incidents.incident import Actor, Incident, IncidentView
from quarterdeck.incidents.query.cursor import Keyset, KeyValue
from quarterdeck.incidents.query.ordering import KeyKind, Order
from quarterdeck.incidents.query.terms import Query
from quarterdeck.incidents.store import tables as t
from quarterdeck.incidents.store.conditions import condition_of
from quarterdeck.incidents.store.fields import INCIDENT_DOMAIN
from quarterdeck.incidents.store.incidents import incident_of, views, visible_to

_EARLIEST: Final = datetime.min.replace(tzinfo=UTC)
"""Where an unset time stands in an order: before every other."""

_KEYS: Final[dict[str, sa.ColumnElement[Any]]] = {
    "incidentID": t.incidents.c.id,
    "createdTime": t.incidents.c.created_at,
    "modifiedTime": t.incidents.c.modified_at,
    "title": t.incidents.c.title_folded,
    "status": t.incidents.c.status,
    "severity": t.severities.c.level,
    "prefix": t.incidents.c.room_prefix,
    "isDrill": t.incidents.c.is_drill,
    "incidentStart": t.incidents.c.started_at,
    "incidentEnd": sa.func.coalesce(t.incidents.c.ended_at, sa.literal(_EARLIEST, t.incidents.c.ended_at.type)),
    "closedTime": sa.func.coalesce(t.incidents.c.closed_at, sa.literal(_EARLIEST, t.incidents.c.closed_at.type)),
}
"""What each order field compares."""


@dataclass(frozen=True, slots=True)
class FieldValue:
    """What an incident has for a custom field, with both ids of the field."""

    field_uuid: str
    field_number: int
    value: str


Values = Mapping[int, Sequence[FieldValue]]
"""By incident."""


@dataclass(frozen=True, slots=True)
class Page:
    """Some incidents in order, and where the next page begins: None behind the last."""

    incidents: tuple[Incident, ...]
    next_keyset: Keyset | None


def page(
    connection: Connection,
    tenant_id: str,
    query: Query,
    *,
    order: Order,
    after: Keyset | None,
    limit: int,
    seen_by: Actor,
) -> Page:
    """At most `limit` of the incidents that `query` asks for and `seen_by` may see, those behind `after`."""
    key = _KEYS[order.field]
    statement = sa.select(t.incidents, key.label("order_key")).where(
        visible_to(tenant_id, seen_by), condition_of(connection, tenant_id, query)
    )
    if order.field == "severity":
        of_incident = (
            t.severities.c.tenant_id == t.incidents.c.tenant_id,
            t.severities.c.id == t.incidents.c.severity_id,
        )
        statement = statement.join(t.severities, sa.and_(*of_incident))
    if after is not None:
        statement = statement.where(_behind(key, order, after))
    columns = (key, t.incidents.c.id)
    statement = statement.order_by(*(column.desc() if order.descending else column.asc() for column in columns))
    rows = connection.execute(statement.limit(limit + 1)).mappings().all()
    last = rows[limit - 1] if len(rows) > limit else None
    return Page(
        tuple(incident_of(row) for row in rows[:limit]),
        None if last is None else Keyset(_key_value(order, last["order_key"]), last["id"]),
    )


def previews(
    connection: Connection, tenant_id: str, incidents: Sequence[Incident], *, membership: bool
) -> list[IncidentView]:
    """What previews show; who holds which role only when asked for."""
    return views(connection, tenant_id, incidents, tasks=False, membership=membership)


def field_values(connection: Connection, tenant_id: str, ids: Sequence[int]) -> Values:
    """What incidents have for custom fields that are not archived, in the order of the fields' numbers."""
    if not ids:
        return {}
    values, fields = t.field_values.c, t.fields.c
    statement = (
        sa.select(values.incident_id, values.field_uuid, fields.number, values.value)
        .join(t.fields, sa.and_(fields.tenant_id == values.tenant_id, fields.uuid == values.field_uuid))
        .where(
            values.tenant_id == tenant_id,
            values.incident_id.in_(ids),
            fields.domain == INCIDENT_DOMAIN,
            fields.archived.is_(False),
        )
        .order_by(values.incident_id, fields.number)
    )
    found: dict[int, list[FieldValue]] = {}
    for incident_id, field_uuid, number, value in connection.execute(statement):
        found.setdefault(incident_id, []).append(FieldValue(field_uuid, number, value))
    return found


def _behind(key: sa.ColumnElement[Any], order: Order, after: Keyset) -> sa.ColumnElement[bool]:
    value = _EARLIEST if after.value is None else after.value
    here = sa.tuple_(key, t.incidents.c.id)
    there = sa.tuple_(sa.literal(value, key.type), sa.literal(after.last_id, t.incidents.c.id.type))
    return here < there if order.descending else here > there


def _key_value(order: Order, value: Any) -> KeyValue:
    found: KeyValue = None if order.kind is KeyKind.TIME and value == _EARLIEST else value
    return found
