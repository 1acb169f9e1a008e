"""`Endings`: ends a run that no worker has, in the caller's transaction.

Its log gets its last event, every call that waits an answer, and its transcript too, so that the chat can go on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from google.protobuf.json_format import MessageToDict

from quarterdeck.assistant.run import ChatMessage, ChatRecord, RunRecord, RunState
from quarterdeck.assistant.running.conversation import Conversation
from quarterdeck.assistant.running.feeds import ChatFeeds
from quarterdeck.assistant.running.journal import append_now, make_event
from quarterdeck.assistant.running.results import error_result
from quarterdeck.assistant.running.tool_calls import params_of
from quarterdeck.assistant.store import calls as call_store
from quarterdeck.assistant.store import runs as store
from quarterdeck.clock import Clock
from quarterdeck.database import Connection
from quarterdeck.gen.assistant.v1 import run_pb2
from quarterdeck.gen.assistant.v1.run_pb2 import RunEvent


class Endings:
    """Writes the end of runs."""

    def __init__(self, clock: Clock, feeds: ChatFeeds) -> None:
        self._clock = clock
        self._feeds = feeds

    def end_waiting(
        self, connection: Connection, chat: ChatRecord, run: RunRecord, *, canceled_by: str, feedback: str
    ) -> int:
        """A run that waits is over: every call that waits is denied. Returns the head of the log."""
        conversation = Conversation.of(run.request, self._log(connection, run))
        added = list(conversation.added)
        new: list[RunEvent] = []
        for call in conversation.open_calls.values():
            new.append(
                make_event(
                    run,
                    chat.head + len(new) + 1,
                    self._clock,
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
                self._clock,
                canceled=run_pb2.RunCanceled(canceled_by=canceled_by or run.caller.account_name),
            )
        )
        append_now(connection, self._feeds, run, self._clock, head=chat.head, events=new)
        store.finish(
            connection,
            run,
            state=RunState.CANCELED,
            at=self._clock.now(),
            costs=costs_of(conversation.figures),
            transcript=transcript_of(run, added),
        )
        return chat.head + len(new)

    def end(
        self, connection: Connection, *, run: RunRecord, state: RunState, event: dict[str, Any], error: str, why: str
    ) -> None:
        """End a run that no worker has: its open calls are answered, so that the conversation can go on."""
        chat = store.find_chat(connection, run.tenant_id, run.chat_id, lock=True)
        current = store.find_run(connection, run.tenant_id, run.id, lock=True)
        if current.state.is_final:
            return
        conversation = Conversation.of(run.request, self._log(connection, current))
        last = make_event(run, chat.head + 1, self._clock, **event)
        append_now(connection, self._feeds, run, self._clock, head=chat.head, events=[last])
        self._close_pending(connection, run, by="", feedback=why)
        store.finish(
            connection,
            run,
            state=state,
            at=self._clock.now(),
            error=error,
            costs=costs_of(conversation.figures),
            transcript=transcript_of(run, conversation.added, conversation, why=why),
        )

    def _log(self, connection: Connection, run: RunRecord) -> list[RunEvent]:
        found: list[RunEvent] = []
        after = run.first_sequence - 1
        while page := store.read_events(connection, run.tenant_id, run.chat_id, after):
            found += [RunEvent.FromString(payload) for _, payload in page]
            after = page[-1][0]
        return [event for event in found if event.run_id == run.id]

    def _close_pending(self, connection: Connection, run: RunRecord, *, by: str, feedback: str) -> None:
        now = self._clock.now()
        for pending in call_store.pending_of(connection, run.tenant_id, run.id, lock=True):
            if pending.decided_at is None:
                call_store.decide(connection, replace(pending, decided_at=now, decided_by=by, feedback=feedback))


def transcript_of(
    run: RunRecord, added: Sequence[ChatMessage], conversation: Conversation | None = None, why: str = "the run ended"
) -> list[ChatMessage]:
    """The question and what came of it, every call with an answer."""
    question = next((message for message in reversed(run.request.messages) if message.get("role") == "user"), None)
    open_calls = conversation.open_calls.values() if conversation is not None else ()
    closed = [
        {"role": "tool", "tool_call_id": call.id, "name": call.name, "content": f"error: {why}"} for call in open_calls
    ]
    return [*([dict(question)] if question else []), *added, *closed]


def costs_of(figures: run_pb2.Figures) -> dict[str, Any]:
    return MessageToDict(figures.costs, preserving_proto_field_name=True)


def why_it_ended(event: RunEvent) -> str:
    """Why a run has no answer, as its last event tells; empty for any other event."""
    match event.WhichOneof("event"):
        case "failed":
            return event.failed.message
        case "interrupted":
            return event.interrupted.message
        case "canceled":
            return f"canceled by {event.canceled.canceled_by}"
        case _:
            return ""
