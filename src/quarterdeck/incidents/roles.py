"""Roles of an organisation: how many may be active, and which may be assigned.

The texts of the two bounds are what the Terraform provider's tests look for in the answer's detail; they do not change.
"""

from __future__ import annotations

from collections.abc import Iterable

from quarterdeck.errors import Conflict, NotFound, Reason
from quarterdeck.incidents.incident import Role

MAX_ACTIVE = 5
MIN_ACTIVE = 2
TOO_MANY = f"A maximum of {MAX_ACTIVE} active roles is allowed"
TOO_FEW = f"At least {MIN_ACTIVE} active roles are required"

_QUOTED_IN_ERRORS = 80


def check_may_become_active(roles: Iterable[Role]) -> None:
    """Raise Conflict when five roles are active: before creating one, and before bringing an archived one back."""
    if _active(roles) >= MAX_ACTIVE:
        raise Conflict(Reason.ROLES_AT_MAXIMUM, TOO_MANY, metadata={"max": str(MAX_ACTIVE)})


def check_may_go(role: Role, roles: Iterable[Role]) -> None:
    """Raise Conflict when archiving or deleting `role` would leave fewer than two active. An archived role may go."""
    if not role.archived and _active(roles) <= MIN_ACTIVE:
        raise Conflict(Reason.ROLES_AT_MINIMUM, TOO_FEW, metadata={"min": str(MIN_ACTIVE)})


def check_name_free(name: str, roles: Iterable[Role], *, except_id: int | None = None) -> None:
    """Raise Conflict when another role, archived ones included, has the name in any case."""
    if any(role.id != except_id and role.name.casefold() == name.casefold() for role in roles):
        raise Conflict(
            Reason.ROLE_NAME_TAKEN, f"there is already a role called {_shown(name)}; role names differ in any case"
        )


def role_named(name: str, roles: Iterable[Role]) -> Role:
    """The role with this name, in any case. Raises NotFound."""
    known = tuple(roles)
    found = next((role for role in known if role.name.casefold() == name.casefold()), None)
    if found is None:
        names = ", ".join(role.name for role in known if not role.archived)
        raise NotFound(Reason.ROLE_NOT_FOUND, f"role {_shown(name)} is unknown; accepted: {names}")
    return found


def check_assignable(role: Role) -> None:
    """Raise Conflict for an archived role; those who hold it keep it."""
    if role.archived:
        raise Conflict(Reason.ARCHIVED, f"role {_shown(role.name)} is archived and cannot be assigned")


def _active(roles: Iterable[Role]) -> int:
    return sum(not role.archived for role in roles)


def _shown(name: str) -> str:
    return repr(name[:_QUOTED_IN_ERRORS])
