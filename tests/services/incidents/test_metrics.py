"""How incidents go, taken together: the RPC and the page that Prometheus reads."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from google.protobuf.timestamp_pb2 import Timestamp
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from quarterdeck.errors import Invalid
from quarterdeck.gen.incident.v1 import incidents_service_pb2 as spb
from quarterdeck.gen.incident.v1.incident_pb2 import IncidentLabel
from quarterdeck.gen.quarterdeck.incident.v1 import incident_insight_service_pb2 as mpb
from quarterdeck.identity import Role
from quarterdeck.incidents.metrics import LABELS_PER_TENANT, IncidentMetrics, most_frequent
from quarterdeck.incidents.store import tables as t
from quarterdeck.incidents.store.insight import LabelCount
from tests.services.incidents.incidents_house import IncidentsHouse
from tests.store.manual_clock import START


async def figures(incidents: IncidentsHouse, *, caller: dict[str, Any] | None = None, **fields: Any) -> Any:
    return await incidents(mpb.GetIncidentMetricsRequest(**fields), **(caller or {"role": Role.VIEWER}))


def moment(seconds: float) -> Timestamp:
    stamp = Timestamp()
    stamp.FromDatetime(START + timedelta(seconds=seconds))
    return stamp


async def resolve_after(incidents: IncidentsHouse, seconds: float, **fields: Any) -> str:
    incident = await incidents.declare(**fields)
    incidents.clock.advance(seconds)
    await incidents(spb.UpdateStatusRequest(incident_id=incident.incident_id, status="resolved"))
    return str(incident.incident_id)


async def test_nothing_is_zero(incidents):
    assert await figures(incidents) == mpb.GetIncidentMetricsResponse(
        time_to_acknowledge=mpb.DurationSummary(), time_to_resolve=mpb.DurationSummary()
    )


async def test_counts_by_status_severity_and_label(incidents):
    await incidents.declare(severity="Critical", labels=[IncidentLabel(label="db"), IncidentLabel(label="eu")])
    await incidents.declare(severity="Minor", labels=[IncidentLabel(label="eu"), IncidentLabel(key="team", label="a")])
    await resolve_after(incidents, 10, severity="Critical")
    found = await figures(incidents)

    assert found.incident_count == 3
    assert [(s.name, s.category, s.incident_count) for s in found.statuses] == [
        ("active", "active", 2),
        ("resolved", "resolved", 1),
    ]
    assert [(s.label, s.level, s.incident_count) for s in found.severities] == [("Critical", 1, 2), ("Minor", 3, 1)]
    assert [(each.key, each.label, each.incident_count) for each in found.labels] == [
        ("tags", "eu", 2),
        ("tags", "db", 1),
        ("team", "a", 1),
    ]


async def test_percentiles_are_durations_that_there_were(incidents):
    for seconds in (40, 10, 100, 20, 30, 60, 50, 90, 80, 70):
        await resolve_after(incidents, seconds)
    took = (await figures(incidents)).time_to_resolve

    assert (took.incident_count, took.p50_seconds, took.p90_seconds) == (10, 50, 90)
    assert (took.mean_seconds, took.max_seconds) == (55, 100)


async def test_acknowledged_is_when_somebody_first_got_a_role(incidents):
    incident = await incidents.declare()
    await incidents.declare("Nobody cares")
    user = incident.created_by_user.user_id
    for role in ("commander", "observer"):
        incidents.clock.advance(12.5)
        await incidents(spb.AssignRoleRequest(incident_id="1", user_id=user, role=role))
    took = (await figures(incidents)).time_to_acknowledge

    assert (took.incident_count, took.p50_seconds, took.p90_seconds) == (1, 12.5, 12.5)


async def test_an_incident_that_was_declared_resolved_took_no_time(incidents):
    await incidents.declare(status="resolved")
    await resolve_after(incidents, 30)
    took = (await figures(incidents)).time_to_resolve

    assert (took.incident_count, took.p50_seconds) == (1, 30)


async def test_a_reopened_incident_is_not_resolved(incidents):
    number = await resolve_after(incidents, 30)
    await incidents(spb.UpdateStatusRequest(incident_id=number, status="active"))

    assert (await figures(incidents)).time_to_resolve.incident_count == 0


async def test_drills_count_when_asked_for(incidents):
    await incidents.declare(is_drill=True)

    assert (await figures(incidents)).incident_count == 0
    assert (await figures(incidents, include_drills=True)).incident_count == 1


async def test_private_incidents_count_for_those_who_see_them(incidents):
    await incidents.declare(incident_type="private", labels=[IncidentLabel(label="secret")])
    stranger = {"account_id": "sa_2", "account_name": "other", "role": Role.VIEWER}

    assert (await figures(incidents)).incident_count == 1
    hidden = await figures(incidents, caller=stranger)
    assert (hidden.incident_count, list(hidden.labels)) == (0, [])
    assert (await figures(incidents, caller=stranger | {"role": Role.ADMIN})).incident_count == 1


async def test_a_range_of_declarations_includes_both_ends(incidents):
    for _ in range(3):
        await incidents.declare()
        incidents.clock.advance(60)

    assert (await figures(incidents, declared_from=moment(60))).incident_count == 2
    assert (await figures(incidents, declared_to=moment(60))).incident_count == 2
    assert (await figures(incidents, declared_from=moment(60), declared_to=moment(60))).incident_count == 1
    with pytest.raises(Invalid) as refused:
        await figures(incidents, declared_from=moment(60), declared_to=moment(59))
    assert refused.value.violations[0].field == "declared_to"


@pytest.mark.parametrize("bad", [Timestamp(seconds=10**18), Timestamp(seconds=-(10**18)), Timestamp(nanos=-1)])
async def test_a_range_outside_all_years_is_refused(incidents, bad):
    with pytest.raises(Invalid):
        await figures(incidents, declared_from=bad)


async def page(metrics: IncidentMetrics, tenant: str) -> dict[tuple[str, ...], float]:
    """The samples of a tenant, as Prometheus would read them: name and labels without the tenant."""
    registry = CollectorRegistry()
    registry.register(metrics)
    await metrics.refresh()
    text = generate_latest(registry).decode()
    return {
        (sample.name, *(value for name, value in sorted(sample.labels.items()) if name != "tenant")): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.labels["tenant"] == tenant
    }


async def test_prometheus_reads_the_same_figures(incidents):
    await incidents.declare(severity="Critical", labels=[IncidentLabel(label='a "b"\n\\c')])
    for seconds in (10, 20, 30):
        await resolve_after(incidents, seconds, severity="Minor")
    await incidents.declare(is_drill=True)
    await incidents.declare(incident_type="private")
    samples = await page(IncidentMetrics(incidents.database, incidents.clock), incidents.tenant)

    resolve = "quarterdeck_incident_time_to_resolve_seconds"
    assert samples == {
        ("quarterdeck_incidents", "Critical", "active"): 1,
        ("quarterdeck_incidents", "Minor", "resolved"): 3,
        ("quarterdeck_incident_labels", "tags", 'a "b"\n\\c'): 1,
        (resolve, "0.5"): 20,
        (resolve, "0.9"): 30,
        (f"{resolve}_sum",): 60,
        (f"{resolve}_count",): 3,
    }


async def test_figures_are_read_again_when_they_are_old(incidents):
    metrics = IncidentMetrics(incidents.database, incidents.clock, fresh_for=10)
    await incidents.declare()
    active = ("quarterdeck_incidents", "Pending", "active")
    assert (await page(metrics, incidents.tenant))[active] == 1
    await incidents.declare()
    assert (await page(metrics, incidents.tenant))[active] == 1
    incidents.clock.advance(10)
    assert (await page(metrics, incidents.tenant))[active] == 2


async def test_with_the_database_away_the_last_figures_stay(incidents):
    metrics = IncidentMetrics(incidents.database, incidents.clock, fresh_for=0)
    await incidents.declare()
    before = await page(metrics, incidents.tenant)
    incidents.database.away = True

    assert await page(metrics, incidents.tenant) == before != {}


async def test_a_tenants_rarest_labels_are_no_time_series(incidents):
    await incidents.declare(labels=[IncidentLabel(label=f"v{number:03}") for number in range(100)])
    await incidents.declare(labels=[IncidentLabel(label="w"), IncidentLabel(label="v099")])
    samples = await page(IncidentMetrics(incidents.database, incidents.clock), incidents.tenant)
    labels = [key[2] for key in samples if key[0] == "quarterdeck_incident_labels"]

    assert len(labels) == LABELS_PER_TENANT
    assert "v099" in labels
    assert "w" not in labels


@pytest.mark.parametrize("amount", [1, 2, 3, 9, 11])
async def test_the_rank_of_a_percentile_is_rounded_up(incidents, amount):
    for seconds in range(1, amount + 1):
        await resolve_after(incidents, seconds)
    took = (await figures(incidents)).time_to_resolve

    assert took.p50_seconds == math.ceil(amount * 0.5)
    assert took.p90_seconds == math.ceil(amount * 0.9)


def test_labels_that_are_as_frequent_come_by_name() -> None:
    labels = [LabelCount("t", *rest) for rest in (("b", "x", 1), ("a", "y", 1), ("a", "x", 1), ("z", "z", 2))]
    assert [(each.key, each.value) for each in most_frequent(labels, 3)] == [("z", "z"), ("a", "x"), ("a", "y")]


async def test_an_incident_whose_status_was_renamed_counts_once(incidents):
    await incidents.declare()
    await incidents.write(
        lambda c: c.execute(
            sa.update(t.statuses)
            .where(t.statuses.c.tenant_id == incidents.tenant, t.statuses.c.slug == "active")
            .values(name="on fire")
        )
    )
    found = await figures(incidents)
    assert [(s.name, s.category, s.incident_count) for s in found.statuses] == [("on fire", "active", 1)]
