"""The tasks of an incident. All of them are read with the incident; here they are counted, added and changed."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from quarterdeck.database import Connection
from quarterdeck.errors import NotFound, Reason
from quarterdeck.incidents.incident import Task
from quarterdeck.incidents.store import tables as t
from quarterdeck.incidents.store.incidents import find_users

_QUOTED_IN_ERRORS = 80
_COLUMNS = t.tasks.c


@dataclass(frozen=True, slots=True)
class Extent:
    """How many tasks an incident has, and the position behind the last one."""

    count: int
    next_position: int


def extent(connection: Connection, tenant_id: str, incident_id: int) -> Extent:
    query = sa.select(sa.func.count(), sa.func.coalesce(sa.func.max(_COLUMNS.position), 0) + 1)
    row = connection.execute(query.where(_of(tenant_id, incident_id))).one()
    return Extent(*row)


def get_task(connection: Connection, tenant_id: str, incident_id: int, task_id: str) -> Task:
    """Raises `NotFound(TASK_NOT_FOUND)`."""
    query = sa.select(t.tasks).where(_of(tenant_id, incident_id), _COLUMNS.id == task_id)
    row = connection.execute(query).mappings().one_or_none()
    if row is None:
        shown = task_id[:_QUOTED_IN_ERRORS]
        raise NotFound(Reason.TASK_NOT_FOUND, f"the incident has no task {shown!r}", metadata={"id": shown})
    people = find_users(
        connection, tenant_id, {row[name] for name in ("author_user_id", "assigned_user_id") if row[name]}
    )
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


def add_task(connection: Connection, tenant_id: str, incident_id: int, task: Task, *, position: int) -> None:
    connection.execute(
        sa.insert(t.tasks).values(
            tenant_id=tenant_id,
            incident_id=incident_id,
            id=task.id,
            position=position,
            text=task.text,
            status=task.status,
            immutable=task.immutable,
            author_user_id=task.author.id if task.author else None,
            assigned_user_id=task.assignee.id if task.assignee else None,
            created_at=task.created_at,
            modified_at=task.modified_at,
        )
    )


def update_task(connection: Connection, tenant_id: str, incident_id: int, task: Task) -> None:
    """Writes text, status and assignee."""
    connection.execute(
        sa.update(t.tasks)
        .where(_of(tenant_id, incident_id), _COLUMNS.id == task.id)
        .values(
            text=task.text,
            status=task.status,
            assigned_user_id=task.assignee.id if task.assignee else None,
            modified_at=task.modified_at,
        )
    )


def delete_task(connection: Connection, tenant_id: str, incident_id: int, task_id: str) -> None:
    connection.execute(sa.delete(t.tasks).where(_of(tenant_id, incident_id), _COLUMNS.id == task_id))


def _of(tenant_id: str, incident_id: int) -> sa.ColumnElement[bool]:
    return sa.and_(_COLUMNS.tenant_id == tenant_id, _COLUMNS.incident_id == incident_id)
