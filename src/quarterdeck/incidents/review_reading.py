"""Everything that a review is made from, read from one state of the database."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from quarterdeck.database import Connection
from quarterdeck.gen.incident.v1.field_pb2 import FieldValue
from quarterdeck.gen.incident.v1.key_update_pb2 import KeyUpdate as KeyUpdateMessage
from quarterdeck.incidents.activity_messages import from_item
from quarterdeck.incidents.convert import from_moment, from_user, from_view
from quarterdeck.incidents.fields_service import field_message
from quarterdeck.incidents.incident import Actor
from quarterdeck.incidents.key_update_text import ContentType, convert
from quarterdeck.incidents.review_record import Record
from quarterdeck.incidents.store import activity_queries, fields, incidents, key_updates
from quarterdeck.incidents.store.key_updates import KeyUpdate, PageOrder

MOST_ITEMS: Final = 10_000
MOST_UPDATES: Final = 1_000


def read_record(connection: Connection, tenant_id: str, incident_id: int, actor: Actor, now: datetime) -> Record:
    """Raises NotFound, also for what the actor may not see. A longer timeline ends after its first 10,000 items."""
    incident = incidents.get_visible(connection, tenant_id, incident_id, actor)
    items = activity_queries.list_page(connection, tenant_id, incident_id, limit=MOST_ITEMS, descending=False)
    oldest_first = PageOrder(descending=False)
    updates = key_updates.list_page(connection, tenant_id, incident_id, oldest_first, limit=MOST_UPDATES)
    values = fields.values_of(connection, tenant_id, incident_id)
    return Record(
        from_view(incidents.view(connection, tenant_id, incident), now),
        [from_item(item) for item in items],
        [_plain(update) for update in updates],
        [
            FieldValue(field=field_message(each), value=values[each.uuid])
            for each in fields.list_fields(connection, tenant_id, domain="incident")
            if each.uuid in values
        ],
    )


def _plain(update: KeyUpdate) -> KeyUpdateMessage:
    return KeyUpdateMessage(
        created_time=from_moment(update.created_at),
        created_by=from_user(update.created_by),
        title=update.title,
        content=convert(update.content, ContentType(update.content_type), ContentType.PLAIN),
    )
