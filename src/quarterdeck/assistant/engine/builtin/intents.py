"""What the planner understands: ordered rules from a question to tool calls.

The first rule that fits counts. Only questions become plans; the text of tool results never does.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, Final

from quarterdeck.assistant.engine.builtin import orders
from quarterdeck.assistant.engine.builtin.mentions import Asked

Call = tuple[str, dict[str, Any]]
Plan = Callable[[Asked], list[Call] | None]
"""The first calls; None when the question is not of this kind after all."""

_ALL_REVISIONS: Final = 100
_ALL_COLLECTORS: Final = 500
_DAY: Final = "-24h"

_ASKS: Final = (
    r"(?:which|what|what's|who|whom|whose|when|where|why|how|is|are|do|does|did|show|list|tell\s+me|give\s+me|investigate"
    r"|resolve|close|reopen|set|disable|enable|roll\s*back|roll|revert|turn|switch|add|delete|remove|create|restart)\b"
)
_QUESTION: Final = re.compile(rf"\s*(?:\(?\d{{1,2}}[.)]\s*)?(?:please\s+)?{_ASKS}", re.IGNORECASE)
_NEXT: Final = re.compile(
    r"(?:[?!.;]\s+|,\s+(?=(?:and|also|then|plus)\s)|\n\s*)(?:(?:and|also|then|plus)\s+){0,2}"
    rf"(?:\(?\d{{1,2}}[.)]\s*)?(?:please\s+)?(?={_ASKS})",
    re.IGNORECASE,
)
_WHOLE: Final = frozenset({"help", "promql", "add_note", "set_status", "roll_back", "switch"})
"""Intents that take the text whole."""
_MOST_CLAUSES: Final = 3


@dataclass(frozen=True, slots=True)
class Intent:
    """One kind of question."""

    key: str
    example: str
    """How somebody may ask; shown when a question is not understood."""
    plan: Plan
    needs: tuple[str, ...] = ()
    """What the question must name."""
    words: tuple[re.Pattern[str], ...] = ()
    """What must all be found in it, names left out."""

    def calls(self, asked: Asked) -> list[Call] | None:
        """The first calls for a question; None when it is not of this kind."""
        if not all(getattr(asked, name) for name in self.needs):
            return None
        if not all(pattern.search(asked.words) for pattern in self.words):
            return None
        return self.plan(asked)


@dataclass(frozen=True, slots=True)
class Understood:
    """A question with its intent and the first calls that answer it."""

    intent: Intent
    asked: Asked
    calls: list[Call]
    half: str = ""
    """What is understood of an order that says more than that: then there are no calls."""
    is_first: bool = False
    """Whether there are more questions behind it."""


def understand(asked: Asked) -> Understood | None:
    """The intent of a question; None when nothing is understood, or when an order goes beyond what is here.

    Of several questions it is the first.
    """
    understood = _understand(asked)
    if understood is None or understood.half or understood.intent.key in _WHOLE:
        return understood
    for match in islice(_NEXT.finditer(asked.words), _MOST_CLAUSES):
        first, second = Asked(asked.text[: match.start()]), Asked(asked.text[match.end() :])
        alone = _understand(first) if _QUESTION.match(first.text) is not None and not second.is_ranked else None
        if alone is not None and alone.intent.key not in _WHOLE and not alone.half:
            return replace(alone, is_first=True)
    return understood


def _understand(asked: Asked) -> Understood | None:
    if orders.is_beyond(asked.text):
        return None
    half = orders.half_understood(asked.whole, asked.with_a_blank, asked.pipeline, asked.target_revision)
    for intent in INTENTS:
        if half and intent.key == "set_status":
            return Understood(intent, asked, [], half)
        calls = intent.calls(asked)
        if calls is not None:
            return Understood(intent, asked, calls)
    return None


def examples(tools: AbstractSet[str]) -> list[str]:
    """One question for each intent that these tools can answer."""
    return [intent.example for intent in INTENTS if intent.key == "help" or _is_possible(intent, tools)]


def _is_possible(intent: Intent, tools: AbstractSet[str]) -> bool:
    return any(name in tools for name, _ in intent.calls(Asked(intent.example)) or ())


def investigation(*, incident: str = "", name: str = "") -> Understood:
    """What an investigation does first, of an incident or of something that has a name."""
    if incident:
        return Understood(BY_KEY["investigate"], Asked(f"investigate incident {incident}"), _about_incident(incident))
    return Understood(BY_KEY["why"], Asked(f'why "{name}"'), _look_into(name))


def _words(*patterns: str) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(rf"\b(?:{pattern})", re.IGNORECASE) for pattern in patterns)


def _one(name: str, /, **arguments: Any) -> Plan:
    return lambda _: [(name, dict(arguments))]


def _of(tool: str, kind: str, **more: Any) -> Plan:
    """A call about the one thing of a kind that the question names."""
    return lambda asked: [(tool, {kind: getattr(asked, kind), **more})]


def _ordered(read: Callable[[str], Call | None]) -> Plan:
    """What an order says to do; its text is taken whole."""

    def plan(asked: Asked) -> list[Call] | None:
        call = read(asked.whole)
        return None if call is None else [call]

    return plan


def _roll_back(asked: Asked) -> list[Call] | None:
    if not orders.is_roll_back(asked.text) or not asked.target_revision:
        return None
    return [("fleet_roll_back_pipeline", {"pipeline": asked.pipeline, "revision_id": asked.target_revision})]


def _switch(asked: Asked) -> list[Call] | None:
    enabled = orders.wanted_state(asked.with_a_blank)
    return None if enabled is None else [("fleet_update_pipeline", {"pipeline": asked.pipeline, "enabled": enabled})]


def _preview(asked: Asked) -> list[Call]:
    if asked.pipeline:
        return [("fleet_preview_matchers", {"pipeline": asked.pipeline, "matchers": asked.matchers})]
    return [("fleet_list_collectors", {"matchers": asked.matchers})]


def _changes(asked: Asked) -> list[Call]:
    since, until = asked.window or (_DAY, "now")
    return [("fleet_changes", {"since": since, "until": until, "limit": 100})]


def _changes_for_collector(asked: Asked) -> list[Call]:
    return [("fleet_get_collector", {"collector": asked.collector}), *_changes(asked)]


def _about_incident(incident: str) -> list[Call]:
    return [
        ("incidents_get", {"incident": incident}),
        ("incidents_timeline", {"incident": incident, "limit": 50}),
        ("fleet_list_collectors", {"state": "failing"}),
        ("fleet_list_collectors", {"state": "unseen"}),
        *_firing(),
    ]


def _firing() -> list[Call]:
    return [("alertmanager_alerts", {"state": "active"}), ("prometheus_alerts", {"state": "firing"})]


def _look_into(name: str) -> list[Call]:
    """Whatever could have to do with a name; without one, with anything."""
    calls: list[Call] = [
        ("fleet_list_collectors", {"limit": _ALL_COLLECTORS})
        if name
        else ("fleet_list_collectors", {"state": "failing"}),
        ("fleet_list_pipelines", {"name_contains": name}) if name else ("fleet_list_collectors", {"state": "unseen"}),
        ("fleet_changes", {"since": _DAY, "until": "now", "limit": 100}),
        ("incidents_list", {"active_only": True}),
        *_firing(),
    ]
    return calls


def _why(asked: Asked) -> list[Call]:
    if asked.collector:
        return [
            ("fleet_get_collector", {"collector": asked.collector}),
            ("fleet_changes", {"since": _DAY, "until": "now", "limit": 100}),
            ("incidents_list", {"active_only": True}),
            *_firing(),
        ]
    if asked.pipeline:
        return [
            ("fleet_get_pipeline", {"pipeline": asked.pipeline}),
            ("fleet_pipeline_collectors", {"pipeline": asked.pipeline}),
            ("fleet_pipeline_revisions", {"pipeline": asked.pipeline, "limit": 5}),
            ("fleet_list_collectors", {"state": "failing", "limit": _ALL_COLLECTORS}),
            ("fleet_list_collectors", {"state": "unseen", "limit": _ALL_COLLECTORS}),
            ("incidents_list", {"active_only": True}),
        ]
    return _look_into(asked.something)


_SEVERITY: Final = re.compile(r"\b(critical|major|minor|pending)\b", re.IGNORECASE)
_PAST: Final = re.compile(r"\b(?:all|resolved|past|closed|previous|ever|history|old|ended)\b", re.IGNORECASE)


def _incidents(asked: Asked) -> list[Call]:
    arguments: dict[str, Any] = {"active_only": _PAST.search(asked.words) is None}
    severity = _SEVERITY.search(asked.words)
    if severity is not None:
        arguments["query"] = f"severity:{severity[1].lower()}"
    return [("incidents_list", arguments)]


_COUNTED: Final[tuple[tuple[str, Callable[[Asked], list[Call]]], ...]] = (
    (r"\bcollectors?\b", lambda _: [("fleet_list_collectors", {})]),
    (r"\bpipelines?\b", lambda _: [("fleet_list_pipelines", {})]),
    (r"\bincidents?\b", _incidents),
    (r"\brunbooks?\b", lambda _: [("runbooks_list", {})]),
    (r"\balerts?\b", lambda _: _firing()),
)


def _counts(asked: Asked) -> list[Call] | None:
    calls = [
        call for pattern, plan in _COUNTED if re.search(pattern, asked.words, re.IGNORECASE) for call in plan(asked)
    ]
    return calls or None


_RUNBOOK_ABOUT: Final = re.compile(
    r"\brunbooks?\s+(?:there\s+|available\s+|we\s+have\s+)?(?:for|about|on|regarding|concerning|mentioning|with)\s+(.{2,500})"
    r"|\b(?:search|find|look)\b[^\n]{0,40}?\brunbooks?\s+(?:for\s+)?(.{2,500})"
    r"|\b(.{2,200}?)\s+runbooks?\s*[?.!]*$",
    re.IGNORECASE,
)
_RUNBOOK_NAMED: Final = re.compile(
    r"\b(?:show|open|read|get|print|display|cat)\s+(?:me\s+)?(?:the\s+)?runbook\s+(?:named\s+|called\s+)?"
    r"[\"'`]?([A-Za-z0-9][\w.-]{0,99})",
    re.IGNORECASE,
)
_EMPTY_WORDS: Final = re.compile(
    r"^(?:(?:is|are|there|do|we|have|you|any|a|an|the|list|show|me|all|what|which|give|of|our|search|find|get|for|please|in|"
    r"see|it|i|s|can)\b\W*)+",
    re.IGNORECASE,
)


def _runbook(asked: Asked) -> list[Call] | None:
    match = _RUNBOOK_NAMED.search(asked.text)
    return None if match is None else [("runbooks_get", {"name": match[1].rstrip(".")})]


def _runbook_search(asked: Asked) -> list[Call] | None:
    match = _RUNBOOK_ABOUT.search(asked.text)
    if match is None:
        return None
    about = next(group for group in match.groups() if group)
    text = _EMPTY_WORDS.sub("", " ".join(about.split())).strip("`'\" ?!.,")
    return [("runbooks_search", {"text": text[:500]})] if len(text) > 1 else None


def _something_wrong(asked: Asked) -> list[Call] | None:
    return _why(asked) if asked.something or not asked.incident else None


_CHANGED = r"chang\w*|edit\w*|modif\w*|touch\w*|updat\w*|deploy\w*|roll\w*\s*-?outs?|releas\w*|altered"
_WHY = (
    r"why|wrong|problems?|issues?|trouble\w*|investigat\w*|diagnos\w*|debug|look\s+into|analy[sz]e|matter\s+with|cause[ds]?"
    r"|reasons?|explain|stopp?(?:s|ed|ing)?\b|(?:not|\w+n't|no\s+longer|no)\s+(?:\w+\s+)?(?:send|report|metric|log|trace|data)"
)

_ABOUT = rf"{_WHY}|(?:state|status|health)\s+of\s+(?:\w+\s+){{0,2}}_|(?:tell\s+me|what)\s+about"

INTENTS: Final[tuple[Intent, ...]] = (
    Intent("help", "help", lambda asked: [] if orders.asks_for_help(asked.text) else None),
    Intent("promql", "promql: up", _ordered(orders.promql)),
    Intent("add_note", "add a note to incident 1: rolled back at noon", _ordered(orders.note), ("incident",)),
    Intent("set_status", "set incident 1 to resolved", _ordered(orders.status), ("incident",)),
    Intent("roll_back", "roll back pipeline X to revision 3", _roll_back, ("pipeline",)),
    Intent("switch", "disable pipeline X", _switch, ("pipeline",)),
    Intent(
        "preview",
        'what would change for pipeline X with the matcher env="prod"?',
        _preview,
        ("matchers",),
        _words(r"would|will|could|preview|if|instead|try|dry[\s-]*run|simulate|gain|lose"),
    ),
    Intent("runbook", "show the runbook X", _runbook, words=_words(r"runbook")),
    Intent("runbook_search", "is there a runbook about disks?", _runbook_search, words=_words(r"runbook")),
    Intent("runbooks", "list the runbooks", _one("runbooks_list"), words=_words(r"runbook")),
    Intent(
        "before_incident",
        "what changed in the hour before incident 1?",
        _of("incidents_get", "incident"),
        ("incident",),
        _words(
            rf"{_CHANGED}|happen\w*|pipelines?|cause[ds]?|going\s+on",
            r"before|prior|preced\w*|ahead\s+of|lead\w*\s+up|led\s+(?:up\s+)?to|around|close\s+to|just\s+as|"
            r"(?:chang|deploy|roll|pipeline|releas|edit|updat)\w*.{0,40}caus\w*",
        ),
    ),
    Intent(
        "tasks",
        "the tasks of incident 1",
        _of("incidents_tasks", "incident"),
        ("incident",),
        _words(r"tasks?|to-?\s?dos?|open\s+items?|left\s+to\s+do|action\s+items?|remain\w*|checklist|be\s+done"),
    ),
    Intent(
        "timeline",
        "the timeline of incident 1",
        _of("incidents_timeline", "incident", limit=50),
        ("incident",),
        _words(rf"time\s?line|history|happen\w*|events?|activit\w*|notes?|chronolog\w*|story|logs?\b|{_CHANGED}"),
    ),
    Intent(
        "investigate",
        "investigate incident 1",
        lambda asked: _about_incident(asked.incident),
        ("incident",),
        _words(rf"{_WHY}|root|rca"),
    ),
    Intent("incident", "tell me about incident 1", _of("incidents_get", "incident"), ("incident",)),
    Intent(
        "revision",
        "show the diff of revision 3 of pipeline X",
        _of("fleet_pipeline_revisions", "pipeline", limit=_ALL_REVISIONS),
        ("pipeline", "revision"),
    ),
    Intent(
        "history",
        "who changed pipeline X?",
        _of("fleet_pipeline_revisions", "pipeline"),
        ("pipeline",),
        _words(rf"{_CHANGED}|histor\w*|revisions?|versions?|diffs?|creat\w*|broke\b|author\w*|roll\w*\s*back|revert"),
    ),
    Intent(
        "changes_for_collector",
        "what changed for collector X?",
        _changes_for_collector,
        ("collector",),
        _words(rf"{_CHANGED}|diffs?"),
    ),
    Intent("why_collector", "what is wrong with collector X?", _why, ("collector",), _words(_WHY)),
    Intent("why_pipeline", "what is wrong with pipeline X?", _why, ("pipeline",), _words(_WHY)),
    Intent(
        "pipelines_of_collector",
        "which pipelines match collector X?",
        _of("fleet_get_collector", "collector"),
        ("collector",),
        _words(r"pipelines?"),
    ),
    Intent(
        "config",
        "the configuration of collector X",
        _of("fleet_collector_config", "collector"),
        ("collector",),
        _words(r"config\w*|rendered|handed\s+out"),
    ),
    Intent("collector", "tell me about collector X", _of("fleet_get_collector", "collector"), ("collector",)),
    Intent(
        "collectors_of_pipeline",
        "which collectors get pipeline X?",
        _of("fleet_pipeline_collectors", "pipeline"),
        ("pipeline",),
        _words(
            r"collectors?|who|where|gets?|receiv\w*|match\w*|select\w*|reach\w*|runs?\b|running|affect\w*|uses?\b|goes"
        ),
    ),
    Intent("pipeline", "show pipeline X", _of("fleet_get_pipeline", "pipeline"), ("pipeline",)),
    Intent(
        "rank_changes",
        "rank the changes of the last 24 hours by affected collectors",
        lambda asked: _changes(asked) if asked.is_ranked else None,
        words=_words(rf"{_CHANGED}"),
    ),
    Intent(
        "counts",
        "how many collectors, pipelines and incidents are there?",
        _counts,
        words=_words(
            r"how\s+many\s+(?:\w+\s+)?(?:collectors?|pipelines?|incidents?|runbooks?|alerts?)\b(?!.*\b(?:fail|brok|silent|unseen|"
            r"offline|error|unhealthy|down|chang|stale|inactive|gone|not\s+(?:been\s+)?seen))"
            r"|(?:count|number)\s+(?:of\s+)?(?:the\s+|all\s+)?(?:\w+\s+)?(?:collectors?|pipelines?|incidents?)"
        ),
    ),
    Intent(
        "failing",
        "which collectors fail to apply their configuration?",
        _one("fleet_list_collectors", state="failing"),
        words=_words(
            r"collectors?|config\w*|fleet|agents?",
            r"fail\w*|errors?|broken|unhealthy|reject\w*|refus\w*|(?:can\s?not|can't|could\s+not|couldn't|unable\s+to)\s+(?:\w+\s+)?"
            r"(?:apply|load)|sick|ill\b|bad\s+config\w*|invalid",
        ),
    ),
    Intent(
        "unseen",
        "which collectors were not seen lately?",
        _one("fleet_list_collectors", state="unseen"),
        words=_words(
            r"collectors?|fleet|agents?",
            r"unseen|silent|offline|missing|gone|inactive|stale|down\b|dead\b|lost\b|quiet|disconnect\w*|unreachable|vanished"
            r"|disappear\w*|last\s+seen|never\s+(?:been\s+)?seen|(?:not|\w+n't)\s+(?:been\s+)?(?:seen|call\w*|poll\w*|check\w*|report\w*)"
            r"|stopped\s+(?:poll|call|report)\w*",
        ),
    ),
    Intent("with_matchers", 'which collectors match env="prod"?', _preview, ("matchers",)),
    Intent("changes", "what changed in the last 2 hours?", _changes, words=_words(_CHANGED)),
    Intent("alerts", "which alerts are firing?", lambda _: _firing(), words=_words(r"alert\w*|alarms?|firing|paging")),
    Intent("incidents", "which incidents are active?", _incidents, words=_words(r"incidents?\b|outages?\b")),
    Intent("why", "why did checkout stop sending metrics?", _something_wrong, words=_words(_ABOUT)),
    Intent(
        "fleet",
        "how is the fleet?",
        lambda _: _look_into(""),
        words=_words(
            r"fleet|overview|how\s+are\s+(?:things|we)|status|health\w*|everything|all\s+(?:good|ok)|what(?:'s|\s+is)\s+(?:broken|down)|going\s+on|summary"
        ),
    ),
    Intent("pipelines", "list the pipelines", _one("fleet_list_pipelines"), words=_words(r"pipelines?\b")),
    Intent("collectors", "list the collectors", _one("fleet_list_collectors"), words=_words(r"collectors?\b|agents\b")),
)
"""In the order in which they are tried."""

BY_KEY: Final = {intent.key: intent for intent in INTENTS}
