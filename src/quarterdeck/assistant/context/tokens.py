"""The server's own count of tokens.

No tokenizer can be fetched where this server runs, so it is an estimate that needs none: four bytes of UTF-8 a token.
That is about right for English text and JSON, and too little for digits and base64. It decides what fits, never what
anything costs; a provider that counts more and refuses gets a compacted conversation.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

from quarterdeck.assistant.engine.engine import ToolDefinition

BYTES_PER_TOKEN: Final = 4
PER_MESSAGE: Final = 4
"""Tokens of a message besides what it says: its role, and where it begins and ends."""
PER_IMAGE: Final = 800
"""Tokens of an image, whatever its size: providers scale it first."""


@dataclass(frozen=True, slots=True)
class TokenCount:
    """A conversation's tokens, by who said it."""

    tools: int = 0
    """The tools' definitions."""
    system: int = 0
    user: int = 0
    tools_to_call: int = 0
    """The calls that the model wanted."""
    assistant: int = 0
    """What the model said, without its calls."""
    other: int = 0
    """What tools answered, and anything else."""

    @property
    def total(self) -> int:
        return self.tools + self.system + self.user + self.tools_to_call + self.assistant + self.other


def count_text(text: str) -> int:
    """Tokens of a text."""
    size = len(text) if text.isascii() else len(text.encode(errors="replace"))
    return -(-size // BYTES_PER_TOKEN)


def count_content(content: Any) -> int:
    """Tokens of a message's content: a text, or a list of blocks. What is neither counts nothing."""
    if isinstance(content, str):
        return count_text(content)
    if not isinstance(content, list):
        return 0
    return sum(_block(block) for block in content)


def count_message(message: Mapping[str, Any]) -> int:
    """Tokens of one message, its calls included."""
    return _said(message) + _calls(message)


def count_tools(definitions: Iterable[ToolDefinition]) -> int:
    """Tokens of the tools' definitions."""
    return sum(_json([each.name, each.description, each.parameters]) for each in definitions)


def count_conversation(messages: Sequence[Mapping[str, Any]], tools: int = 0) -> TokenCount:
    """The count of a whole conversation; `tools` is that of the definitions."""
    counts = {"system": 0, "user": 0, "assistant": 0, "other": 0}
    to_call = 0
    for message in messages:
        role = message.get("role")
        counts[role if role in counts else "other"] += _said(message)
        to_call += _calls(message)
    return TokenCount(tools=tools, tools_to_call=to_call, **counts)


def _said(message: Mapping[str, Any]) -> int:
    return PER_MESSAGE + count_content(message.get("content"))


def _block(block: Any) -> int:
    if isinstance(block, str):
        return count_text(block)
    if not isinstance(block, Mapping):
        return 0
    text = block.get("text")
    return count_text(text) if isinstance(text, str) else PER_IMAGE


def _calls(message: Mapping[str, Any]) -> int:
    calls = message.get("tool_calls")
    return _json(calls) if calls else 0


def _json(value: Any) -> int:
    """Tokens of a value as JSON. What JSON cannot carry, or not that deeply nested, is counted as Python shows it."""
    try:
        return -(-len(orjson.dumps(value, default=str)) // BYTES_PER_TOKEN)
    except TypeError:
        return count_text(str(value))
