"""`LanguageModel`: one entry of the model list, asked through pydantic-ai's model classes.

Of pydantic-ai only the models are used, not its agent: which calls are made, and when, is the run's own business.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass
from typing import Any, Final
from uuid import uuid4

from quarterdeck.assistant.engine.engine import (
    Answered,
    ContextTooLong,
    Delta,
    ModelError,
    ModelRateLimited,
    ModelRefusesCredentials,
    ModelRequest,
    ModelUsage,
    WantedCall,
)
from quarterdeck.assistant.engine.model_list import ModelEntry

_REASONS: Final = {"stop": "stop", "tool_call": "tool_calls", "length": "length", "content_filter": "content_filter"}
_PASSED_ON: Final = frozenset(
    {"top_p", "seed", "presence_penalty", "frequency_penalty", "parallel_tool_calls", "extra_body"}
)


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a model may be silent, in seconds."""

    first: float = 120.0
    """Before its first word."""
    between: float = 60.0
    """Between two pieces."""


class LanguageModel:
    """A model that is asked over the network. Nothing is imported or connected before the first question."""

    kind = "model"

    def __init__(self, entry: ModelEntry, patience: Patience | None = None) -> None:
        self._entry = entry
        self._patience = patience or Patience()
        self._model: Any = None
        self._setting_up = asyncio.Lock()

    @property
    def context_window(self) -> int:
        return self._entry.context_window

    @property
    def max_output_tokens(self) -> int:
        return self._entry.max_output_tokens

    async def respond(self, request: ModelRequest) -> AsyncGenerator[Delta | Answered, None]:
        if self._model is None:
            await self._set_up()
        from pydantic_ai import messages as m

        from quarterdeck.assistant.engine.chat_messages import to_model_messages

        messages = to_model_messages(request.messages)
        try:
            async with self._model.request_stream(messages, self._settings(), _parameters(request)) as stream:
                async for event in _patient(stream, self._patience):
                    if isinstance(event, m.PartDeltaEvent):
                        delta = event.delta
                        if isinstance(delta, m.TextPartDelta):
                            yield Delta(delta.content_delta)
                        elif isinstance(delta, m.ThinkingPartDelta) and delta.content_delta:
                            yield Delta(delta.content_delta, is_thinking=True)
                    elif isinstance(event, m.PartStartEvent):
                        part = event.part
                        if isinstance(part, m.TextPart) and part.content:
                            yield Delta(part.content)
                        elif isinstance(part, m.ThinkingPart) and part.content:
                            yield Delta(part.content, is_thinking=True)
                answered = self._answered(stream.get())
        except ModelError:
            raise
        except Exception as error:
            raise _model_error(error, self._entry.name) from error
        yield answered

    async def close(self) -> None:
        """Lets go of the connections to the provider."""
        client = getattr(self._model, "client", None)
        close = getattr(client, "close", None)
        if close is not None and asyncio.iscoroutinefunction(close):
            await close()
        self._model = None

    async def _set_up(self) -> None:
        """Imports what the model needs, which takes a second and most of its memory, beside the event loop."""
        async with self._setting_up:
            if self._model is None:
                self._model = await asyncio.to_thread(_build, self._entry, self._patience)

    def _settings(self) -> Any:
        settings: dict[str, Any] = {key: value for key, value in self._entry.arguments.items() if key in _PASSED_ON}
        settings["max_tokens"] = self._entry.max_output_tokens
        if self._entry.temperature is not None:
            settings["temperature"] = self._entry.temperature
        return settings

    def _answered(self, response: Any) -> Answered:
        from pydantic_ai import messages as m

        text = "".join(part.content for part in response.parts if isinstance(part, m.TextPart))
        thinking = "".join(part.content for part in response.parts if isinstance(part, m.ThinkingPart))
        calls = _unique(
            WantedCall(part.tool_call_id or "", part.tool_name, part.args_as_json_str())
            for part in response.parts
            if isinstance(part, m.ToolCallPart)
        )
        if response.finish_reason is None and not calls:
            raise ModelError(f"model {self._entry.name!r}: the answer was cut off")
        if response.finish_reason == "error":
            raise ModelError(f"model {self._entry.name!r} reported an error")
        reason = "tool_calls" if calls else _REASONS.get(response.finish_reason or "stop", "stop")
        return Answered(text, calls, thinking, self._usage(response.usage), reason)

    def _usage(self, usage: Any) -> ModelUsage:
        prompt, completion = usage.input_tokens or 0, usage.output_tokens or 0
        price = prompt * self._entry.input_cost_per_token + completion * self._entry.output_cost_per_token
        return ModelUsage(
            prompt_tokens=prompt,
            completion_tokens=completion,
            cached_tokens=usage.cache_read_tokens or 0,
            reasoning_tokens=(usage.details or {}).get("reasoning_tokens", 0),
            cache_creation_tokens=usage.cache_write_tokens or 0,
            cost=price,
        )


def _build(entry: ModelEntry, patience: Patience) -> Any:
    from quarterdeck.assistant.engine.providers import build_model

    return build_model(entry, timeout=patience.first)


def _parameters(request: ModelRequest) -> Any:
    from pydantic_ai.models import ModelRequestParameters
    from pydantic_ai.output import OutputObjectDefinition
    from pydantic_ai.tools import ToolDefinition

    tools = [
        ToolDefinition(
            name=tool.name, description=tool.description, parameters_json_schema=dict(tool.parameters), strict=False
        )
        for tool in request.tools
    ]
    schema = (request.response_format or {}).get("json_schema")
    if not isinstance(schema, dict) or not isinstance(schema.get("schema"), dict):
        return ModelRequestParameters(function_tools=tools)
    wanted = OutputObjectDefinition(
        json_schema=schema["schema"], name=str(schema.get("name") or "answer"), strict=bool(schema.get("strict"))
    )
    return ModelRequestParameters(function_tools=tools, output_mode="native", output_object=wanted)


async def _patient(stream: AsyncIterator[Any], patience: Patience) -> AsyncGenerator[Any, None]:
    """The events, as long as the model is not silent for too long. One timer looks now and then, not one per event."""
    loop = asyncio.get_running_loop()
    heard = loop.time()
    limit = patience.first
    async with asyncio.timeout_at(heard + limit) as timeout:
        async for event in stream:
            now = loop.time()
            if now - heard > patience.between / 4 or limit != patience.between:
                heard, limit = now, patience.between
                timeout.reschedule(now + limit * 1.25)
            yield event


def _unique(calls: Any) -> tuple[WantedCall, ...]:
    """Every call with an id of its own, whatever the model gave."""
    seen: set[str] = set()
    found = []
    for call in calls:
        call_id = call.id if call.id and call.id not in seen and len(call.id) <= 100 else f"call_{uuid4().hex[:24]}"
        seen.add(call_id)
        found.append(WantedCall(call_id, call.name, call.arguments))
    return tuple(found)


def _model_error(error: Exception, name: str) -> ModelError:
    """What became of a model call, in one of four kinds."""
    from pydantic_ai import exceptions as e

    if isinstance(error, TimeoutError):
        return ModelError(f"model {name!r} did not answer in time")
    text = _text(error)
    status = getattr(error, "status_code", None)
    if isinstance(error, e.ModelRateLimitError) or status == 429 or "Model is getting throttled" in text:
        return ModelRateLimited(text)
    if isinstance(error, e.ModelAuthenticationError) or status in {401, 403}:
        return ModelRefusesCredentials(text)
    if isinstance(error, e.ModelContextWindowExceededError) or "context_length_exceeded" in text:
        return ContextTooLong(text)
    return ModelError(text)


def _text(error: Exception) -> str:
    """The provider's own words, when there are any."""
    body = getattr(error, "body", None)
    if isinstance(body, dict):
        inner = body.get("error", body)
        message = inner.get("message") if isinstance(inner, dict) else None
        if message:
            return str(message)[:2000]
    return (str(error) or type(error).__name__)[:2000]
