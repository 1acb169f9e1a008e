"""The log of deliveries: one row for each event that a hook is told of, with every try."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from quarterdeck.database import Connection, Prepared, Text
from quarterdeck.database.blobs import blobs
from quarterdeck.database.types import from_microseconds, to_microseconds
from quarterdeck.errors import NotFound, Reason
from quarterdeck.incidents.store import tables as t
from quarterdeck.incidents.webhooks.event_names import HookEventName
from quarterdeck.incidents.webhooks.hook import Delivery, DeliveryStatus, Try

_QUOTED_IN_ERRORS = 80
_BATCH = 400
_MOST_RUNS_OF_AN_INCIDENT = 1_000


@dataclass(frozen=True, slots=True)
class DeliveryFilter:
    """Which deliveries to list; what is empty or None does not matter."""

    enabled_hook_id: str = ""
    incident_id: int | None = None
    status: DeliveryStatus | None = None


def add_all(connection: Connection, tenant_id: str, deliveries: Sequence[Delivery]) -> None:
    rows = [
        {
            "tenant_id": tenant_id,
            "id": delivery.id,
            "enabled_hook_id": delivery.enabled_hook_id,
            "incident_id": delivery.incident_id,
            "event": delivery.event,
            "body_sha256": delivery.incident_sha256,
            "status": delivery.status,
            "tries": _tries(delivery),
            "metadata": dict(delivery.metadata),
            "created_at": delivery.created_at,
            "last_run_at": delivery.last_run_at,
        }
        for delivery in deliveries
    ]
    _ADD.run_many(connection, rows)


def find(connection: Connection, tenant_id: str, delivery_id: str, *, lock: bool = False) -> Delivery | None:
    query = _FIND_LOCKED if lock else _FIND
    rows = query.mappings(connection, {"tenant": tenant_id, "delivery": delivery_id})
    return _delivery(rows[0]) if rows else None


def get(connection: Connection, tenant_id: str, delivery_id: str, *, lock: bool = False) -> Delivery:
    """Raises `NotFound(DELIVERY_NOT_FOUND)`."""
    delivery = find(connection, tenant_id, delivery_id, lock=lock)
    if delivery is None:
        shown = delivery_id[:_QUOTED_IN_ERRORS]
        raise NotFound(Reason.DELIVERY_NOT_FOUND, f"no delivery has the id {shown!r}", metadata={"id": shown})
    return delivery


def update(connection: Connection, tenant_id: str, delivery: Delivery) -> None:
    """Writes its status, its tries and its metadata."""
    statement = sa.update(t.hook_runs).where(t.hook_runs.c.tenant_id == tenant_id, t.hook_runs.c.id == delivery.id)
    connection.execute(
        statement.values(
            status=delivery.status,
            tries=_tries(delivery),
            metadata=dict(delivery.metadata),
            last_run_at=delivery.last_run_at,
        )
    )


def record_try(connection: Connection, tenant_id: str, delivery: Delivery) -> None:
    """Writes its tries, and its status unless it was dropped meanwhile."""
    written = {"new_status": delivery.status, "new_tries": _tries(delivery), "new_last_run_at": delivery.last_run_at}
    _RECORD.run(connection, {"tenant": tenant_id, "delivery": delivery.id, **written})


def drop_waiting(connection: Connection, tenant_id: str, enabled_hook_id: str) -> int:
    """Marks what the hook has not delivered yet as dropped; returns how many that were."""
    statement = sa.update(t.hook_runs).where(
        t.hook_runs.c.tenant_id == tenant_id,
        t.hook_runs.c.enabled_hook_id == enabled_hook_id,
        t.hook_runs.c.status == DeliveryStatus.TODO,
    )
    return connection.execute(statement.values(status=DeliveryStatus.DROPPED)).rowcount


def list_of_incident(connection: Connection, tenant_id: str, incident_id: int) -> list[Delivery]:
    """Newest first, at most 1,000."""
    query = _query(tenant_id).where(t.hook_runs.c.incident_id == incident_id)
    newest = query.order_by(t.hook_runs.c.created_at.desc(), t.hook_runs.c.id.desc())
    return [_delivery(row) for row in connection.execute(newest.limit(_MOST_RUNS_OF_AN_INCIDENT)).mappings()]


def list_page(
    connection: Connection,
    tenant_id: str,
    wanted: DeliveryFilter,
    *,
    before: tuple[datetime, str] | None = None,
    limit: int,
) -> list[Delivery]:
    """Newest first, those behind the time and id `before`."""
    query = _query(tenant_id)
    if wanted.enabled_hook_id:
        query = query.where(t.hook_runs.c.enabled_hook_id == wanted.enabled_hook_id)
    if wanted.incident_id is not None:
        query = query.where(t.hook_runs.c.incident_id == wanted.incident_id)
    if wanted.status is not None:
        query = query.where(t.hook_runs.c.status == wanted.status)
    if before is not None:
        at, delivery_id = before
        created, key = t.hook_runs.c.created_at, t.hook_runs.c.id
        query = query.where(sa.or_(created < at, sa.and_(created == at, key < delivery_id)))
    newest = query.order_by(t.hook_runs.c.created_at.desc(), t.hook_runs.c.id.desc()).limit(limit)
    return [_delivery(row) for row in connection.execute(newest).mappings()]


def list_older(connection: Connection, before: datetime, *, limit: int) -> list[tuple[str, str, str]]:
    """Tenant, id and blob of deliveries that were made before `before` and are not under way, of all tenants."""
    runs = t.hook_runs.c
    query = sa.select(runs.tenant_id, runs.id, runs.body_sha256).where(
        runs.created_at < before, runs.status != DeliveryStatus.TODO
    )
    return [tuple(row) for row in connection.execute(query.limit(limit))]


def delete(connection: Connection, tenant_id: str, ids: Sequence[str], incident_sha256s: Sequence[str]) -> None:
    """Removes deliveries, and the blobs that no other delivery has."""
    runs = t.hook_runs.c
    for start in range(0, len(ids), _BATCH):
        chunk = ids[start : start + _BATCH]
        connection.execute(sa.delete(t.hook_runs).where(runs.tenant_id == tenant_id, runs.id.in_(chunk)))
    for start in range(0, len(incident_sha256s), _BATCH):
        chunk = incident_sha256s[start : start + _BATCH]
        used = set(
            connection.execute(
                sa.select(runs.body_sha256).where(runs.tenant_id == tenant_id, runs.body_sha256.in_(chunk))
            ).scalars()
        )
        unused = [bytes.fromhex(sha256) for sha256 in chunk if sha256 not in used]
        connection.execute(sa.delete(blobs).where(blobs.c.tenant_id == tenant_id, blobs.c.sha256.in_(unused)))


def _query(tenant_id: str | sa.BindParameter[str]) -> sa.Select[Any]:
    hooks = t.enabled_hooks.c
    joined = sa.and_(hooks.tenant_id == t.hook_runs.c.tenant_id, hooks.id == t.hook_runs.c.enabled_hook_id)
    return (
        sa.select(t.hook_runs, hooks.integration_id, hooks.hook_id, hooks.event_name)
        .join(t.enabled_hooks, joined)
        .where(t.hook_runs.c.tenant_id == tenant_id)
    )


def _recording() -> sa.Update:
    runs = t.hook_runs.c
    dropped = (runs.status == DeliveryStatus.DROPPED, runs.status)
    return (
        sa.update(t.hook_runs)
        .where(runs.tenant_id == sa.bindparam("tenant"), runs.id == sa.bindparam("delivery"))
        .values(
            status=sa.case(dropped, else_=sa.bindparam("new_status", type_=Text)),
            tries=sa.bindparam("new_tries"),
            last_run_at=sa.bindparam("new_last_run_at"),
        )
    )


_BY_ID = _query(sa.bindparam("tenant")).where(t.hook_runs.c.id == sa.bindparam("delivery"))
_ADD = Prepared(sa.insert(t.hook_runs))
_FIND = Prepared(_BY_ID)
_FIND_LOCKED = Prepared(_BY_ID.with_for_update(of=t.hook_runs))
_RECORD = Prepared(_recording())


def _tries(delivery: Delivery) -> list[dict[str, Any]]:
    return [{"at": to_microseconds(each.at), "status": each.status, "error": each.error} for each in delivery.tries]


def _delivery(row: Mapping[Any, Any]) -> Delivery:
    return Delivery(
        id=row["id"],
        enabled_hook_id=row["enabled_hook_id"],
        integration_id=row["integration_id"],
        hook_id=row["hook_id"],
        event_name=HookEventName(row["event_name"]),
        incident_id=row["incident_id"],
        event=row["event"],
        incident_sha256=row["body_sha256"],
        status=DeliveryStatus(row["status"]),
        tries=tuple(Try(from_microseconds(each["at"]), each["status"], each["error"]) for each in row["tries"]),
        created_at=row["created_at"],
        last_run_at=row["last_run_at"],
        metadata=row["metadata"],
    )
