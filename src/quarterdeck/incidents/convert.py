"""Between the messages of the incident API and the wing's values."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, NoReturn

from google.protobuf.timestamp_pb2 import Timestamp

from quarterdeck.errors import FieldViolation, Invalid, NotFound, Reason
from quarterdeck.gen.incident.v1 import (
    field_pb2,
    incident_pb2,
    membership_pb2,
    paging_pb2,
    role_pb2,
    task_pb2,
    user_pb2,
)
from quarterdeck.incidents.durations import duration_seconds
from quarterdeck.incidents.incident import Assignment, IncidentView, Label, Role, Task, User
from quarterdeck.incidents.slugs import overview_url
from quarterdeck.incidents.store.previews import FieldValue
from quarterdeck.incidents.users import public_id

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_LARGEST_ID: Final = 2**63 - 1
_LARGEST_INT32: Final = 2**31 - 1
_QUOTED_IN_ERRORS: Final = 80
_DONE: Final = "done"


# --- from requests ---------------------------------------------------------------------------------------------------


def to_incident_id(text: str, *, field: str = "incident_id") -> int:
    """The number behind an incident's id. Raises Invalid for empty text, NotFound for an id that was never given."""
    if not text:
        why = "is required"
        raise Invalid(
            Reason.FIELD_INVALID,
            f"{field}: {why}",
            violations=(FieldViolation(field, why),),
            metadata={"field": field},
        )
    # Nobody's id: other scripts' digits, a sign, leading zeros, more than 64 bits.
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 20 else 0
    if str(number) != text or not 0 < number <= _LARGEST_ID:
        shown = text[:_QUOTED_IN_ERRORS]
        raise NotFound(Reason.INCIDENT_NOT_FOUND, f"no incident has the id {shown!r}", metadata={"id": shown})
    return number


def to_moment(message: Timestamp, *, field: str) -> datetime:
    """UTC, cut to microseconds. Raises Invalid for a moment outside the years 1 to 9999."""
    try:
        if not 0 <= message.nanos < 1_000_000_000:
            _refuse_time(field)
        return _EPOCH + timedelta(seconds=message.seconds, microseconds=message.nanos // 1_000)
    except OverflowError:
        _refuse_time(field)


def _refuse_time(field: str) -> NoReturn:
    why = "is not a time between the years 1 and 9999"
    raise Invalid(
        Reason.FIELD_INVALID, f"{field}: {why}", violations=(FieldViolation(field, why),), metadata={"field": field}
    )


# --- to answers ------------------------------------------------------------------------------------------------------


def from_moment(moment: datetime | None) -> Timestamp | None:
    """With microseconds; None, which the API shows as empty text, for no time."""
    if moment is None:
        return None
    seconds, microseconds = divmod((moment - _EPOCH) // _MICROSECOND, 1_000_000)
    return Timestamp(seconds=seconds, nanos=microseconds * 1_000)


def from_view(view: IncidentView, now: datetime) -> incident_pb2.Incident:
    """An incident in full; `now` is what an open one has lasted until."""
    incident = view.incident
    return incident_pb2.Incident(
        incident_id=str(incident.id),
        severity=view.severity.label,
        severity_id=incident.severity_id,
        labels=from_labels(view.labels),
        is_drill=incident.is_drill,
        incident_type=incident.incident_type,
        created_time=from_moment(incident.created_at),
        modified_time=from_moment(incident.modified_at),
        created_by_user=from_user(view.creator),
        closed_time=from_moment(incident.closed_at),
        duration_seconds=min(duration_seconds(incident.started_at, incident.ended_at, now), _LARGEST_INT32),
        status=incident.status,
        status_id=incident.status_id,
        title=incident.title,
        slug=incident.slug,
        description=incident.description,
        summary=incident.summary,
        overview_url=overview_url(incident.id, incident.slug),
        incident_membership=from_membership(view),
        task_list=from_tasks(view.tasks),
        incident_start=from_moment(incident.started_at),
        incident_end=from_moment(incident.ended_at),
        version=incident.version,
    )


def from_preview(
    view: IncidentView, field_values: Sequence[FieldValue], *, with_membership: bool
) -> incident_pb2.IncidentPreview:
    """An incident in short form; of what hangs on it only what was asked for."""
    incident = view.incident
    return incident_pb2.IncidentPreview(
        incident_id=str(incident.id),
        severity_id=incident.severity_id,
        severity_label=view.severity.label,
        incident_type=incident.incident_type,
        labels=from_labels(view.labels),
        is_drill=incident.is_drill,
        created_time=from_moment(incident.created_at),
        modified_time=from_moment(incident.modified_at),
        closed_time=from_moment(incident.closed_at),
        created_by_user=from_user(view.creator),
        title=incident.title,
        description=incident.description,
        summary=incident.summary,
        status=incident.status,
        slug=incident.slug,
        incident_start=from_moment(incident.started_at),
        incident_end=from_moment(incident.ended_at),
        field_values=map(from_field_value, field_values),
        incident_membership_preview=from_membership_preview(view) if with_membership else None,
        version=incident.version,
    )


def from_field_value(value: FieldValue) -> field_pb2.CustomMetadataFieldValue:
    return field_pb2.CustomMetadataFieldValue(
        field_uuid=value.field_uuid, field_id=value.field_number, value=value.value
    )


def from_user(user: User | None) -> user_pb2.UserPreview:
    """Three empty texts where there is nobody."""
    if user is None:
        return user_pb2.UserPreview()
    return user_pb2.UserPreview(user_id=public_id(user.id), name=user.name, photo_url=user.photo_url)


def from_labels(labels: Iterable[Label]) -> list[incident_pb2.IncidentLabel]:
    return [
        incident_pb2.IncidentLabel(
            key=label.key, label=label.label, description=label.description, color_hex=label.color
        )
        for label in labels
    ]


def from_key_value_labels(labels: Iterable[Label]) -> list[incident_pb2.IncidentKeyValueLabel]:
    """The same labels with the ids of their keys and values."""
    return [
        incident_pb2.IncidentKeyValueLabel(
            key=label.key,
            key_uuid=label.key_uuid,
            value=label.value,
            value_uuid=label.value_uuid,
            description=label.description,
            color_hex=label.color,
        )
        for label in labels
    ]


def from_membership(view: IncidentView) -> membership_pb2.IncidentMembership:
    """Everybody who holds a role that is shown; hidden roles count all the same."""
    return membership_pb2.IncidentMembership(
        assignments=from_assignments(view.assignments, view.tenant_id),
        total_assignments=len(view.assignments),
        total_participants=len(without_role(view)),
    )


def from_membership_preview(view: IncidentView) -> membership_pb2.IncidentMembershipPreview:
    """Who holds the important roles, and how many there are besides."""
    return membership_pb2.IncidentMembershipPreview(
        important_assignments=[
            membership_pb2.AssignmentPreview(user=from_user(each.user), role_id=each.role.id)
            for each in view.assignments
            if each.role.important and not each.role.hidden
        ],
        total_assignments=len(view.assignments),
        total_participants=len(without_role(view)),
    )


def from_assignments(assignments: Iterable[Assignment], tenant_id: str) -> list[membership_pb2.Assignment]:
    return [
        membership_pb2.Assignment(user=from_user(each.user), role=from_role(each.role, tenant_id), role_id=each.role.id)
        for each in assignments
        if not each.role.hidden
    ]


def without_role(view: IncidentView) -> tuple[User, ...]:
    """Those who take part and hold no role."""
    holders = {each.user.id for each in view.assignments}
    return tuple(user for user in view.participants if user.id not in holders)


def from_role(role: Role, tenant_id: str) -> role_pb2.Role:
    return role_pb2.Role(
        role_id=role.id,
        org_id=tenant_id,
        name=role.name,
        description=role.description,
        important=role.important,
        mandatory=role.mandatory,
        archived=role.archived,
        created_at=from_moment(role.created_at),
        updated_at=from_moment(role.updated_at),
    )


def from_tasks(tasks: Sequence[Task]) -> task_pb2.TaskList:
    done = sum(task.status == _DONE for task in tasks)
    return task_pb2.TaskList(tasks=map(from_task, tasks), todo_count=len(tasks) - done, done_count=done)


def from_task(task: Task) -> task_pb2.Task:
    """Nobody is null here, as hosted sends it."""
    return task_pb2.Task(
        task_id=task.id,
        immutable=task.immutable,
        created_time=from_moment(task.created_at),
        modified_time=from_moment(task.modified_at),
        text=task.text,
        status=task.status,
        author_user=from_user(task.author) if task.author else None,
        assigned_user=from_user(task.assignee) if task.assignee else None,
    )


def next_page(next_value: str) -> paging_pb2.Cursor:
    """The cursor of an answer; empty text behind the last page."""
    return paging_pb2.Cursor(next_value=next_value, has_more=bool(next_value))
