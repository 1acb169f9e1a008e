"""SeveritiesService: the bodies, the fixed levels, archiving and deleting."""

from __future__ import annotations

from typing import Any

import pytest

from quarterdeck import events
from quarterdeck.errors import Conflict, Invalid, NotFound, Reason
from quarterdeck.gen.incident.v1 import severities_service_pb2 as spb
from quarterdeck.gen.incident.v1.severity_pb2 import Severity, SeverityInput
from tests.services.incidents.incidents_house import IncidentsHouse

ARCHIVED = "2026-01-01T00:00:00Z"


async def severities(incidents: IncidentsHouse) -> list[Severity]:
    return list((await incidents(spb.GetOrgSeveritiesRequest())).severities)


async def by_label(incidents: IncidentsHouse) -> dict[str, Severity]:
    return {each.display_label: each for each in await severities(incidents)}


async def create(incidents: IncidentsHouse, label: str = "Moderate", level: int = 4, **fields: Any) -> Severity:
    wanted = SeverityInput(display_label=label, level=level, **fields)
    made: Severity = (await incidents(spb.CreateOrgSeverityRequest(severity=wanted))).severity
    return made


async def update(incidents: IncidentsHouse, severity_id: str, **fields: Any) -> Severity:
    wanted = SeverityInput(severity_id=severity_id, **fields)
    changed: Severity = (await incidents(spb.UpdateOrgSeverityRequest(severity=wanted))).severity
    return changed


async def test_a_new_tenant_has_four_severities_in_the_order_of_their_levels(incidents):
    found = await severities(incidents)

    assert [(each.display_label, each.level) for each in found] == [
        ("Pending", -1),
        ("Critical", 1),
        ("Major", 2),
        ("Minor", 3),
    ]
    assert {each.org_id for each in found} == {incidents.tenant}
    assert len({each.severity_id for each in found}) == 4
    for each in found:
        assert each.color == each.dark_color
        assert each.HasField("created_at")
        for unset in ("updated_at", "archived_at", "deleted_at", "archived_by_user_id", "deleted_by_user_id"):
            assert not each.HasField(unset)


async def test_a_severity_is_created_with_its_looks(incidents):
    made = await create(
        incidents, description="Some notice.", icon_name="fire", dark_color="#111111", light_color="#eeeeee"
    )

    assert made == (await severities(incidents))[-1]
    assert (made.display_label, made.level, made.description, made.icon_name) == ("Moderate", 4, "Some notice.", "fire")
    assert (made.dark_color, made.light_color, made.color) == ("#111111", "#eeeeee", "#111111")


async def test_the_fields_may_stand_in_the_request_itself(incidents):
    flat = spb.CreateOrgSeverityRequest(display_label="Cosmetic", level=5, color="#abcdef")
    made = (await incidents(flat)).severity
    both = spb.UpdateOrgSeverityRequest(
        severity_id=made.severity_id, description="outside", severity=SeverityInput(description="inside")
    )
    changed = (await incidents(both)).severity

    assert (made.display_label, made.level) == ("Cosmetic", 5)
    assert changed.description == "inside"


@pytest.mark.parametrize(
    ("given", "dark", "light"),
    [
        pytest.param({"color": "#333333"}, "#333333", "#333333", id="both are empty"),
        pytest.param({"color": "#333333", "dark_color": "#111111"}, "#111111", "#333333", id="light is empty"),
        pytest.param({"color": "#333333", "light_color": "#222222"}, "#333333", "#222222", id="dark is empty"),
        pytest.param(
            {"color": "#333333", "light_color": "#222222", "dark_color": "#111111"}, "#111111", "#222222", id="neither"
        ),
        pytest.param({}, "", "", id="no colour at all"),
    ],
)
async def test_color_fills_what_is_empty(incidents, given, dark, light):
    made = await create(incidents, **given)

    assert (made.dark_color, made.light_color, made.color) == (dark, light, dark)


async def test_an_update_keeps_what_it_does_not_name_and_clears_what_is_empty(incidents):
    made = await create(incidents, description="a", icon_name="b", dark_color="c", light_color="d")
    incidents.clock.advance(5)
    kept = await update(incidents, made.severity_id, display_label="Middling")
    cleared = await update(incidents, made.severity_id, description="", icon_name="", dark_color="", light_color="")

    assert (kept.display_label, kept.description, kept.icon_name, kept.dark_color, kept.light_color) == (
        "Middling",
        "a",
        "b",
        "c",
        "d",
    )
    assert kept.updated_at.seconds - kept.created_at.seconds == 5
    assert (cleared.description, cleared.icon_name, cleared.dark_color, cleared.light_color) == ("", "", "", "")


async def test_an_update_that_changes_nothing_changes_no_time(incidents):
    made = await create(incidents)

    assert await update(incidents, made.severity_id, display_label="Moderate", level=4) == made


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        pytest.param({"display_label": ""}, "display_label", id="an empty label"),
        pytest.param({"display_label": " "}, "display_label", id="a label of spaces"),
        pytest.param({"level": 5}, "level", id="another level"),
    ],
)
async def test_an_update_cannot_take_the_label_or_move_the_level(incidents, fields, named):
    made = await create(incidents)

    with pytest.raises(Invalid) as refused:
        await update(incidents, made.severity_id, **fields)
    assert refused.value.violations[0].field == named
    assert (await update(incidents, made.severity_id, level=4)).level == 4


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        pytest.param({"level": 4}, "display_label", id="no label"),
        pytest.param({"display_label": "  ", "level": 4}, "display_label", id="a label of spaces"),
        pytest.param({"display_label": "x"}, "level", id="no level"),
        pytest.param({"display_label": "x", "level": 0}, "level", id="level 0"),
        pytest.param({"display_label": "x", "level": 6}, "level", id="level 6"),
        pytest.param({"display_label": "x", "level": -1}, "level", id="Pending's level"),
        pytest.param({"display_label": "x" * 101, "level": 4}, "severity.display_label", id="a long label"),
        pytest.param(
            {"display_label": "x", "level": 4, "description": "x" * 4097}, "severity.description", id="a long text"
        ),
    ],
)
async def test_what_a_new_severity_needs_is_named(incidents, fields, named):
    with pytest.raises(Invalid) as refused:
        await incidents(spb.CreateOrgSeverityRequest(severity=SeverityInput(**fields)))
    assert refused.value.violations[0].field == named


async def test_label_and_level_are_unique_archived_ones_included(incidents):
    minor = (await by_label(incidents))["Minor"]
    await update(incidents, minor.severity_id, archived_at=ARCHIVED)

    for label, level in (("mINOR", 4), ("Moderate", 3)):
        with pytest.raises(Conflict) as refused:
            await create(incidents, label, level)
        assert refused.value.reason is Reason.NAME_TAKEN
    other = await create(incidents)
    with pytest.raises(Conflict):
        await update(incidents, other.severity_id, display_label="MINOR")
    assert (await update(incidents, other.severity_id, display_label="MODERATE")).display_label == "MODERATE"


async def test_archiving_uses_the_servers_clock_and_names_who_did_it(incidents):
    minor = (await by_label(incidents))["Minor"]
    archived = await update(incidents, minor.severity_id, archived_at=ARCHIVED)
    incidents.clock.advance(60)
    again = await update(incidents, minor.severity_id, archived_at="whenever")
    back = await update(incidents, minor.severity_id, archived_at="")

    assert archived.archived_at.ToDatetime() != back.archived_at.ToDatetime()
    assert archived.archived_at == archived.updated_at
    assert archived.archived_by_user_id.startswith("grafana-incident:user-")
    assert again.archived_at == archived.archived_at
    assert not back.HasField("archived_at")
    assert not back.HasField("archived_by_user_id")


async def test_an_archived_severity_cannot_be_chosen_and_incidents_keep_it(incidents):
    declared = await incidents.declare(severity="Minor")
    minor = (await by_label(incidents))["Minor"]
    await update(incidents, minor.severity_id, archived_at=ARCHIVED)

    with pytest.raises(Invalid):
        await incidents.declare(severity="Minor")
    assert (await incidents.incident(declared.incident_id)).severity == "Minor"


async def test_deleting_frees_label_and_level(incidents):
    minor = (await by_label(incidents))["Minor"]
    await incidents(spb.DeleteOrgSeverityRequest(severity_id=minor.severity_id))

    assert "Minor" not in await by_label(incidents)
    made = await create(incidents, "minor", 3)
    assert made.severity_id != minor.severity_id
    for gone in (
        spb.DeleteOrgSeverityRequest(severity_id=minor.severity_id),
        spb.UpdateOrgSeverityRequest(severity_id=minor.severity_id, description="x"),
    ):
        with pytest.raises(NotFound) as refused:
            await incidents(gone)
        assert refused.value.reason is Reason.SEVERITY_NOT_FOUND


async def test_a_severity_in_use_is_not_deleted(incidents):
    await incidents.declare(severity="Major", is_drill=True)
    major = (await by_label(incidents))["Major"]

    with pytest.raises(Conflict) as refused:
        await incidents(spb.DeleteOrgSeverityRequest(severity_id=major.severity_id))
    assert refused.value.reason is Reason.IN_USE


async def test_pending_is_always_there(incidents):
    pending = (await by_label(incidents))["Pending"]

    for gone in (
        spb.DeleteOrgSeverityRequest(severity_id=pending.severity_id),
        spb.UpdateOrgSeverityRequest(severity_id=pending.severity_id, archived_at=ARCHIVED),
    ):
        with pytest.raises(Conflict):
            await incidents(gone)
    assert (await update(incidents, pending.severity_id, display_label="New", level=-1)).display_label == "New"


@pytest.mark.parametrize(
    "request_",
    [spb.DeleteOrgSeverityRequest(), spb.UpdateOrgSeverityRequest(), spb.UpdateOrgSeverityRequest(severity_id="")],
)
async def test_a_missing_id_is_named(incidents, request_):
    with pytest.raises(Invalid) as refused:
        await incidents(request_)
    assert refused.value.violations[0].field == "severity_id"


async def test_tenants_do_not_see_each_other(incidents):
    mine = await create(incidents)
    theirs = (await incidents(spb.GetOrgSeveritiesRequest(), tenant=f"{incidents.tenant}-other")).severities

    assert len(theirs) == 4
    with pytest.raises(NotFound):
        await incidents(spb.DeleteOrgSeverityRequest(severity_id=mine.severity_id), tenant=f"{incidents.tenant}-other")


async def test_changes_are_events(incidents):
    made = await create(incidents)
    await update(incidents, made.severity_id, archived_at=ARCHIVED)
    await incidents(spb.DeleteOrgSeverityRequest(severity_id=made.severity_id))

    stream = await incidents.database.read(
        lambda c: events.read_stream(c, tenant_id=incidents.tenant, stream=f"severity:{made.severity_id}", limit=10)
    )
    assert [each.kind for each in stream] == ["severity.created", "severity.updated", "severity.deleted"]
    assert [each.payload["archived"] for each in stream] == [False, True, True]
