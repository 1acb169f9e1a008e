"""Shortening a conversation that no longer fits: what is old becomes a summary. contracts/holmes.md, section 6.4.

Kept are the system's text and the last question with all that follows, so that calls and their results stay together.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from quarterdeck.assistant.context.truncation import text_of
from quarterdeck.assistant.engine.engine import ChatMessage

SUMMARY: Final = "Summary of the conversation so far, written by the server:\n"
"""How the message begins that stands for what is gone."""
MOST_PLAIN: Final = 8_000
"""Characters of a summary that is made without a model."""
_UNDERSTOOD: Final = "Understood. I go on from there."
_LINE: Final = 300
_LEFT_OUT: Final = "- (earlier lines are left out)"
_NOTHING: Final = "- nothing was said that is not in the rest"


def is_needed(tokens: int, *, max_output: int, window: int, threshold_percent: int) -> bool:
    """Whether a conversation of that many tokens, with room for its answer, passes the threshold."""
    return (tokens + max_output) * 100 > window * threshold_percent


def split(messages: Sequence[ChatMessage]) -> tuple[list[ChatMessage], list[ChatMessage], list[ChatMessage]]:
    """System, what may be summed up, and the last question with all after it.

    Nothing may be summed up when it is a summary already: summing that up again wins nothing and would not end. A tool
    message whose call is in the old part goes there, too.
    """
    start = 1 if messages and messages[0].get("role") == "system" else 0
    last = max((index for index in range(start, len(messages)) if messages[index].get("role") == "user"), default=start)
    system, old, rest = list(messages[:start]), list(messages[start:last]), list(messages[last:])
    if not any(message.get("content") != _UNDERSTOOD and not is_summary(message) for message in old):
        return system, [], [*old, *rest]
    strays = _answers_to(old, rest)
    return system, [*old, *strays], [message for message in rest if message not in strays]


def is_summary(message: ChatMessage) -> bool:
    """Whether a message stands for an older part of the conversation."""
    return message.get("role") == "user" and text_of(message.get("content")).startswith(SUMMARY)


def summary_request(old: Sequence[ChatMessage], prompt: str, most_characters: int) -> list[ChatMessage]:
    """What a model is asked for the summary: the old part as text, its end when it is longer than that."""
    text = "\n\n".join(f"{message.get('role', '')}: {_said(message)}" for message in old)
    return [{"role": "system", "content": prompt}, {"role": "user", "content": text[-most_characters:]}]


def plain_summary(old: Sequence[ChatMessage], most_characters: int = MOST_PLAIN) -> str:
    """A summary without a model: what was asked and answered, each in a line; the newest lines when there are too many.

    The lines of an earlier summary are taken over as they are.
    """
    lines = [line for message in old for line in _lines(message)]
    kept: list[str] = []
    left = most_characters - len(_LEFT_OUT)
    for line in reversed(lines):
        left -= len(line) + 1
        if left < 0:
            kept.append(_LEFT_OUT)
            break
        kept.append(line)
    return "\n".join(reversed(kept)) or _NOTHING


def notice(before: int, after: int) -> str:
    """What is told of it, with the tokens before and after."""
    return f"The conversation history has been compacted from {before} to {after} tokens."


def replace(system: Sequence[ChatMessage], rest: Sequence[ChatMessage], summary: str) -> list[ChatMessage]:
    """The conversation from here on."""
    note: ChatMessage = {"role": "user", "content": f"{SUMMARY}{summary}"}
    understood: ChatMessage = {"role": "assistant", "content": _UNDERSTOOD}
    return [*system, note, understood, *rest]


def _lines(message: ChatMessage) -> Iterable[str]:
    text = text_of(message.get("content")).strip()
    if is_summary(message):
        return [line for line in text.removeprefix(SUMMARY.strip()).splitlines() if line and line != _LEFT_OUT]
    if message.get("role") not in {"user", "assistant"} or not text or text == _UNDERSTOOD:
        return []
    return [f"- {message['role']}: {' '.join(text.split())[:_LINE]}"]


def _answers_to(old: Sequence[ChatMessage], rest: Sequence[ChatMessage]) -> list[ChatMessage]:
    """The tool messages of the rest that answer calls of the old part only."""
    wanted = _wanted(old) - _wanted(rest)
    return [message for message in rest if message.get("role") == "tool" and message.get("tool_call_id") in wanted]


def _wanted(messages: Iterable[ChatMessage]) -> set[Any]:
    return {call.get("id") for message in messages for call in message.get("tool_calls") or ()}


def _said(message: ChatMessage) -> str:
    calls = ", ".join(
        f"{call.get('function', {}).get('name')}({call.get('function', {}).get('arguments')})"
        for call in message.get("tool_calls") or ()
    )
    return text_of(message.get("content")) + (f"\n[called {calls}]" if calls else "")
