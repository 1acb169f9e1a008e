"""Severities, roles and statuses of an organisation, and whether it has its defaults yet.

Severities are marked as deleted, never removed: incidents of long ago keep their label.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from quarterdeck.database import Connection, hold, last_value, next_value
from quarterdeck.database.sequences import sequences
from quarterdeck.database.types import to_microseconds
from quarterdeck.errors import NotFound, Reason
from quarterdeck.incidents.incident import Category, Role, Severity, Status
from quarterdeck.incidents.store import tables as t
from quarterdeck.incidents.store.incidents import role_of
from quarterdeck.incidents.webhooks.catalogue import CHATS

_DEFAULTS = "incident_defaults"
_SETTINGS = "incident_settings"
_ROLE_IDS = "incident_role"
_TURN = "incident_file_turn"
_KNOWN = "quarterdeck.incidents.organisations"
_QUOTED_IN_ERRORS = 80


@dataclass(frozen=True, slots=True)
class OrgSeverity:
    """A severity with everything that its administrators see."""

    id: str
    label: str
    level: int
    created_at: datetime
    description: str = ""
    icon_name: str = ""
    dark_color: str = ""
    light_color: str = ""
    updated_at: datetime | None = None
    archived_at: datetime | None = None
    archived_by: str | None = None

    @property
    def severity(self) -> Severity:
        return Severity(self.id, self.label, self.level)


@dataclass(frozen=True, slots=True)
class OrgStatus:
    """A status with everything that its administrators see."""

    status: Status
    position: int
    created_at: datetime
    description: str = ""
    icon: str = ""
    color: str = ""
    builtin: bool = False
    archived: bool = False
    updated_at: datetime | None = None


# --- defaults --------------------------------------------------------------------------------------------------------


def known_tenants(connection: Connection) -> set[str]:
    """Tenants whose defaults were found committed through this very database connection."""
    known: set[str] = connection.info.setdefault(_KNOWN, set())
    return known


def has_defaults(connection: Connection, tenant_id: str) -> bool:
    return last_value(connection, tenant_id, _DEFAULTS) > 0


def claim_defaults(connection: Connection, tenant_id: str) -> bool:
    """Whether this transaction is to make the defaults. Others that ask wait for its end; one alone is told True."""
    if hold(connection, tenant_id, _DEFAULTS) > 0:
        return False
    next_value(connection, tenant_id, _DEFAULTS)
    return True


def hold_settings(connection: Connection, tenant_id: str) -> None:
    """Make other changes of the tenant's settings wait for this transaction: what it reads after this stays true."""
    hold(connection, tenant_id, _SETTINGS)


def claim_turn(connection: Connection, tenant_id: str, *, now: datetime, until: datetime) -> bool:
    """Whether the tenant's turn to apply a file is free; it is then taken, at most `until`."""
    if hold(connection, tenant_id, _TURN) > to_microseconds(now):
        return False
    _set_turn(connection, tenant_id, to_microseconds(until))
    return True


def release_turn(connection: Connection, tenant_id: str, *, until: datetime) -> None:
    """Give back a turn that was taken at most `until`, unless it ran out and is somebody else's by now."""
    if hold(connection, tenant_id, _TURN) == to_microseconds(until):
        _set_turn(connection, tenant_id, 0)


def _set_turn(connection: Connection, tenant_id: str, value: int) -> None:
    is_turn = sa.and_(sequences.c.tenant_id == tenant_id, sequences.c.name == _TURN)
    connection.execute(sa.update(sequences).where(is_turn).values(value=value))


# --- severities ------------------------------------------------------------------------------------------------------


def list_severities(connection: Connection, tenant_id: str) -> list[OrgSeverity]:
    """By level, archived ones included, deleted ones not."""
    query = sa.select(t.severities).where(t.severities.c.tenant_id == tenant_id, t.severities.c.deleted_at.is_(None))
    return [_severity(row) for row in connection.execute(query.order_by(t.severities.c.level)).mappings()]


def get_severity(connection: Connection, tenant_id: str, severity_id: str) -> OrgSeverity:
    """Raises `NotFound(SEVERITY_NOT_FOUND)`, also for a deleted one."""
    query = sa.select(t.severities).where(_is_severity(tenant_id, severity_id), t.severities.c.deleted_at.is_(None))
    row = connection.execute(query).mappings().one_or_none()
    if row is None:
        raise NotFound(
            Reason.SEVERITY_NOT_FOUND, f"no severity has the id {_shown(severity_id)}", metadata=_subject(severity_id)
        )
    return _severity(row)


def add_severity(connection: Connection, tenant_id: str, severity: OrgSeverity) -> None:
    connection.execute(
        sa.insert(t.severities).values(
            tenant_id=tenant_id,
            id=severity.id,
            level=severity.level,
            created_at=severity.created_at,
            **_severity_values(severity),
        )
    )


def update_severity(connection: Connection, tenant_id: str, severity: OrgSeverity) -> None:
    """Writes everything but its level, which is fixed."""
    statement = sa.update(t.severities).where(_is_severity(tenant_id, severity.id))
    connection.execute(statement.values(**_severity_values(severity)))


def delete_severity(connection: Connection, tenant_id: str, severity_id: str, *, at: datetime, by: str) -> None:
    statement = sa.update(t.severities).where(_is_severity(tenant_id, severity_id))
    connection.execute(statement.values(deleted_at=at, deleted_by=by, label_folded=""))


def severity_in_use(connection: Connection, tenant_id: str, severity_id: str) -> bool:
    """Whether an incident has it."""
    return _exists(connection, t.incidents.c.tenant_id == tenant_id, t.incidents.c.severity_id == severity_id)


# --- roles -----------------------------------------------------------------------------------------------------------


def list_roles(connection: Connection, tenant_id: str) -> list[Role]:
    """By id, archived ones included."""
    query = sa.select(t.roles).where(t.roles.c.tenant_id == tenant_id).order_by(t.roles.c.id)
    return [role_of(row) for row in connection.execute(query).mappings()]


def get_role(connection: Connection, tenant_id: str, role_id: int, *, keep: bool = False) -> Role:
    """Raises `NotFound(ROLE_NOT_FOUND)`. With `keep`, it cannot be deleted before the transaction ends: for whoever
    is about to give it to somebody."""
    query = sa.select(t.roles).where(_is_role(tenant_id, role_id))
    row = connection.execute(query.with_for_update(read=True) if keep else query).mappings().one_or_none()
    if row is None:
        raise NotFound(Reason.ROLE_NOT_FOUND, f"no role has the id {role_id}", metadata=_subject(str(role_id)))
    return role_of(row)


def lock_role(connection: Connection, tenant_id: str, role_id: int) -> None:
    """Nobody can give this role to somebody until the transaction ends."""
    connection.execute(sa.select(t.roles.c.id).where(_is_role(tenant_id, role_id)).with_for_update())


def next_role_id(connection: Connection, tenant_id: str) -> int:
    return next_value(connection, tenant_id, _ROLE_IDS)


def add_role(connection: Connection, tenant_id: str, role: Role) -> None:
    connection.execute(
        sa.insert(t.roles).values(tenant_id=tenant_id, id=role.id, created_at=role.created_at, **_role_values(role))
    )


def update_role(connection: Connection, tenant_id: str, role: Role) -> None:
    connection.execute(sa.update(t.roles).where(_is_role(tenant_id, role.id)).values(**_role_values(role)))


def delete_role(connection: Connection, tenant_id: str, role_id: int) -> None:
    connection.execute(sa.delete(t.roles).where(_is_role(tenant_id, role_id)))


def role_in_use(connection: Connection, tenant_id: str, role_id: int) -> bool:
    """Whether somebody holds it, in any incident."""
    held = t.incident_assignments.c
    return _exists(connection, held.tenant_id == tenant_id, held.role_id == role_id)


# --- statuses --------------------------------------------------------------------------------------------------------


def list_statuses(connection: Connection, tenant_id: str, *, incident_type: str | None = None) -> list[OrgStatus]:
    """By type, then by position; of one type or of all, archived ones included."""
    query = sa.select(t.statuses).where(t.statuses.c.tenant_id == tenant_id)
    if incident_type is not None:
        query = query.where(t.statuses.c.incident_type == incident_type)
    ordered = query.order_by(t.statuses.c.incident_type, t.statuses.c.position, t.statuses.c.id)
    return [_status(row) for row in connection.execute(ordered).mappings()]


def get_status(connection: Connection, tenant_id: str, status_id: str) -> OrgStatus:
    """Raises `NotFound(STATUS_NOT_FOUND)`."""
    row = connection.execute(sa.select(t.statuses).where(_is_status(tenant_id, status_id))).mappings().one_or_none()
    if row is None:
        raise NotFound(
            Reason.STATUS_NOT_FOUND, f"no status has the id {_shown(status_id)}", metadata=_subject(status_id)
        )
    return _status(row)


def add_status(connection: Connection, tenant_id: str, status: OrgStatus) -> None:
    connection.execute(
        sa.insert(t.statuses).values(
            tenant_id=tenant_id,
            id=status.status.id,
            incident_type=status.status.incident_type,
            position=status.position,
            builtin=status.builtin,
            created_at=status.created_at,
            **_status_values(status),
        )
    )


def update_status(connection: Connection, tenant_id: str, status: OrgStatus) -> None:
    """Writes everything but its type and position, which are fixed."""
    statement = sa.update(t.statuses).where(_is_status(tenant_id, status.status.id))
    connection.execute(statement.values(**_status_values(status)))


def status_in_use(connection: Connection, tenant_id: str, status_id: str) -> bool:
    """Whether an incident has it."""
    return _exists(connection, t.incidents.c.tenant_id == tenant_id, t.incidents.c.status_id == status_id)


# --- how far the organisation is -------------------------------------------------------------------------------------


def has_incidents(connection: Connection, tenant_id: str) -> bool:
    """Whether there is one, drills included."""
    return _exists(connection, t.incidents.c.tenant_id == tenant_id)


def has_chat(connection: Connection, tenant_id: str) -> bool:
    """Whether a hook of a chat integration is enabled."""
    hooks = t.enabled_hooks.c
    return _exists(
        connection,
        hooks.tenant_id == tenant_id,
        hooks.integration_id.in_(CHATS),
        hooks.disabled_at.is_(None),
    )


def _exists(connection: Connection, *conditions: sa.ColumnElement[bool]) -> bool:
    return bool(connection.execute(sa.select(sa.exists().where(*conditions))).scalar())


def _is_severity(tenant_id: str, severity_id: str) -> sa.ColumnElement[bool]:
    return sa.and_(t.severities.c.tenant_id == tenant_id, t.severities.c.id == severity_id)


def _is_role(tenant_id: str, role_id: int) -> sa.ColumnElement[bool]:
    return sa.and_(t.roles.c.tenant_id == tenant_id, t.roles.c.id == role_id)


def _is_status(tenant_id: str, status_id: str) -> sa.ColumnElement[bool]:
    return sa.and_(t.statuses.c.tenant_id == tenant_id, t.statuses.c.id == status_id)


def _severity(row: Mapping[Any, Any]) -> OrgSeverity:
    return OrgSeverity(**{name: row[name] for name in _SEVERITY_COLUMNS})


def _severity_values(severity: OrgSeverity) -> dict[str, Any]:
    return {
        "label": severity.label,
        "label_folded": severity.label.casefold(),
        "description": severity.description,
        "icon_name": severity.icon_name,
        "dark_color": severity.dark_color,
        "light_color": severity.light_color,
        "updated_at": severity.updated_at,
        "archived_at": severity.archived_at,
        "archived_by": severity.archived_by,
    }


def _role_values(role: Role) -> dict[str, Any]:
    return {
        "name": role.name,
        "name_folded": role.name.casefold(),
        "description": role.description,
        "important": role.important,
        "mandatory": role.mandatory,
        "hidden": role.hidden,
        "archived": role.archived,
        "updated_at": role.updated_at,
    }


def _status(row: Mapping[Any, Any]) -> OrgStatus:
    return OrgStatus(
        status=Status(row["id"], row["incident_type"], Category(row["category"]), row["name"], row["slug"]),
        position=row["position"],
        created_at=row["created_at"],
        description=row["description"],
        icon=row["icon"],
        color=row["color"],
        builtin=row["builtin"],
        archived=row["archived"],
        updated_at=row["updated_at"],
    )


def _status_values(status: OrgStatus) -> dict[str, Any]:
    return {
        "category": status.status.category,
        "name": status.status.name,
        "slug": status.status.slug,
        "description": status.description,
        "icon": status.icon,
        "color": status.color,
        "archived": status.archived,
        "updated_at": status.updated_at,
    }


def _subject(identifier: str) -> dict[str, str]:
    return {"id": identifier[:_QUOTED_IN_ERRORS]}


def _shown(text: str) -> str:
    return repr(text[:_QUOTED_IN_ERRORS])


_SEVERITY_COLUMNS: Iterable[str] = tuple(OrgSeverity.__dataclass_fields__)
