"""Grafana's own user interface (alerting and home page: 0a73828, and older builds) and Grafana OnCall OSS (00158a5)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.clients.incident_rpc import INCIDENT, INCIDENT_UNVERSIONED, IRM, IRM_UNVERSIONED, Rpc, unique
from tests.running_server import RunningServer

_ONCALL_TIMEOUT = 5


@pytest.fixture
def browser(server: RunningServer) -> Iterator[Rpc]:
    with Rpc(server, IRM) as rpc:
        yield rpc


@pytest.mark.parametrize("base", [IRM, IRM_UNVERSIONED, INCIDENT, INCIDENT_UNVERSIONED])
def test_grafana_ui_0a73828_configuration_tracker(browser: Rpc, base: str) -> None:
    browser.ok("IncidentsService.CreateIncident", {"title": unique("tracked"), "isDrill": True})
    answer = browser.ok("ConfigurationTrackerService.GetConfigurationTracker", {}, base=base)

    assert answer == {"isChatOpsInstalled": False, "isIncidentCreated": True, "error": ""}


def test_grafana_ui_0a73828_active_incidents_of_a_team(browser: Rpc) -> None:
    teams = {"payments & co": '"payments & co"', 'the "core"': "'the \"core\"'"}
    wished = {"name": "team", "type": "single-select", "domainName": "incident"}
    options = [{"value": team, "label": team} for team in teams]
    field = browser.ok("FieldsService.AddField", {"field": {**wished, "selectoptions": options}})["field"]
    assert field["slug"] == "team"
    # Neither a cursor nor flags in this one.
    query = {"orderField": "createdTime", "orderDirection": "DESC", "limit": 50}
    for team, quoted in teams.items():
        [option] = [each["uuid"] for each in field["selectoptions"] if each["value"] == team]
        wanted = ({"title": unique(team)}, {"title": unique("drill"), "isDrill": True}, {"title": unique("teamless")})
        made = [browser.ok("IncidentsService.CreateIncident", fields)["incident"]["incidentID"] for fields in wanted]
        for incident_id in made[:2]:
            target = {"targetKind": "incident", "targetID": incident_id}
            browser.ok("FieldsService.RecordFieldValue", {"fieldUUID": field["uuid"], "value": f'"{option}"', **target})
        asked = {"query": {"queryString": f"isdrill:false status:active field:team:{quoted}", **query}}
        found = browser.ok("IncidentsService.QueryIncidentPreviews", asked)["incidentPreviews"]
        assert [each["incidentID"] for each in found] == made[:1]
        assert found[0].keys() >= {"incidentID", "title", "severityLabel", "createdTime"}


def test_grafana_ui_older_build_asks_with_an_infix_and(browser: Rpc) -> None:
    real = browser.ok("IncidentsService.CreateIncident", {"title": unique("real")})["incident"]["incidentID"]
    drill = browser.ok("IncidentsService.CreateIncident", {"title": unique("d"), "isDrill": True})["incident"][
        "incidentID"
    ]
    query = {"limit": 50, "orderDirection": "DESC", "queryString": "isdrill:false and status:active"}
    listed = browser.ok("IncidentsService.QueryIncidents", {"query": query}, base=INCIDENT)["incidents"]

    ids = {each["incidentID"] for each in listed}
    assert real in ids
    assert drill not in ids


def test_grafana_ui_0a73828_reads_fields(browser: Rpc) -> None:
    name = unique("Service Tier")
    options = [{"value": "gold", "label": "Gold"}, {"value": "silver", "label": "Silver"}]
    field = {"name": name, "type": "single-select", "domainName": "incident", "selectoptions": options}
    browser.ok("FieldsService.AddField", {"field": field})
    for body in ({}, {"domainName": ""}, {"domainName": "incident"}):
        answer = browser.ok("FieldsService.GetFields", body)
        assert answer["archived"] == []
        [read] = [each for each in answer["fields"] if each["name"] == name]
        assert read["slug"] == name.lower().replace(" ", "-")
        assert (read["type"], read["archived"]) == ("single-select", False)
        assert [each["value"] for each in read["selectoptions"]] == ["gold", "silver"]


def test_grafana_ui_gops_2024_still_asks_with_get(server: RunningServer, browser: Rpc) -> None:
    made = browser.ok("IncidentsService.CreateIncident", {"title": unique("got")})["incident"]["incidentID"]
    headers = {"Authorization": f"Bearer {server.token}"}
    integrations = "IntegrationService.GetAvailableIntegrations"
    listed = httpx.get(f"{server.http_url}{INCIDENT}IncidentsService.QueryIncidents", headers=headers)
    catalogue = httpx.get(f"{server.http_url}{INCIDENT}{integrations}", headers=headers)
    refused = httpx.get(f"{server.http_url}{INCIDENT}IncidentsService.GetIncident", headers=headers)

    assert listed.status_code == 200
    assert made in [each["incidentID"] for each in listed.json()["incidents"]]
    assert catalogue.status_code == 200
    assert {"id": "grate.outgoingWebhook"} in catalogue.json()
    assert browser.send(integrations, {}).json() == catalogue.json()
    assert (refused.status_code, refused.json()["code"]) == (405, "common.validation_failed")
    assert "POST" in refused.headers["allow"]


def test_grafana_ui_0a73828_probes_the_plugin(server: RunningServer) -> None:
    for plugin in ("grafana-irm-app", "grafana-incident-app"):
        url = f"{server.http_url}/api/plugins/{plugin}/settings"
        answer = httpx.get(url, headers={"Authorization": f"Bearer {server.token}"})
        assert answer.status_code == 200
        assert answer.json().items() >= {"enabled": True, "jsonData": {}, "error": ""}.items()


class OnCall:
    """Posts as the Python library requests does: no charset, its own Accept, and gives up after five seconds."""

    def __init__(self, server: RunningServer) -> None:
        self._url = f"{server.http_url}/api/plugins/grafana-incident-app/resources/"
        self._headers = {"User-Agent": "grafana-oncall", "Authorization": f"Bearer {server.token}"}

    def post(self, endpoint: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        answer = httpx.post(f"{self._url}{endpoint}", json=body, headers=self._headers, timeout=_ONCALL_TIMEOUT)
        read: dict[str, Any] = answer.json()
        return answer.status_code, read


@pytest.fixture
def oncall(server: RunningServer) -> OnCall:
    return OnCall(server)


def test_oncall_00158a5_works_an_incident(oncall: OnCall) -> None:
    title = unique("alert group")
    status, created = oncall.post(
        "api/v1/IncidentsService.CreateIncident",
        {
            "title": title, "severity": "Pending", "attachCaption": "Grafana OnCall",
            "attachURL": "https://oncall.example/a/grafana-oncall-app/alert-groups/1", "status": "active",
        },
    )  # fmt: skip
    assert status == 200
    incident = created["incident"]
    assert (incident["title"], incident["severity"], incident["status"]) == (title, "Pending", "active")
    keys = {
        "createdByUser", "createdTime", "durationSeconds", "heroImagePath", "incidentEnd", "incidentID",
        "incidentMembership", "incidentStart", "isDrill", "labels", "overviewURL", "severity", "status", "summary",
        "taskList", "title",
    }  # fmt: skip
    assert incident.keys() >= keys

    incident_id = incident["incidentID"]
    note = {"incidentID": incident_id, "activityKind": "userNote", "body": "acknowledged by somebody"}
    status, added = oncall.post("api/v1/ActivityService.AddActivity", note)
    assert status == 200
    assert added["activityItem"].items() >= note.items()
    assert added["activityItem"]["relevance"] == "automatic"
    status, read = oncall.post("api/v1/IncidentsService.GetIncident", {"incidentID": incident_id})
    assert (status, read["incident"]["title"]) == (200, title)


def test_oncall_00158a5_lists_severities(oncall: OnCall) -> None:
    status, answer = oncall.post("api/SeveritiesService.GetOrgSeverities", {})

    assert status == 200
    [pending] = [each for each in answer["severities"] if each["displayLabel"] == "Pending"]
    assert pending.keys() >= {
        "severityID", "orgID", "displayLabel", "level", "iconName", "description", "darkColor", "lightColor",
        "archivedAt", "archivedByUserID", "deletedAt", "deletedByUserID", "createdAt", "updatedAt",
    }  # fmt: skip


def test_oncall_00158a5_reads_errors(server: RunningServer, oncall: OnCall) -> None:
    status, answer = oncall.post("api/v1/IncidentsService.GetIncident", {"incidentID": "987654"})
    assert (status, "987654" in answer["error"]) == (404, True)
    status, answer = oncall.post("api/v1/IncidentsService.CreateIncident", {"title": "x", "severity": "Unheard"})
    assert (status, "Unheard" in answer["error"]) == (400, True)
    # Hosted fails without a body; here it is an empty request.
    url = f"{server.http_url}{INCIDENT_UNVERSIONED}SeveritiesService.GetOrgSeverities"
    assert httpx.post(url, headers={"Authorization": f"Bearer {server.token}"}).status_code == 200
