from quarterdeck.gen.incident.v1 import status_pb2 as _status_pb2
from quarterdeck.gen.quarterdeck.wire.v1 import options_pb2 as _options_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class QueryOrgStatusesRequest(_message.Message):
    __slots__ = ("incident_type",)
    INCIDENT_TYPE_FIELD_NUMBER: _ClassVar[int]
    incident_type: str
    def __init__(self, incident_type: _Optional[str] = ...) -> None: ...

class QueryOrgStatusesResponse(_message.Message):
    __slots__ = ("configurations", "error")
    CONFIGURATIONS_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    configurations: _containers.RepeatedCompositeFieldContainer[_status_pb2.StatusConfiguration]
    error: str
    def __init__(self, configurations: _Optional[_Iterable[_Union[_status_pb2.StatusConfiguration, _Mapping]]] = ..., error: _Optional[str] = ...) -> None: ...

class GetStatusByIDRequest(_message.Message):
    __slots__ = ("status_id",)
    STATUS_ID_FIELD_NUMBER: _ClassVar[int]
    status_id: str
    def __init__(self, status_id: _Optional[str] = ...) -> None: ...

class GetStatusByIDResponse(_message.Message):
    __slots__ = ("status", "error")
    STATUS_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    status: _status_pb2.Status
    error: str
    def __init__(self, status: _Optional[_Union[_status_pb2.Status, _Mapping]] = ..., error: _Optional[str] = ...) -> None: ...

class CreateOrgStatusRequest(_message.Message):
    __slots__ = ("incident_type", "name", "description", "category", "color", "icon")
    INCIDENT_TYPE_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    CATEGORY_FIELD_NUMBER: _ClassVar[int]
    COLOR_FIELD_NUMBER: _ClassVar[int]
    ICON_FIELD_NUMBER: _ClassVar[int]
    incident_type: str
    name: str
    description: str
    category: str
    color: str
    icon: str
    def __init__(self, incident_type: _Optional[str] = ..., name: _Optional[str] = ..., description: _Optional[str] = ..., category: _Optional[str] = ..., color: _Optional[str] = ..., icon: _Optional[str] = ...) -> None: ...

class CreateOrgStatusResponse(_message.Message):
    __slots__ = ("status", "error")
    STATUS_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    status: _status_pb2.Status
    error: str
    def __init__(self, status: _Optional[_Union[_status_pb2.Status, _Mapping]] = ..., error: _Optional[str] = ...) -> None: ...

class UpdateOrgStatusRequest(_message.Message):
    __slots__ = ("status_id", "incident_type", "name", "description", "category", "color", "icon")
    STATUS_ID_FIELD_NUMBER: _ClassVar[int]
    INCIDENT_TYPE_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    CATEGORY_FIELD_NUMBER: _ClassVar[int]
    COLOR_FIELD_NUMBER: _ClassVar[int]
    ICON_FIELD_NUMBER: _ClassVar[int]
    status_id: str
    incident_type: str
    name: str
    description: str
    category: str
    color: str
    icon: str
    def __init__(self, status_id: _Optional[str] = ..., incident_type: _Optional[str] = ..., name: _Optional[str] = ..., description: _Optional[str] = ..., category: _Optional[str] = ..., color: _Optional[str] = ..., icon: _Optional[str] = ...) -> None: ...

class UpdateOrgStatusResponse(_message.Message):
    __slots__ = ("status", "error")
    STATUS_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    status: _status_pb2.Status
    error: str
    def __init__(self, status: _Optional[_Union[_status_pb2.Status, _Mapping]] = ..., error: _Optional[str] = ...) -> None: ...
