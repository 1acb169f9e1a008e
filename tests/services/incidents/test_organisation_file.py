"""An organisation's settings from a file: what is read, what is refused, and that applying twice is once."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quarterdeck.errors import Invalid
from quarterdeck.gen.incident.v1 import fields_service_pb2 as fpb
from quarterdeck.gen.incident.v1 import integration_service_pb2 as ipb
from quarterdeck.gen.incident.v1 import roles_service_pb2 as rpb
from quarterdeck.gen.incident.v1 import severities_service_pb2 as spb
from quarterdeck.gen.incident.v1 import status_service_pb2 as tpb
from quarterdeck.gen.quarterdeck.incident.v1 import incoming_token_service_pb2 as kpb
from quarterdeck.identity import Role
from quarterdeck.incidents import organisation_file
from quarterdeck.incidents.organisation import turn
from quarterdeck.incidents.organisation_file import Applied, Call, Organisation
from quarterdeck.incidents.store.organisation import claim_turn
from tests.services.incidents.incidents_house import IncidentsHouse

EVERYTHING = """
severities:
  - {label: SEV1, level: 1, description: Customers cannot buy., color: "#f2495c"}
  - {label: Minor, absent: true}
  - {label: Moderate, level: 3, icon: fire, dark_color: "#111111", light_color: "#eeeeee"}
  - {label: Major, archived: true}
roles:
  - {name: scribe, description: Writes it down., important: true}
  - {name: observer, archived: true}
  - {name: Commander, description: ""}
statuses:
  - {name: Looking into it, category: active, icon: question-circle, color: "#123456"}
  - {name: Watching, category: active, type: private}
labels:
  - {key: team, description: Who., values: [search, {value: payments, color: "#123456", description: Money.}]}
  - {key: tags, values: [cascade]}
fields:
  - name: Region
    type: multi-select
    required: true
    options:
      - eu
      - {value: us, label: America}
  - {name: Customers, type: number, slug: customer_count}
hooks:
  - event: incidentCreated
    url: https://example.org/hook
    signing_secret: 0123456789abcdef
    headers: {X-Team: search, Authorization: {env: HOOK_AUTHORIZATION}}
    events: [grafana.incident.created]
  - event: incidentFilter
    filter: "severity:SEV1"
    url: https://example.org/sev1
    signing_secret: {env: HOOK_SECRET}
tokens:
  - {name: alertmanager, secret: {env: ALERTMANAGER_TOKEN}}
"""

ENVIRONMENT = {"HOOK_AUTHORIZATION": "Bearer x", "HOOK_SECRET": "fedcba9876543210"}


def no_secrets(reference: Mapping[str, Any], where: str) -> str:
    raise AssertionError((reference, where))


def read(text: str, tenant: str = "somebody") -> Organisation:
    # A token's text names one token on the whole server.
    environment = {**ENVIRONMENT, "ALERTMANAGER_TOKEN": f"token-chosen-by-{tenant}"}
    return organisation_file.parse(text, organisation_file._secrets(environment, Path("nowhere")))


def caller(incidents: IncidentsHouse) -> Call:
    async def call(request: Any) -> Any:
        return await incidents(request, role=Role.ADMIN)

    return call


async def steps(incidents: IncidentsHouse, text: str) -> list[str]:
    planned = await organisation_file.plan(read(text, incidents.tenant), caller(incidents))
    return [f"{step.verb} {step.kind} {step.name}" for step in planned]


async def apply(incidents: IncidentsHouse, text: str) -> list[Applied]:
    call = caller(incidents)
    return await organisation_file.apply(await organisation_file.plan(read(text, incidents.tenant), call), call)


# --- applying --------------------------------------------------------------------------------------------------------


async def test_a_file_is_applied_once(incidents):
    assert await steps(incidents, EVERYTHING) == [
        "delete severity Minor",
        "update severity SEV1",
        "create severity Moderate",
        "update severity Major",
        "update role Commander",
        "archive role observer",
        "create role scribe",
        "create status Looking into it",
        "create status Watching",
        "create label team",
        "update label tags",
        "create field Region",
        "create field Customers",
        "enable hook incidentCreated",
        "enable hook incidentFilter severity:SEV1",
        "create token alertmanager",
    ]
    applied = await apply(incidents, EVERYTHING)

    assert await steps(incidents, EVERYTHING) == []
    assert not any(each.secret for each in applied)


async def test_what_a_file_says_is_there_afterwards(incidents):
    await apply(incidents, EVERYTHING)
    severities = (await incidents(spb.GetOrgSeveritiesRequest())).severities
    roles = (await incidents(rpb.GetRolesRequest())).roles
    internal, private = (await incidents(tpb.QueryOrgStatusesRequest())).configurations
    fields = {each.slug: each for each in (await incidents(fpb.GetFieldsRequest())).fields}
    hooks = (await incidents(ipb.GetEnabledHooksRequest())).enabled_hooks
    (token,) = (await incidents(kpb.ListIncomingTokensRequest(), role=Role.ADMIN)).tokens

    assert [(each.display_label, each.level, each.HasField("archived_at")) for each in severities] == [
        ("Pending", -1, False),
        ("SEV1", 1, False),
        ("Major", 2, True),
        ("Moderate", 3, False),
    ]
    assert (severities[1].dark_color, severities[1].light_color) == ("#f2495c", "#f2495c")
    assert (severities[3].dark_color, severities[3].light_color) == ("#111111", "#eeeeee")
    assert [(each.name, each.description, each.important, each.archived) for each in roles] == [
        ("Commander", "", True, False),
        ("investigator", "Looks for the cause and for a remedy.", True, False),
        ("observer", "Follows along.", False, True),
        ("scribe", "Writes it down.", True, False),
    ]
    assert [each.name for each in internal.statuses] == ["active", "resolved", "Looking into it"]
    assert [each.name for each in private.statuses] == ["active", "resolved", "Watching"]
    assert [(each.value, each.color) for each in fields["team"].selectoptions] == [
        ("search", ""),
        ("payments", "#123456"),
    ]
    assert [each.value for each in fields["tags"].selectoptions] == ["cascade"]
    assert [(each.value, each.label) for each in fields["region"].selectoptions] == [("eu", "eu"), ("us", "America")]
    assert (fields["region"].required, fields["customer_count"].type) == (True, "number")
    assert sorted(each.event_name for each in hooks) == ["incidentCreated", "incidentFilter"]
    assert token.name == "alertmanager"


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        pytest.param(
            "severities: [{label: Major, description: x}]",
            "severities: [{label: MAJOR}]",
            ["update severity MAJOR"],
            id="a label may change its case",
        ),
        pytest.param(
            "severities: [{label: Major, archived: true}]",
            "severities: [{label: Major, archived: false}]",
            ["update severity Major"],
            id="a severity comes back",
        ),
        pytest.param("{}", "severities: [{label: Nobody, absent: true}]", [], id="nothing to delete"),
        pytest.param("{}", "roles: [{name: nobody, archived: true}]", [], id="nothing to archive"),
        pytest.param(
            "roles: [{name: observer, archived: true}]",
            "roles: [{name: observer, absent: true}]",
            ["delete role observer"],
            id="an archived role is deleted",
        ),
        pytest.param(
            "labels: [{key: team, values: [a]}]",
            "labels: [{key: Team, values: [A, {value: a2, description: x}]}]",
            ["update label team"],
            id="values are added to those that are there",
        ),
        pytest.param("labels: [{key: team, values: [a]}]", "labels: [{key: team}]", [], id="and those not named stay"),
        pytest.param(
            "labels: [{key: team, values: [a]}]",
            "labels: [{key: team, values: [{value: a, color: '#123456'}]}]",
            ["update label team"],
            id="a value changes its looks",
        ),
        pytest.param(
            "labels: [{key: team}]", "labels: [{key: team, absent: true}]", ["delete label team"], id="a key goes"
        ),
        pytest.param(
            "fields: [{name: F, type: single-select, options: [a, b]}]",
            "fields: [{name: F, options: [b]}]",
            ["update field F"],
            id="a field's options are all that it has",
        ),
        pytest.param(
            "fields: [{name: F, type: bool}]", "fields: [{name: F, archived: true}]", ["archive field f"], id="archived"
        ),
        pytest.param(
            "fields: [{name: F, type: bool}]", "fields: [{name: F, absent: true}]", ["delete field f"], id="deleted"
        ),
        pytest.param(
            "fields: [{name: F, type: bool, description: x}]",
            "fields: [{name: Better, slug: f}]",
            ["update field Better"],
            id="a field is known by its slug",
        ),
        pytest.param(
            "statuses: [{name: Looking, category: active, color: '#1'}]",
            "statuses: [{name: looking!, icon: clock}]",
            ["update status looking!"],
            id="a status is known by its slug",
        ),
        pytest.param(
            "hooks: [{event: incidentCreated, url: 'https://example.org/'}]",
            "hooks: [{event: incidentCreated, absent: true}]",
            ["disable hook incidentCreated"],
            id="a hook is disabled",
        ),
        pytest.param("tokens: [{name: t}]", "tokens: [{name: t, absent: true}]", ["revoke token t"], id="a token ends"),
    ],
)
async def test_a_change_of_the_file_is_a_change(incidents, before, after, expected):
    await apply(incidents, before)

    assert await steps(incidents, after) == expected
    await apply(incidents, after)
    assert await steps(incidents, after) == []


async def test_keys_that_a_file_does_not_name_stay(incidents):
    await apply(incidents, EVERYTHING)
    await apply(
        incidents,
        """
        statuses: [{name: looking into it, description: New.}]
        fields: [{name: Region, description: New.}]
        roles: [{name: scribe, mandatory: true}]
        """,
    )
    status = (await incidents(tpb.QueryOrgStatusesRequest())).configurations[0].statuses[2]
    field = next(each for each in (await incidents(fpb.GetFieldsRequest())).fields if each.slug == "region")
    role = (await incidents(rpb.GetRolesRequest())).roles[3]

    assert (status.icon, status.color, status.description) == ("question-circle", "#123456", "New.")
    assert (len(field.selectoptions), field.required, field.description) == (2, True, "New.")
    assert (role.description, role.important, role.mandatory) == ("Writes it down.", True, True)


async def test_all_roles_may_be_replaced_within_the_bounds(incidents):
    gone = "".join(f"  - {{name: {name}, absent: true}}\n" for name in ("commander", "investigator", "observer"))
    new = "".join(f"  - {{name: role {number}}}\n" for number in range(5))
    await apply(incidents, f"roles:\n{gone}{new}")

    assert [each.name for each in (await incidents(rpb.GetRolesRequest())).roles] == [f"role {n}" for n in range(5)]


async def test_secrets_that_the_server_made_are_told_once(incidents):
    text = """
    hooks: [{event: incidentClosed, url: "https://example.org/"}]
    tokens: [{name: made}, {name: chosen, secret: {env: ALERTMANAGER_TOKEN}}]
    """
    hook, made, chosen = await apply(incidents, text)

    assert len(hook.secret) == 64
    assert made.secret
    assert chosen.secret == ""
    assert hook.secret not in repr(hook)
    assert await apply(incidents, text) == []


async def test_a_type_of_a_field_never_changes(incidents):
    await apply(incidents, "fields: [{name: F, type: bool}]")

    with pytest.raises(Invalid, match="type never changes"):
        await steps(incidents, "fields: [{name: F, type: date}]")


async def test_what_was_done_before_a_failure_stays(incidents):
    text = "severities: [{label: Fine, level: 4}, {label: Bad, level: 7}]"
    with pytest.raises(Invalid):
        await apply(incidents, text)

    assert await steps(incidents, text) == ["create severity Bad"]


# --- at the server's start -------------------------------------------------------------------------------------------


async def start(incidents: IncidentsHouse, text: str) -> list[Applied]:
    alone = turn(incidents.database, incidents.tenant, incidents.clock)
    return await organisation_file.apply_at_start(read(text, incidents.tenant), caller(incidents), alone=alone)


async def test_servers_that_start_at_once_apply_a_file_once(incidents):
    applied = await asyncio.gather(*(start(incidents, EVERYTHING) for _ in range(3)))
    hooks = (await incidents(ipb.GetEnabledHooksRequest())).enabled_hooks

    assert sorted(map(len, applied)) == [0, 0, 16]
    assert len(hooks) == 2


async def test_a_server_that_died_in_its_turn_is_not_waited_for_forever(incidents):
    now = incidents.clock.now()
    ends = now + timedelta(minutes=1)
    taken = [await incidents.write(partial(claim_turn, tenant_id=incidents.tenant, now=now, until=ends))]
    taken.append(await incidents.write(partial(claim_turn, tenant_id=incidents.tenant, now=now, until=ends)))
    incidents.clock.advance(61)
    applied = await start(incidents, "tokens: [{name: a, secret: {env: ALERTMANAGER_TOKEN}}]")

    assert taken == [True, False]
    assert len(applied) == 1


async def test_a_failure_gives_the_turn_back(incidents):
    with pytest.raises(Invalid):
        await start(incidents, "severities: [{label: Bad, level: 7}]")

    assert await start(incidents, "severities: [{label: Good, level: 4}]")


@pytest.mark.parametrize(
    "text",
    ["hooks: [{event: incidentCreated, url: 'https://example.org/'}]", "tokens: [{name: alertmanager}]"],
)
async def test_nobody_would_see_a_secret_made_at_the_start(incidents, text):
    with pytest.raises(Invalid, match="required at the server's start"):
        await start(incidents, text)


def test_the_server_applies_it_as_an_admin_of_its_own_name():
    context = organisation_file.file_context("default")

    assert (context.tenant_id, context.actor, context.caller.role) == (
        "default",
        "service_account:organisation-file",
        Role.ADMIN,
    )


# --- reading ---------------------------------------------------------------------------------------------------------


def test_an_empty_file_says_nothing():
    assert read("") == read("{}") == read("severities:\nroles: []\n") == Organisation()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("[]", "must be a mapping", id="a list"),
        pytest.param("severity: []", "severity is no section", id="a misspelt section"),
        pytest.param("severities: {}", "severities must be a list", id="no list"),
        pytest.param("severities: [x]", "severities.0. must be a mapping", id="no mapping"),
        pytest.param("severities: [{level: 1}]", "label is required", id="no label"),
        pytest.param("severities: [{label: null}]", "label must be a text", id="a null label"),
        pytest.param("severities: [{label: a, colour: b}]", "colour is unknown; accepted: label", id="a misspelt key"),
        pytest.param("severities: [{label: 1}]", "must be a text, not 1; put it in quotes", id="a number for a text"),
        pytest.param("severities: [{label: a, level: '1'}]", "must be a whole number", id="a text for a number"),
        pytest.param("severities: [{label: a, level: true}]", "must be a whole number", id="a flag for a number"),
        pytest.param(f"severities: [{{label: a, level: {10**30}}}]", "must be a whole number", id="a huge number"),
        pytest.param("roles: [{name: a, important: 1}]", "must be true or false", id="a number for a flag"),
        pytest.param("roles: [{name: no}]", "must be a text, not False", id="the Norway problem"),
        pytest.param("roles: [{name: a}, {name: A}]", r"names the same as roles\[0\]", id="twice the same"),
        pytest.param("labels: [{key: a, values: [x, X]}]", "names the same as", id="twice the same value"),
        pytest.param("roles: [{name: a, name: b}]", "'name' stands twice", id="a key twice"),
        pytest.param("hooks: [{event: a, events: x}]", "must be a list of texts", id="no list of texts"),
        pytest.param("hooks: [{event: a, headers: [x]}]", "must be a mapping of header names", id="no headers"),
        pytest.param('hooks: [{event: a, headers: {A: "x\\ny"}}]', "must stand on one line", id="two lines"),
        pytest.param("tokens: [{name: a, secret: {env: NOBODY}}]", "the environment has no NOBODY", id="no variable"),
        pytest.param("tokens: [{name: a, secret: {file: x}}]", "the file 'x' cannot be read", id="no file"),
        pytest.param("tokens: [{name: a, secret: {vault: x}}]", "must be a text, {env: NAME}", id="no vault"),
        pytest.param("tokens: [{name: a, secret: 17}]", "must be a text, {env: NAME}", id="a number for a secret"),
        pytest.param("a: b: c", "is no YAML", id="no YAML"),
        pytest.param("roles: [{name: 2026-99-99}]", "is no YAML", id="a date that is none"),
        pytest.param(f"roles: [{{name: {'1' * 5000}}}]", "is no YAML", id="a number of 5,000 digits"),
        pytest.param("roles: [{name: !!python/object:os.system x}]", "is no YAML", id="a Python object"),
        pytest.param("a: \0", "is no YAML", id="NUL"),
        pytest.param("[" * 100_000, "nested too deeply", id="deep nesting"),
        pytest.param(f"roles: [{'{name: x},' * 501}]", "at most 500", id="too many"),
        pytest.param("? [a]\n: b", "is no YAML|is no section", id="a list for a key"),
    ],
)
def test_what_is_not_understood_is_refused(text, message):
    with pytest.raises(Invalid, match=message):
        read(text)


def test_an_alias_bomb_is_small():
    bomb = "a: &a [x, x]\n" + "".join(
        f"{chr(98 + n)}: &{chr(98 + n)} [{', '.join([f'*{chr(97 + n)}'] * 9)}]\n" for n in range(20)
    )
    with pytest.raises(Invalid) as refused:
        read(bomb + "roles: *u\n")
    assert len(refused.value.message) < 500
    with pytest.raises(Invalid) as refused:
        read(f"roles:\n  - name: &n {'x' * 1000}\n    description: [*n, *n]\n")
    assert len(refused.value.message) < 500


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text):
    with suppress(Invalid):
        assert isinstance(organisation_file.parse(text, no_secrets), Organisation)


def test_secrets_come_from_files_beside_it_and_are_never_printed(tmp_path):
    (tmp_path / "secret").write_text("a-secret-in-a-file\n", encoding="utf-8")
    (tmp_path / "org.yaml").write_text(
        "tokens: [{name: a, secret: {file: secret}}]\nhooks: [{event: e, signing_secret: {env: HOOK_SECRET}}]\n",
        encoding="utf-8",
    )
    organisation = organisation_file.read_file(tmp_path / "org.yaml", ENVIRONMENT)

    assert organisation.tokens[0].secret == "a-secret-in-a-file"
    assert organisation.hooks[0].signing_secret == ENVIRONMENT["HOOK_SECRET"]
    assert "a-secret" not in repr(organisation)
    assert ENVIRONMENT["HOOK_SECRET"] not in repr(organisation)


def test_files_that_cannot_be_read_are_named(tmp_path):
    path = tmp_path / "org.yaml"
    for content, message in (
        (None, "cannot be read"),
        (b"\xff", "is not UTF-8 at byte 0"),
        (b" " * (organisation_file.LARGEST + 1), "at most 1048576"),
        (b"roles: 1", "roles must be a list"),
    ):
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(Invalid, match=message) as refused:
            organisation_file.read_file(path, {})
        assert refused.value.message.startswith(str(path))
