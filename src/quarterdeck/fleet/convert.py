"""Between the fleet's messages and its values. Times leave here in whole seconds, as the published API prints them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from google.protobuf import struct_pb2
from google.protobuf.timestamp_pb2 import Timestamp

from quarterdeck.errors import FieldViolation, Invalid, NotFound, Reason
from quarterdeck.fleet.attribute_operations import AttributeOperation, OperationKind
from quarterdeck.fleet.attributes import visible_local_attributes
from quarterdeck.fleet.collector import Collector, CollectorStatus
from quarterdeck.fleet.pipeline import ConfigType, Pipeline, PipelineDraft, Revision, Source
from quarterdeck.gen.collector.v1 import collector_pb2
from quarterdeck.gen.pipeline.v1 import pipeline_pb2
from quarterdeck.gen.quarterdeck.fleet.v1 import fleet_pb2
from quarterdeck.messages import plain_struct

MAX_METADATA_DEPTH = 30
"""A level of a Struct is three messages deep, and protobuf's readers in C++, Java and Python give up at a hundred."""
_MAX_ID = 2**63 - 1


def to_timestamp(moment: datetime) -> Timestamp:
    """Whole seconds."""
    return Timestamp(seconds=int(moment.timestamp()))


def decimal_id(text: str) -> int | None:
    """The number behind a pipeline's or revision's id; None for a text that can be nobody's id."""
    if not (text.isascii() and text.isdigit() and len(text) < 20):
        return None
    number = int(text)
    return number if str(number) == text and number <= _MAX_ID else None


def pipeline_id(text: str) -> int:
    """Raises NotFound for an id that was never given out."""
    number = decimal_id(text)
    if number is None:
        raise NotFound(Reason.PIPELINE_NOT_FOUND, f"no pipeline has the id {text[:100]!r}")
    return number


def revision_id(text: str) -> int:
    """Raises NotFound for an id that was never given out."""
    number = decimal_id(text)
    if number is None:
        raise NotFound(Reason.REVISION_NOT_FOUND, f"no revision has the id {text[:100]!r}")
    return number


def to_draft(message: pipeline_pb2.Pipeline, field: str = "pipeline") -> PipelineDraft:
    """A draft, not checked yet. Raises Invalid for what a draft cannot express."""
    return PipelineDraft(
        name=message.name,
        contents=message.contents,
        matchers=tuple(message.matchers),
        enabled=message.enabled if message.HasField("enabled") else True,
        metadata=_metadata(message, field),
        source=to_source(message.source) if message.HasField("source") else None,
        config_type=to_config_type(message.config_type, f"{field}.config_type") or ConfigType.ALLOY,
    )


def to_source(message: pipeline_pb2.PipelineSource) -> Source:
    return Source(int(message.type), message.namespace)


def to_config_type(number: int, field: str) -> ConfigType | None:
    """None when unspecified. Raises Invalid for a language that we cannot check."""
    if number == pipeline_pb2.CONFIG_TYPE_UNSPECIFIED:
        return None
    try:
        return ConfigType(number)
    except ValueError as error:
        why = f"{number} is not known; 1 (CONFIG_TYPE_ALLOY) and 2 (CONFIG_TYPE_OTEL) are accepted"
        raise Invalid(Reason.PIPELINE_INVALID, f"{field}: {why}", violations=(FieldViolation(field, why),)) from error


def from_draft(draft: PipelineDraft, identifier: int | None) -> pipeline_pb2.Pipeline:
    """A pipeline without times; without contents when the draft has none, as in the list of all revisions."""
    message = pipeline_pb2.Pipeline(
        name=draft.name,
        contents=draft.contents,
        matchers=draft.matchers,
        enabled=draft.enabled,
        config_type=int(draft.config_type),  # type: ignore[arg-type]
    )
    if identifier is not None:
        message.id = str(identifier)
    if draft.metadata is not None:
        message.metadata.CopyFrom(to_struct(draft.metadata))
    if draft.source is not None:
        message.source.CopyFrom(
            pipeline_pb2.PipelineSource(type=draft.source.type, namespace=draft.source.namespace)  # type: ignore[arg-type]
        )
    return message


def from_pipeline(pipeline: Pipeline) -> pipeline_pb2.Pipeline:
    message = from_draft(pipeline.draft, pipeline.id)
    message.created_at.CopyFrom(to_timestamp(pipeline.created_at))
    message.updated_at.CopyFrom(to_timestamp(pipeline.updated_at))
    return message


def from_revision(revision: Revision) -> pipeline_pb2.PipelineRevision:
    return pipeline_pb2.PipelineRevision(
        revision_id=str(revision.id),
        snapshot=from_draft(revision.draft, revision.pipeline_id),
        created_at=to_timestamp(revision.created_at),
        operation=int(revision.operation),  # type: ignore[arg-type]
    )


def from_collector(collector: Collector) -> collector_pb2.Collector:
    """With the virtual `collector.ID`, and both deprecated maps filled."""
    local = visible_local_attributes(collector.id, collector.local_attributes)
    message = collector_pb2.Collector(
        id=collector.id,
        name=collector.name,
        enabled=collector.enabled,
        local_attributes=local,
        attributes=local,
        remote_attributes=collector.remote_attributes,
        attribute_overrides=collector.remote_attributes,
        created_at=to_timestamp(collector.created_at),
        updated_at=to_timestamp(collector.updated_at),
        collector_type=collector.collector_type,  # type: ignore[arg-type]
    )
    if collector.marked_inactive_at is not None:
        message.marked_inactive_at.CopyFrom(to_timestamp(collector.marked_inactive_at))
    return message


def to_operation(message: collector_pb2.Operation) -> AttributeOperation:
    return AttributeOperation(
        kind=OperationKind(message.op),
        path=message.path,
        from_=getattr(message, "from") if message.HasField("from") else None,
        value=message.value if message.HasField("value") else None,
        old_value=message.oldValue if message.HasField("oldValue") else None,
    )


def from_status(status: CollectorStatus) -> fleet_pb2.CollectorStatus:
    def moment(value: datetime | None) -> Timestamp | None:
        return None if value is None else to_timestamp(value)

    return fleet_pb2.CollectorStatus(
        collector_id=status.collector_id,
        last_seen_at=moment(status.last_seen_at),
        marked_inactive_at=moment(status.marked_inactive_at),
        served_hash=status.served_hash or "",
        served_fnv1=status.served_fnv1 or "",
        served_at=moment(status.served_at),
        status=int(status.status),  # type: ignore[arg-type]
        error_message=status.error_message,
        reported_at=moment(status.reported_at),
        effective_hash=status.effective_hash or "",
        effective_at=moment(status.effective_at),
        poll_interval_seconds=round(status.poll_interval or 0.0, 3),
    )


def _metadata(message: Any, field: str) -> dict[str, Any] | None:
    if not message.HasField("metadata"):
        return None
    return plain_struct(message.metadata, f"{field}.metadata", deepest=MAX_METADATA_DEPTH)


def to_struct(value: Mapping[str, Any]) -> struct_pb2.Struct:
    struct = struct_pb2.Struct()
    struct.update(dict(value))
    return struct
