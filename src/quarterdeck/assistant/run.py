"""Runs and chats as they are stored: one question on its way to an answer, and the conversation that it belongs to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from quarterdeck.identity.call import CallContext, Caller, Role

ChatMessage = dict[str, Any]

API_AGENT: Final = "grafana_assistant_api"
CLI_AGENT: Final = "grafana_assistant_cli"
K6_AGENT: Final = "grafana_assistant_k6_studio"
INVESTIGATION_AGENT: Final = "investigation_agent"
AGENTS: Final = (API_AGENT, CLI_AGENT, K6_AGENT, INVESTIGATION_AGENT)


class RunState(StrEnum):
    """Where a run is; the names of A2A's task states, with one of our own."""

    SUBMITTED = "submitted"
    WORKING = "working"
    INPUT_REQUIRED = "input_required"
    COMPLETED = "completed"
    FAILED = "failed"
    INTERRUPTED = "interrupted"
    CANCELED = "canceled"

    @property
    def is_final(self) -> bool:
        return self not in OPEN_STATES


OPEN_STATES: Final = (RunState.SUBMITTED, RunState.WORKING, RunState.INPUT_REQUIRED)


class Source(StrEnum):
    """Where a chat began."""

    ASSISTANT = "assistant"
    CLI = "cli"
    HOLMES = "holmes"
    INVESTIGATION = "investigation"


class OnApproval(StrEnum):
    """What a run does when a call needs somebody's approval."""

    WAIT = "wait"
    """It waits until somebody decides, or nobody did in time."""
    END = "end"
    """It is over: the client goes on with another request, as HolmesGPT's do."""
    REFUSE = "refuse"
    """The call is answered with an error, and the model goes on."""


class OpenCallOutcome(StrEnum):
    """What is to become of a call that an earlier request left open."""

    EXECUTE = "execute"
    """Somebody approved it."""
    ANSWER = "answer"
    """It has its result: from the client, or because it was denied or abandoned."""


@dataclass(frozen=True, slots=True)
class OpenCall:
    """A call of an earlier request that this run begins with."""

    id: str
    name: str
    arguments: str
    """JSON text, exactly as in the history."""
    outcome: OpenCallOutcome
    approved: bool = False
    text: str = ""
    """Of ANSWER: what the model reads."""
    is_error: bool = True
    """Of ANSWER: whether the text is an error."""
    key: str = ""
    """Of EXECUTE: what makes two approvals the same one; the call is never made twice for it."""
    feedback: str = ""
    decided: bool = True
    """Whether somebody decided: else nobody did, and the call is denied for that."""


@dataclass(frozen=True, slots=True)
class FrontendTool:
    """A tool that the client has."""

    name: str
    description: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    noop_response: str | None = None
    """Answered at once with this text; without it, the run ends and the client answers with another request."""


@dataclass(frozen=True, slots=True)
class RunRequest:
    """All that a worker needs; kept as JSON with the run."""

    messages: tuple[ChatMessage, ...]
    """The conversation with the system's text first and the question last."""
    on_approval: OnApproval = OnApproval.WAIT
    streams_text: bool = True
    """Whether pieces of text are logged as they come."""
    response_format: Mapping[str, Any] | None = None
    frontend_tools: tuple[FrontendTool, ...] = ()
    open_calls: tuple[OpenCall, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    """Passed on to tools."""
    agent_id: str = API_AGENT
    investigation_id: str = ""
    analytics: Mapping[str, Any] = field(default_factory=dict)
    """What the client said about itself; kept, never looked at."""

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> RunRequest:
        return cls(
            messages=tuple(value["messages"]),
            on_approval=OnApproval(value["on_approval"]),
            streams_text=value["streams_text"],
            response_format=value["response_format"],
            frontend_tools=tuple(FrontendTool(**tool) for tool in value["frontend_tools"]),
            open_calls=tuple(
                OpenCall(**{**call, "outcome": OpenCallOutcome(call["outcome"])}) for call in value["open_calls"]
            ),
            headers=value["headers"],
            agent_id=value["agent_id"],
            investigation_id=value["investigation_id"],
            analytics=value["analytics"],
        )


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One row of a run."""

    tenant_id: str
    id: str
    chat_id: str
    state: RunState
    first_sequence: int
    model: str
    engine: str
    prompt: str
    request: RunRequest
    caller: Caller
    created_at: datetime
    finished_at: datetime | None = None
    answer: str = ""
    evidence: tuple[Mapping[str, str], ...] = ()
    """The answer's references: kind, id, detail, title."""
    costs: Mapping[str, Any] = field(default_factory=dict)
    error: str = ""
    canceled_by: str | None = None
    transcript: tuple[ChatMessage, ...] = ()
    """What it added to the conversation, from the question on; empty before it is over."""

    @property
    def question_id(self) -> str:
        """The id of the question among the chat's messages."""
        return f"{self.id}-q"

    @property
    def answer_id(self) -> str:
        """The id of the answer among the chat's messages."""
        return f"{self.id}-a"

    def context(self) -> CallContext:
        """The call in which its tools act: that of whoever asked."""
        return CallContext(caller=self.caller, request_id=self.id)


@dataclass(frozen=True, slots=True)
class ChatRecord:
    """One row of a chat."""

    tenant_id: str
    id: str
    name: str
    source: Source
    agent_id: str
    created_by: str
    created_at: datetime
    modified_at: datetime
    archived_at: datetime | None
    head: int
    """The sequence of the last event in its log."""
    last_run_id: str


@dataclass(frozen=True, slots=True)
class PendingCall:
    """A call that waits: for somebody's approval, or for the client that runs it."""

    tenant_id: str
    run_id: str
    tool_call_id: str
    id: str
    kind: str
    tool_name: str
    arguments: str
    description: str
    role: Role
    asked_at: datetime
    expires_at: datetime
    decided_at: datetime | None = None
    approved: bool = False
    decided_by: str = ""
    feedback: str = ""
    result: str = ""


APPROVAL: Final = "approval"
REMOTE: Final = "remote"


def caller_to_json(caller: Caller) -> dict[str, Any]:
    return {
        "tenant_id": caller.tenant_id,
        "account_id": caller.account_id,
        "account_name": caller.account_name,
        "role": int(caller.role),
        "token_id": caller.token_id,
    }


def caller_from_json(value: Mapping[str, Any]) -> Caller:
    return Caller(**{**value, "role": Role(value["role"])})


DENIED: Final = "Tool execution was denied by the user."


def denial(feedback: str) -> str:
    """What the model reads when somebody said no."""
    return f"{DENIED} User feedback: {feedback}" if feedback else DENIED


_TITLE: Final = 80


def title_of(prompt: str) -> str:
    """A chat's title: the first line of its first question, shortened."""
    line = next((line.strip() for line in prompt.splitlines() if line.strip()), "") or "Untitled"
    return line if len(line) <= _TITLE else f"{line[: _TITLE - 1].rstrip()}…"


def storable(text: str) -> str:
    """Text that both databases keep: without NUL characters and halves of surrogate pairs."""
    return text.replace("\x00", "\N{REPLACEMENT CHARACTER}").encode(errors="replace").decode()
