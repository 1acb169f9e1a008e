"""KeyUpdatesService: status updates, stored as sent and converted when read."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from quarterdeck.errors import Invalid, NotFound, Reason
from quarterdeck.gen.incident.v1 import incidents_service_pb2 as spb
from quarterdeck.gen.incident.v1 import key_updates_service_pb2 as kpb
from quarterdeck.gen.incident.v1 import severities_service_pb2 as vpb
from quarterdeck.gen.incident.v1 import status_service_pb2 as upb
from quarterdeck.gen.incident.v1.key_update_pb2 import KeyUpdate
from quarterdeck.gen.incident.v1.paging_pb2 import Cursor
from quarterdeck.identity import Role
from tests.services.incidents.incidents_house import IncidentsHouse
from tests.store.manual_clock import START

SLACK, LEXICAL = "text/markdown+slack", "application/x-lexical-editor"


@pytest.fixture
async def one_incident(incidents: IncidentsHouse) -> IncidentsHouse:
    await incidents.declare()
    incidents.clock.advance(60)
    incidents.events_announced()
    return incidents


async def create(incidents: IncidentsHouse, content: str = "We look into it.", **fields: Any) -> KeyUpdate:
    request = kpb.CreateKeyUpdateRequest(incident_id="1", content=content, **fields)
    made: KeyUpdate = (await incidents(request)).key_update
    return made


async def get(incidents: IncidentsHouse, update: KeyUpdate, content_type: str = "") -> KeyUpdate:
    request = kpb.GetKeyUpdateRequest(incident_id="1", id=update.id, content_type=content_type)
    found: KeyUpdate = (await incidents(request)).key_update
    return found


async def query(incidents: IncidentsHouse, *, cursor: str = "", **fields: Any) -> kpb.QueryKeyUpdatesResponse:
    asked = kpb.KeyUpdatesQuery(incident_id="1", **fields)
    answer: kpb.QueryKeyUpdatesResponse = await incidents(
        kpb.QueryKeyUpdatesRequest(query=asked, cursor=Cursor(next_value=cursor))
    )
    return answer


async def test_an_update_takes_what_is_not_said_from_the_incident(one_incident):
    incident = await one_incident.incident("1")
    made = await create(one_incident)

    assert (made.content, made.content_type, made.scope) == ("We look into it.", "text/plain", "internal")
    assert (made.status_id, made.severity_id) == (incident.status_id, incident.severity_id)
    assert (made.incident_id, made.org_id) == ("1", one_incident.tenant)
    assert not made.HasField("title")
    assert not made.HasField("color")
    assert made.created_by.name == made.last_modified_by.name == "Service Account: ci"
    assert made.created_time.ToDatetime(START.tzinfo) == one_incident.clock.now()
    assert made.modified_time == made.created_time
    assert await get(one_incident, made) == made


async def test_an_update_says_what_it_is_told_and_leaves_the_incidents_status_alone(one_incident):
    severities = (await one_incident(vpb.GetOrgSeveritiesRequest())).severities
    statuses = (await one_incident(upb.QueryOrgStatusesRequest())).configurations
    resolved = next(
        s for c in statuses for s in c.statuses if c.incident_type == "internal" and s.category == "resolved"
    )
    made = await create(
        one_incident,
        title="All good",
        color="#00ff00",
        scope="public",
        status_id=resolved.status_id,
        severity_id=severities[1].severity_id,
    )
    incident = await one_incident.incident("1")

    assert (made.title, made.color, made.scope) == ("All good", "#00ff00", "public")
    assert (made.status_id, made.severity_id) == (resolved.status_id, severities[1].severity_id)
    assert (incident.status, incident.severity) == ("active", "Pending")


async def test_an_empty_title_is_not_no_title(one_incident):
    made = await create(one_incident, title="", color="")
    assert made.HasField("title")
    assert (await get(one_incident, made)).HasField("color")


async def test_content_is_kept_as_sent_and_converted_when_read(one_incident):
    content = "*Checkout* is down, see <https://example.com|the page>"
    made = await create(one_incident, content, content_type=SLACK)

    assert (made.content, made.content_type) == (content, SLACK)
    plain = await get(one_incident, made, "text/plain")
    assert plain.content_type == "text/plain"
    assert "*" not in plain.content
    assert "Checkout is down" in plain.content
    lexical = await get(one_incident, made, LEXICAL)
    assert orjson.loads(lexical.content)["root"]["type"] == "root"
    assert (await get(one_incident, made)).content == content


async def test_the_first_and_the_last_update(one_incident):
    first = await create(one_incident, "one")
    one_incident.clock.advance(60)
    await create(one_incident, "two")
    one_incident.clock.advance(60)
    last = await create(one_incident, "*three*", content_type=SLACK)

    initial = await one_incident(kpb.GetInitialKeyUpdateRequest(incident_id="1"))
    newest = await one_incident(kpb.GetLastKeyUpdateRequest(incident_id="1", content_type="text/plain"))
    assert initial.key_update == first
    assert (newest.key_update.id, newest.key_update.content, newest.key_update_count) == (last.id, "three", 3)


async def test_without_updates_both_are_null(one_incident):
    assert not (await one_incident(kpb.GetInitialKeyUpdateRequest(incident_id="1"))).HasField("key_update")
    last = await one_incident(kpb.GetLastKeyUpdateRequest(incident_id="1"))
    assert not last.HasField("key_update")
    assert last.key_update_count == 0


async def test_the_status_update_of_a_declaration_is_the_initial_one(incidents):
    await incidents.declare(initial_status_update="It began.")
    initial = (await incidents(kpb.GetInitialKeyUpdateRequest(incident_id="1"))).key_update

    assert (initial.content, initial.content_type, initial.scope) == ("It began.", "text/plain", "internal")
    assert initial.last_modified_by == initial.created_by


async def test_an_update_is_replaced_as_a_whole(one_incident):
    made = await create(one_incident, "one", title="T", color="red", scope="public")
    one_incident.clock.advance(60)
    request = kpb.UpdateKeyUpdateRequest(incident_id="1", id=made.id, content="two")
    updated = (await one_incident(request, account_id="sa_2", account_name="other")).key_update

    assert (updated.content, updated.scope) == ("two", "internal")
    assert not updated.HasField("title")
    assert not updated.HasField("color")
    assert updated.created_by == made.created_by
    assert updated.last_modified_by.name == "Service Account: other"
    assert updated.created_time == made.created_time
    assert updated.modified_time.ToDatetime(START.tzinfo) == one_incident.clock.now()
    assert await get(one_incident, made) == updated


async def test_an_update_of_a_status_that_has_moved_on_takes_the_incidents(one_incident):
    made = await create(one_incident)
    await one_incident(spb.UpdateStatusRequest(incident_id="1", status="resolved"))
    request = kpb.UpdateKeyUpdateRequest(incident_id="1", id=made.id, content=made.content)

    assert (await one_incident(request)).key_update.status_id == (await one_incident.incident("1")).status_id


async def test_updates_change_the_incidents_version_and_tell_webhooks_of_any_other_change(one_incident):
    made = await create(one_incident)
    await one_incident(kpb.UpdateKeyUpdateRequest(incident_id="1", id=made.id, content="two"))
    await one_incident(kpb.DeleteKeyUpdateRequest(incident_id="1", id=made.id))

    assert one_incident.events_announced() == ["grafana.incident.updated"] * 3
    assert (await one_incident.incident("1")).version == 4
    assert (await query(one_incident)).key_updates == []


async def test_a_change_to_what_is_there_already_is_none(one_incident):
    made = await create(one_incident, "one", title="T")
    one_incident.events_announced()
    before = await one_incident.incident("1")
    one_incident.clock.advance(60)
    same = kpb.UpdateKeyUpdateRequest(incident_id="1", id=made.id, content="one", title="T")

    assert (await one_incident(same, account_id="sa_2", account_name="other")).key_update == made
    assert (await one_incident.incident("1")).version == before.version
    assert one_incident.events_announced() == []


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        pytest.param({}, ["", "Beta", "alpha", "Ärger"], id="the newest first"),
        pytest.param({"order_direction": "ASC"}, ["Ärger", "alpha", "Beta", ""], id="the oldest first"),
        pytest.param(
            {"order_field": "title", "order_direction": "ASC"}, ["", "alpha", "Beta", "Ärger"], id="by folded title"
        ),
        pytest.param({"order_field": "title"}, ["Ärger", "Beta", "alpha", ""], id="by folded title, backwards"),
        pytest.param({"order_field": "modifiedTime"}, ["alpha", "", "Beta", "Ärger"], id="the last changed first"),
    ],
)
async def test_orders(one_incident, order, expected):
    made = {}
    for title in ("Ärger", "alpha", "Beta", None):
        made[title] = await create(one_incident, title=title)
        one_incident.clock.advance(60)
    edit = kpb.UpdateKeyUpdateRequest(incident_id="1", id=made["alpha"].id, title="alpha", content="new")
    await one_incident(edit)

    whole = await query(one_incident, **order)
    assert [each.title for each in whole.key_updates] == expected
    assert (whole.cursor.next_value, whole.cursor.has_more) == ("", False)

    paged: list[str] = []
    cursor = ""
    for _ in range(4):
        page = await query(one_incident, **order, limit=1, cursor=cursor)
        paged += [each.title for each in page.key_updates]
        cursor = page.cursor.next_value
        assert page.cursor.has_more is bool(cursor)
    assert (paged, cursor) == (expected, "")


async def test_updates_of_one_moment_are_paged_without_a_gap(one_incident):
    ids = {(await create(one_incident, str(number))).id for number in range(7)}
    seen: list[str] = []
    cursor = ""
    for _ in range(4):
        page = await query(one_incident, limit=2, cursor=cursor)
        seen += [each.id for each in page.key_updates]
        cursor = page.cursor.next_value
    assert (set(seen), len(seen), cursor) == (ids, 7, "")


@pytest.mark.parametrize(("limit", "applied"), [(0, 50), (-5, 50), (3, 3), (1_000, 100)])
async def test_the_query_is_echoed_with_its_defaults(one_incident, limit, applied):
    assert (await query(one_incident, limit=limit)).query == kpb.KeyUpdatesQuery(
        incident_id="1", limit=applied, order_direction="DESC", order_field="createdTime"
    )


async def test_a_query_converts_and_keeps_to_a_scope(one_incident):
    await create(one_incident, "*bold*", content_type=SLACK, scope="public")
    await create(one_incident, "inside")
    page = await query(one_incident, scope="public", content_type="text/plain")

    assert [(each.content, each.content_type) for each in page.key_updates] == [("bold", "text/plain")]
    assert (page.query.scope, page.query.content_type) == ("public", "text/plain")


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        pytest.param({"content": "x" * 65_537}, "content", id="content too long"),
        pytest.param({"content": "{}", "content_type": LEXICAL}, "content", id="no editor state"),
        pytest.param({"content": "a\0b"}, "content", id="NUL"),
        pytest.param({"content_type": "text/html"}, "content_type", id="unknown content type"),
        pytest.param({"scope": "secret"}, "scope", id="unknown scope"),
        pytest.param({"title": "x" * 501}, "title", id="title too long"),
        pytest.param({"color": "x" * 101}, "color", id="colour too long"),
    ],
)
async def test_a_bad_update_is_refused_with_its_field(one_incident, fields, field):
    made = await create(one_incident)
    for request in (
        kpb.CreateKeyUpdateRequest(**{"incident_id": "1", "content": "x", **fields}),
        kpb.UpdateKeyUpdateRequest(**{"incident_id": "1", "id": made.id, "content": "x", **fields}),
    ):
        with pytest.raises(Invalid) as refused:
            await one_incident(request)
        assert refused.value.violations[0].field == field


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        pytest.param({"status_id": "nobody"}, Reason.STATUS_NOT_FOUND, id="status"),
        pytest.param({"severity_id": "nobody"}, Reason.SEVERITY_NOT_FOUND, id="severity"),
    ],
)
async def test_an_unknown_status_or_severity_is_not_found(one_incident, fields, reason):
    with pytest.raises(NotFound) as missing:
        await create(one_incident, **fields)
    assert missing.value.reason is reason


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"order_field": "color"}, id="unknown order"),
        pytest.param({"order_direction": "desc"}, id="unknown direction"),
        pytest.param({"scope": "x"}, id="unknown scope"),
        pytest.param({"content_type": "x"}, id="unknown content type"),
        pytest.param({"cursor": "x"}, id="bad cursor"),
    ],
)
async def test_a_bad_query_is_refused(one_incident, fields):
    with pytest.raises(Invalid):
        await query(one_incident, **fields)


async def test_an_unknown_update_is_not_found(one_incident):
    made = await create(one_incident)
    await one_incident.declare("Another")
    for request in (
        kpb.GetKeyUpdateRequest(incident_id="1", id="nobody"),
        kpb.GetKeyUpdateRequest(incident_id="2", id=made.id),
        kpb.UpdateKeyUpdateRequest(incident_id="1", id="nobody", content="x"),
        kpb.DeleteKeyUpdateRequest(incident_id="2", id=made.id),
    ):
        with pytest.raises(NotFound) as missing:
            await one_incident(request)
        assert missing.value.reason is Reason.KEY_UPDATE_NOT_FOUND


async def test_the_updates_of_a_private_incident_are_nobody_elses(incidents):
    await incidents.declare(incident_type="private")
    asked = kpb.QueryKeyUpdatesRequest(query=kpb.KeyUpdatesQuery(incident_id="1"))
    with pytest.raises(NotFound):
        await incidents(asked, account_id="sa_2", account_name="other")
    assert (await incidents(asked, account_id="sa_2", role=Role.ADMIN)).key_updates == []
