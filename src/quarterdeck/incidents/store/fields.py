"""Custom fields and label keys, which are fields too; their select options; the values that incidents have."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final
from uuid import uuid4

import sqlalchemy as sa

from quarterdeck.database import Connection, hold, insert, next_value
from quarterdeck.errors import NotFound, Reason
from quarterdeck.incidents.field_values import FieldDefinition, FieldType, SelectOption, search_text
from quarterdeck.incidents.limits import FIELDS_PER_DOMAIN, OPTIONS_PER_FIELD, check_count
from quarterdeck.incidents.store import tables as t

INCIDENT_DOMAIN: Final = "incident"
LABELS_DOMAIN: Final = "labels"

_NUMBERS = "incident_field"
_QUOTED_IN_ERRORS = 80


@dataclass(frozen=True, slots=True)
class Option:
    """One choice of a select field, or one value of a label key."""

    uuid: str
    value: str
    label: str
    created_at: datetime
    description: str = ""
    color: str = ""
    icon: str = ""
    position: int = 0


@dataclass(frozen=True, slots=True)
class OrgField:
    """A field with its options in their order. The slug of a label key is the key, letter for letter."""

    uuid: str
    number: int
    domain: str
    name: str
    slug: str
    type: FieldType
    created_at: datetime
    description: str = ""
    color: str = ""
    icon: str = ""
    required: bool = False
    immutable: bool = False
    archived: bool = False
    source: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)
    """What the API carries and nothing here looks at: `external_id`, and `options`, by uuid."""
    version: int = 1
    updated_at: datetime | None = None
    options: tuple[Option, ...] = ()

    @property
    def definition(self) -> FieldDefinition:
        """What checking and searching a value looks at."""
        return FieldDefinition(self.slug, self.type, [SelectOption(each.uuid, each.value) for each in self.options])

    def option_with(self, value: str) -> Option | None:
        """The option with this value, in any case."""
        return next((each for each in self.options if each.value.casefold() == value.casefold()), None)


# --- fields ----------------------------------------------------------------------------------------------------------


def hold_fields(connection: Connection, tenant_id: str) -> None:
    """Make other changes of the tenant's fields wait for this transaction: what it reads after this stays true."""
    hold(connection, tenant_id, _NUMBERS)


def list_fields(
    connection: Connection, tenant_id: str, *, domain: str | None = None, archived: bool = False
) -> list[OrgField]:
    """By name; of one domain or of all; archived ones only when asked for."""
    query = sa.select(t.fields).where(t.fields.c.tenant_id == tenant_id)
    if domain is not None:
        query = query.where(t.fields.c.domain == domain)
    if not archived:
        query = query.where(t.fields.c.archived.is_(False))
    rows = connection.execute(query.order_by(t.fields.c.name, t.fields.c.number)).mappings().all()
    return _fields(connection, tenant_id, rows)


def get_field(connection: Connection, tenant_id: str, uuid: str) -> OrgField:
    """Raises `NotFound(FIELD_NOT_FOUND)`. Archived ones are found."""
    rows = connection.execute(sa.select(t.fields).where(_is_field(tenant_id, uuid))).mappings().all()
    if not rows:
        raise NotFound(Reason.FIELD_NOT_FOUND, f"no field has the uuid {_shown(uuid)}", metadata=_subject(uuid))
    return _fields(connection, tenant_id, rows)[0]


def add_field(connection: Connection, tenant_id: str, new: OrgField) -> OrgField:
    """Adds it with its options, under the next number. The caller holds the fields and knows that the slug is free.

    Raises Invalid when the domain would have more than 100 fields, or the field more than 500 options.
    """
    check_count("fields", count_fields(connection, tenant_id, new.domain) + 1, FIELDS_PER_DOMAIN)
    number = next_value(connection, tenant_id, _NUMBERS)
    values = _field_values(new) | {
        "tenant_id": tenant_id,
        "uuid": new.uuid,
        "number": number,
        "domain": new.domain,
        "type": new.type,
        "created_at": new.created_at,
    }
    connection.execute(sa.insert(t.fields).values(values))
    _add_options(connection, tenant_id, new.uuid, new.options)
    return get_field(connection, tenant_id, new.uuid)


def count_fields(connection: Connection, tenant_id: str, domain: str) -> int:
    """Archived ones included."""
    query = sa.select(sa.func.count()).where(t.fields.c.tenant_id == tenant_id, t.fields.c.domain == domain)
    return int(connection.execute(query).scalar_one())


def update_field(connection: Connection, tenant_id: str, changed: OrgField) -> None:
    """Writes everything but its domain, type and options."""
    connection.execute(sa.update(t.fields).where(_is_field(tenant_id, changed.uuid)).values(**_field_values(changed)))


def delete_field(connection: Connection, tenant_id: str, uuid: str) -> None:
    """Deletes it with its options and with what incidents have of it, labels included."""
    for table in (t.field_values, t.incident_labels, t.select_options):
        connection.execute(sa.delete(table).where(table.c.tenant_id == tenant_id, table.c.field_uuid == uuid))
    connection.execute(sa.delete(t.fields).where(_is_field(tenant_id, uuid)))


# --- options ---------------------------------------------------------------------------------------------------------


def add_option(connection: Connection, tenant_id: str, to: OrgField, option: Option) -> Option:
    """Adds it behind the others. Raises Invalid when the field would have more than 500."""
    check_count("selectoptions", len(to.options) + 1, OPTIONS_PER_FIELD)
    placed = replace(option, position=max((each.position for each in to.options), default=0) + 1)
    connection.execute(sa.insert(t.select_options).values(_option_row(tenant_id, to.uuid, placed)))
    return placed


def replace_options(connection: Connection, tenant_id: str, before: OrgField, options: Sequence[Option]) -> None:
    """Make these, in this order, the field's options; `before` is the field as it was. Those that it had are known by
    their uuids; what incidents are found by follows their values. Raises Invalid for more than 500."""
    check_count("selectoptions", len(options), OPTIONS_PER_FIELD)
    placed = [replace(option, position=position) for position, option in enumerate(options, start=1)]
    present = {option.uuid: option for option in before.options}
    _delete_options(connection, tenant_id, set(present) - {option.uuid for option in placed})
    revalued = [each for each in placed if each.uuid in present and each.value != present[each.uuid].value]
    # Two options may swap their values, and no two may have the same at any moment.
    _write_options(connection, tenant_id, before.uuid, revalued, folded=lambda option: option.uuid)
    changed = [each for each in placed if each.uuid in present and each != present[each.uuid]]
    _write_options(connection, tenant_id, before.uuid, changed, folded=lambda option: option.value.casefold())
    _add_options(connection, tenant_id, before.uuid, [each for each in placed if each.uuid not in present])
    for option in revalued:
        _refresh_search_texts(connection, tenant_id, before.uuid, option.uuid)


def option_in_use(connection: Connection, tenant_id: str, field_uuid: str, option_uuid: str) -> bool:
    """Whether an incident has it, as a label or as a value."""
    label = sa.exists().where(
        t.incident_labels.c.tenant_id == tenant_id, t.incident_labels.c.option_uuid == option_uuid
    )
    value = sa.exists().where(*_chosen(tenant_id, field_uuid, option_uuid))
    return bool(connection.execute(sa.select(sa.or_(label, value))).scalar())


# --- labels ----------------------------------------------------------------------------------------------------------


def find_label_key(connection: Connection, tenant_id: str, key: str) -> OrgField | None:
    """The label key, in any case, the exact one first; archived ones are found."""
    keys = (t.fields.c.uuid, t.fields.c.slug)
    query = sa.select(*keys).where(t.fields.c.tenant_id == tenant_id, t.fields.c.domain == LABELS_DOMAIN)
    alike = [row for row in connection.execute(query) if row.slug.casefold() == key.casefold()]
    if not alike:
        return None
    best = min(alike, key=lambda row: (row.slug != key, row.slug))
    return get_field(connection, tenant_id, best.uuid)


def label_key(
    connection: Connection, tenant_id: str, key: str, *, at: datetime, description: str = "", color: str = ""
) -> OrgField:
    """The label key, made when there is none. Raises Invalid when there would be more than 100."""
    found = find_label_key(connection, tenant_id, key)
    if found is not None:
        return found
    hold_fields(connection, tenant_id)
    return find_label_key(connection, tenant_id, key) or add_field(
        connection,
        tenant_id,
        OrgField(
            uuid=str(uuid4()),
            number=0,
            domain=LABELS_DOMAIN,
            name=key,
            slug=key,
            type=FieldType.MULTI_SELECT,
            created_at=at,
            description=description,
            color=color,
        ),
    )


def label_value(
    connection: Connection,
    tenant_id: str,
    key: OrgField,
    value: str,
    *,
    at: datetime,
    description: str = "",
    color: str = "",
) -> Option:
    """The value of a label key, made when there is none. Raises Invalid when there would be more than 500."""
    found = key.option_with(value)
    if found is not None:
        return found
    hold_fields(connection, tenant_id)
    key = get_field(connection, tenant_id, key.uuid)
    new = Option(str(uuid4()), value, value, at, description=description, color=color)
    return key.option_with(value) or add_option(connection, tenant_id, key, new)


# --- values ----------------------------------------------------------------------------------------------------------


def values_of(connection: Connection, tenant_id: str, incident_id: int) -> dict[str, str]:
    """What an incident has for custom fields, by the field's uuid; unset ones are missing."""
    values = t.field_values.c
    query = sa.select(values.field_uuid, values.value).where(
        values.tenant_id == tenant_id, values.incident_id == incident_id
    )
    return {row.field_uuid: row.value for row in connection.execute(query)}


def label_options_of(connection: Connection, tenant_id: str, incident_id: int) -> dict[str, list[str]]:
    """The uuids of an incident's labels by their key's uuid, in the order of assignment."""
    labels = t.incident_labels.c
    query = sa.select(labels.field_uuid, labels.option_uuid).where(
        labels.tenant_id == tenant_id, labels.incident_id == incident_id
    )
    found: dict[str, list[str]] = {}
    for row in connection.execute(query.order_by(labels.position)):
        found.setdefault(row.field_uuid, []).append(row.option_uuid)
    return found


def set_value(connection: Connection, tenant_id: str, incident_id: int, of: OrgField, value: str) -> None:
    """Sets a normal value (`field_values.normal_value`); `""` unsets."""
    values = t.field_values.c
    if not value:
        unset = (values.tenant_id == tenant_id, values.incident_id == incident_id, values.field_uuid == of.uuid)
        connection.execute(sa.delete(t.field_values).where(*unset))
        return
    changed = {"value": value, "search_text": search_text(of.definition, value)}
    row = {"tenant_id": tenant_id, "incident_id": incident_id, "field_uuid": of.uuid, **changed}
    statement = insert(connection, t.field_values).values(row)
    keys = [values.tenant_id, values.incident_id, values.field_uuid]
    connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=changed))


def _refresh_search_texts(connection: Connection, tenant_id: str, field_uuid: str, option_uuid: str) -> None:
    definition = get_field(connection, tenant_id, field_uuid).definition
    values = t.field_values.c
    query = sa.select(values.incident_id, values.value).where(*_chosen(tenant_id, field_uuid, option_uuid))
    for row in connection.execute(query).all():
        statement = sa.update(t.field_values).where(
            values.tenant_id == tenant_id, values.incident_id == row.incident_id, values.field_uuid == field_uuid
        )
        connection.execute(statement.values(search_text=search_text(definition, row.value)))


def _chosen(tenant_id: str, field_uuid: str, option_uuid: str) -> tuple[sa.ColumnElement[bool], ...]:
    """Values hold options as JSON strings of their uuids."""
    values = t.field_values.c
    needle = f'"{option_uuid}"'
    return (
        values.tenant_id == tenant_id,
        values.field_uuid == field_uuid,
        sa.func.replace(values.value, needle, "") != values.value,
    )


def _fields(connection: Connection, tenant_id: str, rows: Sequence[Mapping[Any, Any]]) -> list[OrgField]:
    options = _options(connection, tenant_id, [row["uuid"] for row in rows])
    return [
        OrgField(
            **{name: row[name] for name in _FIELD_COLUMNS},
            type=FieldType(row["type"]),
            options=tuple(options.get(row["uuid"], ())),
        )
        for row in rows
    ]


def _options(connection: Connection, tenant_id: str, fields: Sequence[str]) -> dict[str, list[Option]]:
    columns = t.select_options.c
    query = sa.select(t.select_options).where(columns.tenant_id == tenant_id, columns.field_uuid.in_(fields))
    found: dict[str, list[Option]] = {}
    for row in connection.execute(query.order_by(columns.position, columns.uuid)).mappings():
        option = Option(**{name: row[name] for name in _OPTION_COLUMNS})
        found.setdefault(row["field_uuid"], []).append(option)
    return found


def _add_options(connection: Connection, tenant_id: str, field_uuid: str, options: Sequence[Option]) -> None:
    check_count("selectoptions", len(options), OPTIONS_PER_FIELD)
    rows = [_option_row(tenant_id, field_uuid, option) for option in options]
    if rows:
        connection.execute(sa.insert(t.select_options), rows)


def _write_options(
    connection: Connection,
    tenant_id: str,
    field_uuid: str,
    options: Iterable[Option],
    *,
    folded: Callable[[Option], str],
) -> None:
    for option in options:
        row = _option_row(tenant_id, field_uuid, option) | {"value_folded": folded(option)}
        is_option = sa.and_(t.select_options.c.tenant_id == tenant_id, t.select_options.c.uuid == option.uuid)
        connection.execute(sa.update(t.select_options).where(is_option).values(**row))


def _delete_options(connection: Connection, tenant_id: str, uuids: Iterable[str]) -> None:
    gone = t.select_options.c.uuid.in_(sorted(uuids))
    connection.execute(sa.delete(t.select_options).where(t.select_options.c.tenant_id == tenant_id, gone))


def _field_values(of: OrgField) -> dict[str, Any]:
    return {
        "name": of.name,
        "slug": of.slug,
        "description": of.description,
        "color": of.color,
        "icon": of.icon,
        "required": of.required,
        "immutable": of.immutable,
        "archived": of.archived,
        "source": of.source,
        "extra": dict(of.extra),
        "version": of.version,
        "updated_at": of.updated_at,
    }


def _option_row(tenant_id: str, field_uuid: str, option: Option) -> dict[str, Any]:
    return {
        "tenant_id": tenant_id,
        "field_uuid": field_uuid,
        "value_folded": option.value.casefold(),
        **{name: getattr(option, name) for name in _OPTION_COLUMNS},
    }


def _is_field(tenant_id: str, uuid: str) -> sa.ColumnElement[bool]:
    return sa.and_(t.fields.c.tenant_id == tenant_id, t.fields.c.uuid == uuid)


def _subject(identifier: str) -> dict[str, str]:
    return {"id": identifier[:_QUOTED_IN_ERRORS]}


def _shown(text: str) -> str:
    return repr(text[:_QUOTED_IN_ERRORS])


_FIELD_COLUMNS: Iterable[str] = tuple(name for name in OrgField.__dataclass_fields__ if name not in ("type", "options"))
_OPTION_COLUMNS: Iterable[str] = tuple(Option.__dataclass_fields__)
