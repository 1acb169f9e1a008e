"""The table of events: appending to it, and reading it in an order that never skips a row that commits late.

Within a stream the order is the gap-free sequence, allocated under the stream's row lock, so that commit order and
sequence order are the same. Across streams it is (xid, position). PostgreSQL numbers transactions in the order in which
they begin to write, not in which they commit; so only rows of transactions older than every running one are read. A
long write transaction, anywhere in the PostgreSQL cluster, therefore delays cross-stream readers until it ends.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache, lru_cache
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import Connection

from quarterdeck.database import (
    BigInt,
    Json,
    Prepared,
    Text,
    Timestamp,
    hint,
    insert_into,
    last_value,
    metadata,
    next_value,
)
from quarterdeck.errors import PreconditionFailed, Reason
from quarterdeck.events.event import Batch, Event
from quarterdeck.events.position import Position

TOPIC: Final = "events"
"""The hint that every append gives."""

event_streams = sa.Table(
    "event_streams",
    metadata,
    sa.Column("tenant_id", Text, primary_key=True),
    sa.Column("stream", Text, primary_key=True),
    sa.Column("head", BigInt, nullable=False, comment="sequence of the stream's last event"),
    sa.Column("trimmed", BigInt, nullable=False, comment="sequence of the last event that was trimmed, or 0"),
)

events = sa.Table(
    "events",
    metadata,
    sa.Column("tenant_id", Text, primary_key=True),
    sa.Column("stream", Text, primary_key=True),
    sa.Column("sequence", BigInt, primary_key=True, autoincrement=False),
    sa.Column("xid", BigInt, nullable=False, comment="writing transaction on PostgreSQL, 0 on SQLite"),
    sa.Column("position", BigInt, nullable=False),
    sa.Column("kind", Text, nullable=False),
    sa.Column("actor", Text, nullable=False),
    sa.Column("at", Timestamp, nullable=False),
    sa.Column("payload", Json, nullable=False),
    sa.Column("references", Json, nullable=False),
    sa.Index(None, "tenant_id", "xid", "position"),
    sa.Index(None, "xid", "position"),
)

positions = sa.Sequence("events_position", metadata=metadata, data_type=sa.BigInteger)
"""PostgreSQL's source of positions; SQLite uses the row of `_POSITIONS` in `sequences`."""

_POSITIONS = ("", "events_position")
_ADD = Prepared(sa.insert(events))
_XID = sa.cast(sa.cast(sa.func.pg_current_xact_id(), sa.Text), sa.BigInteger)
_XMIN = sa.cast(sa.cast(sa.func.pg_snapshot_xmin(sa.func.pg_current_snapshot()), sa.Text), sa.BigInteger)
_XMAX = sa.cast(sa.cast(sa.func.pg_snapshot_xmax(sa.func.pg_current_snapshot()), sa.Text), sa.BigInteger)


def stream_topic(tenant_id: str, stream: str) -> str:
    """The hint that appends to this stream give, and to few others: a topic must be short and without commas."""
    return f"{TOPIC}/{zlib.crc32(f'{tenant_id}/{stream}'.encode(errors='replace')):08x}"


_ADD_POSTGRES = (
    sa.insert(events).values(xid=_XID, position=positions.next_value()).returning(events.c.xid, events.c.position)
)


def append(
    connection: Connection,
    *,
    tenant_id: str,
    stream: str,
    kind: str,
    actor: str,
    at: datetime,
    payload: dict[str, Any],
    references: Mapping[str, str] | None = None,
) -> Event:
    """Writes one event in the caller's transaction and wakes readers after its commit.

    Locks the stream until the transaction ends: append late, and to several streams in the order of their names.
    """
    sequence = _next_sequence(connection, tenant_id, stream)
    row: dict[str, Any] = {
        "tenant_id": tenant_id,
        "stream": stream,
        "sequence": sequence,
        "kind": kind,
        "actor": actor,
        "at": at,
        "payload": payload,
        "references": dict(references or {}),
    }
    position = _insert(connection, row)
    hint(connection, TOPIC)
    hint(connection, stream_topic(tenant_id, stream))
    return Event(position=position, **row)


def read_stream(
    connection: Connection, *, tenant_id: str, stream: str, after_sequence: int = 0, limit: int
) -> tuple[Event, ...]:
    """Events of one stream with a sequence above `after_sequence`, in order, at most `limit`.

    Raises `PreconditionFailed(EVENTS_TRIMMED)` when some of them are no longer kept.
    """
    trimmed = _trimmed(connection, tenant_id, stream)
    if after_sequence < trimmed:
        message = f"events of {stream!r} up to {trimmed} are no longer kept; read on after {trimmed}"
        raise PreconditionFailed(Reason.EVENTS_TRIMMED, message, metadata={"trimmed": str(trimmed)})
    query = sa.select(events).where(events.c.tenant_id == tenant_id, events.c.stream == stream)
    query = query.where(events.c.sequence > after_sequence).order_by(events.c.sequence).limit(limit)
    return tuple(_event(row) for row in connection.execute(query).mappings())


def stream_head(connection: Connection, *, tenant_id: str, stream: str) -> int:
    """The sequence of the stream's last event; 0 when it has none."""
    query = sa.select(event_streams.c.head).where(_is_stream(tenant_id, stream))
    return connection.execute(query).scalar() or 0


def read_all(
    connection: Connection, *, tenant_id: str | None, stream_prefixes: Sequence[str] = (), after: Position, limit: int
) -> Batch:
    """Events of all streams (of one tenant, or of every one when None) after `after`, in order, at most `limit`.

    With prefixes, only streams whose name starts with one of them. What a transaction still running may put before
    an event holds that event back until the next read.
    """
    horizon = _horizon(connection)
    start = horizon.clamp(after)
    query = _following(tuple(stream_prefixes), of_tenant=tenant_id is not None, bounded=horizon.xmin is not None)
    parameters: dict[str, Any] = {"after_xid": start.xid, "after": start.number, "most": limit}
    if tenant_id is not None:
        parameters["tenant"] = tenant_id
    if horizon.xmin is not None:
        parameters["xmin"] = horizon.xmin
    found = tuple(_event(row) for row in connection.execute(query, parameters).mappings())
    if len(found) == limit:
        return Batch(found, found[-1].position, complete=False, pending=horizon.pending)
    return Batch(found, max(start, horizon.last), complete=True, pending=horizon.pending)


def head(connection: Connection) -> Position:
    """The position after everything that is safely in order now: read it together with a state, then follow it.

    Changes that the same snapshot shows may be delivered once more; none is missed.
    """
    return _horizon(connection).last


def trim(connection: Connection, *, tenant_id: str, stream: str, through: int) -> int:
    """Deletes the stream's events up to the sequence `through` and returns how many. Sequences are not used again.

    Readers across streams that have not come so far never see them: keep events longer than any reader may lag.
    """
    through = min(through, stream_head(connection, tenant_id=tenant_id, stream=stream))
    raised = sa.update(event_streams).where(_is_stream(tenant_id, stream), event_streams.c.trimmed < through)
    connection.execute(raised.values(trimmed=through))
    doomed = sa.delete(events).where(events.c.tenant_id == tenant_id, events.c.stream == stream)
    return connection.execute(doomed.where(events.c.sequence <= through)).rowcount


def adopt_restored(connection: Connection) -> int:
    """Makes a log restored from a dump of another PostgreSQL cluster readable again; returns how many events that took.

    Their transaction numbers mean nothing here and may lie in this cluster's future. They become 0: before everything
    that is written from now on, in the order of their positions. Does nothing on SQLite.
    """
    if connection.dialect.name != "postgresql":
        return 0
    foreign = sa.update(events).where(events.c.xid > sa.select(_XMAX).scalar_subquery())
    return connection.execute(foreign.values(xid=0)).rowcount


@dataclass(frozen=True, slots=True)
class _Horizon:
    """How far the log may be read now: on PostgreSQL below `xmin`, on SQLite everything (`xmin` None)."""

    xmin: int | None
    xmax: int
    last: Position
    """Of the last event that may be read."""
    pending: bool

    def clamp(self, after: Position) -> Position:
        """A position from another cluster (`adopt_restored`) keeps its number only."""
        return Position(0, after.number) if self.xmin is not None and after.xid > self.xmax else after


def _horizon(connection: Connection) -> _Horizon:
    if connection.dialect.name != "postgresql":
        return _Horizon(xmin=None, xmax=0, last=Position(0, last_value(connection, *_POSITIONS)), pending=False)
    row = connection.execute(_horizon_query()).one()
    return _Horizon(xmin=row[0], xmax=row[1], last=Position(row[2] or 0, row[3] or 0), pending=row[4])


@cache
def _horizon_query() -> sa.Select[Any]:
    last_xid = sa.select(sa.func.max(events.c.xid)).where(events.c.xid < _XMIN).scalar_subquery()
    last_position = sa.select(sa.func.max(events.c.position)).where(events.c.xid == last_xid).scalar_subquery()
    waiting = sa.exists().where(events.c.xid >= _XMIN)
    return sa.select(_XMIN, _XMAX, last_xid, last_position, waiting)


def _next_sequence(connection: Connection, tenant_id: str, stream: str) -> int:
    row = {"tenant_id": tenant_id, "stream": stream, "head": 1, "trimmed": 0}
    advanced = _advancing(connection.dialect.name).first(connection, row)
    assert advanced is not None  # noqa: S101 - it returns what it wrote
    return int(advanced[0])


@cache
def _advancing(dialect: str) -> Prepared:
    return Prepared(
        insert_into(dialect, event_streams)
        .on_conflict_do_update(
            index_elements=[event_streams.c.tenant_id, event_streams.c.stream],
            set_={"head": event_streams.c.head + 1},
        )
        .returning(event_streams.c.head)
    )


def _insert(connection: Connection, row: dict[str, Any]) -> Position:
    if connection.dialect.name != "postgresql":
        number = next_value(connection, *_POSITIONS)
        _ADD.run(connection, {**row, "xid": 0, "position": number})
        return Position(0, number)
    written = connection.execute(_ADD_POSTGRES, row).one()
    return Position(written.xid, written.position)


def _trimmed(connection: Connection, tenant_id: str, stream: str) -> int:
    query = sa.select(event_streams.c.trimmed).where(_is_stream(tenant_id, stream))
    return connection.execute(query).scalar() or 0


def _is_stream(tenant_id: str, stream: str) -> sa.ColumnElement[bool]:
    return sa.and_(event_streams.c.tenant_id == tenant_id, event_streams.c.stream == stream)


@lru_cache(maxsize=64)
def _following(stream_prefixes: tuple[str, ...], *, of_tenant: bool, bounded: bool) -> sa.Select[Any]:
    start = sa.tuple_(sa.bindparam("after_xid", type_=sa.BigInteger), sa.bindparam("after", type_=sa.BigInteger))
    query = sa.select(events).where(sa.tuple_(events.c.xid, events.c.position) > start)
    query = query.where(*_filters(None, stream_prefixes))
    if of_tenant:
        query = query.where(events.c.tenant_id == sa.bindparam("tenant"))
    if bounded:
        query = query.where(events.c.xid < sa.bindparam("xmin"))
    return query.order_by(events.c.xid, events.c.position).limit(sa.bindparam("most"))


def _filters(tenant_id: str | None, stream_prefixes: Sequence[str]) -> list[sa.ColumnElement[bool]]:
    filters = [] if tenant_id is None else [events.c.tenant_id == tenant_id]
    if stream_prefixes:
        # Not LIKE: SQLite's ignores the case.
        starts = [sa.func.substr(events.c.stream, 1, len(prefix)) == prefix for prefix in stream_prefixes]
        filters.append(sa.or_(*starts))
    return filters


def _event(row: sa.RowMapping) -> Event:
    return Event(
        tenant_id=row["tenant_id"],
        stream=row["stream"],
        sequence=row["sequence"],
        position=Position(row["xid"], row["position"]),
        kind=row["kind"],
        actor=row["actor"],
        at=row["at"],
        payload=row["payload"],
        references=row["references"],
    )
