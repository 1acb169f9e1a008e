"""Cutting tool results so that a conversation fits: contracts/holmes.md, section 6.

Every cut text ends with the marker, and is told of with where it was cut. What was cut before may be cut again, and has
one marker all the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from quarterdeck.assistant.context.tokens import BYTES_PER_TOKEN, count_content, count_message, count_text
from quarterdeck.assistant.engine.engine import ChatMessage

MARKER: Final = "\n\n[TRUNCATED]"
MOST_RESERVED: Final = 16384
"""Tokens that are kept free for the answer, at most."""
_MARKER_TOKENS: Final = count_text(MARKER)


@dataclass(frozen=True, slots=True)
class Cut:
    """A tool's result that was cut: `kept` characters of it are left, before the marker."""

    tool_call_id: str
    tool_name: str
    kept: int
    original_tokens: int


class DoesNotFit(Exception):  # noqa: N818 - what is the matter
    """What is not a tool's result does not fit by itself."""

    def __init__(self, needed: int, window: int) -> None:
        super().__init__(
            f"the conversation without tool results needs {needed} tokens, answer included; "
            f"the model's context window has {window}"
        )


def cut_text(text: str, tokens: int) -> tuple[str, int]:
    """The text within that many tokens, marker included, and the characters kept; never less than the marker.

    A character is kept whole or not at all.
    """
    room = max(0, tokens - _MARKER_TOKENS) * BYTES_PER_TOKEN
    # A character has at least one byte: what lies behind `room` characters need not be looked at.
    kept = text.removesuffix(MARKER)[:room].encode(errors="replace")[:room].decode(errors="ignore")
    return kept + MARKER, len(kept)


def cut_result(
    text: str, *, tool_call_id: str, tool_name: str, window: int, share: float, most: int
) -> tuple[str, Cut | None]:
    """A single result, cut to `share` (0 to 1) of the window or `most` tokens, whichever is less; None when it fits."""
    limit = min(int(window * share), most)
    tokens = count_text(text)
    if tokens <= limit:
        return text, None
    shown, kept = cut_text(text, limit)
    return shown, Cut(tool_call_id, tool_name, kept, tokens)


def fit(
    messages: Sequence[ChatMessage], *, tools_tokens: int, window: int, max_output: int
) -> tuple[list[ChatMessage], list[Cut]]:
    """The conversation with its tool results cut so that it fits, with the answer, into `window` tokens.

    The smallest come first; each gets min(its need, what remains / number left). The messages that are not cut are the
    ones that were given. Raises DoesNotFit when it would not fit with every result cut down to the marker.
    """
    reserved = min(max_output, MOST_RESERVED)
    counts = [count_message(message) for message in messages]
    if sum(counts) + tools_tokens + reserved <= window:
        return list(messages), []
    results = [index for index, message in enumerate(messages) if message.get("role") == "tool"]
    fixed = sum(counts) - sum(counts[index] for index in results) + tools_tokens + reserved
    least = fixed + sum(min(counts[index], _overhead(messages[index]) + _MARKER_TOKENS) for index in results)
    if least > window:
        raise DoesNotFit(least, window)
    return _share(messages, counts, results, window - fixed)


def _share(
    messages: Sequence[ChatMessage], counts: list[int], results: list[int], room: int
) -> tuple[list[ChatMessage], list[Cut]]:
    fitted, cuts = list(messages), []
    for done, index in enumerate(sorted(results, key=counts.__getitem__)):
        allowed = room // (len(results) - done)
        if counts[index] > allowed:
            fitted[index], cut = _cut_message(messages[index], allowed - _overhead(messages[index]))
            cuts.append(cut)
        room -= min(counts[index], allowed)
    return fitted, cuts


def _overhead(message: Mapping[str, Any]) -> int:
    return count_message(message) - count_content(message.get("content"))


def _cut_message(message: Mapping[str, Any], tokens: int) -> tuple[ChatMessage, Cut]:
    content = message.get("content")
    shown, kept = cut_text(text_of(content), tokens)
    name = str(message.get("name") or "")
    return {**message, "content": shown}, Cut(
        str(message.get("tool_call_id") or ""), name, kept, count_content(content)
    )


def text_of(content: Any) -> str:
    """The text of a message's content, whatever its form."""
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        return ""
    blocks = (
        block if isinstance(block, str) else block.get("text") for block in content if isinstance(block, (str, dict))
    )
    return "\n".join(text for text in blocks if isinstance(text, str))
