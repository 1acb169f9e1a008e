"""`quarterdeck incident`, typed at a real server."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from click.testing import Result
from google.protobuf.struct_pb2 import Struct
from google.protobuf.timestamp_pb2 import Timestamp

from quarterdeck.gen.incident.v1 import activity_pb2, field_pb2, incident_pb2, key_update_pb2, user_pb2
from quarterdeck.incidents.review import write_review
from quarterdeck.incidents.review_record import Record, field_text, review_of
from tests.cli.conftest import Run
from tests.running_server import RunningServer


@dataclass(frozen=True, slots=True)
class Incidents:
    """Somebody who types `quarterdeck incident …`."""

    cli: Run

    def run(self, *words: str, **options: str) -> Result:
        """What a command did."""
        return self.cli("incident", *words, **options)

    def __call__(self, *words: str, **options: str) -> str:
        """What a command that succeeds prints."""
        result = self.run(*words, **options)
        assert result.exit_code == 0, result.output
        return result.stdout

    def json(self, *words: str) -> Any:
        return orjson.loads(self(*words, "--output", "json"))

    def declare(self, title: str = "Checkout is down", *options: str) -> str:
        """The number of a new incident."""
        return str(self.json("declare", title, *options)["incidentID"])


@pytest.fixture
def typed(cli: Run) -> Incidents:
    return Incidents(cli)


def test_declare_prints_the_number_and_where_to_look(typed):
    printed = typed("declare", "Checkout is down", "--severity", "major", "--label", "db", "--label", "team:pay")

    match = re.fullmatch(
        r"incident (\d+) declared: Checkout is down \(active, Major\)\n"
        r"http://127\.0\.0\.1:\d+/a/grafana-irm-app/incidents/\1/checkout-is-down\n",
        printed,
    )
    assert match, printed
    found = typed.json("show", match[1])
    assert [(label["key"], label["label"]) for label in found["labels"]] == [("tags", "db"), ("team", "pay")]


def test_declare_takes_everything_that_an_incident_begins_with(typed):
    found = typed.json(
        "declare", "A drill", "--drill", "--private", "--status", "resolved", "--attach-url", "https://example.com",
        "--attach-caption", "Dashboard", "--update", "It began.",
    )  # fmt: skip

    assert (found["isDrill"], found["incidentType"], found["status"]) == (True, "private", "resolved")
    exported = typed.json("export", found["incidentID"])
    assert [update["content"] for update in exported["keyUpdates"]] == ["It began."]
    attached = [item for item in exported["activityItems"] if item["activityKind"] == "contextAttached"]
    assert attached[0]["fieldValues"]["url"] == "https://example.com"


def test_list_finds_by_query_the_newest_first(typed):
    numbers = [typed.declare(f"Needle {n}", "--label", "findme") for n in range(3)]
    typed.declare("Hay")
    found = typed.json("list", "label:findme title:needle")

    assert [each["incidentID"] for each in found["incidentPreviews"]] == numbers[::-1]
    text = typed("list", "label:findme", "--limit", "2")
    assert [line.split()[0] for line in text.splitlines()] == ["ID", numbers[2], numbers[1]]
    assert "tags:findme" in text


def test_list_follows_pages(typed):
    for number in range(103):
        typed.declare(f"many {number}")
    found = typed.json("list", "title:many", "--limit", "102")

    assert len({each["incidentID"] for each in found["incidentPreviews"]}) == 102


def test_show_is_a_card(typed):
    number = typed.declare("Card\x1b[31m", "--severity", "critical")
    typed("task", "add", number, "Page the DBA")
    text = typed("show", number, "--timeline")

    assert "Title:     Card\ufffd[31m" in text
    assert "Severity:  Critical" in text
    assert "Page the DBA" in text
    assert "incidentCreated" in text
    assert all(line.isprintable() for line in text.splitlines())
    full = typed.json("show", number, "--timeline")
    assert full["incident"]["incidentID"] == number
    assert {"incidentCreated", "taskAdded"} <= {item["activityKind"] for item in full["activityItems"]}


def test_update_changes_each_thing_that_is_named(typed):
    number = typed.declare("Old", "--label", "db")
    found = typed.json(
        "update", number, "--title", "New", "--severity", "minor", "--drill", "--label", "team:pay",
        "--remove-label", "db", "--started", "2026-01-31T12:00:00+01:00",
    )  # fmt: skip

    assert (found["title"], found["severity"], found["isDrill"]) == ("New", "Minor", True)
    assert [label["label"] for label in found["labels"]] == ["pay"]
    assert found["incidentStart"] == "2026-01-31T11:00:00Z"
    assert (typed("update", number, "--no-drill")).startswith(f"incident {number} updated: New (active, Minor)\n")


@pytest.mark.parametrize("year", ["2020", "2030"])
def test_both_times_of_an_incident_move_together(typed, year):
    number = typed.declare()
    typed("update", number, "--started", "2025-01-01T10:00:00Z", "--ended", "2025-01-01T11:00:00Z")
    found = typed.json("update", number, "--started", f"{year}-01-01T10:00:00Z", "--ended", f"{year}-01-01T11:00:00Z")

    assert (found["incidentStart"], found["incidentEnd"]) == (f"{year}-01-01T10:00:00Z", f"{year}-01-01T11:00:00Z")


def test_note_takes_text_from_the_line_or_the_standard_input(typed):
    number = typed.declare()
    assert re.fullmatch(rf"note \d+ added to incident {number}\n", typed("note", number, "Rolled back."))
    typed("note", number, "-", "--at", "2026-01-31T12:00:00Z", input="from\nstdin\n")
    items = (typed.json("show", number, "--timeline"))["activityItems"]
    notes = [(item["body"], item["eventTime"]) for item in items if item["activityKind"] == "userNote"]

    assert notes[0] == ("from\nstdin", "2026-01-31T12:00:00Z")
    assert notes[1][0] == "Rolled back."


def test_tasks(typed):
    number = typed.declare()
    task_id = (typed("task", "add", number, "Page the DBA")).strip()
    me = (typed.json("show", number))["createdByUser"]

    assert "progress" in typed("task", "status", number, task_id, "progress")
    assert me["name"] in typed("task", "assign", number, task_id, me["userID"])
    assert me["name"] not in typed("task", "assign", number, task_id)
    assert (typed.json("task", "list", number))["tasks"][0]["text"] == "Page the DBA"
    assert (typed.json("task", "delete", number, task_id)).get("tasks", []) == []


def test_roles(typed):
    number = typed.declare()
    me = (typed.json("show", number))["createdByUser"]

    assert me["name"] in typed("role", "assign", number, "Commander", me["userID"])
    assert "commander" in typed("role", "list", number)
    assert "commander" not in typed("role", "unassign", number, "commander", me["userID"])


def test_somebody_is_found_by_email_address(typed):
    result = typed.run("role", "assign", typed.declare(), "commander", "nobody@example.com")
    assert (result.exit_code, "email:nobody@example.com" in result.stderr) == (1, True)


def test_resolve(typed):
    number = typed.declare()
    typed("update", number, "--started", "2026-01-31T12:00:00Z")
    printed = typed("resolve", number, "--note", "Fixed.", "--ended", "2026-01-31T12:30:00Z")
    found = typed.json("show", number)

    assert printed.startswith(f"incident {number} resolved: Checkout is down (resolved, Pending)\n")
    assert (found["status"], found["incidentEnd"]) == ("resolved", "2026-01-31T12:30:00Z")
    assert found["durationSeconds"] == 1_800


def test_export_writes_the_review(typed, tmp_path: Path):
    number = typed.declare("Checkout <b>is</b> down", "--label", "team:pay", "--update", "We look into it.")
    me = (typed.json("show", number))["createdByUser"]
    typed("role", "assign", number, "commander", me["userID"])
    task_id = (typed("task", "add", number, "Page the DBA", "--assign", me["userID"])).strip()
    typed("task", "status", number, task_id, "done")
    typed("resolve", number, "--note", "Rolled back https://example.com/pr/1")
    text = typed("export", number)

    assert text.startswith("# Post-incident review: Checkout \\<b\\>is\\</b\\> down\n")
    for expected in (
        f"| commander | {me['name']} | 20",
        "| team | pay |",
        "> We look into it.",
        "- [x] Page the DBA",
        "> Rolled back https://example.com/pr/1",
        "Status changed from active to resolved",
        "Time to acknowledge",
        "Time to resolve",
        f"/a/grafana-irm-app/incidents/{number}/",
    ):
        assert expected in text, expected
    written = typed.run("export", number, "--out", str(tmp_path / "review.md"))
    assert (written.exit_code, written.stdout) == (0, "")
    assert (tmp_path / "review.md").read_text().splitlines()[0] == text.splitlines()[0]
    everything = typed.json("export", number)
    assert everything["markdown"].startswith("# Post-incident review")
    assert {item["activityKind"] for item in everything["activityItems"]} >= {"roleAssigned", "taskCompleted"}


def test_an_export_that_cannot_be_written_says_so(typed, tmp_path: Path):
    result = typed.run("export", typed.declare(), "--out", str(tmp_path / "missing" / "review.md"))
    assert (result.exit_code, "cannot be written" in result.stderr) == (1, True)


@pytest.mark.parametrize(
    ("words", "code", "complaint"),
    [
        pytest.param(("show", "999999"), 1, "no incident has the id", id="unknown incident"),
        pytest.param(("show", "x"), 1, "no incident has the id", id="no number"),
        pytest.param(("declare", " "), 1, "title", id="no title"),
        pytest.param(("declare", "x", "--severity", "nope"), 1, "nope", id="unknown severity"),
        pytest.param(("list", "status:"), 1, "invalid query string", id="bad query"),
        pytest.param(("update", "1"), 2, "nothing to change", id="update of nothing"),
        pytest.param(("note", "1", "x", "--at", "yesterday"), 2, "is not a time", id="no time"),
        pytest.param(("note", "1", "x", "--at", ""), 2, "a time is needed", id="empty time"),
        pytest.param(("declare", "bad \udcff byte"), 2, "UTF-8", id="bytes that are no text"),
        pytest.param(("task", "status", "1", "x", "finished"), 2, "finished", id="unknown task status"),
    ],
)
def test_what_goes_wrong_is_one_sentence(typed, words, code, complaint):
    result = typed.run(*words)
    assert (result.exit_code, complaint in result.stderr) == (code, True), result.stderr
    assert "Traceback" not in result.output


def test_the_readmes_way_to_ones_own_id_leads_there(typed):
    readme = (Path(__file__).parents[2] / "README.md").read_text()
    step = re.search(
        r"^\$ me=\$\(quarterdeck incident show 1 --output json \| grep -o -m1 '(.+?)'\)", readme, re.MULTILINE
    )
    assert step
    number = typed.declare()
    me = re.search(step[1], typed("show", number, "--output", "json"))
    assert me
    assert re.search(rf"^commander .* {me[0]}$", typed("role", "assign", number, "commander", me[0]), re.MULTILINE)


def test_an_empty_standard_input_is_no_note(typed):
    result = typed.run("note", typed.declare(), "-", input="  \n")
    assert (result.exit_code, "needs text" in result.stderr) == (2, True)


def test_a_viewer_reads_and_no_more(typed):
    made = typed.cli("token", "create", "--name", "incident-viewer", "--role", "viewer", "--quiet")
    token = made.stdout.strip()
    typed("list", "--token", token)
    result = typed.run("declare", "x", "--token", token)
    assert (result.exit_code, "permission_denied" in result.stderr) == (1, True)


def test_without_a_token_it_says_what_to_do(typed):
    result = typed.run("list", "--token", "")
    assert (result.exit_code, "QUARTERDECK_TOKEN" in result.stderr) == (1, True)


# --- the review from messages ----------------------------------------------------------------------------------------


def stamp(minute: int) -> Timestamp:
    made = Timestamp()
    made.FromDatetime(datetime(2026, 1, 31, 12, minute, tzinfo=UTC))
    return made


def item(kind: str, minute: int, *, written: int | None = None, **fields: Any) -> activity_pb2.ActivityItem:
    values = Struct()
    values.update(fields.pop("values", {}))
    return activity_pb2.ActivityItem(
        activity_kind=kind,
        event_time=stamp(minute),
        created_time=stamp(minute if written is None else written),
        field_values=values,
        **fields,
    )


def record(*items: activity_pb2.ActivityItem, **fields: Any) -> Record:
    incident = incident_pb2.Incident(
        incident_id="7", title="T", severity="Major", status="active", created_time=stamp(0), incident_start=stamp(0)
    )
    return Record(incident, items, fields.get("key_updates", ()), fields.get("field_values", ()))


NOW = datetime(2026, 1, 31, 13, 0, tzinfo=UTC)


def test_acknowledged_is_when_the_first_role_was_written_down() -> None:
    given = [item("roleAssigned", 1, written=9), item("roleAssigned", 20, written=4)]
    assert review_of(record(*given), now=NOW, server="").acknowledged_at == datetime(2026, 1, 31, 12, 4, tzinfo=UTC)


def test_archived_items_are_left_out() -> None:
    shown = write_review(
        review_of(
            record(item("userNote", 1, body="kept"), item("userNote", 2, body="noise", relevance="archive")),
            now=NOW,
            server="",
        )
    )
    assert "kept" in shown
    assert "noise" not in shown


def test_a_note_may_carry_anything() -> None:
    note = item("userNote", 1, body="x", values={"n": 1.5, "l": [1], "o": {"a": None}, "z": None})
    assert "> x" in write_review(review_of(record(note), now=NOW, server=""))


def test_key_updates_without_a_title_and_people_without_a_name() -> None:
    update = key_update_pb2.KeyUpdate(
        created_time=stamp(3), content="All is well", created_by=user_pb2.UserPreview(user_id="grafana-incident:u")
    )
    shown = write_review(review_of(record(key_updates=[update]), now=NOW, server=""))
    assert "grafana-incident:u:" in shown
    assert "> All is well" in shown


OPTIONS = [
    field_pb2.CustomMetadataFieldSelectOption(uuid="u1", value="eu", label="Europe"),
    field_pb2.CustomMetadataFieldSelectOption(uuid="u2", value="us"),
]


@pytest.mark.parametrize(
    ("encoded", "text"),
    [
        pytest.param('"hello"', "hello", id="string"),
        pytest.param("true", "yes", id="bool"),
        pytest.param("1.50", "1.5", id="number"),
        pytest.param('"u1"', "Europe", id="single-select by its label"),
        pytest.param('["u2","u1"]', "us, Europe", id="multi-select"),
        pytest.param("", "", id="unset"),
        pytest.param("not json", "not json", id="what is no JSON"),
        pytest.param('{"a":[1]}', '{"a":[1]}', id="another shape"),
    ],
)
def test_field_values_for_people(encoded, text):
    value = field_pb2.FieldValue(field=field_pb2.CustomMetadataField(selectoptions=OPTIONS), value=encoded)
    assert field_text(value) == text


# --- figures ---------------------------------------------------------------------------------------------------------


def test_the_figures_are_where_prometheus_and_scripts_look(typed, server: RunningServer):
    typed("resolve", typed.declare("Counted", "--label", "counted"))
    answer = httpx.get(
        f"{server.http_url}/api/v1/incident-metrics", headers={"authorization": f"Bearer {server.token}"}
    )
    page = httpx.get(f"{server.http_url}/metrics").text

    assert {"key": "tags", "label": "counted", "incidentCount": 1} in answer.json()["labels"]
    assert answer.json()["timeToResolve"]["incidentCount"] >= 1
    assert re.search(
        r'^quarterdeck_incidents\{severity="Pending",status="resolved",tenant="\w+"\} [1-9]', page, re.MULTILINE
    )
    assert httpx.get(f"{server.http_url}/api/v1/incident-metrics").status_code == 401
