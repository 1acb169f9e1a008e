import datetime

from google.protobuf import struct_pb2 as _struct_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from quarterdeck.gen.incident.v1 import user_pb2 as _user_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ActivityItem(_message.Message):
    __slots__ = ("activity_item_id", "incident_id", "user", "subject_user", "created_time", "event_time", "activity_kind", "body", "url", "tags", "immutable", "field_values", "attachments", "relevance")
    ACTIVITY_ITEM_ID_FIELD_NUMBER: _ClassVar[int]
    INCIDENT_ID_FIELD_NUMBER: _ClassVar[int]
    USER_FIELD_NUMBER: _ClassVar[int]
    SUBJECT_USER_FIELD_NUMBER: _ClassVar[int]
    CREATED_TIME_FIELD_NUMBER: _ClassVar[int]
    EVENT_TIME_FIELD_NUMBER: _ClassVar[int]
    ACTIVITY_KIND_FIELD_NUMBER: _ClassVar[int]
    BODY_FIELD_NUMBER: _ClassVar[int]
    URL_FIELD_NUMBER: _ClassVar[int]
    TAGS_FIELD_NUMBER: _ClassVar[int]
    IMMUTABLE_FIELD_NUMBER: _ClassVar[int]
    FIELD_VALUES_FIELD_NUMBER: _ClassVar[int]
    ATTACHMENTS_FIELD_NUMBER: _ClassVar[int]
    RELEVANCE_FIELD_NUMBER: _ClassVar[int]
    activity_item_id: str
    incident_id: str
    user: _user_pb2.UserPreview
    subject_user: _user_pb2.UserPreview
    created_time: _timestamp_pb2.Timestamp
    event_time: _timestamp_pb2.Timestamp
    activity_kind: str
    body: str
    url: str
    tags: _containers.RepeatedScalarFieldContainer[str]
    immutable: bool
    field_values: _struct_pb2.Struct
    attachments: _containers.RepeatedCompositeFieldContainer[Attachment]
    relevance: str
    def __init__(self, activity_item_id: _Optional[str] = ..., incident_id: _Optional[str] = ..., user: _Optional[_Union[_user_pb2.UserPreview, _Mapping]] = ..., subject_user: _Optional[_Union[_user_pb2.UserPreview, _Mapping]] = ..., created_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., event_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., activity_kind: _Optional[str] = ..., body: _Optional[str] = ..., url: _Optional[str] = ..., tags: _Optional[_Iterable[str]] = ..., immutable: _Optional[bool] = ..., field_values: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ..., attachments: _Optional[_Iterable[_Union[Attachment, _Mapping]]] = ..., relevance: _Optional[str] = ...) -> None: ...

class Attachment(_message.Message):
    __slots__ = ("attachment_id", "attached_by_user_id", "source_url", "use_source_url", "path", "upload_time", "deleted_time", "content_type", "file_type", "ext", "content_length", "display_type", "download_url", "has_thumbnail", "thumbnail_url", "s_ha512", "attachment_err")
    ATTACHMENT_ID_FIELD_NUMBER: _ClassVar[int]
    ATTACHED_BY_USER_ID_FIELD_NUMBER: _ClassVar[int]
    SOURCE_URL_FIELD_NUMBER: _ClassVar[int]
    USE_SOURCE_URL_FIELD_NUMBER: _ClassVar[int]
    PATH_FIELD_NUMBER: _ClassVar[int]
    UPLOAD_TIME_FIELD_NUMBER: _ClassVar[int]
    DELETED_TIME_FIELD_NUMBER: _ClassVar[int]
    CONTENT_TYPE_FIELD_NUMBER: _ClassVar[int]
    FILE_TYPE_FIELD_NUMBER: _ClassVar[int]
    EXT_FIELD_NUMBER: _ClassVar[int]
    CONTENT_LENGTH_FIELD_NUMBER: _ClassVar[int]
    DISPLAY_TYPE_FIELD_NUMBER: _ClassVar[int]
    DOWNLOAD_URL_FIELD_NUMBER: _ClassVar[int]
    HAS_THUMBNAIL_FIELD_NUMBER: _ClassVar[int]
    THUMBNAIL_URL_FIELD_NUMBER: _ClassVar[int]
    S_HA512_FIELD_NUMBER: _ClassVar[int]
    ATTACHMENT_ERR_FIELD_NUMBER: _ClassVar[int]
    attachment_id: str
    attached_by_user_id: str
    source_url: str
    use_source_url: bool
    path: str
    upload_time: _timestamp_pb2.Timestamp
    deleted_time: _timestamp_pb2.Timestamp
    content_type: str
    file_type: str
    ext: str
    content_length: int
    display_type: str
    download_url: str
    has_thumbnail: bool
    thumbnail_url: str
    s_ha512: str
    attachment_err: str
    def __init__(self, attachment_id: _Optional[str] = ..., attached_by_user_id: _Optional[str] = ..., source_url: _Optional[str] = ..., use_source_url: _Optional[bool] = ..., path: _Optional[str] = ..., upload_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., deleted_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., content_type: _Optional[str] = ..., file_type: _Optional[str] = ..., ext: _Optional[str] = ..., content_length: _Optional[int] = ..., display_type: _Optional[str] = ..., download_url: _Optional[str] = ..., has_thumbnail: _Optional[bool] = ..., thumbnail_url: _Optional[str] = ..., s_ha512: _Optional[str] = ..., attachment_err: _Optional[str] = ...) -> None: ...
