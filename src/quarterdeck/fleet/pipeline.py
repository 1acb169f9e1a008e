"""What a pipeline is, apart from any message or table: a draft that a client sends, and a pipeline that is stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import IntEnum
from typing import Any

from quarterdeck.errors import FieldViolation, Invalid, Reason
from quarterdeck.fleet import alloy
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
    _require(draft.name, f"{field}.name")
    _require(draft.contents, f"{field}.contents")
    _check_source(draft.source, f"{field}.source")
    matchers = parse_matchers(draft.matchers, field=f"{field}.matchers")
    check_contents(draft, field)
    return replace(draft, matchers=tuple(matcher.normal_form() for matcher in matchers))


def _require(value: str, field: str) -> None:
    if not value.strip():
        raise Invalid(Reason.FIELD_INVALID, f"{field}: is required", violations=(FieldViolation(field, "is required"),))


def _check_source(source: Source | None, field: str) -> None:
    if source is None:
        return
    if source.type and not source.namespace:
        why = "is required when the source has a type"
    elif not source.type and source.namespace:
        why = "must be empty when the source has no type"
    else:
        return
    where = f"{field}.namespace"
    raise Invalid(Reason.PIPELINE_INVALID, f"{where}: {why}", violations=(FieldViolation(where, why),))


def check_sync_source(source: Source | None) -> Source:
    """The source of a sync call, which must say both type and namespace. Raises Invalid."""
    if source is None or not source.type or not source.namespace:
        why = "needs a type and a namespace"
        raise Invalid(Reason.PIPELINE_INVALID, f"source: {why}", violations=(FieldViolation("source", why),))
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
            where = f"pipelines[{index}].name"
            why = f"{name!r} is there twice; each name may be there once"
            raise Invalid(Reason.PIPELINE_INVALID, f"{where}: {why}", violations=(FieldViolation(where, why),))
        seen.add(name)
