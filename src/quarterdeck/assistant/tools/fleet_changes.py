"""What changed in the fleet, whom it reached, and whom a change of matchers would reach, as tools."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pydantic import Field

from quarterdeck.assistant.tools.fleet_sources import (
    MOST_REFERENCES,
    TOOLSET,
    FleetSources,
    collector_references,
    find_pipeline,
    matching,
    pipeline_reference,
    pipeline_references,
    selected,
)
from quarterdeck.assistant.tools.moments import FORMS, read_moment, written
from quarterdeck.assistant.tools.revision_diff import revision_diff
from quarterdeck.assistant.tools.tool import (
    Parameters,
    Reference,
    Tool,
    ToolAnswer,
    ToolContext,
    ToolFailed,
    found,
    nothing,
)
from quarterdeck.assistant.tools.typed_tool import TypedTool
from quarterdeck.database import Connection
from quarterdeck.fleet.collector import Collector
from quarterdeck.fleet.convert import decimal_id
from quarterdeck.fleet.matchers import parse_matchers
from quarterdeck.fleet.pipeline import Operation, Pipeline, Revision
from quarterdeck.fleet.store import collectors as collector_store
from quarterdeck.fleet.store.history import RecordedChange, changes_between, changes_of

MOST_OF_A_DIFF: Final = 6000
"""Characters."""
MOST_NAMED: Final = 500
"""Collectors that a preview names on either side."""
_MOST_SHOWN: Final = 20
"""Of those, the ones on either side that it refers to."""


class PipelineRevisions(Parameters):
    """Which pipeline."""

    pipeline: str = Field(
        min_length=1, max_length=500, description="The pipeline's name or id; of a deleted one its id."
    )
    limit: int = Field(default=20, ge=1, le=100, description="The latest so many.")


class Changes(Parameters):
    """Which time."""

    since: str = Field(min_length=1, max_length=100, description=f"The beginning: {FORMS}.")
    until: str = Field(default="now", min_length=1, max_length=100, description="The end, in the same forms.")
    limit: int = Field(default=50, ge=1, le=100, description="The latest so many; `total` counts all.")


class PreviewMatchers(Parameters):
    """Matchers to try."""

    pipeline: str = Field(min_length=1, max_length=500, description="The pipeline's name or id.")
    matchers: list[str] = Field(max_length=100, description='What it would have, such as ["env=\\"prod\\""].')


@dataclass(frozen=True, slots=True)
class FleetHistory:
    """The answers of the tools that look back, and ahead."""

    sources: FleetSources

    async def revisions(self, parameters: PipelineRevisions, context: ToolContext) -> ToolAnswer:
        """`{pipeline, total, revisions: [{revision_id, operation, actor, at, diff}]}`, newest first.

        `operation` is `insert`, `update` or `delete`; `diff` is unified, of name, state, matchers and contents against
        the revision before, at most 6,000 characters.
        """
        tenant_id = context.call.tenant_id

        def read(connection: Connection) -> tuple[int, list[RecordedChange]]:
            number = _pipeline_number(connection, tenant_id, parameters.pipeline)
            return changes_of(connection, tenant_id, number, limit=parameters.limit)

        total, changes = await self.sources.database.read(read)
        data = {
            "pipeline": changes[0].revision.draft.name,
            "total": total,
            "revisions": await asyncio.to_thread(lambda: [_revision_json(change) for change in changes]),
        }
        return found(data, references=_references(changes))

    async def changes(self, parameters: Changes, context: ToolContext) -> ToolAnswer:
        """`{total, changes: [{at, operation, pipeline_id, pipeline, revision_id, actor, diff, affected_collectors}]}`.

        Newest first. `affected_collectors` counts the enabled collectors that the pipeline's matchers select after the
        change or selected before it; while it is disabled a pipeline selects none.
        """
        now, tenant_id = self.sources.clock.now(), context.call.tenant_id
        since = read_moment(parameters.since, now=now, field="since")
        until = read_moment(parameters.until, now=now, field="until")
        if since > until:
            raise ToolFailed(f"since ({written(since)}) is after until ({written(until)})")

        def read(connection: Connection) -> tuple[int, list[RecordedChange], list[Collector]]:
            total, changes = changes_between(connection, tenant_id, since, until, limit=parameters.limit)
            return total, changes, collector_store.list_all(connection, tenant_id) if changes else []

        total, changes, collectors = await self.sources.database.read(read)
        invocation = f"pipeline changes from {written(since)} to {written(until)}"
        if not changes:
            why = f"no pipeline changed from {written(since)} to {written(until)}"
            return nothing(why, invocation=invocation)
        listed = await asyncio.to_thread(_changes_json, changes, collectors)
        return found({"total": total, "changes": listed}, references=_references(changes), invocation=invocation)

    async def preview_matchers(self, parameters: PreviewMatchers, context: ToolContext) -> ToolAnswer:
        """`{pipeline, gained, lost, kept, gained_total, lost_total}`: whom other matchers would reach.

        `gained` and `lost` are ids of collectors, at most 500 each; the other three are counts. Changes nothing.
        """
        tenant_id = context.call.tenant_id
        wanted = parse_matchers(parameters.matchers)

        def read(connection: Connection) -> tuple[Pipeline, list[Collector]]:
            pipeline = find_pipeline(connection, tenant_id, parameters.pipeline)
            return pipeline, collector_store.list_all(connection, tenant_id)

        pipeline, everybody = await self.sources.database.read(read)
        now = await asyncio.to_thread(lambda: _ids(matching(everybody, pipeline.draft.matchers)))
        then = await asyncio.to_thread(lambda: _ids(selected(everybody, wanted)))
        gained, lost = sorted(then - now), sorted(now - then)
        shown = {*gained[:_MOST_SHOWN], *lost[:_MOST_SHOWN]}
        references = collector_references([each for each in everybody if each.id in shown])
        data = {
            "pipeline": pipeline.draft.name,
            "gained": gained[:MOST_NAMED],
            "lost": lost[:MOST_NAMED],
            "kept": len(now & then),
            "gained_total": len(gained),
            "lost_total": len(lost),
        }
        return found(data, references=(*pipeline_references([pipeline]), *references))


def history_tools(sources: FleetSources) -> tuple[Tool, ...]:
    """The tools that look back, and ahead. Each answer's shape is in the docstring of its function."""
    history = FleetHistory(sources)
    return (
        TypedTool(
            name="fleet_pipeline_revisions",
            description="The history of one pipeline: who changed what when, as diffs, newest first.",
            toolset=TOOLSET,
            parameters=PipelineRevisions,
            answer=history.revisions,
            sentence="Reads the history of a pipeline",
        ),
        TypedTool(
            name="fleet_changes",
            description="All changes of pipelines within a time, newest first: who, when, the diff, and how many "
            "collectors each reached. The first question about an incident: what changed before it began?",
            toolset=TOOLSET,
            parameters=Changes,
            answer=history.changes,
            sentence="Looks for changes of pipelines",
        ),
        TypedTool(
            name="fleet_preview_matchers",
            description="Which collectors a pipeline would gain and lose with other matchers. Changes nothing.",
            toolset=TOOLSET,
            parameters=PreviewMatchers,
            answer=history.preview_matchers,
            sentence="Previews other matchers of a pipeline",
        ),
    )


def _pipeline_number(connection: Connection, tenant_id: str, name_or_id: str) -> int:
    try:
        return find_pipeline(connection, tenant_id, name_or_id).id
    except ToolFailed:
        number = decimal_id(name_or_id)
        # Deleted ones have a history, too.
        if number is not None and changes_of(connection, tenant_id, number, limit=1)[0]:
            return number
        raise


def _revision_json(change: RecordedChange) -> dict[str, Any]:
    return {
        "revision_id": str(change.revision.id),
        "operation": change.revision.operation.name.lower(),
        "actor": change.actor,
        "at": written(change.revision.created_at),
        "diff": revision_diff(change.revision, change.before, most_characters=MOST_OF_A_DIFF),
    }


def _changes_json(changes: Sequence[RecordedChange], collectors: Sequence[Collector]) -> list[dict[str, Any]]:
    reached = _Reached([collector for collector in collectors if collector.enabled])
    return [
        {
            "at": written(change.revision.created_at),
            "operation": change.revision.operation.name.lower(),
            "pipeline_id": str(change.revision.pipeline_id),
            "pipeline": change.revision.draft.name,
            "revision_id": str(change.revision.id),
            "actor": change.actor,
            "diff": revision_diff(change.revision, change.before, most_characters=MOST_OF_A_DIFF),
            "affected_collectors": len(reached.by(change.revision) | reached.by(change.before)),
        }
        for change in changes
    ]


class _Reached:
    """Whom revisions reach; each set of matchers is tried once."""

    def __init__(self, collectors: Sequence[Collector]) -> None:
        self._collectors = collectors
        self._known: dict[tuple[str, ...], frozenset[str]] = {}

    def by(self, revision: Revision | None) -> frozenset[str]:
        if revision is None or revision.operation is Operation.DELETE or not revision.draft.enabled:
            return frozenset()
        matchers = revision.draft.matchers
        if matchers not in self._known:
            self._known[matchers] = _ids(matching(self._collectors, matchers))
        return self._known[matchers]


def _ids(collectors: Iterable[Collector]) -> frozenset[str]:
    return frozenset(collector.id for collector in collectors)


def _references(changes: Sequence[RecordedChange]) -> tuple[Reference, ...]:
    return tuple(
        pipeline_reference(change.revision.pipeline_id, change.revision.id, change.revision.draft.name)
        for change in changes[:MOST_REFERENCES]
    )
