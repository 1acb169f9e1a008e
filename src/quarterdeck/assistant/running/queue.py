"""The queue of runs: what no replica works on, and is at work soon."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from quarterdeck.assistant.run import RunRecord
from quarterdeck.database import Connection
from quarterdeck.jobs import Job, enqueue, enqueue_held

QUEUE: Final = "assistant.runs"
MOST_ATTEMPTS: Final = 3
"""Workers that may die over one run, before it ends `interrupted`."""


def enqueue_run(connection: Connection, run: RunRecord, now: datetime) -> None:
    """For whoever has room."""
    enqueue(
        connection,
        tenant_id=run.tenant_id,
        queue=QUEUE,
        payload={"run_id": run.id},
        now=now,
        key=run.id,
        max_attempts=MOST_ATTEMPTS,
    )


def enqueue_own_run(connection: Connection, run: RunRecord, now: datetime, *, worker: str, lease: timedelta) -> Job:
    """For this replica, which has room; for another one when it dies."""
    return enqueue_held(
        connection,
        tenant_id=run.tenant_id,
        queue=QUEUE,
        payload={"run_id": run.id},
        now=now,
        key=run.id,
        worker=worker,
        duration=lease,
        max_attempts=MOST_ATTEMPTS,
    )
