"""Tool results between the toolbox, the log and the model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from google.protobuf.struct_pb2 import Struct

from quarterdeck.assistant.tools.tool import Reference, ReferenceKind, Status
from quarterdeck.assistant.tools.toolbox import ExecutedCall
from quarterdeck.gen.assistant.v1 import tool_pb2
from quarterdeck.gen.assistant.v1.tool_pb2 import ToolResult

STATUS: Final = {
    Status.SUCCESS: tool_pb2.TOOL_STATUS_SUCCESS,
    Status.ERROR: tool_pb2.TOOL_STATUS_ERROR,
    Status.NO_DATA: tool_pb2.TOOL_STATUS_NO_DATA,
    Status.APPROVAL_REQUIRED: tool_pb2.TOOL_STATUS_APPROVAL_REQUIRED,
    Status.FRONTEND_PAUSE: tool_pb2.TOOL_STATUS_FRONTEND_PAUSE,
}
STATUS_NAME: Final = {number: status.value for status, number in STATUS.items()}

KIND: Final = {
    ReferenceKind.PIPELINE_REVISION: tool_pb2.REFERENCE_KIND_PIPELINE_REVISION,
    ReferenceKind.COLLECTOR: tool_pb2.REFERENCE_KIND_COLLECTOR,
    ReferenceKind.INCIDENT: tool_pb2.REFERENCE_KIND_INCIDENT,
    ReferenceKind.ACTIVITY_ITEM: tool_pb2.REFERENCE_KIND_ACTIVITY_ITEM,
    ReferenceKind.TOOL_CALL: tool_pb2.REFERENCE_KIND_TOOL_CALL,
}
KIND_OF: Final = {number: kind for kind, number in KIND.items()}

MOST_NESTED: Final = 20
"""Levels of objects and lists within each other that arguments may have."""


def to_result(executed: ExecutedCall) -> ToolResult:
    """A result for the log."""
    result = ToolResult(
        status=STATUS[executed.status],
        error=executed.error,
        data=executed.data,
        is_json=executed.is_json,
        params=to_struct(executed.params),
        url=executed.url,
        invocation=executed.invocation,
        elapsed_seconds=executed.elapsed_seconds,
        references=[to_reference(each) for each in executed.references],
        capped=executed.capped,
    )
    if executed.return_code is not None:
        result.return_code = executed.return_code
    return result


def error_result(why: str, arguments: Mapping[str, Any] | None = None) -> ToolResult:
    """A call that was not made."""
    return ToolResult(status=tool_pb2.TOOL_STATUS_ERROR, error=why, params=to_struct(arguments or {}))


def content_of(result: ToolResult) -> str:
    """What the model reads."""
    match result.status:
        case tool_pb2.TOOL_STATUS_SUCCESS:
            return result.data
        case tool_pb2.TOOL_STATUS_NO_DATA:
            return f"no data: {result.data or result.error}"
        case _:
            return f"error: {result.error or result.data}"


def to_reference(reference: Reference) -> tool_pb2.Reference:
    """A reference for the log."""
    return tool_pb2.Reference(
        kind=KIND[reference.kind], id=reference.id, detail=reference.detail, title=reference.title or reference.id
    )


def from_reference(reference: tool_pb2.Reference) -> Reference:
    """A reference of the log."""
    return Reference(KIND_OF[reference.kind], reference.id, reference.detail, reference.title)


def is_too_nested(value: Any) -> bool:
    """Whether the log cannot carry a JSON value: protobuf gives up at 100 messages within each other."""
    level = [value]
    for _ in range(MOST_NESTED):
        inner = [each.values() if isinstance(each, Mapping) else each for each in level if _has_inner(each)]
        level = [part for parts in inner for part in parts]
        if not level:
            return False
    return any(map(_has_inner, level))


def _has_inner(value: Any) -> bool:
    return isinstance(value, Mapping | list | tuple) and len(value) > 0


def to_struct(value: Mapping[str, Any]) -> Struct:
    """A JSON object for the log; empty for one that no Struct can carry."""
    struct = Struct()
    if is_too_nested(value):
        return struct
    try:
        struct.update(dict(value))
    except (ValueError, TypeError, RecursionError):
        struct.Clear()
    return struct
