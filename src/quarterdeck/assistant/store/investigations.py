"""Investigations: what they are about, and the chats that they run in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from quarterdeck.assistant.run import storable
from quarterdeck.assistant.store import tables as t
from quarterdeck.database import Connection
from quarterdeck.errors import NotFound, Reason

_QUOTED = 80


@dataclass(frozen=True, slots=True)
class InvestigationRecord:
    """One row. Its newest run is the chat's."""

    tenant_id: str
    id: str
    title: str
    description: str
    incident_id: str
    chat_id: str
    source: str
    created_at: datetime
    properties: Mapping[str, Any] = field(default_factory=dict)
    activity_item_id: str = ""


def add(connection: Connection, investigation: InvestigationRecord) -> None:
    """A new investigation."""
    row = asdict(investigation)
    row |= {name: storable(row[name]) for name in ("title", "description")}
    connection.execute(sa.insert(t.investigations).values(row))


def find(connection: Connection, tenant_id: str, investigation_id: str) -> InvestigationRecord:
    """Raises `NotFound(INVESTIGATION_NOT_FOUND)`."""
    query = sa.select(t.investigations).where(_is(tenant_id, investigation_id))
    row = connection.execute(query).mappings().one_or_none()
    if row is None:
        shown = investigation_id[:_QUOTED]
        raise NotFound(Reason.INVESTIGATION_NOT_FOUND, f"there is no investigation {shown!r}")
    return _record(row)


def list_all(
    connection: Connection, tenant_id: str, *, incident_id: str = "", limit: int, offset: int
) -> tuple[list[InvestigationRecord], int]:
    """A page of investigations, the newest first, and how many there are."""
    where = [t.investigations.c.tenant_id == tenant_id]
    if incident_id:
        where.append(t.investigations.c.incident_id == incident_id)
    total = connection.execute(sa.select(sa.func.count()).select_from(t.investigations).where(*where)).scalar_one()
    query = sa.select(t.investigations).where(*where)
    query = query.order_by(t.investigations.c.created_at.desc(), t.investigations.c.id).limit(limit).offset(offset)
    return [_record(row) for row in connection.execute(query).mappings()], total


def set_activity_item(connection: Connection, tenant_id: str, investigation_id: str, item_id: str) -> None:
    """The entry of the incident's timeline that has the answer."""
    connection.execute(
        sa.update(t.investigations).where(_is(tenant_id, investigation_id)).values(activity_item_id=item_id)
    )


def _is(tenant_id: str, investigation_id: str) -> sa.ColumnElement[bool]:
    return sa.and_(t.investigations.c.tenant_id == tenant_id, t.investigations.c.id == investigation_id)


def _record(row: Mapping[Any, Any]) -> InvestigationRecord:
    return InvestigationRecord(**{name: row[name] for name in InvestigationRecord.__slots__})
