"""The first start on an empty database: somebody must be able to log in."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection

from quarterdeck.clock import Clock
from quarterdeck.database import Database
from quarterdeck.errors import Invalid, Reason
from quarterdeck.identity import store
from quarterdeck.identity.founding import add_first_admin
from quarterdeck.identity.records import Tenant
from quarterdeck.identity.tokens import MAX_LENGTH, MIN_LITERAL, is_well_formed, new_token

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
    tenant = Tenant(TENANT_ID, TENANT_ID, clock.now())
    if not store.add_tenant_if_first(connection, tenant):
        return False
    add_first_admin(connection, tenant, name=ACCOUNT_NAME, purpose="bootstrap", secret=secret, actor="system:bootstrap")
    return True
