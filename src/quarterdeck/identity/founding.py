"""How a tenant begins: with an admin account and a token, in one transaction, because without them nobody gets in."""

from __future__ import annotations

from sqlalchemy import Connection

from quarterdeck import events
from quarterdeck.clock import new_id
from quarterdeck.identity import store
from quarterdeck.identity.call import Role
from quarterdeck.identity.records import ServiceAccount, Tenant, Token
from quarterdeck.identity.tokens import token_hash


def add_first_admin(
    connection: Connection, tenant: Tenant, *, name: str, purpose: str, secret: str, actor: str
) -> None:
    """Give a new tenant, whose row is there, an admin account with one token."""
    account = ServiceAccount(
        tenant.tenant_id,
        new_id("sa"),
        name,
        Role.ADMIN,
        disabled=False,
        created_at=tenant.created_at,
        updated_at=tenant.created_at,
    )
    store.add_account(connection, account)
    store.add_token(connection, _token(account, purpose), token_hash(secret))
    events.append(
        connection,
        tenant_id=tenant.tenant_id,
        stream=f"service_account:{account.id}",
        kind="created",
        actor=actor,
        at=tenant.created_at,
        payload={"name": account.name, "role": account.role.name},
    )
    store.bump_version(connection)


def _token(account: ServiceAccount, name: str) -> Token:
    return Token(
        tenant_id=account.tenant_id,
        id=new_id("tok"),
        account_id=account.id,
        name=name,
        created_at=account.created_at,
        expires_at=None,
        revoked_at=None,
        last_used_at=None,
        collector_id=None,
        collector_id_prefix=None,
    )
