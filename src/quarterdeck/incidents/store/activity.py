"""The timeline: items are appended with a change; notes are edited."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from quarterdeck.database import Connection, Prepared
from quarterdeck.incidents.incident import ActivityDraft, ActivityItem, User
from quarterdeck.incidents.store import tables as t
from quarterdeck.incidents.store.incidents import find_users

_ADD: Final = Prepared(sa.insert(t.activity_items))
_LAST_NUMBER: Final = sa.select(sa.func.max(t.activity_items.c.number)).where(
    t.activity_items.c.tenant_id == sa.bindparam("tenant"), t.activity_items.c.incident_id == sa.bindparam("incident")
)


def append(
    connection: Connection,
    tenant_id: str,
    incident_id: int,
    drafts: Sequence[ActivityDraft],
    *,
    actor: User,
    at: datetime,
    is_new: bool = False,
) -> tuple[ActivityItem, ...]:
    """Add items in order. The caller holds the incident's lock, so numbers are free of gaps and races; with `is_new`,
    the incident has no items yet."""
    if not drafts:
        return ()
    first = 1 if is_new else _last_number(connection, tenant_id, incident_id) + 1
    rows = [
        {
            "tenant_id": tenant_id,
            "incident_id": incident_id,
            "number": first + offset,
            "kind": draft.kind,
            "body": draft.body,
            "field_values": dict(draft.field_values),
            "user_id": actor.id,
            "subject_user_id": draft.subject_user_id,
            "event_time": draft.event_time or at,
            "created_at": at,
            "immutable": draft.immutable,
            "relevance": "automatic",
            "tags": [],
            "url": draft.url,
            "attachments": [dict(attachment) for attachment in draft.attachments],
        }
        for offset, draft in enumerate(drafts)
    ]
    _ADD.run_many(connection, rows)
    return _items(connection, tenant_id, rows, actor)


def _last_number(connection: Connection, tenant_id: str, incident_id: int) -> int:
    return connection.execute(_LAST_NUMBER, {"tenant": tenant_id, "incident": incident_id}).scalar() or 0


def _items(
    connection: Connection, tenant_id: str, rows: Sequence[Mapping[str, Any]], actor: User
) -> tuple[ActivityItem, ...]:
    subjects = {row["subject_user_id"] for row in rows} - {None, actor.id}
    people = {actor.id: actor, **(find_users(connection, tenant_id, subjects) if subjects else {})}
    return tuple(item_of(row, people) for row in rows)


def item_of(row: Mapping[Any, Any], people: Mapping[str, User]) -> ActivityItem:
    """An item from its row."""
    return ActivityItem(
        incident_id=row["incident_id"],
        number=row["number"],
        kind=row["kind"],
        body=row["body"],
        field_values=row["field_values"],
        user=people[row["user_id"]],
        subject_user=people.get(row["subject_user_id"]) if row["subject_user_id"] else None,
        event_time=row["event_time"],
        created_at=row["created_at"],
        immutable=row["immutable"],
        relevance=row["relevance"],
        tags=tuple(row["tags"]),
        url=row["url"],
        attachments=tuple(row["attachments"]),
    )
