"""pipeline.v1.PipelineService."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import TypeVar

from quarterdeck.clock import Clock
from quarterdeck.database import Connection, Database
from quarterdeck.errors import Conflict, FieldViolation, Invalid, NotFound, Reason
from quarterdeck.fleet import convert, starter_pipelines
from quarterdeck.fleet.alloy_binary import AlloyBinary
from quarterdeck.fleet.assembly import choose_ident
from quarterdeck.fleet.attributes import effective_attributes
from quarterdeck.fleet.changes import pipeline_changed
from quarterdeck.fleet.matchers import parse_matchers, selects
from quarterdeck.fleet.pipeline import (
    ConfigType,
    Operation,
    Pipeline,
    PipelineDraft,
    Source,
    check_draft,
    check_references,
    check_sync_source,
    check_unique_names,
    same_draft,
)
from quarterdeck.fleet.snapshot import FleetSnapshots
from quarterdeck.fleet.store import pipelines as store
from quarterdeck.fleet.store.pipelines import PipelineHead
from quarterdeck.gen.pipeline.v1.pipeline_pb2 import (
    BulkDeletePipelinesRequest,
    BulkDeletePipelinesResponse,
    CreateAlloyPipelinesRequest,
    CreateAlloyPipelinesResponse,
    CreatePipelineRequest,
    DeletePipelineRequest,
    DeletePipelineResponse,
    GetPipelineIDRequest,
    GetPipelineIDResponse,
    GetPipelineRequest,
    GetPipelineRevisionRequest,
    ListPipelineRevisionsRequest,
    ListPipelinesRequest,
    ListPipelinesRevisionsRequest,
    PipelineRevision,
    PipelineRevisions,
    Pipelines,
    SyncPipelinesRequest,
    SyncPipelinesResponse,
    UpdatePipelineRequest,
    UpsertPipelineRequest,
)
from quarterdeck.gen.pipeline.v1.pipeline_pb2 import Pipeline as PipelineMessage
from quarterdeck.identity.call import CallContext

T = TypeVar("T")

CHECK_IN_THREAD_FROM = 16 * 1024
"""Characters from which a check leaves the event loop's thread, so that polls are answered meanwhile."""


@dataclass(frozen=True, slots=True)
class _Change:
    """Who changes what when: what every write of this service carries."""

    tenant_id: str
    actor: str
    at: datetime


class PipelineService:
    """Pipelines and their revisions. Every change is one transaction: pipelines, revisions and events together."""

    def __init__(
        self,
        database: Database,
        snapshots: FleetSnapshots,
        clock: Clock,
        *,
        refuse_empty_sync: bool = False,
        alloy_binary: AlloyBinary | None = None,
    ) -> None:
        self._database = database
        self._snapshots = snapshots
        self._clock = clock
        self._refuse_empty_sync = refuse_empty_sync
        self._alloy_binary = alloy_binary

    async def get_pipeline(self, request: GetPipelineRequest, call: CallContext) -> PipelineMessage:
        pipeline_id = convert.pipeline_id(request.id)
        pipeline = await self._database.read(lambda c: store.get(c, call.tenant_id, pipeline_id))
        return convert.from_pipeline(pipeline)

    async def get_pipeline_id(self, request: GetPipelineIDRequest, call: CallContext) -> GetPipelineIDResponse:
        found = await self._database.read(lambda c: store.id_of(c, call.tenant_id, request.name))
        if found is None:
            raise NotFound(Reason.PIPELINE_NOT_FOUND, f"no pipeline has the name {request.name[:200]!r}")
        return GetPipelineIDResponse(id=str(found))

    async def list_pipelines(self, request: ListPipelinesRequest, call: CallContext) -> Pipelines:
        config_type = convert.to_config_type(request.config_type, "config_type")
        enabled = request.enabled if request.HasField("enabled") else None
        listed = await self._database.read(
            lambda c: store.list_all(c, call.tenant_id, config_type=config_type, enabled=enabled)
        )
        if request.local_attributes or request.remote_attributes:
            local, remote = dict(request.local_attributes), dict(request.remote_attributes)
            # A preview for a collector that may not exist: its id is what the attributes say it is.
            attributes = effective_attributes(local.get("collector.ID", ""), local, remote)
            listed = [p for p in listed if selects(parse_matchers(p.draft.matchers, limit=None), attributes)]
        return Pipelines(pipelines=[convert.from_pipeline(pipeline) for pipeline in listed])

    async def create_pipeline(self, request: CreatePipelineRequest, call: CallContext) -> PipelineMessage:
        draft = await self._checked(convert.to_draft(request.pipeline), "pipeline")
        await self._check_references(call, {"pipeline": draft})
        if request.validate_only:
            await self._database.read(lambda c: _require_free_name(c, call.tenant_id, draft.name))
            return convert.from_draft(draft, None)
        return convert.from_pipeline(await self._change(call, partial(_create, draft=draft)))

    async def update_pipeline(self, request: UpdatePipelineRequest, call: CallContext) -> PipelineMessage:
        draft = await self._checked(convert.to_draft(request.pipeline), "pipeline")
        number = convert.decimal_id(request.pipeline.id)
        await self._check_references(call, {"pipeline": draft}, gone=lambda head: head.id == number)
        find = partial(_addressed, tenant_id=call.tenant_id, identifier=request.pipeline.id, name=draft.name)
        if request.validate_only:
            target = await self._database.read(lambda c: _require_renamable(c, call.tenant_id, find(c), draft.name))
            return convert.from_draft(draft, target.id)
        return convert.from_pipeline(await self._change(call, partial(_update, draft=draft, find=find)))

    async def upsert_pipeline(self, request: UpsertPipelineRequest, call: CallContext) -> PipelineMessage:
        draft = await self._checked(convert.to_draft(request.pipeline), "pipeline")
        await self._check_references(call, {"pipeline": draft})
        if request.validate_only:
            target = await self._database.read(lambda c: _named(c, call.tenant_id, draft.name, request.pipeline.id))
            return convert.from_draft(draft, target.id if target else None)
        change = partial(_upsert, draft=draft, identifier=request.pipeline.id)
        return convert.from_pipeline(await self._change(call, change))

    async def delete_pipeline(self, request: DeletePipelineRequest, call: CallContext) -> DeletePipelineResponse:
        await self._change(call, partial(_delete_all, ids=[convert.pipeline_id(request.id)]))
        return DeletePipelineResponse()

    async def bulk_delete_pipelines(
        self, request: BulkDeletePipelinesRequest, call: CallContext
    ) -> BulkDeletePipelinesResponse:
        ids = sorted({convert.pipeline_id(text) for text in request.ids})
        await self._change(call, partial(_delete_all, ids=ids))
        return BulkDeletePipelinesResponse()

    async def list_pipelines_revisions(
        self, _request: ListPipelinesRevisionsRequest, call: CallContext
    ) -> PipelineRevisions:
        revisions = await self._database.read(lambda c: store.list_revisions(c, call.tenant_id))
        return PipelineRevisions(pipeline_revisions=map(convert.from_revision, revisions))

    async def list_pipeline_revisions(
        self, request: ListPipelineRevisionsRequest, call: CallContext
    ) -> PipelineRevisions:
        pipeline_id = convert.pipeline_id(request.id)
        revisions = await self._database.read(lambda c: store.list_revisions(c, call.tenant_id, pipeline_id))
        if not revisions:
            raise NotFound(Reason.PIPELINE_NOT_FOUND, f"no pipeline ever had the id {pipeline_id}")
        return PipelineRevisions(pipeline_revisions=map(convert.from_revision, revisions))

    async def get_pipeline_revision(self, request: GetPipelineRevisionRequest, call: CallContext) -> PipelineRevision:
        revision_id = convert.revision_id(request.revision_id)
        revision = await self._database.read(lambda c: store.get_revision(c, call.tenant_id, revision_id))
        return convert.from_revision(revision)

    async def sync_pipelines(self, request: SyncPipelinesRequest, call: CallContext) -> SyncPipelinesResponse:
        source = check_sync_source(convert.to_source(request.source))
        if self._refuse_empty_sync and not request.pipelines:
            raise Invalid(
                Reason.SYNC_REFUSED,
                "an empty list would delete every pipeline of this source, and this server refuses that; "
                "delete them by name, or set QUARTERDECK_REFUSE_EMPTY_SYNC=false",
            )
        check_unique_names([message.name for message in request.pipelines])
        drafts = {}
        for index, message in enumerate(request.pipelines):
            field = f"pipelines[{index}]"
            drafts[field] = _of_source(convert.to_draft(message, field), source, field)
        checked = await self._checked_all(drafts)
        await self._check_references(call, checked, gone=lambda head: head.source == source)
        await self._change(call, partial(_sync, source=source, drafts=list(checked.values())))
        return SyncPipelinesResponse()

    async def create_alloy_pipelines(
        self, request: CreateAlloyPipelinesRequest, call: CallContext
    ) -> CreateAlloyPipelinesResponse:
        drafts = starter_pipelines.drafts(
            mimir_url=request.mimir_url,
            mimir_username=request.mimir_username,
            loki_url=request.loki_url,
            loki_username=request.loki_username,
        )
        checked = await self._checked_all({draft.name: draft for draft in drafts})
        stored = await self._change(call, partial(_upsert_all, drafts=list(checked.values())))
        return CreateAlloyPipelinesResponse(pipelines=Pipelines(pipelines=map(convert.from_pipeline, stored)))

    async def _checked(self, draft: PipelineDraft, field: str) -> PipelineDraft:
        return (await self._checked_all({field: draft}))[field]

    async def _checked_all(self, drafts: Mapping[str, PipelineDraft]) -> dict[str, PipelineDraft]:
        if sum(map(_effort, drafts.values())) < CHECK_IN_THREAD_FROM:
            checked = _check_all(drafts)
        else:
            checked = await asyncio.to_thread(_check_all, drafts)
        if self._alloy_binary is not None:
            for field, draft in checked.items():
                if draft.config_type is ConfigType.ALLOY:
                    await self._alloy_binary.check(draft, field)
        return checked

    async def _check_references(
        self,
        call: CallContext,
        drafts: Mapping[str, PipelineDraft],
        *,
        gone: Callable[[PipelineHead], bool] = lambda _: False,
    ) -> None:
        """Raises Invalid when the drafts (by field) would close a cycle with what is served. They take the place of
        what has their names, and of what `gone` says."""
        if not any("pipeline_exports" in draft.contents for draft in drafts.values()):
            return
        fleet = await self._snapshots.current(call.tenant_id)
        names = {draft.name for draft in drafts.values()}
        others = [item.compiled for item in fleet.pipelines if item.head.name not in names and not gone(item.head)]
        await asyncio.to_thread(check_references, drafts, others)

    async def _change(self, call: CallContext, change: Callable[[Connection, _Change], T]) -> T:
        context = _Change(call.tenant_id, call.actor, self._clock.now())

        def run(connection: Connection) -> T:
            store.hold_pipelines(connection, call.tenant_id)
            return change(connection, context)

        try:
            return await self._database.transaction(run)
        finally:
            # Also after an error: a lost connection may have committed.
            self._snapshots.changed(call.tenant_id)


def _check_all(drafts: Mapping[str, PipelineDraft]) -> dict[str, PipelineDraft]:
    return {field: check_draft(draft, field) for field, draft in drafts.items()}


def _effort(draft: PipelineDraft) -> int:
    """About as many characters of contents as take equally long to check."""
    return len(draft.contents) + 200 * (1 + len(draft.matchers))


def _create(connection: Connection, change: _Change, *, draft: PipelineDraft) -> Pipeline:
    _require_free_name(connection, change.tenant_id, draft.name)
    ident = _free_ident(connection, change.tenant_id, draft.name)
    pipeline = store.add(connection, change.tenant_id, draft, ident=ident, actor=change.actor, at=change.at)
    _announce(connection, change, Operation.INSERT, pipeline, pipeline.revision_id)
    return pipeline


def _replace(connection: Connection, change: _Change, current: Pipeline, draft: PipelineDraft) -> Pipeline:
    if same_draft(draft, current.draft):
        return current
    pipeline = store.replace(connection, change.tenant_id, current, draft, actor=change.actor, at=change.at)
    _announce(connection, change, Operation.UPDATE, pipeline, pipeline.revision_id)
    return pipeline


def _update(
    connection: Connection, change: _Change, *, draft: PipelineDraft, find: Callable[[Connection], Pipeline]
) -> Pipeline:
    target = _require_renamable(connection, change.tenant_id, find(connection), draft.name)
    return _replace(connection, change, target, draft)


def _upsert(connection: Connection, change: _Change, *, draft: PipelineDraft, identifier: str = "") -> Pipeline:
    current = _named(connection, change.tenant_id, draft.name, identifier)
    if current is None:
        return _create(connection, change, draft=draft)
    return _replace(connection, change, current, draft)


def _upsert_all(connection: Connection, change: _Change, *, drafts: Sequence[PipelineDraft]) -> list[Pipeline]:
    return [_upsert(connection, change, draft=draft) for draft in drafts]


def _delete(connection: Connection, change: _Change, pipeline: Pipeline) -> None:
    revision_id = store.delete(connection, change.tenant_id, pipeline, actor=change.actor, at=change.at)
    _announce(connection, change, Operation.DELETE, pipeline, revision_id)


def _delete_all(connection: Connection, change: _Change, *, ids: Sequence[int]) -> None:
    for pipeline in [store.get(connection, change.tenant_id, pipeline_id) for pipeline_id in ids]:
        _delete(connection, change, pipeline)


def _sync(connection: Connection, change: _Change, *, source: Source, drafts: Sequence[PipelineDraft]) -> None:
    names = {draft.name for draft in drafts}
    for pipeline in store.list_by_source(connection, change.tenant_id, source):
        if pipeline.draft.name not in names:
            _delete(connection, change, pipeline)
    _upsert_all(connection, change, drafts=drafts)


def _announce(
    connection: Connection, change: _Change, operation: Operation, pipeline: Pipeline, revision_id: int
) -> None:
    pipeline_changed(
        connection,
        change.tenant_id,
        operation,
        pipeline,
        revision_id=revision_id,
        actor=change.actor,
        at=change.at,
    )


def _of_source(draft: PipelineDraft, source: Source, field: str) -> PipelineDraft:
    if draft.source is not None and draft.source != Source(0, "") and draft.source != source:
        where = f"{field}.source"
        why = "differs from the source of the call; leave it out, it becomes the call's"
        raise Invalid(Reason.PIPELINE_INVALID, f"{where}: {why}", violations=(FieldViolation(where, why),))
    return replace(draft, source=source)


def _addressed(connection: Connection, *, tenant_id: str, identifier: str, name: str) -> Pipeline:
    if identifier:
        return store.get(connection, tenant_id, convert.pipeline_id(identifier))
    pipeline = store.find_by_name(connection, tenant_id, name)
    if pipeline is None:
        raise NotFound(Reason.PIPELINE_NOT_FOUND, f"no pipeline has the name {name[:200]!r}, and no id was given")
    return pipeline


def _named(connection: Connection, tenant_id: str, name: str, identifier: str) -> Pipeline | None:
    """The pipeline with the name, if the id (when there is one) does not belong to another."""
    current = store.find_by_name(connection, tenant_id, name)
    number = convert.decimal_id(identifier)
    if number is not None and (current is None or current.id != number):
        other = store.find(connection, tenant_id, number)
        if other is not None:
            raise Invalid(
                Reason.PIPELINE_INVALID,
                f"pipeline.id: {identifier} belongs to the pipeline {other.draft.name[:200]!r}, not to {name[:200]!r}; "
                "leave it out, or use UpdatePipeline to rename",
            )
    return current


def _require_free_name(connection: Connection, tenant_id: str, name: str) -> None:
    taken = store.id_of(connection, tenant_id, name)
    if taken is not None:
        raise Conflict(
            Reason.PIPELINE_NAME_TAKEN,
            f"a pipeline named {name[:200]!r} exists already, with the id {taken}",
            metadata={"pipeline_id": str(taken)},
        )


def _require_renamable(connection: Connection, tenant_id: str, target: Pipeline, name: str) -> Pipeline:
    if target.draft.name != name:
        _require_free_name(connection, tenant_id, name)
    return target


def _free_ident(connection: Connection, tenant_id: str, name: str) -> str:
    taken: set[str] = set()
    while store.ident_exists(connection, tenant_id, ident := choose_ident(name, taken)):
        taken.add(ident)
    return ident
