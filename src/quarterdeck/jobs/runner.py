"""`JobRunner`: runs leased jobs with their queue's handler."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TypeVar

from sqlalchemy import Connection

from quarterdeck.clock import Clock
from quarterdeck.database import Database
from quarterdeck.errors import Unavailable
from quarterdeck.jobs import store
from quarterdeck.jobs.job import Backoff, Job, LeaseLost

_log = logging.getLogger(__name__)
T = TypeVar("T")

Outcome = Callable[[Connection], None]
Handler = Callable[[Job], Awaitable[Outcome | None]]
"""Does the work of one job. It may return what to write in the very transaction that marks the job done: that happens
exactly once. Everything else that it does may happen again. Any exception is a failed attempt."""

Verdict = Callable[[Connection], Job | None]
"""Writes what became of an attempt; may return the next job of the same order key, leased in the same transaction."""


class GiveUp(Exception):  # noqa: N818 - a handler's verdict, not an error of ours
    """Raised by a handler when no further attempt can succeed: the job is dead at once.

    `outcome` is written in the transaction that says so.
    """

    def __init__(self, why: str = "", *, outcome: Outcome | None = None) -> None:
        super().__init__(why)
        self.outcome = outcome


class TryLater(Exception):  # noqa: N818 - a handler's verdict, not an error of ours
    """Raised by a handler that knows better than its queue's backoff when the next attempt is due: after `delay`.

    `outcome` is written in the transaction that says so.
    """

    def __init__(self, why: str, *, delay: timedelta, outcome: Outcome | None = None) -> None:
        super().__init__(why)
        self.delay = delay
        self.outcome = outcome


@dataclass(frozen=True, slots=True)
class _Queue:
    handler: Handler
    backoff: Backoff
    keep_done: bool


class JobRunner:
    """Takes due jobs of the registered queues and runs up to `concurrency` of them at a time.

    A hint wakes it, and every `poll` seconds it looks anyway. Leases are extended while handlers run; a handler whose
    lease is lost is cancelled.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        *,
        worker: str,
        concurrency: int = 8,
        lease: timedelta = timedelta(seconds=60),
        poll: float = 1.0,
    ) -> None:
        self._database = database
        self._clock = clock
        self._worker = worker
        self._concurrency = concurrency
        self._lease = lease
        self._poll = poll
        self._queues: dict[str, _Queue] = {}
        self._running: set[asyncio.Task[None]] = set()
        self._kept = 0
        self._loop: asyncio.Task[None] | None = None
        self._stopping = False

    def register(self, queue: str, handler: Handler, *, backoff: Backoff | None = None, keep_done: bool = True) -> None:
        """Jobs of `queue` are run by `handler`. Register before `start`; one handler per queue.

        Without `keep_done` a job that is done is gone: for queues whose handlers keep a record of their own.
        """
        self._queues[queue] = _Queue(handler, backoff or Backoff(), keep_done)

    @property
    def worker(self) -> str:
        """The name under which this runner holds jobs."""
        return self._worker

    def has_room(self) -> bool:
        """Whether one more job could run here at once."""
        return self._loop is not None and not self._stopping and self._free > 0

    @contextlib.contextmanager
    def place_kept(self) -> Iterator[None]:
        """Keeps a place for a job that is about to be enqueued as held by this runner, until it is adopted."""
        self._kept += 1
        try:
            yield
        finally:
            self._kept -= 1

    @property
    def _free(self) -> int:
        return self._concurrency - len(self._running) - self._kept

    def adopt(self, job: Job) -> None:
        """Runs a job that was enqueued as held by this runner. Call it right after the commit.

        While the runner stops the job is given back instead, for another one.
        """
        task = asyncio.create_task(
            self._give_back(job) if self._stopping else self._run(job), name=f"job {job.queue} {job.id}"
        )
        self._running.add(task)
        task.add_done_callback(self._finished)

    def start(self) -> None:
        """Starts taking jobs."""
        self._loop = asyncio.create_task(self._take_jobs(), name="jobs")

    async def stop(self, *, grace: float = 10.0) -> None:
        """Takes no more jobs, gives running ones `grace` seconds, then cancels them and gives them back."""
        self._stopping = True
        self._database.wake(store.TOPIC)
        if self._loop is not None:
            await self._loop
        if self._running:
            _, late = await asyncio.wait(self._running, timeout=grace)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def run_due(self) -> int:
        """Takes what is due and runs it to its end; returns how many jobs that was. For tests and one-shot tools."""
        jobs = await self._take()
        await asyncio.gather(*(self._run(job) for job in jobs))
        return len(jobs)

    async def _take_jobs(self) -> None:
        with self._database.subscribe(store.TOPIC) as hints:
            while not self._stopping:
                taken = await self._start_due()
                if not taken:
                    await hints.wait(self._poll)

    async def _start_due(self) -> int:
        try:
            jobs = await self._take()
        except Unavailable:
            return 0
        for job in jobs:
            task = asyncio.create_task(self._run(job), name=f"job {job.queue} {job.id}")
            self._running.add(task)
            task.add_done_callback(self._finished)
        return len(jobs)

    def _finished(self, task: asyncio.Task[None]) -> None:
        was_full = self._free <= 0
        self._running.discard(task)
        if was_full:
            # Only then may something due have been left: without a full house, everything due was taken.
            self._database.wake(store.TOPIC)

    async def _take(self) -> tuple[Job, ...]:
        free = self._free
        if free <= 0 or not self._queues:
            return ()
        take = partial(
            store.lease,
            queues=tuple(self._queues),
            worker=self._worker,
            now=self._clock.now(),
            duration=self._lease,
            limit=free,
        )
        return await self._database.transaction(take)

    async def _run(self, job: Job) -> None:
        """A job, and those behind it in its order as long as they are due."""
        left: Job | None = job
        while left is not None:
            left = await self._run_one(left)

    async def _run_one(self, job: Job) -> Job | None:
        """One attempt, from its lease to its record. Nothing is recorded when the lease is lost on the way."""
        held_until = self._clock.monotonic() + self._lease.total_seconds()
        work = asyncio.create_task(self._attempt(job))
        try:
            held_until = await self._hold(job, work, held_until)
            return await self._record_or_fail(job, work.result(), held_until)
        except LeaseLost:
            _log.warning("job %s of queue %s: the lease was lost during attempt %d", job.id, job.queue, job.attempts)
        except asyncio.CancelledError:
            await self._give_back(job)
            raise
        finally:
            work.cancel()
        return None

    async def _attempt(self, job: Job) -> Verdict:
        """Runs the handler; what it answers or raises becomes what is written about this attempt."""
        try:
            outcome = await self._queues[job.queue].handler(job)
        except GiveUp as error:
            return partial(_fail, job=job, error=str(error), clock=self._clock, delay=None, outcome=error.outcome)
        except TryLater as error:
            return partial(
                _fail, job=job, error=str(error), clock=self._clock, delay=error.delay, outcome=error.outcome
            )
        except Exception as error:  # noqa: BLE001 - the worker loop: whatever a handler does, its job goes on
            _log.exception("job %s of queue %s failed at attempt %d", job.id, job.queue, job.attempts)
            return self._failure(job, error)
        return partial(self._complete, job=job, outcome=outcome)

    def _failure(self, job: Job, error: Exception) -> Verdict:
        delay = self._queues[job.queue].backoff.delay(job.attempts, random.random())  # noqa: S311 - not a secret
        text = f"{type(error).__name__}: {error}"
        return partial(_fail, job=job, error=text, clock=self._clock, delay=delay, outcome=None)

    async def _hold(self, job: Job, work: asyncio.Task[Verdict], held_until: float) -> float:
        """Extends the lease until `work` is done; returns until when it is held. Raises `LeaseLost`."""
        seconds = self._lease.total_seconds()
        while True:
            await asyncio.wait((work,), timeout=seconds / 3)
            if work.done():
                return held_until
            now = self._clock.monotonic()
            extend = partial(store.extend, job=job, now=self._clock.now(), duration=self._lease)
            if await self._written(extend) is not None:
                held_until = now + seconds
            elif now >= held_until:
                raise store.lease_lost(job)

    async def _record_or_fail(self, job: Job, verdict: Verdict, held_until: float) -> Job | None:
        try:
            return await self._record(job, verdict, held_until)
        except LeaseLost:
            raise
        except Exception as error:  # noqa: BLE001 - the handler's outcome runs in there: the worker loop goes on
            _log.exception("job %s of queue %s: its outcome could not be written", job.id, job.queue)
            return await self._record(job, self._failure(job, error), held_until)

    async def _record(self, job: Job, verdict: Verdict, held_until: float) -> Job | None:
        """Writes the verdict; keeps trying while the database is away and the lease is ours."""
        while (written := await self._written(verdict)) is None:
            if self._clock.monotonic() >= held_until:
                raise store.lease_lost(job)
            await asyncio.sleep(self._poll)
        return written[0]

    async def _written(self, write: Callable[[Connection], T]) -> tuple[T] | None:
        """What was returned by what was written; None when the database is away."""
        try:
            return (await self._database.transaction(write),)
        except Unavailable:
            return None

    def _complete(self, connection: Connection, *, job: Job, outcome: Outcome | None) -> Job | None:
        if self._queues[job.queue].keep_done:
            store.complete(connection, job, now=self._clock.now())
        else:
            store.discard(connection, job)
        if outcome is not None:
            outcome(connection)
        if self._stopping:
            return None
        return store.lease_next(connection, job, now=self._clock.now(), duration=self._lease)

    async def _give_back(self, job: Job) -> None:
        with contextlib.suppress(LeaseLost, Unavailable):
            await self._database.transaction(partial(store.release, job=job, now=self._clock.now()))


def _fail(
    connection: Connection, *, job: Job, error: str, clock: Clock, delay: timedelta | None, outcome: Outcome | None
) -> None:
    store.fail(connection, job, error=error, now=clock.now(), delay=delay)
    if outcome is not None:
        outcome(connection)
