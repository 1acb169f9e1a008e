from google.protobuf import struct_pb2 as _struct_pb2
from quarterdeck.gen.holmes.v1 import chat_pb2 as _chat_pb2
from quarterdeck.gen.holmes.v1 import investigate_pb2 as _investigate_pb2
from quarterdeck.gen.holmes.v1 import metadata_pb2 as _metadata_pb2
from quarterdeck.gen.holmes.v1 import tool_result_pb2 as _tool_result_pb2
from quarterdeck.gen.quarterdeck.wire.v1 import options_pb2 as _options_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ChatStreamResponse(_message.Message):
    __slots__ = ("start_tool_calling", "tool_calling_result", "ai_message", "token_count", "ai_answer_end", "approval_required", "conversation_history_compaction_start", "conversation_history_compacted", "error")
    START_TOOL_CALLING_FIELD_NUMBER: _ClassVar[int]
    TOOL_CALLING_RESULT_FIELD_NUMBER: _ClassVar[int]
    AI_MESSAGE_FIELD_NUMBER: _ClassVar[int]
    TOKEN_COUNT_FIELD_NUMBER: _ClassVar[int]
    AI_ANSWER_END_FIELD_NUMBER: _ClassVar[int]
    APPROVAL_REQUIRED_FIELD_NUMBER: _ClassVar[int]
    CONVERSATION_HISTORY_COMPACTION_START_FIELD_NUMBER: _ClassVar[int]
    CONVERSATION_HISTORY_COMPACTED_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    start_tool_calling: StartToolCalling
    tool_calling_result: ToolCallingResult
    ai_message: AiMessage
    token_count: TokenCount
    ai_answer_end: AiAnswerEnd
    approval_required: ApprovalRequired
    conversation_history_compaction_start: CompactionStart
    conversation_history_compacted: Compacted
    error: StreamError
    def __init__(self, start_tool_calling: _Optional[_Union[StartToolCalling, _Mapping]] = ..., tool_calling_result: _Optional[_Union[ToolCallingResult, _Mapping]] = ..., ai_message: _Optional[_Union[AiMessage, _Mapping]] = ..., token_count: _Optional[_Union[TokenCount, _Mapping]] = ..., ai_answer_end: _Optional[_Union[AiAnswerEnd, _Mapping]] = ..., approval_required: _Optional[_Union[ApprovalRequired, _Mapping]] = ..., conversation_history_compaction_start: _Optional[_Union[CompactionStart, _Mapping]] = ..., conversation_history_compacted: _Optional[_Union[Compacted, _Mapping]] = ..., error: _Optional[_Union[StreamError, _Mapping]] = ...) -> None: ...

class StreamInvestigateResponse(_message.Message):
    __slots__ = ("start_tool_calling", "tool_calling_result", "ai_message", "token_count", "ai_answer_end", "approval_required", "conversation_history_compaction_start", "conversation_history_compacted", "error")
    START_TOOL_CALLING_FIELD_NUMBER: _ClassVar[int]
    TOOL_CALLING_RESULT_FIELD_NUMBER: _ClassVar[int]
    AI_MESSAGE_FIELD_NUMBER: _ClassVar[int]
    TOKEN_COUNT_FIELD_NUMBER: _ClassVar[int]
    AI_ANSWER_END_FIELD_NUMBER: _ClassVar[int]
    APPROVAL_REQUIRED_FIELD_NUMBER: _ClassVar[int]
    CONVERSATION_HISTORY_COMPACTION_START_FIELD_NUMBER: _ClassVar[int]
    CONVERSATION_HISTORY_COMPACTED_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    start_tool_calling: StartToolCalling
    tool_calling_result: ToolCallingResult
    ai_message: AiMessage
    token_count: TokenCount
    ai_answer_end: InvestigationEnd
    approval_required: ApprovalRequired
    conversation_history_compaction_start: CompactionStart
    conversation_history_compacted: Compacted
    error: StreamError
    def __init__(self, start_tool_calling: _Optional[_Union[StartToolCalling, _Mapping]] = ..., tool_calling_result: _Optional[_Union[ToolCallingResult, _Mapping]] = ..., ai_message: _Optional[_Union[AiMessage, _Mapping]] = ..., token_count: _Optional[_Union[TokenCount, _Mapping]] = ..., ai_answer_end: _Optional[_Union[InvestigationEnd, _Mapping]] = ..., approval_required: _Optional[_Union[ApprovalRequired, _Mapping]] = ..., conversation_history_compaction_start: _Optional[_Union[CompactionStart, _Mapping]] = ..., conversation_history_compacted: _Optional[_Union[Compacted, _Mapping]] = ..., error: _Optional[_Union[StreamError, _Mapping]] = ...) -> None: ...

class StartToolCalling(_message.Message):
    __slots__ = ("tool_name", "id")
    TOOL_NAME_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    tool_name: str
    id: str
    def __init__(self, tool_name: _Optional[str] = ..., id: _Optional[str] = ...) -> None: ...

class ToolCallingResult(_message.Message):
    __slots__ = ("tool_call_id", "tool_name", "name", "description", "role", "result", "toolset_name")
    TOOL_CALL_ID_FIELD_NUMBER: _ClassVar[int]
    TOOL_NAME_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    ROLE_FIELD_NUMBER: _ClassVar[int]
    RESULT_FIELD_NUMBER: _ClassVar[int]
    TOOLSET_NAME_FIELD_NUMBER: _ClassVar[int]
    tool_call_id: str
    tool_name: str
    name: str
    description: str
    role: str
    result: _tool_result_pb2.ToolResult
    toolset_name: str
    def __init__(self, tool_call_id: _Optional[str] = ..., tool_name: _Optional[str] = ..., name: _Optional[str] = ..., description: _Optional[str] = ..., role: _Optional[str] = ..., result: _Optional[_Union[_tool_result_pb2.ToolResult, _Mapping]] = ..., toolset_name: _Optional[str] = ...) -> None: ...

class AiMessage(_message.Message):
    __slots__ = ("content", "reasoning", "metadata")
    CONTENT_FIELD_NUMBER: _ClassVar[int]
    REASONING_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    content: str
    reasoning: _struct_pb2.Value
    metadata: _metadata_pb2.Metadata
    def __init__(self, content: _Optional[str] = ..., reasoning: _Optional[_Union[_struct_pb2.Value, _Mapping]] = ..., metadata: _Optional[_Union[_metadata_pb2.Metadata, _Mapping]] = ...) -> None: ...

class TokenCount(_message.Message):
    __slots__ = ("metadata",)
    METADATA_FIELD_NUMBER: _ClassVar[int]
    metadata: _metadata_pb2.Metadata
    def __init__(self, metadata: _Optional[_Union[_metadata_pb2.Metadata, _Mapping]] = ...) -> None: ...

class AiAnswerEnd(_message.Message):
    __slots__ = ("analysis", "conversation_history", "follow_up_actions", "metadata")
    ANALYSIS_FIELD_NUMBER: _ClassVar[int]
    CONVERSATION_HISTORY_FIELD_NUMBER: _ClassVar[int]
    FOLLOW_UP_ACTIONS_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    analysis: str
    conversation_history: _containers.RepeatedCompositeFieldContainer[_struct_pb2.Struct]
    follow_up_actions: _containers.RepeatedCompositeFieldContainer[_chat_pb2.FollowUpAction]
    metadata: _metadata_pb2.Metadata
    def __init__(self, analysis: _Optional[str] = ..., conversation_history: _Optional[_Iterable[_Union[_struct_pb2.Struct, _Mapping]]] = ..., follow_up_actions: _Optional[_Iterable[_Union[_chat_pb2.FollowUpAction, _Mapping]]] = ..., metadata: _Optional[_Union[_metadata_pb2.Metadata, _Mapping]] = ...) -> None: ...

class InvestigationEnd(_message.Message):
    __slots__ = ("sections", "analysis", "instructions", "metadata")
    SECTIONS_FIELD_NUMBER: _ClassVar[int]
    ANALYSIS_FIELD_NUMBER: _ClassVar[int]
    INSTRUCTIONS_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    sections: _investigate_pb2.Sections
    analysis: str
    instructions: _containers.RepeatedScalarFieldContainer[str]
    metadata: _metadata_pb2.Metadata
    def __init__(self, sections: _Optional[_Union[_investigate_pb2.Sections, _Mapping]] = ..., analysis: _Optional[str] = ..., instructions: _Optional[_Iterable[str]] = ..., metadata: _Optional[_Union[_metadata_pb2.Metadata, _Mapping]] = ...) -> None: ...

class ApprovalRequired(_message.Message):
    __slots__ = ("content", "analysis", "conversation_history", "follow_up_actions", "requires_approval", "pending_approvals", "pending_frontend_tool_calls")
    CONTENT_FIELD_NUMBER: _ClassVar[int]
    ANALYSIS_FIELD_NUMBER: _ClassVar[int]
    CONVERSATION_HISTORY_FIELD_NUMBER: _ClassVar[int]
    FOLLOW_UP_ACTIONS_FIELD_NUMBER: _ClassVar[int]
    REQUIRES_APPROVAL_FIELD_NUMBER: _ClassVar[int]
    PENDING_APPROVALS_FIELD_NUMBER: _ClassVar[int]
    PENDING_FRONTEND_TOOL_CALLS_FIELD_NUMBER: _ClassVar[int]
    content: str
    analysis: str
    conversation_history: _containers.RepeatedCompositeFieldContainer[_struct_pb2.Struct]
    follow_up_actions: _containers.RepeatedCompositeFieldContainer[_chat_pb2.FollowUpAction]
    requires_approval: bool
    pending_approvals: _containers.RepeatedCompositeFieldContainer[PendingApproval]
    pending_frontend_tool_calls: _containers.RepeatedCompositeFieldContainer[PendingFrontendToolCall]
    def __init__(self, content: _Optional[str] = ..., analysis: _Optional[str] = ..., conversation_history: _Optional[_Iterable[_Union[_struct_pb2.Struct, _Mapping]]] = ..., follow_up_actions: _Optional[_Iterable[_Union[_chat_pb2.FollowUpAction, _Mapping]]] = ..., requires_approval: _Optional[bool] = ..., pending_approvals: _Optional[_Iterable[_Union[PendingApproval, _Mapping]]] = ..., pending_frontend_tool_calls: _Optional[_Iterable[_Union[PendingFrontendToolCall, _Mapping]]] = ...) -> None: ...

class PendingApproval(_message.Message):
    __slots__ = ("tool_call_id", "tool_name", "description", "params")
    TOOL_CALL_ID_FIELD_NUMBER: _ClassVar[int]
    TOOL_NAME_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    PARAMS_FIELD_NUMBER: _ClassVar[int]
    tool_call_id: str
    tool_name: str
    description: str
    params: _struct_pb2.Struct
    def __init__(self, tool_call_id: _Optional[str] = ..., tool_name: _Optional[str] = ..., description: _Optional[str] = ..., params: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ...) -> None: ...

class PendingFrontendToolCall(_message.Message):
    __slots__ = ("tool_call_id", "tool_name", "arguments")
    TOOL_CALL_ID_FIELD_NUMBER: _ClassVar[int]
    TOOL_NAME_FIELD_NUMBER: _ClassVar[int]
    ARGUMENTS_FIELD_NUMBER: _ClassVar[int]
    tool_call_id: str
    tool_name: str
    arguments: _struct_pb2.Struct
    def __init__(self, tool_call_id: _Optional[str] = ..., tool_name: _Optional[str] = ..., arguments: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ...) -> None: ...

class CompactionStart(_message.Message):
    __slots__ = ("content", "metadata")
    CONTENT_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    content: str
    metadata: CompactionStartMetadata
    def __init__(self, content: _Optional[str] = ..., metadata: _Optional[_Union[CompactionStartMetadata, _Mapping]] = ...) -> None: ...

class CompactionStartMetadata(_message.Message):
    __slots__ = ("initial_tokens", "num_messages", "max_context_size", "threshold_pct")
    INITIAL_TOKENS_FIELD_NUMBER: _ClassVar[int]
    NUM_MESSAGES_FIELD_NUMBER: _ClassVar[int]
    MAX_CONTEXT_SIZE_FIELD_NUMBER: _ClassVar[int]
    THRESHOLD_PCT_FIELD_NUMBER: _ClassVar[int]
    initial_tokens: int
    num_messages: int
    max_context_size: int
    threshold_pct: int
    def __init__(self, initial_tokens: _Optional[int] = ..., num_messages: _Optional[int] = ..., max_context_size: _Optional[int] = ..., threshold_pct: _Optional[int] = ...) -> None: ...

class Compacted(_message.Message):
    __slots__ = ("content", "messages", "compaction_summary", "metadata")
    CONTENT_FIELD_NUMBER: _ClassVar[int]
    MESSAGES_FIELD_NUMBER: _ClassVar[int]
    COMPACTION_SUMMARY_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    content: str
    messages: _containers.RepeatedCompositeFieldContainer[_struct_pb2.Struct]
    compaction_summary: str
    metadata: CompactedMetadata
    def __init__(self, content: _Optional[str] = ..., messages: _Optional[_Iterable[_Union[_struct_pb2.Struct, _Mapping]]] = ..., compaction_summary: _Optional[str] = ..., metadata: _Optional[_Union[CompactedMetadata, _Mapping]] = ...) -> None: ...

class CompactedMetadata(_message.Message):
    __slots__ = ("initial_tokens", "compacted_tokens", "compression_ratio_pct", "num_messages_before", "num_messages_after", "max_context_size", "threshold_pct", "fallback_used", "summarization_requests", "fallback_reason", "compaction_cost")
    INITIAL_TOKENS_FIELD_NUMBER: _ClassVar[int]
    COMPACTED_TOKENS_FIELD_NUMBER: _ClassVar[int]
    COMPRESSION_RATIO_PCT_FIELD_NUMBER: _ClassVar[int]
    NUM_MESSAGES_BEFORE_FIELD_NUMBER: _ClassVar[int]
    NUM_MESSAGES_AFTER_FIELD_NUMBER: _ClassVar[int]
    MAX_CONTEXT_SIZE_FIELD_NUMBER: _ClassVar[int]
    THRESHOLD_PCT_FIELD_NUMBER: _ClassVar[int]
    FALLBACK_USED_FIELD_NUMBER: _ClassVar[int]
    SUMMARIZATION_REQUESTS_FIELD_NUMBER: _ClassVar[int]
    FALLBACK_REASON_FIELD_NUMBER: _ClassVar[int]
    COMPACTION_COST_FIELD_NUMBER: _ClassVar[int]
    initial_tokens: int
    compacted_tokens: int
    compression_ratio_pct: float
    num_messages_before: int
    num_messages_after: int
    max_context_size: int
    threshold_pct: int
    fallback_used: bool
    summarization_requests: int
    fallback_reason: str
    compaction_cost: CompactionCost
    def __init__(self, initial_tokens: _Optional[int] = ..., compacted_tokens: _Optional[int] = ..., compression_ratio_pct: _Optional[float] = ..., num_messages_before: _Optional[int] = ..., num_messages_after: _Optional[int] = ..., max_context_size: _Optional[int] = ..., threshold_pct: _Optional[int] = ..., fallback_used: _Optional[bool] = ..., summarization_requests: _Optional[int] = ..., fallback_reason: _Optional[str] = ..., compaction_cost: _Optional[_Union[CompactionCost, _Mapping]] = ...) -> None: ...

class CompactionCost(_message.Message):
    __slots__ = ("total_cost", "prompt_tokens", "completion_tokens", "total_tokens", "cached_tokens", "cache_creation_tokens")
    TOTAL_COST_FIELD_NUMBER: _ClassVar[int]
    PROMPT_TOKENS_FIELD_NUMBER: _ClassVar[int]
    COMPLETION_TOKENS_FIELD_NUMBER: _ClassVar[int]
    TOTAL_TOKENS_FIELD_NUMBER: _ClassVar[int]
    CACHED_TOKENS_FIELD_NUMBER: _ClassVar[int]
    CACHE_CREATION_TOKENS_FIELD_NUMBER: _ClassVar[int]
    total_cost: float
    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    cached_tokens: int
    cache_creation_tokens: int
    def __init__(self, total_cost: _Optional[float] = ..., prompt_tokens: _Optional[int] = ..., completion_tokens: _Optional[int] = ..., total_tokens: _Optional[int] = ..., cached_tokens: _Optional[int] = ..., cache_creation_tokens: _Optional[int] = ...) -> None: ...

class StreamError(_message.Message):
    __slots__ = ("description", "error_code", "msg", "success")
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    ERROR_CODE_FIELD_NUMBER: _ClassVar[int]
    MSG_FIELD_NUMBER: _ClassVar[int]
    SUCCESS_FIELD_NUMBER: _ClassVar[int]
    description: str
    error_code: int
    msg: str
    success: bool
    def __init__(self, description: _Optional[str] = ..., error_code: _Optional[int] = ..., msg: _Optional[str] = ..., success: _Optional[bool] = ...) -> None: ...
