"""Apache DevLake's grafana_irm plugin (2026-09) and Tuist's status page (222fab2 and later): both only read."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urljoin

import httpx
import pytest

from tests.clients.incident_rpc import IRM, Rpc, token_of, unique
from tests.running_server import RunningServer


@pytest.fixture
def editor(server: RunningServer) -> Iterator[Rpc]:
    """Whoever makes what the others read."""
    with Rpc(server, IRM) as rpc:
        yield rpc


@pytest.fixture(scope="module")
def viewer_token(server: RunningServer) -> str:
    return token_of(server, "viewer")


@pytest.fixture
def reader(server: RunningServer, viewer_token: str) -> Iterator[Rpc]:
    with Rpc(server, IRM, token=viewer_token, headers={"Content-Type": "application/json; charset=utf-8"}) as rpc:
        yield rpc


def _declare(rpc: Rpc, title: str, **fields: Any) -> dict[str, Any]:
    incident: dict[str, Any] = rpc.ok("IncidentsService.CreateIncident", {"title": title, **fields})["incident"]
    return incident


def test_devlake_2026_09_collects_a_window(editor: Rpc, reader: Rpc) -> None:
    drill = _declare(editor, unique("drill"), isDrill=True)["incidentID"]
    made = [_declare(editor, unique("collected"))["incidentID"] for _ in range(103)]
    editor.ok("IncidentsService.UpdateStatus", {"incidentID": made[5], "status": "resolved"})
    now = datetime.now(UTC)
    window = ",".join(t.strftime("%Y-%m-%dT%H:%M:%SZ") for t in (now - timedelta(days=1), now + timedelta(days=1)))
    query = {
        "limit": 100, "orderDirection": "ASC",
        "queryString": f"isdrill:false or(declared:{window} resolved:{window})",
    }  # fmt: skip
    found: list[dict[str, Any]] = []
    request: dict[str, Any] = {"query": query}
    while True:
        answer = reader.ok("IncidentsService.QueryIncidents", request)
        assert len(answer["incidents"]) <= 100
        found += answer["incidents"]
        if not answer["cursor"]["hasMore"]:
            break
        # This client sends back the value alone.
        request = {"query": query, "cursor": {"nextValue": answer["cursor"]["nextValue"]}}

    ids = [each["incidentID"] for each in found]
    assert [each for each in ids if each in made] == made
    assert len(set(ids)) == len(ids)
    assert drill not in ids
    past = {**query, "queryString": "isdrill:false or(declared:2020-01-01T00:00:00Z,2020-02-01T00:00:00Z)"}
    assert reader.ok("IncidentsService.QueryIncidents", {"query": past})["incidents"] == []


def test_devlake_2026_09_refreshes_one_incident(server: RunningServer, editor: Rpc, reader: Rpc) -> None:
    made = _declare(editor, "[DevLake seed] Checkout service 5xx spike")
    read = reader.ok("IncidentsService.GetIncident", {"incidentID": made["incidentID"]})["incident"]

    page = f"/a/grafana-irm-app/incidents/{made['incidentID']}/devlake-seed-checkout-service-5xx-spike"
    assert read["overviewURL"] == page
    link = urljoin(f"{server.http_url}/", read["overviewURL"])
    assert link == f"{server.http_url}{page}"
    # Where DevLake's dashboards link to, a person finds the incident.
    opened = httpx.get(link, auth=("somebody", server.token))
    assert opened.status_code == 200
    assert opened.headers["content-type"].startswith("text/html")
    assert "Checkout service 5xx spike" in opened.text


def test_devlake_2026_09_tells_refusals_apart(server: RunningServer) -> None:
    with Rpc(server, IRM, token="not-a-token") as stranger:
        stranger.refused("IncidentsService.GetIncident", {"incidentID": "1"}, 401, "common.unauthorized")
    with Rpc(server, IRM, token=token_of(server, "collector")) as collector:
        collector.refused("IncidentsService.GetIncident", {"incidentID": "1"}, 403, "common.forbidden")
    with Rpc(server, IRM) as admin:
        admin.refused("IncidentsService.GetIncident", {"incidentID": "987654"}, 404, "incidents.not_found")


def _pages(rpc: Rpc, method: str, items: str, query: dict[str, Any]) -> Iterator[list[dict[str, Any]]]:
    """Pages as the status page asks for them: the cursor is a bare string beside the query."""
    answer = rpc.ok(method, {"query": query})
    yield answer[items]
    while answer["cursor"]["hasMore"]:
        answer = rpc.ok(method, {"query": query, "cursor": answer["cursor"]["nextValue"]})
        yield answer[items]


def test_tuist_222fab2_components_are_options_of_a_label(editor: Rpc, reader: Rpc) -> None:
    key = unique("affected_service")
    editor.ok("FieldsService.AddLabelKey", {"key": key})
    editor.ok("FieldsService.AddLabelValue", {"key": key, "value": "cache", "description": "Remote build cache."})
    fields = reader.ok("FieldsService.GetFields", {"domainName": "labels"})["fields"]

    [field] = [each for each in fields if each["name"] == key]
    [option] = field["selectoptions"]
    assert (option["value"], option["description"]) == ("cache", "Remote build cache.")


def test_tuist_222fab2_lists_incidents_by_a_bare_cursor(editor: Rpc, reader: Rpc) -> None:
    label = {"key": "affected_service", "label": "api"}
    made = [_declare(editor, unique("on the page"), labels=[label])["incidentID"] for _ in range(101)]
    closed = _declare(editor, unique("closed"), status="resolved")["incidentID"]
    wanted = {"queryString": "isdrill:false status:active", "limit": 100, "orderDirection": "DESC"}
    pages = list(_pages(reader, "IncidentsService.QueryIncidents", "incidents", wanted))

    assert len(pages) > 1
    active = [each for page in pages for each in page]
    assert [each["incidentID"] for each in active if each["incidentID"] in made] == made[::-1]
    pairs = [(each["key"], each["label"]) for each in active[0]["labels"]]
    assert pairs == [("affected_service", "api")]
    wanted["queryString"] = "isdrill:false status:resolved"
    pages = list(_pages(reader, "IncidentsService.QueryIncidents", "incidents", wanted))
    [found] = [each for page in pages for each in page if each["incidentID"] == closed]
    assert found["closedTime"] != ""


def test_tuist_after_222fab2_lists_key_updates_as_plain_text(editor: Rpc, reader: Rpc) -> None:
    incident_id = _declare(editor, unique("updated"))["incidentID"]
    for number in range(101):
        editor.ok(
            "KeyUpdatesService.CreateKeyUpdate",
            {
                "incidentID": incident_id, "title": f"Update {number}", "content": f"*bold* {number}", "color": None,
                "contentType": "text/markdown+slack", "statusID": "", "severityID": "", "scope": "public",
            },
        )  # fmt: skip
    query = {
        "incidentID": incident_id, "limit": 100, "orderDirection": "DESC", "orderField": "createdTime",
        "contentType": "text/plain",
    }  # fmt: skip
    pages = list(_pages(reader, "KeyUpdatesService.QueryKeyUpdates", "keyUpdates", query))

    assert [len(page) for page in pages] == [100, 1]
    updates = [each for page in pages for each in page]
    assert [each["title"] for each in updates] == [f"Update {number}" for number in range(100, -1, -1)]
    assert {each["contentType"] for each in updates} == {"text/plain"}
    assert updates[0]["content"] == "bold 100"
    unwritten = _declare(editor, unique("never updated"))["incidentID"]
    empty = reader.ok("KeyUpdatesService.QueryKeyUpdates", {"query": {**query, "incidentID": unwritten}})
    assert empty["keyUpdates"] == []
