from google.protobuf import struct_pb2 as _struct_pb2
from quarterdeck.gen.quarterdeck.wire.v1 import options_pb2 as _options_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class GetModelsRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetModelsResponse(_message.Message):
    __slots__ = ("model_name",)
    MODEL_NAME_FIELD_NUMBER: _ClassVar[int]
    model_name: str
    def __init__(self, model_name: _Optional[str] = ...) -> None: ...

class GetInfoRequest(_message.Message):
    __slots__ = ("detail",)
    DETAIL_FIELD_NUMBER: _ClassVar[int]
    detail: str
    def __init__(self, detail: _Optional[str] = ...) -> None: ...

class GetInfoResponse(_message.Message):
    __slots__ = ("version", "uptime_seconds", "auth_enabled", "models", "toolsets_summary", "runbooks_count", "config_path", "model_list_path", "toolsets", "runbooks", "mcp_servers")
    VERSION_FIELD_NUMBER: _ClassVar[int]
    UPTIME_SECONDS_FIELD_NUMBER: _ClassVar[int]
    AUTH_ENABLED_FIELD_NUMBER: _ClassVar[int]
    MODELS_FIELD_NUMBER: _ClassVar[int]
    TOOLSETS_SUMMARY_FIELD_NUMBER: _ClassVar[int]
    RUNBOOKS_COUNT_FIELD_NUMBER: _ClassVar[int]
    CONFIG_PATH_FIELD_NUMBER: _ClassVar[int]
    MODEL_LIST_PATH_FIELD_NUMBER: _ClassVar[int]
    TOOLSETS_FIELD_NUMBER: _ClassVar[int]
    RUNBOOKS_FIELD_NUMBER: _ClassVar[int]
    MCP_SERVERS_FIELD_NUMBER: _ClassVar[int]
    version: str
    uptime_seconds: float
    auth_enabled: bool
    models: _containers.RepeatedScalarFieldContainer[str]
    toolsets_summary: ToolsetsSummary
    runbooks_count: int
    config_path: str
    model_list_path: str
    toolsets: _containers.RepeatedCompositeFieldContainer[ToolsetInfo]
    runbooks: _struct_pb2.ListValue
    mcp_servers: _struct_pb2.ListValue
    def __init__(self, version: _Optional[str] = ..., uptime_seconds: _Optional[float] = ..., auth_enabled: _Optional[bool] = ..., models: _Optional[_Iterable[str]] = ..., toolsets_summary: _Optional[_Union[ToolsetsSummary, _Mapping]] = ..., runbooks_count: _Optional[int] = ..., config_path: _Optional[str] = ..., model_list_path: _Optional[str] = ..., toolsets: _Optional[_Iterable[_Union[ToolsetInfo, _Mapping]]] = ..., runbooks: _Optional[_Union[_struct_pb2.ListValue, _Mapping]] = ..., mcp_servers: _Optional[_Union[_struct_pb2.ListValue, _Mapping]] = ...) -> None: ...

class ToolsetsSummary(_message.Message):
    __slots__ = ("total", "enabled", "failed", "disabled")
    TOTAL_FIELD_NUMBER: _ClassVar[int]
    ENABLED_FIELD_NUMBER: _ClassVar[int]
    FAILED_FIELD_NUMBER: _ClassVar[int]
    DISABLED_FIELD_NUMBER: _ClassVar[int]
    total: int
    enabled: int
    failed: int
    disabled: int
    def __init__(self, total: _Optional[int] = ..., enabled: _Optional[int] = ..., failed: _Optional[int] = ..., disabled: _Optional[int] = ...) -> None: ...

class ToolsetInfo(_message.Message):
    __slots__ = ("name", "enabled", "status", "type", "error", "tool_count")
    NAME_FIELD_NUMBER: _ClassVar[int]
    ENABLED_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    TOOL_COUNT_FIELD_NUMBER: _ClassVar[int]
    name: str
    enabled: bool
    status: str
    type: str
    error: str
    tool_count: int
    def __init__(self, name: _Optional[str] = ..., enabled: _Optional[bool] = ..., status: _Optional[str] = ..., type: _Optional[str] = ..., error: _Optional[str] = ..., tool_count: _Optional[int] = ...) -> None: ...

class ExecuteCheckRequest(_message.Message):
    __slots__ = ("query", "name", "timeout", "mode", "destinations", "model")
    QUERY_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    TIMEOUT_FIELD_NUMBER: _ClassVar[int]
    MODE_FIELD_NUMBER: _ClassVar[int]
    DESTINATIONS_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    query: str
    name: str
    timeout: int
    mode: str
    destinations: _containers.RepeatedCompositeFieldContainer[CheckDestination]
    model: str
    def __init__(self, query: _Optional[str] = ..., name: _Optional[str] = ..., timeout: _Optional[int] = ..., mode: _Optional[str] = ..., destinations: _Optional[_Iterable[_Union[CheckDestination, _Mapping]]] = ..., model: _Optional[str] = ...) -> None: ...

class CheckDestination(_message.Message):
    __slots__ = ("type", "config")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    CONFIG_FIELD_NUMBER: _ClassVar[int]
    type: str
    config: _struct_pb2.Struct
    def __init__(self, type: _Optional[str] = ..., config: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ...) -> None: ...

class ExecuteCheckResponse(_message.Message):
    __slots__ = ("status", "message", "duration", "rationale", "error", "model_used", "notifications")
    STATUS_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    DURATION_FIELD_NUMBER: _ClassVar[int]
    RATIONALE_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    MODEL_USED_FIELD_NUMBER: _ClassVar[int]
    NOTIFICATIONS_FIELD_NUMBER: _ClassVar[int]
    status: str
    message: str
    duration: float
    rationale: str
    error: str
    model_used: str
    notifications: _containers.RepeatedCompositeFieldContainer[CheckNotification]
    def __init__(self, status: _Optional[str] = ..., message: _Optional[str] = ..., duration: _Optional[float] = ..., rationale: _Optional[str] = ..., error: _Optional[str] = ..., model_used: _Optional[str] = ..., notifications: _Optional[_Iterable[_Union[CheckNotification, _Mapping]]] = ...) -> None: ...

class CheckNotification(_message.Message):
    __slots__ = ("type", "channel", "status", "error")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    type: str
    channel: str
    status: str
    error: str
    def __init__(self, type: _Optional[str] = ..., channel: _Optional[str] = ..., status: _Optional[str] = ..., error: _Optional[str] = ...) -> None: ...

class OauthCallbackRequest(_message.Message):
    __slots__ = ("toolset_name", "code", "redirect_uri", "code_verifier", "client_id", "client_secret", "resource", "user_id")
    TOOLSET_NAME_FIELD_NUMBER: _ClassVar[int]
    CODE_FIELD_NUMBER: _ClassVar[int]
    REDIRECT_URI_FIELD_NUMBER: _ClassVar[int]
    CODE_VERIFIER_FIELD_NUMBER: _ClassVar[int]
    CLIENT_ID_FIELD_NUMBER: _ClassVar[int]
    CLIENT_SECRET_FIELD_NUMBER: _ClassVar[int]
    RESOURCE_FIELD_NUMBER: _ClassVar[int]
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    toolset_name: str
    code: str
    redirect_uri: str
    code_verifier: str
    client_id: str
    client_secret: str
    resource: str
    user_id: str
    def __init__(self, toolset_name: _Optional[str] = ..., code: _Optional[str] = ..., redirect_uri: _Optional[str] = ..., code_verifier: _Optional[str] = ..., client_id: _Optional[str] = ..., client_secret: _Optional[str] = ..., resource: _Optional[str] = ..., user_id: _Optional[str] = ...) -> None: ...

class OauthCallbackResponse(_message.Message):
    __slots__ = ("success", "error")
    SUCCESS_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    success: bool
    error: str
    def __init__(self, success: _Optional[bool] = ..., error: _Optional[str] = ...) -> None: ...

class ReloadRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ReloadModelsRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ReloadToolsetsRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ReloadResponse(_message.Message):
    __slots__ = ("status", "component", "detail", "counts")
    class CountsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: int
        def __init__(self, key: _Optional[str] = ..., value: _Optional[int] = ...) -> None: ...
    STATUS_FIELD_NUMBER: _ClassVar[int]
    COMPONENT_FIELD_NUMBER: _ClassVar[int]
    DETAIL_FIELD_NUMBER: _ClassVar[int]
    COUNTS_FIELD_NUMBER: _ClassVar[int]
    status: str
    component: str
    detail: str
    counts: _containers.ScalarMap[str, int]
    def __init__(self, status: _Optional[str] = ..., component: _Optional[str] = ..., detail: _Optional[str] = ..., counts: _Optional[_Mapping[str, int]] = ...) -> None: ...
