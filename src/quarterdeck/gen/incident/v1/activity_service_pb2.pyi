import datetime

from google.protobuf import struct_pb2 as _struct_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from quarterdeck.gen.incident.v1 import activity_pb2 as _activity_pb2
from quarterdeck.gen.incident.v1 import paging_pb2 as _paging_pb2
from quarterdeck.gen.quarterdeck.wire.v1 import options_pb2 as _options_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class AddActivityRequest(_message.Message):
    __slots__ = ("incident_id", "activity_kind", "body", "field_values", "event_time")
    INCIDENT_ID_FIELD_NUMBER: _ClassVar[int]
    ACTIVITY_KIND_FIELD_NUMBER: _ClassVar[int]
    BODY_FIELD_NUMBER: _ClassVar[int]
    FIELD_VALUES_FIELD_NUMBER: _ClassVar[int]
    EVENT_TIME_FIELD_NUMBER: _ClassVar[int]
    incident_id: str
    activity_kind: str
    body: str
    field_values: _struct_pb2.Struct
    event_time: _timestamp_pb2.Timestamp
    def __init__(self, incident_id: _Optional[str] = ..., activity_kind: _Optional[str] = ..., body: _Optional[str] = ..., field_values: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ..., event_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class AddActivityResponse(_message.Message):
    __slots__ = ("activity_item", "error")
    ACTIVITY_ITEM_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    activity_item: _activity_pb2.ActivityItem
    error: str
    def __init__(self, activity_item: _Optional[_Union[_activity_pb2.ActivityItem, _Mapping]] = ..., error: _Optional[str] = ...) -> None: ...

class QueryActivityRequest(_message.Message):
    __slots__ = ("query", "cursor")
    QUERY_FIELD_NUMBER: _ClassVar[int]
    CURSOR_FIELD_NUMBER: _ClassVar[int]
    query: ActivityQuery
    cursor: _paging_pb2.Cursor
    def __init__(self, query: _Optional[_Union[ActivityQuery, _Mapping]] = ..., cursor: _Optional[_Union[_paging_pb2.Cursor, _Mapping]] = ...) -> None: ...

class QueryActivityResponse(_message.Message):
    __slots__ = ("activity_items", "query", "cursor", "error")
    ACTIVITY_ITEMS_FIELD_NUMBER: _ClassVar[int]
    QUERY_FIELD_NUMBER: _ClassVar[int]
    CURSOR_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    activity_items: _containers.RepeatedCompositeFieldContainer[_activity_pb2.ActivityItem]
    query: ActivityQuery
    cursor: _paging_pb2.Cursor
    error: str
    def __init__(self, activity_items: _Optional[_Iterable[_Union[_activity_pb2.ActivityItem, _Mapping]]] = ..., query: _Optional[_Union[ActivityQuery, _Mapping]] = ..., cursor: _Optional[_Union[_paging_pb2.Cursor, _Mapping]] = ..., error: _Optional[str] = ...) -> None: ...

class ActivityQuery(_message.Message):
    __slots__ = ("incident_id", "limit", "tag", "order_direction", "activity_kind")
    INCIDENT_ID_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    TAG_FIELD_NUMBER: _ClassVar[int]
    ORDER_DIRECTION_FIELD_NUMBER: _ClassVar[int]
    ACTIVITY_KIND_FIELD_NUMBER: _ClassVar[int]
    incident_id: str
    limit: int
    tag: str
    order_direction: str
    activity_kind: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, incident_id: _Optional[str] = ..., limit: _Optional[int] = ..., tag: _Optional[str] = ..., order_direction: _Optional[str] = ..., activity_kind: _Optional[_Iterable[str]] = ...) -> None: ...

class RemoveActivityRequest(_message.Message):
    __slots__ = ("incident_id", "activity_item_id")
    INCIDENT_ID_FIELD_NUMBER: _ClassVar[int]
    ACTIVITY_ITEM_ID_FIELD_NUMBER: _ClassVar[int]
    incident_id: str
    activity_item_id: str
    def __init__(self, incident_id: _Optional[str] = ..., activity_item_id: _Optional[str] = ...) -> None: ...

class RemoveActivityResponse(_message.Message):
    __slots__ = ("activity_item", "error")
    ACTIVITY_ITEM_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    activity_item: _activity_pb2.ActivityItem
    error: str
    def __init__(self, activity_item: _Optional[_Union[_activity_pb2.ActivityItem, _Mapping]] = ..., error: _Optional[str] = ...) -> None: ...

class UpdateActivityBodyRequest(_message.Message):
    __slots__ = ("incident_id", "activity_item_id", "body")
    INCIDENT_ID_FIELD_NUMBER: _ClassVar[int]
    ACTIVITY_ITEM_ID_FIELD_NUMBER: _ClassVar[int]
    BODY_FIELD_NUMBER: _ClassVar[int]
    incident_id: str
    activity_item_id: str
    body: str
    def __init__(self, incident_id: _Optional[str] = ..., activity_item_id: _Optional[str] = ..., body: _Optional[str] = ...) -> None: ...

class UpdateActivityBodyResponse(_message.Message):
    __slots__ = ("activity_item", "error")
    ACTIVITY_ITEM_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    activity_item: _activity_pb2.ActivityItem
    error: str
    def __init__(self, activity_item: _Optional[_Union[_activity_pb2.ActivityItem, _Mapping]] = ..., error: _Optional[str] = ...) -> None: ...

class UpdateActivityEventTimeRequest(_message.Message):
    __slots__ = ("incident_id", "activity_item_id", "event_time")
    INCIDENT_ID_FIELD_NUMBER: _ClassVar[int]
    ACTIVITY_ITEM_ID_FIELD_NUMBER: _ClassVar[int]
    EVENT_TIME_FIELD_NUMBER: _ClassVar[int]
    incident_id: str
    activity_item_id: str
    event_time: _timestamp_pb2.Timestamp
    def __init__(self, incident_id: _Optional[str] = ..., activity_item_id: _Optional[str] = ..., event_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class UpdateActivityEventTimeResponse(_message.Message):
    __slots__ = ("activity_item", "error")
    ACTIVITY_ITEM_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    activity_item: _activity_pb2.ActivityItem
    error: str
    def __init__(self, activity_item: _Optional[_Union[_activity_pb2.ActivityItem, _Mapping]] = ..., error: _Optional[str] = ...) -> None: ...

class UpdateActivityRelevanceRequest(_message.Message):
    __slots__ = ("incident_id", "activity_item_id", "relevance")
    INCIDENT_ID_FIELD_NUMBER: _ClassVar[int]
    ACTIVITY_ITEM_ID_FIELD_NUMBER: _ClassVar[int]
    RELEVANCE_FIELD_NUMBER: _ClassVar[int]
    incident_id: str
    activity_item_id: str
    relevance: str
    def __init__(self, incident_id: _Optional[str] = ..., activity_item_id: _Optional[str] = ..., relevance: _Optional[str] = ...) -> None: ...

class UpdateActivityRelevanceResponse(_message.Message):
    __slots__ = ("activity_item", "error")
    ACTIVITY_ITEM_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    activity_item: _activity_pb2.ActivityItem
    error: str
    def __init__(self, activity_item: _Optional[_Union[_activity_pb2.ActivityItem, _Mapping]] = ..., error: _Optional[str] = ...) -> None: ...
