"""The life of an incident: how its status and its times hang together.

Active, the end may be unset or set by hand. Resolving closes it and sets an end that nobody set. Reopening clears both
and starts anew; the timeline keeps what was. A change to what is already there is no change: these functions then
return the incident itself, and say nothing to the timeline or to webhooks.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from itertools import chain

from quarterdeck.errors import Conflict, FieldViolation, Invalid, Reason
from quarterdeck.incidents import timeline
from quarterdeck.incidents.incident import ActivityDraft, Category, Incident, IncidentType, Status
from quarterdeck.incidents.times import format_time
from quarterdeck.incidents.webhooks.event_names import Event

_QUOTED_IN_ERRORS = 80


class IncidentEvent(StrEnum):
    """The two moments of an incident that people correct by hand."""

    START = "incidentStart"
    END = "incidentEnd"


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of an incident, what its timeline says, and what webhooks are told, both in order."""

    incident: Incident
    activity: tuple[ActivityDraft, ...] = ()
    events: tuple[Event, ...] = ()


@dataclass(frozen=True, slots=True)
class OpeningTimes:
    """The times of an incident that is being declared."""

    created_at: datetime
    started_at: datetime
    ended_at: datetime | None
    closed_at: datetime | None


def opening_times(now: datetime, category: Category) -> OpeningTimes:
    """The start is cut to whole seconds, as hosted does. Declared resolved, for the record, it ends as it begins."""
    ended_at = now if category is Category.RESOLVED else None
    return OpeningTimes(now, now.replace(microsecond=0), ended_at, ended_at)


def choose_status(
    name: str, statuses: Iterable[Status], incident_type: IncidentType, *, archived_ids: Collection[str] = ()
) -> Status:
    """The status that a caller names by its id, its slug or its name, the last two in any case.

    `active` and `resolved` always name a status: the first of that category when no status is called so. Raises
    `Invalid` for a name that no status has, and `Conflict` for a status that is archived or belongs to the other
    incidentType.
    """
    known = tuple(statuses)
    usable = [each for each in known if each.incident_type == incident_type and each.id not in archived_ids]
    if chosen := _named(name, usable) or _of_category(name, usable):
        return chosen
    if unusable := _named(name, known):
        why = "is archived" if unusable.id in archived_ids else f"belongs to {unusable.incident_type} incidents"
        raise Conflict(Reason.STATUS_TRANSITION_INVALID, f"status {_shown(name)} {why}; accepted: {_names(usable)}")
    raise _invalid("status", f"status {_shown(name)} is unknown; accepted: {_names(usable)}")


def change_status(incident: Incident, current: Status, target: Status, now: datetime) -> Decision:
    """Set a status. The times change only when the category does.

    Resolving: closedTime is now, and so is incidentEnd, unless it was set by hand; the timeline gains
    incidentStatusChanged, incidentEnd and incidentClosed. Reopening clears both, also an end set by hand.
    """
    if target.id == current.id:
        return Decision(incident)
    changed = replace(incident, status=target.category, status_id=target.id)
    said = timeline.status_changed(target, current)
    if target.category is incident.status:
        return Decision(changed, (said,), (Event.UPDATED_STATUS,))
    if target.category is Category.ACTIVE:
        return Decision(replace(changed, closed_at=None, ended_at=None), (said,), (Event.UPDATED_STATUS,))
    ended_at = incident.ended_at or now
    return Decision(
        replace(changed, closed_at=now, ended_at=ended_at),
        (said, timeline.incident_end(ended_at, incident.ended_at), timeline.incident_closed(now)),
        (Event.UPDATED_STATUS, Event.CLOSED),
    )


def event_named(event_name: str, activity_item_kind: str = "") -> IncidentEvent:
    """Which moment UpdateIncidentEventTime is about. Old clients send only the second; the first wins.

    Raises Invalid for anything but incidentStart and incidentEnd.
    """
    given = event_name or activity_item_kind
    if given not in set(IncidentEvent):
        raise _invalid("eventName", f"{_shown(given)} is not an event; accepted: {', '.join(IncidentEvent)}")
    return IncidentEvent(given)


def change_event_time(incident: Incident, event: IncidentEvent, moment: datetime | None) -> Decision:
    """Correct when an incident began or ended; None clears the end of an active incident.

    Raises Invalid for an end before the start, and for clearing anything else.
    """
    if event is IncidentEvent.START:
        return _change_start(incident, moment)
    if moment is None and incident.status is Category.RESOLVED:
        raise _invalid("eventTime", "the end of a resolved incident cannot be cleared; a time is needed")
    _check_times(incident.started_at, moment)
    if moment == incident.ended_at:
        return Decision(incident)
    said = timeline.incident_end(moment, incident.ended_at)
    return Decision(replace(incident, ended_at=moment), (said,), (Event.UPDATED,))


def _change_start(incident: Incident, moment: datetime | None) -> Decision:
    if moment is None:
        raise _invalid("eventTime", "the start cannot be cleared; a time is needed")
    _check_times(moment, incident.ended_at)
    if moment == incident.started_at:
        return Decision(incident)
    said = timeline.incident_start(moment, incident.started_at)
    return Decision(replace(incident, started_at=moment), (said,), (Event.UPDATED,))


def _check_times(started_at: datetime, ended_at: datetime | None) -> None:
    if ended_at is not None and ended_at < started_at:
        times = f"{format_time(ended_at)} lies before the start, {format_time(started_at)}"
        raise _invalid("eventTime", f"the end, {times}; it has to be at the start or later")


def _named(name: str, statuses: Collection[Status]) -> Status | None:
    wanted = name.casefold()
    if not wanted:
        return None
    by_id = (each for each in statuses if each.id == name)
    by_slug = (each for each in statuses if each.slug.casefold() == wanted)
    by_name = (each for each in statuses if each.name.casefold() == wanted)
    return next(chain(by_id, by_slug, by_name), None)


def _of_category(name: str, statuses: Collection[Status]) -> Status | None:
    return next((each for each in statuses if each.category.value == name.casefold()), None)


def _names(statuses: Collection[Status]) -> str:
    return ", ".join(each.name for each in statuses)


def _shown(text: str) -> str:
    return repr(text[:_QUOTED_IN_ERRORS])


def _invalid(field: str, why: str) -> Invalid:
    return Invalid(Reason.FIELD_INVALID, why, violations=(FieldViolation(field, why),), metadata={"field": field})
