"""`Decisions`: what runs wait for, and what is decided about it, in time or too late."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Final

from quarterdeck.assistant.run import APPROVAL, PendingCall, RunRecord, RunState
from quarterdeck.assistant.running.feeds import ChatFeeds
from quarterdeck.assistant.running.journal import append_now, make_event
from quarterdeck.assistant.running.queue import enqueue_run
from quarterdeck.assistant.running.results import to_struct
from quarterdeck.assistant.running.tool_calls import params_of
from quarterdeck.assistant.store import calls as call_store
from quarterdeck.assistant.store import runs as store
from quarterdeck.clock import Clock
from quarterdeck.database import Connection, Database
from quarterdeck.errors import Forbidden, PreconditionFailed, Reason
from quarterdeck.gen.assistant.v1 import run_pb2
from quarterdeck.identity.call import Caller
from quarterdeck.jobs import Job, JobRunner, enqueue

EXPIRY_QUEUE: Final = "assistant.expiries"


class Decisions:
    """The calls that wait for somebody."""

    def __init__(self, database: Database, clock: Clock, feeds: ChatFeeds, runner: JobRunner) -> None:
        self._database = database
        self._clock = clock
        self._feeds = feeds
        runner.register(EXPIRY_QUEUE, self._expire, keep_done=False)

    def wait_for(self, connection: Connection, run: RunRecord, calls: Sequence[PendingCall]) -> None:
        """From now on the run waits for these, until the first of them expires; not when it was canceled meanwhile."""
        if store.find_run(connection, run.tenant_id, run.id, lock=True).canceled_by is not None:
            enqueue_run(connection, run, self._clock.now())
            return
        for pending in calls:
            call_store.add_pending(connection, pending)
        store.set_state(connection, run, RunState.INPUT_REQUIRED)
        self._expire_first_of(connection, run, calls)

    async def pending(self, tenant_id: str, run_id: str) -> list[PendingCall]:
        """The calls that wait now."""
        read = partial(call_store.pending_of, tenant_id=tenant_id, run_id=run_id)
        return [call for call in await self._database.read(read) if call.decided_at is None]

    async def find(self, tenant_id: str, pending_id: str) -> PendingCall:
        """Raises NotFound(APPROVAL_NOT_FOUND)."""
        read = partial(call_store.find_pending, tenant_id=tenant_id, pending_id=pending_id)
        return await self._database.read(read)

    async def decide(
        self, caller: Caller, run_id: str, tool_call_id: str, *, approved: bool, feedback: str = ""
    ) -> None:
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
                if pending.approved is approved:
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

        await self._database.transaction(write)

    async def answer_remote(
        self, caller: Caller, run_id: str, request_id: str, *, success: bool, result: str, error: str
    ) -> None:
        """What the client's tool answered. Raises NotFound, PreconditionFailed when nothing waits for it."""

        def write(connection: Connection) -> None:
            pending = call_store.find_pending(connection, caller.tenant_id, request_id)
            run, pending = self._waiting(connection, caller.tenant_id, run_id or pending.run_id, pending.tool_call_id)
            if pending.decided_at is not None and _is_answered(pending, success, result, error):
                return
            if pending.kind == APPROVAL or pending.decided_at is not None:
                raise PreconditionFailed(Reason.DECISION_CONTRADICTED, "nothing waits for this answer any more")
            self._take_decision(
                connection,
                run,
                replace(pending, approved=success, decided_by=caller.account_name, feedback=error, result=result),
            )

        await self._database.transaction(write)

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
        call_store.decide(connection, replace(pending, decided_at=self._clock.now()))
        chat = store.find_chat(connection, run.tenant_id, run.chat_id)
        if pending.kind == APPROVAL:
            event = make_event(
                run,
                chat.head + 1,
                self._clock,
                approval_decided=run_pb2.ApprovalDecided(
                    tool_call_id=pending.tool_call_id,
                    tool_name=pending.tool_name,
                    approved=pending.approved,
                    decided_by=pending.decided_by,
                    feedback=pending.feedback,
                    arguments=to_struct(params_of(pending.arguments)),
                ),
            )
            append_now(connection, self._feeds, run, self._clock, head=chat.head, events=[event])
        left = [call for call in call_store.pending_of(connection, run.tenant_id, run.id) if call.decided_at is None]
        if not left and run.state is RunState.INPUT_REQUIRED:
            store.set_state(connection, run, RunState.SUBMITTED)
            enqueue_run(connection, run, self._clock.now())

    async def _expire(self, job: Job) -> Any:
        """Nobody decided in time: what waits is denied, and the run goes on with that."""

        def write(connection: Connection) -> None:
            run = store.find_run(connection, job.tenant_id, job.payload["run_id"])
            store.find_chat(connection, job.tenant_id, run.chat_id, lock=True)
            run = store.find_run(connection, job.tenant_id, run.id, lock=True)
            if run.state is not RunState.INPUT_REQUIRED:
                return
            now = self._clock.now()
            pending = call_store.pending_of(connection, job.tenant_id, run.id, lock=True)
            waiting = [call for call in pending if call.decided_at is None]
            expired = [call for call in waiting if call.expires_at <= now]
            for call in expired:
                why = "nobody decided in time" if call.kind == APPROVAL else "the client did not answer in time"
                self._take_decision(connection, run, replace(call, approved=False, feedback=why))
            left = [call for call in waiting if call not in expired]
            if left:
                self._expire_first_of(connection, run, left)

        return write

    def _expire_first_of(self, connection: Connection, run: RunRecord, calls: Sequence[PendingCall]) -> None:
        enqueue(
            connection,
            tenant_id=run.tenant_id,
            queue=EXPIRY_QUEUE,
            payload={"run_id": run.id},
            now=self._clock.now(),
            run_at=min(pending.expires_at for pending in calls),
        )


def _is_answered(pending: PendingCall, success: bool, result: str, error: str) -> bool:  # noqa: FBT001 - of an answer
    """Whether somebody gave this very answer before."""
    given = (pending.approved, pending.result, pending.feedback)
    return bool(pending.decided_by) and given == (success, result, error)
