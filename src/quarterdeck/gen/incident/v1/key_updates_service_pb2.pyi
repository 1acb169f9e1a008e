from quarterdeck.gen.incident.v1 import key_update_pb2 as _key_update_pb2
from quarterdeck.gen.incident.v1 import paging_pb2 as _paging_pb2
from quarterdeck.gen.quarterdeck.wire.v1 import options_pb2 as _options_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class CreateKeyUpdateRequest(_message.Message):
    __slots__ = ("incident_id", "title", "content", "content_type", "status_id", "severity_id", "scope", "color")
    INCIDENT_ID_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    CONTENT_FIELD_NUMBER: _ClassVar[int]
    CONTENT_TYPE_FIELD_NUMBER: _ClassVar[int]
    STATUS_ID_FIELD_NUMBER: _ClassVar[int]
    SEVERITY_ID_FIELD_NUMBER: _ClassVar[int]
    SCOPE_FIELD_NUMBER: _ClassVar[int]
    COLOR_FIELD_NUMBER: _ClassVar[int]
    incident_id: str
    title: str
    content: str
    content_type: str
    status_id: str
    severity_id: str
    scope: str
    color: str
    def __init__(self, incident_id: _Optional[str] = ..., title: _Optional[str] = ..., content: _Optional[str] = ..., content_type: _Optional[str] = ..., status_id: _Optional[str] = ..., severity_id: _Optional[str] = ..., scope: _Optional[str] = ..., color: _Optional[str] = ...) -> None: ...

class CreateKeyUpdateResponse(_message.Message):
    __slots__ = ("key_update", "error")
    KEY_UPDATE_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    key_update: _key_update_pb2.KeyUpdate
    error: str
    def __init__(self, key_update: _Optional[_Union[_key_update_pb2.KeyUpdate, _Mapping]] = ..., error: _Optional[str] = ...) -> None: ...

class GetKeyUpdateRequest(_message.Message):
    __slots__ = ("incident_id", "id", "content_type")
    INCIDENT_ID_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    CONTENT_TYPE_FIELD_NUMBER: _ClassVar[int]
    incident_id: str
    id: str
    content_type: str
    def __init__(self, incident_id: _Optional[str] = ..., id: _Optional[str] = ..., content_type: _Optional[str] = ...) -> None: ...

class GetKeyUpdateResponse(_message.Message):
    __slots__ = ("key_update", "error")
    KEY_UPDATE_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    key_update: _key_update_pb2.KeyUpdate
    error: str
    def __init__(self, key_update: _Optional[_Union[_key_update_pb2.KeyUpdate, _Mapping]] = ..., error: _Optional[str] = ...) -> None: ...

class GetInitialKeyUpdateRequest(_message.Message):
    __slots__ = ("incident_id", "content_type")
    INCIDENT_ID_FIELD_NUMBER: _ClassVar[int]
    CONTENT_TYPE_FIELD_NUMBER: _ClassVar[int]
    incident_id: str
    content_type: str
    def __init__(self, incident_id: _Optional[str] = ..., content_type: _Optional[str] = ...) -> None: ...

class GetInitialKeyUpdateResponse(_message.Message):
    __slots__ = ("key_update", "error")
    KEY_UPDATE_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    key_update: _key_update_pb2.KeyUpdate
    error: str
    def __init__(self, key_update: _Optional[_Union[_key_update_pb2.KeyUpdate, _Mapping]] = ..., error: _Optional[str] = ...) -> None: ...

class GetLastKeyUpdateRequest(_message.Message):
    __slots__ = ("incident_id", "content_type")
    INCIDENT_ID_FIELD_NUMBER: _ClassVar[int]
    CONTENT_TYPE_FIELD_NUMBER: _ClassVar[int]
    incident_id: str
    content_type: str
    def __init__(self, incident_id: _Optional[str] = ..., content_type: _Optional[str] = ...) -> None: ...

class GetLastKeyUpdateResponse(_message.Message):
    __slots__ = ("key_update", "key_update_count", "error")
    KEY_UPDATE_FIELD_NUMBER: _ClassVar[int]
    KEY_UPDATE_COUNT_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    key_update: _key_update_pb2.KeyUpdate
    key_update_count: int
    error: str
    def __init__(self, key_update: _Optional[_Union[_key_update_pb2.KeyUpdate, _Mapping]] = ..., key_update_count: _Optional[int] = ..., error: _Optional[str] = ...) -> None: ...

class QueryKeyUpdatesRequest(_message.Message):
    __slots__ = ("query", "cursor")
    QUERY_FIELD_NUMBER: _ClassVar[int]
    CURSOR_FIELD_NUMBER: _ClassVar[int]
    query: KeyUpdatesQuery
    cursor: _paging_pb2.Cursor
    def __init__(self, query: _Optional[_Union[KeyUpdatesQuery, _Mapping]] = ..., cursor: _Optional[_Union[_paging_pb2.Cursor, _Mapping]] = ...) -> None: ...

class QueryKeyUpdatesResponse(_message.Message):
    __slots__ = ("key_updates", "query", "cursor", "error")
    KEY_UPDATES_FIELD_NUMBER: _ClassVar[int]
    QUERY_FIELD_NUMBER: _ClassVar[int]
    CURSOR_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    key_updates: _containers.RepeatedCompositeFieldContainer[_key_update_pb2.KeyUpdate]
    query: KeyUpdatesQuery
    cursor: _paging_pb2.Cursor
    error: str
    def __init__(self, key_updates: _Optional[_Iterable[_Union[_key_update_pb2.KeyUpdate, _Mapping]]] = ..., query: _Optional[_Union[KeyUpdatesQuery, _Mapping]] = ..., cursor: _Optional[_Union[_paging_pb2.Cursor, _Mapping]] = ..., error: _Optional[str] = ...) -> None: ...

class KeyUpdatesQuery(_message.Message):
    __slots__ = ("incident_id", "limit", "order_direction", "order_field", "scope", "content_type")
    INCIDENT_ID_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    ORDER_DIRECTION_FIELD_NUMBER: _ClassVar[int]
    ORDER_FIELD_FIELD_NUMBER: _ClassVar[int]
    SCOPE_FIELD_NUMBER: _ClassVar[int]
    CONTENT_TYPE_FIELD_NUMBER: _ClassVar[int]
    incident_id: str
    limit: int
    order_direction: str
    order_field: str
    scope: str
    content_type: str
    def __init__(self, incident_id: _Optional[str] = ..., limit: _Optional[int] = ..., order_direction: _Optional[str] = ..., order_field: _Optional[str] = ..., scope: _Optional[str] = ..., content_type: _Optional[str] = ...) -> None: ...

class UpdateKeyUpdateRequest(_message.Message):
    __slots__ = ("incident_id", "id", "title", "content", "content_type", "status_id", "severity_id", "scope", "color")
    INCIDENT_ID_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    CONTENT_FIELD_NUMBER: _ClassVar[int]
    CONTENT_TYPE_FIELD_NUMBER: _ClassVar[int]
    STATUS_ID_FIELD_NUMBER: _ClassVar[int]
    SEVERITY_ID_FIELD_NUMBER: _ClassVar[int]
    SCOPE_FIELD_NUMBER: _ClassVar[int]
    COLOR_FIELD_NUMBER: _ClassVar[int]
    incident_id: str
    id: str
    title: str
    content: str
    content_type: str
    status_id: str
    severity_id: str
    scope: str
    color: str
    def __init__(self, incident_id: _Optional[str] = ..., id: _Optional[str] = ..., title: _Optional[str] = ..., content: _Optional[str] = ..., content_type: _Optional[str] = ..., status_id: _Optional[str] = ..., severity_id: _Optional[str] = ..., scope: _Optional[str] = ..., color: _Optional[str] = ...) -> None: ...

class UpdateKeyUpdateResponse(_message.Message):
    __slots__ = ("key_update", "error")
    KEY_UPDATE_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    key_update: _key_update_pb2.KeyUpdate
    error: str
    def __init__(self, key_update: _Optional[_Union[_key_update_pb2.KeyUpdate, _Mapping]] = ..., error: _Optional[str] = ...) -> None: ...

class DeleteKeyUpdateRequest(_message.Message):
    __slots__ = ("id", "incident_id")
    ID_FIELD_NUMBER: _ClassVar[int]
    INCIDENT_ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    incident_id: str
    def __init__(self, id: _Optional[str] = ..., incident_id: _Optional[str] = ...) -> None: ...

class DeleteKeyUpdateResponse(_message.Message):
    __slots__ = ("error",)
    ERROR_FIELD_NUMBER: _ClassVar[int]
    error: str
    def __init__(self, error: _Optional[str] = ...) -> None: ...
