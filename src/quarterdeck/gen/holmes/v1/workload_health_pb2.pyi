from google.protobuf import struct_pb2 as _struct_pb2
from quarterdeck.gen.quarterdeck.wire.v1 import options_pb2 as _options_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class WorkloadHealthCheckRequest(_message.Message):
    __slots__ = ("ask", "resource", "alert_history_since_hours", "alert_history", "stored_instrucitons", "stored_instructions", "instructions", "include_tool_calls", "include_tool_call_results", "prompt_template", "model")
    ASK_FIELD_NUMBER: _ClassVar[int]
    RESOURCE_FIELD_NUMBER: _ClassVar[int]
    ALERT_HISTORY_SINCE_HOURS_FIELD_NUMBER: _ClassVar[int]
    ALERT_HISTORY_FIELD_NUMBER: _ClassVar[int]
    STORED_INSTRUCITONS_FIELD_NUMBER: _ClassVar[int]
    STORED_INSTRUCTIONS_FIELD_NUMBER: _ClassVar[int]
    INSTRUCTIONS_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_TOOL_CALLS_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_TOOL_CALL_RESULTS_FIELD_NUMBER: _ClassVar[int]
    PROMPT_TEMPLATE_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    ask: str
    resource: _struct_pb2.Struct
    alert_history_since_hours: float
    alert_history: bool
    stored_instrucitons: bool
    stored_instructions: bool
    instructions: _containers.RepeatedScalarFieldContainer[str]
    include_tool_calls: bool
    include_tool_call_results: bool
    prompt_template: str
    model: str
    def __init__(self, ask: _Optional[str] = ..., resource: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ..., alert_history_since_hours: _Optional[float] = ..., alert_history: _Optional[bool] = ..., stored_instrucitons: _Optional[bool] = ..., stored_instructions: _Optional[bool] = ..., instructions: _Optional[_Iterable[str]] = ..., include_tool_calls: _Optional[bool] = ..., include_tool_call_results: _Optional[bool] = ..., prompt_template: _Optional[str] = ..., model: _Optional[str] = ...) -> None: ...
