"""quarterdeck.incident.v1.IncidentInsightService."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from google.api.httpbody_pb2 import HttpBody

from quarterdeck.clock import Clock
from quarterdeck.database import Connection, Database
from quarterdeck.errors import FieldViolation, Invalid, Reason
from quarterdeck.gen.quarterdeck.incident.v1.incident_insight_service_pb2 import (
    DurationSummary,
    GetIncidentMetricsRequest,
    GetIncidentMetricsResponse,
    GetIncidentReviewRequest,
    LabelCount,
    SeverityCount,
    StatusCount,
)
from quarterdeck.identity.call import CallContext
from quarterdeck.incidents.actors import actor_of
from quarterdeck.incidents.convert import to_incident_id, to_moment
from quarterdeck.incidents.metrics import Figures, most_frequent, read_figures
from quarterdeck.incidents.review import write_review
from quarterdeck.incidents.review_reading import read_record
from quarterdeck.incidents.review_record import review_of
from quarterdeck.incidents.store import insight as store
from quarterdeck.incidents.store.insight import Durations, StateCount

LABELS: Final = 200
"""How many labels an answer tells."""


class IncidentInsightService:
    """How incidents go, taken together."""

    def __init__(self, database: Database, clock: Clock, public_url: str = "") -> None:
        """`public_url` is where the review's link to the incident leads."""
        self._database = database
        self._clock = clock
        self._public_url = public_url.rstrip("/")

    async def get_incident_review(self, request: GetIncidentReviewRequest, call: CallContext) -> HttpBody:
        incident_id, now = to_incident_id(request.id, field="id"), self._clock.now()
        record = await self._database.read(
            lambda c: read_record(c, call.tenant_id, incident_id, actor_of(c, call), now)
        )
        text = write_review(review_of(record, now=now, server=self._public_url))
        return HttpBody(content_type="text/markdown; charset=utf-8", data=text.encode())

    async def get_incident_metrics(
        self, request: GetIncidentMetricsRequest, call: CallContext
    ) -> GetIncidentMetricsResponse:
        declared_from, declared_to = _range(request)

        def look(connection: Connection) -> Figures:
            population = store.seen_by(
                call.tenant_id,
                actor_of(connection, call),
                declared_from=declared_from,
                declared_to=declared_to,
                drills=request.include_drills,
            )
            return read_figures(connection, population)

        return _message(await self._database.read(look), call.tenant_id)


def _range(request: GetIncidentMetricsRequest) -> tuple[datetime | None, datetime | None]:
    start = to_moment(request.declared_from, field="declared_from") if request.HasField("declared_from") else None
    end = to_moment(request.declared_to, field="declared_to") if request.HasField("declared_to") else None
    if start and end and end < start:
        why = "lies before declared_from; it has to be the same moment or later"
        raise Invalid(
            Reason.FIELD_INVALID,
            f"declared_to: {why}",
            violations=(FieldViolation("declared_to", why),),
            metadata={"field": "declared_to"},
        )
    return start, end


def _message(figures: Figures, tenant_id: str) -> GetIncidentMetricsResponse:
    return GetIncidentMetricsResponse(
        incident_count=sum(each.count for each in figures.states),
        statuses=_statuses(figures.states),
        severities=_severities(figures.states),
        labels=[
            LabelCount(key=each.key, label=each.value, incident_count=each.count)
            for each in most_frequent(figures.labels, LABELS)
        ],
        time_to_acknowledge=_durations(figures.to_acknowledge.get(tenant_id, Durations())),
        time_to_resolve=_durations(figures.to_resolve.get(tenant_id, Durations())),
    )


def _statuses(states: Sequence[StateCount]) -> Iterator[StatusCount]:
    counts: Counter[tuple[str, str, str]] = Counter()
    for each in states:
        counts[each.category, each.status, each.status_id] += each.count
    for (category, name, status_id), count in sorted(counts.items()):
        yield StatusCount(status_id=status_id, name=name, category=category, incident_count=count)


def _severities(states: Sequence[StateCount]) -> Iterator[SeverityCount]:
    counts: Counter[tuple[int, str, str]] = Counter()
    for each in states:
        counts[each.level, each.severity, each.severity_id] += each.count
    for (level, label, severity_id), count in sorted(counts.items()):
        yield SeverityCount(severity_id=severity_id, label=label, level=level, incident_count=count)


def _durations(durations: Durations) -> DurationSummary:
    return DurationSummary(
        incident_count=durations.count,
        p50_seconds=durations.p50,
        p90_seconds=durations.p90,
        mean_seconds=durations.mean,
        max_seconds=durations.longest,
    )
