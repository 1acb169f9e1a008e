"""The calls to the incident API that are measured, in its own dialect and under the path that its clients use."""

from __future__ import annotations

from typing import Any

import orjson

from bench.calls import Call
from bench.load import ask

_PREFIX = "/api/plugins/grafana-irm-app/resources/api/v1"
_WEBHOOK = "grate.outgoingWebhook"
QUERY = 'isdrill:false status:active severity:"major"'
PAGE = 50
LABEL_KEY = "service"
SERVICES = ("checkout", "search", "payments", "login")


def call(method: str, body: dict[str, Any]) -> Call:
    """`Service.Method` with a JSON body."""
    return Call(f"{_PREFIX}/{method}", "application/json", orjson.dumps(body))


def create_incident(service: str = SERVICES[0]) -> Call:
    """A declaration as a person or a bot makes it; its label makes the third item of the timeline."""
    return call(
        "IncidentsService.CreateIncident",
        {
            "title": "Checkout answers slowly in eu-west-1",
            "severity": "major",
            "status": "active",
            "roomPrefix": "incident",
            "labels": [{"key": LABEL_KEY, "label": service}],
            "isDrill": False,
        },
    )


def get_incident(number: int) -> Call:
    return call("IncidentsService.GetIncident", {"incidentID": str(number)})


def query_previews(cursor: str = "") -> Call:
    """A page of the query with three terms, the first one or the one behind a cursor."""
    return call(
        "IncidentsService.QueryIncidentPreviews",
        {"query": {"queryString": QUERY, "limit": PAGE}, "cursor": {"nextValue": cursor, "hasMore": bool(cursor)}},
    )


def enable_hook(url: str) -> Call:
    """A webhook that is told of every new incident."""
    return call(
        "IntegrationService.EnableHook",
        {
            "integrationID": _WEBHOOK,
            "hookID": f"{_WEBHOOK}.send",
            "eventName": "incidentCreated",
            "hookConfig": {"fields": [{"key": "url", "value": url}]},
        },
    )


def declare(port: int, service: str = SERVICES[0]) -> int:
    """Declare one incident and return its number. Raises LoadError."""
    answer = orjson.loads(ask(port, create_incident(service).render()))
    return int(answer["incident"]["incidentID"])
