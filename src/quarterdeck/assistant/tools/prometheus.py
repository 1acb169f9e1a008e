"""What Prometheus, and what speaks its HTTP API (Mimir, Thanos, VictoriaMetrics), can be asked.

Shapes of the answers; lists that may be cut have `total` beside them:

- `prometheus_query`: `{result_type, at, total, series: [{labels, value}]}`; of a range selector `values:
  [[unix seconds, value], …]` instead of `value`; of a scalar or a string `{result_type, at, value}`
- `prometheus_query_range`: `{result_type, start, end, step_seconds, total, series: [{labels, values}]}`
- `prometheus_labels`: `{total, labels}`, or for one label `{label, total, values}`
- `prometheus_series`: `{total, series: [labels, …]}`
- `prometheus_metadata`: `{total, metrics: [{name, type, help, unit}]}`
- `prometheus_rules`: `{total, rules: [{group, name, type, query, state, for_seconds, health, last_error, labels,
  annotations}]}`; what says nothing is left out
- `prometheus_alerts`: `{total, alerts: [{labels, annotations, state, active_at, value}]}`
- `prometheus_targets`: `{total, targets: [{job, instance, labels, health, scrape_url, last_scrape, last_error}]}`

Values are numbers, or the texts `NaN`, `+Inf` and `-Inf`. Times are RFC 3339 in UTC, but for points.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final, Literal
from urllib.parse import quote

import httpx
from pydantic import Field

from quarterdeck.assistant.tools.http_client import ApiClient, Endpoint
from quarterdeck.assistant.tools.moments import FORMS, read_moment, written
from quarterdeck.assistant.tools.tool import Parameters, Tool, ToolAnswer, ToolContext, ToolFailed, found, nothing
from quarterdeck.assistant.tools.typed_tool import TypedTool
from quarterdeck.clock import Clock

TOOLSET: Final = "prometheus"
SYSTEM: Final = "Prometheus"
MOST_POINTS: Final = 300
"""Points of one series of a range."""
GRACE: Final = 5.0
"""Seconds that a tool has beyond its request, so that the client's own sentence comes first."""

Query = Annotated[str, Field(min_length=1, max_length=8192)]
Moment = Annotated[str, Field(max_length=64)]
Selectors = Annotated[list[Annotated[str, Field(min_length=1, max_length=2048)]], Field(max_length=10)]
LabelName = Annotated[str, Field(max_length=1024, pattern=r"^(?:[^./\\][^/\\]*)?$")]
"""It becomes a part of a path, and must not become two."""

_MOST_VALUES: Final = 6000
"""Points of all series of one answer."""
_MOST_TEXT: Final = 1000
"""Characters of a help text, an annotation or an error."""
_DURATION: Final = re.compile(r"(?=\d)(?:(\d{1,9})d)?(?:(\d{1,9})h)?(?:(\d{1,9})m)?(?:(\d{1,9})s)?", re.ASCII)
_SECONDS: Final = re.compile(r"\d{1,9}(?:\.\d{1,3})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class PrometheusConfig(Endpoint):
    """A Prometheus, or the Prometheus API of a Mimir: its base URL ends before `/api/v1`."""

    ui_url: str = ""
    """Where people look at the same Prometheus: links to its graph page stand beside answers. Empty for none."""
    most_points: int = MOST_POINTS
    most_series: int = 200
    """Series, rules, alerts or targets of one answer."""


class InstantQuery(Parameters):
    query: Query = Field(description="The PromQL expression.")
    time: Moment = Field("now", description=f"The moment to evaluate it at: {FORMS}.")


class RangeQuery(Parameters):
    query: Query = Field(description="The PromQL expression; it must give an instant vector or a scalar.")
    start: Moment = Field("-1h", description=f"The first moment: {FORMS}.")
    end: Moment = Field("now", description="The last moment, in the same forms.")
    step: str = Field(
        "",
        max_length=32,
        description="Between points: seconds, or a duration such as 30s, 5m or 1h. Empty chooses one. It is raised "
        "when the range would have too many points.",
    )


class LabelQuery(Parameters):
    label: LabelName = Field("", description="The label whose values are wanted; empty for label names.")
    matchers: Selectors = Field(
        default_factory=list, description='Series selectors that narrow it, such as up{job="node"}.'
    )
    start: Moment = Field("-1h", description=f"The first moment: {FORMS}.")
    end: Moment = Field("now", description="The last moment, in the same forms.")
    limit: int = Field(200, ge=1, le=1000, description="At most so many.")


class SeriesQuery(Parameters):
    matchers: Selectors = Field(min_length=1, description='Series selectors, such as up or {job="node"}.')
    start: Moment = Field("-1h", description=f"The first moment: {FORMS}.")
    end: Moment = Field("now", description="The last moment, in the same forms.")
    limit: int = Field(100, ge=1, le=1000, description="At most so many.")


class MetadataQuery(Parameters):
    metric: str = Field("", max_length=1024, description="One metric's name; empty for all.")
    name_contains: str = Field("", max_length=200, description="Only metrics whose name contains this.")
    limit: int = Field(100, ge=1, le=1000, description="At most so many.")


class RulesQuery(Parameters):
    type: Literal["all", "alert", "record"] = Field("all", description="Alerting rules, recording rules, or all.")
    name_contains: str = Field("", max_length=200, description="Only rules whose name contains this.")
    state: Literal["any", "firing", "pending", "inactive"] = Field("any", description="Only alerting rules like this.")


class AlertsQuery(Parameters):
    state: Literal["any", "firing", "pending"] = Field("any", description="Only alerts in this state.")
    name_contains: str = Field("", max_length=200, description="Only alerts whose alertname contains this.")


class TargetsQuery(Parameters):
    health: Literal["any", "up", "down", "unknown"] = Field("any", description="Only targets like this.")
    job: str = Field("", max_length=1024, description="Only targets of this job.")


def prometheus_tools(
    config: PrometheusConfig, clock: Clock, *, environment: Mapping[str, str] | None = None
) -> tuple[Tool, ...]:
    """The tools over one Prometheus. `environment` is where header variables are read, the process's by default.

    Raises Invalid for a configuration that cannot work. Nothing is asked yet.
    """
    return _Prometheus(config, ApiClient.of(SYSTEM, config, environment), clock).tools()


@dataclass(frozen=True, slots=True)
class _Prometheus:
    config: PrometheusConfig
    api: ApiClient
    clock: Clock

    def tools(self) -> tuple[Tool, ...]:
        patience = self.config.timeout + GRACE
        return (
            TypedTool(
                "prometheus_query",
                "Evaluate a PromQL expression at one moment.",
                TOOLSET, InstantQuery, self.query, "query Prometheus", timeout=patience,
            ),
            TypedTool(
                "prometheus_query_range",
                f"Evaluate a PromQL expression over time; at most {self.config.most_points} points a series.",
                TOOLSET, RangeQuery, self.query_range, "query a range of Prometheus", timeout=patience,
            ),
            TypedTool(
                "prometheus_labels",
                "List label names of Prometheus, or the values of one label. The values of `__name__` are the metrics.",
                TOOLSET, LabelQuery, self.labels, "list labels of Prometheus", timeout=patience,
            ),
            TypedTool(
                "prometheus_series",
                "List the series that selectors match, as label sets without values.",
                TOOLSET, SeriesQuery, self.series, "list series of Prometheus", timeout=patience,
            ),
            TypedTool(
                "prometheus_metadata",
                "What metrics are: type, unit and help text.",
                TOOLSET, MetadataQuery, self.metadata, "read what metrics are", timeout=patience,
            ),
            TypedTool(
                "prometheus_rules",
                "List alerting and recording rules with their expressions and state.",
                TOOLSET, RulesQuery, self.rules, "list rules of Prometheus", timeout=patience,
            ),
            TypedTool(
                "prometheus_alerts",
                "List the alerts that are firing or pending in Prometheus.",
                TOOLSET, AlertsQuery, self.alerts, "list alerts of Prometheus", timeout=patience,
            ),
            TypedTool(
                "prometheus_targets",
                "List what Prometheus scrapes, whether that works, and why not.",
                TOOLSET, TargetsQuery, self.targets, "list targets of Prometheus", timeout=patience,
            ),
        )  # fmt: skip

    async def query(self, wanted: InstantQuery, _: ToolContext) -> ToolAnswer:
        at = read_moment(wanted.time, now=self.clock.now(), field="time")
        parameters = [("query", wanted.query), ("time", unix(at))]
        data, warnings = await self._get("/api/v1/query", parameters, wanted.query)
        shown = {"result_type": data.get("resultType", ""), "at": written(at), **self._result(data)}
        return self._answer(shown, warnings, wanted.query, f"no series for {wanted.query} at {written(at)}", tab=1)

    async def query_range(self, wanted: RangeQuery, _: ToolContext) -> ToolAnswer:
        start, end = read_range(wanted.start, wanted.end, self.clock.now())
        step = fitting_step(read_step(wanted.step), start, end, self.config.most_points)
        parameters = [("query", wanted.query), ("start", unix(start)), ("end", unix(end)), ("step", f"{step:g}")]
        data, warnings = await self._get("/api/v1/query_range", parameters, wanted.query)
        shown = {
            "result_type": data.get("resultType", ""),
            "start": written(start),
            "end": written(end),
            "step_seconds": step,
            **self._result(data),
        }
        why = f"no series for {wanted.query} from {written(start)} to {written(end)}"
        return self._answer(shown, warnings, wanted.query, why, tab=0)

    async def labels(self, wanted: LabelQuery, _: ToolContext) -> ToolAnswer:
        start, end = read_range(wanted.start, wanted.end, self.clock.now())
        parameters = [("start", unix(start)), ("end", unix(end)), *(("match[]", each) for each in wanted.matchers)]
        path = f"/api/v1/label/{quote(wanted.label, safe='')}/values" if wanted.label else "/api/v1/labels"
        invocation = _request(path, wanted.matchers)
        names, warnings = await self._get(path, parameters, invocation, kind=list)
        key, head = ("values", {"label": wanted.label}) if wanted.label else ("labels", {})
        shown = {**head, "total": len(names), key: names[: wanted.limit]}
        return self._answer(shown, warnings, invocation, f"{invocation}: nothing in that time")

    async def series(self, wanted: SeriesQuery, _: ToolContext) -> ToolAnswer:
        start, end = read_range(wanted.start, wanted.end, self.clock.now())
        parameters = [("start", unix(start)), ("end", unix(end)), *(("match[]", each) for each in wanted.matchers)]
        invocation = _request("/api/v1/series", wanted.matchers)
        series, warnings = await self._get("/api/v1/series", parameters, invocation, kind=list)
        shown = {"total": len(series), "series": series[: wanted.limit]}
        return self._answer(shown, warnings, invocation, f"no series match {', '.join(wanted.matchers)}")

    async def metadata(self, wanted: MetadataQuery, _: ToolContext) -> ToolAnswer:
        parameters = [("metric", wanted.metric)] if wanted.metric else []
        invocation = _request("/api/v1/metadata", [wanted.metric] if wanted.metric else [])
        data, warnings = await self._get("/api/v1/metadata", parameters, invocation)
        metrics = [
            {"name": name, **_filled(type=each.get("type"), help=cut(each.get("help")), unit=each.get("unit"))}
            for name, entries in sorted(data.items())
            if wanted.name_contains.lower() in name.lower()
            for each in objects(entries)[:1]
        ]
        shown = {"total": len(metrics), "metrics": metrics[: wanted.limit]}
        return self._answer(shown, warnings, invocation, "no such metric is known")

    async def rules(self, wanted: RulesQuery, _: ToolContext) -> ToolAnswer:
        parameters = [] if wanted.type == "all" else [("type", wanted.type)]
        data, warnings = await self._get("/api/v1/rules", parameters, "/api/v1/rules")
        rules = [
            _shown_rule(str(group.get("name", "")), rule)
            for group in objects(data.get("groups"))
            for rule in objects(group.get("rules"))
            if wanted.name_contains.lower() in str(rule.get("name", "")).lower()
            and wanted.state in {"any", rule.get("state")}
        ]
        shown = {"total": len(rules), "rules": rules[: self.config.most_series]}
        return self._answer(shown, warnings, "/api/v1/rules", "no such rules")

    async def alerts(self, wanted: AlertsQuery, _: ToolContext) -> ToolAnswer:
        data, warnings = await self._get("/api/v1/alerts", [], "/api/v1/alerts")
        alerts = [
            _shown_alert(each)
            for each in objects(data.get("alerts"))
            if wanted.state in {"any", each.get("state")}
            and wanted.name_contains.lower() in str(labels_of(each, "labels").get("alertname", "")).lower()
        ]
        shown = {"total": len(alerts), "alerts": alerts[: self.config.most_series]}
        state = "firing or pending" if wanted.state == "any" else wanted.state
        return self._answer(shown, warnings, "/api/v1/alerts", f"no such alerts are {state}")

    async def targets(self, wanted: TargetsQuery, _: ToolContext) -> ToolAnswer:
        data, warnings = await self._get("/api/v1/targets", [("state", "active")], "/api/v1/targets")
        targets = [
            _shown_target(each)
            for each in objects(data.get("activeTargets"))
            if wanted.health in {"any", each.get("health")}
            and (not wanted.job or labels_of(each, "labels").get("job") == wanted.job)
        ]
        shown = {"total": len(targets), "targets": targets[: self.config.most_series]}
        return self._answer(shown, warnings, "/api/v1/targets", "no such targets")

    async def _get(
        self, path: str, parameters: Sequence[tuple[str, str]], invocation: str, *, kind: type = dict
    ) -> tuple[Any, list[str]]:
        """The data of an answer, which is of this kind, and its warnings. Raises ToolFailed."""
        answer = await self.api.get(path, parameters, invocation=invocation)
        return unwrapped(SYSTEM, answer, kind, invocation), _warnings(answer)

    def _result(self, data: Mapping[str, Any]) -> dict[str, Any]:
        return shown_result(data, most_series=self.config.most_series)

    def _answer(
        self, shown: dict[str, Any], warnings: list[str], invocation: str, why_nothing: str, *, tab: int | None = None
    ) -> ToolAnswer:
        if shown.get("total") == 0:
            return nothing("; ".join([why_nothing, *warnings]), invocation=invocation)
        data = {**shown, "warnings": warnings} if warnings else shown
        return found(data, invocation=invocation, url="" if tab is None else self._graph(invocation, tab))

    def _graph(self, query: str, tab: int) -> str:
        """A link for people: to the table (1) or the graph (0)."""
        if not self.config.ui_url:
            return ""
        return f"{self.config.ui_url.rstrip('/')}/graph?{httpx.QueryParams({'g0.expr': query, 'g0.tab': str(tab)})}"


def read_range(start: str, end: str, now: datetime) -> tuple[datetime, datetime]:
    """Both ends of a range. Raises ToolFailed for a time that is none, or an end that is not after the start."""
    first, last = read_moment(start, now=now, field="start"), read_moment(end, now=now, field="end")
    if last <= first:
        raise ToolFailed(f"the range ends at {written(last)}, which is not after its start at {written(first)}")
    return first, last


def read_step(text: str) -> float:
    """Seconds; 0 for an empty text. Raises ToolFailed for what is neither seconds nor a duration."""
    words = text.strip()
    if not words:
        return 0.0
    if _SECONDS.fullmatch(words):
        return float(words)
    parts = _DURATION.fullmatch(words)
    if parts is None:
        raise ToolFailed(f"step: {text!r} is neither seconds nor a duration such as 30s, 5m or 1h30m")
    days, hours, minutes, seconds = (int(part or 0) for part in parts.groups())
    return float(days * 86_400 + hours * 3600 + minutes * 60 + seconds)


def fitting_step(wanted: float, start: datetime, end: datetime, most_points: int) -> float:
    """Whole seconds between points, at least the wanted ones, so that no series has more points than the most."""
    span = (end - start) / timedelta(seconds=1)
    return float(max(1, math.ceil(wanted), math.ceil(span / max(1, most_points - 1))))


def unix(moment: datetime) -> str:
    """Seconds since 1970, with milliseconds, as the API takes them."""
    return f"{moment.timestamp():.3f}"


def unwrapped(system: str, answer: Any, kind: type, invocation: str) -> Any:
    """The `data` of an answer in Prometheus' envelope. Raises ToolFailed when it is another answer."""
    if not isinstance(answer, dict) or answer.get("status") != "success":
        said = answer.get("error") if isinstance(answer, dict) else None
        why = cut(said) if isinstance(said, str) else "not in the form of its API"
        raise ToolFailed(f"{system} answered: {why}", invocation=invocation)
    # Go writes null for an empty list.
    data = kind() if answer.get("data") is None else answer["data"]
    if not isinstance(data, kind):
        raise ToolFailed(f"{system} answered: not in the form of its API", invocation=invocation)
    return data


def shown_result(data: Mapping[str, Any], *, most_series: int) -> dict[str, Any]:
    """A vector or a matrix as `{total, series}`, with no more than some thousand points; else `{value}`."""
    result = data.get("result")
    if data.get("resultType") not in {"vector", "matrix"}:
        return {"value": _value(result[1]) if isinstance(result, list) and len(result) > 1 else None}
    every = objects(result)
    series: list[dict[str, Any]] = []
    left = _MOST_VALUES
    for each in every[:most_series]:
        shown = _shown_series(each)
        left -= len(shown.get("values", ()))
        if left < 0 and series:
            break
        series.append(shown)
    return {"total": len(every), "series": series}


def objects(value: Any) -> list[dict[str, Any]]:
    """The objects of a JSON list; nothing for anything else."""
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def labels_of(value: Mapping[str, Any], key: str) -> dict[str, Any]:
    """The JSON object below a key; an empty one for anything else."""
    found_there = value.get(key)
    return found_there if isinstance(found_there, dict) else {}


def cut(text: Any) -> str:
    """A text for people, at most 1000 characters of it."""
    said = str(text or "").strip()
    return said if len(said) <= _MOST_TEXT else f"{said[: _MOST_TEXT - 1]}…"


def utc(text: Any) -> str | None:
    """A time of a Go program in UTC, to the second; None for none, which Go writes as the year 1."""
    try:
        moment = datetime.fromisoformat(str(text)).astimezone(UTC).replace(microsecond=0)
    except (ValueError, OverflowError):
        return None
    return written(moment) if moment.year > 1 else None


def _shown_series(series: Mapping[str, Any]) -> dict[str, Any]:
    shown: dict[str, Any] = {"labels": labels_of(series, "metric")}
    if isinstance(series.get("values"), list):
        shown["values"] = [[_at(point[0]), _value(point[1])] for point in _points(series["values"])]
    else:
        shown["value"] = next((_value(point[1]) for point in _points([series.get("value")])), None)
    return shown


def _points(values: Iterable[Any]) -> list[list[Any]]:
    return [each for each in values if isinstance(each, list) and len(each) > 1]


def _at(seconds: Any) -> Any:
    return int(seconds) if isinstance(seconds, float) and seconds.is_integer() else seconds


def _value(text: Any) -> Any:
    """A sample's value: a number where JSON has one."""
    try:
        number = float(text)
    except (TypeError, ValueError):
        return text
    if not math.isfinite(number):
        return text
    return int(number) if number.is_integer() and abs(number) < 2**53 else number


def _shown_rule(group: str, rule: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "group": group,
        "name": rule.get("name", ""),
        **_filled(
            type=rule.get("type"),
            query=rule.get("query"),
            state=rule.get("state"),
            for_seconds=rule.get("duration"),
            health=rule.get("health"),
            last_error=cut(rule.get("lastError")),
            labels=labels_of(rule, "labels"),
            annotations=_texts(labels_of(rule, "annotations")),
        ),
    }


def _shown_alert(alert: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "labels": labels_of(alert, "labels"),
        "annotations": _texts(labels_of(alert, "annotations")),
        "state": alert.get("state", ""),
        "active_at": utc(alert.get("activeAt")),
        "value": _value(alert.get("value")),
    }


def _shown_target(target: Mapping[str, Any]) -> dict[str, Any]:
    labels = labels_of(target, "labels")
    return {
        "job": labels.get("job", ""),
        "instance": labels.get("instance", ""),
        "labels": {name: value for name, value in labels.items() if name not in {"job", "instance"}},
        "health": target.get("health", ""),
        "scrape_url": target.get("scrapeUrl", ""),
        "last_scrape": utc(target.get("lastScrape")),
        "last_error": cut(target.get("lastError")),
    }


def _texts(annotations: Mapping[str, Any]) -> dict[str, str]:
    return {name: cut(text) for name, text in annotations.items()}


def _filled(**fields: Any) -> dict[str, Any]:
    """The fields that say something."""
    return {name: value for name, value in fields.items() if value}


def _warnings(answer: Any) -> list[str]:
    warnings = answer.get("warnings")
    return [cut(each) for each in warnings[:10]] if isinstance(warnings, list) else []


def _request(path: str, selectors: Sequence[str]) -> str:
    return " ".join([path, *selectors])
