from quarterdeck.gen.quarterdeck.wire.v1 import options_pb2 as _options_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Metadata(_message.Message):
    __slots__ = ("usage", "tokens", "max_tokens", "max_output_tokens", "truncations", "costs", "finish_reason", "request_id", "engine")
    USAGE_FIELD_NUMBER: _ClassVar[int]
    TOKENS_FIELD_NUMBER: _ClassVar[int]
    MAX_TOKENS_FIELD_NUMBER: _ClassVar[int]
    MAX_OUTPUT_TOKENS_FIELD_NUMBER: _ClassVar[int]
    TRUNCATIONS_FIELD_NUMBER: _ClassVar[int]
    COSTS_FIELD_NUMBER: _ClassVar[int]
    FINISH_REASON_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    ENGINE_FIELD_NUMBER: _ClassVar[int]
    usage: Usage
    tokens: TokenCounts
    max_tokens: int
    max_output_tokens: int
    truncations: _containers.RepeatedCompositeFieldContainer[Truncation]
    costs: Costs
    finish_reason: str
    request_id: str
    engine: str
    def __init__(self, usage: _Optional[_Union[Usage, _Mapping]] = ..., tokens: _Optional[_Union[TokenCounts, _Mapping]] = ..., max_tokens: _Optional[int] = ..., max_output_tokens: _Optional[int] = ..., truncations: _Optional[_Iterable[_Union[Truncation, _Mapping]]] = ..., costs: _Optional[_Union[Costs, _Mapping]] = ..., finish_reason: _Optional[str] = ..., request_id: _Optional[str] = ..., engine: _Optional[str] = ...) -> None: ...

class Usage(_message.Message):
    __slots__ = ("prompt_tokens", "completion_tokens", "total_tokens", "cached_tokens", "reasoning_tokens")
    PROMPT_TOKENS_FIELD_NUMBER: _ClassVar[int]
    COMPLETION_TOKENS_FIELD_NUMBER: _ClassVar[int]
    TOTAL_TOKENS_FIELD_NUMBER: _ClassVar[int]
    CACHED_TOKENS_FIELD_NUMBER: _ClassVar[int]
    REASONING_TOKENS_FIELD_NUMBER: _ClassVar[int]
    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    cached_tokens: int
    reasoning_tokens: int
    def __init__(self, prompt_tokens: _Optional[int] = ..., completion_tokens: _Optional[int] = ..., total_tokens: _Optional[int] = ..., cached_tokens: _Optional[int] = ..., reasoning_tokens: _Optional[int] = ...) -> None: ...

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
    __slots__ = ("total_cost", "total_tokens", "prompt_tokens", "completion_tokens", "cached_tokens", "cache_creation_tokens", "reasoning_tokens", "max_completion_tokens_per_call", "max_prompt_tokens_per_call", "num_compactions")
    TOTAL_COST_FIELD_NUMBER: _ClassVar[int]
    TOTAL_TOKENS_FIELD_NUMBER: _ClassVar[int]
    PROMPT_TOKENS_FIELD_NUMBER: _ClassVar[int]
    COMPLETION_TOKENS_FIELD_NUMBER: _ClassVar[int]
    CACHED_TOKENS_FIELD_NUMBER: _ClassVar[int]
    CACHE_CREATION_TOKENS_FIELD_NUMBER: _ClassVar[int]
    REASONING_TOKENS_FIELD_NUMBER: _ClassVar[int]
    MAX_COMPLETION_TOKENS_PER_CALL_FIELD_NUMBER: _ClassVar[int]
    MAX_PROMPT_TOKENS_PER_CALL_FIELD_NUMBER: _ClassVar[int]
    NUM_COMPACTIONS_FIELD_NUMBER: _ClassVar[int]
    total_cost: float
    total_tokens: int
    prompt_tokens: int
    completion_tokens: int
    cached_tokens: int
    cache_creation_tokens: int
    reasoning_tokens: int
    max_completion_tokens_per_call: int
    max_prompt_tokens_per_call: int
    num_compactions: int
    def __init__(self, total_cost: _Optional[float] = ..., total_tokens: _Optional[int] = ..., prompt_tokens: _Optional[int] = ..., completion_tokens: _Optional[int] = ..., cached_tokens: _Optional[int] = ..., cache_creation_tokens: _Optional[int] = ..., reasoning_tokens: _Optional[int] = ..., max_completion_tokens_per_call: _Optional[int] = ..., max_prompt_tokens_per_call: _Optional[int] = ..., num_compactions: _Optional[int] = ...) -> None: ...

class Truncation(_message.Message):
    __slots__ = ("tool_call_id", "start_index", "end_index", "tool_name", "original_token_count")
    TOOL_CALL_ID_FIELD_NUMBER: _ClassVar[int]
    START_INDEX_FIELD_NUMBER: _ClassVar[int]
    END_INDEX_FIELD_NUMBER: _ClassVar[int]
    TOOL_NAME_FIELD_NUMBER: _ClassVar[int]
    ORIGINAL_TOKEN_COUNT_FIELD_NUMBER: _ClassVar[int]
    tool_call_id: str
    start_index: int
    end_index: int
    tool_name: str
    original_token_count: int
    def __init__(self, tool_call_id: _Optional[str] = ..., start_index: _Optional[int] = ..., end_index: _Optional[int] = ..., tool_name: _Optional[str] = ..., original_token_count: _Optional[int] = ...) -> None: ...
