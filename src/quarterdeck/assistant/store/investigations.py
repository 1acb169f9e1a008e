"""Investigations: what they are about, and the chats that they run in."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from enum import Enum, auto
from typing import Any, Final

import orjson
import sqlalchemy as sa

from quarterdeck.assistant.run import RunState, storable
from quarterdeck.assistant.store import tables as t
from quarterdeck.database import Connection, Text
from quarterdeck.errors import NotFound, Reason

PAUSED: Final = "paused_run_id"
MODE: Final = "mode"
TEAMS: Final = "team_names"
PROFILE: Final = "agent_profile_id"
"""Keys of the properties."""

_QUOTED = 80


@dataclass(frozen=True, slots=True)
class InvestigationRecord:
    """One row. Its newest run is the chat's."""

    tenant_id: str
    id: str
    title: str
    description: str
    incident_id: str
    chat_id: str
    source: str
    created_at: datetime
    properties: Mapping[str, Any] = field(default_factory=dict)
    activity_item_id: str = ""

    @property
    def paused_run_id(self) -> str:
        """The run that was ended by pausing; the newest one, unless it went on since. Empty when none was."""
        return str(self.properties.get(PAUSED, ""))

    @property
    def mode(self) -> str:
        """How far the assistant goes by itself: `low`, `medium` or `high`."""
        return str(self.properties.get(MODE, "medium"))

    @property
    def team_names(self) -> tuple[str, ...]:
        """The teams that it is for."""
        return tuple(self.properties.get(TEAMS, ()))


class Order(Enum):
    """What a list is in the order of."""

    CREATED = auto()
    UPDATED = auto()
    TITLE = auto()


@dataclass(frozen=True, slots=True)
class Search:
    """Which investigations, and in which order. What is empty or None lets all of them through."""

    incident_id: str = ""
    states: frozenset[RunState] | None = None
    """Of the newest run."""
    paused: bool | None = None
    text: str = ""
    """In the title or the description, in upper or lower case."""
    created_by: str = ""
    team: str = ""
    for_some_team: bool = False
    since: datetime | None = None
    before: datetime | None = None
    order: Order = Order.CREATED
    descending: bool = True
    limit: int = 50
    offset: int = 0

    @property
    def is_narrowed_only(self) -> bool:
        """Whether the database finds more than is wanted: it does not know names of teams, nor case beyond ASCII."""
        return bool(self.team) or not self.text.isascii()


@dataclass(frozen=True, slots=True)
class Found:
    """An investigation as a list shows it."""

    record: InvestigationRecord
    state: RunState
    """Of the newest run."""
    created_by: str
    """The account's name."""
    updated_at: datetime
    run_id: str
    """The newest run."""

    @property
    def is_paused(self) -> bool:
        """Whether the newest run was ended by pausing."""
        return self.record.paused_run_id == self.run_id


def add(connection: Connection, investigation: InvestigationRecord) -> None:
    """A new investigation."""
    row = asdict(investigation)
    row |= {name: storable(row[name]) for name in ("title", "description")}
    connection.execute(sa.insert(t.investigations).values(row))


def find(connection: Connection, tenant_id: str, investigation_id: str) -> InvestigationRecord:
    """Raises `NotFound(INVESTIGATION_NOT_FOUND)`."""
    query = sa.select(t.investigations).where(_is(tenant_id, investigation_id))
    row = connection.execute(query).mappings().one_or_none()
    if row is None:
        raise _unknown(investigation_id)
    return _record(row)


def search(connection: Connection, tenant_id: str, wanted: Search) -> tuple[list[Found], int]:
    """A page of the investigations that are wanted, and how many there are on all pages."""
    query = _found_query(tenant_id, wanted)
    if wanted.is_narrowed_only:
        found = [each for each in map(_found, connection.execute(query).mappings()) if _is_wanted(each, wanted)]
        return found[wanted.offset : wanted.offset + wanted.limit], len(found)
    total = connection.execute(sa.select(sa.func.count()).select_from(query.subquery())).scalar_one()
    rows = connection.execute(query.limit(wanted.limit).offset(wanted.offset)).mappings()
    return [_found(row) for row in rows], total


def change_properties(
    connection: Connection, tenant_id: str, investigation_id: str, change: Callable[[dict[str, Any]], None]
) -> InvestigationRecord:
    """Changes what clients keep with an investigation. Raises `NotFound`; needs a write transaction."""
    query = sa.select(t.investigations).where(_is(tenant_id, investigation_id)).with_for_update()
    row = connection.execute(query).mappings().one_or_none()
    if row is None:
        raise _unknown(investigation_id)
    properties = dict(row["properties"])
    change(properties)
    connection.execute(
        sa.update(t.investigations).where(_is(tenant_id, investigation_id)).values(properties=properties)
    )
    return replace(_record(row), properties=properties)


def set_activity_item(connection: Connection, tenant_id: str, investigation_id: str, item_id: str) -> None:
    """The entry of the incident's timeline that has the answer."""
    connection.execute(
        sa.update(t.investigations).where(_is(tenant_id, investigation_id)).values(activity_item_id=item_id)
    )


def _unknown(investigation_id: str) -> NotFound:
    return NotFound(Reason.INVESTIGATION_NOT_FOUND, f"there is no investigation {investigation_id[:_QUOTED]!r}")


def _found_query(tenant_id: str, wanted: Search) -> sa.Select[Any]:
    of, chat, run = t.investigations.c, t.chats.c, t.runs.c
    same_chat = sa.and_(chat.tenant_id == of.tenant_id, chat.id == of.chat_id)
    newest = sa.and_(run.tenant_id == chat.tenant_id, run.id == chat.last_run_id)
    columns = (chat.modified_at, chat.created_by, chat.last_run_id, run.state.label("run_state"))
    query = sa.select(t.investigations, *columns).join(t.chats, same_chat).join(t.runs, newest)
    query = query.where(of.tenant_id == tenant_id)
    if wanted.incident_id:
        query = query.where(of.incident_id == wanted.incident_id)
    if wanted.states is not None:
        query = query.where(run.state.in_([state.value for state in wanted.states]))
    if wanted.text and wanted.text.isascii():
        # Both sides folded by the column's own rule, which is ASCII's on both databases.
        text = wanted.text.lower()
        places = (sa.func.lower(column).contains(text, autoescape=True) for column in (of.title, of.description))
        query = query.where(sa.or_(sa.false(), *places))
    query = query.where(*_of_properties(wanted))
    if wanted.created_by:
        query = query.where(chat.created_by == wanted.created_by)
    if wanted.since is not None:
        query = query.where(of.created_at >= wanted.since)
    if wanted.before is not None:
        query = query.where(of.created_at < wanted.before)
    by = {Order.CREATED: of.created_at, Order.UPDATED: chat.modified_at, Order.TITLE: sa.func.lower(of.title)}
    column = by[wanted.order]
    return query.order_by(column.desc() if wanted.descending else column.asc(), of.id)


def _of_properties(wanted: Search) -> Iterator[sa.ColumnElement[bool]]:
    """What can be asked of the properties' text: a quotation mark within a value has a backslash before it."""
    text = sa.cast(t.investigations.c.properties, Text)
    if wanted.paused is not None:
        paused = text.contains(sa.literal(f'"{PAUSED}":"').concat(t.chats.c.last_run_id).concat('"'))
        yield paused if wanted.paused else sa.not_(paused)
    if wanted.for_some_team:
        yield text.contains(f'"{TEAMS}":["', autoescape=True)
    if wanted.team:
        yield text.contains(orjson.dumps(wanted.team).decode(), autoescape=True)


def _is_wanted(found: Found, wanted: Search) -> bool:
    record, text = found.record, wanted.text.casefold()
    in_text = text in record.title.casefold() or text in record.description.casefold()
    return in_text and (not wanted.team or wanted.team in record.team_names)


def _found(row: Mapping[Any, Any]) -> Found:
    return Found(_record(row), RunState(row["run_state"]), row["created_by"], row["modified_at"], row["last_run_id"])


def _is(tenant_id: str, investigation_id: str) -> sa.ColumnElement[bool]:
    return sa.and_(t.investigations.c.tenant_id == tenant_id, t.investigations.c.id == investigation_id)


def _record(row: Mapping[Any, Any]) -> InvestigationRecord:
    return InvestigationRecord(**{name: row[name] for name in InvestigationRecord.__slots__})
