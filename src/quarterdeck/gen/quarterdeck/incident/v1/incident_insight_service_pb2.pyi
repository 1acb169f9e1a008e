import datetime

from google.api import annotations_pb2 as _annotations_pb2
from google.api import httpbody_pb2 as _httpbody_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from quarterdeck.gen.quarterdeck.wire.v1 import options_pb2 as _options_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class GetIncidentReviewRequest(_message.Message):
    __slots__ = ("id",)
    ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    def __init__(self, id: _Optional[str] = ...) -> None: ...

class GetIncidentMetricsRequest(_message.Message):
    __slots__ = ("declared_from", "declared_to", "include_drills")
    DECLARED_FROM_FIELD_NUMBER: _ClassVar[int]
    DECLARED_TO_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_DRILLS_FIELD_NUMBER: _ClassVar[int]
    declared_from: _timestamp_pb2.Timestamp
    declared_to: _timestamp_pb2.Timestamp
    include_drills: bool
    def __init__(self, declared_from: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., declared_to: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., include_drills: _Optional[bool] = ...) -> None: ...

class GetIncidentMetricsResponse(_message.Message):
    __slots__ = ("incident_count", "statuses", "severities", "labels", "time_to_acknowledge", "time_to_resolve")
    INCIDENT_COUNT_FIELD_NUMBER: _ClassVar[int]
    STATUSES_FIELD_NUMBER: _ClassVar[int]
    SEVERITIES_FIELD_NUMBER: _ClassVar[int]
    LABELS_FIELD_NUMBER: _ClassVar[int]
    TIME_TO_ACKNOWLEDGE_FIELD_NUMBER: _ClassVar[int]
    TIME_TO_RESOLVE_FIELD_NUMBER: _ClassVar[int]
    incident_count: int
    statuses: _containers.RepeatedCompositeFieldContainer[StatusCount]
    severities: _containers.RepeatedCompositeFieldContainer[SeverityCount]
    labels: _containers.RepeatedCompositeFieldContainer[LabelCount]
    time_to_acknowledge: DurationSummary
    time_to_resolve: DurationSummary
    def __init__(self, incident_count: _Optional[int] = ..., statuses: _Optional[_Iterable[_Union[StatusCount, _Mapping]]] = ..., severities: _Optional[_Iterable[_Union[SeverityCount, _Mapping]]] = ..., labels: _Optional[_Iterable[_Union[LabelCount, _Mapping]]] = ..., time_to_acknowledge: _Optional[_Union[DurationSummary, _Mapping]] = ..., time_to_resolve: _Optional[_Union[DurationSummary, _Mapping]] = ...) -> None: ...

class StatusCount(_message.Message):
    __slots__ = ("status_id", "name", "category", "incident_count")
    STATUS_ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    CATEGORY_FIELD_NUMBER: _ClassVar[int]
    INCIDENT_COUNT_FIELD_NUMBER: _ClassVar[int]
    status_id: str
    name: str
    category: str
    incident_count: int
    def __init__(self, status_id: _Optional[str] = ..., name: _Optional[str] = ..., category: _Optional[str] = ..., incident_count: _Optional[int] = ...) -> None: ...

class SeverityCount(_message.Message):
    __slots__ = ("severity_id", "label", "level", "incident_count")
    SEVERITY_ID_FIELD_NUMBER: _ClassVar[int]
    LABEL_FIELD_NUMBER: _ClassVar[int]
    LEVEL_FIELD_NUMBER: _ClassVar[int]
    INCIDENT_COUNT_FIELD_NUMBER: _ClassVar[int]
    severity_id: str
    label: str
    level: int
    incident_count: int
    def __init__(self, severity_id: _Optional[str] = ..., label: _Optional[str] = ..., level: _Optional[int] = ..., incident_count: _Optional[int] = ...) -> None: ...

class LabelCount(_message.Message):
    __slots__ = ("key", "label", "incident_count")
    KEY_FIELD_NUMBER: _ClassVar[int]
    LABEL_FIELD_NUMBER: _ClassVar[int]
    INCIDENT_COUNT_FIELD_NUMBER: _ClassVar[int]
    key: str
    label: str
    incident_count: int
    def __init__(self, key: _Optional[str] = ..., label: _Optional[str] = ..., incident_count: _Optional[int] = ...) -> None: ...

class DurationSummary(_message.Message):
    __slots__ = ("incident_count", "p50_seconds", "p90_seconds", "mean_seconds", "max_seconds")
    INCIDENT_COUNT_FIELD_NUMBER: _ClassVar[int]
    P50_SECONDS_FIELD_NUMBER: _ClassVar[int]
    P90_SECONDS_FIELD_NUMBER: _ClassVar[int]
    MEAN_SECONDS_FIELD_NUMBER: _ClassVar[int]
    MAX_SECONDS_FIELD_NUMBER: _ClassVar[int]
    incident_count: int
    p50_seconds: float
    p90_seconds: float
    mean_seconds: float
    max_seconds: float
    def __init__(self, incident_count: _Optional[int] = ..., p50_seconds: _Optional[float] = ..., p90_seconds: _Optional[float] = ..., mean_seconds: _Optional[float] = ..., max_seconds: _Optional[float] = ...) -> None: ...
