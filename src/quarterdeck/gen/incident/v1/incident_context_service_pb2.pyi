from quarterdeck.gen.incident.v1 import incident_context_pb2 as _incident_context_pb2
from quarterdeck.gen.incident.v1 import paging_pb2 as _paging_pb2
from quarterdeck.gen.quarterdeck.wire.v1 import options_pb2 as _options_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class QueryIncidentContextRequest(_message.Message):
    __slots__ = ("query", "cursor")
    QUERY_FIELD_NUMBER: _ClassVar[int]
    CURSOR_FIELD_NUMBER: _ClassVar[int]
    query: ContextQuery
    cursor: _paging_pb2.Cursor
    def __init__(self, query: _Optional[_Union[ContextQuery, _Mapping]] = ..., cursor: _Optional[_Union[_paging_pb2.Cursor, _Mapping]] = ...) -> None: ...

class QueryIncidentContextResponse(_message.Message):
    __slots__ = ("incident_contexts", "query", "cursor", "error")
    INCIDENT_CONTEXTS_FIELD_NUMBER: _ClassVar[int]
    QUERY_FIELD_NUMBER: _ClassVar[int]
    CURSOR_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    incident_contexts: _containers.RepeatedCompositeFieldContainer[_incident_context_pb2.IncidentContext]
    query: ContextQuery
    cursor: _paging_pb2.Cursor
    error: str
    def __init__(self, incident_contexts: _Optional[_Iterable[_Union[_incident_context_pb2.IncidentContext, _Mapping]]] = ..., query: _Optional[_Union[ContextQuery, _Mapping]] = ..., cursor: _Optional[_Union[_paging_pb2.Cursor, _Mapping]] = ..., error: _Optional[str] = ...) -> None: ...

class ContextQuery(_message.Message):
    __slots__ = ("incident_id", "limit", "status", "type", "alert_group_id", "order_field", "order_direction")
    INCIDENT_ID_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    ALERT_GROUP_ID_FIELD_NUMBER: _ClassVar[int]
    ORDER_FIELD_FIELD_NUMBER: _ClassVar[int]
    ORDER_DIRECTION_FIELD_NUMBER: _ClassVar[int]
    incident_id: str
    limit: int
    status: str
    type: str
    alert_group_id: str
    order_field: str
    order_direction: str
    def __init__(self, incident_id: _Optional[str] = ..., limit: _Optional[int] = ..., status: _Optional[str] = ..., type: _Optional[str] = ..., alert_group_id: _Optional[str] = ..., order_field: _Optional[str] = ..., order_direction: _Optional[str] = ...) -> None: ...
