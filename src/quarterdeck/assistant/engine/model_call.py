"""One call of a model, in pydantic-ai's words and back in ours. Imported with the first language model only."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, Final
from uuid import uuid4

from pydantic_ai import exceptions
from pydantic_ai.messages import (
    ModelResponse,
    PartDeltaEvent,
    PartStartEvent,
    TextPart,
    TextPartDelta,
    ThinkingPart,
    ThinkingPartDelta,
    ToolCallPart,
    ToolCallPartDelta,
)
from pydantic_ai.models import ModelRequestParameters
from pydantic_ai.output import OutputObjectDefinition
from pydantic_ai.tools import ToolDefinition as ModelTool
from pydantic_ai.usage import RequestUsage

from quarterdeck.assistant.engine.engine import (
    Answered,
    ContextTooLong,
    Delta,
    ModelError,
    ModelRateLimited,
    ModelRefusesCredentials,
    ModelRequest,
    ModelUsage,
    ToolDefinition,
    WantedCall,
)
from quarterdeck.assistant.engine.model_list import ModelEntry
from quarterdeck.assistant.tools.redaction import REDACTED, redact_text

MOST_ANSWER: Final = 4_000_000
"""Characters that a model may say in one call; more is a model that does not end."""
_MOST_ERROR: Final = 2000
_MOST_ID: Final = 100
_MOST_NAME: Final = 64
_REASONS: Final = {"stop": "stop", "tool_call": "tool_calls", "length": "length", "content_filter": "content_filter"}
_NO_NAME: Final = re.compile(r"[^a-zA-Z0-9_-]")


def parameters(request: ModelRequest) -> ModelRequestParameters:
    """The tools and the form of the answer."""
    tools = _model_tools(request.tools)
    schema = (request.response_format or {}).get("json_schema")
    if not isinstance(schema, dict) or not isinstance(schema.get("schema"), dict):
        return ModelRequestParameters(function_tools=tools)
    wanted = OutputObjectDefinition(
        json_schema=schema["schema"], name=str(schema.get("name") or "answer"), strict=bool(schema.get("strict"))
    )
    return ModelRequestParameters(function_tools=tools, output_mode="native", output_object=wanted)


def _model_tools(tools: Sequence[ToolDefinition]) -> list[ModelTool]:
    return [
        ModelTool(
            name=tool.name, description=tool.description, parameters_json_schema=dict(tool.parameters), strict=False
        )
        for tool in tools
    ]


def piece(event: Any) -> tuple[Delta | None, int]:
    """What an event adds to the answer, and how many characters the model said with it."""
    if isinstance(event, PartDeltaEvent):
        delta = event.delta
        if isinstance(delta, TextPartDelta):
            return Delta(clean(delta.content_delta)), len(delta.content_delta)
        if isinstance(delta, ThinkingPartDelta) and delta.content_delta:
            return Delta(clean(delta.content_delta), is_thinking=True), len(delta.content_delta)
        if isinstance(delta, ToolCallPartDelta):
            return None, len(delta.args_delta) if isinstance(delta.args_delta, str) else 0
    elif isinstance(event, PartStartEvent):
        part = event.part
        if isinstance(part, TextPart | ThinkingPart) and part.content:
            return Delta(clean(part.content), is_thinking=isinstance(part, ThinkingPart)), len(part.content)
        if isinstance(part, ToolCallPart) and isinstance(part.args, str):
            return None, len(part.args)
    return None, 0


def check_length(said: int, entry: ModelEntry) -> None:
    """Raises ModelError when a model has said too much."""
    if said > MOST_ANSWER:
        raise ModelError(f"model {entry.name!r} does not end its answer")


def answered(response: ModelResponse, entry: ModelEntry) -> Answered:
    """The whole answer. Raises ModelError when the stream ended before it did, or the model reports an error.

    An empty answer is an answer. A refusal is an answer, too, with the reason `content_filter`. Calls have ids of
    their own, and names that could be a tool's, whatever the model gave; what does not exist is for the tools to say.
    """
    details = response.provider_details or {}
    if response.finish_reason is None and not details.get("finish_reason"):
        raise ModelError(f"model {entry.name!r}: the answer was cut off")
    if response.finish_reason == "error":
        raise ModelError(f"model {entry.name!r} reported an error")
    text = "".join(part.content for part in response.parts if isinstance(part, TextPart))
    thinking = "".join(part.content for part in response.parts if isinstance(part, ThinkingPart))
    calls = _unique(part for part in response.parts if isinstance(part, ToolCallPart))
    reason = "tool_calls" if calls else _REASONS.get(response.finish_reason or "stop", "stop")
    refusal = details.get("refusal")
    if not text and isinstance(refusal, str):
        text = refusal
    return Answered(clean(text), calls, clean(thinking), _usage(response, entry), reason)


def _unique(parts: Iterable[ToolCallPart]) -> tuple[WantedCall, ...]:
    seen: set[str] = set()
    found = []
    for part in parts:
        given = part.tool_call_id
        call_id = given if given and given not in seen and len(given) <= _MOST_ID else f"call_{uuid4().hex[:24]}"
        seen.add(call_id)
        name = _NO_NAME.sub("_", part.tool_name)[:_MOST_NAME] or "unknown"
        # As the model wrote them: what pydantic-ai makes of text that is no JSON would hide the mistake from it.
        arguments = part.args if isinstance(part.args, str) and part.args else part.args_as_json_str()
        found.append(WantedCall(clean(call_id), name, clean(arguments)))
    return tuple(found)


def _usage(response: ModelResponse, entry: ModelEntry) -> ModelUsage:
    usage = response.usage
    return ModelUsage(
        prompt_tokens=usage.input_tokens or 0,
        completion_tokens=usage.output_tokens or 0,
        cached_tokens=usage.cache_read_tokens or 0,
        reasoning_tokens=(usage.details or {}).get("reasoning_tokens", 0),
        cache_creation_tokens=usage.cache_write_tokens or 0,
        cost=_listed_cost(usage, entry) if entry.has_prices else _known_cost(response),
    )


def _listed_cost(usage: RequestUsage, entry: ModelEntry) -> float:
    """By the model list's prices. Tokens from and into a cache cost what other ones do, unless the list says more."""
    price = entry.input_cost_per_token or 0.0
    read, created = usage.cache_read_tokens or 0, usage.cache_write_tokens or 0
    read_price, created_price = entry.cache_read_cost_per_token, entry.cache_creation_cost_per_token
    return (
        max(0, (usage.input_tokens or 0) - read - created) * price
        + read * (price if read_price is None else read_price)
        + created * (price if created_price is None else created_price)
        + (usage.output_tokens or 0) * (entry.output_cost_per_token or 0.0)
    )


def _known_cost(response: ModelResponse) -> float:
    """By the prices that come with pydantic-ai; 0 for a model that they do not have."""
    try:
        return float(response.cost().total_price)
    except (LookupError, ValueError, AssertionError):
        return 0.0


def model_error(error: Exception, entry: ModelEntry) -> ModelError:
    """What became of a model call, in one of four kinds, without anything secret."""
    if isinstance(error, TimeoutError | exceptions.ModelTimeoutError):
        return ModelError(f"model {entry.name!r} did not answer in time")
    text = _words(error)
    kind = _kind(error, text)
    for secret in entry.secrets:
        text = text.replace(secret, REDACTED)
    return kind(redact_text(clean(text))[:_MOST_ERROR])


def _kind(error: Exception, text: str) -> type[ModelError]:
    status = getattr(error, "status_code", None)
    if isinstance(error, exceptions.ModelRateLimitError) or status == 429 or "Model is getting throttled" in text:
        return ModelRateLimited
    if isinstance(error, exceptions.ModelAuthenticationError) or status in {401, 403}:
        return ModelRefusesCredentials
    if isinstance(error, exceptions.ModelContextWindowExceededError) or "context_length_exceeded" in text:
        return ContextTooLong
    return ModelError


def _words(error: Exception) -> str:
    """The provider's own, when there are any."""
    body = getattr(error, "body", None)
    if isinstance(body, dict):
        inner = body.get("error", body)
        message = inner.get("message") if isinstance(inner, dict) else inner
        if message and isinstance(message, str):
            return message[: _MOST_ERROR * 2]
    return (str(error) or type(error).__name__)[: _MOST_ERROR * 2]


def clean(text: str) -> str:
    """The text without halves of surrogate pairs, which JSON can carry and UTF-8 cannot."""
    if text.isascii():
        return text
    return text.encode("utf-8", "replace").decode("utf-8")
