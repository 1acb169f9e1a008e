"""Which incidents a query asks for, in memory."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quarterdeck.incidents.query.evaluation import (
    IncidentFacts,
    LabelFact,
    context_search_text,
    field_search_text,
    matches,
)
from quarterdeck.incidents.query.language import parse_query
from quarterdeck.incidents.query.structured import StructuredQuery, structured_query

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
FACTS = IncidentFacts(
    title="Checkout 100% DOWN in Straße_7",
    status="active",
    status_name="In Review",
    status_slug="in-review",
    severity_id="6f7c1f6e-0000-4000-8000-000000000001",
    severity_label="Major",
    is_drill=False,
    created_by_email="Ada@example.org",
    field_texts={
        "team": field_search_text(["Web Shop", "0a-uuid"]),
        "cost": field_search_text(["12.50"]),
        "tools": field_search_text(["u1", "kubectl", "u2", "ssh"]),
    },
    labels=(LabelFact("tags", "db"), LabelFact("Region", "EU")),
    context_texts=(context_search_text("Latency board", "https://grafana.example/d/abc"),),
    roles=("commander",),
    role_emails=("grace@example.org",),
    declared=NOON,
    started=NOON - timedelta(hours=1),
)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        pytest.param("", True, id="everything"),
        pytest.param("title:checkout", True, id="part of the title in any case"),
        pytest.param("STRASSE", True, id="full case folding"),
        pytest.param("title:100%", True, id="a per cent sign is itself"),
        pytest.param("title:1%0", False, id="and no wildcard"),
        pytest.param("title:Straße_7", True, id="an underscore is itself"),
        pytest.param("title:Straßex7", False, id="and no wildcard either"),
        pytest.param("status:ACTIVE", True, id="category"),
        pytest.param('status:"in review"', True, id="a custom status's name"),
        pytest.param("status:in-review", True, id="its slug"),
        pytest.param("status:resolved", False, id="another category"),
        pytest.param("status:unheard-of", False, id="an unknown status matches nothing"),
        pytest.param("severity:major", True, id="severity label"),
        pytest.param("severity:6F7C1F6E-0000-4000-8000-000000000001", True, id="severity id"),
        pytest.param("severity:maj", False, id="no part of a label"),
        pytest.param("isdrill:false", True, id="no drill"),
        pytest.param("isdrill:true", False, id="drill"),
        pytest.param("createdby:ada@EXAMPLE.org", True, id="creator"),
        pytest.param("createdby:ada", False, id="no part of an address"),
        pytest.param('field:Team:"web shop"', True, id="an option's value"),
        pytest.param("field:team:0A-UUID", True, id="an option's uuid"),
        pytest.param("field:team:web", False, id="no part of a value"),
        pytest.param("field:tools:ssh", True, id="one of several options"),
        pytest.param("field:tools:bash", False, id="none of them"),
        pytest.param("field:cost:12.50", True, id="a number as written"),
        pytest.param("field:nobody:x", False, id="an unknown field matches nothing"),
        pytest.param("label:eu", True, id="a label under any key"),
        pytest.param("label:region:eu", True, id="under its key"),
        pytest.param("label:tags:eu", False, id="under another"),
        pytest.param("context:latency", True, id="a context's title"),
        pytest.param("context:/d/abc", True, id="a context's URL"),
        pytest.param("context:boardhttps", False, id="not across the two"),
        pytest.param("role:Commander", True, id="somebody holds the role"),
        pytest.param("role:observer", False, id="nobody does"),
        pytest.param("user.email:grace@example.org", True, id="holds any role"),
        pytest.param("user.email:ada@example.org", False, id="the creator holds none"),
        pytest.param("declared:2026-03-01T12:00:00Z,2026-03-01T12:00:00Z", True, id="both ends are included"),
        pytest.param("declared:2026-03-01T12:00:00.000001Z,", False, id="a microsecond late"),
        pytest.param("declared:,2026-03-01", False, id="a date is its midnight"),
        pytest.param("started:2026-03-01T11:00:00Z,2026-03-01T11:30:00Z", True, id="incidentStart"),
        pytest.param("resolved:,9999-01-01", False, id="an unset time is in no range"),
        pytest.param("not(resolved:,9999-01-01)", True, id="so its negation holds"),
        pytest.param("declared:2027-01-01,2025-01-01", False, id="a range turned round holds nothing"),
        pytest.param("status:resolved or severity:major", True, id="or"),
        pytest.param("status:active severity:minor", False, id="and"),
        pytest.param("not(status:active severity:minor)", True, id="not(a b) is not(a AND b)"),
    ],
)
def test_what_matches(query: str, expected: bool):
    assert matches(parse_query(query), FACTS) is expected


def test_a_closed_incident_is_in_ranges():
    closed = replace(FACTS, resolved=NOON, ended=NOON)
    assert matches(parse_query("resolved:2026-03-01,2026-03-02 ended:2026-03-01,2026-03-02"), closed)


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0'\"\x1f"), min_size=1, max_size=20))
def test_a_title_is_found_by_itself_and_by_its_upper_case(title: str):
    facts = replace(FACTS, title=f"x{title}y")
    assert matches(parse_query(f"title:'{title}'"), facts)
    assert matches(parse_query(f"title:'{title.casefold()}'"), facts)


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        pytest.param(StructuredQuery(), True, id="nothing asked"),
        pytest.param(StructuredQuery(include_statuses=("resolved", "active")), True, id="any included status"),
        pytest.param(StructuredQuery(include_statuses=("resolved",)), False, id="only others"),
        pytest.param(StructuredQuery(include_statuses=("",)), True, id="empty names are none"),
        pytest.param(StructuredQuery(excluded_statuses=("resolved",)), True, id="another is excluded"),
        pytest.param(StructuredQuery(excluded_statuses=("in-review",)), False, id="this one is excluded"),
        pytest.param(StructuredQuery(labels=("db", "none")), True, id="any label"),
        pytest.param(StructuredQuery(severity="major"), True, id="severity"),
        pytest.param(StructuredQuery(created_from=NOON, created_to=NOON), True, id="dates, both included"),
        pytest.param(StructuredQuery(created_from=NOON + timedelta(seconds=1)), False, id="declared before"),
        pytest.param(StructuredQuery(only_drills=True), False, id="drills only"),
        pytest.param(StructuredQuery(query_string="status:active", only_drills=True), True, id="a query replaces all"),
    ],
)
def test_structured_fields(asked: StructuredQuery, expected: bool):
    assert matches(structured_query(asked), FACTS) is expected
