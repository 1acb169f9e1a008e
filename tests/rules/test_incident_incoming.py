"""Incoming webhooks: extraction from the body, and the parameters of the URL."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quarterdeck.errors import Invalid
from quarterdeck.incidents.incoming.body import IncomingBody, read_body
from quarterdeck.incidents.incoming.extraction import Expansion, expand
from quarterdeck.incidents.incoming.parameters import (
    FALLBACK_TITLE,
    IncomingIncident,
    IncomingLabel,
    parse_parameters,
    split_labels,
)

BODY = read_body(
    json.dumps(
        {
            "title": "Disk full",
            "host": "web-1",
            "env": "prod",
            "count": 3,
            "ok": True,
            "none": None,
            "labels": {"a.b": "dotted", 'q"q': "quoted", "": "nameless"},
            "alerts": [{"labels": {"alertname": "DiskFull"}}, {"n": [1, [2]]}],
            "template": "{{ .host }}",
            "nul": "a\0b",
            "list": "x,y",
        }
    ).encode()
)
NO_JSON = read_body(b"disk full")


def expanded(template: str, body: IncomingBody = BODY, limit: int = 500) -> Expansion:
    return expand("title", template, body, limit=limit)


@pytest.mark.parametrize(
    ("template", "text"),
    [
        pytest.param("plain", "plain", id="no placeholder"),
        pytest.param("{{ .title }}", "Disk full", id="a member"),
        pytest.param("{{.title}}", "Disk full", id="white space is optional"),
        pytest.param("{{ .alerts[0].labels.alertname }}", "DiskFull", id="members and indexes"),
        pytest.param("{{ .alerts[1].n[1][0] }}", "2", id="an index on an index"),
        pytest.param('{{ .labels["a.b"] }}', "dotted", id="a quoted name"),
        pytest.param('{{ .labels["q\\"q"] }}', "quoted", id="a quote in a quoted name"),
        pytest.param('{{ .labels[""] }}', "nameless", id="an empty name"),
        pytest.param('{{ .["title"] }}', "Disk full", id="a quoted name at the top"),
        pytest.param("High load on {{ .host }} ({{ .env }})", "High load on web-1 (prod)", id="several with text"),
        pytest.param("{{ .count }}/{{ .ok }}/{{ .none }}.", "3/true/.", id="number, boolean, null"),
        pytest.param("{{ .alerts[1] }}", '{"n":[1,[2]]}', id="an object as compact JSON"),
        pytest.param("{{ .template }}", "{{ .host }}", id="what is inserted is not expanded again"),
        pytest.param("a }} b", "a }} b", id="closing braces are text"),
    ],
)
def test_what_is_inserted(template: str, text: str):
    assert expanded(template) == Expansion(text)


@pytest.mark.parametrize(
    ("template", "text", "error"),
    [
        pytest.param("a{{ .nope }}b", "ab", "title: path '.nope' is not in the body", id="no such member"),
        pytest.param("{{ .alerts[9] }}", "", "title: path '.alerts[9]' is not in the body", id="no such item"),
        pytest.param("{{ .title.x }}", "", "title: path '.title.x' is not in the body", id="a member of a string"),
        pytest.param("{{ .title[0] }}", "", "title: path '.title[0]' is not in the body", id="an index of a string"),
        pytest.param("{{ .count[0] }}", "", "title: path '.count[0]' is not in the body", id="an index of a number"),
        pytest.param("{{ .labels[0] }}", "", "title: path '.labels[0]' is not in the body", id="an index of an object"),
        pytest.param(
            '{{ .labels["\\x"] }}', "", "title: path '.labels[\"\\\\x\"]' is not in the body", id="bad escape"
        ),
        pytest.param(
            "{{ title }}", "{{ title }}", "title: '{{ title }}' is no {{ .path }} and was left as it is", id="."
        ),
        pytest.param("{{ .a | upper }}", "{{ .a | upper }}", "is no {{ .path }}", id="no filters"),
        pytest.param("{{ .host", "{{ .host", "is no {{ .path }}", id="never closed"),
        pytest.param("{{ .alerts[-1] }}", "{{ .alerts[-1] }}", "is no {{ .path }}", id="no negative index"),
        pytest.param("{{ .. }}", "{{ .. }}", "is no {{ .path }}", id="two dots"),
        pytest.param("{{ .nul }}", "a\ufffdb", "contains a NUL character, which was replaced", id="NUL"),
    ],
)
def test_what_cannot_be_inserted_is_named(template: str, text: str, error: str):
    expansion = expanded(template)
    assert expansion.text == text
    assert len(expansion.errors) == 1
    assert error in expansion.errors[0]


def test_the_whole_body():
    assert read_body(expanded("{{ . }}").text.encode()).document == BODY.document
    assert expanded("{{ . }}", read_body(b' [1.10, 12345678901234567890123, "\\u00e9"] ')).text == (
        '[1.10,12345678901234567890123,"é"]'
    )
    assert expanded("{{ . }}", read_body(b'"text"')).text == "text"
    assert expanded("{{ [0] }}{{ .[0] }}", read_body(b"[7]")).text == "{{ [0] }}7"


@pytest.mark.parametrize("template", ["{{ . }}", "{{ .title }}"])
def test_a_body_that_is_no_json_inserts_nothing(template: str):
    expansion = expanded(f"a{template}b", NO_JSON)
    assert expansion.text == "ab"
    assert "because the body is not JSON" in expansion.errors[0]
    assert "title: path '" in expansion.errors[0]


def test_a_long_result_is_cut_and_named():
    expansion = expanded("{{ .title }}!", limit=5)
    assert expansion == Expansion("Disk ", ("title: the result is longer than 5 characters and was cut",))


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"\xff{}", id="bad UTF-8"),
        pytest.param(b"[" * 500_000, id="deep, never closed"),
        pytest.param(b"[" * 100_000 + b"]" * 100_000, id="deep"),
        pytest.param(b'{"a":NaN}', id="NaN"),
        pytest.param(b'"\\ud800"', id="half a surrogate pair"),
        pytest.param(b"\xef\xbb\xbf{}", id="a byte order mark"),
    ],
)
def test_what_is_no_json(raw: bytes):
    body = read_body(raw)
    assert not body.is_json
    assert body.document is None
    assert "\0" not in body.text


def test_a_deep_body_can_be_inserted():
    levels = 300
    body = read_body(b'{"a":' * levels + b"[]" + b"}" * levels)
    assert len(expanded("{{ . }}", body, limit=100_000).text) == 6 * levels + 2


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab.c", max_size=3), inner, max_size=3),
    max_leaves=12,
)


@given(st.dictionaries(st.just("v"), JSON, min_size=1))
def test_a_value_is_inserted_as_json_writes_it(document: dict[str, Any]):
    value = document["v"]
    expected = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    text = expanded("{{ .v }}", read_body(json.dumps(document).encode()), limit=10_000).text
    if isinstance(value, str):
        assert text == value.replace("\0", "\ufffd")
    elif value is None:
        assert text == ""
    else:
        assert json.loads(text) == json.loads(expected)


@given(st.text(max_size=80), st.binary(max_size=40))
def test_any_template_and_any_body(template: str, raw: bytes):
    assert isinstance(expanded(template, read_body(raw)).text, str)


PIECES = ["{{", "}}", "{{ .", "{{.a", '{{ .["', "{{ .a[0]", " ", "{{ . }}", '{{ .["\\', "{{                    "]


@pytest.mark.parametrize("piece", PIECES)
def test_hostile_templates_take_no_time(piece: str):
    body = read_body(json.dumps({"a": ["x" * 900_000]}).encode())
    began = time.perf_counter()
    expansion = expanded(piece * (60_000 // len(piece)), body)
    assert time.perf_counter() - began < 2
    assert len(expansion.text) <= 500
    assert len(expansion.errors) <= 20


def incoming(*parameters: tuple[str, str], body: IncomingBody = BODY, header: str = "") -> IncomingIncident:
    return parse_parameters(
        parameters,
        body,
        known_severity=lambda name: name.lower() in {"pending", "critical"},
        known_status=lambda name: name.lower() in {"active", "resolved"},
        idempotency_key=header,
    )


def test_a_title_is_enough():
    assert incoming(("title", "Down"), body=NO_JSON) == IncomingIncident(title="Down")


def test_every_parameter():
    asked = incoming(
        ("title", "{{ .title }} on {{ .host }}"),
        ("severity", "Critical"),
        ("status", "resolved"),
        ("drill", "{{ .ok }}"),
        ("labels", "prod,team:{{ .alerts[0].labels.alertname }}"),
        ("roomprefix", "room"),
        ("url", "https://x.example/{{ .host }}"),
        ("caption", "Board"),
        ("includes", "incident"),
        ("dedupe", "{{ .host }}-1"),
        ("token", "{{ .nope }}"),
        ("utm", "ignored"),
    )
    assert asked == IncomingIncident(
        title="Disk full on web-1",
        severity="Critical",
        status="resolved",
        is_drill=True,
        labels=(IncomingLabel("tags", "prod"), IncomingLabel("team", "DiskFull")),
        room_prefix="room",
        url="https://x.example/web-1",
        caption="Board",
        idempotency_key="web-1-1",
        wants_incident=True,
    )


def test_the_title_parameter_is_needed():
    with pytest.raises(Invalid, match="'title' is missing") as refused:
        incoming(("severity", "critical"))
    assert refused.value.metadata == {"field": "title"}


@pytest.mark.parametrize("title", ["", " ", "{{ .nope }}"])
def test_a_title_that_comes_out_empty(title: str):
    asked = incoming(("title", title))
    assert asked.title == FALLBACK_TITLE
    assert any("title: came out empty" in error for error in asked.errors)


@pytest.mark.parametrize(
    ("name", "value", "error"),
    [
        pytest.param("severity", "huge", "severity: 'huge' is unknown, 'pending' was used", id="severity"),
        pytest.param("status", "gone", "status: 'gone' is unknown, 'active' was used", id="status"),
        pytest.param("drill", "maybe", "drill: 'maybe' is neither true nor false, false was used", id="drill"),
        pytest.param("url", "javascript:x", "url: 'javascript:x' is not a http or https URL", id="url"),
        pytest.param("url", "http://x/" + "y" * 3_000, "of at most 2048 characters", id="a long URL"),
        pytest.param("labels", ":x", "labels: ':x' has no key and was left out", id="a label without a key"),
        pytest.param("labels", "k:", "labels: 'k:' has no value and was left out", id="without a value"),
        pytest.param("labels", "k" * 101 + ":v", "longer than 100 characters and was cut", id="a long key"),
        pytest.param("roomprefix", "r" * 81, "roomprefix: the result is longer than 80 characters", id="a long text"),
    ],
)
def test_a_bad_parameter_falls_back_and_is_named(name: str, value: str, error: str):
    asked = incoming(("title", "Down"), (name, value))
    assert any(error in each for each in asked.errors), asked.errors
    default = IncomingIncident(title="Down")
    assert (asked.severity, asked.status, asked.is_drill, asked.url) == (
        default.severity,
        default.status,
        default.is_drill,
        default.url,
    )


def test_data_cannot_add_labels_or_keys():
    assert incoming(("title", "x"), ("labels", "{{ .list }}")).labels == (IncomingLabel("tags", "x,y"),)
    body = read_body(b'{"v":"team:web"}')
    assert incoming(("title", "x"), ("labels", "{{ .v }}"), body=body).labels == (IncomingLabel("tags", "team:web"),)


@pytest.mark.parametrize(
    ("template", "entries"),
    [
        pytest.param("a,b:c,,d", ["a", "b:c", "", "d"], id="plain"),
        pytest.param('{{ .labels["x,y"] }},z', ['{{ .labels["x,y"] }}', "z"], id="a comma inside braces"),
        pytest.param("{{ a,b }}", ["{{ a", "b }}"], id="braces that hold no path are text"),
        pytest.param("", [""], id="empty"),
    ],
)
def test_how_labels_are_split(template: str, entries: list[str]):
    assert split_labels(template) == entries


def test_labels_are_counted_and_each_comes_once():
    asked = incoming(("title", "x"), ("labels", ",".join(f"l{n}" for n in range(120))), ("labels", "l0"))
    assert len(asked.labels) == 100
    assert "labels: more than 100, the rest was left out" in asked.errors
    assert incoming(("title", "x"), ("labels", "a, a,a ,")).labels == (IncomingLabel("tags", "a"),)


def test_the_header_wins_over_dedupe():
    assert incoming(("title", "x"), ("dedupe", "p"), header="h").idempotency_key == "h"
    cut = incoming(("title", "x"), header="h" * 300)
    assert len(cut.idempotency_key) == 255
    assert cut.errors == ("Idempotency-Key: longer than 255 characters and was cut",)


def test_the_first_of_a_repeated_parameter_counts():
    assert incoming(("title", "a"), ("title", "b")).title == "a"


@pytest.mark.parametrize("parameter", [("include", "incident"), ("includes", "roles,incident")])
def test_the_incident_is_asked_for(parameter: tuple[str, str]):
    assert incoming(("title", "x"), parameter).wants_incident


@given(
    st.lists(
        st.tuples(st.sampled_from(["labels", "drill", "url", "severity", "dedupe"]), st.text(max_size=30)), max_size=6
    ),
    st.binary(max_size=30),
)
def test_only_what_cannot_be_stored_is_refused(parameters: list[tuple[str, str]], raw: bytes):
    try:
        asked = incoming(("title", "x"), *parameters, body=read_body(raw))
    except Invalid as refused:
        assert "surrogate" in refused.message  # noqa: PT017 - either outcome is fine
    else:
        assert len(asked.labels) <= 100
        assert not any("\0" in label.value for label in asked.labels)
