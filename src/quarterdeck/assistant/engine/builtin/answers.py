"""Answers made of tool results. Every statement ends with the tool and the call that it stands on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Final

from quarterdeck.assistant.engine.builtin import findings as found
from quarterdeck.assistant.engine.builtin import fleet_answers as fleet
from quarterdeck.assistant.engine.builtin import incident_answers as incidents
from quarterdeck.assistant.engine.builtin import observed_answers as observed
from quarterdeck.assistant.engine.builtin.findings import Findings
from quarterdeck.assistant.engine.builtin.intents import Understood, examples
from quarterdeck.assistant.engine.builtin.lines import line, said
from quarterdeck.assistant.engine.builtin.mentions import Asked
from quarterdeck.assistant.engine.builtin.result import Result

_Render = Callable[[Result, Asked], Iterator[str]]

_RENDER: Final[Mapping[str, _Render]] = {
    "fleet_list_collectors": fleet.collectors,
    "fleet_get_collector": fleet.collector,
    "fleet_collector_config": fleet.config,
    "fleet_list_pipelines": fleet.pipelines,
    "fleet_get_pipeline": fleet.pipeline,
    "fleet_pipeline_collectors": fleet.pipeline_collectors,
    "fleet_pipeline_revisions": fleet.revisions,
    "fleet_changes": fleet.changes,
    "fleet_preview_matchers": fleet.preview,
    "fleet_update_pipeline": fleet.pipeline_changed,
    "fleet_roll_back_pipeline": fleet.pipeline_changed,
    "incidents_list": incidents.incidents,
    "incidents_get": incidents.incident,
    "incidents_timeline": incidents.timeline,
    "incidents_tasks": incidents.tasks,
    "incidents_set_status": incidents.status_changed,
    "incidents_add_note": incidents.note_added,
    "alertmanager_alerts": observed.alerts,
    "prometheus_alerts": observed.alerts,
    "prometheus_query": observed.series,
    "runbooks_list": observed.runbooks,
    "runbooks_search": observed.runbooks,
    "runbooks_get": observed.runbook,
}
_CONCLUDED: Final = frozenset({"before_incident", "investigate", "why", "why_collector", "why_pipeline", "fleet"})
"""Intents whose answers end with what stands near in time."""
_WITHIN: Final = frozenset({"changes", "rank_changes", "changes_for_collector"})
"""Intents that go by the time that a question names."""
_BEFORE: Final = frozenset({"before_incident", "investigate"})
"""Intents that go by the time before an incident."""
_TIMELESS: Final = frozenset(
    {
        "help",
        "promql",
        "add_note",
        "set_status",
        "roll_back",
        "switch",
        "preview",
        "runbook",
        "runbook_search",
        "runbooks",
    }
)
_SINGLE: Final = frozenset(
    {"fleet_get_collector", "fleet_collector_config", "fleet_get_pipeline", "fleet_preview_matchers", "incidents_get",
     "incidents_set_status", "incidents_add_note", "fleet_update_pipeline", "fleet_roll_back_pipeline", "runbooks_get"}
)  # fmt: skip
"""Tools that answer one thing: of such a result there is nothing to tell once it was cut."""


def answer(understood: Understood, results: Sequence[Result]) -> list[str]:
    """The lines of an answer."""
    about = findings_of(understood, results)
    lines = [*time_left(understood, results), *facts(understood, about)]
    if understood.intent.key in _CONCLUDED:
        lines += ["", "Near in time:", *found.conclusions(about)]
    if understood.is_first:
        lines.append("Only the first question was answered: ask one at a time.")
    return lines


def time_left(understood: Understood, results: Sequence[Result]) -> list[str]:
    """That a time in the question was not understood, and which time the answer is for."""
    key = understood.intent.key
    if key in _TIMELESS or not understood.asked.has_a_time_left(before=key in _BEFORE, within=key in _WITHIN):
        return []
    spans = [result.arguments for result in results if result.name == "fleet_changes"]
    if not spans:
        return ["I did not understand the time in this question: this answer is not limited to any time."]
    since, until = said(spans[0].get("since"), 40), said(spans[0].get("until") or "now", 40)
    return [f"I did not understand the time in this question: this answer is for the changes from {since} to {until}."]


def findings_of(understood: Understood, results: Sequence[Result]) -> Findings:
    """The results, with the name that they are looked through for."""
    return Findings(results, understood.asked.something if understood.intent.key == "why" else "")


def facts(understood: Understood, about: Findings) -> list[str]:
    """What the results say, one after the other."""
    return [text for result in about.results for text in _lines(result, understood, about)]


def _lines(result: Result, understood: Understood, about: Findings) -> Iterator[str]:
    if result.failed:
        yield line(result, f"{said(result.name, 64)} failed: {said(result.sentence, 1000)}")
        return
    if result.is_empty:
        yield line(result, said(result.sentence, 1000) or "nothing was found")
        return
    if result.is_cut:
        yield line(result, f"the result of {said(result.name, 64)} was cut: what follows from it is not all of it")
    known = _RENDER.get(result.name)
    if known is None or (result.is_cut and result.name in _SINGLE) or (not result.is_cut and not result.fields):
        yield from observed.plain(result, understood.asked)
        return
    yield from found.lines(result, about) or known(result, understood.asked)


def refusal(tools: AbstractSet[str], *, asked_for_help: bool) -> list[str]:
    """What the planner understands, of what its tools can answer."""
    first = "I answer questions of these kinds:"
    if not asked_for_help:
        first = f"I do not understand this question. Without a language model {first}"
    return [first, *(f"- {example}" for example in examples(tools))]


def not_whole(understood: Understood) -> list[str]:
    """What is understood of an order, and that this is not enough."""
    half = f"`{said(understood.half, 400)}`"
    custom = " A status of your own stands in quotes." if half.endswith("…`") else ""
    return [
        f"Of this order I understand {half}, and not the rest.{custom}",
        "An order must be understood whole: nothing was proposed, and nothing was done. Ask for one thing at a time.",
    ]


def not_possible(understood: Understood) -> list[str]:
    """That the question is understood, and that there is no tool for it here."""
    wanted = sorted({name for name, _ in understood.calls})
    return [
        f"I understand this question as: {understood.intent.example}",
        f"It needs {' or '.join(wanted)}, which you cannot use here: it is not set up, or your role does not allow it.",
    ]
