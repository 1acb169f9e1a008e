"""incident.v1.KeyUpdatesService."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial
from typing import NoReturn
from uuid import uuid4

from quarterdeck.clock import Clock
from quarterdeck.database import Database
from quarterdeck.errors import FieldViolation, Invalid, Reason
from quarterdeck.gen.incident.v1.key_update_pb2 import KeyUpdate as KeyUpdateMessage
from quarterdeck.gen.incident.v1.key_updates_service_pb2 import (
    CreateKeyUpdateRequest,
    CreateKeyUpdateResponse,
    DeleteKeyUpdateRequest,
    DeleteKeyUpdateResponse,
    GetInitialKeyUpdateRequest,
    GetInitialKeyUpdateResponse,
    GetKeyUpdateRequest,
    GetKeyUpdateResponse,
    GetLastKeyUpdateRequest,
    GetLastKeyUpdateResponse,
    KeyUpdatesQuery,
    QueryKeyUpdatesRequest,
    QueryKeyUpdatesResponse,
    UpdateKeyUpdateRequest,
    UpdateKeyUpdateResponse,
)
from quarterdeck.identity.call import CallContext
from quarterdeck.incidents.change import Change, QueueDeliveries
from quarterdeck.incidents.changing import Incidents, Look
from quarterdeck.incidents.convert import from_moment, from_user, next_page, to_incident_id
from quarterdeck.incidents.key_update_text import ContentType, check_content, convert, read_content_type
from quarterdeck.incidents.limits import NAME, TITLE, check_length
from quarterdeck.incidents.query.cursor import Keyset, KeyValue, decode_cursor, encode_cursor
from quarterdeck.incidents.query.ordering import KEY_UPDATES as LISTING
from quarterdeck.incidents.query.ordering import Order, read_order
from quarterdeck.incidents.query.pages import KEY_UPDATES as PAGES
from quarterdeck.incidents.store import incidents as incidents_store
from quarterdeck.incidents.store import key_updates as store
from quarterdeck.incidents.store import organisation
from quarterdeck.incidents.store.key_updates import KeyUpdate, PageOrder
from quarterdeck.incidents.webhooks.event_names import Event

_QUOTED_IN_ERRORS = 80

Rendering = Callable[[KeyUpdate], KeyUpdateMessage]


class Scope(StrEnum):
    """Whom a key update is for."""

    INTERNAL = "internal"
    PUBLIC = "public"
    PRIVATE = "private"


@dataclass(frozen=True, slots=True)
class Words:
    """What a caller says; an empty status or severity is the incident's."""

    title: str | None
    color: str | None
    content: str
    content_type: str
    status_id: str
    severity_id: str
    scope: str


class KeyUpdatesService:
    """Status updates: kept as they were sent, converted when they are read."""

    def __init__(self, database: Database, clock: Clock, queue: QueueDeliveries) -> None:
        self._incidents = Incidents(database, clock, queue)

    async def create_key_update(self, request: CreateKeyUpdateRequest, call: CallContext) -> CreateKeyUpdateResponse:
        create = partial(_create, words=_words(request))
        changed = await self._incidents.change(call, to_incident_id(request.incident_id), create)
        return CreateKeyUpdateResponse(key_update=_rendering(call, None)(changed.result))

    async def update_key_update(self, request: UpdateKeyUpdateRequest, call: CallContext) -> UpdateKeyUpdateResponse:
        update = partial(_update, update_id=request.id, words=_words(request))
        changed = await self._incidents.change(call, to_incident_id(request.incident_id), update)
        return UpdateKeyUpdateResponse(key_update=_rendering(call, None)(changed.result))

    async def delete_key_update(self, request: DeleteKeyUpdateRequest, call: CallContext) -> DeleteKeyUpdateResponse:
        delete = partial(_delete, update_id=request.id)
        await self._incidents.change(call, to_incident_id(request.incident_id), delete)
        return DeleteKeyUpdateResponse()

    async def get_key_update(self, request: GetKeyUpdateRequest, call: CallContext) -> GetKeyUpdateResponse:
        render = _rendering(call, _wanted(request.content_type))
        found = await self._incidents.read(
            call,
            to_incident_id(request.incident_id),
            lambda at: store.get(at.connection, at.tenant_id, at.incident.id, request.id),
        )
        return GetKeyUpdateResponse(key_update=render(found))

    async def get_initial_key_update(
        self, request: GetInitialKeyUpdateRequest, call: CallContext
    ) -> GetInitialKeyUpdateResponse:
        render = _rendering(call, _wanted(request.content_type))
        first = await self._incidents.read(
            call, to_incident_id(request.incident_id), lambda at: _first(at, descending=False)
        )
        return GetInitialKeyUpdateResponse(key_update=render(first) if first else None)

    async def get_last_key_update(
        self, request: GetLastKeyUpdateRequest, call: CallContext
    ) -> GetLastKeyUpdateResponse:
        render = _rendering(call, _wanted(request.content_type))

        def look(at: Look) -> tuple[KeyUpdate | None, int]:
            return _first(at, descending=True), store.count(at.connection, at.tenant_id, at.incident.id)

        last, count = await self._incidents.read(call, to_incident_id(request.incident_id), look)
        return GetLastKeyUpdateResponse(key_update=render(last) if last else None, key_update_count=count)

    async def query_key_updates(self, request: QueryKeyUpdatesRequest, call: CallContext) -> QueryKeyUpdatesResponse:
        order = read_order(LISTING, request.query.order_field, request.query.order_direction)
        render = _rendering(call, _wanted(request.query.content_type, field="query.content_type"))
        query = _with_defaults(request.query, order)
        keyset = decode_cursor(request.cursor.next_value, order)
        page_order = PageOrder(order.field, order.descending, (keyset.value, keyset.last_id) if keyset else None)

        def look(at: Look) -> list[KeyUpdate]:
            return store.list_page(
                at.connection, at.tenant_id, at.incident.id, page_order, limit=query.limit + 1, scope=query.scope
            )

        found = await self._incidents.read(call, to_incident_id(query.incident_id, field="query.incident_id"), look)
        page, more = found[: query.limit], len(found) > query.limit
        ends_at = encode_cursor(order, Keyset(_key(page[-1], order), page[-1].id)) if more else ""
        return QueryKeyUpdatesResponse(key_updates=map(render, page), query=query, cursor=next_page(ends_at))


def _words(request: CreateKeyUpdateRequest | UpdateKeyUpdateRequest) -> Words:
    content_type = read_content_type(request.content_type, field="content_type")
    check_content(request.content, content_type)
    check_length("title", request.title, TITLE)
    check_length("color", request.color, NAME)
    return Words(
        title=request.title if request.HasField("title") else None,
        color=request.color if request.HasField("color") else None,
        content=request.content,
        content_type=content_type.value,
        status_id=request.status_id,
        severity_id=request.severity_id,
        scope=_scope(request.scope, "scope") or Scope.INTERNAL.value,
    )


def _create(change: Change, *, words: Words) -> KeyUpdate:
    update = _dressed(
        change,
        KeyUpdate(
            id=str(uuid4()),
            incident_id=change.incident.id,
            title=None,
            color=None,
            content="",
            content_type="",
            status_id="",
            severity_id="",
            scope="",
            created_by=change.actor.user,
            modified_by=change.actor.user,
            created_at=change.at,
            modified_at=change.at,
        ),
        words,
    )
    store.add(change.connection, change.tenant_id, update)
    incidents_store.join_as_participant(
        change.connection, change.tenant_id, change.incident.id, change.actor.user.id, change.at
    )
    change.announce(Event.UPDATED)
    return update


def _update(change: Change, *, update_id: str, words: Words) -> KeyUpdate:
    current = store.get(change.connection, change.tenant_id, change.incident.id, update_id)
    updated = _dressed(change, current, words)
    if updated == current:
        return current
    updated = replace(updated, modified_by=change.actor.user, modified_at=change.at)
    store.replace_words(change.connection, change.tenant_id, updated)
    change.announce(Event.UPDATED)
    return updated


def _delete(change: Change, *, update_id: str) -> None:
    current = store.get(change.connection, change.tenant_id, change.incident.id, update_id)
    store.delete(change.connection, change.tenant_id, change.incident.id, current.id)
    change.announce(Event.UPDATED)


def _dressed(change: Change, update: KeyUpdate, words: Words) -> KeyUpdate:
    """With what the caller says. Raises NotFound for a status or severity that the organisation does not have."""
    status_id = words.status_id or change.incident.status_id
    severity_id = words.severity_id or change.incident.severity_id
    if status_id not in (change.incident.status_id, update.status_id):
        organisation.get_status(change.connection, change.tenant_id, status_id)
    if severity_id not in (change.incident.severity_id, update.severity_id):
        organisation.get_severity(change.connection, change.tenant_id, severity_id)
    return replace(
        update,
        title=words.title,
        color=words.color,
        content=words.content,
        content_type=words.content_type,
        status_id=status_id,
        severity_id=severity_id,
        scope=words.scope,
    )


def _first(at: Look, *, descending: bool) -> KeyUpdate | None:
    order = PageOrder(descending=descending)
    found = store.list_page(at.connection, at.tenant_id, at.incident.id, order, limit=1)
    return found[0] if found else None


def _with_defaults(query: KeyUpdatesQuery, order: Order) -> KeyUpdatesQuery:
    return KeyUpdatesQuery(
        incident_id=query.incident_id,
        limit=PAGES.applied(query.limit),
        order_direction=order.direction.value,
        order_field=order.field,
        scope=_scope(query.scope, "query.scope"),
        content_type=query.content_type,
    )


def _key(update: KeyUpdate, order: Order) -> KeyValue:
    match order.field:
        case "title":
            return (update.title or "").casefold()
        case "modifiedTime":
            return update.modified_at
        case _:
            return update.created_at


def _wanted(content_type: str, *, field: str = "content_type") -> ContentType | None:
    return read_content_type(content_type, field=field) if content_type else None


def _scope(text: str, field: str) -> str:
    if text and text not in set(Scope):
        _refuse(field, f"{text[:_QUOTED_IN_ERRORS]!r} is unknown; accepted: {', '.join(Scope)}")
    return text


def _refuse(field: str, why: str) -> NoReturn:
    raise Invalid(
        Reason.FIELD_INVALID, f"{field}: {why}", violations=(FieldViolation(field, why),), metadata={"field": field}
    )


def _rendering(call: CallContext, wanted: ContentType | None) -> Rendering:
    """Key updates as messages, their text in the content type `wanted`, or as it is stored."""

    def render(update: KeyUpdate) -> KeyUpdateMessage:
        stored = ContentType(update.content_type)
        return KeyUpdateMessage(
            id=update.id,
            org_id=call.tenant_id,
            incident_id=str(update.incident_id),
            title=update.title,
            content=convert(update.content, stored, wanted or stored),
            content_type=(wanted or stored).value,
            created_time=from_moment(update.created_at),
            modified_time=from_moment(update.modified_at),
            created_by=from_user(update.created_by),
            last_modified_by=from_user(update.modified_by),
            status_id=update.status_id,
            severity_id=update.severity_id,
            scope=update.scope,
            color=update.color,
        )

    return render
