"""Tool calls that wait for somebody, and those that were made and must not be made again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from quarterdeck.assistant.run import PendingCall, storable
from quarterdeck.assistant.store import tables as t
from quarterdeck.database import Connection, insert
from quarterdeck.errors import NotFound, Reason
from quarterdeck.identity.call import Role

_QUOTED = 80


@dataclass(frozen=True, slots=True)
class Claim:
    """Whether a call may be made now; when not, what came of it before: None when nobody knows."""

    is_first: bool
    result: bytes | None = None


def add_pending(connection: Connection, call: PendingCall) -> None:
    """A call that waits."""
    row = {**asdict(call), "role": int(call.role)}
    row |= {name: storable(row[name]) for name in ("tool_name", "arguments", "description", "tool_call_id")}
    connection.execute(sa.insert(t.pending_calls).values(row))


def pending_of(connection: Connection, tenant_id: str, run_id: str, *, lock: bool = False) -> list[PendingCall]:
    """All calls of a run that waited or wait, in the order of their ids."""
    query = sa.select(t.pending_calls).where(_of_run(tenant_id, run_id)).order_by(t.pending_calls.c.tool_call_id)
    rows = connection.execute(query.with_for_update() if lock else query).mappings()
    return [_pending(row) for row in rows]


def find_pending(connection: Connection, tenant_id: str, pending_id: str) -> PendingCall:
    """By its own id. Raises `NotFound(APPROVAL_NOT_FOUND)`."""
    query = sa.select(t.pending_calls).where(
        t.pending_calls.c.tenant_id == tenant_id, t.pending_calls.c.id == pending_id
    )
    row = connection.execute(query).mappings().one_or_none()
    if row is None:
        raise NotFound(Reason.APPROVAL_NOT_FOUND, f"nothing waits under the id {pending_id[:_QUOTED]!r}")
    return _pending(row)


def decide(connection: Connection, call: PendingCall) -> None:
    """Write what was decided about a call."""
    one = sa.and_(_of_run(call.tenant_id, call.run_id), t.pending_calls.c.tool_call_id == call.tool_call_id)
    decided = {
        "decided_at": call.decided_at,
        "approved": call.approved,
        "decided_by": call.decided_by,
        "feedback": storable(call.feedback),
        "result": storable(call.result),
    }
    connection.execute(sa.update(t.pending_calls).where(one).values(**decided))


def claim(
    connection: Connection,
    *,
    tenant_id: str,
    key: str,
    run_id: str,
    tool_call_id: str,
    tool_name: str,
    approved_by: str,
    now: datetime,
) -> Claim:
    """Whoever is first may make the call; everybody after it gets what came of it."""
    row: dict[str, Any] = {
        "tenant_id": tenant_id,
        "key": key,
        "run_id": run_id,
        "tool_call_id": storable(tool_call_id),
        "tool_name": storable(tool_name),
        "approved_by": approved_by,
        "begun_at": now,
        "result": None,
    }
    added = insert(connection, t.executed_calls).values(row).on_conflict_do_nothing()
    if connection.execute(added).rowcount == 1:
        return Claim(is_first=True)
    query = sa.select(t.executed_calls.c.result).where(_is_executed(tenant_id, key))
    result = connection.execute(query).scalar_one()
    return Claim(is_first=False, result=None if result is None else bytes(result))


def record(connection: Connection, *, tenant_id: str, key: str, result: bytes) -> None:
    """What came of a call that was claimed."""
    connection.execute(sa.update(t.executed_calls).where(_is_executed(tenant_id, key)).values(result=result))


def _of_run(tenant_id: str, run_id: str) -> sa.ColumnElement[bool]:
    return sa.and_(t.pending_calls.c.tenant_id == tenant_id, t.pending_calls.c.run_id == run_id)


def _is_executed(tenant_id: str, key: str) -> sa.ColumnElement[bool]:
    return sa.and_(t.executed_calls.c.tenant_id == tenant_id, t.executed_calls.c.key == key)


def _pending(row: Mapping[Any, Any]) -> PendingCall:
    values = {name: row[name] for name in PendingCall.__slots__}
    return PendingCall(**{**values, "role": Role(values["role"])})
