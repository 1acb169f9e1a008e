"""What an organisation starts with, and the log of what is changed in it.

The severities, roles and statuses that clients expect of a new organisation come from what Grafana's own service starts
with; the colours and the descriptions are ours.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypeVar
from uuid import uuid4

from quarterdeck import events
from quarterdeck.clock import Clock
from quarterdeck.database import Connection, Database, after_commit
from quarterdeck.errors import Reason, Unavailable
from quarterdeck.identity.call import CallContext
from quarterdeck.incidents.incident import Category, IncidentType, Role, Status
from quarterdeck.incidents.labels import DEFAULT_KEY
from quarterdeck.incidents.severities import PENDING_LEVEL
from quarterdeck.incidents.store import fields as fields_store
from quarterdeck.incidents.store import organisation as store
from quarterdeck.incidents.store.organisation import OrgSeverity, OrgStatus

T = TypeVar("T")

_TURN = timedelta(minutes=1)
_LOOK_AGAIN = 0.1

_SEVERITIES = (
    ("Pending", PENDING_LEVEL, "Not assessed yet.", "#8e8e8e", "#6e6e6e"),
    ("Critical", 1, "A service that many depend on does not work.", "#f2495c", "#c4162a"),
    ("Major", 2, "A service works badly, or not at all for some.", "#ff9830", "#c15c17"),
    ("Minor", 3, "Something is wrong, and hardly anybody notices.", "#fade2a", "#8a6d00"),
)
_ROLES = (
    ("commander", "Leads the response and decides.", True),
    ("investigator", "Looks for the cause and for a remedy.", True),
    ("observer", "Follows along.", False),
)
_STATUSES = (("active", Category.ACTIVE, "clock"), ("resolved", Category.RESOLVED, "check-circle"))


def ensure(connection: Connection, tenant_id: str, at: datetime) -> None:
    """Make the defaults of a tenant that has none yet. Call it first in every transaction that needs settings.

    Two transactions at once make them once. Deleting all of something does not bring the defaults back.
    """
    known = store.known_tenants(connection)
    if tenant_id in known:
        return
    if not store.has_defaults(connection, tenant_id) and store.claim_defaults(connection, tenant_id):
        _add_defaults(connection, tenant_id, at)
    # Not before: a rollback takes the defaults with it.
    after_commit(connection, partial(known.add, tenant_id))


async def read_settings(database: Database, tenant_id: str, at: datetime, fn: Callable[[Connection], T]) -> T:
    """Read what a new tenant has by default, also when nobody wrote anything for it yet."""

    def look(connection: Connection) -> tuple[T] | None:
        return (fn(connection),) if store.has_defaults(connection, tenant_id) else None

    found = await database.read(look)
    if found is None:
        await database.transaction(lambda connection: ensure(connection, tenant_id, at))
        return await database.read(fn)
    return found[0]


@dataclass(frozen=True, slots=True)
class SettingsChange:
    """A change of the organisation's settings under way: in a transaction, alone, and with the defaults there."""

    connection: Connection
    call: CallContext
    at: datetime

    @property
    def tenant_id(self) -> str:
        return self.call.tenant_id

    def announce(self, kind: str, identifier: str, payload: dict[str, Any]) -> None:
        """The event of the change: `role.created`, `severity.deleted`, …, in a stream per thing."""
        subject = kind.partition(".")[0]
        events.append(
            self.connection,
            tenant_id=self.tenant_id,
            stream=f"{subject}:{identifier}",
            kind=kind,
            actor=self.call.actor,
            at=self.at,
            payload=payload,
            references={subject: identifier},
        )


async def change_settings(
    database: Database, call: CallContext, at: datetime, change: Callable[[SettingsChange], T]
) -> T:
    """Run a change in a transaction; another change of the tenant's settings waits for its end."""

    def run(connection: Connection) -> T:
        ensure(connection, call.tenant_id, at)
        store.hold_settings(connection, call.tenant_id)
        return change(SettingsChange(connection, call, at))

    return await database.transaction(run)


@asynccontextmanager
async def turn(database: Database, tenant_id: str, clock: Clock) -> AsyncIterator[None]:
    """Wait until no other server applies a file to the tenant, and keep others waiting meanwhile.

    A server that died in its turn is waited for a minute. Raises Unavailable when the turn does not come for longer.
    """
    deadline = clock.monotonic() + 2 * _TURN.total_seconds()
    until = clock.now() + _TURN
    while not await database.transaction(partial(store.claim_turn, tenant_id=tenant_id, now=clock.now(), until=until)):
        if clock.monotonic() > deadline:
            raise Unavailable(Reason.DATABASE_UNAVAILABLE, "another server has been applying its file for minutes")
        await asyncio.sleep(_LOOK_AGAIN)
        until = clock.now() + _TURN
    try:
        yield
    finally:
        await database.transaction(partial(store.release_turn, tenant_id=tenant_id, until=until))


def _add_defaults(connection: Connection, tenant_id: str, at: datetime) -> None:
    for label, level, description, dark, light in _SEVERITIES:
        severity = OrgSeverity(
            str(uuid4()), label, level, at, description=description, dark_color=dark, light_color=light
        )
        store.add_severity(connection, tenant_id, severity)
    for name, description, key in _ROLES:
        number = store.next_role_id(connection, tenant_id)
        role = Role(number, name, description, key, key, hidden=False, archived=False, created_at=at, updated_at=None)
        store.add_role(connection, tenant_id, role)
    for incident_type in IncidentType:
        for position, (name, category, icon) in enumerate(_STATUSES, start=1):
            status = Status(str(uuid4()), incident_type, category, name, name)
            store.add_status(connection, tenant_id, OrgStatus(status, position, at, icon=icon, builtin=True))
    fields_store.label_key(connection, tenant_id, DEFAULT_KEY, at=at)
