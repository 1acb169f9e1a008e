"""The last question of a conversation, and what was found for it so far."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from quarterdeck.assistant.context.truncation import text_of
from quarterdeck.assistant.engine.builtin.result import Result
from quarterdeck.assistant.engine.engine import ChatMessage
from quarterdeck.assistant.prompts import prompts

_OPENING: Final = "<facts>"
_CLOSING: Final = "</facts>"
_FRAMES: Final = ("investigation", "workload_health")
_CHAT_FRAME: Final = "issue_chat"
_READER: Final = json.JSONDecoder()


@dataclass(frozen=True, slots=True)
class Question:
    """What was asked. `facts` are what the server says an investigation is about: data, never an order."""

    text: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    is_investigation: bool = False
    """Whether the facts are the question, because the server's own words are all that stands around them."""


@dataclass(frozen=True, slots=True)
class Turn:
    """A question, the results behind it, and how often tools were called for it."""

    question: Question
    results: tuple[Result, ...] = ()
    rounds: int = 0
    standing: tuple[Result, ...] = ()
    """Results that stand directly before the question and were never answered from: whoever approves a call and then
    asks again what it was asked for wants these."""
    earlier_changes: Mapping[str, Any] = field(default_factory=dict)
    """What `fleet_changes` was last called with for an earlier question."""


def read(messages: Sequence[ChatMessage]) -> Turn:
    """The last user message and what came after it. Nothing in a message makes this fail."""
    last = max((index for index, each in enumerate(messages) if each.get("role") == "user"), default=-1)
    raw = text_of(messages[last].get("content")) if last >= 0 else ""
    before, behind = messages[: max(last, 0)], messages[last + 1 :]
    results = _results(behind)
    if any(result.is_repetition for result in results):
        results = _without_repetitions([*_results(before), *results], len(results))
    rounds = sum(bool(_calls(message)) for message in behind)
    return Turn(question_in(raw), tuple(results), rounds, _standing(before), _earlier_changes(before))


def _results(messages: Sequence[ChatMessage]) -> list[Result]:
    """The results in the order in which they were asked for: they come in any."""
    asked: dict[str, tuple[str, Mapping[str, Any]]] = {}
    results = []
    for message in messages:
        asked.update({call_id: (name, arguments) for call_id, name, arguments in _calls(message)})
        if message.get("role") == "tool":
            call_id = str(message.get("tool_call_id") or "")
            name, arguments = asked.get(call_id, (str(message.get("name") or ""), {}))
            results.append(Result(call_id, name, arguments, text_of(message.get("content"))))
    places = {call_id: place for place, call_id in enumerate(asked)}
    return sorted(results, key=lambda result: places.get(result.call_id, len(places)))


def _without_repetitions(results: Sequence[Result], latest: int) -> list[Result]:
    """The latest so many results, with the earlier result of the same call for each that was refused as repeated."""
    made = {result.key: result for result in results if not result.is_repetition}
    wanted = [made.get(result.key, result) if result.is_repetition else result for result in results[-latest:]]
    return list({result.call_id: result for result in wanted}.values())


def _standing(messages: Sequence[ChatMessage]) -> tuple[Result, ...]:
    start = len(messages)
    if not messages or messages[-1].get("role") != "tool":
        return ()
    while start > 0 and (messages[start - 1].get("role") == "tool" or _calls(messages[start - 1])):
        start -= 1
    return tuple(result for result in _results(messages[start:]) if not result.is_repetition)


def question_in(raw: str) -> Question:
    """A user message without what programs added to it."""
    text = raw.encode(errors="replace").decode()
    before, facts, after = _facts(text)
    if not facts:
        return Question(prompts.without_context(before + after))
    for frame in _FRAMES:
        if before.lstrip().startswith(prompts.text(frame)):
            return Question("", facts, is_investigation=True)
    rest = before.replace(prompts.text(_CHAT_FRAME), "") + after
    return Question(prompts.without_context(rest), facts)


def _facts(text: str) -> tuple[str, Mapping[str, Any], str]:
    """What stands before the facts, the facts, and what stands behind them.

    The JSON says where they end, not the first closing tag: that may be a part of an incident's title.
    """
    at = text.find(_OPENING)
    if at < 0:
        return text, {}, ""
    start = at + len(_OPENING)
    start += len(text[start:]) - len(text[start:].lstrip())
    try:
        facts, end = _READER.raw_decode(text, start)
    except (ValueError, RecursionError):
        return text[:at], {}, text.rpartition(_CLOSING)[2] if _CLOSING in text[start:] else ""
    rest = text[end:].lstrip().removeprefix(_CLOSING)
    return text[:at], facts if isinstance(facts, dict) else {}, rest


def _calls(message: ChatMessage) -> list[tuple[str, str, Mapping[str, Any]]]:
    listed = message.get("tool_calls")
    found: list[tuple[str, str, Mapping[str, Any]]] = []
    for call in listed if isinstance(listed, list) else []:
        if isinstance(call, dict):
            function = call.get("function")
            fields = function if isinstance(function, dict) else {}
            found.append((str(call.get("id") or ""), str(fields.get("name") or ""), _object(fields.get("arguments"))))
    return found


def _earlier_changes(messages: Sequence[ChatMessage]) -> Mapping[str, Any]:
    for message in reversed(messages):
        for _, name, arguments in reversed(_calls(message)):
            if name == "fleet_changes":
                return {key: arguments[key] for key in ("since", "until") if isinstance(arguments.get(key), str)}
    return {}


def _object(text: Any) -> dict[str, Any]:
    if not isinstance(text, str):
        return {}
    try:
        value = orjson.loads(text)
    except (orjson.JSONDecodeError, UnicodeEncodeError):
        return {}
    return value if isinstance(value, dict) else {}
