from quarterdeck.gen.incident.v1 import field_pb2 as _field_pb2
from quarterdeck.gen.quarterdeck.wire.v1 import options_pb2 as _options_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class AddFieldRequest(_message.Message):
    __slots__ = ("field",)
    FIELD_FIELD_NUMBER: _ClassVar[int]
    field: _field_pb2.CustomMetadataField
    def __init__(self, field: _Optional[_Union[_field_pb2.CustomMetadataField, _Mapping]] = ...) -> None: ...

class AddFieldResponse(_message.Message):
    __slots__ = ("field", "error")
    FIELD_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    field: _field_pb2.CustomMetadataField
    error: str
    def __init__(self, field: _Optional[_Union[_field_pb2.CustomMetadataField, _Mapping]] = ..., error: _Optional[str] = ...) -> None: ...

class GetFieldRequest(_message.Message):
    __slots__ = ("field_uuid", "include_archived")
    FIELD_UUID_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_ARCHIVED_FIELD_NUMBER: _ClassVar[int]
    field_uuid: str
    include_archived: bool
    def __init__(self, field_uuid: _Optional[str] = ..., include_archived: _Optional[bool] = ...) -> None: ...

class GetFieldResponse(_message.Message):
    __slots__ = ("field", "error")
    FIELD_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    field: _field_pb2.CustomMetadataField
    error: str
    def __init__(self, field: _Optional[_Union[_field_pb2.CustomMetadataField, _Mapping]] = ..., error: _Optional[str] = ...) -> None: ...

class GetFieldsRequest(_message.Message):
    __slots__ = ("domain_name",)
    DOMAIN_NAME_FIELD_NUMBER: _ClassVar[int]
    domain_name: str
    def __init__(self, domain_name: _Optional[str] = ...) -> None: ...

class GetFieldsResponse(_message.Message):
    __slots__ = ("fields", "archived", "error")
    FIELDS_FIELD_NUMBER: _ClassVar[int]
    ARCHIVED_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    fields: _containers.RepeatedCompositeFieldContainer[_field_pb2.CustomMetadataField]
    archived: _containers.RepeatedCompositeFieldContainer[_field_pb2.ArchivedField]
    error: str
    def __init__(self, fields: _Optional[_Iterable[_Union[_field_pb2.CustomMetadataField, _Mapping]]] = ..., archived: _Optional[_Iterable[_Union[_field_pb2.ArchivedField, _Mapping]]] = ..., error: _Optional[str] = ...) -> None: ...

class UpdateFieldRequest(_message.Message):
    __slots__ = ("field_uuid", "name", "slug", "color", "icon", "description", "required", "domain_name", "immutable", "selectoptions", "version")
    FIELD_UUID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    SLUG_FIELD_NUMBER: _ClassVar[int]
    COLOR_FIELD_NUMBER: _ClassVar[int]
    ICON_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    REQUIRED_FIELD_NUMBER: _ClassVar[int]
    DOMAIN_NAME_FIELD_NUMBER: _ClassVar[int]
    IMMUTABLE_FIELD_NUMBER: _ClassVar[int]
    SELECTOPTIONS_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    field_uuid: str
    name: str
    slug: str
    color: str
    icon: str
    description: str
    required: bool
    domain_name: str
    immutable: bool
    selectoptions: _containers.RepeatedCompositeFieldContainer[_field_pb2.CustomMetadataFieldSelectOption]
    version: int
    def __init__(self, field_uuid: _Optional[str] = ..., name: _Optional[str] = ..., slug: _Optional[str] = ..., color: _Optional[str] = ..., icon: _Optional[str] = ..., description: _Optional[str] = ..., required: _Optional[bool] = ..., domain_name: _Optional[str] = ..., immutable: _Optional[bool] = ..., selectoptions: _Optional[_Iterable[_Union[_field_pb2.CustomMetadataFieldSelectOption, _Mapping]]] = ..., version: _Optional[int] = ...) -> None: ...

class UpdateFieldResponse(_message.Message):
    __slots__ = ("field", "error")
    FIELD_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    field: _field_pb2.CustomMetadataField
    error: str
    def __init__(self, field: _Optional[_Union[_field_pb2.CustomMetadataField, _Mapping]] = ..., error: _Optional[str] = ...) -> None: ...

class ArchiveFieldRequest(_message.Message):
    __slots__ = ("field_uuid",)
    FIELD_UUID_FIELD_NUMBER: _ClassVar[int]
    field_uuid: str
    def __init__(self, field_uuid: _Optional[str] = ...) -> None: ...

class ArchiveFieldResponse(_message.Message):
    __slots__ = ("error",)
    ERROR_FIELD_NUMBER: _ClassVar[int]
    error: str
    def __init__(self, error: _Optional[str] = ...) -> None: ...

class UnarchiveFieldRequest(_message.Message):
    __slots__ = ("field_uuid",)
    FIELD_UUID_FIELD_NUMBER: _ClassVar[int]
    field_uuid: str
    def __init__(self, field_uuid: _Optional[str] = ...) -> None: ...

class UnarchiveFieldResponse(_message.Message):
    __slots__ = ("error",)
    ERROR_FIELD_NUMBER: _ClassVar[int]
    error: str
    def __init__(self, error: _Optional[str] = ...) -> None: ...

class DeleteFieldRequest(_message.Message):
    __slots__ = ("field_uuid",)
    FIELD_UUID_FIELD_NUMBER: _ClassVar[int]
    field_uuid: str
    def __init__(self, field_uuid: _Optional[str] = ...) -> None: ...

class DeleteFieldResponse(_message.Message):
    __slots__ = ("error",)
    ERROR_FIELD_NUMBER: _ClassVar[int]
    error: str
    def __init__(self, error: _Optional[str] = ...) -> None: ...

class AddFieldSelectOptionRequest(_message.Message):
    __slots__ = ("field_uuid", "field_select_option")
    FIELD_UUID_FIELD_NUMBER: _ClassVar[int]
    FIELD_SELECT_OPTION_FIELD_NUMBER: _ClassVar[int]
    field_uuid: str
    field_select_option: _field_pb2.CustomMetadataFieldSelectOption
    def __init__(self, field_uuid: _Optional[str] = ..., field_select_option: _Optional[_Union[_field_pb2.CustomMetadataFieldSelectOption, _Mapping]] = ...) -> None: ...

class AddFieldSelectOptionResponse(_message.Message):
    __slots__ = ("field_select_option_uuid", "error")
    FIELD_SELECT_OPTION_UUID_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    field_select_option_uuid: str
    error: str
    def __init__(self, field_select_option_uuid: _Optional[str] = ..., error: _Optional[str] = ...) -> None: ...

class UpdateFieldSelectOptionRequest(_message.Message):
    __slots__ = ("field_uuid", "select_option_uuid", "value", "label", "color", "icon", "description")
    FIELD_UUID_FIELD_NUMBER: _ClassVar[int]
    SELECT_OPTION_UUID_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    LABEL_FIELD_NUMBER: _ClassVar[int]
    COLOR_FIELD_NUMBER: _ClassVar[int]
    ICON_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    field_uuid: str
    select_option_uuid: str
    value: str
    label: str
    color: str
    icon: str
    description: str
    def __init__(self, field_uuid: _Optional[str] = ..., select_option_uuid: _Optional[str] = ..., value: _Optional[str] = ..., label: _Optional[str] = ..., color: _Optional[str] = ..., icon: _Optional[str] = ..., description: _Optional[str] = ...) -> None: ...

class UpdateFieldSelectOptionResponse(_message.Message):
    __slots__ = ("error",)
    ERROR_FIELD_NUMBER: _ClassVar[int]
    error: str
    def __init__(self, error: _Optional[str] = ...) -> None: ...

class DeleteFieldSelectOptionRequest(_message.Message):
    __slots__ = ("field_uuid", "select_option_uuid")
    FIELD_UUID_FIELD_NUMBER: _ClassVar[int]
    SELECT_OPTION_UUID_FIELD_NUMBER: _ClassVar[int]
    field_uuid: str
    select_option_uuid: str
    def __init__(self, field_uuid: _Optional[str] = ..., select_option_uuid: _Optional[str] = ...) -> None: ...

class DeleteFieldSelectOptionResponse(_message.Message):
    __slots__ = ("error",)
    ERROR_FIELD_NUMBER: _ClassVar[int]
    error: str
    def __init__(self, error: _Optional[str] = ...) -> None: ...

class AddLabelKeyRequest(_message.Message):
    __slots__ = ("key", "description", "color_hex")
    KEY_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    COLOR_HEX_FIELD_NUMBER: _ClassVar[int]
    key: str
    description: str
    color_hex: str
    def __init__(self, key: _Optional[str] = ..., description: _Optional[str] = ..., color_hex: _Optional[str] = ...) -> None: ...

class AddLabelKeyResponse(_message.Message):
    __slots__ = ("field", "error")
    FIELD_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    field: _field_pb2.CustomMetadataField
    error: str
    def __init__(self, field: _Optional[_Union[_field_pb2.CustomMetadataField, _Mapping]] = ..., error: _Optional[str] = ...) -> None: ...

class AddLabelValueRequest(_message.Message):
    __slots__ = ("key", "value", "description", "color_hex")
    KEY_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    COLOR_HEX_FIELD_NUMBER: _ClassVar[int]
    key: str
    value: str
    description: str
    color_hex: str
    def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ..., description: _Optional[str] = ..., color_hex: _Optional[str] = ...) -> None: ...

class AddLabelValueResponse(_message.Message):
    __slots__ = ("field", "error")
    FIELD_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    field: _field_pb2.CustomMetadataField
    error: str
    def __init__(self, field: _Optional[_Union[_field_pb2.CustomMetadataField, _Mapping]] = ..., error: _Optional[str] = ...) -> None: ...

class GetFieldValuesRequest(_message.Message):
    __slots__ = ("target_kind", "target_id", "domain_name")
    TARGET_KIND_FIELD_NUMBER: _ClassVar[int]
    TARGET_ID_FIELD_NUMBER: _ClassVar[int]
    DOMAIN_NAME_FIELD_NUMBER: _ClassVar[int]
    target_kind: str
    target_id: str
    domain_name: str
    def __init__(self, target_kind: _Optional[str] = ..., target_id: _Optional[str] = ..., domain_name: _Optional[str] = ...) -> None: ...

class GetFieldValuesResponse(_message.Message):
    __slots__ = ("field_values", "error")
    FIELD_VALUES_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    field_values: _containers.RepeatedCompositeFieldContainer[_field_pb2.FieldValue]
    error: str
    def __init__(self, field_values: _Optional[_Iterable[_Union[_field_pb2.FieldValue, _Mapping]]] = ..., error: _Optional[str] = ...) -> None: ...

class RecordFieldValueRequest(_message.Message):
    __slots__ = ("field_uuid", "value", "target_kind", "target_id")
    FIELD_UUID_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    TARGET_KIND_FIELD_NUMBER: _ClassVar[int]
    TARGET_ID_FIELD_NUMBER: _ClassVar[int]
    field_uuid: str
    value: str
    target_kind: str
    target_id: str
    def __init__(self, field_uuid: _Optional[str] = ..., value: _Optional[str] = ..., target_kind: _Optional[str] = ..., target_id: _Optional[str] = ...) -> None: ...

class RecordFieldValueResponse(_message.Message):
    __slots__ = ("error",)
    ERROR_FIELD_NUMBER: _ClassVar[int]
    error: str
    def __init__(self, error: _Optional[str] = ...) -> None: ...
