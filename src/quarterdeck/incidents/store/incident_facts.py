"""What a hook's filter looks at, of one incident as it is in this transaction."""

from __future__ import annotations

import sqlalchemy as sa

from quarterdeck.database import Connection
from quarterdeck.incidents.incident import IncidentView
from quarterdeck.incidents.query.evaluation import IncidentFacts, LabelFact, folded
from quarterdeck.incidents.store import tables as t


def facts_of(connection: Connection, tenant_id: str, view: IncidentView) -> IncidentFacts:
    incident = view.incident
    status_name, status_slug = _status(connection, tenant_id, incident.status_id)
    return IncidentFacts(
        title=incident.title,
        status=incident.status,
        is_drill=incident.is_drill,
        declared=incident.created_at,
        started=incident.started_at,
        resolved=incident.closed_at,
        ended=incident.ended_at,
        status_name=status_name,
        status_slug=status_slug,
        severity_id=view.severity.id,
        severity_label=view.severity.label,
        created_by_email=view.creator.email,
        field_texts=_field_texts(connection, tenant_id, incident.id),
        labels=tuple(LabelFact(label.key, label.value) for label in view.labels),
        context_texts=_context_texts(connection, tenant_id, incident.id),
        roles=tuple(each.role.name for each in view.assignments),
        role_emails=tuple(each.user.email for each in view.assignments if each.user.email),
    )


def _status(connection: Connection, tenant_id: str, status_id: str) -> tuple[str, str]:
    query = sa.select(t.statuses.c.name, t.statuses.c.slug).where(
        t.statuses.c.tenant_id == tenant_id, t.statuses.c.id == status_id
    )
    row = connection.execute(query).one_or_none()
    return ("", "") if row is None else (row.name, row.slug)


def _field_texts(connection: Connection, tenant_id: str, incident_id: int) -> dict[str, str]:
    joined = sa.and_(t.fields.c.tenant_id == t.field_values.c.tenant_id, t.fields.c.uuid == t.field_values.c.field_uuid)
    query = (
        sa.select(t.fields.c.slug, t.field_values.c.search_text)
        .join(t.fields, joined)
        .where(t.field_values.c.tenant_id == tenant_id, t.field_values.c.incident_id == incident_id)
    )
    return {folded(row.slug): row.search_text for row in connection.execute(query)}


def _context_texts(connection: Connection, tenant_id: str, incident_id: int) -> tuple[str, ...]:
    query = sa.select(t.contexts.c.search_text).where(
        t.contexts.c.tenant_id == tenant_id, t.contexts.c.incident_id == incident_id
    )
    return tuple(connection.execute(query).scalars())
