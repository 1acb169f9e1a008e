"""A chat's messages as people and clients read them, folded from the log, whether its run is at work or over."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from quarterdeck.assistant.running.endings import why_it_ended
from quarterdeck.assistant.running.results import content_of
from quarterdeck.gen.assistant.v1 import tool_pb2
from quarterdeck.gen.assistant.v1.chat_service_pb2 import Block, Message, ResultBlock
from quarterdeck.gen.assistant.v1.run_pb2 import RunEvent, ToolCallFinished, ToolCallStarted


@dataclass(slots=True)
class _Answer:
    """The answer of one run, as far as it is."""

    message: Message
    """Without its content."""
    done: list[Block] = field(default_factory=list)
    """Blocks of complete steps."""
    text: str = ""
    thinking: str = ""

    def whole(self) -> Message:
        """A new message each time: one that is filled again and again keeps the memory of all that it ever had."""
        made = Message()
        made.CopyFrom(self.message)
        made.content.extend(self.blocks())
        return made

    def blocks(self) -> list[Block]:
        growing = []
        if self.thinking:
            growing.append(Block(type="thinking", thinking=self.thinking))
        if self.text:
            growing.append(Block(type="text", text=self.text))
        return [*self.done, *growing]


class Transcript:
    """The messages of a chat, event by event."""

    def __init__(self) -> None:
        self._messages: list[Message] = []
        self._answers: dict[str, _Answer] = {}

    @classmethod
    def of(cls, events: Iterable[RunEvent]) -> Transcript:
        transcript = cls()
        for event in events:
            transcript.apply(event)
        return transcript

    def messages(self) -> list[Message]:
        """All messages, the oldest first; an answer is there as soon as it has something to say."""
        answers = {answer.message.id: answer.whole() for answer in self._answers.values()}
        messages = (answers.get(message.id, message) for message in self._messages)
        return [message for message in messages if message.content]

    def answer_of(self, run_id: str) -> Message | None:
        """The answer of a run, as far as it is; None before it has something to say."""
        answer = self._answers.get(run_id)
        return answer.whole() if answer is not None and answer.blocks() else None

    def question_of(self, run_id: str) -> Message | None:
        """The question of a run."""
        return next((each for each in self._messages if each.run_id == run_id and each.role == "user"), None)

    def apply(self, event: RunEvent) -> bool:
        """Take one more event into account; whether it changed a message."""
        kind = event.WhichOneof("event")
        if kind == "started":
            self._start(event)
            return True
        answer = self._answers.get(event.run_id)
        if answer is None:
            return False
        match kind:
            case "text_delta":
                answer.text += event.text_delta.text
            case "thinking_delta":
                answer.thinking += event.thinking_delta.text
            case "step_finished":
                answer.thinking, answer.text = event.step_finished.thinking, event.step_finished.text
                answer.done = answer.blocks()
                answer.thinking = answer.text = ""
            case "resumed":
                answer.thinking = answer.text = ""
            case "tool_call_started":
                answer.done.append(_use(event.tool_call_started))
            case "tool_call_finished":
                answer.done.append(_result(event.tool_call_finished))
            case "failed" | "interrupted":
                failure = why_it_ended(event)
                answer.done = [
                    *answer.blocks(),
                    Block(type="text", text=f"The question could not be answered: {failure}"),
                ]
                answer.thinking = answer.text = ""
            case _:
                return False
        return True

    def _start(self, event: RunEvent) -> None:
        started = event.started
        question = Message(
            id=started.message_id, role="user", content=[Block(type="text", text=started.prompt)], run_id=event.run_id
        )
        answer = Message(id=started.answer_message_id, role="assistant", run_id=event.run_id)
        question.created_at.CopyFrom(event.at)
        # Both are there from now on; who sorts them by time must find the answer behind its question.
        answer.created_at.FromNanoseconds(event.at.ToNanoseconds() + 1_000_000)
        self._messages += [question, answer]
        self._answers[event.run_id] = _Answer(answer)


def _use(started: ToolCallStarted) -> Block:
    return Block(
        type="tool_use", tool_id=started.tool_call_id, tool_name=started.tool_name, tool_input=started.arguments
    )


def _result(finished: ToolCallFinished) -> Block:
    return Block(
        type="tool_result",
        tool_use_id=finished.tool_call_id,
        tool_name=finished.tool_name,
        tool_result=[ResultBlock(type="text", text=finished.content or content_of(finished.result))],
        is_error=finished.result.status == tool_pb2.TOOL_STATUS_ERROR,
        duration_ms=round(finished.result.elapsed_seconds * 1000),
    )
