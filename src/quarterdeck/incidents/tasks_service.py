"""incident.v1.TasksService."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from enum import StrEnum
from functools import partial
from typing import Any
from uuid import uuid4

from quarterdeck.clock import Clock
from quarterdeck.database import Connection, Database
from quarterdeck.errors import Conflict, FieldViolation, Invalid, Reason
from quarterdeck.gen.incident.v1.tasks_service_pb2 import (
    AddTaskRequest,
    AddTaskResponse,
    DeleteTaskRequest,
    DeleteTaskResponse,
    UpdateTaskStatusRequest,
    UpdateTaskStatusResponse,
    UpdateTaskTextRequest,
    UpdateTaskTextResponse,
    UpdateTaskUserRequest,
    UpdateTaskUserResponse,
)
from quarterdeck.identity.call import CallContext
from quarterdeck.incidents import timeline
from quarterdeck.incidents.change import Change, QueueDeliveries
from quarterdeck.incidents.changing import Incidents
from quarterdeck.incidents.convert import from_task, from_tasks, to_incident_id
from quarterdeck.incidents.incident import IncidentView, Task, User
from quarterdeck.incidents.limits import TASK_TEXT, TASKS_PER_INCIDENT, check_count, check_length
from quarterdeck.incidents.store import incidents as incidents_store
from quarterdeck.incidents.store import tasks as store
from quarterdeck.incidents.store import users
from quarterdeck.incidents.users import UserReference, parse_user_id
from quarterdeck.incidents.webhooks.event_names import Event

_QUOTED_IN_ERRORS = 80

Edit = Callable[[Connection, Task], Task]


class TaskStatus(StrEnum):
    """How far a task is."""

    TODO = "todo"
    PROGRESS = "progress"
    DONE = "done"


class TasksService:
    """What is to be done in an incident, in the order in which it was added."""

    def __init__(self, database: Database, clock: Clock, queue: QueueDeliveries) -> None:
        self._incidents = Incidents(database, clock, queue)

    async def add_task(self, request: AddTaskRequest, call: CallContext) -> AddTaskResponse:
        check_length("text", request.text, TASK_TEXT, minimum=1)
        assignee = _reference(request.assign_to_user_id, "assign_to_user_id")
        add = partial(_add, text=request.text, assignee=assignee)
        changed = await self._incidents.change(call, to_incident_id(request.incident_id), add)
        return AddTaskResponse(**_answer(changed.view, changed.result))

    async def delete_task(self, request: DeleteTaskRequest, call: CallContext) -> DeleteTaskResponse:
        delete = partial(_delete, task_id=request.task_id)
        changed = await self._incidents.change(call, to_incident_id(request.incident_id), delete)
        return DeleteTaskResponse(incident_id=request.incident_id, task_list=from_tasks(changed.view.tasks))

    async def update_task_status(self, request: UpdateTaskStatusRequest, call: CallContext) -> UpdateTaskStatusResponse:
        status = _status(request.status)
        return UpdateTaskStatusResponse(
            **await self._edit(request, call, lambda _connection, task: replace(task, status=status))
        )

    async def update_task_text(self, request: UpdateTaskTextRequest, call: CallContext) -> UpdateTaskTextResponse:
        check_length("text", request.text, TASK_TEXT, minimum=1)
        return UpdateTaskTextResponse(
            **await self._edit(request, call, lambda _connection, task: replace(task, text=request.text))
        )

    async def update_task_user(self, request: UpdateTaskUserRequest, call: CallContext) -> UpdateTaskUserResponse:
        assignee = _reference(request.user_id, "user_id")

        def edit(connection: Connection, task: Task) -> Task:
            return replace(task, assignee=_person(connection, call.tenant_id, assignee))

        return UpdateTaskUserResponse(**await self._edit(request, call, edit))

    async def _edit(
        self,
        request: UpdateTaskStatusRequest | UpdateTaskTextRequest | UpdateTaskUserRequest,
        call: CallContext,
        edit: Edit,
    ) -> dict[str, Any]:
        update = partial(_update, task_id=request.task_id, edit=edit)
        changed = await self._incidents.change(call, to_incident_id(request.incident_id), update)
        return _answer(changed.view, changed.result)


def _add(change: Change, *, text: str, assignee: UserReference | None) -> str:
    connection, tenant_id, incident_id = change.connection, change.tenant_id, change.incident.id
    extent = store.extent(connection, tenant_id, incident_id)
    check_count("tasks", extent.count + 1, TASKS_PER_INCIDENT)
    task = Task(
        id=str(uuid4()),
        text=text,
        status=TaskStatus.TODO.value,
        immutable=False,
        author=change.actor.user,
        assignee=_person(connection, tenant_id, assignee),
        created_at=change.at,
        modified_at=change.at,
    )
    store.add_task(connection, tenant_id, incident_id, task, position=extent.next_position)
    incidents_store.join_as_participant(connection, tenant_id, incident_id, change.actor.user.id, change.at)
    change.append(timeline.task_added(task))
    change.announce(Event.UPDATED)
    return task.id


def _update(change: Change, *, task_id: str, edit: Edit) -> str:
    task = _editable(change, task_id)
    edited = edit(change.connection, task)
    if edited != task:
        edited = replace(edited, modified_at=change.at)
        store.update_task(change.connection, change.tenant_id, change.incident.id, edited)
        change.append(timeline.task_changed(edited, task))
        change.announce(Event.UPDATED)
    return task.id


def _delete(change: Change, *, task_id: str) -> None:
    task = _editable(change, task_id)
    store.delete_task(change.connection, change.tenant_id, change.incident.id, task.id)
    change.append(timeline.task_deleted(task))
    change.announce(Event.UPDATED)


def _editable(change: Change, task_id: str) -> Task:
    task = store.get_task(change.connection, change.tenant_id, change.incident.id, task_id)
    if task.immutable:
        raise Conflict(Reason.IMMUTABLE, f"task {task.id!r} is the server's own and cannot be changed or deleted")
    return task


def _reference(text: str, field: str) -> UserReference | None:
    return parse_user_id(text, field=field) if text else None


def _person(connection: Connection, tenant_id: str, reference: UserReference | None) -> User | None:
    return users.get_user(connection, tenant_id, reference) if reference else None


def _status(text: str) -> str:
    if text not in set(TaskStatus):
        why = f"{text[:_QUOTED_IN_ERRORS]!r} is unknown; accepted: {', '.join(TaskStatus)}"
        raise Invalid(
            Reason.FIELD_INVALID,
            f"status: {why}",
            violations=(FieldViolation("status", why),),
            metadata={"field": "status"},
        )
    return text


def _answer(view: IncidentView, task_id: str) -> dict[str, Any]:
    task = next(each for each in view.tasks if each.id == task_id)
    return {
        "incident_id": str(view.incident.id),
        "task": from_task(task),
        "task_list": from_tasks(view.tasks),
    }
