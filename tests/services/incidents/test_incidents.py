"""Declaring incidents, and changing one thing of them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
import sqlalchemy as sa
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from quarterdeck.errors import Conflict, Invalid, NotFound, Reason
from quarterdeck.gen.incident.v1 import severities_service_pb2 as sevpb
from quarterdeck.gen.incident.v1 import severity_pb2
from quarterdeck.gen.incident.v1.incident_pb2 import Incident, IncidentLabel
from quarterdeck.gen.incident.v1.incidents_service_pb2 import (
    AssignRoleRequest,
    CreateIncidentRequest,
    GetIncidentChannelsRequest,
    GetIncidentRequest,
    GetLabelsRequest,
    UpdateIncidentEventTimeRequest,
    UpdateIncidentIsDrillRequest,
    UpdateSeverityRequest,
    UpdateStatusRequest,
    UpdateTitleRequest,
)
from quarterdeck.identity import Role
from quarterdeck.incidents.store import tables as t
from tests.services.incidents.incidents_house import IncidentsHouse
from tests.store.manual_clock import START


def moment(message: Timestamp) -> datetime | None:
    return message.ToDatetime(tzinfo=UTC) if message.ByteSize() else None


def at(seconds: float) -> Timestamp:
    """A time of a request: seconds after the clock's first."""
    stamp = Timestamp()
    stamp.FromDatetime(START + timedelta(seconds=seconds))
    return stamp


async def kinds(incidents: IncidentsHouse, incident_id: str = "1", *, after: int = 0) -> list[str]:
    return [item.kind for item in await incidents.timeline(incident_id)][after:]


async def rows(incidents: IncidentsHouse, table: sa.Table) -> list[Any]:
    query = sa.select(table).where(table.c.tenant_id == incidents.tenant)
    return list(await incidents.database.read(lambda c: c.execute(query).mappings().all()))


async def add_status(incidents: IncidentsHouse, name: str, category: str = "active", **values: Any) -> None:
    """A custom status, without the service that makes them."""
    row = {
        "tenant_id": incidents.tenant,
        "id": f"status-{name}",
        "incident_type": "internal",
        "category": category,
        "name": name,
        "slug": name.lower().replace(" ", "-"),
        "description": "",
        "icon": "clock",
        "color": "",
        "position": 9,
        "builtin": False,
        "archived": False,
        "created_at": START,
        **values,
    }
    await incidents.write(lambda c: c.execute(sa.insert(t.statuses).values(**row)))


# --- declaring -------------------------------------------------------------------------------------------------------


async def test_a_title_is_enough(incidents: IncidentsHouse) -> None:
    incidents.clock.advance(33.17626)
    incident = await incidents.declare("[DevLake seed] Checkout service 5xx spike")

    assert incident.incident_id == "1"
    assert incident.title == "[DevLake seed] Checkout service 5xx spike"
    assert incident.slug == "devlake-seed-checkout-service-5xx-spike"
    assert incident.overview_url == "/a/grafana-irm-app/incidents/1/devlake-seed-checkout-service-5xx-spike"
    assert (incident.severity, incident.status, incident.incident_type) == ("Pending", "active", "internal")
    assert incident.severity_id
    assert incident.status_id
    assert (incident.is_drill, incident.version, incident.duration_seconds) == (False, 1, 0)
    assert moment(incident.created_time) == moment(incident.modified_time) == START + timedelta(seconds=33.17626)
    assert moment(incident.incident_start) == START + timedelta(seconds=33)
    assert not incident.HasField("incident_end")
    assert not incident.HasField("closed_time")
    assert incident.created_by_user.name == "Service Account: ci"
    assert incident.created_by_user.user_id.startswith("grafana-incident:user-")
    assert incident.created_by_user.photo_url.startswith("https://")
    assert (incident.description, incident.summary, incident.hero_image_path) == ("", "", "")
    assert list(incident.labels) == []
    assert incident.HasField("incident_membership")
    assert incident.HasField("task_list")


async def test_the_answer_is_what_is_read_later(incidents: IncidentsHouse) -> None:
    labels = [IncidentLabel(label="db"), IncidentLabel(key="Region", label="EU")]
    declared = await incidents.declare("x", labels=labels, severity="major", is_drill=True, room_prefix="inc")
    assert await incidents.incident("1") == declared


async def test_ids_count_per_tenant(incidents: IncidentsHouse) -> None:
    ids = [(await incidents.declare(str(number))).incident_id for number in range(3)]
    assert ids == ["1", "2", "3"]
    assert (await incidents.declare("first", tenant=f"{incidents.tenant}-other")).incident_id == "1"


async def test_ids_have_no_gaps(incidents: IncidentsHouse) -> None:
    await incidents.declare("first")
    with pytest.raises(Invalid):
        await incidents.declare("second", severity="unheard of")
    assert (await incidents.declare("second")).incident_id == "2"


async def test_many_are_declared_at_once(incidents: IncidentsHouse) -> None:
    declared = await asyncio.gather(*(incidents.declare(f"incident {number}") for number in range(12)))
    assert sorted(int(incident.incident_id) for incident in declared) == list(range(1, 13))
    assert {incident.severity for incident in declared} == {"Pending"}


async def test_the_timeline_begins(incidents: IncidentsHouse) -> None:
    incidents.clock.advance(0.5)
    await incidents.declare(
        "Checkout is down",
        severity="Major",
        is_drill=True,
        labels=[IncidentLabel(label="db"), IncidentLabel(key="Region", label="EU")],
        attach_url="https://grafana.example/d/1",
        attach_caption="the board",
    )

    created, attached, first, second, started = await incidents.timeline("1")
    assert (created.kind, dict(created.field_values)) == (
        "incidentCreated",
        {"title": "Checkout is down", "severity": "Major", "status": "active", "isDrill": True},
    )
    assert attached.kind == "contextAttached"
    context_id = attached.field_values["contextID"]
    assert dict(attached.field_values) == {
        "contextID": context_id,
        "url": "https://grafana.example/d/1",
        "caption": "the board",
    }
    assert (first.kind, dict(first.field_values)) == ("labelAdded", {"key": "tags", "label": "db"})
    assert (second.kind, dict(second.field_values)) == ("labelAdded", {"key": "Region", "label": "EU"})
    assert (started.kind, dict(started.field_values)) == (
        "incidentStart",
        {"eventTime": "2026-03-01T12:00:00Z", "previousEventTime": ""},
    )
    assert started.event_time == START
    assert created.event_time == START + timedelta(seconds=0.5)
    assert all(item.immutable and item.relevance == "automatic" for item in await incidents.timeline("1"))
    assert [row["id"] for row in await rows(incidents, t.contexts)] == [context_id]


async def test_one_event_and_one_announcement_come_with_it(incidents: IncidentsHouse) -> None:
    incident = await incidents.declare("x", labels=[IncidentLabel(label="db")], status="resolved")
    (event,) = await incidents.events("1")
    assert (event.kind, event.sequence, event.actor) == ("incident.created", 1, "service_account:ci")
    (announcement,) = incidents.announced
    assert announcement.events == ("grafana.incident.created",)
    assert announcement.view.incident.title == incident.title
    assert [label.label for label in announcement.view.labels] == ["db"]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        pytest.param({"severity": ""}, "Pending", id="empty is Pending"),
        pytest.param({"severity": "mAJOR"}, "Major", id="any case, answered in the canonical one"),
        pytest.param({"severity": "Critical"}, "Critical", id="gcx needs no second call when it is honoured"),
    ],
)
async def test_a_severity_is_chosen(incidents: IncidentsHouse, fields: dict[str, str], expected: str) -> None:
    assert (await incidents.declare("x", **fields)).severity == expected


async def test_a_severity_id_wins_over_a_label(incidents: IncidentsHouse) -> None:
    major = await incidents.declare("x", severity="Major")
    other = await incidents.declare("y", severity="Minor", severity_id=major.severity_id)
    by_id_as_name = await incidents.declare("z", severity=major.severity_id)
    assert (other.severity, by_id_as_name.severity) == ("Major", "Major")


async def test_a_retrospective_incident_is_over(incidents: IncidentsHouse) -> None:
    incidents.clock.advance(0.25)
    incident = await incidents.declare("x", status="resolved")
    assert incident.status == "resolved"
    assert moment(incident.closed_time) == moment(incident.incident_end) == START + timedelta(seconds=0.25)
    incidents.clock.advance(3600)
    assert (await incidents.incident("1")).duration_seconds == 0
    assert await kinds(incidents) == ["incidentCreated", "incidentStart"]


async def test_a_status_update_comes_with_it(incidents: IncidentsHouse) -> None:
    incident = await incidents.declare("x", initial_status_update="we are *looking*")
    (update,) = await rows(incidents, t.key_updates)
    assert (update["content"], update["content_type"], update["title"]) == ("we are *looking*", "text/plain", None)
    assert (update["status_id"], update["severity_id"], update["scope"]) == (
        incident.status_id,
        incident.severity_id,
        "internal",
    )


async def test_a_link_becomes_a_context(incidents: IncidentsHouse) -> None:
    await incidents.declare("x", attach_url="https://a.example/1", attach_caption="Alert", alert_group_id="I1")
    (context,) = await rows(incidents, t.contexts)
    assert (context["type"], context["title"], context["alert_group_id"]) == ("genericURL", "Alert", "I1")
    assert orjson.loads(context["payload"]) == {"url": "https://a.example/1", "caption": "Alert"}


async def test_an_alert_group_alone_becomes_a_context(incidents: IncidentsHouse) -> None:
    await incidents.declare("x", alert_group_id="I1")
    (context,) = await rows(incidents, t.contexts)
    assert context["alert_group_id"] == "I1"
    assert await kinds(incidents) == ["incidentCreated", "contextAttached", "incidentStart"]


async def test_a_caption_alone_attaches_nothing(incidents: IncidentsHouse) -> None:
    await incidents.declare("x", attach_caption="Alert", alert_group_id="")
    assert await rows(incidents, t.contexts) == []


async def test_labels_are_put_on_once(incidents: IncidentsHouse) -> None:
    labels = [IncidentLabel(label="db"), IncidentLabel(key="tags", label="DB"), IncidentLabel(key="team", label="db")]
    incident = await incidents.declare("x", labels=labels)
    assert [(label.key, label.label) for label in incident.labels] == [("tags", "db"), ("team", "db")]


async def test_gcx_sends_what_nothing_is_done_with(incidents: IncidentsHouse) -> None:
    incident = await incidents.declare("x", incident_type="private", field_group_uuid="anything")
    assert incident.incident_type == "private"


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        pytest.param({"title": ""}, "title", id="no title"),
        pytest.param({"title": " \t "}, "title", id="white space only"),
        pytest.param({"title": "x" * 501}, "title", id="a title over the limit"),
        pytest.param({"severity": "apocalyptic"}, "severity", id="unknown severity"),
        pytest.param({"severity_id": "apocalyptic"}, "severity", id="unknown severity id"),
        pytest.param({"status": "paused"}, "status", id="unknown status"),
        pytest.param({"incident_type": "secret"}, "incident_type", id="unknown type"),
        pytest.param({"room_prefix": "x" * 81}, "room_prefix", id="room prefix over the limit"),
        pytest.param({"attach_url": "javascript:alert(1)"}, "attach_url", id="no web address"),
        pytest.param({"attach_url": "https://"}, "attach_url", id="an address without a host"),
        pytest.param({"attach_url": "https://x.example/" + "x" * 2048}, "attach_url", id="an address over the limit"),
        pytest.param({"attach_caption": "x" * 4097}, "attach_caption", id="caption over the limit"),
        pytest.param({"initial_status_update": "x" * 65_537}, "initial_status_update", id="update over the limit"),
        pytest.param({"alert_group_id": "x" * 101}, "alert_group_id", id="alert group id over the limit"),
        pytest.param({"labels": [IncidentLabel(label="")]}, "labels[0].label", id="a label without a text"),
        pytest.param({"labels": [IncidentLabel(label="x" * 201)]}, "labels[0].label", id="label over the limit"),
        pytest.param({"labels": [IncidentLabel(key="x" * 101, label="x")]}, "labels[0].key", id="key over the limit"),
        pytest.param({"labels": [IncidentLabel(label=str(n)) for n in range(101)]}, "labels", id="too many labels"),
    ],
)
async def test_what_is_refused(incidents: IncidentsHouse, fields: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        await incidents(CreateIncidentRequest(**{"title": "x", **fields}))
    assert refused.value.violations[0].field == field
    assert await rows(incidents, t.incidents) == []
    assert incidents.announced == []


async def test_text_is_kept_as_sent(incidents: IncidentsHouse) -> None:
    title = "  Ünïcode 💥 <script>\x07 % _ '\" \\ \r\n "
    assert (await incidents.declare(title)).title == title
    assert (await incidents.incident("1")).title == title


# --- finding one -----------------------------------------------------------------------------------------------------

PATHOLOGICAL_IDS = ["2", "0", "-1", "01", "1.0", " 1", "1 ", "x", "٣", "9" * 19, "9" * 400, "1\n"]


@pytest.mark.parametrize("incident_id", PATHOLOGICAL_IDS)
@pytest.mark.parametrize(
    "request_type",
    [GetIncidentRequest, GetLabelsRequest, GetIncidentChannelsRequest],
)
async def test_an_unknown_id_is_not_found(
    incidents: IncidentsHouse, incident_id: str, request_type: type[Message]
) -> None:
    await incidents.declare("the only one")
    with pytest.raises(NotFound) as missing:
        await incidents(request_type(incident_id=incident_id))
    assert missing.value.reason is Reason.INCIDENT_NOT_FOUND
    assert incident_id.startswith(missing.value.metadata["id"])


async def test_a_missing_id_is_invalid(incidents: IncidentsHouse) -> None:
    with pytest.raises(Invalid) as refused:
        await incidents(GetIncidentRequest())
    assert refused.value.violations[0].field == "incident_id"


async def test_an_incident_of_another_tenant_is_not_there(incidents: IncidentsHouse) -> None:
    await incidents.declare("ours")
    with pytest.raises(NotFound):
        await incidents(GetIncidentRequest(incident_id="1"), tenant=f"{incidents.tenant}-other")


async def test_there_are_no_channels_without_a_chat(incidents: IncidentsHouse) -> None:
    await incidents.declare("x")
    assert list((await incidents(GetIncidentChannelsRequest(incident_id="1"))).incident_channels) == []


async def test_the_duration_counts_to_now_while_it_is_open(incidents: IncidentsHouse) -> None:
    incidents.clock.advance(10.4)
    await incidents.declare("x")
    incidents.clock.advance(17.17626)
    assert (await incidents.incident("1")).duration_seconds == 17
    await incidents(UpdateStatusRequest(incident_id="1", status="resolved"))
    incidents.clock.advance(3600)
    assert (await incidents.incident("1")).duration_seconds == 17


# --- private ones ----------------------------------------------------------------------------------------------------


async def test_a_private_incident_exists_for_those_in_it(incidents: IncidentsHouse) -> None:
    await incidents.declare("x", incident_type="private", account_id="sa_creator", account_name="creator")
    # Somebody becomes a user by writing something.
    other = {"account_id": "sa_other", "account_name": "other"}
    outsider = (await incidents.declare("y", **other)).created_by_user.user_id

    for role in (Role.VIEWER, Role.EDITOR):
        with pytest.raises(NotFound):
            await incidents.incident("1", **other, role=role)
    with pytest.raises(NotFound):
        await incidents(UpdateTitleRequest(incident_id="1", title="mine now"), **other)
    assert (await incidents.incident("1", account_id="sa_creator", role=Role.VIEWER)).title == "x"
    assert (await incidents.incident("1", account_id="sa_admin", role=Role.ADMIN)).title == "x"

    assign = AssignRoleRequest(incident_id="1", user_id=outsider, role="observer")
    await incidents(assign, account_id="sa_creator")
    assert (await incidents.incident("1", **other, role=Role.VIEWER)).title == "x"


# --- one thing at a time ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Edit:
    """A change, what its answer shows, and what the timeline and webhooks are told."""

    request: Message
    shows: dict[str, Any]
    kind: str
    field_values: dict[str, Any]
    event: str


EDITS = [
    pytest.param(
        Edit(
            UpdateTitleRequest(incident_id="1", title="Search is down"),
            {"title": "Search is down", "slug": "search-is-down"},
            "incidentTitleChanged",
            {"title": "Search is down", "previousTitle": "Checkout is down"},
            "grafana.incident.updated.title",
        ),
        id="title",
    ),
    pytest.param(
        Edit(
            UpdateSeverityRequest(incident_id="1", severity="cRITICAL"),
            {"severity": "Critical"},
            "incidentSeverityChanged",
            {"severity": "Critical", "severityID": ..., "previousSeverity": "Pending", "previousSeverityID": ...},
            "grafana.incident.updated.severity",
        ),
        id="severity",
    ),
    pytest.param(
        Edit(
            UpdateIncidentIsDrillRequest(incident_id="1", is_drill=True),
            {"is_drill": True},
            "incidentIsDrillChanged",
            {"isDrill": True},
            "grafana.incident.updated",
        ),
        id="drill flag",
    ),
]


@pytest.mark.parametrize("edit", EDITS)
async def test_an_update_returns_the_whole_incident(incidents: IncidentsHouse, edit: Edit) -> None:
    await incidents.declare(labels=[IncidentLabel(label="db")])
    incidents.events_announced()
    incidents.clock.advance(5)

    changed = (await incidents(edit.request)).incident

    assert changed == await incidents.incident("1")
    assert {name: getattr(changed, name) for name in edit.shows} == edit.shows
    assert (changed.version, moment(changed.modified_time)) == (2, START + timedelta(seconds=5))
    assert [label.label for label in changed.labels] == ["db"]
    item = (await incidents.timeline("1"))[-1]
    assert item.kind == edit.kind
    assert list(item.field_values) == list(edit.field_values)
    assert {k: v for k, v in item.field_values.items() if edit.field_values[k] is not ...} == {
        k: v for k, v in edit.field_values.items() if v is not ...
    }
    assert (item.immutable, item.event_time, item.user.name) == (True, changed_at(5), "Service Account: ci")
    assert incidents.events_announced() == [edit.event]
    created, updated = await incidents.events("1")
    assert (created.kind, updated.kind, updated.sequence) == ("incident.created", "incident.updated", 2)


def changed_at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "repeated",
    [
        *(pytest.param(edit.values[0].request, id=str(edit.id)) for edit in EDITS),  # type: ignore[union-attr]
        pytest.param(UpdateStatusRequest(incident_id="1", status="resolved"), id="resolving a resolved one"),
        pytest.param(
            UpdateIncidentEventTimeRequest(incident_id="1", event_time=at(-60), event_name="incidentStart"), id="start"
        ),
    ],
)
async def test_a_change_to_what_is_there_changes_nothing(incidents: IncidentsHouse, repeated: Message) -> None:
    await incidents.declare()
    await incidents(repeated)
    before = await incidents.incident("1")
    timeline = await incidents.timeline("1")
    incidents.events_announced()
    incidents.clock.advance(60)

    answer = await incidents(repeated)

    after = await incidents.incident("1")
    assert (after.version, after.modified_time) == (before.version, before.modified_time)
    assert getattr(answer, "incident", after) == after
    assert await incidents.timeline("1") == timeline
    assert incidents.events_announced() == []
    assert len(await incidents.events("1")) == 2


@pytest.mark.parametrize(
    ("request_", "field"),
    [
        pytest.param(UpdateTitleRequest(incident_id="1"), "title", id="no title"),
        pytest.param(UpdateTitleRequest(incident_id="1", title="\u3000"), "title", id="a blank title"),
        pytest.param(UpdateSeverityRequest(incident_id="1"), "severity", id="no severity"),
        pytest.param(UpdateSeverityRequest(incident_id="1", severity="awful"), "severity", id="unknown severity"),
        pytest.param(UpdateStatusRequest(incident_id="1"), "status", id="no status"),
        pytest.param(UpdateStatusRequest(incident_id="1", status="paused"), "status", id="unknown status"),
    ],
)
async def test_a_bad_update_is_refused(incidents: IncidentsHouse, request_: Message, field: str) -> None:
    await incidents.declare()
    with pytest.raises(Invalid) as refused:
        await incidents(request_)
    assert refused.value.violations[0].field == field
    assert (await incidents.incident("1")).version == 1


async def test_concurrent_updates_count_each(incidents: IncidentsHouse) -> None:
    await incidents.declare()
    await asyncio.gather(*(incidents(UpdateTitleRequest(incident_id="1", title=f"t{n}")) for n in range(10)))
    assert (await incidents.incident("1")).version == 11
    numbers = [item.number for item in await incidents.timeline("1")]
    assert numbers == list(range(1, 13))
    assert [event.sequence for event in await incidents.events("1")] == list(range(1, 12))


async def test_an_archived_severity_is_kept_and_not_chosen(incidents: IncidentsHouse) -> None:
    major = await incidents.declare("x", severity="Major")
    await incidents.declare("y")
    archive = severity_pb2.SeverityInput(severity_id=major.severity_id, archived_at="now")
    await incidents(sevpb.UpdateOrgSeverityRequest(severity=archive), role=Role.ADMIN)

    assert (await incidents.incident("1")).severity == "Major"
    assert (await incidents(UpdateSeverityRequest(incident_id="1", severity="major"))).incident.version == 1
    with pytest.raises(Invalid, match="archived"):
        await incidents(UpdateSeverityRequest(incident_id="2", severity="major"))
    with pytest.raises(Invalid, match="archived"):
        await incidents.declare("z", severity="major")


# --- status ----------------------------------------------------------------------------------------------------------


async def resolve(incidents: IncidentsHouse) -> Incident:
    answer = await incidents(UpdateStatusRequest(incident_id="1", status="resolved"))
    found: Incident = answer.incident
    return found


async def test_resolving_closes_and_ends(incidents: IncidentsHouse) -> None:
    before = await incidents.declare()
    incidents.events_announced()
    incidents.clock.advance(17.5)

    resolved = await resolve(incidents)

    assert resolved.status == "resolved"
    assert moment(resolved.closed_time) == moment(resolved.incident_end) == changed_at(17.5)
    assert (resolved.version, resolved.duration_seconds) == (2, 17)
    changed, ended, closed = (await incidents.timeline("1"))[2:]
    assert (changed.kind, dict(changed.field_values)) == (
        "incidentStatusChanged",
        {
            "status": "resolved",
            "statusID": resolved.status_id,
            "previousStatus": "active",
            "previousStatusID": before.status_id,
        },
    )
    assert (ended.kind, dict(ended.field_values)) == (
        "incidentEnd",
        {"eventTime": "2026-03-01T12:00:17.5Z", "previousEventTime": ""},
    )
    assert (closed.kind, dict(closed.field_values)) == ("incidentClosed", {"closedTime": "2026-03-01T12:00:17.5Z"})
    assert incidents.events_announced() == ["grafana.incident.updated.status", "grafana.incident.closed"]


async def test_an_end_set_by_hand_survives_the_resolve(incidents: IncidentsHouse) -> None:
    await incidents.declare()
    incidents.clock.advance(60)
    await incidents(UpdateIncidentEventTimeRequest(incident_id="1", event_time=at(30), event_name="incidentEnd"))
    incidents.clock.advance(60)
    resolved = await resolve(incidents)
    assert (moment(resolved.incident_end), moment(resolved.closed_time)) == (changed_at(30), changed_at(120))
    assert resolved.duration_seconds == 30


async def test_reopening_starts_anew(incidents: IncidentsHouse) -> None:
    await incidents.declare()
    incidents.clock.advance(10)
    await resolve(incidents)
    incidents.events_announced()
    incidents.clock.advance(10)

    reopened = (await incidents(UpdateStatusRequest(incident_id="1", status="active"))).incident

    assert reopened.status == "active"
    assert not reopened.HasField("closed_time")
    assert not reopened.HasField("incident_end")
    assert moment(reopened.incident_start) == START
    assert reopened.duration_seconds == 20
    assert await kinds(incidents, after=2) == [
        "incidentStatusChanged",
        "incidentEnd",
        "incidentClosed",
        "incidentStatusChanged",
    ]
    assert incidents.events_announced() == ["grafana.incident.updated.status"]

    incidents.clock.advance(10)
    again = await resolve(incidents)
    assert moment(again.closed_time) == moment(again.incident_end) == changed_at(30)
    assert await kinds(incidents, after=6) == ["incidentStatusChanged", "incidentEnd", "incidentClosed"]
    assert incidents.events_announced() == ["grafana.incident.updated.status", "grafana.incident.closed"]


@pytest.mark.parametrize("name", ["In Review", "in-review", "IN-REVIEW", "status-In Review"])
async def test_a_custom_status_shows_its_category(incidents: IncidentsHouse, name: str) -> None:
    await incidents.declare()
    await add_status(incidents, "In Review")
    changed = (await incidents(UpdateStatusRequest(incident_id="1", status=name))).incident
    assert (changed.status, changed.status_id) == ("active", "status-In Review")
    assert await kinds(incidents, after=2) == ["incidentStatusChanged"]
    item = (await incidents.timeline("1"))[-1]
    assert (item.field_values["status"], item.field_values["previousStatus"]) == ("In Review", "active")


async def test_a_custom_resolved_status_closes(incidents: IncidentsHouse) -> None:
    await incidents.declare()
    await add_status(incidents, "False alarm", category="resolved")
    changed = (await incidents(UpdateStatusRequest(incident_id="1", status="false alarm"))).incident
    assert changed.status == "resolved"
    assert changed.HasField("closed_time")


@pytest.mark.parametrize(
    "values",
    [
        pytest.param({"archived": True}, id="archived"),
        pytest.param({"incident_type": "private"}, id="of the other type"),
    ],
)
async def test_a_status_that_cannot_be_chosen_is_a_conflict(incidents: IncidentsHouse, values: dict[str, Any]) -> None:
    await incidents.declare()
    await add_status(incidents, "Paused", **values)
    with pytest.raises(Conflict) as refused:
        await incidents(UpdateStatusRequest(incident_id="1", status="paused"))
    assert refused.value.reason is Reason.STATUS_TRANSITION_INVALID


async def test_an_archived_status_is_kept(incidents: IncidentsHouse) -> None:
    await incidents.declare()
    await add_status(incidents, "Paused")
    paused = (await incidents(UpdateStatusRequest(incident_id="1", status="paused"))).incident
    await incidents.write(
        lambda c: c.execute(
            sa.update(t.statuses)
            .where(t.statuses.c.tenant_id == incidents.tenant, t.statuses.c.id == "status-Paused")
            .values(archived=True)
        )
    )
    assert (await incidents(UpdateStatusRequest(incident_id="1", status="paused"))).incident == paused


# --- when it began and ended -----------------------------------------------------------------------------------------


async def move(incidents: IncidentsHouse, seconds: float | None, **fields: Any) -> Incident:
    when = None if seconds is None else at(seconds)
    answer = await incidents(UpdateIncidentEventTimeRequest(incident_id="1", event_time=when, **fields))
    assert answer.ByteSize() == 0
    return await incidents.incident("1")


async def test_the_start_moves(incidents: IncidentsHouse) -> None:
    await incidents.declare()
    incidents.events_announced()
    moved = await move(incidents, -90, event_name="incidentStart")
    assert (moment(moved.incident_start), moved.duration_seconds, moved.version) == (changed_at(-90), 90, 2)
    item = (await incidents.timeline("1"))[-1]
    assert (item.kind, item.event_time) == ("incidentStart", changed_at(-90))
    assert dict(item.field_values) == {
        "eventTime": "2026-03-01T11:58:30Z",
        "previousEventTime": "2026-03-01T12:00:00Z",
    }
    assert incidents.events_announced() == ["grafana.incident.updated"]


async def test_the_end_moves_and_is_cleared_while_active(incidents: IncidentsHouse) -> None:
    await incidents.declare()
    assert moment((await move(incidents, 5, event_name="incidentEnd")).incident_end) == changed_at(5)
    cleared = await move(incidents, None, event_name="incidentEnd")
    assert not cleared.HasField("incident_end")
    assert cleared.status == "active"
    assert await kinds(incidents, after=2) == ["incidentEnd", "incidentEnd"]
    assert dict((await incidents.timeline("1"))[-1].field_values) == {
        "eventTime": "",
        "previousEventTime": "2026-03-01T12:00:05Z",
    }


async def test_old_clients_name_the_kind(incidents: IncidentsHouse) -> None:
    await incidents.declare()
    moved = await move(incidents, -5, activity_item_kind="incidentStart")
    assert moment(moved.incident_start) == changed_at(-5)


async def test_the_event_name_wins_over_the_kind(incidents: IncidentsHouse) -> None:
    await incidents.declare()
    moved = await move(incidents, 5, event_name="incidentEnd", activity_item_kind="incidentStart")
    assert (moment(moved.incident_start), moment(moved.incident_end)) == (START, changed_at(5))


@pytest.mark.parametrize(
    ("seconds", "fields"),
    [
        pytest.param(-1, {"event_name": "incidentEnd"}, id="an end before the start"),
        pytest.param(61, {"event_name": "incidentStart"}, id="a start behind the end"),
        pytest.param(None, {"event_name": "incidentStart"}, id="no start"),
        pytest.param(None, {"event_name": "incidentEnd"}, id="no end of a resolved one"),
        pytest.param(1, {"event_name": "incidentMiddle"}, id="another event"),
        pytest.param(1, {}, id="no event"),
    ],
)
async def test_a_time_that_cannot_be_is_refused(
    incidents: IncidentsHouse, seconds: float | None, fields: dict[str, str]
) -> None:
    await incidents.declare()
    incidents.clock.advance(60)
    await resolve(incidents)
    with pytest.raises(Invalid):
        await move(incidents, seconds, **fields)
    assert (await incidents.incident("1")).version == 2


@pytest.mark.parametrize(
    "stamp",
    [
        pytest.param(Timestamp(seconds=2**62), id="far ahead"),
        pytest.param(Timestamp(seconds=-(2**62)), id="far back"),
        pytest.param(Timestamp(seconds=1, nanos=-1), id="negative nanoseconds"),
        pytest.param(Timestamp(seconds=1, nanos=2**31 - 1), id="too many nanoseconds"),
    ],
)
async def test_a_time_that_no_calendar_has_is_refused(incidents: IncidentsHouse, stamp: Timestamp) -> None:
    await incidents.declare()
    with pytest.raises(Invalid) as refused:
        await incidents(UpdateIncidentEventTimeRequest(incident_id="1", event_time=stamp, event_name="incidentStart"))
    assert refused.value.violations[0].field == "event_time"


async def test_a_start_long_ago_is_answered(incidents: IncidentsHouse) -> None:
    await incidents.declare()
    ancient = Timestamp(seconds=int(datetime(1, 1, 1, tzinfo=UTC).timestamp()))
    request = UpdateIncidentEventTimeRequest(incident_id="1", event_time=ancient, event_name="incidentStart")
    await incidents(request)
    assert (await incidents.incident("1")).duration_seconds == 2**31 - 1
