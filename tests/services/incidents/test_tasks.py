"""TasksService: what is to be done, and what the timeline says of it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import sqlalchemy as sa

from quarterdeck.errors import Conflict, Invalid, NotFound, Reason
from quarterdeck.gen.incident.v1 import tasks_service_pb2 as tpb
from quarterdeck.incidents.limits import TASKS_PER_INCIDENT
from quarterdeck.incidents.store import tables as t
from quarterdeck.incidents.users import public_id
from tests.services.incidents.incidents_house import IncidentsHouse
from tests.store.manual_clock import START


async def add(incidents: IncidentsHouse, text: str = "Page the DBA", **fields: Any) -> tpb.AddTaskResponse:
    answer: tpb.AddTaskResponse = await incidents(tpb.AddTaskRequest(incident_id="1", text=text, **fields))
    return answer


async def set_status(incidents: IncidentsHouse, task_id: str, status: str) -> tpb.UpdateTaskStatusResponse:
    answer: tpb.UpdateTaskStatusResponse = await incidents(
        tpb.UpdateTaskStatusRequest(incident_id="1", task_id=task_id, status=status)
    )
    return answer


async def told(incidents: IncidentsHouse) -> list[tuple[str, dict[str, Any], str]]:
    """Of the timeline what is about tasks: kind, field values, and whom it is about."""
    return [
        (item.kind, dict(item.field_values), item.subject_user.name if item.subject_user else "")
        for item in await incidents.timeline("1")
        if item.kind.startswith("task")
    ]


@pytest.fixture
async def one_incident(incidents: IncidentsHouse) -> IncidentsHouse:
    await incidents.declare()
    incidents.clock.advance(60)
    incidents.events_announced()
    return incidents


async def caller_id(incidents: IncidentsHouse) -> str:
    return (await incidents.incident("1")).created_by_user.user_id


async def test_a_new_task_is_to_be_done_by_nobody(one_incident):
    answer = await add(one_incident, "Page the DBA")

    assert answer.incident_id == "1"
    assert (answer.task.text, answer.task.status, answer.task.immutable) == ("Page the DBA", "todo", False)
    assert answer.task.author_user.name == "Service Account: ci"
    assert not answer.task.HasField("assigned_user")
    assert answer.task.task_id
    assert answer.task.created_time.ToDatetime(START.tzinfo) == one_incident.clock.now()
    assert list(answer.task_list.tasks) == [answer.task]
    assert (await one_incident.incident("1")).task_list == answer.task_list


async def test_tasks_come_in_the_order_of_creation_with_their_counts(one_incident):
    ids = [(await add(one_incident, text)).task.task_id for text in ("c", "a", "b")]
    await set_status(one_incident, ids[1], "done")
    listed = (await set_status(one_incident, ids[0], "progress")).task_list

    assert [task.text for task in listed.tasks] == ["c", "a", "b"]
    assert [task.status for task in listed.tasks] == ["progress", "done", "todo"]
    assert (listed.todo_count, listed.done_count) == (2, 1)


async def test_a_task_can_be_given_to_somebody_at_once(one_incident):
    somebody = await caller_id(one_incident)
    answer = await add(one_incident, assign_to_user_id=somebody)

    assert answer.task.assigned_user.user_id == somebody
    assert (await told(one_incident))[0][2] == "Service Account: ci"


async def test_somebody_unknown_cannot_be_given_a_task(one_incident):
    with pytest.raises(NotFound) as missing:
        await add(one_incident, assign_to_user_id=public_id("user-000000000000000000000000"))
    assert missing.value.reason is Reason.USER_NOT_FOUND
    assert await told(one_incident) == []


@pytest.mark.parametrize(
    ("before", "after", "kind"),
    [
        pytest.param("todo", "done", "taskCompleted", id="done at once"),
        pytest.param("progress", "done", "taskCompleted", id="done after a while"),
        pytest.param("todo", "progress", "taskUpdated", id="begun"),
        pytest.param("done", "todo", "taskUpdated", id="to be done again"),
    ],
)
async def test_the_timeline_says_how_far_a_task_is(one_incident, before, after, kind):
    task = (await add(one_incident)).task
    await set_status(one_incident, task.task_id, before)
    one_incident.events_announced()
    one_incident.clock.advance(60)
    answer = await set_status(one_incident, task.task_id, after)

    assert (answer.incident_id, answer.task.status) == ("1", after)
    assert answer.task.modified_time.ToDatetime(START.tzinfo) == one_incident.clock.now()
    assert answer.task.created_time == task.created_time
    assert (await told(one_incident))[-1][:2] == (
        kind,
        {"taskID": task.task_id, "text": "Page the DBA", "status": after},
    )
    assert one_incident.events_announced() == ["grafana.incident.updated"]


async def test_adding_and_deleting_is_told(one_incident):
    task = (await add(one_incident)).task
    deleted = await one_incident(tpb.DeleteTaskRequest(incident_id="1", task_id=task.task_id))

    assert (deleted.incident_id, list(deleted.task_list.tasks)) == ("1", [])
    values = {"taskID": task.task_id, "text": "Page the DBA", "status": "todo"}
    assert await told(one_incident) == [("taskAdded", values, ""), ("taskDeleted", values, "")]
    assert (await one_incident.incident("1")).version == 3
    assert one_incident.events_announced() == ["grafana.incident.updated"] * 2


async def test_a_text_is_rewritten(one_incident):
    task = (await add(one_incident)).task
    answer = await one_incident(tpb.UpdateTaskTextRequest(incident_id="1", task_id=task.task_id, text="Wake the DBA"))

    assert (answer.task.text, answer.task_list.tasks[0].text) == ("Wake the DBA", "Wake the DBA")
    assert (await told(one_incident))[-1][0] == "taskUpdated"


async def test_an_empty_user_unassigns(one_incident):
    somebody = await caller_id(one_incident)
    task = (await add(one_incident)).task
    given = tpb.UpdateTaskUserRequest(incident_id="1", task_id=task.task_id, user_id=somebody)

    assert (await one_incident(given)).task.assigned_user.user_id == somebody
    taken = await one_incident(tpb.UpdateTaskUserRequest(incident_id="1", task_id=task.task_id, user_id=""))
    assert not taken.task.HasField("assigned_user")
    assert [kind for kind, _, _ in await told(one_incident)] == ["taskAdded", "taskUpdated", "taskUpdated"]


async def test_a_change_to_what_is_there_already_is_none(one_incident):
    somebody = await caller_id(one_incident)
    task = (await add(one_incident, assign_to_user_id=somebody)).task
    one_incident.events_announced()
    before = await one_incident.incident("1")
    one_incident.clock.advance(60)
    which = {"incident_id": "1", "task_id": task.task_id}

    for request in (
        tpb.UpdateTaskStatusRequest(**which, status="todo"),
        tpb.UpdateTaskTextRequest(**which, text="Page the DBA"),
        tpb.UpdateTaskUserRequest(**which, user_id=somebody.partition(":")[2]),
    ):
        assert (await one_incident(request)).task == task
    after = await one_incident.incident("1")

    assert (after.version, after.modified_time) == (before.version, before.modified_time)
    assert len(await told(one_incident)) == 1
    assert one_incident.events_announced() == []


async def test_done_to_done_is_no_error(one_incident):
    task = (await add(one_incident)).task
    await set_status(one_incident, task.task_id, "done")
    await set_status(one_incident, task.task_id, "done")

    assert [kind for kind, _, _ in await told(one_incident)] == ["taskAdded", "taskCompleted"]


async def test_the_servers_own_tasks_cannot_be_edited(one_incident):
    task = (await add(one_incident)).task
    await one_incident.write(
        lambda c: c.execute(sa.update(t.tasks).where(t.tasks.c.id == task.task_id).values(immutable=True))
    )
    which = {"incident_id": "1", "task_id": task.task_id}

    for request in (
        tpb.UpdateTaskStatusRequest(**which, status="done"),
        tpb.UpdateTaskTextRequest(**which, text="x"),
        tpb.UpdateTaskUserRequest(**which),
        tpb.DeleteTaskRequest(**which),
    ):
        with pytest.raises(Conflict) as refused:
            await one_incident(request)
        assert refused.value.reason is Reason.IMMUTABLE


@pytest.mark.parametrize("task_id", ["nobody", "ü" * 5_000])
async def test_an_unknown_task_is_not_found(one_incident, task_id):
    which = {"incident_id": "1", "task_id": task_id}
    for request in (
        tpb.UpdateTaskStatusRequest(**which, status="done"),
        tpb.UpdateTaskTextRequest(**which, text="x"),
        tpb.UpdateTaskUserRequest(**which),
        tpb.DeleteTaskRequest(**which),
    ):
        with pytest.raises(NotFound) as missing:
            await one_incident(request)
        assert missing.value.reason is Reason.TASK_NOT_FOUND
        assert missing.value.metadata == {"id": task_id[:80]}


async def test_a_task_of_another_incident_is_not_found(one_incident):
    task = (await add(one_incident)).task
    await one_incident.declare("Another")
    with pytest.raises(NotFound):
        await one_incident(tpb.DeleteTaskRequest(incident_id="2", task_id=task.task_id))


@pytest.mark.parametrize(
    ("request_", "field"),
    [
        pytest.param(tpb.AddTaskRequest(incident_id="1"), "text", id="no text"),
        pytest.param(tpb.AddTaskRequest(incident_id="1", text="x" * 4_097), "text", id="a text too long"),
        pytest.param(tpb.AddTaskRequest(incident_id="1", text="a\0b"), "text", id="NUL"),
        pytest.param(tpb.AddTaskRequest(text="x"), "incident_id", id="no incident"),
        pytest.param(tpb.DeleteTaskRequest(incident_id="1"), "task_id", id="no task"),
        pytest.param(
            tpb.UpdateTaskStatusRequest(incident_id="1", task_id="x", status="Done"), "status", id="no such status"
        ),
    ],
)
async def test_a_bad_request_is_refused_with_its_field(one_incident, request_, field):
    with pytest.raises(Invalid) as refused:
        await one_incident(request_)
    assert refused.value.violations[0].field == field


async def test_an_incident_has_at_most_so_many_tasks(one_incident):
    def fill(connection: sa.Connection) -> None:
        now = one_incident.clock.now()
        rows = [
            {"tenant_id": one_incident.tenant, "incident_id": 1, "id": f"t{number}", "position": number, "text": "x",
             "status": "todo", "immutable": False, "created_at": now, "modified_at": now}
            for number in range(1, TASKS_PER_INCIDENT)
        ]  # fmt: skip
        connection.execute(sa.insert(t.tasks), rows)

    await one_incident.write(fill)
    last = await add(one_incident, "the last one")
    assert last.task_list.tasks[-1].text == "the last one"
    with pytest.raises(Invalid, match="at most 500") as refused:
        await add(one_incident)
    assert refused.value.metadata == {"field": "tasks", "max": "500"}


async def test_tasks_added_at_once_are_all_there_in_one_order(one_incident):
    await asyncio.gather(*(add(one_incident, str(number)) for number in range(8)))
    incident = await one_incident.incident("1")

    assert sorted(task.text for task in incident.task_list.tasks) == [str(number) for number in range(8)]
    assert incident.version == 9
    assert [values["text"] for _, values, _ in await told(one_incident)] == [
        task.text for task in incident.task_list.tasks
    ]
