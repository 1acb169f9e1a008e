"""`BuiltinPlanner`: the engine of a server without a language model.

It has no language ability and does not pretend to: a question becomes tool calls by the rules of `intents`, and the
answer is made of their results alone. It goes through the same loop, log, approvals and storage as any model.
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, Final
from uuid import uuid4

import orjson

from quarterdeck.assistant.engine.builtin import answers, following, structured
from quarterdeck.assistant.engine.builtin.findings import Findings
from quarterdeck.assistant.engine.builtin.intents import Call, Understood, investigation, understand
from quarterdeck.assistant.engine.builtin.lines import said
from quarterdeck.assistant.engine.builtin.mentions import Asked
from quarterdeck.assistant.engine.builtin.question import Question, Turn, read
from quarterdeck.assistant.engine.builtin.result import Result, call_key
from quarterdeck.assistant.engine.engine import Answered, Delta, ModelRequest, WantedCall

LABEL: Final = "[built-in planner, no language model]"
_WINDOW: Final = 1_000_000
_MOST_OUTPUT: Final = 16_384
_MOST_TEXT: Final = 48_000
"""Characters of an answer: as many as the promised tokens hold."""
_MOST_ROUNDS: Final = 2
_PIECE: Final = 400
_SUBJECTS: Final = (
    "collector",
    "pipeline",
    "service",
    "workload",
    "deployment",
    "app",
    "name",
    "pod",
    "job",
    "instance",
)
_WORD: Final = re.compile(r"[\w.:/@-]{2,200}")
_CALLED: Final = re.compile(r"[\"'`“]([^\"'`“”\n]{2,200})[\"'`”]")


class BuiltinPlanner:
    """The planner. Without state: everything is in the conversation. Never raises, and never invents."""

    kind = "builtin"
    context_window = _WINDOW
    max_output_tokens = _MOST_OUTPUT

    async def respond(self, request: ModelRequest) -> AsyncGenerator[Delta | Answered, None]:
        """The next tool calls, or the answer in pieces. Counts no tokens."""
        turn = read(request.messages)
        tools = {tool.name for tool in request.tools}
        understood = understood_in(turn)
        calls = next_calls(turn, understood, tools)
        if calls:
            wanted = tuple(WantedCall(f"call_{uuid4().hex[:24]}", name, _json(arguments)) for name, arguments in calls)
            yield Answered("", wanted, finish_reason="tool_calls")
            return
        text = answer(turn, understood, tools, request.response_format)
        for start in range(0, len(text), _PIECE):
            yield Delta(text[start : start + _PIECE])
        yield Answered(text)


def understood_in(turn: Turn) -> Understood | None:
    """What the last question is understood as."""
    question = turn.question
    understood = None if question.is_investigation else understand(Asked(question.text))
    if understood is None and (question.is_investigation or subject_of(question.facts)):
        understood = investigated(question)
    if understood is not None and understood.intent.key == "rank_changes" and understood.asked.window is None:
        return _ranked_again(understood, turn)
    return understood


def investigated(question: Question) -> Understood:
    """An investigation by its facts: of the incident that they name, or of the thing."""
    incident = str(question.facts.get("incident_id") or "")
    if incident.isascii() and incident.isdigit() and len(incident) < 20:
        return investigation(incident=incident)
    return investigation(name=subject_of(question.facts))


def subject_of(facts: Mapping[str, Any]) -> str:
    """The name of what facts are about, in one word; empty when they name nothing."""
    for key in ("subject", "resource"):
        fields = facts.get(key)
        if isinstance(fields, Mapping):
            names = (fields.get(name) for name in _SUBJECTS)
            name = next((name for name in names if isinstance(name, str) and name.strip()), "")
            if match := _WORD.search(name):
                return match[0]
    for key in ("title", "description"):
        text = facts.get(key)
        if isinstance(text, str):
            asked = Asked(text)
            called = _CALLED.search(asked.text)
            name = asked.collector or asked.pipeline or asked.something or (called[1] if called is not None else "")
            if name:
                return name
    return ""


def next_calls(turn: Turn, understood: Understood | None, tools: AbstractSet[str]) -> list[Call]:
    """What is to be called now; nothing when it is time to answer. No call is planned twice."""
    if understood is None or turn.rounds >= _MOST_ROUNDS:
        return []
    results = results_for(turn, understood)
    made = {result.key for result in results}
    first = understood.calls if turn.rounds == 0 else []
    calls = [each for each in first if each[0] in tools and call_key(*each) not in made]
    if calls or not results:
        return calls
    then = following.next_calls(understood, results)
    return [each for each in then if each[0] in tools and call_key(*each) not in made]


def results_for(turn: Turn, understood: Understood | None) -> tuple[Result, ...]:
    """The results behind the question, after those that stood before it and are of calls that it needs."""
    wanted = {call_key(*call) for call in understood.calls} if understood is not None else set()
    known = {result.call_id for result in turn.results}
    stood = (each for each in turn.standing if each.key in wanted and each.call_id not in known)
    return (*stood, *turn.results)


def answer(
    turn: Turn, understood: Understood | None, tools: AbstractSet[str], response_format: Mapping[str, Any] | None
) -> str:
    """The answer, from the results alone; in the shape that was asked for."""
    properties, results = structured.properties_of(response_format), results_for(turn, understood)
    lines = _lines(results, understood, tools, is_structured=bool(properties))
    if properties:
        about = answers.findings_of(understood, results) if understood is not None else Findings(results)
        return _json(structured.sections(properties, LABEL, turn.question.facts, _within(lines), about))
    return "\n".join([LABEL, *_within(lines)])


def _lines(
    results: Sequence[Result], understood: Understood | None, tools: AbstractSet[str], *, is_structured: bool
) -> list[str]:
    if understood is None or understood.intent.key == "help":
        return answers.refusal(tools, asked_for_help=understood is not None)
    if understood.half:
        return answers.not_whole(understood)
    if not results:
        return answers.not_possible(understood)
    if is_structured:
        about = answers.findings_of(understood, results)
        return [*answers.time_left(understood, results), *answers.facts(understood, about)]
    return answers.answer(understood, results)


def _within(lines: Sequence[str]) -> list[str]:
    """The lines that fit into an answer, and how many do not."""
    room, kept = _MOST_TEXT, 0
    for line in lines:
        room -= len(line) + 1
        if room < 0:
            break
        kept += 1
    left = len(lines) - kept
    return [*lines[:kept], *([f"… {left} more lines: ask for less at a time"] if left else [])]


def _ranked_again(understood: Understood, turn: Turn) -> Understood:
    """`Rank the changes` without a time means those that were spoken of last."""
    since = turn.earlier_changes.get("since")
    if not since or turn.earlier_changes != {key: said(value, 100) for key, value in turn.earlier_changes.items()}:
        return understood
    arguments = {"since": since, "until": turn.earlier_changes.get("until") or "now", "limit": 100}
    return Understood(understood.intent, understood.asked, [("fleet_changes", arguments)])


def _json(value: Any) -> str:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS, default=str).decode()
