"""Items of an incident's timeline as sentences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from quarterdeck.incidents.timeline import ActivityKind

_SENTENCES: Final[Mapping[str, str]] = {
    ActivityKind.INCIDENT_CREATED: "declared {title!r}, severity {severity}, {status}",
    ActivityKind.INCIDENT_TITLE_CHANGED: "title changed from {previousTitle!r} to {title!r}",
    ActivityKind.INCIDENT_STATUS_CHANGED: "status changed from {previousStatus} to {status}",
    ActivityKind.INCIDENT_SEVERITY_CHANGED: "severity changed from {previousSeverity} to {severity}",
    ActivityKind.INCIDENT_IS_DRILL_CHANGED: "drill: {isDrill}",
    ActivityKind.INCIDENT_START: "the incident began at {eventTime}",
    ActivityKind.INCIDENT_END: "the incident ended at {eventTime}",
    ActivityKind.INCIDENT_CLOSED: "the incident was closed",
    ActivityKind.ROLE_ASSIGNED: "role {role} assigned to {subject}",
    ActivityKind.ROLE_UNASSIGNED: "role {role} taken from {subject}",
    ActivityKind.TASK_ADDED: "task added: {text}",
    ActivityKind.TASK_UPDATED: "task updated: {text} ({status})",
    ActivityKind.TASK_COMPLETED: "task completed: {text}",
    ActivityKind.TASK_DELETED: "task deleted: {text}",
    ActivityKind.LABEL_ADDED: "label added: {key}:{label}",
    ActivityKind.LABEL_REMOVED: "label removed: {key}:{label}",
    ActivityKind.CONTEXT_ATTACHED: "link attached: {caption} {url}",
    ActivityKind.HOOK_RUN_METADATA: "integration {integrationID} ran: {title} {url}",
}


def timeline_text(kind: str, values: Mapping[str, Any], body: str, subject: str) -> str:
    """What an item says: a note's own words, a sentence for what the server wrote, at worst its values."""
    if body:
        return body
    sentence = _SENTENCES.get(kind)
    if sentence is None:
        return ", ".join(f"{key}: {value}" for key, value in values.items())
    try:
        return sentence.format_map({**values, "subject": subject}).strip()
    except KeyError:
        # Written by an earlier version, with other values.
        return ", ".join(f"{key}: {value}" for key, value in values.items())
