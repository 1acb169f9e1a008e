"""Incidents as tools: finding and reading them, and, with approval, their status and notes.

Everything goes through the incident wing's services in the caller's name: private incidents stay private.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from google.protobuf.json_format import MessageToDict
from google.protobuf.timestamp_pb2 import Timestamp
from pydantic import Field

from quarterdeck.assistant.tools.moments import written
from quarterdeck.assistant.tools.timeline_text import timeline_text
from quarterdeck.assistant.tools.tool import (
    Parameters,
    Reference,
    ReferenceKind,
    Tool,
    ToolAnswer,
    ToolContext,
    ToolFailed,
    found,
    nothing,
)
from quarterdeck.assistant.tools.typed_tool import TypedTool
from quarterdeck.gen.incident.v1.activity_pb2 import ActivityItem
from quarterdeck.gen.incident.v1.activity_service_pb2 import ActivityQuery, AddActivityRequest, QueryActivityRequest
from quarterdeck.gen.incident.v1.incident_pb2 import Incident, IncidentPreview
from quarterdeck.gen.incident.v1.incidents_service_pb2 import (
    GetIncidentRequest,
    IncidentPreviewsQuery,
    IncidentsQuery,
    QueryIncidentPreviewsRequest,
    QueryIncidentsRequest,
    UpdateStatusRequest,
)
from quarterdeck.gen.incident.v1.task_pb2 import Task
from quarterdeck.identity.call import CallContext, Role
from quarterdeck.incidents.activity_service import ActivityService
from quarterdeck.incidents.convert import to_moment
from quarterdeck.incidents.incident import IncidentType
from quarterdeck.incidents.incidents_service import IncidentsService
from quarterdeck.incidents.limits import NOTE
from quarterdeck.incidents.query.language import parse_query

TOOLSET: Final = "incidents"
MOST_COUNTED: Final = 1000
"""Incidents up to which a query's matches are counted."""
MOST_OF_A_NOTE: Final = 4000
"""Characters of one item of a timeline."""
_MOST_REFERENCES: Final = 50
_PAGE: Final = 100
_LEADS: Final = ("commander", "lead")
_INCIDENT = "The incident's id, such as 12."


class ListIncidents(Parameters):
    """Which incidents."""

    query: str = Field(
        default="",
        max_length=4000,
        description="A query such as `severity:major isdrill:false` or `label:team:payments` or a word of the title.",
    )
    active_only: bool = Field(default=True, description="Leave out those that are resolved.")
    limit: int = Field(default=20, ge=1, le=100, description="At most this many are listed; `total` counts all.")


class OneIncident(Parameters):
    """One incident."""

    incident: str = Field(min_length=1, max_length=20, description=_INCIDENT)


class Timeline(OneIncident):
    """How much of a timeline."""

    limit: int = Field(default=50, ge=1, le=500, description="The latest so many items.")


class SetStatus(OneIncident):
    """A status."""

    status: str = Field(
        min_length=1, max_length=100, description="`active`, `resolved`, or the name of a custom status."
    )


class AddNote(OneIncident):
    """A note."""

    text: str = Field(min_length=1, max_length=NOTE, description="The note, for the people who work on the incident.")


@dataclass(frozen=True, slots=True)
class IncidentTools:
    """The answers of the tools."""

    incidents: IncidentsService
    activity: ActivityService

    async def list_incidents(self, parameters: ListIncidents, context: ToolContext) -> ToolAnswer:
        """`{total, incidents: [{id, title, status, severity, is_drill, labels, created_at, started_at, resolved_at,
        incident_lead}]}`, newest first.

        `labels` are `key:value` texts; `started_at` and `resolved_at` are when it began and ended, null when unset;
        `incident_lead` is a name or null. `total` stops at 1,000, and `total_is_minimum` says when it did.
        """
        parse_query(parameters.query, field="query")
        query = _query_string(parameters)
        listed, has_more = await self._listed(query, parameters.limit, context.call)
        invocation = query or "all incidents"
        if not listed:
            which = "active incident" if parameters.active_only else "incident"
            matching = f" matches {parameters.query!r}" if parameters.query.strip() else " is there"
            return nothing(f"no {which}{matching}", invocation=invocation)
        total, is_minimum = len(listed), False
        if has_more:
            total, is_minimum = await self._count(query, context.call)
        data: dict[str, Any] = {"total": total, "incidents": [_incident_json(incident) for incident in listed]}
        if is_minimum:
            data["total_is_minimum"] = True
        return found(data, references=_references(listed), invocation=invocation)

    async def get_incident(self, parameters: OneIncident, context: ToolContext) -> ToolAnswer:
        """One of `incidents_list`, and `summary`, `tasks_open` (a count), `roles: [{role, name}]`, and `url`."""
        incident = await self._get(parameters.incident, context.call)
        data = {
            **_incident_json(incident),
            "summary": incident.summary or incident.description,
            "tasks_open": incident.task_list.todo_count,
            "roles": [
                {"role": each.role.name, "name": each.user.name} for each in incident.incident_membership.assignments
            ],
            "url": incident.overview_url,
        }
        return found(data, references=_references([incident]), url=incident.overview_url)

    async def timeline(self, parameters: Timeline, context: ToolContext) -> ToolAnswer:
        """`{incident, has_more, items: [{id, at, kind, actor, text}]}`: the latest items, oldest of them first.

        `text` is at most 4,000 characters; `has_more` says whether there are earlier items.
        """
        await self._get(parameters.incident, context.call)
        query = ActivityQuery(incident_id=parameters.incident, limit=parameters.limit, order_direction="DESC")
        answer = await self.activity.query_activity(QueryActivityRequest(query=query), context.call)
        items = list(reversed(answer.activity_items))
        data = {
            "incident": parameters.incident,
            "has_more": answer.cursor.has_more,
            "items": [_item_json(item) for item in items],
        }
        incident = Reference(ReferenceKind.INCIDENT, parameters.incident)
        return found(data, references=(incident, *map(_item_reference, items[-(_MOST_REFERENCES - 1) :])))

    async def tasks(self, parameters: OneIncident, context: ToolContext) -> ToolAnswer:
        """`{incident, open, tasks: [{id, text, status, assignee, created_at, modified_at}]}`.

        `status` is `todo`, `progress` or `done`; `assignee` is a name or null; `open` counts those not done.
        """
        incident = await self._get(parameters.incident, context.call)
        if not incident.task_list.tasks:
            return nothing(f"incident {parameters.incident} has no tasks")
        data = {
            "incident": incident.incident_id,
            "open": incident.task_list.todo_count,
            "tasks": [_task_json(task) for task in incident.task_list.tasks],
        }
        return found(data, references=_references([incident]))

    async def set_status(self, parameters: SetStatus, context: ToolContext) -> ToolAnswer:
        """The incident as in `incidents_list`, as it is now."""
        await self._get(parameters.incident, context.call)
        request = UpdateStatusRequest(incident_id=parameters.incident, status=parameters.status)
        answer = await self.incidents.update_status(request, context.call)
        return found(_incident_json(answer.incident), references=_references([answer.incident]))

    async def add_note(self, parameters: AddNote, context: ToolContext) -> ToolAnswer:
        """The item of the timeline that the note became: `{id, at, kind, actor, text}`, and `incident`."""
        await self._get(parameters.incident, context.call)
        request = AddActivityRequest(incident_id=parameters.incident, body=parameters.text)
        item = (await self.activity.add_activity(request, context.call)).activity_item
        data = {"incident": parameters.incident, **_item_json(item)}
        incident = Reference(ReferenceKind.INCIDENT, parameters.incident)
        return found(data, references=(incident, _item_reference(item)))

    async def _get(self, incident_id: str, call: CallContext) -> Incident:
        incident = (await self.incidents.get_incident(GetIncidentRequest(incident_id=incident_id), call)).incident
        if is_private(incident):
            raise ToolFailed(private_is_not_read(incident_id))
        return incident

    async def _listed(self, query: str, limit: int, call: CallContext) -> tuple[list[Incident], bool]:
        """The first that are not private; whether there are more."""
        request = QueryIncidentsRequest(query=IncidentsQuery(query_string=query, limit=limit))
        listed: list[Incident] = []
        while True:
            answer = await self.incidents.query_incidents(request, call)
            listed += [each for each in answer.incidents if not is_private(each)]
            if len(listed) >= limit or not answer.cursor.has_more:
                return listed[:limit], answer.cursor.has_more or len(listed) > limit
            request.cursor.CopyFrom(answer.cursor)

    async def _count(self, query: str, call: CallContext) -> tuple[int, bool]:
        """How many incidents a query finds; whether there are more than that."""
        request = QueryIncidentPreviewsRequest(query=IncidentPreviewsQuery(query_string=query, limit=_PAGE))
        total = 0
        while total < MOST_COUNTED:
            answer = await self.incidents.query_incident_previews(request, call)
            total += sum(not is_private(each) for each in answer.incident_previews)
            if not answer.cursor.has_more:
                return total, False
            request.cursor.CopyFrom(answer.cursor)
        return total, True


def is_private(incident: Incident | IncidentPreview) -> bool:
    """Whether the assistant keeps away from an incident, although the asker may see it."""
    return incident.incident_type == IncidentType.PRIVATE


def private_is_not_read(incident_id: str) -> str:
    """Why the assistant says nothing about a private incident: everybody of the tenant can read its chats."""
    return f"incident {incident_id} is private, and everybody of the tenant can read the assistant's chats"


def incident_tools(incidents: IncidentsService, activity: ActivityService) -> tuple[Tool, ...]:
    """Everything that the assistant can do with incidents. Each answer's shape is in the docstring of its function."""
    tools = IncidentTools(incidents, activity)
    return (
        TypedTool(
            name="incidents_list",
            description="List incidents, newest first; active ones unless said otherwise.",
            toolset=TOOLSET,
            parameters=ListIncidents,
            answer=tools.list_incidents,
            sentence="Lists incidents",
        ),
        TypedTool(
            name="incidents_get",
            description="One incident: status, severity, labels, times, summary, roles.",
            toolset=TOOLSET,
            parameters=OneIncident,
            answer=tools.get_incident,
            sentence="Reads an incident",
        ),
        TypedTool(
            name="incidents_timeline",
            description="What happened in an incident: notes and changes in their order.",
            toolset=TOOLSET,
            parameters=Timeline,
            answer=tools.timeline,
            sentence="Reads an incident's timeline",
        ),
        TypedTool(
            name="incidents_tasks",
            description="The tasks of an incident.",
            toolset=TOOLSET,
            parameters=OneIncident,
            answer=tools.tasks,
            sentence="Reads an incident's tasks",
        ),
        TypedTool(
            name="incidents_set_status",
            description="Resolve or reopen an incident, or give it a custom status.",
            toolset=TOOLSET,
            parameters=SetStatus,
            answer=tools.set_status,
            sentence="Changes an incident's status",
            role=Role.EDITOR,
            writes=True,
        ),
        TypedTool(
            name="incidents_add_note",
            description="Add a note to an incident's timeline.",
            toolset=TOOLSET,
            parameters=AddNote,
            answer=tools.add_note,
            sentence="Adds a note to an incident",
            role=Role.EDITOR,
            writes=True,
        ),
    )


def _query_string(parameters: ListIncidents) -> str:
    query = parameters.query.strip()
    if not parameters.active_only:
        return query
    return f"status:active ({query})" if query else "status:active"


def _incident_json(incident: Incident) -> dict[str, Any]:
    ended = incident.incident_end if incident.HasField("incident_end") else None
    closed = incident.closed_time if incident.HasField("closed_time") else None
    return {
        "id": incident.incident_id,
        "title": incident.title,
        "status": incident.status,
        "severity": incident.severity,
        "is_drill": incident.is_drill,
        "labels": [f"{label.key}:{label.label}" if label.key else label.label for label in incident.labels],
        "created_at": _time(incident.created_time),
        "started_at": _time(incident.incident_start) if incident.HasField("incident_start") else None,
        "resolved_at": _time(ended or closed),
        "incident_lead": _lead(incident),
    }


def _lead(incident: Incident) -> str | None:
    held = list(incident.incident_membership.assignments)
    leads = [each for each in held if any(word in each.role.name.casefold() for word in _LEADS)]
    chosen = leads or [each for each in held if each.role.important]
    return chosen[0].user.name if chosen else None


def _item_json(item: ActivityItem) -> dict[str, Any]:
    text = timeline_text(item.activity_kind, MessageToDict(item.field_values), item.body, item.subject_user.name)
    return {
        "id": item.activity_item_id,
        "at": _time(item.event_time),
        "kind": item.activity_kind,
        "actor": item.user.name,
        "text": text if len(text) <= MOST_OF_A_NOTE else f"{text[:MOST_OF_A_NOTE]}…",
    }


def _task_json(task: Task) -> dict[str, Any]:
    return {
        "id": task.task_id,
        "text": task.text,
        "status": task.status,
        "assignee": task.assigned_user.name if task.HasField("assigned_user") else None,
        "created_at": _time(task.created_time),
        "modified_at": _time(task.modified_time),
    }


def _item_reference(item: ActivityItem) -> Reference:
    return Reference(ReferenceKind.ACTIVITY_ITEM, item.activity_item_id, item.incident_id, item.activity_kind)


def _references(incidents: Sequence[Incident]) -> tuple[Reference, ...]:
    return tuple(
        Reference(ReferenceKind.INCIDENT, incident.incident_id, title=incident.title)
        for incident in incidents[:_MOST_REFERENCES]
    )


def _time(moment: Timestamp | None) -> str | None:
    return None if moment is None else written(to_moment(moment, field="time"))
