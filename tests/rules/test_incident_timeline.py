"""The kinds of the timeline, what they carry, and the addresses found in notes."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quarterdeck.errors import Conflict, Invalid, Reason
from quarterdeck.incidents import timeline
from quarterdeck.incidents.incident import (
    ActivityDraft,
    Category,
    Incident,
    IncidentType,
    Label,
    Role,
    Severity,
    Task,
    User,
)
from quarterdeck.incidents.timeline import FIELD_VALUE_KEYS, ActivityKind, urls_in

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
INCIDENT = Incident(
    id=1,
    title="Down",
    slug="down",
    description="",
    summary="",
    status=Category.ACTIVE,
    status_id="s1",
    severity_id="v1",
    incident_type=IncidentType.INTERNAL,
    is_drill=True,
    room_prefix="",
    created_by="user-1",
    created_at=NOW,
    modified_at=NOW,
    started_at=NOW,
)
MAJOR, MINOR = Severity("v1", "Major", 2), Severity("v2", "Minor", 3)
COMMANDER = Role(1, "commander", "", True, True, False, False, NOW, None)
TEAM = Label("team", "k", "db", "v", "Database", "", "")


def task(status: str, assignee: User | None = None) -> Task:
    return Task("t1", "Call them", status, False, None, assignee, NOW, NOW)


@pytest.mark.parametrize(
    ("draft", "kind", "values"),
    [
        pytest.param(
            timeline.incident_created(INCIDENT, MAJOR),
            "incidentCreated",
            {"title": "Down", "severity": "Major", "status": "active", "isDrill": True},
            id="created",
        ),
        pytest.param(
            timeline.title_changed("Up", "Down"),
            "incidentTitleChanged",
            {"title": "Up", "previousTitle": "Down"},
            id="title",
        ),
        pytest.param(
            timeline.severity_changed(MINOR, MAJOR),
            "incidentSeverityChanged",
            {"severity": "Minor", "severityID": "v2", "previousSeverity": "Major", "previousSeverityID": "v1"},
            id="severity",
        ),
        pytest.param(
            timeline.is_drill_changed(is_drill=False), "incidentIsDrillChanged", {"isDrill": False}, id="drill flag"
        ),
        pytest.param(
            timeline.role_assigned(COMMANDER, "user-2"), "roleAssigned", {"role": "commander", "roleID": "1"}, id="role"
        ),
        pytest.param(
            timeline.task_added(task("todo")),
            "taskAdded",
            {"taskID": "t1", "text": "Call them", "status": "todo"},
            id="task",
        ),
        pytest.param(timeline.label_added(TEAM), "labelAdded", {"key": "team", "label": "db"}, id="label"),
        pytest.param(timeline.label_removed(TEAM), "labelRemoved", {"key": "team", "label": "db"}, id="label gone"),
        pytest.param(
            timeline.context_attached("c1", "http://x", "Board"),
            "contextAttached",
            {"contextID": "c1", "url": "http://x", "caption": "Board"},
            id="context",
        ),
        pytest.param(
            timeline.hook_run_metadata(integration_id="i", hook_id="h", enabled_hook_id="e", title="t", url="u"),
            "hookRunMetadata",
            {"integrationID": "i", "hookID": "h", "enabledHookID": "e", "title": "t", "url": "u"},
            id="hook run",
        ),
    ],
)
def test_what_items_carry(draft: ActivityDraft, kind: str, values: dict[str, str | bool]):
    assert (draft.kind, dict(draft.field_values)) == (kind, values)
    assert draft.immutable
    assert tuple(draft.field_values) == FIELD_VALUE_KEYS[ActivityKind(kind)]


def test_an_item_names_whom_it_is_about():
    grace = User("user-2", "Grace")
    assert timeline.role_unassigned(COMMANDER, "user-2").subject_user_id == "user-2"
    assert timeline.task_added(task("todo", grace)).subject_user_id == "user-2"
    assert timeline.task_deleted(task("todo")).subject_user_id is None


@pytest.mark.parametrize(
    ("before", "after", "kind"),
    [
        pytest.param("todo", "done", "taskCompleted", id="done"),
        pytest.param("done", "todo", "taskUpdated", id="taken up again"),
        pytest.param("todo", "progress", "taskUpdated", id="begun"),
        pytest.param("done", "done", "taskUpdated", id="another change of one that is done"),
    ],
)
def test_only_becoming_done_completes_a_task(before: str, after: str, kind: str):
    assert timeline.task_changed(task(after), task(before)).kind == kind


def test_node_knows_26_kinds():
    assert len(ActivityKind) == 26


def test_callers_add_notes_only():
    timeline.check_note("userNote", "x" * 65_536)
    for kind, body in (("incidentClosed", "x"), ("", "x"), ("userNote", ""), ("userNote", "x" * 65_537)):
        with pytest.raises(Invalid):
            timeline.check_note(kind, body)


def test_the_record_cannot_be_rewritten():
    timeline.check_editable(immutable=False)
    with pytest.raises(Conflict) as refused:
        timeline.check_editable(immutable=True)
    assert refused.value.reason is Reason.IMMUTABLE


def test_relevance():
    assert timeline.check_relevance("high") is timeline.Relevance.HIGH
    with pytest.raises(Invalid, match="accepted: automatic, archive, low, normal, high"):
        timeline.check_relevance("huge")


@pytest.mark.parametrize(
    ("text", "urls"),
    [
        pytest.param("see https://a.example/x.", ("https://a.example/x",), id="a sentence's end"),
        pytest.param("(http://a.example/x)", ("http://a.example/x",), id="in brackets"),
        pytest.param("http://a.example/Foo_(bar)", ("http://a.example/Foo_(bar)",), id="with brackets"),
        pytest.param("[board](https://a.example/d)", ("https://a.example/d",), id="Markdown"),
        pytest.param("<https://a.example/d|board>", ("https://a.example/d",), id="Slack"),
        pytest.param("HTTP://A.example", ("HTTP://A.example",), id="any case"),
        pytest.param("http://b http://a http://b", ("http://b", "http://a"), id="each once, in order"),
        pytest.param("http://a?x=1&y=2#z,", ("http://a?x=1&y=2#z",), id="query and fragment"),
        pytest.param('href="http://a"', ("http://a",), id="quoted"),
        pytest.param("ftp://a mailto:b@c http:// https://", (), id="nothing of the web"),
        pytest.param("http://a/" + "x" * 3_000, (), id="longer than a URL may be"),
    ],
)
def test_urls_in_notes(text: str, urls: tuple[str, ...]):
    assert urls_in(text) == urls


def test_a_note_has_a_hundred_attachments_at_most():
    assert len(urls_in(" ".join(f"http://a/{n}" for n in range(500)))) == timeline.MAX_ATTACHMENTS


@given(st.text(max_size=100), st.sampled_from(["https://a.example/b?c=d", "http://x:1/"]))
def test_any_text_has_urls_or_none(text: str, url: str):
    assert all(found.lower().startswith("http") for found in urls_in(text))
    assert url in urls_in(f"{url} {text}")


@pytest.mark.parametrize("piece", ["http://", "http://(", "http://a)", "(((", "h", "http://a/(((("])
def test_hostile_notes_take_no_time(piece: str):
    began = time.perf_counter()
    assert len(urls_in(piece * (65_536 // len(piece)))) <= timeline.MAX_ATTACHMENTS
    assert time.perf_counter() - began < 1
