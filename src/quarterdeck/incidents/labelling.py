"""Putting labels on incidents and taking them off. A key or value that nobody knows yet is made on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from quarterdeck.database import Connection
from quarterdeck.errors import NotFound, Reason
from quarterdeck.incidents import timeline
from quarterdeck.incidents.change import Change
from quarterdeck.incidents.incident import Label
from quarterdeck.incidents.labels import check_label, check_room_for, find_label, key_or_default
from quarterdeck.incidents.store import fields, labels
from quarterdeck.incidents.store.fields import LABELS_DOMAIN, Option, OrgField
from quarterdeck.incidents.webhooks.event_names import Event

_QUOTED_IN_ERRORS = 80


def known_labels(
    connection: Connection, tenant_id: str, named: Iterable[tuple[str, str]], at: datetime, *, field: str = "labels"
) -> tuple[Label, ...]:
    """The labels with these keys and values, each once; missing keys and values are made. Raises Invalid."""
    named = list(named)
    for index, (key, value) in enumerate(named):
        check_label(key, value, field=f"{field}[{index}]")
    if named:
        # So that nobody deletes a value between the look at it and the label.
        fields.hold_fields(connection, tenant_id)
    keys: dict[str, OrgField] = {}
    found: dict[str, Label] = {}
    for key, value in named:
        name = key_or_default(key)
        label = labels.find_known(connection, tenant_id, name, value)
        if label is None:
            if name not in keys:
                keys[name] = fields.label_key(connection, tenant_id, name, at=at)
            label = _label(keys[name], fields.label_value(connection, tenant_id, keys[name], value, at=at))
        found.setdefault(label.value_uuid, label)
    return tuple(found.values())


def known_label(connection: Connection, tenant_id: str, key_uuid: str, value_uuid: str) -> Label:
    """The label with these ids. Raises `NotFound(FIELD_NOT_FOUND)` and `NotFound(SELECT_OPTION_NOT_FOUND)`."""
    fields.hold_fields(connection, tenant_id)
    key = fields.get_field(connection, tenant_id, key_uuid)
    if key.domain != LABELS_DOMAIN:
        shown = key_uuid[:_QUOTED_IN_ERRORS]
        raise NotFound(Reason.FIELD_NOT_FOUND, f"the field {shown!r} is no label key", metadata={"id": shown})
    option = next((each for each in key.options if each.uuid == value_uuid), None)
    if option is None:
        shown = value_uuid[:_QUOTED_IN_ERRORS]
        message = f"the label key {key.slug!r} has no value with the uuid {shown!r}"
        raise NotFound(Reason.SELECT_OPTION_NOT_FOUND, message, metadata={"id": shown})
    return _label(key, option)


def add_by_name(change: Change, key: str, value: str) -> None:
    """Put a label on, made when nobody knows it yet; one that is there stays as it is."""
    check_label(key, value)
    there = labels_of(change)
    if find_label(there, key, value) is None:
        (label,) = known_labels(change.connection, change.tenant_id, [(key, value)], change.at, field="label")
        _add(change, there, label)


def add_by_uuid(change: Change, key_uuid: str, value_uuid: str) -> None:
    """Put a known label on. Raises as `known_label` does."""
    _add(change, labels_of(change), known_label(change.connection, change.tenant_id, key_uuid, value_uuid))


def remove(change: Change, choose: Callable[[Sequence[Label]], Label | None]) -> None:
    """Take off the label that `choose` finds among those that are there; None changes nothing."""
    _remove(change, choose(labels_of(change)))


def remove_by_uuid(change: Change, key_uuid: str, value_uuid: str) -> None:
    """Take a known label off, if it is there. Raises as `known_label` does."""
    label = known_label(change.connection, change.tenant_id, key_uuid, value_uuid)
    remove(change, lambda there: label if _is_among(label, there) else None)


def _add(change: Change, there: Sequence[Label], label: Label) -> None:
    if _is_among(label, there):
        return
    check_room_for(there)
    behind = labels.last_position(change.connection, change.tenant_id, change.incident.id)
    labels.add_labels(change.connection, change.tenant_id, change.incident.id, [label], behind=behind)
    change.append(timeline.label_added(label))
    change.announce(Event.ADDED_LABEL)


def _remove(change: Change, label: Label | None) -> None:
    if label is None:
        return
    labels.delete_label(change.connection, change.tenant_id, change.incident.id, label)
    change.append(timeline.label_removed(label))
    change.announce(Event.REMOVED_LABEL)


def _is_among(label: Label, there: Sequence[Label]) -> bool:
    return any(each.value_uuid == label.value_uuid for each in there)


def labels_of(change: Change) -> tuple[Label, ...]:
    """The labels on the incident as the change began."""
    incident_id = change.incident.id
    return tuple(labels.list_labels(change.connection, change.tenant_id, [incident_id]).get(incident_id, ()))


def _label(key: OrgField, option: Option) -> Label:
    return Label(
        key=key.slug,
        key_uuid=key.uuid,
        value=option.value,
        value_uuid=option.uuid,
        label=option.label,
        description=option.description,
        color=option.color,
    )
