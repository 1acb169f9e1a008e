"""The tables. Ratios first; what is only good for this run stands to the right of the bar."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

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
    head = f"  {'':<{_LABEL}}{'':<11}{'of bare ASGI':<19}{'of raw database':<19}| {'/s':>8} {'p50 ms':>7} {'p99 ms':>7}"
    lines = [
        "HTTP, answers per second: ratio (least to greatest round)    | absolute: not comparable between runs",
        head + f" {'bare /s':>9} {'raw /s':>9}",
    ]
    for row in rows:
        label = row
        for subject in subjects:
            lines.append(_http_line(results, label, row, subject.name))
            label = ""
    return "\n".join(lines)


def _http_line(results: Results, label: str, row: str, subject: str) -> str:
    ours, bare = results.median(row, subject), results.median(row, BARE)
    raw = results.median(row, raw_name(subject))
    assert ours is not None
    assert bare is not None
    return (
        f"  {label:<{_LABEL}}{subject:<11}"
        f"{_ratio(results.ratio(row, subject, BARE)):<19}{_ratio(results.ratio(row, subject, raw_name(subject))):<19}"
        f"| {ours.per_second:>8.0f} {ours.p50:>7.2f} {ours.p99:>7.2f} {bare.per_second:>9.0f}"
        + (f" {raw.per_second:>9.0f}" if raw is not None else f" {'-':>9}")
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
    lines = ["this checkout beside the other: ratio (least to greatest round)"]
    for row in rows:
        for ours, theirs in pairs:
            lines.append(f"  {row:<{_LABEL}}{ours:<11}{_ratio(results.ratio(row, ours, theirs))}")
    return "\n".join(lines)


def process_table(subjects: Sequence[Subject]) -> str:
    """What a process costs before and after the load, and how long it takes to come up."""
    lines = [
        f"  {subject.name:<11}first start {subject.first_start:.1f} s, restart {subject.restart:.1f} s; "
        f"memory {_mib(subject.idle_mib)} idle, {_mib(subject.loaded_mib())} after the load"
        for subject in subjects
    ]
    return "\n".join(["one process on one core (not comparable between runs)", *lines])


def _ratio(ratio: tuple[float, float, float] | None) -> str:
    return "-" if ratio is None else "{:.2f} ({:.2f}-{:.2f})".format(*ratio)


def _mib(value: float | None) -> str:
    return "?" if value is None else f"{value:.0f} MiB"
