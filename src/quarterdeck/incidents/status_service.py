"""incident.v1.StatusService."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final, NoReturn
from uuid import uuid4

from quarterdeck.clock import Clock
from quarterdeck.database import Database
from quarterdeck.errors import Conflict, FieldViolation, Invalid, Reason
from quarterdeck.gen.incident.v1.status_pb2 import Status as StatusMessage
from quarterdeck.gen.incident.v1.status_pb2 import StatusConfiguration
from quarterdeck.gen.incident.v1.status_service_pb2 import (
    CreateOrgStatusRequest,
    CreateOrgStatusResponse,
    GetStatusByIDRequest,
    GetStatusByIDResponse,
    QueryOrgStatusesRequest,
    QueryOrgStatusesResponse,
    UpdateOrgStatusRequest,
    UpdateOrgStatusResponse,
)
from quarterdeck.identity.call import CallContext
from quarterdeck.incidents.incident import Category, IncidentType, Status
from quarterdeck.incidents.limits import (
    DESCRIPTION,
    NAME,
    STATUSES_PER_INCIDENT_TYPE,
    check_count,
    check_length,
)
from quarterdeck.incidents.organisation import SettingsChange, change_settings, read_settings
from quarterdeck.incidents.slugs import slug
from quarterdeck.incidents.store import organisation as store
from quarterdeck.incidents.store.organisation import OrgStatus

ICONS: Final = ("clock", "info-circle", "exclamation-circle", "question-circle", "check-circle")

_QUOTED_IN_ERRORS = 80


class StatusService:
    """Statuses, per type of incident. The built-in ones stay as they are."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def query_org_statuses(self, request: QueryOrgStatusesRequest, call: CallContext) -> QueryOrgStatusesResponse:
        types = [_incident_type(request.incident_type)] if request.incident_type else list(IncidentType)
        found = await read_settings(
            self._database, call.tenant_id, self._clock.now(), lambda c: store.list_statuses(c, call.tenant_id)
        )
        return QueryOrgStatusesResponse(
            configurations=[
                StatusConfiguration(
                    statuses=[_message(each) for each in found if each.status.incident_type == incident_type],
                    incident_type=incident_type,
                    default=incident_type is IncidentType.INTERNAL,
                )
                for incident_type in types
            ]
        )

    async def get_status_by_id(self, request: GetStatusByIDRequest, call: CallContext) -> GetStatusByIDResponse:
        found = await self._database.read(lambda c: store.get_status(c, call.tenant_id, request.status_id))
        return GetStatusByIDResponse(status=_message(found))

    async def create_org_status(self, request: CreateOrgStatusRequest, call: CallContext) -> CreateOrgStatusResponse:
        status = Status(
            id=str(uuid4()),
            incident_type=_incident_type(request.incident_type),
            category=_category(request.category),
            name=request.name,
            slug=_slug(request.name),
        )
        now = self._clock.now()
        draft = _dressed(OrgStatus(status, position=0, created_at=now), request)
        created = await change_settings(self._database, call, now, lambda change: _create(change, draft))
        return CreateOrgStatusResponse(status=_message(created))

    async def update_org_status(self, request: UpdateOrgStatusRequest, call: CallContext) -> UpdateOrgStatusResponse:
        updated = await change_settings(
            self._database, call, self._clock.now(), lambda change: _update(change, request)
        )
        return UpdateOrgStatusResponse(status=_message(updated))


def _create(change: SettingsChange, draft: OrgStatus) -> OrgStatus:
    others = _of_type(change, draft.status.incident_type)
    check_count("statuses", len(others) + 1, STATUSES_PER_INCIDENT_TYPE)
    _check_slug_free(draft.status, others)
    created = replace(draft, position=max((each.position for each in others), default=0) + 1)
    store.add_status(change.connection, change.tenant_id, created)
    _announce(change, "created", created)
    return created


def _update(change: SettingsChange, request: UpdateOrgStatusRequest) -> OrgStatus:
    current = store.get_status(change.connection, change.tenant_id, request.status_id)
    if current.builtin:
        raise Conflict(Reason.IMMUTABLE, f"status {current.status.name!r} is built in and cannot be changed")
    updated = _dressed(replace(current, status=_renamed(current.status, request)), request)
    if updated == current:
        return current
    _check_slug_free(updated.status, _of_type(change, current.status.incident_type))
    _check_category(change, current.status, updated.status)
    updated = replace(updated, updated_at=change.at)
    store.update_status(change.connection, change.tenant_id, updated)
    _announce(change, "updated", updated)
    return updated


def _renamed(status: Status, request: UpdateOrgStatusRequest) -> Status:
    """A name or category that is empty stays what it is; the type never changes."""
    if request.incident_type and request.incident_type != status.incident_type:
        _refuse("incident_type", f"is fixed at {status.incident_type!r} for this status; leave it out")
    name = request.name or status.name
    return replace(
        status,
        name=name,
        slug=_slug(name),
        category=_category(request.category) if request.category else status.category,
    )


def _dressed(status: OrgStatus, request: CreateOrgStatusRequest | UpdateOrgStatusRequest) -> OrgStatus:
    check_length("description", request.description, DESCRIPTION)
    check_length("color", request.color, NAME)
    if request.icon and request.icon not in ICONS:
        _refuse("icon", f"{_shown(request.icon)} is unknown; accepted: {', '.join(ICONS)}")
    return replace(status, description=request.description, color=request.color, icon=request.icon)


def _of_type(change: SettingsChange, incident_type: str) -> list[OrgStatus]:
    return store.list_statuses(change.connection, change.tenant_id, incident_type=incident_type)


def _check_slug_free(status: Status, others: Iterable[OrgStatus]) -> None:
    for other in others:
        if other.status.id != status.id and other.status.slug == status.slug:
            raise Conflict(
                Reason.NAME_TAKEN,
                f"the slug {_shown(status.slug)} is that of the {status.incident_type} status {other.status.name!r}; "
                "choose another name",
            )


def _check_category(change: SettingsChange, current: Status, updated: Status) -> None:
    """Incidents carry the category of their status, and resolving one means more than a word."""
    changed = updated.category is not current.category
    if changed and store.status_in_use(change.connection, change.tenant_id, current.id):
        raise Conflict(
            Reason.IN_USE,
            f"status {current.name!r} is that of an incident, so it stays {current.category}; create another status",
        )


def _incident_type(text: str) -> IncidentType:
    if text and text not in set(IncidentType):
        _refuse("incident_type", f"{_shown(text)} is unknown; accepted: {', '.join(IncidentType)}")
    return IncidentType(text or IncidentType.INTERNAL)


def _category(text: str) -> Category:
    if text not in set(Category):
        _refuse("category", f"{_shown(text)} is unknown; accepted: {', '.join(Category)}")
    return Category(text)


def _slug(name: str) -> str:
    check_length("name", name, NAME, minimum=1)
    made = slug(name)
    if not made:
        _refuse("name", f"{_shown(name)} has neither a letter nor a digit; at least one is needed")
    check_length("name", made, NAME)
    return made


def _announce(change: SettingsChange, what: str, status: OrgStatus) -> None:
    payload = {"name": status.status.name, "category": status.status.category.value}
    change.announce(f"status.{what}", status.status.id, payload)


def _refuse(field: str, why: str) -> NoReturn:
    raise Invalid(
        Reason.FIELD_INVALID, f"{field}: {why}", violations=(FieldViolation(field, why),), metadata={"field": field}
    )


def _shown(text: str) -> str:
    return repr(text[:_QUOTED_IN_ERRORS])


def _message(status: OrgStatus) -> StatusMessage:
    changed_at = status.updated_at or status.created_at
    return StatusMessage(
        status_id=status.status.id,
        incident_type=status.status.incident_type,
        name=status.status.name,
        description=status.description,
        category=status.status.category,
        kind=status.status.category,
        color=status.color,
        icon=status.icon,
        slug=status.status.slug,
        position=status.position,
        archived_time=changed_at if status.archived else None,
        immutable=status.builtin,
        created_time=status.created_at,
        modified_time=changed_at,
    )
