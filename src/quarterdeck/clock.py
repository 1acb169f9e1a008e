"""Time and ids, passed in so that rules and stores can be tested without either."""

from __future__ import annotations

import secrets
import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """What time it is: `now` for records, `monotonic` (seconds) for intervals."""

    def now(self) -> datetime: ...

    def monotonic(self) -> float: ...


class SystemClock:
    """The machine's clock, in UTC."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()


def new_id(prefix: str) -> str:
    """A random id such as `sa_3k9…`: the prefix says what it names, 80 random bits make it unguessable."""
    return f"{prefix}_{secrets.token_hex(10)}"
