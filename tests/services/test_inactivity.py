"""Collectors that stop calling: marked, cleared, purged."""

from __future__ import annotations

import pytest

from quarterdeck.fleet.inactivity import Inactivity, InactivityRules
from quarterdeck.gen.collector.v1 import collector_pb2 as pb
from quarterdeck.gen.quarterdeck.fleet.v1 import fleet_pb2 as fpb
from tests.services.fleet_house import HouseClock, Replica, SeveredDatabase, open_replica, operation
from tests.store.manual_clock import START

START_SECONDS = int(START.timestamp())
DAY = 86_400.0


async def marked(fleet: Replica, identifier: str = "c") -> int | None:
    """Seconds after the start at which the collector was marked; None when it is active."""
    collector = await fleet.collector(identifier)
    return collector.marked_inactive_at.seconds - START_SECONDS if collector.HasField("marked_inactive_at") else None


async def test_a_collector_that_called_within_the_hour_is_active(fleet: Replica) -> None:
    await fleet.poll("c", {"a": "1"})
    fleet.clock.advance(3599)
    await fleet.sweep()
    assert await marked(fleet) is None


async def test_a_collector_that_did_not_call_for_an_hour_is_marked_once(fleet: Replica) -> None:
    await fleet.poll("c", {"a": "1"})
    fleet.clock.advance(3601)
    await fleet.sweep()
    assert await marked(fleet) == 3601
    fleet.clock.advance(3600)
    await fleet.sweep()
    assert await marked(fleet) == 3601
    assert await fleet.kinds() == ["collector.registered", "collector.inactive"]


async def test_the_least_time_is_a_setting(fleet: Replica) -> None:
    await fleet.poll("c", {"a": "1"})
    fleet.clock.advance(120)
    await fleet.sweep(least=119)
    assert await marked(fleet) == 120


async def test_a_collector_that_calls_rarely_has_three_of_its_intervals(fleet: Replica) -> None:
    for _ in range(3):
        await fleet.poll("rare", {"a": "1"})
        fleet.clock.advance(7200)
    await fleet.sweep()
    fleet.clock.advance(2 * 7200 - 1)
    await fleet.sweep()
    assert await marked(fleet, "rare") is None
    fleet.clock.advance(2)
    await fleet.sweep()
    assert await marked(fleet, "rare") is not None


async def test_polls_that_say_nothing_new_keep_a_collector_active(fleet: Replica) -> None:
    for _ in range(5):
        await fleet.poll("c", {"a": "1"})
        fleet.clock.advance(1800)
        await fleet.sweep()
    assert await marked(fleet) is None


@pytest.mark.parametrize("how", ["poll", "register"])
async def test_the_next_contact_clears_the_mark(fleet: Replica, how: str) -> None:
    await fleet.poll("c", {"a": "1"})
    fleet.clock.advance(4000)
    await fleet.sweep()
    assert await marked(fleet) == 4000
    fleet.clock.advance(1)
    await (fleet.poll if how == "poll" else fleet.register)("c", {"a": "1"})
    assert await marked(fleet) is None
    assert await fleet.kinds() == ["collector.registered", "collector.inactive"]


async def test_a_mark_made_by_another_replica_is_cleared_too(
    fleet: Replica, fleet_database: SeveredDatabase, clock: HouseClock
) -> None:
    await fleet.poll("c", {"a": "1"})
    async with open_replica(fleet_database, fleet.tenant, clock) as other:
        clock.advance(4000)
        await other.sweep()
    assert await marked(fleet) == 4000
    clock.advance(1)
    await fleet.poll("c", {"a": "1"})
    await fleet.settle()
    assert await marked(fleet) is None


async def test_what_was_said_before_the_goodbye_does_not_clear_it(
    fleet: Replica, fleet_database: SeveredDatabase, clock: HouseClock
) -> None:
    await fleet.poll("c", {"a": "1"})
    clock.advance(60)
    await fleet.poll("c", {"a": "1"})
    clock.advance(1)
    async with open_replica(fleet_database, fleet.tenant, clock) as other:
        await other.unregister("c")
    # The poll of a second ago is written only now.
    await fleet.settle()
    assert await marked(fleet) == 61
    assert (await fleet.status("c")).last_seen_at.seconds == START_SECONDS + 61


async def test_news_from_before_the_goodbye_does_not_clear_it(
    fleet: Replica, fleet_database: SeveredDatabase, clock: HouseClock
) -> None:
    await fleet.register("c", {"a": "1"})
    clock.advance(60)
    await fleet.unregister("c")
    async with open_replica(fleet_database, fleet.tenant, clock) as other:
        clock.advance(-1)
        await other.register("c", {"a": "2"})
        assert await marked(fleet) == 60
        clock.advance(2)
        await other.register("c", {"a": "3"})
    assert await marked(fleet) is None
    assert (await fleet.collector("c")).local_attributes["a"] == "3"


async def test_a_collector_that_never_called_is_not_marked(fleet: Replica) -> None:
    await fleet.create_collector("c")
    fleet.clock.advance(10 * DAY)
    await fleet.sweep(purge_after_days=1)
    assert await marked(fleet) is None


async def test_an_unregistered_collector_is_not_marked_again(fleet: Replica) -> None:
    await fleet.register("c")
    fleet.clock.advance(10)
    await fleet.unregister("c")
    fleet.clock.advance(2 * DAY)
    await fleet.sweep()
    assert await marked(fleet) == 10
    assert await fleet.kinds() == ["collector.registered", "collector.unregistered"]


async def test_nothing_is_purged_by_default(fleet: Replica) -> None:
    await fleet.register("c")
    await fleet.unregister("c")
    fleet.clock.advance(1000 * DAY)
    await fleet.sweep()
    assert await fleet.collectors() == ["c"]


async def test_purging_forgets_who_is_gone_long_enough_and_has_nothing_to_lose(fleet: Replica) -> None:
    for identifier in ("plain", "remote", "off", "active"):
        await fleet.poll(identifier, {"a": "1"})
    await fleet.create_collector("made by api")
    await fleet.poll("made by api", {"a": "1"})
    await fleet.update_collector("remote", remote_attributes={"team": "x"})
    await fleet.update_collector("off", enabled=False)
    for identifier in ("plain", "remote", "off", "made by api"):
        await fleet.unregister(identifier)
    fleet.clock.advance(7 * DAY - 1)
    await fleet.poll("active", {"a": "1"})
    await fleet.sweep(purge_after_days=7)
    assert len(await fleet.collectors()) == 5
    fleet.clock.advance(2)
    await fleet.sweep(purge_after_days=7)
    assert await fleet.collectors() == ["active", "made by api", "off", "remote"]
    (deletion,) = await fleet.events("collector.deleted")
    assert (deletion.stream, deletion.actor) == ("collector:plain", "system:inactivity")
    assert [s.collector_id for s in (await fleet(fpb.ListCollectorStatusesRequest())).statuses] == [
        "active",
        "made by api",
        "off",
        "remote",
    ]


async def test_one_whose_remote_attributes_were_taken_away_may_be_purged(fleet: Replica) -> None:
    await fleet.register("c")
    await fleet.update_collector("c", remote_attributes={"team": "x"})
    await fleet(pb.BulkUpdateCollectorsRequest(ids=["c"], ops=[operation("REMOVE", "remoteAttributes.team")]))
    await fleet.unregister("c")
    fleet.clock.advance(8 * DAY)
    await fleet.sweep(purge_after_days=7)
    assert await fleet.collectors() == []


async def test_a_purged_collector_that_calls_again_is_new(fleet: Replica) -> None:
    await fleet.poll("c", {"a": "1"})
    await fleet.unregister("c")
    fleet.clock.advance(8 * DAY)
    await fleet.sweep(purge_after_days=7)
    await fleet.poll("c", {"a": "1"})
    assert (await fleet.collector("c")).created_at.seconds == START_SECONDS + 8 * DAY


async def test_two_replicas_that_sweep_mark_once(
    fleet: Replica, fleet_database: SeveredDatabase, clock: HouseClock
) -> None:
    await fleet.poll("c", {"a": "1"})
    await fleet.settle()
    clock.advance(4000)
    rules = InactivityRules()
    for _ in range(2):
        await Inactivity(fleet_database, fleet.contacts, clock, rules, running_since=float("-inf")).sweep()
    assert len(await fleet.events("collector.inactive")) == 1


@pytest.mark.parametrize(
    ("interval", "uptime", "marked"),
    [
        pytest.param(60, 299, 0, id="a server that just came back has not heard anybody yet"),
        pytest.param(60, 300, 1, id="nobody called within the grace"),
        pytest.param(200, 599, 0, id="rare callers get three intervals of this server's time"),
        pytest.param(200, 601, 1, id="and no more"),
    ],
)
async def test_after_an_outage_nobody_is_gone_at_once(
    fleet: Replica, fleet_database: SeveredDatabase, clock: HouseClock, interval: int, uptime: int, marked: int
) -> None:
    for _ in range(3):
        await fleet.poll("c", {"a": "1"})
        clock.advance(interval)
    await fleet.settle()
    clock.advance(2 * 3600)
    inactivity = Inactivity(fleet_database, fleet.contacts, clock, InactivityRules())
    clock.advance(uptime)
    await inactivity.sweep()
    assert len(await fleet.events("collector.inactive")) == marked
