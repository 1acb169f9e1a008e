"""Column types that mean the same on SQLite and PostgreSQL.

A value that no database could keep (a NUL or a lone surrogate in a text, a number outside 64 bits) is refused while it
is bound, as `Invalid`, so that both databases refuse the same values with the same words.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

from quarterdeck.errors import Invalid, Reason

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_INT64 = range(-(2**63), 2**63)


def to_microseconds(moment: datetime) -> int:
    """Microseconds since 1970 UTC. Raises `Invalid` for a naive datetime: nobody could say which moment it names."""
    if moment.tzinfo is None:
        raise Invalid(Reason.FIELD_INVALID, f"time {moment.isoformat()} has no time zone; a UTC time is needed")
    return (moment - _EPOCH) // _MICROSECOND


def from_microseconds(value: int) -> datetime:
    """The inverse of `to_microseconds`; always UTC."""
    return _EPOCH + timedelta(microseconds=value)


def check_text(value: str) -> str:
    """Returns `value`, or raises `Invalid` when no database can store it: a NUL character or a lone surrogate."""
    if "\x00" in value:
        raise Invalid(Reason.FIELD_INVALID, "text contains a NUL character; every other character is accepted")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        message = f"text is not valid Unicode at character {error.start}: a surrogate stands alone"
        raise Invalid(Reason.FIELD_INVALID, message) from error
    return value


def dump_json(value: Any) -> str:
    """Compact JSON text. Raises `Invalid` for what JSON text cannot carry: other types, wide integers, deep nesting."""
    try:
        return orjson.dumps(value).decode()
    except (TypeError, RecursionError) as error:
        raise Invalid(Reason.FIELD_INVALID, f"value cannot be written as JSON: {error}") from error


class Timestamp(TypeDecorator[datetime]):
    """A moment: an aware `datetime` in Python (UTC on the way out), microseconds since 1970 in a BIGINT."""

    impl = sa.BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:  # noqa: ARG002 - SQLAlchemy
        return None if value is None else to_microseconds(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        return None if value is None else from_microseconds(value)


class Text(TypeDecorator[str]):
    """Text of any length that both databases can store (see `check_text`), compared and sorted by code point.

    PostgreSQL's default collation depends on the machine; `C` sorts as SQLite does and lets an index serve prefixes.
    """

    impl = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        return None if value is None else check_text(value)


class Json(TypeDecorator[Any]):
    """A JSON value, kept as the very same text on both databases (JSONB would drop NULs, order and duplicate zeros).

    What a query filters or sorts by belongs in a column of its own. Python `None` is SQL NULL, never JSON `null`.
    """

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:  # noqa: ARG002
        return None if value is None else dump_json(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:  # noqa: ARG002
        return None if value is None else orjson.loads(value)


class BigInt(TypeDecorator[int]):
    """A signed 64-bit integer. A wider one is `Invalid`, not a driver's overflow."""

    impl = sa.BigInteger
    cache_ok = True

    def process_bind_param(self, value: int | None, dialect: Dialect) -> int | None:  # noqa: ARG002
        if value is not None and value not in _INT64:
            raise Invalid(Reason.FIELD_INVALID, f"number {value} does not fit in 64 bits")
        return value
