from google.protobuf import struct_pb2 as _struct_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ToolStatus(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    TOOL_STATUS_UNSPECIFIED: _ClassVar[ToolStatus]
    TOOL_STATUS_SUCCESS: _ClassVar[ToolStatus]
    TOOL_STATUS_ERROR: _ClassVar[ToolStatus]
    TOOL_STATUS_NO_DATA: _ClassVar[ToolStatus]
    TOOL_STATUS_APPROVAL_REQUIRED: _ClassVar[ToolStatus]
    TOOL_STATUS_FRONTEND_PAUSE: _ClassVar[ToolStatus]

class ReferenceKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    REFERENCE_KIND_UNSPECIFIED: _ClassVar[ReferenceKind]
    REFERENCE_KIND_PIPELINE_REVISION: _ClassVar[ReferenceKind]
    REFERENCE_KIND_COLLECTOR: _ClassVar[ReferenceKind]
    REFERENCE_KIND_INCIDENT: _ClassVar[ReferenceKind]
    REFERENCE_KIND_ACTIVITY_ITEM: _ClassVar[ReferenceKind]
    REFERENCE_KIND_TOOL_CALL: _ClassVar[ReferenceKind]
TOOL_STATUS_UNSPECIFIED: ToolStatus
TOOL_STATUS_SUCCESS: ToolStatus
TOOL_STATUS_ERROR: ToolStatus
TOOL_STATUS_NO_DATA: ToolStatus
TOOL_STATUS_APPROVAL_REQUIRED: ToolStatus
TOOL_STATUS_FRONTEND_PAUSE: ToolStatus
REFERENCE_KIND_UNSPECIFIED: ReferenceKind
REFERENCE_KIND_PIPELINE_REVISION: ReferenceKind
REFERENCE_KIND_COLLECTOR: ReferenceKind
REFERENCE_KIND_INCIDENT: ReferenceKind
REFERENCE_KIND_ACTIVITY_ITEM: ReferenceKind
REFERENCE_KIND_TOOL_CALL: ReferenceKind

class ToolResult(_message.Message):
    __slots__ = ("status", "error", "data", "is_json", "params", "url", "invocation", "elapsed_seconds", "references", "capped", "return_code")
    STATUS_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    IS_JSON_FIELD_NUMBER: _ClassVar[int]
    PARAMS_FIELD_NUMBER: _ClassVar[int]
    URL_FIELD_NUMBER: _ClassVar[int]
    INVOCATION_FIELD_NUMBER: _ClassVar[int]
    ELAPSED_SECONDS_FIELD_NUMBER: _ClassVar[int]
    REFERENCES_FIELD_NUMBER: _ClassVar[int]
    CAPPED_FIELD_NUMBER: _ClassVar[int]
    RETURN_CODE_FIELD_NUMBER: _ClassVar[int]
    status: ToolStatus
    error: str
    data: str
    is_json: bool
    params: _struct_pb2.Struct
    url: str
    invocation: str
    elapsed_seconds: float
    references: _containers.RepeatedCompositeFieldContainer[Reference]
    capped: bool
    return_code: int
    def __init__(self, status: _Optional[_Union[ToolStatus, str]] = ..., error: _Optional[str] = ..., data: _Optional[str] = ..., is_json: _Optional[bool] = ..., params: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ..., url: _Optional[str] = ..., invocation: _Optional[str] = ..., elapsed_seconds: _Optional[float] = ..., references: _Optional[_Iterable[_Union[Reference, _Mapping]]] = ..., capped: _Optional[bool] = ..., return_code: _Optional[int] = ...) -> None: ...

class Reference(_message.Message):
    __slots__ = ("kind", "id", "detail", "title")
    KIND_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    DETAIL_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    kind: ReferenceKind
    id: str
    detail: str
    title: str
    def __init__(self, kind: _Optional[_Union[ReferenceKind, str]] = ..., id: _Optional[str] = ..., detail: _Optional[str] = ..., title: _Optional[str] = ...) -> None: ...

class Truncation(_message.Message):
    __slots__ = ("tool_call_id", "end_index", "tool_name", "original_token_count")
    TOOL_CALL_ID_FIELD_NUMBER: _ClassVar[int]
    END_INDEX_FIELD_NUMBER: _ClassVar[int]
    TOOL_NAME_FIELD_NUMBER: _ClassVar[int]
    ORIGINAL_TOKEN_COUNT_FIELD_NUMBER: _ClassVar[int]
    tool_call_id: str
    end_index: int
    tool_name: str
    original_token_count: int
    def __init__(self, tool_call_id: _Optional[str] = ..., end_index: _Optional[int] = ..., tool_name: _Optional[str] = ..., original_token_count: _Optional[int] = ...) -> None: ...
