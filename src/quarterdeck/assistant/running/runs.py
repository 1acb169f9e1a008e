"""`Runs`: begins runs, works on them, and takes what they wait for. The one way to a run for every API.

A run is a job. Whoever begins it on a replica with room works on it at once; else, and when that replica dies, another
one takes it. A run that waits for somebody has no worker; the decision gives it one.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final
from uuid import uuid4

from google.protobuf.json_format import MessageToDict

from quarterdeck.assistant.engine.models import Models
from quarterdeck.assistant.run import (
    APPROVAL,
    ChatMessage,
    ChatRecord,
    OnApproval,
    PendingCall,
    RunRecord,
    RunRequest,
    RunState,
    Source,
    title_of,
)
from quarterdeck.assistant.running.conversation import Conversation
from quarterdeck.assistant.running.evidence import evidence_of
from quarterdeck.assistant.running.feeds import ChatFeeds
from quarterdeck.assistant.running.journal import RunJournal, append_now, make_event
from quarterdeck.assistant.running.loop import (
    Answer,
    Failure,
    House,
    Pause,
    RunLoop,
    Stopped,
    params_of,
    pending_message,
)
from quarterdeck.assistant.running.results import error_result, to_reference, to_struct
from quarterdeck.assistant.store import calls as call_store
from quarterdeck.assistant.store import runs as store
from quarterdeck.clock import new_id
from quarterdeck.database import Connection, after_commit
from quarterdeck.errors import Forbidden, PreconditionFailed, Reason, Unavailable
from quarterdeck.gen.assistant.v1 import run_pb2
from quarterdeck.gen.assistant.v1.run_pb2 import RunEvent
from quarterdeck.identity.call import Caller
from quarterdeck.jobs import Job, JobRunner, LeaseLost, enqueue, enqueue_held

_log = logging.getLogger(__name__)

QUEUE: Final = "assistant.runs"
EXPIRY_QUEUE: Final = "assistant.expiries"
MOST_ATTEMPTS: Final = 3
ABANDONED: Final = "another question came before anybody decided"
_SWEEP: Final = 5.0
_LOOK: Final = 1.0
FINAL_EVENTS: Final = frozenset({"completed", "failed", "interrupted", "canceled"})


Completed = Callable[[Connection, RunRecord, datetime], None]


class Runs:
    """Every run of a server."""

    def __init__(self, house: House, models: Models, feeds: ChatFeeds, runner: JobRunner, lease: timedelta) -> None:
        self._house = house
        self._models = models
        self._feeds = feeds
        self._runner = runner
        self._lease = lease
        self._fresh: dict[str, RunRecord] = {}
        self._working: dict[str, tuple[RunRecord, asyncio.Task[Any]]] = {}
        self._cancelled: dict[str, str] = {}
        self._background: list[asyncio.Task[None]] = []
        self._listeners: list[Completed] = []
        runner.register(QUEUE, self._work, keep_done=False)
        runner.register(EXPIRY_QUEUE, self._expire, keep_done=False)

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

    # -- beginning --------------------------------------------------------------------------------------------------

    async def begin(
        self,
        caller: Caller,
        request: RunRequest,
        *,
        prompt: str,
        model: str,
        source: Source,
        chat_id: str = "",
        also: Any = None,
    ) -> RunRecord:
        """A run, in a new chat or behind the others of one. It is at work when this returns, or soon.

        `also(connection, run)` writes beside it. Raises NotFound for an unknown chat, PreconditionFailed(CHAT_BUSY)
        while another run of the chat is at work.
        """
        engine = self._models.get(model)
        held = self._runner.has_room()
        now = self._house.clock.now()
        run = RunRecord(
            tenant_id=caller.tenant_id,
            id=new_id("run"),
            chat_id=chat_id or str(uuid4()),
            state=RunState.WORKING if held else RunState.SUBMITTED,
            first_sequence=1,
            model=self._models.name_of(model),
            engine=engine.kind,
            prompt=prompt,
            request=request,
            caller=caller,
            created_at=now,
        )
        write = partial(self._begin, run=run, source=source, is_new=not chat_id, held=held, also=also)
        run, job = await self._house.database.transaction(write)
        if job is not None:
            self._fresh[run.id] = run
            self._runner.adopt(job)
        return run

    async def chat_messages(self, tenant_id: str, chat_id: str) -> list[ChatMessage]:
        """What was said in a chat so far, for the next question. A run that waits for somebody is over with that.

        Raises NotFound, and PreconditionFailed(CHAT_BUSY) while a run of the chat is at work.
        """

        def settle(connection: Connection) -> list[RunRecord]:
            chat = store.find_chat(connection, tenant_id, chat_id, lock=True)
            self._end_before(connection, chat)
            return store.runs_of(connection, tenant_id, chat_id)

        runs = await self._house.database.transaction(settle)
        return [message for run in runs for message in run.transcript]

    def _begin(
        self, connection: Connection, *, run: RunRecord, source: Source, is_new: bool, held: bool, also: Any
    ) -> tuple[RunRecord, Job | None]:
        head = 0
        if is_new:
            store.add_chat(connection, self._new_chat(run, source))
        else:
            chat = store.find_chat(connection, run.tenant_id, run.chat_id, lock=True)
            head = self._end_before(connection, chat)
            store.continue_chat(connection, chat, run_id=run.id)
        run = replace(run, first_sequence=head + 1)
        store.add_run(connection, run)
        event = make_event(run, head + 1, self._house.clock, started=_started(run))
        entries = [(event.sequence, event.run_id, event.SerializeToString())]
        store.append(
            connection,
            tenant_id=run.tenant_id,
            chat_id=run.chat_id,
            known=head,
            entries=entries,
            now=run.created_at,
            moves_head=not is_new,
        )
        after_commit(connection, partial(self._feeds.publish, run.tenant_id, run.chat_id, [event]))
        if also is not None:
            also(connection, run)
        return run, self._enqueue(connection, run, held=held)

    def _enqueue(self, connection: Connection, run: RunRecord, *, held: bool) -> Job | None:
        payload = {"run_id": run.id}
        now = self._house.clock.now()
        if held:
            return enqueue_held(
                connection,
                tenant_id=run.tenant_id,
                queue=QUEUE,
                payload=payload,
                now=now,
                key=run.id,
                worker=self._runner.worker,
                duration=self._lease,
                max_attempts=MOST_ATTEMPTS,
            )
        enqueue(
            connection,
            tenant_id=run.tenant_id,
            queue=QUEUE,
            payload=payload,
            now=now,
            key=run.id,
            max_attempts=MOST_ATTEMPTS,
        )
        return None

    def _new_chat(self, run: RunRecord, source: Source) -> ChatRecord:
        return ChatRecord(
            tenant_id=run.tenant_id,
            id=run.chat_id,
            name=title_of(run.prompt),
            source=source,
            agent_id=run.request.agent_id,
            created_by=run.caller.account_name,
            created_at=run.created_at,
            modified_at=run.created_at,
            archived_at=None,
            head=1,
            last_run_id=run.id,
        )

    def _end_before(self, connection: Connection, chat: ChatRecord) -> int:
        """Ends a run of the chat that waits for somebody; returns the head. Raises PreconditionFailed(CHAT_BUSY)."""
        last = store.find_run(connection, chat.tenant_id, chat.last_run_id, lock=True)
        if last.state.is_final:
            return chat.head
        if last.state is not RunState.INPUT_REQUIRED:
            raise PreconditionFailed(
                Reason.CHAT_BUSY, f"chat {chat.id} is still answering; wait for the answer, or cancel run {last.id}"
            )
        return self._end_waiting(connection, chat, last, canceled_by="", feedback=ABANDONED)

    def _end_waiting(
        self, connection: Connection, chat: ChatRecord, run: RunRecord, *, canceled_by: str, feedback: str
    ) -> int:
        """A run that waits is over: every call that waits is denied. Returns the head of the log."""
        mine = [event for event in self._payloads(connection, chat) if event.run_id == run.id]
        conversation = Conversation.of(run.request, mine)
        added = list(conversation.added)
        new: list[RunEvent] = []
        for call in conversation.open_calls.values():
            new.append(
                make_event(
                    run,
                    chat.head + len(new) + 1,
                    self._house.clock,
                    tool_call_finished=run_pb2.ToolCallFinished(
                        tool_call_id=call.id,
                        tool_name=call.name,
                        result=error_result(f"cancelled: {feedback}", params_of(call.arguments)),
                        content=f"error: cancelled: {feedback}",
                        step=conversation.step,
                    ),
                )
            )
            added.append(
                {"role": "tool", "tool_call_id": call.id, "name": call.name, "content": f"error: cancelled: {feedback}"}
            )
        self._close_pending(connection, run, by=canceled_by, feedback=feedback)
        new.append(
            make_event(
                run,
                chat.head + len(new) + 1,
                self._house.clock,
                canceled=run_pb2.RunCanceled(canceled_by=canceled_by or run.caller.account_name),
            )
        )
        append_now(connection, self._feeds, run, self._house.clock, head=chat.head, events=new)
        store.finish(
            connection,
            run,
            state=RunState.CANCELED,
            at=self._house.clock.now(),
            costs=_costs(conversation.figures),
            transcript=_transcript(run, added),
        )
        return chat.head + len(new)

    def _payloads(self, connection: Connection, chat: ChatRecord) -> list[RunEvent]:
        found: list[RunEvent] = []
        after = 0
        while page := store.read_events(connection, chat.tenant_id, chat.id, after):
            found += [RunEvent.FromString(payload) for _, payload in page]
            after = page[-1][0]
        return found

    def _close_pending(self, connection: Connection, run: RunRecord, *, by: str, feedback: str) -> None:
        now = self._house.clock.now()
        for pending in call_store.pending_of(connection, run.tenant_id, run.id, lock=True):
            if pending.decided_at is None:
                call_store.decide(connection, replace(pending, decided_at=now, decided_by=by, feedback=feedback))

    # -- reading ----------------------------------------------------------------------------------------------------

    async def get(self, tenant_id: str, run_id: str) -> RunRecord:
        """Raises NotFound(RUN_NOT_FOUND)."""
        return await self._house.database.read(partial(store.find_run, tenant_id=tenant_id, run_id=run_id))

    async def pending(self, tenant_id: str, run_id: str) -> list[PendingCall]:
        """The calls that wait now."""
        read = partial(call_store.pending_of, tenant_id=tenant_id, run_id=run_id)
        return [call for call in await self._house.database.read(read) if call.decided_at is None]

    async def events(self, run: RunRecord) -> list[RunEvent]:
        """All of a run's events so far."""
        found = await self._feeds.read_all(run.tenant_id, run.chat_id, run.first_sequence - 1)
        return [event for event in found if event.run_id == run.id]

    async def follow(self, run: RunRecord, after: int = 0) -> AsyncGenerator[RunEvent, None]:
        """A run's events behind `after`, to its end."""
        start = max(after, run.first_sequence - 1)
        async for event in self._feeds.follow(run.tenant_id, run.chat_id, start):
            if event.run_id != run.id:
                if event.sequence > run.first_sequence and event.WhichOneof("event") == "started":
                    return
                continue
            yield event
            if event.WhichOneof("event") in FINAL_EVENTS:
                return

    # -- deciding ---------------------------------------------------------------------------------------------------

    async def decide(
        self, caller: Caller, run_id: str, tool_call_id: str, *, approved: bool, feedback: str = ""
    ) -> RunRecord:
        """Somebody's decision about a call that waits. A second, equal one changes nothing.

        Raises NotFound, Forbidden below the call's role, PreconditionFailed(DECISION_CONTRADICTED).
        """

        def write(connection: Connection) -> None:
            run, pending = self._waiting(connection, caller.tenant_id, run_id, tool_call_id)
            if caller.role < pending.role:
                raise Forbidden(
                    Reason.ROLE_TOO_LOW,
                    f"to decide about {pending.tool_name} takes the role {pending.role.name.lower()}",
                )
            if pending.kind != APPROVAL:
                raise PreconditionFailed(Reason.DECISION_CONTRADICTED, f"call {tool_call_id!r} waits for its client")
            if pending.decided_at is not None:
                if pending.approved is approved and pending.decided_by:
                    return
                raise PreconditionFailed(
                    Reason.DECISION_CONTRADICTED,
                    f"it was decided already: {'approved' if pending.approved else 'denied'}"
                    f"{f' by {pending.decided_by}' if pending.decided_by else ''}",
                )
            self._take_decision(
                connection,
                run,
                replace(pending, approved=approved, decided_by=caller.account_name, feedback=feedback),
            )

        await self._house.database.transaction(write)
        return await self.get(caller.tenant_id, run_id)

    async def answer_remote(
        self, caller: Caller, run_id: str, request_id: str, *, success: bool, result: str, error: str
    ) -> RunRecord:
        """What the client's tool answered. Raises NotFound, PreconditionFailed when nothing waits for it."""

        def write(connection: Connection) -> None:
            pending = call_store.find_pending(connection, caller.tenant_id, request_id)
            run, pending = self._waiting(connection, caller.tenant_id, run_id or pending.run_id, pending.tool_call_id)
            if pending.kind == APPROVAL or pending.decided_at is not None:
                raise PreconditionFailed(Reason.DECISION_CONTRADICTED, "nothing waits for this answer any more")
            self._take_decision(
                connection,
                run,
                replace(pending, approved=success, decided_by=caller.account_name, feedback=error, result=result),
            )

        await self._house.database.transaction(write)
        pending = await self._house.database.read(
            partial(call_store.find_pending, tenant_id=caller.tenant_id, pending_id=request_id)
        )
        return await self.get(caller.tenant_id, pending.run_id)

    async def pending_by_id(self, tenant_id: str, pending_id: str) -> PendingCall:
        """Raises NotFound(APPROVAL_NOT_FOUND)."""
        read = partial(call_store.find_pending, tenant_id=tenant_id, pending_id=pending_id)
        return await self._house.database.read(read)

    def _waiting(
        self, connection: Connection, tenant_id: str, run_id: str, tool_call_id: str
    ) -> tuple[RunRecord, PendingCall]:
        run = store.find_run(connection, tenant_id, run_id)
        store.find_chat(connection, tenant_id, run.chat_id, lock=True)
        for pending in call_store.pending_of(connection, tenant_id, run_id, lock=True):
            if pending.tool_call_id == tool_call_id:
                return store.find_run(connection, tenant_id, run_id, lock=True), pending
        raise PreconditionFailed(
            Reason.APPROVAL_NOT_FOUND, f"run {run_id} has no call {tool_call_id[:80]!r} that waits"
        )

    def _take_decision(self, connection: Connection, run: RunRecord, pending: PendingCall) -> None:
        """Write it; the run goes on when nothing else waits."""
        call_store.decide(connection, replace(pending, decided_at=self._house.clock.now()))
        chat = store.find_chat(connection, run.tenant_id, run.chat_id)
        if pending.kind == APPROVAL:
            event = make_event(
                run,
                chat.head + 1,
                self._house.clock,
                approval_decided=run_pb2.ApprovalDecided(
                    tool_call_id=pending.tool_call_id,
                    tool_name=pending.tool_name,
                    approved=pending.approved,
                    decided_by=pending.decided_by,
                    feedback=pending.feedback,
                    arguments=to_struct(params_of(pending.arguments)),
                ),
            )
            append_now(connection, self._feeds, run, self._house.clock, head=chat.head, events=[event])
        left = [call for call in call_store.pending_of(connection, run.tenant_id, run.id) if call.decided_at is None]
        if not left and run.state is RunState.INPUT_REQUIRED:
            store.set_state(connection, run, RunState.SUBMITTED)
            self._enqueue(connection, run, held=False)

    async def cancel(self, caller: Caller, run_id: str) -> RunRecord:
        """Ends a run. One that a worker has ends within about a second. Raises NotFound."""

        def write(connection: Connection) -> RunRecord:
            run = store.find_run(connection, caller.tenant_id, run_id)
            chat = store.find_chat(connection, caller.tenant_id, run.chat_id, lock=True)
            run = store.find_run(connection, caller.tenant_id, run_id, lock=True)
            if run.state is RunState.INPUT_REQUIRED:
                self._end_waiting(
                    connection, chat, run, canceled_by=caller.account_name, feedback="the run was canceled"
                )
            elif not run.state.is_final:
                store.wish_canceled(connection, run, caller.account_name)
            return run

        run = await self._house.database.transaction(write)
        self._cancel_here(run.tenant_id, run.id, caller.account_name)
        return await self.get(caller.tenant_id, run_id)

    def _cancel_here(self, tenant_id: str, run_id: str, canceled_by: str) -> None:
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
                with suppress(Unavailable):
                    wishes = await self._house.database.read(partial(store.canceled_of, run_ids=mine))
                    for (tenant_id, run_id), canceled_by in wishes.items():
                        self._cancel_here(tenant_id, run_id, canceled_by)

    # -- working ----------------------------------------------------------------------------------------------------

    async def _work(self, job: Job) -> Any:
        """One attempt at a run: to its end, or to where it waits."""
        run = self._fresh.pop(job.payload["run_id"], None)
        is_fresh = run is not None and job.attempts == 1
        if run is None or not is_fresh:
            run = await self.get(job.tenant_id, job.payload["run_id"])
        if run.state.is_final:
            return None
        work = asyncio.ensure_future(self._attempt(job, run, is_fresh=is_fresh))
        self._working[run.id] = (run, work)
        try:
            await asyncio.wait((work,))
            return work.result()
        except asyncio.CancelledError:
            if run.id in self._cancelled and not _is_cancelled_from_outside():
                return await self._canceled(run, self._cancelled[run.id])
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)
            raise
        finally:
            self._working.pop(run.id, None)
            self._cancelled.pop(run.id, None)

    async def _attempt(self, job: Job, run: RunRecord, *, is_fresh: bool) -> Any:
        if run.canceled_by is not None:
            return await self._canceled(run, run.canceled_by)
        conversation, head, decided = await self._situation(run, is_fresh=is_fresh)
        journal = RunJournal(self._house.database, self._house.clock, self._feeds, run, head=head)
        try:
            if not is_fresh:
                resumed = head > run.first_sequence or job.attempts > 1
                if resumed:
                    void = conversation.step + 1 if conversation.void_text else 0
                    conversation.apply(journal.add(resumed=run_pb2.RunResumed(attempt=job.attempts, void_step=void)))
                await self._house.database.transaction(partial(store.set_state, run=run, state=RunState.WORKING))
            stopped = await self._stopped(run, journal, conversation, decided)
            written, left = await journal.settle()
        except store.LogMoved as error:
            raise LeaseLost(Reason.CONCURRENT_CHANGE, error.message) from error
        return await self._outcome(run, journal, conversation, stopped, written, left)

    async def _situation(self, run: RunRecord, *, is_fresh: bool) -> tuple[Conversation, int, dict[str, PendingCall]]:
        if is_fresh:
            return Conversation.of(run.request), run.first_sequence, {}
        events = await self._feeds.read_all(run.tenant_id, run.chat_id, run.first_sequence - 1)
        read = partial(call_store.pending_of, tenant_id=run.tenant_id, run_id=run.id)
        pending = await self._house.database.read(read)
        decided = {call.tool_call_id: call for call in pending if call.decided_at is not None}
        mine = [event for event in events if event.run_id == run.id]
        return Conversation.of(run.request, mine), events[-1].sequence, decided

    async def _stopped(
        self, run: RunRecord, journal: RunJournal, conversation: Conversation, decided: dict[str, PendingCall]
    ) -> Stopped:
        loop = RunLoop(self._house, run, self._models.get(run.model), journal, conversation, decided)
        try:
            return await loop.run()
        except (store.LogMoved, LeaseLost, Unavailable):
            raise
        except Exception:  # noqa: BLE001 - the worker's edge: the run must end, whatever happened
            _log.exception("run %s failed unexpectedly", run.id)
            message = f"internal error; the server's log has the details under {run.id}"
            return Failure(run_pb2.FAILURE_UNSPECIFIED, message, conversation.figures)

    async def _outcome(
        self,
        run: RunRecord,
        journal: RunJournal,
        conversation: Conversation,
        stopped: Stopped,
        written: int,
        left: Sequence[RunEvent],
    ) -> Any:
        """What is written in the transaction that ends this attempt."""
        events = list(left)
        now = self._house.clock.now()
        finish: Any = None
        added = list(conversation.added)
        if isinstance(stopped, Pause):
            ends = run.request.on_approval is not OnApproval.WAIT
            events.append(journal.next(paused=_paused(stopped)))
            if ends:
                events.append(
                    journal.next(completed=run_pb2.RunCompleted(figures=stopped.figures, finish_reason="pause"))
                )
            finish = partial(
                self._write_pause, run=run, pause=stopped, ends=ends, now=now, transcript=_transcript(run, added)
            )
        elif isinstance(stopped, Answer):
            shown = evidence_of(stopped.text, conversation.results)
            completed = run_pb2.RunCompleted(
                answer=stopped.text,
                references=[to_reference(each) for each in shown],
                figures=stopped.figures,
                finish_reason=stopped.finish_reason,
                runbooks=_runbooks(conversation),
            )
            events.append(journal.next(completed=completed))
            finish = partial(
                store.finish,
                run=run,
                state=RunState.COMPLETED,
                at=now,
                answer=stopped.text,
                evidence=[asdict(each) for each in shown],
                costs=_costs(stopped.figures),
                transcript=_transcript(run, added),
            )
        elif isinstance(stopped, Failure):
            failed = run_pb2.RunFailed(failure=stopped.kind, message=stopped.message, figures=stopped.figures)
            events.append(journal.next(failed=failed))
            finish = partial(
                store.finish,
                run=run,
                state=RunState.FAILED,
                at=now,
                error=stopped.message,
                costs=_costs(stopped.figures),
                transcript=_transcript(run, added, conversation),
            )

        def write(connection: Connection) -> None:
            append_now(connection, self._feeds, run, self._house.clock, head=written, events=events)
            finish(connection)
            if isinstance(stopped, Answer):
                for listener in self._listeners:
                    listener(connection, run, now)

        return write

    def _write_pause(
        self,
        connection: Connection,
        *,
        run: RunRecord,
        pause: Pause,
        ends: bool,
        now: Any,
        transcript: Sequence[ChatMessage],
    ) -> None:
        if ends:
            store.finish(
                connection,
                run,
                state=RunState.COMPLETED,
                at=now,
                costs=_costs(pause.figures),
                transcript=transcript,
            )
            return
        for pending in (*pause.approvals, *pause.remote):
            call_store.add_pending(connection, pending)
        store.set_state(connection, run, RunState.INPUT_REQUIRED)
        enqueue(
            connection,
            tenant_id=run.tenant_id,
            queue=EXPIRY_QUEUE,
            payload={"run_id": run.id},
            now=now,
            run_at=min(pending.expires_at for pending in (*pause.approvals, *pause.remote)),
        )

    async def _canceled(self, run: RunRecord, canceled_by: str) -> Any:
        """The outcome of a run that somebody ended: from whatever its log says now."""
        return partial(
            self._write_end,
            run=run,
            state=RunState.CANCELED,
            event={"canceled": run_pb2.RunCanceled(canceled_by=canceled_by)},
            error="",
            why="the run was canceled",
        )

    def _write_end(
        self, connection: Connection, *, run: RunRecord, state: RunState, event: dict[str, Any], error: str, why: str
    ) -> None:
        """End a run that no worker has: its open calls are answered, so that the conversation can go on."""
        chat = store.find_chat(connection, run.tenant_id, run.chat_id, lock=True)
        current = store.find_run(connection, run.tenant_id, run.id, lock=True)
        if current.state.is_final:
            return
        mine = [each for each in self._payloads(connection, chat) if each.run_id == run.id]
        conversation = Conversation.of(run.request, mine)
        last = make_event(run, chat.head + 1, self._house.clock, **event)
        append_now(connection, self._feeds, run, self._house.clock, head=chat.head, events=[last])
        self._close_pending(connection, run, by="", feedback=why)
        store.finish(
            connection,
            run,
            state=state,
            at=self._house.clock.now(),
            error=error,
            costs=_costs(conversation.figures),
            transcript=_transcript(run, conversation.added, conversation, why=why),
        )

    async def _expire(self, job: Job) -> Any:
        """Nobody decided in time: what waits is denied, and the run goes on with that."""

        def write(connection: Connection) -> None:
            run = store.find_run(connection, job.tenant_id, job.payload["run_id"])
            store.find_chat(connection, job.tenant_id, run.chat_id, lock=True)
            run = store.find_run(connection, job.tenant_id, run.id, lock=True)
            if run.state is not RunState.INPUT_REQUIRED:
                return
            now = self._house.clock.now()
            for pending in call_store.pending_of(connection, job.tenant_id, run.id, lock=True):
                if pending.decided_at is None and pending.expires_at <= now:
                    why = "nobody decided in time" if pending.kind == APPROVAL else "the client did not answer in time"
                    self._take_decision(connection, run, replace(pending, approved=False, feedback=why))

        return write

    async def _sweep(self) -> None:
        """Runs whose job is gone, because their workers died more often than it is tried, end `interrupted`."""
        while True:
            await asyncio.sleep(_SWEEP)
            with suppress(Unavailable):
                await self.sweep()

    async def sweep(self) -> int:
        """Ends what no worker will ever take; returns how many runs that was."""
        before = self._house.clock.now() - self._lease
        unfinished = await self._house.database.read(partial(store.list_unfinished, before=before))
        lost = [run for run in unfinished if run.id not in self._working and run.id not in self._fresh]
        ended = 0
        for run in lost:
            ended += await self._house.database.transaction(partial(self._end_if_lost, run=run))
        return ended

    def _end_if_lost(self, connection: Connection, *, run: RunRecord) -> int:
        if store.has_open_job(connection, run.tenant_id, QUEUE, run.id):
            return 0
        message = "the servers that worked on this run died; ask again"
        self._write_end(
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


def _started(run: RunRecord) -> run_pb2.RunStarted:
    return run_pb2.RunStarted(
        prompt=run.prompt,
        model=run.model,
        engine=run.engine,
        message_id=run.question_id,
        answer_message_id=run.answer_id,
        agent_id=run.request.agent_id,
        caller=run.caller.account_name,
    )


def _paused(pause: Pause) -> run_pb2.RunPaused:
    return run_pb2.RunPaused(
        approvals=[pending_message(pending) for pending in pause.approvals],
        frontend_calls=list(pause.frontend),
        figures=pause.figures,
    )


def _transcript(
    run: RunRecord, added: Sequence[ChatMessage], conversation: Conversation | None = None, why: str = "the run ended"
) -> list[ChatMessage]:
    """The question and what came of it, every call with an answer."""
    question = next((message for message in reversed(run.request.messages) if message.get("role") == "user"), None)
    open_calls = conversation.open_calls.values() if conversation is not None else ()
    closed = [
        {"role": "tool", "tool_call_id": call.id, "name": call.name, "content": f"error: {why}"} for call in open_calls
    ]
    return [*([dict(question)] if question else []), *added, *closed]


def _costs(figures: run_pb2.Figures) -> dict[str, Any]:
    return MessageToDict(figures.costs, preserving_proto_field_name=True)


def _runbooks(conversation: Conversation) -> list[str]:
    names = (
        finished.result.params.fields["name"].string_value
        for finished in conversation.results
        if finished.tool_name == "runbooks_get" and not finished.result.error
    )
    return list(dict.fromkeys(filter(None, names)))
