import datetime

from quarterdeck.gen.assistant.v1 import tool_pb2 as _tool_pb2
from google.protobuf import struct_pb2 as _struct_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class RunState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    RUN_STATE_UNSPECIFIED: _ClassVar[RunState]
    RUN_STATE_SUBMITTED: _ClassVar[RunState]
    RUN_STATE_WORKING: _ClassVar[RunState]
    RUN_STATE_INPUT_REQUIRED: _ClassVar[RunState]
    RUN_STATE_COMPLETED: _ClassVar[RunState]
    RUN_STATE_FAILED: _ClassVar[RunState]
    RUN_STATE_INTERRUPTED: _ClassVar[RunState]
    RUN_STATE_CANCELED: _ClassVar[RunState]

class Failure(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    FAILURE_UNSPECIFIED: _ClassVar[Failure]
    FAILURE_RATE_LIMITED: _ClassVar[Failure]
    FAILURE_UNAUTHENTICATED: _ClassVar[Failure]
    FAILURE_CONTEXT_TOO_LONG: _ClassVar[Failure]
    FAILURE_TOO_MANY_STEPS: _ClassVar[Failure]
    FAILURE_BAD_REQUEST: _ClassVar[Failure]
RUN_STATE_UNSPECIFIED: RunState
RUN_STATE_SUBMITTED: RunState
RUN_STATE_WORKING: RunState
RUN_STATE_INPUT_REQUIRED: RunState
RUN_STATE_COMPLETED: RunState
RUN_STATE_FAILED: RunState
RUN_STATE_INTERRUPTED: RunState
RUN_STATE_CANCELED: RunState
FAILURE_UNSPECIFIED: Failure
FAILURE_RATE_LIMITED: Failure
FAILURE_UNAUTHENTICATED: Failure
FAILURE_CONTEXT_TOO_LONG: Failure
FAILURE_TOO_MANY_STEPS: Failure
FAILURE_BAD_REQUEST: Failure

class Run(_message.Message):
    __slots__ = ("id", "chat_id", "state", "prompt", "model", "engine", "caller", "created_at", "finished_at", "answer", "references", "costs", "error", "pending_approvals")
    ID_FIELD_NUMBER: _ClassVar[int]
    CHAT_ID_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    PROMPT_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    ENGINE_FIELD_NUMBER: _ClassVar[int]
    CALLER_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    FINISHED_AT_FIELD_NUMBER: _ClassVar[int]
    ANSWER_FIELD_NUMBER: _ClassVar[int]
    REFERENCES_FIELD_NUMBER: _ClassVar[int]
    COSTS_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    PENDING_APPROVALS_FIELD_NUMBER: _ClassVar[int]
    id: str
    chat_id: str
    state: RunState
    prompt: str
    model: str
    engine: str
    caller: str
    created_at: _timestamp_pb2.Timestamp
    finished_at: _timestamp_pb2.Timestamp
    answer: str
    references: _containers.RepeatedCompositeFieldContainer[_tool_pb2.Reference]
    costs: Costs
    error: str
    pending_approvals: _containers.RepeatedCompositeFieldContainer[PendingApproval]
    def __init__(self, id: _Optional[str] = ..., chat_id: _Optional[str] = ..., state: _Optional[_Union[RunState, str]] = ..., prompt: _Optional[str] = ..., model: _Optional[str] = ..., engine: _Optional[str] = ..., caller: _Optional[str] = ..., created_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., finished_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., answer: _Optional[str] = ..., references: _Optional[_Iterable[_Union[_tool_pb2.Reference, _Mapping]]] = ..., costs: _Optional[_Union[Costs, _Mapping]] = ..., error: _Optional[str] = ..., pending_approvals: _Optional[_Iterable[_Union[PendingApproval, _Mapping]]] = ...) -> None: ...

class PendingApproval(_message.Message):
    __slots__ = ("tool_call_id", "tool_name", "description", "arguments", "role", "asked_at")
    TOOL_CALL_ID_FIELD_NUMBER: _ClassVar[int]
    TOOL_NAME_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    ARGUMENTS_FIELD_NUMBER: _ClassVar[int]
    ROLE_FIELD_NUMBER: _ClassVar[int]
    ASKED_AT_FIELD_NUMBER: _ClassVar[int]
    tool_call_id: str
    tool_name: str
    description: str
    arguments: _struct_pb2.Struct
    role: str
    asked_at: _timestamp_pb2.Timestamp
    def __init__(self, tool_call_id: _Optional[str] = ..., tool_name: _Optional[str] = ..., description: _Optional[str] = ..., arguments: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ..., role: _Optional[str] = ..., asked_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class RunEvent(_message.Message):
    __slots__ = ("sequence", "chat_id", "run_id", "at", "started", "answer_begun", "text_delta", "thinking_delta", "step_finished", "tool_call_started", "tool_call_finished", "approval_asked", "approval_decided", "remote_tool_requested", "compaction_started", "compacted", "paused", "resumed", "completed", "failed", "interrupted", "canceled")
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    CHAT_ID_FIELD_NUMBER: _ClassVar[int]
    RUN_ID_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    STARTED_FIELD_NUMBER: _ClassVar[int]
    ANSWER_BEGUN_FIELD_NUMBER: _ClassVar[int]
    TEXT_DELTA_FIELD_NUMBER: _ClassVar[int]
    THINKING_DELTA_FIELD_NUMBER: _ClassVar[int]
    STEP_FINISHED_FIELD_NUMBER: _ClassVar[int]
    TOOL_CALL_STARTED_FIELD_NUMBER: _ClassVar[int]
    TOOL_CALL_FINISHED_FIELD_NUMBER: _ClassVar[int]
    APPROVAL_ASKED_FIELD_NUMBER: _ClassVar[int]
    APPROVAL_DECIDED_FIELD_NUMBER: _ClassVar[int]
    REMOTE_TOOL_REQUESTED_FIELD_NUMBER: _ClassVar[int]
    COMPACTION_STARTED_FIELD_NUMBER: _ClassVar[int]
    COMPACTED_FIELD_NUMBER: _ClassVar[int]
    PAUSED_FIELD_NUMBER: _ClassVar[int]
    RESUMED_FIELD_NUMBER: _ClassVar[int]
    COMPLETED_FIELD_NUMBER: _ClassVar[int]
    FAILED_FIELD_NUMBER: _ClassVar[int]
    INTERRUPTED_FIELD_NUMBER: _ClassVar[int]
    CANCELED_FIELD_NUMBER: _ClassVar[int]
    sequence: int
    chat_id: str
    run_id: str
    at: _timestamp_pb2.Timestamp
    started: RunStarted
    answer_begun: AnswerBegun
    text_delta: TextDelta
    thinking_delta: TextDelta
    step_finished: StepFinished
    tool_call_started: ToolCallStarted
    tool_call_finished: ToolCallFinished
    approval_asked: ApprovalAsked
    approval_decided: ApprovalDecided
    remote_tool_requested: RemoteToolRequested
    compaction_started: CompactionStarted
    compacted: Compacted
    paused: RunPaused
    resumed: RunResumed
    completed: RunCompleted
    failed: RunFailed
    interrupted: RunInterrupted
    canceled: RunCanceled
    def __init__(self, sequence: _Optional[int] = ..., chat_id: _Optional[str] = ..., run_id: _Optional[str] = ..., at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., started: _Optional[_Union[RunStarted, _Mapping]] = ..., answer_begun: _Optional[_Union[AnswerBegun, _Mapping]] = ..., text_delta: _Optional[_Union[TextDelta, _Mapping]] = ..., thinking_delta: _Optional[_Union[TextDelta, _Mapping]] = ..., step_finished: _Optional[_Union[StepFinished, _Mapping]] = ..., tool_call_started: _Optional[_Union[ToolCallStarted, _Mapping]] = ..., tool_call_finished: _Optional[_Union[ToolCallFinished, _Mapping]] = ..., approval_asked: _Optional[_Union[ApprovalAsked, _Mapping]] = ..., approval_decided: _Optional[_Union[ApprovalDecided, _Mapping]] = ..., remote_tool_requested: _Optional[_Union[RemoteToolRequested, _Mapping]] = ..., compaction_started: _Optional[_Union[CompactionStarted, _Mapping]] = ..., compacted: _Optional[_Union[Compacted, _Mapping]] = ..., paused: _Optional[_Union[RunPaused, _Mapping]] = ..., resumed: _Optional[_Union[RunResumed, _Mapping]] = ..., completed: _Optional[_Union[RunCompleted, _Mapping]] = ..., failed: _Optional[_Union[RunFailed, _Mapping]] = ..., interrupted: _Optional[_Union[RunInterrupted, _Mapping]] = ..., canceled: _Optional[_Union[RunCanceled, _Mapping]] = ...) -> None: ...

class RunStarted(_message.Message):
    __slots__ = ("prompt", "model", "engine", "message_id", "answer_message_id", "agent_id", "caller")
    PROMPT_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    ENGINE_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_ID_FIELD_NUMBER: _ClassVar[int]
    ANSWER_MESSAGE_ID_FIELD_NUMBER: _ClassVar[int]
    AGENT_ID_FIELD_NUMBER: _ClassVar[int]
    CALLER_FIELD_NUMBER: _ClassVar[int]
    prompt: str
    model: str
    engine: str
    message_id: str
    answer_message_id: str
    agent_id: str
    caller: str
    def __init__(self, prompt: _Optional[str] = ..., model: _Optional[str] = ..., engine: _Optional[str] = ..., message_id: _Optional[str] = ..., answer_message_id: _Optional[str] = ..., agent_id: _Optional[str] = ..., caller: _Optional[str] = ...) -> None: ...

class AnswerBegun(_message.Message):
    __slots__ = ("step", "figures")
    STEP_FIELD_NUMBER: _ClassVar[int]
    FIGURES_FIELD_NUMBER: _ClassVar[int]
    step: int
    figures: Figures
    def __init__(self, step: _Optional[int] = ..., figures: _Optional[_Union[Figures, _Mapping]] = ...) -> None: ...

class TextDelta(_message.Message):
    __slots__ = ("step", "text")
    STEP_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    step: int
    text: str
    def __init__(self, step: _Optional[int] = ..., text: _Optional[str] = ...) -> None: ...

class StepFinished(_message.Message):
    __slots__ = ("step", "text", "thinking", "tool_calls", "figures", "finish_reason", "answered_by")
    STEP_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    THINKING_FIELD_NUMBER: _ClassVar[int]
    TOOL_CALLS_FIELD_NUMBER: _ClassVar[int]
    FIGURES_FIELD_NUMBER: _ClassVar[int]
    FINISH_REASON_FIELD_NUMBER: _ClassVar[int]
    ANSWERED_BY_FIELD_NUMBER: _ClassVar[int]
    step: int
    text: str
    thinking: str
    tool_calls: _containers.RepeatedCompositeFieldContainer[ToolCall]
    figures: Figures
    finish_reason: str
    answered_by: str
    def __init__(self, step: _Optional[int] = ..., text: _Optional[str] = ..., thinking: _Optional[str] = ..., tool_calls: _Optional[_Iterable[_Union[ToolCall, _Mapping]]] = ..., figures: _Optional[_Union[Figures, _Mapping]] = ..., finish_reason: _Optional[str] = ..., answered_by: _Optional[str] = ...) -> None: ...

class ToolCall(_message.Message):
    __slots__ = ("id", "name", "arguments")
    ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    ARGUMENTS_FIELD_NUMBER: _ClassVar[int]
    id: str
    name: str
    arguments: str
    def __init__(self, id: _Optional[str] = ..., name: _Optional[str] = ..., arguments: _Optional[str] = ...) -> None: ...

class ToolCallStarted(_message.Message):
    __slots__ = ("tool_call_id", "tool_name", "toolset", "description", "arguments", "writes")
    TOOL_CALL_ID_FIELD_NUMBER: _ClassVar[int]
    TOOL_NAME_FIELD_NUMBER: _ClassVar[int]
    TOOLSET_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    ARGUMENTS_FIELD_NUMBER: _ClassVar[int]
    WRITES_FIELD_NUMBER: _ClassVar[int]
    tool_call_id: str
    tool_name: str
    toolset: str
    description: str
    arguments: _struct_pb2.Struct
    writes: bool
    def __init__(self, tool_call_id: _Optional[str] = ..., tool_name: _Optional[str] = ..., toolset: _Optional[str] = ..., description: _Optional[str] = ..., arguments: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ..., writes: _Optional[bool] = ...) -> None: ...

class ToolCallFinished(_message.Message):
    __slots__ = ("tool_call_id", "tool_name", "toolset", "description", "result", "content", "truncation", "step")
    TOOL_CALL_ID_FIELD_NUMBER: _ClassVar[int]
    TOOL_NAME_FIELD_NUMBER: _ClassVar[int]
    TOOLSET_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    RESULT_FIELD_NUMBER: _ClassVar[int]
    CONTENT_FIELD_NUMBER: _ClassVar[int]
    TRUNCATION_FIELD_NUMBER: _ClassVar[int]
    STEP_FIELD_NUMBER: _ClassVar[int]
    tool_call_id: str
    tool_name: str
    toolset: str
    description: str
    result: _tool_pb2.ToolResult
    content: str
    truncation: _tool_pb2.Truncation
    step: int
    def __init__(self, tool_call_id: _Optional[str] = ..., tool_name: _Optional[str] = ..., toolset: _Optional[str] = ..., description: _Optional[str] = ..., result: _Optional[_Union[_tool_pb2.ToolResult, _Mapping]] = ..., content: _Optional[str] = ..., truncation: _Optional[_Union[_tool_pb2.Truncation, _Mapping]] = ..., step: _Optional[int] = ...) -> None: ...

class ApprovalAsked(_message.Message):
    __slots__ = ("approval",)
    APPROVAL_FIELD_NUMBER: _ClassVar[int]
    approval: PendingApproval
    def __init__(self, approval: _Optional[_Union[PendingApproval, _Mapping]] = ...) -> None: ...

class ApprovalDecided(_message.Message):
    __slots__ = ("tool_call_id", "tool_name", "approved", "decided_by", "feedback", "arguments")
    TOOL_CALL_ID_FIELD_NUMBER: _ClassVar[int]
    TOOL_NAME_FIELD_NUMBER: _ClassVar[int]
    APPROVED_FIELD_NUMBER: _ClassVar[int]
    DECIDED_BY_FIELD_NUMBER: _ClassVar[int]
    FEEDBACK_FIELD_NUMBER: _ClassVar[int]
    ARGUMENTS_FIELD_NUMBER: _ClassVar[int]
    tool_call_id: str
    tool_name: str
    approved: bool
    decided_by: str
    feedback: str
    arguments: _struct_pb2.Struct
    def __init__(self, tool_call_id: _Optional[str] = ..., tool_name: _Optional[str] = ..., approved: _Optional[bool] = ..., decided_by: _Optional[str] = ..., feedback: _Optional[str] = ..., arguments: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ...) -> None: ...

class RemoteToolRequested(_message.Message):
    __slots__ = ("request_id", "tool_name", "arguments", "timeout_ms")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    TOOL_NAME_FIELD_NUMBER: _ClassVar[int]
    ARGUMENTS_FIELD_NUMBER: _ClassVar[int]
    TIMEOUT_MS_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    tool_name: str
    arguments: _struct_pb2.Struct
    timeout_ms: int
    def __init__(self, request_id: _Optional[str] = ..., tool_name: _Optional[str] = ..., arguments: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ..., timeout_ms: _Optional[int] = ...) -> None: ...

class CompactionStarted(_message.Message):
    __slots__ = ("tokens", "context_window", "threshold_percent")
    TOKENS_FIELD_NUMBER: _ClassVar[int]
    CONTEXT_WINDOW_FIELD_NUMBER: _ClassVar[int]
    THRESHOLD_PERCENT_FIELD_NUMBER: _ClassVar[int]
    tokens: int
    context_window: int
    threshold_percent: int
    def __init__(self, tokens: _Optional[int] = ..., context_window: _Optional[int] = ..., threshold_percent: _Optional[int] = ...) -> None: ...

class Compacted(_message.Message):
    __slots__ = ("notice", "messages", "initial_tokens", "compacted_tokens", "messages_before", "messages_after", "context_window", "threshold_percent", "summary", "fallback_used", "fallback_reason", "costs", "figures")
    NOTICE_FIELD_NUMBER: _ClassVar[int]
    MESSAGES_FIELD_NUMBER: _ClassVar[int]
    INITIAL_TOKENS_FIELD_NUMBER: _ClassVar[int]
    COMPACTED_TOKENS_FIELD_NUMBER: _ClassVar[int]
    MESSAGES_BEFORE_FIELD_NUMBER: _ClassVar[int]
    MESSAGES_AFTER_FIELD_NUMBER: _ClassVar[int]
    CONTEXT_WINDOW_FIELD_NUMBER: _ClassVar[int]
    THRESHOLD_PERCENT_FIELD_NUMBER: _ClassVar[int]
    SUMMARY_FIELD_NUMBER: _ClassVar[int]
    FALLBACK_USED_FIELD_NUMBER: _ClassVar[int]
    FALLBACK_REASON_FIELD_NUMBER: _ClassVar[int]
    COSTS_FIELD_NUMBER: _ClassVar[int]
    FIGURES_FIELD_NUMBER: _ClassVar[int]
    notice: str
    messages: _containers.RepeatedCompositeFieldContainer[_struct_pb2.Struct]
    initial_tokens: int
    compacted_tokens: int
    messages_before: int
    messages_after: int
    context_window: int
    threshold_percent: int
    summary: str
    fallback_used: bool
    fallback_reason: str
    costs: Costs
    figures: Figures
    def __init__(self, notice: _Optional[str] = ..., messages: _Optional[_Iterable[_Union[_struct_pb2.Struct, _Mapping]]] = ..., initial_tokens: _Optional[int] = ..., compacted_tokens: _Optional[int] = ..., messages_before: _Optional[int] = ..., messages_after: _Optional[int] = ..., context_window: _Optional[int] = ..., threshold_percent: _Optional[int] = ..., summary: _Optional[str] = ..., fallback_used: _Optional[bool] = ..., fallback_reason: _Optional[str] = ..., costs: _Optional[_Union[Costs, _Mapping]] = ..., figures: _Optional[_Union[Figures, _Mapping]] = ...) -> None: ...

class RunPaused(_message.Message):
    __slots__ = ("approvals", "frontend_calls", "figures")
    APPROVALS_FIELD_NUMBER: _ClassVar[int]
    FRONTEND_CALLS_FIELD_NUMBER: _ClassVar[int]
    FIGURES_FIELD_NUMBER: _ClassVar[int]
    approvals: _containers.RepeatedCompositeFieldContainer[PendingApproval]
    frontend_calls: _containers.RepeatedCompositeFieldContainer[ToolCall]
    figures: Figures
    def __init__(self, approvals: _Optional[_Iterable[_Union[PendingApproval, _Mapping]]] = ..., frontend_calls: _Optional[_Iterable[_Union[ToolCall, _Mapping]]] = ..., figures: _Optional[_Union[Figures, _Mapping]] = ...) -> None: ...

class RunResumed(_message.Message):
    __slots__ = ("attempt", "void_step")
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    VOID_STEP_FIELD_NUMBER: _ClassVar[int]
    attempt: int
    void_step: int
    def __init__(self, attempt: _Optional[int] = ..., void_step: _Optional[int] = ...) -> None: ...

class RunCompleted(_message.Message):
    __slots__ = ("answer", "references", "figures", "finish_reason", "runbooks")
    ANSWER_FIELD_NUMBER: _ClassVar[int]
    REFERENCES_FIELD_NUMBER: _ClassVar[int]
    FIGURES_FIELD_NUMBER: _ClassVar[int]
    FINISH_REASON_FIELD_NUMBER: _ClassVar[int]
    RUNBOOKS_FIELD_NUMBER: _ClassVar[int]
    answer: str
    references: _containers.RepeatedCompositeFieldContainer[_tool_pb2.Reference]
    figures: Figures
    finish_reason: str
    runbooks: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, answer: _Optional[str] = ..., references: _Optional[_Iterable[_Union[_tool_pb2.Reference, _Mapping]]] = ..., figures: _Optional[_Union[Figures, _Mapping]] = ..., finish_reason: _Optional[str] = ..., runbooks: _Optional[_Iterable[str]] = ...) -> None: ...

class RunFailed(_message.Message):
    __slots__ = ("failure", "message", "figures")
    FAILURE_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    FIGURES_FIELD_NUMBER: _ClassVar[int]
    failure: Failure
    message: str
    figures: Figures
    def __init__(self, failure: _Optional[_Union[Failure, str]] = ..., message: _Optional[str] = ..., figures: _Optional[_Union[Figures, _Mapping]] = ...) -> None: ...

class RunInterrupted(_message.Message):
    __slots__ = ("attempts", "message")
    ATTEMPTS_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    attempts: int
    message: str
    def __init__(self, attempts: _Optional[int] = ..., message: _Optional[str] = ...) -> None: ...

class RunCanceled(_message.Message):
    __slots__ = ("canceled_by",)
    CANCELED_BY_FIELD_NUMBER: _ClassVar[int]
    canceled_by: str
    def __init__(self, canceled_by: _Optional[str] = ...) -> None: ...

class Figures(_message.Message):
    __slots__ = ("usage", "tokens", "max_tokens", "max_output_tokens", "costs", "truncations")
    USAGE_FIELD_NUMBER: _ClassVar[int]
    TOKENS_FIELD_NUMBER: _ClassVar[int]
    MAX_TOKENS_FIELD_NUMBER: _ClassVar[int]
    MAX_OUTPUT_TOKENS_FIELD_NUMBER: _ClassVar[int]
    COSTS_FIELD_NUMBER: _ClassVar[int]
    TRUNCATIONS_FIELD_NUMBER: _ClassVar[int]
    usage: Usage
    tokens: TokenCounts
    max_tokens: int
    max_output_tokens: int
    costs: Costs
    truncations: _containers.RepeatedCompositeFieldContainer[_tool_pb2.Truncation]
    def __init__(self, usage: _Optional[_Union[Usage, _Mapping]] = ..., tokens: _Optional[_Union[TokenCounts, _Mapping]] = ..., max_tokens: _Optional[int] = ..., max_output_tokens: _Optional[int] = ..., costs: _Optional[_Union[Costs, _Mapping]] = ..., truncations: _Optional[_Iterable[_Union[_tool_pb2.Truncation, _Mapping]]] = ...) -> None: ...

class Usage(_message.Message):
    __slots__ = ("prompt_tokens", "completion_tokens", "cached_tokens", "reasoning_tokens", "cache_creation_tokens")
    PROMPT_TOKENS_FIELD_NUMBER: _ClassVar[int]
    COMPLETION_TOKENS_FIELD_NUMBER: _ClassVar[int]
    CACHED_TOKENS_FIELD_NUMBER: _ClassVar[int]
    REASONING_TOKENS_FIELD_NUMBER: _ClassVar[int]
    CACHE_CREATION_TOKENS_FIELD_NUMBER: _ClassVar[int]
    prompt_tokens: int
    completion_tokens: int
    cached_tokens: int
    reasoning_tokens: int
    cache_creation_tokens: int
    def __init__(self, prompt_tokens: _Optional[int] = ..., completion_tokens: _Optional[int] = ..., cached_tokens: _Optional[int] = ..., reasoning_tokens: _Optional[int] = ..., cache_creation_tokens: _Optional[int] = ...) -> None: ...

class TokenCounts(_message.Message):
    __slots__ = ("total_tokens", "tools_tokens", "system_tokens", "user_tokens", "tools_to_call_tokens", "assistant_tokens", "other_tokens")
    TOTAL_TOKENS_FIELD_NUMBER: _ClassVar[int]
    TOOLS_TOKENS_FIELD_NUMBER: _ClassVar[int]
    SYSTEM_TOKENS_FIELD_NUMBER: _ClassVar[int]
    USER_TOKENS_FIELD_NUMBER: _ClassVar[int]
    TOOLS_TO_CALL_TOKENS_FIELD_NUMBER: _ClassVar[int]
    ASSISTANT_TOKENS_FIELD_NUMBER: _ClassVar[int]
    OTHER_TOKENS_FIELD_NUMBER: _ClassVar[int]
    total_tokens: int
    tools_tokens: int
    system_tokens: int
    user_tokens: int
    tools_to_call_tokens: int
    assistant_tokens: int
    other_tokens: int
    def __init__(self, total_tokens: _Optional[int] = ..., tools_tokens: _Optional[int] = ..., system_tokens: _Optional[int] = ..., user_tokens: _Optional[int] = ..., tools_to_call_tokens: _Optional[int] = ..., assistant_tokens: _Optional[int] = ..., other_tokens: _Optional[int] = ...) -> None: ...

class Costs(_message.Message):
    __slots__ = ("total_cost", "total_tokens", "prompt_tokens", "completion_tokens", "cached_tokens", "reasoning_tokens", "cache_creation_tokens", "max_completion_tokens_per_call", "max_prompt_tokens_per_call", "num_compactions")
    TOTAL_COST_FIELD_NUMBER: _ClassVar[int]
    TOTAL_TOKENS_FIELD_NUMBER: _ClassVar[int]
    PROMPT_TOKENS_FIELD_NUMBER: _ClassVar[int]
    COMPLETION_TOKENS_FIELD_NUMBER: _ClassVar[int]
    CACHED_TOKENS_FIELD_NUMBER: _ClassVar[int]
    REASONING_TOKENS_FIELD_NUMBER: _ClassVar[int]
    CACHE_CREATION_TOKENS_FIELD_NUMBER: _ClassVar[int]
    MAX_COMPLETION_TOKENS_PER_CALL_FIELD_NUMBER: _ClassVar[int]
    MAX_PROMPT_TOKENS_PER_CALL_FIELD_NUMBER: _ClassVar[int]
    NUM_COMPACTIONS_FIELD_NUMBER: _ClassVar[int]
    total_cost: float
    total_tokens: int
    prompt_tokens: int
    completion_tokens: int
    cached_tokens: int
    reasoning_tokens: int
    cache_creation_tokens: int
    max_completion_tokens_per_call: int
    max_prompt_tokens_per_call: int
    num_compactions: int
    def __init__(self, total_cost: _Optional[float] = ..., total_tokens: _Optional[int] = ..., prompt_tokens: _Optional[int] = ..., completion_tokens: _Optional[int] = ..., cached_tokens: _Optional[int] = ..., reasoning_tokens: _Optional[int] = ..., cache_creation_tokens: _Optional[int] = ..., max_completion_tokens_per_call: _Optional[int] = ..., max_prompt_tokens_per_call: _Optional[int] = ..., num_compactions: _Optional[int] = ...) -> None: ...
