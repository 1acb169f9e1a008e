import datetime

from quarterdeck.gen.collector.v1 import collector_pb2 as _collector_pb2
from google.api import annotations_pb2 as _annotations_pb2
from google.api import httpbody_pb2 as _httpbody_pb2
from google.protobuf import struct_pb2 as _struct_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from quarterdeck.gen.quarterdeck.wire.v1 import options_pb2 as _options_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class CollectorStatus(_message.Message):
    __slots__ = ("collector_id", "last_seen_at", "marked_inactive_at", "served_hash", "served_fnv1", "served_at", "status", "error_message", "reported_at", "effective_hash", "effective_at", "poll_interval_seconds")
    COLLECTOR_ID_FIELD_NUMBER: _ClassVar[int]
    LAST_SEEN_AT_FIELD_NUMBER: _ClassVar[int]
    MARKED_INACTIVE_AT_FIELD_NUMBER: _ClassVar[int]
    SERVED_HASH_FIELD_NUMBER: _ClassVar[int]
    SERVED_FNV1_FIELD_NUMBER: _ClassVar[int]
    SERVED_AT_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    ERROR_MESSAGE_FIELD_NUMBER: _ClassVar[int]
    REPORTED_AT_FIELD_NUMBER: _ClassVar[int]
    EFFECTIVE_HASH_FIELD_NUMBER: _ClassVar[int]
    EFFECTIVE_AT_FIELD_NUMBER: _ClassVar[int]
    POLL_INTERVAL_SECONDS_FIELD_NUMBER: _ClassVar[int]
    collector_id: str
    last_seen_at: _timestamp_pb2.Timestamp
    marked_inactive_at: _timestamp_pb2.Timestamp
    served_hash: str
    served_fnv1: str
    served_at: _timestamp_pb2.Timestamp
    status: _collector_pb2.RemoteConfigStatuses
    error_message: str
    reported_at: _timestamp_pb2.Timestamp
    effective_hash: str
    effective_at: _timestamp_pb2.Timestamp
    poll_interval_seconds: float
    def __init__(self, collector_id: _Optional[str] = ..., last_seen_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., marked_inactive_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., served_hash: _Optional[str] = ..., served_fnv1: _Optional[str] = ..., served_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., status: _Optional[_Union[_collector_pb2.RemoteConfigStatuses, str]] = ..., error_message: _Optional[str] = ..., reported_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., effective_hash: _Optional[str] = ..., effective_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., poll_interval_seconds: _Optional[float] = ...) -> None: ...

class GetCollectorStatusRequest(_message.Message):
    __slots__ = ("id",)
    ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    def __init__(self, id: _Optional[str] = ...) -> None: ...

class GetCollectorStatusResponse(_message.Message):
    __slots__ = ("status",)
    STATUS_FIELD_NUMBER: _ClassVar[int]
    status: CollectorStatus
    def __init__(self, status: _Optional[_Union[CollectorStatus, _Mapping]] = ...) -> None: ...

class ListCollectorStatusesRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ListCollectorStatusesResponse(_message.Message):
    __slots__ = ("statuses",)
    STATUSES_FIELD_NUMBER: _ClassVar[int]
    statuses: _containers.RepeatedCompositeFieldContainer[CollectorStatus]
    def __init__(self, statuses: _Optional[_Iterable[_Union[CollectorStatus, _Mapping]]] = ...) -> None: ...

class PreviewConfigRequest(_message.Message):
    __slots__ = ("id", "local_attributes", "remote_attributes")
    class LocalAttributesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    class RemoteAttributesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    ID_FIELD_NUMBER: _ClassVar[int]
    LOCAL_ATTRIBUTES_FIELD_NUMBER: _ClassVar[int]
    REMOTE_ATTRIBUTES_FIELD_NUMBER: _ClassVar[int]
    id: str
    local_attributes: _containers.ScalarMap[str, str]
    remote_attributes: _containers.ScalarMap[str, str]
    def __init__(self, id: _Optional[str] = ..., local_attributes: _Optional[_Mapping[str, str]] = ..., remote_attributes: _Optional[_Mapping[str, str]] = ...) -> None: ...

class PreviewConfigResponse(_message.Message):
    __slots__ = ("content", "hash", "pipelines")
    CONTENT_FIELD_NUMBER: _ClassVar[int]
    HASH_FIELD_NUMBER: _ClassVar[int]
    PIPELINES_FIELD_NUMBER: _ClassVar[int]
    content: str
    hash: str
    pipelines: _containers.RepeatedCompositeFieldContainer[AssignedPipeline]
    def __init__(self, content: _Optional[str] = ..., hash: _Optional[str] = ..., pipelines: _Optional[_Iterable[_Union[AssignedPipeline, _Mapping]]] = ...) -> None: ...

class AssignedPipeline(_message.Message):
    __slots__ = ("id", "name", "revision_id", "ident")
    ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    REVISION_ID_FIELD_NUMBER: _ClassVar[int]
    IDENT_FIELD_NUMBER: _ClassVar[int]
    id: str
    name: str
    revision_id: str
    ident: str
    def __init__(self, id: _Optional[str] = ..., name: _Optional[str] = ..., revision_id: _Optional[str] = ..., ident: _Optional[str] = ...) -> None: ...

class GetCollectorConfigRequest(_message.Message):
    __slots__ = ("id",)
    ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    def __init__(self, id: _Optional[str] = ...) -> None: ...

class GetEffectiveConfigRequest(_message.Message):
    __slots__ = ("id",)
    ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    def __init__(self, id: _Optional[str] = ...) -> None: ...

class WatchFleetRequest(_message.Message):
    __slots__ = ("after",)
    AFTER_FIELD_NUMBER: _ClassVar[int]
    after: str
    def __init__(self, after: _Optional[str] = ...) -> None: ...

class WatchFleetResponse(_message.Message):
    __slots__ = ("id", "stream", "sequence", "kind", "actor", "at", "payload")
    ID_FIELD_NUMBER: _ClassVar[int]
    STREAM_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    ACTOR_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    PAYLOAD_FIELD_NUMBER: _ClassVar[int]
    id: str
    stream: str
    sequence: int
    kind: str
    actor: str
    at: _timestamp_pb2.Timestamp
    payload: _struct_pb2.Struct
    def __init__(self, id: _Optional[str] = ..., stream: _Optional[str] = ..., sequence: _Optional[int] = ..., kind: _Optional[str] = ..., actor: _Optional[str] = ..., at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., payload: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ...) -> None: ...
