"""incident.v1.RolesService."""

from __future__ import annotations

from dataclasses import replace

from quarterdeck.clock import Clock
from quarterdeck.database import Database
from quarterdeck.errors import Conflict, FieldViolation, Invalid, Reason
from quarterdeck.gen.incident.v1.role_pb2 import Role as RoleMessage
from quarterdeck.gen.incident.v1.roles_service_pb2 import (
    ArchiveRoleRequest,
    ArchiveRoleResponse,
    CreateRoleRequest,
    CreateRoleResponse,
    DeleteRoleRequest,
    DeleteRoleResponse,
    GetRolesRequest,
    GetRolesResponse,
    UnarchiveRoleRequest,
    UnarchiveRoleResponse,
    UpdateRoleRequest,
    UpdateRoleResponse,
)
from quarterdeck.identity.call import CallContext
from quarterdeck.incidents import roles as rules
from quarterdeck.incidents.incident import Role
from quarterdeck.incidents.limits import DESCRIPTION, NAME, check_length
from quarterdeck.incidents.organisation import SettingsChange, change_settings, read_settings
from quarterdeck.incidents.store import organisation as store


class RolesService:
    """Roles. Terraform has no other way to find one than GetRoles, so that lists archived ones too."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def get_roles(self, _request: GetRolesRequest, call: CallContext) -> GetRolesResponse:
        roles = await read_settings(
            self._database, call.tenant_id, self._clock.now(), lambda c: store.list_roles(c, call.tenant_id)
        )
        return GetRolesResponse(roles=[_read(role, call.tenant_id) for role in roles])

    async def create_role(self, request: CreateRoleRequest, call: CallContext) -> CreateRoleResponse:
        wanted = request.role
        _check(wanted)
        role = await change_settings(self._database, call, self._clock.now(), lambda change: _create(change, wanted))
        return CreateRoleResponse(role=_written(role, call.tenant_id))

    async def update_role(self, request: UpdateRoleRequest, call: CallContext) -> UpdateRoleResponse:
        wanted = request.role
        if not wanted.role_id:
            why = "is required; it says which role"
            raise Invalid(
                Reason.FIELD_INVALID,
                f"role.role_id: {why}",
                violations=(FieldViolation("role.role_id", why),),
                metadata={"field": "role.role_id"},
            )
        _check(wanted)
        role = await change_settings(self._database, call, self._clock.now(), lambda change: _update(change, wanted))
        return UpdateRoleResponse(role=_written(role, call.tenant_id))

    async def delete_role(self, request: DeleteRoleRequest, call: CallContext) -> DeleteRoleResponse:
        number = request.role_id
        await change_settings(self._database, call, self._clock.now(), lambda change: _delete(change, number))
        return DeleteRoleResponse()

    async def archive_role(self, request: ArchiveRoleRequest, call: CallContext) -> ArchiveRoleResponse:
        number = request.role_id
        await change_settings(self._database, call, self._clock.now(), lambda change: _archive(change, number))
        return ArchiveRoleResponse()

    async def unarchive_role(self, request: UnarchiveRoleRequest, call: CallContext) -> UnarchiveRoleResponse:
        number = request.role_id
        await change_settings(self._database, call, self._clock.now(), lambda change: _unarchive(change, number))
        return UnarchiveRoleResponse()


def _create(change: SettingsChange, wanted: RoleMessage) -> Role:
    roles = store.list_roles(change.connection, change.tenant_id)
    rules.check_name_free(wanted.name, roles)
    rules.check_may_become_active(roles)
    role = Role(
        id=store.next_role_id(change.connection, change.tenant_id),
        name=wanted.name,
        description=wanted.description,
        important=wanted.important,
        mandatory=wanted.mandatory,
        hidden=False,
        archived=False,
        created_at=change.at,
        updated_at=None,
    )
    store.add_role(change.connection, change.tenant_id, role)
    _announce(change, "created", role)
    return role


def _update(change: SettingsChange, wanted: RoleMessage) -> Role:
    current = store.get_role(change.connection, change.tenant_id, wanted.role_id)
    roles = store.list_roles(change.connection, change.tenant_id)
    rules.check_name_free(wanted.name, roles, except_id=current.id)
    return _save(
        change,
        current,
        replace(
            current,
            name=wanted.name,
            description=wanted.description,
            important=wanted.important,
            mandatory=wanted.mandatory,
            archived=wanted.archived,
        ),
    )


def _archive(change: SettingsChange, number: int) -> None:
    role = store.get_role(change.connection, change.tenant_id, number)
    rules.check_may_go(role, store.list_roles(change.connection, change.tenant_id))
    _save(change, role, replace(role, archived=True))


def _unarchive(change: SettingsChange, number: int) -> None:
    role = store.get_role(change.connection, change.tenant_id, number)
    if role.archived:
        rules.check_may_become_active(store.list_roles(change.connection, change.tenant_id))
        _save(change, role, replace(role, archived=False))


def _delete(change: SettingsChange, number: int) -> None:
    role = store.get_role(change.connection, change.tenant_id, number)
    rules.check_may_go(role, store.list_roles(change.connection, change.tenant_id))
    store.lock_role(change.connection, change.tenant_id, number)
    if store.role_in_use(change.connection, change.tenant_id, number):
        raise Conflict(
            Reason.IN_USE, f"role {role.name!r} is held by somebody and cannot be deleted; unassign or archive it"
        )
    store.delete_role(change.connection, change.tenant_id, number)
    _announce(change, "deleted", role)


def _save(change: SettingsChange, current: Role, wanted: Role) -> Role:
    if wanted == current:
        return current
    role = replace(wanted, updated_at=change.at)
    store.update_role(change.connection, change.tenant_id, role)
    _announce(change, "updated", role)
    return role


def _announce(change: SettingsChange, what: str, role: Role) -> None:
    change.announce(f"role.{what}", str(role.id), {"name": role.name, "archived": role.archived})


def _check(wanted: RoleMessage) -> None:
    check_length("role.name", wanted.name, NAME, minimum=1)
    check_length("role.description", wanted.description, DESCRIPTION)


def _written(role: Role, tenant_id: str) -> RoleMessage:
    """As writes answer it: hosted fills the times on reads only."""
    return RoleMessage(
        role_id=role.id,
        org_id=tenant_id,
        name=role.name,
        description=role.description,
        important=role.important,
        mandatory=role.mandatory,
        archived=role.archived,
    )


def _read(role: Role, tenant_id: str) -> RoleMessage:
    message = _written(role, tenant_id)
    message.created_at.FromDatetime(role.created_at)
    if role.updated_at is not None:
        message.updated_at.FromDatetime(role.updated_at)
    return message
