"""What the timeline says: the kinds of its items, what each carries, and what may be done to them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from quarterdeck.errors import Conflict, FieldViolation, Invalid, Reason
from quarterdeck.incidents.incident import ActivityDraft, Incident, Label, Role, Severity, Status, Task
from quarterdeck.incidents.limits import NOTE, URL, check_length, is_web_url
from quarterdeck.incidents.times import format_time


class ActivityKind(StrEnum):
    """The 26 kinds that incident-node knows; it refuses a response with any other."""

    INCIDENT_UPDATED = "incidentUpdated"
    INCIDENT_TITLE_CHANGED = "incidentTitleChanged"
    INCIDENT_STATUS_CHANGED = "incidentStatusChanged"
    INCIDENT_SEVERITY_CHANGED = "incidentSeverityChanged"
    INCIDENT_CREATED = "incidentCreated"
    INCIDENT_DELETED = "incidentDeleted"
    INCIDENT_CLOSED = "incidentClosed"
    ROLE_ASSIGNED = "roleAssigned"
    ROLE_UNASSIGNED = "roleUnassigned"
    ACTION_RUN = "actionRun"
    USER_NOTE = "userNote"
    DATA_QUERY = "dataQuery"
    HOOK_RUN_METADATA = "hookRunMetadata"
    TASK_ADDED = "taskAdded"
    TASK_UPDATED = "taskUpdated"
    TASK_COMPLETED = "taskCompleted"
    TASK_DELETED = "taskDeleted"
    MESSAGE_REACTION = "messageReaction"
    CONTEXT_ATTACHED = "contextAttached"
    INCIDENT_IS_DRILL_CHANGED = "incidentIsDrillChanged"
    INCIDENT_START = "incidentStart"
    INCIDENT_END = "incidentEnd"
    INCIDENT_SUMMARY = "incidentSummary"
    LABEL_ADDED = "labelAdded"
    LABEL_REMOVED = "labelRemoved"
    SIFT_RESULT = "siftResult"


class Relevance(StrEnum):
    """How much an item matters to readers. `automatic` leaves it to them."""

    AUTOMATIC = "automatic"
    ARCHIVE = "archive"
    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"


TAGS = frozenset({"important", "starred"})
"""The tags of an item that incident-node knows."""

_TASK_KEYS = ("taskID", "text", "status")
_EVENT_TIME_KEYS = ("eventTime", "previousEventTime")

FIELD_VALUE_KEYS: Mapping[ActivityKind, tuple[str, ...]] = {
    ActivityKind.INCIDENT_CREATED: ("title", "severity", "status", "isDrill"),
    ActivityKind.INCIDENT_TITLE_CHANGED: ("title", "previousTitle"),
    ActivityKind.INCIDENT_STATUS_CHANGED: ("status", "statusID", "previousStatus", "previousStatusID"),
    ActivityKind.INCIDENT_SEVERITY_CHANGED: ("severity", "severityID", "previousSeverity", "previousSeverityID"),
    ActivityKind.INCIDENT_IS_DRILL_CHANGED: ("isDrill",),
    ActivityKind.INCIDENT_START: _EVENT_TIME_KEYS,
    ActivityKind.INCIDENT_END: _EVENT_TIME_KEYS,
    ActivityKind.INCIDENT_CLOSED: ("closedTime",),
    ActivityKind.ROLE_ASSIGNED: ("role", "roleID"),
    ActivityKind.ROLE_UNASSIGNED: ("role", "roleID"),
    ActivityKind.TASK_ADDED: _TASK_KEYS,
    ActivityKind.TASK_UPDATED: _TASK_KEYS,
    ActivityKind.TASK_COMPLETED: _TASK_KEYS,
    ActivityKind.TASK_DELETED: _TASK_KEYS,
    ActivityKind.LABEL_ADDED: ("key", "label"),
    ActivityKind.LABEL_REMOVED: ("key", "label"),
    ActivityKind.CONTEXT_ATTACHED: ("contextID", "url", "caption"),
    ActivityKind.HOOK_RUN_METADATA: ("integrationID", "hookID", "enabledHookID", "title", "url"),
}
"""The keys of an item's fieldValues, in order; their values are strings and booleans. A note carries what its author
sent, every other kind nothing."""

MAX_ATTACHMENTS = 100
"""How many URLs of one note become attachments."""

_URL = re.compile(r"https?://[^\s<>\"'`|\\^{}\x00-\x20\x7f]{1,4096}", re.IGNORECASE)
_SENTENCE_ENDS = ".,;:!?…*_~"
_BRACKETS = {")": "(", "]": "["}


def incident_created(incident: Incident, severity: Severity) -> ActivityDraft:
    return _draft(
        ActivityKind.INCIDENT_CREATED, incident.title, severity.label, incident.status.value, incident.is_drill
    )


def title_changed(title: str, previous: str) -> ActivityDraft:
    return _draft(ActivityKind.INCIDENT_TITLE_CHANGED, title, previous)


def status_changed(status: Status, previous: Status) -> ActivityDraft:
    """From one status to another: their names, which tell custom statuses of one category apart, and their ids."""
    return _draft(ActivityKind.INCIDENT_STATUS_CHANGED, status.name, status.id, previous.name, previous.id)


def severity_changed(severity: Severity, previous: Severity) -> ActivityDraft:
    return _draft(ActivityKind.INCIDENT_SEVERITY_CHANGED, severity.label, severity.id, previous.label, previous.id)


def is_drill_changed(*, is_drill: bool) -> ActivityDraft:
    return _draft(ActivityKind.INCIDENT_IS_DRILL_CHANGED, is_drill)


def incident_start(moment: datetime, previous: datetime | None) -> ActivityDraft:
    return _at(moment, _draft(ActivityKind.INCIDENT_START, format_time(moment), format_time(previous)))


def incident_end(moment: datetime | None, previous: datetime | None) -> ActivityDraft:
    """The end was set, or cleared; the item stands at the end that it tells of."""
    return _at(moment, _draft(ActivityKind.INCIDENT_END, format_time(moment), format_time(previous)))


def incident_closed(moment: datetime) -> ActivityDraft:
    return _at(moment, _draft(ActivityKind.INCIDENT_CLOSED, format_time(moment)))


def role_assigned(role: Role, user_id: str) -> ActivityDraft:
    return _about(user_id, _draft(ActivityKind.ROLE_ASSIGNED, role.name, str(role.id)))


def role_unassigned(role: Role, user_id: str) -> ActivityDraft:
    return _about(user_id, _draft(ActivityKind.ROLE_UNASSIGNED, role.name, str(role.id)))


def task_added(task: Task) -> ActivityDraft:
    return _task(ActivityKind.TASK_ADDED, task)


def task_changed(task: Task, previous: Task) -> ActivityDraft:
    """A task as it is now: completed when it became done, updated by every other change."""
    completed = task.status == "done" and previous.status != "done"
    return _task(ActivityKind.TASK_COMPLETED if completed else ActivityKind.TASK_UPDATED, task)


def task_deleted(task: Task) -> ActivityDraft:
    return _task(ActivityKind.TASK_DELETED, task)


def label_added(label: Label) -> ActivityDraft:
    return _draft(ActivityKind.LABEL_ADDED, label.key, label.value)


def label_removed(label: Label) -> ActivityDraft:
    return _draft(ActivityKind.LABEL_REMOVED, label.key, label.value)


def context_attached(context_id: str, url: str, caption: str) -> ActivityDraft:
    return _draft(ActivityKind.CONTEXT_ATTACHED, context_id, url, caption)


def hook_run_metadata(
    *, integration_id: str, hook_id: str, enabled_hook_id: str, title: str, url: str
) -> ActivityDraft:
    return _draft(ActivityKind.HOOK_RUN_METADATA, integration_id, hook_id, enabled_hook_id, title, url)


def check_note(kind: str, body: str) -> None:
    """Raise Invalid unless a caller may add this: kind `userNote`, and a body of 1 to 65,536 characters."""
    if kind != ActivityKind.USER_NOTE:
        raise _refused("activityKind", f"{kind[:80]!r} is written by the server only; userNote is accepted")
    check_length("body", body, NOTE, minimum=1)


def check_editable(*, immutable: bool) -> None:
    """Raise Conflict for an item that the server wrote: its words are the record. Its relevance may change."""
    if immutable:
        raise Conflict(Reason.IMMUTABLE, "this activity item is immutable; only its relevance can be changed")


def check_relevance(relevance: str) -> Relevance:
    """The relevance that a caller names. Raises Invalid for any other word."""
    if relevance not in set(Relevance):
        raise _refused("relevance", f"{relevance[:80]!r} is unknown; accepted: {', '.join(Relevance)}")
    return Relevance(relevance)


def urls_in(text: str) -> tuple[str, ...]:
    """The web addresses in a note, in order, each once, at most `MAX_ATTACHMENTS`.

    Found from `http://` or `https://` up to white space or a character that no URL holds. What ends a sentence, and a
    closing bracket without its opening one, is not part of it; so Markdown and Slack links work too.
    """
    found: dict[str, None] = {}
    for match in _URL.finditer(text):
        url = _trimmed(match[0])
        if len(url) <= URL and is_web_url(url):
            found[url] = None
        if len(found) == MAX_ATTACHMENTS:
            break
    return tuple(found)


def _trimmed(url: str) -> str:
    url = _up_to_stray_bracket(url)
    return url.rstrip(_SENTENCE_ENDS)


def _up_to_stray_bracket(url: str) -> str:
    opened = {"(": 0, "[": 0}
    for at, char in enumerate(url):
        if char in opened:
            opened[char] += 1
        elif char in _BRACKETS:
            opened[_BRACKETS[char]] -= 1
            if opened[_BRACKETS[char]] < 0:
                return url[:at]
    return url


def _draft(kind: ActivityKind, *values: str | bool) -> ActivityDraft:
    return ActivityDraft(kind.value, dict(zip(FIELD_VALUE_KEYS[kind], values, strict=True)))


def _task(kind: ActivityKind, task: Task) -> ActivityDraft:
    draft = _draft(kind, task.id, task.text, task.status)
    return _about(task.assignee.id, draft) if task.assignee else draft


def _about(user_id: str, draft: ActivityDraft) -> ActivityDraft:
    return ActivityDraft(draft.kind, draft.field_values, subject_user_id=user_id)


def _at(moment: datetime | None, draft: ActivityDraft) -> ActivityDraft:
    return ActivityDraft(draft.kind, draft.field_values, event_time=moment)


def _refused(field: str, why: str) -> Invalid:
    message = f"{field}: {why}"
    return Invalid(Reason.FIELD_INVALID, message, violations=(FieldViolation(field, why),), metadata={"field": field})
