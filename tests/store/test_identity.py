"""Accounts, tokens and authentication on both databases."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
import pytest_asyncio

from quarterdeck import events
from quarterdeck.database import Connection, Database
from quarterdeck.errors import Conflict, Invalid, NotFound, PreconditionFailed, Reason, Unauthenticated
from quarterdeck.events import Position
from quarterdeck.identity import Accounts, Identity, Role, ServiceAccount, Token, bootstrap, store
from quarterdeck.identity.records import Tenant
from quarterdeck.identity.tokens import new_token
from tests.store.manual_clock import START, ManualClock

TENANT = "default"


class House:
    """The services over one database with one clock."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.clock = ManualClock()
        self.identity = Identity(database, self.clock)
        self.accounts = Accounts(database, self.clock, self.identity)

    async def account(self, name: str = "ci", role: Role = Role.EDITOR) -> ServiceAccount:
        return await self.accounts.create_account(TENANT, name=name, role=role, actor="test")

    async def token(self, account: ServiceAccount, **options: Any) -> tuple[Token, str]:
        return await self.accounts.create_token(TENANT, account.id, name="token", actor="test", **options)

    async def secret(self, **options: Any) -> str:
        return (await self.token(await self.account(), **options))[1]

    async def refuses(self, secret: str) -> None:
        with pytest.raises(Unauthenticated) as caught:
            await self.identity.authenticate(f"Bearer {secret}")
        assert caught.value.reason is Reason.CREDENTIALS_INVALID
        assert caught.value.message == "the token is not valid: it is unknown, expired or revoked; create a new one"


@pytest_asyncio.fixture
async def house(database: Database) -> AsyncIterator[House]:
    await database.transaction(lambda connection: store.add_tenant(connection, Tenant(TENANT, TENANT, START)))
    yield House(database)


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


async def test_a_token_is_accepted_in_every_form(house: House) -> None:
    secret = await house.secret()
    for authorization, api_key in [
        (f"Bearer {secret}", None),
        (f"bearer  {secret} ", None),
        (basic("123456", secret), None),
        (basic("", secret), None),
        (None, secret),
    ]:
        caller = await house.identity.authenticate(authorization, api_key)
        assert (caller.tenant_id, caller.account_name, caller.role) == (TENANT, "ci", Role.EDITOR)


async def test_unknown_expired_revoked_disabled_and_deleted_are_refused_alike(house: House) -> None:
    await house.refuses(new_token())
    account = await house.account()
    _, expiring = await house.token(account, expires_at=START + timedelta(seconds=10))
    revoked, revoked_secret = await house.token(account)
    _, kept = await house.token(account)
    for secret in (expiring, revoked_secret, kept):
        await house.identity.authenticate(f"Bearer {secret}")

    house.clock.advance(10)
    await house.refuses(expiring)
    await house.accounts.revoke_token(TENANT, revoked.id, actor="test")
    await house.refuses(revoked_secret)
    await house.identity.authenticate(f"Bearer {kept}")
    await house.accounts.update_account(TENANT, account.id, disabled=True, actor="test")
    await house.refuses(kept)
    await house.accounts.update_account(TENANT, account.id, disabled=False, actor="test")
    await house.identity.authenticate(f"Bearer {kept}")
    await house.accounts.delete_account(TENANT, account.id, actor="test")
    await house.refuses(kept)


async def test_a_role_changes_at_once(house: House) -> None:
    account = await house.account()
    _, secret = await house.token(account)
    await house.identity.authenticate(f"Bearer {secret}")
    await house.accounts.update_account(TENANT, account.id, role=Role.VIEWER, actor="test")
    assert (await house.identity.authenticate(f"Bearer {secret}")).role is Role.VIEWER


async def test_bindings_reach_the_caller(house: House) -> None:
    account = await house.account("fleet", Role.COLLECTOR)
    _, exact = await house.token(account, collector_id="host-1")
    _, prefixed = await house.token(account, collector_id_prefix="host-")
    bound = await house.identity.authenticate(f"Bearer {exact}")
    assert bound.may_be_collector("host-1")
    assert not bound.may_be_collector("host-10")
    assert (await house.identity.authenticate(f"Bearer {prefixed}")).may_be_collector("host-10")


@pytest.mark.parametrize("watched", [True, False], ids=["with the watch", "without the watch"])
async def test_a_revocation_elsewhere_acts_within_five_seconds(house: House, watched: bool) -> None:
    elsewhere = House(house.database)
    account = await house.account()
    token, secret = await house.token(account)
    _, kept = await house.token(account)
    await elsewhere.identity.check_changes()
    await elsewhere.identity.authenticate(f"Bearer {secret}")
    await elsewhere.identity.authenticate(f"Bearer {kept}")
    await house.accounts.revoke_token(TENANT, token.id, actor="test")
    elsewhere.clock.advance(1)
    if watched:
        await elsewhere.identity.check_changes()
    else:
        elsewhere.clock.advance(3.9)
    await elsewhere.refuses(secret)
    await elsewhere.identity.authenticate(f"Bearer {kept}")


async def test_a_watched_caller_costs_no_reads(house: House) -> None:
    secret = await house.secret()
    await house.identity.check_changes()
    await house.identity.authenticate(f"Bearer {secret}")
    await house.identity.check_changes()
    for _ in range(100):
        house.clock.advance(3)
        await house.identity.check_changes()
        assert house.identity.known_caller(f"Bearer {secret}") is not None
    house.clock.advance(4)
    assert house.identity.known_caller(f"Bearer {secret}") is None


async def test_a_lookup_that_a_revocation_overtook_is_not_believed(house: House) -> None:
    account = await house.account()
    token, secret = await house.token(account)
    other, _ = await house.token(account)
    reads = 0
    real = house.database.read

    async def slow_read(fn: Any) -> Any:
        nonlocal reads
        found = await real(fn)
        reads += 1
        if reads == 1:
            await house.accounts.revoke_token(TENANT, token.id, actor="test")
        return found

    house.database.read = slow_read  # type: ignore[method-assign]
    await house.identity.authenticate(f"Bearer {secret}")
    await house.refuses(secret)
    assert other.id != token.id


async def test_many_requests_with_a_new_token_read_once(house: House) -> None:
    secret = await house.secret()
    reads = 0
    real = house.database.read

    async def counted(fn: Any) -> Any:
        nonlocal reads
        reads += 1
        return await real(fn)

    house.database.read = counted  # type: ignore[method-assign]
    await asyncio.gather(*(house.identity.authenticate(f"Bearer {secret}") for _ in range(50)))
    unknown = new_token()
    await asyncio.gather(*(house.refuses(unknown) for _ in range(50)))
    await house.refuses(unknown)
    assert reads == 2


async def test_a_restored_older_database_is_believed(house: House) -> None:
    account = await house.account()
    _, secret = await house.token(account)
    await house.identity.check_changes()
    await house.identity.authenticate(f"Bearer {secret}")

    def restore(connection: Connection) -> None:
        connection.exec_driver_sql("UPDATE sequences SET value = 0 WHERE name = 'identity'")
        connection.exec_driver_sql("DELETE FROM tokens")

    await house.database.transaction(restore)
    await house.identity.check_changes()
    await house.refuses(secret)
    _, fresh = await house.token(account)
    await house.identity.authenticate(f"Bearer {fresh}")


async def test_last_used_is_written_together_and_never_goes_back(house: House) -> None:
    account = await house.account()
    secrets = [(await house.token(account))[1] for _ in range(3)]
    for secret in secrets[:2]:
        await house.identity.authenticate(f"Bearer {secret}")
    await house.identity.flush_last_used()
    tokens = await house.accounts.list_tokens(TENANT)
    assert sorted(str(token.last_used_at) for token in tokens) == [str(START), str(START), "None"]
    older = {(TENANT, token.id): START - timedelta(1) for token in tokens if token.last_used_at}
    await house.database.transaction(partial(store.touch_tokens, used=older))
    assert await house.accounts.list_tokens(TENANT) == tokens


async def test_the_background_work_starts_and_ends(house: House) -> None:
    secret = await house.secret()
    house.identity.start()
    await house.identity.authenticate(f"Bearer {secret}")
    await house.identity.close()
    assert (await house.accounts.list_tokens(TENANT))[0].last_used_at == START


@pytest.mark.parametrize(
    "header",
    [
        "Bearer",
        "Bearer ",
        "Bearer short",
        "Bearer qd_" + "0" * 49,
        "Bearer qd_" + "0" * 48,
        "Bearer " + "x" * 1_000_000,
        "Bearer sixteen\x00characters",
        "Bearer sixteen characters",
        "Bearer \N{SNOWMAN}" + "x" * 20,
        "Bearer \ud800" + "x" * 20,
        "Basic",
        "Basic !!!",
        "Basic \N{SNOWMAN}",
        "Basic " + base64.b64encode(b"nocolon-nocolon-nocolon").decode(),
        "Basic " + base64.b64encode(b"user:\xff\xfe" + b"x" * 20).decode(),
        "Digest username=x",
        " ",
    ],
)
async def test_malformed_credentials_are_refused_without_a_database(header: str) -> None:
    database = await Database.open("postgresql://nobody@localhost:1/nowhere")
    with pytest.raises(Unauthenticated) as caught:
        await Identity(database, ManualClock()).authenticate(header)
    assert caught.value.reason is Reason.CREDENTIALS_INVALID
    assert len(caught.value.message) < 300
    await database.close()


@pytest.mark.parametrize(("authorization", "api_key"), [(None, None), ("", ""), ("", None)])
async def test_missing_credentials_say_what_is_accepted(authorization: str | None, api_key: str | None) -> None:
    database = await Database.open("postgresql://nobody@localhost:1/nowhere")
    with pytest.raises(Unauthenticated, match="Bearer") as caught:
        await Identity(database, ManualClock()).authenticate(authorization, api_key)
    assert caught.value.reason is Reason.CREDENTIALS_MISSING
    await database.close()


# --- administration


async def test_accounts_are_listed_by_name_and_belong_to_their_tenant(house: House) -> None:
    other, _ = await house.accounts.create_tenant(name="other", actor="test")
    for name in ("b", "A", "é", "a"):
        await house.account(name)
    stranger = await house.accounts.create_account(other.tenant_id, name="a", role=Role.ADMIN, actor="test")
    listed = await house.accounts.list_accounts(TENANT)
    assert [account.name for account in listed] == ["A", "a", "b", "é"]
    assert [account.name for account in await house.accounts.list_accounts(TENANT, after="a", limit=1)] == ["b"]
    assert await house.accounts.get_account(TENANT, listed[0].id) == listed[0]
    for attempt in (
        house.accounts.get_account(TENANT, stranger.id),
        house.accounts.update_account(TENANT, stranger.id, disabled=True, actor="test"),
        house.accounts.delete_account(TENANT, stranger.id, actor="test"),
        house.accounts.create_token(TENANT, stranger.id, name="t", actor="test"),
    ):
        with pytest.raises(NotFound) as caught:
            await attempt
        assert caught.value.reason is Reason.ACCOUNT_NOT_FOUND


async def test_a_new_tenant_has_an_admin_who_can_get_in(house: House) -> None:
    tenant, secret = await house.accounts.create_tenant(name="other", actor="test")
    caller = await house.identity.authenticate(f"Bearer {secret}")
    assert (caller.tenant_id, caller.role, caller.account_name) == (tenant.tenant_id, Role.ADMIN, "admin")


async def test_bound_tokens_keep_their_account_a_collectors(house: House) -> None:
    account = await house.accounts.create_account(TENANT, name="edge", role=Role.COLLECTOR, actor="test")
    token, _ = await house.accounts.create_token(TENANT, account.id, name="t", actor="test", collector_id="c")
    with pytest.raises(PreconditionFailed, match="bound to collectors"):
        await house.accounts.update_account(TENANT, account.id, role=Role.EDITOR, actor="test")
    await house.accounts.revoke_token(TENANT, token.id, actor="test")
    raised = await house.accounts.update_account(TENANT, account.id, role=Role.EDITOR, actor="test")
    assert raised.role is Role.EDITOR


async def test_names_are_taken_once(house: House) -> None:
    await house.account("ci")
    with pytest.raises(Conflict) as account:
        await house.account("ci")
    assert account.value.reason is Reason.ACCOUNT_NAME_TAKEN
    with pytest.raises(Conflict) as tenant:
        await house.accounts.create_tenant(name=TENANT, actor="test")
    assert tenant.value.reason is Reason.TENANT_NAME_TAKEN
    with pytest.raises(NotFound) as nowhere:
        await house.accounts.create_account("nowhere", name="ci", role=Role.VIEWER, actor="test")
    assert nowhere.value.reason is Reason.TENANT_NOT_FOUND


@pytest.mark.parametrize("name", ["", " ", "a ", "a\nb", "a\x00", "x" * 101, "\ud800"])
async def test_names_that_cannot_be_shown_are_invalid(house: House, name: str) -> None:
    with pytest.raises(Invalid) as caught:
        await house.account(name)
    assert caught.value.violations[0].field == "name"


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"expires_at": START}, "expires_at"),
        ({"expires_at": START.replace(tzinfo=None) + timedelta(days=1)}, "expires_at"),
        ({"collector_id": ""}, "collector_id"),
        ({"collector_id_prefix": "a\x00"}, "collector_id_prefix"),
        ({"collector_id": "a", "collector_id_prefix": "a"}, "collector_id_prefix"),
        ({"collector_id": "a"}, "collector_id"),
    ],
)
async def test_tokens_that_make_no_sense_are_invalid(house: House, options: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as caught:
        await house.secret(**options)
    assert caught.value.violations[0].field == field


async def test_revoking_twice_and_unknown_tokens(house: House) -> None:
    token, _ = await house.token(await house.account())
    first = await house.accounts.revoke_token(TENANT, token.id, actor="test")
    house.clock.advance(1)
    assert await house.accounts.revoke_token(TENANT, token.id, actor="test") == first
    with pytest.raises(NotFound) as caught:
        await house.accounts.revoke_token(TENANT, "tok_none", actor="test")
    assert caught.value.reason is Reason.TOKEN_NOT_FOUND


async def test_every_change_is_in_the_log_and_no_secret_is(house: House) -> None:
    account = await house.account()
    token, secret = await house.token(account)
    await house.accounts.update_account(TENANT, account.id, role=Role.ADMIN, actor="test")
    await house.accounts.revoke_token(TENANT, token.id, actor="test")
    await house.accounts.delete_account(TENANT, account.id, actor="test")
    read = partial(events.read_all, tenant_id=TENANT, after=Position.START, limit=100)
    batch = await house.database.read(read)
    kinds = [event.kind for event in batch.events if event.stream == f"service_account:{account.id}"]
    assert kinds == ["created", "token_created", "updated", "token_revoked", "deleted"]
    assert secret not in repr(batch)


# --- the first start


async def test_the_first_start_makes_an_admin_once(database: Database) -> None:
    clock = ManualClock()
    secret = await bootstrap(database, clock)
    assert secret is not None
    caller = await Identity(database, clock).authenticate(f"Bearer {secret}")
    assert (caller.tenant_id, caller.account_name, caller.role) == ("default", "bootstrap-admin", Role.ADMIN)
    assert await bootstrap(database, clock) is None


async def test_the_first_start_takes_a_chosen_token(database: Database) -> None:
    assert await bootstrap(database, ManualClock(), chosen_token="correct-horse-battery") == "correct-horse-battery"
    await Identity(database, ManualClock()).authenticate(basic("any", "correct-horse-battery"))


async def test_servers_that_start_at_once_make_one_admin(database_url: str) -> None:
    servers = [await Database.open(database_url) for _ in range(4)]
    made = await asyncio.gather(*(bootstrap(server, ManualClock()) for server in servers))
    assert sum(secret is not None for secret in made) == 1
    for server in servers:
        await server.close()


@pytest.mark.parametrize("token", ["", "short", "with a space inside", "qd_not-generated-by-us", "x" * 513, "é" * 20])
async def test_a_chosen_token_that_could_not_be_presented_is_invalid(token: str) -> None:
    database = await Database.open("postgresql://nobody@localhost:1/nowhere")
    with pytest.raises(Invalid) as caught:
        await bootstrap(database, ManualClock(), chosen_token=token)
    assert not token or token not in caught.value.message
    await database.close()
