"""Rows of the assistant as messages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from google.protobuf.json_format import ParseDict
from google.protobuf.timestamp_pb2 import Timestamp

from quarterdeck.assistant.run import ChatRecord, PendingCall, RunRecord, RunState
from quarterdeck.assistant.running.results import to_reference
from quarterdeck.assistant.running.tool_calls import pending_message
from quarterdeck.assistant.tools.tool import Reference, ReferenceKind
from quarterdeck.gen.assistant.v1 import chat_service_pb2, run_pb2

STATE = {
    RunState.SUBMITTED: run_pb2.RUN_STATE_SUBMITTED,
    RunState.WORKING: run_pb2.RUN_STATE_WORKING,
    RunState.INPUT_REQUIRED: run_pb2.RUN_STATE_INPUT_REQUIRED,
    RunState.COMPLETED: run_pb2.RUN_STATE_COMPLETED,
    RunState.FAILED: run_pb2.RUN_STATE_FAILED,
    RunState.INTERRUPTED: run_pb2.RUN_STATE_INTERRUPTED,
    RunState.CANCELED: run_pb2.RUN_STATE_CANCELED,
}


def from_run(run: RunRecord, pending: Iterable[PendingCall] = ()) -> run_pb2.Run:
    """A run with the calls that wait."""
    message = run_pb2.Run(
        id=run.id,
        chat_id=run.chat_id,
        state=STATE[run.state],
        prompt=run.prompt,
        model=run.model,
        engine=run.engine,
        caller=run.caller.account_name,
        answer=run.answer,
        references=[to_reference(_reference(each)) for each in run.evidence],
        costs=ParseDict(dict(run.costs), run_pb2.Costs(), ignore_unknown_fields=True),
        error=run.error,
        pending_approvals=[pending_message(call) for call in pending if call.kind == "approval"],
    )
    message.created_at.FromDatetime(run.created_at)
    if run.finished_at is not None:
        message.finished_at.FromDatetime(run.finished_at)
    return message


def from_chat(chat: ChatRecord, last_run: RunRecord | None) -> chat_service_pb2.Chat:
    """A chat, with where its newest run is."""
    return chat_service_pb2.Chat(
        id=chat.id,
        name=chat.name,
        source=chat.source.value,
        created_at=_time(chat.created_at),
        modified_at=_time(chat.modified_at),
        created_by=chat.created_by,
        archived=chat.archived_at is not None,
        last_run_id=chat.last_run_id,
        last_run_state=STATE[last_run.state] if last_run is not None else run_pb2.RUN_STATE_UNSPECIFIED,
    )


def _reference(value: Mapping[str, str]) -> Reference:
    return Reference(ReferenceKind(value["kind"]), value["id"], value["detail"], value["title"])


def _time(moment: datetime) -> Timestamp:
    stamp = Timestamp()
    stamp.FromDatetime(moment)
    return stamp
