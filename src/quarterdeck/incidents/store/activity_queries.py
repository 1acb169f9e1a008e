"""Single items of a timeline, and pages of it. Removed items are not there."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from quarterdeck.database import Connection, Text, Timestamp
from quarterdeck.errors import NotFound, Reason
from quarterdeck.incidents.incident import ActivityItem
from quarterdeck.incidents.store import tables as t
from quarterdeck.incidents.store.activity import item_of
from quarterdeck.incidents.store.incidents import find_users
from quarterdeck.incidents.timeline import TAGS

_QUOTED_IN_ERRORS = 80
_LARGEST_NUMBER = 2**31 - 1
_COLUMNS = t.activity_items.c


@dataclass(frozen=True, slots=True)
class Selection:
    """Which items of a timeline; empty means all."""

    kinds: Collection[str] = ()
    tag: str = ""


def list_page(
    connection: Connection,
    tenant_id: str,
    incident_id: int,
    selection: Selection = Selection(),
    *,
    limit: int,
    after: tuple[datetime | None, int] | None = None,
    descending: bool = True,
) -> list[ActivityItem]:
    """By event time, then by number; those behind the time and number `after`."""
    query = sa.select(t.activity_items).where(_is_there(tenant_id, incident_id), *_selected(selection))
    if after is not None:
        here = sa.tuple_(_COLUMNS.event_time, _COLUMNS.number)
        there = sa.tuple_(sa.literal(after[0], Timestamp), sa.literal(after[1], sa.BigInteger))
        query = query.where(here < there if descending else here > there)
    order = (_COLUMNS.event_time, _COLUMNS.number)
    ordered = query.order_by(*(column.desc() if descending else column.asc() for column in order))
    return _items(connection, tenant_id, connection.execute(ordered.limit(limit)).mappings().all())


def get_item(connection: Connection, tenant_id: str, incident_id: int, item_id: str) -> ActivityItem:
    """Raises `NotFound(ACTIVITY_ITEM_NOT_FOUND)`."""
    number = int(item_id) if item_id.isascii() and item_id.isdigit() and len(item_id) < 11 else 0
    if str(number) != item_id or not 0 < number <= _LARGEST_NUMBER:
        raise _not_found(item_id)
    query = sa.select(t.activity_items).where(_is_there(tenant_id, incident_id), _COLUMNS.number == number)
    row = connection.execute(query).mappings().one_or_none()
    if row is None:
        raise _not_found(item_id)
    return _items(connection, tenant_id, [row])[0]


def update_item(connection: Connection, tenant_id: str, item: ActivityItem) -> None:
    """Writes what can be edited: body, attachments, event time and relevance."""
    connection.execute(
        sa.update(t.activity_items)
        .where(_is(tenant_id, item))
        .values(
            body=item.body,
            attachments=[dict(each) for each in item.attachments],
            event_time=item.event_time,
            relevance=item.relevance,
        )
    )


def remove_item(connection: Connection, tenant_id: str, item: ActivityItem, *, at: datetime) -> None:
    """Forget what it says. Its number stays taken, so that nobody who still shows it edits another item."""
    connection.execute(
        sa.update(t.activity_items)
        .where(_is(tenant_id, item))
        .values(removed_at=at, body="", field_values={}, attachments=[], tags=[], url="", subject_user_id=None)
    )


def _is_there(tenant_id: str, incident_id: int) -> sa.ColumnElement[bool]:
    return sa.and_(_COLUMNS.tenant_id == tenant_id, _COLUMNS.incident_id == incident_id, _COLUMNS.removed_at.is_(None))


def _is(tenant_id: str, item: ActivityItem) -> sa.ColumnElement[bool]:
    return sa.and_(
        _COLUMNS.tenant_id == tenant_id, _COLUMNS.incident_id == item.incident_id, _COLUMNS.number == item.number
    )


def _selected(selection: Selection) -> list[sa.ColumnElement[bool]]:
    conditions: list[sa.ColumnElement[bool]] = []
    if selection.kinds:
        conditions.append(_COLUMNS.kind.in_(sorted(set(selection.kinds))))
    if selection.tag:
        # A JSON list of known words: a word with its quotes is found in it and in nothing else.
        tags = sa.type_coerce(_COLUMNS.tags, Text)
        conditions.append(tags.contains(f'"{selection.tag}"') if selection.tag in TAGS else sa.false())
    return conditions


def _items(connection: Connection, tenant_id: str, rows: Sequence[Any]) -> list[ActivityItem]:
    mentioned = {row[name] for row in rows for name in ("user_id", "subject_user_id") if row[name]}
    people = find_users(connection, tenant_id, mentioned)
    return [item_of(row, people) for row in rows]


def _not_found(item_id: str) -> NotFound:
    shown = item_id[:_QUOTED_IN_ERRORS]
    return NotFound(
        Reason.ACTIVITY_ITEM_NOT_FOUND, f"the incident has no activity item {shown!r}", metadata={"id": shown}
    )
