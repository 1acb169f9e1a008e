"""Labels on incidents: put on and taken off by text, by key and value, and by uuid."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import sqlalchemy as sa
from google.protobuf.message import Message

from quarterdeck.errors import Invalid, NotFound, Reason
from quarterdeck.gen.incident.v1.incident_pb2 import IncidentKeyValueLabel, IncidentLabel
from quarterdeck.gen.incident.v1.incidents_service_pb2 import (
    AddLabelRequest,
    AssignLabelByUUIDRequest,
    AssignLabelRequest,
    GetLabelsRequest,
    RemoveLabelRequest,
    UnassignLabelByUUIDRequest,
    UnassignLabelRequest,
)
from quarterdeck.incidents.store import tables as t
from tests.services.incidents.incidents_house import IncidentsHouse

UNKNOWN = "00000000-0000-4000-8000-000000000000"


def add(label: str, key: str = "") -> AddLabelRequest:
    return AddLabelRequest(incident_id="1", label=IncidentLabel(key=key, label=label))


async def labels(incidents: IncidentsHouse) -> list[tuple[str, str]]:
    return [(label.key, label.label) for label in (await incidents.incident("1")).labels]


async def with_ids(incidents: IncidentsHouse) -> list[IncidentKeyValueLabel]:
    return list((await incidents(GetLabelsRequest(incident_id="1"))).labels)


async def said(incidents: IncidentsHouse, after: int = 2) -> list[tuple[str, dict[str, Any]]]:
    return [(item.kind, dict(item.field_values)) for item in (await incidents.timeline("1"))[after:]]


async def test_a_label_is_added(incidents: IncidentsHouse) -> None:
    await incidents.declare()
    incidents.events_announced()

    changed = (await incidents(add("db"))).incident

    assert [(label.key, label.label) for label in changed.labels] == [("tags", "db")]
    assert changed.version == 2
    assert changed == await incidents.incident("1")
    assert await said(incidents) == [("labelAdded", {"key": "tags", "label": "db"})]
    assert incidents.events_announced() == ["grafana.incident.added.label"]


async def test_labels_come_in_the_order_in_which_they_were_added(incidents: IncidentsHouse) -> None:
    await incidents.declare(labels=[IncidentLabel(label="z")])
    for request in (add("b"), add("EU", "Region"), add("a")):
        await incidents(request)
    assert await labels(incidents) == [("tags", "z"), ("tags", "b"), ("Region", "EU"), ("tags", "a")]


async def test_adding_twice_is_once(incidents: IncidentsHouse) -> None:
    await incidents.declare()
    await incidents(add("db"))
    incidents.events_announced()
    for again in (add("db"), add("DB", "Tags")):
        assert (await incidents(again)).incident.version == 2
    assert (await incidents(AssignLabelRequest(incident_id="1", key="tags", value="db"))).labels[0].value == "db"
    assert len(await said(incidents)) == 1
    assert incidents.events_announced() == []


async def test_keys_and_values_are_known_from_then_on(incidents: IncidentsHouse) -> None:
    await incidents.declare()
    await incidents.declare()
    await incidents(add("EU", "Region"))
    first = await with_ids(incidents)
    other = AssignLabelRequest(incident_id="2", key="region", value="eu")
    (second,) = (await incidents(other)).labels
    assert (second.key, second.value) == ("Region", "EU")
    assert (second.key_uuid, second.value_uuid) == (first[0].key_uuid, first[0].value_uuid)


async def test_only_key_and_text_are_read(incidents: IncidentsHouse) -> None:
    await incidents.declare()
    label = IncidentLabel(label="db", description="mine", color_hex="#123456")
    (added,) = (await incidents(AddLabelRequest(incident_id="1", label=label))).incident.labels
    assert (added.description, added.color_hex) == ("", "")


async def test_a_label_is_removed_by_its_text(incidents: IncidentsHouse) -> None:
    await incidents.declare(labels=[IncidentLabel(label="db"), IncidentLabel(label="web")])
    incidents.events_announced()

    changed = (await incidents(RemoveLabelRequest(incident_id="1", label="DB"))).incident

    assert [(label.key, label.label) for label in changed.labels] == [("tags", "web")]
    assert (await said(incidents, after=4)) == [("labelRemoved", {"key": "tags", "label": "db"})]
    assert incidents.events_announced() == ["grafana.incident.removed.label"]


async def test_removing_takes_the_tag_first(incidents: IncidentsHouse) -> None:
    await incidents.declare(labels=[IncidentLabel(key="team", label="db"), IncidentLabel(label="db")])
    await incidents(RemoveLabelRequest(incident_id="1", label="db"))
    assert await labels(incidents) == [("team", "db")]
    await incidents(RemoveLabelRequest(incident_id="1", label="db"))
    assert await labels(incidents) == []


@pytest.mark.parametrize(
    "request_",
    [
        pytest.param(RemoveLabelRequest(incident_id="1", label="nope"), id="RemoveLabel"),
        pytest.param(UnassignLabelRequest(incident_id="1", key="tags", value="nope"), id="an unknown value"),
        pytest.param(UnassignLabelRequest(incident_id="1", key="nope", value="db"), id="an unknown key"),
    ],
)
async def test_removing_what_is_not_there_changes_nothing(incidents: IncidentsHouse, request_: Message) -> None:
    await incidents.declare(labels=[IncidentLabel(label="db")])
    incidents.events_announced()
    await incidents(request_)
    assert (await incidents.incident("1")).version == 1
    assert await said(incidents, after=3) == []
    assert incidents.events_announced() == []


async def test_assigning_answers_the_whole_list(incidents: IncidentsHouse) -> None:
    await incidents.declare(labels=[IncidentLabel(label="db")])
    answer = await incidents(AssignLabelRequest(incident_id="1", key="Region", value="EU"))
    assert [(label.key, label.value) for label in answer.labels] == [("tags", "db"), ("Region", "EU")]
    assert list(answer.labels) == await with_ids(incidents)
    assert all(label.key_uuid and label.value_uuid for label in answer.labels)

    answer = await incidents(UnassignLabelRequest(incident_id="1", value="db"))
    assert [(label.key, label.value) for label in answer.labels] == [("Region", "EU")]


async def test_labels_by_uuid(incidents: IncidentsHouse) -> None:
    await incidents.declare(labels=[IncidentLabel(label="db"), IncidentLabel(label="web")])
    await incidents.declare()
    db, web = await with_ids(incidents)

    own = {"key_uuid": db.key_uuid, "value_uuid": db.value_uuid}
    on_the_other = await incidents(AssignLabelByUUIDRequest(incident_id="2", **own))
    assert list(on_the_other.labels) == [db]
    assert list((await incidents(AssignLabelByUUIDRequest(incident_id="2", **own))).labels) == [db]
    assert list((await incidents(UnassignLabelByUUIDRequest(incident_id="1", **own))).labels) == [web]
    assert list((await incidents(UnassignLabelByUUIDRequest(incident_id="1", **own))).labels) == [web]
    versions = [(await incidents.incident(incident_id)).version for incident_id in ("1", "2")]
    assert versions == [2, 2]


@pytest.mark.parametrize("request_type", [AssignLabelByUUIDRequest, UnassignLabelByUUIDRequest])
async def test_unknown_uuids_are_not_found(incidents: IncidentsHouse, request_type: type[Any]) -> None:
    await incidents.declare(labels=[IncidentLabel(label="db"), IncidentLabel(key="team", label="web")])
    db, web = await with_ids(incidents)
    with pytest.raises(NotFound) as no_key:
        await incidents(request_type(incident_id="1", key_uuid=UNKNOWN, value_uuid=db.value_uuid))
    assert (no_key.value.reason, no_key.value.metadata["id"]) == (Reason.FIELD_NOT_FOUND, UNKNOWN)
    for value in (UNKNOWN, web.value_uuid):
        with pytest.raises(NotFound) as no_value:
            await incidents(request_type(incident_id="1", key_uuid=db.key_uuid, value_uuid=value))
        assert (no_value.value.reason, no_value.value.metadata["id"]) == (Reason.SELECT_OPTION_NOT_FOUND, value)


async def test_a_custom_field_is_no_label_key(incidents: IncidentsHouse) -> None:
    await incidents.declare()
    row = {
        **dict.fromkeys(["slug", "name", "description", "color", "icon", "source"], ""),
        **dict.fromkeys(["required", "immutable", "archived"], False),
        "tenant_id": incidents.tenant,
        "uuid": UNKNOWN,
        "number": 99,
        "domain": "incident",
        "type": "multi-select",
        "extra": {},
        "version": 1,
        "created_at": incidents.clock.now(),
    }
    await incidents.write(lambda c: c.execute(sa.insert(t.fields).values(**row)))
    with pytest.raises(NotFound):
        await incidents(AssignLabelByUUIDRequest(incident_id="1", key_uuid=UNKNOWN, value_uuid=UNKNOWN))


@pytest.mark.parametrize(
    ("request_", "field"),
    [
        pytest.param(AddLabelRequest(incident_id="1"), "label", id="no label"),
        pytest.param(add(""), "label.label", id="no text"),
        pytest.param(add("x" * 201), "label.label", id="a text over the limit"),
        pytest.param(add("x", "k" * 101), "label.key", id="a key over the limit"),
        pytest.param(RemoveLabelRequest(incident_id="1"), "label", id="nothing to remove"),
        pytest.param(AssignLabelRequest(incident_id="1", key="k"), "value", id="no value"),
        pytest.param(AssignLabelRequest(incident_id="1", key="k", value="x" * 201), "value", id="a long value"),
        pytest.param(UnassignLabelRequest(incident_id="1", key="k"), "value", id="no value to take off"),
        pytest.param(AssignLabelByUUIDRequest(incident_id="1", key_uuid="x"), "value_uuid", id="no uuid"),
    ],
)
async def test_what_is_refused(incidents: IncidentsHouse, request_: Message, field: str) -> None:
    await incidents.declare()
    with pytest.raises(Invalid) as refused:
        await incidents(request_)
    assert refused.value.violations[0].field == field


async def test_an_incident_carries_at_most_a_hundred(incidents: IncidentsHouse) -> None:
    await incidents.declare(labels=[IncidentLabel(label=str(number)) for number in range(100)])
    with pytest.raises(Invalid) as refused:
        await incidents(add("one more"))
    assert refused.value.metadata["max"] == "100"
    assert (await incidents(add("99"))).incident.version == 1
    await incidents(RemoveLabelRequest(incident_id="1", label="99"))
    assert len((await incidents(add("one more"))).incident.labels) == 100


async def test_the_same_new_label_at_once_is_one(incidents: IncidentsHouse) -> None:
    for _ in range(6):
        await incidents.declare()
    requests = [
        AssignLabelRequest(incident_id=str(number), key="brand new", value="value") for number in range(1, 7)
    ] * 2
    answers = await asyncio.gather(*(incidents(request) for request in requests))
    assert len({(label.key_uuid, label.value_uuid) for answer in answers for label in answer.labels}) == 1
    assert {(await incidents.incident(str(number))).version for number in range(1, 7)} == {2}


async def test_labels_of_an_unknown_incident_are_not_found(incidents: IncidentsHouse) -> None:
    with pytest.raises(NotFound):
        await incidents(GetLabelsRequest(incident_id="1"))
    with pytest.raises(NotFound):
        await incidents(add("x"))
