"""The tables. Ratios first; what is only good for this run stands to the right of the bar."""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Iterable, Sequence

from bench import incidents
from bench.incidents import IncidentFigures
from bench.load import Sample
from bench.rounds import BARE, Results, raw_name
from bench.servers import Subject

_LABEL = 33


def dialect_table(ratios: Iterable[tuple[str, float]]) -> str:
    """The protojson dialect beside `json_format`."""
    lines = ["protojson dialect: how many times as fast as google.protobuf.json_format"]
    lines += [f"  {label:<{_LABEL + 8}}{ratio:>6.1f} x" for label, ratio in ratios]
    return "\n".join(lines)


def http_table(results: Results, subjects: Sequence[Subject], rows: Iterable[str]) -> str:
    """Every row: ratio to the bare server and to the raw database, least and greatest round behind it."""
    head = (
        f"  {'':<{_LABEL}}{'':<11}{'of bare ASGI':<21}{'by CPU':<8}{'of raw database':<21}"
        f"| {'/s':>7} {'p50 ms':>7} {'p99 ms':>7} {'CPU us':>7} {'bare /s':>8} {'raw /s':>7}"
    )
    lines = [
        "HTTP, answers per second, ratios (least to greatest round); by CPU: from the servers' processor time alone",
        head,
    ]
    for row in rows:
        for number, subject in enumerate(subjects):
            lines.append(_http_line(results, "" if number else row, row, subject.name))
    return "\n".join([*lines, "  right of the bar: figures of this run, not comparable with another run's"])


def _http_line(results: Results, label: str, row: str, subject: str) -> str:
    raw = raw_name(subject)
    ratios = (
        f"{_ratio(results.ratio(row, subject, BARE)):<21}{_number(results.cpu_ratio(row, subject, BARE)):<8}"
        f"{_ratio(results.ratio(row, subject, raw)):<21}"
    )
    return f"  {label:<{_LABEL}}{subject:<11}{ratios}| {_absolute(results, row, subject)}"


def _absolute(results: Results, row: str, subject: str) -> str:
    ours, bare, raw = (results.median(row, name) for name in (subject, BARE, raw_name(subject)))
    assert ours is not None
    return (
        f"{ours.per_second:>7.0f} {ours.p50:>7.2f} {ours.p99:>7.2f} {ours.cpu or 0:>7.0f}"
        f" {bare.per_second if bare else 0:>8.0f} {f'{raw.per_second:.0f}' if raw else '-':>7}"
    )


def grpc_table(results: Results, subjects: Sequence[Subject], rows: Iterable[str], beside: dict[str, str]) -> str:
    """gRPC beside the HTTP row of the same call."""
    lines = ["gRPC, for information (its Python client is part of the limit): ratio to the same call over HTTP"]
    for row in rows:
        for subject in subjects:
            ours, http = results.median(row, subject.name), results.median(beside[row], subject.name)
            assert ours is not None
            assert http is not None
            lines.append(
                f"  {row:<{_LABEL}}{subject.name:<11}{ours.per_second / http.per_second:<38.2f}"
                f"| {ours.per_second:>8.0f} {ours.p50:>7.2f} {ours.p99:>7.2f}"
            )
    return "\n".join(lines)


def comparison_table(results: Results, pairs: Iterable[tuple[str, str]], rows: Iterable[str]) -> str:
    """This checkout beside another one: above 1, this one is faster."""
    lines = ["this checkout beside the other: ratio (least to greatest round), and by CPU; above 1 this one is faster"]
    for row in rows:
        for ours, theirs in pairs:
            ratio, cpu = results.ratio(row, ours, theirs), results.cpu_ratio(row, ours, theirs)
            lines.append(f"  {row:<{_LABEL}}{ours:<11}{_ratio(ratio):<21}{_number(cpu)}")
    return "\n".join(lines)


def incident_table(figures: IncidentFigures, names: Sequence[str]) -> str:
    """Every figure of the incidents beside what it has to be."""
    results = figures.results
    head = (
        f"  {'':<{_LABEL}}{'':<11}{'measured':<50}{'needed':<18}| {'/s':>7} {'p50 ms':>7} {'p99 ms':>7} {'CPU us':>7}"
    )
    lines = ["incidents: what is measured (least to greatest round) beside what is needed", head]
    for row in (incidents.CREATE, incidents.CREATE_TELLING):
        by_cpu = _number(results.cpu_ratio(row, "SQLite", incidents.PLAIN))
        measured = f"{_ratio(results.ratio(row, 'SQLite', incidents.PLAIN))} of a plain insert, {by_cpu} by CPU"
        lines.append(_incident_line(results, row, "SQLite", measured, "0.5 or more"))
    plain = results.median(incidents.CREATE, incidents.PLAIN)
    lines.append(f"  {'  the plain insert itself':<{_LABEL}}{'':<11}{'':<50}{'':<18}| {_load(plain)}")
    for name in names:
        measured = f"{_ratio(_between(results, incidents.GET, incidents.PIPELINE, name))} of GetPipeline"
        lines.append(_incident_line(results, incidents.GET, name, measured, "0.5 or more"))
    for row, name in itertools.product((incidents.FIRST_PAGE, incidents.LATE_PAGE), names):
        needed = "p99 < 50 ms" if row == incidents.FIRST_PAGE else "p99 < 50 ms, 2 x"
        lines.append(_incident_line(results, row, name, _page(results, row, name), needed))
    for (row, name), rate in figures.deliveries.items():
        lines.append(f"  {row:<{_LABEL}}{name:<11}{f'{rate:.0f} deliveries per second':<50}200 or more")
    return "\n".join(lines)


def _incident_line(results: Results, row: str, name: str, measured: str, needed: str) -> str:
    return f"  {row:<{_LABEL}}{name:<11}{measured:<50}{needed:<18}| {_load(results.median(row, name))}"


def _load(sample: Sample | None) -> str:
    assert sample is not None
    return f"{sample.per_second:>7.0f} {sample.p50:>7.2f} {sample.p99:>7.2f} {sample.cpu or 0:>7.0f}"


def _between(results: Results, row: str, other: str, name: str) -> tuple[float, float, float] | None:
    """The ratio of two rows of one database."""
    pairs = zip(results.rates(row, name), results.rates(other, name), strict=True)
    ratios = [ours / theirs for ours, theirs in pairs]
    return statistics.median(ratios), min(ratios), max(ratios)


def _page(results: Results, row: str, name: str) -> str:
    sample, first = results.median(row, name), results.median(incidents.FIRST_PAGE, name)
    assert sample is not None
    assert first is not None
    behind = f", {sample.p50 / first.p50:.2f} x page 1" if row != incidents.FIRST_PAGE else ""
    return f"p99 {sample.p99:.1f} ms{behind}"


def process_table(subjects: Sequence[Subject]) -> str:
    """What a process costs before and after the load, and how long it takes to come up."""
    lines = [
        f"  {subject.name:<11}first start {subject.first_start:.1f} s, restart {subject.restart:.1f} s; "
        f"memory {_mib(subject.idle_mib)} idle, {_mib(subject.loaded_mib())} after the load"
        for subject in subjects
    ]
    return "\n".join(["one process on one core (not comparable between runs)", *lines])


def _ratio(ratio: tuple[float, float, float] | None) -> str:
    return "-" if ratio is None else f"{_number(ratio[0])} ({_number(ratio[1])}-{_number(ratio[2])})"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}" if value >= 0.1 else f"{value:.3f}"


def _mib(value: float | None) -> str:
    return "?" if value is None else f"{value:.0f} MiB"
