"""Times as the incident API writes them: RFC 3339 text in, UTC with microseconds inside, `…Z` out."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

from quarterdeck.errors import FieldViolation, Invalid, Reason

_DATE = r"(\d{4})-(\d\d)-(\d\d)"
_TIME_OF_DAY = r"(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?"
_OFFSET = r"(?:[Zz]|([+-])([01]\d|2[0-3]):([0-5]\d))"
_RFC_3339 = re.compile(rf"{_DATE}[Tt]{_TIME_OF_DAY}{_OFFSET}", re.ASCII)
_DATE_ALONE = re.compile(_DATE, re.ASCII)
_QUOTED_IN_ERRORS = 80


def read_time(text: str) -> datetime | None:
    """The moment that RFC 3339 text names, in UTC, cut to microseconds; None for text that is no such time.

    Any offset and up to nine fractional digits; the offset is needed. A leap second is no time, nor is a moment that
    falls outside the years 1 to 9999 in UTC.
    """
    parts = _RFC_3339.fullmatch(text)
    if parts is None:
        return None
    *numbers, fraction, sign, hours, minutes = parts.groups()
    year, month, day, hour, minute, second = map(int, numbers)
    micros = int((fraction or "0").ljust(9, "0")[:6])
    try:
        moment = datetime(year, month, day, hour, minute, second, micros, tzinfo=_zone(sign, hours, minutes))
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def read_date(text: str) -> datetime | None:
    """Midnight UTC of `YYYY-MM-DD`, or None."""
    parts = _DATE_ALONE.fullmatch(text)
    if parts is None:
        return None
    year, month, day = map(int, parts.groups())
    try:
        return datetime(year, month, day, tzinfo=UTC)
    except ValueError:
        return None


def parse_time(text: str, *, field: str) -> datetime | None:
    """A time of a request: None when it is empty. Raises `Invalid(FIELD_INVALID)` naming `field`."""
    if not text:
        return None
    moment = read_time(text)
    if moment is None:
        why = f"{text[:_QUOTED_IN_ERRORS]!r} is not a time; RFC 3339 with an offset is, such as 2026-01-31T12:00:00Z"
        raise Invalid(
            Reason.FIELD_INVALID,
            f"{field}: {why}",
            violations=(FieldViolation(field, why),),
            metadata={"field": field},
        )
    return moment


def format_time(moment: datetime | None) -> str:
    """RFC 3339 in UTC with `Z` and zero to six fractional digits, trailing zeros trimmed; `""` for no time.

    Keep reads exactly the forms with and without a fraction, so there is never an offset and never a `.0`.
    """
    if moment is None:
        return ""
    moment = moment.astimezone(UTC)
    fraction = f".{moment.microsecond:06}".rstrip("0") if moment.microsecond else ""
    return f"{moment.replace(tzinfo=None, microsecond=0).isoformat()}{fraction}Z"


def _zone(sign: str | None, hours: str | None, minutes: str | None) -> timezone:
    if sign is None:
        return UTC
    offset = timedelta(hours=int(hours or 0), minutes=int(minutes or 0))
    return timezone(offset if sign == "+" else -offset)
