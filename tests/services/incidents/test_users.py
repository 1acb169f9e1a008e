"""UsersService, and how callers become users."""

from __future__ import annotations

import asyncio

import pytest

from quarterdeck.errors import Invalid, NotFound, Reason
from quarterdeck.gen.incident.v1 import users_service_pb2 as upb
from quarterdeck.gen.incident.v1.paging_pb2 import Cursor
from quarterdeck.identity import Role
from quarterdeck.incidents.actors import actor_of
from quarterdeck.incidents.incident import User
from quarterdeck.incidents.store import users as store
from quarterdeck.incidents.store.users import Person
from tests.services.incidents.incidents_house import IncidentsHouse


async def add(incidents: IncidentsHouse, user_id: str, name: str, email: str = "", **ids: str) -> None:
    now = incidents.clock.now()
    person = Person(User(user_id, name, email, "https://example.org/p.png"), now, now, **ids)
    await incidents.write(lambda c: store.add_if_missing(c, incidents.tenant, person))


async def get(incidents: IncidentsHouse, user_id: str) -> str:
    return str((await incidents(upb.GetUserRequest(user_id=user_id))).user.name)


async def test_a_caller_becomes_a_user_with_the_first_write(incidents):
    call = incidents.context(account_name="deploys")
    reader = await incidents.database.read(lambda c: actor_of(c, call))
    nobody = (await incidents(upb.QueryUsersRequest())).users
    writers = await asyncio.gather(*(incidents.write(lambda c: actor_of(c, call)) for _ in range(5)))
    (listed,) = (await incidents(upb.QueryUsersRequest())).users

    assert not nobody
    assert {writer.user for writer in writers} == {reader.user}
    assert listed.user_id == f"grafana-incident:{reader.user.id}"
    assert listed.internal_user_id == reader.user.id
    assert len(listed.internal_user_id) == len("user-") + 24
    assert listed.name == "Service Account: deploys"
    assert listed.photo_url.startswith("https://www.gravatar.com/avatar/")
    assert listed.HasField("modified_time")


async def test_accounts_and_tenants_are_different_users(incidents):
    contexts = [
        incidents.context(),
        incidents.context(account_id="sa_2"),
        incidents.context(tenant=f"{incidents.tenant}-2"),
    ]

    found = {(await incidents.write(lambda c, call=call: actor_of(c, call))).user.id for call in contexts}

    assert len(found) == 3


@pytest.mark.parametrize("role", [Role.VIEWER, Role.EDITOR, Role.ADMIN])
async def test_only_admins_see_everything(incidents, role):
    actor = await incidents.write(lambda c: actor_of(c, incidents.context(role=role)))

    assert actor.is_admin is (role is Role.ADMIN)
    assert actor.name == "service_account:ci"


@pytest.mark.parametrize(
    "user_id",
    [
        "grafana-incident:user-ada",
        "user-ada",
        "GRAFANA-INCIDENT:user-ada",
        "grafana:17",
        "grafana:ada.l",
        "slack:U17",
        "msteams:29:abc",
        "email:Ada@Example.ORG",
    ],
)
async def test_every_providers_id_finds_the_user(incidents, user_id):
    await add(
        incidents,
        "user-ada",
        "Ada",
        "ada@example.org",
        grafana_user_id="17",
        grafana_login="ada.l",
        slack_user_id="U17",
        slack_team_id="T1",
        msteams_user_id="29:abc",
    )

    user = (await incidents(upb.GetUserRequest(user_id=user_id))).user

    assert (user.user_id, user.name, user.email) == ("grafana-incident:user-ada", "Ada", "ada@example.org")
    assert (user.grafana_user_id, user.grafana_login, user.slack_user_id, user.slack_team_id) == (
        "17",
        "ada.l",
        "U17",
        "T1",
    )
    assert user.ms_teams_user_id == "29:abc"


@pytest.mark.parametrize(
    "user_id", ["user-bob", "email:", "email:bob@example.org", "grafana:", "slack:x", "github:17", ":", "slack:'"]
)
async def test_nobody_is_not_found(incidents, user_id):
    # Bob has no ids: an empty one must not find him.
    await add(incidents, "user-b", "Bob")

    with pytest.raises(NotFound) as refused:
        await get(incidents, user_id)
    assert refused.value.reason is Reason.USER_NOT_FOUND


@pytest.mark.parametrize("user_id", ["", "  ", "x" * 513, "email:a\0b"])
async def test_what_is_no_id_is_refused(incidents, user_id):
    with pytest.raises(Invalid) as refused:
        await get(incidents, user_id)
    assert refused.value.violations[0].field == "user_id"


async def test_of_two_with_one_address_the_older_one_is_meant(incidents):
    await add(incidents, "user-z", "Old", "team@example.org")
    incidents.clock.advance(1)
    await add(incidents, "user-a", "New", "TEAM@example.org")

    assert await get(incidents, "email:team@example.org") == "Old"


async def test_pages_are_ordered_by_name_then_id(incidents):
    wanted = [("user-2", "Ada"), ("user-9", "Ada"), ("user-1", "Bob"), ("user-5", "ada"), ("user-0", "Ärin")]
    for user_id, name in reversed(wanted):
        await add(incidents, user_id, name)
    found, cursor = [], Cursor()
    while True:
        answer = await incidents(upb.QueryUsersRequest(query=upb.UsersQuery(limit=2), cursor=cursor))
        found += [(each.internal_user_id, each.name) for each in answer.users]
        assert answer.query.limit == 2
        cursor = answer.cursor
        if not cursor.has_more:
            break

    assert found == wanted
    assert cursor == Cursor()


@pytest.mark.parametrize(("limit", "applied"), [(0, 50), (-3, 50), (7, 7), (100, 100), (5000, 100)])
async def test_the_echo_says_which_limit_was_applied(incidents, limit, applied):
    answer = await incidents(upb.QueryUsersRequest(query=upb.UsersQuery(limit=limit)))

    assert answer.query.limit == applied


async def test_a_cursor_of_another_list_is_refused(incidents):
    with pytest.raises(Invalid) as refused:
        await incidents(upb.QueryUsersRequest(cursor=Cursor(next_value="nonsense")))
    assert refused.value.reason is Reason.CURSOR_INVALID
