from quarterdeck.gen.quarterdeck.wire.v1 import options_pb2 as _options_pb2
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Optional as _Optional

DESCRIPTOR: _descriptor.FileDescriptor

class GetConfigurationTrackerRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetConfigurationTrackerResponse(_message.Message):
    __slots__ = ("is_chat_ops_installed", "is_incident_created", "error")
    IS_CHAT_OPS_INSTALLED_FIELD_NUMBER: _ClassVar[int]
    IS_INCIDENT_CREATED_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    is_chat_ops_installed: bool
    is_incident_created: bool
    error: str
    def __init__(self, is_chat_ops_installed: _Optional[bool] = ..., is_incident_created: _Optional[bool] = ..., error: _Optional[str] = ...) -> None: ...
