"""A post-incident review from what the API tells."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson
from google.protobuf.timestamp_pb2 import Timestamp

from quarterdeck.gen.incident.v1 import activity_pb2, field_pb2, incident_pb2, key_update_pb2, user_pb2
from quarterdeck.incidents.review import (
    Review,
    ReviewItem,
    ReviewLabel,
    ReviewRole,
    ReviewTask,
    ReviewUpdate,
)

_ARCHIVED = "archive"


@dataclass(frozen=True, slots=True)
class Record:
    """Everything that the API tells about an incident. The timeline and the key updates begin with the oldest; key
    updates are plain text."""

    incident: incident_pb2.Incident
    timeline: Sequence[activity_pb2.ActivityItem]
    key_updates: Sequence[key_update_pb2.KeyUpdate]
    field_values: Sequence[field_pb2.FieldValue]


def review_of(record: Record, *, now: datetime, server: str) -> Review:
    """Items that somebody archived are left out. `server` is where links lead."""
    incident = record.incident
    timeline = [item for item in record.timeline if item.relevance != _ARCHIVED]
    return Review(
        incident_id=incident.incident_id,
        title=incident.title,
        severity=incident.severity,
        status=incident.status,
        is_drill=incident.is_drill,
        created_by=_name(incident.created_by_user),
        created_at=_time(incident.created_time),
        started_at=_time(incident.incident_start),
        now=now,
        ended_at=_optional_time(incident, "incident_end"),
        closed_at=_optional_time(incident, "closed_time"),
        acknowledged_at=_acknowledged_at(record.timeline),
        overview_url=f"{server}{incident.overview_url}",
        summary=incident.summary,
        roles=_roles(record),
        labels=[ReviewLabel(label.key, label.label) for label in incident.labels],
        fields=[(each.field.name, text) for each in record.field_values if (text := field_text(each))],
        tasks=[ReviewTask(task.text, task.status, _name(task.assigned_user)) for task in incident.task_list.tasks],
        timeline=[_item(item) for item in timeline],
        updates=[
            ReviewUpdate(_time(update.created_time), _name(update.created_by), update.content, update.title)
            for update in record.key_updates
        ],
    )


def field_text(value: field_pb2.FieldValue) -> str:
    """The value of a custom field for people: options by their label or value, everything else as it is."""
    try:
        decoded = orjson.loads(value.value) if value.value else ""
    except orjson.JSONDecodeError:
        return value.value
    options = {option.uuid: option.label or option.value for option in value.field.selectoptions}
    several = decoded if isinstance(decoded, list) else [decoded]
    return ", ".join(_shown(each, options) for each in several)


def _shown(value: Any, options: Mapping[str, str]) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return options.get(value, value) if isinstance(value, str) else orjson.dumps(value).decode()


def _item(item: activity_pb2.ActivityItem) -> ReviewItem:
    return ReviewItem(
        at=_time(item.event_time),
        kind=item.activity_kind,
        person=_name(item.user),
        subject=_name(item.subject_user),
        body=item.body,
        field_values={key: _plain(item.field_values[key]) for key in item.field_values},
    )


def _plain(value: Any) -> str | bool:
    """What the server's own items carry; a note may carry anything, but no sentence names that."""
    return value if isinstance(value, str | bool) else ""


def _roles(record: Record) -> list[ReviewRole]:
    """Each with the time when it was last given, which only the timeline knows."""
    given = {
        (_text(item, "roleID"), item.subject_user.user_id): _time(item.created_time)
        for item in _assignments(record.timeline)
    }
    return [
        ReviewRole(each.role.name, _name(each.user), given.get((str(each.role_id), each.user.user_id)))
        for each in record.incident.incident_membership.assignments
    ]


def _acknowledged_at(timeline: Iterable[activity_pb2.ActivityItem]) -> datetime | None:
    return min((_time(item.created_time) for item in _assignments(timeline)), default=None)


def _assignments(timeline: Iterable[activity_pb2.ActivityItem]) -> list[activity_pb2.ActivityItem]:
    """In the order in which they were written, which their event times need not have."""
    found = [item for item in timeline if item.activity_kind == "roleAssigned"]
    return sorted(found, key=lambda item: _time(item.created_time))


def _text(item: activity_pb2.ActivityItem, key: str) -> str:
    return item.field_values.fields[key].string_value if key in item.field_values.fields else ""


def _name(user: user_pb2.UserPreview) -> str:
    return user.name or user.user_id


def _time(stamp: Timestamp) -> datetime:
    return stamp.ToDatetime(UTC)


def _optional_time(incident: incident_pb2.Incident, field: str) -> datetime | None:
    return _time(getattr(incident, field)) if incident.HasField(field) else None
