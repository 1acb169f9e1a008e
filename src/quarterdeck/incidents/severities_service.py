"""incident.v1.SeveritiesService."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Final, NoReturn
from uuid import uuid4

from quarterdeck.clock import Clock
from quarterdeck.database import Database
from quarterdeck.errors import Conflict, FieldViolation, Invalid, Reason
from quarterdeck.gen.incident.v1.severities_service_pb2 import (
    CreateOrgSeverityRequest,
    CreateOrgSeverityResponse,
    DeleteOrgSeverityRequest,
    DeleteOrgSeverityResponse,
    GetOrgSeveritiesRequest,
    GetOrgSeveritiesResponse,
    UpdateOrgSeverityRequest,
    UpdateOrgSeverityResponse,
)
from quarterdeck.gen.incident.v1.severity_pb2 import Severity as SeverityMessage
from quarterdeck.identity.call import CallContext
from quarterdeck.incidents.actors import actor_of
from quarterdeck.incidents.limits import DESCRIPTION, NAME, check_length
from quarterdeck.incidents.organisation import SettingsChange, change_settings, read_settings
from quarterdeck.incidents.severities import PENDING_LEVEL
from quarterdeck.incidents.store import organisation as store
from quarterdeck.incidents.store.organisation import OrgSeverity
from quarterdeck.incidents.users import public_id

LEVELS: Final = range(1, 6)

_QUOTED_IN_ERRORS = 80
_KEYS = (
    "severity_id",
    "display_label",
    "level",
    "description",
    "icon_name",
    "dark_color",
    "light_color",
    "color",
    "archived_at",
)


@dataclass(frozen=True, slots=True)
class SeverityInput:
    """What a caller says; None where they say nothing, which keeps what is stored."""

    severity_id: str | None
    display_label: str | None
    level: int | None
    description: str | None
    icon_name: str | None
    dark_color: str | None
    light_color: str | None
    color: str | None
    archived_at: str | None


class SeveritiesService:
    """Severities. Their level is fixed once they exist; Pending is always there."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def get_org_severities(
        self, _request: GetOrgSeveritiesRequest, call: CallContext
    ) -> GetOrgSeveritiesResponse:
        found = await read_settings(
            self._database, call.tenant_id, self._clock.now(), lambda c: store.list_severities(c, call.tenant_id)
        )
        return GetOrgSeveritiesResponse(severities=[_message(each, call.tenant_id) for each in found])

    async def create_org_severity(
        self, request: CreateOrgSeverityRequest, call: CallContext
    ) -> CreateOrgSeverityResponse:
        wanted = _input(request)
        created = await change_settings(self._database, call, self._clock.now(), lambda change: _create(change, wanted))
        return CreateOrgSeverityResponse(severity=_message(created, call.tenant_id))

    async def update_org_severity(
        self, request: UpdateOrgSeverityRequest, call: CallContext
    ) -> UpdateOrgSeverityResponse:
        wanted = _input(request)
        if not wanted.severity_id:
            _refuse("severity_id", "is required; it says which severity")
        updated = await change_settings(self._database, call, self._clock.now(), lambda change: _update(change, wanted))
        return UpdateOrgSeverityResponse(severity=_message(updated, call.tenant_id))

    async def delete_org_severity(
        self, request: DeleteOrgSeverityRequest, call: CallContext
    ) -> DeleteOrgSeverityResponse:
        identifier = request.severity_id
        await change_settings(self._database, call, self._clock.now(), lambda change: _delete(change, identifier))
        return DeleteOrgSeverityResponse()


def _create(change: SettingsChange, wanted: SeverityInput) -> OrgSeverity:
    label, level = _checked_label(wanted), _checked_level(wanted)
    others = store.list_severities(change.connection, change.tenant_id)
    _check_label_free(label, others)
    _check_level_free(level, others)
    blank = OrgSeverity(str(uuid4()), label, level, change.at)
    severity = _dressed(blank, wanted)
    store.add_severity(change.connection, change.tenant_id, severity)
    _announce(change, "created", severity)
    return severity


def _update(change: SettingsChange, wanted: SeverityInput) -> OrgSeverity:
    current = store.get_severity(change.connection, change.tenant_id, wanted.severity_id or "")
    if wanted.level is not None and wanted.level != current.level:
        _refuse("level", f"is fixed at {current.level} for {current.label!r}; delete it and create another one")
    updated = _archival(change, current, _dressed(_relabelled(change, current, wanted), wanted), wanted)
    if updated == current:
        return current
    updated = replace(updated, updated_at=change.at)
    store.update_severity(change.connection, change.tenant_id, updated)
    _announce(change, "updated", updated)
    return updated


def _delete(change: SettingsChange, identifier: str) -> None:
    severity = store.get_severity(change.connection, change.tenant_id, identifier)
    _check_may_go(severity, "deleted")
    if store.severity_in_use(change.connection, change.tenant_id, identifier):
        raise Conflict(
            Reason.IN_USE, f"severity {severity.label!r} is that of an incident and cannot be deleted; archive it"
        )
    by = actor_of(change.connection, change.call, at=change.at).user.id
    store.delete_severity(change.connection, change.tenant_id, identifier, at=change.at, by=by)
    _announce(change, "deleted", severity)


def _relabelled(change: SettingsChange, current: OrgSeverity, wanted: SeverityInput) -> OrgSeverity:
    if wanted.display_label is None:
        return current
    label = _checked_label(wanted)
    others = store.list_severities(change.connection, change.tenant_id)
    _check_label_free(label, [each for each in others if each.id != current.id])
    return replace(current, label=label)


def _dressed(severity: OrgSeverity, wanted: SeverityInput) -> OrgSeverity:
    """With what is said about its looks. `color` stands in for the two that are not said, or said to be empty."""
    return replace(
        severity,
        description=_said(wanted.description, severity.description, "description", DESCRIPTION),
        icon_name=_said(wanted.icon_name, severity.icon_name, "icon_name", NAME),
        dark_color=_said(wanted.dark_color or wanted.color or wanted.dark_color, severity.dark_color, "dark_color"),
        light_color=_said(
            wanted.light_color or wanted.color or wanted.light_color, severity.light_color, "light_color"
        ),
    )


def _archival(change: SettingsChange, current: OrgSeverity, updated: OrgSeverity, wanted: SeverityInput) -> OrgSeverity:
    if wanted.archived_at is None or bool(wanted.archived_at) is (current.archived_at is not None):
        return updated
    if not wanted.archived_at:
        return replace(updated, archived_at=None, archived_by=None)
    _check_may_go(current, "archived")
    by = actor_of(change.connection, change.call, at=change.at).user.id
    return replace(updated, archived_at=change.at, archived_by=by)


def _check_may_go(severity: OrgSeverity, what: str) -> None:
    if severity.level == PENDING_LEVEL:
        raise Conflict(
            Reason.IMMUTABLE, f"severity {severity.label!r} is what new incidents have, and cannot be {what}"
        )


def _checked_label(wanted: SeverityInput) -> str:
    label = wanted.display_label or ""
    check_length("display_label", label, NAME)
    if not label.strip():
        _refuse("display_label", "is required")
    return label


def _checked_level(wanted: SeverityInput) -> int:
    if wanted.level is None:
        _refuse("level", "is required; 1 to 5 are accepted")
    if wanted.level not in LEVELS:
        _refuse("level", f"is {wanted.level}; 1 (the worst) to 5 are accepted")
    return wanted.level


def _check_label_free(label: str, others: Iterable[OrgSeverity]) -> None:
    if any(each.label.casefold() == label.casefold() for each in others):
        shown = repr(label[:_QUOTED_IN_ERRORS])
        raise Conflict(
            Reason.NAME_TAKEN, f"there is already a severity called {shown}; labels differ in any case, archived or not"
        )


def _check_level_free(level: int, others: Iterable[OrgSeverity]) -> None:
    levels = {each.level: each.label for each in others}
    if level in levels:
        free = ", ".join(str(each) for each in LEVELS if each not in levels) or "none; delete a severity first"
        raise Conflict(Reason.NAME_TAKEN, f"level {level} is that of severity {levels[level]!r}; free levels: {free}")


def _said(given: str | None, stored: str, field: str, longest: int = NAME) -> str:
    if given is None:
        return stored
    check_length(field, given, longest)
    return given


def _input(request: CreateOrgSeverityRequest | UpdateOrgSeverityRequest) -> SeverityInput:
    """What stands below `severity` wins over what stands beside it."""
    sources = (request.severity, request)

    def said(key: str) -> Any:
        return next((getattr(source, key) for source in sources if source.HasField(key)), None)

    return SeverityInput(**{key: said(key) for key in _KEYS})


def _announce(change: SettingsChange, what: str, severity: OrgSeverity) -> None:
    payload = {"label": severity.label, "level": severity.level, "archived": severity.archived_at is not None}
    change.announce(f"severity.{what}", severity.id, payload)


def _refuse(field: str, why: str) -> NoReturn:
    raise Invalid(
        Reason.FIELD_INVALID, f"{field}: {why}", violations=(FieldViolation(field, why),), metadata={"field": field}
    )


def _message(severity: OrgSeverity, tenant_id: str) -> SeverityMessage:
    message = SeverityMessage(
        severity_id=severity.id,
        org_id=tenant_id,
        display_label=severity.label,
        level=severity.level,
        icon_name=severity.icon_name,
        description=severity.description,
        dark_color=severity.dark_color,
        light_color=severity.light_color,
        color=severity.dark_color,
        created_at=severity.created_at,
        updated_at=severity.updated_at,
        archived_at=severity.archived_at,
    )
    if severity.archived_by is not None:
        message.archived_by_user_id = public_id(severity.archived_by)
    return message
