"""ActivityService: notes, what may be done to them, and pages of a timeline."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import Any

import pytest
from google.protobuf.struct_pb2 import Struct, Value
from google.protobuf.timestamp_pb2 import Timestamp

from quarterdeck.errors import Conflict, Invalid, NotFound, Reason
from quarterdeck.gen.incident.v1 import activity_service_pb2 as apb
from quarterdeck.gen.incident.v1 import incidents_service_pb2 as spb
from quarterdeck.gen.incident.v1.activity_pb2 import ActivityItem
from quarterdeck.gen.incident.v1.paging_pb2 import Cursor
from quarterdeck.identity import Role
from quarterdeck.incidents.activity_messages import DEEPEST_FIELD_VALUES
from tests.services.incidents.incidents_house import IncidentsHouse
from tests.store.manual_clock import START


def moment(hours: float) -> Timestamp:
    stamp = Timestamp()
    stamp.FromDatetime(START + timedelta(hours=hours))
    return stamp


async def note(incidents: IncidentsHouse, body: str = "Rolled back.", incident_id: str = "1", **fields: Any) -> Any:
    request = apb.AddActivityRequest(incident_id=incident_id, activity_kind="userNote", body=body, **fields)
    return (await incidents(request)).activity_item


async def query(incidents: IncidentsHouse, *, cursor: str = "", **fields: Any) -> apb.QueryActivityResponse:
    asked = apb.ActivityQuery(incident_id="1", **fields)
    answer: apb.QueryActivityResponse = await incidents(
        apb.QueryActivityRequest(query=asked, cursor=Cursor(next_value=cursor))
    )
    return answer


async def notes(incidents: IncidentsHouse, **fields: Any) -> list[str]:
    found = (await query(incidents, activity_kind=["userNote"], **fields)).activity_items
    return [item.body for item in found]


@pytest.fixture
async def one_incident(incidents: IncidentsHouse) -> IncidentsHouse:
    await incidents.declare()
    incidents.clock.advance(60)
    incidents.events_announced()
    return incidents


async def test_a_note_is_echoed_exactly(one_incident):
    body = "  *Rolled back*\r\n\tcheckout 🎉 <b>&amp;  "
    item = await note(one_incident, body, event_time=moment(-3.25))

    assert (item.body, item.activity_kind, item.immutable, item.relevance) == (body, "userNote", False, "automatic")
    assert item.event_time == moment(-3.25)
    assert item.incident_id == "1"
    assert item.user.name == "Service Account: ci"
    assert item.user.user_id.startswith("grafana-incident:user-")
    assert item.subject_user.user_id == ""
    assert list((await query(one_incident, activity_kind=["userNote"])).activity_items) == [item]


async def test_a_note_without_a_time_is_of_now(one_incident):
    item = await note(one_incident)

    assert item.event_time.ToDatetime(START.tzinfo) == one_incident.clock.now()
    assert item.created_time == item.event_time


async def test_an_empty_kind_is_a_note_and_no_other_is_taken(one_incident):
    assert (await note(one_incident)).activity_kind == "userNote"
    plain = apb.AddActivityRequest(incident_id="1", body="x")
    assert (await one_incident(plain)).activity_item.activity_kind == "userNote"
    with pytest.raises(Invalid, match="userNote is accepted"):
        await one_incident(apb.AddActivityRequest(incident_id="1", activity_kind="incidentCreated", body="x"))


async def test_addresses_in_a_note_become_attachments(one_incident):
    item = await note(one_incident, "See https://example.com/a?b=1 and (http://example.org/c).")

    assert [each.source_url for each in item.attachments] == ["https://example.com/a?b=1", "http://example.org/c"]
    assert [each.attachment_id for each in item.attachments] == [
        f"{item.activity_item_id}-1",
        f"{item.activity_item_id}-2",
    ]
    assert {(each.use_source_url, each.display_type, each.attached_by_user_id) for each in item.attachments} == {
        (True, "list", item.user.user_id)
    }


async def test_a_note_changes_the_incident_and_tells_webhooks_of_any_other_change(one_incident):
    await note(one_incident)
    incident = await one_incident.incident("1")

    assert incident.version == 2
    assert incident.modified_time.ToDatetime(START.tzinfo) == one_incident.clock.now()
    assert one_incident.events_announced() == ["grafana.incident.updated"]
    assert incident.incident_membership.total_participants == 1


async def test_field_values_come_back_as_they_were_sent(one_incident):
    values = Struct()
    values.update({"tool": "gcx", "deep": {"list": [1.5, True, None, "x"]}, "0": {}})
    item = await note(one_incident, field_values=values)

    assert item.field_values == values


def nested(levels: int) -> Struct:
    inner = Value(string_value="x")
    for _ in range(levels - 1):
        inner = Value(struct_value=Struct(fields={"a": inner}))
    return Struct(fields={"a": inner})


@pytest.mark.parametrize(
    ("values", "why"),
    [
        pytest.param(nested(DEEPEST_FIELD_VALUES + 1), "nested deeper", id="deeper than readers can follow"),
        pytest.param(Struct(fields={"n": Value(number_value=math.nan)}), "not a JSON number", id="not a number"),
        pytest.param(Struct(fields={"n": Value(number_value=math.inf)}), "not a JSON number", id="infinite"),
        pytest.param(Struct(fields={"s": Value(string_value="x" * 16_384)}), "16384 are accepted", id="too large"),
    ],
)
async def test_field_values_that_are_no_small_json_are_refused(one_incident, values, why):
    with pytest.raises(Invalid, match=why) as refused:
        await note(one_incident, field_values=values)
    assert refused.value.violations[0].field == "field_values"


async def test_field_values_as_deep_as_readers_can_follow_are_kept(one_incident):
    assert (await note(one_incident, field_values=nested(DEEPEST_FIELD_VALUES))).field_values == nested(
        DEEPEST_FIELD_VALUES
    )


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        pytest.param({"body": ""}, "body", id="no body"),
        pytest.param({"body": "x" * 65_537}, "body", id="a body longer than documented"),
        pytest.param({"body": "a\0b"}, "body", id="NUL"),
        pytest.param({"incident_id": ""}, "incident_id", id="no incident"),
        pytest.param({"event_time": Timestamp(seconds=10**15)}, "event_time", id="a time after the year 9999"),
    ],
)
async def test_a_bad_note_is_refused_with_its_field(one_incident, fields, field):
    with pytest.raises(Invalid) as refused:
        await note(one_incident, **fields)
    assert refused.value.violations[0].field == field
    assert (await one_incident.incident("1")).version == 1


async def test_a_body_of_the_documented_maximum_is_kept(one_incident):
    assert len((await note(one_incident, "é" * 65_536)).body) == 65_536


@pytest.mark.parametrize(
    "request_",
    [
        pytest.param(apb.AddActivityRequest(incident_id="9", body="x"), id="add"),
        pytest.param(apb.QueryActivityRequest(query=apb.ActivityQuery(incident_id="9")), id="query"),
        pytest.param(apb.RemoveActivityRequest(incident_id="9", activity_item_id="1"), id="remove"),
        pytest.param(apb.UpdateActivityBodyRequest(incident_id="9", activity_item_id="1", body="x"), id="update body"),
    ],
)
async def test_an_unknown_incident_is_not_found(one_incident, request_):
    with pytest.raises(NotFound) as missing:
        await one_incident(request_)
    assert missing.value.reason is Reason.INCIDENT_NOT_FOUND


async def test_the_timeline_of_a_private_incident_is_nobody_elses(incidents):
    await incidents.declare(incident_type="private", account_id="sa_9", account_name="security")
    stranger = {"account_id": "sa_2", "account_name": "other"}

    for request in (
        apb.AddActivityRequest(incident_id="1", body="x"),
        apb.QueryActivityRequest(query=apb.ActivityQuery(incident_id="1")),
    ):
        with pytest.raises(NotFound):
            await incidents(request, **stranger)
        await incidents(request, account_id="sa_9", account_name="security")
        await incidents(request, role=Role.ADMIN)


@pytest.mark.parametrize("item_id", ["0", "99", "01", "-1", "1.0", "x", "٣", "9" * 40, "1\0"])
async def test_an_unknown_item_is_not_found(one_incident, item_id):
    for request in (
        apb.RemoveActivityRequest(incident_id="1", activity_item_id=item_id),
        apb.UpdateActivityBodyRequest(incident_id="1", activity_item_id=item_id, body="x"),
        apb.UpdateActivityEventTimeRequest(incident_id="1", activity_item_id=item_id),
        apb.UpdateActivityRelevanceRequest(incident_id="1", activity_item_id=item_id, relevance="low"),
    ):
        with pytest.raises(NotFound) as missing:
            await one_incident(request)
        assert missing.value.reason is Reason.ACTIVITY_ITEM_NOT_FOUND


async def test_the_timeline_comes_by_event_time_the_newest_first(one_incident):
    for body, hours in (("b", -2), ("a", -5), ("c", 3)):
        await note(one_incident, body, event_time=moment(hours))

    assert await notes(one_incident) == ["c", "b", "a"]
    assert await notes(one_incident, order_direction="DESC") == ["c", "b", "a"]
    assert await notes(one_incident, order_direction="ASC") == ["a", "b", "c"]


async def test_items_of_one_moment_come_in_the_order_of_their_ids(one_incident):
    for number in range(12):
        await note(one_incident, str(number), event_time=moment(0))

    assert await notes(one_incident, order_direction="ASC") == [str(number) for number in range(12)]
    assert await notes(one_incident) == [str(number) for number in reversed(range(12))]


@pytest.mark.parametrize("direction", ["ASC", "DESC"])
async def test_pages_hold_every_item_once_also_while_notes_are_added(one_incident, direction):
    for number in range(9):
        await note(one_incident, str(number), event_time=moment(number // 3))
    expected = await notes(one_incident, order_direction=direction)
    seen: list[str] = []
    cursor = ""
    for _ in range(4):
        page = await query(one_incident, limit=3, activity_kind=["userNote"], order_direction=direction, cursor=cursor)
        seen += [item.body for item in page.activity_items if item.body != "late"]
        # Behind the place where the reader is, in either direction.
        await note(one_incident, "late", event_time=moment(-9 if direction == "ASC" else 9))
        cursor = page.cursor.next_value
        assert page.cursor.has_more is bool(cursor)
        if not cursor:
            break

    assert seen == expected


async def test_the_last_page_says_so(one_incident):
    page = await query(one_incident, limit=1_000)
    assert (page.cursor.next_value, page.cursor.has_more) == ("", False)


@pytest.mark.parametrize(("limit", "applied"), [(0, 50), (-1, 50), (7, 7), (1_000, 1_000), (5_000, 1_000)])
async def test_the_query_is_echoed_with_its_defaults(one_incident, limit, applied):
    echoed = (await query(one_incident, limit=limit, tag="starred")).query
    assert echoed == apb.ActivityQuery(incident_id="1", limit=applied, tag="starred", order_direction="DESC")


async def test_one_query_holds_a_thousand_items(one_incident):
    for number in range(60):
        await note(one_incident, str(number))

    assert len(await notes(one_incident)) == 50
    assert len(await notes(one_incident, limit=1_000)) == 60


async def test_kinds_and_tags_select_items(one_incident):
    await note(one_incident)
    await one_incident(spb.UpdateTitleRequest(incident_id="1", title="Another"))

    async def kinds(**fields: Any) -> list[str]:
        return [
            item.activity_kind for item in (await query(one_incident, order_direction="ASC", **fields)).activity_items
        ]

    assert await kinds(activity_kind=["userNote", "incidentTitleChanged"]) == ["userNote", "incidentTitleChanged"]
    assert await kinds(activity_kind=["siftResult"]) == []
    assert await kinds(tag="important") == []
    assert await kinds(tag='%"_') == []
    assert "incidentCreated" in await kinds()


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        pytest.param({"order_direction": "UP"}, Reason.FIELD_INVALID, id="no direction"),
        pytest.param({"cursor": "x"}, Reason.CURSOR_INVALID, id="a cursor that nobody gave"),
    ],
)
async def test_a_bad_query_is_refused(one_incident, fields, reason):
    with pytest.raises(Invalid) as refused:
        await query(one_incident, **fields)
    assert refused.value.reason is reason


async def test_a_cursor_of_the_other_direction_is_refused(one_incident):
    page = await query(one_incident, limit=1)
    with pytest.raises(Invalid, match="another order"):
        await query(one_incident, limit=1, order_direction="ASC", cursor=page.cursor.next_value)


async def test_a_removed_note_is_returned_once_more_and_gone(one_incident):
    added = await note(one_incident, "secret https://example.com")
    one_incident.events_announced()
    removed = await one_incident(apb.RemoveActivityRequest(incident_id="1", activity_item_id=added.activity_item_id))

    assert removed.activity_item == added
    assert await notes(one_incident) == []
    assert one_incident.events_announced() == ["grafana.incident.updated"]
    assert not any("secret" in item.body or item.attachments for item in await one_incident.timeline("1"))


async def test_the_id_of_a_removed_note_is_never_given_again(one_incident):
    first = await note(one_incident)
    await one_incident(apb.RemoveActivityRequest(incident_id="1", activity_item_id=first.activity_item_id))
    second = await note(one_incident)

    assert second.activity_item_id != first.activity_item_id


async def test_a_rewritten_note_has_the_attachments_of_its_new_words(one_incident):
    added = await note(one_incident, "https://example.com/old")
    edit = apb.UpdateActivityBodyRequest(
        incident_id="1", activity_item_id=added.activity_item_id, body="https://example.com/new"
    )
    edited: ActivityItem = (await one_incident(edit)).activity_item

    assert edited.body == "https://example.com/new"
    assert [each.source_url for each in edited.attachments] == ["https://example.com/new"]
    assert (edited.event_time, edited.created_time) == (added.event_time, added.created_time)


async def test_an_event_time_moves_a_note_and_none_puts_it_back(one_incident):
    added = await note(one_incident, event_time=moment(5))
    edit = apb.UpdateActivityEventTimeRequest(incident_id="1", activity_item_id=added.activity_item_id)

    moved = (await one_incident(apb.UpdateActivityEventTimeRequest(**_same(edit), event_time=moment(-7)))).activity_item
    assert moved.event_time == moment(-7)
    back = (await one_incident(edit)).activity_item
    assert back.event_time == added.created_time


def _same(request: apb.UpdateActivityEventTimeRequest) -> dict[str, str]:
    return {"incident_id": request.incident_id, "activity_item_id": request.activity_item_id}


@pytest.mark.parametrize("relevance", ["automatic", "archive", "low", "normal", "high"])
async def test_relevance_is_one_of_five_words(one_incident, relevance):
    added = await note(one_incident)
    edit = apb.UpdateActivityRelevanceRequest(
        incident_id="1", activity_item_id=added.activity_item_id, relevance=relevance
    )
    assert (await one_incident(edit)).activity_item.relevance == relevance


async def test_any_other_relevance_is_refused(one_incident):
    with pytest.raises(Invalid, match="automatic, archive, low, normal, high"):
        await one_incident(apb.UpdateActivityRelevanceRequest(incident_id="1", activity_item_id="1", relevance="HIGH"))


async def test_what_the_server_wrote_keeps_its_words_but_not_its_relevance(one_incident):
    created = (await query(one_incident, activity_kind=["incidentCreated"])).activity_items[0]
    assert created.immutable
    which = {"incident_id": "1", "activity_item_id": created.activity_item_id}

    for request in (
        apb.RemoveActivityRequest(**which),
        apb.UpdateActivityBodyRequest(**which, body="x"),
        apb.UpdateActivityEventTimeRequest(**which, event_time=moment(1)),
    ):
        with pytest.raises(Conflict) as refused:
            await one_incident(request)
        assert refused.value.reason is Reason.IMMUTABLE
    low = await one_incident(apb.UpdateActivityRelevanceRequest(**which, relevance="low"))
    assert low.activity_item.relevance == "low"


async def test_a_change_to_what_is_there_already_is_none(one_incident):
    added = await note(one_incident, "same", event_time=moment(2))
    which = {"incident_id": "1", "activity_item_id": added.activity_item_id}
    one_incident.events_announced()
    before = await one_incident.incident("1")
    one_incident.clock.advance(60)

    for request in (
        apb.UpdateActivityBodyRequest(**which, body="same"),
        apb.UpdateActivityEventTimeRequest(**which, event_time=moment(2)),
        apb.UpdateActivityRelevanceRequest(**which, relevance="automatic"),
    ):
        assert (await one_incident(request)).activity_item == added
    after = await one_incident.incident("1")

    assert (after.version, after.modified_time) == (before.version, before.modified_time)
    assert one_incident.events_announced() == []


async def test_items_of_another_tenant_are_not_there(one_incident):
    added = await note(one_incident)
    await one_incident.declare(tenant="another-" + one_incident.tenant)
    with pytest.raises(NotFound):
        await one_incident(
            apb.RemoveActivityRequest(incident_id="1", activity_item_id=added.activity_item_id),
            tenant="another-" + one_incident.tenant,
        )
