"""`holmes.v1.HolmesService`: every route of HolmesGPT's API, on the runs of this server."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import orjson
from google.protobuf.json_format import MessageToDict
from google.protobuf.struct_pb2 import ListValue

from quarterdeck.assistant.engine.models import Models
from quarterdeck.assistant.holmes.approval_tokens import sign
from quarterdeck.assistant.holmes.encoding import (
    RATE_LIMIT_TEXT,
    Records,
    final_metadata,
    follow_up_messages,
    investigation_end,
    section_entries,
    tool_call_result,
)
from quarterdeck.assistant.holmes.history import NothingPending
from quarterdeck.assistant.holmes.questions import AnyChat, Question, Questions
from quarterdeck.assistant.holmes.sections import DEFAULTS, parse, unfenced
from quarterdeck.assistant.run import RunRecord, Source
from quarterdeck.assistant.running.endings import why_it_ended
from quarterdeck.assistant.running.runs import Runs
from quarterdeck.assistant.tools.incidents import is_private
from quarterdeck.assistant.tools.mcp_servers import McpServers, McpServerStatus
from quarterdeck.assistant.tools.runbooks import Runbooks
from quarterdeck.assistant.tools.toolbox import Toolbox
from quarterdeck.clock import Clock
from quarterdeck.errors import (
    DomainError,
    Invalid,
    LimitExceeded,
    NotFound,
    PreconditionFailed,
    Reason,
    Unauthenticated,
)
from quarterdeck.gen.assistant.v1 import run_pb2
from quarterdeck.gen.holmes.v1 import (
    chat_pb2,
    investigate_pb2,
    server_pb2,
    stream_pb2,
    workload_health_pb2,
)
from quarterdeck.gen.incident.v1.incidents_service_pb2 import GetIncidentRequest
from quarterdeck.identity.call import CallContext, Role
from quarterdeck.incidents.incidents_service import IncidentsService
from quarterdeck.messages import plain_struct

_MOST_CHECK_SECONDS: Final = 600
_RELOADED: Final = "read again by this process; others of the same server go on with what they have"
_CHECK: Final = {
    "type": "json_schema",
    "json_schema": {
        "name": "CheckResult",
        "strict": False,
        "schema": {
            "type": "object",
            "properties": {"passed": {"type": "boolean"}, "rationale": {"type": "string"}},
            "required": ["passed", "rationale"],
            "additionalProperties": False,
        },
    },
}


@dataclass(frozen=True, slots=True)
class ServerFacts:
    """What `/api/info` tells."""

    version: str
    authenticates: bool
    models_path: str = ""
    config_path: str = ""


@dataclass(frozen=True, slots=True)
class Reloading:
    """Reads the configuration again, in this process. Both tell how many there are now, and raise Invalid."""

    models: Callable[[], Awaitable[int]]
    mcp_servers: Callable[[], Awaitable[int]]


class HolmesService:
    """Asks questions as HolmesGPT's clients do. Nothing is kept between two requests but the runs themselves."""

    def __init__(
        self,
        runs: Runs,
        models: Models,
        toolbox: Toolbox,
        questions: Questions,
        incidents: IncidentsService,
        clock: Clock,
        key: bytes,
        facts: ServerFacts,
        mcp: McpServers,
        runbooks: Runbooks | None = None,
        reloading: Reloading | None = None,
    ) -> None:
        """`reloading` is None where the admin API is switched off."""
        self._runs = runs
        self._models = models
        self._toolbox = toolbox
        self._questions = questions
        self._incidents = incidents
        self._clock = clock
        self._key = key
        self._facts = facts
        self._mcp = mcp
        self._runbooks = runbooks
        self._reloading = reloading
        self._started = clock.monotonic()

    # -- chats ------------------------------------------------------------------------------------------------------

    async def chat(self, request: chat_pb2.ChatRequest, call: CallContext) -> chat_pb2.ChatResponse:
        return await self._answered(self._chat(request, call, streams=False), call)

    async def chat_stream(
        self, request: chat_pb2.ChatRequest, call: CallContext
    ) -> AsyncGenerator[stream_pb2.ChatStreamResponse, None]:
        async with aclosing(self._chat_records(request, call)) as records:
            async for record in records:
                yield record

    async def issue_chat(self, request: chat_pb2.IssueChatRequest, call: CallContext) -> chat_pb2.ChatResponse:
        return await self._answered(
            self._checked(lambda: self._questions.issue_chat(request, call, streams=False)), call
        )

    async def stream_issue_chat(
        self, request: chat_pb2.IssueChatRequest, call: CallContext
    ) -> AsyncGenerator[stream_pb2.ChatStreamResponse, None]:
        async with aclosing(self._chat_records(request, call)) as records:
            async for record in records:
                yield record

    async def workload_health_chat(
        self, request: chat_pb2.WorkloadHealthChatRequest, call: CallContext
    ) -> chat_pb2.ChatResponse:
        return await self._answered(self._checked(lambda: self._questions.workload_health_chat(request, call)), call)

    # -- investigations ---------------------------------------------------------------------------------------------

    async def investigate(
        self, request: investigate_pb2.InvestigateRequest, call: CallContext
    ) -> investigate_pb2.InvestigateResponse:
        question = self._questions.investigation(request, call, await self._incident(request, call))
        run, records, completed = await self._finished(question, call)
        analysis, found = parse(completed.answer, _titles(request))
        answer = investigate_pb2.InvestigateResponse(
            analysis=analysis,
            tool_calls=[tool_call_result(each) for each in records.conversation.results],
            instructions=list(completed.runbooks),
            metadata=final_metadata(completed, run),
        )
        if found is not None:
            answer.sections.entries.extend(section_entries(found))
        return answer

    async def stream_investigate(
        self, request: investigate_pb2.InvestigateRequest, call: CallContext
    ) -> AsyncGenerator[stream_pb2.StreamInvestigateResponse, None]:
        question = self._questions.investigation(request, call, await self._incident(request, call))
        run = await self._begin(question, call)
        async with aclosing(self._records(run, question)) as records:
            async for name, message, event in records:
                if name == "ai_answer_end":
                    end = investigation_end(message, list(event.completed.runbooks), _titles(request))
                    yield stream_pb2.StreamInvestigateResponse(ai_answer_end=end)
                else:
                    yield stream_pb2.StreamInvestigateResponse(**{name: message})

    async def workload_health_check(
        self, request: workload_health_pb2.WorkloadHealthCheckRequest, call: CallContext
    ) -> investigate_pb2.InvestigateResponse:
        question = self._questions.health_check(request, call)
        run, records, completed = await self._finished(question, call)
        return investigate_pb2.InvestigateResponse(
            analysis=unfenced(completed.answer),
            tool_calls=[tool_call_result(each) for each in records.conversation.results],
            instructions=list(request.instructions) + list(completed.runbooks),
            metadata=final_metadata(completed, run),
        )

    # -- the server -------------------------------------------------------------------------------------------------

    async def get_models(self, request: server_pb2.GetModelsRequest, call: CallContext) -> server_pb2.GetModelsResponse:  # noqa: ARG002
        return server_pb2.GetModelsResponse(model_name=orjson.dumps(self._models.names()).decode())

    async def get_info(self, request: server_pb2.GetInfoRequest, call: CallContext) -> server_pb2.GetInfoResponse:
        toolsets = self._toolbox.toolsets(call.caller)
        books = await asyncio.to_thread(self._runbook_names)
        answer = server_pb2.GetInfoResponse(
            version=self._facts.version,
            uptime_seconds=round(self._clock.monotonic() - self._started, 3),
            auth_enabled=self._facts.authenticates,
            models=self._models.names(),
            toolsets_summary=server_pb2.ToolsetsSummary(total=len(toolsets), enabled=len(toolsets)),
            runbooks_count=len(books),
        )
        if request.detail != "full":
            return answer
        if call.caller.role >= Role.ADMIN:
            if self._facts.config_path:
                answer.config_path = self._facts.config_path
            if self._facts.models_path:
                answer.model_list_path = self._facts.models_path
        answer.toolsets.extend(
            server_pb2.ToolsetInfo(name=name, enabled=True, status="enabled", type="built-in", tool_count=len(tools))
            for name, tools in toolsets.items()
        )
        answer.runbooks.CopyFrom(_list(books))
        answer.mcp_servers.CopyFrom(_list([_mcp_server(each) for each in self._mcp.status(call.tenant_id)]))
        return answer

    async def execute_check(
        self, request: server_pb2.ExecuteCheckRequest, call: CallContext
    ) -> server_pb2.ExecuteCheckResponse:
        began = time.perf_counter()
        seconds = request.timeout if request.HasField("timeout") else 30
        question = self._questions.check(request, call, _CHECK)
        answer = server_pb2.ExecuteCheckResponse(model_used=self._models.name_of(request.model))
        run = await self._begin(question, call)
        try:
            async with asyncio.timeout(min(max(seconds, 1), _MOST_CHECK_SECONDS)):
                _, completed = await self._to_the_end(run, question)
        except TimeoutError:
            await self._runs.cancel(call.caller, run.id)
            _failed_check(answer, f"the check was not done within {seconds} seconds")
        except DomainError as error:
            _failed_check(answer, error.message)
        else:
            _judge(answer, completed.answer)
        answer.duration = round(time.perf_counter() - began, 3)
        answer.notifications.extend(_skipped(each, request.mode, answer.status) for each in request.destinations)
        return answer

    async def oauth_callback(
        self,
        request: server_pb2.OauthCallbackRequest,
        call: CallContext,  # noqa: ARG002
    ) -> server_pb2.OauthCallbackResponse:
        raise Invalid(Reason.FIELD_INVALID, f"toolset {request.toolset_name[:80]!r} has no OAuth configuration")

    async def reload(self, request: server_pb2.ReloadRequest, call: CallContext) -> server_pb2.ReloadResponse:  # noqa: ARG002
        reloading = self._switched_on()
        counts = {"models": await reloading.models(), "mcp_servers": await reloading.mcp_servers()}
        return server_pb2.ReloadResponse(status="ok", component="all", detail=_RELOADED, counts=counts)

    async def reload_models(
        self,
        request: server_pb2.ReloadModelsRequest,  # noqa: ARG002
        call: CallContext,  # noqa: ARG002
    ) -> server_pb2.ReloadResponse:
        counts = {"models": await self._switched_on().models()}
        return server_pb2.ReloadResponse(status="ok", component="models", detail=_RELOADED, counts=counts)

    async def reload_toolsets(
        self,
        request: server_pb2.ReloadToolsetsRequest,  # noqa: ARG002
        call: CallContext,  # noqa: ARG002
    ) -> server_pb2.ReloadResponse:
        counts = {"mcp_servers": await self._switched_on().mcp_servers()}
        return server_pb2.ReloadResponse(status="ok", component="toolsets", detail=_RELOADED, counts=counts)

    def _switched_on(self) -> Reloading:
        if self._reloading is None:
            raise _switched_off()
        return self._reloading

    # -- how ----------------------------------------------------------------------------------------------------------

    def _chat(self, request: chat_pb2.ChatRequest, call: CallContext, *, streams: bool) -> Question:
        return self._checked(lambda: self._questions.chat(request, call, streams=streams))

    def _checked(self, make: Any) -> Question:
        """Raises PreconditionFailed for decisions about calls that nobody asked for: a 500 in this family."""
        try:
            question: Question = make()
        except NothingPending as error:
            raise PreconditionFailed(Reason.APPROVAL_NOT_FOUND, str(error)) from error
        return question

    async def _chat_records(
        self, request: AnyChat, call: CallContext
    ) -> AsyncGenerator[stream_pb2.ChatStreamResponse, None]:
        try:
            if isinstance(request, chat_pb2.IssueChatRequest):
                question = self._questions.issue_chat(request, call, streams=True)
            else:
                question = self._questions.chat(request, call, streams=True)
        except NothingPending as error:
            failed = stream_pb2.StreamError(description=str(error), error_code=1, msg=str(error), success=False)
            yield stream_pb2.ChatStreamResponse(error=failed)
            return
        run = await self._begin(question, call)
        async with aclosing(self._records(run, question)) as records:
            async for name, message, _ in records:
                yield stream_pb2.ChatStreamResponse(**{name: message})

    async def _begin(self, question: Question, call: CallContext) -> RunRecord:
        return await self._runs.begin(
            call.caller,
            question.request,
            prompt=question.prompt or "(decisions)",
            model=question.model,
            source=Source.HOLMES,
        )

    async def _records(
        self, run: RunRecord, question: Question
    ) -> AsyncGenerator[tuple[str, Any, run_pb2.RunEvent], None]:
        encoder = Records(run, question.follow_ups, partial(self._sign, run))
        async with aclosing(self._runs.follow(run)) as events:
            async for event in events:
                for record in encoder.of(event):
                    for name, message in record.items():
                        yield name, message, event
                if encoder.ended:
                    return

    def _sign(self, run: RunRecord, call_id: str, name: str, arguments: str) -> str:
        return sign(
            self._key,
            tenant_id=run.tenant_id,
            call_id=call_id,
            name=name,
            arguments=arguments,
            nonce=f"{run.id}/{call_id}",
            now=self._clock.now(),
        )

    async def _answered(self, question: Question, call: CallContext) -> chat_pb2.ChatResponse:
        run, records, completed = await self._finished(question, call)
        return chat_pb2.ChatResponse(
            analysis=completed.answer,
            conversation_history=records.history(),
            tool_calls=[tool_call_result(each) for each in records.conversation.results],
            follow_up_actions=follow_up_messages(question.follow_ups),
            metadata=final_metadata(completed, run),
        )

    async def _finished(self, question: Question, call: CallContext) -> tuple[RunRecord, Records, run_pb2.RunCompleted]:
        run = await self._begin(question, call)
        records, completed = await self._to_the_end(run, question)
        return run, records, completed

    async def _to_the_end(self, run: RunRecord, question: Question) -> tuple[Records, run_pb2.RunCompleted]:
        """Raises what the JSON routes answer with a status: 429, 401, 500."""
        encoder = Records(run, question.follow_ups, partial(self._sign, run))
        async with aclosing(self._runs.follow(run)) as events:
            async for event in events:
                encoder.conversation.apply(event)
                match event.WhichOneof("event"):
                    case "completed":
                        return encoder, event.completed
                    case "failed":
                        raise _failure(event.failed)
                    case "interrupted" | "canceled":
                        raise DomainError(Reason.MODEL_FAILED, why_it_ended(event))
                    case _:
                        pass
        raise DomainError(Reason.MODEL_FAILED, "the run ended without an answer")

    async def _incident(
        self, request: investigate_pb2.InvestigateRequest, call: CallContext
    ) -> Mapping[str, Any] | None:
        """The incident that `context.robusta_issue_id` names; None for an id that is unknown, and for a private one."""
        named = plain_struct(request.context, "context").get("robusta_issue_id")
        incident_id = "" if named is None else str(named).removesuffix(".0")
        if not incident_id:
            return None
        try:
            answer = await self._incidents.get_incident(GetIncidentRequest(incident_id=incident_id), call)
        except (NotFound, Invalid):
            return None
        if is_private(answer.incident):
            return None
        return MessageToDict(answer.incident, preserving_proto_field_name=True)

    def _runbook_names(self) -> list[str]:
        return [] if self._runbooks is None else [book.name for book in self._runbooks.read_all()]


def _failure(failed: run_pb2.RunFailed) -> DomainError:
    match failed.failure:
        case run_pb2.FAILURE_RATE_LIMITED:
            return LimitExceeded(Reason.MODEL_RATE_LIMITED, failed.message or RATE_LIMIT_TEXT)
        case run_pb2.FAILURE_UNAUTHENTICATED:
            return Unauthenticated(Reason.MODEL_REFUSES_CREDENTIALS, failed.message)
        case _:
            return DomainError(Reason.MODEL_FAILED, failed.message)


def _titles(request: investigate_pb2.InvestigateRequest) -> list[str]:
    return [entry.title for entry in request.sections.entries] or list(DEFAULTS)


def _switched_off() -> NotFound:
    return NotFound(Reason.METHOD_UNKNOWN, "Not Found")


def _judge(answer: server_pb2.ExecuteCheckResponse, text: str) -> None:
    try:
        value = orjson.loads(unfenced(text))
    except orjson.JSONDecodeError:
        value = None
    if isinstance(value, dict) and str(value.get("passed")).lower() in ("true", "false"):
        value["passed"] = str(value["passed"]).lower() == "true"  # some models write it as a text
    if not isinstance(value, dict) or not isinstance(value.get("passed"), bool):
        unsure = isinstance(value, dict) and value.get("passed", 0) is None
        why = "the model could not tell" if unsure else "the model's verdict could not be read"
        _failed_check(answer, why)
        if isinstance(value, dict):
            answer.rationale = str(value.get("rationale") or "")
        return
    answer.status = "pass" if value["passed"] else "fail"
    answer.rationale = str(value.get("rationale") or "")
    answer.message = answer.rationale or f"the check did {'' if value['passed'] else 'not '}pass"


def _skipped(destination: server_pb2.CheckDestination, mode: str, status: str) -> server_pb2.CheckNotification:
    """Nobody is told anything here, for one reason or another."""
    if mode != "alert":
        why = "only checks of the mode 'alert' tell anybody"
    elif status == "pass":
        why = "the check passed"
    else:
        why = f"this server cannot reach destinations of the type {destination.type!r}"
    channel = plain_struct(destination.config, "destinations.config").get("channel")
    return server_pb2.CheckNotification(
        type=destination.type, channel=str(channel) if channel else None, status="skipped", error=why
    )


def _failed_check(answer: server_pb2.ExecuteCheckResponse, why: str) -> None:
    answer.status, answer.message, answer.error = "error", why, why


def _mcp_server(status: McpServerStatus) -> dict[str, Any]:
    told = {"name": status.name, "type": status.type, "status": status.status, "tool_count": status.tool_count}
    return {**told, "error": status.error} if status.error else told


def _list(values: list[Any]) -> ListValue:
    made = ListValue()
    made.extend(values)
    return made
