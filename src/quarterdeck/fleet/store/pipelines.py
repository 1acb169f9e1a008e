"""Pipelines and their revisions.

Every function that writes expects `hold_pipelines` before it in the same transaction: with the lock, names and idents
that were free stay free, and revision order is commit order.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from quarterdeck.database import BigInt, Connection, Json, Text, Timestamp, blobs, hold, metadata, next_value
from quarterdeck.errors import NotFound, Reason
from quarterdeck.fleet.pipeline import ConfigType, Operation, Pipeline, PipelineDraft, Revision, Source


def _draft_columns() -> list[sa.Column[Any]]:
    return [
        sa.Column("name", Text, nullable=False),
        sa.Column("contents_sha256", Text, nullable=False),
        sa.Column("matchers", Json, nullable=False),
        sa.Column("enabled", sa.Boolean, nullable=False),
        sa.Column("metadata", Json),
        sa.Column("source_type", sa.Integer),
        sa.Column("source_namespace", Text),
        sa.Column("config_type", sa.Integer, nullable=False),
    ]


pipelines = sa.Table(
    "pipelines",
    metadata,
    sa.Column("tenant_id", Text, primary_key=True),
    sa.Column("id", BigInt, primary_key=True, autoincrement=False),
    *_draft_columns(),
    sa.Column("ident", Text, nullable=False),
    sa.Column("ident_folded", Text, nullable=False, comment="idents that differ by case only are the same directory"),
    sa.Column("revision_id", BigInt, nullable=False),
    sa.Column("created_at", Timestamp, nullable=False),
    sa.Column("updated_at", Timestamp, nullable=False),
    sa.UniqueConstraint("tenant_id", "name"),
    sa.UniqueConstraint("tenant_id", "ident_folded"),
)

revisions = sa.Table(
    "pipeline_revisions",
    metadata,
    sa.Column("tenant_id", Text, primary_key=True),
    sa.Column("id", BigInt, primary_key=True, autoincrement=False),
    sa.Column("pipeline_id", BigInt, nullable=False),
    sa.Column("operation", sa.Integer, nullable=False),
    *_draft_columns(),
    sa.Column("actor", Text, nullable=False),
    sa.Column("created_at", Timestamp, nullable=False),
    sa.Index(None, "tenant_id", "pipeline_id", "id"),
)

# Made once: making a statement costs several times what running it does.
_TENANT: sa.BindParameter[str] = sa.bindparam("tenant")
_BY_ID = sa.select(pipelines).where(pipelines.c.tenant_id == _TENANT, pipelines.c.id == sa.bindparam("key"))
_BY_NAME = sa.select(pipelines).where(pipelines.c.tenant_id == _TENANT, pipelines.c.name == sa.bindparam("key"))
_ID_OF_NAME = _BY_NAME.with_only_columns(pipelines.c.id)
_ID_OF_IDENT = sa.select(pipelines.c.id).where(
    pipelines.c.tenant_id == _TENANT, pipelines.c.ident_folded == sa.bindparam("key")
)
_ADD = sa.insert(pipelines)
_ADD_REVISION = sa.insert(revisions)

_PIPELINE_IDS = "pipeline"
_REVISION_IDS = "pipeline_revision"


@dataclass(frozen=True, slots=True)
class PipelineHead:
    """What the snapshot needs of a pipeline; its text is fetched by hash, once."""

    id: int
    name: str
    ident: str
    revision_id: int
    matchers: tuple[str, ...]
    contents_sha256: str
    source: Source | None


def hold_pipelines(connection: Connection, tenant_id: str) -> None:
    """Make the tenant's pipeline changes wait for this transaction."""
    hold(connection, tenant_id, _REVISION_IDS)


def find(connection: Connection, tenant_id: str, pipeline_id: int) -> Pipeline | None:
    return _one(connection, _BY_ID, tenant_id, pipeline_id)


def find_by_name(connection: Connection, tenant_id: str, name: str) -> Pipeline | None:
    return _one(connection, _BY_NAME, tenant_id, name)


def get(connection: Connection, tenant_id: str, pipeline_id: int) -> Pipeline:
    """Raises NotFound."""
    pipeline = find(connection, tenant_id, pipeline_id)
    if pipeline is None:
        raise NotFound(Reason.PIPELINE_NOT_FOUND, f"no pipeline has the id {pipeline_id}")
    return pipeline


def id_of(connection: Connection, tenant_id: str, name: str) -> int | None:
    return connection.execute(_ID_OF_NAME, {"tenant": tenant_id, "key": name}).scalar()


def ident_exists(connection: Connection, tenant_id: str, ident: str) -> bool:
    """Whether a pipeline has this ident, or one that differs by case only."""
    return connection.execute(_ID_OF_IDENT, {"tenant": tenant_id, "key": ident.casefold()}).first() is not None


def list_all(
    connection: Connection, tenant_id: str, *, config_type: ConfigType | None = None, enabled: bool | None = None
) -> list[Pipeline]:
    """In ascending order of their ids."""
    query = sa.select(pipelines).where(pipelines.c.tenant_id == tenant_id).order_by(pipelines.c.id)
    if config_type is not None:
        query = query.where(pipelines.c.config_type == int(config_type))
    if enabled is not None:
        query = query.where(pipelines.c.enabled == enabled)
    return _pipelines(connection, tenant_id, connection.execute(query).mappings().all())


def list_by_source(connection: Connection, tenant_id: str, source: Source) -> list[Pipeline]:
    """The pipelines that are kept in one place outside, in ascending order of their ids."""
    query = sa.select(pipelines).where(
        pipelines.c.tenant_id == tenant_id,
        pipelines.c.source_type == source.type,
        pipelines.c.source_namespace == source.namespace,
    )
    return _pipelines(connection, tenant_id, connection.execute(query.order_by(pipelines.c.id)).mappings().all())


def list_served(connection: Connection, tenant_id: str) -> list[PipelineHead]:
    """The enabled Alloy pipelines, in ascending order of their ids."""
    query = (
        sa.select(
            pipelines.c.id, pipelines.c.name, pipelines.c.ident, pipelines.c.revision_id, pipelines.c.matchers,
            pipelines.c.contents_sha256, pipelines.c.source_type, pipelines.c.source_namespace,
        )
        .where(
            pipelines.c.tenant_id == tenant_id,
            pipelines.c.enabled == sa.true(),
            pipelines.c.config_type == int(ConfigType.ALLOY),
        )
        .order_by(pipelines.c.id)
    )  # fmt: skip
    return [
        PipelineHead(
            id=row["id"],
            name=row["name"],
            ident=row["ident"],
            revision_id=row["revision_id"],
            matchers=tuple(row["matchers"]),
            contents_sha256=row["contents_sha256"],
            source=_source(row),
        )
        for row in connection.execute(query).mappings()
    ]


def add(
    connection: Connection, tenant_id: str, draft: PipelineDraft, *, ident: str, actor: str, at: datetime
) -> Pipeline:
    """Store a new pipeline with its INSERT revision."""
    values = _draft_values(connection, tenant_id, draft)
    pipeline_id = next_value(connection, tenant_id, _PIPELINE_IDS)
    revision_id = _add_revision(connection, tenant_id, pipeline_id, Operation.INSERT, values, actor, at)
    row = {
        "tenant_id": tenant_id,
        "id": pipeline_id,
        "ident": ident,
        "ident_folded": ident.casefold(),
        "revision_id": revision_id,
        "created_at": at,
        "updated_at": at,
        **values,
    }
    connection.execute(_ADD, row)
    return Pipeline(pipeline_id, draft, ident, revision_id, created_at=at, updated_at=at)


def replace(
    connection: Connection, tenant_id: str, current: Pipeline, draft: PipelineDraft, *, actor: str, at: datetime
) -> Pipeline:
    """Store a pipeline's replacement with its UPDATE revision."""
    values = _draft_values(connection, tenant_id, draft)
    revision_id = _add_revision(connection, tenant_id, current.id, Operation.UPDATE, values, actor, at)
    connection.execute(
        sa.update(pipelines)
        .where(pipelines.c.tenant_id == tenant_id, pipelines.c.id == current.id)
        .values(revision_id=revision_id, updated_at=at, **values)
    )
    return Pipeline(current.id, draft, current.ident, revision_id, created_at=current.created_at, updated_at=at)


def delete(connection: Connection, tenant_id: str, pipeline: Pipeline, *, actor: str, at: datetime) -> int:
    """Remove a pipeline, leaving a DELETE revision, whose id is returned."""
    values = _draft_values(connection, tenant_id, pipeline.draft)
    revision_id = _add_revision(connection, tenant_id, pipeline.id, Operation.DELETE, values, actor, at)
    connection.execute(sa.delete(pipelines).where(pipelines.c.tenant_id == tenant_id, pipelines.c.id == pipeline.id))
    return revision_id


def list_revisions(connection: Connection, tenant_id: str, pipeline_id: int | None = None) -> list[Revision]:
    """Oldest first: of one pipeline with contents, or of all without."""
    query = sa.select(revisions).where(revisions.c.tenant_id == tenant_id).order_by(revisions.c.id)
    if pipeline_id is not None:
        query = query.where(revisions.c.pipeline_id == pipeline_id)
    rows = connection.execute(query).mappings().all()
    texts = _texts(connection, tenant_id, rows) if pipeline_id is not None else {}
    return [_revision(row, texts) for row in rows]


def get_revision(connection: Connection, tenant_id: str, revision_id: int) -> Revision:
    """One revision with contents. Raises NotFound."""
    query = sa.select(revisions).where(revisions.c.tenant_id == tenant_id, revisions.c.id == revision_id)
    row = connection.execute(query).mappings().first()
    if row is None:
        raise NotFound(Reason.REVISION_NOT_FOUND, f"no revision has the id {revision_id}")
    return _revision(row, _texts(connection, tenant_id, [row]))


def find_revisions(connection: Connection, tenant_id: str, ids: Collection[int]) -> dict[int, Revision]:
    """Those of a few hundred revisions that exist, by id, with contents."""
    query = sa.select(revisions).where(revisions.c.tenant_id == tenant_id, revisions.c.id.in_(sorted(ids)))
    rows = connection.execute(query).mappings().all()
    texts = _texts(connection, tenant_id, rows)
    return {row["id"]: _revision(row, texts) for row in rows}


def texts_by_sha256(connection: Connection, tenant_id: str, sha256s: Collection[str]) -> dict[str, str]:
    """The contents behind hashes."""
    return blobs.get_many(connection, tenant_id, sha256s)


def _one(connection: Connection, query: sa.Select[Any], tenant_id: str, key: int | str) -> Pipeline | None:
    rows = connection.execute(query, {"tenant": tenant_id, "key": key}).mappings()
    found = _pipelines(connection, tenant_id, rows.all())
    return found[0] if found else None


def _pipelines(connection: Connection, tenant_id: str, rows: Iterable[Mapping[Any, Any]]) -> list[Pipeline]:
    rows = list(rows)
    texts = _texts(connection, tenant_id, rows)
    return [
        Pipeline(
            id=row["id"],
            draft=_draft(row, texts),
            ident=row["ident"],
            revision_id=row["revision_id"],
            created_at=row["created_at"],
            updated_at=row["updated_at"],
        )
        for row in rows
    ]


def _texts(connection: Connection, tenant_id: str, rows: Iterable[Mapping[Any, Any]]) -> dict[str, str]:
    return blobs.get_many(connection, tenant_id, {row["contents_sha256"] for row in rows})


def _draft(row: Mapping[Any, Any], texts: Mapping[str, str]) -> PipelineDraft:
    return PipelineDraft(
        name=row["name"],
        contents=texts.get(row["contents_sha256"], ""),
        matchers=tuple(row["matchers"]),
        enabled=row["enabled"],
        metadata=row["metadata"],
        source=_source(row),
        config_type=ConfigType(row["config_type"]),
    )


def _source(row: Mapping[Any, Any]) -> Source | None:
    return None if row["source_type"] is None else Source(row["source_type"], row["source_namespace"])


def _revision(row: Mapping[Any, Any], texts: Mapping[str, str]) -> Revision:
    return Revision(
        id=row["id"],
        pipeline_id=row["pipeline_id"],
        operation=Operation(row["operation"]),
        draft=_draft(row, texts),
        created_at=row["created_at"],
    )


def _draft_values(connection: Connection, tenant_id: str, draft: PipelineDraft) -> dict[str, Any]:
    return {
        "name": draft.name,
        "contents_sha256": blobs.put(connection, tenant_id, draft.contents),
        "matchers": list(draft.matchers),
        "enabled": draft.enabled,
        "metadata": None if draft.metadata is None else dict(draft.metadata),
        "source_type": draft.source.type if draft.source else None,
        "source_namespace": draft.source.namespace if draft.source else None,
        "config_type": int(draft.config_type),
    }


def _add_revision(
    connection: Connection,
    tenant_id: str,
    pipeline_id: int,
    operation: Operation,
    values: dict[str, Any],
    actor: str,
    at: datetime,
) -> int:
    revision_id = next_value(connection, tenant_id, _REVISION_IDS)
    row = {
        "tenant_id": tenant_id,
        "id": revision_id,
        "pipeline_id": pipeline_id,
        "operation": int(operation),
        "actor": actor,
        "created_at": at,
        **values,
    }
    connection.execute(_ADD_REVISION, row)
    return revision_id
