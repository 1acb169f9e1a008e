"""Slugs, limits, labels, roles, user ids and values of custom fields."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quarterdeck.errors import Conflict, Invalid, NotFound, Reason
from quarterdeck.incidents import labels, limits, roles, users
from quarterdeck.incidents.field_values import (
    FieldDefinition,
    FieldType,
    SelectOption,
    normal_value,
    search_text,
)
from quarterdeck.incidents.incident import Label, Role
from quarterdeck.incidents.query.evaluation import field_needle
from quarterdeck.incidents.slugs import overview_url, slug, unique_slug


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            "[DevLake seed] Checkout service 5xx spike", "devlake-seed-checkout-service-5xx-spike", id="hosted"
        ),
        pytest.param("1111", "1111", id="incident-go's sample"),
        pytest.param("  a__b--c  ", "a-b-c", id="runs, and none at the ends"),
        pytest.param("Störung in Köln", "störung-in-köln", id="letters of any script"),
        pytest.param("障害", "障害", id="without ASCII letters"),
        pytest.param("!?", "", id="nothing to name it by"),
    ],
)
def test_slugs(text: str, expected: str):
    assert slug(text) == expected


@given(st.text(max_size=40))
def test_a_slug_is_its_own_slug(text: str):
    once = slug(text)
    assert slug(once) == once
    assert "--" not in once


@pytest.mark.parametrize(
    ("text", "taken", "expected"),
    [
        pytest.param("Foo!", {"bar"}, "foo", id="free"),
        pytest.param("Foo?", {"foo"}, "foo-2", id="taken"),
        pytest.param("Foo", {"foo", "foo-2"}, "foo-3", id="taken twice"),
        pytest.param("!", set(), "status", id="nothing left"),
    ],
)
def test_unique_slugs(text: str, taken: set[str], expected: str):
    assert unique_slug(text, taken, fallback="status") == expected


def test_overview_urls():
    assert overview_url(19, "1111") == "/a/grafana-irm-app/incidents/19/1111"
    assert overview_url(7, slug("Köln")) == "/a/grafana-irm-app/incidents/7/k%C3%B6ln"
    assert overview_url(7, "") == "/a/grafana-irm-app/incidents/7/incident"


@pytest.mark.parametrize(
    ("check", "metadata"),
    [
        pytest.param(lambda: limits.check_title("x" * 501), {"field": "title", "max": "500"}, id="a long title"),
        pytest.param(lambda: limits.check_title(""), {"field": "title", "min": "1"}, id="no title"),
        pytest.param(lambda: limits.check_title(" \n"), {"field": "title", "min": "1"}, id="a blank title"),
        pytest.param(
            lambda: limits.check_length("text", "😀" * 4_097, limits.TASK_TEXT),
            {"field": "text", "max": "4096"},
            id="task",
        ),
        pytest.param(lambda: limits.check_length("text", "a\0", 10), {"field": "text"}, id="NUL"),
        pytest.param(lambda: limits.check_length("text", "\ud800", 10), {"field": "text"}, id="half a surrogate pair"),
        pytest.param(lambda: limits.check_url("url", "ftp://x"), {"field": "url"}, id="another scheme"),
        pytest.param(lambda: limits.check_url("url", "/a/b"), {"field": "url"}, id="a relative URL"),
        pytest.param(lambda: limits.check_url("url", "http://"), {"field": "url"}, id="no host"),
        pytest.param(lambda: limits.check_url("url", "http://[x"), {"field": "url"}, id="a broken host"),
        pytest.param(lambda: limits.check_url("url", "http://x:99999"), {"field": "url"}, id="a broken port"),
        pytest.param(lambda: limits.check_url("url", "http://x/\r\nHost: y"), {"field": "url"}, id="line breaks"),
        pytest.param(
            lambda: limits.check_url("url", "http://x/" + "y" * 2_040), {"field": "url", "max": "2048"}, id="a long URL"
        ),
        pytest.param(lambda: limits.check_count("tasks", 501, 500), {"field": "tasks", "max": "500"}, id="a count"),
        pytest.param(
            lambda: limits.check_field_values({"a": "x" * 16_384}), {"field": "fieldValues", "max": "16384"}, id="size"
        ),
        pytest.param(lambda: limits.check_field_values(nested(2_000)), {"field": "fieldValues"}, id="deep"),
    ],
)
def test_over_the_limit(check: Callable[[], None], metadata: dict[str, str]):
    with pytest.raises(Invalid) as refused:
        check()
    assert refused.value.metadata == metadata
    violation = refused.value.violations[0]
    assert violation.field == metadata["field"]
    assert violation.maximum == (int(metadata["max"]) if "max" in metadata else None)
    assert violation.minimum == (int(metadata["min"]) if "min" in metadata else None)


def nested(levels: int) -> dict[str, Any]:
    value: dict[str, Any] = {}
    for _ in range(levels):
        value = {"a": value}
    return value


def test_the_limits_themselves_are_accepted():
    limits.check_title("😀" * 500)
    limits.check_length("body", "é" * 65_536, limits.NOTE)
    limits.check_url("url", "https://user:pw@host.example:8443/a?b=c#d")
    limits.check_count("labels", 100, limits.LABELS_PER_INCIDENT)
    limits.check_field_values({"a": "x" * 16_376})


def label(key: str, value: str) -> Label:
    return Label(key, f"k-{key}", value, f"v-{key}-{value}", value, "", "")


DB, DB_TAG, EU, CASED = label("team", "db"), label("tags", "db"), label("region", "eu"), label("tags", "EU")


@pytest.mark.parametrize(
    ("text", "removed"),
    [
        pytest.param("db", DB_TAG, id="tags first, though it came later"),
        pytest.param("eu", EU, id="an exact match before another case"),
        pytest.param("Eu", CASED, id="any case, tags first"),
        pytest.param("none", None, id="nothing to do"),
    ],
)
def test_which_label_is_removed(text: str, removed: Label | None):
    assert labels.label_to_remove((DB, EU, DB_TAG, CASED), text) == removed


def test_a_label_is_found_under_its_key():
    assert labels.find_label((DB, DB_TAG), "", "db") == DB_TAG
    assert labels.find_label((DB, DB_TAG), "TEAM", "DB") == DB
    assert labels.find_label((DB,), "tags", "db") is None
    assert labels.key_or_default("") == labels.DEFAULT_KEY


def test_labels_have_limits():
    labels.check_room_for([DB] * 99)
    with pytest.raises(Invalid):
        labels.check_room_for([DB] * 100)
    labels.check_label("", "x" * 200)
    with pytest.raises(Invalid) as refused:
        labels.check_label("k" * 101, "x")
    assert refused.value.metadata == {"field": "label.key", "max": "100"}
    with pytest.raises(Invalid):
        labels.check_label("k", "")


def role(number: int, *, archived: bool = False) -> Role:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    name = ("commander", "investigator", "observer", "scribe", "liaison")[number - 1]
    return Role(number, name, "", False, False, False, archived, now, None)


THREE = (role(1), role(2), role(3))
FIVE = (*THREE, role(4), role(5))


def test_at_most_five_roles_are_active():
    roles.check_may_become_active((*THREE, role(4), role(5, archived=True)))
    with pytest.raises(Conflict) as refused:
        roles.check_may_become_active(FIVE)
    assert refused.value.message == "A maximum of 5 active roles is allowed"
    assert refused.value.reason is Reason.ROLES_AT_MAXIMUM


def test_at_least_two_roles_are_active():
    roles.check_may_go(role(1), THREE)
    roles.check_may_go(role(3, archived=True), (role(1), role(2), role(3, archived=True)))
    with pytest.raises(Conflict) as refused:
        roles.check_may_go(role(1), (role(1), role(2), role(3, archived=True)))
    assert refused.value.message == "At least 2 active roles are required"
    assert refused.value.reason is Reason.ROLES_AT_MINIMUM


def test_role_names_are_unique_in_any_case():
    roles.check_name_free("Commander", THREE, except_id=1)
    with pytest.raises(Conflict) as refused:
        roles.check_name_free("COMMANDER", (role(1, archived=True),))
    assert refused.value.reason is Reason.ROLE_NAME_TAKEN


def test_a_role_is_assigned_by_name():
    assert roles.role_named("Commander", THREE) == role(1)
    with pytest.raises(NotFound, match="accepted: commander, investigator, observer"):
        roles.role_named("boss", THREE)
    with pytest.raises(Conflict, match="archived"):
        roles.check_assignable(role(1, archived=True))


@pytest.mark.parametrize(
    ("text", "provider", "identity"),
    [
        pytest.param("grafana-incident:user-637c92ccd784a2ee", "grafana-incident", "user-637c92ccd784a2ee", id="ours"),
        pytest.param("user-1", "grafana-incident", "user-1", id="no provider"),
        pytest.param("grafana:42", "grafana", "42", id="grafana"),
        pytest.param("slack:U1", "slack", "U1", id="slack"),
        pytest.param("MSTeams:29:1a", "msteams", "29:1a", id="a colon in the id"),
        pytest.param("email:a@b.c", "email", "a@b.c", id="email"),
    ],
)
def test_user_ids(text: str, provider: str, identity: str):
    assert users.parse_user_id(text) == users.UserReference(users.Provider(provider), identity)


@pytest.mark.parametrize("text", ["ldap:x", ":x", "slack:"])
def test_a_user_that_nobody_knows(text: str):
    with pytest.raises(NotFound) as refused:
        users.parse_user_id(text)
    assert refused.value.reason is Reason.USER_NOT_FOUND


@pytest.mark.parametrize("text", ["", "x" * 513, "a\0"])
def test_what_is_no_user_id(text: str):
    with pytest.raises(Invalid):
        users.parse_user_id(text)


def test_how_users_are_shown():
    assert users.public_id("user-1") == "grafana-incident:user-1"
    assert users.service_account_name("ci") == "Service Account: ci"
    assert users.photo_url("A@b.c ") == users.photo_url("a@b.c") != users.photo_url("d@b.c")


TEAM = FieldDefinition("team", FieldType.SINGLE_SELECT, (SelectOption("u1", "Web"), SelectOption("u2", "u1")))
TOOLS = FieldDefinition("tools", FieldType.MULTI_SELECT, (SelectOption("u1", "kubectl"), SelectOption("u2", "ssh")))


def field(kind: str) -> FieldDefinition:
    return FieldDefinition("f", FieldType(kind))


@pytest.mark.parametrize(
    ("definition", "encoded", "normal"),
    [
        pytest.param(field("string"), "", "", id="empty is unset"),
        pytest.param(field("string"), ' "a\\u00e9" ', '"aé"', id="a string, compact"),
        pytest.param(field("string"), '""', '""', id="an empty string is a value"),
        pytest.param(field("bool"), "true", "true", id="bool"),
        pytest.param(field("number"), "12.50", "12.50", id="a number as written"),
        pytest.param(field("number"), "123456789012345678901234567890", "123456789012345678901234567890", id="long"),
        pytest.param(field("date"), '"2026-01-31"', '"2026-01-31"', id="date"),
        pytest.param(field("date"), '"2026-01-31T12:00:00+01:00"', '"2026-01-31T12:00:00+01:00"', id="time"),
        pytest.param(TEAM, '"u1"', '"u1"', id="a uuid wins over the value of another"),
        pytest.param(TEAM, '"WEB"', '"u1"', id="a value becomes the uuid"),
        pytest.param(TOOLS, '["ssh","u1","u2"]', '["u2","u1"]', id="each once, in order"),
        pytest.param(TOOLS, "[]", "[]", id="none chosen"),
    ],
)
def test_field_values(definition: FieldDefinition, encoded: str, normal: str):
    assert normal_value(definition, encoded) == normal
    assert normal_value(definition, normal) == normal


@pytest.mark.parametrize(
    ("definition", "encoded"),
    [
        pytest.param(field("string"), "hello", id="no JSON"),
        pytest.param(field("string"), "1", id="a number for a string"),
        pytest.param(field("string"), '"\\u0000"', id="an escaped NUL"),
        pytest.param(field("string"), '"\\ud800"', id="half a surrogate pair"),
        pytest.param(field("string"), "[" * 10_000, id="deep"),
        pytest.param(field("string"), f'"{"x" * 16_384}"', id="too long"),
        pytest.param(field("bool"), "1", id="a number for a bool"),
        pytest.param(field("bool"), "null", id="null"),
        pytest.param(field("number"), "NaN", id="no number"),
        pytest.param(field("number"), "1e999", id="beyond a double"),
        pytest.param(field("number"), "true", id="a bool for a number"),
        pytest.param(field("number"), "٣", id="other digits"),
        pytest.param(field("date"), '"31.01.2026"', id="another date format"),
        pytest.param(field("date"), '"2026-02-30"', id="a day that is not"),
        pytest.param(TEAM, '"Ops"', id="no such option"),
        pytest.param(TEAM, '["u1"]', id="a list for one"),
        pytest.param(TOOLS, '"u1"', id="one for a list"),
        pytest.param(TOOLS, '["u1",["u2"]]', id="a list in a list"),
    ],
)
def test_other_values_are_refused(definition: FieldDefinition, encoded: str):
    with pytest.raises(Invalid) as refused:
        normal_value(definition, encoded)
    assert refused.value.metadata["field"] == "value"


@given(st.sampled_from(FieldType), st.text(max_size=30))
def test_any_text_is_a_value_or_refused(kind: FieldType, encoded: str):
    definition = FieldDefinition("f", kind, TOOLS.options)
    try:
        normal = normal_value(definition, encoded)
    except Invalid as refused:
        assert refused.reason is Reason.FIELD_INVALID  # noqa: PT017 - either outcome is fine
    else:
        assert normal_value(definition, normal) == normal


@pytest.mark.parametrize(
    ("definition", "normal", "found"),
    [
        pytest.param(field("string"), '"Web \\"Shop\\""', 'web "shop"', id="a string by its text"),
        pytest.param(field("bool"), "true", "TRUE", id="a bool"),
        pytest.param(field("number"), "12.50", "12.50", id="a number"),
        pytest.param(TEAM, '"u1"', "web", id="an option by its value"),
        pytest.param(TOOLS, '["u2","u1"]', "U1", id="an option by its uuid"),
    ],
)
def test_what_a_value_is_found_by(definition: FieldDefinition, normal: str, found: str):
    assert field_needle(found) in search_text(definition, normal)
    assert field_needle(found[:-1]) not in search_text(definition, normal)


def test_an_unset_value_is_not_found():
    assert search_text(TEAM, "") == ""
