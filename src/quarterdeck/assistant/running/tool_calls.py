"""`ToolCalls`: makes the tool calls of one run, or has them wait for whom they need.

Everything about a call goes through the log: that it begins, what it waits for, who decided, and what came of it. One
that changes something is noted in the database before it is made, and never made twice.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Final

from quarterdeck.assistant.context.truncation import cut_result
from quarterdeck.assistant.engine.engine import ToolDefinition
from quarterdeck.assistant.run import FrontendTool, OnApproval, OpenCall, OpenCallOutcome, PendingCall, denial
from quarterdeck.assistant.running.figures import truncations
from quarterdeck.assistant.running.house import House
from quarterdeck.assistant.running.progress import RunProgress
from quarterdeck.assistant.running.results import (
    MOST_NESTED,
    content_of,
    error_result,
    is_too_nested,
    to_result,
    to_struct,
)
from quarterdeck.assistant.store import calls as call_store
from quarterdeck.assistant.tools.remote import RemoteTool
from quarterdeck.assistant.tools.tool import Status, Tool, ToolAnswer, ToolContext, ToolFailed
from quarterdeck.assistant.tools.toolbox import ExecutedCall, read_arguments
from quarterdeck.gen.assistant.v1 import run_pb2, tool_pb2
from quarterdeck.gen.assistant.v1.run_pb2 import ToolCall, ToolCallFinished
from quarterdeck.gen.assistant.v1.tool_pb2 import ToolResult

REPEATED: Final = (
    "this exact call has its result in this run already and is not made again; use the result that is there"
)
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
class Waiting:
    """What a step waits for: decisions about some calls, the client that runs others, or both."""

    approvals: tuple[PendingCall, ...]
    frontend: tuple[ToolCall, ...]
    remote: tuple[PendingCall, ...]


class ToolCalls:
    """The calls of one run."""

    def __init__(
        self, house: House, progress: RunProgress, decided: Mapping[str, PendingCall], context_window: int
    ) -> None:
        self._house = house
        self._run = progress.run
        self._progress = progress
        self._talk = progress.conversation
        self._decided = decided
        self._context_window = context_window
        self._scratch: dict[str, Any] = {}
        self._frontend = {tool.name: tool for tool in progress.run.request.frontend_tools}

    def definitions(self) -> tuple[ToolDefinition, ...]:
        """What the model is offered: what the caller may use, and what the request brings."""
        front = (
            ToolDefinition(tool.name, tool.description, tool.parameters or {"type": "object", "properties": {}})
            for tool in self._frontend.values()
        )
        own = self._house.toolbox.definitions(self._run.caller)
        return (*(each for each in own if self._tool(each.name) is not None), *front)

    async def settle_open_calls(self) -> None:
        """The calls that an earlier request left open: decided about there, executed or answered here."""
        answered = {finished.tool_call_id for finished in self._talk.results}
        for call in self._run.request.open_calls:
            if call.id not in answered:
                await self._settle(call)

    async def _settle(self, call: OpenCall) -> None:
        wanted = ToolCall(id=call.id, name=call.name, arguments=call.arguments)
        params = params_of(call.arguments)
        if call.decided and call.key:
            self._progress.add(
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

    async def make(self) -> Waiting | None:
        """Make the calls of the last step that have no result yet. None when each has one, else what they wait for."""
        calls = list(self._talk.open_calls.values())
        if not calls:
            return None
        earlier = self._earlier_calls(calls)
        for call in calls:
            if call.id not in self._talk.started_calls:
                self._announce(call)
        by_whom: dict[str, list[ToolCall]] = {}
        for call in calls:
            by_whom.setdefault(self._waits_for(call, earlier), []).append(call)
        await self._run_all(by_whom.pop("", ()), earlier)
        if not by_whom:
            return None
        return self._waiting(by_whom.get("approval", ()), by_whom.get("frontend", ()), by_whom.get("remote", ()))

    def _earlier_calls(self, calls: Sequence[ToolCall]) -> set[str]:
        """The ids of those calls that this run has made before, to the letter, and nothing was changed since."""
        asked: dict[str, ToolCall | OpenCall] = {call.id: call for call in self._run.request.open_calls}
        asked |= self._talk.wanted
        seen: set[tuple[str, str]] = set()
        for each in self._talk.results:
            call = asked.get(each.tool_call_id)
            if call is None or each.result.error == REPEATED:
                continue
            if each.result.status == tool_pb2.TOOL_STATUS_SUCCESS and self._writes(call.name):
                seen.clear()
            seen.add(_canonical(call))
        repeated: set[str] = set()
        for call in calls:
            key = _canonical(call)
            if key in seen:
                repeated.add(call.id)
            seen.add(key)
        return repeated

    def _writes(self, name: str) -> bool:
        tool = self._tool(name)
        return tool is not None and tool.writes

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

        # Each to its end, whatever becomes of the others: one that writes must not be stopped in the middle.
        outcomes = await asyncio.gather(*map(one, calls), return_exceptions=True)
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                raise outcome

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

    async def _execute(self, call: ToolCall) -> ExecutedCall:
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
        tool = self._tool(call.name)
        if tool is None or tool.role > self._run.caller.role:
            # It is refused, which uses the approval not up: whoever may make the call still can.
            return to_result(await self._execute(call))
        await self._progress.journal.flush()
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

    def _waiting(
        self, approvals: Sequence[ToolCall], frontend: Sequence[ToolCall], remote: Sequence[ToolCall]
    ) -> Waiting:
        now = self._house.clock.now()
        waiting = [self._pending(call, "approval", now) for call in approvals]
        remotes = [self._pending(call, "remote", now) for call in remote]
        for pending in waiting:
            self._progress.add(approval_asked=run_pb2.ApprovalAsked(approval=pending_message(pending)))
        for pending in remotes:
            self._progress.add(
                remote_tool_requested=run_pb2.RemoteToolRequested(
                    request_id=pending.id,
                    tool_name=pending.tool_name,
                    arguments=to_struct(params_of(pending.arguments)),
                    timeout_ms=int((pending.expires_at - now).total_seconds() * 1000),
                )
            )
        return Waiting(tuple(waiting), tuple(frontend), tuple(remotes))

    def _pending(self, call: ToolCall, kind: str, now: datetime) -> PendingCall:
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
        self._progress.add(
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
            window=self._context_window,
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
            self._progress.truncations += listed
        self._progress.add(tool_call_finished=finished)

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


def _canonical(call: ToolCall | OpenCall) -> tuple[str, str]:
    """The same for calls with the same arguments, however they are written."""
    try:
        arguments = read_arguments(call.arguments)
    except ToolFailed:
        return call.name, call.arguments
    if is_too_nested(arguments):
        return call.name, call.arguments
    return call.name, json.dumps(arguments, sort_keys=True)
