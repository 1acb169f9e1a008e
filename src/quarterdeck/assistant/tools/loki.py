"""What Loki can be asked.

Shapes of the answers:

- `loki_query_range`, a log query: `{start, end, total, truncated, streams: [labels, …], lines: [{at, stream, line}]}`,
  the newest line first; `stream` is the place in `streams`; `total` counts the lines that Loki gave, and `truncated`
  says that there may be older ones
- `loki_query_range`, a metric query: `{result_type, start, end, step_seconds, total, series: [{labels, values}]}` as
  `prometheus_query_range` has it
- `loki_labels`: `{total, labels}`; `loki_label_values`: `{label, total, values}`
- `loki_stats`: `{query, start, end, streams, chunks, entries, bytes}`

Times are RFC 3339 in UTC.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import quote

from pydantic import Field

from quarterdeck.assistant.tools.http_client import ApiClient, Endpoint
from quarterdeck.assistant.tools.moments import FORMS, written
from quarterdeck.assistant.tools.prometheus import (
    GRACE,
    MOST_POINTS,
    LabelName,
    Moment,
    Query,
    fitting_step,
    labels_of,
    objects,
    read_range,
    read_step,
    shown_result,
    unwrapped,
)
from quarterdeck.assistant.tools.tool import Parameters, Tool, ToolAnswer, ToolContext, found, nothing
from quarterdeck.assistant.tools.typed_tool import TypedTool
from quarterdeck.clock import Clock

TOOLSET: Final = "loki"
SYSTEM: Final = "Loki"
MOST_LINES: Final = 500

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_FIELDS: Final = ("streams", "chunks", "entries", "bytes")


@dataclass(frozen=True, slots=True)
class LokiConfig(Endpoint):
    """A Loki: its base URL ends before `/loki/api/v1`."""

    most_points: int = MOST_POINTS
    """Of one series of a metric query."""
    most_series: int = 200
    most_line: int = 2000
    """Characters of one line; what is longer is cut."""
    most_text: int = 128 * 1024
    """Characters of all lines of one answer; the oldest are left out."""


class LogQuery(Parameters):
    query: Query = Field(description='A LogQL query, such as {job="api"} |= "error", or a metric query over one.')
    start: Moment = Field("-1h", description=f"The first moment: {FORMS}.")
    end: Moment = Field("now", description="The last moment, in the same forms.")
    limit: int = Field(100, ge=1, le=MOST_LINES, description="At most so many lines, the newest first.")
    step: str = Field("", max_length=32, description="Of a metric query: seconds or a duration such as 5m.")


class LabelsQuery(Parameters):
    start: Moment = Field("-1h", description=f"The first moment: {FORMS}.")
    end: Moment = Field("now", description="The last moment, in the same forms.")


class LabelValuesQuery(Parameters):
    label: LabelName = Field(min_length=1, description="The label whose values are wanted.")
    query: str = Field("", max_length=8192, description='A stream selector that narrows it, such as {job="api"}.')
    start: Moment = Field("-1h", description=f"The first moment: {FORMS}.")
    end: Moment = Field("now", description="The last moment, in the same forms.")
    limit: int = Field(200, ge=1, le=1000, description="At most so many.")


class StatsQuery(Parameters):
    query: Query = Field(description='A stream selector, such as {job="api"}; no filters.')
    start: Moment = Field("-1h", description=f"The first moment: {FORMS}.")
    end: Moment = Field("now", description="The last moment, in the same forms.")


def loki_tools(config: LokiConfig, clock: Clock, *, environment: Mapping[str, str] | None = None) -> tuple[Tool, ...]:
    """The tools over one Loki. `environment` is where header variables are read, the process's by default.

    Raises Invalid for a configuration that cannot work. Nothing is asked yet.
    """
    return _Loki(config, ApiClient.of(SYSTEM, config, environment), clock).tools()


@dataclass(frozen=True, slots=True)
class _Line:
    """One log line; `at` is in nanoseconds since 1970."""

    at: int
    labels: dict[str, Any]
    text: str


@dataclass(frozen=True, slots=True)
class _Loki:
    config: LokiConfig
    api: ApiClient
    clock: Clock

    def tools(self) -> tuple[Tool, ...]:
        patience = self.config.timeout + GRACE
        return (
            TypedTool(
                "loki_query_range",
                "Search logs with LogQL, the newest lines first; or evaluate a metric query over logs.",
                TOOLSET, LogQuery, self.query_range, "search logs in Loki", timeout=patience,
            ),
            TypedTool(
                "loki_labels",
                "List the label names of log streams.",
                TOOLSET, LabelsQuery, self.labels, "list labels of Loki", timeout=patience,
            ),
            TypedTool(
                "loki_label_values",
                "List the values of a label of log streams.",
                TOOLSET, LabelValuesQuery, self.label_values, "list values of a label of Loki", timeout=patience,
            ),
            TypedTool(
                "loki_stats",
                "How much a selector would search: streams, chunks, entries and bytes. Ask before a wide search.",
                TOOLSET, StatsQuery, self.stats, "ask Loki how much there is", timeout=patience,
            ),
        )  # fmt: skip

    async def query_range(self, wanted: LogQuery, _: ToolContext) -> ToolAnswer:
        start, end = read_range(wanted.start, wanted.end, self.clock.now())
        step = fitting_step(read_step(wanted.step), start, end, self.config.most_points)
        parameters = [
            ("query", wanted.query),
            *_ends(start, end),
            ("limit", str(wanted.limit)),
            ("direction", "backward"),
            ("step", f"{step:g}"),
        ]
        data = await self._get("/loki/api/v1/query_range", parameters, wanted.query)
        ends = {"start": written(start), "end": written(end)}
        if data.get("resultType") == "streams":
            shown = {**ends, **self._lines(data.get("result"), wanted.limit)}
        else:
            result = shown_result(data, most_series=self.config.most_series)
            shown = {"result_type": data.get("resultType", ""), **ends, "step_seconds": step, **result}
        if shown.get("total") == 0:
            return nothing(f"nothing for {wanted.query} from {ends['start']} to {ends['end']}", invocation=wanted.query)
        return found(shown, invocation=wanted.query)

    async def labels(self, wanted: LabelsQuery, _: ToolContext) -> ToolAnswer:
        start, end = read_range(wanted.start, wanted.end, self.clock.now())
        path = "/loki/api/v1/labels"
        names = await self._get(path, _ends(start, end), path, kind=list)
        if not names:
            return nothing(f"no labels from {written(start)} to {written(end)}", invocation=path)
        return found({"total": len(names), "labels": names[:1000]}, invocation=path)

    async def label_values(self, wanted: LabelValuesQuery, _: ToolContext) -> ToolAnswer:
        start, end = read_range(wanted.start, wanted.end, self.clock.now())
        path = f"/loki/api/v1/label/{quote(wanted.label, safe='')}/values"
        parameters = [*_ends(start, end), *([("query", wanted.query)] if wanted.query else [])]
        invocation = f"{path} {wanted.query}".strip()
        values = await self._get(path, parameters, invocation, kind=list)
        if not values:
            return nothing(f"no values of {wanted.label} in that time", invocation=invocation)
        shown = {"label": wanted.label, "total": len(values), "values": values[: wanted.limit]}
        return found(shown, invocation=invocation)

    async def stats(self, wanted: StatsQuery, _: ToolContext) -> ToolAnswer:
        start, end = read_range(wanted.start, wanted.end, self.clock.now())
        parameters = [("query", wanted.query), *_ends(start, end)]
        # This one answer has no envelope.
        answer = await self.api.get("/loki/api/v1/index/stats", parameters, invocation=wanted.query)
        if not isinstance(answer, dict):
            answer = unwrapped(SYSTEM, answer, dict, wanted.query)
        counts = {name: answer.get(name, 0) for name in _FIELDS}
        if not any(counts.values()):
            return nothing(f"no logs of {wanted.query} in that time", invocation=wanted.query)
        shown = {"query": wanted.query, "start": written(start), "end": written(end), **counts}
        return found(shown, invocation=wanted.query)

    async def _get(
        self, path: str, parameters: Sequence[tuple[str, str]], invocation: str, *, kind: type = dict
    ) -> Any:
        return unwrapped(SYSTEM, await self.api.get(path, parameters, invocation=invocation), kind, invocation)

    def _lines(self, result: Any, limit: int) -> dict[str, Any]:
        """Lines of all streams, the newest first, as many as fit."""
        every = sorted(_lines_of(result), key=lambda line: line.at, reverse=True)
        streams: list[dict[str, Any]] = []
        places: dict[tuple[tuple[str, str], ...], int] = {}
        lines: list[dict[str, Any]] = []
        left = self.config.most_text
        for line in every[:limit]:
            text = _cut(line.text, self.config.most_line)
            left -= len(text)
            if left < 0:
                break
            key = tuple(sorted((name, str(value)) for name, value in line.labels.items()))
            if key not in places:
                places[key] = len(streams)
                streams.append(line.labels)
            lines.append({"at": _written(line.at), "stream": places[key], "line": text})
        # As many as were asked for means that there may be more.
        truncated = len(every) >= limit or len(lines) < len(every)
        return {"total": len(every), "truncated": truncated, "streams": streams, "lines": lines}


def _lines_of(result: Any) -> Iterator[_Line]:
    for stream in objects(result):
        labels = labels_of(stream, "stream")
        values = stream.get("values")
        for entry in values if isinstance(values, list) else []:
            if isinstance(entry, list) and len(entry) > 1 and str(entry[0]).isdecimal():
                yield _Line(int(entry[0]), labels, str(entry[1]))


def _ends(start: datetime, end: datetime) -> list[tuple[str, str]]:
    return [("start", _nanoseconds(start)), ("end", _nanoseconds(end))]


def _nanoseconds(moment: datetime) -> str:
    return str((moment - _EPOCH) // timedelta(microseconds=1) * 1000)


def _written(nanoseconds: int) -> str | None:
    try:
        return written(_EPOCH + timedelta(microseconds=nanoseconds // 1000))
    except OverflowError:
        return None


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[:most]}… [{len(text) - most} more characters]"
