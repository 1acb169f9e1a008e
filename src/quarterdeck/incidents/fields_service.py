"""incident.v1.FieldsService."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, NoReturn, TypeVar
from uuid import uuid4

import orjson

from quarterdeck.clock import Clock
from quarterdeck.database import Connection, Database
from quarterdeck.errors import Conflict, FieldViolation, Invalid, NotFound, Reason
from quarterdeck.gen.incident.v1.field_pb2 import CustomMetadataField, CustomMetadataFieldSelectOption, FieldValue
from quarterdeck.gen.incident.v1.fields_service_pb2 import (
    AddFieldRequest,
    AddFieldResponse,
    AddFieldSelectOptionRequest,
    AddFieldSelectOptionResponse,
    AddLabelKeyRequest,
    AddLabelKeyResponse,
    AddLabelValueRequest,
    AddLabelValueResponse,
    ArchiveFieldRequest,
    ArchiveFieldResponse,
    DeleteFieldRequest,
    DeleteFieldResponse,
    DeleteFieldSelectOptionRequest,
    DeleteFieldSelectOptionResponse,
    GetFieldRequest,
    GetFieldResponse,
    GetFieldsRequest,
    GetFieldsResponse,
    GetFieldValuesRequest,
    GetFieldValuesResponse,
    RecordFieldValueRequest,
    RecordFieldValueResponse,
    UnarchiveFieldRequest,
    UnarchiveFieldResponse,
    UpdateFieldRequest,
    UpdateFieldResponse,
    UpdateFieldSelectOptionRequest,
    UpdateFieldSelectOptionResponse,
)
from quarterdeck.identity.call import CallContext
from quarterdeck.incidents import labelling
from quarterdeck.incidents.actors import actor_of
from quarterdeck.incidents.change import Change, QueueDeliveries, begin
from quarterdeck.incidents.convert import to_incident_id
from quarterdeck.incidents.field_values import FieldType, normal_value
from quarterdeck.incidents.labels import DEFAULT_KEY, check_label, key_or_default
from quarterdeck.incidents.limits import DESCRIPTION, LABEL_VALUE, NAME, URL, check_length
from quarterdeck.incidents.organisation import SettingsChange, change_settings, ensure, read_settings
from quarterdeck.incidents.slugs import slug
from quarterdeck.incidents.store import fields as store
from quarterdeck.incidents.store.fields import INCIDENT_DOMAIN, LABELS_DOMAIN, Option, OrgField
from quarterdeck.incidents.store.incidents import get_visible
from quarterdeck.incidents.webhooks.event_names import Event

T = TypeVar("T")

DOMAINS: Final = (INCIDENT_DOMAIN, LABELS_DOMAIN)
SELECTS: Final = frozenset({FieldType.SINGLE_SELECT, FieldType.MULTI_SELECT})

_QUOTED_IN_ERRORS = 80
# What stands in a query between two colons, without quotes.
_SLUG = re.compile(r"[\w.-]+")


class FieldsService:
    """Custom fields and label keys, and the values that incidents have for them."""

    def __init__(self, database: Database, clock: Clock, queue: QueueDeliveries) -> None:
        self._database = database
        self._clock = clock
        self._queue = queue

    async def get_field(self, request: GetFieldRequest, call: CallContext) -> GetFieldResponse:
        found = await self._read(call, lambda c: store.get_field(c, call.tenant_id, request.field_uuid))
        if found.archived and not request.include_archived:
            raise NotFound(
                Reason.FIELD_NOT_FOUND,
                f"field {found.name!r} is archived; ask with includeArchived to see it",
                metadata={"id": found.uuid},
            )
        return GetFieldResponse(field=field_message(found))

    async def get_fields(self, request: GetFieldsRequest, call: CallContext) -> GetFieldsResponse:
        domain = _domain(request.domain_name) if request.domain_name else None
        found = await self._read(call, lambda c: store.list_fields(c, call.tenant_id, domain=domain))
        return GetFieldsResponse(fields=map(field_message, found))

    async def add_field(self, request: AddFieldRequest, call: CallContext) -> AddFieldResponse:
        wanted = request.field
        added = await self._change(call, lambda change: _add(change, wanted))
        return AddFieldResponse(field=field_message(added))

    async def update_field(self, request: UpdateFieldRequest, call: CallContext) -> UpdateFieldResponse:
        updated = await self._change(call, lambda change: _update(change, request))
        return UpdateFieldResponse(field=field_message(updated))

    async def archive_field(self, request: ArchiveFieldRequest, call: CallContext) -> ArchiveFieldResponse:
        await self._change(call, lambda change: _set_archived(change, request.field_uuid, archived=True))
        return ArchiveFieldResponse()

    async def unarchive_field(self, request: UnarchiveFieldRequest, call: CallContext) -> UnarchiveFieldResponse:
        await self._change(call, lambda change: _set_archived(change, request.field_uuid, archived=False))
        return UnarchiveFieldResponse()

    async def delete_field(self, request: DeleteFieldRequest, call: CallContext) -> DeleteFieldResponse:
        await self._change(call, lambda change: _delete(change, request.field_uuid))
        return DeleteFieldResponse()

    async def add_field_select_option(
        self, request: AddFieldSelectOptionRequest, call: CallContext
    ) -> AddFieldSelectOptionResponse:
        uuid = await self._change(
            call, lambda change: _add_option(change, request.field_uuid, request.field_select_option)
        )
        return AddFieldSelectOptionResponse(field_select_option_uuid=uuid)

    async def update_field_select_option(
        self, request: UpdateFieldSelectOptionRequest, call: CallContext
    ) -> UpdateFieldSelectOptionResponse:
        await self._change(call, lambda change: _update_option(change, request))
        return UpdateFieldSelectOptionResponse()

    async def delete_field_select_option(
        self, request: DeleteFieldSelectOptionRequest, call: CallContext
    ) -> DeleteFieldSelectOptionResponse:
        await self._change(call, lambda change: _delete_option(change, request))
        return DeleteFieldSelectOptionResponse()

    async def add_label_key(self, request: AddLabelKeyRequest, call: CallContext) -> AddLabelKeyResponse:
        wanted = CustomMetadataField(
            name=request.key,
            slug=request.key,
            description=request.description,
            color=request.color_hex,
            domain_name=LABELS_DOMAIN,
        )
        added = await self._change(call, lambda change: _add(change, wanted))
        return AddLabelKeyResponse(field=field_message(added))

    async def add_label_value(self, request: AddLabelValueRequest, call: CallContext) -> AddLabelValueResponse:
        key = key_or_default(request.key)
        check_label(key, request.value)
        option = CustomMetadataFieldSelectOption(
            value=request.value, description=request.description, color=request.color_hex
        )
        changed = await self._change(call, lambda change: _add_label_value(change, key, option))
        return AddLabelValueResponse(field=field_message(changed))

    async def get_field_values(self, request: GetFieldValuesRequest, call: CallContext) -> GetFieldValuesResponse:
        """Every field that is not archived, those without a value with `""`; a label key has its labels' uuids."""
        number = _target(request.target_kind, request.target_id)
        domain = _domain(request.domain_name) if request.domain_name else None

        def look(connection: Connection) -> tuple[list[OrgField], Mapping[str, str]]:
            get_visible(connection, call.tenant_id, number, actor_of(connection, call))
            fields = store.list_fields(connection, call.tenant_id, domain=domain)
            return fields, _values(connection, call.tenant_id, number)

        fields, values = await self._read(call, look)
        return GetFieldValuesResponse(
            field_values=[FieldValue(field=field_message(each), value=values.get(each.uuid, "")) for each in fields]
        )

    async def record_field_value(self, request: RecordFieldValueRequest, call: CallContext) -> RecordFieldValueResponse:
        number = _target(request.target_kind, request.target_id)
        now = self._clock.now()

        def record(connection: Connection) -> None:
            ensure(connection, call.tenant_id, now)
            actor = actor_of(connection, call, at=now)
            change = begin(connection, call.tenant_id, number, actor=actor, at=now, queue=self._queue)
            # So that nobody deletes an option between the look at it and the value.
            store.hold_fields(connection, call.tenant_id)
            field = store.get_field(connection, call.tenant_id, request.field_uuid)
            if field.archived:
                raise Conflict(Reason.ARCHIVED, f"field {field.name!r} is archived and takes no values")
            value = normal_value(field.definition, request.value)
            if field.domain == LABELS_DOMAIN:
                _record_labels(change, field, value)
            else:
                _record(change, field, value)
            change.finish()

        await self._database.transaction(record)
        return RecordFieldValueResponse()

    async def _read(self, call: CallContext, fn: Callable[[Connection], T]) -> T:
        return await read_settings(self._database, call.tenant_id, self._clock.now(), fn)

    async def _change(self, call: CallContext, fn: Callable[[SettingsChange], T]) -> T:
        def run(change: SettingsChange) -> T:
            # Labels make keys and values too, without the settings' lock.
            store.hold_fields(change.connection, change.tenant_id)
            return fn(change)

        return await change_settings(self._database, call, self._clock.now(), run)


def _add(change: SettingsChange, wanted: CustomMetadataField) -> OrgField:
    domain = _domain(wanted.domain_name or INCIDENT_DOMAIN)
    kind = _type(wanted.type, domain)
    draft = OrgField(
        uuid=str(uuid4()),
        number=0,
        domain=domain,
        name=_name(wanted.name),
        slug=_slug(wanted.slug, wanted.name, domain),
        type=kind,
        created_at=change.at,
        required=wanted.required,
        immutable=wanted.immutable,
        source=_text("field.source", wanted.source, URL),
    )
    draft = _with_options(change, _dressed(draft, wanted), wanted.selectoptions)
    draft = replace(draft, extra=_extra(draft.extra, external_id=_text("field.external_id", wanted.external_id, URL)))
    _check_slug_free(change, draft)
    options = tuple(replace(each, position=position) for position, each in enumerate(draft.options, start=1))
    added = store.add_field(change.connection, change.tenant_id, replace(draft, options=options))
    _announce(change, "created", added)
    return added


def _update(change: SettingsChange, request: UpdateFieldRequest) -> OrgField:
    """A name or slug that is empty stays, and so do the options when none are sent; the rest becomes what is sent."""
    current = _for_change(change, request.field_uuid)
    if request.version and request.version != current.version:
        raise Conflict(
            Reason.VERSION_MISMATCH,
            f"field {current.name!r} is at version {current.version}, not at {request.version}; read it again",
            metadata={"version": str(current.version)},
        )
    if request.domain_name and request.domain_name != current.domain:
        _refuse("domain_name", f"is fixed at {current.domain!r} for this field; leave it out")
    wanted = replace(
        _dressed(current, request),
        name=_name(request.name) if request.name else current.name,
        slug=_slug(request.slug, request.name, current.domain) if request.slug else current.slug,
        required=request.required,
        immutable=request.immutable,
    )
    if wanted.slug != current.slug:
        _check_not_default(current, "renamed")
        _check_slug_free(change, wanted)
    if request.selectoptions:
        wanted = _with_options(change, wanted, request.selectoptions)
    return _save(change, current, wanted)


def _set_archived(change: SettingsChange, uuid: str, *, archived: bool) -> None:
    current = _for_change(change, uuid)
    if current.archived is not archived:
        _check_not_default(current, "archived")
        _save(change, current, replace(current, archived=archived))


def _delete(change: SettingsChange, uuid: str) -> None:
    current = _for_change(change, uuid)
    _check_not_default(current, "deleted")
    store.delete_field(change.connection, change.tenant_id, uuid)
    _announce(change, "deleted", current)


def _add_option(change: SettingsChange, field_uuid: str, wanted: CustomMetadataFieldSelectOption) -> str:
    """The uuid of the new option."""
    current = _for_change(change, field_uuid)
    field = _with_appended(change, current, wanted)
    _save(change, current, field)
    return field.options[-1].uuid


def _add_label_value(change: SettingsChange, key: str, wanted: CustomMetadataFieldSelectOption) -> OrgField:
    found = store.find_label_key(change.connection, change.tenant_id, key)
    if found is None:
        raise NotFound(
            Reason.FIELD_NOT_FOUND,
            f"no label key is called {_shown(key)}; add it with AddLabelKey",
            metadata={"id": key[:_QUOTED_IN_ERRORS]},
        )
    current = _for_change(change, found.uuid)
    return _save(change, current, _with_appended(change, current, wanted))


def _update_option(change: SettingsChange, request: UpdateFieldSelectOptionRequest) -> None:
    """A value or label that is empty stays; the rest becomes what is sent."""
    current = _for_change(change, request.field_uuid)
    option = _option(current, request.select_option_uuid)
    changed = _checked_option(
        replace(
            option,
            value=request.value or option.value,
            label=request.label or option.label,
            color=request.color,
            icon=request.icon,
            description=request.description,
        ),
        "",
    )
    options = tuple(changed if each.uuid == option.uuid else each for each in current.options)
    _check_values_differ(current, options)
    _save(change, current, replace(current, options=options))


def _delete_option(change: SettingsChange, request: DeleteFieldSelectOptionRequest) -> None:
    current = _for_change(change, request.field_uuid)
    option = _option(current, request.select_option_uuid)
    _check_unused(change, current, [option])
    kept = tuple(each for each in current.options if each.uuid != option.uuid)
    _save(change, current, replace(current, options=kept))


def _for_change(change: SettingsChange, uuid: str) -> OrgField:
    """Raises NotFound, and Conflict for an immutable one."""
    current = store.get_field(change.connection, change.tenant_id, uuid)
    if current.immutable:
        raise Conflict(Reason.IMMUTABLE, f"field {current.name!r} is immutable and cannot be changed")
    return current


def _save(change: SettingsChange, current: OrgField, wanted: OrgField) -> OrgField:
    changed = replace(wanted, version=current.version + 1, updated_at=change.at)
    store.update_field(change.connection, change.tenant_id, changed)
    if changed.options != current.options:
        store.replace_options(change.connection, change.tenant_id, current, changed.options)
    _announce(change, "updated", changed)
    return store.get_field(change.connection, change.tenant_id, current.uuid)


def _with_options(
    change: SettingsChange, field: OrgField, wanted: Sequence[CustomMetadataFieldSelectOption]
) -> OrgField:
    """The field with these options: those that it has are known by their uuid or, without one, by their value."""
    if wanted and field.type not in SELECTS:
        _refuse("selectoptions", f"are for select fields only; this field's type is {field.type}")
    options = tuple(_merged(change, field, each, f"selectoptions[{index}].") for index, each in enumerate(wanted))
    _check_values_differ(field, options)
    kept = {option.uuid for option in options}
    _check_unused(change, field, [each for each in field.options if each.uuid not in kept])
    sources = {
        option.uuid: _option_source(each) for option, each in zip(options, wanted, strict=True) if _option_source(each)
    }
    return replace(field, options=options, extra=_extra(field.extra, options=sources))


def _with_appended(change: SettingsChange, field: OrgField, wanted: CustomMetadataFieldSelectOption) -> OrgField:
    if field.type not in SELECTS:
        _refuse("field_select_option", f"is for select fields only; this field's type is {field.type}")
    option = _new_option(change, wanted, "")
    options = (*field.options, option)
    _check_values_differ(field, options)
    sources = dict(field.extra.get("options", {}))
    if source := _option_source(wanted):
        sources[option.uuid] = source
    return replace(field, options=options, extra=_extra(field.extra, options=sources))


def _merged(change: SettingsChange, field: OrgField, wanted: CustomMetadataFieldSelectOption, path: str) -> Option:
    present = _option(field, wanted.uuid) if wanted.uuid and field.options else field.option_with(wanted.value)
    new = _new_option(change, wanted, path)
    return new if present is None else replace(new, uuid=present.uuid, created_at=present.created_at)


def _new_option(change: SettingsChange, wanted: CustomMetadataFieldSelectOption, path: str) -> Option:
    return _checked_option(
        Option(
            uuid=str(uuid4()),
            value=wanted.value,
            label=wanted.label or wanted.value,
            created_at=change.at,
            description=wanted.description,
            color=wanted.color,
            icon=wanted.icon,
        ),
        path,
    )


def _checked_option(option: Option, path: str) -> Option:
    check_length(f"{path}value", option.value, LABEL_VALUE, minimum=1)
    check_length(f"{path}label", option.label, LABEL_VALUE)
    check_length(f"{path}description", option.description, DESCRIPTION)
    check_length(f"{path}color", option.color, NAME)
    check_length(f"{path}icon", option.icon, NAME)
    return option


def _check_values_differ(field: OrgField, options: Iterable[Option]) -> None:
    seen: set[str] = set()
    for option in options:
        folded = option.value.casefold()
        if folded in seen:
            # SuperPlane (240808d) adds every label value before it uses it, and takes "already exists" for success.
            raise Conflict(
                Reason.NAME_TAKEN,
                f"an option {_shown(option.value)} already exists in field {field.name!r}; values differ in any case",
            )
        seen.add(folded)


def _check_unused(change: SettingsChange, field: OrgField, options: Iterable[Option]) -> None:
    for option in options:
        if store.option_in_use(change.connection, change.tenant_id, field.uuid, option.uuid):
            raise Conflict(
                Reason.IN_USE, f"option {option.value!r} of {field.name!r} is that of an incident; it cannot be deleted"
            )


def _option(field: OrgField, uuid: str) -> Option:
    found = next((each for each in field.options if each.uuid == uuid), None)
    if found is None:
        raise NotFound(
            Reason.SELECT_OPTION_NOT_FOUND,
            f"field {field.name!r} has no option with the uuid {_shown(uuid)}",
            metadata={"id": uuid[:_QUOTED_IN_ERRORS]},
        )
    return found


def _check_slug_free(change: SettingsChange, field: OrgField) -> None:
    for other in store.list_fields(change.connection, change.tenant_id, domain=field.domain, archived=True):
        if other.uuid != field.uuid and other.slug.casefold() == field.slug.casefold():
            raise Conflict(
                Reason.NAME_TAKEN,
                f"the slug {_shown(field.slug)} is that of the {'archived ' * other.archived}field {other.name!r} "
                f"({other.uuid}); choose another one",
            )


def _check_not_default(field: OrgField, what: str) -> None:
    if field.domain == LABELS_DOMAIN and field.slug == DEFAULT_KEY:
        raise Conflict(
            Reason.IMMUTABLE, f"the label key {DEFAULT_KEY!r} is that of labels without a key, and cannot be {what}"
        )


def _record(change: Change, field: OrgField, value: str) -> None:
    number = change.incident.id
    if value != store.values_of(change.connection, change.tenant_id, number).get(field.uuid, ""):
        store.set_value(change.connection, change.tenant_id, number, field, value)
        change.announce(Event.UPDATED)


def _record_labels(change: Change, key: OrgField, value: str) -> None:
    """A label key's value is the labels under it: those that are not in the list are taken off, the others put on."""
    wanted = orjson.loads(value) if value else []
    for label in labelling.labels_of(change):
        if label.key_uuid == key.uuid and label.value_uuid not in wanted:
            labelling.remove_by_uuid(change, key.uuid, label.value_uuid)
    for uuid in wanted:
        labelling.add_by_uuid(change, key.uuid, uuid)


def _values(connection: Connection, tenant_id: str, incident_id: int) -> Mapping[str, str]:
    labels = store.label_options_of(connection, tenant_id, incident_id)
    as_values = {uuid: orjson.dumps(options).decode() for uuid, options in labels.items()}
    return as_values | store.values_of(connection, tenant_id, incident_id)


def _target(kind: str, identifier: str) -> int:
    if kind not in ("", INCIDENT_DOMAIN):
        _refuse("target_kind", f"{_shown(kind)} is unknown; accepted: {INCIDENT_DOMAIN}")
    return to_incident_id(identifier, field="target_id")


def _domain(text: str) -> str:
    if text not in DOMAINS:
        _refuse("domain_name", f"{_shown(text)} is unknown; accepted: {', '.join(DOMAINS)}")
    return text


def _type(text: str, domain: str) -> FieldType:
    if domain == LABELS_DOMAIN:
        if text not in ("", FieldType.MULTI_SELECT):
            _refuse("field.type", f"is {FieldType.MULTI_SELECT} for label keys; leave it out")
        return FieldType.MULTI_SELECT
    if text not in set(FieldType):
        _refuse("field.type", f"{_shown(text)} is unknown; accepted: {', '.join(FieldType)}")
    return FieldType(text)


def _name(text: str) -> str:
    check_length("name", text, NAME)
    if not text.strip():
        _refuse("name", "is required")
    return text


def _slug(given: str, name: str, domain: str) -> str:
    """The slug as it was given, or made of the name. A label key's is the key itself, whatever letters it has."""
    if domain == LABELS_DOMAIN:
        return _name(given or name)
    check_length("slug", given, NAME)
    made = given or slug(name)
    if not _SLUG.fullmatch(made):
        _refuse("slug", f"{_shown(made)} cannot be used in a query; letters, digits, '-', '_' and '.' are accepted")
    return made


def _dressed(field: OrgField, wanted: CustomMetadataField | UpdateFieldRequest) -> OrgField:
    return replace(
        field,
        description=_text("description", wanted.description, DESCRIPTION),
        color=_text("color", wanted.color, NAME),
        icon=_text("icon", wanted.icon, NAME),
    )


def _text(field: str, text: str, longest: int) -> str:
    check_length(field, text, longest)
    return text


def _extra(extra: Mapping[str, Any], **said: Any) -> dict[str, Any]:
    return {key: value for key, value in {**extra, **said}.items() if value}


def _option_source(wanted: CustomMetadataFieldSelectOption) -> dict[str, str]:
    said = {
        "source": _text("source", wanted.source, URL),
        "external_id": _text("external_id", wanted.external_id, URL),
    }
    return {key: value for key, value in said.items() if value}


def _announce(change: SettingsChange, what: str, field: OrgField) -> None:
    payload = {"name": field.name, "slug": field.slug, "domain": field.domain, "archived": field.archived}
    change.announce(f"field.{what}", field.uuid, payload)


def _refuse(field: str, why: str) -> NoReturn:
    raise Invalid(
        Reason.FIELD_INVALID, f"{field}: {why}", violations=(FieldViolation(field, why),), metadata={"field": field}
    )


def _shown(text: str) -> str:
    return repr(text[:_QUOTED_IN_ERRORS])


def field_message(field: OrgField) -> CustomMetadataField:
    sources = field.extra.get("options", {})
    return CustomMetadataField(
        uuid=field.uuid,
        name=field.name,
        slug=field.slug,
        color=field.color,
        icon=field.icon,
        description=field.description,
        type=field.type,
        required=field.required,
        immutable=field.immutable,
        domain_name=field.domain,
        selectoptions=[_option_message(option, sources.get(option.uuid, {})) for option in field.options],
        source=field.source,
        external_id=field.extra.get("external_id", ""),
        archived=field.archived,
        version=field.version,
    )


def _option_message(option: Option, source: Mapping[str, str]) -> CustomMetadataFieldSelectOption:
    return CustomMetadataFieldSelectOption(
        uuid=option.uuid,
        value=option.value,
        label=option.label,
        color=option.color,
        icon=option.icon,
        description=option.description,
        **source,
    )
