"""IncidentContextService: what is attached to an incident."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from quarterdeck.errors import Invalid, NotFound
from quarterdeck.gen.incident.v1 import incident_context_service_pb2 as cpb
from quarterdeck.gen.incident.v1.incident_context_pb2 import IncidentContext
from quarterdeck.gen.incident.v1.paging_pb2 import Cursor
from quarterdeck.incidents.store.declaration import ContextDraft, add_contexts
from tests.services.incidents.incidents_house import IncidentsHouse
from tests.store.manual_clock import START


async def query(incidents: IncidentsHouse, *, cursor: str = "", **fields: Any) -> cpb.QueryIncidentContextResponse:
    asked = cpb.ContextQuery(incident_id="1", **fields)
    answer: cpb.QueryIncidentContextResponse = await incidents(
        cpb.QueryIncidentContextRequest(query=asked, cursor=Cursor(next_value=cursor))
    )
    return answer


async def attach(incidents: IncidentsHouse, *drafts: ContextDraft) -> None:
    by = (await incidents.incident("1")).created_by_user.user_id.partition(":")[2]
    await incidents.write(lambda c: add_contexts(c, incidents.tenant, 1, drafts, by=by, at=incidents.clock.now()))


def draft(identifier: str, kind: str = "grafana.dashboard", group: str | None = None) -> ContextDraft:
    return ContextDraft(identifier, kind, f"title of {identifier}", "", "{}", alert_group_id=group)


def ids(answer: cpb.QueryIncidentContextResponse) -> list[str]:
    return [each.context_id for each in answer.incident_contexts]


async def test_the_link_of_a_declaration_is_a_context(incidents):
    await incidents.declare(attach_url="https://example.com/alert", attach_caption="The alert")
    found: IncidentContext = (await query(incidents)).incident_contexts[0]

    assert (found.incident_id, found.type, found.title, found.status) == ("1", "genericURL", "The alert", "active")
    assert orjson.loads(found.payload) == {"url": "https://example.com/alert", "caption": "The alert"}
    assert (found.process_status, found.process_error, found.processor_info) == ("success", "", "")
    assert found.created_by_user.name == "Service Account: ci"
    assert found.created_by_user.user_id == (await incidents.incident("1")).created_by_user.user_id
    assert found.created_by_user.photo_url.startswith("https://")
    assert found.created_time.ToDatetime(START.tzinfo) == incidents.clock.now()
    assert found.modified_time == found.created_time
    assert not found.HasField("last_run")
    assert not found.HasField("alert_group_id")
    assert list(found.metadata) == []


async def test_without_contexts_the_list_is_empty(incidents):
    await incidents.declare()
    answer = await query(incidents)
    assert (ids(answer), answer.cursor) == ([], Cursor())


async def test_selections(incidents):
    await incidents.declare()
    await attach(incidents, draft("a"), draft("b", "webhookPayload"), draft("c", group="G1"))

    assert ids(await query(incidents, type="webhookPayload")) == ["b"]
    assert ids(await query(incidents, alert_group_id="G1")) == ["c"]
    assert len(ids(await query(incidents, status="active"))) == 3
    assert ids(await query(incidents, status="archived")) == []
    assert ids(await query(incidents, type="unknown")) == []
    assert (await query(incidents, alert_group_id="G1")).incident_contexts[0].alert_group_id == "G1"


@pytest.mark.parametrize("order", ["createdTime", "modifiedTime"])
@pytest.mark.parametrize(("direction", "expected"), [("ASC", "abcd"), ("DESC", "dcba"), ("", "dcba")])
async def test_orders_and_pages(incidents, order, direction, expected):
    await incidents.declare()
    for name in ("ab", "cd"):
        incidents.clock.advance(60)
        await attach(incidents, *map(draft, name))
    asked = {"order_field": order, "order_direction": direction}

    assert ids(await query(incidents, **asked)) == list(expected)
    first = await query(incidents, **asked, limit=3)
    second = await query(incidents, **asked, limit=3, cursor=first.cursor.next_value)
    assert first.cursor.has_more
    assert (ids(first) + ids(second), second.cursor.has_more) == (list(expected), False)


async def test_the_query_is_echoed_with_its_defaults(incidents):
    await incidents.declare()
    assert (await query(incidents, limit=999, type="x")).query == cpb.ContextQuery(
        incident_id="1", limit=100, type="x", order_field="createdTime", order_direction="DESC"
    )


@pytest.mark.parametrize("fields", [{"order_field": "title"}, {"order_direction": "x"}, {"cursor": "x"}])
async def test_a_bad_query_is_refused(incidents, fields):
    await incidents.declare()
    with pytest.raises(Invalid):
        await query(incidents, **fields)


async def test_an_unknown_incident_is_not_found(incidents):
    with pytest.raises(NotFound):
        await query(incidents)


async def test_the_contexts_of_a_private_incident_are_nobody_elses(incidents):
    await incidents.declare(incident_type="private", attach_url="https://example.com")
    asked = cpb.QueryIncidentContextRequest(query=cpb.ContextQuery(incident_id="1"))
    with pytest.raises(NotFound):
        await incidents(asked, account_id="sa_2", account_name="other")
