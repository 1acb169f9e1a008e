"""Finding incidents: queries, orders, pages, and what previews carry."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from google.protobuf.timestamp_pb2 import Timestamp

from quarterdeck.database import Connection
from quarterdeck.errors import Invalid, Reason
from quarterdeck.gen.incident.v1.incident_pb2 import IncidentLabel, IncidentPreview
from quarterdeck.gen.incident.v1.incidents_service_pb2 import (
    AssignRoleRequest,
    IncidentPreviewsQuery,
    IncidentsQuery,
    QueryIncidentPreviewsRequest,
    QueryIncidentPreviewsResponse,
    QueryIncidentsRequest,
    QueryIncidentsResponse,
    UpdateStatusRequest,
    UpdateTitleRequest,
)
from quarterdeck.gen.incident.v1.paging_pb2 import Cursor
from quarterdeck.identity import Role
from quarterdeck.incidents.store import tables as t
from tests.services.incidents.incidents_house import IncidentsHouse


async def previews(
    incidents: IncidentsHouse, query: str = "", *, cursor: str = "", caller: Any = None, **fields: Any
) -> QueryIncidentPreviewsResponse:
    flags = {name: fields.pop(name) for name in list(fields) if name.startswith("include")}
    request = QueryIncidentPreviewsRequest(
        query=IncidentPreviewsQuery(query_string=query, **fields), cursor=Cursor(next_value=cursor), **flags
    )
    answer = await incidents(request, **caller or {})
    assert isinstance(answer, QueryIncidentPreviewsResponse)
    return answer


async def found(incidents: IncidentsHouse, query: str = "", **fields: Any) -> list[str]:
    return [preview.incident_id for preview in (await previews(incidents, query, **fields)).incident_previews]


async def full(
    incidents: IncidentsHouse, *, cursor: str = "", caller: Any = None, **fields: Any
) -> QueryIncidentsResponse:
    request = QueryIncidentsRequest(query=IncidentsQuery(**fields), cursor=Cursor(next_value=cursor))
    answer = await incidents(request, **caller or {})
    assert isinstance(answer, QueryIncidentsResponse)
    return answer


async def some(incidents: IncidentsHouse) -> None:
    """1: an active drill. 2: active, Major, with a label. 3: resolved, Critical. A minute lies between them."""
    await incidents.declare("Fire drill", is_drill=True, room_prefix="b")
    incidents.clock.advance(60)
    await incidents.declare("Checkout is down", severity="Major", labels=[IncidentLabel(label="db")], room_prefix="a")
    incidents.clock.advance(60)
    await incidents.declare("alpha", severity="Critical")
    incidents.clock.advance(60)
    await incidents(UpdateStatusRequest(incident_id="3", status="resolved"))


async def test_no_incident_is_an_empty_page(incidents: IncidentsHouse) -> None:
    answer = await incidents(QueryIncidentPreviewsRequest(), role=Role.VIEWER)
    assert list(answer.incident_previews) == []
    assert (answer.cursor.next_value, answer.cursor.has_more) == ("", False)
    assert answer.HasField("cursor")
    assert answer.query == IncidentPreviewsQuery(limit=50, order_field="createdTime", order_direction="DESC")


async def test_what_a_preview_carries(incidents: IncidentsHouse) -> None:
    await some(incidents)
    (preview,) = (await previews(incidents, "title:checkout")).incident_previews
    whole = await incidents.incident("2")
    assert preview == IncidentPreview(
        incident_id="2",
        severity_id=whole.severity_id,
        severity_label="Major",
        incident_type="internal",
        labels=whole.labels,
        created_time=whole.created_time,
        modified_time=whole.modified_time,
        created_by_user=whole.created_by_user,
        title="Checkout is down",
        status="active",
        slug="checkout-is-down",
        incident_start=whole.incident_start,
        version=1,
    )


async def test_a_resolved_one_has_its_times(incidents: IncidentsHouse) -> None:
    await some(incidents)
    (preview,) = (await previews(incidents, "status:resolved")).incident_previews
    whole = await incidents.incident("3")
    assert (preview.closed_time, preview.incident_end) == (whole.closed_time, whole.incident_end)
    assert preview.HasField("closed_time")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        pytest.param("", ["3", "2", "1"], id="everything, drills included, the newest first"),
        pytest.param("isdrill:false", ["3", "2"], id="mcp-grafana"),
        pytest.param(" status:active", ["2", "1"], id="mcp-grafana with its leading space"),
        pytest.param("isdrill:false status:active", ["2"], id="the UI"),
        pytest.param("isdrill:false and status:active", ["2"], id="an older UI"),
        pytest.param('status:active severity:"major"', ["2"], id="gcx"),
        pytest.param("or(status:active status:resolved)", ["3", "2", "1"], id="gcx with a group"),
        pytest.param(
            "isdrill:false or(declared:2026-03-01T12:02:00Z,2027-01-01T00:00:00Z resolved:2026-03-01T00:00:00Z,)",
            ["3"],
            id="DevLake",
        ),
        pytest.param("not label:db", ["3", "1"], id="not"),
        pytest.param("label:tags:DB", ["2"], id="a label under its key"),
        pytest.param("role:commander", [], id="nobody holds it"),
        pytest.param("severity:cosmetic", [], id="an unknown severity matches nothing"),
        pytest.param("status:paused or field:team:web or label:nope", [], id="unknown names match nothing"),
    ],
)
async def test_queries(incidents: IncidentsHouse, query: str, expected: list[str]) -> None:
    await some(incidents)
    assert await found(incidents, query) == expected


async def test_severities_are_found_by_their_id(incidents: IncidentsHouse) -> None:
    await some(incidents)
    severity_id = (await incidents.incident("2")).severity_id
    assert await found(incidents, f"severity:{severity_id}") == ["2"]


async def test_a_changed_title_is_found(incidents: IncidentsHouse) -> None:
    await some(incidents)
    await incidents(UpdateTitleRequest(incident_id="1", title="Straße 100%"))
    assert await found(incidents, "title:STRASSE title:100%") == ["1"]
    assert await found(incidents, "title:drill") == []


@pytest.mark.parametrize(
    ("query", "position"),
    [
        pytest.param("modified:2026-01-01,", 1, id="an unknown property"),
        pytest.param("status:active or(", 15, id="an unclosed group"),
        pytest.param("isdrill:maybe", 9, id="a bad boolean"),
        pytest.param("declared:yesterday,", 10, id="a bad date"),
    ],
)
@pytest.mark.parametrize("ask", [previews, full])
async def test_a_bad_query_is_refused(incidents: IncidentsHouse, ask: Any, query: str, position: int) -> None:
    keyword = {"query_string": query} if ask is full else {"query": query}
    with pytest.raises(Invalid, match=f"^invalid query string: .* at position {position}$") as refused:
        await ask(incidents, **keyword)
    assert refused.value.reason is Reason.QUERY_INVALID
    assert refused.value.violations[0].field == "query.query_string"


async def test_a_query_of_every_length_and_depth_is_answered(incidents: IncidentsHouse) -> None:
    await some(incidents)
    assert await found(incidents, " or ".join(["title:x"] * 99 + ["title:alpha"])) == ["3"]
    assert await found(incidents, "not(" * 16 + "title:alpha" + ")" * 16) == ["3"]
    for query in ("(" * 4096, "not(" * 17 + "x" + ")" * 17, "x " * 101, "x" * 4097):
        with pytest.raises(Invalid):
            await found(incidents, query)


# --- order and pages -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "ascending"),
    [
        pytest.param("incidentID", ["1", "2", "3"], id="by number"),
        pytest.param("createdTime", ["1", "2", "3"], id="declared"),
        pytest.param("modifiedTime", ["1", "2", "3"], id="changed"),
        pytest.param("title", ["3", "2", "1"], id="titles in any case"),
        pytest.param("status", ["1", "2", "3"], id="status, ties by number"),
        pytest.param("severity", ["1", "3", "2"], id="severity by level: Pending, Critical, Major"),
        pytest.param("prefix", ["3", "2", "1"], id="room prefix"),
        pytest.param("isDrill", ["2", "3", "1"], id="drills last"),
        pytest.param("incidentStart", ["1", "2", "3"], id="began"),
        pytest.param("incidentEnd", ["1", "2", "3"], id="an unset end is the earliest"),
        pytest.param("closedTime", ["1", "2", "3"], id="so is an unset close"),
    ],
)
async def test_orders(incidents: IncidentsHouse, field: str, ascending: list[str]) -> None:
    await some(incidents)
    assert await found(incidents, order_field=field, order_direction="ASC") == ascending
    assert await found(incidents, order_field=field, order_direction="DESC") == ascending[::-1]
    assert await found(incidents, order_field=field) == ascending[::-1]


async def test_numbers_are_ordered_as_numbers(incidents: IncidentsHouse) -> None:
    for number in range(11):
        await incidents.declare(str(number))
    assert (await found(incidents, order_field="incidentID"))[:2] == ["11", "10"]


@pytest.mark.parametrize("fields", [{"order_field": "colour"}, {"order_direction": "sideways"}])
async def test_an_unknown_order_is_refused(incidents: IncidentsHouse, fields: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        await previews(incidents, **fields)


@pytest.mark.parametrize("field", ["createdTime", "severity", "title", "isDrill", "closedTime"])
@pytest.mark.parametrize("direction", ["ASC", "DESC"])
async def test_pages_hold_everything_once(incidents: IncidentsHouse, field: str, direction: str) -> None:
    for number in range(7):
        await incidents.declare("same", is_drill=number % 2 == 0)
    await incidents(UpdateStatusRequest(incident_id="4", status="resolved"))
    order: dict[str, Any] = {"order_field": field, "order_direction": direction}
    everything = await found(incidents, **order)

    ids: list[str] = []
    cursor = ""
    sizes = []
    while True:
        page = await previews(incidents, limit=3, cursor=cursor, **order)
        ids += [preview.incident_id for preview in page.incident_previews]
        sizes.append(len(page.incident_previews))
        cursor = page.cursor.next_value
        assert page.cursor.has_more == bool(cursor)
        if not cursor:
            break
    assert (ids, sizes) == (everything, [3, 3, 1])


async def test_a_full_last_page_has_no_next(incidents: IncidentsHouse) -> None:
    await some(incidents)
    page = await previews(incidents, limit=3)
    assert (len(page.incident_previews), page.cursor.has_more) == (3, False)


async def test_a_new_incident_does_not_shift_pages(incidents: IncidentsHouse) -> None:
    await some(incidents)
    first = await previews(incidents, limit=1)
    await incidents.declare("new")
    assert await found(incidents, limit=2, cursor=first.cursor.next_value) == ["2", "1"]


@pytest.mark.parametrize(
    ("limit", "applied"),
    [(0, 50), (-1, 50), (-(2**31), 50), (1, 1), (100, 100), (101, 100), (2**31 - 1, 100)],
)
async def test_the_echo_says_what_was_applied(incidents: IncidentsHouse, limit: int, applied: int) -> None:
    answer = await previews(incidents, " status:active", limit=limit, order_direction="ASC")
    assert answer.query == IncidentPreviewsQuery(
        limit=applied, order_direction="ASC", order_field="createdTime", query_string=" status:active"
    )
    whole = await full(incidents, limit=limit, only_drills=True, include_statuses=["active"])
    assert whole.query == IncidentsQuery(
        limit=applied, order_direction="DESC", only_drills=True, include_statuses=["active"]
    )


@pytest.mark.parametrize("cursor", ["x", "AAAA", "💥", "eyJ9", "x" * 100_000, "WzEsMl0"])
async def test_a_malformed_cursor_is_refused(incidents: IncidentsHouse, cursor: str) -> None:
    for ask in (previews, full):
        with pytest.raises(Invalid) as refused:
            await ask(incidents, cursor=cursor)
        assert refused.value.reason is Reason.CURSOR_INVALID


async def test_a_cursor_of_another_order_is_refused(incidents: IncidentsHouse) -> None:
    await some(incidents)
    cursor = (await previews(incidents, limit=1)).cursor.next_value
    others: list[dict[str, Any]] = [{"order_field": "title"}, {"order_direction": "ASC"}]
    for fields in others:
        with pytest.raises(Invalid) as refused:
            await previews(incidents, cursor=cursor, **fields)
        assert refused.value.reason is Reason.CURSOR_INVALID


async def test_private_incidents_are_absent_for_others(incidents: IncidentsHouse) -> None:
    await some(incidents)
    await incidents.declare("secret", incident_type="private", account_id="sa_creator")
    other: dict[str, Any] = {"caller": {"account_id": "sa_other", "role": Role.VIEWER}}
    assert await found(incidents, **other) == ["3", "2", "1"]
    assert await found(incidents, "title:secret", **other) == []
    assert [incident.incident_id for incident in (await full(incidents, **other)).incidents] == ["3", "2", "1"]
    assert await found(incidents, caller={"account_id": "sa_creator"}) == ["4", "3", "2", "1"]
    assert await found(incidents, caller={"account_id": "sa_admin", "role": Role.ADMIN}) == ["4", "3", "2", "1"]


# --- what is only there when asked for -------------------------------------------------------------------------------


async def with_fields(incidents: IncidentsHouse) -> None:
    """Incident 2 has a value for two custom fields, one of them archived, and for a field of labels."""
    blank = {
        **dict.fromkeys(["name", "description", "color", "icon", "source"], ""),
        **dict.fromkeys(["required", "immutable"], False),
        "tenant_id": incidents.tenant,
        "type": "string",
        "extra": {},
        "version": 1,
        "created_at": incidents.clock.now(),
    }

    def fill(connection: Connection) -> None:
        for number, (slug, domain, archived) in enumerate(
            [("team", "incident", False), ("old", "incident", True), ("key", "labels", False)], start=41
        ):
            row = {"uuid": f"fld-{slug}", "slug": slug, "number": number, "domain": domain, "archived": archived}
            connection.execute(sa.insert(t.fields).values(**blank | row))
            value = {"incident_id": 2, "field_uuid": f"fld-{slug}", "value": '"web"', "search_text": "\x1fweb\x1f"}
            connection.execute(sa.insert(t.field_values).values(tenant_id=incidents.tenant, **value))

    await incidents.write(fill)


async def test_field_values_are_there_when_asked_for(incidents: IncidentsHouse) -> None:
    await some(incidents)
    await with_fields(incidents)
    asked = await previews(incidents, include_custom_field_values=True)
    values = {
        preview.incident_id: [(value.field_uuid, value.field_id, value.value) for value in preview.field_values]
        for preview in asked.incident_previews
    }
    assert values == {"1": [], "2": [("fld-team", 41, '"web"')], "3": []}
    assert all(not preview.field_values for preview in (await previews(incidents)).incident_previews)
    assert await found(incidents, 'field:TEAM:"WEB"') == ["2"]


async def test_members_are_there_when_asked_for(incidents: IncidentsHouse) -> None:
    await some(incidents)
    user_id = (await incidents.incident("2")).created_by_user.user_id
    for role in ("observer", "commander"):
        await incidents(AssignRoleRequest(incident_id="2", user_id=user_id, role=role))
    asked = await previews(incidents, include_membership_preview=True)
    by_id = {preview.incident_id: preview.incident_membership_preview for preview in asked.incident_previews}
    assert [(each.role_id, each.user.user_id) for each in by_id["2"].important_assignments] == [(1, user_id)]
    assert (by_id["2"].total_assignments, by_id["1"].total_assignments) == (2, 0)
    assert all(not p.HasField("incident_membership_preview") for p in (await previews(incidents)).incident_previews)
    assert await found(incidents, "role:COMMANDER") == ["2"]


async def test_channels_are_an_empty_list(incidents: IncidentsHouse) -> None:
    await some(incidents)
    asked = await previews(incidents, include_incident_channels=True)
    assert [list(preview.incident_channels) for preview in asked.incident_previews] == [[], [], []]


# --- QueryIncidents --------------------------------------------------------------------------------------------------


async def test_query_incidents_answers_whole_incidents(incidents: IncidentsHouse) -> None:
    await some(incidents)
    answer = await full(incidents)
    assert list(answer.incidents) == [await incidents.incident(number) for number in ("3", "2", "1")]
    assert answer.query == IncidentsQuery(limit=50, order_direction="DESC")


async def test_query_incidents_pages_ascending(incidents: IncidentsHouse) -> None:
    # DevLake asks for the oldest first and sends back nextValue alone.
    await some(incidents)
    first = await full(incidents, limit=2, order_direction="ASC")
    second = await full(incidents, limit=2, order_direction="ASC", cursor=first.cursor.next_value)
    ids = [[incident.incident_id for incident in page.incidents] for page in (first, second)]
    assert ids == [["1", "2"], ["3"]]
    assert (first.cursor.has_more, second.cursor.has_more) == (True, False)


def stamp(text: str) -> Timestamp:
    moment = Timestamp()
    moment.FromJsonString(text)
    return moment


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        pytest.param({"include_statuses": ["resolved"]}, ["3"], id="included statuses"),
        pytest.param({"exclude_statuses": ["resolved", "nope"]}, ["2", "1"], id="excluded statuses"),
        pytest.param({"incident_labels": ["DB", "nope"]}, ["2"], id="labels"),
        pytest.param({"severity": "major"}, ["2"], id="severity"),
        pytest.param({"only_drills": True}, ["1"], id="drills only"),
        pytest.param({"only_drills": False}, ["3", "2", "1"], id="false filters nothing"),
        pytest.param({"date_from": stamp("2026-03-01T12:01:00Z")}, ["3", "2"], id="from, included"),
        pytest.param({"date_to": stamp("2026-03-01T12:01:00Z")}, ["2", "1"], id="to, included"),
        pytest.param(
            {"query_string": "isdrill:false", "only_drills": True, "severity": "nope"}, ["3", "2"], id="a query wins"
        ),
    ],
)
async def test_structured_fields(incidents: IncidentsHouse, fields: dict[str, Any], expected: list[str]) -> None:
    await some(incidents)
    assert [incident.incident_id for incident in (await full(incidents, **fields)).incidents] == expected


@pytest.mark.parametrize("field", ["date_from", "date_to"])
async def test_a_date_that_no_calendar_has_is_refused(incidents: IncidentsHouse, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        await incidents(QueryIncidentsRequest(query={field: Timestamp(seconds=2**60)}))
    assert refused.value.violations[0].field == f"query.{field}"
