import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from quarterdeck.gen.quarterdeck.wire.v1 import options_pb2 as _options_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Hook(_message.Message):
    __slots__ = ("hook_id", "name", "description")
    HOOK_ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    hook_id: str
    name: str
    description: str
    def __init__(self, hook_id: _Optional[str] = ..., name: _Optional[str] = ..., description: _Optional[str] = ...) -> None: ...

class HookConfig(_message.Message):
    __slots__ = ("fields",)
    FIELDS_FIELD_NUMBER: _ClassVar[int]
    fields: _containers.RepeatedCompositeFieldContainer[Field]
    def __init__(self, fields: _Optional[_Iterable[_Union[Field, _Mapping]]] = ...) -> None: ...

class Field(_message.Message):
    __slots__ = ("key", "type", "description", "value", "secret", "checked", "hidden")
    KEY_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    SECRET_FIELD_NUMBER: _ClassVar[int]
    CHECKED_FIELD_NUMBER: _ClassVar[int]
    HIDDEN_FIELD_NUMBER: _ClassVar[int]
    key: str
    type: str
    description: str
    value: str
    secret: bool
    checked: bool
    hidden: bool
    def __init__(self, key: _Optional[str] = ..., type: _Optional[str] = ..., description: _Optional[str] = ..., value: _Optional[str] = ..., secret: _Optional[bool] = ..., checked: _Optional[bool] = ..., hidden: _Optional[bool] = ...) -> None: ...

class EnabledHook(_message.Message):
    __slots__ = ("integration_id", "enabled_hook_id", "event_name", "hook", "incident_filter", "sensitive")
    INTEGRATION_ID_FIELD_NUMBER: _ClassVar[int]
    ENABLED_HOOK_ID_FIELD_NUMBER: _ClassVar[int]
    EVENT_NAME_FIELD_NUMBER: _ClassVar[int]
    HOOK_FIELD_NUMBER: _ClassVar[int]
    INCIDENT_FILTER_FIELD_NUMBER: _ClassVar[int]
    SENSITIVE_FIELD_NUMBER: _ClassVar[int]
    integration_id: str
    enabled_hook_id: str
    event_name: str
    hook: Hook
    incident_filter: str
    sensitive: bool
    def __init__(self, integration_id: _Optional[str] = ..., enabled_hook_id: _Optional[str] = ..., event_name: _Optional[str] = ..., hook: _Optional[_Union[Hook, _Mapping]] = ..., incident_filter: _Optional[str] = ..., sensitive: _Optional[bool] = ...) -> None: ...

class HookRun(_message.Message):
    __slots__ = ("integration_id", "hook_id", "enabled_hook_id", "last_run", "last_update", "metadata", "event_name", "event_kind", "update_status", "update_error", "status")
    INTEGRATION_ID_FIELD_NUMBER: _ClassVar[int]
    HOOK_ID_FIELD_NUMBER: _ClassVar[int]
    ENABLED_HOOK_ID_FIELD_NUMBER: _ClassVar[int]
    LAST_RUN_FIELD_NUMBER: _ClassVar[int]
    LAST_UPDATE_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    EVENT_NAME_FIELD_NUMBER: _ClassVar[int]
    EVENT_KIND_FIELD_NUMBER: _ClassVar[int]
    UPDATE_STATUS_FIELD_NUMBER: _ClassVar[int]
    UPDATE_ERROR_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    integration_id: str
    hook_id: str
    enabled_hook_id: str
    last_run: _timestamp_pb2.Timestamp
    last_update: _timestamp_pb2.Timestamp
    metadata: HookMetadata
    event_name: str
    event_kind: str
    update_status: str
    update_error: str
    status: str
    def __init__(self, integration_id: _Optional[str] = ..., hook_id: _Optional[str] = ..., enabled_hook_id: _Optional[str] = ..., last_run: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., last_update: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., metadata: _Optional[_Union[HookMetadata, _Mapping]] = ..., event_name: _Optional[str] = ..., event_kind: _Optional[str] = ..., update_status: _Optional[str] = ..., update_error: _Optional[str] = ..., status: _Optional[str] = ...) -> None: ...

class HookMetadata(_message.Message):
    __slots__ = ("title", "explanation", "url", "fields")
    TITLE_FIELD_NUMBER: _ClassVar[int]
    EXPLANATION_FIELD_NUMBER: _ClassVar[int]
    URL_FIELD_NUMBER: _ClassVar[int]
    FIELDS_FIELD_NUMBER: _ClassVar[int]
    title: str
    explanation: str
    url: str
    fields: _containers.RepeatedCompositeFieldContainer[HookMetadataField]
    def __init__(self, title: _Optional[str] = ..., explanation: _Optional[str] = ..., url: _Optional[str] = ..., fields: _Optional[_Iterable[_Union[HookMetadataField, _Mapping]]] = ...) -> None: ...

class HookMetadataField(_message.Message):
    __slots__ = ("key", "value")
    KEY_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    key: str
    value: str
    def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...

class AvailableIntegration(_message.Message):
    __slots__ = ("id",)
    ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    def __init__(self, id: _Optional[str] = ...) -> None: ...
