import datetime

from google.api import annotations_pb2 as _annotations_pb2
from google.protobuf import struct_pb2 as _struct_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from quarterdeck.gen.quarterdeck.wire.v1 import options_pb2 as _options_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ConfigType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CONFIG_TYPE_UNSPECIFIED: _ClassVar[ConfigType]
    CONFIG_TYPE_ALLOY: _ClassVar[ConfigType]
    CONFIG_TYPE_OTEL: _ClassVar[ConfigType]
CONFIG_TYPE_UNSPECIFIED: ConfigType
CONFIG_TYPE_ALLOY: ConfigType
CONFIG_TYPE_OTEL: ConfigType

class Pipeline(_message.Message):
    __slots__ = ("name", "contents", "matchers", "created_at", "updated_at", "enabled", "id", "metadata", "source", "config_type")
    NAME_FIELD_NUMBER: _ClassVar[int]
    CONTENTS_FIELD_NUMBER: _ClassVar[int]
    MATCHERS_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    UPDATED_AT_FIELD_NUMBER: _ClassVar[int]
    ENABLED_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    CONFIG_TYPE_FIELD_NUMBER: _ClassVar[int]
    name: str
    contents: str
    matchers: _containers.RepeatedScalarFieldContainer[str]
    created_at: _timestamp_pb2.Timestamp
    updated_at: _timestamp_pb2.Timestamp
    enabled: bool
    id: str
    metadata: _struct_pb2.Struct
    source: PipelineSource
    config_type: ConfigType
    def __init__(self, name: _Optional[str] = ..., contents: _Optional[str] = ..., matchers: _Optional[_Iterable[str]] = ..., created_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., updated_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., enabled: _Optional[bool] = ..., id: _Optional[str] = ..., metadata: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ..., source: _Optional[_Union[PipelineSource, _Mapping]] = ..., config_type: _Optional[_Union[ConfigType, str]] = ...) -> None: ...

class PipelineSource(_message.Message):
    __slots__ = ("type", "namespace")
    class SourceType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        SOURCE_TYPE_UNSPECIFIED: _ClassVar[PipelineSource.SourceType]
        SOURCE_TYPE_GIT: _ClassVar[PipelineSource.SourceType]
        SOURCE_TYPE_TERRAFORM: _ClassVar[PipelineSource.SourceType]
        SOURCE_TYPE_GRAFANA: _ClassVar[PipelineSource.SourceType]
    SOURCE_TYPE_UNSPECIFIED: PipelineSource.SourceType
    SOURCE_TYPE_GIT: PipelineSource.SourceType
    SOURCE_TYPE_TERRAFORM: PipelineSource.SourceType
    SOURCE_TYPE_GRAFANA: PipelineSource.SourceType
    TYPE_FIELD_NUMBER: _ClassVar[int]
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    type: PipelineSource.SourceType
    namespace: str
    def __init__(self, type: _Optional[_Union[PipelineSource.SourceType, str]] = ..., namespace: _Optional[str] = ...) -> None: ...

class Pipelines(_message.Message):
    __slots__ = ("pipelines",)
    PIPELINES_FIELD_NUMBER: _ClassVar[int]
    pipelines: _containers.RepeatedCompositeFieldContainer[Pipeline]
    def __init__(self, pipelines: _Optional[_Iterable[_Union[Pipeline, _Mapping]]] = ...) -> None: ...

class GetPipelineRequest(_message.Message):
    __slots__ = ("id",)
    ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    def __init__(self, id: _Optional[str] = ...) -> None: ...

class DeletePipelineRequest(_message.Message):
    __slots__ = ("id",)
    ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    def __init__(self, id: _Optional[str] = ...) -> None: ...

class DeletePipelineResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetPipelineIDRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class GetPipelineIDResponse(_message.Message):
    __slots__ = ("id",)
    ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    def __init__(self, id: _Optional[str] = ...) -> None: ...

class ListPipelinesRequest(_message.Message):
    __slots__ = ("local_attributes", "remote_attributes", "config_type", "enabled")
    class LocalAttributesEntry(_message.Message):
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
    LOCAL_ATTRIBUTES_FIELD_NUMBER: _ClassVar[int]
    REMOTE_ATTRIBUTES_FIELD_NUMBER: _ClassVar[int]
    CONFIG_TYPE_FIELD_NUMBER: _ClassVar[int]
    ENABLED_FIELD_NUMBER: _ClassVar[int]
    local_attributes: _containers.ScalarMap[str, str]
    remote_attributes: _containers.ScalarMap[str, str]
    config_type: ConfigType
    enabled: bool
    def __init__(self, local_attributes: _Optional[_Mapping[str, str]] = ..., remote_attributes: _Optional[_Mapping[str, str]] = ..., config_type: _Optional[_Union[ConfigType, str]] = ..., enabled: _Optional[bool] = ...) -> None: ...

class CreatePipelineRequest(_message.Message):
    __slots__ = ("pipeline", "validate_only")
    PIPELINE_FIELD_NUMBER: _ClassVar[int]
    VALIDATE_ONLY_FIELD_NUMBER: _ClassVar[int]
    pipeline: Pipeline
    validate_only: bool
    def __init__(self, pipeline: _Optional[_Union[Pipeline, _Mapping]] = ..., validate_only: _Optional[bool] = ...) -> None: ...

class UpdatePipelineRequest(_message.Message):
    __slots__ = ("pipeline", "validate_only")
    PIPELINE_FIELD_NUMBER: _ClassVar[int]
    VALIDATE_ONLY_FIELD_NUMBER: _ClassVar[int]
    pipeline: Pipeline
    validate_only: bool
    def __init__(self, pipeline: _Optional[_Union[Pipeline, _Mapping]] = ..., validate_only: _Optional[bool] = ...) -> None: ...

class UpsertPipelineRequest(_message.Message):
    __slots__ = ("pipeline", "validate_only")
    PIPELINE_FIELD_NUMBER: _ClassVar[int]
    VALIDATE_ONLY_FIELD_NUMBER: _ClassVar[int]
    pipeline: Pipeline
    validate_only: bool
    def __init__(self, pipeline: _Optional[_Union[Pipeline, _Mapping]] = ..., validate_only: _Optional[bool] = ...) -> None: ...

class BulkDeletePipelinesRequest(_message.Message):
    __slots__ = ("ids",)
    IDS_FIELD_NUMBER: _ClassVar[int]
    ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, ids: _Optional[_Iterable[str]] = ...) -> None: ...

class BulkDeletePipelinesResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class CreateAlloyPipelinesRequest(_message.Message):
    __slots__ = ("mimir_url", "mimir_username", "loki_url", "loki_username", "otlp_endpoint")
    MIMIR_URL_FIELD_NUMBER: _ClassVar[int]
    MIMIR_USERNAME_FIELD_NUMBER: _ClassVar[int]
    LOKI_URL_FIELD_NUMBER: _ClassVar[int]
    LOKI_USERNAME_FIELD_NUMBER: _ClassVar[int]
    OTLP_ENDPOINT_FIELD_NUMBER: _ClassVar[int]
    mimir_url: str
    mimir_username: str
    loki_url: str
    loki_username: str
    otlp_endpoint: str
    def __init__(self, mimir_url: _Optional[str] = ..., mimir_username: _Optional[str] = ..., loki_url: _Optional[str] = ..., loki_username: _Optional[str] = ..., otlp_endpoint: _Optional[str] = ...) -> None: ...

class CreateAlloyPipelinesResponse(_message.Message):
    __slots__ = ("pipelines",)
    PIPELINES_FIELD_NUMBER: _ClassVar[int]
    pipelines: Pipelines
    def __init__(self, pipelines: _Optional[_Union[Pipelines, _Mapping]] = ...) -> None: ...

class PipelineRevision(_message.Message):
    __slots__ = ("revision_id", "snapshot", "created_at", "operation")
    class Operation(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        UNSPECIFIED: _ClassVar[PipelineRevision.Operation]
        INSERT: _ClassVar[PipelineRevision.Operation]
        UPDATE: _ClassVar[PipelineRevision.Operation]
        DELETE: _ClassVar[PipelineRevision.Operation]
    UNSPECIFIED: PipelineRevision.Operation
    INSERT: PipelineRevision.Operation
    UPDATE: PipelineRevision.Operation
    DELETE: PipelineRevision.Operation
    REVISION_ID_FIELD_NUMBER: _ClassVar[int]
    SNAPSHOT_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    OPERATION_FIELD_NUMBER: _ClassVar[int]
    revision_id: str
    snapshot: Pipeline
    created_at: _timestamp_pb2.Timestamp
    operation: PipelineRevision.Operation
    def __init__(self, revision_id: _Optional[str] = ..., snapshot: _Optional[_Union[Pipeline, _Mapping]] = ..., created_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., operation: _Optional[_Union[PipelineRevision.Operation, str]] = ...) -> None: ...

class PipelineRevisions(_message.Message):
    __slots__ = ("pipeline_revisions",)
    PIPELINE_REVISIONS_FIELD_NUMBER: _ClassVar[int]
    pipeline_revisions: _containers.RepeatedCompositeFieldContainer[PipelineRevision]
    def __init__(self, pipeline_revisions: _Optional[_Iterable[_Union[PipelineRevision, _Mapping]]] = ...) -> None: ...

class ListPipelinesRevisionsRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ListPipelineRevisionsRequest(_message.Message):
    __slots__ = ("id",)
    ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    def __init__(self, id: _Optional[str] = ...) -> None: ...

class GetPipelineRevisionRequest(_message.Message):
    __slots__ = ("revision_id",)
    REVISION_ID_FIELD_NUMBER: _ClassVar[int]
    revision_id: str
    def __init__(self, revision_id: _Optional[str] = ...) -> None: ...

class SyncPipelinesRequest(_message.Message):
    __slots__ = ("source", "pipelines")
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    PIPELINES_FIELD_NUMBER: _ClassVar[int]
    source: PipelineSource
    pipelines: _containers.RepeatedCompositeFieldContainer[Pipeline]
    def __init__(self, source: _Optional[_Union[PipelineSource, _Mapping]] = ..., pipelines: _Optional[_Iterable[_Union[Pipeline, _Mapping]]] = ...) -> None: ...

class SyncPipelinesResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...
