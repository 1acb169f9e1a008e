from google.api import annotations_pb2 as _annotations_pb2
from quarterdeck.gen.quarterdeck.wire.v1 import options_pb2 as _options_pb2
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Optional as _Optional

DESCRIPTOR: _descriptor.FileDescriptor

class GetLimitsRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetLimitsResponse(_message.Message):
    __slots__ = ("collectors", "pipelines", "requests_per_second_collector", "requests_per_second_api", "requests_per_second_collector_twin", "requests_per_second_api_twin")
    COLLECTORS_FIELD_NUMBER: _ClassVar[int]
    PIPELINES_FIELD_NUMBER: _ClassVar[int]
    REQUESTS_PER_SECOND_COLLECTOR_FIELD_NUMBER: _ClassVar[int]
    REQUESTS_PER_SECOND_API_FIELD_NUMBER: _ClassVar[int]
    REQUESTS_PER_SECOND_COLLECTOR_TWIN_FIELD_NUMBER: _ClassVar[int]
    REQUESTS_PER_SECOND_API_TWIN_FIELD_NUMBER: _ClassVar[int]
    collectors: int
    pipelines: int
    requests_per_second_collector: int
    requests_per_second_api: int
    requests_per_second_collector_twin: int
    requests_per_second_api_twin: int
    def __init__(self, collectors: _Optional[int] = ..., pipelines: _Optional[int] = ..., requests_per_second_collector: _Optional[int] = ..., requests_per_second_api: _Optional[int] = ..., requests_per_second_collector_twin: _Optional[int] = ..., requests_per_second_api_twin: _Optional[int] = ...) -> None: ...
