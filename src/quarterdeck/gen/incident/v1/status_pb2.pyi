import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Status(_message.Message):
    __slots__ = ("status_id", "incident_type", "name", "description", "category", "kind", "color", "icon", "slug", "position", "archived_time", "immutable", "created_time", "modified_time")
    STATUS_ID_FIELD_NUMBER: _ClassVar[int]
    INCIDENT_TYPE_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    CATEGORY_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    COLOR_FIELD_NUMBER: _ClassVar[int]
    ICON_FIELD_NUMBER: _ClassVar[int]
    SLUG_FIELD_NUMBER: _ClassVar[int]
    POSITION_FIELD_NUMBER: _ClassVar[int]
    ARCHIVED_TIME_FIELD_NUMBER: _ClassVar[int]
    IMMUTABLE_FIELD_NUMBER: _ClassVar[int]
    CREATED_TIME_FIELD_NUMBER: _ClassVar[int]
    MODIFIED_TIME_FIELD_NUMBER: _ClassVar[int]
    status_id: str
    incident_type: str
    name: str
    description: str
    category: str
    kind: str
    color: str
    icon: str
    slug: str
    position: int
    archived_time: _timestamp_pb2.Timestamp
    immutable: bool
    created_time: _timestamp_pb2.Timestamp
    modified_time: _timestamp_pb2.Timestamp
    def __init__(self, status_id: _Optional[str] = ..., incident_type: _Optional[str] = ..., name: _Optional[str] = ..., description: _Optional[str] = ..., category: _Optional[str] = ..., kind: _Optional[str] = ..., color: _Optional[str] = ..., icon: _Optional[str] = ..., slug: _Optional[str] = ..., position: _Optional[int] = ..., archived_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., immutable: _Optional[bool] = ..., created_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., modified_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class StatusConfiguration(_message.Message):
    __slots__ = ("statuses", "incident_type", "default")
    STATUSES_FIELD_NUMBER: _ClassVar[int]
    INCIDENT_TYPE_FIELD_NUMBER: _ClassVar[int]
    DEFAULT_FIELD_NUMBER: _ClassVar[int]
    statuses: _containers.RepeatedCompositeFieldContainer[Status]
    incident_type: str
    default: bool
    def __init__(self, statuses: _Optional[_Iterable[_Union[Status, _Mapping]]] = ..., incident_type: _Optional[str] = ..., default: _Optional[bool] = ...) -> None: ...
