from google.protobuf import struct_pb2 as _struct_pb2
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ToolResult(_message.Message):
    __slots__ = ("schema_version", "status", "error", "return_code", "data", "images", "url", "invocation", "params", "icon_url", "elapsed_seconds")
    SCHEMA_VERSION_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    RETURN_CODE_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    IMAGES_FIELD_NUMBER: _ClassVar[int]
    URL_FIELD_NUMBER: _ClassVar[int]
    INVOCATION_FIELD_NUMBER: _ClassVar[int]
    PARAMS_FIELD_NUMBER: _ClassVar[int]
    ICON_URL_FIELD_NUMBER: _ClassVar[int]
    ELAPSED_SECONDS_FIELD_NUMBER: _ClassVar[int]
    schema_version: str
    status: str
    error: str
    return_code: int
    data: _struct_pb2.Value
    images: _struct_pb2.Value
    url: str
    invocation: str
    params: _struct_pb2.Struct
    icon_url: str
    elapsed_seconds: float
    def __init__(self, schema_version: _Optional[str] = ..., status: _Optional[str] = ..., error: _Optional[str] = ..., return_code: _Optional[int] = ..., data: _Optional[_Union[_struct_pb2.Value, _Mapping]] = ..., images: _Optional[_Union[_struct_pb2.Value, _Mapping]] = ..., url: _Optional[str] = ..., invocation: _Optional[str] = ..., params: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ..., icon_url: _Optional[str] = ..., elapsed_seconds: _Optional[float] = ...) -> None: ...
