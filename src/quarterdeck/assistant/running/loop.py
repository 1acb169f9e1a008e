"""The loop of one run: ask the model, call the tools that it wants, until there is an answer.

Everything that happens goes into the journal first; whoever watches reads it from there. A worker that takes the run
over after a crash starts from the log: what was answered stays answered, a call that only reads is made again, and a
call that changes something is never made twice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from functools import partial
from typing import Any

from google.protobuf.json_format import ParseDict
from google.protobuf.struct_pb2 import Struct

from quarterdeck.assistant.context import compaction
from quarterdeck.assistant.context.tokens import TokenCount, count_conversation, count_tools
from quarterdeck.assistant.context.truncation import DoesNotFit, fit
from quarterdeck.assistant.engine.engine import (
    Answered,
    ContextTooLong,
    Engine,
    ModelError,
    ModelRateLimited,
    ModelRefusesCredentials,
    ModelRequest,
    ModelUsage,
    WantedCall,
)
from quarterdeck.assistant.prompts.prompts import text as prompt_text
from quarterdeck.assistant.run import PendingCall
from quarterdeck.assistant.running.figures import add_usage, make_figures, truncations
from quarterdeck.assistant.running.house import House
from quarterdeck.assistant.running.progress import RunProgress
from quarterdeck.assistant.running.speech import Speech
from quarterdeck.assistant.running.tool_calls import ToolCalls, Waiting
from quarterdeck.clock import new_id
from quarterdeck.gen.assistant.v1 import run_pb2
from quarterdeck.gen.assistant.v1.run_pb2 import Costs, Figures, ToolCall


@dataclass(frozen=True, slots=True)
class Answer:
    """There is an answer."""

    text: str
    figures: Figures
    finish_reason: str


@dataclass(frozen=True, slots=True)
class Pause:
    """Calls wait: for approvals, for the client, or for both."""

    waiting: Waiting
    figures: Figures


@dataclass(frozen=True, slots=True)
class Failure:
    """It cannot be answered."""

    kind: run_pb2.Failure
    message: str
    figures: Figures


Stopped = Answer | Pause | Failure
"""Why the loop stopped."""


class RunLoop:
    """One run in the hands of one worker."""

    def __init__(self, house: House, progress: RunProgress, engine: Engine, decided: Mapping[str, PendingCall]) -> None:
        self._limits = house.limits
        self._run = progress.run
        self._progress = progress
        self._talk = progress.conversation
        self._engine = engine
        self._costs = Costs()
        self._costs.CopyFrom(self._talk.figures.costs)
        self._compaction_helps = True
        self._calls = ToolCalls(house, progress, decided, engine.context_window)
        self._tools = self._calls.definitions()
        self._tools_tokens = count_tools(self._tools)

    async def run(self) -> Stopped:
        """To the answer, a pause or a failure. Raises what nobody expected, and LogMoved."""
        try:
            await self._calls.settle_open_calls()
            while (waiting := await self._calls.make()) is None:
                if self._talk.step >= self._limits.max_steps:
                    return self._failure(
                        run_pb2.FAILURE_TOO_MANY_STEPS,
                        f"Too many LLM calls - exceeded max_steps: {self._talk.step}/{self._limits.max_steps}",
                    )
                answered = await self._ask()
                if not answered.calls:
                    return Answer(answered.text, self._now_figures(), answered.finish_reason)
            return Pause(waiting, self._now_figures())
        except DoesNotFit as error:
            return self._failure(run_pb2.FAILURE_CONTEXT_TOO_LONG, str(error))
        except ModelRateLimited as error:
            return self._failure(run_pb2.FAILURE_RATE_LIMITED, error.message)
        except ModelRefusesCredentials as error:
            return self._failure(run_pb2.FAILURE_UNAUTHENTICATED, error.message)
        except ContextTooLong as error:
            return self._failure(run_pb2.FAILURE_CONTEXT_TOO_LONG, error.message)
        except ModelError as error:
            return self._failure(run_pb2.FAILURE_UNSPECIFIED, error.message)

    async def _ask(self) -> Answered:
        """One model call. A provider that finds the conversation too long gets a compacted one, once."""
        messages = await self._fitted(compacts=False)
        try:
            return await self._respond(messages)
        except ContextTooLong:
            return await self._respond(await self._fitted(compacts=True))

    async def _respond(self, messages: Sequence[dict[str, Any]]) -> Answered:
        step = self._talk.step + 1
        count = count_conversation(messages, self._tools_tokens)
        request = ModelRequest(messages, self._tools, self._run.request.response_format)
        said = Speech(self._progress.journal, step, streams=self._run.request.streams_text)
        answered: Answered | None = None
        begun = partial(make_figures, self._engine, count, self._costs, None, self._progress.truncations)
        try:
            async with aclosing(self._engine.respond(request)) as parts:
                async for part in parts:
                    if isinstance(part, Answered):
                        answered = part
                    else:
                        said.more(part, None if self._talk.step else begun)
        finally:
            said.end()
        if answered is None:
            raise ModelError("the model's answer ended before it was complete")
        self._note(step, answered, count)
        return answered

    def _note(self, step: int, answered: Answered, count: TokenCount) -> None:
        """The step is complete."""
        self._costs = add_usage(self._costs, answered.usage)
        figures = make_figures(self._engine, count, self._costs, answered.usage, self._progress.truncations)
        taken = {*self._talk.wanted, *(call.id for call in self._run.request.open_calls)}
        self._progress.add(
            step_finished=run_pb2.StepFinished(
                step=step,
                text=answered.text,
                thinking=answered.thinking,
                tool_calls=[_fresh(call, taken) for call in answered.calls],
                figures=figures,
                finish_reason=answered.finish_reason,
                answered_by=answered.answered_by,
            )
        )

    async def _fitted(self, *, compacts: bool) -> list[dict[str, Any]]:
        """The conversation as it fits into the window: compacted when it must be, then cut. Raises DoesNotFit."""
        window, most = self._engine.context_window, self._engine.max_output_tokens
        count = count_conversation(self._talk.messages, self._tools_tokens)
        threshold = self._limits.compaction_threshold_percent
        is_needed = partial(compaction.is_needed, max_output=most, window=window, threshold_percent=threshold)
        if compacts or (self._compaction_helps and is_needed(count.total)):
            await self._compact(count)
        messages, cuts = fit(self._talk.messages, tools_tokens=self._tools_tokens, window=window, max_output=most)
        listed = self._progress.truncations
        known = {(cut.tool_call_id, cut.end_index) for cut in listed}
        listed += [cut for cut in truncations(cuts) if (cut.tool_call_id, cut.end_index) not in known]
        return messages

    async def _compact(self, before: TokenCount) -> None:
        system, old, rest = compaction.split(self._talk.messages)
        if not old:
            return
        window, threshold = self._engine.context_window, self._limits.compaction_threshold_percent
        self._progress.add(
            compaction_started=run_pb2.CompactionStarted(
                tokens=before.total, context_window=window, threshold_percent=threshold
            )
        )
        summary, usage, why = await self._summary(old)
        messages = compaction.replace(system, rest, summary)
        after = count_conversation(messages, self._tools_tokens)
        self._costs = add_usage(self._costs, usage)
        if after.total >= before.total:
            self._compaction_helps = False  # a summary that is no shorter than what it sums up
            return
        self._costs.num_compactions += 1
        self._progress.add(
            compacted=run_pb2.Compacted(
                notice=compaction.notice(before.total, after.total),
                messages=[ParseDict(message, Struct()) for message in messages],
                initial_tokens=before.total,
                compacted_tokens=after.total,
                messages_before=len(self._talk.messages),
                messages_after=len(messages),
                context_window=window,
                threshold_percent=threshold,
                summary=summary,
                fallback_used=bool(why),
                fallback_reason=why,
                costs=add_usage(Costs(), usage),
                figures=make_figures(self._engine, after, self._costs, None, self._progress.truncations),
            )
        )

    async def _summary(self, old: Sequence[dict[str, Any]]) -> tuple[str, ModelUsage, str]:
        """What stands for the old part, what it cost, and why the model did not write it."""
        if self._engine.kind == "builtin":
            return compaction.plain_summary(old), ModelUsage(), "no language model"
        most = max(1000, (self._engine.context_window - self._engine.max_output_tokens) * 2)
        request = ModelRequest(compaction.summary_request(old, prompt_text("compaction"), most))
        try:
            async with aclosing(self._engine.respond(request)) as parts:
                async for part in parts:
                    if isinstance(part, Answered) and part.text.strip():
                        return part.text, part.usage, ""
        except ModelRateLimited:
            raise
        except ModelError as error:
            return compaction.plain_summary(old), ModelUsage(), error.message
        return compaction.plain_summary(old), ModelUsage(), "the model's summary was empty"

    def _now_figures(self) -> Figures:
        """The figures of this moment: those of the last step, with a count of today."""
        figures = Figures()
        figures.CopyFrom(self._talk.figures)
        count = count_conversation(self._talk.messages, self._tools_tokens)
        fresh = make_figures(self._engine, count, self._costs, None, self._progress.truncations)
        fresh.usage.CopyFrom(figures.usage)
        return fresh

    def _failure(self, kind: run_pb2.Failure, message: str) -> Failure:
        return Failure(kind, message, self._now_figures())


def _fresh(call: WantedCall, taken: set[str]) -> ToolCall:
    """The call with an id that no other one of the run has.

    Models count theirs, some from 1 at each answer: what was approved under an id is that one call and no later one.
    """
    call_id = new_id("call") if call.id in taken else call.id
    taken.add(call_id)
    return ToolCall(id=call_id, name=call.name, arguments=call.arguments)
