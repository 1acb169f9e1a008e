"""Labels on incidents: select options of label keys, in the order in which they were put on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from quarterdeck.database import Connection, Prepared
from quarterdeck.incidents.incident import Label
from quarterdeck.incidents.store import tables as t
from quarterdeck.incidents.store.fields import LABELS_DOMAIN


def list_labels(connection: Connection, tenant_id: str, ids: Sequence[int]) -> dict[int, list[Label]]:
    """By incident, in the order in which they were put on; incidents without labels are missing."""
    found: dict[int, list[Label]] = {}
    for row in connection.execute(_LABELS, {"tenant": tenant_id, "ids": list(ids)}):
        found.setdefault(row[0], []).append(Label(*row[1:]))
    return found


def find_known(connection: Connection, tenant_id: str, key: str, value: str) -> Label | None:
    """The label with exactly this key and this value in any case; None when it takes a closer look to say which."""
    named = {"tenant": tenant_id, "domain": LABELS_DOMAIN, "key": key, "value": value.casefold()}
    row = _KNOWN.first(connection, named)
    return None if row is None else Label(*row)


def add_labels(
    connection: Connection, tenant_id: str, incident_id: int, labels: Sequence[Label], *, behind: int
) -> None:
    """Put labels on an incident, behind the position `behind` of the last one that is there."""
    rows = [
        {
            "tenant_id": tenant_id,
            "incident_id": incident_id,
            "option_uuid": label.value_uuid,
            "field_uuid": label.key_uuid,
            "position": position,
        }
        for position, label in enumerate(labels, start=behind + 1)
    ]
    if rows:
        _ADD.run_many(connection, rows)


def last_position(connection: Connection, tenant_id: str, incident_id: int) -> int:
    """The position of the newest label, 0 without labels."""
    on = t.incident_labels.c
    newest = sa.select(sa.func.max(on.position)).where(on.tenant_id == tenant_id, on.incident_id == incident_id)
    return connection.execute(newest).scalar() or 0


def delete_label(connection: Connection, tenant_id: str, incident_id: int, label: Label) -> None:
    on = t.incident_labels.c
    connection.execute(
        sa.delete(t.incident_labels).where(
            on.tenant_id == tenant_id, on.incident_id == incident_id, on.option_uuid == label.value_uuid
        )
    )


def _label_columns() -> tuple[sa.Column[str], ...]:
    """In the order of a `Label`."""
    key, option = t.fields.c, t.select_options.c
    return (key.slug, key.uuid, option.value, option.uuid, option.label, option.description, option.color)


def _labels_of_incidents() -> sa.Select[*tuple[Any, ...]]:
    on, option, key = t.incident_labels.c, t.select_options.c, t.fields.c
    return (
        sa.select(on.incident_id, *_label_columns())
        .select_from(t.incident_labels)
        .join(t.select_options, sa.and_(option.tenant_id == on.tenant_id, option.uuid == on.option_uuid))
        .join(t.fields, sa.and_(key.tenant_id == on.tenant_id, key.uuid == on.field_uuid))
        .where(on.tenant_id == sa.bindparam("tenant"), on.incident_id.in_(sa.bindparam("ids", expanding=True)))
        .order_by(on.incident_id, on.position)
    )


def _known_label() -> sa.Select[*tuple[Any, ...]]:
    option, key = t.select_options.c, t.fields.c
    return (
        sa.select(*_label_columns())
        .select_from(t.fields)
        .join(t.select_options, sa.and_(option.tenant_id == key.tenant_id, option.field_uuid == key.uuid))
        .where(
            key.tenant_id == sa.bindparam("tenant"),
            key.domain == sa.bindparam("domain"),
            key.slug == sa.bindparam("key"),
            option.value_folded == sa.bindparam("value"),
        )
    )


_LABELS = _labels_of_incidents()
_KNOWN = Prepared(_known_label())
_ADD = Prepared(sa.insert(t.incident_labels))
