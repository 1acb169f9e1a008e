from google.protobuf import descriptor_pb2 as _descriptor_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Role(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ROLE_UNSPECIFIED: _ClassVar[Role]
    ROLE_COLLECTOR: _ClassVar[Role]
    ROLE_VIEWER: _ClassVar[Role]
    ROLE_EDITOR: _ClassVar[Role]
    ROLE_ADMIN: _ClassVar[Role]

class RateClass(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    RATE_CLASS_UNSPECIFIED: _ClassVar[RateClass]
    RATE_CLASS_API: _ClassVar[RateClass]
    RATE_CLASS_COLLECTOR: _ClassVar[RateClass]

class Join(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    JOIN_UNSPECIFIED: _ClassVar[Join]
    JOIN_SLASH: _ClassVar[Join]
    JOIN_DOT: _ClassVar[Join]
    JOIN_BARE: _ClassVar[Join]
    JOIN_DOT_OR_BARE: _ClassVar[Join]
ROLE_UNSPECIFIED: Role
ROLE_COLLECTOR: Role
ROLE_VIEWER: Role
ROLE_EDITOR: Role
ROLE_ADMIN: Role
RATE_CLASS_UNSPECIFIED: RateClass
RATE_CLASS_API: RateClass
RATE_CLASS_COLLECTOR: RateClass
JOIN_UNSPECIFIED: Join
JOIN_SLASH: Join
JOIN_DOT: Join
JOIN_BARE: Join
JOIN_DOT_OR_BARE: Join
METHOD_RULES_FIELD_NUMBER: _ClassVar[int]
method_rules: _descriptor.FieldDescriptor
FIELD_RULES_FIELD_NUMBER: _ClassVar[int]
field_rules: _descriptor.FieldDescriptor
SERVICE_RULES_FIELD_NUMBER: _ClassVar[int]
service_rules: _descriptor.FieldDescriptor
MESSAGE_RULES_FIELD_NUMBER: _ClassVar[int]
message_rules: _descriptor.FieldDescriptor

class MethodRules(_message.Message):
    __slots__ = ("role", "rate_class", "stream", "mounted")
    ROLE_FIELD_NUMBER: _ClassVar[int]
    RATE_CLASS_FIELD_NUMBER: _ClassVar[int]
    STREAM_FIELD_NUMBER: _ClassVar[int]
    MOUNTED_FIELD_NUMBER: _ClassVar[int]
    role: Role
    rate_class: RateClass
    stream: StreamRules
    mounted: MountedRules
    def __init__(self, role: _Optional[_Union[Role, str]] = ..., rate_class: _Optional[_Union[RateClass, str]] = ..., stream: _Optional[_Union[StreamRules, _Mapping]] = ..., mounted: _Optional[_Union[MountedRules, _Mapping]] = ...) -> None: ...

class MountedRules(_message.Message):
    __slots__ = ("legacy_get", "response_body")
    LEGACY_GET_FIELD_NUMBER: _ClassVar[int]
    RESPONSE_BODY_FIELD_NUMBER: _ClassVar[int]
    legacy_get: bool
    response_body: str
    def __init__(self, legacy_get: _Optional[bool] = ..., response_body: _Optional[str] = ...) -> None: ...

class StreamRules(_message.Message):
    __slots__ = ("id_field", "resume_field")
    ID_FIELD_FIELD_NUMBER: _ClassVar[int]
    RESUME_FIELD_FIELD_NUMBER: _ClassVar[int]
    id_field: str
    resume_field: str
    def __init__(self, id_field: _Optional[str] = ..., resume_field: _Optional[str] = ...) -> None: ...

class FieldRules(_message.Message):
    __slots__ = ("required", "max_length", "max_items", "pattern", "minimum", "maximum")
    REQUIRED_FIELD_NUMBER: _ClassVar[int]
    MAX_LENGTH_FIELD_NUMBER: _ClassVar[int]
    MAX_ITEMS_FIELD_NUMBER: _ClassVar[int]
    PATTERN_FIELD_NUMBER: _ClassVar[int]
    MINIMUM_FIELD_NUMBER: _ClassVar[int]
    MAXIMUM_FIELD_NUMBER: _ClassVar[int]
    required: bool
    max_length: int
    max_items: int
    pattern: str
    minimum: int
    maximum: int
    def __init__(self, required: _Optional[bool] = ..., max_length: _Optional[int] = ..., max_items: _Optional[int] = ..., pattern: _Optional[str] = ..., minimum: _Optional[int] = ..., maximum: _Optional[int] = ...) -> None: ...

class Mount(_message.Message):
    __slots__ = ("prefix", "join", "service_name", "shared")
    PREFIX_FIELD_NUMBER: _ClassVar[int]
    JOIN_FIELD_NUMBER: _ClassVar[int]
    SERVICE_NAME_FIELD_NUMBER: _ClassVar[int]
    SHARED_FIELD_NUMBER: _ClassVar[int]
    prefix: str
    join: Join
    service_name: str
    shared: bool
    def __init__(self, prefix: _Optional[str] = ..., join: _Optional[_Union[Join, str]] = ..., service_name: _Optional[str] = ..., shared: _Optional[bool] = ...) -> None: ...

class ServiceRules(_message.Message):
    __slots__ = ("dialect", "mounts", "max_body_bytes", "owned_paths")
    DIALECT_FIELD_NUMBER: _ClassVar[int]
    MOUNTS_FIELD_NUMBER: _ClassVar[int]
    MAX_BODY_BYTES_FIELD_NUMBER: _ClassVar[int]
    OWNED_PATHS_FIELD_NUMBER: _ClassVar[int]
    dialect: str
    mounts: _containers.RepeatedCompositeFieldContainer[Mount]
    max_body_bytes: int
    owned_paths: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, dialect: _Optional[str] = ..., mounts: _Optional[_Iterable[_Union[Mount, _Mapping]]] = ..., max_body_bytes: _Optional[int] = ..., owned_paths: _Optional[_Iterable[str]] = ...) -> None: ...

class MessageRules(_message.Message):
    __slots__ = ("text_field",)
    TEXT_FIELD_FIELD_NUMBER: _ClassVar[int]
    text_field: str
    def __init__(self, text_field: _Optional[str] = ...) -> None: ...
