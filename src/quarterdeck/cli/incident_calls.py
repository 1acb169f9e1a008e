"""What the commands about incidents ask of a server."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from quarterdeck.cli.client import Connection
from quarterdeck.cli.incident_printing import moment
from quarterdeck.gen.incident.v1 import activity_pb2, field_pb2, incident_pb2, key_update_pb2
from quarterdeck.gen.incident.v1 import activity_service_pb2 as apb
from quarterdeck.gen.incident.v1 import fields_service_pb2 as fpb
from quarterdeck.gen.incident.v1 import incidents_service_pb2 as ipb
from quarterdeck.gen.incident.v1 import key_updates_service_pb2 as kpb
from quarterdeck.gen.incident.v1.activity_service_connect import ActivityServiceClientSync
from quarterdeck.gen.incident.v1.fields_service_connect import FieldsServiceClientSync
from quarterdeck.gen.incident.v1.incidents_service_connect import IncidentsServiceClientSync
from quarterdeck.gen.incident.v1.key_updates_service_connect import KeyUpdatesServiceClientSync
from quarterdeck.gen.incident.v1.paging_pb2 import Cursor

LARGEST_PAGE = 100
_LARGEST_TIMELINE_PAGE = 1_000


def edits(
    client: IncidentsServiceClientSync,
    headers: dict[str, str],
    before: incident_pb2.Incident,
    *,
    title: str | None = None,
    severity: str | None = None,
    status: str | None = None,
    drill: bool | None = None,
    labels: tuple[str, ...] = (),
    removed: tuple[str, ...] = (),
    started: Timestamp | None = None,
    ended: Timestamp | None = None,
) -> Iterator[Callable[[], object]]:
    """The calls that make an incident what is wanted."""
    number = before.incident_id

    def call(method: Callable[..., object], request: Message) -> Callable[[], object]:
        return lambda: method(request, headers=headers)

    if title is not None:
        yield call(client.update_title, ipb.UpdateTitleRequest(incident_id=number, title=title))
    if severity is not None:
        yield call(client.update_severity, ipb.UpdateSeverityRequest(incident_id=number, severity=severity))
    if drill is not None:
        yield call(
            client.update_incident_is_drill, ipb.UpdateIncidentIsDrillRequest(incident_id=number, is_drill=drill)
        )
    for label in map(to_label, labels):
        request = ipb.AssignLabelRequest(incident_id=number, key=label.key, value=label.label)
        yield call(client.assign_label, request)
    for label in map(to_label, removed):
        gone = ipb.UnassignLabelRequest(incident_id=number, key=label.key, value=label.label)
        yield call(client.unassign_label, gone)
    if status is not None:
        yield call(client.update_status, ipb.UpdateStatusRequest(incident_id=number, status=status))
    for name, time in _event_times(before, started, ended):
        timing = ipb.UpdateIncidentEventTimeRequest(incident_id=number, event_name=name, event_time=time)
        yield call(client.update_incident_event_time, timing)


def _event_times(
    before: incident_pb2.Incident, started: Timestamp | None, ended: Timestamp | None
) -> list[tuple[str, Timestamp]]:
    """In an order in which the end never lies before the start on the way."""
    times = [(name, time) for name, time in (("incidentStart", started), ("incidentEnd", ended)) if time]
    late = started is not None and before.HasField("incident_end") and moment(started) > moment(before.incident_end)
    return times[::-1] if late else times


def get_incident(connection: Connection, client: IncidentsServiceClientSync, incident_id: str) -> incident_pb2.Incident:
    return client.get_incident(ipb.GetIncidentRequest(incident_id=incident_id), headers=connection.headers).incident


def add_note(
    connection: Connection, incident_id: str, text: str, event_time: Timestamp | None
) -> activity_pb2.ActivityItem:
    request = apb.AddActivityRequest(
        incident_id=incident_id, activity_kind="userNote", body=text, event_time=event_time
    )
    with connection.client(ActivityServiceClientSync) as client:
        return client.add_activity(request, headers=connection.headers).activity_item


def read_timeline(connection: Connection, incident_id: str) -> list[activity_pb2.ActivityItem]:
    """All of it, the oldest first."""
    query = apb.ActivityQuery(incident_id=incident_id, limit=_LARGEST_TIMELINE_PAGE, order_direction="ASC")
    items: list[activity_pb2.ActivityItem] = []
    with connection.client(ActivityServiceClientSync) as client:
        cursor = Cursor(has_more=True)
        while cursor.has_more:
            page = client.query_activity(
                apb.QueryActivityRequest(query=query, cursor=cursor), headers=connection.headers
            )
            items += page.activity_items
            cursor = page.cursor
    return items


def read_key_updates(connection: Connection, incident_id: str) -> list[key_update_pb2.KeyUpdate]:
    """All of them as plain text, the oldest first."""
    query = kpb.KeyUpdatesQuery(
        incident_id=incident_id, limit=LARGEST_PAGE, order_direction="ASC", content_type="text/plain"
    )
    updates: list[key_update_pb2.KeyUpdate] = []
    with connection.client(KeyUpdatesServiceClientSync) as client:
        cursor = Cursor(has_more=True)
        while cursor.has_more:
            page = client.query_key_updates(
                kpb.QueryKeyUpdatesRequest(query=query, cursor=cursor), headers=connection.headers
            )
            updates += page.key_updates
            cursor = page.cursor
    return updates


def read_field_values(connection: Connection, incident_id: str) -> list[field_pb2.FieldValue]:
    """Those of custom fields; labels are with the incident."""
    request = fpb.GetFieldValuesRequest(target_kind="incident", target_id=incident_id, domain_name="incident")
    with connection.client(FieldsServiceClientSync) as client:
        return list(client.get_field_values(request, headers=connection.headers).field_values)


def to_label(text: str) -> incident_pb2.IncidentLabel:
    key, colon, value = text.partition(":")
    return incident_pb2.IncidentLabel(key=key, label=value) if colon else incident_pb2.IncidentLabel(label=text)
