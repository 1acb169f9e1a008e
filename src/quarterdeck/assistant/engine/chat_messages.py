"""Conversations in OpenAI's chat format as pydantic-ai's messages. Imported with the first language model only."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

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

_DETAILS: Final = ("auto", "low", "high")


def to_model_messages(messages: Sequence[Mapping[str, Any]]) -> list[ModelMessage]:
    """What is said without an answer in between is one request.

    A tool message without a name gets that of its call. Unknown roles count as the user's. What is malformed inside a
    message is left out; raises ModelError for an image that has no address, or none that a model could read.
    """
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
            return UserPromptPart(_blocks(content) if isinstance(content, list) and content else text_of(content))


def _blocks(content: list[Any]) -> list[UserContent]:
    return [_block(block) for block in content]


def _block(block: Any) -> UserContent:
    if isinstance(block, str):
        return block
    if isinstance(block, Mapping) and block.get("type") == "image_url":
        return _image(block.get("image_url"))
    return str(block.get("text") or "") if isinstance(block, Mapping) else str(block)


def _image(given: Any) -> UserContent:
    image = given if isinstance(given, Mapping) else {"url": given}
    url = image.get("url")
    if not isinstance(url, str) or not url:
        raise ModelError("Image dict must contain a 'url' key")
    detail = image.get("detail")
    # Only OpenAI's models know of it.
    metadata = {"detail": detail} if detail in _DETAILS else None
    if url.startswith(("http://", "https://")):
        return ImageUrl(url, vendor_metadata=metadata)
    if not url.startswith("data:image/"):
        raise ModelError("an image's url must begin with https://, http:// or data:image/")
    try:
        content = BinaryContent.from_data_uri(url)
    except ValueError as error:
        raise ModelError("an image's data URI must be base64: data:image/png;base64,…") from error
    content.vendor_metadata = metadata
    return content


def _response_parts(message: Mapping[str, Any]) -> list[ModelResponsePart]:
    parts: list[ModelResponsePart] = []
    if reasoning := message.get("reasoning_content"):
        parts.append(ThinkingPart(str(reasoning)))
    calls = _calls(message)
    text = text_of(message.get("content"))
    if text or not calls:
        parts.append(TextPart(text))
    for call in calls:
        function = call["function"]
        arguments = function.get("arguments") or "{}"
        parts.append(
            ToolCallPart(
                tool_name=str(function.get("name") or ""),
                args=arguments if isinstance(arguments, str) else json.dumps(arguments),
                tool_call_id=str(call.get("id") or ""),
            )
        )
    return parts


def _calls(message: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    calls = message.get("tool_calls")
    if not isinstance(calls, list):
        return []
    return [call for call in calls if isinstance(call, Mapping) and isinstance(call.get("function"), Mapping)]


def _call_names(messages: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    return {
        str(call.get("id")): str(call["function"].get("name") or "") for message in messages for call in _calls(message)
    }
