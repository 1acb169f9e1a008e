"""incident.v1.IncidentContextService."""

from __future__ import annotations

from typing import Final

from quarterdeck.database import Database
from quarterdeck.gen.incident.v1.incident_context_pb2 import ContextUser, IncidentContext
from quarterdeck.gen.incident.v1.incident_context_service_pb2 import (
    ContextQuery,
    QueryIncidentContextRequest,
    QueryIncidentContextResponse,
)
from quarterdeck.identity.call import CallContext
from quarterdeck.incidents.changing import Look, look_at
from quarterdeck.incidents.convert import from_moment, next_page, to_incident_id
from quarterdeck.incidents.query.cursor import Keyset, decode_cursor, encode_cursor
from quarterdeck.incidents.query.ordering import CONTEXTS as LISTING
from quarterdeck.incidents.query.ordering import Order, read_order
from quarterdeck.incidents.query.pages import CONTEXTS as PAGES
from quarterdeck.incidents.store import contexts as store
from quarterdeck.incidents.store.contexts import Context, ContextOrder, ContextSelection
from quarterdeck.incidents.users import public_id

ACTIVE: Final = "active"
"""The status of every context: nothing here retires one."""

PROCESSED: Final = "success"
"""The processStatus of every context: what it says is read when it is attached, so there is nothing left to do."""


class IncidentContextService:
    """What is attached to incidents."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def query_incident_context(
        self, request: QueryIncidentContextRequest, call: CallContext
    ) -> QueryIncidentContextResponse:
        order = read_order(LISTING, request.query.order_field, request.query.order_direction)
        query = _with_defaults(request.query, order)
        keyset = decode_cursor(request.cursor.next_value, order)
        wanted = ContextOrder(order.field, order.descending, (keyset.value, keyset.last_id) if keyset else None)
        selection = ContextSelection(query.type, query.alert_group_id)

        def look(at: Look) -> list[Context]:
            if query.status not in ("", ACTIVE):
                return []
            return store.list_page(
                at.connection, at.tenant_id, at.incident.id, selection, wanted, limit=query.limit + 1
            )

        incident_id = to_incident_id(query.incident_id, field="query.incident_id")
        found = await look_at(self._database, call, incident_id, look)
        page, more = found[: query.limit], len(found) > query.limit
        ends_at = encode_cursor(order, _keyset(page[-1], order)) if more else ""
        return QueryIncidentContextResponse(
            incident_contexts=map(_message, page), query=query, cursor=next_page(ends_at)
        )


def _with_defaults(query: ContextQuery, order: Order) -> ContextQuery:
    return ContextQuery(
        incident_id=query.incident_id,
        limit=PAGES.applied(query.limit),
        status=query.status,
        type=query.type,
        alert_group_id=query.alert_group_id,
        order_field=order.field,
        order_direction=order.direction.value,
    )


def _keyset(context: Context, order: Order) -> Keyset:
    return Keyset(context.modified_at if order.field == "modifiedTime" else context.created_at, context.id)


def _message(context: Context) -> IncidentContext:
    return IncidentContext(
        incident_id=str(context.incident_id),
        context_id=context.id,
        created_by_user=ContextUser(
            user_id=public_id(context.creator.id),
            name=context.creator.name,
            email=context.creator.email,
            grafana_login=context.creator_login,
            photo_url=context.creator.photo_url,
        ),
        created_time=from_moment(context.created_at),
        modified_time=from_moment(context.modified_at),
        title=context.title,
        description=context.description,
        type=context.type,
        payload=context.payload,
        status=ACTIVE,
        process_status=PROCESSED,
        alert_group_id=context.alert_group_id,
    )
