"""Programs that send what the hosted service lets pass: assorted MCP servers and scripts.

Their bodies have keys of other APIs, in another case, at another depth, with null everywhere; all of them got a 200.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.clients.incident_rpc import INCIDENT, IRM, Rpc, unique
from tests.running_server import RunningServer


@pytest.fixture
def rpc(server: RunningServer) -> Iterator[Rpc]:
    with Rpc(server, IRM) as opened:
        yield opened


@pytest.mark.parametrize(
    ("body", "limit"),
    [
        pytest.param({"limit": 3, "orderBy": "created"}, 50, id="limit at the top"),
        pytest.param({"incidentPreviewsQuery": {"limit": 3}}, 50, id="query under another key"),
        pytest.param(
            {"query": {"limit": 3, "createdFrom": "2026-01-01", "labelMatchers": [{"a": 1}]}}, 3, id="unknown keys"
        ),
        pytest.param({"Query": {"LIMIT": 3, "orderdirection": "ASC"}, "CURSOR": None}, 3, id="another case"),
        pytest.param({"query": {"limit": None, "orderDirection": None, "queryString": None}}, 50, id="nulls"),
        pytest.param({"query": None, "cursor": None, "includeMembershipPreview": None}, 50, id="null for everything"),
        pytest.param({"query": {"limit": 3, "cursor": "misplaced"}}, 3, id="cursor inside the query"),
        pytest.param({"query": {"limit": 3}, "cursor": ""}, 3, id="an empty text for the first page"),
        pytest.param(
            {"query": {"limit": 3}, "cursor": {"nextValue": "", "hasMore": True}}, 3, id="a cursor of nothing"
        ),
        pytest.param({"query": {"limit": -1}}, 50, id="negative limit"),
        pytest.param({"query": {"limit": 5000}}, 100, id="limit beyond the cap"),
    ],
)
def test_assorted_mcp_servers_loose_queries(rpc: Rpc, body: dict[str, Any], limit: int) -> None:
    rpc.ok("IncidentsService.CreateIncident", {"title": unique("there is one")})
    for method, items in (("QueryIncidentPreviews", "incidentPreviews"), ("QueryIncidents", "incidents")):
        answer = rpc.ok(f"IncidentsService.{method}", body)
        assert answer["query"]["limit"] == limit
        assert 0 < len(answer[items]) <= limit


def test_assorted_mcp_servers_loose_creation(rpc: Rpc) -> None:
    title = unique("loose")
    body = {
        "TITLE": title, "attachUrl": "https://grafana.example/d/1", "attachcaption": "board", "isDrill": None,
        "description": "not a key of this method", "labels": [{"Label": "one", "extra": {}}, None], "severity": None,
        "status": None, "roomPrefix": None, "createdTime": "yesterday", "alertGroupID": None,
    }  # fmt: skip
    incident = rpc.ok("IncidentsService.CreateIncident", body)["incident"]

    assert (incident["title"], incident["status"], incident["severity"]) == (title, "active", "Pending")
    assert [each["label"] for each in incident["labels"]] == ["one"]
    query = {"query": {"incidentID": incident["incidentID"]}}
    [context] = rpc.ok("IncidentContextService.QueryIncidentContext", query)["incidentContexts"]
    assert context["title"] == "board"


def test_assorted_mcp_servers_exact_spelling_wins(rpc: Rpc) -> None:
    title = unique("exact")
    incident = rpc.ok("IncidentsService.CreateIncident", {"Title": "a", "title": title, "TITLE": "b"})["incident"]

    assert incident["title"] == title


@pytest.mark.parametrize("base", [IRM, INCIDENT])
def test_scripts_without_any_header(server: RunningServer, base: str) -> None:
    headers = {"Authorization": f"Bearer {server.token}", "Content-Type": "", "Accept": "text/html;q=0.1"}
    for content in (b"", b"{}", b" \n{} "):
        answer = httpx.post(f"{server.http_url}{base}RolesService.GetRoles", content=content, headers=headers)
        assert (answer.status_code, answer.json()["error"]) == (200, "")


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"\xff\xfe{}", id="not UTF-8"),
        pytest.param(b'{"title":"\\ud800"}', id="half a surrogate pair"),
        pytest.param(b'{"title":"a\\u0000b"}', id="NUL"),
        pytest.param(b'{"title":' + b"[" * 100_000, id="deeply nested"),
        pytest.param(b'{"title":{"a":1}}', id="an object for a text"),
        pytest.param(b'{"title":"x","labels":{"label":"y"}}', id="an object for a list"),
        pytest.param(b'{"title":"x","isDrill":"maybe"}', id="a text for a flag"),
        pytest.param(b'{"title":"' + b"x" * 501 + b'"}', id="too long"),
        pytest.param(b'{"title":"  \\t "}', id="nothing but white space"),
        pytest.param(b'{"title":"x","attachURL":"javascript:alert(1)"}', id="not a web address"),
        pytest.param(b'{"title":"x"', id="cut off"),
    ],
)
def test_scripts_broken_bodies(server: RunningServer, content: bytes) -> None:
    answer = httpx.post(
        f"{server.http_url}{IRM}IncidentsService.CreateIncident",
        content=content,
        headers={"Authorization": f"Bearer {server.token}"},
    )

    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")
    problem = answer.json()
    assert problem["code"] == "common.validation_failed"
    assert problem["error"] == problem["message"] == problem["detail"] != ""
