import datetime

from google.api import annotations_pb2 as _annotations_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from quarterdeck.gen.quarterdeck.wire.v1 import options_pb2 as _options_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class CollectorType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    COLLECTOR_TYPE_UNSPECIFIED: _ClassVar[CollectorType]
    COLLECTOR_TYPE_ALLOY: _ClassVar[CollectorType]
    COLLECTOR_TYPE_OTEL: _ClassVar[CollectorType]

class RemoteConfigStatuses(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    RemoteConfigStatuses_UNSET: _ClassVar[RemoteConfigStatuses]
    RemoteConfigStatuses_APPLIED: _ClassVar[RemoteConfigStatuses]
    RemoteConfigStatuses_APPLYING: _ClassVar[RemoteConfigStatuses]
    RemoteConfigStatuses_FAILED: _ClassVar[RemoteConfigStatuses]
COLLECTOR_TYPE_UNSPECIFIED: CollectorType
COLLECTOR_TYPE_ALLOY: CollectorType
COLLECTOR_TYPE_OTEL: CollectorType
RemoteConfigStatuses_UNSET: RemoteConfigStatuses
RemoteConfigStatuses_APPLIED: RemoteConfigStatuses
RemoteConfigStatuses_APPLYING: RemoteConfigStatuses
RemoteConfigStatuses_FAILED: RemoteConfigStatuses

class Collector(_message.Message):
    __slots__ = ("id", "attribute_overrides", "created_at", "updated_at", "name", "attributes", "enabled", "remote_attributes", "local_attributes", "marked_inactive_at", "collector_type")
    class AttributeOverridesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    class AttributesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    class RemoteAttributesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    class LocalAttributesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    ID_FIELD_NUMBER: _ClassVar[int]
    ATTRIBUTE_OVERRIDES_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    UPDATED_AT_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    ATTRIBUTES_FIELD_NUMBER: _ClassVar[int]
    ENABLED_FIELD_NUMBER: _ClassVar[int]
    REMOTE_ATTRIBUTES_FIELD_NUMBER: _ClassVar[int]
    LOCAL_ATTRIBUTES_FIELD_NUMBER: _ClassVar[int]
    MARKED_INACTIVE_AT_FIELD_NUMBER: _ClassVar[int]
    COLLECTOR_TYPE_FIELD_NUMBER: _ClassVar[int]
    id: str
    attribute_overrides: _containers.ScalarMap[str, str]
    created_at: _timestamp_pb2.Timestamp
    updated_at: _timestamp_pb2.Timestamp
    name: str
    attributes: _containers.ScalarMap[str, str]
    enabled: bool
    remote_attributes: _containers.ScalarMap[str, str]
    local_attributes: _containers.ScalarMap[str, str]
    marked_inactive_at: _timestamp_pb2.Timestamp
    collector_type: CollectorType
    def __init__(self, id: _Optional[str] = ..., attribute_overrides: _Optional[_Mapping[str, str]] = ..., created_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., updated_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., name: _Optional[str] = ..., attributes: _Optional[_Mapping[str, str]] = ..., enabled: _Optional[bool] = ..., remote_attributes: _Optional[_Mapping[str, str]] = ..., local_attributes: _Optional[_Mapping[str, str]] = ..., marked_inactive_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., collector_type: _Optional[_Union[CollectorType, str]] = ...) -> None: ...

class GetCollectorRequest(_message.Message):
    __slots__ = ("id",)
    ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    def __init__(self, id: _Optional[str] = ...) -> None: ...

class ListCollectorsRequest(_message.Message):
    __slots__ = ("matchers",)
    MATCHERS_FIELD_NUMBER: _ClassVar[int]
    matchers: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, matchers: _Optional[_Iterable[str]] = ...) -> None: ...

class Collectors(_message.Message):
    __slots__ = ("collectors",)
    COLLECTORS_FIELD_NUMBER: _ClassVar[int]
    collectors: _containers.RepeatedCompositeFieldContainer[Collector]
    def __init__(self, collectors: _Optional[_Iterable[_Union[Collector, _Mapping]]] = ...) -> None: ...

class CreateCollectorRequest(_message.Message):
    __slots__ = ("collector",)
    COLLECTOR_FIELD_NUMBER: _ClassVar[int]
    collector: Collector
    def __init__(self, collector: _Optional[_Union[Collector, _Mapping]] = ...) -> None: ...

class UpdateCollectorRequest(_message.Message):
    __slots__ = ("collector",)
    COLLECTOR_FIELD_NUMBER: _ClassVar[int]
    collector: Collector
    def __init__(self, collector: _Optional[_Union[Collector, _Mapping]] = ...) -> None: ...

class DeleteCollectorRequest(_message.Message):
    __slots__ = ("id",)
    ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    def __init__(self, id: _Optional[str] = ...) -> None: ...

class DeleteCollectorResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class BulkUpdateCollectorsRequest(_message.Message):
    __slots__ = ("ids", "ops")
    IDS_FIELD_NUMBER: _ClassVar[int]
    OPS_FIELD_NUMBER: _ClassVar[int]
    ids: _containers.RepeatedScalarFieldContainer[str]
    ops: _containers.RepeatedCompositeFieldContainer[Operation]
    def __init__(self, ids: _Optional[_Iterable[str]] = ..., ops: _Optional[_Iterable[_Union[Operation, _Mapping]]] = ...) -> None: ...

class BulkUpdateCollectorsResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class BulkDeleteCollectorsRequest(_message.Message):
    __slots__ = ("ids",)
    IDS_FIELD_NUMBER: _ClassVar[int]
    ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, ids: _Optional[_Iterable[str]] = ...) -> None: ...

class BulkDeleteCollectorsResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class Operation(_message.Message):
    __slots__ = ("op", "path", "value", "oldValue")
    class OpType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        UNKNOWN: _ClassVar[Operation.OpType]
        ADD: _ClassVar[Operation.OpType]
        REMOVE: _ClassVar[Operation.OpType]
        REPLACE: _ClassVar[Operation.OpType]
        MOVE: _ClassVar[Operation.OpType]
        COPY: _ClassVar[Operation.OpType]
    UNKNOWN: Operation.OpType
    ADD: Operation.OpType
    REMOVE: Operation.OpType
    REPLACE: Operation.OpType
    MOVE: Operation.OpType
    COPY: Operation.OpType
    OP_FIELD_NUMBER: _ClassVar[int]
    PATH_FIELD_NUMBER: _ClassVar[int]
    FROM_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    OLDVALUE_FIELD_NUMBER: _ClassVar[int]
    op: Operation.OpType
    path: str
    value: str
    oldValue: str
    def __init__(self, op: _Optional[_Union[Operation.OpType, str]] = ..., path: _Optional[str] = ..., value: _Optional[str] = ..., oldValue: _Optional[str] = ..., **kwargs) -> None: ...

class ListCollectorAttributesRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ListCollectorAttributesResponse(_message.Message):
    __slots__ = ("attributes", "attribute_overrides", "local_attributes", "remote_attributes")
    class AttributesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: Attributes
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[Attributes, _Mapping]] = ...) -> None: ...
    class AttributeOverridesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: Attributes
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[Attributes, _Mapping]] = ...) -> None: ...
    class LocalAttributesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: Attributes
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[Attributes, _Mapping]] = ...) -> None: ...
    class RemoteAttributesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: Attributes
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[Attributes, _Mapping]] = ...) -> None: ...
    ATTRIBUTES_FIELD_NUMBER: _ClassVar[int]
    ATTRIBUTE_OVERRIDES_FIELD_NUMBER: _ClassVar[int]
    LOCAL_ATTRIBUTES_FIELD_NUMBER: _ClassVar[int]
    REMOTE_ATTRIBUTES_FIELD_NUMBER: _ClassVar[int]
    attributes: _containers.MessageMap[str, Attributes]
    attribute_overrides: _containers.MessageMap[str, Attributes]
    local_attributes: _containers.MessageMap[str, Attributes]
    remote_attributes: _containers.MessageMap[str, Attributes]
    def __init__(self, attributes: _Optional[_Mapping[str, Attributes]] = ..., attribute_overrides: _Optional[_Mapping[str, Attributes]] = ..., local_attributes: _Optional[_Mapping[str, Attributes]] = ..., remote_attributes: _Optional[_Mapping[str, Attributes]] = ...) -> None: ...

class Attributes(_message.Message):
    __slots__ = ("values",)
    VALUES_FIELD_NUMBER: _ClassVar[int]
    values: _containers.RepeatedCompositeFieldContainer[Value]
    def __init__(self, values: _Optional[_Iterable[_Union[Value, _Mapping]]] = ...) -> None: ...

class Value(_message.Message):
    __slots__ = ("value",)
    VALUE_FIELD_NUMBER: _ClassVar[int]
    value: str
    def __init__(self, value: _Optional[str] = ...) -> None: ...

class GetConfigRequest(_message.Message):
    __slots__ = ("id", "attributes", "hash", "local_attributes", "remote_config_status", "effective_config")
    class AttributesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    class LocalAttributesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    ID_FIELD_NUMBER: _ClassVar[int]
    ATTRIBUTES_FIELD_NUMBER: _ClassVar[int]
    HASH_FIELD_NUMBER: _ClassVar[int]
    LOCAL_ATTRIBUTES_FIELD_NUMBER: _ClassVar[int]
    REMOTE_CONFIG_STATUS_FIELD_NUMBER: _ClassVar[int]
    EFFECTIVE_CONFIG_FIELD_NUMBER: _ClassVar[int]
    id: str
    attributes: _containers.ScalarMap[str, str]
    hash: str
    local_attributes: _containers.ScalarMap[str, str]
    remote_config_status: RemoteConfigStatus
    effective_config: EffectiveConfig
    def __init__(self, id: _Optional[str] = ..., attributes: _Optional[_Mapping[str, str]] = ..., hash: _Optional[str] = ..., local_attributes: _Optional[_Mapping[str, str]] = ..., remote_config_status: _Optional[_Union[RemoteConfigStatus, _Mapping]] = ..., effective_config: _Optional[_Union[EffectiveConfig, _Mapping]] = ...) -> None: ...

class RemoteConfigStatus(_message.Message):
    __slots__ = ("status", "error_message")
    STATUS_FIELD_NUMBER: _ClassVar[int]
    ERROR_MESSAGE_FIELD_NUMBER: _ClassVar[int]
    status: RemoteConfigStatuses
    error_message: str
    def __init__(self, status: _Optional[_Union[RemoteConfigStatuses, str]] = ..., error_message: _Optional[str] = ...) -> None: ...

class EffectiveConfig(_message.Message):
    __slots__ = ("config_map",)
    CONFIG_MAP_FIELD_NUMBER: _ClassVar[int]
    config_map: AgentConfigMap
    def __init__(self, config_map: _Optional[_Union[AgentConfigMap, _Mapping]] = ...) -> None: ...

class AgentConfigMap(_message.Message):
    __slots__ = ("config_map",)
    class ConfigMapEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: AgentConfigFile
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[AgentConfigFile, _Mapping]] = ...) -> None: ...
    CONFIG_MAP_FIELD_NUMBER: _ClassVar[int]
    config_map: _containers.MessageMap[str, AgentConfigFile]
    def __init__(self, config_map: _Optional[_Mapping[str, AgentConfigFile]] = ...) -> None: ...

class AgentConfigFile(_message.Message):
    __slots__ = ("body", "content_type")
    BODY_FIELD_NUMBER: _ClassVar[int]
    CONTENT_TYPE_FIELD_NUMBER: _ClassVar[int]
    body: bytes
    content_type: str
    def __init__(self, body: _Optional[bytes] = ..., content_type: _Optional[str] = ...) -> None: ...

class GetConfigResponse(_message.Message):
    __slots__ = ("content", "hash", "not_modified")
    CONTENT_FIELD_NUMBER: _ClassVar[int]
    HASH_FIELD_NUMBER: _ClassVar[int]
    NOT_MODIFIED_FIELD_NUMBER: _ClassVar[int]
    content: str
    hash: str
    not_modified: bool
    def __init__(self, content: _Optional[str] = ..., hash: _Optional[str] = ..., not_modified: _Optional[bool] = ...) -> None: ...

class RegisterCollectorRequest(_message.Message):
    __slots__ = ("id", "attributes", "name", "local_attributes")
    class AttributesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    class LocalAttributesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    ID_FIELD_NUMBER: _ClassVar[int]
    ATTRIBUTES_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    LOCAL_ATTRIBUTES_FIELD_NUMBER: _ClassVar[int]
    id: str
    attributes: _containers.ScalarMap[str, str]
    name: str
    local_attributes: _containers.ScalarMap[str, str]
    def __init__(self, id: _Optional[str] = ..., attributes: _Optional[_Mapping[str, str]] = ..., name: _Optional[str] = ..., local_attributes: _Optional[_Mapping[str, str]] = ...) -> None: ...

class RegisterCollectorResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class UnregisterCollectorRequest(_message.Message):
    __slots__ = ("id",)
    ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    def __init__(self, id: _Optional[str] = ...) -> None: ...

class UnregisterCollectorResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...
