"""StatusService: configurations per type of incident, slugs, positions, and what is built in."""

from __future__ import annotations

from typing import Any

import pytest

from quarterdeck.errors import Conflict, Invalid, NotFound, Reason
from quarterdeck.gen.incident.v1 import incidents_service_pb2 as ipb
from quarterdeck.gen.incident.v1 import status_service_pb2 as spb
from quarterdeck.gen.incident.v1.status_pb2 import Status
from tests.services.incidents.incidents_house import IncidentsHouse


async def create(incidents: IncidentsHouse, name: str = "Looking into it", **fields: Any) -> Status:
    request = spb.CreateOrgStatusRequest(**{"name": name, "category": "active", **fields})
    made: Status = (await incidents(request)).status
    return made


async def update(incidents: IncidentsHouse, status_id: str, **fields: Any) -> Status:
    changed: Status = (await incidents(spb.UpdateOrgStatusRequest(status_id=status_id, **fields))).status
    return changed


async def configurations(incidents: IncidentsHouse, incident_type: str = "") -> list[Any]:
    return list((await incidents(spb.QueryOrgStatusesRequest(incident_type=incident_type))).configurations)


async def test_a_new_tenant_has_two_statuses_per_type(incidents):
    found = await configurations(incidents)

    assert [(each.incident_type, each.default) for each in found] == [("internal", True), ("private", False)]
    for each in found:
        assert [(s.name, s.slug, s.category, s.kind, s.position, s.immutable) for s in each.statuses] == [
            ("active", "active", "active", "active", 1, True),
            ("resolved", "resolved", "resolved", "resolved", 2, True),
        ]
        assert all(s.HasField("created_time") and not s.HasField("archived_time") for s in each.statuses)


async def test_one_type_may_be_asked_for(incidents):
    assert [each.incident_type for each in await configurations(incidents, "private")] == ["private"]
    with pytest.raises(Invalid):
        await configurations(incidents, "public")


async def test_a_status_comes_behind_the_others_of_its_type(incidents):
    first = await create(incidents, "Looking into it!", description="d", color="#123456", icon="question-circle")
    second = await create(incidents, "Watching")
    private = await create(incidents, "Watching", incident_type="private", category="resolved")

    assert (first.slug, first.position, first.incident_type, first.immutable) == (
        "looking-into-it",
        3,
        "internal",
        False,
    )
    assert (first.description, first.color, first.icon) == ("d", "#123456", "question-circle")
    assert (second.position, private.position) == (4, 3)
    assert (private.category, private.kind) == ("resolved", "resolved")
    assert (await incidents(spb.GetStatusByIDRequest(status_id=first.status_id))).status == first


@pytest.mark.parametrize("name", ["Active", "looking -- into / it", "LOOKING INTO IT"])
async def test_slugs_are_unique_per_type(incidents, name):
    await create(incidents)

    with pytest.raises(Conflict) as refused:
        await create(incidents, name)
    assert refused.value.reason is Reason.NAME_TAKEN


async def test_an_update_keeps_an_empty_name_and_category_and_replaces_the_rest(incidents):
    made = await create(incidents, description="d", color="#123456", icon="clock")
    incidents.clock.advance(7)
    changed = await update(incidents, made.status_id, name="Watching")
    same = await update(incidents, made.status_id)

    assert (changed.name, changed.slug, changed.category) == ("Watching", "watching", "active")
    assert (changed.description, changed.color, changed.icon) == ("", "", "")
    assert changed.modified_time.seconds - changed.created_time.seconds == 7
    assert same == changed


async def test_built_in_statuses_stay_as_they_are(incidents):
    builtin = (await configurations(incidents))[0].statuses[0]

    with pytest.raises(Conflict) as refused:
        await update(incidents, builtin.status_id, name="Other")
    assert refused.value.reason is Reason.IMMUTABLE


async def test_the_category_of_a_status_in_use_is_fixed(incidents):
    made = await create(incidents)
    declared = await incidents.declare()
    await incidents(ipb.UpdateStatusRequest(incident_id=declared.incident_id, status=made.slug))

    with pytest.raises(Conflict) as refused:
        await update(incidents, made.status_id, category="resolved")
    assert refused.value.reason is Reason.IN_USE
    assert (await update(incidents, made.status_id, name="Still looking")).slug == "still-looking"


async def test_the_type_is_fixed(incidents):
    made = await create(incidents)

    with pytest.raises(Invalid):
        await update(incidents, made.status_id, incident_type="private")
    assert (await update(incidents, made.status_id, incident_type="internal")).incident_type == "internal"


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        pytest.param({"name": ""}, "name", id="no name"),
        pytest.param({"name": "!?"}, "name", id="a name that makes no slug"),
        pytest.param({"name": "x" * 101}, "name", id="a long name"),
        pytest.param({"category": ""}, "category", id="no category"),
        pytest.param({"category": "done"}, "category", id="an unknown category"),
        pytest.param({"icon": "fire"}, "icon", id="an unknown icon"),
        pytest.param({"incident_type": "public"}, "incident_type", id="an unknown type"),
        pytest.param({"color": "x" * 101}, "color", id="a long colour"),
    ],
)
async def test_what_a_new_status_needs_is_named(incidents, fields, named):
    with pytest.raises(Invalid) as refused:
        await create(incidents, **fields)
    assert [each.field for each in refused.value.violations] == [named]


async def test_a_type_has_at_most_fifty_statuses(incidents):
    for number in range(48):
        await create(incidents, f"Status {number}")

    with pytest.raises(Invalid, match="at most 50"):
        await create(incidents, "One too many")
    assert (await create(incidents, "Not there", incident_type="private")).position == 3


@pytest.mark.parametrize("request_type", [spb.GetStatusByIDRequest, spb.UpdateOrgStatusRequest])
async def test_unknown_and_missing_ids(incidents, request_type):
    with pytest.raises(NotFound) as refused:
        await incidents(request_type(status_id="nobody's"))
    assert refused.value.reason is Reason.STATUS_NOT_FOUND
    with pytest.raises(Invalid):
        await incidents(request_type())
