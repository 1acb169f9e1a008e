import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from quarterdeck.gen.incident.v1 import user_pb2 as _user_pb2
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class KeyUpdate(_message.Message):
    __slots__ = ("id", "org_id", "incident_id", "title", "content", "content_type", "created_time", "modified_time", "created_by", "last_modified_by", "status_id", "severity_id", "scope", "color")
    ID_FIELD_NUMBER: _ClassVar[int]
    ORG_ID_FIELD_NUMBER: _ClassVar[int]
    INCIDENT_ID_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    CONTENT_FIELD_NUMBER: _ClassVar[int]
    CONTENT_TYPE_FIELD_NUMBER: _ClassVar[int]
    CREATED_TIME_FIELD_NUMBER: _ClassVar[int]
    MODIFIED_TIME_FIELD_NUMBER: _ClassVar[int]
    CREATED_BY_FIELD_NUMBER: _ClassVar[int]
    LAST_MODIFIED_BY_FIELD_NUMBER: _ClassVar[int]
    STATUS_ID_FIELD_NUMBER: _ClassVar[int]
    SEVERITY_ID_FIELD_NUMBER: _ClassVar[int]
    SCOPE_FIELD_NUMBER: _ClassVar[int]
    COLOR_FIELD_NUMBER: _ClassVar[int]
    id: str
    org_id: str
    incident_id: str
    title: str
    content: str
    content_type: str
    created_time: _timestamp_pb2.Timestamp
    modified_time: _timestamp_pb2.Timestamp
    created_by: _user_pb2.UserPreview
    last_modified_by: _user_pb2.UserPreview
    status_id: str
    severity_id: str
    scope: str
    color: str
    def __init__(self, id: _Optional[str] = ..., org_id: _Optional[str] = ..., incident_id: _Optional[str] = ..., title: _Optional[str] = ..., content: _Optional[str] = ..., content_type: _Optional[str] = ..., created_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., modified_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., created_by: _Optional[_Union[_user_pb2.UserPreview, _Mapping]] = ..., last_modified_by: _Optional[_Union[_user_pb2.UserPreview, _Mapping]] = ..., status_id: _Optional[str] = ..., severity_id: _Optional[str] = ..., scope: _Optional[str] = ..., color: _Optional[str] = ...) -> None: ...
