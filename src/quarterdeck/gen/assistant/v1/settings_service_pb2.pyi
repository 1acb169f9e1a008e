import datetime

from google.api import annotations_pb2 as _annotations_pb2
from google.protobuf import struct_pb2 as _struct_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from quarterdeck.gen.quarterdeck.wire.v1 import options_pb2 as _options_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Rule(_message.Message):
    __slots__ = ("id", "created", "modified", "created_by", "updated_by", "user_id", "name", "description", "rule_content", "enabled", "priority", "scope", "applications")
    ID_FIELD_NUMBER: _ClassVar[int]
    CREATED_FIELD_NUMBER: _ClassVar[int]
    MODIFIED_FIELD_NUMBER: _ClassVar[int]
    CREATED_BY_FIELD_NUMBER: _ClassVar[int]
    UPDATED_BY_FIELD_NUMBER: _ClassVar[int]
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    RULE_CONTENT_FIELD_NUMBER: _ClassVar[int]
    ENABLED_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    SCOPE_FIELD_NUMBER: _ClassVar[int]
    APPLICATIONS_FIELD_NUMBER: _ClassVar[int]
    id: str
    created: _timestamp_pb2.Timestamp
    modified: _timestamp_pb2.Timestamp
    created_by: str
    updated_by: str
    user_id: str
    name: str
    description: str
    rule_content: str
    enabled: bool
    priority: int
    scope: str
    applications: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, id: _Optional[str] = ..., created: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., modified: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., created_by: _Optional[str] = ..., updated_by: _Optional[str] = ..., user_id: _Optional[str] = ..., name: _Optional[str] = ..., description: _Optional[str] = ..., rule_content: _Optional[str] = ..., enabled: _Optional[bool] = ..., priority: _Optional[int] = ..., scope: _Optional[str] = ..., applications: _Optional[_Iterable[str]] = ...) -> None: ...

class Skill(_message.Message):
    __slots__ = ("id", "created", "modified", "created_by", "updated_by", "user_id", "name", "body", "command_name", "command_enabled_at", "command_enabled_by", "version", "include_in_knowledgebase", "context_items", "allowed_tools", "scope")
    ID_FIELD_NUMBER: _ClassVar[int]
    CREATED_FIELD_NUMBER: _ClassVar[int]
    MODIFIED_FIELD_NUMBER: _ClassVar[int]
    CREATED_BY_FIELD_NUMBER: _ClassVar[int]
    UPDATED_BY_FIELD_NUMBER: _ClassVar[int]
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    BODY_FIELD_NUMBER: _ClassVar[int]
    COMMAND_NAME_FIELD_NUMBER: _ClassVar[int]
    COMMAND_ENABLED_AT_FIELD_NUMBER: _ClassVar[int]
    COMMAND_ENABLED_BY_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_IN_KNOWLEDGEBASE_FIELD_NUMBER: _ClassVar[int]
    CONTEXT_ITEMS_FIELD_NUMBER: _ClassVar[int]
    ALLOWED_TOOLS_FIELD_NUMBER: _ClassVar[int]
    SCOPE_FIELD_NUMBER: _ClassVar[int]
    id: str
    created: _timestamp_pb2.Timestamp
    modified: _timestamp_pb2.Timestamp
    created_by: str
    updated_by: str
    user_id: str
    name: str
    body: str
    command_name: str
    command_enabled_at: _timestamp_pb2.Timestamp
    command_enabled_by: str
    version: int
    include_in_knowledgebase: bool
    context_items: _struct_pb2.Value
    allowed_tools: _containers.RepeatedCompositeFieldContainer[AllowedTool]
    scope: str
    def __init__(self, id: _Optional[str] = ..., created: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., modified: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., created_by: _Optional[str] = ..., updated_by: _Optional[str] = ..., user_id: _Optional[str] = ..., name: _Optional[str] = ..., body: _Optional[str] = ..., command_name: _Optional[str] = ..., command_enabled_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., command_enabled_by: _Optional[str] = ..., version: _Optional[int] = ..., include_in_knowledgebase: _Optional[bool] = ..., context_items: _Optional[_Union[_struct_pb2.Value, _Mapping]] = ..., allowed_tools: _Optional[_Iterable[_Union[AllowedTool, _Mapping]]] = ..., scope: _Optional[str] = ...) -> None: ...

class AllowedTool(_message.Message):
    __slots__ = ("integration_id", "tool_name")
    INTEGRATION_ID_FIELD_NUMBER: _ClassVar[int]
    TOOL_NAME_FIELD_NUMBER: _ClassVar[int]
    integration_id: str
    tool_name: str
    def __init__(self, integration_id: _Optional[str] = ..., tool_name: _Optional[str] = ...) -> None: ...

class Integration(_message.Message):
    __slots__ = ("id", "created", "modified", "created_by", "updated_by", "user_id", "name", "description", "type", "enabled", "scope", "applications", "configuration", "headers", "header_list")
    ID_FIELD_NUMBER: _ClassVar[int]
    CREATED_FIELD_NUMBER: _ClassVar[int]
    MODIFIED_FIELD_NUMBER: _ClassVar[int]
    CREATED_BY_FIELD_NUMBER: _ClassVar[int]
    UPDATED_BY_FIELD_NUMBER: _ClassVar[int]
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    ENABLED_FIELD_NUMBER: _ClassVar[int]
    SCOPE_FIELD_NUMBER: _ClassVar[int]
    APPLICATIONS_FIELD_NUMBER: _ClassVar[int]
    CONFIGURATION_FIELD_NUMBER: _ClassVar[int]
    HEADERS_FIELD_NUMBER: _ClassVar[int]
    HEADER_LIST_FIELD_NUMBER: _ClassVar[int]
    id: str
    created: _timestamp_pb2.Timestamp
    modified: _timestamp_pb2.Timestamp
    created_by: str
    updated_by: str
    user_id: str
    name: str
    description: str
    type: str
    enabled: bool
    scope: str
    applications: _containers.RepeatedScalarFieldContainer[str]
    configuration: _struct_pb2.Value
    headers: _containers.RepeatedCompositeFieldContainer[IntegrationHeader]
    header_list: _containers.RepeatedCompositeFieldContainer[IntegrationHeader]
    def __init__(self, id: _Optional[str] = ..., created: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., modified: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., created_by: _Optional[str] = ..., updated_by: _Optional[str] = ..., user_id: _Optional[str] = ..., name: _Optional[str] = ..., description: _Optional[str] = ..., type: _Optional[str] = ..., enabled: _Optional[bool] = ..., scope: _Optional[str] = ..., applications: _Optional[_Iterable[str]] = ..., configuration: _Optional[_Union[_struct_pb2.Value, _Mapping]] = ..., headers: _Optional[_Iterable[_Union[IntegrationHeader, _Mapping]]] = ..., header_list: _Optional[_Iterable[_Union[IntegrationHeader, _Mapping]]] = ...) -> None: ...

class IntegrationHeader(_message.Message):
    __slots__ = ("key", "name", "value")
    KEY_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    key: str
    name: str
    value: str
    def __init__(self, key: _Optional[str] = ..., name: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...

class SettingsPagination(_message.Message):
    __slots__ = ("total", "limit", "offset")
    TOTAL_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    OFFSET_FIELD_NUMBER: _ClassVar[int]
    total: int
    limit: int
    offset: int
    def __init__(self, total: _Optional[int] = ..., limit: _Optional[int] = ..., offset: _Optional[int] = ...) -> None: ...

class CreateRuleRequest(_message.Message):
    __slots__ = ("scope", "name", "description", "rule_content", "enabled", "priority", "applications")
    SCOPE_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    RULE_CONTENT_FIELD_NUMBER: _ClassVar[int]
    ENABLED_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    APPLICATIONS_FIELD_NUMBER: _ClassVar[int]
    scope: str
    name: str
    description: str
    rule_content: str
    enabled: bool
    priority: int
    applications: _struct_pb2.Value
    def __init__(self, scope: _Optional[str] = ..., name: _Optional[str] = ..., description: _Optional[str] = ..., rule_content: _Optional[str] = ..., enabled: _Optional[bool] = ..., priority: _Optional[int] = ..., applications: _Optional[_Union[_struct_pb2.Value, _Mapping]] = ...) -> None: ...

class CreateRuleResponse(_message.Message):
    __slots__ = ("schema", "status", "data")
    SCHEMA_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    schema: str
    status: str
    data: Rule
    def __init__(self, schema: _Optional[str] = ..., status: _Optional[str] = ..., data: _Optional[_Union[Rule, _Mapping]] = ...) -> None: ...

class ListRulesRequest(_message.Message):
    __slots__ = ("limit", "offset", "scope", "enabled_only")
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    OFFSET_FIELD_NUMBER: _ClassVar[int]
    SCOPE_FIELD_NUMBER: _ClassVar[int]
    ENABLED_ONLY_FIELD_NUMBER: _ClassVar[int]
    limit: int
    offset: int
    scope: str
    enabled_only: bool
    def __init__(self, limit: _Optional[int] = ..., offset: _Optional[int] = ..., scope: _Optional[str] = ..., enabled_only: _Optional[bool] = ...) -> None: ...

class ListRulesResponse(_message.Message):
    __slots__ = ("schema", "status", "data")
    SCHEMA_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    schema: str
    status: str
    data: RulePage
    def __init__(self, schema: _Optional[str] = ..., status: _Optional[str] = ..., data: _Optional[_Union[RulePage, _Mapping]] = ...) -> None: ...

class RulePage(_message.Message):
    __slots__ = ("rules", "pagination", "total")
    RULES_FIELD_NUMBER: _ClassVar[int]
    PAGINATION_FIELD_NUMBER: _ClassVar[int]
    TOTAL_FIELD_NUMBER: _ClassVar[int]
    rules: _containers.RepeatedCompositeFieldContainer[Rule]
    pagination: SettingsPagination
    total: int
    def __init__(self, rules: _Optional[_Iterable[_Union[Rule, _Mapping]]] = ..., pagination: _Optional[_Union[SettingsPagination, _Mapping]] = ..., total: _Optional[int] = ...) -> None: ...

class GetRuleRequest(_message.Message):
    __slots__ = ("id",)
    ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    def __init__(self, id: _Optional[str] = ...) -> None: ...

class GetRuleResponse(_message.Message):
    __slots__ = ("schema", "status", "data")
    SCHEMA_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    schema: str
    status: str
    data: Rule
    def __init__(self, schema: _Optional[str] = ..., status: _Optional[str] = ..., data: _Optional[_Union[Rule, _Mapping]] = ...) -> None: ...

class UpdateRuleRequest(_message.Message):
    __slots__ = ("id", "scope", "name", "description", "rule_content", "enabled", "priority", "applications")
    ID_FIELD_NUMBER: _ClassVar[int]
    SCOPE_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    RULE_CONTENT_FIELD_NUMBER: _ClassVar[int]
    ENABLED_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    APPLICATIONS_FIELD_NUMBER: _ClassVar[int]
    id: str
    scope: str
    name: str
    description: str
    rule_content: str
    enabled: bool
    priority: int
    applications: _struct_pb2.Value
    def __init__(self, id: _Optional[str] = ..., scope: _Optional[str] = ..., name: _Optional[str] = ..., description: _Optional[str] = ..., rule_content: _Optional[str] = ..., enabled: _Optional[bool] = ..., priority: _Optional[int] = ..., applications: _Optional[_Union[_struct_pb2.Value, _Mapping]] = ...) -> None: ...

class UpdateRuleResponse(_message.Message):
    __slots__ = ("schema", "status", "data")
    SCHEMA_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    schema: str
    status: str
    data: Rule
    def __init__(self, schema: _Optional[str] = ..., status: _Optional[str] = ..., data: _Optional[_Union[Rule, _Mapping]] = ...) -> None: ...

class DeleteRuleRequest(_message.Message):
    __slots__ = ("id",)
    ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    def __init__(self, id: _Optional[str] = ...) -> None: ...

class DeleteRuleResponse(_message.Message):
    __slots__ = ("status",)
    STATUS_FIELD_NUMBER: _ClassVar[int]
    status: str
    def __init__(self, status: _Optional[str] = ...) -> None: ...

class CreateSkillRequest(_message.Message):
    __slots__ = ("scope", "name", "body", "include_in_knowledgebase", "context_items", "allowed_tools")
    SCOPE_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    BODY_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_IN_KNOWLEDGEBASE_FIELD_NUMBER: _ClassVar[int]
    CONTEXT_ITEMS_FIELD_NUMBER: _ClassVar[int]
    ALLOWED_TOOLS_FIELD_NUMBER: _ClassVar[int]
    scope: str
    name: str
    body: str
    include_in_knowledgebase: bool
    context_items: _struct_pb2.Value
    allowed_tools: _struct_pb2.Value
    def __init__(self, scope: _Optional[str] = ..., name: _Optional[str] = ..., body: _Optional[str] = ..., include_in_knowledgebase: _Optional[bool] = ..., context_items: _Optional[_Union[_struct_pb2.Value, _Mapping]] = ..., allowed_tools: _Optional[_Union[_struct_pb2.Value, _Mapping]] = ...) -> None: ...

class CreateSkillResponse(_message.Message):
    __slots__ = ("schema", "status", "data")
    SCHEMA_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    schema: str
    status: str
    data: Skill
    def __init__(self, schema: _Optional[str] = ..., status: _Optional[str] = ..., data: _Optional[_Union[Skill, _Mapping]] = ...) -> None: ...

class ListSkillsRequest(_message.Message):
    __slots__ = ("limit", "offset", "scope", "enabled_only")
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    OFFSET_FIELD_NUMBER: _ClassVar[int]
    SCOPE_FIELD_NUMBER: _ClassVar[int]
    ENABLED_ONLY_FIELD_NUMBER: _ClassVar[int]
    limit: int
    offset: int
    scope: str
    enabled_only: bool
    def __init__(self, limit: _Optional[int] = ..., offset: _Optional[int] = ..., scope: _Optional[str] = ..., enabled_only: _Optional[bool] = ...) -> None: ...

class ListSkillsResponse(_message.Message):
    __slots__ = ("schema", "status", "data")
    SCHEMA_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    schema: str
    status: str
    data: SkillPage
    def __init__(self, schema: _Optional[str] = ..., status: _Optional[str] = ..., data: _Optional[_Union[SkillPage, _Mapping]] = ...) -> None: ...

class SkillPage(_message.Message):
    __slots__ = ("skills", "pagination", "total")
    SKILLS_FIELD_NUMBER: _ClassVar[int]
    PAGINATION_FIELD_NUMBER: _ClassVar[int]
    TOTAL_FIELD_NUMBER: _ClassVar[int]
    skills: _containers.RepeatedCompositeFieldContainer[Skill]
    pagination: SettingsPagination
    total: int
    def __init__(self, skills: _Optional[_Iterable[_Union[Skill, _Mapping]]] = ..., pagination: _Optional[_Union[SettingsPagination, _Mapping]] = ..., total: _Optional[int] = ...) -> None: ...

class GetSkillRequest(_message.Message):
    __slots__ = ("id",)
    ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    def __init__(self, id: _Optional[str] = ...) -> None: ...

class GetSkillResponse(_message.Message):
    __slots__ = ("schema", "status", "data")
    SCHEMA_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    schema: str
    status: str
    data: Skill
    def __init__(self, schema: _Optional[str] = ..., status: _Optional[str] = ..., data: _Optional[_Union[Skill, _Mapping]] = ...) -> None: ...

class UpdateSkillRequest(_message.Message):
    __slots__ = ("id", "scope", "name", "body", "include_in_knowledgebase", "context_items", "allowed_tools")
    ID_FIELD_NUMBER: _ClassVar[int]
    SCOPE_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    BODY_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_IN_KNOWLEDGEBASE_FIELD_NUMBER: _ClassVar[int]
    CONTEXT_ITEMS_FIELD_NUMBER: _ClassVar[int]
    ALLOWED_TOOLS_FIELD_NUMBER: _ClassVar[int]
    id: str
    scope: str
    name: str
    body: str
    include_in_knowledgebase: bool
    context_items: _struct_pb2.Value
    allowed_tools: _struct_pb2.Value
    def __init__(self, id: _Optional[str] = ..., scope: _Optional[str] = ..., name: _Optional[str] = ..., body: _Optional[str] = ..., include_in_knowledgebase: _Optional[bool] = ..., context_items: _Optional[_Union[_struct_pb2.Value, _Mapping]] = ..., allowed_tools: _Optional[_Union[_struct_pb2.Value, _Mapping]] = ...) -> None: ...

class UpdateSkillResponse(_message.Message):
    __slots__ = ("schema", "status", "data")
    SCHEMA_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    schema: str
    status: str
    data: Skill
    def __init__(self, schema: _Optional[str] = ..., status: _Optional[str] = ..., data: _Optional[_Union[Skill, _Mapping]] = ...) -> None: ...

class DeleteSkillRequest(_message.Message):
    __slots__ = ("id",)
    ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    def __init__(self, id: _Optional[str] = ...) -> None: ...

class DeleteSkillResponse(_message.Message):
    __slots__ = ("status",)
    STATUS_FIELD_NUMBER: _ClassVar[int]
    status: str
    def __init__(self, status: _Optional[str] = ...) -> None: ...

class CreateIntegrationRequest(_message.Message):
    __slots__ = ("scope", "name", "description", "type", "enabled", "applications", "configuration", "custom_headers")
    SCOPE_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    ENABLED_FIELD_NUMBER: _ClassVar[int]
    APPLICATIONS_FIELD_NUMBER: _ClassVar[int]
    CONFIGURATION_FIELD_NUMBER: _ClassVar[int]
    CUSTOM_HEADERS_FIELD_NUMBER: _ClassVar[int]
    scope: str
    name: str
    description: str
    type: str
    enabled: bool
    applications: _struct_pb2.Value
    configuration: _struct_pb2.Value
    custom_headers: _struct_pb2.Value
    def __init__(self, scope: _Optional[str] = ..., name: _Optional[str] = ..., description: _Optional[str] = ..., type: _Optional[str] = ..., enabled: _Optional[bool] = ..., applications: _Optional[_Union[_struct_pb2.Value, _Mapping]] = ..., configuration: _Optional[_Union[_struct_pb2.Value, _Mapping]] = ..., custom_headers: _Optional[_Union[_struct_pb2.Value, _Mapping]] = ...) -> None: ...

class CreateIntegrationResponse(_message.Message):
    __slots__ = ("schema", "status", "data")
    SCHEMA_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    schema: str
    status: str
    data: Integration
    def __init__(self, schema: _Optional[str] = ..., status: _Optional[str] = ..., data: _Optional[_Union[Integration, _Mapping]] = ...) -> None: ...

class ListIntegrationsRequest(_message.Message):
    __slots__ = ("limit", "offset", "scope", "enabled_only")
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    OFFSET_FIELD_NUMBER: _ClassVar[int]
    SCOPE_FIELD_NUMBER: _ClassVar[int]
    ENABLED_ONLY_FIELD_NUMBER: _ClassVar[int]
    limit: int
    offset: int
    scope: str
    enabled_only: bool
    def __init__(self, limit: _Optional[int] = ..., offset: _Optional[int] = ..., scope: _Optional[str] = ..., enabled_only: _Optional[bool] = ...) -> None: ...

class ListIntegrationsResponse(_message.Message):
    __slots__ = ("schema", "status", "data")
    SCHEMA_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    schema: str
    status: str
    data: IntegrationPage
    def __init__(self, schema: _Optional[str] = ..., status: _Optional[str] = ..., data: _Optional[_Union[IntegrationPage, _Mapping]] = ...) -> None: ...

class IntegrationPage(_message.Message):
    __slots__ = ("integrations", "pagination", "total")
    INTEGRATIONS_FIELD_NUMBER: _ClassVar[int]
    PAGINATION_FIELD_NUMBER: _ClassVar[int]
    TOTAL_FIELD_NUMBER: _ClassVar[int]
    integrations: _containers.RepeatedCompositeFieldContainer[Integration]
    pagination: SettingsPagination
    total: int
    def __init__(self, integrations: _Optional[_Iterable[_Union[Integration, _Mapping]]] = ..., pagination: _Optional[_Union[SettingsPagination, _Mapping]] = ..., total: _Optional[int] = ...) -> None: ...

class GetIntegrationRequest(_message.Message):
    __slots__ = ("id",)
    ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    def __init__(self, id: _Optional[str] = ...) -> None: ...

class GetIntegrationResponse(_message.Message):
    __slots__ = ("schema", "status", "data")
    SCHEMA_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    schema: str
    status: str
    data: Integration
    def __init__(self, schema: _Optional[str] = ..., status: _Optional[str] = ..., data: _Optional[_Union[Integration, _Mapping]] = ...) -> None: ...

class UpdateIntegrationRequest(_message.Message):
    __slots__ = ("id", "scope", "name", "description", "type", "enabled", "applications", "configuration", "custom_headers")
    ID_FIELD_NUMBER: _ClassVar[int]
    SCOPE_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    ENABLED_FIELD_NUMBER: _ClassVar[int]
    APPLICATIONS_FIELD_NUMBER: _ClassVar[int]
    CONFIGURATION_FIELD_NUMBER: _ClassVar[int]
    CUSTOM_HEADERS_FIELD_NUMBER: _ClassVar[int]
    id: str
    scope: str
    name: str
    description: str
    type: str
    enabled: bool
    applications: _struct_pb2.Value
    configuration: _struct_pb2.Value
    custom_headers: _struct_pb2.Value
    def __init__(self, id: _Optional[str] = ..., scope: _Optional[str] = ..., name: _Optional[str] = ..., description: _Optional[str] = ..., type: _Optional[str] = ..., enabled: _Optional[bool] = ..., applications: _Optional[_Union[_struct_pb2.Value, _Mapping]] = ..., configuration: _Optional[_Union[_struct_pb2.Value, _Mapping]] = ..., custom_headers: _Optional[_Union[_struct_pb2.Value, _Mapping]] = ...) -> None: ...

class UpdateIntegrationResponse(_message.Message):
    __slots__ = ("schema", "status", "data")
    SCHEMA_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    schema: str
    status: str
    data: Integration
    def __init__(self, schema: _Optional[str] = ..., status: _Optional[str] = ..., data: _Optional[_Union[Integration, _Mapping]] = ...) -> None: ...

class DeleteIntegrationRequest(_message.Message):
    __slots__ = ("id",)
    ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    def __init__(self, id: _Optional[str] = ...) -> None: ...

class DeleteIntegrationResponse(_message.Message):
    __slots__ = ("status",)
    STATUS_FIELD_NUMBER: _ClassVar[int]
    status: str
    def __init__(self, status: _Optional[str] = ...) -> None: ...

class SetSkillCommandRequest(_message.Message):
    __slots__ = ("id", "command_name")
    ID_FIELD_NUMBER: _ClassVar[int]
    COMMAND_NAME_FIELD_NUMBER: _ClassVar[int]
    id: str
    command_name: _struct_pb2.Value
    def __init__(self, id: _Optional[str] = ..., command_name: _Optional[_Union[_struct_pb2.Value, _Mapping]] = ...) -> None: ...

class SetSkillCommandResponse(_message.Message):
    __slots__ = ("schema", "status", "data")
    SCHEMA_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    schema: str
    status: str
    data: Skill
    def __init__(self, schema: _Optional[str] = ..., status: _Optional[str] = ..., data: _Optional[_Union[Skill, _Mapping]] = ...) -> None: ...

class ValidateIntegrationRequest(_message.Message):
    __slots__ = ("id",)
    ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    def __init__(self, id: _Optional[str] = ...) -> None: ...

class ValidateIntegrationResponse(_message.Message):
    __slots__ = ("schema", "status", "data")
    SCHEMA_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    schema: str
    status: str
    data: IntegrationValidation
    def __init__(self, schema: _Optional[str] = ..., status: _Optional[str] = ..., data: _Optional[_Union[IntegrationValidation, _Mapping]] = ...) -> None: ...

class IntegrationValidation(_message.Message):
    __slots__ = ("result",)
    RESULT_FIELD_NUMBER: _ClassVar[int]
    result: IntegrationResult
    def __init__(self, result: _Optional[_Union[IntegrationResult, _Mapping]] = ...) -> None: ...

class IntegrationResult(_message.Message):
    __slots__ = ("status", "message", "error", "tools")
    STATUS_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    TOOLS_FIELD_NUMBER: _ClassVar[int]
    status: str
    message: str
    error: str
    tools: _containers.RepeatedCompositeFieldContainer[IntegrationTool]
    def __init__(self, status: _Optional[str] = ..., message: _Optional[str] = ..., error: _Optional[str] = ..., tools: _Optional[_Iterable[_Union[IntegrationTool, _Mapping]]] = ...) -> None: ...

class IntegrationTool(_message.Message):
    __slots__ = ("name", "description", "annotations", "approval_policy")
    NAME_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    ANNOTATIONS_FIELD_NUMBER: _ClassVar[int]
    APPROVAL_POLICY_FIELD_NUMBER: _ClassVar[int]
    name: str
    description: str
    annotations: IntegrationToolHints
    approval_policy: str
    def __init__(self, name: _Optional[str] = ..., description: _Optional[str] = ..., annotations: _Optional[_Union[IntegrationToolHints, _Mapping]] = ..., approval_policy: _Optional[str] = ...) -> None: ...

class IntegrationToolHints(_message.Message):
    __slots__ = ("read_only_hint",)
    READ_ONLY_HINT_FIELD_NUMBER: _ClassVar[int]
    read_only_hint: bool
    def __init__(self, read_only_hint: _Optional[bool] = ...) -> None: ...
