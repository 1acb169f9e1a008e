"""What became of pipelines: revisions with who made them, beside the ones before them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from quarterdeck.database import Connection
from quarterdeck.fleet.pipeline import Revision
from quarterdeck.fleet.store.pipelines import find_revisions, revisions


@dataclass(frozen=True, slots=True)
class RecordedChange:
    """A revision, who made it, and the same pipeline's revision before it; None of its first. Both with contents."""

    revision: Revision
    actor: str
    before: Revision | None


def changes_of(
    connection: Connection, tenant_id: str, pipeline_id: int, *, limit: int
) -> tuple[int, list[RecordedChange]]:
    """How many revisions a pipeline has, and its latest, newest first."""
    return _changes(connection, tenant_id, revisions.c.pipeline_id == pipeline_id, limit=limit)


def changes_between(
    connection: Connection, tenant_id: str, since: datetime, until: datetime, *, limit: int
) -> tuple[int, list[RecordedChange]]:
    """How many revisions were made from `since` on and not after `until`, and the latest of them, newest first."""
    within = sa.and_(revisions.c.created_at >= since, revisions.c.created_at <= until)
    return _changes(connection, tenant_id, within, limit=limit)


def _changes(
    connection: Connection, tenant_id: str, which: sa.ColumnElement[bool], *, limit: int
) -> tuple[int, list[RecordedChange]]:
    chosen = sa.and_(revisions.c.tenant_id == tenant_id, which)
    total = connection.execute(sa.select(sa.func.count()).select_from(revisions).where(chosen)).scalar_one()
    earlier = revisions.alias()
    before_id = (
        sa.select(sa.func.max(earlier.c.id))
        .where(
            earlier.c.tenant_id == revisions.c.tenant_id,
            earlier.c.pipeline_id == revisions.c.pipeline_id,
            earlier.c.id < revisions.c.id,
        )
        .correlate(revisions)
        .scalar_subquery()
    )
    columns = (revisions.c.id, revisions.c.actor, before_id.label("before_id"))
    query = sa.select(*columns).where(chosen).order_by(revisions.c.id.desc()).limit(limit)
    rows = connection.execute(query).all()
    found = find_revisions(
        connection, tenant_id, {number for row in rows for number in (row.id, row.before_id)} - {None}
    )
    return total, [RecordedChange(found[row.id], row.actor, found.get(row.before_id)) for row in rows]
