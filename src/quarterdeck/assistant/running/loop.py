"""The loop of one run: ask the model, call the tools that it wants, until there is an answer.

Everything that happens goes into the journal first; whoever watches reads it from there. A worker that takes the run
over after a crash starts from the log: what was answered stays answered, a call that only reads is made again, and a
call that changes something is never made twice.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from google.protobuf.json_format import ParseDict
from google.protobuf.struct_pb2 import Struct

from quarterdeck.assistant.context import compaction
from quarterdeck.assistant.context.tokens import TokenCount, count_conversation, count_tools
from quarterdeck.assistant.context.truncation import DoesNotFit, cut_result, fit
from quarterdeck.assistant.engine.engine import (
    Answered,
    ContextTooLong,
    Delta,
    Engine,
    ModelError,
    ModelRateLimited,
    ModelRefusesCredentials,
    ModelRequest,
    ModelUsage,
    ToolDefinition,
    WantedCall,
)
from quarterdeck.assistant.prompts.prompts import text as prompt_text
from quarterdeck.assistant.run import (
    FrontendTool,
    OnApproval,
    OpenCall,
    OpenCallOutcome,
    PendingCall,
    RunRecord,
    denial,
)
from quarterdeck.assistant.running.conversation import Conversation
from quarterdeck.assistant.running.figures import add_usage, make_figures, truncations
from quarterdeck.assistant.running.journal import RunJournal
from quarterdeck.assistant.running.results import (
    MOST_NESTED,
    content_of,
    error_result,
    is_too_nested,
    to_result,
    to_struct,
)
from quarterdeck.assistant.running.settings import RunLimits
from quarterdeck.assistant.store import calls as call_store
from quarterdeck.assistant.tools.remote import RemoteTool
from quarterdeck.assistant.tools.tool import Status, Tool, ToolAnswer, ToolContext, ToolFailed
from quarterdeck.assistant.tools.toolbox import Toolbox, read_arguments
from quarterdeck.clock import Clock, new_id
from quarterdeck.database import Database
from quarterdeck.gen.assistant.v1 import run_pb2, tool_pb2
from quarterdeck.gen.assistant.v1.run_pb2 import Costs, Figures, ToolCall, ToolCallFinished
from quarterdeck.gen.assistant.v1.tool_pb2 import ToolResult, Truncation

_GRACE: Final = 0.012
"""Seconds between a model's beginning and the notice of it; one that is done by then needs none."""
_QUIET: Final = 0.003
"""Seconds without another piece before that notice goes out."""
_DELTA_PAUSE: Final = 0.05
"""Seconds between two pieces of text in the log, at least."""

REPEATED: Final = "this exact call was made before in this run and is not made again; use the result that is there"
REFUSED: Final = (
    "this tool needs a person's approval, and approvals are switched off for this request; nothing was executed or "
    "queued"
)
BY_POLICY: Final = "policy"
"""Who approved a call that changes something and asks nobody, because its MCP server's approval policy says so."""
TOO_NESTED: Final = f"the arguments have more than {MOST_NESTED} levels of objects and lists within each other"
"""The log cannot show such a call, so nobody could see, or approve, what it does."""
UNKNOWN_OUTCOME: Final = (
    "the server died while this call was made: whether it took effect is unknown, and it is not made again; look at "
    "the state before going on"
)


@dataclass(frozen=True, slots=True)
class Stopped:
    """Why the loop stopped."""


@dataclass(frozen=True, slots=True)
class Answer(Stopped):
    """There is an answer."""

    text: str
    figures: Figures
    finish_reason: str


@dataclass(frozen=True, slots=True)
class Pause(Stopped):
    """Calls wait: for approvals, for the client, or for both."""

    approvals: tuple[PendingCall, ...]
    frontend: tuple[ToolCall, ...]
    remote: tuple[PendingCall, ...]
    figures: Figures


@dataclass(frozen=True, slots=True)
class Failure(Stopped):
    """It cannot be answered."""

    kind: run_pb2.Failure
    message: str
    figures: Figures


@dataclass(frozen=True, slots=True)
class House:
    """What every run needs of the server."""

    database: Database
    clock: Clock
    toolbox: Toolbox
    limits: RunLimits


@dataclass(slots=True)
class _Cuts:
    listed: list[Truncation] = field(default_factory=list)


class RunLoop:
    """One run in the hands of one worker."""

    def __init__(
        self,
        house: House,
        run: RunRecord,
        engine: Engine,
        journal: RunJournal,
        conversation: Conversation,
        decided: Mapping[str, PendingCall],
    ) -> None:
        self._house = house
        self._run = run
        self._engine = engine
        self._journal = journal
        self._talk = conversation
        self._decided = decided
        self._scratch: dict[str, Any] = {}
        self._cuts = _Cuts(list(conversation.figures.truncations))
        self._costs = Costs()
        self._costs.CopyFrom(conversation.figures.costs)
        self._frontend = {tool.name: tool for tool in run.request.frontend_tools}
        self._tools = self._definitions()
        self._tools_tokens = count_tools(self._tools)

    async def run(self) -> Stopped:
        """To the answer, a pause or a failure. Raises what nobody expected, and LogMoved."""
        try:
            await self._settle_open_calls()
            pause = await self._call_tools(list(self._talk.open_calls.values()))
            while pause is None:
                if self._talk.step >= self._house.limits.max_steps:
                    return self._failure(
                        run_pb2.FAILURE_TOO_MANY_STEPS,
                        f"Too many LLM calls - exceeded max_steps: {self._talk.step}/{self._house.limits.max_steps}",
                    )
                answered, figures = await self._ask()
                if not answered.calls:
                    return Answer(answered.text, figures, answered.finish_reason)
                pause = await self._call_tools(list(self._talk.open_calls.values()))
            return pause
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

    # -- the model --------------------------------------------------------------------------------------------------

    async def _ask(self) -> tuple[Answered, Figures]:
        """One model call. A provider that finds the conversation too long gets a compacted one, once."""
        messages = await self._fitted(compacts=False)
        try:
            return await self._respond(messages)
        except ContextTooLong:
            return await self._respond(await self._fitted(compacts=True))

    async def _respond(self, messages: Sequence[dict[str, Any]]) -> tuple[Answered, Figures]:
        step = self._talk.step + 1
        count = count_conversation(messages, self._tools_tokens)
        request = ModelRequest(messages, self._tools, self._run.request.response_format)
        said = _Said(self._journal, step, streams=self._run.request.streams_text)
        answered: Answered | None = None
        begun = partial(make_figures, self._engine, count, self._costs, None, self._cuts.listed)
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
        return answered, self._note(step, answered, count)

    def _note(self, step: int, answered: Answered, count: TokenCount) -> Figures:
        """The step is complete."""
        self._costs = add_usage(self._costs, answered.usage)
        figures = make_figures(self._engine, count, self._costs, answered.usage, self._cuts.listed)
        taken = {*self._talk.wanted, *(call.id for call in self._run.request.open_calls)}
        self._add(
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
        return figures

    async def _fitted(self, *, compacts: bool) -> list[dict[str, Any]]:
        """The conversation as it fits into the window: compacted when it must be, then cut. Raises DoesNotFit."""
        window, most = self._engine.context_window, self._engine.max_output_tokens
        count = count_conversation(self._talk.messages, self._tools_tokens)
        threshold = self._house.limits.compaction_threshold_percent
        if compacts or compaction.is_needed(count.total, max_output=most, window=window, threshold_percent=threshold):
            await self._compact(count)
        messages, cuts = fit(self._talk.messages, tools_tokens=self._tools_tokens, window=window, max_output=most)
        known = {(cut.tool_call_id, cut.end_index) for cut in self._cuts.listed}
        self._cuts.listed += [cut for cut in truncations(cuts) if (cut.tool_call_id, cut.end_index) not in known]
        return messages

    async def _compact(self, before: TokenCount) -> None:
        system, old, rest = compaction.split(self._talk.messages)
        if not old:
            return
        window = self._engine.context_window
        self._add(compaction_started=run_pb2.CompactionStarted(tokens=before.total, context_window=window))
        summary, usage, why = await self._summary(old)
        messages = compaction.replace(system, rest, summary)
        after = count_conversation(messages, self._tools_tokens)
        self._costs = add_usage(self._costs, usage)
        self._costs.num_compactions += 1
        self._add(
            compacted=run_pb2.Compacted(
                notice=compaction.NOTICE,
                messages=[ParseDict(message, Struct()) for message in messages],
                initial_tokens=before.total,
                compacted_tokens=after.total,
                messages_before=len(self._talk.messages),
                messages_after=len(messages),
                context_window=window,
                threshold_percent=self._house.limits.compaction_threshold_percent,
                summary=summary,
                fallback_used=bool(why),
                fallback_reason=why,
                costs=add_usage(Costs(), usage),
                figures=make_figures(self._engine, after, self._costs, None, self._cuts.listed),
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

    # -- tools ------------------------------------------------------------------------------------------------------

    async def _settle_open_calls(self) -> None:
        """The calls that an earlier request left open: decided about there, executed or answered here."""
        answered = {finished.tool_call_id for finished in self._talk.results}
        for call in self._run.request.open_calls:
            if call.id not in answered:
                await self._settle(call)

    async def _settle(self, call: OpenCall) -> None:
        wanted = ToolCall(id=call.id, name=call.name, arguments=call.arguments)
        params = params_of(call.arguments)
        if call.decided and call.key:
            self._add(
                approval_decided=run_pb2.ApprovalDecided(
                    tool_call_id=call.id,
                    tool_name=call.name,
                    approved=call.approved,
                    decided_by=self._run.caller.account_name,
                    feedback=call.feedback,
                    arguments=to_struct(params),
                )
            )
        if call.outcome is OpenCallOutcome.EXECUTE:
            result = await self._execute_once(wanted, key=call.key, approved_by=self._run.caller.account_name)
        elif call.is_error:
            result = error_result(call.text, params)
        else:
            result = ToolResult(status=tool_pb2.TOOL_STATUS_SUCCESS, data=call.text, params=to_struct(params))
        self._finish_call(wanted, result, step=0)

    async def _call_tools(self, calls: Sequence[ToolCall]) -> Pause | None:
        """Make the calls of a step that have no result yet. None when each has its result, else what they wait for."""
        if not calls:
            return None
        earlier = self._earlier_calls(calls)
        for call in calls:
            if call.id not in self._talk.started_calls:
                self._announce(call)
        running, approvals, frontend, remote = [], [], [], []
        for call in calls:
            waits = self._waits_for(call, earlier)
            if waits == "approval":
                approvals.append(call)
            elif waits == "frontend":
                frontend.append(call)
            elif waits == "remote":
                remote.append(call)
            else:
                running.append(call)
        await self._run_all(running, earlier)
        if not approvals and not frontend and not remote:
            return None
        return self._pause(approvals, frontend, remote)

    def _earlier_calls(self, calls: Sequence[ToolCall]) -> set[str]:
        """The ids of those calls that this run has made before, to the letter."""
        made: dict[str, ToolCall | OpenCall] = {call.id: call for call in self._run.request.open_calls}
        made |= self._talk.wanted
        seen = {_canonical(made[each.tool_call_id]) for each in self._talk.results if each.tool_call_id in made}
        repeated: set[str] = set()
        for call in calls:
            key = _canonical(call)
            if key in seen:
                repeated.add(call.id)
            seen.add(key)
        return repeated

    def _waits_for(self, call: ToolCall, earlier: set[str]) -> str:
        """Whom a call must wait for: `approval`, `frontend`, `remote`, or nobody."""
        if call.id in earlier or call.id in self._decided or is_too_nested(params_of(call.arguments)):
            return ""
        front = self._frontend.get(call.name)
        if front is not None:
            return "frontend" if front.noop_response is None else ""
        tool = self._tool(call.name)
        if tool is None or tool.role > self._run.caller.role:
            return ""
        if isinstance(tool, RemoteTool):
            return "remote"
        if tool.needs_approval and self._run.request.on_approval is not OnApproval.REFUSE:
            return "approval"
        return ""

    async def _run_all(self, calls: Sequence[ToolCall], earlier: set[str]) -> None:
        """Several at a time; each result is told when it is there."""
        free = asyncio.Semaphore(self._house.limits.tool_concurrency)

        async def one(call: ToolCall) -> None:
            async with free:
                result = await self._result(call, repeated=call.id in earlier)
            self._finish_call(call, result, step=self._talk.step)

        async with asyncio.TaskGroup() as group:
            for call in calls:
                group.create_task(one(call))

    async def _result(self, call: ToolCall, *, repeated: bool) -> ToolResult:
        if repeated:
            return error_result(REPEATED, params_of(call.arguments))
        if is_too_nested(params_of(call.arguments)):
            return error_result(TOO_NESTED)
        front = self._frontend.get(call.name)
        if front is not None and front.noop_response is not None:
            params = to_struct(params_of(call.arguments))
            return ToolResult(status=tool_pb2.TOOL_STATUS_SUCCESS, data=front.noop_response, params=params)
        decided = self._decided.get(call.id)
        if decided is not None:
            return await self._decided_result(call, decided)
        tool = self._tool(call.name)
        if tool is not None and (tool.needs_approval or isinstance(tool, RemoteTool)):
            return error_result(REFUSED, params_of(call.arguments))
        if tool is not None and tool.writes:
            return await self._execute_once(call, key=f"{self._run.id}/{call.id}", approved_by=BY_POLICY)
        return to_result(await self._execute(call))

    async def _decided_result(self, call: ToolCall, decided: PendingCall) -> ToolResult:
        params = params_of(call.arguments)
        if isinstance(self._tool(call.name), RemoteTool):
            if decided.approved:
                answer = ToolAnswer(Status.SUCCESS, data=decided.result)
                return to_result(await self._house.toolbox.finished(answer, params))
            return error_result(decided.feedback or "the client did not answer in time", params)
        if not decided.approved:
            return error_result(denial(decided.feedback), params)
        return await self._execute_once(call, key=f"{self._run.id}/{call.id}", approved_by=decided.decided_by)

    async def _execute(self, call: ToolCall) -> Any:
        context = ToolContext(
            call=self._run.context(),
            tool_call_id=call.id,
            run_id=self._run.id,
            headers=self._run.request.headers,
            scratch=self._scratch,
        )
        return await self._house.toolbox.execute(call.name, call.arguments, context)

    async def _execute_once(self, call: ToolCall, *, key: str, approved_by: str) -> ToolResult:
        """A call that somebody approved. It is noted before it is made, and never made again for the same key."""
        await self._journal.flush()
        hashed = hashlib.sha256(f"{key}\0{call.name}\0{call.arguments}".encode(errors="replace")).hexdigest()
        claim = await self._house.database.transaction(
            partial(
                call_store.claim,
                tenant_id=self._run.tenant_id,
                key=hashed,
                run_id=self._run.id,
                tool_call_id=call.id,
                tool_name=call.name,
                approved_by=approved_by,
                now=self._house.clock.now(),
            )
        )
        if not claim.is_first:
            if claim.result is None:
                return error_result(UNKNOWN_OUTCOME, params_of(call.arguments))
            return ToolResult.FromString(claim.result)
        result = to_result(await self._execute(call))
        await self._house.database.transaction(
            partial(call_store.record, tenant_id=self._run.tenant_id, key=hashed, result=result.SerializeToString())
        )
        return result

    def _pause(self, approvals: Sequence[ToolCall], frontend: Sequence[ToolCall], remote: Sequence[ToolCall]) -> Pause:
        now = self._house.clock.now()
        waiting = [self._pending(call, "approval", now) for call in approvals]
        remotes = [self._pending(call, "remote", now) for call in remote]
        for pending in waiting:
            self._add(approval_asked=run_pb2.ApprovalAsked(approval=pending_message(pending)))
        for pending in remotes:
            self._add(
                remote_tool_requested=run_pb2.RemoteToolRequested(
                    request_id=pending.id,
                    tool_name=pending.tool_name,
                    arguments=to_struct(params_of(pending.arguments)),
                    timeout_ms=int((pending.expires_at - now).total_seconds() * 1000),
                )
            )
        return Pause(tuple(waiting), tuple(frontend), tuple(remotes), self._now_figures())

    def _pending(self, call: ToolCall, kind: str, now: Any) -> PendingCall:
        tool = self._tool(call.name)
        timeout = tool.client_timeout if isinstance(tool, RemoteTool) else self._house.limits.approval_timeout
        return PendingCall(
            tenant_id=self._run.tenant_id,
            run_id=self._run.id,
            tool_call_id=call.id,
            id=f"{self._run.id}.{call.id}",
            kind=kind,
            tool_name=call.name,
            arguments=call.arguments,
            description=self._house.toolbox.describe(call.name, call.arguments, self._run.caller),
            role=tool.role if tool is not None else self._run.caller.role,
            asked_at=now,
            expires_at=now + timeout,
        )

    def _announce(self, call: ToolCall) -> None:
        tool: Tool | None = self._tool(call.name)
        front = self._frontend.get(call.name)
        self._add(
            tool_call_started=run_pb2.ToolCallStarted(
                tool_call_id=call.id,
                tool_name=call.name,
                toolset="frontend" if front else tool.toolset if tool else "",
                description=self._describe(call, front),
                arguments=to_struct(params_of(call.arguments)),
                writes=tool.writes if tool is not None else False,
            )
        )

    def _finish_call(self, call: ToolCall, result: ToolResult, *, step: int) -> None:
        tool = self._tool(call.name)
        content, cut = cut_result(
            content_of(result),
            tool_call_id=call.id,
            tool_name=call.name,
            window=self._engine.context_window,
            share=self._house.limits.result_window_share,
            most=self._house.limits.result_most_tokens,
        )
        finished = ToolCallFinished(
            tool_call_id=call.id,
            tool_name=call.name,
            toolset="frontend" if call.name in self._frontend else tool.toolset if tool else "",
            description=self._describe(call, self._frontend.get(call.name)),
            result=result,
            content=content,
            step=step,
        )
        if cut is not None:
            listed = truncations([cut])
            finished.truncation.CopyFrom(listed[0])
            self._cuts.listed += listed
        self._add(tool_call_finished=finished)

    # -- the rest ---------------------------------------------------------------------------------------------------

    def _describe(self, call: ToolCall, front: FrontendTool | None) -> str:
        if front is not None:
            return (front.description or call.name)[:200]
        return self._house.toolbox.describe(call.name, call.arguments, self._run.caller)

    def _tool(self, name: str) -> Tool | None:
        tool = self._house.toolbox.find(name, self._run.caller)
        return None if isinstance(tool, RemoteTool) and not self._has_client_for(tool) else tool

    def _has_client_for(self, tool: RemoteTool) -> bool:
        """Whether somebody may be there who runs it: not behind a request that ends before it could be answered."""
        request = self._run.request
        return request.on_approval is OnApproval.WAIT and tool.is_offered_to(request.agent_id)

    def _definitions(self) -> tuple[ToolDefinition, ...]:
        front = (
            ToolDefinition(tool.name, tool.description, tool.parameters or {"type": "object", "properties": {}})
            for tool in self._frontend.values()
        )
        own = self._house.toolbox.definitions(self._run.caller)
        return (*(each for each in own if self._tool(each.name) is not None), *front)

    def _add(self, **event: Any) -> None:
        self._talk.apply(self._journal.add(**event))

    def _now_figures(self) -> Figures:
        """The figures of this moment: those of the last step, with a count of today."""
        figures = Figures()
        figures.CopyFrom(self._talk.figures)
        count = count_conversation(self._talk.messages, self._tools_tokens)
        fresh = make_figures(self._engine, count, self._costs, None, self._cuts.listed)
        fresh.usage.CopyFrom(figures.usage)
        return fresh

    def _failure(self, kind: run_pb2.Failure, message: str) -> Failure:
        return Failure(kind, message, self._now_figures())


class _Said:
    """The pieces of one answer on their way into the log: a few times a second, however fast they come."""

    def __init__(self, journal: RunJournal, step: int, *, streams: bool) -> None:
        self._journal = journal
        self._step = step
        self._streams = streams
        self._text: list[str] = []
        self._thinking: list[str] = []
        self._timer: asyncio.TimerHandle | None = None
        self._begun = False
        self._pieces = 0

    def more(self, delta: Delta, begun: Any) -> None:
        """One more piece. `begun` makes the figures for the notice that the first answer has begun; None: no notice."""
        self._pieces += 1
        if not self._streams:
            if not self._begun and begun is not None:
                self._timer = asyncio.get_running_loop().call_later(_GRACE, self._wait_for_quiet, begun())
            self._begun = True
            return
        if not delta.text:
            return
        (self._thinking if delta.is_thinking else self._text).append(delta.text)
        if not self._begun:
            self._begun = True
            self._write()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(_DELTA_PAUSE, self._write)

    def end(self) -> None:
        """Nothing more comes: what is left is written, and no notice any more."""
        if self._timer is not None:
            self._timer.cancel()
        self._write()

    def _wait_for_quiet(self, figures: Figures) -> None:
        """A quick model whose pieces are there already, on a busy machine, is not a slow one."""
        self._timer = asyncio.get_running_loop().call_later(_QUIET, self._tell_begun, figures, self._pieces)

    def _tell_begun(self, figures: Figures, pieces: int) -> None:
        if self._pieces != pieces:
            self._wait_for_quiet(figures)
            return
        self._journal.add(answer_begun=run_pb2.AnswerBegun(step=self._step, figures=figures))

    def _write(self) -> None:
        self._timer = None
        if thinking := "".join(self._thinking):
            self._journal.add(thinking_delta=run_pb2.TextDelta(step=self._step, text=thinking))
        if text := "".join(self._text):
            self._journal.add(text_delta=run_pb2.TextDelta(step=self._step, text=text))
        self._thinking, self._text = [], []


def pending_message(pending: PendingCall) -> run_pb2.PendingApproval:
    """A waiting call as it is shown."""
    message = run_pb2.PendingApproval(
        tool_call_id=pending.tool_call_id,
        tool_name=pending.tool_name,
        description=pending.description,
        arguments=to_struct(params_of(pending.arguments)),
        role=pending.role.name.lower(),
    )
    message.asked_at.FromDatetime(pending.asked_at)
    return message


def params_of(arguments: str) -> dict[str, Any]:
    """A call's arguments; empty when they are no JSON object."""
    try:
        return read_arguments(arguments)
    except ToolFailed:
        return {}


def _fresh(call: WantedCall, taken: set[str]) -> ToolCall:
    """The call with an id that no other one of the run has.

    Models count theirs, some from 1 at each answer: what was approved under an id is that one call and no later one.
    """
    call_id = new_id("call") if call.id in taken else call.id
    taken.add(call_id)
    return ToolCall(id=call_id, name=call.name, arguments=call.arguments)


def _canonical(call: ToolCall | OpenCall) -> tuple[str, str]:
    """The same for calls with the same arguments, however they are written."""
    try:
        arguments = read_arguments(call.arguments)
    except ToolFailed:
        return call.name, call.arguments
    if is_too_nested(arguments):
        return call.name, call.arguments
    return call.name, json.dumps(arguments, sort_keys=True)
