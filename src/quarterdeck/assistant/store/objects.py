"""Rules, skills and integrations. What they say is JSON that their own rooms read and write."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

import sqlalchemy as sa

from quarterdeck.assistant.store import tables as t
from quarterdeck.database import Connection, hint, hold
from quarterdeck.errors import Invalid, NotFound, Reason

TOPIC: Final = "assistant.objects"
"""The hint that some object has changed."""
MOST: Final = 200
"""Objects of one kind that a tenant may have."""
TENANT: Final = "tenant"
USER: Final = "user"

_QUOTED: Final = 80


class Kind(StrEnum):
    """What an object is."""

    RULE = "rule"
    SKILL = "skill"
    INTEGRATION = "integration"


@dataclass(frozen=True, slots=True)
class SettingsObject:
    """One row."""

    tenant_id: str
    kind: Kind
    id: str
    scope: str
    """`tenant`, for everybody, or `user`, for its owner."""
    owner: str
    """The name of the account that made it."""
    body: Mapping[str, Any]
    created_at: datetime
    updated_at: datetime

    def is_seen_by(self, account: str) -> bool:
        """Whether the account may see and change it."""
        return self.scope == TENANT or self.owner == account


def one_at_a_time(connection: Connection, tenant_id: str, kind: Kind) -> None:
    """From here to the transaction's end nobody else adds to a kind: what is true of all of them stays true."""
    hold(connection, tenant_id, f"assistant.{kind.value}s")


def add(connection: Connection, made: SettingsObject) -> None:
    """A new object. Raises Invalid when the tenant has too many of the kind. Needs a write transaction."""
    one_at_a_time(connection, made.tenant_id, made.kind)
    mine = sa.and_(t.objects.c.tenant_id == made.tenant_id, t.objects.c.kind == made.kind.value)
    count = connection.execute(sa.select(sa.func.count()).select_from(t.objects).where(mine)).scalar_one()
    if count >= MOST:
        raise Invalid(Reason.FIELD_INVALID, f"there are {count} {made.kind.value}s; at most {MOST} are accepted")
    connection.execute(sa.insert(t.objects).values({**_row(made)}))
    hint(connection, TOPIC)


def find(connection: Connection, tenant_id: str, kind: Kind, object_id: str, account: str) -> SettingsObject:
    """Raises `NotFound(OBJECT_NOT_FOUND)`, also for one that the account does not see."""
    return _find(connection, tenant_id, kind, object_id, account, lock=False)


def list_seen(connection: Connection, tenant_id: str, kind: Kind, account: str) -> list[SettingsObject]:
    """All of a kind that an account sees, the oldest first."""
    seen = sa.or_(t.objects.c.scope == TENANT, t.objects.c.owner == account)
    return _select(connection, sa.and_(t.objects.c.tenant_id == tenant_id, t.objects.c.kind == kind.value, seen))


def list_everybodys(connection: Connection, kind: Kind) -> list[SettingsObject]:
    """All of a kind, of every tenant."""
    return _select(connection, t.objects.c.kind == kind.value)


def change(
    connection: Connection,
    tenant_id: str,
    kind: Kind,
    object_id: str,
    account: str,
    *,
    becomes: Callable[[SettingsObject], SettingsObject],
) -> SettingsObject:
    """Writes what an object becomes. Raises `NotFound` as `find` does. Needs a write transaction."""
    changed = becomes(_find(connection, tenant_id, kind, object_id, account, lock=True))
    connection.execute(sa.update(t.objects).where(_is(tenant_id, kind, object_id)).values(_row(changed)))
    hint(connection, TOPIC)
    return changed


def remove(
    connection: Connection,
    tenant_id: str,
    kind: Kind,
    object_id: str,
    account: str,
    *,
    check: Callable[[SettingsObject], None],
) -> None:
    """Raises `NotFound` as `find` does, and what `check` raises."""
    check(_find(connection, tenant_id, kind, object_id, account, lock=True))
    connection.execute(sa.delete(t.objects).where(_is(tenant_id, kind, object_id)))
    hint(connection, TOPIC)


def not_found(kind: Kind, object_id: str) -> NotFound:
    """For an object that is not there, or that the caller does not see."""
    return NotFound(Reason.OBJECT_NOT_FOUND, f"there is no {kind.value} {object_id[:_QUOTED]!r}")


def _find(
    connection: Connection, tenant_id: str, kind: Kind, object_id: str, account: str, *, lock: bool
) -> SettingsObject:
    query = sa.select(t.objects).where(_is(tenant_id, kind, object_id))
    row = connection.execute(query.with_for_update() if lock else query).mappings().one_or_none()
    found = None if row is None else _object(row)
    if found is None or not found.is_seen_by(account):
        raise not_found(kind, object_id)
    return found


def _select(connection: Connection, where: sa.ColumnElement[bool]) -> list[SettingsObject]:
    query = sa.select(t.objects).where(where).order_by(t.objects.c.created_at, t.objects.c.id)
    return [_object(row) for row in connection.execute(query).mappings()]


def _is(tenant_id: str, kind: Kind, object_id: str) -> sa.ColumnElement[bool]:
    return sa.and_(t.objects.c.tenant_id == tenant_id, t.objects.c.kind == kind.value, t.objects.c.id == object_id)


def _row(of: SettingsObject) -> dict[str, Any]:
    values = {name: getattr(of, name) for name in SettingsObject.__slots__}
    return {**values, "kind": of.kind.value, "body": dict(of.body)}


def _object(row: Mapping[Any, Any]) -> SettingsObject:
    values = {name: row[name] for name in SettingsObject.__slots__}
    return SettingsObject(**{**values, "kind": Kind(values["kind"])})
