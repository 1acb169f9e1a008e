"""`Engine`: one model call, whoever makes it. The run's loop knows this protocol and nothing of any provider.

Conversations are in OpenAI's chat format everywhere outside the adapters: plain dicts with `role`, `content`,
`tool_calls`, `tool_call_id` and `name`. That is what HolmesGPT's clients send and get back, and what is stored.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

ChatMessage = dict[str, Any]
"""One message in OpenAI's chat format."""


@dataclass(frozen=True, slots=True)
class ToolDefinition:
    """A tool as a model is told of it."""

    name: str
    description: str
    parameters: Mapping[str, Any]
    """A JSON schema of type object."""


@dataclass(frozen=True, slots=True)
class WantedCall:
    """A tool call as the model wants it. The arguments are JSON text, exactly as the model wrote them."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class ModelUsage:
    """What a provider counted at one call. All zero when it says nothing, and without a language model."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0
    reasoning_tokens: int = 0
    cache_creation_tokens: int = 0
    cost: float = 0.0
    """In US dollars; 0 when no price is known."""


@dataclass(frozen=True, slots=True)
class ModelRequest:
    """One model call."""

    messages: Sequence[ChatMessage]
    """The whole conversation; the first message is the system's."""
    tools: Sequence[ToolDefinition] = ()
    response_format: Mapping[str, Any] | None = None
    """`{"type": "json_schema", "json_schema": {"name", "strict", "schema"}}`, or None for text."""


@dataclass(frozen=True, slots=True)
class Delta:
    """A piece of the answer's text, or of the model's reasoning. An empty one says that the model has begun."""

    text: str
    is_thinking: bool = False


@dataclass(frozen=True, slots=True)
class Answered:
    """The end of a model call: everything that it said. Always the last thing that an engine yields."""

    text: str
    calls: tuple[WantedCall, ...] = ()
    thinking: str = ""
    usage: ModelUsage = field(default_factory=ModelUsage)
    finish_reason: str = "stop"
    """`stop`, `tool_calls`, `length` or `content_filter`."""
    answered_by: str = ""
    """The name in the model list, when it was a fallback that answered."""


class Engine(Protocol):
    """One entry of the model list, ready to be asked. Safe for concurrent calls."""

    @property
    def kind(self) -> str:
        """`builtin` for the planner without a language model, `model` for one with."""
        ...

    @property
    def context_window(self) -> int:
        """Tokens that a call may have, question and answer together."""
        ...

    @property
    def max_output_tokens(self) -> int:
        """Tokens that an answer may have."""
        ...

    def respond(self, request: ModelRequest) -> AsyncGenerator[Delta | Answered, None]:
        """Deltas as they come, then one `Answered`. Raises `ModelError`.

        A generator that is closed early ends the call at the provider, too.
        """
        ...


class ModelError(Exception):
    """A model call that failed for good, retries and fallbacks included. The message is the provider's own text."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class ModelRateLimited(ModelError):  # noqa: N818 - what happened
    """The provider limits how often it is asked."""


class ModelRefusesCredentials(ModelError):  # noqa: N818 - what happened
    """The provider does not know our key, or does not let it use this model."""


class ContextTooLong(ModelError):  # noqa: N818 - what is the matter
    """The provider says that the conversation does not fit into the model's context."""
