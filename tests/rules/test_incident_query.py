"""The query language: what parses, to what tree, and what is refused where."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quarterdeck.errors import Invalid, Reason
from quarterdeck.incidents.query.language import parse_query
from quarterdeck.incidents.query.printing import print_query
from quarterdeck.incidents.query.terms import (
    EVERYTHING,
    MAX_LENGTH,
    MAX_LEVELS,
    MAX_TERMS,
    And,
    ContextTerm,
    CreatedByTerm,
    DrillTerm,
    FieldTerm,
    LabelTerm,
    Not,
    Or,
    Query,
    RangeTerm,
    RoleTerm,
    SeverityTerm,
    StatusTerm,
    TimeField,
    TitleTerm,
    UserEmailTerm,
)

A, B, C, D = (TitleTerm(letter) for letter in "abcd")
ACTIVE = StatusTerm("active")
NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "query"),
    [
        pytest.param("", EVERYTHING, id="empty matches everything"),
        pytest.param(" \t\n", EVERYTHING, id="blank is empty"),
        pytest.param(" status:active", ACTIVE, id="mcp-grafana sends a leading space"),
        pytest.param("isdrill:false status:active", And((DrillTerm(False), ACTIVE)), id="side by side is AND"),
        pytest.param("isdrill:false and status:active", And((DrillTerm(False), ACTIVE)), id="a Grafana UI's infix and"),
        pytest.param("or(status:active status:resolved)", Or((ACTIVE, StatusTerm("resolved"))), id="gcx"),
        pytest.param(
            "isdrill:false or(declared:2026-01-01T00:00:00Z, resolved:,2026-01-01)",
            And(
                (
                    DrillTerm(False),
                    Or((RangeTerm(TimeField.DECLARED, NEW_YEAR, None), RangeTerm(TimeField.RESOLVED, None, NEW_YEAR))),
                )
            ),
            id="DevLake: a group behind a term, open ranges, a date alone",
        ),
        pytest.param('status:active severity:"major"', And((ACTIVE, SeverityTerm("major"))), id="quotes after a colon"),
        pytest.param('field:team:"web shop"', FieldTerm("team", "web shop"), id="quotes after the second colon"),
        pytest.param("field:'team':web", FieldTerm("team", "web"), id="quotes around the slug"),
        pytest.param('field:"team:web"', FieldTerm("team", "web"), id="quotes around slug and value"),
        pytest.param("field:url:http://x:80/", FieldTerm("url", "http://x:80/"), id="colons in the value"),
        pytest.param("label:web", LabelTerm("web"), id="a label under any key"),
        pytest.param("label:team:web:2", LabelTerm("web:2", key="team"), id="a label under a key"),
        pytest.param('label:"team:web"', LabelTerm("team:web"), id="quotes keep a colon in the value"),
        pytest.param("createdby:a@b.c", CreatedByTerm("a@b.c"), id="createdby"),
        pytest.param("user.email:a@b.c", UserEmailTerm("a@b.c"), id="a property with a dot"),
        pytest.param("role:commander", RoleTerm("commander"), id="role"),
        pytest.param("context:runbook", ContextTerm("runbook"), id="context"),
        pytest.param("TITLE:x IsDrill:TRUE", And((TitleTerm("x"), DrillTerm(True))), id="properties in any case"),
        pytest.param("a OR b", Or((A, B)), id="operators in any case"),
        pytest.param("a or b c and not d", Or((A, And((B, C, Not(D))))), id="not before and before or"),
        pytest.param("(a or b) c", And((Or((A, B)), C)), id="brackets"),
        pytest.param("a or (b c)", Or((A, And((B, C)))), id="with a space before the bracket: infix"),
        pytest.param("a or(b c)", And((A, Or((B, C)))), id="without: a group"),
        pytest.param("not(a b)", Not(And((A, B))), id="not of all its items"),
        pytest.param("not (a)", Not(A), id="not in front of a bracket"),
        pytest.param("not not a", Not(Not(A)), id="not twice"),
        pytest.param("and(a b)", And((A, B)), id="the and group"),
        pytest.param("or(a b and c)", Or((A, And((B, C)))), id="infix and inside a group"),
        pytest.param("or(a b or c and d)", Or((A, Or((B, And((C, D)))))), id="infix or inside a group"),
        pytest.param("or(a)", A, id="a group of one"),
        pytest.param("or(a or(b c))", Or((A, Or((B, C)))), id="nested groups stay as written"),
        pytest.param("'or'", TitleTerm("or"), id="quoted operators are text"),
        pytest.param("title:or", TitleTerm("or"), id="behind a colon too"),
        pytest.param("orbit nothing andes", And(tuple(map(TitleTerm, ("orbit", "nothing", "andes")))), id="only words"),
        pytest.param("it's", TitleTerm("it's"), id="a quote inside a word is a letter"),
        pytest.param('title:"it\'s"', TitleTerm("it's"), id="the other quote"),
        pytest.param('title:"a""b"', And((A, B)), id="a closing quote ends the term"),
        pytest.param("title:50%_", TitleTerm("50%_"), id="wildcards are ordinary"),
        pytest.param("(a)(b)", And((A, B)), id="brackets need no space"),
        pytest.param(
            "started:2026-01-01T01:00:00.1234567+01:00,",
            RangeTerm(TimeField.STARTED, NEW_YEAR.replace(microsecond=123456), None),
            id="an offset and a fraction",
        ),
    ],
)
def test_a_query_parses(text: str, query: Query):
    assert parse_query(text) == query


@pytest.mark.parametrize(
    ("text", "why", "position"),
    [
        pytest.param("modified:2026-01-01,", "unknown property 'modified'", 1, id="hosted refuses it too"),
        pytest.param("a created:>2026", "unknown property 'created'", 3, id="the position of the property"),
        pytest.param(":x", "unknown property ''", 1, id="no property"),
        pytest.param("title:", "a value is empty", 7, id="nothing behind the colon"),
        pytest.param("title: x", "a value is empty", 7, id="a space behind the colon"),
        pytest.param('title:""', "a value is empty", 7, id="empty quotes"),
        pytest.param("label:k:", "a value is empty", 9, id="a key without a value"),
        pytest.param("field:team", "field: takes a slug and a value", 7, id="a slug alone"),
        pytest.param("isdrill:yes", "'yes' is neither true nor false", 9, id="a bad boolean"),
        pytest.param("or()", "the group or(…) is empty", 1, id="an empty group"),
        pytest.param("( )", "brackets hold nothing", 1, id="empty brackets"),
        pytest.param("a or", "the operator or lacks its right operand", 3, id="nothing right"),
        pytest.param("and a", "the operator and lacks its left operand", 1, id="nothing left"),
        pytest.param("a or and b", "the operator or lacks its right operand", 3, id="two operators"),
        pytest.param("not", "the operator not lacks its right operand", 1, id="not of nothing"),
        pytest.param("or(a and)", "the operator and lacks its right operand", 6, id="inside a group"),
        pytest.param("or (a)", "the operator or lacks its left operand", 1, id="infix without a left side"),
        pytest.param("a 'b", "a quote is never closed", 3, id="an open quote"),
        pytest.param("a or(b", "a bracket is never closed", 3, id="an open group"),
        pytest.param("a (", "a bracket is never closed", 3, id="an open bracket at the end"),
        pytest.param("a)", "a closing bracket was never opened", 2, id="a stray bracket"),
        pytest.param(")", "a closing bracket was never opened", 1, id="a stray bracket alone"),
        pytest.param("f(x)", "a bracket inside a value needs quotes", 2, id="a bracket in a value"),
        pytest.param("declared:2026-02-30,", "'2026-02-30' is no date", 10, id="a day that is not"),
        pytest.param("declared:2026-01-01T00:00:00,", "is no date", 10, id="a time without an offset"),
        pytest.param("declared:0001-01-01T00:00:00+01:00,", "is no date", 10, id="before the year 1"),
        pytest.param("declared:2026-01-01", "declared: takes from,to", 10, id="no comma"),
        pytest.param("ended:,", "ended: takes from,to", 7, id="both sides left out"),
        pytest.param("a\0", "the character U+0000 is not accepted", 2, id="NUL"),
        pytest.param("title:\ud800", "the character U+D800 is not accepted", 7, id="half a surrogate pair"),
        pytest.param("x" * 4097, "more than 4096 characters", 4097, id="too long"),
        pytest.param("a " * 101, "more than 100 terms", 201, id="too many terms"),
        pytest.param("(" * 17 + "a" + ")" * 17, "more than 16 levels", 17, id="too deep"),
        pytest.param("not " * 17 + "a", "more than 16 levels", 65, id="not counts as a level"),
    ],
)
def test_a_bad_query_is_refused_where_it_is_bad(text: str, why: str, position: int):
    with pytest.raises(Invalid) as refused:
        parse_query(text, field="incidentFilter")
    assert refused.value.reason is Reason.QUERY_INVALID
    assert refused.value.message.startswith("invalid query string: ")
    assert why in refused.value.message
    assert refused.value.message.endswith(f" at position {position}")
    assert refused.value.violations[0].field == refused.value.metadata["field"] == "incidentFilter"


def test_a_query_that_is_too_long_names_the_limit():
    with pytest.raises(Invalid) as refused:
        parse_query("x" * (MAX_LENGTH + 1))
    assert refused.value.metadata == {"field": "queryString", "max": "4096"}


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("x" * MAX_LENGTH, id="length"),
        pytest.param("a " * MAX_TERMS, id="terms"),
        pytest.param("(" * MAX_LEVELS + "a" + ")" * MAX_LEVELS, id="levels"),
        pytest.param("not " * MAX_LEVELS + "a", id="nots"),
        pytest.param("(a) " * MAX_TERMS, id="levels are depth, not brackets"),
    ],
)
def test_the_limits_themselves_are_accepted(text: str):
    assert parse_query(text) is not EVERYTHING


STORABLE = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
VALUES = st.text(STORABLE, min_size=1, max_size=12).filter(lambda text: not ("'" in text and '"' in text))
MOMENTS = st.none() | st.datetimes(datetime(1000, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - Hypothesis wants it so
TERMS: st.SearchStrategy[Query] = st.one_of(
    st.builds(TitleTerm, VALUES),
    st.builds(StatusTerm, VALUES),
    st.builds(SeverityTerm, VALUES),
    st.builds(DrillTerm, st.booleans()),
    st.builds(CreatedByTerm, VALUES),
    st.builds(FieldTerm, VALUES, VALUES),
    st.builds(LabelTerm, VALUES, st.none() | VALUES),
    st.builds(ContextTerm, VALUES),
    st.builds(RoleTerm, VALUES),
    st.builds(UserEmailTerm, VALUES),
    st.builds(RangeTerm, st.sampled_from(TimeField), MOMENTS, MOMENTS).filter(
        lambda term: term.start is not None or term.end is not None
    ),
)
QUERIES = st.recursive(
    TERMS,
    lambda inner: st.one_of(
        st.builds(Not, inner),
        st.builds(And, st.lists(inner, min_size=2, max_size=3).map(tuple)),
        st.builds(Or, st.lists(inner, min_size=2, max_size=3).map(tuple)),
    ),
    max_leaves=10,
)


@given(QUERIES)
def test_a_printed_query_parses_to_itself(query: Query):
    text = print_query(query)
    if len(text) <= MAX_LENGTH and depth(query) <= MAX_LEVELS:
        assert parse_query(text) == query


def depth(query: Query) -> int:
    match query:
        case And(operands=operands) | Or(operands=operands):
            return 1 + max(map(depth, operands), default=0)
        case Not(operand=operand):
            return 1 + depth(operand)
        case _:
            return 0


OPERATORS = ("or(", "and(", "not(", "(", ")", " or ", " and ", " not ")
PROPERTIES = ("title:", "field:", "label:", "declared:", "isdrill:", "status:active")
PIECES = ("a", "true", "2026-01-01", ",", ":", "'", '"', " ", "x(", "\0", "\u3000", "İ")
WORDS = st.sampled_from((*OPERATORS, *PROPERTIES, *PIECES))


@given(st.one_of(st.text(max_size=200), st.lists(WORDS, max_size=60).map("".join)))
def test_any_text_is_a_query_or_refused(text: str):
    try:
        query = parse_query(text)
    except Invalid as refused:
        assert refused.message.startswith("invalid query string: ")  # noqa: PT017 - either outcome is fine
    else:
        if depth(query) <= MAX_LEVELS:
            assert parse_query(print_query(query)) == query


@pytest.mark.parametrize("piece", ["(", ")", "not ", "not(", "or(", "'", '"a"', "a:", "a ", "label:a:", "  "])
def test_hostile_repetition_is_answered_at_once(piece: str):
    text = (piece * MAX_LENGTH)[:MAX_LENGTH]
    began = time.perf_counter()
    try:
        parse_query(text)
    except Invalid as refused:
        assert "at position" in refused.message  # noqa: PT017 - either outcome is fine
    assert time.perf_counter() - began < 0.5
