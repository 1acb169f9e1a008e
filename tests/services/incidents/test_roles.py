"""RolesService: bounds, names, and what Terraform relies on."""

from __future__ import annotations

from typing import Any

import pytest

from quarterdeck import events
from quarterdeck.errors import Conflict, DomainError, Invalid, NotFound, Reason
from quarterdeck.gen.incident.v1 import incidents_service_pb2 as spb
from quarterdeck.gen.incident.v1 import roles_service_pb2 as rpb
from quarterdeck.gen.incident.v1.role_pb2 import Role
from tests.services.incidents.incidents_house import IncidentsHouse


async def roles(incidents: IncidentsHouse) -> list[Role]:
    return list((await incidents(rpb.GetRolesRequest())).roles)


async def told(incidents: IncidentsHouse, stream: str) -> tuple[events.Event, ...]:
    return await incidents.database.read(
        lambda c: events.read_stream(c, tenant_id=incidents.tenant, stream=stream, limit=100)
    )


async def create(incidents: IncidentsHouse, name: str, **fields: Any) -> Role:
    made: Role = (await incidents(rpb.CreateRoleRequest(role=Role(name=name, **fields)))).role
    return made


async def test_a_new_tenant_has_the_roles_that_clients_expect(incidents):
    found = await roles(incidents)

    assert [(each.role_id, each.name, each.important, each.mandatory) for each in found] == [
        (1, "commander", True, True),
        (2, "investigator", True, True),
        (3, "observer", False, False),
    ]
    assert {each.org_id for each in found} == {incidents.tenant}
    assert all(each.created_at.ToDatetime() for each in found)
    assert not any(each.HasField("updated_at") for each in found)


async def test_times_are_filled_on_reads_only(incidents):
    made = await create(incidents, "scribe", description="", important=True)
    listed = (await roles(incidents))[-1]

    assert (made.role_id, made.name, made.description, made.important) == (4, "scribe", "", True)
    assert not made.HasField("created_at")
    assert listed.HasField("created_at")

    incidents.clock.advance(60)
    updated = (await incidents(rpb.UpdateRoleRequest(role=Role(role_id=4, name="scribe", mandatory=True)))).role
    listed = (await roles(incidents))[-1]

    assert not updated.HasField("updated_at")
    assert listed.updated_at.seconds - listed.created_at.seconds == 60


async def test_update_replaces_the_whole_role_and_checks_no_bounds(incidents):
    for name in ("commander", "investigator", "observer"):
        number = next(each.role_id for each in await roles(incidents) if each.name == name)
        await incidents(rpb.UpdateRoleRequest(role=Role(role_id=number, name=name, archived=True)))

    found = await roles(incidents)

    assert [(each.important, each.mandatory, each.archived, each.description) for each in found] == [
        (False, False, True, "")
    ] * 3


async def test_at_most_five_roles_are_active(incidents):
    await create(incidents, "scribe")
    await create(incidents, "liaison")

    with pytest.raises(Conflict, match=r"^A maximum of 5 active roles is allowed$") as refused:
        await create(incidents, "one too many")
    assert refused.value.reason is Reason.ROLES_AT_MAXIMUM

    await incidents(rpb.ArchiveRoleRequest(role_id=3))
    await create(incidents, "one too many")
    with pytest.raises(Conflict, match=r"^A maximum of 5 active roles is allowed$"):
        await incidents(rpb.UnarchiveRoleRequest(role_id=3))


@pytest.mark.parametrize("request_type", [rpb.ArchiveRoleRequest, rpb.DeleteRoleRequest])
async def test_at_least_two_roles_are_active(incidents, request_type):
    await incidents(request_type(role_id=3))

    with pytest.raises(Conflict, match=r"^At least 2 active roles are required$") as refused:
        await incidents(request_type(role_id=2))
    assert refused.value.reason is Reason.ROLES_AT_MINIMUM


async def test_deleting_looks_for_the_role_before_the_bounds(incidents):
    await incidents(rpb.DeleteRoleRequest(role_id=3))

    with pytest.raises(NotFound) as refused:
        await incidents(rpb.DeleteRoleRequest(role_id=3))
    assert refused.value.reason is Reason.ROLE_NOT_FOUND


async def test_an_archived_role_can_be_deleted_at_the_minimum(incidents):
    await incidents(rpb.ArchiveRoleRequest(role_id=3))
    await incidents(rpb.DeleteRoleRequest(role_id=3))

    assert [each.role_id for each in await roles(incidents)] == [1, 2]


async def test_archiving_and_bringing_back_twice_is_once(incidents):
    await incidents(rpb.ArchiveRoleRequest(role_id=3))
    incidents.clock.advance(60)
    await incidents(rpb.ArchiveRoleRequest(role_id=3))
    archived = (await roles(incidents))[2]
    await incidents(rpb.UnarchiveRoleRequest(role_id=3))
    await incidents(rpb.UnarchiveRoleRequest(role_id=3))

    assert archived.archived
    assert archived.updated_at == archived.created_at
    assert not (await roles(incidents))[2].archived


async def test_names_are_unique_whatever_their_case_archived_ones_included(incidents):
    await incidents(rpb.ArchiveRoleRequest(role_id=3))

    for change in (
        rpb.CreateRoleRequest(role=Role(name="OBSERVER")),
        rpb.UpdateRoleRequest(role=Role(role_id=1, name="Observer")),
    ):
        with pytest.raises(Conflict) as refused:
            await incidents(change)
        assert refused.value.reason is Reason.ROLE_NAME_TAKEN
    await incidents(rpb.UpdateRoleRequest(role=Role(role_id=3, name="Observer")))
    assert (await roles(incidents))[2].name == "Observer"


async def test_a_role_that_somebody_holds_is_archived_not_deleted(incidents):
    declared = await incidents.declare()
    person = declared.created_by_user.user_id
    await incidents(spb.AssignRoleRequest(incident_id=declared.incident_id, user_id=person, role="observer"))

    with pytest.raises(Conflict) as refused:
        await incidents(rpb.DeleteRoleRequest(role_id=3))
    assert refused.value.reason is Reason.IN_USE
    await incidents(rpb.ArchiveRoleRequest(role_id=3))
    held = (await incidents.incident(declared.incident_id)).incident_membership.assignments
    assert [each.role.name for each in held] == ["observer"]


@pytest.mark.parametrize(
    ("request_", "field"),
    [
        pytest.param(rpb.CreateRoleRequest(), "role", id="no role"),
        pytest.param(rpb.CreateRoleRequest(role=Role()), "role.name", id="no name"),
        pytest.param(rpb.CreateRoleRequest(role=Role(name="  ")), "role.name", id="a name of spaces"),
        pytest.param(rpb.CreateRoleRequest(role=Role(name="x" * 101)), "role.name", id="a long name"),
        pytest.param(
            rpb.CreateRoleRequest(role=Role(name="x", description="x" * 4097)), "role.description", id="a long text"
        ),
        pytest.param(rpb.CreateRoleRequest(role=Role(name="a\0b")), "role.name", id="NUL"),
        pytest.param(rpb.UpdateRoleRequest(role=Role(name="x")), "role.role_id", id="which role?"),
        pytest.param(rpb.DeleteRoleRequest(), "role_id", id="delete which?"),
        pytest.param(rpb.ArchiveRoleRequest(), "role_id", id="archive which?"),
        pytest.param(rpb.UnarchiveRoleRequest(), "role_id", id="unarchive which?"),
    ],
)
async def test_what_is_missing_or_too_long_is_named(incidents, request_, field):
    with pytest.raises(Invalid) as refused:
        await incidents(request_)
    assert [violation.field for violation in refused.value.violations] == [field]


@pytest.mark.parametrize("number", [4, -1, 2**31 - 1])
@pytest.mark.parametrize(
    "request_type",
    [
        rpb.DeleteRoleRequest,
        rpb.ArchiveRoleRequest,
        rpb.UnarchiveRoleRequest,
        lambda role_id: rpb.UpdateRoleRequest(role=Role(role_id=role_id, name="x")),
    ],
)
async def test_an_unknown_role_is_not_found(incidents, request_type, number):
    with pytest.raises(DomainError) as refused:
        await incidents(request_type(role_id=number))
    assert refused.value.reason is Reason.ROLE_NOT_FOUND


async def test_every_change_is_an_event_in_the_stream_of_the_role(incidents):
    await create(incidents, "scribe")
    await incidents(rpb.ArchiveRoleRequest(role_id=4))
    await incidents(rpb.ArchiveRoleRequest(role_id=4))
    await incidents(rpb.DeleteRoleRequest(role_id=4))

    stream = await told(incidents, "role:4")

    assert [each.kind for each in stream] == ["role.created", "role.updated", "role.deleted"]
    assert {each.actor for each in stream} == {"service_account:ci"}
