"""Whether an incident matches a query, in memory: for hooks with an incidentFilter, and as the word that counts.

The store compiles the same tree to SQL and must agree with `matches` for every query and incident. Everything that
makes the two agree is here:

- texts are compared folded (`folded`), so a store keeps folded copies and compares them byte by byte: SQL's own lower()
  differs between databases;
- a substring is a run of code points; `%` and `_` are ordinary characters;
- contexts and field values are searched in `context_search_text` and `field_search_text`, which a store keeps as well;
- an empty And holds, an unset time is in no range, and a range whose end lies before its start holds nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

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

SEPARATOR = "\x1f"
"""Stands before, between and behind the texts of a search text."""


@dataclass(frozen=True, slots=True)
class LabelFact:
    """A label by its key and value, as the API shows them."""

    key: str
    value: str


@dataclass(frozen=True, slots=True)
class IncidentFacts:
    """What the terms of a query look at. Texts as they are stored, not folded, except in the search texts."""

    title: str
    status: str
    """The category: active or resolved."""
    is_drill: bool
    declared: datetime
    started: datetime
    resolved: datetime | None = None
    ended: datetime | None = None
    status_name: str = ""
    status_slug: str = ""
    severity_id: str = ""
    severity_label: str = ""
    created_by_email: str = ""
    field_texts: Mapping[str, str] = field(default_factory=dict)
    """By folded slug, what `field_search_text` makes of the value; fields without a value are missing."""
    labels: tuple[LabelFact, ...] = ()
    context_texts: tuple[str, ...] = ()
    """What `context_search_text` makes of each context."""
    roles: tuple[str, ...] = ()
    """Names of the roles that somebody holds."""
    role_emails: tuple[str, ...] = ()
    """Email addresses of those who hold a role."""


def folded(text: str) -> str:
    """Text for comparing without regard to case: Unicode's full case folding."""
    return text.casefold()


def context_search_text(title: str, url: str) -> str:
    """What `context:` looks for its text in: both, kept apart by `SEPARATOR`."""
    return f"{SEPARATOR}{folded(title)}{SEPARATOR}{folded(url)}{SEPARATOR}"


def field_search_text(values: Iterable[str]) -> str:
    """What `field:` looks for `field_needle` in: every text that the value may be asked for by."""
    return SEPARATOR + "".join(folded(value) + SEPARATOR for value in values)


def field_needle(value: str) -> str:
    """The text whose occurrence in a field's search text is a match."""
    return f"{SEPARATOR}{folded(value)}{SEPARATOR}"


def matches(query: Query, facts: IncidentFacts) -> bool:
    """Whether the incident is one that the query asks for. Names that nobody knows match nothing."""
    match query:
        case And(operands=operands):
            return all(matches(operand, facts) for operand in operands)
        case Or(operands=operands):
            return any(matches(operand, facts) for operand in operands)
        case Not(operand=operand):
            return not matches(operand, facts)
        case TitleTerm(text=text):
            return folded(text) in folded(facts.title)
        case StatusTerm(name=name):
            return _among(name, (facts.status, facts.status_name, facts.status_slug))
        case SeverityTerm(name=name):
            return _among(name, (facts.severity_label, facts.severity_id))
        case DrillTerm(is_drill=is_drill):
            return facts.is_drill is is_drill
        case CreatedByTerm(email=email):
            return _among(email, (facts.created_by_email,))
        case FieldTerm(slug=slug, value=value):
            return field_needle(value) in facts.field_texts.get(folded(slug), "")
        case LabelTerm():
            return any(_labelled(query, label) for label in facts.labels)
        case ContextTerm(text=text):
            return any(folded(text) in searched for searched in facts.context_texts)
        case RoleTerm(name=name):
            return _among(name, facts.roles)
        case UserEmailTerm(email=email):
            return _among(email, facts.role_emails)
        case RangeTerm():
            return _within(query, facts)
    raise AssertionError(query)


def _among(wanted: str, texts: Iterable[str]) -> bool:
    return bool(wanted) and folded(wanted) in (folded(text) for text in texts)


def _labelled(term: LabelTerm, label: LabelFact) -> bool:
    if term.key is not None and folded(term.key) != folded(label.key):
        return False
    return folded(term.value) == folded(label.value)


def _within(term: RangeTerm, facts: IncidentFacts) -> bool:
    moment = _time(term.field, facts)
    if moment is None:
        return False
    return (term.start is None or term.start <= moment) and (term.end is None or moment <= term.end)


def _time(field: TimeField, facts: IncidentFacts) -> datetime | None:
    match field:
        case TimeField.DECLARED:
            return facts.declared
        case TimeField.STARTED:
            return facts.started
        case TimeField.RESOLVED:
            return facts.resolved
        case TimeField.ENDED:
            return facts.ended
