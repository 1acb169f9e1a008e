"""What the results of an investigation have to do with what it is about, and what stands near in time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from quarterdeck.assistant.engine.builtin.fleet_answers import (
    change,
    change_lines,
    change_mark,
    collector_lines,
    collector_state,
    pipeline_lines,
)
from quarterdeck.assistant.engine.builtin.incident_answers import incident_lines
from quarterdeck.assistant.engine.builtin.lines import counted, line, mark, more, said, source
from quarterdeck.assistant.engine.builtin.observed_answers import alert_state
from quarterdeck.assistant.engine.builtin.reach import took_away
from quarterdeck.assistant.engine.builtin.result import Item, Result, count
from quarterdeck.incidents.times import read_time

CORRELATION: Final = "This is a correlation in time; it does not show a cause."
_NEAR: Final = timedelta(hours=1)
_MOST: Final = 5
_MOST_MATCHED: Final = 50

_Items = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Findings:
    """The results of one turn, and the name that they are looked through for. An empty name keeps everything."""

    results: Sequence[Result]
    name: str = ""

    def of(self, *tools: str) -> Iterator[Result]:
        """The answers of tools, without those that failed or had nothing."""
        return (result for result in self.results if result.name in tools and result.is_answer)

    def was_read(self, tool: str) -> bool:
        """Whether a tool worked, data or not."""
        return any(result.name == tool and not result.failed for result in self.results)

    @property
    def incident(self) -> Result | None:
        """The incident that it is about."""
        return next(self.of("incidents_get"), None)

    @property
    def began(self) -> datetime | None:
        """When the incident began; when it was declared, without a word about that."""
        item = self.incident.fields if self.incident is not None else {}
        return moment(item.get("started_at")) or moment(item.get("created_at"))

    def matched_collectors(self) -> list[tuple[Result, dict[str, Any]]]:
        """The collectors that it is about."""
        reached = {
            str(item.get("id"))
            for result in self.of("fleet_pipeline_collectors")
            for item in result.items("collectors")
        }
        about_pipeline = any(self.of("fleet_get_pipeline"))
        found: dict[str, tuple[Result, dict[str, Any]]] = {}
        for result in self.of("fleet_list_collectors"):
            for item in result.items("collectors"):
                identity = str(item.get("id"))
                if identity in reached or (not about_pipeline and collector_has(item, self.name)):
                    found.setdefault(identity, (result, item))
        for result in self.of("fleet_get_collector"):
            found[str(result.fields.get("id"))] = (result, dict(result.fields))
        return list(found.values())

    def pipeline_ids(self) -> set[str] | None:
        """The ids of the pipelines that it is about; None for all."""
        about = [*self.of("fleet_get_collector"), *self.of("fleet_get_pipeline")]
        if not self.name and not about:
            return None
        ids = {str(item.get("id")) for result in self.of("fleet_list_pipelines") for item in result.items("pipelines")}
        ids |= {str(item.get("id")) for result in self.of("fleet_get_collector") for item in result.items("pipelines")}
        return ids | {str(result.fields.get("id")) for result in self.of("fleet_get_pipeline")}

    def changes(self) -> list[tuple[Result, dict[str, Any]]]:
        """The changes of pipelines that it is about, the latest first."""
        ids = self.pipeline_ids()
        collectors = self._attributes() if ids is not None else []
        found = [
            (result, item)
            for result in self.of("fleet_changes")
            for item in result.items("changes")
            if ids is None
            or str(item.get("pipeline_id")) in ids
            or (self.name and has(item.get("pipeline"), self.name))
            or took_away(item.get("diff"), collectors)
        ]
        for result in self.of("fleet_pipeline_revisions"):
            found += [(result, self._as_change(result, item)) for item in result.items("revisions")]
        return found

    def _attributes(self) -> list[dict[str, str]]:
        """What matchers see of the collectors that it is about."""
        listed = [item.get("attributes") for _, item in self.matched_collectors()[:_MOST_MATCHED]]
        return [{str(key): str(value) for key, value in each.items()} for each in listed if isinstance(each, dict)]

    def _as_change(self, result: Result, item: Item) -> dict[str, Any]:
        head = next(self.of("fleet_get_pipeline"), None)
        reached = next(self.of("fleet_pipeline_collectors"), None)
        return {
            **item,
            "pipeline": result.fields.get("pipeline"),
            "pipeline_id": head.fields.get("id") if head is not None else None,
            "affected_collectors": reached.total("collectors") if reached is not None else 0,
        }


def lines(result: Result, findings: Findings) -> Iterator[str] | None:
    """The lines of one result, as far as it has to do with what was asked; None when the ordinary lines do."""
    if result.name == "fleet_changes" and findings.pipeline_ids() is not None:
        return _changes(result, findings)
    if not findings.name:
        return None
    render = _ABOUT.get(result.name)
    return None if render is None or result.arguments.get("state") == "failing" else render(result, findings)


def _collectors(result: Result, findings: Findings) -> Iterator[str]:
    listed, total = result.items("collectors"), result.total("collectors")
    matching = [item for item in listed if collector_has(item, findings.name)]
    looked = "" if len(listed) >= total else f", of the {len(listed)} of {total} that were looked at"
    name = said(findings.name, 100)
    yield line(result, f"{counted(len(matching), 'collector')} with {name} in the id, the name or an attribute{looked}")
    worst = sorted(matching, key=lambda item: item.get("state") == "healthy")
    yield from collector_lines(result, worst, depth=1)
    yield from more(result, len(matching), min(len(matching), 20))


def _pipelines(result: Result, findings: Findings) -> Iterator[str]:
    total = result.total("pipelines")
    yield line(result, f"{counted(total, 'pipeline')} with {said(findings.name, 100)} in the name")
    yield from pipeline_lines(result, result.items("pipelines"), depth=1)


def _changes(result: Result, findings: Findings) -> Iterator[str]:
    mine = [item for from_result, item in findings.changes() if from_result is result]
    others = result.total("changes") - len(mine)
    since, until = said(result.arguments.get("since"), 40), said(result.arguments.get("until") or "now", 40)
    yield line(
        result,
        f"{counted(len(mine), 'change')} of its pipelines from {since} to {until}, and {others} of other pipelines",
    )
    yield from change_lines(result, mine)


def _incidents(result: Result, findings: Findings) -> Iterator[str]:
    listed = result.items("incidents")
    mine = [item for item in listed if has(item.get("title"), findings.name) or has(item.get("labels"), findings.name)]
    others = result.total("incidents") - len(mine)
    name = said(findings.name, 100)
    yield line(result, f"{counted(len(mine), 'active incident')} with {name} in the title or a label, {others} without")
    yield from incident_lines(result, mine, depth=1)


def _alerts(result: Result, findings: Findings) -> Iterator[str]:
    listed = result.items("alerts")
    mine = [item for item in listed if has(item.get("labels"), findings.name)]
    others = result.total("alerts") - len(mine)
    yield line(
        result, f"{counted(len(mine), 'firing alert')} with {said(findings.name, 100)} in a label, {others} without"
    )
    for each in mine[:20]:
        yield line(result, alert_state(each), depth=1)


_ABOUT: Final[dict[str, Callable[[Result, Findings], Iterator[str]]]] = {
    "fleet_list_collectors": _collectors,
    "fleet_list_pipelines": _pipelines,
    "incidents_list": _incidents,
    "alertmanager_alerts": _alerts,
    "prometheus_alerts": _alerts,
}


def conclusions(findings: Findings) -> list[str]:
    """What stands near in time, worded as that; or that nothing was found, and what could not be looked at."""
    found = list(_near_incident(findings) if findings.incident is not None else _near_collectors(findings))
    if found:
        return [*found, CORRELATION]
    unread = [tool for tool in ("fleet_changes", "fleet_pipeline_revisions") if findings.was_read(tool)]
    if not unread:
        return ["The changes of pipelines could not be read: I cannot tell what stands near in time."]
    return ["Nothing was found that stands near in time. I cannot tell the cause."]


def _near_incident(findings: Findings) -> Iterator[str]:
    began, changes = findings.began, findings.changes()
    before = [
        (result, item, at) for result, item in changes if began and (at := moment(item.get("at"))) and at <= began
    ]
    if not before or began is None or findings.incident is None:
        return
    the = mark("incident", findings.incident.fields.get("id"))
    nearest = max(before, key=lambda each: each[2])
    widest = max(before, key=lambda each: count(each[1], "affected_collectors"))
    result, item, at = nearest
    ago = _span(began - at)
    yield line(result, f"nearest: {ago} before the incident began: {change(item)}", change_mark(item), the)
    if widest is not nearest and count(widest[1], "affected_collectors") > count(item, "affected_collectors"):
        result, item, at = widest
        ago = _span(began - at)
        yield line(result, f"widest: {ago} before the incident began: {change(item)}", change_mark(item), the)


def _near_collectors(findings: Findings) -> Iterator[str]:
    """For each collector that is not well, the latest change before it was last heard of."""
    changes = [(result, item, at) for result, item in findings.changes() if (at := moment(item.get("at"))) is not None]
    unwell = [each for each in findings.matched_collectors() if each[1].get("state") in {"failing", "unseen"}]
    for result, item in unwell[:_MOST]:
        heard = moment(item.get("last_seen_at"))
        if heard is None:
            continue
        # What fails goes on calling; what is silent called last just before, or just after, it got the change.
        slack = timedelta(minutes=5) if item.get("state") == "unseen" else timedelta()
        near = [each for each in changes if -slack <= heard - each[2] <= (_NEAR if slack else timedelta(days=1))]
        if not near:
            continue
        of, latest, at = max(near, key=lambda each: each[2])
        side = "before" if at <= heard else "after"
        text = f"{_span(abs(heard - at))} {side} {collector_state(item)}: {change(latest)}"
        yield line(of, text, mark("collector", item.get("id")), change_mark(latest), source(result))


def collector_has(item: Item, name: str) -> bool:
    """Whether a collector's id, name or attributes have the name in them."""
    return has(item.get("id"), name) or has(item.get("name"), name) or has(item.get("attributes"), name)


def has(value: Any, name: str) -> bool:
    """Whether a text, or one in a list or an object, has the name in it, in any case."""
    if isinstance(value, dict):
        return any(has(each, name) for each in value.values())
    if isinstance(value, list):
        return any(has(each, name) for each in value)
    return name.casefold() in value.casefold() if isinstance(value, str) else not name


def moment(text: Any) -> datetime | None:
    """A time of a result; None for what is none."""
    return read_time(text) if isinstance(text, str) else None


def _span(span: timedelta) -> str:
    seconds = int(span.total_seconds())
    if seconds < 120:
        return counted(seconds, "second")
    minutes = seconds // 60
    return (
        counted(minutes, "minute") if minutes < 120 else f"{minutes // 60} hours and {counted(minutes % 60, 'minute')}"
    )
