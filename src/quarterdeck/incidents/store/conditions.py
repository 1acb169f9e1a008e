"""A query of the query language as a condition on the table of incidents.

Says of every incident what `query.evaluation.matches` says. Names (of severities, statuses, roles, fields, label keys)
are looked up first and become ids, so that the condition is about columns with an index, and a name that nobody knows
is a condition that never holds.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import cached_property
from typing import Any, Final

import sqlalchemy as sa

from quarterdeck.database import Connection
from quarterdeck.incidents.incident import Category
from quarterdeck.incidents.query.evaluation import field_needle, folded
from quarterdeck.incidents.query.terms import (
    And,
    ContextTerm,
    CreatedByTerm,
    DrillTerm,
    FieldTerm,
    LabelTerm,
    Not,
    Or,
    Query,
    RangeTerm,
    RoleTerm,
    SeverityTerm,
    StatusTerm,
    TimeField,
    TitleTerm,
    UserEmailTerm,
)
from quarterdeck.incidents.store import tables as t
from quarterdeck.incidents.store.fields import INCIDENT_DOMAIN, LABELS_DOMAIN

Condition = sa.ColumnElement[bool]

_FEW: Final = 500
"""Incidents that are named one by one in a condition."""

_TIMES: Final = {
    TimeField.DECLARED: t.incidents.c.created_at,
    TimeField.STARTED: t.incidents.c.started_at,
    TimeField.RESOLVED: t.incidents.c.closed_at,
    TimeField.ENDED: t.incidents.c.ended_at,
}


def condition_of(connection: Connection, tenant_id: str, query: Query) -> Condition:
    """Reads only the names that the query needs."""
    return _Conditions(connection, tenant_id).of(query)


class _Conditions:
    """Makes the conditions of one query; what it looks up is kept until then."""

    def __init__(self, connection: Connection, tenant_id: str) -> None:
        self._connection = connection
        self._tenant_id = tenant_id

    def of(self, query: Query) -> Condition:
        match query:
            case And(operands=operands):
                return sa.and_(sa.true(), *map(self.of, operands))
            case Or(operands=operands):
                return sa.or_(sa.false(), *map(self.of, operands))
            case Not(operand=operand):
                return sa.not_(self.of(operand))
            case TitleTerm(text=text):
                return self._contains(t.incidents.c.title_folded, folded(text))
            case StatusTerm(name=name):
                return self._status(folded(name))
            case SeverityTerm(name=name):
                return _among(t.incidents.c.severity_id, self._severity_ids(folded(name)))
            case DrillTerm(is_drill=is_drill):
                return t.incidents.c.is_drill.is_(is_drill)
            case CreatedByTerm(email=email):
                return _among(t.incidents.c.created_by, self._people(email))
            case FieldTerm(slug=slug, value=value):
                return self._field(folded(slug), field_needle(value))
            case LabelTerm(key=key, value=value):
                return self._label(key, folded(value))
            case ContextTerm(text=text):
                return self._has(t.contexts, self._contains(t.contexts.c.search_text, folded(text)))
            case RoleTerm(name=name):
                roles = self._role_ids(folded(name))
                return self._has(t.incident_assignments, _among(t.incident_assignments.c.role_id, roles))
            case UserEmailTerm(email=email):
                return self._has(t.incident_assignments, _among(t.incident_assignments.c.user_id, self._people(email)))
            case RangeTerm(field=field, start=start, end=end):
                return _within(_TIMES[field], start, end)
        raise AssertionError(query)

    def _status(self, wanted: str) -> Condition:
        """By category, or by a status's name or slug: one comparison where that says the same, for the index."""
        category = next((each for each in Category if each == wanted), None)
        ids = [
            row.id
            for row in self._statuses
            if wanted in (folded(row.name), folded(row.slug)) and row.category != category
        ]
        named = _among(t.incidents.c.status_id, ids)
        if category is None:
            return named
        return sa.or_(t.incidents.c.status == category, named) if ids else t.incidents.c.status == category

    def _severity_ids(self, wanted: str) -> list[str]:
        return [row.id for row in self._severities if wanted in (folded(row.label), folded(row.id))]

    def _role_ids(self, wanted: str) -> list[int]:
        query = sa.select(t.roles.c.id).where(t.roles.c.tenant_id == self._tenant_id, t.roles.c.name_folded == wanted)
        return list(self._connection.execute(query).scalars())

    def _people(self, email: str) -> list[str]:
        of_tenant = t.users.c.tenant_id == self._tenant_id
        query = sa.select(t.users.c.id).where(of_tenant, t.users.c.email_folded == folded(email))
        return list(self._connection.execute(query).scalars())

    def _field(self, slug: str, needle: str) -> Condition:
        fields = [row.uuid for row in self._fields if row.domain == INCIDENT_DOMAIN and folded(row.slug) == slug]
        values = t.field_values.c
        return self._has(t.field_values, _among(values.field_uuid, fields), self._contains(values.search_text, needle))

    def _label(self, key: str | None, value: str) -> Condition:
        keys = [
            row.uuid
            for row in self._fields
            if row.domain == LABELS_DOMAIN and (key is None or folded(row.slug) == folded(key))
        ]
        options = t.select_options.c
        query = sa.select(options.uuid).where(
            options.tenant_id == self._tenant_id, options.field_uuid.in_(keys), options.value_folded == value
        )
        found = list(self._connection.execute(query).scalars()) if keys else []
        return self._has(t.incident_labels, _among(t.incident_labels.c.option_uuid, found))

    def _has(self, table: sa.Table, *conditions: Condition) -> Condition:
        """Whether something in a table of what hangs on incidents belongs to this one.

        What few incidents have becomes the list of those. For the rest each incident is looked at by itself: a database
        without statistics yet would join the two tables in an order that takes seconds. OFFSET keeps PostgreSQL from
        it.
        """
        if any(isinstance(condition, sa.False_) for condition in conditions):
            return sa.false()
        belongs = (table.c.tenant_id == self._tenant_id, *conditions)
        few = self._connection.execute(sa.select(table.c.incident_id).where(*belongs).limit(_FEW + 1)).scalars().all()
        if len(few) <= _FEW:
            return _among(t.incidents.c.id, sorted(set(few)))
        of_this = sa.select(sa.literal(1)).where(*belongs, table.c.incident_id == t.incidents.c.id)
        return of_this.correlate(t.incidents).offset(0).exists()

    def _contains(self, column: sa.ColumnElement[str], text: str) -> Condition:
        # Not LIKE: its wildcards and its folding differ from what `matches` does, and between the databases.
        position = sa.func.strpos if self._connection.dialect.name == "postgresql" else sa.func.instr
        found: Condition = position(column, text) > 0
        return found

    @cached_property
    def _statuses(self) -> list[Any]:
        columns = t.statuses.c
        return self._all(columns.id, columns.name, columns.slug, columns.category)

    @cached_property
    def _severities(self) -> list[Any]:
        return self._all(t.severities.c.id, t.severities.c.label)

    @cached_property
    def _fields(self) -> list[Any]:
        return self._all(t.fields.c.uuid, t.fields.c.slug, t.fields.c.domain)

    def _all(self, *columns: sa.Column[Any]) -> list[Any]:
        of_tenant = columns[0].table.c.tenant_id == self._tenant_id
        return list(self._connection.execute(sa.select(*columns).where(of_tenant)))


def _among(column: sa.ColumnElement[Any], ids: Iterable[Any]) -> Condition:
    found = list(ids)
    if not found:
        return sa.false()
    return column == found[0] if len(found) == 1 else column.in_(found)


def _within(column: sa.ColumnElement[Any], start: datetime | None, end: datetime | None) -> Condition:
    # IS NOT NULL, because the negation has to hold for an unset time.
    bounds: list[Condition] = [column.is_not(None)]
    if start is not None:
        bounds.append(column >= start)
    if end is not None:
        bounds.append(column <= end)
    return sa.and_(*bounds)
