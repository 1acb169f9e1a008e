import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from quarterdeck.gen.incident.v1 import incident_pb2 as _incident_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class IncomingWebhookResponse(_message.Message):
    __slots__ = ("incident", "processing_errors", "error")
    INCIDENT_FIELD_NUMBER: _ClassVar[int]
    PROCESSING_ERRORS_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    incident: _incident_pb2.Incident
    processing_errors: _containers.RepeatedScalarFieldContainer[str]
    error: str
    def __init__(self, incident: _Optional[_Union[_incident_pb2.Incident, _Mapping]] = ..., processing_errors: _Optional[_Iterable[str]] = ..., error: _Optional[str] = ...) -> None: ...

class OutgoingWebhookPayload(_message.Message):
    __slots__ = ("version", "id", "source", "time", "event", "incident")
    VERSION_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    TIME_FIELD_NUMBER: _ClassVar[int]
    EVENT_FIELD_NUMBER: _ClassVar[int]
    INCIDENT_FIELD_NUMBER: _ClassVar[int]
    version: str
    id: str
    source: str
    time: _timestamp_pb2.Timestamp
    event: str
    incident: _incident_pb2.Incident
    def __init__(self, version: _Optional[str] = ..., id: _Optional[str] = ..., source: _Optional[str] = ..., time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., event: _Optional[str] = ..., incident: _Optional[_Union[_incident_pb2.Incident, _Mapping]] = ...) -> None: ...
