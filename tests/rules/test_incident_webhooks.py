"""Outgoing webhooks: names, body and signature."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quarterdeck.errors import Invalid
from quarterdeck.incidents.webhooks.event_names import (
    DOCUMENTED,
    SENT_BY_DEFAULT,
    Event,
    HookEventName,
    hears,
    parse_events,
)
from quarterdeck.incidents.webhooks.payload import LARGEST_BODY, delivery_id, encode, envelope
from quarterdeck.incidents.webhooks.signature import sign, sign_digest, verify

AT = datetime(2023, 3, 9, 11, 9, 45, 987_654, tzinfo=UTC)


def test_the_vector_of_incident_go():
    """The body in incident-go's webhook_test.go has this SHA-256; time, secret and signature are of that test."""
    digest = bytes.fromhex("00e35d7aa8f5bf7788529dd4a83d059bb6134839503938ba0d05d0baaaa45e1a")
    v1 = "66ed620915831e9ab71604bf35d9b7cf2e71978ed6e62be6fd0e5194289849c7"
    assert sign_digest(digest, "some-secret-value", 1678360185) == f"t=1678360185,v1={v1}"


def test_a_header_has_one_time_and_one_signature():
    header = sign(b"{}", "secret", AT)
    assert header.startswith("t=1678360185,v1=")
    assert [part.partition("=")[0] for part in header.split(",")] == ["t", "v1"]
    assert " " not in header


@given(st.binary(max_size=100), st.text(st.characters(exclude_categories=["Cs"]), max_size=20))
def test_a_signature_is_verified(body: bytes, secret: str):
    header = sign(body, secret, AT)
    assert verify(header, body, secret)
    assert not verify(header, body + b" ", secret)
    assert not verify(header, body, secret + "x")


@pytest.mark.parametrize(
    "header",
    ["", "t=1", "v1=ab", "t=1,v1=", "t=x,v1=ab", "t=1678360185", ",,=,", "t=" + "9" * 5_000 + ",v1=a", "é", "t=²,v1=a"],
)
def test_a_malformed_header_signs_nothing(header: str):
    assert not verify(header, b"{}", "secret")


@given(st.text(max_size=60))
def test_any_text_is_no_signature(header: str):
    assert not verify(header, b"{}", "secret")


def test_the_envelope():
    payload = envelope("webhook-out-1", Event.UPDATED_ROLE, AT, {"incidentID": "19"})
    assert list(payload.items()) == [
        ("version", "v1.0.0"),
        ("id", "webhook-out-1"),
        ("source", "/grafana/incident"),
        ("time", "2023-03-09T11:09:45Z"),
        ("event", "grafana.incident.updated.role"),
        ("incident", {"incidentID": "19"}),
    ]
    assert orjson.loads(encode(payload)) == payload
    assert envelope("x", Event.DELETED, AT, None)["incident"] is None


def test_a_delivery_has_one_id_per_event_and_hook():
    first = delivery_id("change-1", Event.CLOSED, "hook-1")
    assert first == delivery_id("change-1", Event.CLOSED, "hook-1")
    others = {
        delivery_id("change-2", Event.CLOSED, "hook-1"),
        delivery_id("change-1", Event.UPDATED, "hook-1"),
        delivery_id("change-1", Event.CLOSED, "hook-2"),
    }
    assert len(others - {first}) == 3
    prefix, digits = first.rsplit("-", 1)
    assert prefix == "webhook-out"
    assert len(bytes.fromhex(digits)) == 12


def incident(tasks: int, title: str = "") -> dict[str, Any]:
    each = {"taskID": "t", "text": "x" * 4_000}
    return {"title": title, "taskList": {"tasks": [each] * tasks, "todoCount": tasks, "doneCount": 0}}


def test_a_large_body_leaves_the_tasks_out_and_keeps_the_counts():
    small = encode(envelope("i", Event.CREATED, AT, incident(10)))
    assert len(orjson.loads(small)["incident"]["taskList"]["tasks"]) == 10
    large = encode(envelope("i", Event.CREATED, AT, incident(300)))
    assert len(large) <= LARGEST_BODY
    assert orjson.loads(large)["incident"]["taskList"] == {"tasks": [], "todoCount": 300, "doneCount": 0}


def test_exactly_one_mebibyte_is_left_alone():
    bare = len(encode(envelope("i", Event.CREATED, AT, incident(1))))
    exact = encode(envelope("i", Event.CREATED, AT, incident(1, "x" * (LARGEST_BODY - bare))))
    assert len(exact) == LARGEST_BODY
    assert orjson.loads(exact)["incident"]["taskList"]["tasks"]
    over = encode(envelope("i", Event.CREATED, AT, incident(1, "x" * (LARGEST_BODY - bare + 1))))
    assert not orjson.loads(over)["incident"]["taskList"]["tasks"]


def test_a_large_body_without_tasks_is_sent_as_it_is():
    assert len(encode(envelope("i", Event.CREATED, AT, {"title": "x" * LARGEST_BODY}))) > LARGEST_BODY


@pytest.mark.parametrize(
    ("text", "events"),
    [
        pytest.param("", SENT_BY_DEFAULT, id="empty"),
        pytest.param(" , ", SENT_BY_DEFAULT, id="only commas"),
        pytest.param("grafana.incident.updated, grafana.incident.closed", {Event.UPDATED, Event.CLOSED}, id="a list"),
    ],
)
def test_the_events_of_a_hook(text: str, events: frozenset[Event]):
    assert parse_events(text) == events
    assert len(DOCUMENTED) == 7


def test_an_unknown_event_is_refused():
    with pytest.raises(Invalid, match=r"'grafana\.incident\.opened' is no event"):
        parse_events("grafana.incident.created,grafana.incident.opened")


@pytest.mark.parametrize(
    ("event", "name", "events", "heard"),
    [
        pytest.param(Event.CREATED, HookEventName.INCIDENT_CREATED, "", True, id="created"),
        pytest.param(Event.UPDATED_TITLE, HookEventName.INCIDENT_CREATED, "", False, id="created only"),
        pytest.param(Event.ADDED_LABEL, HookEventName.INCIDENT_UPDATED, "", True, id="labels are updates"),
        pytest.param(Event.CLOSED, HookEventName.INCIDENT_UPDATED, "", False, id="closing is its own"),
        pytest.param(Event.UPDATED, HookEventName.INCIDENT_UPDATED, "", False, id="other changes must be named"),
        pytest.param(Event.UPDATED, HookEventName.INCIDENT_UPDATED, Event.UPDATED.value, True, id="and were"),
        pytest.param(Event.CREATED, HookEventName.INCIDENT_CLOSED, Event.CREATED.value, True, id="named events widen"),
        pytest.param(
            Event.UPDATED_TITLE, HookEventName.INCIDENT_UPDATED, Event.UPDATED_ROLE.value, False, id="and they narrow"
        ),
        pytest.param(Event.DELETED, HookEventName.INCIDENT_DELETED, "", True, id="deleted"),
        pytest.param(Event.UPDATED, HookEventName.INCIDENT_FILTER, "", True, id="any change may begin a match"),
        pytest.param(Event.CREATED, HookEventName.MANUALLY_TRIGGERED, "", False, id="nothing by itself"),
    ],
)
def test_which_events_a_hook_hears(event: Event, name: HookEventName, events: str, heard: bool):
    assert hears(event, name, events) is heard
