"""The post-incident review as the server writes it."""

from __future__ import annotations

from typing import Any

import pytest

from quarterdeck.errors import NotFound
from quarterdeck.gen.incident.v1 import activity_service_pb2, key_updates_service_pb2, tasks_service_pb2
from quarterdeck.gen.quarterdeck.incident.v1.incident_insight_service_pb2 import GetIncidentReviewRequest
from tests.services.incidents.incidents_house import IncidentsHouse


async def review(incidents: IncidentsHouse, number: str, **caller: Any) -> str:
    answer = await incidents(GetIncidentReviewRequest(id=number), **caller)
    assert answer.content_type == "text/markdown; charset=utf-8"
    text: str = answer.data.decode()
    return text


async def test_the_review_tells_what_happened(incidents: IncidentsHouse) -> None:
    number = (await incidents.declare("Checkout is down", severity="Major")).incident_id
    await incidents(
        activity_service_pb2.AddActivityRequest(
            incident_id=number, activity_kind="userNote", body="The cache was cold."
        )
    )
    await incidents(tasks_service_pb2.AddTaskRequest(incident_id=number, text="Warm the cache"))
    await incidents(
        key_updates_service_pb2.CreateKeyUpdateRequest(
            incident_id=number, content="*We* know why", content_type="text/markdown+slack", title="Found it"
        )
    )
    text = await review(incidents, number)
    assert text.startswith("# Post-incident review: Checkout is down\n")
    for told in ("Major", "The cache was cold.", "Warm the cache", "Found it", "We know why"):
        assert told in text, told
    assert text == await review(incidents, number)


async def test_an_incident_that_nobody_may_see_has_no_review(incidents: IncidentsHouse) -> None:
    number = (await incidents.declare(incident_type="private")).incident_id
    with pytest.raises(NotFound):
        await review(incidents, number, account_id="sa_2", account_name="stranger")
    with pytest.raises(NotFound):
        await review(incidents, "99")
