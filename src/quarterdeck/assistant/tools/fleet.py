"""The fleet as tools: collectors, pipelines, and who gets what."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from math import inf
from typing import Any, Final, Literal

from pydantic import Field

from quarterdeck.assistant.tools.fleet_changes import history_tools
from quarterdeck.assistant.tools.fleet_sources import (
    TOOLSET,
    FleetSources,
    attributes_of,
    collector_reference,
    collector_references,
    find_collector,
    find_pipeline,
    matching,
    pipeline_json,
    pipeline_reference,
    pipeline_references,
)
from quarterdeck.assistant.tools.fleet_writes import writing_tools
from quarterdeck.assistant.tools.moments import written
from quarterdeck.assistant.tools.tool import Parameters, Reference, Tool, ToolAnswer, ToolContext, found, nothing
from quarterdeck.assistant.tools.typed_tool import TypedTool
from quarterdeck.database import Connection
from quarterdeck.fleet.collector import Collector, CollectorStatus, ConfigStatus
from quarterdeck.fleet.inactivity import InactivityRules
from quarterdeck.fleet.matchers import Matcher, match_all, parse_matchers
from quarterdeck.fleet.pipeline import Pipeline
from quarterdeck.fleet.store import collectors as collector_store
from quarterdeck.fleet.store import pipelines as pipeline_store
from quarterdeck.gen.quarterdeck.fleet.v1.fleet_pb2 import PreviewConfigRequest, PreviewConfigResponse

State = Literal["failing", "unseen", "healthy"]

MOST_LISTED: Final = 200
"""Collectors of one pipeline that are named."""

_COLLECTOR = "The collector's id, or its name when only one has it."
_PIPELINE = "The pipeline's name or id."


class ListCollectors(Parameters):
    """Which collectors."""

    matchers: list[str] = Field(
        default=[],
        max_length=100,
        description='Conditions on attributes, all of which must hold, such as env="prod" or os=~"linux|darwin".',
    )
    state: Literal["all", "failing", "unseen", "healthy"] = Field(
        default="all",
        description="failing: the last remote configuration could not be applied; unseen: silent for too long, or "
        "never seen; healthy: the others.",
    )
    limit: int = Field(default=50, ge=1, le=500, description="At most this many are listed; `total` counts all.")


class OneCollector(Parameters):
    """One collector."""

    collector: str = Field(min_length=1, max_length=1000, description=_COLLECTOR)


class ListPipelines(Parameters):
    """Which pipelines."""

    name_contains: str = Field(default="", max_length=500, description="Part of the name, in any case; all when empty.")
    limit: int = Field(default=100, ge=1, le=1000, description="At most this many are listed; `total` counts all.")


class OnePipeline(Parameters):
    """One pipeline."""

    pipeline: str = Field(min_length=1, max_length=500, description=_PIPELINE)


@dataclass(frozen=True, slots=True)
class _Known:
    """A collector, and how it fares."""

    collector: Collector
    status: CollectorStatus
    state: State


@dataclass(frozen=True, slots=True)
class FleetReading:
    """The answers of the tools that read the fleet."""

    sources: FleetSources

    async def list_collectors(self, parameters: ListCollectors, context: ToolContext) -> ToolAnswer:
        """`{total, collectors: [{id, name, enabled, attributes, last_seen_at, state, last_error}]}`, by id.

        `attributes` are what matchers see; `last_seen_at` is null for one never seen; `last_error` is what the
        collector said about the last configuration that failed, or "".
        """
        matchers = parse_matchers(parameters.matchers)
        everybody, statuses = await self.sources.database.read(lambda c: _everybody(c, context.call.tenant_id))
        chosen = await asyncio.to_thread(self._choose, everybody, statuses, matchers, parameters.state)
        shown = chosen[: parameters.limit]
        data = {"total": len(chosen), "collectors": [_collector_json(known) for known in shown]}
        return found(data, references=collector_references([known.collector for known in shown]))

    async def get_collector(self, parameters: OneCollector, context: ToolContext) -> ToolAnswer:
        """One of `fleet_list_collectors`, and `pipelines: [{id, name, revision_id, matchers}]`: those it gets now."""
        collector = await self._find_collector(parameters.collector, context)
        tenant_id = context.call.tenant_id
        composed = await self._composed(collector, context)
        ids = [int(assigned.id) for assigned in composed.pipelines]

        def read(connection: Connection) -> tuple[list[CollectorStatus], dict[int, tuple[str, ...]]]:
            heads = pipeline_store.list_served(connection, tenant_id) if ids else []
            matchers = {head.id: head.matchers for head in heads}
            return collector_store.statuses(connection, tenant_id, [collector.id]), matchers

        statuses, matchers = await self.sources.database.read(read)
        status = statuses[0] if statuses else CollectorStatus(collector.id)
        known = _Known(collector, status, self._state(status, self.sources.clock.now()))
        pipelines = [
            {**_assigned_json(assigned), "matchers": list(matchers.get(int(assigned.id), ()))}
            for assigned in composed.pipelines
        ]
        data = {**_collector_json(known), "pipelines": pipelines}
        return found(data, references=(collector_reference(collector), *_assigned_references(composed)))

    async def collector_config(self, parameters: OneCollector, context: ToolContext) -> ToolAnswer:
        """`{config, hash, pipelines: [{id, name, revision_id}]}`: what is handed out now, its SHA-256."""
        collector = await self._find_collector(parameters.collector, context)
        composed = await self._composed(collector, context)
        data = {
            "config": composed.content,
            "hash": composed.hash,
            "pipelines": [_assigned_json(assigned) for assigned in composed.pipelines],
        }
        return found(data, references=(collector_reference(collector), *_assigned_references(composed)))

    async def list_pipelines(self, parameters: ListPipelines, context: ToolContext) -> ToolAnswer:
        """`{total, pipelines: [{id, name, enabled, matchers, config_type, revision_id, updated_at}]}`, by id.

        `config_type` is `alloy` or `otel`.
        """
        part = parameters.name_contains.casefold()
        everything = await self.sources.database.read(lambda c: pipeline_store.list_all(c, context.call.tenant_id))
        chosen = [pipeline for pipeline in everything if part in pipeline.draft.name.casefold()]
        if part and not chosen:
            return nothing(f"no pipeline has {parameters.name_contains!r} in its name; there are {len(everything)}")
        shown = chosen[: parameters.limit]
        data = {"total": len(chosen), "pipelines": [pipeline_json(pipeline) for pipeline in shown]}
        return found(data, references=pipeline_references(shown))

    async def get_pipeline(self, parameters: OnePipeline, context: ToolContext) -> ToolAnswer:
        """One of `fleet_list_pipelines`, and `contents`: its text."""
        pipeline = await self.sources.database.read(
            lambda c: find_pipeline(c, context.call.tenant_id, parameters.pipeline)
        )
        data = {**pipeline_json(pipeline), "contents": pipeline.draft.contents}
        return found(data, references=pipeline_references([pipeline]))

    async def pipeline_collectors(self, parameters: OnePipeline, context: ToolContext) -> ToolAnswer:
        """`{pipeline, total, collectors: [{id, name}]}`: those that its matchers select, by id, at most 200 named.

        A disabled pipeline's are those that would get it; a disabled collector is among them.
        """

        def read(connection: Connection) -> tuple[Pipeline, list[Collector]]:
            pipeline = find_pipeline(connection, context.call.tenant_id, parameters.pipeline)
            return pipeline, collector_store.list_all(connection, context.call.tenant_id)

        pipeline, everybody = await self.sources.database.read(read)
        chosen = await asyncio.to_thread(matching, everybody, pipeline.draft.matchers)
        data = {
            "pipeline": pipeline.draft.name,
            "total": len(chosen),
            "collectors": [{"id": each.id, "name": each.name} for each in chosen[:MOST_LISTED]],
        }
        return found(data, references=(*pipeline_references([pipeline]), *collector_references(chosen)))

    async def _find_collector(self, id_or_name: str, context: ToolContext) -> Collector:
        return await self.sources.database.read(lambda c: find_collector(c, context.call.tenant_id, id_or_name))

    async def _composed(self, collector: Collector, context: ToolContext) -> PreviewConfigResponse:
        return await self.sources.fleet.preview_config(PreviewConfigRequest(id=collector.id), context.call)

    def _choose(
        self,
        everybody: Sequence[Collector],
        statuses: Sequence[CollectorStatus],
        matchers: Sequence[Matcher],
        state: str,
    ) -> list[_Known]:
        now = self.sources.clock.now()
        by_id = {status.collector_id: status for status in statuses}
        chosen = []
        for collector in everybody:
            if not match_all(matchers, attributes_of(collector)):
                continue
            status = by_id.get(collector.id) or CollectorStatus(collector.id)
            known = _Known(collector, status, self._state(status, now))
            if state in ("all", known.state):
                chosen.append(known)
        return chosen

    def _state(self, status: CollectorStatus, now: datetime) -> State:
        if status.status is ConfigStatus.FAILED:
            return "failing"
        rules = InactivityRules(least=self.sources.inactive_after)
        silent = status.last_seen_at is None or rules.is_gone(status.last_seen_at, status.poll_interval, now, inf)
        return "unseen" if silent or status.marked_inactive_at is not None else "healthy"


def fleet_tools(sources: FleetSources) -> tuple[Tool, ...]:
    """Everything that the assistant can do with the fleet."""
    return (*reading_tools(sources), *history_tools(sources), *writing_tools(sources))


def reading_tools(sources: FleetSources) -> tuple[Tool, ...]:
    """The tools that read collectors and pipelines. Each answer's shape is in the docstring of its function."""
    reading = FleetReading(sources)
    return (
        TypedTool(
            name="fleet_list_collectors",
            description="List collectors with their attributes, when they were last seen and how they fare. Filter by "
            "attribute matchers and by state; state=failing finds those whose last configuration could not be applied.",
            toolset=TOOLSET,
            parameters=ListCollectors,
            answer=reading.list_collectors,
            sentence="Lists collectors",
        ),
        TypedTool(
            name="fleet_get_collector",
            description="One collector: attributes, state, last error, and the pipelines that it gets.",
            toolset=TOOLSET,
            parameters=OneCollector,
            answer=reading.get_collector,
            sentence="Reads a collector",
        ),
        TypedTool(
            name="fleet_collector_config",
            description="The whole configuration that the server hands to one collector now, with its hash.",
            toolset=TOOLSET,
            parameters=OneCollector,
            answer=reading.collector_config,
            sentence="Reads a collector's configuration",
        ),
        TypedTool(
            name="fleet_list_pipelines",
            description="List pipelines: names, matchers, revision, whether enabled. Contents: fleet_get_pipeline.",
            toolset=TOOLSET,
            parameters=ListPipelines,
            answer=reading.list_pipelines,
            sentence="Lists pipelines",
        ),
        TypedTool(
            name="fleet_get_pipeline",
            description="One pipeline with its contents.",
            toolset=TOOLSET,
            parameters=OnePipeline,
            answer=reading.get_pipeline,
            sentence="Reads a pipeline",
        ),
        TypedTool(
            name="fleet_pipeline_collectors",
            description="The collectors that a pipeline's matchers select.",
            toolset=TOOLSET,
            parameters=OnePipeline,
            answer=reading.pipeline_collectors,
            sentence="Lists the collectors of a pipeline",
        ),
    )


def _everybody(connection: Connection, tenant_id: str) -> tuple[list[Collector], list[CollectorStatus]]:
    return collector_store.list_all(connection, tenant_id), collector_store.statuses(connection, tenant_id)


def _collector_json(known: _Known) -> dict[str, Any]:
    return {
        "id": known.collector.id,
        "name": known.collector.name,
        "enabled": known.collector.enabled,
        "attributes": attributes_of(known.collector),
        "last_seen_at": written(known.status.last_seen_at),
        "state": known.state,
        "last_error": known.status.error_message if known.status.status is ConfigStatus.FAILED else "",
    }


def _assigned_json(assigned: Any) -> dict[str, Any]:
    return {"id": assigned.id, "name": assigned.name, "revision_id": assigned.revision_id}


def _assigned_references(composed: PreviewConfigResponse) -> tuple[Reference, ...]:
    return tuple(pipeline_reference(each.id, each.revision_id, each.name) for each in composed.pipelines)
