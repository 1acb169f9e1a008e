"""With the database away collectors keep getting their configuration, and nothing that they said is lost."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import pytest_asyncio

from quarterdeck.errors import DomainError, Reason, Unavailable
from quarterdeck.fleet import contacts
from quarterdeck.gen.collector.v1 import collector_pb2 as cpb
from quarterdeck.gen.pipeline.v1 import pipeline_pb2 as ppb
from quarterdeck.gen.quarterdeck.fleet.v1 import fleet_pb2 as fpb
from tests.services.fleet_house import (
    HouseClock,
    Replica,
    SeveredDatabase,
    open_replica,
    operation,
    pipeline,
    take,
    wait_until,
)
from tests.store.manual_clock import START

START_SECONDS = int(START.timestamp())
FAILED = cpb.RemoteConfigStatuses_FAILED


@pytest_asyncio.fixture
async def fleet(fleet_database: SeveredDatabase, tenant: str, clock: HouseClock) -> AsyncIterator[Replica]:
    """A server's services that look often whether the database is back."""
    try:
        async with open_replica(fleet_database, tenant, clock, flush_every=0.02) as replica:
            yield replica
    finally:
        fleet_database.away = False


async def back(fleet: Replica, condition: Callable[[], Any], what: str) -> None:
    """Give the database back and wait until something is in it."""
    fleet.database.away = False

    async def holds() -> bool:
        try:
            return bool(await condition())
        except DomainError:
            return False

    await wait_until(holds, what)


async def test_polls_are_answered_from_what_was_known(fleet: Replica) -> None:
    await fleet.create("p", "// for prod\n", matchers=["env=prod"])
    await fleet.create("r", "// for team x\n", matchers=["team=x"])
    await fleet.create_collector("known", remote_attributes={"team": "x"})
    first = await fleet.poll("known", {"env": "prod"})
    fleet.database.away = True
    assert (await fleet.poll("known", {"env": "prod"}, hash=first.hash)).not_modified
    assert await fleet.poll("known", {"env": "prod"}) == first
    assert "// for prod\n" not in (await fleet.poll("known", {"env": "dev"})).content
    newcomer = await fleet.poll("new", {"env": "prod"})
    assert "// for prod\n" in newcomer.content
    assert "// for team x\n" not in newcomer.content
    await back(fleet, lambda: fleet.collector("new"), "the newcomer is known")
    assert (await fleet.collector("new")).local_attributes["env"] == "prod"
    assert (await fleet.status("new")).served_hash == newcomer.hash


async def test_once_it_is_known_to_be_away_nobody_waits(
    fleet_database: SeveredDatabase, tenant: str, clock: HouseClock
) -> None:
    try:
        async with open_replica(fleet_database, tenant, clock, flush_every=0.3) as fleet:
            await fleet.create("p")
            await fleet.poll("c", {"a": "1"})
            fleet_database.away = True
            await fleet.register("first")
            started = time.monotonic()
            for number in range(50):
                await fleet.register(f"r{number}", {"a": "1"})
                await fleet.poll(f"p{number}", {"a": "1"})
            assert time.monotonic() - started < 5, "each would wait for the next attempt"
            await back(fleet, lambda: fleet.collector("p49"), "all are known")
            assert len(await fleet.collectors()) == 102
    finally:
        fleet_database.away = False


async def test_registrations_are_accepted_and_written_later(fleet: Replica) -> None:
    await fleet.register("old", {"env": "dev"}, name="Old")
    fleet.database.away = True
    fleet.clock.advance(60)
    await fleet.register("new", {"env": "prod"}, name="Host")
    await fleet.register("new", {"env": "later"})
    await fleet.register("old", {"env": "prod"})
    fleet.clock.advance(3600)

    async def all_written() -> bool:
        old = await fleet.collector("old")
        return bool((await fleet.collector("new")) and old.local_attributes["env"] == "prod")

    await back(fleet, all_written, "both are written")
    new = await fleet.collector("new")
    assert (new.name, new.local_attributes["env"]) == ("Host", "later")
    assert new.created_at.seconds == START_SECONDS + 60
    assert (await fleet.collector("old")).name == "Old"
    assert await fleet.kinds() == ["collector.registered", "collector.registered"]


async def test_statuses_are_kept_and_written_later(fleet: Replica) -> None:
    await fleet.poll("c", {"a": "1"})
    fleet.database.away = True
    fleet.clock.advance(60)
    failed = cpb.RemoteConfigStatus(status=FAILED, error_message="1:1: bad")
    await fleet.poll("c", {"a": "1"}, remote_config_status=failed)
    fleet.clock.advance(60)
    await fleet.poll("c", {"a": "1"})

    async def written() -> bool:
        return bool((await fleet.status("c")).status == FAILED)

    await back(fleet, written, "the status")
    status = await fleet.status("c")
    assert (status.error_message, status.last_seen_at.seconds) == ("1:1: bad", START_SECONDS + 120)
    assert len(await fleet.events("collector.status_changed")) == 1


async def test_the_last_contact_is_written_later(fleet: Replica) -> None:
    await fleet.poll("c", {"a": "1"})
    fleet.database.away = True
    await fleet.register("so that it is known to be away")
    fleet.clock.advance(600)
    await fleet.poll("c", {"a": "1"})

    async def written() -> bool:
        return bool((await fleet.status("c")).last_seen_at.seconds == START_SECONDS + 600)

    await back(fleet, written, "the last contact")


async def test_unregistering_is_accepted_and_written_later(fleet: Replica) -> None:
    await fleet.register("c")
    fleet.database.away = True
    fleet.clock.advance(60)
    await fleet.unregister("c")
    await fleet.unregister("nobody")

    async def written() -> bool:
        return bool((await fleet.collector("c")).HasField("marked_inactive_at"))

    await back(fleet, written, "the mark")
    assert (await fleet.collector("c")).marked_inactive_at.seconds == START_SECONDS + 60
    assert await fleet.collectors() == ["c"]


async def test_a_collector_that_came_and_went_meanwhile_is_known_as_gone(fleet: Replica) -> None:
    fleet.database.away = True
    await fleet.register("c", {"env": "prod"})
    await fleet.unregister("c")
    await back(fleet, lambda: fleet.collector("c"), "the collector")
    collector = await fleet.collector("c")
    assert collector.HasField("marked_inactive_at")
    assert collector.local_attributes["env"] == "prod"
    assert await fleet.kinds() == ["collector.registered", "collector.unregistered"]


async def test_one_that_went_and_came_back_meanwhile_is_active(fleet: Replica) -> None:
    await fleet.register("c", {"a": "1"})
    fleet.database.away = True
    await fleet.unregister("c")
    await fleet.register("c", {"a": "2"})

    async def written() -> bool:
        return bool((await fleet.collector("c")).local_attributes["a"] == "2")

    await back(fleet, written, "the attributes")
    assert not (await fleet.collector("c")).HasField("marked_inactive_at")


async def test_a_poll_without_attributes_never_gets_a_configuration_for_others(fleet: Replica) -> None:
    await fleet.create("p", "// for prod\n", matchers=["env=prod"])
    await fleet.create("q", "// everybody\n")
    await fleet.poll("known", {"env": "prod"})
    await fleet.register("bare")
    fleet.database.away = True
    with pytest.raises(Unavailable):
        await fleet.poll("known")
    assert "// everybody\n" in (await fleet.poll("bare")).content
    await fleet.register("registered meanwhile", {"env": "prod"})
    assert "// for prod\n" in (await fleet.poll("registered meanwhile")).content
    assert "// everybody\n" in (await fleet.poll("new")).content
    assert "// for prod\n" in (await fleet.poll("known", {"env": "prod"})).content


async def test_without_any_knowledge_a_poll_says_so(fleet: Replica) -> None:
    fleet.database.away = True
    with pytest.raises(Unavailable) as caught:
        await fleet.poll("c", {"a": "1"})
    assert caught.value.reason is Reason.DATABASE_UNAVAILABLE
    fleet.database.away = False
    assert (await fleet.poll("c", {"a": "1"})).content


async def test_a_change_made_before_it_went_away_is_served_when_it_is_back(fleet: Replica) -> None:
    await fleet.create("p", "// 1\n")
    first = await fleet.poll("c", {"a": "1"})
    await fleet.update("1", "p", "// 2\n")
    fleet.database.away = True
    assert (await fleet.poll("c", {"a": "1"}, hash=first.hash)).not_modified
    fleet.database.away = False
    assert "// 2\n" in (await fleet.poll("c", {"a": "1"}, hash=first.hash)).content


CHANGES = [
    ppb.CreatePipelineRequest(pipeline=pipeline("new")),
    ppb.CreatePipelineRequest(pipeline=pipeline("new"), validate_only=True),
    ppb.UpdatePipelineRequest(pipeline=pipeline("p", "// 2\n", id="1")),
    ppb.UpsertPipelineRequest(pipeline=pipeline("p", "// 2\n")),
    ppb.DeletePipelineRequest(id="1"),
    ppb.BulkDeletePipelinesRequest(ids=["1"]),
    ppb.SyncPipelinesRequest(
        source=ppb.PipelineSource(type=ppb.PipelineSource.SOURCE_TYPE_GIT, namespace="r"), pipelines=[pipeline("new")]
    ),
    ppb.CreateAlloyPipelinesRequest(mimir_url="https://mimir.example"),
    cpb.CreateCollectorRequest(collector=cpb.Collector(id="new")),
    cpb.UpdateCollectorRequest(collector=cpb.Collector(id="c", enabled=False)),
    cpb.BulkUpdateCollectorsRequest(ids=["c"], ops=[operation("ADD", "remoteAttributes.a", "1")]),
    cpb.DeleteCollectorRequest(id="c"),
    cpb.BulkDeleteCollectorsRequest(ids=["c"]),
]
READS = [
    ppb.GetPipelineRequest(id="1"),
    ppb.GetPipelineIDRequest(name="p"),
    ppb.ListPipelinesRequest(),
    ppb.ListPipelinesRevisionsRequest(),
    ppb.ListPipelineRevisionsRequest(id="1"),
    ppb.GetPipelineRevisionRequest(revision_id="1"),
    cpb.GetCollectorRequest(id="c"),
    cpb.ListCollectorsRequest(),
    cpb.ListCollectorAttributesRequest(),
    fpb.GetCollectorStatusRequest(id="c"),
    fpb.ListCollectorStatusesRequest(),
    fpb.GetCollectorConfigRequest(id="c"),
    fpb.GetEffectiveConfigRequest(id="c"),
]


@pytest.mark.parametrize("request_message", [*CHANGES, *READS], ids=lambda message: type(message).__name__)
async def test_what_people_call_is_unavailable_and_changes_nothing(fleet: Replica, request_message: Any) -> None:
    await fleet.create("p")
    await fleet.register("c")
    fleet.database.away = True
    with pytest.raises(Unavailable) as caught:
        await fleet(request_message)
    assert caught.value.reason is Reason.DATABASE_UNAVAILABLE
    fleet.database.away = False
    assert await fleet.kinds() == ["pipeline.created", "collector.registered"]


async def test_a_watch_goes_on_where_it_was(fleet: Replica) -> None:
    stream = fleet.watch()
    await take(stream, 1)
    fleet.database.away = True
    await fleet.register("during")
    await back(fleet, lambda: fleet.collector("during"), "the registration")
    await fleet.create("after")
    messages = await take(stream, 2)
    assert [message.kind for message in messages] == ["collector.registered", "pipeline.created"]


async def test_what_is_kept_is_bounded_and_the_newest_stay(fleet: Replica, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contacts, "MAX_WAITING", 3)
    fleet.database.away = True
    for number in range(6):
        await fleet.register(f"c{number}")
    await back(fleet, lambda: fleet.collector("c5"), "the last one")
    assert await fleet.collectors() == ["c3", "c4", "c5"]


async def test_what_waits_is_written_when_the_server_stops(
    fleet_database: SeveredDatabase, tenant: str, clock: HouseClock, fleet: Replica
) -> None:
    async with open_replica(fleet_database, tenant, clock) as stopping:
        await stopping.poll("c", {"a": "1"})
        clock.advance(60)
        await stopping.poll("c", {"a": "1"})
    assert (await fleet.status("c")).last_seen_at.seconds == START_SECONDS + 60


async def test_one_collector_that_cannot_be_stored_does_not_hold_up_the_others(fleet: Replica) -> None:
    fleet.database.away = True
    await fleet.register("so that it is known to be away")
    # Past the door on purpose: more than PostgreSQL has room for in an index, and what no database keeps.
    for poison in ("".join(chr(0x10000 + 7919 * n % 60_000) for n in range(3000)), "a\x00b"):
        contact = contacts.Contact(at=fleet.clock.now(), actor="test", local_attributes={})
        await fleet.contacts.take((fleet.tenant, poison), contact)
    await fleet.register("good")
    await back(fleet, lambda: fleet.collector("good"), "the good one")
    await fleet.register("later")

    # The flush that wrote the good one may not be over: until it is, what comes is kept, not waited for.
    async def both_written() -> bool:
        return {"good", "later"} <= set(await fleet.collectors())

    await wait_until(both_written, "the later one")
