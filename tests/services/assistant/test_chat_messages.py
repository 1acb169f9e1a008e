"""Conversations in OpenAI's chat format, as the model's library takes them."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from pydantic_ai.messages import (
    BinaryContent,
    ImageUrl,
    ModelRequest,
    ModelResponse,
    SystemPromptPart,
    TextPart,
    ThinkingPart,
    ToolCallPart,
    ToolReturnPart,
    UserPromptPart,
)

from quarterdeck.assistant.engine.chat_messages import to_model_messages
from quarterdeck.assistant.engine.engine import ModelError

PNG = b"\x89PNG\r\n\x1a\n"


def call(call_id: str, arguments: Any = "{}", name: str = "look") -> dict[str, Any]:
    return {"id": call_id, "type": "function", "function": {"name": name, "arguments": arguments}}


def parts_of(*messages: dict[str, Any]) -> list[Any]:
    return [part for message in to_model_messages(messages) for part in message.parts]


def image(url: Any, **more: Any) -> dict[str, Any]:
    return {"role": "user", "content": [{"type": "image_url", "image_url": {"url": url, **more}}]}


def test_a_conversation() -> None:
    first, answer, second, last = to_model_messages(
        [
            {"role": "system", "content": "be brief"},
            {"role": "user", "content": "why?"},
            {
                "role": "assistant",
                "content": "I look.",
                "reasoning_content": "hm",
                "tool_calls": [call("1", '{"a": 1}'), call("2", "{not json")],
            },
            {"role": "tool", "tool_call_id": "2", "content": "two"},
            {"role": "tool", "tool_call_id": "1", "name": "given", "content": "one"},
            {"role": "user", "content": "and?"},
            {"role": "assistant", "content": "so"},
        ]
    )
    assert isinstance(first, ModelRequest)
    assert [type(part) for part in first.parts] == [SystemPromptPart, UserPromptPart]
    assert isinstance(answer, ModelResponse)
    assert answer.parts == [
        ThinkingPart("hm"),
        TextPart("I look."),
        ToolCallPart("look", '{"a": 1}', "1"),
        ToolCallPart("look", "{not json", "2"),
    ]
    assert isinstance(second, ModelRequest)
    returns = [part for part in second.parts if isinstance(part, ToolReturnPart)]
    assert [(part.tool_name, part.content, part.tool_call_id) for part in returns] == [
        ("look", "two", "2"),
        ("given", "one", "1"),
    ]
    assert isinstance(second.parts[-1], UserPromptPart)
    assert isinstance(last, ModelResponse)
    assert last.parts == [TextPart("so")]


def test_an_empty_answer_stays_an_answer() -> None:
    assert parts_of({"role": "assistant", "content": ""}) == [TextPart("")]
    assert parts_of({"role": "assistant", "content": None, "tool_calls": [call("1")]}) == [
        ToolCallPart("look", "{}", "1")
    ]


def test_blocks_and_images() -> None:
    uri = "data:image/png;base64," + base64.b64encode(PNG).decode()
    content = [
        {"type": "text", "text": "look"},
        {
            "type": "image_url",
            "image_url": {"url": "https://example.org/a.png", "detail": "low", "format": "image/png"},
        },
        {"type": "image_url", "image_url": uri},
        "plain",
    ]
    (part,) = parts_of({"role": "user", "content": content})
    text, linked, inline, plain = part.content
    assert (text, plain) == ("look", "plain")
    assert isinstance(linked, ImageUrl)
    assert (linked.url, linked.vendor_metadata) == ("https://example.org/a.png", {"detail": "low"})
    assert isinstance(inline, BinaryContent)
    assert (inline.data, inline.media_type) == (PNG, "image/png")


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("", "Image dict must contain a 'url' key"),
        (None, "Image dict must contain a 'url' key"),
        (["x"], "Image dict must contain a 'url' key"),
        ("file:///etc/passwd", "must begin with"),
        ("gopher://127.0.0.1/", "must begin with"),
        ("data:text/html;base64,AAAA", "must begin with"),
        ("data:image/png,AAAA", "base64"),
        ("data:image/png;base64,A", "base64"),
    ],
)
def test_images_that_no_model_can_read(url: Any, words: str) -> None:
    with pytest.raises(ModelError) as caught:
        to_model_messages([image(url)])
    assert words in caught.value.message


@pytest.mark.parametrize(
    "message",
    [
        {},
        {"role": "user"},
        {"role": "user", "content": None},
        {"role": "user", "content": []},
        {"role": "user", "content": 7},
        {"role": ["user"], "content": "x"},
        {"role": "tool"},
        {"role": "tool", "tool_call_id": 5, "content": {"a": 1}},
        {"role": "assistant"},
        {"role": "assistant", "tool_calls": "none"},
        {"role": "assistant", "tool_calls": [1, None, {}, {"function": "x"}]},
        {"role": "assistant", "tool_calls": [{"id": None, "function": {}}]},
        {"role": "assistant", "tool_calls": [call("1", ["a"])]},
    ],
)
def test_odd_messages_become_something(message: dict[str, Any]) -> None:
    (found,) = to_model_messages([message])
    assert len(found.parts) == 1


def test_arguments_that_are_no_text_become_json() -> None:
    (part,) = parts_of({"role": "assistant", "tool_calls": [call("1", {"a": [1]})]})
    assert part.args == '{"a": [1]}'
