"""Times as tools take and give them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final

from quarterdeck.assistant.tools.tool import ToolFailed
from quarterdeck.incidents.times import format_time, read_time

_RELATIVE: Final = re.compile(r"(?:now)?\s*-?\s*(\d{1,9})\s*(s|m|h|d|w)(?:\s+ago)?", re.ASCII)
_SECONDS: Final = re.compile(r"\d{1,12}(?:\.\d{1,9})?", re.ASCII)
_UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_QUOTED: Final = 80

FORMS: Final = "RFC 3339 such as 2026-01-31T12:00:00Z, Unix seconds, `now`, or time ago such as -30m, -2h or -7d"


def read_moment(text: str, *, now: datetime, field: str) -> datetime:
    """The moment that a model names, in UTC: one of `FORMS`. Raises ToolFailed, naming `field`, for anything else."""
    words = text.strip()
    if words == "now":
        return now
    try:
        if relative := _RELATIVE.fullmatch(words):
            return now - timedelta(seconds=int(relative[1]) * _UNITS[relative[2]])
        if _SECONDS.fullmatch(words):
            return datetime.fromtimestamp(float(words), UTC)
    except (OverflowError, ValueError, OSError):
        raise _no_time(text, field) from None
    moment = read_time(words)
    if moment is None:
        raise _no_time(text, field)
    return moment


def written(moment: datetime | None) -> str | None:
    """RFC 3339 in UTC; None for no time."""
    return format_time(moment) or None


def _no_time(text: str, field: str) -> ToolFailed:
    return ToolFailed(f"{field}: {text[:_QUOTED]!r} is not a time; accepted: {FORMS}")
