"""The structured fields of QueryIncidents, as a query: one way to ask behind two ways to say it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from quarterdeck.incidents.query.language import parse_query
from quarterdeck.incidents.query.terms import (
    And,
    DrillTerm,
    LabelTerm,
    Not,
    Or,
    Query,
    RangeTerm,
    SeverityTerm,
    StatusTerm,
    TimeField,
)


@dataclass(frozen=True, slots=True)
class StructuredQuery:
    """What a caller filled in; empty means no filter. The dates bound createdTime, both included."""

    query_string: str = ""
    include_statuses: tuple[str, ...] = ()
    excluded_statuses: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    severity: str = ""
    created_from: datetime | None = None
    created_to: datetime | None = None
    only_drills: bool = False
    """True keeps drills only; False filters nothing, because Go clients send it for a value never set."""


def structured_query(asked: StructuredQuery) -> Query:
    """The query that the fields are: any of the included statuses, none of the excluded ones, any of the labels, and
    all the rest. A query string replaces the other fields. Raises Invalid as `parse_query` does."""
    if asked.query_string:
        return parse_query(asked.query_string)
    operands: list[Query] = []
    if included := _texts(asked.include_statuses):
        operands.append(Or(tuple(StatusTerm(name) for name in included)))
    if excluded := _texts(asked.excluded_statuses):
        operands.append(Not(Or(tuple(StatusTerm(name) for name in excluded))))
    if labels := _texts(asked.labels):
        operands.append(Or(tuple(LabelTerm(text) for text in labels)))
    if asked.severity:
        operands.append(SeverityTerm(asked.severity))
    if asked.created_from is not None or asked.created_to is not None:
        operands.append(RangeTerm(TimeField.DECLARED, asked.created_from, asked.created_to))
    if asked.only_drills:
        operands.append(DrillTerm(is_drill=True))
    return And(tuple(operands))


def _texts(given: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text for text in given if text))
