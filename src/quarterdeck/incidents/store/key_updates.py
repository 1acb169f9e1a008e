"""Key updates: what is told about an incident while it goes on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from quarterdeck.database import Connection, Text, Timestamp
from quarterdeck.errors import NotFound, Reason
from quarterdeck.incidents.incident import User
from quarterdeck.incidents.store import tables as t
from quarterdeck.incidents.store.incidents import find_users

_QUOTED_IN_ERRORS = 80
_COLUMNS = t.key_updates.c


@dataclass(frozen=True, slots=True)
class KeyUpdate:
    """A key update as it was sent; `content` is in `content_type`."""

    id: str
    incident_id: int
    title: str | None
    color: str | None
    content: str
    content_type: str
    status_id: str
    severity_id: str
    scope: str
    created_by: User
    modified_by: User
    created_at: datetime
    modified_at: datetime


@dataclass(frozen=True, slots=True)
class PageOrder:
    """In which order to list: `field` is createdTime, modifiedTime or title; those behind the value and id `after`."""

    field: str = "createdTime"
    descending: bool = True
    after: tuple[Any, Any] | None = None


def add(connection: Connection, tenant_id: str, update: KeyUpdate) -> None:
    connection.execute(
        sa.insert(t.key_updates).values(
            tenant_id=tenant_id,
            incident_id=update.incident_id,
            id=update.id,
            created_by=update.created_by.id,
            created_at=update.created_at,
            **_values(update),
        )
    )


def replace_words(connection: Connection, tenant_id: str, update: KeyUpdate) -> None:
    """Writes everything but who made it when."""
    statement = sa.update(t.key_updates).where(_of(tenant_id, update.incident_id), _COLUMNS.id == update.id)
    connection.execute(statement.values(modified_by=update.modified_by.id, **_values(update)))


def delete(connection: Connection, tenant_id: str, incident_id: int, update_id: str) -> None:
    connection.execute(sa.delete(t.key_updates).where(_of(tenant_id, incident_id), _COLUMNS.id == update_id))


def get(connection: Connection, tenant_id: str, incident_id: int, update_id: str) -> KeyUpdate:
    """Raises `NotFound(KEY_UPDATE_NOT_FOUND)`."""
    query = sa.select(t.key_updates).where(_of(tenant_id, incident_id), _COLUMNS.id == update_id)
    row = connection.execute(query).mappings().one_or_none()
    if row is None:
        shown = update_id[:_QUOTED_IN_ERRORS]
        raise NotFound(Reason.KEY_UPDATE_NOT_FOUND, f"the incident has no key update {shown!r}", metadata={"id": shown})
    return _updates(connection, tenant_id, [row])[0]


def list_page(
    connection: Connection, tenant_id: str, incident_id: int, order: PageOrder, *, limit: int, scope: str = ""
) -> list[KeyUpdate]:
    """A page, those with equal values by id; of one scope or of all."""
    query = sa.select(t.key_updates).where(_of(tenant_id, incident_id))
    if scope:
        query = query.where(_COLUMNS.scope == scope)
    key = _keys()[order.field]
    if order.after is not None:
        here, there = sa.tuple_(key, _COLUMNS.id), sa.tuple_(*_literals(order))
        query = query.where(here < there if order.descending else here > there)
    sorted_ = query.order_by(*(each.desc() if order.descending else each.asc() for each in (key, _COLUMNS.id)))
    return _updates(connection, tenant_id, connection.execute(sorted_.limit(limit)).mappings().all())


def count(connection: Connection, tenant_id: str, incident_id: int) -> int:
    query = sa.select(sa.func.count()).where(_of(tenant_id, incident_id))
    return connection.execute(query).scalar_one()


def _keys() -> Mapping[str, sa.ColumnElement[Any]]:
    title = sa.func.coalesce(_COLUMNS.title_folded, sa.literal("", Text), type_=Text)
    return {"createdTime": _COLUMNS.created_at, "modifiedTime": _COLUMNS.modified_at, "title": title}


def _literals(order: PageOrder) -> tuple[sa.ColumnElement[Any], sa.ColumnElement[Any]]:
    value, last_id = order.after or (None, None)
    kind: Any = Text if order.field == "title" else Timestamp
    return sa.literal(value, kind), sa.literal(last_id, Text)


def _of(tenant_id: str, incident_id: int) -> sa.ColumnElement[bool]:
    return sa.and_(_COLUMNS.tenant_id == tenant_id, _COLUMNS.incident_id == incident_id)


def _values(update: KeyUpdate) -> dict[str, Any]:
    return {
        "title": update.title,
        "title_folded": None if update.title is None else update.title.casefold(),
        "color": update.color,
        "content": update.content,
        "content_type": update.content_type,
        "status_id": update.status_id,
        "severity_id": update.severity_id,
        "scope": update.scope,
        "modified_at": update.modified_at,
    }


def _updates(connection: Connection, tenant_id: str, rows: Sequence[Mapping[Any, Any]]) -> list[KeyUpdate]:
    mentioned = {row[name] for row in rows for name in ("created_by", "modified_by") if row[name]}
    people = find_users(connection, tenant_id, mentioned)
    return [
        KeyUpdate(
            **{name: row[name] for name in _AS_STORED},
            created_by=people[row["created_by"]],
            modified_by=people[row["modified_by"] or row["created_by"]],
        )
        for row in rows
    ]


_AS_STORED = (
    "id", "incident_id", "title", "color", "content", "content_type", "status_id", "severity_id", "scope",
    "created_at", "modified_at",
)  # fmt: skip
