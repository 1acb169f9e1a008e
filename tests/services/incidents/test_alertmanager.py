"""Alertmanager and Grafana's alerting open incidents, note what changes, and may resolve them."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from quarterdeck.gen.incident.v1 import incidents_service_pb2 as spb
from quarterdeck.gen.quarterdeck.incident.v1 import incoming_token_service_pb2 as tpb
from quarterdeck.identity import Role
from quarterdeck.incidents.incoming.receiving import IncomingWebhooks
from quarterdeck.wire.dialects.incident import incident as dialect
from quarterdeck.wire.incoming_webhooks import IncomingWebhookTransport
from tests.running_server import RunningServer
from tests.services.fleet_house import HouseClock, SeveredDatabase
from tests.services.incidents.test_incoming import Answer, IncomingHouse
from tests.services.incidents.webhook_house import open_webhook_house

PATH = "/api/plugins/grafana-irm-app/resources/api/v1/incoming-webhooks/alertmanager"
ALERTMANAGER = shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")


@asynccontextmanager
async def opened(
    database: SeveredDatabase, clock: HouseClock, tenant: str, *, resolves: bool = False
) -> AsyncIterator[IncomingHouse]:
    async with open_webhook_house(database, clock, tenant) as webhooks:
        receiver = IncomingWebhooks(database, clock, webhooks.queue.queue, resolves_with_alerts=resolves)
        house = IncomingHouse(webhooks, IncomingWebhookTransport(receiver, dialect))
        house.token = (await webhooks(tpb.CreateIncomingTokenRequest(name="alertmanager"))).secret
        yield house


@pytest_asyncio.fixture
async def incoming(fleet_database: SeveredDatabase, tenant: str, clock: HouseClock) -> AsyncIterator[IncomingHouse]:
    async with opened(fleet_database, clock, tenant) as house:
        yield house


def alert(name: str, status: str = "firing", *, instance: str = "a", **annotations: str) -> dict[str, Any]:
    return {
        "status": status,
        "labels": {"alertname": name, "instance": instance, "severity": "critical"},
        "annotations": annotations,
        "startsAt": "2026-03-01T11:58:00.000Z",
        "endsAt": "2026-03-01T12:30:00Z" if status == "resolved" else "0001-01-01T00:00:00Z",
        "generatorURL": f"http://prometheus.example/graph?{name}",
        "fingerprint": f"{name}-{instance}",
    }


def notification(*alerts: dict[str, Any], key: str = '{}:{alertname="DiskFull"}', **fields: Any) -> str:
    """What Alertmanager posts for a group."""
    firing = any(each["status"] == "firing" for each in alerts)
    body = {
        "version": "4",
        "groupKey": key,
        "truncatedAlerts": 0,
        "status": "firing" if firing else "resolved",
        "receiver": "quarterdeck",
        "groupLabels": {"alertname": alerts[0]["labels"]["alertname"]},
        "commonLabels": {"alertname": alerts[0]["labels"]["alertname"], "severity": "critical"},
        "commonAnnotations": {"summary": "The disk is full"},
        "externalURL": "http://alertmanager.example",
        "alerts": list(alerts),
        **fields,
    }
    return json.dumps(body)


async def tell(house: IncomingHouse, body: str) -> Answer:
    answer = await house.post({"includes": "incident"}, body, path=PATH)
    assert answer.status == 200, answer.body
    return answer


async def notes(house: IncomingHouse, incident_id: str) -> list[str]:
    timeline = await house.webhooks.incidents.timeline(incident_id)
    return [item.body for item in timeline if item.kind == "userNote"]


async def test_a_firing_group_opens_one_incident(incoming: IncomingHouse) -> None:
    body = notification(alert("DiskFull", runbook_url="https://runbooks.example/disk"))
    shown = (await tell(incoming, body)).body["incident"]
    assert shown["title"] == "The disk is full"
    assert (shown["severity"], shown["status"]) == ("Critical", "active")
    assert [(label["key"], label["label"]) for label in shown["labels"]] == [
        ("alertname", "DiskFull"),
        ("severity", "critical"),
    ]
    contexts = await incoming.contexts(shown["incidentID"])
    assert {each.type for each in contexts} == {"genericURL", "webhookPayload"}
    (note,) = await notes(incoming, shown["incidentID"])
    assert note.startswith("Firing: 1\n- DiskFull instance=a")
    again = (await tell(incoming, body)).body["incident"]
    assert (again["incidentID"], again["version"]) == (shown["incidentID"], shown["version"]), "nothing has changed"
    assert len(await notes(incoming, shown["incidentID"])) == 1


async def test_what_changes_in_a_group_becomes_a_note(incoming: IncomingHouse) -> None:
    incident_id = (await tell(incoming, notification(alert("DiskFull")))).body["incident"]["incidentID"]
    await tell(incoming, notification(alert("DiskFull"), alert("DiskFull", instance="b")))
    await tell(incoming, notification(alert("DiskFull", "resolved"), alert("DiskFull", instance="b")))
    await tell(incoming, notification(alert("DiskFull", "resolved"), alert("DiskFull", "resolved", instance="b")))
    _, begun, ended, over = await notes(incoming, incident_id)
    assert begun.startswith("Firing: 1\n- DiskFull instance=b")
    assert ended.startswith("Resolved: 1\n- DiskFull instance=a")
    assert over.endswith("No alert of this group is firing any more.")
    assert (await incoming.incident(incident_id)).status == "active", "resolving is a setting, off by default"


async def test_resolving_with_the_alerts_is_a_setting(
    fleet_database: SeveredDatabase, clock: HouseClock, tenant: str
) -> None:
    async with opened(fleet_database, clock, tenant, resolves=True) as house:
        incident_id = (await tell(house, notification(alert("DiskFull"), alert("DiskFull", instance="b")))).body[
            "incident"
        ]["incidentID"]
        await tell(house, notification(alert("DiskFull", "resolved"), alert("DiskFull", instance="b")))
        assert (await house.incident(incident_id)).status == "active"
        await tell(house, notification(alert("DiskFull", "resolved"), alert("DiskFull", "resolved", instance="b")))
        assert (await house.incident(incident_id)).status == "resolved"


async def test_a_group_that_fires_again_after_its_incident_was_resolved_opens_another(
    incoming: IncomingHouse,
) -> None:
    first = (await tell(incoming, notification(alert("DiskFull")))).body["incident"]["incidentID"]
    await incoming.webhooks.incidents(spb.UpdateStatusRequest(incident_id=first, status="resolved"), role=Role.ADMIN)
    assert (await tell(incoming, notification(alert("DiskFull", "resolved")))).body["incident"] is None
    second = (await tell(incoming, notification(alert("DiskFull")))).body["incident"]["incidentID"]
    assert second != first


async def test_groups_are_told_apart_by_their_key(incoming: IncomingHouse) -> None:
    keys = ["one", "two", "x" * 4000, "x" * 3999 + "y", "ä" * 4096]
    ids = [
        (await tell(incoming, notification(alert("DiskFull"), key=key))).body["incident"]["incidentID"] for key in keys
    ]
    assert len(set(ids)) == len(keys)
    for key, incident_id in zip(keys, ids, strict=True):
        again = (await tell(incoming, notification(alert("DiskFull"), key=key))).body["incident"]["incidentID"]
        assert again == incident_id


async def test_a_resolved_group_that_nobody_knows_opens_nothing(incoming: IncomingHouse) -> None:
    answer = await tell(incoming, notification(alert("DiskFull", "resolved")))
    assert answer.body == {"incident": None, "processingErrors": [], "error": ""}


async def test_a_severity_that_nobody_knows_is_the_default(incoming: IncomingHouse) -> None:
    body = notification(alert("DiskFull"), commonLabels={"severity": "page"})
    assert (await tell(incoming, body)).body["incident"]["severity"] == "Pending"


async def test_grafanas_alerting_is_understood_too(incoming: IncomingHouse) -> None:
    fields: dict[str, Any] = {
        "orgId": 1,
        "title": "[FIRING:1] CPU",
        "state": "alerting",
        "message": "**Firing**",
        "commonAnnotations": {},
        "groupLabels": {},
        "commonLabels": {},
    }
    grafana_alert = {**alert("CPU"), "dashboardURL": "https://grafana.example/d/1", "values": {"A": 1}}
    shown = (await tell(incoming, notification(grafana_alert, version="1", **fields))).body["incident"]
    assert shown["title"] == "[FIRING:1] CPU"
    payloads = [each.payload for each in await incoming.contexts(shown["incidentID"]) if each.type == "genericURL"]
    assert any("https://grafana.example/d/1" in payload for payload in payloads)


async def test_thousands_of_alerts_are_one_incident(incoming: IncomingHouse) -> None:
    alerts = [alert("DiskFull", instance=f"i{number}") for number in range(2_500)]
    shown = (await tell(incoming, notification(*alerts))).body["incident"]
    (note,) = await notes(incoming, shown["incidentID"])
    assert note.startswith("Firing: 2500\n")
    assert (await tell(incoming, notification(*alerts))).body["incident"]["version"] == shown["version"]


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("", id="empty"),
        pytest.param("not json", id="no JSON"),
        pytest.param("[]", id="no object"),
        pytest.param("{}", id="no alerts"),
        pytest.param('{"alerts": []}', id="an empty list"),
        pytest.param('{"alerts": [1]}', id="no alert"),
        pytest.param('{"status": "odd", "alerts": [{"status": "firing"}]}', id="unknown status"),
        pytest.param('{"status": "firing", "groupKey": 7, "alerts": [{"status": "firing"}]}', id="wrong type"),
        pytest.param("[" * 100_000, id="deep"),
        pytest.param('{"status":"firing","alerts":[{"status":"firing","startsAt":"yesterday"}]}', id="bad time"),
    ],
)
async def test_what_is_no_notification_is_refused(incoming: IncomingHouse, body: str) -> None:
    answer = await incoming.post({}, body, path=PATH)
    assert (answer.status, answer.body["code"]) == (400, "common.validation_failed")


# --- the real one ----------------------------------------------------------------------------------------------------

WITHIN = 60


@pytest.mark.skipif(ALERTMANAGER is None, reason="no Alertmanager: apt-get install prometheus-alertmanager")
def test_a_real_alertmanager_opens_and_follows_an_incident(sqlite_url: str, tmp_path: Path) -> None:
    with (
        RunningServer.start(sqlite_url, tmp_path / "server") as server,
        httpx.Client(base_url=server.http_url, headers={"Authorization": f"Bearer {server.token}"}) as client,
    ):
        token = client.post("/api/v1/incoming-tokens", json={"name": "alertmanager"}).json()["secret"]
        with running_alertmanager(tmp_path, f"{server.http_url}/api/v1/incoming-webhooks/alertmanager", token) as url:
            fire(url, "DiskFull", "a")
            (incident,) = wait_for(lambda: previews(client))
            assert incident["title"] == "The disk of a is full"
            assert incident["severityLabel"] == "Critical"
            fire(url, "DiskFull", "b")
            wait_for(lambda: len(notes_of(client, incident["incidentID"])) >= 2)
            fire(url, "DiskFull", "a", ended=True)
            wait_for(lambda: any("Resolved: 1" in note for note in notes_of(client, incident["incidentID"])))
            assert len(previews(client)) == 1


@contextmanager
def running_alertmanager(folder: Path, target: str, token: str) -> Iterator[str]:
    """Its URL, while it runs and delivers to `target`."""
    config = folder / "alertmanager.yml"
    receiver = {
        "name": "quarterdeck",
        "webhook_configs": [
            {
                "url": target,
                "send_resolved": True,
                "http_config": {"authorization": {"type": "Bearer", "credentials": token}},
            }
        ],
    }
    route = {
        "receiver": "quarterdeck", "group_by": ["alertname"],
        "group_wait": "100ms", "group_interval": "200ms", "repeat_interval": "1h",
    }  # fmt: skip
    config.write_text(json.dumps({"route": route, "receivers": [receiver]}))  # JSON is YAML
    port = free_port()
    with (folder / "alertmanager.log").open("w") as log:
        process = subprocess.Popen(
            [
                str(ALERTMANAGER), f"--config.file={config}", f"--storage.path={folder / 'alertmanager'}",
                f"--web.listen-address=127.0.0.1:{port}", "--cluster.listen-address=",
            ],
            stdout=log,
            stderr=log,
        )  # fmt: skip
    url = f"http://127.0.0.1:{port}"
    try:
        wait_for(lambda: is_ready(url))
        yield url
    finally:
        process.terminate()
        process.wait(30)


def fire(url: str, name: str, instance: str, *, ended: bool = False) -> None:
    now = datetime.now(UTC)
    reported = {
        "labels": {"alertname": name, "instance": instance, "severity": "critical"},
        "annotations": {"summary": f"The disk of {instance} is full"},
        "startsAt": (now - timedelta(minutes=1)).isoformat(),
        "endsAt": (now if ended else now + timedelta(hours=1)).isoformat(),
    }
    httpx.post(f"{url}/api/v2/alerts", json=[reported], timeout=10).raise_for_status()


def is_ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/-/ready", timeout=5).status_code == 200
    except httpx.HTTPError:
        return False


def previews(client: httpx.Client) -> list[Any]:
    answer = client.post("/api/v1/IncidentsService.QueryIncidentPreviews", json={"query": {"limit": 10}})
    found: list[Any] = answer.json()["incidentPreviews"]
    return found


def notes_of(client: httpx.Client, incident_id: str) -> list[str]:
    answer = client.post("/api/v1/ActivityService.QueryActivity", json={"query": {"incidentID": incident_id}})
    return [item["body"] for item in answer.json()["activityItems"] if item["activityKind"] == "userNote"]


def wait_for(what: Any) -> Any:
    """What it returns as soon as that is true; fails when it does not become so in time."""
    deadline = time.monotonic() + WITHIN
    while not (found := what()):
        assert time.monotonic() < deadline, "not in time"
        time.sleep(0.05)
    return found


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
