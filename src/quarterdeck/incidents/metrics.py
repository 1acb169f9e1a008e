"""What `/metrics` tells about incidents, of every tenant; private incidents and drills are left out."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from quarterdeck.clock import Clock
from quarterdeck.database import Connection, Database
from quarterdeck.errors import DomainError
from quarterdeck.incidents.store import insight as store
from quarterdeck.incidents.store.insight import Durations, LabelCount, StateCount

LABELS_PER_TENANT: Final = 100
"""The most frequent labels of a tenant are told: every one is a time series."""


@dataclass(frozen=True, slots=True)
class Figures:
    """How incidents go, taken together."""

    states: Sequence[StateCount] = ()
    labels: Sequence[LabelCount] = ()
    to_acknowledge: Mapping[str, Durations] = field(default_factory=dict)
    to_resolve: Mapping[str, Durations] = field(default_factory=dict)


def read_figures(connection: Connection, population: store.Population) -> Figures:
    """The figures of some incidents, from one state of the database."""
    return Figures(
        store.count_states(connection, population),
        store.count_labels(connection, population),
        store.times_to_acknowledge(connection, population),
        store.times_to_resolve(connection, population),
    )


def most_frequent(labels: Sequence[LabelCount], limit: int) -> list[LabelCount]:
    """The labels that most incidents have, then by key and value."""
    return sorted(labels, key=lambda each: (-each.count, each.key, each.value))[:limit]


class IncidentMetrics(Collector):
    """A Prometheus collector. `collect` tells what the last `refresh` found, because it cannot wait for a database."""

    def __init__(self, database: Database, clock: Clock, *, fresh_for: float = 10.0) -> None:
        """Figures are read anew when they are older than `fresh_for` seconds."""
        self._database = database
        self._clock = clock
        self._fresh_for = fresh_for
        self._read_at = float("-inf")
        self._figures = Figures()
        self._reading = asyncio.Lock()

    async def refresh(self) -> None:
        """Call it before every scrape. With the database away, the last figures stay."""
        async with self._reading:
            if self._clock.monotonic() - self._read_at < self._fresh_for:
                return
            with suppress(DomainError):
                self._figures = await self._database.read(lambda c: read_figures(c, store.seen_by_operators()))
                self._read_at = self._clock.monotonic()

    def collect(self) -> Iterator[Metric]:
        figures = self._figures
        yield _states(figures.states)
        yield _labels(figures.labels)
        yield _summary("acknowledge", "a role was first given", figures.to_acknowledge)
        yield _summary("resolve", "it was resolved", figures.to_resolve)


def _states(states: Sequence[StateCount]) -> Metric:
    family = GaugeMetricFamily(
        "quarterdeck_incidents", "Incidents by status and severity.", labels=["tenant", "status", "severity"]
    )
    # Custom statuses of one category, and severities that were deleted and made anew, share a series.
    counts: Counter[tuple[str, str, str]] = Counter()
    for each in states:
        counts[each.tenant_id, each.category.value, each.severity] += each.count
    for labels, count in sorted(counts.items()):
        family.add_metric(labels, count)
    return family


def _labels(labels: Sequence[LabelCount]) -> Metric:
    family = GaugeMetricFamily("quarterdeck_incident_labels", "Incidents by label.", labels=["tenant", "key", "label"])
    by_tenant: dict[str, list[LabelCount]] = defaultdict(list)
    for each in labels:
        by_tenant[each.tenant_id].append(each)
    for tenant_id, own in sorted(by_tenant.items()):
        for each in most_frequent(own, LABELS_PER_TENANT):
            family.add_metric((tenant_id, each.key, each.value), each.count)
    return family


def _summary(what: str, end: str, by_tenant: Mapping[str, Durations]) -> Metric:
    name = f"quarterdeck_incident_time_to_{what}_seconds"
    family = Metric(name, f"From the declaration of an incident until {end}.", "summary")
    for tenant_id, durations in sorted(by_tenant.items()):
        labels = {"tenant": tenant_id}
        family.add_sample(name, {**labels, "quantile": "0.5"}, durations.p50)
        family.add_sample(name, {**labels, "quantile": "0.9"}, durations.p90)
        family.add_sample(f"{name}_sum", labels, durations.mean * durations.count)
        family.add_sample(f"{name}_count", labels, durations.count)
    return family
