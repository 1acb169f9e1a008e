"""SuperPlane's Grafana integration (240808d): declare, change field by field, note, resolve, list."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.clients.incident_rpc import IRM, Rpc, unique
from tests.running_server import RunningServer


@pytest.fixture
def superplane(server: RunningServer) -> Iterator[Rpc]:
    with Rpc(server, IRM, headers={"Content-Type": "application/json; charset=utf-8"}) as rpc:
        yield rpc


def _declare(rpc: Rpc, title: str, **fields: Any) -> dict[str, Any]:
    request = {
        "title": title, "severity": "Major", "roomPrefix": "incident", "isDrill": False, "status": "active", **fields,
    }  # fmt: skip
    incident: dict[str, Any] = rpc.ok("IncidentsService.CreateIncident", request)["incident"]
    return incident


def test_superplane_240808d_declares_with_a_first_update(superplane: Rpc) -> None:
    labels = [{"key": "tags", "label": "deploy"}, {"key": "tags", "label": "eu"}]
    made = _declare(superplane, unique("declared"), labels=labels, initialStatusUpdate="Rolling back.")
    assert made["severity"] == "Major"
    assert sorted(each["label"] for each in made["labels"]) == ["deploy", "eu"]
    update = superplane.ok("KeyUpdatesService.GetInitialKeyUpdate", {"incidentID": made["incidentID"]})["keyUpdate"]
    assert update["content"] == "Rolling back."

    start = {"incidentID": made["incidentID"], "eventName": "incidentStart", "eventTime": "2026-04-05T06:07:08Z"}
    superplane.ok("IncidentsService.UpdateIncidentEventTime", start)
    read = superplane.ok("IncidentsService.GetIncident", {"incidentID": made["incidentID"]})["incident"]
    assert read["incidentStart"] == "2026-04-05T06:07:08Z"
    assert isinstance(read["durationSeconds"], int)


def test_superplane_240808d_declares_a_drill(superplane: Rpc) -> None:
    assert _declare(superplane, unique("drill"), isDrill=True)["isDrill"] is True


def test_superplane_240808d_updates_field_by_field(superplane: Rpc) -> None:
    made = _declare(superplane, unique("updated"))
    incident_id = made["incidentID"]
    label = {"key": "tags", "label": unique("label")}
    # The label's value is made first; that it is there already is no error.
    value = {"key": label["key"], "value": label["label"]}
    superplane.ok("FieldsService.AddLabelValue", value)
    problem = superplane.refused("FieldsService.AddLabelValue", value, 409, "common.conflict")
    assert "already exists" in problem["error"].lower()
    steps: list[tuple[str, dict[str, Any]]] = [
        ("UpdateTitle", {"title": "renamed"}),
        ("UpdateSeverity", {"severity": "Critical"}),
        ("AddLabel", {"label": label}),
        ("UpdateIncidentIsDrill", {"isDrill": True}),
    ]
    for method, fields in steps:
        incident = superplane.ok(f"IncidentsService.{method}", {"incidentID": incident_id, **fields})["incident"]
        assert incident["incidentID"] == incident_id
        assert incident.keys() == made.keys()

    assert (incident["title"], incident["severity"], incident["isDrill"]) == ("renamed", "Critical", True)
    assert [(each["key"], each["label"]) for each in incident["labels"]] == [("tags", label["label"])]
    again = superplane.ok("IncidentsService.AddLabel", {"incidentID": incident_id, "label": label})["incident"]
    assert again["labels"] == incident["labels"]


def test_superplane_240808d_notes_and_resolves(superplane: Rpc) -> None:
    incident_id = _declare(superplane, unique("resolved"))["incidentID"]
    note = {"incidentID": incident_id, "activityKind": "userNote", "body": "Rolled back."}
    item = superplane.ok("ActivityService.AddActivity", note)["activityItem"]
    assert item.items() >= note.items()
    resolved = superplane.ok("IncidentsService.UpdateStatus", {"incidentID": incident_id, "status": "resolved"})[
        "incident"
    ]
    assert resolved["status"] == "resolved"
    assert resolved["closedTime"] == resolved["incidentEnd"] != ""


def test_superplane_240808d_lists_a_hundred(superplane: Rpc) -> None:
    made = _declare(superplane, unique("listed"))["incidentID"]
    query = {"limit": 100, "orderField": "createdTime", "orderDirection": "DESC"}
    answer = superplane.ok("IncidentsService.QueryIncidentPreviews", {"query": query})

    assert len(answer["incidentPreviews"]) <= 100
    assert answer["incidentPreviews"][0]["incidentID"] == made
    assert answer["query"]["limit"] == 100


def test_superplane_240808d_tests_its_connection(superplane: Rpc) -> None:
    assert superplane.ok("IncidentsService.QueryIncidentPreviews", {"query": {"limit": 1}})["query"]["limit"] == 1
