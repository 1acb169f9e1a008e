from quarterdeck.gen.incident.v1 import hook_pb2 as _hook_pb2
from quarterdeck.gen.quarterdeck.wire.v1 import options_pb2 as _options_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class GetAvailableIntegrationsRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetAvailableIntegrationsResponse(_message.Message):
    __slots__ = ("integrations", "error")
    INTEGRATIONS_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    integrations: _containers.RepeatedCompositeFieldContainer[_hook_pb2.AvailableIntegration]
    error: str
    def __init__(self, integrations: _Optional[_Iterable[_Union[_hook_pb2.AvailableIntegration, _Mapping]]] = ..., error: _Optional[str] = ...) -> None: ...

class EnableHookRequest(_message.Message):
    __slots__ = ("integration_id", "hook_id", "event_name", "hook_config", "incident_filter", "sensitive")
    INTEGRATION_ID_FIELD_NUMBER: _ClassVar[int]
    HOOK_ID_FIELD_NUMBER: _ClassVar[int]
    EVENT_NAME_FIELD_NUMBER: _ClassVar[int]
    HOOK_CONFIG_FIELD_NUMBER: _ClassVar[int]
    INCIDENT_FILTER_FIELD_NUMBER: _ClassVar[int]
    SENSITIVE_FIELD_NUMBER: _ClassVar[int]
    integration_id: str
    hook_id: str
    event_name: str
    hook_config: _hook_pb2.HookConfig
    incident_filter: str
    sensitive: bool
    def __init__(self, integration_id: _Optional[str] = ..., hook_id: _Optional[str] = ..., event_name: _Optional[str] = ..., hook_config: _Optional[_Union[_hook_pb2.HookConfig, _Mapping]] = ..., incident_filter: _Optional[str] = ..., sensitive: _Optional[bool] = ...) -> None: ...

class EnableHookResponse(_message.Message):
    __slots__ = ("enabled_hook_id", "signing_secret", "error")
    ENABLED_HOOK_ID_FIELD_NUMBER: _ClassVar[int]
    SIGNING_SECRET_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    enabled_hook_id: str
    signing_secret: str
    error: str
    def __init__(self, enabled_hook_id: _Optional[str] = ..., signing_secret: _Optional[str] = ..., error: _Optional[str] = ...) -> None: ...

class DisableHookRequest(_message.Message):
    __slots__ = ("integration_id", "enabled_hook_id")
    INTEGRATION_ID_FIELD_NUMBER: _ClassVar[int]
    ENABLED_HOOK_ID_FIELD_NUMBER: _ClassVar[int]
    integration_id: str
    enabled_hook_id: str
    def __init__(self, integration_id: _Optional[str] = ..., enabled_hook_id: _Optional[str] = ...) -> None: ...

class DisableHookResponse(_message.Message):
    __slots__ = ("error",)
    ERROR_FIELD_NUMBER: _ClassVar[int]
    error: str
    def __init__(self, error: _Optional[str] = ...) -> None: ...

class GetEnabledHooksRequest(_message.Message):
    __slots__ = ("event_name",)
    EVENT_NAME_FIELD_NUMBER: _ClassVar[int]
    event_name: str
    def __init__(self, event_name: _Optional[str] = ...) -> None: ...

class GetEnabledHooksResponse(_message.Message):
    __slots__ = ("enabled_hooks", "error")
    ENABLED_HOOKS_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    enabled_hooks: _containers.RepeatedCompositeFieldContainer[_hook_pb2.EnabledHook]
    error: str
    def __init__(self, enabled_hooks: _Optional[_Iterable[_Union[_hook_pb2.EnabledHook, _Mapping]]] = ..., error: _Optional[str] = ...) -> None: ...

class GetHookRunsRequest(_message.Message):
    __slots__ = ("incident_id",)
    INCIDENT_ID_FIELD_NUMBER: _ClassVar[int]
    incident_id: str
    def __init__(self, incident_id: _Optional[str] = ...) -> None: ...

class GetHookRunsResponse(_message.Message):
    __slots__ = ("hook_runs", "error")
    HOOK_RUNS_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    hook_runs: _containers.RepeatedCompositeFieldContainer[_hook_pb2.HookRun]
    error: str
    def __init__(self, hook_runs: _Optional[_Iterable[_Union[_hook_pb2.HookRun, _Mapping]]] = ..., error: _Optional[str] = ...) -> None: ...

class CreateIncidentSlackChannelRequest(_message.Message):
    __slots__ = ("incident_id", "channel_name", "post_updates", "invite_users")
    INCIDENT_ID_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_NAME_FIELD_NUMBER: _ClassVar[int]
    POST_UPDATES_FIELD_NUMBER: _ClassVar[int]
    INVITE_USERS_FIELD_NUMBER: _ClassVar[int]
    incident_id: str
    channel_name: str
    post_updates: bool
    invite_users: bool
    def __init__(self, incident_id: _Optional[str] = ..., channel_name: _Optional[str] = ..., post_updates: _Optional[bool] = ..., invite_users: _Optional[bool] = ...) -> None: ...

class CreateIncidentSlackChannelResponse(_message.Message):
    __slots__ = ("channel_id", "channel_name", "error")
    CHANNEL_ID_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_NAME_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    channel_id: str
    channel_name: str
    error: str
    def __init__(self, channel_id: _Optional[str] = ..., channel_name: _Optional[str] = ..., error: _Optional[str] = ...) -> None: ...
