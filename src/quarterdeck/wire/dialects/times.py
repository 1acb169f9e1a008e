"""Timestamps and durations as text. Reading and printing raise Refusal."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from quarterdeck.wire.dialects.conventions import TimeFormat
from quarterdeck.wire.dialects.refusal import Refusal, expected, show

SecondsAndNanos = tuple[int, int]

_HOUR = r"(?:[01]\d|2[0-3])"
_TIME = re.compile(rf"(\d{{4}}-\d\d-\d\dT{_HOUR}:\d\d:\d\d)(?:\.(\d{{1,9}}))?(?:Z|([+-])({_HOUR}):([0-5]\d))", re.ASCII)
_DURATION = re.compile(r"(-?)(\d{1,12})(?:\.(\d{1,9}))?s", re.ASCII)
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - all arithmetic here is in UTC
_DAY = 86_400
_NANOS = 1_000_000_000
_FIRST_SECOND = -62_135_596_800
_LAST_SECOND = 253_402_300_799
_LONGEST_DURATION = 315_576_000_000


def read_time(value: Any) -> SecondsAndNanos:
    """Read RFC 3339 with an offset, in the years 1 to 9999. The offset is needed; `Z` and `T` are capitals."""
    parts = _TIME.fullmatch(value) if type(value) is str else None
    if parts is None:
        raise expected("a time as 2006-01-02T15:04:05Z", value)
    moment, fraction, sign, hours, minutes = parts.groups()
    try:
        since = datetime.fromisoformat(moment) - _EPOCH
    except ValueError as error:
        raise expected("a time as 2006-01-02T15:04:05Z", value) from error
    seconds = since.days * _DAY + since.seconds
    if sign:
        seconds -= int(f"{sign}1") * (int(hours) * 3600 + int(minutes) * 60)
    if not _FIRST_SECOND <= seconds <= _LAST_SECOND:
        raise expected("a time in the years 1 to 9999", value)
    return seconds, int(fraction.ljust(9, "0")) if fraction else 0


def time_printer(form: TimeFormat) -> Callable[[Any], str]:
    """What prints a Timestamp message."""
    fraction = _FRACTIONS[form]

    def print_time(message: Any) -> str:
        seconds, nanos = message.seconds, message.nanos
        if not _FIRST_SECOND <= seconds <= _LAST_SECOND or not 0 <= nanos < _NANOS:
            raise Refusal(f"{seconds} s and {nanos} ns are no time in the years 1 to 9999")
        return f"{_second(seconds)}{fraction(nanos)}Z" if nanos else f"{_second(seconds)}Z"

    return print_time


@lru_cache(maxsize=4096)
def _second(seconds: int) -> str:
    # A list prints the same creation times and the same last few minutes of polls over and over.
    return (_EPOCH + timedelta(seconds=seconds)).isoformat()


def _protojson_fraction(nanos: int) -> str:
    if not nanos:
        return ""
    if nanos % 1_000_000 == 0:
        return f".{nanos // 1_000_000:03}"
    if nanos % 1_000 == 0:
        return f".{nanos // 1_000:06}"
    return f".{nanos:09}"


def _microseconds(nanos: int) -> str:
    return f".{nanos // 1_000:06}".rstrip("0").rstrip(".")


_FRACTIONS: dict[TimeFormat, Callable[[int], str]] = {
    TimeFormat.PROTOJSON: _protojson_fraction,
    TimeFormat.MICROSECONDS: _microseconds,
    TimeFormat.SECONDS: lambda _: "",
}


def read_duration(value: Any) -> SecondsAndNanos:
    """Read seconds with up to nine fractional digits: `1.5s`. At most 10 000 years either way."""
    parts = _DURATION.fullmatch(value) if type(value) is str else None
    if parts is None:
        raise expected("a duration in seconds as 1.5s", value)
    sign, whole, fraction = parts.groups()
    seconds, nanos = int(whole), int(fraction.ljust(9, "0")) if fraction else 0
    if seconds > _LONGEST_DURATION:
        raise Refusal(f"must be at most {_LONGEST_DURATION}s long, not {show(value)}")
    return (-seconds, -nanos) if sign else (seconds, nanos)


def print_duration(message: Any) -> str:
    """Print a Duration message as seconds with 0, 3, 6 or 9 fractional digits."""
    seconds, nanos = message.seconds, message.nanos
    if abs(seconds) > _LONGEST_DURATION or abs(nanos) >= _NANOS or seconds * nanos < 0:
        raise Refusal(f"{seconds} s and {nanos} ns are no duration")
    sign = "-" if seconds < 0 or nanos < 0 else ""
    return f"{sign}{abs(seconds)}{_protojson_fraction(abs(nanos))}s"
