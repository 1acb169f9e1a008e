"""What the fleet's tools stand on, and how they find what a model names."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from quarterdeck.assistant.tools.moments import written
from quarterdeck.assistant.tools.tool import Reference, ReferenceKind, ToolFailed
from quarterdeck.clock import Clock
from quarterdeck.database import Connection, Database
from quarterdeck.fleet.attributes import effective_attributes
from quarterdeck.fleet.collector import Collector
from quarterdeck.fleet.convert import decimal_id
from quarterdeck.fleet.fleet_service import FleetService
from quarterdeck.fleet.matchers import Matcher, parse_matchers, selects
from quarterdeck.fleet.pipeline import ConfigType, Pipeline
from quarterdeck.fleet.pipeline_service import PipelineService
from quarterdeck.fleet.store import collectors as collector_store
from quarterdeck.fleet.store import pipelines as pipeline_store

MOST_REFERENCES: Final = 50
"""Of one answer."""
TOOLSET: Final = "fleet"
_QUOTED: Final = 200
_COMPARED: Final = 5000
"""Names that are compared when a model names something that is not there."""


@dataclass(frozen=True, slots=True)
class FleetSources:
    """The fleet, in this process."""

    database: Database
    clock: Clock
    pipelines: PipelineService
    fleet: FleetService
    inactive_after: float = 3600.0
    """Seconds without a call until a collector counts as unseen, at least."""


def find_pipeline(connection: Connection, tenant_id: str, name_or_id: str) -> Pipeline:
    """By name, or else by id. Raises ToolFailed, with names that are near, when there is none."""
    found = pipeline_store.find_by_name(connection, tenant_id, name_or_id)
    number = decimal_id(name_or_id)
    if found is None and number is not None:
        found = pipeline_store.find(connection, tenant_id, number)
    if found is None:
        names = (pipeline.draft.name for pipeline in pipeline_store.list_all(connection, tenant_id))
        raise _unknown("pipeline", name_or_id, names, "fleet_list_pipelines")
    return found


def find_collector(connection: Connection, tenant_id: str, id_or_name: str) -> Collector:
    """By id, or else by a name that one collector has. Raises ToolFailed when there is none, or more than one."""
    found = collector_store.find(connection, tenant_id, id_or_name)
    if found is not None:
        return found
    everybody = collector_store.list_all(connection, tenant_id)
    named = [collector for collector in everybody if collector.name == id_or_name]
    if len(named) > 1:
        ids = ", ".join(collector.id[:_QUOTED] for collector in named[:10])
        raise ToolFailed(f"{len(named)} collectors have the name {id_or_name[:_QUOTED]!r}; say which by its id: {ids}")
    if not named:
        ids_and_names = (text for collector in everybody for text in (collector.id, collector.name) if text)
        raise _unknown("collector", id_or_name, ids_and_names, "fleet_list_collectors")
    return named[0]


def matching(collectors: Iterable[Collector], matchers: Sequence[str]) -> list[Collector]:
    """The collectors that stored matchers select."""
    return selected(collectors, parse_matchers(matchers, limit=None))


def selected(collectors: Iterable[Collector], matchers: Sequence[Matcher]) -> list[Collector]:
    """The collectors that a pipeline with these matchers goes to, disabled ones included."""
    return [collector for collector in collectors if selects(matchers, attributes_of(collector))]


def attributes_of(collector: Collector) -> dict[str, str]:
    """What matchers see of a collector."""
    return effective_attributes(collector.id, collector.local_attributes, collector.remote_attributes)


def pipeline_json(pipeline: Pipeline) -> dict[str, Any]:
    """A pipeline without its contents: `{id, name, enabled, matchers, config_type, revision_id, updated_at}`."""
    return {
        "id": str(pipeline.id),
        "name": pipeline.draft.name,
        "enabled": pipeline.draft.enabled,
        "matchers": list(pipeline.draft.matchers),
        "config_type": language(pipeline.draft.config_type),
        "revision_id": str(pipeline.revision_id),
        "updated_at": written(pipeline.updated_at),
    }


def language(config_type: ConfigType) -> str:
    """`alloy` or `otel`."""
    return config_type.name.lower()


def pipeline_reference(pipeline_id: object, revision_id: object, name: str) -> Reference:
    return Reference(ReferenceKind.PIPELINE_REVISION, str(pipeline_id), str(revision_id), name)


def collector_reference(collector: Collector) -> Reference:
    return Reference(ReferenceKind.COLLECTOR, collector.id, title=collector.name)


def pipeline_references(pipelines: Sequence[Pipeline]) -> tuple[Reference, ...]:
    """Of the first 50."""
    return tuple(
        pipeline_reference(pipeline.id, pipeline.revision_id, pipeline.draft.name)
        for pipeline in pipelines[:MOST_REFERENCES]
    )


def collector_references(collectors: Sequence[Collector]) -> tuple[Reference, ...]:
    """Of the first 50."""
    return tuple(map(collector_reference, collectors[:MOST_REFERENCES]))


def _unknown(kind: str, text: str, names: Iterable[str], listing: str) -> ToolFailed:
    compared = [name for name, _ in zip(names, range(_COMPARED), strict=False)]
    near = difflib.get_close_matches(text[:_QUOTED], compared, n=3)
    hint = f"; there is {', '.join(repr(name[:_QUOTED]) for name in near)}" if near else f"; {listing} lists them"
    return ToolFailed(f"no {kind} has the id or name {text[:_QUOTED]!r}{hint}")
