"""Who holds which role in an incident."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from google.protobuf.message import Message

from quarterdeck.database import Connection
from quarterdeck.errors import Conflict, Invalid, NotFound, Reason
from quarterdeck.gen.incident.v1.incidents_service_pb2 import (
    AssignRoleRequest,
    GetIncidentMembershipRequest,
    UnassignRoleRequest,
)
from quarterdeck.incidents.store import incidents as store
from quarterdeck.incidents.store import tables as t
from tests.services.incidents.incidents_house import IncidentsHouse
from tests.store.manual_clock import START


async def person(incidents: IncidentsHouse, name: str, **values: Any) -> str:
    """Somebody who has not called yet; the id as answers show it."""
    row = {
        "tenant_id": incidents.tenant,
        "id": f"user-{name}",
        "name": name,
        "email": f"{name}@example.org",
        "email_folded": f"{name}@example.org",
        "photo_url": "",
        "created_at": START,
        "modified_at": START,
        **values,
    }
    await incidents.write(lambda c: c.execute(sa.insert(t.users).values(**row)))
    return f"grafana-incident:user-{name}"


def assign(user_id: str, role: str = "commander") -> AssignRoleRequest:
    return AssignRoleRequest(incident_id="1", user_id=user_id, role=role)


def unassign(user_id: str, role: str = "commander") -> UnassignRoleRequest:
    return UnassignRoleRequest(incident_id="1", user_id=user_id, role=role)


async def members(incidents: IncidentsHouse) -> list[tuple[str, str, int]]:
    answer = await incidents(GetIncidentMembershipRequest(incident_id="1"))
    return [(each.role.name, each.user.name, each.role_id) for each in answer.assignments]


async def acknowledged_at(incidents: IncidentsHouse) -> Any:
    query = sa.select(t.incidents.c.acknowledged_at).where(t.incidents.c.tenant_id == incidents.tenant)
    return await incidents.database.read(lambda c: c.execute(query).scalar_one())


async def test_somebody_gets_a_role(incidents: IncidentsHouse) -> None:
    await incidents.declare()
    ada = await person(incidents, "ada")
    incidents.events_announced()

    answer = await incidents(assign(ada, "Commander"))

    assert answer.did_change
    assert answer.incident == await incidents.incident("1")
    membership = answer.incident.incident_membership
    assert (membership.total_assignments, membership.total_participants) == (1, 0)
    (assignment,) = membership.assignments
    assert (assignment.user.user_id, assignment.user.name, assignment.role_id) == (ada, "ada", 1)
    role = assignment.role
    assert (role.role_id, role.name, role.org_id, role.important) == (1, "commander", incidents.tenant, True)
    item = (await incidents.timeline("1"))[-1]
    assert (item.kind, dict(item.field_values)) == ("roleAssigned", {"role": "commander", "roleID": "1"})
    assert item.subject_user is not None
    assert (item.subject_user.id, item.subject_user.name, item.user.name) == ("user-ada", "ada", "Service Account: ci")
    assert incidents.events_announced() == ["grafana.incident.updated.role"]


async def test_the_same_role_twice_is_no_change(incidents: IncidentsHouse) -> None:
    await incidents.declare()
    ada = await person(incidents, "ada")
    first = await incidents(assign(ada))
    incidents.events_announced()
    again = await incidents(assign("email:ADA@example.org", "COMMANDER"))
    assert (again.did_change, again.incident) == (False, first.incident)
    assert incidents.events_announced() == []


async def test_a_role_is_taken_back(incidents: IncidentsHouse) -> None:
    await incidents.declare()
    ada = await person(incidents, "ada")
    await incidents(assign(ada))
    incidents.events_announced()

    answer = await incidents(unassign(ada))

    assert answer.did_change
    assert list(answer.incident.incident_membership.assignments) == []
    item = (await incidents.timeline("1"))[-1]
    assert (item.kind, dict(item.field_values)) == ("roleUnassigned", {"role": "commander", "roleID": "1"})
    assert item.subject_user is not None
    assert item.subject_user.id == "user-ada"
    assert incidents.events_announced() == ["grafana.incident.updated.role"]
    again = await incidents(unassign(ada))
    assert (again.did_change, again.incident.version) == (False, 3)


async def test_members_come_in_the_order_of_roles_then_of_assignment(incidents: IncidentsHouse) -> None:
    await incidents.declare()
    people = [await person(incidents, name) for name in ("zoe", "ada", "mia")]
    for user_id, role in [(people[0], "observer"), (people[0], "commander"), (people[1], "commander")]:
        incidents.clock.advance(1)
        await incidents(assign(user_id, role))
    assert await members(incidents) == [("commander", "zoe", 1), ("commander", "ada", 1), ("observer", "zoe", 3)]


async def test_the_first_role_acknowledges(incidents: IncidentsHouse) -> None:
    await incidents.declare()
    ada, mia = await person(incidents, "ada"), await person(incidents, "mia")
    assert await acknowledged_at(incidents) is None
    incidents.clock.advance(60)
    await incidents(assign(ada))
    incidents.clock.advance(60)
    await incidents(assign(mia))
    await incidents(unassign(ada))
    assert await acknowledged_at(incidents) == START + timedelta(seconds=60)


@pytest.mark.parametrize(
    "reference",
    ["grafana-incident:user-ada", "user-ada", "email:Ada@Example.org", "grafana:ada-login", "grafana:77", "slack:U1"],
)
async def test_people_are_named_by_any_provider(incidents: IncidentsHouse, reference: str) -> None:
    await incidents.declare()
    await person(incidents, "ada", grafana_login="ada-login", grafana_user_id="77", slack_user_id="U1")
    (assignment,) = (await incidents(assign(reference))).incident.incident_membership.assignments
    assert assignment.user.user_id == "grafana-incident:user-ada"


async def test_participants_have_no_role(incidents: IncidentsHouse) -> None:
    await incidents.declare()
    ada = await person(incidents, "ada")
    await person(incidents, "mia")

    def join(connection: Connection) -> None:
        for name in ("ada", "mia", "mia"):
            store.join_as_participant(connection, incidents.tenant, 1, f"user-{name}", START)

    await incidents.write(join)
    assert (await incidents.incident("1")).incident_membership.total_participants == 2
    await incidents(assign(ada))
    membership = (await incidents.incident("1")).incident_membership
    assert (membership.total_assignments, membership.total_participants) == (1, 1)


async def test_hidden_roles_count_and_are_not_shown(incidents: IncidentsHouse) -> None:
    await incidents.declare()
    ada = await person(incidents, "ada")
    hide = sa.update(t.roles).where(t.roles.c.tenant_id == incidents.tenant, t.roles.c.id == 3).values(hidden=True)
    await incidents.write(lambda c: c.execute(hide))
    membership = (await incidents(assign(ada, "observer"))).incident.incident_membership
    assert (len(membership.assignments), membership.total_assignments) == (0, 1)


async def test_an_archived_role_is_refused_and_kept(incidents: IncidentsHouse) -> None:
    await incidents.declare()
    ada, mia = await person(incidents, "ada"), await person(incidents, "mia")
    await incidents(assign(ada, "observer"))
    archive = sa.update(t.roles).where(t.roles.c.tenant_id == incidents.tenant, t.roles.c.id == 3)
    await incidents.write(lambda c: c.execute(archive.values(archived=True)))

    with pytest.raises(Conflict) as refused:
        await incidents(assign(mia, "observer"))
    assert refused.value.reason is Reason.ARCHIVED
    assert await members(incidents) == [("observer", "ada", 3)]
    assert not (await incidents(assign(ada, "observer"))).did_change
    assert (await incidents(unassign(ada, "observer"))).did_change


@pytest.mark.parametrize(
    ("user_id", "role", "reason"),
    [
        pytest.param("grafana-incident:user-nobody", "commander", Reason.USER_NOT_FOUND, id="unknown user"),
        pytest.param("carrier-pigeon:1", "commander", Reason.USER_NOT_FOUND, id="unknown provider"),
        pytest.param("user-ada", "janitor", Reason.ROLE_NOT_FOUND, id="unknown role"),
    ],
)
@pytest.mark.parametrize("make", [assign, unassign])
async def test_unknown_ones_are_not_found(
    incidents: IncidentsHouse, make: Any, user_id: str, role: str, reason: Reason
) -> None:
    await incidents.declare()
    await person(incidents, "ada")
    with pytest.raises(NotFound) as missing:
        await incidents(make(user_id, role))
    assert missing.value.reason is reason
    assert (await incidents.incident("1")).version == 1


@pytest.mark.parametrize(
    ("request_", "field"),
    [
        pytest.param(assign("", "commander"), "user_id", id="nobody"),
        pytest.param(assign("user-ada", ""), "role", id="no role"),
        pytest.param(assign("x" * 513), "user_id", id="a long id"),
        pytest.param(unassign("user-ada", "x" * 101), "role", id="a long name"),
    ],
)
async def test_what_is_refused(incidents: IncidentsHouse, request_: Message, field: str) -> None:
    await incidents.declare()
    with pytest.raises(Invalid) as refused:
        await incidents(request_)
    assert refused.value.violations[0].field == field


async def test_nobody_is_in_a_new_incident(incidents: IncidentsHouse) -> None:
    await incidents.declare()
    assert await members(incidents) == []
    with pytest.raises(NotFound):
        await incidents(GetIncidentMembershipRequest(incident_id="2"))
