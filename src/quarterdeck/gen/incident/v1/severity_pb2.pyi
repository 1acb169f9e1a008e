import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from quarterdeck.gen.quarterdeck.wire.v1 import options_pb2 as _options_pb2
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Severity(_message.Message):
    __slots__ = ("severity_id", "org_id", "display_label", "level", "icon_name", "description", "dark_color", "light_color", "color", "archived_at", "archived_by_user_id", "deleted_at", "deleted_by_user_id", "created_at", "updated_at")
    SEVERITY_ID_FIELD_NUMBER: _ClassVar[int]
    ORG_ID_FIELD_NUMBER: _ClassVar[int]
    DISPLAY_LABEL_FIELD_NUMBER: _ClassVar[int]
    LEVEL_FIELD_NUMBER: _ClassVar[int]
    ICON_NAME_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    DARK_COLOR_FIELD_NUMBER: _ClassVar[int]
    LIGHT_COLOR_FIELD_NUMBER: _ClassVar[int]
    COLOR_FIELD_NUMBER: _ClassVar[int]
    ARCHIVED_AT_FIELD_NUMBER: _ClassVar[int]
    ARCHIVED_BY_USER_ID_FIELD_NUMBER: _ClassVar[int]
    DELETED_AT_FIELD_NUMBER: _ClassVar[int]
    DELETED_BY_USER_ID_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    UPDATED_AT_FIELD_NUMBER: _ClassVar[int]
    severity_id: str
    org_id: str
    display_label: str
    level: int
    icon_name: str
    description: str
    dark_color: str
    light_color: str
    color: str
    archived_at: _timestamp_pb2.Timestamp
    archived_by_user_id: str
    deleted_at: _timestamp_pb2.Timestamp
    deleted_by_user_id: str
    created_at: _timestamp_pb2.Timestamp
    updated_at: _timestamp_pb2.Timestamp
    def __init__(self, severity_id: _Optional[str] = ..., org_id: _Optional[str] = ..., display_label: _Optional[str] = ..., level: _Optional[int] = ..., icon_name: _Optional[str] = ..., description: _Optional[str] = ..., dark_color: _Optional[str] = ..., light_color: _Optional[str] = ..., color: _Optional[str] = ..., archived_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., archived_by_user_id: _Optional[str] = ..., deleted_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., deleted_by_user_id: _Optional[str] = ..., created_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., updated_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class SeverityInput(_message.Message):
    __slots__ = ("severity_id", "display_label", "level", "description", "icon_name", "dark_color", "light_color", "color", "archived_at")
    SEVERITY_ID_FIELD_NUMBER: _ClassVar[int]
    DISPLAY_LABEL_FIELD_NUMBER: _ClassVar[int]
    LEVEL_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    ICON_NAME_FIELD_NUMBER: _ClassVar[int]
    DARK_COLOR_FIELD_NUMBER: _ClassVar[int]
    LIGHT_COLOR_FIELD_NUMBER: _ClassVar[int]
    COLOR_FIELD_NUMBER: _ClassVar[int]
    ARCHIVED_AT_FIELD_NUMBER: _ClassVar[int]
    severity_id: str
    display_label: str
    level: int
    description: str
    icon_name: str
    dark_color: str
    light_color: str
    color: str
    archived_at: str
    def __init__(self, severity_id: _Optional[str] = ..., display_label: _Optional[str] = ..., level: _Optional[int] = ..., description: _Optional[str] = ..., icon_name: _Optional[str] = ..., dark_color: _Optional[str] = ..., light_color: _Optional[str] = ..., color: _Optional[str] = ..., archived_at: _Optional[str] = ...) -> None: ...
