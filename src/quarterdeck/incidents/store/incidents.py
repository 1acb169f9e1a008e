"""Incidents and what hangs on each: labels, roles, tasks, participants; read one by one or by the page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any, Final

import sqlalchemy as sa

from quarterdeck.database import Connection, Prepared, insert, next_value
from quarterdeck.errors import NotFound, Reason
from quarterdeck.incidents.incident import (
    Actor,
    Assignment,
    Category,
    Incident,
    IncidentType,
    IncidentView,
    Label,
    Role,
    Severity,
    Task,
    User,
)
from quarterdeck.incidents.store import tables as t
from quarterdeck.incidents.store.labels import list_labels

_IDS: Final = "incident"
_CHUNK: Final = 400

_ADD: Final = Prepared(sa.insert(t.incidents))
_UPDATE: Final = Prepared(
    sa.update(t.incidents).where(
        t.incidents.c.tenant_id == sa.bindparam("tenant"), t.incidents.c.id == sa.bindparam("incident")
    )
)
_USERS: Final = sa.select(t.users.c.id, t.users.c.name, t.users.c.email, t.users.c.photo_url).where(
    t.users.c.tenant_id == sa.bindparam("tenant"), t.users.c.id.in_(sa.bindparam("ids", expanding=True))
)


def next_id(connection: Connection, tenant_id: str) -> int:
    """The next incident's id: 1, 2, … without gaps."""
    return next_value(connection, tenant_id, _IDS)


def visible_to(tenant_id: str, actor: Actor) -> sa.ColumnElement[bool]:
    """The condition under which an incident exists for somebody: private ones are their creator's, role holders' and
    admins'."""
    return _visible(tenant_id, None if actor.is_admin else actor.user.id)


def _visible(tenant: str | sa.BindParameter[str], viewer: str | sa.BindParameter[str] | None) -> sa.ColumnElement[bool]:
    mine = t.incidents.c.tenant_id == tenant
    if viewer is None:
        return mine
    holds_role = (
        sa.exists()
        .where(
            t.incident_assignments.c.tenant_id == t.incidents.c.tenant_id,
            t.incident_assignments.c.incident_id == t.incidents.c.id,
            t.incident_assignments.c.user_id == viewer,
        )
        .correlate(t.incidents)
    )
    is_open = t.incidents.c.incident_type != IncidentType.PRIVATE
    return sa.and_(mine, sa.or_(is_open, t.incidents.c.created_by == viewer, holds_role))


def find_visible(
    connection: Connection, tenant_id: str, incident_id: int, actor: Actor, *, lock: bool = False
) -> Incident | None:
    """With `lock`, until the transaction ends nobody else changes it."""
    query = _finding(sees_all=actor.is_admin, lock=lock)
    values: dict[str, Any] = {"tenant": tenant_id, "incident": incident_id}
    if not actor.is_admin:
        values["viewer"] = actor.user.id
    found = query.mappings(connection, values)
    return incident_of(found[0]) if found else None


@cache
def _finding(*, sees_all: bool, lock: bool) -> Prepared:
    """Made once: making a statement takes longer than running it."""
    viewer: sa.BindParameter[str] | None = None if sees_all else sa.bindparam("viewer")
    visible = _visible(sa.bindparam("tenant"), viewer)
    query = sa.select(t.incidents).where(t.incidents.c.id == sa.bindparam("incident"), visible)
    return Prepared(query.with_for_update(of=t.incidents) if lock else query)


def get_visible(
    connection: Connection, tenant_id: str, incident_id: int, actor: Actor, *, lock: bool = False
) -> Incident:
    """Raises NotFound, also for what the actor may not see."""
    incident = find_visible(connection, tenant_id, incident_id, actor, lock=lock)
    if incident is None:
        raise NotFound(
            Reason.INCIDENT_NOT_FOUND, f"no incident has the id {incident_id}", metadata={"id": str(incident_id)}
        )
    return incident


def add(connection: Connection, tenant_id: str, incident: Incident) -> None:
    row = {
        "tenant_id": tenant_id,
        "id": incident.id,
        "created_by": incident.created_by,
        "created_at": incident.created_at,
        **_values(incident),
    }
    _ADD.run(connection, row)


def update(connection: Connection, tenant_id: str, incident: Incident) -> None:
    _UPDATE.run(connection, {"tenant": tenant_id, "incident": incident.id, **_values(incident)})


def view(connection: Connection, tenant_id: str, incident: Incident) -> IncidentView:
    """One incident with everything that the API shows of it. What it has not is not looked for."""
    values = {"tenant": tenant_id, "id": incident.id, "severity": incident.severity_id, "creator": incident.created_by}
    around = _AROUND.first(connection, values)
    assert around is not None  # noqa: S101 - it has one row, whatever there is
    parts = _read_parts(
        connection,
        tenant_id,
        [incident.id],
        labels=around.labels,
        tasks=around.tasks,
        membership=around.assignments or around.participants,
    )
    parts.people[incident.created_by] = User(
        incident.created_by, around.name or "", around.email or "", around.photo_url or ""
    )
    return parts.view(tenant_id, incident, Severity(incident.severity_id, around.label or "", around.level or 0))


def views(
    connection: Connection,
    tenant_id: str,
    incidents: Sequence[Incident],
    *,
    tasks: bool = True,
    membership: bool = True,
) -> list[IncidentView]:
    """The same for many, in a fixed number of statements; without tasks or members when they are not asked for."""
    severities = _severities(connection, tenant_id, {incident.severity_id for incident in incidents})
    ids = [incident.id for incident in incidents]
    parts = _read_parts(connection, tenant_id, ids, labels=True, tasks=tasks, membership=membership)
    missing = {incident.created_by for incident in incidents} - parts.people.keys()
    parts.people.update(find_users(connection, tenant_id, missing))
    return [parts.view(tenant_id, incident, severities[incident.severity_id]) for incident in incidents]


def assignments_of(connection: Connection, tenant_id: str, incident_id: int) -> tuple[Assignment, ...]:
    """Who holds which role, in the order of the roles, then of the assignment."""
    parts = _read_parts(connection, tenant_id, [incident_id], labels=False, tasks=False, membership=True)
    return parts.assignments_of(incident_id)


def assign(connection: Connection, tenant_id: str, incident_id: int, assignment: Assignment) -> None:
    connection.execute(
        sa.insert(t.incident_assignments).values(
            tenant_id=tenant_id,
            incident_id=incident_id,
            role_id=assignment.role.id,
            user_id=assignment.user.id,
            assigned_at=assignment.assigned_at,
        )
    )


def unassign(connection: Connection, tenant_id: str, incident_id: int, assignment: Assignment) -> None:
    held = t.incident_assignments.c
    connection.execute(
        sa.delete(t.incident_assignments).where(
            held.tenant_id == tenant_id,
            held.incident_id == incident_id,
            held.role_id == assignment.role.id,
            held.user_id == assignment.user.id,
        )
    )


def find_users(connection: Connection, tenant_id: str, ids: Iterable[str]) -> dict[str, User]:
    """People by id; somebody who was removed is shown without a name."""
    wanted = sorted(set(ids))
    found = {user_id: User(user_id, "") for user_id in wanted}
    for start in range(0, len(wanted), _CHUNK):
        rows = connection.execute(_USERS, {"tenant": tenant_id, "ids": wanted[start : start + _CHUNK]})
        found.update((row.id, User(row.id, row.name, row.email, row.photo_url)) for row in rows)
    return found


def join_as_participant(connection: Connection, tenant_id: str, incident_id: int, user_id: str, at: datetime) -> None:
    """Somebody took part without a role; twice is once."""
    statement = insert(connection, t.incident_participants).values(
        tenant_id=tenant_id, incident_id=incident_id, user_id=user_id, joined_at=at
    )
    connection.execute(statement.on_conflict_do_nothing())


_Rows = Mapping[int, Sequence[Mapping[Any, Any]]]
"""By incident."""


@dataclass(frozen=True, slots=True)
class _Parts:
    """What hangs on some incidents."""

    labels: Mapping[int, Sequence[Label]] = field(default_factory=dict)
    tasks: _Rows = field(default_factory=dict)
    assignments: _Rows = field(default_factory=dict)
    participants: _Rows = field(default_factory=dict)
    roles: Mapping[int, Role] = field(default_factory=dict)
    people: dict[str, User] = field(default_factory=dict)

    def view(self, tenant_id: str, incident: Incident, severity: Severity) -> IncidentView:
        return IncidentView(
            incident=incident,
            severity=severity,
            creator=self.people[incident.created_by],
            labels=tuple(self.labels.get(incident.id, ())),
            tasks=tuple(_task(row, self.people) for row in self.tasks.get(incident.id, ())),
            assignments=self.assignments_of(incident.id),
            participants=tuple(self.people[row["user_id"]] for row in self.participants.get(incident.id, ())),
            tenant_id=tenant_id,
        )

    def assignments_of(self, incident_id: int) -> tuple[Assignment, ...]:
        return tuple(
            Assignment(self.roles[row["role_id"]], self.people[row["user_id"]], row["assigned_at"])
            for row in self.assignments.get(incident_id, ())
            if row["role_id"] in self.roles
        )


def _read_parts(
    connection: Connection, tenant_id: str, ids: Sequence[int], *, labels: bool, tasks: bool, membership: bool
) -> _Parts:
    held, joined = t.incident_assignments.c, t.incident_participants.c
    task_rows = _rows(connection, t.tasks, tenant_id, ids, t.tasks.c.position) if tasks else {}
    assignments: _Rows = {}
    participants: _Rows = {}
    if membership:
        order = (held.role_id, held.assigned_at, held.user_id)
        assignments = _rows(connection, t.incident_assignments, tenant_id, ids, *order)
        participants = _rows(connection, t.incident_participants, tenant_id, ids, joined.joined_at, joined.user_id)
    return _Parts(
        labels=list_labels(connection, tenant_id, ids) if labels else {},
        tasks=task_rows,
        assignments=assignments,
        participants=participants,
        roles=_roles(connection, tenant_id, {row["role_id"] for rows in assignments.values() for row in rows}),
        people=find_users(connection, tenant_id, set(_mentioned(task_rows, assignments, participants))),
    )


def _mentioned(*groups: _Rows) -> Iterable[str]:
    for group in groups:
        for rows in group.values():
            for row in rows:
                for column in ("user_id", "author_user_id", "assigned_user_id"):
                    if row.get(column):
                        yield row[column]


def _rows(
    connection: Connection, table: sa.Table, tenant_id: str, ids: Sequence[int], *order: sa.ColumnElement[Any]
) -> _Rows:
    found: dict[int, list[Mapping[Any, Any]]] = {}
    for start in range(0, len(ids), _CHUNK):
        query = sa.select(table).where(
            table.c.tenant_id == tenant_id, table.c.incident_id.in_(ids[start : start + _CHUNK])
        )
        for row in connection.execute(query.order_by(*order)).mappings():
            found.setdefault(row["incident_id"], []).append(row)
    return found


def _statement_around() -> sa.Select[*tuple[Any, ...]]:
    """What is always shown of an incident beside its row, and what else it has."""
    tenant: sa.BindParameter[str] = sa.bindparam("tenant")
    incident_id: sa.BindParameter[int] = sa.bindparam("id")
    one = sa.select(sa.literal_column("1").label("one")).subquery()
    severity, creator = t.severities.c, t.users.c

    def has(table: sa.Table) -> sa.ColumnElement[bool]:
        found = sa.exists().where(table.c.tenant_id == tenant, table.c.incident_id == incident_id)
        return found.select_from(table).correlate(None)

    return sa.select(
        severity.label,
        severity.level,
        creator.name,
        creator.email,
        creator.photo_url,
        has(t.incident_labels).label("labels"),
        has(t.tasks).label("tasks"),
        has(t.incident_assignments).label("assignments"),
        has(t.incident_participants).label("participants"),
    ).select_from(
        one.outerjoin(
            t.severities, sa.and_(severity.tenant_id == tenant, severity.id == sa.bindparam("severity"))
        ).outerjoin(t.users, sa.and_(creator.tenant_id == tenant, creator.id == sa.bindparam("creator")))
    )


_AROUND: Final = Prepared(_statement_around())


def _severities(connection: Connection, tenant_id: str, ids: Iterable[str]) -> dict[str, Severity]:
    query = sa.select(t.severities.c.id, t.severities.c.label, t.severities.c.level).where(
        t.severities.c.tenant_id == tenant_id, t.severities.c.id.in_(sorted(ids))
    )
    return {row.id: Severity(row.id, row.label, row.level) for row in connection.execute(query)}


def _roles(connection: Connection, tenant_id: str, ids: Iterable[int]) -> dict[int, Role]:
    wanted = sorted(ids)
    if not wanted:
        return {}
    query = sa.select(t.roles).where(t.roles.c.tenant_id == tenant_id, t.roles.c.id.in_(wanted))
    return {row["id"]: role_of(row) for row in connection.execute(query).mappings()}


def role_of(row: Mapping[Any, Any]) -> Role:
    """A role from its row."""
    return Role(
        id=row["id"],
        name=row["name"],
        description=row["description"],
        important=row["important"],
        mandatory=row["mandatory"],
        hidden=row["hidden"],
        archived=row["archived"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )


def _task(row: Mapping[Any, Any], people: Mapping[str, User]) -> Task:
    return Task(
        id=row["id"],
        text=row["text"],
        status=row["status"],
        immutable=row["immutable"],
        author=people.get(row["author_user_id"]),
        assignee=people.get(row["assigned_user_id"]),
        created_at=row["created_at"],
        modified_at=row["modified_at"],
    )


def incident_of(row: Mapping[Any, Any]) -> Incident:
    """An incident from its row."""
    return Incident(
        id=row["id"],
        title=row["title"],
        slug=row["slug"],
        description=row["description"],
        summary=row["summary"],
        status=Category(row["status"]),
        status_id=row["status_id"],
        severity_id=row["severity_id"],
        incident_type=IncidentType(row["incident_type"]),
        is_drill=row["is_drill"],
        room_prefix=row["room_prefix"],
        created_by=row["created_by"],
        created_at=row["created_at"],
        modified_at=row["modified_at"],
        started_at=row["started_at"],
        ended_at=row["ended_at"],
        closed_at=row["closed_at"],
        acknowledged_at=row["acknowledged_at"],
        version=row["version"],
    )


def _values(incident: Incident) -> dict[str, Any]:
    return {
        "title": incident.title,
        "title_folded": incident.title.casefold(),
        "slug": incident.slug,
        "description": incident.description,
        "summary": incident.summary,
        "status": incident.status,
        "status_id": incident.status_id,
        "severity_id": incident.severity_id,
        "incident_type": incident.incident_type,
        "is_drill": incident.is_drill,
        "room_prefix": incident.room_prefix,
        "modified_at": incident.modified_at,
        "started_at": incident.started_at,
        "ended_at": incident.ended_at,
        "closed_at": incident.closed_at,
        "acknowledged_at": incident.acknowledged_at,
        "version": incident.version,
    }
