"""FieldsService: custom fields and label keys as one model, and the values that incidents have."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from quarterdeck.errors import Conflict, DomainError, Invalid, NotFound, Reason
from quarterdeck.gen.incident.v1 import fields_service_pb2 as fpb
from quarterdeck.gen.incident.v1 import incidents_service_pb2 as ipb
from quarterdeck.gen.incident.v1.field_pb2 import CustomMetadataField as Field
from quarterdeck.gen.incident.v1.field_pb2 import CustomMetadataFieldSelectOption as Option
from quarterdeck.identity import Role
from quarterdeck.incidents.query.evaluation import field_needle
from quarterdeck.incidents.store import tables
from tests.services.incidents.incidents_house import IncidentsHouse

NOBODY = "00000000-0000-4000-8000-000000000000"


async def add(incidents: IncidentsHouse, name: str = "Affected customers", **fields: Any) -> Field:
    wanted = Field(**{"name": name, "type": "string", **fields})
    made: Field = (await incidents(fpb.AddFieldRequest(field=wanted))).field
    return made


async def add_select(
    incidents: IncidentsHouse, *values: str, name: str = "Region", kind: str = "single-select"
) -> Field:
    return await add(incidents, name, type=kind, selectoptions=[Option(value=value) for value in values])


async def get(incidents: IncidentsHouse, uuid: str) -> Field:
    found: Field = (await incidents(fpb.GetFieldRequest(field_uuid=uuid, include_archived=True))).field
    return found


async def listed(incidents: IncidentsHouse, domain: str = "") -> list[str]:
    return [each.slug for each in (await incidents(fpb.GetFieldsRequest(domain_name=domain))).fields]


async def record(incidents: IncidentsHouse, incident_id: str, field: Field, value: str) -> None:
    await incidents(fpb.RecordFieldValueRequest(field_uuid=field.uuid, target_id=incident_id, value=value))


async def values(incidents: IncidentsHouse, incident_id: str, domain: str = "incident") -> dict[str, str]:
    answer = await incidents(fpb.GetFieldValuesRequest(target_id=incident_id, domain_name=domain))
    return {each.field.slug: each.value for each in answer.field_values}


def option(field: Field, value: str) -> Option:
    return next(each for each in field.selectoptions if each.value == value)


# --- fields ----------------------------------------------------------------------------------------------------------


async def test_a_field_is_stored_with_everything_that_was_sent(incidents):
    made = await add(
        incidents,
        "Region",
        type="multi-select",
        color="#123456",
        icon="globe",
        description="Where.",
        required=True,
        source="import",
        external_id="17",
        selectoptions=[
            Option(
                value="eu", label="Europe", color="#654321", icon="flag", description="d", source="s", external_id="x"
            ),
            Option(value="us"),
        ],
    )

    assert made == await get(incidents, made.uuid)
    assert (made.slug, made.domain_name, made.type, made.version) == ("region", "incident", "multi-select", 1)
    assert (made.color, made.icon, made.description, made.required) == ("#123456", "globe", "Where.", True)
    assert (made.source, made.external_id) == ("import", "17")
    first, second = made.selectoptions
    assert (first.value, first.label, first.color, first.icon, first.description) == (
        "eu",
        "Europe",
        "#654321",
        "flag",
        "d",
    )
    assert (first.source, first.external_id) == ("s", "x")
    assert (second.value, second.label, second.source) == ("us", "us", "")


async def test_fields_are_listed_by_name_and_domain(incidents):
    for name in ("Zone", "Area"):
        await add(incidents, name)
    await incidents(fpb.AddLabelKeyRequest(key="Team"))
    answer = await incidents(fpb.GetFieldsRequest())

    assert [each.slug for each in answer.fields] == ["area", "Team", "zone", "tags"]
    assert list(answer.archived) == []
    assert await listed(incidents, "incident") == ["area", "zone"]
    assert await listed(incidents, "labels") == ["Team", "tags"]
    with pytest.raises(Invalid):
        await listed(incidents, "hosts")


async def test_archived_fields_are_hidden_unless_asked_for(incidents):
    made = await add(incidents)
    await incidents(fpb.ArchiveFieldRequest(field_uuid=made.uuid))

    assert await listed(incidents, "incident") == []
    with pytest.raises(NotFound):
        await incidents(fpb.GetFieldRequest(field_uuid=made.uuid))
    assert (await get(incidents, made.uuid)).archived

    await incidents(fpb.UnarchiveFieldRequest(field_uuid=made.uuid))
    assert await listed(incidents, "incident") == [made.slug]


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        pytest.param({"name": ""}, "name", id="no name"),
        pytest.param({"name": "  "}, "name", id="a name of spaces"),
        pytest.param({"name": "x" * 101}, "field.name", id="a long name"),
        pytest.param({"type": ""}, "field.type", id="no type"),
        pytest.param({"type": "Text"}, "field.type", id="an unknown type"),
        pytest.param({"domain_name": "hosts"}, "domain_name", id="an unknown domain"),
        pytest.param({"domain_name": "labels", "type": "string"}, "field.type", id="label keys have one type"),
        pytest.param({"slug": "a b"}, "slug", id="a slug that no query could name"),
        pytest.param({"slug": "a:b"}, "slug", id="a slug with a colon"),
        pytest.param({"name": "!!"}, "slug", id="a name that makes no slug"),
        pytest.param({"selectoptions": [Option(value="x")]}, "selectoptions", id="options of a text"),
        pytest.param({"type": "single-select", "selectoptions": [Option()]}, "selectoptions[0].value", id="no value"),
        pytest.param({"color": "x" * 101}, "color", id="a long colour"),
        pytest.param({"name": "a\0"}, "name", id="NUL"),
    ],
)
async def test_what_a_new_field_needs_is_named(incidents, fields, named):
    with pytest.raises(Invalid) as refused:
        await add(incidents, **fields)
    assert refused.value.violations[0].field == named


@pytest.mark.parametrize(
    "again",
    [{"name": "region"}, {"name": "Other", "slug": "REGION"}, {"name": "Region", "type": "bool"}],
)
async def test_slugs_are_unique_within_their_domain_archived_fields_included(incidents, again):
    made = await add_select(incidents)
    await incidents(fpb.ArchiveFieldRequest(field_uuid=made.uuid))

    with pytest.raises(Conflict) as refused:
        await add(incidents, **again)
    assert refused.value.reason is Reason.NAME_TAKEN
    assert (await incidents(fpb.AddLabelKeyRequest(key="region"))).field.slug == "region"


async def test_a_given_slug_is_kept_as_it_is(incidents):
    assert (await add(incidents, slug="customer_impact.v2")).slug == "customer_impact.v2"


async def test_an_update_keeps_empty_name_slug_and_options_and_replaces_the_rest(incidents):
    made = await add_select(incidents, "eu", "us")
    request = fpb.UpdateFieldRequest(field_uuid=made.uuid, description="Where.", required=True)
    updated = (await incidents(request)).field
    renamed = (await incidents(fpb.UpdateFieldRequest(field_uuid=made.uuid, name="Zone", slug="zone"))).field

    assert (updated.name, updated.slug, updated.description, updated.required) == ("Region", "region", "Where.", True)
    assert updated.selectoptions == made.selectoptions
    assert (renamed.name, renamed.slug, renamed.description, renamed.required) == ("Zone", "zone", "", False)
    assert (updated.version, renamed.version) == (2, 3)


async def test_the_version_is_an_optimistic_lock(incidents):
    made = await add(incidents)
    await incidents(fpb.UpdateFieldRequest(field_uuid=made.uuid, version=1))

    with pytest.raises(Conflict) as refused:
        await incidents(fpb.UpdateFieldRequest(field_uuid=made.uuid, name="Late", version=1))
    assert refused.value.reason is Reason.VERSION_MISMATCH
    assert refused.value.metadata == {"version": "2"}
    assert (await incidents(fpb.UpdateFieldRequest(field_uuid=made.uuid))).field.version == 3


async def test_of_two_updates_at_once_with_one_version_one_wins(incidents):
    made = await add(incidents)
    outcomes = await asyncio.gather(
        *(
            incidents(fpb.UpdateFieldRequest(field_uuid=made.uuid, name=name, version=1))
            for name in ("one", "two", "three")
        ),
        return_exceptions=True,
    )

    assert sum(isinstance(outcome, Conflict) for outcome in outcomes) == 2


async def test_options_are_replaced_by_uuid_or_value(incidents):
    made = await add_select(incidents, "eu", "us", "asia")
    eu, us, _ = made.selectoptions
    wanted = [Option(value="US", label="America"), Option(uuid=eu.uuid, value="emea"), Option(value="apac")]
    changed = (await incidents(fpb.UpdateFieldRequest(field_uuid=made.uuid, selectoptions=wanted))).field

    assert [(each.value, each.label) for each in changed.selectoptions] == [
        ("US", "America"),
        ("emea", "emea"),
        ("apac", "apac"),
    ]
    assert [each.uuid for each in changed.selectoptions][:2] == [us.uuid, eu.uuid]


async def test_options_may_swap_their_values(incidents):
    made = await add_select(incidents, "a", "b")
    a, b = made.selectoptions
    wanted = [Option(uuid=a.uuid, value="b"), Option(uuid=b.uuid, value="a")]
    changed = (await incidents(fpb.UpdateFieldRequest(field_uuid=made.uuid, selectoptions=wanted))).field

    assert [(each.uuid, each.value) for each in changed.selectoptions] == [(a.uuid, "b"), (b.uuid, "a")]


async def test_an_immutable_field_cannot_be_changed(incidents):
    made = await add(incidents, type="single-select", immutable=True, selectoptions=[Option(value="x")])
    x = made.selectoptions[0].uuid

    for change in (
        fpb.UpdateFieldRequest(field_uuid=made.uuid, name="Other"),
        fpb.ArchiveFieldRequest(field_uuid=made.uuid),
        fpb.DeleteFieldRequest(field_uuid=made.uuid),
        fpb.AddFieldSelectOptionRequest(field_uuid=made.uuid, field_select_option=Option(value="y")),
        fpb.UpdateFieldSelectOptionRequest(field_uuid=made.uuid, select_option_uuid=x, value="z"),
        fpb.DeleteFieldSelectOptionRequest(field_uuid=made.uuid, select_option_uuid=x),
    ):
        with pytest.raises(Conflict) as refused:
            await incidents(change)
        assert refused.value.reason is Reason.IMMUTABLE


async def test_the_key_of_labels_without_a_key_stays(incidents):
    (tags,) = (await incidents(fpb.GetFieldsRequest(domain_name="labels"))).fields

    for change in (
        fpb.ArchiveFieldRequest(field_uuid=tags.uuid),
        fpb.DeleteFieldRequest(field_uuid=tags.uuid),
        fpb.UpdateFieldRequest(field_uuid=tags.uuid, slug="marks"),
    ):
        with pytest.raises(Conflict):
            await incidents(change)
    assert await listed(incidents) == ["tags"]


async def test_deleting_a_field_deletes_its_values_and_labels(incidents):
    made = await add(incidents)
    declared = await incidents.declare(labels=[{"key": "team", "label": "search"}])
    await record(incidents, declared.incident_id, made, '"many"')
    team = next(each for each in (await incidents(fpb.GetFieldsRequest())).fields if each.slug == "team")
    for uuid in (made.uuid, team.uuid):
        await incidents(fpb.DeleteFieldRequest(field_uuid=uuid))

    assert await values(incidents, declared.incident_id) == {}
    assert not (await incidents.incident(declared.incident_id)).labels
    assert (await add(incidents)).uuid != made.uuid


@pytest.mark.parametrize(
    "request_",
    [
        fpb.GetFieldRequest(field_uuid=NOBODY),
        fpb.UpdateFieldRequest(field_uuid=NOBODY),
        fpb.ArchiveFieldRequest(field_uuid=NOBODY),
        fpb.UnarchiveFieldRequest(field_uuid=NOBODY),
        fpb.DeleteFieldRequest(field_uuid=NOBODY),
        fpb.AddFieldSelectOptionRequest(field_uuid=NOBODY, field_select_option=Option(value="x")),
        fpb.UpdateFieldSelectOptionRequest(field_uuid=NOBODY, select_option_uuid=NOBODY),
        fpb.DeleteFieldSelectOptionRequest(field_uuid=NOBODY, select_option_uuid=NOBODY),
    ],
)
async def test_an_unknown_field_is_not_found_and_a_missing_one_is_named(incidents, request_):
    with pytest.raises(NotFound) as refused:
        await incidents(request_)
    assert refused.value.reason is Reason.FIELD_NOT_FOUND
    assert refused.value.metadata == {"id": NOBODY}

    nameless = type(request_)()
    nameless.CopyFrom(request_)
    nameless.field_uuid = ""
    with pytest.raises(Invalid) as missing:
        await incidents(nameless)
    assert missing.value.violations[0].field == "field_uuid"


# --- options ---------------------------------------------------------------------------------------------------------


async def test_options_are_added_changed_and_deleted_one_by_one(incidents):
    made = await add_select(incidents, "eu")
    request = fpb.AddFieldSelectOptionRequest(field_uuid=made.uuid, field_select_option=Option(value="us", color="#1"))
    uuid = (await incidents(request)).field_select_option_uuid
    await incidents(
        fpb.UpdateFieldSelectOptionRequest(field_uuid=made.uuid, select_option_uuid=uuid, label="America", icon="i")
    )
    changed = await get(incidents, made.uuid)
    await incidents(
        fpb.DeleteFieldSelectOptionRequest(field_uuid=made.uuid, select_option_uuid=made.selectoptions[0].uuid)
    )
    left = await get(incidents, made.uuid)

    assert [(each.value, each.label, each.color, each.icon) for each in changed.selectoptions] == [
        ("eu", "eu", "", ""),
        ("us", "America", "", "i"),
    ]
    assert [each.uuid for each in left.selectoptions] == [uuid]
    assert left.version == 4


async def test_values_of_options_differ_in_any_case(incidents):
    made = await add_select(incidents, "eu", "us")
    us = option(made, "us").uuid

    for change in (
        fpb.AddFieldSelectOptionRequest(field_uuid=made.uuid, field_select_option=Option(value="EU")),
        fpb.UpdateFieldSelectOptionRequest(field_uuid=made.uuid, select_option_uuid=us, value="Eu"),
        fpb.UpdateFieldRequest(field_uuid=made.uuid, selectoptions=[Option(value="x"), Option(value="X")]),
    ):
        with pytest.raises(Conflict) as refused:
            await incidents(change)
        assert refused.value.reason is Reason.NAME_TAKEN


@pytest.mark.parametrize("kind", ["single-select", "multi-select"])
async def test_an_option_that_an_incident_has_is_not_deleted(incidents, kind):
    made = await add_select(incidents, "eu", "us", kind=kind)
    declared = await incidents.declare()
    await record(incidents, declared.incident_id, made, '"eu"' if kind == "single-select" else '["eu"]')

    for change in (
        fpb.DeleteFieldSelectOptionRequest(field_uuid=made.uuid, select_option_uuid=option(made, "eu").uuid),
        fpb.UpdateFieldRequest(field_uuid=made.uuid, selectoptions=[Option(value="us")]),
    ):
        with pytest.raises(Conflict) as refused:
            await incidents(change)
        assert refused.value.reason is Reason.IN_USE
    await incidents(
        fpb.DeleteFieldSelectOptionRequest(field_uuid=made.uuid, select_option_uuid=option(made, "us").uuid)
    )


@pytest.mark.parametrize("request_type", [fpb.UpdateFieldSelectOptionRequest, fpb.DeleteFieldSelectOptionRequest])
async def test_an_unknown_option_is_not_found(incidents, request_type):
    made = await add_select(incidents, "eu")

    with pytest.raises(NotFound) as refused:
        await incidents(request_type(field_uuid=made.uuid, select_option_uuid=NOBODY))
    assert refused.value.reason is Reason.SELECT_OPTION_NOT_FOUND


async def test_only_select_fields_have_options(incidents):
    made = await add(incidents)

    with pytest.raises(Invalid):
        await incidents(fpb.AddFieldSelectOptionRequest(field_uuid=made.uuid, field_select_option=Option(value="x")))


async def test_a_domain_has_at_most_100_fields(incidents):
    for number in range(100):
        await add(incidents, f"Field {number}")

    with pytest.raises(Invalid, match="at most 100"):
        await add(incidents, "One too many")
    assert (await incidents(fpb.AddLabelKeyRequest(key="team"))).field.slug == "team"


async def test_a_field_has_at_most_500_options(incidents):
    made = await add_select(incidents, *map(str, range(500)))

    with pytest.raises(Invalid, match="at most 500"):
        await incidents(fpb.AddFieldSelectOptionRequest(field_uuid=made.uuid, field_select_option=Option(value="x")))
    assert [each.value for each in made.selectoptions] == list(map(str, range(500)))


# --- label keys and values -------------------------------------------------------------------------------------------


async def test_label_keys_and_values_are_added_for_scripts(incidents):
    key = (await incidents(fpb.AddLabelKeyRequest(key="Team", description="Who.", color_hex="#123456"))).field
    field = (await incidents(fpb.AddLabelValueRequest(key="team", value="Search", color_hex="#654321"))).field
    tags = (await incidents(fpb.AddLabelValueRequest(value="cascade"))).field

    assert (key.slug, key.name, key.type, key.domain_name) == ("Team", "Team", "multi-select", "labels")
    assert (key.description, key.color) == ("Who.", "#123456")
    assert field.uuid == key.uuid
    assert [(each.value, each.label, each.color) for each in field.selectoptions] == [("Search", "Search", "#654321")]
    assert (tags.slug, tags.selectoptions[0].value) == ("tags", "cascade")


@pytest.mark.parametrize(
    ("request_", "reason"),
    [
        (fpb.AddLabelKeyRequest(key="TAGS"), Reason.NAME_TAKEN),
        (fpb.AddLabelValueRequest(key="nobody", value="x"), Reason.FIELD_NOT_FOUND),
        (fpb.AddLabelValueRequest(value="CASCADE"), Reason.NAME_TAKEN),
        (fpb.AddLabelKeyRequest(), Reason.FIELD_INVALID),
        (fpb.AddLabelValueRequest(key="tags"), Reason.FIELD_INVALID),
        (fpb.AddLabelValueRequest(key="tags", value="x" * 201), Reason.FIELD_INVALID),
    ],
)
async def test_label_keys_and_values_that_cannot_be_added(incidents, request_, reason):
    await incidents(fpb.AddLabelValueRequest(value="cascade"))

    with pytest.raises(DomainError) as refused:
        await incidents(request_)
    assert refused.value.reason is reason


async def test_a_label_that_somebody_made_on_the_way_is_an_option(incidents):
    declared = await incidents.declare(labels=[{"key": "team", "label": "search"}])
    found = await values(incidents, declared.incident_id, "labels")
    team = next(each for each in (await incidents(fpb.GetFieldsRequest())).fields if each.slug == "team")

    assert found == {"tags": "", "team": f'["{option(team, "search").uuid}"]'}


# --- values ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "sent", "stored"),
    [
        ("string", '"many"', '"many"'),
        ("string", '""', '""'),
        ("bool", "true", "true"),
        ("number", "1.50", "1.50"),
        ("date", '"2026-01-31"', '"2026-01-31"'),
        ("date", '"2026-01-31T12:00:00+02:00"', '"2026-01-31T12:00:00+02:00"'),
    ],
)
async def test_a_value_is_json_by_the_type_of_its_field(incidents, kind, sent, stored):
    made = await add(incidents, type=kind)
    declared = await incidents.declare()
    await record(incidents, declared.incident_id, made, sent)

    assert await values(incidents, declared.incident_id) == {made.slug: stored}
    await record(incidents, declared.incident_id, made, "")
    assert await values(incidents, declared.incident_id) == {made.slug: ""}


async def test_an_option_is_taken_by_uuid_or_value(incidents):
    single = await add_select(incidents, "eu", "us", name="single-select", kind="single-select")
    multi = await add_select(incidents, "eu", "us", name="multi-select", kind="multi-select")
    declared = await incidents.declare()
    await record(incidents, declared.incident_id, single, f'"{option(single, "us").uuid}"')
    await record(incidents, declared.incident_id, multi, f'["US", "{option(multi, "eu").uuid}", "us"]')

    assert await values(incidents, declared.incident_id) == {
        "single-select": f'"{option(single, "us").uuid}"',
        "multi-select": f'["{option(multi, "us").uuid}","{option(multi, "eu").uuid}"]',
    }


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("string", "many"),
        ("string", "17"),
        ("bool", '"true"'),
        ("number", '"1"'),
        ("number", "NaN"),
        ("date", '"tomorrow"'),
        ("single-select", '"asia"'),
        ("multi-select", '"eu"'),
        ("multi-select", "[" * 10_000),
        ("string", '"\\u0000"'),
        ("string", '"' + "x" * 16_384 + '"'),
    ],
)
async def test_a_value_of_another_type_is_refused(incidents, kind, value):
    made = await add(incidents, type=kind, selectoptions=[Option(value="eu")] if "select" in kind else [])
    declared = await incidents.declare()

    with pytest.raises(Invalid) as refused:
        await record(incidents, declared.incident_id, made, value)
    assert refused.value.violations[0].field == "value"


async def test_recording_changes_the_incident_once(incidents):
    made = await add(incidents)
    declared = await incidents.declare()
    incidents.announced.clear()
    incidents.clock.advance(10)
    for _ in range(2):
        await record(incidents, declared.incident_id, made, '"many"')
    changed = await incidents.incident(declared.incident_id)

    assert incidents.events_announced() == ["grafana.incident.updated"]
    assert changed.version == declared.version + 1
    assert changed.modified_time.seconds - declared.modified_time.seconds == 10


async def test_a_label_keys_value_is_the_labels_under_it(incidents):
    declared = await incidents.declare(labels=[{"key": "team", "label": "search"}, {"label": "cascade"}])
    team = (await incidents(fpb.AddLabelValueRequest(key="team", value="payments"))).field
    incidents.announced.clear()
    await record(incidents, declared.incident_id, team, '["payments"]')
    changed = await incidents.incident(declared.incident_id)
    told = incidents.events_announced()
    await record(incidents, declared.incident_id, team, "")

    assert sorted((each.key, each.label) for each in changed.labels) == [("tags", "cascade"), ("team", "payments")]
    assert told == ["grafana.incident.removed.label", "grafana.incident.added.label"]
    assert [item.kind for item in await incidents.timeline(declared.incident_id)][-3:] == [
        "labelRemoved",
        "labelAdded",
        "labelRemoved",
    ]
    assert [each.label for each in (await incidents.incident(declared.incident_id)).labels] == ["cascade"]


async def test_a_renamed_option_is_found_by_its_new_value(incidents):
    made = await add_select(incidents, "eu", "us")
    declared = await incidents.declare()
    await record(incidents, declared.incident_id, made, '"eu"')
    await incidents(
        fpb.UpdateFieldSelectOptionRequest(
            field_uuid=made.uuid, select_option_uuid=option(made, "eu").uuid, value="EMEA"
        )
    )
    columns = tables.field_values.c
    query = tables.field_values.select().where(columns.tenant_id == incidents.tenant)
    (row,) = await incidents.database.read(lambda c: c.execute(query).mappings().all())

    assert field_needle("emea") in row["search_text"]
    assert field_needle("eu") not in row["search_text"]


async def test_an_archived_field_takes_no_values(incidents):
    made = await add(incidents)
    declared = await incidents.declare()
    await incidents(fpb.ArchiveFieldRequest(field_uuid=made.uuid))

    with pytest.raises(Conflict) as refused:
        await record(incidents, declared.incident_id, made, '"x"')
    assert refused.value.reason is Reason.ARCHIVED


@pytest.mark.parametrize("target", ["99", "01", "-1", "x", "9" * 40, "٣"])
@pytest.mark.parametrize("request_type", [fpb.GetFieldValuesRequest, fpb.RecordFieldValueRequest])
async def test_an_unknown_incident_is_not_found(incidents, request_type, target):
    request = request_type(target_id=target)
    if request_type is fpb.RecordFieldValueRequest:
        request.field_uuid = (await add(incidents)).uuid

    with pytest.raises(NotFound) as refused:
        await incidents(request)
    assert refused.value.reason is Reason.INCIDENT_NOT_FOUND


async def test_targets_are_incidents(incidents):
    declared = await incidents.declare()
    known = fpb.GetFieldValuesRequest(target_id=declared.incident_id, target_kind="incident")
    await incidents(known)

    for request, named in (
        (fpb.GetFieldValuesRequest(target_id=declared.incident_id, target_kind="alert"), "target_kind"),
        (fpb.GetFieldValuesRequest(), "target_id"),
    ):
        with pytest.raises(Invalid) as refused:
            await incidents(request)
        assert refused.value.violations[0].field == named


async def test_a_private_incident_does_not_exist_for_others(incidents):
    made = await add(incidents)
    declared = (
        await incidents(ipb.CreateIncidentRequest(title="Breach", incident_type="private"), account_id="sa_author")
    ).incident
    values_of = fpb.GetFieldValuesRequest(target_id=declared.incident_id)
    set_value = fpb.RecordFieldValueRequest(target_id=declared.incident_id, field_uuid=made.uuid, value='"x"')

    for request in (values_of, set_value):
        with pytest.raises(NotFound):
            await incidents(request, account_id="sa_other")
        await incidents(request, account_id="sa_author")
        await incidents(request, account_id="sa_other", role=Role.ADMIN)
