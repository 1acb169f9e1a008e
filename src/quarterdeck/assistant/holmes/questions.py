"""HolmesGPT's requests as runs: what each route asks, with which history, and what it lets the run do."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import orjson

from quarterdeck.assistant.holmes.follow_ups import FollowUp, follow_ups
from quarterdeck.assistant.holmes.history import Decision, cleaned, open_calls
from quarterdeck.assistant.holmes.sections import DEFAULTS, response_format
from quarterdeck.assistant.prompts.prompts import (
    INVESTIGATION,
    WORKLOAD,
    investigation_question,
    system_prompt,
    template,
    text,
    unknown_controls,
)
from quarterdeck.assistant.run import ChatMessage, FrontendTool, OnApproval, RunRequest
from quarterdeck.assistant.tools.toolbox import Toolbox
from quarterdeck.errors import Invalid, Reason
from quarterdeck.gen.holmes.v1.chat_pb2 import ChatRequest, IssueChatRequest, ToolDecision, WorkloadHealthChatRequest
from quarterdeck.gen.holmes.v1.investigate_pb2 import InvestigateRequest
from quarterdeck.gen.holmes.v1.server_pb2 import ExecuteCheckRequest
from quarterdeck.gen.holmes.v1.workload_health_pb2 import WorkloadHealthCheckRequest
from quarterdeck.identity.call import CallContext
from quarterdeck.messages import plain_struct

BLOCKED_HEADERS: Final = ("authorization", "cookie", "set-cookie", "x-api-key", "x-access-token")
_log = logging.getLogger(__name__)

_ANALYTICS: Final = (
    "user_id",
    "user_email",
    "request_type",
    "request_source",
    "source_ref",
    "conversation_id",
    "conversation_source",
    "conversation_link",
    "is_internal",
)
_MOST_HEADERS: Final = 100
NOOP_RESPONSE: Final = "The action was performed in the user's browser."
"""What a call of a frontend tool of the mode `noop` returns that has no text of its own."""

AnyChat = ChatRequest | IssueChatRequest | WorkloadHealthChatRequest


@dataclass(frozen=True, slots=True)
class Prompting:
    """What an operator decides about prompts and headers."""

    blocked_headers: frozenset[str] = frozenset(BLOCKED_HEADERS)
    controls: Mapping[str, bool] | None = None
    """Parts of the system prompt that are on or off, whatever a request says."""


@dataclass(frozen=True, slots=True)
class Question:
    """A request, ready to be run."""

    prompt: str
    model: str
    request: RunRequest
    follow_ups: tuple[FollowUp, ...]


class Questions:
    """Makes questions of requests."""

    def __init__(self, toolbox: Toolbox, prompting: Prompting, now: Callable[[], datetime], key: bytes) -> None:
        self._toolbox = toolbox
        self._prompting = prompting
        self._now = now
        self._key = key

    def chat(
        self, request: AnyChat, call: CallContext, *, streams: bool, framed: Mapping[str, Any] | None = None
    ) -> Question:
        """A chat. `framed` are facts that its question stands in. Raises Invalid, DomainError(IMAGE_INVALID)."""
        given = [plain_struct(message, "conversation_history") for message in request.conversation_history]
        approvals = streams and request.enable_tool_approval
        opened = open_calls(
            given,
            _decisions(request.tool_decisions),
            {each.tool_call_id: each.result for each in request.frontend_tool_results},
            key=self._key,
            tenant_id=call.tenant_id,
            now=self._now(),
        )
        resumes = bool(request.tool_decisions or request.frontend_tool_results)
        asked = self._asked(request, framed) if request.ask or not resumes else []
        extra = [request.additional_system_prompt] if request.additional_system_prompt else []
        asked_controls = {name.lower(): is_on for name, is_on in request.behavior_controls.items()}
        for name in unknown_controls(asked_controls):
            _log.info("behavior_controls has %r, which nothing here knows", name[:80])
        system = {"role": "system", "content": system_prompt(self._controls(asked_controls), extra=extra)}
        wanted = plain_struct(request.response_format, "response_format")
        run = RunRequest(
            messages=(system, *cleaned(given[1:]), *asked),
            on_approval=OnApproval.END if approvals else OnApproval.REFUSE,
            streams_text=False,
            response_format=wanted if request.HasField("response_format") else None,
            frontend_tools=tuple(self._frontend_tools(request, call, streams=streams)),
            open_calls=opened,
            headers=self._headers(call),
            analytics=_analytics(request),
        )
        return Question(request.ask, request.model, run, () if framed is not None else follow_ups(given))

    def issue_chat(self, request: IssueChatRequest, call: CallContext, *, streams: bool) -> Question:
        """A chat about an issue that was looked into before."""
        result = request.investigation_result
        facts = {
            "issue_type": request.issue_type,
            "investigation": result.result,
            "tools": [
                {"name": tool.name, "description": tool.description, "output": tool.output} for tool in result.tools
            ],
        }
        return self.chat(request, call, streams=streams, framed=facts)

    def workload_health_chat(self, request: WorkloadHealthChatRequest, call: CallContext) -> Question:
        """A chat about a workload that was checked before."""
        result = request.workload_health_result
        facts = {
            "resource": plain_struct(request.resource, "resource"),
            "analysis": result.analysis or result.result,
            "tools": [
                {"name": tool.name, "description": tool.description, "output": tool.output} for tool in result.tools
            ],
        }
        return self.chat(request, call, streams=False, framed=facts)

    def investigation(
        self, request: InvestigateRequest, call: CallContext, incident: Mapping[str, Any] | None
    ) -> Question:
        """An investigation, with the record of an incident when the request names one. Raises DomainError."""
        titles = {each.title: each.description for each in request.sections.entries} or dict(DEFAULTS)
        wanted = "\n".join(f"- {title}: {about}" for title, about in titles.items())
        context = plain_struct(request.context, "context")
        facts: dict[str, Any] = {
            "source": request.source,
            "title": request.title,
            "description": request.description,
            "subject": plain_struct(request.subject, "subject"),
            "context": context,
            "incident": incident,
        }
        if incident is not None:
            facts["incident_id"] = str(context.get("robusta_issue_id"))
        frame = f"{template(request.prompt_template or INVESTIGATION)}\n\nAnswer with these sections:\n{wanted}"
        return self._once(call, request.title, request.model, frame, facts, response_format(titles) if titles else None)

    def health_check(self, request: WorkloadHealthCheckRequest, call: CallContext) -> Question:
        """A check of a workload. Raises DomainError(PROMPT_TEMPLATE_UNKNOWN)."""
        facts = {
            "resource": plain_struct(request.resource, "resource"),
            "instructions": list(request.instructions),
            "alert_history_hours": request.alert_history_since_hours
            if request.HasField("alert_history_since_hours")
            else 24.0,
        }
        frame = f"{template(request.prompt_template or WORKLOAD)}\n\nThe question: {request.ask}"
        schema = {
            "type": "object",
            "properties": {"workload_healthy": {"type": "boolean"}, "root_cause_summary": {"type": "string"}},
            "required": ["workload_healthy", "root_cause_summary"],
            "additionalProperties": False,
        }
        wanted = {"type": "json_schema", "json_schema": {"name": "WorkloadHealth", "strict": False, "schema": schema}}
        return self._once(call, request.ask, request.model, frame, facts, wanted)

    def check(self, request: ExecuteCheckRequest, call: CallContext, wanted: Mapping[str, Any]) -> Question:
        """A check: a question whose answer is yes or no."""
        frame = f"Check this, and say whether it holds: {request.query}"
        return self._once(call, request.query, request.model, frame, {"check": request.name}, wanted)

    def _once(
        self,
        call: CallContext,
        prompt: str,
        model: str,
        frame: str,
        facts: Mapping[str, Any],
        wanted: Mapping[str, Any] | None,
    ) -> Question:
        question = investigation_question(
            frame, {key: value for key, value in facts.items() if value not in (None, "")}
        )
        messages = (
            {"role": "system", "content": system_prompt(self._prompting.controls)},
            {"role": "user", "content": question},
        )
        run = RunRequest(
            messages=messages,
            on_approval=OnApproval.REFUSE,
            streams_text=False,
            response_format=wanted,
            headers=self._headers(call),
        )
        return Question(prompt, model, run, ())

    def _asked(self, request: AnyChat, framed: Mapping[str, Any] | None) -> list[ChatMessage]:
        question = request.ask
        if framed is not None:
            question = f"{investigation_question(text('issue_chat'), framed)}\n\n{request.ask}"
        now = self._now().replace(microsecond=0).isoformat().replace("+00:00", "Z")
        wrapped = f"{question}\n\n<context>\n{orjson.dumps({'time_utc': now}).decode()}\n</context>"
        if not request.images:
            return [{"role": "user", "content": wrapped}]
        blocks: list[dict[str, Any]] = [{"type": "text", "text": wrapped}]
        return [{"role": "user", "content": blocks + [_image(image) for image in request.images]}]

    def _frontend_tools(self, request: AnyChat, call: CallContext, *, streams: bool) -> Iterable[FrontendTool]:
        taken = {each.name for each in self._toolbox.definitions(call.caller)}
        for tool in request.frontend_tools:
            if tool.name in taken:
                raise Invalid(Reason.FIELD_INVALID, f"frontend tool {tool.name!r} has the name of another tool")
            taken.add(tool.name)
            pauses = (tool.mode or "pause") == "pause"
            if pauses and not streams:
                why = f"frontend tool {tool.name!r} pauses, which takes a request with stream=true"
                raise Invalid(Reason.FIELD_INVALID, why)
            yield FrontendTool(
                tool.name,
                tool.description,
                plain_struct(tool.parameters, "frontend_tools.parameters") if tool.HasField("parameters") else {},
                None if pauses else tool.noop_response or NOOP_RESPONSE,
            )

    def _controls(self, asked: Mapping[str, bool]) -> dict[str, bool]:
        return {**asked, **(self._prompting.controls or {})}

    def _headers(self, call: CallContext) -> dict[str, str]:
        passed = {name: value for name, value in call.headers.items() if name not in self._prompting.blocked_headers}
        return dict(list(passed.items())[:_MOST_HEADERS])


def _image(image: Any) -> dict[str, Any]:
    if image.WhichOneof("image") == "url":
        return {"type": "image_url", "image_url": {"url": image.url}}
    given = plain_struct(image.object, "images")
    if not isinstance(given.get("url"), str) or not given["url"]:
        raise Invalid(Reason.IMAGE_INVALID, "Image dict must contain a 'url' key")
    return {"type": "image_url", "image_url": {key: given[key] for key in ("url", "detail", "format") if key in given}}


def _decisions(given: Iterable[ToolDecision]) -> dict[str, Decision]:
    """By call; of two decisions about one call that differ, the denial counts."""
    found: dict[str, Decision] = {}
    for each in given:
        known = found.get(each.tool_call_id)
        if known is None or known.approved:
            found[each.tool_call_id] = Decision(each.approved, each.feedback)
    return found


def _analytics(request: AnyChat) -> dict[str, Any]:
    found: dict[str, Any] = {name: getattr(request, name) for name in _ANALYTICS if request.HasField(name)}
    if request.HasField("meta"):
        found["meta"] = plain_struct(request.meta, "meta")
    return found
