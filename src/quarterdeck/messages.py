"""Fields of messages as plain values, for every wing."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Any, Final

from google.protobuf.message import Message
from google.protobuf.struct_pb2 import Struct, Value

from quarterdeck.errors import FieldViolation, Invalid, Reason

DEEPEST: Final = 100
"""Levels of a JSON value, unless a field says less."""
_EXACT: Final = 2.0**53


def moment(message: Message, field: str) -> datetime | None:
    """A `google.protobuf.Timestamp` field, in UTC; None when it is not set. Raises Invalid for a time that is none."""
    if not message.HasField(field):
        return None
    stamp: Any = getattr(message, field)
    try:
        found: datetime = stamp.ToDatetime(tzinfo=UTC)
    except (ValueError, OverflowError) as error:
        raise _wrong(field, "is not a time between the years 1 and 9999") from error
    return found


def plain_struct(message: Struct, field: str, *, deepest: int = DEEPEST) -> dict[str, Any]:
    """A JSON object. Raises Invalid, naming `field`, for what JSON has not: NaN, infinities, endless depth."""
    return {key: _plain(value, field, deepest, 1) for key, value in message.fields.items()}


def plain_value(message: Value, field: str, *, deepest: int = DEEPEST) -> Any:
    """A JSON value; None for null, and for a message that nobody set. Raises Invalid as `plain_struct` does."""
    return _plain(message, field, deepest, 1)


def _plain(value: Value, field: str, deepest: int, depth: int) -> Any:
    if depth > deepest:
        raise _wrong(field, f"is nested deeper than {deepest} levels")
    match value.WhichOneof("kind"):
        case "struct_value":
            items = value.struct_value.fields.items()
            return {key: _plain(item, field, deepest, depth + 1) for key, item in items}
        case "list_value":
            return [_plain(item, field, deepest, depth + 1) for item in value.list_value.values]
        case "number_value":
            return _number(value.number_value, field)
        case "string_value":
            return value.string_value
        case "bool_value":
            return value.bool_value
        case _:
            return None


def _number(number: float, field: str) -> float | int:
    if not math.isfinite(number):
        raise _wrong(field, f"{number} is not a JSON number")
    return int(number) if number.is_integer() and abs(number) <= _EXACT else number


def _wrong(field: str, why: str) -> Invalid:
    violation = FieldViolation(field, why)
    return Invalid(Reason.FIELD_INVALID, f"{field}: {why}", violations=(violation,), metadata={"field": field})
