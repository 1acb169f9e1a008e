"""Tenants, service accounts and tokens through the API."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from google.protobuf.timestamp_pb2 import Timestamp

from quarterdeck.errors import Conflict, Forbidden, Invalid, NotFound, Reason
from quarterdeck.gen.quarterdeck.admin.v1 import admin_pb2 as pb
from quarterdeck.gen.quarterdeck.wire.v1 import options_pb2
from quarterdeck.gen.tenant.v1 import tenant_pb2
from quarterdeck.identity import Identity, Role
from quarterdeck.identity import store as identity_store
from quarterdeck.identity.bootstrap import TENANT_ID
from quarterdeck.identity.records import Tenant
from tests.services.fleet_house import HouseClock, Replica, SeveredDatabase, open_replica
from tests.store.manual_clock import START

START_SECONDS = int(START.timestamp())
COLLECTOR, VIEWER, EDITOR, ADMIN = (
    options_pb2.ROLE_COLLECTOR,
    options_pb2.ROLE_VIEWER,
    options_pb2.ROLE_EDITOR,
    options_pb2.ROLE_ADMIN,
)


@pytest_asyncio.fixture
async def house(fleet: Replica) -> Replica:
    """The services of a tenant that is registered."""
    tenant = Tenant(fleet.tenant, fleet.tenant, START)
    await fleet.database.transaction(lambda c: identity_store.add_tenant(c, tenant))
    return fleet


async def account(house: Replica, name: str = "ci", role: Any = EDITOR, **options: Any) -> Any:
    return (await house(pb.CreateServiceAccountRequest(name=name, role=role), **options)).service_account


async def token(house: Replica, account_id: str, **fields: Any) -> Any:
    return await house(pb.CreateTokenRequest(service_account_id=account_id, **fields))


async def test_who_calls_is_told(house: Replica) -> None:
    told = await house(pb.GetCallerRequest(), account_id="sa_9", account_name="me", token_id="tok_9")
    assert told == pb.GetCallerResponse(
        tenant_id=house.tenant,
        service_account_id="sa_9",
        service_account_name="me",
        role=ADMIN,
        token_id="tok_9",
    )


async def test_accounts_are_listed_by_name(house: Replica) -> None:
    for name, role in (("b", VIEWER), ("a", ADMIN), ("B", COLLECTOR)):
        made = await account(house, name, role)
        assert (made.name, made.role, made.disabled, made.created_at.seconds) == (name, role, False, START_SECONDS)
    listed = (await house(pb.ListServiceAccountsRequest())).service_accounts
    assert [(item.name, item.role) for item in listed] == [("B", COLLECTOR), ("a", ADMIN), ("b", VIEWER)]


async def test_an_account_name_is_there_once(house: Replica) -> None:
    await account(house)
    with pytest.raises(Conflict) as caught:
        await account(house)
    assert caught.value.reason is Reason.ACCOUNT_NAME_TAKEN


@pytest.mark.parametrize("name", ["", " ", "a\x00", "a\nb", "x" * 101, " a"])
async def test_names_that_nobody_could_read_are_refused(house: Replica, name: str) -> None:
    with pytest.raises(Invalid):
        await account(house, name)


@pytest.mark.parametrize("role", [0, 5, 99, -1])
async def test_a_role_that_does_not_exist_is_refused(house: Replica, role: int) -> None:
    with pytest.raises(Invalid) as caught:
        await account(house, role=role)
    assert [violation.field for violation in caught.value.violations] == ["role"]


async def test_an_account_is_changed_where_the_request_says(house: Replica) -> None:
    made = await account(house)
    changed = (await house(pb.UpdateServiceAccountRequest(id=made.id, disabled=True))).service_account
    assert (changed.role, changed.disabled) == (EDITOR, True)
    changed = (await house(pb.UpdateServiceAccountRequest(id=made.id, role=VIEWER))).service_account
    assert (changed.role, changed.disabled) == (VIEWER, True)


async def test_a_token_lives_from_its_creation_to_its_revocation(house: Replica) -> None:
    made = await account(house)
    created = await token(house, made.id, name="laptop", expires_at=Timestamp(seconds=START_SECONDS + 60))
    assert (created.token.name, created.token.service_account_id) == ("laptop", made.id)
    assert created.token.expires_at.seconds == START_SECONDS + 60
    assert created.secret not in str(created.token)
    identity = Identity(house.database, house.clock)
    caller = await identity.authenticate(f"Bearer {created.secret}")
    assert (caller.tenant_id, caller.account_name, caller.role) == (house.tenant, "ci", Role.EDITOR)

    revoked = (await house(pb.RevokeTokenRequest(id=created.token.id))).token
    assert revoked.revoked_at.seconds == START_SECONDS
    house.clock.advance(30)
    assert (await house(pb.RevokeTokenRequest(id=created.token.id))).token.revoked_at.seconds == START_SECONDS
    (listed,) = (await house(pb.ListTokensRequest(service_account_id=made.id))).tokens
    assert listed.revoked_at.seconds == START_SECONDS


async def test_tokens_are_listed_in_the_order_of_their_making(house: Replica) -> None:
    first, second = await account(house, "first"), await account(house, "second")
    for owner, name in ((first, "1"), (second, "2"), (first, "3")):
        await token(house, owner.id, name=name)
        house.clock.advance(1)
    assert [t.name for t in (await house(pb.ListTokensRequest())).tokens] == ["1", "2", "3"]
    assert [t.name for t in (await house(pb.ListTokensRequest(service_account_id=first.id))).tokens] == ["1", "3"]


async def test_a_token_without_a_name_gets_one(house: Replica) -> None:
    assert (await token(house, (await account(house)).id)).token.name


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"expires_at": Timestamp(seconds=START_SECONDS)}, id="expired"),
        pytest.param({"expires_at": Timestamp(seconds=2**60)}, id="beyond time"),
        pytest.param({"expires_at": Timestamp(seconds=-(2**60))}, id="before time"),
        pytest.param({"name": "a\x00"}, id="name"),
        pytest.param({"collector_id": "c", "collector_id_prefix": "c"}, id="both bindings"),
        pytest.param({"collector_id": "a\x00"}, id="NUL in the binding"),
    ],
)
async def test_a_token_that_could_not_work_is_refused(house: Replica, fields: dict[str, Any]) -> None:
    made = await account(house, role=COLLECTOR)
    with pytest.raises(Invalid):
        await token(house, made.id, **fields)
    assert len((await house(pb.ListTokensRequest())).tokens) == 0


async def test_a_binding_is_for_tokens_of_collectors(house: Replica) -> None:
    editor, collector = await account(house, "editor"), await account(house, "collector", COLLECTOR)
    with pytest.raises(Invalid):
        await token(house, editor.id, collector_id="c")
    bound = (await token(house, collector.id, collector_id_prefix="site-")).token
    assert (bound.collector_id, bound.collector_id_prefix) == ("", "site-")


async def test_a_deleted_account_takes_its_tokens_with_it(house: Replica) -> None:
    made = await account(house)
    await token(house, made.id)
    await house(pb.DeleteServiceAccountRequest(id=made.id))
    assert len((await house(pb.ListServiceAccountsRequest())).service_accounts) == 0
    assert len((await house(pb.ListTokensRequest())).tokens) == 0


async def test_what_is_not_there_and_what_another_tenant_has_is_not_found(house: Replica) -> None:
    made = await account(house)
    theirs = (await token(house, made.id)).token
    ids: list[tuple[str, str, Any]] = [
        (made.id, theirs.id, NotFound),
        ("nobody", "nothing", NotFound),
        ("\x00", "\x00", (NotFound, Invalid)),
    ]
    for account_id, token_id, error in ids:
        for request in (
            pb.UpdateServiceAccountRequest(id=account_id, disabled=True),
            pb.DeleteServiceAccountRequest(id=account_id),
            pb.CreateTokenRequest(service_account_id=account_id),
            pb.ListTokensRequest(service_account_id=account_id),
            pb.RevokeTokenRequest(id=token_id),
        ):
            with pytest.raises(error):
                await house(request, tenant="somebody-else")
    assert len((await house(pb.ListServiceAccountsRequest(), tenant="somebody-else")).service_accounts) == 0
    assert len((await house(pb.ListTokensRequest(), tenant="somebody-else")).tokens) == 0
    (kept,) = (await house(pb.ListTokensRequest())).tokens
    assert not kept.HasField("revoked_at")


async def test_a_new_tenant_comes_with_an_admin(house: Replica) -> None:
    name = f"new-{secrets.token_hex(6)}"
    made = await house(pb.CreateTenantRequest(name=name), tenant=TENANT_ID)
    caller = await Identity(house.database, house.clock).authenticate(f"Bearer {made.admin_secret}")
    assert (caller.tenant_id, caller.role) == (made.tenant.id, Role.ADMIN)
    assert name in [t.name for t in (await house(pb.ListTenantsRequest(), tenant=TENANT_ID)).tenants]
    with pytest.raises(Conflict):
        await house(pb.CreateTenantRequest(name=name), tenant=TENANT_ID)


async def test_tenants_are_the_default_tenants_business(house: Replica) -> None:
    for request in (pb.CreateTenantRequest(name=f"new-{secrets.token_hex(6)}"), pb.ListTenantsRequest()):
        with pytest.raises(Forbidden):
            await house(request)


@pytest_asyncio.fixture
async def limited(fleet_database: SeveredDatabase, tenant: str, clock: HouseClock) -> AsyncIterator[Replica]:
    limits: dict[str, Any] = {"rate_limit_collector": 20, "rate_limit_api": 3}
    async with open_replica(fleet_database, tenant, clock, **limits) as replica:
        yield replica


async def test_limits_are_told_under_both_names(limited: Replica, house: Replica) -> None:
    told = await limited(tenant_pb2.GetLimitsRequest())
    assert (told.requests_per_second_collector, told.requests_per_second_collector_twin) == (20, 20)
    assert (told.requests_per_second_api, told.requests_per_second_api_twin) == (3, 3)
    assert await house(tenant_pb2.GetLimitsRequest()) == tenant_pb2.GetLimitsResponse()
