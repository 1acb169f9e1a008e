"""incident.v1.ActivityService."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from quarterdeck.clock import Clock
from quarterdeck.database import Database
from quarterdeck.gen.incident.v1 import activity_pb2
from quarterdeck.gen.incident.v1.activity_service_pb2 import (
    ActivityQuery,
    AddActivityRequest,
    AddActivityResponse,
    QueryActivityRequest,
    QueryActivityResponse,
    RemoveActivityRequest,
    RemoveActivityResponse,
    UpdateActivityBodyRequest,
    UpdateActivityBodyResponse,
    UpdateActivityEventTimeRequest,
    UpdateActivityEventTimeResponse,
    UpdateActivityRelevanceRequest,
    UpdateActivityRelevanceResponse,
)
from quarterdeck.identity.call import CallContext
from quarterdeck.incidents.activity_messages import from_item, to_field_values
from quarterdeck.incidents.change import Change, QueueDeliveries
from quarterdeck.incidents.changing import Incidents, Look
from quarterdeck.incidents.convert import next_page, to_incident_id, to_moment
from quarterdeck.incidents.incident import ActivityDraft, ActivityItem
from quarterdeck.incidents.limits import NOTE, check_field_values, check_length
from quarterdeck.incidents.query.cursor import Keyset, decode_cursor, encode_cursor
from quarterdeck.incidents.query.ordering import ACTIVITY as LISTING
from quarterdeck.incidents.query.ordering import read_order
from quarterdeck.incidents.query.pages import ACTIVITY as PAGES
from quarterdeck.incidents.store import activity_queries as store
from quarterdeck.incidents.store import incidents as incidents_store
from quarterdeck.incidents.timeline import ActivityKind, check_editable, check_note, check_relevance, urls_in
from quarterdeck.incidents.webhooks.event_names import Event

Edit = Callable[[ActivityItem], ActivityItem]


class ActivityService:
    """Timelines: notes are people's, every other item is the server's and keeps its words."""

    def __init__(self, database: Database, clock: Clock, queue: QueueDeliveries) -> None:
        self._incidents = Incidents(database, clock, queue)

    async def add_activity(self, request: AddActivityRequest, call: CallContext) -> AddActivityResponse:
        incident_id, note = to_incident_id(request.incident_id), _note(request)
        changed = await self._incidents.change(call, incident_id, partial(_add, note=note))
        return AddActivityResponse(activity_item=from_item(changed.appended[-1]))

    async def query_activity(self, request: QueryActivityRequest, call: CallContext) -> QueryActivityResponse:
        query = _with_defaults(request.query)
        order = read_order(LISTING, direction=query.order_direction)
        keyset = decode_cursor(request.cursor.next_value, order)
        after: Any = None if keyset is None else (keyset.value, keyset.last_id)
        selection = store.Selection(tuple(query.activity_kind), query.tag)

        def look(at: Look) -> list[ActivityItem]:
            return store.list_page(
                at.connection, at.tenant_id, at.incident.id, selection,
                limit=query.limit + 1, after=after, descending=order.descending,
            )  # fmt: skip

        found = await self._incidents.read(call, to_incident_id(query.incident_id, field="query.incident_id"), look)
        page, more = found[: query.limit], len(found) > query.limit
        ends_at = encode_cursor(order, Keyset(page[-1].event_time, page[-1].number)) if more else ""
        return QueryActivityResponse(activity_items=map(from_item, page), query=query, cursor=next_page(ends_at))

    async def remove_activity(self, request: RemoveActivityRequest, call: CallContext) -> RemoveActivityResponse:
        incident_id, item_id = to_incident_id(request.incident_id), request.activity_item_id
        changed = await self._incidents.change(call, incident_id, partial(_remove, item_id=item_id))
        return RemoveActivityResponse(activity_item=from_item(changed.result))

    async def update_activity_body(
        self, request: UpdateActivityBodyRequest, call: CallContext
    ) -> UpdateActivityBodyResponse:
        check_length("body", request.body, NOTE, minimum=1)

        def edit(item: ActivityItem) -> ActivityItem:
            check_editable(immutable=item.immutable)
            return replace(item, body=request.body, attachments=_attachments(request.body))

        return UpdateActivityBodyResponse(activity_item=await self._edit(request, call, edit))

    async def update_activity_event_time(
        self, request: UpdateActivityEventTimeRequest, call: CallContext
    ) -> UpdateActivityEventTimeResponse:
        moment = _event_time(request)

        def edit(item: ActivityItem) -> ActivityItem:
            check_editable(immutable=item.immutable)
            return replace(item, event_time=moment or item.created_at)

        return UpdateActivityEventTimeResponse(activity_item=await self._edit(request, call, edit))

    async def update_activity_relevance(
        self, request: UpdateActivityRelevanceRequest, call: CallContext
    ) -> UpdateActivityRelevanceResponse:
        relevance = check_relevance(request.relevance)
        edited = await self._edit(request, call, lambda item: replace(item, relevance=relevance.value))
        return UpdateActivityRelevanceResponse(activity_item=edited)

    async def _edit(
        self,
        request: UpdateActivityBodyRequest | UpdateActivityEventTimeRequest | UpdateActivityRelevanceRequest,
        call: CallContext,
        edit: Edit,
    ) -> activity_pb2.ActivityItem:
        change = partial(_rewrite, item_id=request.activity_item_id, edit=edit)
        changed = await self._incidents.change(call, to_incident_id(request.incident_id), change)
        return from_item(changed.result)


def _note(request: AddActivityRequest) -> ActivityDraft:
    kind = request.activity_kind or ActivityKind.USER_NOTE.value
    check_note(kind, request.body)
    field_values = to_field_values(request.field_values)
    check_field_values(field_values, field="field_values")
    return ActivityDraft(
        kind,
        field_values,
        body=request.body,
        event_time=_event_time(request),
        immutable=False,
        attachments=_attachments(request.body),
    )


def _event_time(request: AddActivityRequest | UpdateActivityEventTimeRequest) -> datetime | None:
    return to_moment(request.event_time, field="event_time") if request.HasField("event_time") else None


def _attachments(body: str) -> tuple[dict[str, str], ...]:
    return tuple({"url": url} for url in urls_in(body))


def _add(change: Change, *, note: ActivityDraft) -> None:
    incidents_store.join_as_participant(
        change.connection, change.tenant_id, change.incident.id, change.actor.user.id, change.at
    )
    change.append(note)
    change.announce(Event.UPDATED)


def _remove(change: Change, *, item_id: str) -> ActivityItem:
    item = store.get_item(change.connection, change.tenant_id, change.incident.id, item_id)
    check_editable(immutable=item.immutable)
    store.remove_item(change.connection, change.tenant_id, item, at=change.at)
    change.announce(Event.UPDATED)
    return item


def _rewrite(change: Change, *, item_id: str, edit: Edit) -> ActivityItem:
    item = store.get_item(change.connection, change.tenant_id, change.incident.id, item_id)
    edited = edit(item)
    if edited != item:
        store.update_item(change.connection, change.tenant_id, edited)
        change.announce(Event.UPDATED)
    return edited


def _with_defaults(query: ActivityQuery) -> ActivityQuery:
    return ActivityQuery(
        incident_id=query.incident_id,
        limit=PAGES.applied(query.limit),
        tag=query.tag,
        order_direction=query.order_direction or LISTING.default_direction.value,
        activity_kind=query.activity_kind,
    )
