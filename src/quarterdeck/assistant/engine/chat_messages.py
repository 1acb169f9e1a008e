"""Conversations in OpenAI's chat format as pydantic-ai's messages. Imported with the first language model only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic_ai.messages import (
    BinaryContent,
    ImageUrl,
    ModelMessage,
    ModelRequest,
    ModelRequestPart,
    ModelResponse,
    ModelResponsePart,
    SystemPromptPart,
    TextPart,
    ThinkingPart,
    ToolCallPart,
    ToolReturnPart,
    UserContent,
    UserPromptPart,
)

from quarterdeck.assistant.context.truncation import text_of
from quarterdeck.assistant.engine.engine import ModelError


def to_model_messages(messages: Sequence[Mapping[str, Any]]) -> list[ModelMessage]:
    """What is said without an answer in between is one request. Raises ModelError for an image without an address."""
    names = _call_names(messages)
    found: list[ModelMessage] = []
    parts: list[ModelRequestPart] = []
    for message in messages:
        if message.get("role") == "assistant":
            if parts:
                found.append(ModelRequest(parts=parts))
                parts = []
            found.append(ModelResponse(parts=_response_parts(message)))
        else:
            parts.append(_request_part(message, names))
    if parts:
        found.append(ModelRequest(parts=parts))
    return found


def _request_part(message: Mapping[str, Any], names: Mapping[str, str]) -> ModelRequestPart:
    content = message.get("content")
    match message.get("role"):
        case "system" | "developer":
            return SystemPromptPart(text_of(content))
        case "tool":
            call_id = str(message.get("tool_call_id") or "")
            name = str(message.get("name") or names.get(call_id) or "unknown")
            return ToolReturnPart(tool_name=name, content=text_of(content), tool_call_id=call_id)
        case _:
            return UserPromptPart(content if isinstance(content, str) else _blocks(content))


def _blocks(content: Any) -> list[UserContent]:
    return [_block(block) for block in content or ()]


def _block(block: Any) -> UserContent:
    if isinstance(block, str):
        return block
    if isinstance(block, Mapping) and block.get("type") == "image_url":
        image = block.get("image_url")
        url = image.get("url") if isinstance(image, Mapping) else image
        if not isinstance(url, str) or not url:
            raise ModelError("Image dict must contain a 'url' key")
        return BinaryContent.from_data_uri(url) if url.startswith("data:") else ImageUrl(url)
    return str(block.get("text") or "") if isinstance(block, Mapping) else str(block)


def _response_parts(message: Mapping[str, Any]) -> list[ModelResponsePart]:
    parts: list[ModelResponsePart] = []
    if reasoning := message.get("reasoning_content"):
        parts.append(ThinkingPart(str(reasoning)))
    calls = message.get("tool_calls") or ()
    text = text_of(message.get("content"))
    if text or not calls:
        parts.append(TextPart(text))
    for call in calls:
        function = call.get("function") or {}
        parts.append(
            ToolCallPart(
                tool_name=str(function.get("name") or ""),
                args=function.get("arguments") or "{}",
                tool_call_id=str(call.get("id") or ""),
            )
        )
    return parts


def _call_names(messages: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    return {
        str(call.get("id")): str((call.get("function") or {}).get("name") or "")
        for message in messages
        for call in message.get("tool_calls") or ()
    }
