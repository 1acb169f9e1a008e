"""What a query says, as values: the tree that evaluation walks in memory and the store compiles to SQL."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

MAX_LENGTH = 4_096
"""Characters of one query string."""

MAX_TERMS = 100
MAX_LEVELS = 16
"""How deep brackets, groups and `not` may be nested."""


class TimeField(StrEnum):
    """The times that a range can be about, by the property that asks for them."""

    DECLARED = "declared"
    """createdTime"""
    STARTED = "started"
    """incidentStart"""
    RESOLVED = "resolved"
    """closedTime"""
    ENDED = "ended"
    """incidentEnd"""


@dataclass(frozen=True, slots=True)
class TitleTerm:
    """The title contains the text."""

    text: str


@dataclass(frozen=True, slots=True)
class StatusTerm:
    """The status has this category, name or slug."""

    name: str


@dataclass(frozen=True, slots=True)
class SeverityTerm:
    """The severity has this label or id."""

    name: str


@dataclass(frozen=True, slots=True)
class DrillTerm:
    """The drill flag."""

    is_drill: bool


@dataclass(frozen=True, slots=True)
class CreatedByTerm:
    """The creator has this email address."""

    email: str


@dataclass(frozen=True, slots=True)
class FieldTerm:
    """The custom field with this slug has this value; of a select field, an option's value or uuid."""

    slug: str
    value: str


@dataclass(frozen=True, slots=True)
class LabelTerm:
    """A label has this value; under this key, or under any when `key` is None."""

    value: str
    key: str | None = None


@dataclass(frozen=True, slots=True)
class ContextTerm:
    """A context's title or URL contains the text."""

    text: str


@dataclass(frozen=True, slots=True)
class RoleTerm:
    """Somebody holds the role."""

    name: str


@dataclass(frozen=True, slots=True)
class UserEmailTerm:
    """The person with this email address holds any role."""

    email: str


@dataclass(frozen=True, slots=True)
class RangeTerm:
    """A time between two moments, both included; None is an open side. An unset time is in no range."""

    field: TimeField
    start: datetime | None
    end: datetime | None


Term = (
    TitleTerm
    | StatusTerm
    | SeverityTerm
    | DrillTerm
    | CreatedByTerm
    | FieldTerm
    | LabelTerm
    | ContextTerm
    | RoleTerm
    | UserEmailTerm
    | RangeTerm
)


@dataclass(frozen=True, slots=True)
class And:
    """Every operand holds. Without operands: everything matches; only the empty query is that."""

    operands: tuple[Query, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """At least one operand holds."""

    operands: tuple[Query, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The operand does not hold."""

    operand: Query


Query = And | Or | Not | Term

EVERYTHING = And(())
"""The empty query: all incidents, drills included."""
