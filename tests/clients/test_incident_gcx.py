"""gcx (d7c3d5c), Grafana's command line: plain JSON, status 200 or failure, three services on the unversioned base."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest

from tests.clients.incident_rpc import IRM, IRM_UNVERSIONED, Rpc, unique
from tests.running_server import RunningServer


@pytest.fixture
def gcx(server: RunningServer) -> Iterator[Rpc]:
    with Rpc(server, IRM) as rpc:
        yield rpc


def _create(rpc: Rpc, title: str, **fields: Any) -> dict[str, Any]:
    request = {"title": title, "status": "active", "isDrill": False, "labels": [], **fields}
    incident: dict[str, Any] = rpc.ok("IncidentsService.CreateIncident", request)["incident"]
    return incident


def _page(rpc: Rpc, query: str, *, limit: int = 100, cursor: dict[str, Any] | None = None) -> dict[str, Any]:
    wire: dict[str, Any] = {"limit": limit, "orderDirection": "DESC", "orderField": "createdTime"}
    request: dict[str, Any] = {"query": wire, "includeCustomFieldValues": True, "includeIncidentChannels": True}
    if query:
        wire["queryString"] = query
    if cursor is not None:
        request["cursor"] = cursor
    return rpc.ok("IncidentsService.QueryIncidentPreviews", request)


def _severities(rpc: Rpc) -> dict[str, dict[str, Any]]:
    listed = rpc.ok("SeveritiesService.GetOrgSeverities", {}, base=IRM_UNVERSIONED)["severities"]
    return {each["displayLabel"]: each for each in listed}


def test_gcx_d7c3d5c_pages_previews_and_echoes_the_cursor(gcx: Rpc) -> None:
    word = unique("paged")
    made = [_create(gcx, word)["incidentID"] for _ in range(7)]
    found: list[dict[str, Any]] = []
    cursor = None
    while True:
        answer = _page(gcx, f'title:"{word}"', limit=3, cursor=cursor)
        found += answer["incidentPreviews"]
        cursor = answer["cursor"]
        assert cursor.keys() == {"nextValue", "hasMore"}
        assert cursor["hasMore"] == bool(cursor["nextValue"])
        if not cursor["hasMore"]:
            break

    assert [each["incidentID"] for each in found] == made[::-1]
    times = [datetime.fromisoformat(each["createdTime"]) for each in found]
    assert times == sorted(times, reverse=True)
    assert all(each["incidentChannels"] == [] and each["fieldValues"] == [] for each in found)
    # More than the documented cap is asked for by nobody, and answered with the cap.
    assert _page(gcx, "", limit=1000)["query"]["limit"] == 100


def test_gcx_d7c3d5c_filters(gcx: Rpc) -> None:
    severities = _severities(gcx)
    major = _create(gcx, unique("major"), severityID=severities["Major"]["severityID"])["incidentID"]
    pending = _create(gcx, unique("pending"))["incidentID"]
    resolved = _create(gcx, unique("resolved"), status="resolved")["incidentID"]
    expected = {
        "status:active": {major, pending},
        "or(status:active status:resolved)": {major, pending, resolved},
        'status:active severity:"major"': {major},
        'or(status:active status:resolved) severity:"Pending"': {pending, resolved},
        'severity:"no such"': set(),
    }
    for query, ids in expected.items():
        listed = {each["incidentID"] for each in _page(gcx, query)["incidentPreviews"]}
        assert listed & {major, pending, resolved} == ids, query

    bad = {"query": {"limit": 1, "orderDirection": "DESC", "queryString": "modified:today"}}
    problem = gcx.refused("IncidentsService.QueryIncidentPreviews", bad, 400, "common.validation_failed")
    assert problem["error"].startswith("invalid query string: ")


def test_gcx_d7c3d5c_matches_labels_itself(gcx: Rpc) -> None:
    word = unique("labelled")
    _create(gcx, word, labels=[{"key": "team", "label": "payments"}, {"label": "plain"}])
    [preview] = _page(gcx, f'title:"{word}"')["incidentPreviews"]

    pairs = [(each.get("key"), each.get("label") or each.get("value")) for each in preview["labels"]]
    assert sorted(pairs) == [("tags", "plain"), ("team", "payments")]


def test_gcx_d7c3d5c_get_tells_not_found(gcx: Rpc) -> None:
    problem = gcx.refused("IncidentsService.GetIncident", {"incidentID": "987654"}, 404, "incidents.not_found")

    assert problem["traceID"] == problem["trace_id"] != ""


def test_gcx_d7c3d5c_create_needs_no_second_call_for_the_severity(gcx: Rpc) -> None:
    severity = _severities(gcx)["Critical"]
    incident = _create(
        gcx, unique("created"), labels=[{"key": "tags", "label": "gcx"}], incidentType="internal",
        fieldGroupUUID="0b9d1f3c-1111-4222-8333-444455556666", severityID=severity["severityID"],
    )  # fmt: skip

    assert (incident["severity"], incident["severityID"]) == ("Critical", severity["severityID"])
    assert incident["incidentType"] == "internal"
    assert incident["slug"] == incident["overviewURL"].rpartition("/")[2]
    assert incident["version"] >= 1
    assert incident["statusID"]
    assert incident["description"] == ""


def test_gcx_d7c3d5c_updates_fall_back_to_the_unversioned_base(gcx: Rpc) -> None:
    incident_id = _create(gcx, unique("updated"))["incidentID"]
    for base in (IRM, IRM_UNVERSIONED):
        title = unique("renamed")
        for method, fields in (
            ("UpdateStatus", {"status": "resolved"}),
            ("UpdateTitle", {"title": title}),
            ("UpdateSeverity", {"severity": "Minor"}),
        ):
            body = {"incidentID": incident_id, **fields}
            incident = gcx.ok(f"IncidentsService.{method}", body, base=base)["incident"]
            assert incident.items() >= fields.items()
    # An incident that is not there is a 404 on the first base, and has to be one on the second as well.
    for base in (IRM, IRM_UNVERSIONED):
        body = {"incidentID": "987654", "status": "resolved"}
        gcx.refused("IncidentsService.UpdateStatus", body, 404, "incidents.not_found", base=base)


def test_gcx_d7c3d5c_activity(gcx: Rpc) -> None:
    incident_id = _create(gcx, unique("timeline"))["incidentID"]
    gcx.ok("ActivityService.AddActivity", {"incidentID": incident_id, "activityKind": "userNote", "body": "first"})
    gcx.ok("ActivityService.AddActivity", {"incidentID": incident_id, "activityKind": "userNote", "body": "second"})
    query = {"incidentID": incident_id, "limit": 50, "orderDirection": "ASC"}
    items = gcx.ok("ActivityService.QueryActivity", {"query": query})["activityItems"]

    assert [each["body"] for each in items if each["activityKind"] == "userNote"] == ["first", "second"]
    times = [datetime.fromisoformat(each["eventTime"]) for each in items]
    assert times == sorted(times)
    assert all(each["user"]["userID"] and each["user"]["name"] for each in items)


def test_gcx_d7c3d5c_lists_severities_unversioned(gcx: Rpc) -> None:
    severities = _severities(gcx)

    assert {label: each["level"] for label, each in severities.items()} == {
        "Pending": -1, "Critical": 1, "Major": 2, "Minor": 3,
    }  # fmt: skip
    assert all(each["severityID"] and each["color"] == each["darkColor"] for each in severities.values())


def test_gcx_d7c3d5c_lists_contexts_unversioned(gcx: Rpc) -> None:
    incident_id = _create(gcx, unique("with context"), attachURL="https://grafana.example/d/9", attachCaption="board")[
        "incidentID"
    ]
    query: dict[str, Any] = {"incidentID": incident_id}
    method = "IncidentContextService.QueryIncidentContext"
    [context] = gcx.ok(method, {"query": query}, base=IRM_UNVERSIONED)["incidentContexts"]

    assert context["incidentID"] == incident_id
    assert context["title"] == "board"
    assert context["type"] == "genericURL"
    assert context["createdByUser"].keys() >= {"userID", "name", "email", "grafanaLogin", "photoURL"}
    assert context["alertGroupID"] is None
    narrowed = {**query, "type": "grafana.dashboard", "limit": 5, "orderDirection": "ASC"}
    assert gcx.ok(method, {"query": narrowed}, base=IRM_UNVERSIONED)["incidentContexts"] == []


def test_gcx_d7c3d5c_finds_the_post_incident_review(gcx: Rpc) -> None:
    incident_id = _create(gcx, unique("reviewed"))["incidentID"]
    gcx.ok("IncidentsService.UpdateStatus", {"incidentID": incident_id, "status": "resolved"})
    runs = gcx.ok("IntegrationService.GetHookRuns", {"incidentID": incident_id}, base=IRM_UNVERSIONED)["hookRuns"]

    [run] = [each for each in runs if each["hookID"] == "grate.googleworkspace.copyTemplate"]
    assert run["status"] == "success"
    fields = {each["key"]: each["value"] for each in run["metadata"]["fields"]}
    assert fields["fileURL"] == run["metadata"]["url"] != ""


def test_gcx_d7c3d5c_api_scripts_manage_severities(gcx: Rpc) -> None:
    base = IRM_UNVERSIONED
    made = gcx.ok(
        "SeveritiesService.CreateOrgSeverity",
        {"severity": {"displayLabel": "Low", "level": 5, "color": "#123456"}},
        base=base,
    )
    severity = made["severity"]
    assert (severity["displayLabel"], severity["level"], severity["color"]) == ("Low", 5, "#123456")
    changed = {"severityID": severity["severityID"], "description": "hardly anything"}
    assert (
        gcx.ok("SeveritiesService.UpdateOrgSeverity", changed, base=base)["severity"]["description"]
        == "hardly anything"
    )
    again = {"displayLabel": "low", "level": 4}
    gcx.refused("SeveritiesService.CreateOrgSeverity", again, 409, "common.conflict", base=base)
    gcx.ok("SeveritiesService.DeleteOrgSeverity", {"severityID": severity["severityID"]}, base=base)
    assert "Low" not in _severities(gcx)


def test_gcx_d7c3d5c_api_scripts_manage_labels(gcx: Rpc) -> None:
    key = unique("key")
    gcx.ok("FieldsService.AddLabelKey", {"key": key, "description": "a key", "colorHex": "#123456"})
    for value in ("one", "two"):
        gcx.ok("FieldsService.AddLabelValue", {"key": key, "value": value})
    fields = gcx.ok("FieldsService.GetFields", {"domainName": "labels"})["fields"]

    [field] = [each for each in fields if each["name"] == key]
    assert [each["value"] for each in field["selectoptions"]] == ["one", "two"]
