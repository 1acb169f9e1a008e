from google.protobuf import struct_pb2 as _struct_pb2
from quarterdeck.gen.holmes.v1 import metadata_pb2 as _metadata_pb2
from quarterdeck.gen.holmes.v1 import tool_result_pb2 as _tool_result_pb2
from quarterdeck.gen.quarterdeck.wire.v1 import options_pb2 as _options_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ChatRequest(_message.Message):
    __slots__ = ("ask", "conversation_history", "model", "stream", "enable_tool_approval", "tool_decisions", "additional_system_prompt", "images", "response_format", "behavior_controls", "frontend_tools", "frontend_tool_results", "user_id", "user_email", "request_type", "request_source", "source_ref", "conversation_id", "conversation_source", "conversation_link", "meta", "is_internal", "trace_span")
    class BehaviorControlsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: bool
        def __init__(self, key: _Optional[str] = ..., value: _Optional[bool] = ...) -> None: ...
    ASK_FIELD_NUMBER: _ClassVar[int]
    CONVERSATION_HISTORY_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    STREAM_FIELD_NUMBER: _ClassVar[int]
    ENABLE_TOOL_APPROVAL_FIELD_NUMBER: _ClassVar[int]
    TOOL_DECISIONS_FIELD_NUMBER: _ClassVar[int]
    ADDITIONAL_SYSTEM_PROMPT_FIELD_NUMBER: _ClassVar[int]
    IMAGES_FIELD_NUMBER: _ClassVar[int]
    RESPONSE_FORMAT_FIELD_NUMBER: _ClassVar[int]
    BEHAVIOR_CONTROLS_FIELD_NUMBER: _ClassVar[int]
    FRONTEND_TOOLS_FIELD_NUMBER: _ClassVar[int]
    FRONTEND_TOOL_RESULTS_FIELD_NUMBER: _ClassVar[int]
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    USER_EMAIL_FIELD_NUMBER: _ClassVar[int]
    REQUEST_TYPE_FIELD_NUMBER: _ClassVar[int]
    REQUEST_SOURCE_FIELD_NUMBER: _ClassVar[int]
    SOURCE_REF_FIELD_NUMBER: _ClassVar[int]
    CONVERSATION_ID_FIELD_NUMBER: _ClassVar[int]
    CONVERSATION_SOURCE_FIELD_NUMBER: _ClassVar[int]
    CONVERSATION_LINK_FIELD_NUMBER: _ClassVar[int]
    META_FIELD_NUMBER: _ClassVar[int]
    IS_INTERNAL_FIELD_NUMBER: _ClassVar[int]
    TRACE_SPAN_FIELD_NUMBER: _ClassVar[int]
    ask: str
    conversation_history: _containers.RepeatedCompositeFieldContainer[_struct_pb2.Struct]
    model: str
    stream: bool
    enable_tool_approval: bool
    tool_decisions: _containers.RepeatedCompositeFieldContainer[ToolDecision]
    additional_system_prompt: str
    images: _containers.RepeatedCompositeFieldContainer[Image]
    response_format: _struct_pb2.Struct
    behavior_controls: _containers.ScalarMap[str, bool]
    frontend_tools: _containers.RepeatedCompositeFieldContainer[FrontendTool]
    frontend_tool_results: _containers.RepeatedCompositeFieldContainer[FrontendToolResult]
    user_id: str
    user_email: str
    request_type: str
    request_source: str
    source_ref: str
    conversation_id: str
    conversation_source: str
    conversation_link: str
    meta: _struct_pb2.Struct
    is_internal: bool
    trace_span: _struct_pb2.Value
    def __init__(self, ask: _Optional[str] = ..., conversation_history: _Optional[_Iterable[_Union[_struct_pb2.Struct, _Mapping]]] = ..., model: _Optional[str] = ..., stream: _Optional[bool] = ..., enable_tool_approval: _Optional[bool] = ..., tool_decisions: _Optional[_Iterable[_Union[ToolDecision, _Mapping]]] = ..., additional_system_prompt: _Optional[str] = ..., images: _Optional[_Iterable[_Union[Image, _Mapping]]] = ..., response_format: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ..., behavior_controls: _Optional[_Mapping[str, bool]] = ..., frontend_tools: _Optional[_Iterable[_Union[FrontendTool, _Mapping]]] = ..., frontend_tool_results: _Optional[_Iterable[_Union[FrontendToolResult, _Mapping]]] = ..., user_id: _Optional[str] = ..., user_email: _Optional[str] = ..., request_type: _Optional[str] = ..., request_source: _Optional[str] = ..., source_ref: _Optional[str] = ..., conversation_id: _Optional[str] = ..., conversation_source: _Optional[str] = ..., conversation_link: _Optional[str] = ..., meta: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ..., is_internal: _Optional[bool] = ..., trace_span: _Optional[_Union[_struct_pb2.Value, _Mapping]] = ...) -> None: ...

class IssueChatRequest(_message.Message):
    __slots__ = ("ask", "conversation_history", "model", "stream", "enable_tool_approval", "tool_decisions", "additional_system_prompt", "images", "response_format", "behavior_controls", "frontend_tools", "frontend_tool_results", "user_id", "user_email", "request_type", "request_source", "source_ref", "conversation_id", "conversation_source", "conversation_link", "meta", "is_internal", "trace_span", "investigation_result", "issue_type")
    class BehaviorControlsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: bool
        def __init__(self, key: _Optional[str] = ..., value: _Optional[bool] = ...) -> None: ...
    ASK_FIELD_NUMBER: _ClassVar[int]
    CONVERSATION_HISTORY_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    STREAM_FIELD_NUMBER: _ClassVar[int]
    ENABLE_TOOL_APPROVAL_FIELD_NUMBER: _ClassVar[int]
    TOOL_DECISIONS_FIELD_NUMBER: _ClassVar[int]
    ADDITIONAL_SYSTEM_PROMPT_FIELD_NUMBER: _ClassVar[int]
    IMAGES_FIELD_NUMBER: _ClassVar[int]
    RESPONSE_FORMAT_FIELD_NUMBER: _ClassVar[int]
    BEHAVIOR_CONTROLS_FIELD_NUMBER: _ClassVar[int]
    FRONTEND_TOOLS_FIELD_NUMBER: _ClassVar[int]
    FRONTEND_TOOL_RESULTS_FIELD_NUMBER: _ClassVar[int]
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    USER_EMAIL_FIELD_NUMBER: _ClassVar[int]
    REQUEST_TYPE_FIELD_NUMBER: _ClassVar[int]
    REQUEST_SOURCE_FIELD_NUMBER: _ClassVar[int]
    SOURCE_REF_FIELD_NUMBER: _ClassVar[int]
    CONVERSATION_ID_FIELD_NUMBER: _ClassVar[int]
    CONVERSATION_SOURCE_FIELD_NUMBER: _ClassVar[int]
    CONVERSATION_LINK_FIELD_NUMBER: _ClassVar[int]
    META_FIELD_NUMBER: _ClassVar[int]
    IS_INTERNAL_FIELD_NUMBER: _ClassVar[int]
    TRACE_SPAN_FIELD_NUMBER: _ClassVar[int]
    INVESTIGATION_RESULT_FIELD_NUMBER: _ClassVar[int]
    ISSUE_TYPE_FIELD_NUMBER: _ClassVar[int]
    ask: str
    conversation_history: _containers.RepeatedCompositeFieldContainer[_struct_pb2.Struct]
    model: str
    stream: bool
    enable_tool_approval: bool
    tool_decisions: _containers.RepeatedCompositeFieldContainer[ToolDecision]
    additional_system_prompt: str
    images: _containers.RepeatedCompositeFieldContainer[Image]
    response_format: _struct_pb2.Struct
    behavior_controls: _containers.ScalarMap[str, bool]
    frontend_tools: _containers.RepeatedCompositeFieldContainer[FrontendTool]
    frontend_tool_results: _containers.RepeatedCompositeFieldContainer[FrontendToolResult]
    user_id: str
    user_email: str
    request_type: str
    request_source: str
    source_ref: str
    conversation_id: str
    conversation_source: str
    conversation_link: str
    meta: _struct_pb2.Struct
    is_internal: bool
    trace_span: _struct_pb2.Value
    investigation_result: InvestigationResult
    issue_type: str
    def __init__(self, ask: _Optional[str] = ..., conversation_history: _Optional[_Iterable[_Union[_struct_pb2.Struct, _Mapping]]] = ..., model: _Optional[str] = ..., stream: _Optional[bool] = ..., enable_tool_approval: _Optional[bool] = ..., tool_decisions: _Optional[_Iterable[_Union[ToolDecision, _Mapping]]] = ..., additional_system_prompt: _Optional[str] = ..., images: _Optional[_Iterable[_Union[Image, _Mapping]]] = ..., response_format: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ..., behavior_controls: _Optional[_Mapping[str, bool]] = ..., frontend_tools: _Optional[_Iterable[_Union[FrontendTool, _Mapping]]] = ..., frontend_tool_results: _Optional[_Iterable[_Union[FrontendToolResult, _Mapping]]] = ..., user_id: _Optional[str] = ..., user_email: _Optional[str] = ..., request_type: _Optional[str] = ..., request_source: _Optional[str] = ..., source_ref: _Optional[str] = ..., conversation_id: _Optional[str] = ..., conversation_source: _Optional[str] = ..., conversation_link: _Optional[str] = ..., meta: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ..., is_internal: _Optional[bool] = ..., trace_span: _Optional[_Union[_struct_pb2.Value, _Mapping]] = ..., investigation_result: _Optional[_Union[InvestigationResult, _Mapping]] = ..., issue_type: _Optional[str] = ...) -> None: ...

class InvestigationResult(_message.Message):
    __slots__ = ("result", "tools")
    RESULT_FIELD_NUMBER: _ClassVar[int]
    TOOLS_FIELD_NUMBER: _ClassVar[int]
    result: str
    tools: _containers.RepeatedCompositeFieldContainer[PastToolCall]
    def __init__(self, result: _Optional[str] = ..., tools: _Optional[_Iterable[_Union[PastToolCall, _Mapping]]] = ...) -> None: ...

class PastToolCall(_message.Message):
    __slots__ = ("name", "description", "output")
    NAME_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_FIELD_NUMBER: _ClassVar[int]
    name: str
    description: str
    output: str
    def __init__(self, name: _Optional[str] = ..., description: _Optional[str] = ..., output: _Optional[str] = ...) -> None: ...

class WorkloadHealthChatRequest(_message.Message):
    __slots__ = ("ask", "conversation_history", "model", "stream", "enable_tool_approval", "tool_decisions", "additional_system_prompt", "images", "response_format", "behavior_controls", "frontend_tools", "frontend_tool_results", "user_id", "user_email", "request_type", "request_source", "source_ref", "conversation_id", "conversation_source", "conversation_link", "meta", "is_internal", "trace_span", "workload_health_result", "resource")
    class BehaviorControlsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: bool
        def __init__(self, key: _Optional[str] = ..., value: _Optional[bool] = ...) -> None: ...
    ASK_FIELD_NUMBER: _ClassVar[int]
    CONVERSATION_HISTORY_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    STREAM_FIELD_NUMBER: _ClassVar[int]
    ENABLE_TOOL_APPROVAL_FIELD_NUMBER: _ClassVar[int]
    TOOL_DECISIONS_FIELD_NUMBER: _ClassVar[int]
    ADDITIONAL_SYSTEM_PROMPT_FIELD_NUMBER: _ClassVar[int]
    IMAGES_FIELD_NUMBER: _ClassVar[int]
    RESPONSE_FORMAT_FIELD_NUMBER: _ClassVar[int]
    BEHAVIOR_CONTROLS_FIELD_NUMBER: _ClassVar[int]
    FRONTEND_TOOLS_FIELD_NUMBER: _ClassVar[int]
    FRONTEND_TOOL_RESULTS_FIELD_NUMBER: _ClassVar[int]
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    USER_EMAIL_FIELD_NUMBER: _ClassVar[int]
    REQUEST_TYPE_FIELD_NUMBER: _ClassVar[int]
    REQUEST_SOURCE_FIELD_NUMBER: _ClassVar[int]
    SOURCE_REF_FIELD_NUMBER: _ClassVar[int]
    CONVERSATION_ID_FIELD_NUMBER: _ClassVar[int]
    CONVERSATION_SOURCE_FIELD_NUMBER: _ClassVar[int]
    CONVERSATION_LINK_FIELD_NUMBER: _ClassVar[int]
    META_FIELD_NUMBER: _ClassVar[int]
    IS_INTERNAL_FIELD_NUMBER: _ClassVar[int]
    TRACE_SPAN_FIELD_NUMBER: _ClassVar[int]
    WORKLOAD_HEALTH_RESULT_FIELD_NUMBER: _ClassVar[int]
    RESOURCE_FIELD_NUMBER: _ClassVar[int]
    ask: str
    conversation_history: _containers.RepeatedCompositeFieldContainer[_struct_pb2.Struct]
    model: str
    stream: bool
    enable_tool_approval: bool
    tool_decisions: _containers.RepeatedCompositeFieldContainer[ToolDecision]
    additional_system_prompt: str
    images: _containers.RepeatedCompositeFieldContainer[Image]
    response_format: _struct_pb2.Struct
    behavior_controls: _containers.ScalarMap[str, bool]
    frontend_tools: _containers.RepeatedCompositeFieldContainer[FrontendTool]
    frontend_tool_results: _containers.RepeatedCompositeFieldContainer[FrontendToolResult]
    user_id: str
    user_email: str
    request_type: str
    request_source: str
    source_ref: str
    conversation_id: str
    conversation_source: str
    conversation_link: str
    meta: _struct_pb2.Struct
    is_internal: bool
    trace_span: _struct_pb2.Value
    workload_health_result: WorkloadHealthResult
    resource: _struct_pb2.Struct
    def __init__(self, ask: _Optional[str] = ..., conversation_history: _Optional[_Iterable[_Union[_struct_pb2.Struct, _Mapping]]] = ..., model: _Optional[str] = ..., stream: _Optional[bool] = ..., enable_tool_approval: _Optional[bool] = ..., tool_decisions: _Optional[_Iterable[_Union[ToolDecision, _Mapping]]] = ..., additional_system_prompt: _Optional[str] = ..., images: _Optional[_Iterable[_Union[Image, _Mapping]]] = ..., response_format: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ..., behavior_controls: _Optional[_Mapping[str, bool]] = ..., frontend_tools: _Optional[_Iterable[_Union[FrontendTool, _Mapping]]] = ..., frontend_tool_results: _Optional[_Iterable[_Union[FrontendToolResult, _Mapping]]] = ..., user_id: _Optional[str] = ..., user_email: _Optional[str] = ..., request_type: _Optional[str] = ..., request_source: _Optional[str] = ..., source_ref: _Optional[str] = ..., conversation_id: _Optional[str] = ..., conversation_source: _Optional[str] = ..., conversation_link: _Optional[str] = ..., meta: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ..., is_internal: _Optional[bool] = ..., trace_span: _Optional[_Union[_struct_pb2.Value, _Mapping]] = ..., workload_health_result: _Optional[_Union[WorkloadHealthResult, _Mapping]] = ..., resource: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ...) -> None: ...

class WorkloadHealthResult(_message.Message):
    __slots__ = ("analysis", "result", "tools")
    ANALYSIS_FIELD_NUMBER: _ClassVar[int]
    RESULT_FIELD_NUMBER: _ClassVar[int]
    TOOLS_FIELD_NUMBER: _ClassVar[int]
    analysis: str
    result: str
    tools: _containers.RepeatedCompositeFieldContainer[PastToolCall]
    def __init__(self, analysis: _Optional[str] = ..., result: _Optional[str] = ..., tools: _Optional[_Iterable[_Union[PastToolCall, _Mapping]]] = ...) -> None: ...

class ToolDecision(_message.Message):
    __slots__ = ("tool_call_id", "approved", "save_prefixes", "feedback", "decision", "verified")
    TOOL_CALL_ID_FIELD_NUMBER: _ClassVar[int]
    APPROVED_FIELD_NUMBER: _ClassVar[int]
    SAVE_PREFIXES_FIELD_NUMBER: _ClassVar[int]
    FEEDBACK_FIELD_NUMBER: _ClassVar[int]
    DECISION_FIELD_NUMBER: _ClassVar[int]
    VERIFIED_FIELD_NUMBER: _ClassVar[int]
    tool_call_id: str
    approved: bool
    save_prefixes: _containers.RepeatedScalarFieldContainer[str]
    feedback: str
    decision: _struct_pb2.Struct
    verified: bool
    def __init__(self, tool_call_id: _Optional[str] = ..., approved: _Optional[bool] = ..., save_prefixes: _Optional[_Iterable[str]] = ..., feedback: _Optional[str] = ..., decision: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ..., verified: _Optional[bool] = ...) -> None: ...

class Image(_message.Message):
    __slots__ = ("url", "object")
    URL_FIELD_NUMBER: _ClassVar[int]
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    url: str
    object: _struct_pb2.Struct
    def __init__(self, url: _Optional[str] = ..., object: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ...) -> None: ...

class FrontendTool(_message.Message):
    __slots__ = ("name", "description", "parameters", "mode", "noop_response")
    NAME_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    PARAMETERS_FIELD_NUMBER: _ClassVar[int]
    MODE_FIELD_NUMBER: _ClassVar[int]
    NOOP_RESPONSE_FIELD_NUMBER: _ClassVar[int]
    name: str
    description: str
    parameters: _struct_pb2.Struct
    mode: str
    noop_response: str
    def __init__(self, name: _Optional[str] = ..., description: _Optional[str] = ..., parameters: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ..., mode: _Optional[str] = ..., noop_response: _Optional[str] = ...) -> None: ...

class FrontendToolResult(_message.Message):
    __slots__ = ("tool_call_id", "tool_name", "result")
    TOOL_CALL_ID_FIELD_NUMBER: _ClassVar[int]
    TOOL_NAME_FIELD_NUMBER: _ClassVar[int]
    RESULT_FIELD_NUMBER: _ClassVar[int]
    tool_call_id: str
    tool_name: str
    result: str
    def __init__(self, tool_call_id: _Optional[str] = ..., tool_name: _Optional[str] = ..., result: _Optional[str] = ...) -> None: ...

class ChatResponse(_message.Message):
    __slots__ = ("analysis", "conversation_history", "tool_calls", "follow_up_actions", "pending_approvals", "metadata")
    ANALYSIS_FIELD_NUMBER: _ClassVar[int]
    CONVERSATION_HISTORY_FIELD_NUMBER: _ClassVar[int]
    TOOL_CALLS_FIELD_NUMBER: _ClassVar[int]
    FOLLOW_UP_ACTIONS_FIELD_NUMBER: _ClassVar[int]
    PENDING_APPROVALS_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    analysis: str
    conversation_history: _containers.RepeatedCompositeFieldContainer[_struct_pb2.Struct]
    tool_calls: _containers.RepeatedCompositeFieldContainer[ToolCallResult]
    follow_up_actions: _containers.RepeatedCompositeFieldContainer[FollowUpAction]
    pending_approvals: _struct_pb2.Value
    metadata: _metadata_pb2.Metadata
    def __init__(self, analysis: _Optional[str] = ..., conversation_history: _Optional[_Iterable[_Union[_struct_pb2.Struct, _Mapping]]] = ..., tool_calls: _Optional[_Iterable[_Union[ToolCallResult, _Mapping]]] = ..., follow_up_actions: _Optional[_Iterable[_Union[FollowUpAction, _Mapping]]] = ..., pending_approvals: _Optional[_Union[_struct_pb2.Value, _Mapping]] = ..., metadata: _Optional[_Union[_metadata_pb2.Metadata, _Mapping]] = ...) -> None: ...

class ToolCallResult(_message.Message):
    __slots__ = ("tool_call_id", "tool_name", "description", "result", "size", "toolset_name")
    TOOL_CALL_ID_FIELD_NUMBER: _ClassVar[int]
    TOOL_NAME_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    RESULT_FIELD_NUMBER: _ClassVar[int]
    SIZE_FIELD_NUMBER: _ClassVar[int]
    TOOLSET_NAME_FIELD_NUMBER: _ClassVar[int]
    tool_call_id: str
    tool_name: str
    description: str
    result: _tool_result_pb2.ToolResult
    size: int
    toolset_name: str
    def __init__(self, tool_call_id: _Optional[str] = ..., tool_name: _Optional[str] = ..., description: _Optional[str] = ..., result: _Optional[_Union[_tool_result_pb2.ToolResult, _Mapping]] = ..., size: _Optional[int] = ..., toolset_name: _Optional[str] = ...) -> None: ...

class FollowUpAction(_message.Message):
    __slots__ = ("id", "action_label", "pre_action_notification_text", "prompt")
    ID_FIELD_NUMBER: _ClassVar[int]
    ACTION_LABEL_FIELD_NUMBER: _ClassVar[int]
    PRE_ACTION_NOTIFICATION_TEXT_FIELD_NUMBER: _ClassVar[int]
    PROMPT_FIELD_NUMBER: _ClassVar[int]
    id: str
    action_label: str
    pre_action_notification_text: str
    prompt: str
    def __init__(self, id: _Optional[str] = ..., action_label: _Optional[str] = ..., pre_action_notification_text: _Optional[str] = ..., prompt: _Optional[str] = ...) -> None: ...
