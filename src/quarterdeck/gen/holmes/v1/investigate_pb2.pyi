from google.protobuf import struct_pb2 as _struct_pb2
from quarterdeck.gen.holmes.v1 import chat_pb2 as _chat_pb2
from quarterdeck.gen.holmes.v1 import metadata_pb2 as _metadata_pb2
from quarterdeck.gen.quarterdeck.wire.v1 import options_pb2 as _options_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class InvestigateRequest(_message.Message):
    __slots__ = ("source", "title", "description", "subject", "context", "source_instance_id", "include_tool_calls", "include_tool_call_results", "prompt_template", "sections", "model")
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    CONTEXT_FIELD_NUMBER: _ClassVar[int]
    SOURCE_INSTANCE_ID_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_TOOL_CALLS_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_TOOL_CALL_RESULTS_FIELD_NUMBER: _ClassVar[int]
    PROMPT_TEMPLATE_FIELD_NUMBER: _ClassVar[int]
    SECTIONS_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    source: str
    title: str
    description: str
    subject: _struct_pb2.Struct
    context: _struct_pb2.Struct
    source_instance_id: str
    include_tool_calls: bool
    include_tool_call_results: bool
    prompt_template: str
    sections: SectionRequests
    model: str
    def __init__(self, source: _Optional[str] = ..., title: _Optional[str] = ..., description: _Optional[str] = ..., subject: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ..., context: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ..., source_instance_id: _Optional[str] = ..., include_tool_calls: _Optional[bool] = ..., include_tool_call_results: _Optional[bool] = ..., prompt_template: _Optional[str] = ..., sections: _Optional[_Union[SectionRequests, _Mapping]] = ..., model: _Optional[str] = ...) -> None: ...

class SectionRequests(_message.Message):
    __slots__ = ("entries",)
    ENTRIES_FIELD_NUMBER: _ClassVar[int]
    entries: _containers.RepeatedCompositeFieldContainer[SectionRequest]
    def __init__(self, entries: _Optional[_Iterable[_Union[SectionRequest, _Mapping]]] = ...) -> None: ...

class SectionRequest(_message.Message):
    __slots__ = ("title", "description")
    TITLE_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    title: str
    description: str
    def __init__(self, title: _Optional[str] = ..., description: _Optional[str] = ...) -> None: ...

class Sections(_message.Message):
    __slots__ = ("entries",)
    ENTRIES_FIELD_NUMBER: _ClassVar[int]
    entries: _containers.RepeatedCompositeFieldContainer[Section]
    def __init__(self, entries: _Optional[_Iterable[_Union[Section, _Mapping]]] = ...) -> None: ...

class Section(_message.Message):
    __slots__ = ("title", "text")
    TITLE_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    title: str
    text: str
    def __init__(self, title: _Optional[str] = ..., text: _Optional[str] = ...) -> None: ...

class InvestigateResponse(_message.Message):
    __slots__ = ("analysis", "sections", "tool_calls", "instructions", "metadata")
    ANALYSIS_FIELD_NUMBER: _ClassVar[int]
    SECTIONS_FIELD_NUMBER: _ClassVar[int]
    TOOL_CALLS_FIELD_NUMBER: _ClassVar[int]
    INSTRUCTIONS_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    analysis: str
    sections: Sections
    tool_calls: _containers.RepeatedCompositeFieldContainer[_chat_pb2.ToolCallResult]
    instructions: _containers.RepeatedScalarFieldContainer[str]
    metadata: _metadata_pb2.Metadata
    def __init__(self, analysis: _Optional[str] = ..., sections: _Optional[_Union[Sections, _Mapping]] = ..., tool_calls: _Optional[_Iterable[_Union[_chat_pb2.ToolCallResult, _Mapping]]] = ..., instructions: _Optional[_Iterable[str]] = ..., metadata: _Optional[_Union[_metadata_pb2.Metadata, _Mapping]] = ...) -> None: ...
