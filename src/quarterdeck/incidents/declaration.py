"""Declaring an incident: what may be said of it, and everything that comes with it, in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

import orjson

from quarterdeck.database import Connection
from quarterdeck.errors import FieldViolation, Invalid, Reason
from quarterdeck.incidents import change as changes
from quarterdeck.incidents import timeline
from quarterdeck.incidents.change import QueueDeliveries
from quarterdeck.incidents.incident import Actor, Category, Incident, IncidentType, IncidentView
from quarterdeck.incidents.labelling import known_labels
from quarterdeck.incidents.labels import check_room_for
from quarterdeck.incidents.lifecycle import choose_status, opening_times
from quarterdeck.incidents.limits import CAPTION, NAME, NOTE, ROOM_PREFIX, check_length, check_title, check_url
from quarterdeck.incidents.severities import choose_severity
from quarterdeck.incidents.slugs import slug
from quarterdeck.incidents.store import declaration as store
from quarterdeck.incidents.store import incidents, key_updates, labels
from quarterdeck.incidents.store.declaration import ContextDraft
from quarterdeck.incidents.store.key_updates import KeyUpdate
from quarterdeck.incidents.webhooks.event_names import Event

GENERIC_URL = "genericURL"
ALERT_GROUP = "grafana.alertGroup"
PLAIN_TEXT = "text/plain"
SCOPE = "internal"
_QUOTED_IN_ERRORS = 80


@dataclass(frozen=True, slots=True)
class Declaration:
    """What somebody says of a new incident; empty text takes the default."""

    title: str
    severity: str = ""
    """A label in any case, or an id; Pending when empty."""
    status: str = ""
    """active when empty; resolved for one that is over."""
    incident_type: str = ""
    """internal when empty."""
    is_drill: bool = False
    room_prefix: str = ""
    labels: tuple[tuple[str, str], ...] = ()
    """Keys, `tags` when empty, and values."""
    contexts: tuple[ContextDraft, ...] = ()
    status_update: str = ""
    """Becomes the first key update."""


def generic_url(url: str, caption: str, *, alert_group_id: str | None = None) -> ContextDraft:
    """A link as a context. Raises Invalid for what is no web address, or too long."""
    check_url("attach_url", url)
    check_length("attach_caption", caption, CAPTION)
    payload = orjson.dumps({"url": url, "caption": caption}).decode()
    return ContextDraft(str(uuid4()), GENERIC_URL, caption, url, payload, alert_group_id)


def alert_group(alert_group_id: str, caption: str = "") -> ContextDraft:
    """An alert group without a link, as a context. Raises Invalid for an id or a caption that is too long."""
    check_length("alert_group_id", alert_group_id, NAME, minimum=1)
    check_length("attach_caption", caption, CAPTION)
    payload = orjson.dumps({"alertGroupID": alert_group_id}).decode()
    return ContextDraft(str(uuid4()), ALERT_GROUP, caption, "", payload, alert_group_id)


def check_declaration(declaration: Declaration) -> None:
    """Raise Invalid for what needs no look at the organisation's settings."""
    check_title(declaration.title)
    check_length("room_prefix", declaration.room_prefix, ROOM_PREFIX)
    check_length("initial_status_update", declaration.status_update, NOTE)
    check_incident_type(declaration.incident_type)


def check_incident_type(text: str) -> IncidentType:
    """The type that a caller names, internal for empty text. Raises Invalid for any other word."""
    if text and text not in set(IncidentType):
        why = f"incidentType {text[:_QUOTED_IN_ERRORS]!r} is unknown; accepted: {', '.join(IncidentType)}"
        raise Invalid(Reason.FIELD_INVALID, why, violations=(FieldViolation("incident_type", why),))
    return IncidentType(text or IncidentType.INTERNAL)


def declare(
    connection: Connection,
    tenant_id: str,
    declaration: Declaration,
    *,
    actor: Actor,
    at: datetime,
    queue: QueueDeliveries,
) -> IncidentView:
    """A new incident with its labels, contexts, first key update and timeline; `organisation.ensure` comes before.

    Raises Invalid for text over a limit and for a severity or status that nobody knows, Conflict for a status that
    cannot be chosen.
    """
    check_declaration(declaration)
    view = _view(connection, tenant_id, declaration, actor, at)
    incident_id = view.incident.id
    labels.add_labels(connection, tenant_id, incident_id, view.labels, behind=0)
    store.add_contexts(connection, tenant_id, incident_id, declaration.contexts, by=actor.user.id, at=at)
    if declaration.status_update:
        key_updates.add(connection, tenant_id, _first_update(view, declaration.status_update))
    change = changes.declare(connection, tenant_id, view, actor=actor, at=at, queue=queue)
    _tell(change, view, declaration.contexts)
    return change.finish()


def _view(connection: Connection, tenant_id: str, declaration: Declaration, actor: Actor, at: datetime) -> IncidentView:
    choices = store.choices(connection, tenant_id)
    severity = choose_severity(declaration.severity, choices.severities, archived_ids=choices.archived_ids)
    incident_type = check_incident_type(declaration.incident_type)
    wanted = declaration.status or Category.ACTIVE
    status = choose_status(wanted, choices.statuses, incident_type, archived_ids=choices.archived_ids)
    on = known_labels(connection, tenant_id, declaration.labels, at)
    check_room_for(on, adding=0)
    times = opening_times(at, status.category)
    incident = Incident(
        # The last thing that can make others wait: ids have no gaps.
        id=incidents.next_id(connection, tenant_id),
        title=declaration.title,
        slug=slug(declaration.title),
        description="",
        summary="",
        status=status.category,
        status_id=status.id,
        severity_id=severity.id,
        incident_type=incident_type,
        is_drill=declaration.is_drill,
        room_prefix=declaration.room_prefix,
        created_by=actor.user.id,
        created_at=times.created_at,
        modified_at=times.created_at,
        started_at=times.started_at,
        ended_at=times.ended_at,
        closed_at=times.closed_at,
    )
    return IncidentView(incident, severity, actor.user, labels=on, tenant_id=tenant_id)


def _first_update(view: IncidentView, content: str) -> KeyUpdate:
    incident = view.incident
    return KeyUpdate(
        id=str(uuid4()),
        incident_id=incident.id,
        title=None,
        color=None,
        content=content,
        content_type=PLAIN_TEXT,
        status_id=incident.status_id,
        severity_id=incident.severity_id,
        scope=SCOPE,
        created_by=view.creator,
        modified_by=view.creator,
        created_at=incident.created_at,
        modified_at=incident.created_at,
    )


def _tell(change: changes.Change, view: IncidentView, contexts: Sequence[ContextDraft]) -> None:
    change.append(timeline.incident_created(view.incident, view.severity))
    for context in contexts:
        change.append(timeline.context_attached(context.id, context.url, context.title))
    for label in view.labels:
        change.append(timeline.label_added(label))
    change.append(timeline.incident_start(view.incident.started_at, None))
    change.announce(Event.CREATED)
