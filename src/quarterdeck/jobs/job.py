"""A piece of work as a worker holds it, and when it is tried again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from quarterdeck.errors import Aborted


class LeaseLost(Aborted):
    """The job belongs to somebody else by now; whatever was done for it must not be recorded."""


class JobState(StrEnum):
    """Where a job is. WAITING and LEASED jobs will run; DONE and DEAD ones will not, unless a dead one is replayed."""

    WAITING = "waiting"
    LEASED = "leased"
    DONE = "done"
    DEAD = "dead"


@dataclass(frozen=True, slots=True)
class Job:
    """One row of work. `id` is stable: it is the same at every attempt, so receivers can recognise a repetition."""

    tenant_id: str
    queue: str
    id: str
    payload: dict[str, Any]
    state: JobState
    due_at: datetime
    """When a worker may take it: its start or next attempt, or the end of the lease that somebody holds."""
    attempts: int
    """How often it was taken, the current attempt included."""
    max_attempts: int
    order_key: str | None
    fence: int
    """Grows whenever the job changes hands; a holder with an older number has lost it."""
    worker: str | None
    last_error: str | None
    created_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class Backoff:
    """Exponential delays between attempts: `first`, doubled each time up to `longest`, then spread by `jitter`."""

    first: timedelta = timedelta(seconds=5)
    longest: timedelta = timedelta(hours=1)
    jitter: float = 0.2
    """The share of the delay by which it varies in both directions, 0 to 1."""

    def delay(self, attempts: int, chance: float) -> timedelta:
        """The pause after the `attempts`-th attempt failed; `chance` is a random number from 0 to 1."""
        doublings = min(max(attempts - 1, 0), 62)
        plain = min(self.first.total_seconds() * 2**doublings, self.longest.total_seconds())
        return timedelta(seconds=plain * (1 + self.jitter * (2 * chance - 1)))
