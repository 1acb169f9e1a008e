"""Statuses, times and durations of an incident."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quarterdeck.errors import Conflict, Invalid, Reason
from quarterdeck.incidents.durations import duration_seconds, in_words
from quarterdeck.incidents.incident import Category, Incident, IncidentType, Status
from quarterdeck.incidents.lifecycle import (
    Decision,
    IncidentEvent,
    change_event_time,
    change_status,
    choose_status,
    event_named,
    opening_times,
)
from quarterdeck.incidents.times import format_time, parse_time, read_date, read_time
from quarterdeck.incidents.webhooks.event_names import Event

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
NOW = datetime(2026, 3, 1, 13, 0, 0, 250_000, tzinfo=UTC)
EARLIER = START + timedelta(minutes=10)

ACTIVE = Status("s1", "internal", Category.ACTIVE, "active", "active")
FIXING = Status("s2", "internal", Category.ACTIVE, "Fixing it", "fixing-it")
RESOLVED = Status("s3", "internal", Category.RESOLVED, "resolved", "resolved")
STALE = Status("s4", "internal", Category.RESOLVED, "Gone stale", "gone-stale")
SECRET = Status("s5", "private", Category.ACTIVE, "Secret", "secret")
STATUSES = (ACTIVE, FIXING, RESOLVED, STALE, SECRET)

OPEN = Incident(
    id=1,
    title="Down",
    slug="down",
    description="",
    summary="",
    status=Category.ACTIVE,
    status_id=ACTIVE.id,
    severity_id="v1",
    incident_type=IncidentType.INTERNAL,
    is_drill=False,
    room_prefix="",
    created_by="user-1",
    created_at=START,
    modified_at=START,
    started_at=START,
)


def kinds(decision: Decision) -> list[str]:
    return [draft.kind for draft in decision.activity]


def test_an_incident_starts_at_a_whole_second():
    times = opening_times(NOW, Category.ACTIVE)
    assert (times.created_at, times.started_at) == (NOW, NOW.replace(microsecond=0))
    assert (times.ended_at, times.closed_at) == (None, None)


def test_one_declared_resolved_is_closed_at_once():
    times = opening_times(NOW, Category.RESOLVED)
    assert (times.ended_at, times.closed_at) == (NOW, NOW)


def test_resolving_closes_and_ends():
    decision = change_status(OPEN, ACTIVE, RESOLVED, NOW)
    assert decision.incident == replace(OPEN, status=Category.RESOLVED, status_id="s3", closed_at=NOW, ended_at=NOW)
    assert kinds(decision) == ["incidentStatusChanged", "incidentEnd", "incidentClosed"]
    assert decision.events == (Event.UPDATED_STATUS, Event.CLOSED)
    assert decision.activity[0].field_values == {
        "status": "resolved",
        "statusID": "s3",
        "previousStatus": "active",
        "previousStatusID": "s1",
    }
    assert decision.activity[1].field_values == {"eventTime": "2026-03-01T13:00:00.25Z", "previousEventTime": ""}
    assert decision.activity[2].field_values == {"closedTime": "2026-03-01T13:00:00.25Z"}


def test_an_end_set_by_hand_survives_the_resolve():
    decision = change_status(replace(OPEN, ended_at=EARLIER), ACTIVE, RESOLVED, NOW)
    assert (decision.incident.ended_at, decision.incident.closed_at) == (EARLIER, NOW)


def test_reopening_clears_both_times_and_tells_the_status_only():
    resolved = change_status(replace(OPEN, ended_at=EARLIER), ACTIVE, RESOLVED, NOW).incident
    decision = change_status(resolved, RESOLVED, FIXING, NOW)
    assert decision.incident == replace(OPEN, status_id="s2")
    assert kinds(decision) == ["incidentStatusChanged"]
    assert decision.events == (Event.UPDATED_STATUS,)


@pytest.mark.parametrize(
    ("incident", "current", "target"),
    [
        pytest.param(OPEN, ACTIVE, FIXING, id="active to active"),
        pytest.param(
            change_status(OPEN, ACTIVE, RESOLVED, EARLIER).incident, RESOLVED, STALE, id="resolved to resolved"
        ),
    ],
)
def test_within_a_category_no_time_moves(incident: Incident, current: Status, target: Status):
    decision = change_status(incident, current, target, NOW)
    assert decision.incident == replace(incident, status_id=target.id)
    assert kinds(decision) == ["incidentStatusChanged"]


@pytest.mark.parametrize("status", [ACTIVE, RESOLVED])
def test_the_same_status_is_no_change(status: Status):
    incident = OPEN if status is ACTIVE else change_status(OPEN, ACTIVE, RESOLVED, NOW).incident
    assert change_status(incident, status, status, NOW + timedelta(hours=1)) == Decision(incident)


@given(st.lists(st.sampled_from([ACTIVE, FIXING, RESOLVED, STALE]), max_size=12))
def test_times_follow_the_category(targets: list[Status]):
    incident, current, now = OPEN, ACTIVE, NOW
    for target in targets:
        now += timedelta(seconds=1)
        incident, current = change_status(incident, current, target, now).incident, target
        assert incident.status is target.category
        assert (incident.closed_at is None) is (incident.ended_at is None) is (target.category is Category.ACTIVE)
        assert incident.started_at == START


@pytest.mark.parametrize(
    ("name", "chosen"),
    [
        pytest.param("active", ACTIVE, id="the built-in one"),
        pytest.param("RESOLVED", RESOLVED, id="any case"),
        pytest.param("fixing it", FIXING, id="name"),
        pytest.param("fixing-it", FIXING, id="slug"),
        pytest.param("s4", STALE, id="id"),
    ],
)
def test_a_status_is_chosen(name: str, chosen: Status):
    assert choose_status(name, STATUSES, IncidentType.INTERNAL) == chosen


def test_a_category_names_its_first_status_when_none_is_called_so():
    assert choose_status("active", (STALE, FIXING), IncidentType.INTERNAL) == FIXING


@pytest.mark.parametrize("name", ["", "nope", "S4"])
def test_an_unknown_status_is_invalid(name: str):
    with pytest.raises(Invalid, match="accepted: active, Fixing it, resolved, Gone stale") as refused:
        choose_status(name, STATUSES, IncidentType.INTERNAL)
    assert refused.value.metadata == {"field": "status"}


@pytest.mark.parametrize(
    ("name", "why"),
    [
        pytest.param("secret", "belongs to private incidents", id="the other type"),
        pytest.param("fixing-it", "is archived", id="archived"),
    ],
)
def test_a_status_out_of_reach_is_a_conflict(name: str, why: str):
    with pytest.raises(Conflict, match=why) as refused:
        choose_status(name, STATUSES, IncidentType.INTERNAL, archived_ids={"s2"})
    assert refused.value.reason is Reason.STATUS_TRANSITION_INVALID


@pytest.mark.parametrize(
    ("event_name", "kind", "event"),
    [
        pytest.param("incidentStart", "", IncidentEvent.START, id="new clients"),
        pytest.param("", "incidentEnd", IncidentEvent.END, id="old clients"),
        pytest.param("incidentStart", "incidentEnd", IncidentEvent.START, id="Keep sends both, the name wins"),
    ],
)
def test_which_event_is_meant(event_name: str, kind: str, event: IncidentEvent):
    assert event_named(event_name, kind) is event


@pytest.mark.parametrize(("event_name", "kind"), [("", ""), ("userNote", ""), ("", "incidentClosed")])
def test_no_other_event_has_a_time(event_name: str, kind: str):
    with pytest.raises(Invalid, match="accepted: incidentStart, incidentEnd"):
        event_named(event_name, kind)


def test_moving_the_start():
    decision = change_event_time(OPEN, IncidentEvent.START, EARLIER)
    assert decision.incident.started_at == EARLIER
    assert decision.events == (Event.UPDATED,)
    assert decision.activity[0].event_time == EARLIER
    assert decision.activity[0].field_values == {
        "eventTime": "2026-03-01T12:10:00Z",
        "previousEventTime": "2026-03-01T12:00:00Z",
    }


def test_setting_and_clearing_the_end_of_an_active_incident():
    ended = change_event_time(OPEN, IncidentEvent.END, START).incident
    assert ended.ended_at == START
    cleared = change_event_time(ended, IncidentEvent.END, None)
    assert cleared.incident == OPEN
    assert cleared.activity[0].field_values == {"eventTime": "", "previousEventTime": "2026-03-01T12:00:00Z"}


@pytest.mark.parametrize(
    ("incident", "event", "moment"),
    [
        pytest.param(OPEN, IncidentEvent.START, START, id="start"),
        pytest.param(OPEN, IncidentEvent.END, None, id="no end"),
        pytest.param(replace(OPEN, ended_at=EARLIER), IncidentEvent.END, EARLIER, id="end"),
    ],
)
def test_the_same_time_is_no_change(incident: Incident, event: IncidentEvent, moment: datetime | None):
    assert change_event_time(incident, event, moment) == Decision(incident)


@pytest.mark.parametrize(
    ("incident", "event", "moment", "why"),
    [
        pytest.param(
            OPEN, IncidentEvent.END, START - timedelta(microseconds=1), "before the start", id="end too early"
        ),
        pytest.param(
            replace(OPEN, ended_at=EARLIER), IncidentEvent.START, NOW, "before the start", id="start too late"
        ),
        pytest.param(OPEN, IncidentEvent.START, None, "start cannot be cleared", id="no start"),
        pytest.param(
            change_status(OPEN, ACTIVE, RESOLVED, NOW).incident,
            IncidentEvent.END,
            None,
            "cannot be cleared",
            id="resolved",
        ),
    ],
)
def test_an_impossible_time_is_refused(incident: Incident, event: IncidentEvent, moment: datetime | None, why: str):
    with pytest.raises(Invalid, match=why) as refused:
        change_event_time(incident, event, moment)
    assert refused.value.violations[0].field == "eventTime"


@pytest.mark.parametrize(
    ("start", "end", "seconds"),
    [
        pytest.param("2026-01-01T11:33:10Z", "2026-01-01T11:33:27.17626Z", 17, id="hosted's sample"),
        pytest.param("2026-01-01T11:33:10Z", "2026-01-01T11:33:10Z", 0, id="at once"),
        pytest.param("2026-01-02T00:00:00Z", "2026-01-01T00:00:00Z", 0, id="never negative"),
    ],
)
def test_duration(start: str, end: str, seconds: int):
    began, ended = read_time(start), read_time(end)
    assert began is not None
    assert ended is not None
    assert duration_seconds(began, ended, NOW) == seconds
    assert duration_seconds(began, None, ended) == seconds


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 s"), (17, "17 s"), (300, "5 min"), (4_981, "1 h 23 min"), (86_405, "1 d"), (273_600, "3 d 4 h")],
)
def test_durations_in_words(seconds: int, words: str):
    assert in_words(seconds) == words


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        pytest.param("2026-01-31T12:00:00Z", "2026-01-31T12:00:00Z", id="plain"),
        pytest.param("2026-01-31T12:00:27.176260000Z", "2026-01-31T12:00:27.17626Z", id="trailing zeros go"),
        pytest.param("2026-01-31T12:00:00.123456789Z", "2026-01-31T12:00:00.123456Z", id="cut to microseconds"),
        pytest.param("2026-01-31t12:00:00+05:30", "2026-01-31T06:30:00Z", id="an offset"),
        pytest.param("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z", id="the first year keeps four digits"),
    ],
)
def test_times_are_read_and_printed(text: str, printed: str):
    assert format_time(parse_time(text, field="t")) == printed


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("now", id="a word"),
        pytest.param("2026-01-31", id="a date alone"),
        pytest.param("2026-01-31T12:00:00", id="no offset"),
        pytest.param("2026-01-31T12:00Z", id="no seconds"),
        pytest.param("2026-13-01T00:00:00Z", id="a thirteenth month"),
        pytest.param("2026-01-31T24:00:00Z", id="hour 24"),
        pytest.param("2026-01-31T12:00:60Z", id="a leap second"),
        pytest.param("9999-12-31T23:59:59-00:01", id="after the year 9999 in UTC"),
        pytest.param("٢٠٢٦-01-31T12:00:00Z", id="other digits"),
        pytest.param("2026-01-31T12:00:00.Z", id="a point without a fraction"),
        pytest.param(" ", id="blank"),
    ],
)
def test_other_text_is_no_time(text: str):
    with pytest.raises(Invalid, match="is not a time") as refused:
        parse_time(text, field="eventTime")
    assert refused.value.metadata == {"field": "eventTime"}


def test_empty_text_is_no_time_at_all():
    assert parse_time("", field="t") is None
    assert format_time(None) == ""


@given(st.datetimes(timezones=st.just(UTC)))
def test_a_printed_time_is_read_back(moment: datetime):
    assert read_time(format_time(moment)) == moment


@given(st.dates())
def test_a_date_is_its_midnight(date: object):
    assert format_time(read_date(str(date))) == f"{date}T00:00:00Z"
