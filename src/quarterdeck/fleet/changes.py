"""The fleet's events: a function per thing that happens, so that streams, kinds and payloads are written down once."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from quarterdeck import events
from quarterdeck.database import Connection
from quarterdeck.fleet.pipeline import Operation, Pipeline

_KINDS = {
    Operation.INSERT: "pipeline.created",
    Operation.UPDATE: "pipeline.updated",
    Operation.DELETE: "pipeline.deleted",
}


def pipeline_changed(
    connection: Connection,
    tenant_id: str,
    operation: Operation,
    pipeline: Pipeline,
    *,
    revision_id: int,
    actor: str,
    at: datetime,
) -> None:
    """`pipeline.created`, `.updated` or `.deleted`, with the revision that the change left."""
    events.append(
        connection,
        tenant_id=tenant_id,
        stream=f"pipeline:{pipeline.id}",
        kind=_KINDS[operation],
        actor=actor,
        at=at,
        payload={
            "name": pipeline.draft.name,
            "revision_id": str(revision_id),
            "enabled": pipeline.draft.enabled,
            "matchers": list(pipeline.draft.matchers),
        },
        references={"pipeline": str(pipeline.id), "revision": str(revision_id)},
    )


def collector_changed(
    connection: Connection,
    tenant_id: str,
    kind: str,
    collector_id: str,
    *,
    actor: str,
    at: datetime,
    payload: dict[str, Any] | None = None,
) -> None:
    """`collector.` and what happened: registered, created, updated, unregistered, deleted, status_changed, inactive."""
    events.append(
        connection,
        tenant_id=tenant_id,
        stream=f"collector:{collector_id}",
        kind=f"collector.{kind}",
        actor=actor,
        at=at,
        payload=payload or {},
        references={"collector": collector_id},
    )
