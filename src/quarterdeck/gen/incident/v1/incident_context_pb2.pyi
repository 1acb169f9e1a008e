import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from quarterdeck.gen.incident.v1 import hook_pb2 as _hook_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class IncidentContext(_message.Message):
    __slots__ = ("incident_id", "context_id", "created_by_user", "created_time", "modified_time", "last_run", "title", "description", "type", "payload", "metadata", "status", "process_status", "process_error", "processor_info", "alert_group_id")
    INCIDENT_ID_FIELD_NUMBER: _ClassVar[int]
    CONTEXT_ID_FIELD_NUMBER: _ClassVar[int]
    CREATED_BY_USER_FIELD_NUMBER: _ClassVar[int]
    CREATED_TIME_FIELD_NUMBER: _ClassVar[int]
    MODIFIED_TIME_FIELD_NUMBER: _ClassVar[int]
    LAST_RUN_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    PAYLOAD_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    PROCESS_STATUS_FIELD_NUMBER: _ClassVar[int]
    PROCESS_ERROR_FIELD_NUMBER: _ClassVar[int]
    PROCESSOR_INFO_FIELD_NUMBER: _ClassVar[int]
    ALERT_GROUP_ID_FIELD_NUMBER: _ClassVar[int]
    incident_id: str
    context_id: str
    created_by_user: ContextUser
    created_time: _timestamp_pb2.Timestamp
    modified_time: _timestamp_pb2.Timestamp
    last_run: _timestamp_pb2.Timestamp
    title: str
    description: str
    type: str
    payload: str
    metadata: _containers.RepeatedCompositeFieldContainer[_hook_pb2.Field]
    status: str
    process_status: str
    process_error: str
    processor_info: str
    alert_group_id: str
    def __init__(self, incident_id: _Optional[str] = ..., context_id: _Optional[str] = ..., created_by_user: _Optional[_Union[ContextUser, _Mapping]] = ..., created_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., modified_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., last_run: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., title: _Optional[str] = ..., description: _Optional[str] = ..., type: _Optional[str] = ..., payload: _Optional[str] = ..., metadata: _Optional[_Iterable[_Union[_hook_pb2.Field, _Mapping]]] = ..., status: _Optional[str] = ..., process_status: _Optional[str] = ..., process_error: _Optional[str] = ..., processor_info: _Optional[str] = ..., alert_group_id: _Optional[str] = ...) -> None: ...

class ContextUser(_message.Message):
    __slots__ = ("user_id", "name", "email", "grafana_login", "photo_url")
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    EMAIL_FIELD_NUMBER: _ClassVar[int]
    GRAFANA_LOGIN_FIELD_NUMBER: _ClassVar[int]
    PHOTO_URL_FIELD_NUMBER: _ClassVar[int]
    user_id: str
    name: str
    email: str
    grafana_login: str
    photo_url: str
    def __init__(self, user_id: _Optional[str] = ..., name: _Optional[str] = ..., email: _Optional[str] = ..., grafana_login: _Optional[str] = ..., photo_url: _Optional[str] = ...) -> None: ...
