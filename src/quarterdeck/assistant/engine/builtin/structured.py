"""Answers in a JSON shape that was asked for: facts under the titles that are for facts, and nothing invented."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from quarterdeck.assistant.engine.builtin import findings as found
from quarterdeck.assistant.engine.builtin.findings import Findings
from quarterdeck.assistant.engine.builtin.lines import line, mark, said
from quarterdeck.assistant.engine.builtin.observed_answers import alert_state

Schema = Mapping[str, Any]

_HEALTH: Final = frozenset({"workload_healthy", "root_cause_summary"})
_FACTS: Final = (
    "finding",
    "fact",
    "evidence",
    "happened",
    "summary",
    "detail",
    "impact",
    "analysis",
    "answer",
    "rationale",
)
_CONCLUSIONS: Final = ("conclusion", "cause", "correlation")
_EMPTY: Final[Mapping[str, Any]] = {"null": None, "string": "", "array": [], "object": {}}
_NO_VERDICT: Final = (
    "Without a language model I cannot judge this; the values that take a judgement are null. What was found:"
)


def properties_of(response_format: Mapping[str, Any] | None) -> Mapping[str, Schema]:
    """The properties of the JSON object that is wanted; none when text is."""
    found_there: Any = response_format
    for key in ("json_schema", "schema", "properties"):
        found_there = found_there.get(key) if isinstance(found_there, Mapping) else None
    if not isinstance(found_there, Mapping):
        return {}
    return {str(name): each if isinstance(each, Mapping) else {} for name, each in found_there.items()}


def sections(
    properties: Mapping[str, Schema], label: str, told: Mapping[str, Any], lines: Sequence[str], about: Findings
) -> dict[str, Any]:
    """The object that was asked for. `told` is what the question said; `lines` are the facts that were found."""
    if set(properties) == _HEALTH:
        return _health(properties, label, lines, about)
    texts = {
        title: _section(title, told, lines, about) for title, schema in properties.items() if _takes(schema, "string")
    }
    if texts and not any(_is_for(title, _FACTS) and text for title, text in texts.items()):
        # Somebody's own titles: what was found must stand somewhere.
        first = next(iter(texts))
        texts[first] = "\n".join(filter(None, (texts[first], *lines)))
    if any(_takes(schema, kind) for schema in properties.values() for kind in ("boolean", "integer", "number")):
        texts = {title: f"{_NO_VERDICT}\n{text}" if text else "" for title, text in texts.items()}
    labelled = next((title for title, text in texts.items() if text), None)
    if labelled is not None:
        texts[labelled] = f"{label}\n{texts[labelled]}"
    return {title: texts.get(title) or _nothing(schema) for title, schema in properties.items()}


def _section(title: str, told: Mapping[str, Any], lines: Sequence[str], about: Findings) -> str:
    if _is_for(title, _CONCLUSIONS):
        return "\n".join(found.conclusions(about)) if about.results else ""
    if _is_for(title, ("explanation",)):
        return "\n".join(_explanation(told, about))
    if _is_for(title, ("link",)):
        return "\n".join(_links(about))
    return "\n".join(lines) if _is_for(title, _FACTS) else ""


def _explanation(told: Mapping[str, Any], about: Findings) -> list[str]:
    """What it is about, in the words of whoever asked, and the incident as it is recorded."""
    listed = [f"Asked about: {said(told[key], 1000)}" for key in ("title", "description") if told.get(key)]
    incident = about.incident
    if incident is not None and incident.fields:
        state = said(incident.fields.get("status"), 100)
        the = mark("incident", incident.fields.get("id"))
        listed.append(line(incident, f"incident {said(incident.fields.get('id'), 30)} is {state}", the))
    return listed


def _links(about: Findings) -> list[str]:
    incident = about.incident
    url = incident.fields.get("url") if incident is not None else None
    if incident is None or not isinstance(url, str) or not url.startswith(("http://", "https://")):
        return []
    return [line(incident, said(url, 1000))]


def _health(properties: Mapping[str, Schema], label: str, lines: Sequence[str], about: Findings) -> dict[str, Any]:
    """Healthy only when something that could show trouble was read about this very workload, and showed none."""
    collectors = about.matched_collectors() if about.name else []
    unwell = [each for each in collectors if each[1].get("state") in {"failing", "unseen"}]
    alerts = [
        (result, item)
        for result in about.of("alertmanager_alerts", "prometheus_alerts")
        for item in result.items("alerts")
        if about.name and found.has(item.get("labels"), about.name)
    ]
    trouble = [line(result, alert_state(item)) for result, item in alerts]
    was_checked = bool(collectors) or any(map(about.was_read, ("alertmanager_alerts", "prometheus_alerts")))
    if alerts or unwell:
        verdict, healthy = "Not healthy, as far as its alerts and collectors show.", False
    elif about.name and was_checked:
        verdict, healthy = "No alert about it fires and no collector of it is unwell; nothing else was looked at.", True
    else:
        verdict, healthy = (
            "I cannot tell: no tool here shows this workload. It counts as not healthy until one does.",
            False,
        )
    summary = "\n".join([label, verdict, *trouble, *lines, *found.conclusions(about)])
    can_be_open = not alerts and not unwell and not healthy and _takes(properties["workload_healthy"], "null")
    return {"workload_healthy": None if can_be_open else healthy, "root_cause_summary": summary}


def _nothing(schema: Schema) -> Any:
    """What says nothing. Null even where the schema wants a verdict or a number: none of these would be true."""
    return next((value for kind, value in _EMPTY.items() if _takes(schema, kind)), None)


def _takes(schema: Schema, kind: str) -> bool:
    """Whether a property may have a value of this JSON type."""
    types = schema.get("type")
    if types is None:
        choices = schema.get("anyOf")
        if isinstance(choices, list):
            return any(isinstance(each, Mapping) and _takes(each, kind) for each in choices)
        return kind in {"string", "null"}
    return kind in types if isinstance(types, list) else kind == types


def _is_for(title: str, words: Sequence[str]) -> bool:
    folded = title.casefold()
    return any(word in folded for word in words)
