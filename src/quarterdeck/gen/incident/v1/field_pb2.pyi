from quarterdeck.gen.quarterdeck.wire.v1 import options_pb2 as _options_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class CustomMetadataField(_message.Message):
    __slots__ = ("uuid", "name", "slug", "color", "icon", "description", "type", "required", "immutable", "domain_name", "selectoptions", "source", "external_id", "archived", "version")
    UUID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    SLUG_FIELD_NUMBER: _ClassVar[int]
    COLOR_FIELD_NUMBER: _ClassVar[int]
    ICON_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    REQUIRED_FIELD_NUMBER: _ClassVar[int]
    IMMUTABLE_FIELD_NUMBER: _ClassVar[int]
    DOMAIN_NAME_FIELD_NUMBER: _ClassVar[int]
    SELECTOPTIONS_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    EXTERNAL_ID_FIELD_NUMBER: _ClassVar[int]
    ARCHIVED_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    uuid: str
    name: str
    slug: str
    color: str
    icon: str
    description: str
    type: str
    required: bool
    immutable: bool
    domain_name: str
    selectoptions: _containers.RepeatedCompositeFieldContainer[CustomMetadataFieldSelectOption]
    source: str
    external_id: str
    archived: bool
    version: int
    def __init__(self, uuid: _Optional[str] = ..., name: _Optional[str] = ..., slug: _Optional[str] = ..., color: _Optional[str] = ..., icon: _Optional[str] = ..., description: _Optional[str] = ..., type: _Optional[str] = ..., required: _Optional[bool] = ..., immutable: _Optional[bool] = ..., domain_name: _Optional[str] = ..., selectoptions: _Optional[_Iterable[_Union[CustomMetadataFieldSelectOption, _Mapping]]] = ..., source: _Optional[str] = ..., external_id: _Optional[str] = ..., archived: _Optional[bool] = ..., version: _Optional[int] = ...) -> None: ...

class CustomMetadataFieldSelectOption(_message.Message):
    __slots__ = ("uuid", "value", "label", "color", "icon", "description", "source", "external_id")
    UUID_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    LABEL_FIELD_NUMBER: _ClassVar[int]
    COLOR_FIELD_NUMBER: _ClassVar[int]
    ICON_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    EXTERNAL_ID_FIELD_NUMBER: _ClassVar[int]
    uuid: str
    value: str
    label: str
    color: str
    icon: str
    description: str
    source: str
    external_id: str
    def __init__(self, uuid: _Optional[str] = ..., value: _Optional[str] = ..., label: _Optional[str] = ..., color: _Optional[str] = ..., icon: _Optional[str] = ..., description: _Optional[str] = ..., source: _Optional[str] = ..., external_id: _Optional[str] = ...) -> None: ...

class CustomMetadataFieldValue(_message.Message):
    __slots__ = ("field_uuid", "value", "field_id")
    FIELD_UUID_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    FIELD_ID_FIELD_NUMBER: _ClassVar[int]
    field_uuid: str
    value: str
    field_id: int
    def __init__(self, field_uuid: _Optional[str] = ..., value: _Optional[str] = ..., field_id: _Optional[int] = ...) -> None: ...

class FieldValue(_message.Message):
    __slots__ = ("field", "value")
    FIELD_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    field: CustomMetadataField
    value: str
    def __init__(self, field: _Optional[_Union[CustomMetadataField, _Mapping]] = ..., value: _Optional[str] = ...) -> None: ...

class ArchivedField(_message.Message):
    __slots__ = ("key", "value")
    KEY_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    key: str
    value: str
    def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
