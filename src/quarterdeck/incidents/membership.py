"""Giving people roles in an incident, and taking them back."""

from __future__ import annotations

from dataclasses import replace

from quarterdeck.incidents import timeline
from quarterdeck.incidents.change import Change
from quarterdeck.incidents.incident import Assignment, Role, User
from quarterdeck.incidents.roles import check_assignable, role_named
from quarterdeck.incidents.store import incidents as store
from quarterdeck.incidents.store import organisation, users
from quarterdeck.incidents.users import UserReference
from quarterdeck.incidents.webhooks.event_names import Event


def assign(change: Change, reference: UserReference, role_name: str) -> bool:
    """Give somebody a role; False when they hold it. Raises NotFound for unknown ones, Conflict for an archived role.

    The first role that anybody gets acknowledges the incident.
    """
    user, role = _named(change, reference, role_name)
    if _held(change, user, role):
        return False
    check_assignable(role)
    # Read once more, so that nobody deletes it meanwhile.
    role = organisation.get_role(change.connection, change.tenant_id, role.id, keep=True)
    store.assign(change.connection, change.tenant_id, change.incident.id, Assignment(role, user, change.at))
    change.incident = replace(change.incident, acknowledged_at=change.incident.acknowledged_at or change.at)
    change.append(timeline.role_assigned(role, user.id))
    change.announce(Event.UPDATED_ROLE)
    return True


def unassign(change: Change, reference: UserReference, role_name: str) -> bool:
    """Take a role back; False when they do not hold it. Raises NotFound for unknown ones."""
    user, role = _named(change, reference, role_name)
    assignment = _held(change, user, role)
    if assignment is None:
        return False
    store.unassign(change.connection, change.tenant_id, change.incident.id, assignment)
    change.append(timeline.role_unassigned(role, user.id))
    change.announce(Event.UPDATED_ROLE)
    return True


def _named(change: Change, reference: UserReference, role_name: str) -> tuple[User, Role]:
    user = users.get_user(change.connection, change.tenant_id, reference)
    return user, role_named(role_name, organisation.list_roles(change.connection, change.tenant_id))


def _held(change: Change, user: User, role: Role) -> Assignment | None:
    assignments = store.assignments_of(change.connection, change.tenant_id, change.incident.id)
    return next((each for each in assignments if each.user.id == user.id and each.role.id == role.id), None)
