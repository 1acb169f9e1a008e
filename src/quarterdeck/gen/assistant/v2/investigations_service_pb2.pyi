import datetime

from google.api import annotations_pb2 as _annotations_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from quarterdeck.gen.quarterdeck.wire.v1 import options_pb2 as _options_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class CreateInvestigationRequest(_message.Message):
    __slots__ = ("instruction", "title", "team_names", "agent_profile_id")
    INSTRUCTION_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    TEAM_NAMES_FIELD_NUMBER: _ClassVar[int]
    AGENT_PROFILE_ID_FIELD_NUMBER: _ClassVar[int]
    instruction: str
    title: str
    team_names: _containers.RepeatedScalarFieldContainer[str]
    agent_profile_id: str
    def __init__(self, instruction: _Optional[str] = ..., title: _Optional[str] = ..., team_names: _Optional[_Iterable[str]] = ..., agent_profile_id: _Optional[str] = ...) -> None: ...

class CreateInvestigationResponse(_message.Message):
    __slots__ = ("status", "data")
    STATUS_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    status: str
    data: CreatedInvestigation
    def __init__(self, status: _Optional[str] = ..., data: _Optional[_Union[CreatedInvestigation, _Mapping]] = ...) -> None: ...

class CreatedInvestigation(_message.Message):
    __slots__ = ("investigation_id", "chat_id", "agent_profile_id")
    INVESTIGATION_ID_FIELD_NUMBER: _ClassVar[int]
    CHAT_ID_FIELD_NUMBER: _ClassVar[int]
    AGENT_PROFILE_ID_FIELD_NUMBER: _ClassVar[int]
    investigation_id: str
    chat_id: str
    agent_profile_id: str
    def __init__(self, investigation_id: _Optional[str] = ..., chat_id: _Optional[str] = ..., agent_profile_id: _Optional[str] = ...) -> None: ...

class ListInvestigationsRequest(_message.Message):
    __slots__ = ("state", "q", "scope", "team_name", "to", "sort", "order", "view", "label", "limit", "offset", "include_legacy")
    STATE_FIELD_NUMBER: _ClassVar[int]
    Q_FIELD_NUMBER: _ClassVar[int]
    SCOPE_FIELD_NUMBER: _ClassVar[int]
    TEAM_NAME_FIELD_NUMBER: _ClassVar[int]
    FROM_FIELD_NUMBER: _ClassVar[int]
    TO_FIELD_NUMBER: _ClassVar[int]
    SORT_FIELD_NUMBER: _ClassVar[int]
    ORDER_FIELD_NUMBER: _ClassVar[int]
    VIEW_FIELD_NUMBER: _ClassVar[int]
    LABEL_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    OFFSET_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_LEGACY_FIELD_NUMBER: _ClassVar[int]
    state: str
    q: str
    scope: str
    team_name: str
    to: _timestamp_pb2.Timestamp
    sort: str
    order: str
    view: str
    label: str
    limit: int
    offset: int
    include_legacy: bool
    def __init__(self, state: _Optional[str] = ..., q: _Optional[str] = ..., scope: _Optional[str] = ..., team_name: _Optional[str] = ..., to: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., sort: _Optional[str] = ..., order: _Optional[str] = ..., view: _Optional[str] = ..., label: _Optional[str] = ..., limit: _Optional[int] = ..., offset: _Optional[int] = ..., include_legacy: _Optional[bool] = ..., **kwargs) -> None: ...

class ListInvestigationsResponse(_message.Message):
    __slots__ = ("status", "data")
    STATUS_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    status: str
    data: InvestigationPage
    def __init__(self, status: _Optional[str] = ..., data: _Optional[_Union[InvestigationPage, _Mapping]] = ...) -> None: ...

class InvestigationPage(_message.Message):
    __slots__ = ("investigations", "total")
    INVESTIGATIONS_FIELD_NUMBER: _ClassVar[int]
    TOTAL_FIELD_NUMBER: _ClassVar[int]
    investigations: _containers.RepeatedCompositeFieldContainer[InvestigationSummary]
    total: int
    def __init__(self, investigations: _Optional[_Iterable[_Union[InvestigationSummary, _Mapping]]] = ..., total: _Optional[int] = ...) -> None: ...

class InvestigationSummary(_message.Message):
    __slots__ = ("id", "title", "description", "state", "chat_id", "created_at", "updated_at", "tokens_used", "source", "owner_user_id")
    ID_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    CHAT_ID_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    UPDATED_AT_FIELD_NUMBER: _ClassVar[int]
    TOKENS_USED_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    OWNER_USER_ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    title: str
    description: str
    state: str
    chat_id: str
    created_at: _timestamp_pb2.Timestamp
    updated_at: _timestamp_pb2.Timestamp
    tokens_used: int
    source: InvestigationSource
    owner_user_id: str
    def __init__(self, id: _Optional[str] = ..., title: _Optional[str] = ..., description: _Optional[str] = ..., state: _Optional[str] = ..., chat_id: _Optional[str] = ..., created_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., updated_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., tokens_used: _Optional[int] = ..., source: _Optional[_Union[InvestigationSource, _Mapping]] = ..., owner_user_id: _Optional[str] = ...) -> None: ...

class InvestigationSource(_message.Message):
    __slots__ = ("type", "value", "user_id")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    type: str
    value: str
    user_id: str
    def __init__(self, type: _Optional[str] = ..., value: _Optional[str] = ..., user_id: _Optional[str] = ...) -> None: ...

class GetInvestigationRequest(_message.Message):
    __slots__ = ("investigation_id",)
    INVESTIGATION_ID_FIELD_NUMBER: _ClassVar[int]
    investigation_id: str
    def __init__(self, investigation_id: _Optional[str] = ...) -> None: ...

class GetInvestigationResponse(_message.Message):
    __slots__ = ("status", "data")
    STATUS_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    status: str
    data: CreatedInvestigation
    def __init__(self, status: _Optional[str] = ..., data: _Optional[_Union[CreatedInvestigation, _Mapping]] = ...) -> None: ...

class GetSnapshotRequest(_message.Message):
    __slots__ = ("investigation_id",)
    INVESTIGATION_ID_FIELD_NUMBER: _ClassVar[int]
    investigation_id: str
    def __init__(self, investigation_id: _Optional[str] = ...) -> None: ...

class GetSnapshotResponse(_message.Message):
    __slots__ = ("status", "data")
    STATUS_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    status: str
    data: InvestigationSnapshot
    def __init__(self, status: _Optional[str] = ..., data: _Optional[_Union[InvestigationSnapshot, _Mapping]] = ...) -> None: ...

class InvestigationSnapshot(_message.Message):
    __slots__ = ("id", "investigation_id", "chat_id", "title", "description", "state", "session_status", "mode", "epoch", "report", "error", "evidence_count", "team_names", "incident_id", "created_at", "updated_at", "source", "message", "added_team_names")
    ID_FIELD_NUMBER: _ClassVar[int]
    INVESTIGATION_ID_FIELD_NUMBER: _ClassVar[int]
    CHAT_ID_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    SESSION_STATUS_FIELD_NUMBER: _ClassVar[int]
    MODE_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    REPORT_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    EVIDENCE_COUNT_FIELD_NUMBER: _ClassVar[int]
    TEAM_NAMES_FIELD_NUMBER: _ClassVar[int]
    INCIDENT_ID_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    UPDATED_AT_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    ADDED_TEAM_NAMES_FIELD_NUMBER: _ClassVar[int]
    id: str
    investigation_id: str
    chat_id: str
    title: str
    description: str
    state: str
    session_status: str
    mode: str
    epoch: int
    report: str
    error: str
    evidence_count: int
    team_names: _containers.RepeatedScalarFieldContainer[str]
    incident_id: str
    created_at: _timestamp_pb2.Timestamp
    updated_at: _timestamp_pb2.Timestamp
    source: InvestigationSource
    message: str
    added_team_names: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, id: _Optional[str] = ..., investigation_id: _Optional[str] = ..., chat_id: _Optional[str] = ..., title: _Optional[str] = ..., description: _Optional[str] = ..., state: _Optional[str] = ..., session_status: _Optional[str] = ..., mode: _Optional[str] = ..., epoch: _Optional[int] = ..., report: _Optional[str] = ..., error: _Optional[str] = ..., evidence_count: _Optional[int] = ..., team_names: _Optional[_Iterable[str]] = ..., incident_id: _Optional[str] = ..., created_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., updated_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., source: _Optional[_Union[InvestigationSource, _Mapping]] = ..., message: _Optional[str] = ..., added_team_names: _Optional[_Iterable[str]] = ...) -> None: ...

class ListEvidenceRequest(_message.Message):
    __slots__ = ("investigation_id",)
    INVESTIGATION_ID_FIELD_NUMBER: _ClassVar[int]
    investigation_id: str
    def __init__(self, investigation_id: _Optional[str] = ...) -> None: ...

class ListEvidenceResponse(_message.Message):
    __slots__ = ("status", "data")
    STATUS_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    status: str
    data: InvestigationEvidence
    def __init__(self, status: _Optional[str] = ..., data: _Optional[_Union[InvestigationEvidence, _Mapping]] = ...) -> None: ...

class InvestigationEvidence(_message.Message):
    __slots__ = ("evidence",)
    EVIDENCE_FIELD_NUMBER: _ClassVar[int]
    evidence: _containers.RepeatedCompositeFieldContainer[EvidenceItem]
    def __init__(self, evidence: _Optional[_Iterable[_Union[EvidenceItem, _Mapping]]] = ...) -> None: ...

class EvidenceItem(_message.Message):
    __slots__ = ("panel_id", "tool", "query", "epoch", "time", "tool_use_id")
    PANEL_ID_FIELD_NUMBER: _ClassVar[int]
    TOOL_FIELD_NUMBER: _ClassVar[int]
    QUERY_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    TIME_FIELD_NUMBER: _ClassVar[int]
    TOOL_USE_ID_FIELD_NUMBER: _ClassVar[int]
    panel_id: str
    tool: str
    query: str
    epoch: int
    time: _timestamp_pb2.Timestamp
    tool_use_id: str
    def __init__(self, panel_id: _Optional[str] = ..., tool: _Optional[str] = ..., query: _Optional[str] = ..., epoch: _Optional[int] = ..., time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., tool_use_id: _Optional[str] = ...) -> None: ...

class PauseInvestigationRequest(_message.Message):
    __slots__ = ("investigation_id",)
    INVESTIGATION_ID_FIELD_NUMBER: _ClassVar[int]
    investigation_id: str
    def __init__(self, investigation_id: _Optional[str] = ...) -> None: ...

class PauseInvestigationResponse(_message.Message):
    __slots__ = ("status", "data")
    STATUS_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    status: str
    data: InvestigationSnapshot
    def __init__(self, status: _Optional[str] = ..., data: _Optional[_Union[InvestigationSnapshot, _Mapping]] = ...) -> None: ...

class ResumeInvestigationRequest(_message.Message):
    __slots__ = ("investigation_id",)
    INVESTIGATION_ID_FIELD_NUMBER: _ClassVar[int]
    investigation_id: str
    def __init__(self, investigation_id: _Optional[str] = ...) -> None: ...

class ResumeInvestigationResponse(_message.Message):
    __slots__ = ("status", "data")
    STATUS_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    status: str
    data: InvestigationSnapshot
    def __init__(self, status: _Optional[str] = ..., data: _Optional[_Union[InvestigationSnapshot, _Mapping]] = ...) -> None: ...

class SetModeRequest(_message.Message):
    __slots__ = ("investigation_id", "mode")
    INVESTIGATION_ID_FIELD_NUMBER: _ClassVar[int]
    MODE_FIELD_NUMBER: _ClassVar[int]
    investigation_id: str
    mode: str
    def __init__(self, investigation_id: _Optional[str] = ..., mode: _Optional[str] = ...) -> None: ...

class SetModeResponse(_message.Message):
    __slots__ = ("status", "data")
    STATUS_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    status: str
    data: InvestigationSnapshot
    def __init__(self, status: _Optional[str] = ..., data: _Optional[_Union[InvestigationSnapshot, _Mapping]] = ...) -> None: ...

class ShareInvestigationRequest(_message.Message):
    __slots__ = ("investigation_id", "team_names")
    INVESTIGATION_ID_FIELD_NUMBER: _ClassVar[int]
    TEAM_NAMES_FIELD_NUMBER: _ClassVar[int]
    investigation_id: str
    team_names: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, investigation_id: _Optional[str] = ..., team_names: _Optional[_Iterable[str]] = ...) -> None: ...

class ShareInvestigationResponse(_message.Message):
    __slots__ = ("status", "data")
    STATUS_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    status: str
    data: InvestigationSnapshot
    def __init__(self, status: _Optional[str] = ..., data: _Optional[_Union[InvestigationSnapshot, _Mapping]] = ...) -> None: ...
