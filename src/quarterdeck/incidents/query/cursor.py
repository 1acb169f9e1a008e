"""Where a page ends: the last item's value and id, as opaque text that only the same order accepts.

A page goes on behind a value, not behind a number of items, so new incidents do not shift pages.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from quarterdeck.errors import FieldViolation, Invalid, Reason
from quarterdeck.incidents.query.ordering import KeyKind, Order

KeyValue = int | str | bool | datetime | None

_VERSION = 1
_LONGEST = 16_384
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_FIELD = "cursor.nextValue"
_LARGEST_INTEGER = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Keyset:
    """The last item of a page. `value` is what its order compares, of the type that the order's `KeyKind` says."""

    value: KeyValue
    last_id: int | str


def encode_cursor(order: Order, keyset: Keyset) -> str:
    """The `nextValue` that continues behind `keyset` in `order`: URL-safe letters, never empty."""
    value = _to_json(keyset.value)
    document = [_VERSION, order.listing.name, order.field, order.direction.value, value, keyset.last_id]
    return base64.urlsafe_b64encode(orjson.dumps(document)).decode().rstrip("=")


def decode_cursor(text: str, order: Order) -> Keyset | None:
    """Where to go on; None, the beginning, for empty text.

    Raises `Invalid(CURSOR_INVALID)` for text that `encode_cursor` never gave, or gave for another list or order.
    """
    if not text:
        return None
    document = _document(text)
    if not (isinstance(document, list) and len(document) == 6 and document[0] == _VERSION):
        raise _refused("it is malformed")
    _, listing, field, direction, value, last_id = document
    if (listing, field, direction) != (order.listing.name, order.field, order.direction):
        raise _refused("it comes from another order")
    return Keyset(_from_json(value, order.kind), _id(last_id, order.listing.id_kind))


def _document(text: str) -> Any:
    if len(text) > _LONGEST or not text.isascii():
        raise _refused("it is malformed")
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        return orjson.loads(raw)
    except (binascii.Error, orjson.JSONDecodeError):
        raise _refused("it is malformed") from None


def _to_json(value: KeyValue) -> int | str | bool | None:
    # Microseconds keep the order of the stored times exactly; text would not.
    return (value - _EPOCH) // _MICROSECOND if isinstance(value, datetime) else value


def _from_json(value: Any, kind: KeyKind) -> KeyValue:
    if kind is KeyKind.TIME:
        return None if value is None else _moment(value)
    if kind is KeyKind.BOOLEAN and type(value) is bool:
        return value
    return _id(value, kind)


def _moment(value: Any) -> datetime:
    try:
        return _EPOCH + _id(value, KeyKind.INTEGER) * _MICROSECOND  # type: ignore[operator]  # an integer by its kind
    except OverflowError:
        raise _refused("it is malformed") from None


def _id(value: Any, kind: KeyKind) -> int | str:
    if kind is KeyKind.INTEGER and type(value) is int and abs(value) <= _LARGEST_INTEGER:
        return value
    # What a database cannot hold was never the last item's.
    if kind is KeyKind.TEXT and type(value) is str and "\0" not in value:
        return value
    raise _refused("it is malformed")


def _refused(why: str) -> Invalid:
    message = f"cursor: {why}; send back the nextValue of the page before, with the same query"
    return Invalid(
        Reason.CURSOR_INVALID, message, violations=(FieldViolation(_FIELD, message),), metadata={"field": _FIELD}
    )
