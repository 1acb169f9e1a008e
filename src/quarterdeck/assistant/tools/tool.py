"""A tool, what it is called with, and what it answers.

Tools raise nothing that their callers must know: the toolbox turns every failure into a result that says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from pydantic import BaseModel, ConfigDict

from quarterdeck.assistant.engine.engine import ToolDefinition
from quarterdeck.identity.call import CallContext, Role


class Status(StrEnum):
    """What became of a call."""

    SUCCESS = "success"
    ERROR = "error"
    NO_DATA = "no_data"
    APPROVAL_REQUIRED = "approval_required"
    FRONTEND_PAUSE = "frontend_pause"


class ReferenceKind(StrEnum):
    """What a reference leads to."""

    PIPELINE_REVISION = "pipeline"
    COLLECTOR = "collector"
    INCIDENT = "incident"
    ACTIVITY_ITEM = "activity"
    TOOL_CALL = "call"


@dataclass(frozen=True, slots=True)
class Reference:
    """Evidence. `detail` is a revision's id for a pipeline, the incident's id for an activity item."""

    kind: ReferenceKind
    id: str
    detail: str = ""
    title: str = ""


@dataclass(frozen=True, slots=True)
class ToolAnswer:
    """What a tool answered. `data` is text, or anything that JSON can carry."""

    status: Status
    data: Any = None
    error: str = ""
    url: str = ""
    """Where a person finds the same."""
    invocation: str = ""
    """The query or request, in the words of the system that was asked."""
    references: tuple[Reference, ...] = ()
    return_code: int | None = None


def found(data: Any, *, references: tuple[Reference, ...] = (), invocation: str = "", url: str = "") -> ToolAnswer:
    """There is data."""
    return ToolAnswer(Status.SUCCESS, data, references=references, invocation=invocation, url=url)


def nothing(why: str, *, invocation: str = "") -> ToolAnswer:
    """It worked, and there is nothing; `why` says what was looked for."""
    return ToolAnswer(Status.NO_DATA, why, invocation=invocation)


class ToolFailed(Exception):  # noqa: N818 - what happened
    """A tool's failure with a sentence that the model, and people, may read."""

    def __init__(self, message: str, *, invocation: str = "", return_code: int | None = None) -> None:
        super().__init__(message)
        self.invocation = invocation
        self.return_code = return_code


@dataclass(frozen=True, slots=True)
class ToolContext:
    """What a tool may know about its call."""

    call: CallContext
    """Who asks: tools act with this caller's role, never with more."""
    tool_call_id: str
    run_id: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    """The request's headers that are passed on, lower-case; never credentials for this server."""
    scratch: dict[str, Any] = field(default_factory=dict)
    """One per run, kept in memory while a worker has the run: the plan list lives here."""


class Parameters(BaseModel):
    """A tool's arguments; its JSON schema is what models are told. Fields have descriptions and limits."""

    model_config = ConfigDict(extra="forbid")


class Tool(Protocol):
    """One tool. Implementations are small frozen classes, made when the server starts."""

    @property
    def definition(self) -> ToolDefinition:
        """Name, description and JSON schema. Names match `[a-zA-Z0-9_-]{1,64}`."""
        ...

    @property
    def toolset(self) -> str:
        """The group that it belongs to, such as `fleet`."""
        ...

    @property
    def writes(self) -> bool:
        """Whether it changes anything. A call that does is never made twice for one call id."""
        ...

    @property
    def needs_approval(self) -> bool:
        """Whether somebody must allow each call: always true of our own tools that write. An MCP server's tool may
        write without, where its operator's approval policy says so."""
        ...

    @property
    def role(self) -> Role:
        """The lowest role that may use it, and may approve it."""
        ...

    @property
    def timeout(self) -> float:
        """Seconds after which a call is given up."""
        ...

    def describe(self, arguments: Mapping[str, Any]) -> str:
        """What the call does, in one line of at most 200 characters. Never fails, whatever the arguments are."""
        ...

    async def run(self, arguments: Mapping[str, Any], context: ToolContext) -> ToolAnswer:
        """Make the call. May raise anything; ToolFailed and DomainError carry a sentence for the model.

        pydantic's ValidationError from reading the arguments is told to the model as it is.
        """
        ...
