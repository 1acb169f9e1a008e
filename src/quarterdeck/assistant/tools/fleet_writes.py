"""Changes of pipelines as tools. Somebody has to approve each."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any, Final

from pydantic import Field

from quarterdeck.assistant.tools.fleet_sources import (
    TOOLSET,
    FleetSources,
    find_pipeline,
    pipeline_json,
    pipeline_references,
)
from quarterdeck.assistant.tools.redaction import REDACTED
from quarterdeck.assistant.tools.revision_diff import draft_diff
from quarterdeck.assistant.tools.tool import Parameters, Tool, ToolAnswer, ToolContext, ToolFailed, found
from quarterdeck.assistant.tools.typed_tool import TypedTool
from quarterdeck.database import Connection
from quarterdeck.fleet import convert
from quarterdeck.fleet.pipeline import Operation, Pipeline, PipelineDraft, Revision
from quarterdeck.fleet.store import pipelines as pipeline_store
from quarterdeck.gen.pipeline.v1.pipeline_pb2 import UpdatePipelineRequest
from quarterdeck.identity.call import Role

MOST_CONTENTS: Final = 2 << 20
"""Characters."""
_MOST_OF_A_DIFF: Final = 20_000


class UpdatePipeline(Parameters):
    """What is to be different; what is left out stays."""

    pipeline: str = Field(min_length=1, max_length=500, description="The pipeline's name or id.")
    contents: str | None = Field(default=None, max_length=MOST_CONTENTS, description="The whole new contents.")
    matchers: list[str] | None = Field(default=None, max_length=100, description="All of its new matchers.")
    enabled: bool | None = Field(default=None, description="Whether collectors get it.")


class RollBackPipeline(Parameters):
    """Where to go back to."""

    pipeline: str = Field(min_length=1, max_length=500, description="The pipeline's name or id.")
    revision_id: str = Field(
        min_length=1, max_length=20, description="One of this pipeline's revisions: the state that it left."
    )


@dataclass(frozen=True, slots=True)
class FleetWriting:
    """The answers of the tools that change pipelines."""

    sources: FleetSources

    async def update(self, parameters: UpdatePipeline, context: ToolContext) -> ToolAnswer:
        """`{id, name, enabled, matchers, config_type, revision_id, updated_at, previous_revision_id, diff}`.

        A change that changes nothing makes no revision, and its diff is empty.
        """
        if parameters.contents is None and parameters.matchers is None and parameters.enabled is None:
            raise ToolFailed("nothing to change: give contents, matchers or enabled")
        current = await self._read(parameters.pipeline, context)
        message = convert.from_draft(current.draft, current.id)
        if parameters.contents is not None:
            _refuse_lost_secrets(parameters.contents, current.draft.contents)
            message.contents = parameters.contents
        if parameters.matchers is not None:
            message.ClearField("matchers")
            message.matchers.extend(parameters.matchers)
        if parameters.enabled is not None:
            message.enabled = parameters.enabled
        return await self._store(current, UpdatePipelineRequest(pipeline=message), context)

    async def roll_back(self, parameters: RollBackPipeline, context: ToolContext) -> ToolAnswer:
        """As `fleet_update_pipeline`: everything is again as the revision left it, in a new revision."""
        number, tenant_id = convert.revision_id(parameters.revision_id), context.call.tenant_id

        def read(connection: Connection) -> tuple[Pipeline, Revision]:
            pipeline = find_pipeline(connection, tenant_id, parameters.pipeline)
            return pipeline, pipeline_store.get_revision(connection, tenant_id, number)

        current, revision = await self.sources.database.read(read)
        if revision.pipeline_id != current.id:
            raise ToolFailed(f"revision {number} is one of another pipeline, not of {current.draft.name!r}")
        if revision.operation is Operation.DELETE:
            raise ToolFailed(f"revision {number} deleted the pipeline; name the revision before it")
        message = convert.from_draft(revision.draft, current.id)
        return await self._store(current, UpdatePipelineRequest(pipeline=message), context)

    async def _read(self, name_or_id: str, context: ToolContext) -> Pipeline:
        return await self.sources.database.read(lambda c: find_pipeline(c, context.call.tenant_id, name_or_id))

    async def _store(self, before: Pipeline, request: UpdatePipelineRequest, context: ToolContext) -> ToolAnswer:
        await self.sources.pipelines.update_pipeline(request, context.call)
        tenant_id = context.call.tenant_id
        after = await self.sources.database.read(lambda c: pipeline_store.get(c, tenant_id, before.id))
        diff = await asyncio.to_thread(_diff, before.draft, after.draft)
        data: dict[str, Any] = {
            **pipeline_json(after),
            "previous_revision_id": str(before.revision_id),
            "diff": diff,
        }
        return found(data, references=pipeline_references([after]))


def writing_tools(sources: FleetSources) -> tuple[Tool, ...]:
    """The tools that change pipelines. Each answer's shape is in the docstring of its function."""
    writing = FleetWriting(sources)
    return (
        TypedTool(
            name="fleet_update_pipeline",
            description="Change a pipeline's contents, matchers or state. It is checked as every change is, and makes "
            "a new revision. Try matchers with fleet_preview_matchers first.",
            toolset=TOOLSET,
            parameters=UpdatePipeline,
            answer=writing.update,
            sentence="Changes a pipeline",
            role=Role.EDITOR,
            writes=True,
        ),
        TypedTool(
            name="fleet_roll_back_pipeline",
            description="Make a pipeline again what it was at one of its revisions. This is a new revision.",
            toolset=TOOLSET,
            parameters=RollBackPipeline,
            answer=writing.roll_back,
            sentence="Rolls a pipeline back",
            role=Role.EDITOR,
            writes=True,
        ),
    )


def _refuse_lost_secrets(wanted: str, current: str) -> None:
    """A model saw `[REDACTED]` where the pipeline has a secret: written back, the secret would be gone."""
    if wanted.count(REDACTED) > current.count(REDACTED):
        raise ToolFailed(
            f"the contents have {REDACTED} where a secret was hidden from you; writing them would lose the secret. "
            "Somebody who knows it has to make this change, or the pipeline has to read it from a file or the "
            "environment first"
        )


def _diff(before: PipelineDraft, after: PipelineDraft) -> str:
    return draft_diff(before, after, most_characters=_MOST_OF_A_DIFF)
