"""When a delivery is tried again, and when it is given up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

WAITS = (timedelta(seconds=30), timedelta(minutes=2), timedelta(minutes=10), timedelta(minutes=45))
"""Before the second try, the third, …; there is no further one."""
MOST_TRIES = len(WAITS) + 1
SPREAD = 0.2
LONGEST_ASKED_FOR = timedelta(hours=1)

_REQUEST_TIMEOUT = 408
_TOO_MANY_REQUESTS = 429
_LONGEST_HEADER = 64


@dataclass(frozen=True, slots=True)
class TryResult:
    """What came of one try."""

    ok: bool
    status: int = 0
    """Of the answer; 0 when there was none."""
    error: str = ""
    final: bool = False
    """Whether another try cannot succeed."""
    retry_after: timedelta | None = None
    """What the receiver asks for."""


def is_success(status: int) -> bool:
    return 200 <= status < 300


def is_worth_retrying(status: int) -> bool:
    """Every other status without success is final, redirects too: they are never followed."""
    return status in {_REQUEST_TIMEOUT, _TOO_MANY_REQUESTS} or 500 <= status < 600


def wait_after(tries: int, chance: float, retry_after: timedelta | None = None) -> timedelta | None:
    """How long to wait after the `tries`-th try failed; None when there is no further one.

    `chance` is a random number from 0 to 1 that spreads the wait by a fifth in both directions. The receiver is obeyed
    where it asks for a longer wait, up to an hour.
    """
    if tries >= MOST_TRIES:
        return None
    planned = WAITS[max(tries, 1) - 1] * (1 + SPREAD * (2 * chance - 1))
    return max(planned, min(retry_after or timedelta(), LONGEST_ASKED_FOR))


def read_retry_after(header: str, now: datetime) -> timedelta | None:
    """A `Retry-After` header: seconds, or a date. None for one that says neither, or a moment that has passed."""
    text = header.strip()
    if not text or len(text) > _LONGEST_HEADER:
        return None
    if text.isascii() and text.isdigit():
        return min(timedelta(seconds=min(int(text), 10**9)), LONGEST_ASKED_FOR)
    try:
        moment = parsedate_to_datetime(text)
        wait = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - now
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    return wait if wait > timedelta() else None
