"""incident.v1.IncidentsService."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from itertools import chain
from typing import Literal, TypeVar

from quarterdeck.clock import Clock
from quarterdeck.database import Connection, Database
from quarterdeck.gen.incident.v1.incident_pb2 import Incident as IncidentMessage
from quarterdeck.gen.incident.v1.incident_pb2 import IncidentKeyValueLabel as KeyValueLabel
from quarterdeck.gen.incident.v1.incidents_service_pb2 import (
    AddLabelRequest,
    AddLabelResponse,
    AssignLabelByUUIDRequest,
    AssignLabelByUUIDResponse,
    AssignLabelRequest,
    AssignLabelResponse,
    AssignRoleRequest,
    AssignRoleResponse,
    CreateIncidentRequest,
    CreateIncidentResponse,
    GetIncidentChannelsRequest,
    GetIncidentChannelsResponse,
    GetIncidentMembershipRequest,
    GetIncidentMembershipResponse,
    GetIncidentRequest,
    GetIncidentResponse,
    GetLabelsRequest,
    GetLabelsResponse,
    IncidentsQuery,
    QueryIncidentPreviewsRequest,
    QueryIncidentPreviewsResponse,
    QueryIncidentsRequest,
    QueryIncidentsResponse,
    RemoveLabelRequest,
    RemoveLabelResponse,
    UnassignLabelByUUIDRequest,
    UnassignLabelByUUIDResponse,
    UnassignLabelRequest,
    UnassignLabelResponse,
    UnassignRoleRequest,
    UnassignRoleResponse,
    UpdateIncidentEventTimeRequest,
    UpdateIncidentEventTimeResponse,
    UpdateIncidentIsDrillRequest,
    UpdateIncidentIsDrillResponse,
    UpdateSeverityRequest,
    UpdateSeverityResponse,
    UpdateStatusRequest,
    UpdateStatusResponse,
    UpdateTitleRequest,
    UpdateTitleResponse,
)
from quarterdeck.identity.call import CallContext
from quarterdeck.incidents import convert, editing, labelling, membership, organisation
from quarterdeck.incidents.actors import actor_of
from quarterdeck.incidents.change import Change, QueueDeliveries
from quarterdeck.incidents.changing import Changed, Incidents, Look
from quarterdeck.incidents.declaration import Declaration, alert_group, declare, generic_url
from quarterdeck.incidents.incident import Actor, IncidentView
from quarterdeck.incidents.labels import find_label, label_to_remove
from quarterdeck.incidents.lifecycle import event_named
from quarterdeck.incidents.query import pages
from quarterdeck.incidents.query.cursor import decode_cursor, encode_cursor
from quarterdeck.incidents.query.language import parse_query
from quarterdeck.incidents.query.ordering import INCIDENTS, Order, read_order
from quarterdeck.incidents.query.structured import StructuredQuery, structured_query
from quarterdeck.incidents.query.terms import Query
from quarterdeck.incidents.store import incidents as store
from quarterdeck.incidents.store import labels as labels_store
from quarterdeck.incidents.store import previews
from quarterdeck.incidents.store.declaration import ContextDraft
from quarterdeck.incidents.users import UserReference, parse_user_id

T = TypeVar("T")


class IncidentsService:
    """Incidents, their labels and who works on them.

    Every change is one transaction: the incident, its timeline, its event and its webhook deliveries together. A
    change to what is already there changes nothing and answers with the incident as it is.
    """

    def __init__(self, database: Database, clock: Clock, queue_deliveries: QueueDeliveries) -> None:
        self._database = database
        self._clock = clock
        self._queue = queue_deliveries
        self._incidents = Incidents(database, clock, queue_deliveries)

    # --- declaring and finding

    async def create_incident(self, request: CreateIncidentRequest, call: CallContext) -> CreateIncidentResponse:
        declaration = _to_declaration(request)
        at = self._clock.now()

        def run(connection: Connection) -> IncidentView:
            organisation.ensure(connection, call.tenant_id, at)
            actor = actor_of(connection, call, at=at)
            return declare(connection, call.tenant_id, declaration, actor=actor, at=at, queue=self._queue)

        return CreateIncidentResponse(incident=self._message(await self._database.transaction(run)))

    async def get_incident(self, request: GetIncidentRequest, call: CallContext) -> GetIncidentResponse:
        view = await self._look(
            request.incident_id, call, lambda look: store.view(look.connection, look.tenant_id, look.incident)
        )
        return GetIncidentResponse(incident=self._message(view))

    async def query_incident_previews(
        self, request: QueryIncidentPreviewsRequest, call: CallContext
    ) -> QueryIncidentPreviewsResponse:
        query = parse_query(request.query.query_string, field="query.query_string")
        order = read_order(INCIDENTS, request.query.order_field, request.query.order_direction)
        after = decode_cursor(request.cursor.next_value, order)
        limit = pages.PREVIEWS.applied(request.query.limit)

        def run(connection: Connection, actor: Actor) -> tuple[previews.Page, list[IncidentView], previews.Values]:
            page = previews.page(
                connection, call.tenant_id, query, order=order, after=after, limit=limit, seen_by=actor
            )
            found = previews.previews(
                connection, call.tenant_id, page.incidents, membership=request.include_membership_preview
            )
            ids = [incident.id for incident in page.incidents] if request.include_custom_field_values else []
            return page, found, previews.field_values(connection, call.tenant_id, ids)

        page, found, values = await self._read(call, run)
        response = QueryIncidentPreviewsResponse(
            incident_previews=[
                convert.from_preview(
                    view, values.get(view.incident.id, ()), with_membership=request.include_membership_preview
                )
                for view in found
            ],
            query=request.query,
            cursor=convert.next_page(_next_value(order, page)),
        )
        response.query.limit = limit
        response.query.order_field = order.field
        response.query.order_direction = order.direction
        return response

    async def query_incidents(self, request: QueryIncidentsRequest, call: CallContext) -> QueryIncidentsResponse:
        query = _to_query(request.query)
        order = read_order(INCIDENTS, "", request.query.order_direction)
        after = decode_cursor(request.cursor.next_value, order)
        limit = pages.INCIDENTS.applied(request.query.limit)

        def run(connection: Connection, actor: Actor) -> tuple[previews.Page, list[IncidentView]]:
            page = previews.page(
                connection, call.tenant_id, query, order=order, after=after, limit=limit, seen_by=actor
            )
            return page, store.views(connection, call.tenant_id, page.incidents)

        page, found = await self._read(call, run)
        response = QueryIncidentsResponse(
            incidents=map(self._message, found),
            query=request.query,
            cursor=convert.next_page(_next_value(order, page)),
        )
        response.query.limit = limit
        response.query.order_direction = order.direction
        return response

    # --- single fields

    async def update_title(self, request: UpdateTitleRequest, call: CallContext) -> UpdateTitleResponse:
        edit = partial(editing.set_title, title=request.title)
        return UpdateTitleResponse(incident=await self._edit(request.incident_id, call, edit))

    async def update_severity(self, request: UpdateSeverityRequest, call: CallContext) -> UpdateSeverityResponse:
        edit = partial(editing.set_severity, name=request.severity)
        return UpdateSeverityResponse(incident=await self._edit(request.incident_id, call, edit))

    async def update_status(self, request: UpdateStatusRequest, call: CallContext) -> UpdateStatusResponse:
        edit = partial(editing.set_status, name=request.status)
        return UpdateStatusResponse(incident=await self._edit(request.incident_id, call, edit))

    async def update_incident_is_drill(
        self, request: UpdateIncidentIsDrillRequest, call: CallContext
    ) -> UpdateIncidentIsDrillResponse:
        edit = partial(editing.set_is_drill, is_drill=request.is_drill)
        return UpdateIncidentIsDrillResponse(incident=await self._edit(request.incident_id, call, edit))

    async def update_incident_event_time(
        self, request: UpdateIncidentEventTimeRequest, call: CallContext
    ) -> UpdateIncidentEventTimeResponse:
        event = event_named(request.event_name, request.activity_item_kind)
        moment = convert.to_moment(request.event_time, field="event_time") if request.HasField("event_time") else None
        await self._edit(request.incident_id, call, partial(editing.move_event, event=event, moment=moment))
        return UpdateIncidentEventTimeResponse()

    # --- labels

    async def add_label(self, request: AddLabelRequest, call: CallContext) -> AddLabelResponse:
        edit = partial(labelling.add_by_name, key=request.label.key, value=request.label.label)
        return AddLabelResponse(incident=await self._edit(request.incident_id, call, edit))

    async def remove_label(self, request: RemoveLabelRequest, call: CallContext) -> RemoveLabelResponse:
        edit = partial(labelling.remove, choose=lambda labels: label_to_remove(labels, request.label))
        return RemoveLabelResponse(incident=await self._edit(request.incident_id, call, edit))

    async def assign_label(self, request: AssignLabelRequest, call: CallContext) -> AssignLabelResponse:
        edit = partial(labelling.add_by_name, key=request.key, value=request.value)
        return AssignLabelResponse(labels=await self._relabel(request.incident_id, call, edit))

    async def unassign_label(self, request: UnassignLabelRequest, call: CallContext) -> UnassignLabelResponse:
        edit = partial(labelling.remove, choose=lambda labels: find_label(labels, request.key, request.value))
        return UnassignLabelResponse(labels=await self._relabel(request.incident_id, call, edit))

    async def assign_label_by_uuid(
        self, request: AssignLabelByUUIDRequest, call: CallContext
    ) -> AssignLabelByUUIDResponse:
        edit = partial(labelling.add_by_uuid, key_uuid=request.key_uuid, value_uuid=request.value_uuid)
        return AssignLabelByUUIDResponse(labels=await self._relabel(request.incident_id, call, edit))

    async def unassign_label_by_uuid(
        self, request: UnassignLabelByUUIDRequest, call: CallContext
    ) -> UnassignLabelByUUIDResponse:
        edit = partial(labelling.remove_by_uuid, key_uuid=request.key_uuid, value_uuid=request.value_uuid)
        return UnassignLabelByUUIDResponse(labels=await self._relabel(request.incident_id, call, edit))

    async def get_labels(self, request: GetLabelsRequest, call: CallContext) -> GetLabelsResponse:
        found = await self._look(
            request.incident_id,
            call,
            lambda look: labels_store.list_labels(look.connection, look.tenant_id, [look.incident.id]),
        )
        return GetLabelsResponse(labels=convert.from_key_value_labels(chain.from_iterable(found.values())))

    # --- people

    async def assign_role(self, request: AssignRoleRequest, call: CallContext) -> AssignRoleResponse:
        edit = partial(membership.assign, reference=_to_user(request.user_id), role_name=request.role)
        changed = await self._change(request.incident_id, call, edit)
        return AssignRoleResponse(incident=self._message(changed.view), did_change=changed.result)

    async def unassign_role(self, request: UnassignRoleRequest, call: CallContext) -> UnassignRoleResponse:
        edit = partial(membership.unassign, reference=_to_user(request.user_id), role_name=request.role)
        changed = await self._change(request.incident_id, call, edit)
        return UnassignRoleResponse(incident=self._message(changed.view), did_change=changed.result)

    async def get_incident_membership(
        self, request: GetIncidentMembershipRequest, call: CallContext
    ) -> GetIncidentMembershipResponse:
        held = await self._look(
            request.incident_id,
            call,
            lambda look: store.assignments_of(look.connection, look.tenant_id, look.incident.id),
        )
        return GetIncidentMembershipResponse(assignments=convert.from_assignments(held, call.tenant_id))

    async def get_incident_channels(
        self, request: GetIncidentChannelsRequest, call: CallContext
    ) -> GetIncidentChannelsResponse:
        """None: no chat integration makes channels."""
        await self._look(request.incident_id, call, lambda look: look.incident)
        return GetIncidentChannelsResponse()

    # --- reading and changing

    async def _read(self, call: CallContext, read: Callable[[Connection, Actor], T]) -> T:
        return await self._database.read(lambda c: read(c, actor_of(c, call)))

    async def _look(self, incident_id: str, call: CallContext, look: Callable[[Look], T]) -> T:
        return await self._incidents.read(call, convert.to_incident_id(incident_id), look)

    async def _change(self, incident_id: str, call: CallContext, edit: Callable[[Change], T]) -> Changed[T]:
        return await self._incidents.change(call, convert.to_incident_id(incident_id), edit)

    async def _edit(self, incident_id: str, call: CallContext, edit: Callable[[Change], object]) -> IncidentMessage:
        return self._message((await self._change(incident_id, call, edit)).view)

    async def _relabel(
        self, incident_id: str, call: CallContext, edit: Callable[[Change], object]
    ) -> list[KeyValueLabel]:
        return convert.from_key_value_labels((await self._change(incident_id, call, edit)).view.labels)

    def _message(self, view: IncidentView) -> IncidentMessage:
        return convert.from_view(view, self._clock.now())


def _to_declaration(request: CreateIncidentRequest) -> Declaration:
    return Declaration(
        title=request.title,
        severity=request.severity_id or request.severity,
        status=request.status,
        incident_type=request.incident_type,
        is_drill=request.is_drill,
        room_prefix=request.room_prefix,
        labels=tuple((label.key, label.label) for label in request.labels),
        contexts=_to_contexts(request),
        status_update=request.initial_status_update,
    )


def _to_contexts(request: CreateIncidentRequest) -> tuple[ContextDraft, ...]:
    group = request.alert_group_id or None
    if request.attach_url:
        return (generic_url(request.attach_url, request.attach_caption, alert_group_id=group),)
    return (alert_group(group, request.attach_caption),) if group else ()


def _to_query(query: IncidentsQuery) -> Query:
    """A query string replaces the other fields."""
    if query.query_string:
        return parse_query(query.query_string, field="query.query_string")
    return structured_query(
        StructuredQuery(
            include_statuses=tuple(query.include_statuses),
            excluded_statuses=tuple(query.exclude_statuses),
            labels=tuple(query.incident_labels),
            severity=query.severity,
            created_from=_to_moment(query, "date_from"),
            created_to=_to_moment(query, "date_to"),
            only_drills=query.only_drills,
        )
    )


def _to_moment(query: IncidentsQuery, field: Literal["date_from", "date_to"]) -> datetime | None:
    return convert.to_moment(getattr(query, field), field=f"query.{field}") if query.HasField(field) else None


def _to_user(text: str) -> UserReference:
    return parse_user_id(text, field="user_id")


def _next_value(order: Order, page: previews.Page) -> str:
    return encode_cursor(order, page.next_keyset) if page.next_keyset else ""
