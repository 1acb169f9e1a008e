"""What is attached to an incident beyond its own record, with who attached it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from quarterdeck.database import Connection, Text, Timestamp
from quarterdeck.incidents.incident import User
from quarterdeck.incidents.store import tables as t

_COLUMNS = t.contexts.c


@dataclass(frozen=True, slots=True)
class Context:
    """Something that was attached. `payload` is JSON."""

    id: str
    incident_id: int
    type: str
    title: str
    description: str
    payload: str
    alert_group_id: str | None
    creator: User
    creator_login: str
    created_at: datetime
    modified_at: datetime


@dataclass(frozen=True, slots=True)
class ContextSelection:
    """Which contexts; empty means all."""

    type: str = ""
    alert_group_id: str = ""


@dataclass(frozen=True, slots=True)
class ContextOrder:
    """In which order: `field` is createdTime or modifiedTime; those behind the time and id `after`."""

    field: str = "createdTime"
    descending: bool = True
    after: tuple[Any, Any] | None = None


def list_page(
    connection: Connection,
    tenant_id: str,
    incident_id: int,
    selection: ContextSelection,
    order: ContextOrder,
    *,
    limit: int,
) -> list[Context]:
    """A page, those of one moment by id."""
    query = _WITH_CREATOR.where(
        _COLUMNS.tenant_id == tenant_id, _COLUMNS.incident_id == incident_id, *_selected(selection)
    )
    key = _COLUMNS.modified_at if order.field == "modifiedTime" else _COLUMNS.created_at
    if order.after is not None:
        here = sa.tuple_(key, _COLUMNS.id)
        there = sa.tuple_(sa.literal(order.after[0], Timestamp), sa.literal(order.after[1], Text))
        query = query.where(here < there if order.descending else here > there)
    sorted_ = query.order_by(*(each.desc() if order.descending else each.asc() for each in (key, _COLUMNS.id)))
    return [_context(row) for row in connection.execute(sorted_.limit(limit)).mappings()]


def _selected(selection: ContextSelection) -> list[sa.ColumnElement[bool]]:
    conditions: list[sa.ColumnElement[bool]] = []
    if selection.type:
        conditions.append(_COLUMNS.type == selection.type)
    if selection.alert_group_id:
        conditions.append(_COLUMNS.alert_group_id == selection.alert_group_id)
    return conditions


def _context(row: Mapping[Any, Any]) -> Context:
    return Context(
        id=row["id"],
        incident_id=row["incident_id"],
        type=row["type"],
        title=row["title"],
        description=row["description"],
        payload=row["payload"],
        alert_group_id=row["alert_group_id"],
        creator=User(row["created_by"], row["name"] or "", row["email"] or "", row["photo_url"] or ""),
        creator_login=row["grafana_login"] or "",
        created_at=row["created_at"],
        modified_at=row["modified_at"],
    )


_WITH_CREATOR = sa.select(
    t.contexts, t.users.c.name, t.users.c.email, t.users.c.photo_url, t.users.c.grafana_login
).outerjoin_from(
    t.contexts, t.users, sa.and_(t.users.c.tenant_id == _COLUMNS.tenant_id, t.users.c.id == _COLUMNS.created_by)
)
