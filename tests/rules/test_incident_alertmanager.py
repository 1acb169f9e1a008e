"""Notifications of Alertmanager and of Grafana's alerting."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quarterdeck.errors import Invalid, Reason
from quarterdeck.incidents.incoming.alertmanager import (
    AlertGroup,
    AlertStatus,
    change_note,
    description,
    firing_fingerprints,
    incident_labels,
    incident_title,
    links,
    parse_alerts,
    severity_label,
)


def alert(fingerprint: str, status: str = "firing", **more: Any) -> dict[str, Any]:
    return {
        "status": status,
        "labels": {"alertname": "HighLatency", "instance": fingerprint},
        "annotations": {"summary": f"{fingerprint} is slow"},
        "startsAt": "2026-03-01T12:00:00.5Z",
        "endsAt": "0001-01-01T00:00:00Z" if status == "firing" else "2026-03-01T12:30:00Z",
        "generatorURL": "http://prometheus.example:9090/graph?g0.expr=up",
        "fingerprint": fingerprint,
        **more,
    }


def alertmanager(*alerts: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "version": "4",
        "groupKey": '{}:{alertname="HighLatency"}',
        "truncatedAlerts": 0,
        "status": "firing",
        "receiver": "quarterdeck",
        "groupLabels": {"alertname": "HighLatency"},
        "commonLabels": {"alertname": "HighLatency", "severity": "critical", "team": "web"},
        "commonAnnotations": {},
        "externalURL": "http://alertmanager.example:9093",
        "alerts": list(alerts) or [alert("web-1")],
        **more,
    }


def grafana(**more: Any) -> dict[str, Any]:
    dashboards = {"dashboardURL": "https://g.example/d/1", "panelURL": "", "silenceURL": "https://g.example/s"}
    return {
        **alertmanager(alert("web-1", values={"B": 44.2}, **dashboards)),
        "version": "1",
        "orgId": 1,
        "title": "[FIRING:1] HighLatency (web)",
        "state": "alerting",
        "message": "**Firing**",
        **more,
    }


def parsed(document: Any) -> AlertGroup:
    return parse_alerts(orjson.dumps(document))


def test_what_alertmanager_sends():
    group = parsed(alertmanager(alert("web-1"), alert("web-2", "resolved"), truncatedAlerts=3))
    assert group.group_key == '{}:{alertname="HighLatency"}'
    assert group.status is AlertStatus.FIRING
    assert group.truncated_alerts == 3
    assert group.labels == {"alertname": "HighLatency", "severity": "critical", "team": "web"}
    first, second = group.alerts
    assert first.starts_at == datetime(2026, 3, 1, 12, 0, 0, 500_000, tzinfo=UTC)
    assert first.ends_at is None
    assert second.ends_at == datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
    assert group.firing == (first,)
    assert firing_fingerprints(group) == {"web-1"}
    assert severity_label(group) == "critical"


def test_what_grafana_sends():
    group = parsed(grafana())
    assert group.title == "[FIRING:1] HighLatency (web)"
    assert group.alerts[0].dashboard_url == "https://g.example/d/1"
    assert [url for url, _ in links(group)] == [
        "https://g.example/d/1",
        "http://prometheus.example:9090/graph?g0.expr=up",
    ]
    assert "**Firing**" in description(group)


def test_null_and_missing_are_empty():
    group = parsed({"status": "resolved", "alerts": [{"status": "resolved", "labels": None}], "commonLabels": None})
    assert (group.receiver, group.labels, group.alerts[0].starts_at) == ("", {}, None)
    assert group.alerts[0].fingerprint
    assert incident_title(group) == "Alerts"


def test_a_group_without_a_key_gets_the_same_one_every_time():
    first = parsed(alertmanager(groupKey=None))
    again = parsed(alertmanager(alert("web-9"), groupKey="", status="resolved"))
    assert first.group_key == again.group_key != parsed(alertmanager(groupKey="", groupLabels={"a": "b"})).group_key
    by_alerts = [
        parsed(alertmanager(alert("a"), groupKey="", groupLabels=None, status=s)) for s in ("firing", "resolved")
    ]
    assert by_alerts[0].group_key == by_alerts[1].group_key


def test_a_long_key_is_shortened_without_losing_what_it_names():
    keys = {parsed(alertmanager(groupKey="x" * 5_000 + end)).group_key for end in "ab"}
    assert len(keys) == 2
    assert max(map(len, keys)) <= 4_096


@pytest.mark.parametrize(
    ("document", "title"),
    [
        pytest.param(alertmanager(commonAnnotations={"summary": "Web is slow"}), "Web is slow", id="shared summary"),
        pytest.param(alertmanager(), "HighLatency", id="the alert's name"),
        pytest.param(
            alertmanager(groupLabels={"alertname": "HighLatency", "zone": "eu"}),
            "HighLatency (zone=eu)",
            id="and its group",
        ),
        pytest.param(grafana(groupLabels={}, commonLabels={}), "[FIRING:1] HighLatency (web)", id="Grafana's title"),
        pytest.param(alertmanager(commonAnnotations={"summary": "x" * 600}), "x" * 499 + "…", id="a long summary"),
    ],
)
def test_titles(document: dict[str, Any], title: str):
    assert incident_title(parsed(document)) == title


def test_labels_within_their_limits():
    common = {"b": "2", "a": "1", "k" * 101: "x", "long": "v" * 201, "empty": ""}
    group = parsed(alertmanager(groupLabels={}, commonLabels=common))
    assert incident_labels(group) == (("a", "1"), ("b", "2"))
    assert len(incident_labels(parsed(alertmanager(commonLabels={f"l{n}": "v" for n in range(150)})))) == 100


@pytest.mark.parametrize(
    ("alerts", "before", "note"),
    [
        pytest.param([alert("a")], {"a"}, "", id="a repetition says nothing"),
        pytest.param(
            [alert("a"), alert("b")],
            {"a"},
            "Firing: 1\n- HighLatency instance=b since 2026-03-01T12:00:00.5Z: b is slow",
            id="one more",
        ),
        pytest.param(
            [alert("a", "resolved"), alert("b")],
            {"a", "b"},
            "Resolved: 1\n- HighLatency instance=a at 2026-03-01T12:30:00Z: a is slow",
            id="one less",
        ),
        pytest.param([alert("b")], {"a", "b"}, "No longer reported: 1", id="one is not mentioned any more"),
        pytest.param(
            [alert("a", "resolved")],
            {"a"},
            "Resolved: 1\n- HighLatency instance=a at 2026-03-01T12:30:00Z: a is slow\n"
            "No alert of this group is firing any more.",
            id="the last one",
        ),
    ],
)
def test_what_changed(alerts: list[dict[str, Any]], before: set[str], note: str):
    assert change_note(parsed(alertmanager(*alerts)), before) == note


def test_a_large_group_is_told_in_short():
    group = parsed(alertmanager(*(alert(f"web-{n}") for n in range(200)), truncatedAlerts=7))
    told = description(group)
    assert "Firing: 200" in told
    assert "- and 180 more" in told
    assert "7 more were not sent" in told


def test_a_firing_alert_has_no_end():
    assert parsed(alertmanager(alert("a", endsAt="2026-03-01T13:00:00Z"))).alerts[0].ends_at is None


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"[]", id="no object"),
        pytest.param(b"\xff", id="bad UTF-8"),
        pytest.param(b'{"a":' * 100_000, id="deep"),
        pytest.param(b'{"status":NaN}', id="NaN"),
    ],
)
def test_what_is_no_notification(raw: bytes):
    with pytest.raises(Invalid) as refused:
        parse_alerts(raw)
    assert refused.value.reason is Reason.BODY_MALFORMED


@pytest.mark.parametrize(
    ("document", "path"),
    [
        pytest.param({}, "alerts", id="no alerts"),
        pytest.param(alertmanager(alerts=[]), "alerts", id="an empty list"),
        pytest.param(alertmanager(alerts=[{}] * 10_001), "alerts", id="too many"),
        pytest.param(alertmanager(alerts=[7]), "alerts[0]", id="an alert that is none"),
        pytest.param(alertmanager(status="ok"), "status", id="an unknown status"),
        pytest.param(alertmanager(alert("a", status="pending")), "alerts[0].status", id="of an alert"),
        pytest.param(alertmanager(groupKey=["x"]), "groupKey", id="a list for a text"),
        pytest.param(alertmanager(commonLabels=["x"]), "commonLabels", id="a list for labels"),
        pytest.param(alertmanager(commonLabels={"a": 1}), "commonLabels.a", id="a number for a label"),
        pytest.param(alertmanager(truncatedAlerts=-1), "truncatedAlerts", id="a negative count"),
        pytest.param(alertmanager(truncatedAlerts=True), "truncatedAlerts", id="a boolean for a count"),
        pytest.param(alertmanager(alert("a", startsAt="yesterday")), "alerts[0].startsAt", id="no time"),
    ],
)
def test_a_value_of_the_wrong_kind_is_named(document: dict[str, Any], path: str):
    with pytest.raises(Invalid) as refused:
        parsed(document)
    assert refused.value.metadata == {"field": path}


def test_nul_characters_are_replaced():
    group = parsed(alertmanager(commonLabels={"a\0": "b\0"}))
    assert group.common_labels == {"a\ufffd": "b\ufffd"}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=5).filter(lambda text: text.isprintable()),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text("ab", max_size=2), inner, max_size=2),
    max_leaves=4,
)


@given(
    st.dictionaries(st.sampled_from(sorted(alertmanager())), JSON),
    st.dictionaries(st.sampled_from(sorted(alert("a"))), JSON),
)
def test_any_values_are_a_notification_or_refused(body: dict[str, Any], one: dict[str, Any]):
    document = alertmanager(alert("a") | one) | body
    try:
        group = parsed(document)
    except Invalid as refused:
        assert refused.metadata["field"]  # noqa: PT017 - either outcome is fine
    else:
        assert 0 < len(incident_title(group)) <= 500
        assert description(group)
