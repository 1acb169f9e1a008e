import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from quarterdeck.gen.incident.v1 import incident_pb2 as _incident_pb2
from quarterdeck.gen.incident.v1 import membership_pb2 as _membership_pb2
from quarterdeck.gen.incident.v1 import paging_pb2 as _paging_pb2
from quarterdeck.gen.quarterdeck.wire.v1 import options_pb2 as _options_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class CreateIncidentRequest(_message.Message):
    __slots__ = ("title", "severity", "labels", "room_prefix", "is_drill", "status", "attach_caption", "attach_url", "initial_status_update", "alert_group_id", "incident_type", "severity_id", "field_group_uuid")
    TITLE_FIELD_NUMBER: _ClassVar[int]
    SEVERITY_FIELD_NUMBER: _ClassVar[int]
    LABELS_FIELD_NUMBER: _ClassVar[int]
    ROOM_PREFIX_FIELD_NUMBER: _ClassVar[int]
    IS_DRILL_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    ATTACH_CAPTION_FIELD_NUMBER: _ClassVar[int]
    ATTACH_URL_FIELD_NUMBER: _ClassVar[int]
    INITIAL_STATUS_UPDATE_FIELD_NUMBER: _ClassVar[int]
    ALERT_GROUP_ID_FIELD_NUMBER: _ClassVar[int]
    INCIDENT_TYPE_FIELD_NUMBER: _ClassVar[int]
    SEVERITY_ID_FIELD_NUMBER: _ClassVar[int]
    FIELD_GROUP_UUID_FIELD_NUMBER: _ClassVar[int]
    title: str
    severity: str
    labels: _containers.RepeatedCompositeFieldContainer[_incident_pb2.IncidentLabel]
    room_prefix: str
    is_drill: bool
    status: str
    attach_caption: str
    attach_url: str
    initial_status_update: str
    alert_group_id: str
    incident_type: str
    severity_id: str
    field_group_uuid: str
    def __init__(self, title: _Optional[str] = ..., severity: _Optional[str] = ..., labels: _Optional[_Iterable[_Union[_incident_pb2.IncidentLabel, _Mapping]]] = ..., room_prefix: _Optional[str] = ..., is_drill: _Optional[bool] = ..., status: _Optional[str] = ..., attach_caption: _Optional[str] = ..., attach_url: _Optional[str] = ..., initial_status_update: _Optional[str] = ..., alert_group_id: _Optional[str] = ..., incident_type: _Optional[str] = ..., severity_id: _Optional[str] = ..., field_group_uuid: _Optional[str] = ...) -> None: ...

class CreateIncidentResponse(_message.Message):
    __slots__ = ("incident", "error")
    INCIDENT_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    incident: _incident_pb2.Incident
    error: str
    def __init__(self, incident: _Optional[_Union[_incident_pb2.Incident, _Mapping]] = ..., error: _Optional[str] = ...) -> None: ...

class GetIncidentRequest(_message.Message):
    __slots__ = ("incident_id",)
    INCIDENT_ID_FIELD_NUMBER: _ClassVar[int]
    incident_id: str
    def __init__(self, incident_id: _Optional[str] = ...) -> None: ...

class GetIncidentResponse(_message.Message):
    __slots__ = ("incident", "error")
    INCIDENT_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    incident: _incident_pb2.Incident
    error: str
    def __init__(self, incident: _Optional[_Union[_incident_pb2.Incident, _Mapping]] = ..., error: _Optional[str] = ...) -> None: ...

class QueryIncidentPreviewsRequest(_message.Message):
    __slots__ = ("query", "cursor", "include_custom_field_values", "include_membership_preview", "include_incident_channels")
    QUERY_FIELD_NUMBER: _ClassVar[int]
    CURSOR_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_CUSTOM_FIELD_VALUES_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_MEMBERSHIP_PREVIEW_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_INCIDENT_CHANNELS_FIELD_NUMBER: _ClassVar[int]
    query: IncidentPreviewsQuery
    cursor: _paging_pb2.Cursor
    include_custom_field_values: bool
    include_membership_preview: bool
    include_incident_channels: bool
    def __init__(self, query: _Optional[_Union[IncidentPreviewsQuery, _Mapping]] = ..., cursor: _Optional[_Union[_paging_pb2.Cursor, _Mapping]] = ..., include_custom_field_values: _Optional[bool] = ..., include_membership_preview: _Optional[bool] = ..., include_incident_channels: _Optional[bool] = ...) -> None: ...

class QueryIncidentPreviewsResponse(_message.Message):
    __slots__ = ("incident_previews", "query", "cursor", "error")
    INCIDENT_PREVIEWS_FIELD_NUMBER: _ClassVar[int]
    QUERY_FIELD_NUMBER: _ClassVar[int]
    CURSOR_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    incident_previews: _containers.RepeatedCompositeFieldContainer[_incident_pb2.IncidentPreview]
    query: IncidentPreviewsQuery
    cursor: _paging_pb2.Cursor
    error: str
    def __init__(self, incident_previews: _Optional[_Iterable[_Union[_incident_pb2.IncidentPreview, _Mapping]]] = ..., query: _Optional[_Union[IncidentPreviewsQuery, _Mapping]] = ..., cursor: _Optional[_Union[_paging_pb2.Cursor, _Mapping]] = ..., error: _Optional[str] = ...) -> None: ...

class IncidentPreviewsQuery(_message.Message):
    __slots__ = ("limit", "order_direction", "order_field", "query_string")
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    ORDER_DIRECTION_FIELD_NUMBER: _ClassVar[int]
    ORDER_FIELD_FIELD_NUMBER: _ClassVar[int]
    QUERY_STRING_FIELD_NUMBER: _ClassVar[int]
    limit: int
    order_direction: str
    order_field: str
    query_string: str
    def __init__(self, limit: _Optional[int] = ..., order_direction: _Optional[str] = ..., order_field: _Optional[str] = ..., query_string: _Optional[str] = ...) -> None: ...

class QueryIncidentsRequest(_message.Message):
    __slots__ = ("query", "cursor")
    QUERY_FIELD_NUMBER: _ClassVar[int]
    CURSOR_FIELD_NUMBER: _ClassVar[int]
    query: IncidentsQuery
    cursor: _paging_pb2.Cursor
    def __init__(self, query: _Optional[_Union[IncidentsQuery, _Mapping]] = ..., cursor: _Optional[_Union[_paging_pb2.Cursor, _Mapping]] = ...) -> None: ...

class QueryIncidentsResponse(_message.Message):
    __slots__ = ("incidents", "query", "cursor", "error")
    INCIDENTS_FIELD_NUMBER: _ClassVar[int]
    QUERY_FIELD_NUMBER: _ClassVar[int]
    CURSOR_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    incidents: _containers.RepeatedCompositeFieldContainer[_incident_pb2.Incident]
    query: IncidentsQuery
    cursor: _paging_pb2.Cursor
    error: str
    def __init__(self, incidents: _Optional[_Iterable[_Union[_incident_pb2.Incident, _Mapping]]] = ..., query: _Optional[_Union[IncidentsQuery, _Mapping]] = ..., cursor: _Optional[_Union[_paging_pb2.Cursor, _Mapping]] = ..., error: _Optional[str] = ...) -> None: ...

class IncidentsQuery(_message.Message):
    __slots__ = ("limit", "include_statuses", "exclude_statuses", "incident_labels", "date_from", "date_to", "only_drills", "order_direction", "severity", "query_string")
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_STATUSES_FIELD_NUMBER: _ClassVar[int]
    EXCLUDE_STATUSES_FIELD_NUMBER: _ClassVar[int]
    INCIDENT_LABELS_FIELD_NUMBER: _ClassVar[int]
    DATE_FROM_FIELD_NUMBER: _ClassVar[int]
    DATE_TO_FIELD_NUMBER: _ClassVar[int]
    ONLY_DRILLS_FIELD_NUMBER: _ClassVar[int]
    ORDER_DIRECTION_FIELD_NUMBER: _ClassVar[int]
    SEVERITY_FIELD_NUMBER: _ClassVar[int]
    QUERY_STRING_FIELD_NUMBER: _ClassVar[int]
    limit: int
    include_statuses: _containers.RepeatedScalarFieldContainer[str]
    exclude_statuses: _containers.RepeatedScalarFieldContainer[str]
    incident_labels: _containers.RepeatedScalarFieldContainer[str]
    date_from: _timestamp_pb2.Timestamp
    date_to: _timestamp_pb2.Timestamp
    only_drills: bool
    order_direction: str
    severity: str
    query_string: str
    def __init__(self, limit: _Optional[int] = ..., include_statuses: _Optional[_Iterable[str]] = ..., exclude_statuses: _Optional[_Iterable[str]] = ..., incident_labels: _Optional[_Iterable[str]] = ..., date_from: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., date_to: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., only_drills: _Optional[bool] = ..., order_direction: _Optional[str] = ..., severity: _Optional[str] = ..., query_string: _Optional[str] = ...) -> None: ...

class UpdateTitleRequest(_message.Message):
    __slots__ = ("incident_id", "title")
    INCIDENT_ID_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    incident_id: str
    title: str
    def __init__(self, incident_id: _Optional[str] = ..., title: _Optional[str] = ...) -> None: ...

class UpdateTitleResponse(_message.Message):
    __slots__ = ("incident", "error")
    INCIDENT_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    incident: _incident_pb2.Incident
    error: str
    def __init__(self, incident: _Optional[_Union[_incident_pb2.Incident, _Mapping]] = ..., error: _Optional[str] = ...) -> None: ...

class UpdateSeverityRequest(_message.Message):
    __slots__ = ("incident_id", "severity")
    INCIDENT_ID_FIELD_NUMBER: _ClassVar[int]
    SEVERITY_FIELD_NUMBER: _ClassVar[int]
    incident_id: str
    severity: str
    def __init__(self, incident_id: _Optional[str] = ..., severity: _Optional[str] = ...) -> None: ...

class UpdateSeverityResponse(_message.Message):
    __slots__ = ("incident", "error")
    INCIDENT_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    incident: _incident_pb2.Incident
    error: str
    def __init__(self, incident: _Optional[_Union[_incident_pb2.Incident, _Mapping]] = ..., error: _Optional[str] = ...) -> None: ...

class UpdateStatusRequest(_message.Message):
    __slots__ = ("incident_id", "status")
    INCIDENT_ID_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    incident_id: str
    status: str
    def __init__(self, incident_id: _Optional[str] = ..., status: _Optional[str] = ...) -> None: ...

class UpdateStatusResponse(_message.Message):
    __slots__ = ("incident", "error")
    INCIDENT_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    incident: _incident_pb2.Incident
    error: str
    def __init__(self, incident: _Optional[_Union[_incident_pb2.Incident, _Mapping]] = ..., error: _Optional[str] = ...) -> None: ...

class UpdateIncidentIsDrillRequest(_message.Message):
    __slots__ = ("incident_id", "is_drill")
    INCIDENT_ID_FIELD_NUMBER: _ClassVar[int]
    IS_DRILL_FIELD_NUMBER: _ClassVar[int]
    incident_id: str
    is_drill: bool
    def __init__(self, incident_id: _Optional[str] = ..., is_drill: _Optional[bool] = ...) -> None: ...

class UpdateIncidentIsDrillResponse(_message.Message):
    __slots__ = ("incident", "error")
    INCIDENT_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    incident: _incident_pb2.Incident
    error: str
    def __init__(self, incident: _Optional[_Union[_incident_pb2.Incident, _Mapping]] = ..., error: _Optional[str] = ...) -> None: ...

class UpdateIncidentEventTimeRequest(_message.Message):
    __slots__ = ("incident_id", "event_time", "activity_item_kind", "event_name")
    INCIDENT_ID_FIELD_NUMBER: _ClassVar[int]
    EVENT_TIME_FIELD_NUMBER: _ClassVar[int]
    ACTIVITY_ITEM_KIND_FIELD_NUMBER: _ClassVar[int]
    EVENT_NAME_FIELD_NUMBER: _ClassVar[int]
    incident_id: str
    event_time: _timestamp_pb2.Timestamp
    activity_item_kind: str
    event_name: str
    def __init__(self, incident_id: _Optional[str] = ..., event_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., activity_item_kind: _Optional[str] = ..., event_name: _Optional[str] = ...) -> None: ...

class UpdateIncidentEventTimeResponse(_message.Message):
    __slots__ = ("error",)
    ERROR_FIELD_NUMBER: _ClassVar[int]
    error: str
    def __init__(self, error: _Optional[str] = ...) -> None: ...

class AddLabelRequest(_message.Message):
    __slots__ = ("incident_id", "label")
    INCIDENT_ID_FIELD_NUMBER: _ClassVar[int]
    LABEL_FIELD_NUMBER: _ClassVar[int]
    incident_id: str
    label: _incident_pb2.IncidentLabel
    def __init__(self, incident_id: _Optional[str] = ..., label: _Optional[_Union[_incident_pb2.IncidentLabel, _Mapping]] = ...) -> None: ...

class AddLabelResponse(_message.Message):
    __slots__ = ("incident", "error")
    INCIDENT_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    incident: _incident_pb2.Incident
    error: str
    def __init__(self, incident: _Optional[_Union[_incident_pb2.Incident, _Mapping]] = ..., error: _Optional[str] = ...) -> None: ...

class RemoveLabelRequest(_message.Message):
    __slots__ = ("incident_id", "label")
    INCIDENT_ID_FIELD_NUMBER: _ClassVar[int]
    LABEL_FIELD_NUMBER: _ClassVar[int]
    incident_id: str
    label: str
    def __init__(self, incident_id: _Optional[str] = ..., label: _Optional[str] = ...) -> None: ...

class RemoveLabelResponse(_message.Message):
    __slots__ = ("incident", "error")
    INCIDENT_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    incident: _incident_pb2.Incident
    error: str
    def __init__(self, incident: _Optional[_Union[_incident_pb2.Incident, _Mapping]] = ..., error: _Optional[str] = ...) -> None: ...

class AssignLabelRequest(_message.Message):
    __slots__ = ("incident_id", "key", "value")
    INCIDENT_ID_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    incident_id: str
    key: str
    value: str
    def __init__(self, incident_id: _Optional[str] = ..., key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...

class AssignLabelResponse(_message.Message):
    __slots__ = ("labels", "error")
    LABELS_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    labels: _containers.RepeatedCompositeFieldContainer[_incident_pb2.IncidentKeyValueLabel]
    error: str
    def __init__(self, labels: _Optional[_Iterable[_Union[_incident_pb2.IncidentKeyValueLabel, _Mapping]]] = ..., error: _Optional[str] = ...) -> None: ...

class UnassignLabelRequest(_message.Message):
    __slots__ = ("incident_id", "key", "value")
    INCIDENT_ID_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    incident_id: str
    key: str
    value: str
    def __init__(self, incident_id: _Optional[str] = ..., key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...

class UnassignLabelResponse(_message.Message):
    __slots__ = ("labels", "error")
    LABELS_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    labels: _containers.RepeatedCompositeFieldContainer[_incident_pb2.IncidentKeyValueLabel]
    error: str
    def __init__(self, labels: _Optional[_Iterable[_Union[_incident_pb2.IncidentKeyValueLabel, _Mapping]]] = ..., error: _Optional[str] = ...) -> None: ...

class AssignLabelByUUIDRequest(_message.Message):
    __slots__ = ("incident_id", "key_uuid", "value_uuid")
    INCIDENT_ID_FIELD_NUMBER: _ClassVar[int]
    KEY_UUID_FIELD_NUMBER: _ClassVar[int]
    VALUE_UUID_FIELD_NUMBER: _ClassVar[int]
    incident_id: str
    key_uuid: str
    value_uuid: str
    def __init__(self, incident_id: _Optional[str] = ..., key_uuid: _Optional[str] = ..., value_uuid: _Optional[str] = ...) -> None: ...

class AssignLabelByUUIDResponse(_message.Message):
    __slots__ = ("labels", "error")
    LABELS_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    labels: _containers.RepeatedCompositeFieldContainer[_incident_pb2.IncidentKeyValueLabel]
    error: str
    def __init__(self, labels: _Optional[_Iterable[_Union[_incident_pb2.IncidentKeyValueLabel, _Mapping]]] = ..., error: _Optional[str] = ...) -> None: ...

class UnassignLabelByUUIDRequest(_message.Message):
    __slots__ = ("incident_id", "key_uuid", "value_uuid")
    INCIDENT_ID_FIELD_NUMBER: _ClassVar[int]
    KEY_UUID_FIELD_NUMBER: _ClassVar[int]
    VALUE_UUID_FIELD_NUMBER: _ClassVar[int]
    incident_id: str
    key_uuid: str
    value_uuid: str
    def __init__(self, incident_id: _Optional[str] = ..., key_uuid: _Optional[str] = ..., value_uuid: _Optional[str] = ...) -> None: ...

class UnassignLabelByUUIDResponse(_message.Message):
    __slots__ = ("labels", "error")
    LABELS_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    labels: _containers.RepeatedCompositeFieldContainer[_incident_pb2.IncidentKeyValueLabel]
    error: str
    def __init__(self, labels: _Optional[_Iterable[_Union[_incident_pb2.IncidentKeyValueLabel, _Mapping]]] = ..., error: _Optional[str] = ...) -> None: ...

class GetLabelsRequest(_message.Message):
    __slots__ = ("incident_id",)
    INCIDENT_ID_FIELD_NUMBER: _ClassVar[int]
    incident_id: str
    def __init__(self, incident_id: _Optional[str] = ...) -> None: ...

class GetLabelsResponse(_message.Message):
    __slots__ = ("labels", "error")
    LABELS_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    labels: _containers.RepeatedCompositeFieldContainer[_incident_pb2.IncidentKeyValueLabel]
    error: str
    def __init__(self, labels: _Optional[_Iterable[_Union[_incident_pb2.IncidentKeyValueLabel, _Mapping]]] = ..., error: _Optional[str] = ...) -> None: ...

class GetIncidentMembershipRequest(_message.Message):
    __slots__ = ("incident_id",)
    INCIDENT_ID_FIELD_NUMBER: _ClassVar[int]
    incident_id: str
    def __init__(self, incident_id: _Optional[str] = ...) -> None: ...

class GetIncidentMembershipResponse(_message.Message):
    __slots__ = ("assignments", "error")
    ASSIGNMENTS_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    assignments: _containers.RepeatedCompositeFieldContainer[_membership_pb2.Assignment]
    error: str
    def __init__(self, assignments: _Optional[_Iterable[_Union[_membership_pb2.Assignment, _Mapping]]] = ..., error: _Optional[str] = ...) -> None: ...

class GetIncidentChannelsRequest(_message.Message):
    __slots__ = ("incident_id",)
    INCIDENT_ID_FIELD_NUMBER: _ClassVar[int]
    incident_id: str
    def __init__(self, incident_id: _Optional[str] = ...) -> None: ...

class GetIncidentChannelsResponse(_message.Message):
    __slots__ = ("incident_channels", "error")
    INCIDENT_CHANNELS_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    incident_channels: _containers.RepeatedCompositeFieldContainer[_incident_pb2.IncidentChannel]
    error: str
    def __init__(self, incident_channels: _Optional[_Iterable[_Union[_incident_pb2.IncidentChannel, _Mapping]]] = ..., error: _Optional[str] = ...) -> None: ...

class AssignRoleRequest(_message.Message):
    __slots__ = ("incident_id", "user_id", "role")
    INCIDENT_ID_FIELD_NUMBER: _ClassVar[int]
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    ROLE_FIELD_NUMBER: _ClassVar[int]
    incident_id: str
    user_id: str
    role: str
    def __init__(self, incident_id: _Optional[str] = ..., user_id: _Optional[str] = ..., role: _Optional[str] = ...) -> None: ...

class AssignRoleResponse(_message.Message):
    __slots__ = ("incident", "did_change", "error")
    INCIDENT_FIELD_NUMBER: _ClassVar[int]
    DID_CHANGE_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    incident: _incident_pb2.Incident
    did_change: bool
    error: str
    def __init__(self, incident: _Optional[_Union[_incident_pb2.Incident, _Mapping]] = ..., did_change: _Optional[bool] = ..., error: _Optional[str] = ...) -> None: ...

class UnassignRoleRequest(_message.Message):
    __slots__ = ("incident_id", "user_id", "role")
    INCIDENT_ID_FIELD_NUMBER: _ClassVar[int]
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    ROLE_FIELD_NUMBER: _ClassVar[int]
    incident_id: str
    user_id: str
    role: str
    def __init__(self, incident_id: _Optional[str] = ..., user_id: _Optional[str] = ..., role: _Optional[str] = ...) -> None: ...

class UnassignRoleResponse(_message.Message):
    __slots__ = ("incident", "did_change", "error")
    INCIDENT_FIELD_NUMBER: _ClassVar[int]
    DID_CHANGE_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    incident: _incident_pb2.Incident
    did_change: bool
    error: str
    def __init__(self, incident: _Optional[_Union[_incident_pb2.Incident, _Mapping]] = ..., did_change: _Optional[bool] = ..., error: _Optional[str] = ...) -> None: ...
