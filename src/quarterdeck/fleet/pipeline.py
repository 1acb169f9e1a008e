"""What a pipeline is, apart from any message or table: a draft that a client sends, and a pipeline that is stored."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import IntEnum
from typing import Any

from quarterdeck.errors import FieldViolation, Invalid, Reason
from quarterdeck.fleet import alloy
from quarterdeck.fleet.assembly import CompiledPipeline, choose_ident, compile_pipeline, find_reference_cycle
from quarterdeck.fleet.matchers import parse_matchers
from quarterdeck.fleet.otel import check_otel


class ConfigType(IntEnum):
    """The language of a pipeline's contents, numbered as in the contract."""

    ALLOY = 1
    OTEL = 2


class Operation(IntEnum):
    """What a revision did, numbered as in the contract."""

    INSERT = 1
    UPDATE = 2
    DELETE = 3


@dataclass(frozen=True, slots=True)
class Source:
    """Where a pipeline is kept outside. `type` is the contract's number; new ones are kept as they come."""

    type: int
    namespace: str


@dataclass(frozen=True, slots=True)
class PipelineDraft:
    """A pipeline as a client wants it: checked, with its matchers in normal form and its defaults filled in."""

    name: str
    contents: str
    matchers: tuple[str, ...] = ()
    enabled: bool = True
    metadata: Mapping[str, Any] | None = None
    source: Source | None = None
    config_type: ConfigType = ConfigType.ALLOY


@dataclass(frozen=True, slots=True)
class Pipeline:
    """A stored pipeline. `ident` is the Alloy identifier that wraps it, chosen once and kept through renames."""

    id: int
    draft: PipelineDraft
    ident: str
    revision_id: int
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Revision:
    """A pipeline as one change left it; `draft.contents` is empty where contents were not asked for."""

    id: int
    pipeline_id: int
    operation: Operation
    draft: PipelineDraft
    created_at: datetime


def check_draft(draft: PipelineDraft, field: str = "pipeline") -> PipelineDraft:
    """The draft with its matchers in normal form. Raises Invalid, with violations below `field`, for what collectors or
    clients could not work with."""
    _check_name(draft.name, f"{field}.name")
    _require(draft.contents, f"{field}.contents")
    _check_source(draft.source, f"{field}.source")
    matchers = parse_matchers(draft.matchers, field=f"{field}.matchers")
    check_contents(draft, field)
    return replace(draft, matchers=tuple(matcher.normal_form() for matcher in matchers))


def _require(value: str, field: str) -> None:
    if not value.strip():
        raise Invalid(Reason.FIELD_INVALID, f"{field}: is required", violations=(FieldViolation(field, "is required"),))


def _check_name(name: str, field: str) -> None:
    _require(name, field)
    _check_storable(name, field)


def _check_storable(text: str, field: str) -> None:
    if "\x00" in text:
        raise _wrong(field, "contains a NUL character; every other character is accepted")


def _wrong(field: str, why: str) -> Invalid:
    return Invalid(Reason.PIPELINE_INVALID, f"{field}: {why}", violations=(FieldViolation(field, why),))


def _check_source(source: Source | None, field: str) -> None:
    if source is None:
        return
    where = f"{field}.namespace"
    _check_storable(source.namespace, where)
    if source.type and not source.namespace:
        why = "is required when the source has a type"
    elif not source.type and source.namespace:
        why = "must be empty when the source has no type"
    else:
        return
    raise _wrong(where, why)


def check_sync_source(source: Source | None) -> Source:
    """The source of a sync call, which must say both type and namespace. Raises Invalid."""
    if source is None or not source.type or not source.namespace:
        raise _wrong("source", "needs a type and a namespace")
    _check_storable(source.namespace, "source.namespace")
    return source


def check_contents(draft: PipelineDraft, field: str = "pipeline") -> None:
    """Raises Invalid with every error in the contents, as one readable sentence. Warnings do not matter here."""
    check = check_otel if draft.config_type is ConfigType.OTEL else alloy.check
    errors = [diagnostic for diagnostic in check(draft.contents) if diagnostic.is_error]
    if errors:
        text = alloy.format_diagnostics(errors)
        language = "OpenTelemetry YAML" if draft.config_type is ConfigType.OTEL else "Alloy configuration"
        where = f"{field}.contents"
        raise Invalid(
            Reason.CONTENTS_INVALID,
            f"{where}: not a valid {language}: {text}",
            violations=(FieldViolation(where, text),),
        )


def check_unique_names(names: Sequence[str]) -> None:
    """Raises Invalid when a sync call names a pipeline twice."""
    seen: set[str] = set()
    for index, name in enumerate(names):
        if name in seen:
            raise _wrong(f"pipelines[{index}].name", f"{name[:200]!r} is there twice; each name may be there once")
        seen.add(name)


def same_draft(one: PipelineDraft, other: PipelineDraft) -> bool:
    """Whether both would be stored alike. (`==` alone takes True and 1 in the metadata for the same.)"""
    return one == other and _as_json(one.metadata) == _as_json(other.metadata)


def _as_json(metadata: Mapping[str, Any] | None) -> str:
    return json.dumps(metadata, sort_keys=True)


def check_references(drafts: Mapping[str, PipelineDraft], others: Sequence[CompiledPipeline]) -> None:
    """Raises Invalid when drafts (by field) and the other pipelines would use each other's exports in a cycle.

    What is not served, because it is disabled or of another language, is no part of any cycle.
    """
    idents = {pipeline.ident for pipeline in others}
    compiled = list(others)
    fields: dict[str, str] = {}
    for field, draft in drafts.items():
        if draft.enabled and draft.config_type is ConfigType.ALLOY:
            ident = choose_ident(draft.name, idents)
            idents.add(ident)
            compiled.append(compile_pipeline(ident=ident, name=draft.name, contents=draft.contents))
            fields[draft.name] = f"{field}.contents"
    cycle = find_reference_cycle(compiled) or []
    where = next((field for name, field in fields.items() if name in cycle), None)
    if where is not None:
        why = f"pipelines use each other's exports in a cycle: {' → '.join([*cycle, cycle[0]])}"
        raise Invalid(Reason.CONTENTS_INVALID, f"{where}: {why}", violations=(FieldViolation(where, why),))
