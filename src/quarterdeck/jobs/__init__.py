"""Work that must happen after a commit: rows with a lease, and the runner that takes them."""

from __future__ import annotations

from quarterdeck.jobs.job import Backoff, Job, JobState, LeaseLost
from quarterdeck.jobs.runner import GiveUp, Handler, JobRunner, Outcome, TryLater
from quarterdeck.jobs.store import TOPIC, enqueue, enqueue_held, forget, get, list_dead, purge, replay

__all__ = [
    "TOPIC",
    "Backoff",
    "GiveUp",
    "Handler",
    "Job",
    "JobRunner",
    "JobState",
    "LeaseLost",
    "Outcome",
    "TryLater",
    "enqueue",
    "enqueue_held",
    "forget",
    "get",
    "list_dead",
    "purge",
    "replay",
]
