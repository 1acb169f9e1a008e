"""What declaring an incident reads and writes besides the incident itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from quarterdeck.database import Connection, Prepared
from quarterdeck.incidents.incident import Category, Severity, Status
from quarterdeck.incidents.query.evaluation import context_search_text
from quarterdeck.incidents.store import tables as t


@dataclass(frozen=True, slots=True)
class Choices:
    """The severities and statuses of an organisation, and which of them are archived."""

    severities: tuple[Severity, ...]
    statuses: tuple[Status, ...]
    archived_ids: frozenset[str]


@dataclass(frozen=True, slots=True)
class ContextDraft:
    """Something to attach to an incident. `payload` is JSON; `title` and `url` are what it is found by."""

    id: str
    type: str
    title: str
    url: str
    payload: str
    alert_group_id: str | None = None


_NO_TEXT = sa.literal("", t.statuses.c.name.type)
_CHOICES = Prepared(
    sa.union_all(
        sa.select(
            t.severities.c.id,
            t.severities.c.label.label("name"),
            t.severities.c.archived_at.is_not(None).label("archived"),
            t.severities.c.level,
            _NO_TEXT.label("incident_type"),
            _NO_TEXT.label("category"),
            _NO_TEXT.label("slug"),
        ).where(t.severities.c.tenant_id == sa.bindparam("tenant"), t.severities.c.deleted_at.is_(None)),
        sa.select(
            t.statuses.c.id,
            t.statuses.c.name,
            t.statuses.c.archived,
            t.statuses.c.position,
            t.statuses.c.incident_type,
            t.statuses.c.category,
            t.statuses.c.slug,
        ).where(t.statuses.c.tenant_id == sa.bindparam("tenant")),
    ).order_by("level")
)
"""One statement for both: every declaration needs them."""

_ADD_CONTEXTS = Prepared(sa.insert(t.contexts))


def choices(connection: Connection, tenant_id: str) -> Choices:
    """What may be chosen, statuses in the order of their positions."""
    rows = _CHOICES.all(connection, {"tenant": tenant_id})
    return Choices(
        severities=tuple(Severity(row.id, row.name, row.level) for row in rows if not row.category),
        statuses=tuple(
            Status(row.id, row.incident_type, Category(row.category), row.name, row.slug)
            for row in rows
            if row.category
        ),
        archived_ids=frozenset(row.id for row in rows if row.archived),
    )


def add_contexts(
    connection: Connection, tenant_id: str, incident_id: int, drafts: Sequence[ContextDraft], *, by: str, at: datetime
) -> None:
    rows = [_context_row(tenant_id, incident_id, draft, by, at) for draft in drafts]
    if rows:
        _ADD_CONTEXTS.run_many(connection, rows)


def _context_row(tenant_id: str, incident_id: int, draft: ContextDraft, by: str, at: datetime) -> dict[str, Any]:
    return {
        "tenant_id": tenant_id,
        "incident_id": incident_id,
        "id": draft.id,
        "type": draft.type,
        "title": draft.title,
        "search_text": context_search_text(draft.title, draft.url),
        "description": "",
        "payload": draft.payload,
        "alert_group_id": draft.alert_group_id,
        "created_by": by,
        "created_at": at,
        "modified_at": at,
    }
