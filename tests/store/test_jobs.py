"""Leased work on both databases, with a clock that the test moves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
import pytest_asyncio

from quarterdeck import jobs
from quarterdeck.database import Connection, Database, next_value
from quarterdeck.errors import Conflict, NotFound, Reason
from quarterdeck.jobs import Backoff, GiveUp, Job, JobRunner, JobState, LeaseLost, Outcome, TryLater, store
from tests.store.manual_clock import START, ManualClock

LEASE = timedelta(seconds=60)
DAY = 86_400


class Bench:
    """Calls the store with one clock."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.clock = ManualClock()

    async def enqueue(self, **options: Any) -> str:
        options = {"tenant_id": "t", "queue": "q", "payload": {}, **options}
        return await self.database.transaction(partial(jobs.enqueue, now=self.clock.now(), **options))

    async def enqueue_held(self, worker: str = "w", **options: Any) -> Job:
        options = {"tenant_id": "t", "queue": "q", "payload": {}, "worker": worker, "duration": LEASE, **options}
        return await self.database.transaction(partial(jobs.enqueue_held, now=self.clock.now(), **options))

    async def lease(self, worker: str = "w", limit: int = 10) -> tuple[Job, ...]:
        taking = partial(store.lease, queues=("q",), worker=worker, now=self.clock.now(), duration=LEASE, limit=limit)
        return await self.database.transaction(taking)

    async def lease_one(self, worker: str = "w") -> Job:
        (job,) = await self.lease(worker)
        return job

    async def complete(self, job: Job) -> None:
        await self.database.transaction(partial(store.complete, job=job, now=self.clock.now()))

    async def fail(self, job: Job, delay: float | None = 10.0, error: str = "no") -> JobState:
        pause = None if delay is None else timedelta(seconds=delay)
        failing = partial(store.fail, job=job, error=error, now=self.clock.now(), delay=pause)
        return await self.database.transaction(failing)

    async def get(self, job_id: str) -> Job:
        return await self.database.read(partial(jobs.get, tenant_id="t", queue="q", job_id=job_id))

    async def dead(self) -> list[str]:
        return [job.id for job in await self.database.read(partial(jobs.list_dead, tenant_id="t"))]

    async def replay(self, job_id: str) -> Job:
        replaying = partial(jobs.replay, tenant_id="t", queue="q", job_id=job_id, now=self.clock.now())
        return await self.database.transaction(replaying)

    def runner(self, *, worker: str = "w", lease: timedelta = LEASE, poll: float = 0.05) -> JobRunner:
        return JobRunner(self.database, self.clock, worker=worker, lease=lease, poll=poll)


@pytest_asyncio.fixture
async def bench(database: Database) -> AsyncIterator[Bench]:
    yield Bench(database)


async def test_a_job_is_leased_completed_and_not_taken_again(bench: Bench) -> None:
    job_id = await bench.enqueue(payload={"url": "é"})
    job = await bench.lease_one()
    assert (job.id, job.payload, job.attempts, job.worker) == (job_id, {"url": "é"}, 1, "w")
    assert await bench.lease("other") == ()
    await bench.complete(job)
    bench.clock.advance(DAY)
    assert await bench.lease() == ()
    assert (await bench.get(job_id)).state is JobState.DONE


async def test_a_job_waits_for_its_time(bench: Bench) -> None:
    await bench.enqueue(run_at=START + timedelta(seconds=5))
    assert await bench.lease() == ()
    bench.clock.advance(5)
    assert len(await bench.lease()) == 1


async def test_a_job_that_is_rolled_back_never_was(bench: Bench) -> None:
    def work(connection: Connection) -> None:
        jobs.enqueue(connection, tenant_id="t", queue="q", payload={}, now=START)
        raise Conflict(Reason.PIPELINE_NAME_TAKEN, "taken")

    with pytest.raises(Conflict):
        await bench.database.transaction(work)
    assert await bench.lease() == ()


async def test_a_key_makes_a_job_unique_and_its_id_stable(bench: Bench) -> None:
    assert await bench.enqueue(key="delivery-1", payload={"n": 1}) == "delivery-1"
    assert await bench.enqueue(key="delivery-1", payload={"n": 2}) == "delivery-1"
    await bench.enqueue(key="delivery-1", tenant_id="other")
    first = await bench.lease()
    assert sorted((job.tenant_id, job.payload.get("n")) for job in first) == [("other", None), ("t", 1)]
    for job in first:
        await bench.complete(job)
    await bench.enqueue(key="delivery-1", payload={"n": 3})
    assert await bench.lease() == ()


async def test_a_dead_workers_job_is_taken_by_another(bench: Bench) -> None:
    job_id = await bench.enqueue()
    lost = await bench.lease_one("killed")
    bench.clock.advance(59)
    assert await bench.lease("other") == ()
    bench.clock.advance(1)
    taken = await bench.lease_one("other")
    assert (taken.id, taken.attempts, taken.worker) == (job_id, 2, "other")
    assert taken.fence > lost.fence


async def test_a_worker_whose_lease_was_lost_can_do_nothing(bench: Bench) -> None:
    job_id = await bench.enqueue()
    lost = await bench.lease_one("slow")
    bench.clock.advance(60)
    taken = await bench.lease_one("other")
    with pytest.raises(LeaseLost):
        await bench.complete(lost)
    with pytest.raises(LeaseLost):
        await bench.fail(lost)
    with pytest.raises(LeaseLost):
        await bench.database.transaction(partial(store.release, job=lost, now=START))
    with pytest.raises(LeaseLost):
        await bench.database.transaction(partial(store.extend, job=lost, now=START, duration=LEASE))
    await bench.complete(taken)
    with pytest.raises(LeaseLost):
        await bench.complete(taken)
    assert (await bench.get(job_id)).state is JobState.DONE


async def test_an_extended_lease_holds_longer(bench: Bench) -> None:
    await bench.enqueue()
    job = await bench.lease_one()
    bench.clock.advance(50)
    await bench.database.transaction(partial(store.extend, job=job, now=bench.clock.now(), duration=LEASE))
    bench.clock.advance(50)
    assert await bench.lease("other") == ()
    await bench.complete(job)


async def test_a_released_job_is_due_at_once_and_keeps_its_attempts(bench: Bench) -> None:
    await bench.enqueue()
    job = await bench.lease_one()
    await bench.database.transaction(partial(store.release, job=job, now=bench.clock.now()))
    assert (await bench.lease_one()).attempts == 1


async def test_two_workers_never_hold_one_job(bench: Bench) -> None:
    for _ in range(30):
        await bench.enqueue()
    leased = await asyncio.gather(*(bench.lease(f"w{number}", limit=4) for number in range(12)))
    ids = [job.id for taken in leased for job in taken]
    assert len(ids) == len(set(ids))
    while rest := await bench.lease("last"):
        ids += [job.id for job in rest]
    assert len(ids) == len(set(ids)) == 30


async def test_jobs_of_one_order_key_run_one_at_a_time_in_order(bench: Bench) -> None:
    for number in range(3):
        await bench.enqueue(key=f"a{number}", order_key="a")
        await bench.enqueue(key=f"b{number}", order_key="b")
    for number in range(3):
        leased = await bench.lease()
        assert sorted(job.id for job in leased) == [f"a{number}", f"b{number}"]
        assert await bench.lease("other") == ()
        for job in leased:
            await bench.complete(job)
    assert await bench.lease() == ()


async def test_order_holds_while_an_attempt_is_repeated_and_while_a_lease_ran_out(bench: Bench) -> None:
    await bench.enqueue(key="first", order_key="a")
    await bench.enqueue(key="second", order_key="a")
    await bench.fail(await bench.lease_one(), delay=10)
    assert await bench.lease() == ()
    bench.clock.advance(10)
    assert (await bench.lease_one("killed")).id == "first"
    bench.clock.advance(60)
    assert (await bench.lease_one()).id == "first"


async def test_concurrent_workers_keep_the_order(bench: Bench) -> None:
    await asyncio.gather(*(bench.enqueue(order_key="a") for _ in range(10)))
    done: list[str] = []

    async def work(worker: str) -> None:
        while len(done) < 10:
            leased = await bench.lease(worker)
            assert len(leased) <= 1
            for job in leased:
                done.append(job.id)
                await bench.complete(job)

    await asyncio.gather(*(work(f"w{number}") for number in range(4)))
    assert len(set(done)) == len(done) == 10


async def test_failures_wait_then_die_and_can_be_replayed(bench: Bench) -> None:
    job_id = await bench.enqueue(max_attempts=2)
    assert await bench.fail(await bench.lease_one(), delay=10) is JobState.WAITING
    assert await bench.lease() == ()
    bench.clock.advance(10)
    assert await bench.fail(await bench.lease_one(), error="bad\x00\ud800 thing " + "x" * 10_000) is JobState.DEAD
    assert await bench.dead() == [job_id]
    dead = await bench.get(job_id)
    assert dead.last_error is not None
    assert dead.last_error.startswith("bad\N{REPLACEMENT CHARACTER}? thing")
    assert len(dead.last_error) <= 2000
    bench.clock.advance(DAY)
    assert await bench.lease() == ()

    assert (await bench.replay(job_id)).state is JobState.WAITING
    assert await bench.dead() == []
    again = await bench.lease_one()
    assert (again.id, again.attempts) == (job_id, 1)
    with pytest.raises(NotFound):
        await bench.replay(job_id)


async def test_without_a_delay_a_failure_is_final(bench: Bench) -> None:
    await bench.enqueue()
    assert await bench.fail(await bench.lease_one(), delay=None) is JobState.DEAD


async def test_a_dead_job_does_not_hold_up_its_order_and_returns_behind_it(bench: Bench) -> None:
    for key in ("first", "second", "third"):
        await bench.enqueue(key=key, order_key="a")
    await bench.fail(await bench.lease_one(), delay=None)
    second = await bench.lease_one()
    assert second.id == "second"
    await bench.replay("first")
    assert await bench.lease() == ()
    await bench.complete(second)
    third = await bench.lease_one()
    assert third.id == "third"
    await bench.complete(third)
    assert (await bench.lease_one()).id == "first"


async def test_a_job_that_kills_its_workers_dies(bench: Bench) -> None:
    job_id = await bench.enqueue(max_attempts=2)
    for worker in ("killed", "killed too"):
        await bench.lease_one(worker)
        bench.clock.advance(60)
    assert await bench.lease() == ()
    dead = await bench.get(job_id)
    assert dead.state is JobState.DEAD
    assert dead.last_error == "worker killed too vanished during attempt 2"


async def test_done_jobs_are_purged_and_others_are_not(bench: Bench) -> None:
    for key in ("done", "dead", "waiting"):
        await bench.enqueue(key=key, order_key="a")
    await bench.complete(await bench.lease_one())
    await bench.fail(await bench.lease_one(), delay=None)
    bench.clock.advance(1)
    assert await bench.database.transaction(partial(jobs.purge, before=bench.clock.now())) == 1
    with pytest.raises(NotFound):
        await bench.get("done")
    assert (await bench.get("dead")).state is JobState.DEAD
    assert (await bench.get("waiting")).state is JobState.WAITING


@pytest.mark.parametrize(
    ("attempts", "chance", "seconds"),
    [
        pytest.param(1, 0.5, 5, id="the first pause"),
        pytest.param(2, 0.5, 10, id="doubles"),
        pytest.param(4, 0.5, 40, id="and doubles"),
        pytest.param(10**9, 0.5, 3600, id="never exceeds the longest, however many attempts"),
        pytest.param(1, 0.0, 4, id="jitter shortens"),
        pytest.param(1, 1.0, 6, id="jitter lengthens"),
        pytest.param(0, 0.5, 5, id="no attempt counts as one"),
    ],
)
def test_backoff(attempts: int, chance: float, seconds: float) -> None:
    assert Backoff().delay(attempts, chance) == timedelta(seconds=seconds)


# --- the runner


async def test_the_runner_runs_jobs_and_writes_their_outcome_with_them(bench: Bench) -> None:
    def outcome(connection: Connection) -> None:
        next_value(connection, "t", "outcomes")

    async def handle(job: Job) -> Outcome:
        assert job.payload == {"n": 1}
        return outcome

    runner = bench.runner()
    runner.register("q", handle)
    job_id = await bench.enqueue(payload={"n": 1})
    assert await runner.run_due() == 1
    assert await runner.run_due() == 0
    assert (await bench.get(job_id)).state is JobState.DONE
    assert await bench.database.transaction(partial(next_value, tenant_id="t", name="outcomes")) == 2


async def test_an_exception_is_a_failed_attempt(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    async def handle(job: Job) -> None:
        raise ValueError(f"attempt {job.attempts}")

    runner = bench.runner()
    runner.register("q", handle, backoff=Backoff(first=timedelta(seconds=8), jitter=0))
    job_id = await bench.enqueue(max_attempts=2)
    await runner.run_due()
    waiting = await bench.get(job_id)
    assert waiting.last_error == "ValueError: attempt 1"
    assert waiting.due_at == START + timedelta(seconds=8)
    bench.clock.advance(8)
    await runner.run_due()
    assert (await bench.get(job_id)).state is JobState.DEAD
    assert "failed at attempt 2" in caplog.text


async def test_giving_up_is_final(bench: Bench) -> None:
    async def handle(_job: Job) -> None:
        raise GiveUp("the receiver is gone")

    runner = bench.runner()
    runner.register("q", handle)
    job_id = await bench.enqueue()
    await runner.run_due()
    dead = await bench.get(job_id)
    assert (dead.state, dead.last_error) == (JobState.DEAD, "the receiver is gone")


async def test_an_outcome_that_cannot_be_written_is_a_failed_attempt(bench: Bench) -> None:
    def outcome(_connection: Connection) -> None:
        raise Conflict(Reason.PIPELINE_NAME_TAKEN, "taken")

    async def handle(_job: Job) -> Outcome:
        return outcome

    runner = bench.runner()
    runner.register("q", handle)
    job_id = await bench.enqueue()
    await runner.run_due()
    waiting = await bench.get(job_id)
    assert (waiting.state, waiting.last_error) == (JobState.WAITING, "Conflict: taken")


async def test_a_handler_whose_lease_is_lost_is_cancelled_and_records_nothing(bench: Bench) -> None:
    started, cancelled = asyncio.Event(), asyncio.Event()

    async def handle(_job: Job) -> None:
        started.set()
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    runner = bench.runner(worker="slow", lease=timedelta(seconds=0.3))
    runner.register("q", handle)
    job_id = await bench.enqueue()
    running = asyncio.create_task(runner.run_due())
    await started.wait()
    bench.clock.advance(1)
    taken = await bench.lease_one("other")
    await running
    assert cancelled.is_set()
    assert (await bench.get(job_id)).worker == "other"
    await bench.complete(taken)


async def test_a_started_runner_takes_jobs_as_they_come_and_drains(bench: Bench) -> None:
    handled: asyncio.Queue[str] = asyncio.Queue()
    may_end = asyncio.Event()

    async def handle(job: Job) -> None:
        handled.put_nowait(job.id)
        await may_end.wait()

    runner = bench.runner()
    runner.register("q", handle)
    runner.start()
    for number in range(3):
        await bench.enqueue(key=str(number))
    async with asyncio.timeout(20):
        assert {await handled.get() for _ in range(3)} == {"0", "1", "2"}
    stopping = asyncio.create_task(runner.stop())
    await asyncio.sleep(0)
    may_end.set()
    await stopping
    assert {(await bench.get(str(number))).state for number in range(3)} == {JobState.DONE}


async def test_stopping_gives_back_what_does_not_end_in_time(bench: Bench) -> None:
    started = asyncio.Event()

    async def handle(_job: Job) -> None:
        started.set()
        await asyncio.Event().wait()

    runner = bench.runner()
    runner.register("q", handle)
    runner.start()
    job_id = await bench.enqueue()
    await started.wait()
    await runner.stop(grace=0)
    given_back = await bench.get(job_id)
    assert (given_back.state, given_back.attempts) == (JobState.WAITING, 0)
    assert (await bench.lease_one("other")).id == job_id


async def test_a_handler_says_when_to_try_again_and_what_to_write_with_it(bench: Bench) -> None:
    job_id = await bench.enqueue()
    tries = []

    async def work(job: Job) -> Outcome | None:
        tries.append(job.attempts)
        raise TryLater("not yet", delay=timedelta(seconds=7), outcome=_number)

    runner = bench.runner()
    runner.register("q", work)
    for waited in (0, 6, 1):
        bench.clock.advance(waited)
        await runner.run_due()
    assert tries == [1, 2]
    assert (await bench.get(job_id)).last_error == "not yet"
    assert await bench.database.transaction(_number_of) == 3


async def test_giving_up_is_written_with_its_outcome(bench: Bench) -> None:
    job_id = await bench.enqueue()

    async def work(_job: Job) -> Outcome | None:
        raise GiveUp("never", outcome=_number)

    runner = bench.runner()
    runner.register("q", work)
    await runner.run_due()
    assert await bench.dead() == [job_id]
    assert await bench.database.transaction(_number_of) == 2


async def test_an_order_is_run_to_its_end_by_who_holds_it(bench: Bench) -> None:
    ids = [await bench.enqueue(order_key="k") for _ in range(4)]
    seen = []

    async def work(job: Job) -> Outcome | None:
        seen.append(job.id)
        if job.id == ids[2]:
            raise TryLater("not yet", delay=timedelta(seconds=1))
        return None

    runner = bench.runner()
    runner.register("q", work)
    assert await runner.run_due() == 1
    assert seen == ids[:3], "the fourth waits for the third"
    assert await runner.run_due() == 0


async def test_jobs_that_are_not_kept_are_gone_when_they_are_done(bench: Bench) -> None:
    job_id = await bench.enqueue(key="once")

    async def work(_job: Job) -> Outcome | None:
        return None

    runner = bench.runner()
    runner.register("q", work, keep_done=False)
    await runner.run_due()
    with pytest.raises(NotFound):
        await bench.get(job_id)
    await bench.enqueue(key="once")
    assert await runner.run_due() == 1


async def test_only_finished_jobs_are_forgotten(bench: Bench) -> None:
    done, dead, waiting = [await bench.enqueue(key=key) for key in ("done", "dead", "waiting")]
    for job in await bench.lease(limit=2):
        await (bench.complete(job) if job.id == done else bench.fail(job, delay=None))
    forget = partial(jobs.forget, tenant_id="t", queue="q", ids=[done, dead, waiting])
    assert await bench.database.transaction(forget) == 2
    assert [job.id for job in await bench.lease()] == [waiting]


# --- jobs that begin held


async def test_a_held_job_is_what_a_lease_would_have_given(bench: Bench) -> None:
    held = await bench.enqueue_held(payload={"url": "é"}, key="once")
    assert held == await bench.get("once")
    assert (held.state, held.attempts, held.worker, held.due_at) == (JobState.LEASED, 1, "w", START + LEASE)
    assert await bench.lease("other") == ()
    await bench.complete(held)
    assert (await bench.get("once")).state is JobState.DONE


async def test_the_key_of_a_held_job_must_be_new(bench: Bench) -> None:
    await bench.enqueue(key="once", payload={"n": 1})
    with pytest.raises(Conflict):
        await bench.enqueue_held(key="once", payload={"n": 2})
    assert (await bench.lease_one()).payload == {"n": 1}


async def test_a_job_whose_adopter_died_is_taken_as_its_second_attempt(bench: Bench) -> None:
    held = await bench.enqueue_held("killed")
    bench.clock.advance(59)
    assert await bench.lease("other") == ()
    bench.clock.advance(1)
    taken = await bench.lease_one("other")
    assert (taken.id, taken.attempts, taken.worker) == (held.id, 2, "other")
    with pytest.raises(LeaseLost):
        await bench.complete(held)


@pytest.mark.parametrize("keep_done", [True, False])
async def test_an_adopted_job_runs_once(bench: Bench, *, keep_done: bool) -> None:
    handled: asyncio.Queue[Job] = asyncio.Queue()

    async def handle(job: Job) -> Outcome:
        handled.put_nowait(job)
        return _number

    runner = bench.runner(worker="adopter")
    runner.register("q", handle, keep_done=keep_done)
    assert not runner.has_room(), "it has not been started"
    runner.start()
    assert runner.has_room()
    held = await bench.enqueue_held(runner.worker)
    runner.adopt(held)
    async with asyncio.timeout(20):
        assert await handled.get() == held
    await runner.stop()
    assert handled.empty()
    assert await bench.database.transaction(_number_of) == 2
    bench.clock.advance(DAY)
    assert await bench.lease("other") == ()
    if keep_done:
        assert (await bench.get(held.id)).state is JobState.DONE
    else:
        with pytest.raises(NotFound):
            await bench.get(held.id)


async def test_stopping_gives_an_adopted_job_back(bench: Bench) -> None:
    started = asyncio.Event()

    async def handle(_job: Job) -> None:
        started.set()
        await asyncio.Event().wait()

    runner = bench.runner()
    runner.register("q", handle)
    runner.start()
    running = await bench.enqueue_held(key="running")
    runner.adopt(running)
    await started.wait()
    await runner.stop(grace=0)
    assert not runner.has_room()
    given_back = await bench.lease_one("other")
    assert (given_back.id, given_back.attempts) == ("running", 1)


async def test_a_job_that_is_adopted_too_late_is_given_back(bench: Bench) -> None:
    async def handle(_job: Job) -> None:
        raise AssertionError("it has stopped")

    runner = bench.runner()
    runner.register("q", handle)
    runner.start()
    late = await bench.enqueue_held()
    await runner.stop()
    runner.adopt(late)
    await runner.stop()  # once more, for what came since
    given_back = await bench.lease_one("other")
    assert (given_back.id, given_back.attempts) == (late.id, 1)


async def test_a_full_runner_has_no_room_and_takes_what_waits_when_it_has(bench: Bench) -> None:
    handled: asyncio.Queue[str] = asyncio.Queue()
    may_end = asyncio.Event()

    async def handle(job: Job) -> None:
        handled.put_nowait(job.id)
        await may_end.wait()

    # Looks of its own accord would hide that the end of a job wakes it.
    runner = JobRunner(bench.database, bench.clock, worker="w", concurrency=1, poll=3600)
    runner.register("q", handle)
    runner.start()
    runner.adopt(await bench.enqueue_held(key="held"))
    assert not runner.has_room()
    async with asyncio.timeout(20):
        assert await handled.get() == "held"
        await bench.enqueue(key="waiting")
        may_end.set()
        assert await handled.get() == "waiting"
    await runner.stop()


def _number(connection: Connection) -> None:
    next_value(connection, "t", "outcomes")


def _number_of(connection: Connection) -> int:
    return next_value(connection, "t", "outcomes")
