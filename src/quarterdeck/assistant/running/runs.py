"""`Runs`: begins runs, shows and ends them. The one way to a run for every API.

A run is a job. Whoever begins it on a replica with room works on it at once; else, and when that replica dies, another
one takes it. A run that waits for somebody has no worker; the decision gives it one.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import replace
from functools import partial
from typing import Any, Final
from uuid import uuid4

from quarterdeck.assistant.engine.models import Models
from quarterdeck.assistant.run import ChatMessage, ChatRecord, RunRecord, RunRequest, RunState, Source, title_of
from quarterdeck.assistant.running.endings import Endings
from quarterdeck.assistant.running.feeds import ChatFeeds
from quarterdeck.assistant.running.journal import make_event
from quarterdeck.assistant.running.worker import RunWorker
from quarterdeck.assistant.store import runs as store
from quarterdeck.clock import Clock, new_id
from quarterdeck.database import Connection, Database, after_commit
from quarterdeck.errors import PreconditionFailed, Reason
from quarterdeck.gen.assistant.v1 import run_pb2
from quarterdeck.gen.assistant.v1.run_pb2 import RunEvent
from quarterdeck.identity.call import Caller
from quarterdeck.jobs import Job

ABANDONED: Final = "another question came before anybody decided"
_FINAL_EVENTS: Final = frozenset({"completed", "failed", "interrupted", "canceled"})


class Runs:
    """Every run of a server."""

    def __init__(
        self, database: Database, clock: Clock, models: Models, feeds: ChatFeeds, endings: Endings, worker: RunWorker
    ) -> None:
        self._database = database
        self._clock = clock
        self._models = models
        self._feeds = feeds
        self._endings = endings
        self._worker = worker

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
        held = self._worker.has_room()
        now = self._clock.now()
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
        with self._worker.place_for(held=held):
            run, job = await self._database.transaction(write)
            if job is not None:
                self._worker.take(run, job)
        return run

    async def chat_messages(self, tenant_id: str, chat_id: str) -> list[ChatMessage]:
        """What was said in a chat so far, for the next question. A run that waits for somebody is over with that.

        Raises NotFound, and PreconditionFailed(CHAT_BUSY) while a run of the chat is at work.
        """

        def settle(connection: Connection) -> list[ChatMessage]:
            chat = store.find_chat(connection, tenant_id, chat_id, lock=True)
            self._end_before(connection, chat)
            return [dict(message) for message in store.transcripts_of(connection, tenant_id, chat_id)]

        return await self._database.transaction(settle)

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
        event = make_event(run, head + 1, self._clock, started=_started(run))
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
        return run, self._worker.enqueue(connection, run, held=held)

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
        return self._endings.end_waiting(connection, chat, last, canceled_by="", feedback=ABANDONED)

    async def get(self, tenant_id: str, run_id: str) -> RunRecord:
        """Raises NotFound(RUN_NOT_FOUND)."""
        return await self._database.read(partial(store.find_run, tenant_id=tenant_id, run_id=run_id))

    async def follow(self, run: RunRecord, after: int = 0) -> AsyncGenerator[RunEvent, None]:
        """A run's events behind `after`, to its end."""
        start = max(after, run.first_sequence - 1)
        if run.state.is_final:
            for event in await self._feeds.read_all(run.tenant_id, run.chat_id, start):
                if event.run_id == run.id:
                    yield event
            return
        async for event in self._feeds.follow(run.tenant_id, run.chat_id, start):
            if event.run_id != run.id:
                if event.sequence > run.first_sequence and event.WhichOneof("event") == "started":
                    return
                continue
            yield event
            if event.WhichOneof("event") in _FINAL_EVENTS:
                return

    async def cancel(self, caller: Caller, run_id: str) -> RunRecord:
        """Ends a run. One that a worker has ends within about a second. Raises NotFound."""

        def write(connection: Connection) -> RunRecord:
            run = store.find_run(connection, caller.tenant_id, run_id)
            chat = store.find_chat(connection, caller.tenant_id, run.chat_id, lock=True)
            run = store.find_run(connection, caller.tenant_id, run_id, lock=True)
            if run.state is RunState.INPUT_REQUIRED:
                self._endings.end_waiting(
                    connection, chat, run, canceled_by=caller.account_name, feedback="the run was canceled"
                )
            elif not run.state.is_final:
                store.wish_canceled(connection, run, caller.account_name)
            return run

        run = await self._database.transaction(write)
        self._worker.cancel_here(run.tenant_id, run.id, caller.account_name)
        return await self.get(caller.tenant_id, run_id)


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
