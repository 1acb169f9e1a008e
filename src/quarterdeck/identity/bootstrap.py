"""The first start on an empty database: somebody must be able to log in."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection

from quarterdeck import events
from quarterdeck.clock import Clock, new_id
from quarterdeck.database import Database
from quarterdeck.errors import Invalid, Reason
from quarterdeck.identity import store
from quarterdeck.identity.call import Role
from quarterdeck.identity.records import ServiceAccount, Tenant, Token
from quarterdeck.identity.tokens import MAX_LENGTH, MIN_LITERAL, is_well_formed, new_token, token_hash

TENANT_ID: Final = "default"
ACCOUNT_NAME: Final = "bootstrap-admin"


async def bootstrap(database: Database, clock: Clock, *, chosen_token: str | None = None) -> str | None:
    """On a database without tenants: creates tenant `default`, account `bootstrap-admin` and an admin token.

    Returns the token (the chosen one, else a random one) this one time, and None on every other start and on all but
    one of several servers that start at once. Raises `Invalid` for a chosen token that is too short or not printable.
    """
    if chosen_token is not None and not is_well_formed(chosen_token):
        accepted = f"{MIN_LITERAL} to {MAX_LENGTH} printable ASCII characters without spaces, not starting with 'qd_'"
        raise Invalid(Reason.FIELD_INVALID, f"the bootstrap token is not usable; accepted: {accepted}")
    secret = chosen_token or new_token()
    created = await database.transaction(lambda connection: _create(connection, clock, secret))
    return secret if created else None


def _create(connection: Connection, clock: Clock, secret: str) -> bool:
    now = clock.now()
    if not store.add_tenant_if_first(connection, Tenant(TENANT_ID, TENANT_ID, now)):
        return False
    account = ServiceAccount(
        TENANT_ID, new_id("sa"), ACCOUNT_NAME, Role.ADMIN, disabled=False, created_at=now, updated_at=now
    )
    store.add_account(connection, account)
    store.add_token(connection, _token(account), token_hash(secret))
    events.append(
        connection,
        tenant_id=TENANT_ID,
        stream=f"service_account:{account.id}",
        kind="created",
        actor="system:bootstrap",
        at=now,
        payload={"name": account.name, "role": account.role.name},
    )
    store.bump_version(connection)
    return True


def _token(account: ServiceAccount) -> Token:
    return Token(
        tenant_id=account.tenant_id,
        id=new_id("tok"),
        account_id=account.id,
        name="bootstrap",
        created_at=account.created_at,
        expires_at=None,
        revoked_at=None,
        last_used_at=None,
        collector_id=None,
        collector_id_prefix=None,
    )
