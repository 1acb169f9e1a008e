"""Outgoing webhooks: what is sent, when it is tried again, and what is recorded."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio
import sqlalchemy as sa

from quarterdeck.database.blobs import blobs
from quarterdeck.errors import Conflict, Invalid, NotFound, Reason
from quarterdeck.gen.incident.v1 import incident_pb2
from quarterdeck.gen.incident.v1 import incidents_service_pb2 as spb
from quarterdeck.gen.incident.v1 import integration_service_pb2 as hpb
from quarterdeck.gen.incident.v1 import tasks_service_pb2 as tpb
from quarterdeck.gen.quarterdeck.incident.v1 import webhook_delivery_service_pb2 as dpb
from quarterdeck.identity import Role
from quarterdeck.incidents.incident import Actor, IncidentView, User
from quarterdeck.incidents.store import incidents as incidents_store
from quarterdeck.incidents.webhooks.delivering import KEPT_FOR, USER_AGENT, purge
from quarterdeck.incidents.webhooks.retries import MOST_TRIES, read_retry_after, wait_after
from quarterdeck.incidents.webhooks.signature import verify
from quarterdeck.outgoing.addresses import NOTHING_MORE
from tests.services.fleet_house import HouseClock, SeveredDatabase
from tests.services.incidents.webhook_house import (
    SECRET,
    Receiver,
    WebhookHouse,
    enabling,
    hang_up,
    ok,
    open_webhook_house,
    status,
)
from tests.store.manual_clock import START

LONG = 2 * 3600


@pytest_asyncio.fixture
async def own_database(database_url: str) -> AsyncIterator[SeveredDatabase]:
    """Of this test alone: a runner takes the jobs of every tenant."""
    opened = await SeveredDatabase.open(database_url)
    assert isinstance(opened, SeveredDatabase)
    yield opened
    await opened.close()


@pytest_asyncio.fixture
async def hooks(own_database: SeveredDatabase, tenant: str, clock: HouseClock) -> AsyncIterator[WebhookHouse]:
    async with open_webhook_house(own_database, clock, tenant, timeout=1.0) as house:
        yield house


@pytest_asyncio.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with Receiver().listening() as listening:
        yield listening


async def test_a_declared_incident_is_sent_signed_and_as_the_api_shows_it(
    hooks: WebhookHouse, receiver: Receiver
) -> None:
    await hooks.enable(receiver.url)
    declared = await hooks.incidents.declare("Disk full", severity="major")
    assert await hooks.deliver_all() == 1
    (arrived,) = receiver.arrived
    payload = arrived.payload
    assert list(payload) == ["version", "id", "source", "time", "event", "incident"]
    assert payload["version"] == "v1.0.0"
    assert payload["source"] == "/grafana/incident"
    assert payload["time"] == "2026-03-01T12:00:00Z"
    assert payload["event"] == "grafana.incident.created"
    assert payload["id"].startswith("webhook-out-")
    assert len(payload["id"]) == len("webhook-out-") + 24
    assert payload["incident"]["incidentID"] == declared.incident_id
    assert payload["incident"]["title"] == "Disk full"
    assert payload["incident"]["severity"] == "Major"
    assert payload["incident"]["closedTime"] == ""
    assert payload["incident"]["taskList"]["tasks"] == []
    assert arrived.headers["content-type"] == "application/json"
    assert arrived.headers["user-agent"] == USER_AGENT
    assert arrived.headers["host"] == f"127.0.0.1:{receiver.port}"
    assert verify(arrived.headers["gi-signature"], arrived.body, SECRET)


async def test_the_body_is_the_incident_when_it_happened_not_when_it_is_sent(
    hooks: WebhookHouse, receiver: Receiver
) -> None:
    await hooks.enable(receiver.url)
    declared = await hooks.incidents.declare("Before")
    await hooks.incidents(spb.UpdateTitleRequest(incident_id=declared.incident_id, title="After"))
    await hooks.deliver_all()
    assert [arrived.payload["incident"]["title"] for arrived in receiver.arrived] == ["Before"]


async def test_events_arrive_in_order_and_the_closed_event_follows_the_status(
    hooks: WebhookHouse, receiver: Receiver
) -> None:
    await hooks.enable(
        receiver.url,
        "incidentUpdated",
        events="grafana.incident.created,grafana.incident.updated.title,grafana.incident.updated.severity,"
        "grafana.incident.updated.status,grafana.incident.closed,grafana.incident.added.label,"
        "grafana.incident.removed.label,grafana.incident.updated.role,grafana.incident.updated",
    )
    incident_id = (await hooks.incidents.declare()).incident_id
    changes: list[Any] = [
        spb.UpdateTitleRequest(incident_id=incident_id, title="New"),
        spb.UpdateSeverityRequest(incident_id=incident_id, severity="critical"),
        spb.AddLabelRequest(incident_id=incident_id, label=incident_pb2.IncidentLabel(label="db")),
        spb.RemoveLabelRequest(incident_id=incident_id, label="db"),
        spb.UpdateIncidentIsDrillRequest(incident_id=incident_id, is_drill=True),
        spb.UpdateStatusRequest(incident_id=incident_id, status="resolved"),
    ]
    for change in changes:
        await hooks.incidents(change)
    await hooks.deliver_all()
    assert [arrived.payload["event"].removeprefix("grafana.incident.") for arrived in receiver.arrived] == [
        "created",
        "updated.title",
        "updated.severity",
        "added.label",
        "removed.label",
        "updated",
        "updated.status",
        "closed",
    ]


@pytest.mark.parametrize(
    ("event_name", "events", "told"),
    [
        pytest.param("incidentCreated", "", ["created"], id="created alone"),
        pytest.param("incidentUpdated", "", ["updated.title", "updated.status"], id="updates, without the other ones"),
        pytest.param("incidentClosed", "", ["closed"], id="closed alone"),
        pytest.param("incidentDeleted", "", [], id="nothing was deleted"),
        pytest.param("manuallyTriggered", "", [], id="nobody triggered it"),
        pytest.param("incidentUpdated", "grafana.incident.updated", ["updated"], id="only to hooks that name it"),
        pytest.param("incidentClosed", "grafana.incident.created", ["created"], id="events say what is sent"),
    ],
)
async def test_a_hook_hears_what_it_was_enabled_for(
    hooks: WebhookHouse, receiver: Receiver, event_name: str, events: str, told: list[str]
) -> None:
    await hooks.enable(receiver.url, event_name, events=events)
    incident_id = (await hooks.incidents.declare()).incident_id
    await hooks.incidents(spb.UpdateTitleRequest(incident_id=incident_id, title="New"))
    await hooks.incidents(spb.UpdateIncidentIsDrillRequest(incident_id=incident_id, is_drill=True))
    await hooks.incidents(spb.UpdateStatusRequest(incident_id=incident_id, status="resolved"))
    await hooks.deliver_all()
    assert [arrived.payload["event"].removeprefix("grafana.incident.") for arrived in receiver.arrived] == told


async def test_a_change_that_changes_nothing_sends_nothing(hooks: WebhookHouse, receiver: Receiver) -> None:
    await hooks.enable(receiver.url, "incidentUpdated")
    incident_id = (await hooks.incidents.declare("Same")).incident_id
    await hooks.incidents(spb.UpdateTitleRequest(incident_id=incident_id, title="Same"))
    assert await hooks.deliver_all() == 0


async def test_private_incidents_go_to_sensitive_hooks_only(hooks: WebhookHouse, receiver: Receiver) -> None:
    usual = await hooks.enable(receiver.url)
    sensitive = await hooks.enable(receiver.url, sensitive=True)
    await hooks.incidents.declare("Secret", incident_type="private")
    await hooks.deliver_all()
    assert [delivery.enabled_hook_id for delivery in await hooks.deliveries()] == [sensitive]
    await hooks.incidents.declare("Open")
    await hooks.deliver_all()
    assert {delivery.enabled_hook_id for delivery in await hooks.deliveries()} == {usual, sensitive}


async def test_a_filter_hook_is_told_once_each_time_an_incident_begins_to_match(
    hooks: WebhookHouse, receiver: Receiver
) -> None:
    already = await hooks.incidents.declare("Already", severity="critical")
    await hooks.enable(receiver.url, "incidentFilter", incident_filter="severity:critical status:active")
    told: list[tuple[str, str]] = []

    async def after(request: Any) -> list[tuple[str, str]]:
        await hooks.incidents(request)
        await hooks.deliver_all()
        new = [(a.payload["event"].removeprefix("grafana.incident."), a.payload["incident"]["title"])
               for a in receiver.arrived[len(told) :]]  # fmt: skip
        told.extend(new)
        return new

    assert await after(spb.UpdateTitleRequest(incident_id=already.incident_id, title="Still")) == []
    other = await hooks.incidents.declare("Other")
    assert await after(spb.UpdateTitleRequest(incident_id=other.incident_id, title="Another")) == []
    assert await after(spb.UpdateSeverityRequest(incident_id=other.incident_id, severity="critical")) == [
        ("updated.severity", "Another")
    ]
    assert await after(spb.UpdateTitleRequest(incident_id=other.incident_id, title="Third")) == []
    assert await after(spb.UpdateStatusRequest(incident_id=other.incident_id, status="resolved")) == []
    assert await after(spb.UpdateStatusRequest(incident_id=other.incident_id, status="active")) == [
        ("updated.status", "Third")
    ]


async def test_own_headers_are_sent_and_may_replace_the_user_agent(hooks: WebhookHouse, receiver: Receiver) -> None:
    await hooks.enable(receiver.url, headers="Authorization: Bearer abc\r\n\nuser-agent: ours\nX-Empty:")
    await hooks.incidents.declare()
    await hooks.deliver_all()
    (arrived,) = receiver.arrived
    assert arrived.headers["authorization"] == "Bearer abc"
    assert arrived.headers["user-agent"] == "ours"
    assert arrived.headers["x-empty"] == ""


@pytest.mark.parametrize(("tries", "expected"), [(1, 30), (2, 120), (3, 600), (4, 2700), (5, None)])
def test_waits_follow_the_schedule(tries: int, expected: float | None) -> None:
    waits = [wait_after(tries, chance) for chance in (0.0, 0.5, 1.0)]
    if expected is None:
        assert waits == [None] * 3
    else:
        assert [wait.total_seconds() for wait in waits if wait] == pytest.approx(
            [0.8 * expected, expected, 1.2 * expected]
        )


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        pytest.param("120", 120, id="a longer wait is obeyed"),
        pytest.param("5", 30, id="a shorter one is not"),
        pytest.param("999999", 3600, id="an hour at most"),
        pytest.param("1" + "0" * 60, 3600, id="a number of any size"),
        pytest.param("Sun, 01 Mar 2026 12:05:00 GMT", 300, id="a date"),
        pytest.param("Sun, 01 Mar 2026 11:00:00 GMT", 30, id="a date that has passed"),
        pytest.param("soon", 30, id="words"),
        pytest.param("", 30, id="nothing"),
        pytest.param("-5", 30, id="less than nothing"),
    ],
)
def test_retry_after_is_obeyed_where_it_asks_for_a_longer_wait(header: str, expected: float) -> None:
    wait = wait_after(1, 0.5, read_retry_after(header, START))
    assert wait is not None
    assert wait.total_seconds() == expected


async def test_a_failing_receiver_is_tried_five_times_with_one_id(hooks: WebhookHouse, receiver: Receiver) -> None:
    receiver.answer = status(500)
    await hooks.enable(receiver.url)
    incident_id = (await hooks.incidents.declare()).incident_id
    for expected in (30, 120, 600, 2700):
        assert await hooks.deliver_all() == 1
        hooks.clock.advance(0.79 * expected)
        assert await hooks.deliver() == 0, "too early"
        hooks.clock.advance(0.42 * expected)
    assert await hooks.deliver_all() == 1
    hooks.clock.advance(10 * LONG)
    assert await hooks.deliver() == 0
    (delivery,) = await hooks.deliveries()
    assert delivery.status == "failed"
    assert [tried.status for tried in delivery.tries] == [500] * MOST_TRIES
    assert {arrived.payload["id"] for arrived in receiver.arrived} == {delivery.id}
    assert len({arrived.body for arrived in receiver.arrived}) == 1, "the same bytes at every try"
    assert len({arrived.headers["gi-signature"] for arrived in receiver.arrived}) == MOST_TRIES, "each signed anew"
    runs = await hooks.runs(incident_id)
    assert [run.update_status for run in runs] == ["failed"] * MOST_TRIES
    assert {run.status for run in runs} == {"failed"}
    assert runs[0].update_error == "integrations.webhook_failed: the receiver answered 500"
    assert runs[0].last_run.ToDatetime() > runs[-1].last_run.ToDatetime(), "newest first"


async def test_a_receivers_retry_after_delays_the_next_try(hooks: WebhookHouse, receiver: Receiver) -> None:
    receiver.answer = status(429, "Retry-After: 600")
    await hooks.enable(receiver.url)
    await hooks.incidents.declare()
    assert await hooks.deliver_all() == 1
    hooks.clock.advance(599)
    assert await hooks.deliver() == 0
    hooks.clock.advance(1)
    assert await hooks.deliver() == 1


@pytest.mark.parametrize("code", [408, 429, 500, 502, 503, 599])
async def test_what_may_pass_is_tried_again(hooks: WebhookHouse, receiver: Receiver, code: int) -> None:
    receiver.answer = status(code)
    await hooks.enable(receiver.url)
    await hooks.incidents.declare()
    await hooks.deliver_all()
    assert [delivery.status for delivery in await hooks.deliveries()] == ["todo"]


@pytest.mark.parametrize("code", [301, 302, 303, 304, 307, 308, 400, 401, 403, 404, 410, 413, 422])
async def test_what_will_not_pass_is_given_up_at_once(hooks: WebhookHouse, receiver: Receiver, code: int) -> None:
    async with Receiver().listening() as elsewhere:
        receiver.answer = status(code, f"Location: {elsewhere.url}")
        await hooks.enable(receiver.url)
        await hooks.incidents.declare()
        await hooks.deliver_all()
        assert [delivery.status for delivery in await hooks.deliveries()] == ["failed"]
        assert elsewhere.connections == 0, "redirects are not followed"


@pytest.mark.parametrize("code", [200, 201, 202, 204, 299])
async def test_any_2xx_is_success(hooks: WebhookHouse, receiver: Receiver, code: int) -> None:
    receiver.answer = status(code)
    await hooks.enable(receiver.url)
    incident_id = (await hooks.incidents.declare()).incident_id
    await hooks.deliver_all()
    (delivery,) = await hooks.deliveries()
    assert (delivery.status, [tried.status for tried in delivery.tries]) == ("success", [code])
    (run,) = await hooks.runs(incident_id)
    assert (run.status, run.update_status, run.update_error) == ("success", "success", "")
    assert run.event_kind == "grafana.incident.created"
    assert run.event_name == "incidentCreated"


async def hang(writer: asyncio.StreamWriter) -> None:
    await asyncio.Event().wait()


async def drip(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    for _ in range(1000):
        writer.write(b".")
        await writer.drain()
        await asyncio.sleep(0.05)


async def drip_headers(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n")
    while True:
        writer.write(b"X-More: and more\r\n")
        await writer.drain()
        await asyncio.sleep(0.01)


async def endless_headers(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n")
    while True:
        writer.write(b"X-More: " + b"x" * 4000 + b"\r\n")
        await writer.drain()


async def cut_short(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nonly this")
    await writer.drain()
    writer.close()


async def no_http(writer: asyncio.StreamWriter) -> None:
    writer.write(b"SSH-2.0-OpenSSH_9.9\r\n\r\n")
    await writer.drain()


async def interim_only(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n")
    await writer.drain()
    writer.close()


@pytest.mark.parametrize(
    "answer", [hang, drip, drip_headers, endless_headers, cut_short, no_http, interim_only, hang_up]
)
async def test_a_receiver_that_misbehaves_is_tried_again_and_holds_nobody_up(
    hooks: WebhookHouse, receiver: Receiver, answer: Any
) -> None:
    async with Receiver().listening() as other:
        receiver.answer = answer
        bad = await hooks.enable(receiver.url)
        good = await hooks.enable(other.url)
        await hooks.incidents.declare("One")
        await hooks.incidents.declare("Two")
        async with asyncio.timeout(20):
            await hooks.deliver_all()
        deliveries = await hooks.deliveries()
        assert [(each.status, len(each.tries)) for each in deliveries if each.enabled_hook_id == bad] == [
            ("todo", 1),
            ("todo", 0),
        ]
        assert [each.status for each in deliveries if each.enabled_hook_id == good] == ["success"] * 2


async def endless_body(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        writer.write(b"x" * 8192)
        await writer.drain()


async def body_until_the_end(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n\r\nthank you")
    await writer.drain()
    writer.close()


async def interim_first(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    await writer.drain()


async def chunked(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nyes\r\n0\r\n\r\n")
    await writer.drain()


@pytest.mark.parametrize("answer", [endless_body, body_until_the_end, interim_first, chunked])
async def test_every_way_to_say_yes_is_understood(hooks: WebhookHouse, receiver: Receiver, answer: Any) -> None:
    receiver.answer = answer
    await hooks.enable(receiver.url)
    await hooks.incidents.declare("One")
    await hooks.incidents.declare("Two")
    await hooks.deliver_all()
    assert [each.status for each in await hooks.deliveries()] == ["success"] * 2


async def test_the_next_delivery_of_a_hook_waits_for_the_one_before_it(hooks: WebhookHouse, receiver: Receiver) -> None:
    receiver.answer = status(500)
    await hooks.enable(receiver.url)
    for title in ("One", "Two", "Three"):
        await hooks.incidents.declare(title)
    assert await hooks.deliver_all() == 1
    assert await hooks.deliver() == 0
    receiver.answer = ok
    hooks.clock.advance(60)
    await hooks.deliver_all()
    assert [each.payload["incident"]["title"] for each in receiver.arrived] == ["One", "One", "Two", "Three"]


async def test_a_receiver_that_was_away_gets_everything_in_order_when_it_is_back(hooks: WebhookHouse) -> None:
    receiver = Receiver()
    async with receiver.listening():
        await hooks.enable(receiver.url)
        await hooks.incidents.declare("Before")
        await hooks.deliver_all()
    await hooks.incidents.declare("While away")
    await hooks.incidents.declare("While away, too")
    assert await hooks.deliver_all() == 1, "the second one waits for the first"
    async with receiver.listening():
        hooks.clock.advance(60)
        await hooks.deliver_all()
    assert [each.payload["incident"]["title"] for each in receiver.arrived] == [
        "Before",
        "While away",
        "While away, too",
    ]
    _, second, _ = await hooks.deliveries()
    assert [tried.status for tried in second.tries] == [0, 200]


async def test_a_dead_letter_lets_the_next_one_pass_and_can_be_replayed(
    hooks: WebhookHouse, receiver: Receiver
) -> None:
    receiver.answer = status(404)
    await hooks.enable(receiver.url)
    await hooks.incidents.declare("One")
    await hooks.deliver_all()
    receiver.answer = ok
    await hooks.incidents.declare("Two")
    await hooks.deliver_all()
    dead, _ = await hooks.deliveries()
    assert [each.id for each in await hooks.deliveries(status="failed")] == [dead.id]
    answer = await hooks(dpb.ReplayDeliveryRequest(id=dead.id))
    assert answer.delivery.status == "todo"
    assert await hooks.deliver_all() == 1
    replayed, _ = await hooks.deliveries()
    assert [tried.status for tried in replayed.tries] == [404, 200]
    assert replayed.status == "success"
    bodies = [arrived.body for arrived in receiver.arrived if arrived.payload["id"] == dead.id]
    assert len(bodies) == 2
    assert len(set(bodies)) == 1


async def test_a_replay_has_all_its_tries_again(hooks: WebhookHouse, receiver: Receiver) -> None:
    receiver.answer = status(404)
    await hooks.enable(receiver.url)
    await hooks.incidents.declare()
    await hooks.deliver_all()
    (dead,) = await hooks.deliveries()
    await hooks(dpb.ReplayDeliveryRequest(id=dead.id))
    receiver.answer = status(500)
    for _ in range(MOST_TRIES):
        assert await hooks.deliver_all() == 1
        hooks.clock.advance(LONG)
    assert await hooks.deliver_all() == 0
    (again,) = await hooks.deliveries()
    assert (again.status, len(again.tries)) == ("failed", 1 + MOST_TRIES)


async def test_only_a_dead_letter_of_an_enabled_hook_can_be_replayed(hooks: WebhookHouse, receiver: Receiver) -> None:
    hook = await hooks.enable(receiver.url)
    await hooks.incidents.declare()
    (waiting,) = await hooks.deliveries()
    with pytest.raises(Conflict):
        await hooks(dpb.ReplayDeliveryRequest(id=waiting.id))
    with pytest.raises(NotFound) as unknown:
        await hooks(dpb.ReplayDeliveryRequest(id="webhook-out-000000000000000000000000"))
    assert unknown.value.reason is Reason.DELIVERY_NOT_FOUND
    receiver.answer = status(410)
    await hooks.deliver_all()
    await hooks(hpb.DisableHookRequest(integration_id="grate.outgoingWebhook", enabled_hook_id=hook))
    with pytest.raises(NotFound):
        await hooks(dpb.ReplayDeliveryRequest(id=waiting.id))


async def test_disabling_a_hook_drops_what_waits_and_says_so(hooks: WebhookHouse, receiver: Receiver) -> None:
    receiver.answer = status(500)
    hook = await hooks.enable(receiver.url)
    incident_id = (await hooks.incidents.declare("One")).incident_id
    await hooks.incidents.declare("Two")
    await hooks.deliver_all()
    await hooks(hpb.DisableHookRequest(integration_id="grate.outgoingWebhook", enabled_hook_id=hook))
    receiver.answer = ok
    hooks.clock.advance(LONG)
    await hooks.deliver_all()
    assert len(receiver.arrived) == 1
    assert [each.status for each in await hooks.deliveries()] == ["dropped"] * 2
    runs = await hooks.runs(incident_id)
    assert {run.update_error for run in runs} == {
        "integrations.webhook_failed: the receiver answered 500",
        "integrations.webhook_failed: dropped, because the hook was disabled before it was delivered",
    }
    assert {run.status for run in runs} == {"failed"}


async def test_a_new_secret_signs_the_next_try(hooks: WebhookHouse, receiver: Receiver) -> None:
    receiver.answer = status(500)
    hook = await hooks.enable(receiver.url)
    await hooks.incidents.declare()
    await hooks.deliver_all()
    answer = await hooks(dpb.ReplaceSigningSecretRequest(enabled_hook_id=hook))
    assert len(answer.signing_secret) == 64
    hooks.clock.advance(LONG)
    await hooks.deliver_all()
    chosen = "another-secret-of-my-own"
    assert (await hooks(dpb.ReplaceSigningSecretRequest(enabled_hook_id=hook, signing_secret=chosen))) == (
        dpb.ReplaceSigningSecretResponse()
    )
    hooks.clock.advance(LONG)
    await hooks.deliver_all()
    secrets = [SECRET, answer.signing_secret, chosen]
    for arrived, secret in zip(receiver.arrived, secrets, strict=True):
        assert verify(arrived.headers["gi-signature"], arrived.body, secret)


async def test_a_triggered_hook_is_told_whatever_it_listens_for(hooks: WebhookHouse, receiver: Receiver) -> None:
    hook = await hooks.enable(receiver.url, "manuallyTriggered")
    incident_id = (await hooks.incidents.declare("Triggered")).incident_id
    assert await hooks.deliver_all() == 0
    answer = await hooks(dpb.TriggerHookRequest(enabled_hook_id=hook, incident_id=incident_id))
    await hooks.deliver_all()
    (arrived,) = receiver.arrived
    assert arrived.payload["event"] == "grafana.incident.updated"
    assert arrived.payload["id"] == answer.delivery.id
    with pytest.raises(NotFound):
        await hooks(dpb.TriggerHookRequest(enabled_hook_id="unknown", incident_id=incident_id))
    with pytest.raises(NotFound):
        await hooks(dpb.TriggerHookRequest(enabled_hook_id=hook, incident_id="999"))


async def test_private_receivers_are_refused_unless_the_settings_name_them(
    own_database: SeveredDatabase, tenant: str, clock: HouseClock, receiver: Receiver
) -> None:
    async with open_webhook_house(own_database, clock, tenant, allowed=NOTHING_MORE) as house:
        await house.enable(receiver.url)
        incident_id = (await house.incidents.declare()).incident_id
        await house.deliver_all()
        (delivery,) = await house.deliveries()
        assert delivery.status == "failed"
        assert receiver.connections == 0
        (run,) = await house.runs(incident_id)
        assert run.update_error == (
            "integrations.webhook_failed: '127.0.0.1' is not a public address, "
            "and the setting webhook_allow does not name it"
        )


async def test_a_large_incident_is_sent_without_its_tasks(hooks: WebhookHouse, receiver: Receiver) -> None:
    await hooks.enable(receiver.url, "incidentUpdated")
    incident_id = (await hooks.incidents.declare()).incident_id
    for number in range(300):
        await hooks.incidents(tpb.AddTaskRequest(incident_id=incident_id, text=f"{number}" + "x" * 4000))
    await hooks.incidents(spb.UpdateTitleRequest(incident_id=incident_id, title="Large"))
    await hooks.deliver_all()
    (arrived,) = receiver.arrived
    assert len(arrived.body) <= 1 << 20
    tasks = arrived.payload["incident"]["taskList"]
    assert (tasks["tasks"], tasks["todoCount"]) == ([], 300)


async def test_old_deliveries_are_forgotten_and_those_under_way_are_not(
    hooks: WebhookHouse, receiver: Receiver
) -> None:
    receiver.answer = status(404)
    await hooks.enable(receiver.url)
    await hooks.incidents.declare("Dead")
    await hooks.deliver_all()
    receiver.answer = status(500)
    await hooks.incidents.declare("Waits")
    await hooks.deliver_all()
    hooks.clock.advance((KEPT_FOR + timedelta(seconds=1)).total_seconds())
    await hooks.incidents.declare("New")
    before = hooks.clock.now() - KEPT_FOR
    assert await hooks.database.transaction(lambda c: purge(c, before)) == 1
    assert await hooks.database.transaction(lambda c: purge(c, before)) == 0
    left = await hooks.deliveries()
    assert [each.status for each in left] == ["todo", "todo"]
    receiver.answer = ok
    await hooks.deliver_all()
    assert [each.status for each in await hooks.deliveries()] == ["success"] * 2


async def test_a_lost_body_holds_nobody_up(hooks: WebhookHouse, receiver: Receiver) -> None:
    await hooks.enable(receiver.url)
    await hooks.incidents.declare("Lost")
    await hooks.incidents.write(lambda connection: connection.execute(sa.delete(blobs)))
    await hooks.incidents.declare("Next")
    await hooks.deliver_all()
    assert [each.payload["incident"]["title"] for each in receiver.arrived] == ["Next"]
    lost, _ = await hooks.deliveries()
    assert (lost.status, lost.tries[0].error) == ("failed", "integrations.webhook_failed: the body is lost")


async def test_the_log_is_for_its_tenant_in_pages(hooks: WebhookHouse, receiver: Receiver) -> None:
    await hooks.enable(receiver.url)
    for number in range(5):
        await hooks.incidents.declare(f"{number}")
        hooks.clock.advance(1)
    await hooks.deliver_all()
    found, token = [], ""
    while True:
        page = await hooks(dpb.ListDeliveriesRequest(page_size=2, page_token=token))
        found += [each.incident_id for each in page.deliveries]
        token = page.next_page_token
        if not token:
            break
    assert found == ["5", "4", "3", "2", "1"]
    assert [each.incident_id for each in await hooks.deliveries(incident_id="3")] == ["3"]
    assert (await hooks(dpb.ListDeliveriesRequest(), tenant="another")).deliveries == []
    for wrong in (dpb.ListDeliveriesRequest(page_token="nonsense"), dpb.ListDeliveriesRequest(status="lost")):
        with pytest.raises(Invalid):
            await hooks(wrong)


async def test_a_tenant_without_hooks_pays_one_statement(
    own_database: SeveredDatabase, tenant: str, clock: HouseClock
) -> None:
    async with open_webhook_house(own_database, clock, tenant) as house:
        view = await _some_view(house)
        statements: list[str] = []

        def count(connection: Any) -> None:
            def note(_conn: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
                statements.append(statement)

            sa.event.listen(connection, "before_cursor_execute", note)
            house.queue.queue(connection, tenant, view, ("grafana.incident.created",), clock.now())
            sa.event.remove(connection, "before_cursor_execute", note)

        await own_database.transaction(count)
        assert len(statements) == 1


async def _some_view(house: WebhookHouse) -> IncidentView:
    actor = Actor(User("user-1", "x"), "x", is_admin=True)
    number = int((await house.incidents.declare()).incident_id)
    tenant = house.incidents.tenant

    def read(connection: Any) -> IncidentView:
        return incidents_store.view(connection, tenant, incidents_store.get_visible(connection, tenant, number, actor))

    return await house.database.read(read)


@pytest.mark.parametrize(
    "request_",
    [
        pytest.param(dpb.ReplayDeliveryRequest(), id="replay"),
        pytest.param(dpb.TriggerHookRequest(), id="trigger"),
        pytest.param(enabling(""), id="a hook without a URL"),
    ],
)
async def test_what_is_required_is_asked_for(hooks: WebhookHouse, request_: Any) -> None:
    with pytest.raises(Invalid):
        await hooks(request_, role=Role.ADMIN)
