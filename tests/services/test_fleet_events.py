"""Every change is one event, and WatchFleet shows them as they are committed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any, cast

import pytest
from google.protobuf.json_format import MessageToDict

from quarterdeck.errors import Invalid, NotFound
from quarterdeck.gen.collector.v1 import collector_pb2 as cpb
from quarterdeck.gen.pipeline.v1 import pipeline_pb2 as pb
from tests.services.fleet_house import Replica, kinds_of, operation, pipeline, take
from tests.store.manual_clock import START


def watching(fleet: Replica, after: str = "", **options: Any) -> Any:
    return aclosing(cast("Any", fleet.watch(after, **options)))


async def test_every_change_of_a_pipeline_is_one_event_of_its_stream(fleet: Replica) -> None:
    await fleet.create("p", matchers=["a=1"], enabled=False)
    await fleet.update("1", "p", "// b\n")
    await fleet.upsert("p", "// c\n")
    await fleet.upsert("q", "// q\n")
    await fleet.sync(pipeline("p"), pipeline("r"))
    await fleet.sync(pipeline("p"))
    await fleet(pb.DeletePipelineRequest(id="1"))
    await fleet(pb.BulkDeletePipelinesRequest(ids=["2"]))
    told = [(event.stream, event.sequence, event.kind) for event in await fleet.events()]
    assert told == [
        ("pipeline:1", 1, "pipeline.created"),
        ("pipeline:1", 2, "pipeline.updated"),
        ("pipeline:1", 3, "pipeline.updated"),
        ("pipeline:2", 1, "pipeline.created"),
        ("pipeline:1", 4, "pipeline.updated"),
        ("pipeline:3", 1, "pipeline.created"),
        ("pipeline:3", 2, "pipeline.deleted"),
        ("pipeline:1", 5, "pipeline.deleted"),
        ("pipeline:2", 2, "pipeline.deleted"),
    ]
    events = await fleet.events()
    assert [event.payload["revision_id"] for event in events] == [str(number) for number in range(1, 10)]
    assert events[0].payload == {"name": "p", "revision_id": "1", "enabled": False, "matchers": ['a="1"']}
    assert events[0].references == {"pipeline": "1", "revision": "1"}
    assert {event.actor for event in events} == {"service_account:ci"}
    assert {event.at for event in events} == {START}


async def test_every_change_of_a_collector_is_one_event_of_its_stream(fleet: Replica) -> None:
    await fleet.create_collector("made")
    await fleet.update_collector("made", remote_attributes={"a": "1"})
    await fleet(cpb.BulkUpdateCollectorsRequest(ids=["made"], ops=[operation("ADD", "remoteAttributes.a", "2")]))
    await fleet.register("own", name="Host")
    await fleet.register("own", {"new": "attribute"}, name="Host")
    failed = cpb.RemoteConfigStatus(status=cpb.RemoteConfigStatuses_FAILED, error_message="1:1: bad")
    await fleet.poll("own", {"new": "attribute"}, remote_config_status=failed)
    await fleet.unregister("own")
    await fleet(cpb.DeleteCollectorRequest(id="own"))
    await fleet(cpb.BulkDeleteCollectorsRequest(ids=["made"]))
    told = [(event.stream, event.sequence, event.kind, event.actor) for event in await fleet.events()]
    user, own = "service_account:ci", "collector:own"
    assert told == [
        ("collector:made", 1, "collector.created", user),
        ("collector:made", 2, "collector.updated", user),
        ("collector:made", 3, "collector.updated", user),
        ("collector:own", 1, "collector.registered", own),
        ("collector:own", 2, "collector.status_changed", own),
        ("collector:own", 3, "collector.unregistered", own),
        ("collector:own", 4, "collector.deleted", user),
        ("collector:made", 4, "collector.deleted", user),
    ]
    by_kind = {event.kind: event for event in await fleet.events()}
    assert by_kind["collector.registered"].payload == {"name": "Host"}
    assert by_kind["collector.status_changed"].payload == {"status": "FAILED", "error_message": "1:1: bad"}
    assert by_kind["collector.created"].references == {"collector": "made"}


async def test_a_stream_goes_on_when_an_id_is_used_again(fleet: Replica) -> None:
    await fleet.create_collector("c")
    await fleet(cpb.DeleteCollectorRequest(id="c"))
    await fleet.create_collector("c")
    assert [event.sequence for event in await fleet.events()] == [1, 2, 3]


async def test_what_failed_is_no_event(fleet: Replica) -> None:
    await fleet.create("p")
    await fleet.create_collector("c")
    for request in (
        pb.CreatePipelineRequest(pipeline=pipeline("bad", "not alloy")),
        pb.CreatePipelineRequest(pipeline=pipeline("new"), validate_only=True),
        pb.BulkDeletePipelinesRequest(ids=["1", "7"]),
        cpb.BulkDeleteCollectorsRequest(ids=["c", "d"]),
        cpb.BulkUpdateCollectorsRequest(ids=["c"], ops=[operation("REPLACE", "remoteAttributes.x", "1")]),
    ):
        try:
            await fleet(request)
        except (Invalid, NotFound):
            continue
        assert getattr(request, "validate_only", False)
    assert await fleet.kinds() == ["pipeline.created", "collector.created"]


# --- WatchFleet


async def test_a_watch_begins_with_its_position_and_shows_what_follows(fleet: Replica) -> None:
    await fleet.create("before")
    async with watching(fleet) as stream:
        (started,) = await take(stream, 1)
        assert (started.kind, started.stream, started.sequence) == ("watch.started", "", 0)
        assert started.id
        assert started.at.seconds == int(START.timestamp())
        await fleet.create("after", matchers=["a=1"])
        await fleet.register("c", name="Host")
        events = await take(stream, 2)
    assert kinds_of(events) == ["pipeline.created", "collector.registered"]
    first = events[0]
    assert (first.stream, first.sequence, first.actor) == ("pipeline:2", 1, "service_account:ci")
    assert first.at.seconds == int(START.timestamp())
    assert MessageToDict(first.payload) == {
        "name": "after",
        "revision_id": "2",
        "enabled": True,
        "matchers": ['a="1"'],
    }


async def test_a_watch_is_resumed_behind_any_message(fleet: Replica) -> None:
    async with watching(fleet, "0") as stream:
        for number in range(4):
            await fleet.create(f"p{number}")
        messages = await take(stream, 5)
    assert kinds_of(messages) == ["watch.started"] + ["pipeline.created"] * 4
    assert len({message.id for message in messages}) == 5
    for seen in range(5):
        async with watching(fleet, messages[seen].id) as resumed:
            again = await take(resumed, 5 - seen)
        assert again[0].kind == "watch.started"
        assert [message.stream for message in again[1:]] == [message.stream for message in messages[seen + 1 :]]


async def test_zero_is_everything_that_is_kept(fleet: Replica) -> None:
    await fleet.create("p")
    await fleet.register("c")
    async with watching(fleet, "0") as stream:
        messages = await take(stream, 3)
    assert kinds_of(messages) == ["watch.started", "pipeline.created", "collector.registered"]


@pytest.mark.parametrize(
    "after", ["x", "-1", "1", "0.x", "1.2.3", " ", "9" * 64, "9" * 65, f"{2**63}.1", "\x00", "\u0660.\u0660"]
)
async def test_a_position_that_was_never_given_out_is_refused(fleet: Replica, after: str) -> None:
    with pytest.raises(Invalid):
        await take(fleet.watch(after), 1)


async def test_another_tenant_sees_nothing(fleet: Replica) -> None:
    async with watching(fleet, "0", tenant=f"{fleet.tenant}-other") as stream:
        (started,) = await take(stream, 1)
        await fleet.create("p")
        await fleet.register("c")
        await fleet.create("theirs", tenant=f"{fleet.tenant}-other")
        (message,) = await take(stream, 1)
    assert started.kind == "watch.started"
    assert MessageToDict(message.payload)["name"] == "theirs"


async def test_watchers_see_concurrent_changes_in_one_order(fleet: Replica) -> None:
    async def watched(stream: AsyncIterator[Any]) -> list[tuple[str, int]]:
        return [(message.stream, message.sequence) for message in (await take(stream, 31))[1:]]

    async with watching(fleet, "0") as one, watching(fleet, "0") as two:
        watchers = [asyncio.create_task(watched(stream)) for stream in (one, two)]
        await asyncio.gather(
            *(fleet.create(f"p{number}") for number in range(10)),
            *(fleet.create_collector(f"c{number}") for number in range(10)),
            *(fleet.register(f"r{number}") for number in range(10)),
        )
        first, second = await asyncio.gather(*watchers)
    assert first == second
    assert len(set(first)) == 30
