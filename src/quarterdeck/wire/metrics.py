"""What `/metrics` tells about calls: how many, by method, transport and code, and how long they took."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol, cast

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from quarterdeck.wire.http import PageAnswer
from quarterdeck.wire.method import Method

_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Figures(Protocol):
    """Figures that a wing tells. `collect` must not wait, so what needs the database is read by `refresh`."""

    def collect(self) -> Iterable[Metric]: ...

    async def refresh(self) -> None:
        """Called before every scrape."""
        ...


class CallMetrics:
    """The observer that counts. A call answered by the poll edge has no duration worth a bucket."""

    def __init__(self, figures: Sequence[Figures] = ()) -> None:
        """`figures` are told beside the calls."""
        registry = self._registry = CollectorRegistry()
        self._figures = tuple(figures)
        for each in figures:
            registry.register(cast("Collector", each))
        self._calls = Counter(
            "quarterdeck_calls", "Finished calls.", ["service", "method", "transport", "code"], registry=registry
        )
        self._seconds = Histogram(
            "quarterdeck_call_seconds", "How long calls took.", ["service", "method"], buckets=_BUCKETS,
            registry=registry,
        )  # fmt: skip
        self._counters: dict[tuple[str, str, str], Counter] = {}

    def finished(self, method: Method, transport: str, code: str, seconds: float) -> None:
        key = (method.path, transport, code)
        counter = self._counters.get(key)
        if counter is None:
            counter = self._calls.labels(method.service_name, method.name, transport, str(code))
            self._counters[key] = counter
        counter.inc()
        if seconds and not method.streams:
            self._seconds.labels(method.service_name, method.name).observe(seconds)

    async def page(self) -> PageAnswer:
        for each in self._figures:
            await each.refresh()
        return PageAnswer(200, CONTENT_TYPE_LATEST, generate_latest(self._registry))
