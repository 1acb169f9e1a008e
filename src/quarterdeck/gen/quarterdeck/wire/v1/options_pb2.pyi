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
    RATE_CLASS_ASSISTANT: _ClassVar[RateClass]

class EventForm(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    EVENT_FORM_UNSPECIFIED: _ClassVar[EventForm]
    EVENT_FORM_UNNAMED: _ClassVar[EventForm]
    EVENT_FORM_NAMED: _ClassVar[EventForm]

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
RATE_CLASS_ASSISTANT: RateClass
EVENT_FORM_UNSPECIFIED: EventForm
EVENT_FORM_UNNAMED: EventForm
EVENT_FORM_NAMED: EventForm
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
    __slots__ = ("role", "rate_class", "stream", "mounted", "twin")
    ROLE_FIELD_NUMBER: _ClassVar[int]
    RATE_CLASS_FIELD_NUMBER: _ClassVar[int]
    STREAM_FIELD_NUMBER: _ClassVar[int]
    MOUNTED_FIELD_NUMBER: _ClassVar[int]
    TWIN_FIELD_NUMBER: _ClassVar[int]
    role: Role
    rate_class: RateClass
    stream: StreamRules
    mounted: MountedRules
    twin: TwinRules
    def __init__(self, role: _Optional[_Union[Role, str]] = ..., rate_class: _Optional[_Union[RateClass, str]] = ..., stream: _Optional[_Union[StreamRules, _Mapping]] = ..., mounted: _Optional[_Union[MountedRules, _Mapping]] = ..., twin: _Optional[_Union[TwinRules, _Mapping]] = ...) -> None: ...

class TwinRules(_message.Message):
    __slots__ = ("method", "field")
    METHOD_FIELD_NUMBER: _ClassVar[int]
    FIELD_FIELD_NUMBER: _ClassVar[int]
    method: str
    field: str
    def __init__(self, method: _Optional[str] = ..., field: _Optional[str] = ...) -> None: ...

class MountedRules(_message.Message):
    __slots__ = ("legacy_get", "response_body")
    LEGACY_GET_FIELD_NUMBER: _ClassVar[int]
    RESPONSE_BODY_FIELD_NUMBER: _ClassVar[int]
    legacy_get: bool
    response_body: str
    def __init__(self, legacy_get: _Optional[bool] = ..., response_body: _Optional[str] = ...) -> None: ...

class StreamRules(_message.Message):
    __slots__ = ("id_field", "resume_field", "form", "token_parameter")
    ID_FIELD_FIELD_NUMBER: _ClassVar[int]
    RESUME_FIELD_FIELD_NUMBER: _ClassVar[int]
    FORM_FIELD_NUMBER: _ClassVar[int]
    TOKEN_PARAMETER_FIELD_NUMBER: _ClassVar[int]
    id_field: str
    resume_field: str
    form: EventForm
    token_parameter: str
    def __init__(self, id_field: _Optional[str] = ..., resume_field: _Optional[str] = ..., form: _Optional[_Union[EventForm, str]] = ..., token_parameter: _Optional[str] = ...) -> None: ...

class FieldRules(_message.Message):
    __slots__ = ("required", "max_length", "max_items", "pattern", "minimum", "maximum", "one_of", "omit_unset", "key_required", "key_required_unless")
    REQUIRED_FIELD_NUMBER: _ClassVar[int]
    MAX_LENGTH_FIELD_NUMBER: _ClassVar[int]
    MAX_ITEMS_FIELD_NUMBER: _ClassVar[int]
    PATTERN_FIELD_NUMBER: _ClassVar[int]
    MINIMUM_FIELD_NUMBER: _ClassVar[int]
    MAXIMUM_FIELD_NUMBER: _ClassVar[int]
    ONE_OF_FIELD_NUMBER: _ClassVar[int]
    OMIT_UNSET_FIELD_NUMBER: _ClassVar[int]
    KEY_REQUIRED_FIELD_NUMBER: _ClassVar[int]
    KEY_REQUIRED_UNLESS_FIELD_NUMBER: _ClassVar[int]
    required: bool
    max_length: int
    max_items: int
    pattern: str
    minimum: int
    maximum: int
    one_of: _containers.RepeatedScalarFieldContainer[str]
    omit_unset: bool
    key_required: bool
    key_required_unless: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, required: _Optional[bool] = ..., max_length: _Optional[int] = ..., max_items: _Optional[int] = ..., pattern: _Optional[str] = ..., minimum: _Optional[int] = ..., maximum: _Optional[int] = ..., one_of: _Optional[_Iterable[str]] = ..., omit_unset: _Optional[bool] = ..., key_required: _Optional[bool] = ..., key_required_unless: _Optional[_Iterable[str]] = ...) -> None: ...

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
    __slots__ = ("dialect", "mounts", "max_body_bytes", "owned_paths", "api_key_first", "redirect_slashes")
    DIALECT_FIELD_NUMBER: _ClassVar[int]
    MOUNTS_FIELD_NUMBER: _ClassVar[int]
    MAX_BODY_BYTES_FIELD_NUMBER: _ClassVar[int]
    OWNED_PATHS_FIELD_NUMBER: _ClassVar[int]
    API_KEY_FIRST_FIELD_NUMBER: _ClassVar[int]
    REDIRECT_SLASHES_FIELD_NUMBER: _ClassVar[int]
    dialect: str
    mounts: _containers.RepeatedCompositeFieldContainer[Mount]
    max_body_bytes: int
    owned_paths: _containers.RepeatedScalarFieldContainer[str]
    api_key_first: bool
    redirect_slashes: bool
    def __init__(self, dialect: _Optional[str] = ..., mounts: _Optional[_Iterable[_Union[Mount, _Mapping]]] = ..., max_body_bytes: _Optional[int] = ..., owned_paths: _Optional[_Iterable[str]] = ..., api_key_first: _Optional[bool] = ..., redirect_slashes: _Optional[bool] = ...) -> None: ...

class MessageRules(_message.Message):
    __slots__ = ("text_field", "object_field", "entries_field")
    TEXT_FIELD_FIELD_NUMBER: _ClassVar[int]
    OBJECT_FIELD_FIELD_NUMBER: _ClassVar[int]
    ENTRIES_FIELD_FIELD_NUMBER: _ClassVar[int]
    text_field: str
    object_field: str
    entries_field: str
    def __init__(self, text_field: _Optional[str] = ..., object_field: _Optional[str] = ..., entries_field: _Optional[str] = ...) -> None: ...
