"""How long things took."""

from __future__ import annotations

from datetime import datetime, timedelta

_UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))


def duration_seconds(started_at: datetime, ended_at: datetime | None, now: datetime) -> int:
    """Whole seconds from the start to the end, or to now while there is no end; never below 0.

    An incident's start may lie ahead of the clock, and a start that was moved may pass an end that resolving sets.
    """
    return max(((ended_at or now) - started_at) // timedelta(seconds=1), 0)


def in_words(seconds: int) -> str:
    """The two largest units for people: `17 s`, `5 min`, `1 h 23 min`, `3 d 4 h`."""
    parts: list[str] = []
    for size, name in _UNITS:
        amount, seconds = divmod(seconds, size)
        if amount:
            parts.append(f"{amount} {name}")
        elif parts:
            break
    return " ".join(parts[:2]) or "0 s"
