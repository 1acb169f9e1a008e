"""Keep's Grafana Incident provider (0b048a3): requests in Python, times by strptime, pages until `hasMore` is False."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.clients.incident_rpc import INCIDENT, Rpc, unique
from tests.running_server import RunningServer

_SEVERITIES = {"Pending", "Critical", "Major", "Minor", "Moderate", "Cosmetic"}


@pytest.fixture
def keep(server: RunningServer) -> Iterator[Rpc]:
    with Rpc(server, INCIDENT, headers={"User-Agent": "python-requests/2.32", "Accept": "*/*"}) as rpc:
        yield rpc


def _parse(timestamp: str) -> datetime:
    """The two layouts that Keep knows; anything else raises there as it does here."""
    try:
        return datetime.strptime(timestamp, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)
    except ValueError:
        return datetime.strptime(timestamp, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)


def _create(rpc: Rpc, title: str, **fields: Any) -> dict[str, Any]:
    request = {
        "title": title, "severity": "", "labels": [], "roomPrefix": "", "isDrill": None, "status": "",
        "attachCaption": "", "attachURL": "", **fields,
    }  # fmt: skip
    incident: dict[str, Any] = rpc.ok("IncidentsService.CreateIncident", request)["incident"]
    return incident


def _previews(rpc: Rpc) -> Iterator[list[dict[str, Any]]]:
    payload: dict[str, Any] = {"query": {"limit": 50, "orderDirection": "DESC", "orderField": "createdTime"}}
    while True:
        data = rpc.ok("IncidentsService.QueryIncidentPreviews", payload)
        yield data["incidentPreviews"]
        payload["cursor"] = data["cursor"]
        if data["cursor"]["hasMore"] is False:
            return


def test_keep_0b048a3_validates_its_scope(keep: Rpc) -> None:
    query = {"limit": 1, "orderDirection": "DESC", "orderField": "createdTime"}

    assert len(keep.ok("IncidentsService.QueryIncidentPreviews", {"query": query})["incidentPreviews"]) <= 1


def test_keep_0b048a3_reads_everything_by_fifty(keep: Rpc) -> None:
    made = [_create(keep, unique("many"))["incidentID"] for _ in range(120)]
    keep.ok("IncidentsService.UpdateStatus", {"incidentID": made[0], "status": "resolved"})
    pages = list(_previews(keep))

    assert [len(page) for page in pages[:-1]] == [50] * (len(pages) - 1)
    listed = [each for page in pages for each in page]
    ids = [each["incidentID"] for each in listed]
    assert len(set(ids)) == len(ids)
    assert set(made) <= set(ids)
    for each in listed:
        times = {key: each[key] for key in ("incidentStart", "incidentEnd", "createdTime")}
        read = {key: _parse(text) for key, text in times.items() if text != ""}
        assert read.keys() >= {"incidentStart", "createdTime"}
        assert each["severityLabel"] in _SEVERITIES
        assert each["status"] in {"active", "resolved"}
        assert isinstance(each["version"], int)
        assert each["heroImagePath"] == ""
    [closed] = [each for each in listed if each["incidentID"] == made[0]]
    assert _parse(closed["incidentEnd"]) >= _parse(closed["incidentStart"])


def test_keep_0b048a3_creates_with_nulls(keep: Rpc) -> None:
    title = unique("from a workflow")
    incident = _create(keep, title, labels=[{"label": "keep-generated"}], severity="minor", status="active")

    assert (incident["title"], incident["isDrill"], incident["severity"]) == (title, False, "Minor")
    assert [each["label"] for each in incident["labels"]] == ["keep-generated"]
    assert _create(keep, unique("a drill"), isDrill=True)["isDrill"] is True


def test_keep_0b048a3_updates(keep: Rpc) -> None:
    made = _create(keep, unique("updated"), labels=[{"label": "one"}, {"key": "team", "label": "two"}])
    incident_id = made["incidentID"]

    def update(method: str, **fields: Any) -> dict[str, Any]:
        return keep.ok(f"IncidentsService.{method}", {"incidentID": incident_id, **fields})

    assert [each["label"] for each in update("RemoveLabel", label="one")["incident"]["labels"]] == ["two"]
    assert update("UnassignLabel", key="team", value="two")["labels"] == []
    [pair] = keep.ok("IncidentsService.AssignLabel", {"incidentID": incident_id, "key": "team", "value": "two"})[
        "labels"
    ]
    assert update("UnassignLabelByUUID", keyUUID=pair["keyUUID"], valueUUID=pair["valueUUID"])["labels"] == []
    user = made["createdByUser"]["userID"]
    keep.ok("IncidentsService.AssignRole", {"incidentID": incident_id, "userID": user, "role": "commander"})
    assert update("UnassignRole", role="commander", userID=user)["didChange"] is True

    start = "2026-01-02T03:04:05Z"
    update("UpdateIncidentEventTime", eventTime=start, eventName="incidentStart", activityItemKind="incidentStart")
    assert update("UpdateIncidentIsDrill", isDrill=True)["incident"]["isDrill"] is True
    assert update("UpdateSeverity", severity="Critical")["incident"]["severity"] == "Critical"
    assert update("UpdateTitle", title="renamed")["incident"]["title"] == "renamed"
    resolved = update("UpdateStatus", status="resolved")["incident"]
    assert (resolved["status"], resolved["incidentStart"]) == ("resolved", start)
    assert _parse(resolved["incidentEnd"]) == _parse(resolved["closedTime"])


def test_keep_0b048a3_sees_why_a_write_failed(keep: Rpc) -> None:
    answer = keep.send("IncidentsService.UpdateSeverity", {"incidentID": "987654", "severity": "Major"})

    assert answer.status_code == 404
    assert "987654" in answer.text
