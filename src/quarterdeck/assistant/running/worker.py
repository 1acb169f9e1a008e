"""`RunWorker`: this replica's work on runs, and its part in ending those that no replica works on any more."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

from quarterdeck.assistant.engine.models import Models
from quarterdeck.assistant.run import OnApproval, PendingCall, RunRecord, RunState
from quarterdeck.assistant.running.conversation import Conversation
from quarterdeck.assistant.running.decisions import Decisions
from quarterdeck.assistant.running.endings import Endings, costs_of, transcript_of
from quarterdeck.assistant.running.evidence import evidence_of
from quarterdeck.assistant.running.feeds import ChatFeeds
from quarterdeck.assistant.running.house import House
from quarterdeck.assistant.running.journal import RunJournal, append_now
from quarterdeck.assistant.running.loop import Answer, Failure, Pause, RunLoop, Stopped
from quarterdeck.assistant.running.progress import RunProgress
from quarterdeck.assistant.running.queue import MOST_ATTEMPTS, QUEUE, enqueue_own_run, enqueue_run
from quarterdeck.assistant.running.results import to_reference
from quarterdeck.assistant.running.tool_calls import pending_message
from quarterdeck.assistant.store import calls as call_store
from quarterdeck.assistant.store import runs as store
from quarterdeck.database import Connection
from quarterdeck.errors import Reason, Unavailable
from quarterdeck.gen.assistant.v1 import run_pb2
from quarterdeck.jobs import Job, JobRunner, LeaseLost

_log = logging.getLogger(__name__)

_SWEEP: Final = 5.0
_LOOK: Final = 1.0

Completed = Callable[[Connection, RunRecord, datetime], None]
Write = Callable[[Connection], None]
Outcome = tuple[list[dict[str, Any]], Write]
"""The last events of an attempt, and what writes into the database what becomes of its run."""


class RunWorker:
    """Works on runs until each has an answer, waits for somebody, or has failed."""

    def __init__(
        self,
        house: House,
        models: Models,
        feeds: ChatFeeds,
        decisions: Decisions,
        endings: Endings,
        runner: JobRunner,
        lease: timedelta,
    ) -> None:
        self._house = house
        self._models = models
        self._feeds = feeds
        self._decisions = decisions
        self._endings = endings
        self._runner = runner
        self._lease = lease
        self._fresh: dict[str, RunRecord] = {}
        self._working: dict[str, tuple[RunRecord, asyncio.Task[Write]]] = {}
        self._cancelled: dict[str, str] = {}
        self._background: list[asyncio.Task[None]] = []
        self._listeners: list[Completed] = []
        runner.register(QUEUE, self._work, keep_done=False)

    def has_room(self) -> bool:
        """Whether another run could be at work here at once."""
        return self._runner.has_room()

    def place_for(self, *, held: bool) -> AbstractContextManager[None]:
        """Keeps a place here while a run is written that this replica holds."""
        return self._runner.place_kept() if held else nullcontext()

    def enqueue(self, connection: Connection, run: RunRecord, *, held: bool) -> Job | None:
        """Put a new run into the queue: for everybody, or `held` for this replica, which takes the job then."""
        now = self._house.clock.now()
        if held:
            return enqueue_own_run(connection, run, now, worker=self._runner.worker, lease=self._lease)
        enqueue_run(connection, run, now)
        return None

    def take(self, run: RunRecord, job: Job) -> None:
        """Begin with a run that is held for this replica, once that is committed."""
        self._fresh[run.id] = run
        self._runner.adopt(job)

    def on_completed(self, listener: Completed) -> None:
        """`listener(connection, run, now)` writes something in the transaction that completes a run with an answer."""
        self._listeners.append(listener)

    def start(self) -> None:
        self._background = [
            asyncio.create_task(self._look_for_wishes(), name="assistant cancellations"),
            asyncio.create_task(self._sweep(), name="assistant sweep"),
        ]

    async def close(self) -> None:
        for task in self._background:
            task.cancel()
        await asyncio.gather(*self._background, return_exceptions=True)

    def cancel_here(self, tenant_id: str, run_id: str, canceled_by: str) -> None:
        """End a run, if it is at work here."""
        run, work = self._working.get(run_id, (None, None))
        if run is not None and work is not None and run.tenant_id == tenant_id and run_id not in self._cancelled:
            self._cancelled[run_id] = canceled_by
            work.cancel()

    async def _look_for_wishes(self) -> None:
        """Other replicas' wishes to end runs that are at work here."""
        with self._house.database.subscribe(store.TOPIC) as hints:
            while True:
                await asyncio.sleep(_LOOK / 4)
                await hints.wait(_LOOK)
                mine = [(run.tenant_id, run.id) for run, _ in self._working.values()]
                if not mine:
                    continue
                try:
                    wishes = await self._house.database.read(partial(store.canceled_of, run_ids=mine))
                except Unavailable:
                    continue
                except Exception:  # noqa: BLE001 - as above
                    _log.exception("looking for canceled runs failed")
                    continue
                for (tenant_id, run_id), canceled_by in wishes.items():
                    self.cancel_here(tenant_id, run_id, canceled_by)

    async def _work(self, job: Job) -> Write | None:
        """One attempt at a run: to its end, or to where it waits."""
        run = self._fresh.pop(job.payload["run_id"], None)
        is_fresh = run is not None and job.attempts == 1
        if run is None or not is_fresh:
            find = partial(store.find_run, tenant_id=job.tenant_id, run_id=job.payload["run_id"])
            run = await self._house.database.read(find)
        if run.state.is_final:
            return None
        work = asyncio.ensure_future(self._attempt(job, run, is_fresh=is_fresh))
        self._working[run.id] = (run, work)
        try:
            await asyncio.wait((work,))
            return work.result()
        except asyncio.CancelledError:
            if run.id in self._cancelled and not _is_cancelled_from_outside():
                return self._canceled(run, self._cancelled[run.id])
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)
            raise
        finally:
            self._working.pop(run.id, None)
            self._cancelled.pop(run.id, None)

    async def _attempt(self, job: Job, run: RunRecord, *, is_fresh: bool) -> Write:
        if run.canceled_by is not None:
            return self._canceled(run, run.canceled_by)
        conversation, head, decided = await self._situation(run, is_fresh=is_fresh)
        journal = RunJournal(self._house.database, self._house.clock, self._feeds, run, head=head)
        try:
            if not is_fresh:
                resumed = head > run.first_sequence or job.attempts > 1
                if resumed:
                    void = conversation.step + 1 if conversation.void_text else 0
                    conversation.apply(journal.add(resumed=run_pb2.RunResumed(attempt=job.attempts, void_step=void)))
                await self._house.database.transaction(partial(store.set_state, run=run, state=RunState.WORKING))
            progress = RunProgress(run, journal, conversation)
            return await self._outcome(progress, await self._stopped(progress, decided))
        except store.LogMoved as error:
            raise LeaseLost(Reason.CONCURRENT_CHANGE, error.message) from error

    async def _situation(self, run: RunRecord, *, is_fresh: bool) -> tuple[Conversation, int, dict[str, PendingCall]]:
        if is_fresh:
            return Conversation.of(run.request), run.first_sequence, {}
        events = await self._feeds.read_all(run.tenant_id, run.chat_id, run.first_sequence - 1)
        read = partial(call_store.pending_of, tenant_id=run.tenant_id, run_id=run.id)
        pending = await self._house.database.read(read)
        decided = {call.tool_call_id: call for call in pending if call.decided_at is not None}
        mine = [event for event in events if event.run_id == run.id]
        return Conversation.of(run.request, mine), events[-1].sequence, decided

    async def _stopped(self, progress: RunProgress, decided: dict[str, PendingCall]) -> Stopped:
        run = progress.run
        try:
            return await RunLoop(self._house, progress, self._models.get(run.model), decided).run()
        except (store.LogMoved, LeaseLost, Unavailable):
            raise
        except Exception:  # noqa: BLE001 - the worker's edge: the run must end, whatever happened
            _log.exception("run %s failed unexpectedly", run.id)
            message = f"internal error; the server's log has the details under {run.id}"
            return Failure(run_pb2.FAILURE_UNSPECIFIED, message, progress.conversation.figures)

    async def _outcome(self, progress: RunProgress, stopped: Stopped) -> Write:
        """What is written in the transaction that ends this attempt: the last events, and what becomes of the run."""
        run, journal = progress.run, progress.journal
        written, left = await journal.settle()
        match stopped:
            case Answer():
                last, become = self._answered(progress, stopped)
            case Pause():
                last, become = self._paused(progress, stopped)
            case Failure():
                last, become = self._failed(progress, stopped)
        events = [*left, *(journal.next(**each) for each in last)]

        def write(connection: Connection) -> None:
            append_now(connection, self._feeds, run, self._house.clock, head=written, events=events)
            become(connection)

        return write

    def _answered(self, progress: RunProgress, answer: Answer) -> Outcome:
        run, now = progress.run, self._house.clock.now()
        shown = evidence_of(answer.text, progress.conversation.results)
        completed = run_pb2.RunCompleted(
            answer=answer.text,
            references=[to_reference(each) for each in shown],
            figures=answer.figures,
            finish_reason=answer.finish_reason,
            runbooks=_runbooks(progress.conversation),
        )

        def become(connection: Connection) -> None:
            store.finish(
                connection,
                run,
                state=RunState.COMPLETED,
                at=now,
                answer=answer.text,
                evidence=[asdict(each) for each in shown],
                costs=costs_of(answer.figures),
                transcript=transcript_of(run, progress.conversation.added),
            )
            for listener in self._listeners:
                listener(connection, run, now)

        return [{"completed": completed}], become

    def _paused(self, progress: RunProgress, pause: Pause) -> Outcome:
        """The run waits. One whose request ends with the pause is over: the next request brings the decisions along."""
        run, waiting = progress.run, pause.waiting
        paused = run_pb2.RunPaused(
            approvals=[pending_message(pending) for pending in waiting.approvals],
            frontend_calls=list(waiting.frontend),
            figures=pause.figures,
        )
        if run.request.on_approval is OnApproval.WAIT:
            calls = (*waiting.approvals, *waiting.remote)
            return [{"paused": paused}], partial(self._decisions.wait_for, run=run, calls=calls)
        completed = run_pb2.RunCompleted(figures=pause.figures, finish_reason="pause")
        finish = partial(
            store.finish,
            run=run,
            state=RunState.COMPLETED,
            at=self._house.clock.now(),
            costs=costs_of(pause.figures),
            transcript=transcript_of(run, progress.conversation.added),
        )
        return [{"paused": paused}, {"completed": completed}], finish

    def _failed(self, progress: RunProgress, failure: Failure) -> Outcome:
        run, conversation = progress.run, progress.conversation
        failed = run_pb2.RunFailed(failure=failure.kind, message=failure.message, figures=failure.figures)
        finish = partial(
            store.finish,
            run=run,
            state=RunState.FAILED,
            at=self._house.clock.now(),
            error=failure.message,
            costs=costs_of(failure.figures),
            transcript=transcript_of(run, conversation.added, conversation),
        )
        return [{"failed": failed}], finish

    def _canceled(self, run: RunRecord, canceled_by: str) -> Write:
        """The outcome of a run that somebody ended: from whatever its log says now."""
        return partial(
            self._endings.end,
            run=run,
            state=RunState.CANCELED,
            event={"canceled": run_pb2.RunCanceled(canceled_by=canceled_by)},
            error="",
            why="the run was canceled",
        )

    async def _sweep(self) -> None:
        """Runs whose job is gone, because their workers died more often than it is tried, end `interrupted`."""
        while True:
            await asyncio.sleep(_SWEEP)
            try:
                await self.sweep()
            except Unavailable:
                continue
            except Exception:  # noqa: BLE001 - one row that cannot be read must not end this for all others
                _log.exception("looking for lost runs failed")

    async def sweep(self) -> int:
        """Ends what no worker will ever take; returns how many runs that was."""
        before = self._house.clock.now() - self._lease
        unfinished = await self._house.database.read(partial(store.list_unfinished, before=before))
        ended = 0
        for tenant_id, run_id in unfinished:
            if run_id not in self._working and run_id not in self._fresh:
                end = partial(self._end_if_lost, tenant_id=tenant_id, run_id=run_id)
                ended += await self._house.database.transaction(end)
        return ended

    def _end_if_lost(self, connection: Connection, *, tenant_id: str, run_id: str) -> int:
        if store.has_open_job(connection, tenant_id, QUEUE, run_id):
            return 0
        run = store.find_run(connection, tenant_id, run_id)
        message = "the servers that worked on this run died; ask again"
        self._endings.end(
            connection,
            run=run,
            state=RunState.INTERRUPTED,
            event={"interrupted": run_pb2.RunInterrupted(attempts=MOST_ATTEMPTS, message=message)},
            error=message,
            why="the run was interrupted",
        )
        return 1


def _is_cancelled_from_outside() -> bool:
    """Whether the job runner cancelled us, and not a wish to end the run."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _runbooks(conversation: Conversation) -> list[str]:
    names = (
        finished.result.params.fields["name"].string_value
        for finished in conversation.results
        if finished.tool_name == "runbooks_get" and not finished.result.error
    )
    return list(dict.fromkeys(filter(None, names)))
