"""What an incident is, apart from any message or table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class Category(StrEnum):
    """What `Incident.status` shows: the category of its status."""

    ACTIVE = "active"
    RESOLVED = "resolved"


class IncidentType(StrEnum):
    """Who may see it: the tenant, or its creator, role holders and admins."""

    INTERNAL = "internal"
    PRIVATE = "private"


@dataclass(frozen=True, slots=True)
class Severity:
    """A severity of the organisation. Level -1 is Pending, 1 the worst, 5 the least."""

    id: str
    label: str
    level: int


@dataclass(frozen=True, slots=True)
class Status:
    """A status of the organisation."""

    id: str
    incident_type: str
    category: Category
    name: str
    slug: str


@dataclass(frozen=True, slots=True)
class Role:
    """A role of the organisation."""

    id: int
    name: str
    description: str
    important: bool
    mandatory: bool
    hidden: bool
    archived: bool
    created_at: datetime
    updated_at: datetime | None


@dataclass(frozen=True, slots=True)
class User:
    """A person or a program. `id` is without its provider; the API shows `grafana-incident:<id>`."""

    id: str
    name: str
    email: str = ""
    photo_url: str = ""


@dataclass(frozen=True, slots=True)
class Label:
    """A label on an incident: a select option of a label key."""

    key: str
    key_uuid: str
    value: str
    value_uuid: str
    label: str
    description: str
    color: str


@dataclass(frozen=True, slots=True)
class Task:
    """Something to do."""

    id: str
    text: str
    status: str
    immutable: bool
    author: User | None
    assignee: User | None
    created_at: datetime
    modified_at: datetime


@dataclass(frozen=True, slots=True)
class Assignment:
    """Somebody has a role."""

    role: Role
    user: User
    assigned_at: datetime


@dataclass(frozen=True, slots=True)
class Incident:
    """The incident's own row: what changes with its version. Times are UTC with microseconds; None is unset."""

    id: int
    title: str
    slug: str
    description: str
    summary: str
    status: Category
    status_id: str
    severity_id: str
    incident_type: IncidentType
    is_drill: bool
    room_prefix: str
    created_by: str
    created_at: datetime
    modified_at: datetime
    started_at: datetime
    ended_at: datetime | None = None
    closed_at: datetime | None = None
    acknowledged_at: datetime | None = None
    version: int = 1


@dataclass(frozen=True, slots=True)
class IncidentView:
    """An incident with everything that the API shows of it."""

    incident: Incident
    severity: Severity
    creator: User
    labels: tuple[Label, ...] = ()
    tasks: tuple[Task, ...] = ()
    assignments: tuple[Assignment, ...] = ()
    participants: tuple[User, ...] = ()
    tenant_id: str = ""
    """The API's `orgID`."""


@dataclass(frozen=True, slots=True)
class ActivityDraft:
    """An item to be appended to the timeline."""

    kind: str
    field_values: Mapping[str, Any] = field(default_factory=dict)
    body: str = ""
    subject_user_id: str | None = None
    event_time: datetime | None = None
    """None: the time of the change."""
    immutable: bool = True
    url: str = ""
    attachments: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class ActivityItem:
    """An item of the timeline. `number` counts within the incident."""

    incident_id: int
    number: int
    kind: str
    body: str
    field_values: Mapping[str, Any]
    user: User
    subject_user: User | None
    event_time: datetime
    created_at: datetime
    immutable: bool
    relevance: str
    tags: tuple[str, ...]
    url: str
    attachments: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Actor:
    """Who changes something: the calling service account, as a person of the incident API, and what it may see."""

    user: User
    name: str
    """As events name it: `service_account:NAME`."""
    is_admin: bool
