"""The table of jobs: enqueue in the transaction that causes the work, lease, finish, and look at what died.

A lease is a promise with an end. When the holder dies, its lease runs out and another worker takes the job; when the
holder was only slow, its fence is out of date and it can no longer finish the job. So every job runs at least once, and
its outcome is recorded once. Times are those of the replicas' clocks: they must agree far better than a lease lasts.

Jobs of one order key run one at a time, in the order in which their transactions committed. One that waits for its next
attempt holds up those behind it; one that is dead does not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache, lru_cache
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import Connection

from quarterdeck.clock import new_id
from quarterdeck.database import BigInt, Json, Prepared, Text, Timestamp, hint, insert_into, metadata, next_value
from quarterdeck.errors import NotFound, Reason
from quarterdeck.jobs.job import Job, JobState, LeaseLost

TOPIC: Final = "jobs"
"""The hint that something may be taken."""

_MAX_ERROR = 2000
"""Characters of an error that are kept."""

jobs = sa.Table(
    "jobs",
    metadata,
    sa.Column("tenant_id", Text, primary_key=True),
    sa.Column("queue", Text, primary_key=True),
    sa.Column("id", Text, primary_key=True),
    sa.Column("payload", Json, nullable=False),
    sa.Column("state", Text, nullable=False),
    sa.Column("due_at", Timestamp, nullable=False),
    sa.Column("attempts", BigInt, nullable=False),
    sa.Column("max_attempts", BigInt, nullable=False),
    sa.Column("order_key", Text),
    sa.Column("order_number", BigInt, nullable=False),
    sa.Column("fence", BigInt, nullable=False),
    sa.Column("worker", Text),
    sa.Column("last_error", Text),
    sa.Column("created_at", Timestamp, nullable=False),
    sa.Column("finished_at", Timestamp),
)

_WAITING, _LEASED, _DONE, _DEAD = (state.value for state in JobState)
_OPEN_STATES: Final[tuple[sa.ColumnElement[str], ...]] = (
    sa.literal_column("'waiting'"),
    sa.literal_column("'leased'"),
)
"""Written out: with parameters in their place SQLite would not see that an index of open jobs will do."""
_OPEN = jobs.c.state.in_(_OPEN_STATES)
_OPEN_ONLY = sa.text("state IN ('waiting', 'leased')")
sa.Index("ix_jobs_due", jobs.c.queue, jobs.c.due_at, postgresql_where=_OPEN_ONLY, sqlite_where=_OPEN_ONLY)
sa.Index("ix_jobs_order", jobs.c.tenant_id, jobs.c.queue, jobs.c.order_key, jobs.c.order_number)
sa.Index("ix_jobs_state", jobs.c.tenant_id, jobs.c.state, jobs.c.finished_at)

_JOB = sa.and_(
    jobs.c.tenant_id == sa.bindparam("tenant"),
    jobs.c.queue == sa.bindparam("of_queue"),
    jobs.c.id == sa.bindparam("job"),
)
_HELD = sa.and_(_JOB, jobs.c.state == _LEASED, jobs.c.fence == sa.bindparam("held_fence"))

_ADD = Prepared(sa.insert(jobs))
_DISCARD = Prepared(sa.delete(jobs).where(_HELD))
_TAKE = Prepared(
    sa.update(jobs)
    .where(_JOB)
    .values(
        state=_LEASED,
        due_at=sa.bindparam("until"),
        attempts=jobs.c.attempts + 1,
        fence=jobs.c.fence + 1,
        worker=sa.bindparam("taker"),
    )
)
_FIRST_OF_ORDER = Prepared(
    sa.select(jobs)
    .where(
        jobs.c.tenant_id == sa.bindparam("tenant"),
        jobs.c.queue == sa.bindparam("of_queue"),
        jobs.c.order_key == sa.bindparam("key"),
        _OPEN,
    )
    .order_by(jobs.c.order_number)
    .limit(1)
    .with_for_update(of=jobs, skip_locked=True)
)


def enqueue(
    connection: Connection,
    *,
    tenant_id: str,
    queue: str,
    payload: dict[str, Any],
    now: datetime,
    run_at: datetime | None = None,
    key: str | None = None,
    order_key: str | None = None,
    max_attempts: int = 10,
) -> str:
    """Adds a job, due at `run_at` or now, and returns its id. Workers are woken after the commit.

    With a `key` the job's id is that key, and a second job with it in this queue is not added, whatever became of the
    first one. With an `order_key` the job waits for those enqueued before it with the same key.
    """
    row = _new_row(tenant_id=tenant_id, queue=queue, payload=payload, now=now, key=key, max_attempts=max_attempts)
    row |= {
        "due_at": run_at or now,
        "order_key": order_key,
        "order_number": _order_number(connection, tenant_id, queue, order_key),
    }
    _adding_once(connection.dialect.name).run(connection, row)
    hint(connection, TOPIC)
    return str(row["id"])


def enqueue_held(
    connection: Connection,
    *,
    tenant_id: str,
    queue: str,
    payload: dict[str, Any],
    now: datetime,
    worker: str,
    duration: timedelta,
    key: str | None = None,
    max_attempts: int = 10,
) -> Job:
    """Adds a job that `worker` has already, until `now + duration`: the attempt that begins with it is the first one.

    For who does the work at once, with `JobRunner.adopt`, and wants it to be taken by somebody else if it dies. Raises
    `Conflict` for a `key` that was used before.
    """
    row = _new_row(tenant_id=tenant_id, queue=queue, payload=payload, now=now, key=key, max_attempts=max_attempts)
    row |= {"state": _LEASED, "due_at": now + duration, "attempts": 1, "fence": 1, "worker": worker}
    _ADD.run(connection, row)
    return _job(row)


def _new_row(
    *, tenant_id: str, queue: str, payload: dict[str, Any], now: datetime, key: str | None, max_attempts: int
) -> dict[str, Any]:
    return {
        "tenant_id": tenant_id,
        "queue": queue,
        "id": key or new_id("job"),
        "payload": payload,
        "state": _WAITING,
        "due_at": now,
        "attempts": 0,
        "max_attempts": max_attempts,
        "order_key": None,
        "order_number": 0,
        "fence": 0,
        "worker": None,
        "last_error": None,
        "created_at": now,
        "finished_at": None,
    }


def lease(
    connection: Connection, *, queues: Sequence[str], worker: str, now: datetime, duration: timedelta, limit: int
) -> tuple[Job, ...]:
    """Takes up to `limit` due jobs for `worker`, the longest due first, each until `now + duration`.

    A job whose lease ran out is taken again; when that happens after its last attempt, it is dead instead.
    """
    _bury_abandoned(connection, queues, now)
    found = _due(tuple(queues)).mappings(connection, {"now": now, "most": limit})
    return tuple(_take(connection, _job(row), worker, now + duration) for row in found)


def extend(connection: Connection, job: Job, *, now: datetime, duration: timedelta) -> None:
    """The holder is alive: its lease now ends at `now + duration`. Raises `LeaseLost` when the lease is lost."""
    _update_held(connection, job, {"due_at": now + duration})


def complete(connection: Connection, job: Job, *, now: datetime) -> None:
    """Done. Raises `LeaseLost` when the lease is lost: roll back what belongs to it."""
    _update_held(connection, job, {"state": _DONE, "finished_at": now, "worker": None, "last_error": None})
    hint(connection, TOPIC)


def discard(connection: Connection, job: Job) -> None:
    """Done, and nothing of it is kept, so that its key may be used again. Raises `LeaseLost` when the lease is lost."""
    if _DISCARD.run(connection, _holding(job)) != 1:
        raise lease_lost(job)


def lease_next(connection: Connection, job: Job, *, now: datetime, duration: timedelta) -> Job | None:
    """The first job that is left of this one's order key, for the same worker: None when it is not due, or taken.

    For the transaction that finishes a job: the next one need not wait for somebody to look.
    """
    if job.order_key is None or job.worker is None:
        return None
    order = {"tenant": job.tenant_id, "of_queue": job.queue, "key": job.order_key}
    for row in _FIRST_OF_ORDER.mappings(connection, order):
        first = _job(row)
        if first.state is JobState.WAITING and first.due_at <= now:
            return _take(connection, first, job.worker, now + duration)
    return None


def fail(connection: Connection, job: Job, *, error: str, now: datetime, delay: timedelta | None) -> JobState:
    """This attempt failed: the job waits for `delay`, or is dead without one or after its last attempt.

    Returns which. Raises `LeaseLost` when the lease is lost.
    """
    kept = _storable(error)
    if delay is None or job.attempts >= job.max_attempts:
        _update_held(connection, job, {"state": _DEAD, "finished_at": now, "worker": None, "last_error": kept})
        hint(connection, TOPIC)
        return JobState.DEAD
    _update_held(connection, job, {"state": _WAITING, "due_at": now + delay, "worker": None, "last_error": kept})
    return JobState.WAITING


def release(connection: Connection, job: Job, *, now: datetime) -> None:
    """Gives the job back at once; the attempt does not count. Raises `LeaseLost` when the lease is lost."""
    _update_held(connection, job, {"state": _WAITING, "due_at": now, "worker": None, "attempts": job.attempts - 1})
    hint(connection, TOPIC)


def get(connection: Connection, *, tenant_id: str, queue: str, job_id: str) -> Job:
    """Raises `NotFound(JOB_NOT_FOUND)`."""
    row = connection.execute(sa.select(jobs).where(_is_job(tenant_id, queue, job_id))).mappings().one_or_none()
    if row is None:
        raise NotFound(Reason.JOB_NOT_FOUND, f"no job {job_id!r} in queue {queue!r}")
    return _job(row)


def list_dead(
    connection: Connection, *, tenant_id: str, queue: str | None = None, after: str = "", limit: int = 100
) -> tuple[Job, ...]:
    """Dead jobs in the order of their ids, those after the id `after`."""
    query = sa.select(jobs).where(jobs.c.tenant_id == tenant_id, jobs.c.state == _DEAD, jobs.c.id > after)
    if queue is not None:
        query = query.where(jobs.c.queue == queue)
    rows = connection.execute(query.order_by(jobs.c.id, jobs.c.queue).limit(limit)).mappings()
    return tuple(_job(row) for row in rows)


def replay(connection: Connection, *, tenant_id: str, queue: str, job_id: str, now: datetime) -> Job:
    """Lets a dead job run again at once, with all its attempts, behind the others of its order key.

    Raises `NotFound` when there is no dead job with this id.
    """
    found = sa.select(jobs).where(_is_job(tenant_id, queue, job_id), jobs.c.state == _DEAD).with_for_update()
    row = connection.execute(found).mappings().one_or_none()
    if row is None:
        raise NotFound(Reason.JOB_NOT_FOUND, f"no dead job {job_id!r} in queue {queue!r}")
    number = _order_number(connection, tenant_id, queue, row["order_key"])
    values = {"state": _WAITING, "due_at": now, "attempts": 0, "order_number": number, "finished_at": None}
    connection.execute(
        sa.update(jobs).where(_is_job(tenant_id, queue, job_id)).values(**values, fence=jobs.c.fence + 1)
    )
    hint(connection, TOPIC)
    return get(connection, tenant_id=tenant_id, queue=queue, job_id=job_id)


def purge(connection: Connection, *, before: datetime) -> int:
    """Deletes done jobs that finished before `before` and returns how many. Their keys may be used again."""
    return connection.execute(sa.delete(jobs).where(jobs.c.state == _DONE, jobs.c.finished_at < before)).rowcount


def forget(connection: Connection, *, tenant_id: str, queue: str, ids: Sequence[str]) -> int:
    """Deletes those of the jobs that are done or dead and returns how many. At most some hundred ids at once."""
    mine = sa.and_(jobs.c.tenant_id == tenant_id, jobs.c.queue == queue, jobs.c.id.in_(ids))
    return connection.execute(sa.delete(jobs).where(mine, sa.not_(_OPEN))).rowcount


def lease_lost(job: Job) -> LeaseLost:
    """The error for a job that its holder no longer holds."""
    message = f"the lease on job {job.id!r} is lost: another worker has it, or it is finished"
    return LeaseLost(Reason.CONCURRENT_CHANGE, message)


def _order_number(connection: Connection, tenant_id: str, queue: str, order_key: str | None) -> int:
    """Allocated under a row lock, so that a smaller number never commits after a larger one."""
    return 0 if order_key is None else next_value(connection, tenant_id, f"jobs/{queue}/{order_key}")


def _has_earlier(earlier: sa.FromClause) -> sa.ColumnElement[bool]:
    return sa.exists().where(
        earlier.c.tenant_id == jobs.c.tenant_id,
        earlier.c.queue == jobs.c.queue,
        earlier.c.order_key == jobs.c.order_key,
        earlier.c.order_number < jobs.c.order_number,
        earlier.c.state.in_(_OPEN_STATES),
    )


def _bury_abandoned(connection: Connection, queues: Sequence[str], now: datetime) -> None:
    """Jobs whose holder vanished during the last attempt: most likely they are what killed it."""
    for row in _abandoned(tuple(queues)).mappings(connection, {"now": now}):
        job = _job(row)
        error = f"worker {job.worker} vanished during attempt {job.attempts}"
        _update_held(connection, job, {"state": _DEAD, "finished_at": now, "worker": None, "last_error": error})


@cache
def _adding_once(dialect: str) -> Prepared:
    return Prepared(insert_into(dialect, jobs).on_conflict_do_nothing())


@lru_cache(maxsize=64)
def _due(queues: tuple[str, ...]) -> Prepared:
    due = sa.select(jobs).where(_is_in(queues), _OPEN, jobs.c.due_at <= sa.bindparam("now"))
    due = due.where(sa.or_(jobs.c.order_key.is_(None), sa.not_(_has_earlier(jobs.alias("earlier")))))
    due = due.order_by(jobs.c.due_at).limit(sa.bindparam("most"))
    return Prepared(due.with_for_update(of=jobs, skip_locked=True))


@lru_cache(maxsize=64)
def _abandoned(queues: tuple[str, ...]) -> Prepared:
    abandoned = sa.select(jobs).where(_is_in(queues), jobs.c.state == _LEASED, jobs.c.due_at <= sa.bindparam("now"))
    abandoned = abandoned.where(jobs.c.attempts >= jobs.c.max_attempts)
    return Prepared(abandoned.with_for_update(skip_locked=True))


def _is_in(queues: Sequence[str]) -> sa.ColumnElement[bool]:
    # Not IN: a prepared statement has no lists. Both databases make one of it.
    return sa.or_(sa.false(), *(jobs.c.queue == queue for queue in queues))


def _take(connection: Connection, job: Job, worker: str, until: datetime) -> Job:
    """For a job that is locked: nobody else changes it before this transaction ends."""
    taken = {"tenant": job.tenant_id, "of_queue": job.queue, "job": job.id, "until": until, "taker": worker}
    _TAKE.run(connection, taken)
    return replace(
        job, state=JobState.LEASED, due_at=until, attempts=job.attempts + 1, fence=job.fence + 1, worker=worker
    )


def _update_held(connection: Connection, job: Job, values: dict[str, Any]) -> None:
    changed = {**_holding(job), **{f"new_{name}": value for name, value in values.items()}}
    if _changing(tuple(values)).run(connection, changed) != 1:
        raise lease_lost(job)


@lru_cache(maxsize=64)
def _changing(names: tuple[str, ...]) -> Prepared:
    values = {name: sa.bindparam(f"new_{name}", type_=jobs.c[name].type) for name in names}
    return Prepared(sa.update(jobs).where(_HELD).values(values))


def _holding(job: Job) -> dict[str, Any]:
    return {"tenant": job.tenant_id, "of_queue": job.queue, "job": job.id, "held_fence": job.fence}


def _is_job(tenant_id: str, queue: str, job_id: str) -> sa.ColumnElement[bool]:
    return sa.and_(jobs.c.tenant_id == tenant_id, jobs.c.queue == queue, jobs.c.id == job_id)


def _storable(error: str) -> str:
    return error[:_MAX_ERROR].replace("\x00", "\N{REPLACEMENT CHARACTER}").encode(errors="replace").decode()


def _job(row: Mapping[Any, Any]) -> Job:
    values = {name: row[name] for name in Job.__slots__}
    return Job(**{**values, "state": JobState(values["state"])})
