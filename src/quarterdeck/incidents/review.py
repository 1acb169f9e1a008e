"""The post-incident review: what happened, in Markdown, from the incident and its timeline.

The same values give the same text, byte by byte: times are UTC, lists keep the order they come in.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from quarterdeck.incidents.durations import in_words
from quarterdeck.incidents.times import format_time

_SPECIAL = re.compile(r"([\\`*_\[\]<>|#~])")
_LINE_START = re.compile(r"^(\s*)([-+=]|\d+(?=[.)]))", re.MULTILINE)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_FALLBACK_WORDS = re.compile(r"(?<=[a-z])(?=[A-Z])")


@dataclass(frozen=True, slots=True)
class ReviewRole:
    """Who held a role, and since when."""

    role: str
    person: str
    assigned_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ReviewTask:
    """What there was to do."""

    text: str
    status: str
    """todo, progress or done"""
    assignee: str = ""


@dataclass(frozen=True, slots=True)
class ReviewLabel:
    """A label."""

    key: str
    value: str


@dataclass(frozen=True, slots=True)
class ReviewItem:
    """An item of the timeline."""

    at: datetime
    kind: str
    """An activityKind"""
    person: str = ""
    subject: str = ""
    """Whom it is about."""
    body: str = ""
    field_values: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class ReviewUpdate:
    """A status update that was published, as plain text."""

    at: datetime
    person: str
    text: str
    title: str = ""


@dataclass(frozen=True, slots=True)
class Review:
    """All that a review is written from. `now` bounds the duration of an incident that goes on."""

    incident_id: str
    title: str
    severity: str
    status: str
    is_drill: bool
    created_by: str
    created_at: datetime
    started_at: datetime
    now: datetime
    ended_at: datetime | None = None
    closed_at: datetime | None = None
    acknowledged_at: datetime | None = None
    overview_url: str = ""
    summary: str = ""
    roles: Sequence[ReviewRole] = ()
    labels: Sequence[ReviewLabel] = ()
    fields: Sequence[tuple[str, str]] = ()
    """Names and values of custom fields."""
    tasks: Sequence[ReviewTask] = ()
    timeline: Sequence[ReviewItem] = ()
    """In the order to be told."""
    updates: Sequence[ReviewUpdate] = ()


def write_review(review: Review) -> str:
    """The review as Markdown, with one line break at its end. What people wrote is quoted so that it stays text."""
    sections = (
        [f"# Post-incident review: {_inline(review.title)}"],
        _summary(review),
        _metrics(review),
        _roles(review.roles),
        _labels(review),
        _updates(review.updates),
        _timeline(review.timeline),
        _tasks(review.tasks),
        _to_be_written(),
    )
    return "\n\n".join("\n".join(section) for section in sections if section) + "\n"


def _summary(review: Review) -> list[str]:
    rows = [
        ("Incident", review.incident_id),
        ("Severity", review.severity),
        ("Status", review.status),
        ("Drill", "yes" if review.is_drill else "no"),
        ("Declared", f"{format_time(review.created_at)} by {review.created_by}"),
        ("Started", format_time(review.started_at)),
        ("Ended", format_time(review.ended_at) or "not yet"),
        ("Resolved", format_time(review.closed_at) or "not yet"),
        ("Link", review.overview_url),
    ]
    lines = ["## Summary", "", *_table(("What", ""), [row for row in rows if row[1]])]
    return [*lines, "", *_quoted(review.summary)] if review.summary.strip() else lines


def _metrics(review: Review) -> list[str]:
    end = review.ended_at or review.now
    rows = [
        ("Duration", _between(review.started_at, end) + ("" if review.ended_at else ", and going on")),
        ("Time to declare", _between(review.started_at, review.created_at)),
        ("Time to acknowledge", _between(review.created_at, review.acknowledged_at)),
        ("Time to resolve", _between(review.created_at, review.closed_at)),
        ("Tasks done", f"{sum(task.status == 'done' for task in review.tasks)} of {len(review.tasks)}"),
        ("People involved", str(len(_people(review)))),
    ]
    return ["## Metrics", "", *_table(("Metric", "Value"), [row for row in rows if row[1]])]


def _between(start: datetime, end: datetime | None) -> str:
    return in_words(max((end - start) // timedelta(seconds=1), 0)) if end else ""


def _people(review: Review) -> set[str]:
    told = (item.person for item in review.timeline)
    held = (role.person for role in review.roles)
    return {person for person in (*told, *held, review.created_by) if person}


def _roles(roles: Sequence[ReviewRole]) -> list[str]:
    if not roles:
        return ["## Roles", "", "Nobody held a role."]
    rows = [(role.role, role.person, format_time(role.assigned_at)) for role in roles]
    return ["## Roles", "", *_table(("Role", "Person", "Since"), rows)]


def _labels(review: Review) -> list[str]:
    rows = [(label.key, label.value) for label in review.labels] + list(review.fields)
    return ["## Labels and fields", "", *_table(("Name", "Value"), rows)] if rows else []


def _updates(updates: Sequence[ReviewUpdate]) -> list[str]:
    lines: list[str] = []
    for update in updates:
        title = f" **{_inline(update.title)}**" if update.title.strip() else ""
        lines += ["", f"{format_time(update.at)}, {_inline(update.person)}:{title}", "", *_quoted(update.text)]
    return ["## Status updates", *lines] if lines else []


def _timeline(items: Sequence[ReviewItem]) -> list[str]:
    lines = [line for item in items for line in _item(item)]
    return ["## Timeline", "", *(lines or ["Nothing was recorded."])]


def _item(item: ReviewItem) -> Iterator[str]:
    person = f" ({_inline(item.person)})" if item.person else ""
    yield f"- {format_time(item.at)} {_told(item)}{person}"
    if item.body.strip():
        yield from (f"  {line}".rstrip() for line in _quoted(item.body))


def _told(item: ReviewItem) -> str:
    values = {key: _inline(_text(value)) for key, value in (item.field_values or {}).items()}
    template = _SENTENCES.get(item.kind)
    if template is None:
        return _FALLBACK_WORDS.sub(" ", _inline(item.kind)).capitalize()
    subject = _inline(item.subject) or "somebody"
    return template.format_map(_Values({**values, "subject": subject}))


class _Values(dict[str, str]):
    """A value that an item lacks, because an older version wrote it, reads as a question mark."""

    def __missing__(self, key: str) -> str:
        return "?"


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value if isinstance(value, str) else ""


_SENTENCES: Mapping[str, str] = {
    "incidentCreated": "Declared as {severity}, {status}: {title}",
    "incidentTitleChanged": "Title changed from “{previousTitle}” to “{title}”",
    "incidentStatusChanged": "Status changed from {previousStatus} to {status}",
    "incidentSeverityChanged": "Severity changed from {previousSeverity} to {severity}",
    "incidentIsDrillChanged": "Marked as a drill: {isDrill}",
    "incidentStart": "Incident started",
    "incidentEnd": "Incident ended",
    "incidentClosed": "Incident closed",
    "roleAssigned": "{subject} became {role}",
    "roleUnassigned": "{subject} is no longer {role}",
    "taskAdded": "Task added: {text}",
    "taskUpdated": "Task changed, now {status}: {text}",
    "taskCompleted": "Task done: {text}",
    "taskDeleted": "Task deleted: {text}",
    "labelAdded": "Label added: {key}:{label}",
    "labelRemoved": "Label removed: {key}:{label}",
    "contextAttached": "Attached: {caption} {url}",
    "hookRunMetadata": "{title} {url}",
    "userNote": "Note",
}


def _tasks(tasks: Sequence[ReviewTask]) -> list[str]:
    lines = [
        f"- [{'x' if task.status == 'done' else ' '}] {_inline(task.text)}"
        + (f" ({_inline(task.assignee)})" if task.assignee else "")
        + (", in progress" if task.status == "progress" else "")
        for task in tasks
    ]
    return ["## Tasks", "", *(lines or ["There were no tasks."])]


def _to_be_written() -> list[str]:
    questions = ("What was the impact?", "What caused it?", "What went well?", "What will be done about it?")
    return ["## For the review", *(line for question in questions for line in ("", f"### {question}"))]


def _table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> list[str]:
    lines = [heads, ("---",) * len(heads), *(tuple(map(_inline, row)) for row in rows)]
    return [f"| {' | '.join(cells)} |" for cells in lines]


def _inline(text: str) -> str:
    """Text on one line, with nothing in it that Markdown would take as markup."""
    return _SPECIAL.sub(r"\\\1", _CONTROL.sub("\ufffd", " ".join(text.split())))


def _quoted(text: str) -> list[str]:
    """Text of several lines as a block quote."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").strip("\n").split("\n")
    escaped = (_SPECIAL.sub(r"\\\1", _CONTROL.sub("\ufffd", line)) for line in lines)
    return [f"> {_LINE_START.sub(_escaped_start, line)}".rstrip() for line in escaped]


def _escaped_start(match: re.Match[str]) -> str:
    return f"{match[1]}{match[2]}\\" if match[2].isdigit() else f"{match[1]}\\{match[2]}"
