"""What a run's log says about its conversation: the messages so far, and what is still open.

A worker that takes a run over starts from this, and so do the encoders that return the conversation to their clients.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from google.protobuf.json_format import MessageToDict

from quarterdeck.assistant.run import ChatMessage, RunRequest
from quarterdeck.gen.assistant.v1.run_pb2 import Figures, RunEvent, ToolCall, ToolCallFinished


@dataclass(slots=True)
class Conversation:
    """The conversation of one run, built event by event."""

    messages: list[ChatMessage]
    added: list[ChatMessage] = field(default_factory=list)
    """What this run added, compacted or not; without the question."""
    step: int = 0
    """The last complete model call."""
    figures: Figures = field(default_factory=Figures)
    open_calls: dict[str, ToolCall] = field(default_factory=dict)
    """Wanted by the last step and not answered, in order."""
    started_calls: set[str] = field(default_factory=set)
    wanted: dict[str, ToolCall] = field(default_factory=dict)
    """Every call that this run wanted, by its id."""
    void_text: bool = False
    """Whether there is text behind the last complete step."""
    answer: str = ""
    results: list[ToolCallFinished] = field(default_factory=list)

    @classmethod
    def of(cls, request: RunRequest, events: Iterable[RunEvent] = ()) -> Conversation:
        """The conversation of a run's request after its events."""
        conversation = cls(messages=[dict(message) for message in request.messages])
        for event in events:
            conversation.apply(event)
        return conversation

    def apply(self, event: RunEvent) -> None:
        """Take one more event into account."""
        match event.WhichOneof("event"):
            case "text_delta" | "thinking_delta":
                self.void_text = True
            case "step_finished":
                self._finish_step(event)
            case "tool_call_started":
                self.started_calls.add(event.tool_call_started.tool_call_id)
            case "tool_call_finished":
                self._answer_call(event.tool_call_finished)
            case "compacted":
                self.messages = [MessageToDict(message) for message in event.compacted.messages]
                self.figures = event.compacted.figures
            case "resumed":
                self.void_text = False
            case _:
                pass

    def _finish_step(self, event: RunEvent) -> None:
        step = event.step_finished
        self.step, self.figures, self.void_text, self.answer = step.step, step.figures, False, step.text
        message: ChatMessage = {"role": "assistant", "content": step.text}
        if step.tool_calls:
            message["tool_calls"] = [call_to_json(call) for call in step.tool_calls]
        self._add(message)
        self.open_calls = {call.id: call for call in step.tool_calls}
        self.wanted |= self.open_calls

    def _answer_call(self, finished: ToolCallFinished) -> None:
        self.results.append(finished)
        self.open_calls.pop(finished.tool_call_id, None)
        answer = {
            "role": "tool",
            "tool_call_id": finished.tool_call_id,
            "name": finished.tool_name,
            "content": finished.content,
        }
        if finished.step == 0:
            insert_answer(self.messages, answer)
        else:
            self.messages.append(answer)
        self.added.append(answer)

    def _add(self, message: ChatMessage) -> None:
        self.messages.append(message)
        self.added.append(message)


def call_to_json(call: ToolCall) -> dict[str, Any]:
    """A call in OpenAI's chat format."""
    return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}


def insert_answer(messages: list[ChatMessage], answer: ChatMessage) -> None:
    """Put a tool message behind the assistant message that wanted the call, and behind the answers it has."""
    for index in range(len(messages) - 1, -1, -1):
        calls = messages[index].get("tool_calls") or ()
        if any(call.get("id") == answer["tool_call_id"] for call in calls):
            place = index + 1
            while place < len(messages) and messages[place].get("role") == "tool":
                place += 1
            messages.insert(place, answer)
            return
    messages.append(answer)
