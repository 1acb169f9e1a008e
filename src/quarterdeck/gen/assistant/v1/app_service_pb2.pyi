import datetime

from google.api import annotations_pb2 as _annotations_pb2
from google.protobuf import struct_pb2 as _struct_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from quarterdeck.gen.quarterdeck.wire.v1 import options_pb2 as _options_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class StartChatRequest(_message.Message):
    __slots__ = ("prompt", "chat_id")
    PROMPT_FIELD_NUMBER: _ClassVar[int]
    CHAT_ID_FIELD_NUMBER: _ClassVar[int]
    prompt: str
    chat_id: str
    def __init__(self, prompt: _Optional[str] = ..., chat_id: _Optional[str] = ...) -> None: ...

class StartChatResponse(_message.Message):
    __slots__ = ("status", "data")
    STATUS_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    status: str
    data: StartedChat
    def __init__(self, status: _Optional[str] = ..., data: _Optional[_Union[StartedChat, _Mapping]] = ...) -> None: ...

class StartedChat(_message.Message):
    __slots__ = ("chat_id",)
    CHAT_ID_FIELD_NUMBER: _ClassVar[int]
    chat_id: str
    def __init__(self, chat_id: _Optional[str] = ...) -> None: ...

class AppChat(_message.Message):
    __slots__ = ("id", "name", "created", "modified", "user_id", "category", "source", "messages")
    ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    CREATED_FIELD_NUMBER: _ClassVar[int]
    MODIFIED_FIELD_NUMBER: _ClassVar[int]
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    CATEGORY_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    MESSAGES_FIELD_NUMBER: _ClassVar[int]
    id: str
    name: str
    created: _timestamp_pb2.Timestamp
    modified: _timestamp_pb2.Timestamp
    user_id: str
    category: str
    source: str
    messages: _containers.RepeatedCompositeFieldContainer[AppMessage]
    def __init__(self, id: _Optional[str] = ..., name: _Optional[str] = ..., created: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., modified: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., user_id: _Optional[str] = ..., category: _Optional[str] = ..., source: _Optional[str] = ..., messages: _Optional[_Iterable[_Union[AppMessage, _Mapping]]] = ...) -> None: ...

class AppMessage(_message.Message):
    __slots__ = ("id", "role", "content", "created", "timestamp")
    ID_FIELD_NUMBER: _ClassVar[int]
    ROLE_FIELD_NUMBER: _ClassVar[int]
    CONTENT_FIELD_NUMBER: _ClassVar[int]
    CREATED_FIELD_NUMBER: _ClassVar[int]
    TIMESTAMP_FIELD_NUMBER: _ClassVar[int]
    id: str
    role: str
    content: _containers.RepeatedCompositeFieldContainer[AppBlock]
    created: _timestamp_pb2.Timestamp
    timestamp: _timestamp_pb2.Timestamp
    def __init__(self, id: _Optional[str] = ..., role: _Optional[str] = ..., content: _Optional[_Iterable[_Union[AppBlock, _Mapping]]] = ..., created: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., timestamp: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class AppBlock(_message.Message):
    __slots__ = ("type", "text", "thinking", "tool_id", "tool_name", "tool_input", "tool_use_id", "tool_result", "is_error", "duration_ms")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    THINKING_FIELD_NUMBER: _ClassVar[int]
    TOOL_ID_FIELD_NUMBER: _ClassVar[int]
    TOOL_NAME_FIELD_NUMBER: _ClassVar[int]
    TOOL_INPUT_FIELD_NUMBER: _ClassVar[int]
    TOOL_USE_ID_FIELD_NUMBER: _ClassVar[int]
    TOOL_RESULT_FIELD_NUMBER: _ClassVar[int]
    IS_ERROR_FIELD_NUMBER: _ClassVar[int]
    DURATION_MS_FIELD_NUMBER: _ClassVar[int]
    type: str
    text: str
    thinking: str
    tool_id: str
    tool_name: str
    tool_input: _struct_pb2.Struct
    tool_use_id: str
    tool_result: _containers.RepeatedCompositeFieldContainer[AppResultBlock]
    is_error: bool
    duration_ms: int
    def __init__(self, type: _Optional[str] = ..., text: _Optional[str] = ..., thinking: _Optional[str] = ..., tool_id: _Optional[str] = ..., tool_name: _Optional[str] = ..., tool_input: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ..., tool_use_id: _Optional[str] = ..., tool_result: _Optional[_Iterable[_Union[AppResultBlock, _Mapping]]] = ..., is_error: _Optional[bool] = ..., duration_ms: _Optional[int] = ...) -> None: ...

class AppResultBlock(_message.Message):
    __slots__ = ("type", "text")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    type: str
    text: str
    def __init__(self, type: _Optional[str] = ..., text: _Optional[str] = ...) -> None: ...

class GetAppChatRequest(_message.Message):
    __slots__ = ("chat_id",)
    CHAT_ID_FIELD_NUMBER: _ClassVar[int]
    chat_id: str
    def __init__(self, chat_id: _Optional[str] = ...) -> None: ...

class GetAppChatResponse(_message.Message):
    __slots__ = ("id", "name", "created", "modified", "user_id", "category", "source", "messages", "data", "status")
    ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    CREATED_FIELD_NUMBER: _ClassVar[int]
    MODIFIED_FIELD_NUMBER: _ClassVar[int]
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    CATEGORY_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    MESSAGES_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    id: str
    name: str
    created: _timestamp_pb2.Timestamp
    modified: _timestamp_pb2.Timestamp
    user_id: str
    category: str
    source: str
    messages: _containers.RepeatedCompositeFieldContainer[AppMessage]
    data: AppChat
    status: str
    def __init__(self, id: _Optional[str] = ..., name: _Optional[str] = ..., created: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., modified: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., user_id: _Optional[str] = ..., category: _Optional[str] = ..., source: _Optional[str] = ..., messages: _Optional[_Iterable[_Union[AppMessage, _Mapping]]] = ..., data: _Optional[_Union[AppChat, _Mapping]] = ..., status: _Optional[str] = ...) -> None: ...

class ListAppChatsRequest(_message.Message):
    __slots__ = ("source", "limit", "offset", "include_archived", "archived_only")
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    OFFSET_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_ARCHIVED_FIELD_NUMBER: _ClassVar[int]
    ARCHIVED_ONLY_FIELD_NUMBER: _ClassVar[int]
    source: str
    limit: int
    offset: int
    include_archived: bool
    archived_only: bool
    def __init__(self, source: _Optional[str] = ..., limit: _Optional[int] = ..., offset: _Optional[int] = ..., include_archived: _Optional[bool] = ..., archived_only: _Optional[bool] = ...) -> None: ...

class ListAppChatsResponse(_message.Message):
    __slots__ = ("status", "data")
    STATUS_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    status: str
    data: AppChatPage
    def __init__(self, status: _Optional[str] = ..., data: _Optional[_Union[AppChatPage, _Mapping]] = ...) -> None: ...

class AppChatPage(_message.Message):
    __slots__ = ("items", "total")
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    TOTAL_FIELD_NUMBER: _ClassVar[int]
    items: _containers.RepeatedCompositeFieldContainer[AppChat]
    total: int
    def __init__(self, items: _Optional[_Iterable[_Union[AppChat, _Mapping]]] = ..., total: _Optional[int] = ...) -> None: ...

class ListAllMessagesRequest(_message.Message):
    __slots__ = ("chat_id",)
    CHAT_ID_FIELD_NUMBER: _ClassVar[int]
    chat_id: str
    def __init__(self, chat_id: _Optional[str] = ...) -> None: ...

class ListAllMessagesResponse(_message.Message):
    __slots__ = ("status", "data")
    STATUS_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    status: str
    data: AppMessages
    def __init__(self, status: _Optional[str] = ..., data: _Optional[_Union[AppMessages, _Mapping]] = ...) -> None: ...

class AppMessages(_message.Message):
    __slots__ = ("messages",)
    MESSAGES_FIELD_NUMBER: _ClassVar[int]
    messages: _containers.RepeatedCompositeFieldContainer[AppMessage]
    def __init__(self, messages: _Optional[_Iterable[_Union[AppMessage, _Mapping]]] = ...) -> None: ...

class WatchChatRequest(_message.Message):
    __slots__ = ("chat_id", "after")
    CHAT_ID_FIELD_NUMBER: _ClassVar[int]
    AFTER_FIELD_NUMBER: _ClassVar[int]
    chat_id: str
    after: str
    def __init__(self, chat_id: _Optional[str] = ..., after: _Optional[str] = ...) -> None: ...

class WatchChatResponse(_message.Message):
    __slots__ = ("id", "type", "data")
    ID_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    id: str
    type: str
    data: WatchChatData
    def __init__(self, id: _Optional[str] = ..., type: _Optional[str] = ..., data: _Optional[_Union[WatchChatData, _Mapping]] = ...) -> None: ...

class WatchChatData(_message.Message):
    __slots__ = ("chat_id", "message", "agent_id", "execution_id", "timestamp", "error", "request_id", "tool_name", "tool_input", "timeout_ms")
    CHAT_ID_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    AGENT_ID_FIELD_NUMBER: _ClassVar[int]
    EXECUTION_ID_FIELD_NUMBER: _ClassVar[int]
    TIMESTAMP_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    TOOL_NAME_FIELD_NUMBER: _ClassVar[int]
    TOOL_INPUT_FIELD_NUMBER: _ClassVar[int]
    TIMEOUT_MS_FIELD_NUMBER: _ClassVar[int]
    chat_id: str
    message: AppMessage
    agent_id: str
    execution_id: str
    timestamp: _timestamp_pb2.Timestamp
    error: ExecutionError
    request_id: str
    tool_name: str
    tool_input: _struct_pb2.Struct
    timeout_ms: int
    def __init__(self, chat_id: _Optional[str] = ..., message: _Optional[_Union[AppMessage, _Mapping]] = ..., agent_id: _Optional[str] = ..., execution_id: _Optional[str] = ..., timestamp: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., error: _Optional[_Union[ExecutionError, _Mapping]] = ..., request_id: _Optional[str] = ..., tool_name: _Optional[str] = ..., tool_input: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ..., timeout_ms: _Optional[int] = ...) -> None: ...

class ExecutionError(_message.Message):
    __slots__ = ("message",)
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    message: str
    def __init__(self, message: _Optional[str] = ...) -> None: ...

class CreateStreamTokenRequest(_message.Message):
    __slots__ = ("chat_id",)
    CHAT_ID_FIELD_NUMBER: _ClassVar[int]
    chat_id: str
    def __init__(self, chat_id: _Optional[str] = ...) -> None: ...

class CreateStreamTokenResponse(_message.Message):
    __slots__ = ("status", "data")
    STATUS_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    status: str
    data: AppStreamToken
    def __init__(self, status: _Optional[str] = ..., data: _Optional[_Union[AppStreamToken, _Mapping]] = ...) -> None: ...

class AppStreamToken(_message.Message):
    __slots__ = ("token", "expires_at")
    TOKEN_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_AT_FIELD_NUMBER: _ClassVar[int]
    token: str
    expires_at: _timestamp_pb2.Timestamp
    def __init__(self, token: _Optional[str] = ..., expires_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class DecideAppApprovalRequest(_message.Message):
    __slots__ = ("id", "chat_id", "tenant_id", "user_id", "approved")
    ID_FIELD_NUMBER: _ClassVar[int]
    CHAT_ID_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    APPROVED_FIELD_NUMBER: _ClassVar[int]
    id: str
    chat_id: str
    tenant_id: str
    user_id: str
    approved: bool
    def __init__(self, id: _Optional[str] = ..., chat_id: _Optional[str] = ..., tenant_id: _Optional[str] = ..., user_id: _Optional[str] = ..., approved: _Optional[bool] = ...) -> None: ...

class DecideAppApprovalResponse(_message.Message):
    __slots__ = ("status",)
    STATUS_FIELD_NUMBER: _ClassVar[int]
    status: str
    def __init__(self, status: _Optional[str] = ...) -> None: ...

class AnswerAppRemoteToolRequest(_message.Message):
    __slots__ = ("request_id", "chat_id", "success", "result", "error")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    CHAT_ID_FIELD_NUMBER: _ClassVar[int]
    SUCCESS_FIELD_NUMBER: _ClassVar[int]
    RESULT_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    chat_id: str
    success: bool
    result: _struct_pb2.Value
    error: _struct_pb2.Value
    def __init__(self, request_id: _Optional[str] = ..., chat_id: _Optional[str] = ..., success: _Optional[bool] = ..., result: _Optional[_Union[_struct_pb2.Value, _Mapping]] = ..., error: _Optional[_Union[_struct_pb2.Value, _Mapping]] = ...) -> None: ...

class AnswerAppRemoteToolResponse(_message.Message):
    __slots__ = ("status",)
    STATUS_FIELD_NUMBER: _ClassVar[int]
    status: str
    def __init__(self, status: _Optional[str] = ...) -> None: ...

class AppInvestigation(_message.Message):
    __slots__ = ("id", "title", "state", "created_at", "updated_at", "source", "chat_id", "description", "report")
    ID_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    UPDATED_AT_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    CHAT_ID_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    REPORT_FIELD_NUMBER: _ClassVar[int]
    id: str
    title: str
    state: str
    created_at: _timestamp_pb2.Timestamp
    updated_at: _timestamp_pb2.Timestamp
    source: AppInvestigationSource
    chat_id: str
    description: str
    report: str
    def __init__(self, id: _Optional[str] = ..., title: _Optional[str] = ..., state: _Optional[str] = ..., created_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., updated_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., source: _Optional[_Union[AppInvestigationSource, _Mapping]] = ..., chat_id: _Optional[str] = ..., description: _Optional[str] = ..., report: _Optional[str] = ...) -> None: ...

class AppInvestigationSource(_message.Message):
    __slots__ = ("type", "user_id")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    type: str
    user_id: str
    def __init__(self, type: _Optional[str] = ..., user_id: _Optional[str] = ...) -> None: ...

class SummarizeInvestigationsRequest(_message.Message):
    __slots__ = ("state", "limit", "offset")
    STATE_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    OFFSET_FIELD_NUMBER: _ClassVar[int]
    state: str
    limit: int
    offset: int
    def __init__(self, state: _Optional[str] = ..., limit: _Optional[int] = ..., offset: _Optional[int] = ...) -> None: ...

class SummarizeInvestigationsResponse(_message.Message):
    __slots__ = ("status", "data")
    STATUS_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    status: str
    data: AppInvestigationPage
    def __init__(self, status: _Optional[str] = ..., data: _Optional[_Union[AppInvestigationPage, _Mapping]] = ...) -> None: ...

class AppInvestigationPage(_message.Message):
    __slots__ = ("investigations", "total")
    INVESTIGATIONS_FIELD_NUMBER: _ClassVar[int]
    TOTAL_FIELD_NUMBER: _ClassVar[int]
    investigations: _containers.RepeatedCompositeFieldContainer[AppInvestigation]
    total: int
    def __init__(self, investigations: _Optional[_Iterable[_Union[AppInvestigation, _Mapping]]] = ..., total: _Optional[int] = ...) -> None: ...

class GetAppInvestigationRequest(_message.Message):
    __slots__ = ("id",)
    ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    def __init__(self, id: _Optional[str] = ...) -> None: ...

class GetAppInvestigationResponse(_message.Message):
    __slots__ = ("status", "data")
    STATUS_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    status: str
    data: AppInvestigation
    def __init__(self, status: _Optional[str] = ..., data: _Optional[_Union[AppInvestigation, _Mapping]] = ...) -> None: ...

class CreateAppInvestigationRequest(_message.Message):
    __slots__ = ("title", "description")
    TITLE_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    title: str
    description: str
    def __init__(self, title: _Optional[str] = ..., description: _Optional[str] = ...) -> None: ...

class CreateAppInvestigationResponse(_message.Message):
    __slots__ = ("status", "data")
    STATUS_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    status: str
    data: AppInvestigation
    def __init__(self, status: _Optional[str] = ..., data: _Optional[_Union[AppInvestigation, _Mapping]] = ...) -> None: ...

class CancelAppInvestigationRequest(_message.Message):
    __slots__ = ("id",)
    ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    def __init__(self, id: _Optional[str] = ...) -> None: ...

class CancelAppInvestigationResponse(_message.Message):
    __slots__ = ("status", "data")
    STATUS_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    status: str
    data: CancelledInvestigation
    def __init__(self, status: _Optional[str] = ..., data: _Optional[_Union[CancelledInvestigation, _Mapping]] = ...) -> None: ...

class CancelledInvestigation(_message.Message):
    __slots__ = ("message",)
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    message: str
    def __init__(self, message: _Optional[str] = ...) -> None: ...
