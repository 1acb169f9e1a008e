"""Two servers over one database: what one does, the other soon knows."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from quarterdeck.gen.collector.v1 import collector_pb2 as pb
from quarterdeck.gen.quarterdeck.fleet.v1 import fleet_pb2 as fpb
from tests.services.fleet_house import HouseClock, Replica, SeveredDatabase, open_replica, wait_until


@pytest_asyncio.fixture
async def other(fleet_database: SeveredDatabase, tenant: str, clock: HouseClock) -> AsyncIterator[Replica]:
    async with open_replica(fleet_database, tenant, clock) as replica:
        yield replica


async def test_a_change_on_one_reaches_polls_on_the_other(fleet: Replica, other: Replica) -> None:
    await fleet.create("p", "// 1\n")
    first = await other.poll("c", {"a": "1"})
    await fleet.update("1", "p", "// 2\n")

    async def arrived() -> bool:
        answer = await other.poll("c", {"a": "1"}, hash=first.hash)
        return not answer.not_modified and "// 2\n" in answer.content

    await wait_until(arrived, "the new contents")


async def test_a_remote_attribute_set_on_one_reaches_polls_on_the_other(fleet: Replica, other: Replica) -> None:
    await fleet.create("p", "// for x\n", matchers=["team=x"])
    await other.poll("c", {"a": "1"})
    await fleet.update_collector("c", remote_attributes={"team": "x"})

    async def arrived() -> bool:
        return "// for x\n" in (await other.poll("c", {"a": "1"})).content

    await wait_until(arrived, "the remote attribute")


async def test_a_collector_deleted_on_one_comes_back_through_the_other(fleet: Replica, other: Replica) -> None:
    await fleet.create("p")
    await other.poll("c", {"a": "1"})
    await fleet.update_collector("c", remote_attributes={"team": "x"})
    await fleet(pb.DeleteCollectorRequest(id="c"))

    async def is_back() -> bool:
        await other.poll("c", {"a": "1"})
        return await fleet.collectors() == ["c"]

    await wait_until(is_back, "the collector")
    assert dict((await fleet.collector("c")).remote_attributes) == {}
    assert (await fleet.kinds())[-2:] == ["collector.deleted", "collector.registered"]


async def test_a_deletion_that_was_not_heard_of_leaves_nothing_behind(
    fleet: Replica, fleet_database: SeveredDatabase, tenant: str, clock: HouseClock
) -> None:
    async with open_replica(fleet_database, tenant, clock, listens=False) as deaf:
        first = await deaf.poll("c", {"a": "1"})
        await fleet(pb.DeleteCollectorRequest(id="c"))
        clock.advance(60)
        await deaf.poll("c", {"a": "1"}, hash=first.hash)
        await deaf.settle()
        assert await fleet.collectors() == []
        # Found out while writing when it last called, at the latest:
        await deaf.poll("c", {"a": "1"}, hash=first.hash)
        assert await fleet.collectors() == ["c"]


async def test_what_was_said_to_a_replica_that_did_not_hear_is_not_told_of_the_next_one_with_the_id(
    fleet: Replica, fleet_database: SeveredDatabase, tenant: str, clock: HouseClock
) -> None:
    async with open_replica(fleet_database, tenant, clock, listens=False) as deaf:
        await deaf.poll("c", {"a": "1"})
        clock.advance(60)
        await deaf.poll("c", {"a": "1"})
        await fleet(pb.DeleteCollectorRequest(id="c"))
        await deaf.settle()
        await fleet.create_collector("c")
        assert await fleet.status("c") == fpb.CollectorStatus(collector_id="c")


async def test_a_replica_does_not_need_to_hear_of_its_own_changes(
    fleet_database: SeveredDatabase, tenant: str, clock: HouseClock
) -> None:
    async with open_replica(fleet_database, tenant, clock, listens=False) as alone:
        await alone.create("p", "// 1\n", matchers=["team=x"])
        await alone.poll("c", {"a": "1"})
        await alone.update_collector("c", remote_attributes={"team": "x"})
        assert "// 1\n" in (await alone.poll("c", {"a": "1"})).content
        await alone.update("1", "p", "// 2\n", matchers=["team=x"])
        assert "// 2\n" in (await alone.poll("c", {"a": "1"})).content
        await alone(pb.DeleteCollectorRequest(id="c"))
        assert "// 2\n" not in (await alone.poll("c", {"a": "1"})).content
        assert await alone.collectors() == ["c"]
        await alone(pb.BulkDeleteCollectorsRequest(ids=["c"]))
        await alone.poll("c", {"a": "1"})
        assert await alone.collectors() == ["c"]


async def test_a_collector_may_talk_to_both(fleet: Replica, other: Replica) -> None:
    await fleet.register("c", {"env": "dev"})
    await other.register("c", {"env": "prod"})
    await other.poll("c", {"env": "prod"})
    assert (await fleet.collector("c")).local_attributes["env"] == "prod"
    await fleet.unregister("c")
    fleet.clock.advance(1)
    await other.poll("c", {"env": "prod"})
    await other.settle()
    assert not (await fleet.collector("c")).HasField("marked_inactive_at")
    assert await fleet.kinds() == ["collector.registered", "collector.unregistered"]


async def test_the_later_contact_stays_whoever_writes_last(fleet: Replica, other: Replica) -> None:
    await fleet.poll("c", {"a": "1"})
    await other.poll("c", {"a": "1"})
    fleet.clock.advance(60)
    await fleet.poll("c", {"a": "1"})
    fleet.clock.advance(60)
    await other.poll("c", {"a": "1"})
    await other.settle()
    latest = (await fleet.status("c")).last_seen_at
    await fleet.settle()
    assert (await fleet.status("c")).last_seen_at == latest


async def test_both_register_newcomers_at_once_and_each_once(fleet: Replica, other: Replica) -> None:
    for number in range(20):
        await fleet.register(f"c{number}")
        await other.register(f"c{number}")
    assert (await fleet.kinds()).count("collector.registered") == 20
