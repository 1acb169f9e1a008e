"""Who calls, as a person of the incident API: every service account is a user, made when it first writes."""

from __future__ import annotations

import hashlib
from datetime import datetime

from quarterdeck.clock import SystemClock
from quarterdeck.database import Connection
from quarterdeck.identity.call import CallContext, Role
from quarterdeck.incidents.incident import Actor, User
from quarterdeck.incidents.store import users as store
from quarterdeck.incidents.users import photo_url, service_account_name

_ID_DIGITS = 24


def actor_of(connection: Connection, call: CallContext, *, at: datetime | None = None) -> Actor:
    """The calling service account as a user; `at` is when, the machine's time when None.

    In a transaction the user is made when there is none yet. In a read it is not, but it already has the id that it
    will get, so that what a private incident shows does not depend on who wrote first.
    """
    tenant_id, account_id = call.tenant_id, call.caller.account_id
    user = store.find_by_account(connection, tenant_id, account_id)
    if user is None:
        user = _new_user(call)
        if store.may_write(connection):
            now = at or SystemClock().now()
            store.add_if_missing(connection, tenant_id, store.Person(user, now, now, service_account_id=account_id))
    return Actor(user=user, name=call.actor, is_admin=call.caller.role >= Role.ADMIN)


def _new_user(call: CallContext) -> User:
    name = service_account_name(call.caller.account_name)
    return User(id=user_id_of(call.tenant_id, call.caller.account_id), name=name, photo_url=photo_url(name))


def user_id_of(tenant_id: str, account_id: str) -> str:
    """The id of a service account's user: the same on every replica, so that two first calls make one user."""
    digest = hashlib.sha256(f"{tenant_id}\n{account_id}".encode("utf-8", "surrogatepass")).hexdigest()
    return f"user-{digest[:_ID_DIGITS]}"
