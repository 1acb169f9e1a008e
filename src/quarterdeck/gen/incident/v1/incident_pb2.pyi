import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from quarterdeck.gen.incident.v1 import field_pb2 as _field_pb2
from quarterdeck.gen.incident.v1 import membership_pb2 as _membership_pb2
from quarterdeck.gen.incident.v1 import task_pb2 as _task_pb2
from quarterdeck.gen.incident.v1 import user_pb2 as _user_pb2
from quarterdeck.gen.quarterdeck.wire.v1 import options_pb2 as _options_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Incident(_message.Message):
    __slots__ = ("incident_id", "refs", "severity", "labels", "is_drill", "incident_type", "created_time", "modified_time", "created_by_user", "closed_time", "duration_seconds", "status", "title", "overview_url", "incident_membership", "task_list", "summary", "incident_start", "incident_end", "incident_channels", "slug", "version", "severity_id", "description", "status_id", "hero_image_path")
    INCIDENT_ID_FIELD_NUMBER: _ClassVar[int]
    REFS_FIELD_NUMBER: _ClassVar[int]
    SEVERITY_FIELD_NUMBER: _ClassVar[int]
    LABELS_FIELD_NUMBER: _ClassVar[int]
    IS_DRILL_FIELD_NUMBER: _ClassVar[int]
    INCIDENT_TYPE_FIELD_NUMBER: _ClassVar[int]
    CREATED_TIME_FIELD_NUMBER: _ClassVar[int]
    MODIFIED_TIME_FIELD_NUMBER: _ClassVar[int]
    CREATED_BY_USER_FIELD_NUMBER: _ClassVar[int]
    CLOSED_TIME_FIELD_NUMBER: _ClassVar[int]
    DURATION_SECONDS_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    OVERVIEW_URL_FIELD_NUMBER: _ClassVar[int]
    INCIDENT_MEMBERSHIP_FIELD_NUMBER: _ClassVar[int]
    TASK_LIST_FIELD_NUMBER: _ClassVar[int]
    SUMMARY_FIELD_NUMBER: _ClassVar[int]
    INCIDENT_START_FIELD_NUMBER: _ClassVar[int]
    INCIDENT_END_FIELD_NUMBER: _ClassVar[int]
    INCIDENT_CHANNELS_FIELD_NUMBER: _ClassVar[int]
    SLUG_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    SEVERITY_ID_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    STATUS_ID_FIELD_NUMBER: _ClassVar[int]
    HERO_IMAGE_PATH_FIELD_NUMBER: _ClassVar[int]
    incident_id: str
    refs: _containers.RepeatedCompositeFieldContainer[IncidentRef]
    severity: str
    labels: _containers.RepeatedCompositeFieldContainer[IncidentLabel]
    is_drill: bool
    incident_type: str
    created_time: _timestamp_pb2.Timestamp
    modified_time: _timestamp_pb2.Timestamp
    created_by_user: _user_pb2.UserPreview
    closed_time: _timestamp_pb2.Timestamp
    duration_seconds: int
    status: str
    title: str
    overview_url: str
    incident_membership: _membership_pb2.IncidentMembership
    task_list: _task_pb2.TaskList
    summary: str
    incident_start: _timestamp_pb2.Timestamp
    incident_end: _timestamp_pb2.Timestamp
    incident_channels: _containers.RepeatedCompositeFieldContainer[IncidentChannel]
    slug: str
    version: int
    severity_id: str
    description: str
    status_id: str
    hero_image_path: str
    def __init__(self, incident_id: _Optional[str] = ..., refs: _Optional[_Iterable[_Union[IncidentRef, _Mapping]]] = ..., severity: _Optional[str] = ..., labels: _Optional[_Iterable[_Union[IncidentLabel, _Mapping]]] = ..., is_drill: _Optional[bool] = ..., incident_type: _Optional[str] = ..., created_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., modified_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., created_by_user: _Optional[_Union[_user_pb2.UserPreview, _Mapping]] = ..., closed_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., duration_seconds: _Optional[int] = ..., status: _Optional[str] = ..., title: _Optional[str] = ..., overview_url: _Optional[str] = ..., incident_membership: _Optional[_Union[_membership_pb2.IncidentMembership, _Mapping]] = ..., task_list: _Optional[_Union[_task_pb2.TaskList, _Mapping]] = ..., summary: _Optional[str] = ..., incident_start: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., incident_end: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., incident_channels: _Optional[_Iterable[_Union[IncidentChannel, _Mapping]]] = ..., slug: _Optional[str] = ..., version: _Optional[int] = ..., severity_id: _Optional[str] = ..., description: _Optional[str] = ..., status_id: _Optional[str] = ..., hero_image_path: _Optional[str] = ...) -> None: ...

class IncidentPreview(_message.Message):
    __slots__ = ("incident_id", "severity_id", "severity_label", "incident_type", "labels", "is_drill", "created_time", "modified_time", "closed_time", "created_by_user", "title", "description", "summary", "status", "slug", "incident_start", "incident_end", "field_values", "incident_membership_preview", "incident_channels", "version", "hero_image_path")
    INCIDENT_ID_FIELD_NUMBER: _ClassVar[int]
    SEVERITY_ID_FIELD_NUMBER: _ClassVar[int]
    SEVERITY_LABEL_FIELD_NUMBER: _ClassVar[int]
    INCIDENT_TYPE_FIELD_NUMBER: _ClassVar[int]
    LABELS_FIELD_NUMBER: _ClassVar[int]
    IS_DRILL_FIELD_NUMBER: _ClassVar[int]
    CREATED_TIME_FIELD_NUMBER: _ClassVar[int]
    MODIFIED_TIME_FIELD_NUMBER: _ClassVar[int]
    CLOSED_TIME_FIELD_NUMBER: _ClassVar[int]
    CREATED_BY_USER_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    SUMMARY_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    SLUG_FIELD_NUMBER: _ClassVar[int]
    INCIDENT_START_FIELD_NUMBER: _ClassVar[int]
    INCIDENT_END_FIELD_NUMBER: _ClassVar[int]
    FIELD_VALUES_FIELD_NUMBER: _ClassVar[int]
    INCIDENT_MEMBERSHIP_PREVIEW_FIELD_NUMBER: _ClassVar[int]
    INCIDENT_CHANNELS_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    HERO_IMAGE_PATH_FIELD_NUMBER: _ClassVar[int]
    incident_id: str
    severity_id: str
    severity_label: str
    incident_type: str
    labels: _containers.RepeatedCompositeFieldContainer[IncidentLabel]
    is_drill: bool
    created_time: _timestamp_pb2.Timestamp
    modified_time: _timestamp_pb2.Timestamp
    closed_time: _timestamp_pb2.Timestamp
    created_by_user: _user_pb2.UserPreview
    title: str
    description: str
    summary: str
    status: str
    slug: str
    incident_start: _timestamp_pb2.Timestamp
    incident_end: _timestamp_pb2.Timestamp
    field_values: _containers.RepeatedCompositeFieldContainer[_field_pb2.CustomMetadataFieldValue]
    incident_membership_preview: _membership_pb2.IncidentMembershipPreview
    incident_channels: _containers.RepeatedCompositeFieldContainer[IncidentChannel]
    version: int
    hero_image_path: str
    def __init__(self, incident_id: _Optional[str] = ..., severity_id: _Optional[str] = ..., severity_label: _Optional[str] = ..., incident_type: _Optional[str] = ..., labels: _Optional[_Iterable[_Union[IncidentLabel, _Mapping]]] = ..., is_drill: _Optional[bool] = ..., created_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., modified_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., closed_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., created_by_user: _Optional[_Union[_user_pb2.UserPreview, _Mapping]] = ..., title: _Optional[str] = ..., description: _Optional[str] = ..., summary: _Optional[str] = ..., status: _Optional[str] = ..., slug: _Optional[str] = ..., incident_start: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., incident_end: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., field_values: _Optional[_Iterable[_Union[_field_pb2.CustomMetadataFieldValue, _Mapping]]] = ..., incident_membership_preview: _Optional[_Union[_membership_pb2.IncidentMembershipPreview, _Mapping]] = ..., incident_channels: _Optional[_Iterable[_Union[IncidentChannel, _Mapping]]] = ..., version: _Optional[int] = ..., hero_image_path: _Optional[str] = ...) -> None: ...

class IncidentRef(_message.Message):
    __slots__ = ("key", "ref", "url")
    KEY_FIELD_NUMBER: _ClassVar[int]
    REF_FIELD_NUMBER: _ClassVar[int]
    URL_FIELD_NUMBER: _ClassVar[int]
    key: str
    ref: str
    url: str
    def __init__(self, key: _Optional[str] = ..., ref: _Optional[str] = ..., url: _Optional[str] = ...) -> None: ...

class IncidentLabel(_message.Message):
    __slots__ = ("key", "label", "description", "color_hex")
    KEY_FIELD_NUMBER: _ClassVar[int]
    LABEL_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    COLOR_HEX_FIELD_NUMBER: _ClassVar[int]
    key: str
    label: str
    description: str
    color_hex: str
    def __init__(self, key: _Optional[str] = ..., label: _Optional[str] = ..., description: _Optional[str] = ..., color_hex: _Optional[str] = ...) -> None: ...

class IncidentKeyValueLabel(_message.Message):
    __slots__ = ("key", "key_uuid", "value_uuid", "value", "description", "color_hex")
    KEY_FIELD_NUMBER: _ClassVar[int]
    KEY_UUID_FIELD_NUMBER: _ClassVar[int]
    VALUE_UUID_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    COLOR_HEX_FIELD_NUMBER: _ClassVar[int]
    key: str
    key_uuid: str
    value_uuid: str
    value: str
    description: str
    color_hex: str
    def __init__(self, key: _Optional[str] = ..., key_uuid: _Optional[str] = ..., value_uuid: _Optional[str] = ..., value: _Optional[str] = ..., description: _Optional[str] = ..., color_hex: _Optional[str] = ...) -> None: ...

class IncidentChannel(_message.Message):
    __slots__ = ("provider", "channel_id", "team_id")
    PROVIDER_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_ID_FIELD_NUMBER: _ClassVar[int]
    TEAM_ID_FIELD_NUMBER: _ClassVar[int]
    provider: str
    channel_id: str
    team_id: str
    def __init__(self, provider: _Optional[str] = ..., channel_id: _Optional[str] = ..., team_id: _Optional[str] = ...) -> None: ...
