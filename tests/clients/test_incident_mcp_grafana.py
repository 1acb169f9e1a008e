"""The incident tools of mcp-grafana (c6e492b): the bodies of incident-go d716816, with every field, lists as null."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.clients.incident_rpc import IRM, Rpc, token_of, unique
from tests.running_server import RunningServer

_HEADERS = {
    "Content-Type": "application/json; charset=utf-8",
    "Accept": "application/json; charset=utf-8",
    "Accept-Encoding": "gzip",
    "User-Agent": "incident-go/v1.92.2",
    "X-Grafana-Org-Id": "7",
}


@pytest.fixture
def mcp(server: RunningServer) -> Iterator[Rpc]:
    with Rpc(server, IRM, headers=_HEADERS) as rpc:
        yield rpc


def _list(rpc: Rpc, query: str, limit: int = 10) -> dict[str, Any]:
    return rpc.ok(
        "IncidentsService.QueryIncidentPreviews",
        {
            "query": {"limit": limit, "orderDirection": "DESC", "orderField": "", "queryString": query},
            "cursor": {"nextValue": "", "hasMore": False},
            "includeCustomFieldValues": False,
            "includeMembershipPreview": False,
        },
    )


def _create(rpc: Rpc, title: str, **fields: Any) -> dict[str, Any]:
    request = {
        "title": title, "severity": "minor", "labels": None, "roomPrefix": "test", "isDrill": False, "status": "",
        "attachCaption": "", "attachURL": "", "alertGroupID": None, **fields,
    }  # fmt: skip
    incident: dict[str, Any] = rpc.ok("IncidentsService.CreateIncident", request)["incident"]
    return incident


def _get(rpc: Rpc, incident_id: str) -> dict[str, Any]:
    incident: dict[str, Any] = rpc.ok("IncidentsService.GetIncident", {"incidentID": incident_id})["incident"]
    return incident


def test_mcp_grafana_c6e492b_lists_incidents(mcp: Rpc) -> None:
    real = _create(mcp, unique("real"))["incidentID"]
    drill = _create(mcp, unique("drill"), isDrill=True)["incidentID"]
    resolved = _create(mcp, unique("resolved"), status="resolved")["incidentID"]

    expected = {
        "isdrill:false": {real, resolved},
        "isdrill:false status:active": {real},
        "isdrill:false status:resolved": {resolved},
        " status:active": {real, drill},
        "": {real, drill, resolved},
    }
    for query, ids in expected.items():
        listed = {each["incidentID"] for each in _list(mcp, query)["incidentPreviews"]}
        assert listed & {real, drill, resolved} == ids, query


def test_mcp_grafana_c6e492b_reads_previews(mcp: Rpc) -> None:
    title = unique("read")
    made = _create(mcp, title)
    _create(mcp, unique("newer"))
    answer = _list(mcp, "", limit=1)

    assert len(answer["incidentPreviews"]) == 1
    assert answer["cursor"]["hasMore"] is True
    [preview] = _list(mcp, f'title:"{title}"')["incidentPreviews"]
    read = {key: preview[key] for key in ("incidentID", "title", "status", "severityLabel", "isDrill")}
    assert read == {
        "incidentID": made["incidentID"], "title": title, "status": "active", "severityLabel": "Minor",
        "isDrill": False,
    }  # fmt: skip
    assert [preview[key] for key in ("createdTime", "modifiedTime", "incidentStart")] == [
        made[key] for key in ("createdTime", "modifiedTime", "incidentStart")
    ]


def test_mcp_grafana_c6e492b_gets_incident_1(mcp: Rpc) -> None:
    _create(mcp, unique("there is one"))
    incident = _get(mcp, "1")

    assert incident["incidentID"] == "1"
    assert incident["title"]
    assert incident["status"]


def test_mcp_grafana_c6e492b_creates_an_incident(mcp: Rpc) -> None:
    label = {"key": "", "label": "from-mcp", "description": "ignored", "colorHex": ""}
    incident = _create(
        mcp, unique("attached"), attachCaption="the board", attachURL="https://grafana.example/d/1", labels=[label]
    )

    assert incident["status"] == "active"
    assert incident["severity"] == "Minor"
    assert [(each["key"], each["label"]) for each in incident["labels"]] == [("tags", "from-mcp")]
    # The pinned revision knows this key and no newer one.
    assert incident["heroImagePath"] == ""


def test_mcp_grafana_c6e492b_adds_activity(mcp: Rpc) -> None:
    incident_id = _create(mcp, unique("noted"))["incidentID"]
    body = "Looked at https://grafana.example/d/2:\n\ttwo `errors` ✓"
    for event_time in ("", "2026-05-06T07:08:09Z"):
        item = mcp.ok(
            "ActivityService.AddActivity",
            {
                "incidentID": incident_id, "activityKind": "userNote", "body": body, "fieldValues": None,
                "eventTime": event_time,
            },
        )["activityItem"]  # fmt: skip
        assert item["body"] == body
        assert item["eventTime"] == (event_time or item["createdTime"])
        assert [each["sourceURL"] for each in item["attachments"]] == ["https://grafana.example/d/2"]


def test_mcp_grafana_c6e492b_updates_an_incident_twice(mcp: Rpc) -> None:
    made = _create(mcp, unique("updated"))
    incident_id = made["incidentID"]
    title = unique("renamed")
    steps = [
        ("UpdateStatus", "status", "resolved"),
        ("UpdateSeverity", "severity", "Critical"),
        ("UpdateTitle", "title", title),
    ]
    results = []
    for _ in range(2):
        for method, key, value in steps:
            body = {"incidentID": incident_id, key: value}
            incident = mcp.ok(f"IncidentsService.{method}", body)["incident"]
            assert incident["incidentID"] == incident_id
            assert incident[key] == value
            assert incident.keys() == made.keys()
        results.append(incident)

    # The second round changes nothing, not even the time of the last change.
    assert results[0] == results[1] == _get(mcp, incident_id)
    assert (incident["status"], incident["severity"], incident["title"]) == ("resolved", "Critical", title)


def test_mcp_grafana_c6e492b_with_disable_write_needs_a_viewer_only(server: RunningServer, mcp: Rpc) -> None:
    incident_id = _create(mcp, unique("for viewers"))["incidentID"]
    with Rpc(server, IRM, token=token_of(server, "viewer"), headers=_HEADERS) as viewer:
        assert _get(viewer, incident_id)["incidentID"] == incident_id
        assert _list(viewer, "isdrill:false")["incidentPreviews"]
        viewer.refused(
            "IncidentsService.UpdateStatus", {"incidentID": incident_id, "status": "resolved"}, 403, "common.forbidden"
        )


def test_mcp_grafana_pr_1129_reads_and_writes_custom_fields(mcp: Rpc) -> None:
    field = mcp.ok(
        "FieldsService.AddField", {"field": {"name": unique("tier"), "type": "number", "domainName": "incident"}}
    )["field"]
    incident_id = _create(mcp, unique("with a field"))["incidentID"]
    target = {"targetKind": "incident", "targetID": incident_id}
    mcp.ok("FieldsService.RecordFieldValue", {"fieldUUID": field["uuid"], "value": "3", **target})
    values = mcp.ok("FieldsService.GetFieldValues", {**target, "domainName": "incident"})["fieldValues"]

    assert [(each["field"]["uuid"], each["value"]) for each in values if each["value"]] == [(field["uuid"], "3")]
