"""The second step: what is called once the first results are there.

Out of results come ids and times for further reading, and nothing else: no text of theirs becomes a plan.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from quarterdeck.assistant.engine.builtin.findings import Findings, collector_has
from quarterdeck.assistant.engine.builtin.intents import Call, Understood
from quarterdeck.assistant.engine.builtin.result import Result
from quarterdeck.incidents.times import format_time

_MOST: Final = 3
_MOST_ID: Final = 500


def next_calls(understood: Understood, results: Sequence[Result]) -> list[Call]:
    """What the results of the first step lead to."""
    match understood.intent.key:
        case "before_incident" | "investigate":
            return _before(Findings(results), understood.asked.seconds_before)
        case "why" if understood.asked.something:
            return _around(Findings(results, understood.asked.something))
        case _:
            return []


def _before(findings: Findings, seconds: int) -> list[Call]:
    """The changes before the incident began."""
    began = findings.began
    if began is None:
        return []
    try:
        since = began - timedelta(seconds=seconds)
    except OverflowError:
        return []
    return [("fleet_changes", {"since": format_time(since), "until": format_time(began), "limit": 100})]


def _around(findings: Findings) -> list[Call]:
    """The pipelines of the collectors that have the name in them, those that are not well first."""
    found = [
        item
        for result in findings.of("fleet_list_collectors")
        for item in result.items("collectors")
        if collector_has(item, findings.name)
    ]
    found.sort(key=lambda item: item.get("state") == "healthy")
    ids = [item.get("id") for item in found[:_MOST]]
    return [
        ("fleet_get_collector", {"collector": identity})
        for identity in ids
        if isinstance(identity, str) and 0 < len(identity) <= _MOST_ID
    ]
