"""In which order lists come: the fields that each may be ordered by, what their values are, and the defaults.

Every order is strict: equal values are ordered by the item's id, in the same direction. Texts are ordered by code
point (PostgreSQL's collation "C", SQLite's BINARY), False before True, an unset time before every other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum

from quarterdeck.errors import FieldViolation, Invalid, Reason

_QUOTED_IN_ERRORS = 80


class Direction(StrEnum):
    """Which end of a list comes first."""

    ASC = "ASC"
    DESC = "DESC"


class KeyKind(Enum):
    """What an order compares."""

    INTEGER = "an integer"
    TEXT = "a text"
    BOOLEAN = "true or false"
    TIME = "a time, or None where it is unset"


@dataclass(frozen=True, slots=True)
class Listing:
    """A list of the API: what it may be ordered by, and what is used where the caller says nothing."""

    name: str
    fields: Mapping[str, KeyKind]
    default_field: str
    id_kind: KeyKind
    default_direction: Direction = Direction.DESC


@dataclass(frozen=True, slots=True)
class Order:
    """A list in one order."""

    listing: Listing
    field: str
    direction: Direction

    @property
    def kind(self) -> KeyKind:
        return self.listing.fields[self.field]

    @property
    def descending(self) -> bool:
        return self.direction is Direction.DESC


INCIDENTS = Listing(
    "incidents",
    {
        "incidentID": KeyKind.INTEGER,
        "createdTime": KeyKind.TIME,
        "modifiedTime": KeyKind.TIME,
        "title": KeyKind.TEXT,
        "status": KeyKind.TEXT,
        "severity": KeyKind.INTEGER,
        "prefix": KeyKind.TEXT,
        "isDrill": KeyKind.BOOLEAN,
        "incidentStart": KeyKind.TIME,
        "incidentEnd": KeyKind.TIME,
        "closedTime": KeyKind.TIME,
    },
    default_field="createdTime",
    id_kind=KeyKind.INTEGER,
)
"""`title` compares the folded title (`evaluation.folded`), `status` the category, `severity` the level, `prefix` the
roomPrefix as stored."""

KEY_UPDATES = Listing(
    "keyUpdates",
    {"createdTime": KeyKind.TIME, "modifiedTime": KeyKind.TIME, "title": KeyKind.TEXT},
    default_field="createdTime",
    id_kind=KeyKind.TEXT,
)
"""`title` compares the folded title, a null one as empty text."""

ACTIVITY = Listing("activity", {"eventTime": KeyKind.TIME}, default_field="eventTime", id_kind=KeyKind.INTEGER)
"""The id is the item's number within its incident."""

USERS = Listing(
    "users",
    {"name": KeyKind.TEXT},
    default_field="name",
    id_kind=KeyKind.TEXT,
    default_direction=Direction.ASC,
)

CONTEXTS = Listing(
    "contexts",
    {"createdTime": KeyKind.TIME, "modifiedTime": KeyKind.TIME},
    default_field="createdTime",
    id_kind=KeyKind.TEXT,
)


def read_order(listing: Listing, field: str = "", direction: str = "") -> Order:
    """The order that a query asks for; empty text is the listing's default.

    Raises `Invalid(FIELD_INVALID)` for a field or a direction that the listing does not have; both are exact words.
    """
    chosen = field or listing.default_field
    if chosen not in listing.fields:
        raise _refused("orderField", field, ", ".join(listing.fields))
    if direction and direction not in set(Direction):
        raise _refused("orderDirection", direction, "ASC and DESC")
    return Order(listing, chosen, Direction(direction) if direction else listing.default_direction)


def _refused(field: str, given: str, accepted: str) -> Invalid:
    why = f"cannot order by {field} {given[:_QUOTED_IN_ERRORS]!r}; accepted: {accepted}"
    return Invalid(Reason.FIELD_INVALID, why, violations=(FieldViolation(field, why),), metadata={"field": field})
