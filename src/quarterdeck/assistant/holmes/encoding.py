"""A run's events as HolmesGPT's records: the same log that every other stream reads, in the order of section 5.3."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final
from uuid import uuid4

from google.protobuf.json_format import ParseDict
from google.protobuf.struct_pb2 import NULL_VALUE, Struct, Value

from quarterdeck.assistant.context.tokens import count_conversation, count_text
from quarterdeck.assistant.holmes.follow_ups import FollowUp
from quarterdeck.assistant.holmes.history import marked
from quarterdeck.assistant.holmes.sections import parse
from quarterdeck.assistant.run import RunRecord
from quarterdeck.assistant.running.conversation import Conversation
from quarterdeck.assistant.running.endings import why_it_ended
from quarterdeck.assistant.running.figures import token_counts
from quarterdeck.assistant.running.results import STATUS_NAME, to_struct
from quarterdeck.assistant.running.tool_calls import params_of
from quarterdeck.gen.assistant.v1 import run_pb2, tool_pb2
from quarterdeck.gen.holmes.v1 import chat_pb2, investigate_pb2, metadata_pb2, stream_pb2, tool_result_pb2

SCHEMA: Final = "robusta:v1.0.0"
RATE_LIMITED: Final = 5204
RATE_LIMIT_TEXT: Final = "Rate limit exceeded"


class Records:
    """The records of one run. `sign(call id, name, arguments)` makes the token of a waiting approval."""

    def __init__(self, run: RunRecord, follow_ups: tuple[FollowUp, ...], sign: Any) -> None:
        self._run = run
        self._follow_ups = follow_ups
        self._sign = sign
        self._conversation = Conversation.of(run.request)
        self._unfinished = 0
        self._toolsets: dict[str, str] = {}
        self.ended = False

    @property
    def conversation(self) -> Conversation:
        return self._conversation

    def of(self, event: run_pb2.RunEvent) -> Iterator[dict[str, Any]]:
        """The records that an event becomes, each as its name and its message."""
        if self.ended:
            return
        self._conversation.apply(event)
        match event.WhichOneof("event"):
            case "answer_begun":
                # A slow model: its client need not wait for the whole answer to see that one comes.
                yield {"token_count": self._token_count(event.answer_begun.figures)}
            case "step_finished":
                yield from self._step(event.step_finished)
            case "tool_call_started":
                started = event.tool_call_started
                self._toolsets[started.tool_call_id] = started.toolset
                yield {
                    "start_tool_calling": stream_pb2.StartToolCalling(
                        tool_name=started.tool_name, id=started.tool_call_id
                    )
                }
            case "tool_call_finished":
                yield from self._finished(event.tool_call_finished)
            case "approval_asked":
                self._unfinished = max(0, self._unfinished - 1)
                asked = event.approval_asked.approval
                yield {"tool_calling_result": waiting_result(asked, self._toolsets.get(asked.tool_call_id, ""))}
            case "compaction_started":
                yield {"conversation_history_compaction_start": self._compaction_start(event.compaction_started)}
            case "compacted":
                yield from self._compacted(event.compacted)
            case "paused":
                self.ended = True
                yield {"token_count": self._token_count(event.paused.figures)}
                yield {"approval_required": self._approval_required(event.paused)}
            case "completed":
                self.ended = True
                yield {"ai_answer_end": self._answer(event.completed)}
            case "failed" | "interrupted" | "canceled":
                self.ended = True
                if event.failed.failure == run_pb2.FAILURE_CONTEXT_TOO_LONG:
                    yield {"ai_message": stream_pb2.AiMessage(content=event.failed.message)}
                yield {"error": stream_error(event)}
            case _:
                return

    def _step(self, step: run_pb2.StepFinished) -> Iterator[dict[str, Any]]:
        yield {"token_count": self._token_count(step.figures)}
        if step.tool_calls and (step.text or step.thinking):
            message = stream_pb2.AiMessage(metadata=metadata(step.figures, self._run))
            if step.text:
                message.content = step.text
            if step.thinking:
                message.reasoning.string_value = step.thinking
            else:
                message.reasoning.null_value = NULL_VALUE
            yield {"ai_message": message}
        self._unfinished = len(step.tool_calls)

    def _finished(self, finished: run_pb2.ToolCallFinished) -> Iterator[dict[str, Any]]:
        yield {"tool_calling_result": calling_result(finished)}
        if finished.step and self._unfinished:
            self._unfinished -= 1
            if not self._unfinished and not self._conversation.open_calls:
                yield {"token_count": self._token_count(self._counted())}

    def _counted(self) -> run_pb2.Figures:
        """The last step's figures, with the tokens of this moment."""
        figures = run_pb2.Figures()
        figures.CopyFrom(self._conversation.figures)
        count = count_conversation(self._conversation.messages, figures.tokens.tools_tokens)
        figures.tokens.CopyFrom(token_counts(count))
        return figures

    def _token_count(self, figures: run_pb2.Figures) -> stream_pb2.TokenCount:
        return stream_pb2.TokenCount(metadata=metadata(figures, self._run))

    def _answer(self, completed: run_pb2.RunCompleted) -> stream_pb2.AiAnswerEnd:
        return stream_pb2.AiAnswerEnd(
            analysis=completed.answer,
            conversation_history=self.history(),
            follow_up_actions=follow_up_messages(self._follow_ups),
            metadata=final_metadata(completed, self._run),
        )

    def history(self) -> list[Struct]:
        """The conversation to be sent back with the next question."""
        return [ParseDict(message, Struct()) for message in self._conversation.messages]

    def _approval_required(self, paused: run_pb2.RunPaused) -> stream_pb2.ApprovalRequired:
        calls = {call.id: call for call in self._conversation.open_calls.values()}
        tokens = {
            each.tool_call_id: self._sign(each.tool_call_id, each.tool_name, calls[each.tool_call_id].arguments)
            for each in paused.approvals
        }
        history = marked(self._conversation.messages, tokens, [call.id for call in paused.frontend_calls])
        return stream_pb2.ApprovalRequired(
            conversation_history=[ParseDict(message, Struct()) for message in history],
            follow_up_actions=follow_up_messages(self._follow_ups),
            requires_approval=True,
            pending_approvals=[
                stream_pb2.PendingApproval(
                    tool_call_id=each.tool_call_id,
                    tool_name=each.tool_name,
                    description=each.description,
                    params=each.arguments,
                )
                for each in paused.approvals
            ],
            pending_frontend_tool_calls=[
                stream_pb2.PendingFrontendToolCall(
                    tool_call_id=call.id, tool_name=call.name, arguments=_struct_of(call.arguments)
                )
                for call in paused.frontend_calls
            ],
        )

    def _compaction_start(self, started: run_pb2.CompactionStarted) -> stream_pb2.CompactionStart:
        return stream_pb2.CompactionStart(
            content=f"The conversation history of {started.tokens} tokens is being compacted.",
            metadata=stream_pb2.CompactionStartMetadata(
                initial_tokens=started.tokens,
                num_messages=len(self._conversation.messages),
                max_context_size=started.context_window,
                threshold_pct=started.threshold_percent,
            ),
        )

    def _compacted(self, compacted: run_pb2.Compacted) -> Iterator[dict[str, Any]]:
        costs = compacted.costs
        saved = 1 - compacted.compacted_tokens / max(1, compacted.initial_tokens)
        figures = stream_pb2.CompactedMetadata(
            initial_tokens=compacted.initial_tokens,
            compacted_tokens=compacted.compacted_tokens,
            compression_ratio_pct=round(100 * saved, 1),
            num_messages_before=compacted.messages_before,
            num_messages_after=compacted.messages_after,
            max_context_size=compacted.context_window,
            threshold_pct=compacted.threshold_percent,
            fallback_used=compacted.fallback_used,
            summarization_requests=0 if compacted.fallback_reason == "no language model" else 1,
            compaction_cost=stream_pb2.CompactionCost(
                total_cost=costs.total_cost,
                prompt_tokens=costs.prompt_tokens,
                completion_tokens=costs.completion_tokens,
                total_tokens=costs.total_tokens,
                cached_tokens=costs.cached_tokens,
                cache_creation_tokens=costs.cache_creation_tokens,
            ),
        )
        if compacted.fallback_reason:
            figures.fallback_reason = compacted.fallback_reason
        record = stream_pb2.Compacted(content=compacted.notice, messages=compacted.messages, metadata=figures)
        record.compaction_summary = compacted.summary
        yield {"conversation_history_compacted": record}
        yield {"ai_message": stream_pb2.AiMessage(content=compacted.notice)}
        counts = metadata(compacted.figures, self._run)
        counts.ClearField("usage")
        counts.ClearField("costs")
        yield {"token_count": stream_pb2.TokenCount(metadata=counts)}


def investigation_end(
    answer: stream_pb2.AiAnswerEnd, runbooks: list[str], titles: Sequence[str]
) -> stream_pb2.InvestigationEnd:
    """The end of an investigation, made of the end of its conversation."""
    analysis, found = parse(answer.analysis, titles)
    end = stream_pb2.InvestigationEnd(analysis=analysis, instructions=runbooks, metadata=answer.metadata)
    end.sections.SetInParent()
    end.sections.entries.extend(section_entries(found or {}))
    return end


def section_entries(sections: Mapping[str, str | None]) -> Iterator[investigate_pb2.Section]:
    """Sections, in their order."""
    for title, text in sections.items():
        entry = investigate_pb2.Section(title=title)
        if text is not None:
            entry.text = text
        yield entry


def calling_result(finished: run_pb2.ToolCallFinished) -> stream_pb2.ToolCallingResult:
    """A result as a record; its data is always a string."""
    record = stream_pb2.ToolCallingResult(
        tool_call_id=finished.tool_call_id,
        tool_name=finished.tool_name,
        name=finished.tool_name,
        description=finished.description,
        role="tool",
        result=tool_result(finished, as_text=True),
    )
    if finished.toolset:
        record.toolset_name = finished.toolset
    return record


def waiting_result(approval: run_pb2.PendingApproval, toolset: str) -> stream_pb2.ToolCallingResult:
    """The record of a call that waits for approval."""
    result = tool_result_pb2.ToolResult(
        schema_version=SCHEMA,
        status="approval_required",
        error=f"{approval.tool_name} needs a person's approval: {approval.description}",
        params=approval.arguments,
    )
    result.data.string_value = ""
    record = stream_pb2.ToolCallingResult(
        tool_call_id=approval.tool_call_id,
        tool_name=approval.tool_name,
        name=approval.tool_name,
        description=approval.description,
        role="tool",
        result=result,
    )
    if toolset:
        record.toolset_name = toolset
    return record


def tool_call_result(finished: run_pb2.ToolCallFinished) -> chat_pb2.ToolCallResult:
    """A call in the list of a JSON answer."""
    result = chat_pb2.ToolCallResult(
        tool_call_id=finished.tool_call_id,
        tool_name=finished.tool_name,
        description=finished.description,
        result=tool_result(finished, as_text=False),
        size=count_text(finished.content),
    )
    if finished.toolset:
        result.toolset_name = finished.toolset
    return result


def tool_result(finished: run_pb2.ToolCallFinished, *, as_text: bool) -> tool_result_pb2.ToolResult:
    """The result object of section 4."""
    given = finished.result
    result = tool_result_pb2.ToolResult(
        schema_version=SCHEMA, status=STATUS_NAME.get(given.status, "error"), params=given.params
    )
    if given.error:
        result.error = given.error
    if given.HasField("return_code"):
        result.return_code = given.return_code
    if given.url:
        result.url = given.url
    if given.invocation:
        result.invocation = given.invocation
    result.elapsed_seconds = given.elapsed_seconds
    data = finished.content if given.status == tool_pb2.TOOL_STATUS_SUCCESS else given.data
    if data or as_text:
        result.data.CopyFrom(Value(string_value=data))
    return result


def metadata(figures: run_pb2.Figures, run: RunRecord) -> metadata_pb2.Metadata:
    """All keys of both generations."""
    usage, tokens, costs = figures.usage, figures.tokens, figures.costs
    made = metadata_pb2.Metadata(
        usage=metadata_pb2.Usage(
            prompt_tokens=usage.prompt_tokens,
            completion_tokens=usage.completion_tokens,
            total_tokens=usage.prompt_tokens + usage.completion_tokens,
        ),
        tokens=metadata_pb2.TokenCounts(
            total_tokens=tokens.total_tokens,
            tools_tokens=tokens.tools_tokens,
            system_tokens=tokens.system_tokens,
            user_tokens=tokens.user_tokens,
            tools_to_call_tokens=tokens.tools_to_call_tokens,
            assistant_tokens=tokens.assistant_tokens,
            other_tokens=tokens.other_tokens,
        ),
        max_tokens=figures.max_tokens,
        max_output_tokens=figures.max_output_tokens,
        truncations=[
            metadata_pb2.Truncation(
                tool_call_id=cut.tool_call_id,
                start_index=0,
                end_index=cut.end_index,
                tool_name=cut.tool_name,
                original_token_count=cut.original_token_count,
            )
            for cut in figures.truncations
        ],
        costs=metadata_pb2.Costs(
            total_cost=costs.total_cost,
            total_tokens=costs.total_tokens,
            prompt_tokens=costs.prompt_tokens,
            completion_tokens=costs.completion_tokens,
            cached_tokens=costs.cached_tokens,
            cache_creation_tokens=costs.cache_creation_tokens,
            reasoning_tokens=costs.reasoning_tokens,
            max_completion_tokens_per_call=costs.max_completion_tokens_per_call,
            max_prompt_tokens_per_call=costs.max_prompt_tokens_per_call,
            num_compactions=costs.num_compactions,
        ),
    )
    if usage.cached_tokens:
        made.usage.cached_tokens = usage.cached_tokens
    if usage.reasoning_tokens:
        made.usage.reasoning_tokens = usage.reasoning_tokens
    if run.engine == "builtin":
        made.engine = "builtin"
    return made


def final_metadata(completed: run_pb2.RunCompleted, run: RunRecord) -> metadata_pb2.Metadata:
    """That of the last record: with why the model stopped."""
    made = metadata(completed.figures, run)
    made.finish_reason = completed.finish_reason
    made.request_id = str(uuid4())
    return made


def stream_error(event: run_pb2.RunEvent) -> stream_pb2.StreamError:
    """The record of a run without an answer."""
    text = why_it_ended(event)
    if event.failed.failure == run_pb2.FAILURE_RATE_LIMITED:
        return stream_pb2.StreamError(description=text, error_code=RATE_LIMITED, msg=RATE_LIMIT_TEXT, success=False)
    return stream_pb2.StreamError(description=text, error_code=1, msg=text, success=False)


def follow_up_messages(offers: tuple[FollowUp, ...]) -> list[chat_pb2.FollowUpAction]:
    """Offers as messages."""
    return [
        chat_pb2.FollowUpAction(
            id=each.id,
            action_label=each.action_label,
            pre_action_notification_text=each.pre_action_notification_text,
            prompt=each.prompt,
        )
        for each in offers
    ]


def _struct_of(arguments: str) -> Struct:
    return to_struct(params_of(arguments))
