"""`assistant.v1.RunService`: runs for our own clients."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

from quarterdeck.assistant.convert import from_run
from quarterdeck.assistant.running.decisions import Decisions
from quarterdeck.assistant.running.feeds import sequence_of
from quarterdeck.assistant.running.runs import Runs
from quarterdeck.gen.assistant.v1 import run_service_pb2 as pb
from quarterdeck.gen.assistant.v1.run_pb2 import Run
from quarterdeck.identity.call import CallContext


class RunService:
    """Shows runs, and takes what they wait for."""

    def __init__(self, runs: Runs, decisions: Decisions) -> None:
        self._runs = runs
        self._decisions = decisions

    async def get_run(self, request: pb.GetRunRequest, call: CallContext) -> pb.GetRunResponse:
        return pb.GetRunResponse(run=await self._run(request.id, call))

    async def watch_run(
        self, request: pb.WatchRunRequest, call: CallContext
    ) -> AsyncGenerator[pb.WatchRunResponse, None]:
        after = sequence_of(request.after)
        run = await self._runs.get(call.tenant_id, request.id)
        async with aclosing(self._runs.follow(run, after)) as events:
            async for event in events:
                yield pb.WatchRunResponse(id=str(event.sequence), event=event)

    async def decide_approval(self, request: pb.DecideApprovalRequest, call: CallContext) -> pb.DecideApprovalResponse:
        await self._decisions.decide(
            call.caller, request.run_id, request.tool_call_id, approved=request.approved, feedback=request.feedback
        )
        return pb.DecideApprovalResponse(run=await self._run(request.run_id, call))

    async def answer_remote_tool(
        self, request: pb.AnswerRemoteToolRequest, call: CallContext
    ) -> pb.AnswerRemoteToolResponse:
        await self._decisions.answer_remote(
            call.caller,
            request.run_id,
            request.request_id,
            success=request.success,
            result=request.result,
            error=request.error,
        )
        return pb.AnswerRemoteToolResponse(run=await self._run(request.run_id, call))

    async def cancel_run(self, request: pb.CancelRunRequest, call: CallContext) -> pb.CancelRunResponse:
        await self._runs.cancel(call.caller, request.id)
        return pb.CancelRunResponse(run=await self._run(request.id, call))

    async def _run(self, run_id: str, call: CallContext) -> Run:
        run = await self._runs.get(call.tenant_id, run_id)
        pending = [] if run.state.is_final else await self._decisions.pending(call.tenant_id, run_id)
        return from_run(run, pending)
