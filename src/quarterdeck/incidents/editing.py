"""Changing one thing of an incident: its title, severity, status, drill flag, or when it began or ended."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from quarterdeck.incidents import timeline
from quarterdeck.incidents.change import Change
from quarterdeck.incidents.incident import Status
from quarterdeck.incidents.lifecycle import (
    Decision,
    IncidentEvent,
    change_event_time,
    change_status,
    choose_status,
)
from quarterdeck.incidents.limits import check_title
from quarterdeck.incidents.severities import choose_severity
from quarterdeck.incidents.slugs import slug
from quarterdeck.incidents.store import declaration as store
from quarterdeck.incidents.webhooks.event_names import Event


def set_title(change: Change, title: str) -> None:
    """Raises Invalid for a title that is blank or too long."""
    check_title(title)
    previous = change.incident.title
    if title != previous:
        change.incident = replace(change.incident, title=title, slug=slug(title))
        change.append(timeline.title_changed(title, previous))
        change.announce(Event.UPDATED_TITLE)


def set_severity(change: Change, name: str) -> None:
    """Raises Invalid for a severity that is unknown, or archived and not the incident's already."""
    choices = store.choices(change.connection, change.tenant_id)
    current_id = change.incident.severity_id
    chosen = choose_severity(name, choices.severities, archived_ids=choices.archived_ids - {current_id})
    if chosen.id != current_id:
        previous = next(each for each in choices.severities if each.id == current_id)
        change.incident = replace(change.incident, severity_id=chosen.id)
        change.append(timeline.severity_changed(chosen, previous))
        change.announce(Event.UPDATED_SEVERITY)


def set_status(change: Change, name: str) -> None:
    """Resolve, reopen, or set a custom status. Raises Invalid for an unknown one, Conflict for one that is archived or
    belongs to the other type of incident."""
    choices = store.choices(change.connection, change.tenant_id)
    current = _current(change, choices.statuses)
    archived = choices.archived_ids - {current.id}
    target = choose_status(name, choices.statuses, change.incident.incident_type, archived_ids=archived)
    _follow(change, change_status(change.incident, current, target, change.at))


def set_is_drill(change: Change, *, is_drill: bool) -> None:
    if is_drill != change.incident.is_drill:
        change.incident = replace(change.incident, is_drill=is_drill)
        change.append(timeline.is_drill_changed(is_drill=is_drill))
        change.announce(Event.UPDATED)


def move_event(change: Change, event: IncidentEvent, moment: datetime | None) -> None:
    """Correct when it began or ended. Raises Invalid as `change_event_time` does."""
    _follow(change, change_event_time(change.incident, event, moment))


def _follow(change: Change, decision: Decision) -> None:
    change.incident = decision.incident
    for draft in decision.activity:
        change.append(draft)
    for event in decision.events:
        change.announce(event)


def _current(change: Change, statuses: tuple[Status, ...]) -> Status:
    return next(each for each in statuses if each.id == change.incident.status_id)
