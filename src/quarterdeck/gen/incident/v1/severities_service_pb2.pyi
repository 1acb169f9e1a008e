from quarterdeck.gen.incident.v1 import severity_pb2 as _severity_pb2
from quarterdeck.gen.quarterdeck.wire.v1 import options_pb2 as _options_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class GetOrgSeveritiesRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetOrgSeveritiesResponse(_message.Message):
    __slots__ = ("severities", "error")
    SEVERITIES_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    severities: _containers.RepeatedCompositeFieldContainer[_severity_pb2.Severity]
    error: str
    def __init__(self, severities: _Optional[_Iterable[_Union[_severity_pb2.Severity, _Mapping]]] = ..., error: _Optional[str] = ...) -> None: ...

class CreateOrgSeverityRequest(_message.Message):
    __slots__ = ("severity", "severity_id", "display_label", "level", "description", "icon_name", "dark_color", "light_color", "color", "archived_at")
    SEVERITY_FIELD_NUMBER: _ClassVar[int]
    SEVERITY_ID_FIELD_NUMBER: _ClassVar[int]
    DISPLAY_LABEL_FIELD_NUMBER: _ClassVar[int]
    LEVEL_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    ICON_NAME_FIELD_NUMBER: _ClassVar[int]
    DARK_COLOR_FIELD_NUMBER: _ClassVar[int]
    LIGHT_COLOR_FIELD_NUMBER: _ClassVar[int]
    COLOR_FIELD_NUMBER: _ClassVar[int]
    ARCHIVED_AT_FIELD_NUMBER: _ClassVar[int]
    severity: _severity_pb2.SeverityInput
    severity_id: str
    display_label: str
    level: int
    description: str
    icon_name: str
    dark_color: str
    light_color: str
    color: str
    archived_at: str
    def __init__(self, severity: _Optional[_Union[_severity_pb2.SeverityInput, _Mapping]] = ..., severity_id: _Optional[str] = ..., display_label: _Optional[str] = ..., level: _Optional[int] = ..., description: _Optional[str] = ..., icon_name: _Optional[str] = ..., dark_color: _Optional[str] = ..., light_color: _Optional[str] = ..., color: _Optional[str] = ..., archived_at: _Optional[str] = ...) -> None: ...

class CreateOrgSeverityResponse(_message.Message):
    __slots__ = ("severity", "error")
    SEVERITY_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    severity: _severity_pb2.Severity
    error: str
    def __init__(self, severity: _Optional[_Union[_severity_pb2.Severity, _Mapping]] = ..., error: _Optional[str] = ...) -> None: ...

class UpdateOrgSeverityRequest(_message.Message):
    __slots__ = ("severity", "severity_id", "display_label", "level", "description", "icon_name", "dark_color", "light_color", "color", "archived_at")
    SEVERITY_FIELD_NUMBER: _ClassVar[int]
    SEVERITY_ID_FIELD_NUMBER: _ClassVar[int]
    DISPLAY_LABEL_FIELD_NUMBER: _ClassVar[int]
    LEVEL_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    ICON_NAME_FIELD_NUMBER: _ClassVar[int]
    DARK_COLOR_FIELD_NUMBER: _ClassVar[int]
    LIGHT_COLOR_FIELD_NUMBER: _ClassVar[int]
    COLOR_FIELD_NUMBER: _ClassVar[int]
    ARCHIVED_AT_FIELD_NUMBER: _ClassVar[int]
    severity: _severity_pb2.SeverityInput
    severity_id: str
    display_label: str
    level: int
    description: str
    icon_name: str
    dark_color: str
    light_color: str
    color: str
    archived_at: str
    def __init__(self, severity: _Optional[_Union[_severity_pb2.SeverityInput, _Mapping]] = ..., severity_id: _Optional[str] = ..., display_label: _Optional[str] = ..., level: _Optional[int] = ..., description: _Optional[str] = ..., icon_name: _Optional[str] = ..., dark_color: _Optional[str] = ..., light_color: _Optional[str] = ..., color: _Optional[str] = ..., archived_at: _Optional[str] = ...) -> None: ...

class UpdateOrgSeverityResponse(_message.Message):
    __slots__ = ("severity", "error")
    SEVERITY_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    severity: _severity_pb2.Severity
    error: str
    def __init__(self, severity: _Optional[_Union[_severity_pb2.Severity, _Mapping]] = ..., error: _Optional[str] = ...) -> None: ...

class DeleteOrgSeverityRequest(_message.Message):
    __slots__ = ("severity_id",)
    SEVERITY_ID_FIELD_NUMBER: _ClassVar[int]
    severity_id: str
    def __init__(self, severity_id: _Optional[str] = ...) -> None: ...

class DeleteOrgSeverityResponse(_message.Message):
    __slots__ = ("error",)
    ERROR_FIELD_NUMBER: _ClassVar[int]
    error: str
    def __init__(self, error: _Optional[str] = ...) -> None: ...
