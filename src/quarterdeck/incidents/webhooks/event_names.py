"""The events that outgoing webhooks tell of, and which of them a hook wants."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from quarterdeck.errors import FieldViolation, Invalid, Reason


class Event(StrEnum):
    """The `event` of a payload. Hosted documents those in `DOCUMENTED`, the rest are Quarterdeck's own."""

    CREATED = "grafana.incident.created"
    UPDATED_ROLE = "grafana.incident.updated.role"
    UPDATED_STATUS = "grafana.incident.updated.status"
    UPDATED_TITLE = "grafana.incident.updated.title"
    UPDATED_SEVERITY = "grafana.incident.updated.severity"
    ADDED_LABEL = "grafana.incident.added.label"
    REMOVED_LABEL = "grafana.incident.removed.label"
    CLOSED = "grafana.incident.closed"
    """On resolve, right behind `UPDATED_STATUS`."""
    DELETED = "grafana.incident.deleted"
    UPDATED = "grafana.incident.updated"
    """Any other change; only hooks that name it hear of it."""


class HookEventName(StrEnum):
    """What an enabled hook listens for."""

    INCIDENT_CREATED = "incidentCreated"
    INCIDENT_UPDATED = "incidentUpdated"
    INCIDENT_CLOSED = "incidentClosed"
    INCIDENT_DELETED = "incidentDeleted"
    INCIDENT_FILTER = "incidentFilter"
    """Every event by which an incident begins to match the hook's query; the caller has to know that."""
    MANUALLY_TRIGGERED = "manuallyTriggered"
    """Nothing by itself; somebody triggers it, and it is sent as `Event.UPDATED`."""


DOCUMENTED = frozenset(
    {
        Event.CREATED,
        Event.UPDATED_ROLE,
        Event.UPDATED_STATUS,
        Event.UPDATED_TITLE,
        Event.UPDATED_SEVERITY,
        Event.ADDED_LABEL,
        Event.REMOVED_LABEL,
    }
)
SENT_BY_DEFAULT = DOCUMENTED | {Event.CLOSED}
"""What a hook hears of that names no events."""

_UPDATES = frozenset(event for event in Event if event.split(".")[2] in {"updated", "added", "removed"})

HEARD: Mapping[HookEventName, frozenset[Event]] = {
    HookEventName.INCIDENT_CREATED: frozenset({Event.CREATED}),
    HookEventName.INCIDENT_UPDATED: _UPDATES,
    HookEventName.INCIDENT_CLOSED: frozenset({Event.CLOSED}),
    HookEventName.INCIDENT_DELETED: frozenset({Event.DELETED}),
    HookEventName.INCIDENT_FILTER: frozenset(Event),
    HookEventName.MANUALLY_TRIGGERED: frozenset(),
}
"""The events that each name stands for, before the hook's own `events` narrow or widen them."""


def parse_events(text: str, *, field: str = "events") -> frozenset[Event]:
    """The events of a comma list; `SENT_BY_DEFAULT` for an empty one. Raises Invalid for a name that is no event."""
    names = [name for part in text.split(",") if (name := part.strip())]
    unknown = next((name for name in names if name not in set(Event)), None)
    if unknown is not None:
        why = f"{field}: {unknown[:80]!r} is no event; accepted: {', '.join(Event)}"
        raise Invalid(Reason.FIELD_INVALID, why, violations=(FieldViolation(field, why),), metadata={"field": field})
    return frozenset(map(Event, names)) or SENT_BY_DEFAULT


def hears(event: Event, event_name: HookEventName, events: str) -> bool:
    """Whether a hook with this eventName and this `events` text is told of an event.

    A hook that names events hears those. One that names none hears what its eventName stands for, without
    `Event.UPDATED`; but a hook with a filter hears of every change, because each may begin a match. Whether the filter
    does match, and whether the hook may see the incident, is for the caller.
    """
    if event_name is HookEventName.MANUALLY_TRIGGERED:
        return False
    if events.strip(", "):
        return event in parse_events(events)
    return event in HEARD[event_name] and (event is not Event.UPDATED or event_name is HookEventName.INCIDENT_FILTER)
