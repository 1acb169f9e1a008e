"""A chat's log as the Assistant's records: whole messages, so that a record may come twice or after a gap without harm.

The id of a record is the sequence of the log's entry that it tells of. Where an entry becomes several, those before the
last one have the id before it: a reader that is cut off among them gets them all again. contracts/assistant.md, 2.2 to
2.4.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from quarterdeck.assistant.running.endings import why_it_ended
from quarterdeck.assistant.transcript import Transcript
from quarterdeck.gen.assistant.v1 import app_service_pb2 as pb
from quarterdeck.gen.assistant.v1.chat_service_pb2 import Block, Message
from quarterdeck.gen.assistant.v1.run_pb2 import RunEvent

CREATED: Final = "MESSAGE_CREATED"
UPDATED: Final = "MESSAGE_UPDATED"
STARTED: Final = "AGENT_EXECUTION_STARTED"
COMPLETED: Final = "AGENT_EXECUTION_COMPLETED"
FAILED: Final = "AGENT_EXECUTION_FAILED"
REMOTE_TOOL: Final = "REMOTE_TOOL_REQUEST"

_ENDS: Final = {"completed": COMPLETED, "failed": FAILED, "interrupted": FAILED, "canceled": FAILED}


class ChatRecords:
    """The records of one chat for one reader."""

    def __init__(self, chat_id: str) -> None:
        self._chat_id = chat_id
        self._transcript = Transcript()
        self._agents: dict[str, str] = {}
        self._told: set[str] = set()
        self.is_behind = False
        """Whether the growing message has more than was told."""

    def state(self, events: list[RunEvent]) -> Iterator[pb.WatchChatResponse]:
        """What a fresh reader gets: every message, then where the latest run is, all with the present id."""
        last: RunEvent | None = None
        asked: dict[str, RunEvent] = {}
        for event in events:
            self._fold(event)
            kind = str(event.WhichOneof("event"))
            if kind == "started" or kind in _ENDS:
                last, asked = event, {}
            elif kind == "remote_tool_requested":
                asked[event.remote_tool_requested.request_id] = event
            elif kind == "tool_call_finished":
                asked.pop(f"{event.run_id}.{event.tool_call_finished.tool_call_id}", None)
        head = str(events[-1].sequence) if events else "0"
        for message in self._transcript.messages():
            self._told.add(message.id)
            yield self._message(CREATED, message, head)
        if last is not None:
            yield self._execution(_ENDS.get(str(last.WhichOneof("event")), STARTED), last, head)
        # What waits for its client would wait in vain if only those were asked who were there already.
        for event in asked.values():
            yield self._remote(event, head)

    def known(self, events: list[RunEvent]) -> None:
        """What the reader has seen already."""
        for event in events:
            self._fold(event)
        self._told.update(message.id for message in self._transcript.messages())

    def grown(self, event: RunEvent) -> Iterator[pb.WatchChatResponse]:
        """The growing message as it is, up to an entry that was not told when it came."""
        yield from self._answer(event.run_id, str(event.sequence))

    def of(self, event: RunEvent, *, grows: bool = True) -> Iterator[pb.WatchChatResponse]:
        """The records that an entry becomes. Without `grows` the growing message is not repeated for this one."""
        records = list(self._of(event, grows=grows))
        for record in records[:-1]:
            record.id = str(event.sequence - 1)
        yield from records

    def _of(self, event: RunEvent, *, grows: bool) -> Iterator[pb.WatchChatResponse]:
        kind = str(event.WhichOneof("event"))
        changed = self._fold(event)
        sequence = str(event.sequence)
        if kind == "started":
            question = self._transcript.question_of(event.run_id)
            if question is not None:
                yield self._message(CREATED, question, sequence)
            yield self._execution(STARTED, event, sequence)
            return
        if changed and (grows or kind in _ENDS):
            yield from self._answer(event.run_id, sequence)
        elif changed:
            self.is_behind = True
        if kind == "remote_tool_requested":
            yield self._remote(event, sequence)
        elif kind in _ENDS:
            if not changed:
                yield from self._answer(event.run_id, sequence)
            yield self._execution(_ENDS[kind], event, sequence)

    def _fold(self, event: RunEvent) -> bool:
        """Take an entry into account; whether it changed a message."""
        if event.HasField("started"):
            self._agents[event.run_id] = event.started.agent_id
        return self._transcript.apply(event)

    def _answer(self, run_id: str, sequence: str) -> Iterator[pb.WatchChatResponse]:
        self.is_behind = False
        message = self._transcript.answer_of(run_id)
        if message is not None:
            kind = UPDATED if message.id in self._told else CREATED
            self._told.add(message.id)
            yield self._message(kind, message, sequence)

    def _message(self, kind: str, message: Message, sequence: str) -> pb.WatchChatResponse:
        data = pb.WatchChatData(chat_id=self._chat_id, message=app_message(message))
        return pb.WatchChatResponse(id=sequence, type=kind, data=data)

    def _remote(self, event: RunEvent, sequence: str) -> pb.WatchChatResponse:
        asked = event.remote_tool_requested
        data = pb.WatchChatData(
            chat_id=self._chat_id,
            request_id=asked.request_id,
            tool_name=asked.tool_name,
            tool_input=asked.arguments,
            timeout_ms=asked.timeout_ms,
        )
        return pb.WatchChatResponse(id=sequence, type=REMOTE_TOOL, data=data)

    def _execution(self, kind: str, event: RunEvent, sequence: str) -> pb.WatchChatResponse:
        data = pb.WatchChatData(
            chat_id=self._chat_id,
            agent_id=self._agents.get(event.run_id, ""),
            execution_id=event.run_id,
            timestamp=event.at,
        )
        if kind == FAILED:
            data.error.message = why_it_ended(event)
        return pb.WatchChatResponse(id=sequence, type=kind, data=data)


def app_message(message: Message) -> pb.AppMessage:
    """A message as the Assistant's clients read it."""
    return pb.AppMessage(
        id=message.id,
        role=message.role,
        content=[_block(block) for block in message.content],
        created=message.created_at,
        timestamp=message.created_at,
    )


def _block(block: Block) -> pb.AppBlock:
    return pb.AppBlock(
        type=block.type,
        text=block.text,
        thinking=block.thinking,
        tool_id=block.tool_id,
        tool_name=block.tool_name,
        tool_input=block.tool_input if block.HasField("tool_input") else None,
        tool_use_id=block.tool_use_id,
        tool_result=[pb.AppResultBlock(type=each.type, text=each.text) for each in block.tool_result],
        is_error=block.is_error,
        duration_ms=block.duration_ms,
    )
