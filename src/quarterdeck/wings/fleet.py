"""The fleet, put together: its services, the snapshot that polls are answered from, and what collectors say."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from quarterdeck.clock import Clock
from quarterdeck.database import Database
from quarterdeck.events import EventLog
from quarterdeck.fleet.alloy_binary import AlloyBinary
from quarterdeck.fleet.attributes import AttributeLimits
from quarterdeck.fleet.collector_service import CollectorService
from quarterdeck.fleet.composition import Composer
from quarterdeck.fleet.contacts import Contacts
from quarterdeck.fleet.fleet_service import FleetService
from quarterdeck.fleet.inactivity import Inactivity, InactivityRules
from quarterdeck.fleet.pipeline_service import PipelineService
from quarterdeck.fleet.polls import Polls
from quarterdeck.fleet.snapshot import FleetSnapshots
from quarterdeck.gen.collector.v1 import collector_pb2
from quarterdeck.gen.pipeline.v1 import pipeline_pb2
from quarterdeck.gen.quarterdeck.fleet.v1 import fleet_pb2
from quarterdeck.identity.bootstrap import TENANT_ID
from quarterdeck.settings import Settings
from quarterdeck.wings.background import kept_alive
from quarterdeck.wire.method import Service, describe_service


@dataclass(frozen=True, slots=True)
class FleetWing:
    """What the server adds to itself."""

    services: dict[Service, object]
    snapshots: FleetSnapshots


@asynccontextmanager
async def fleet_wing(settings: Settings, database: Database, clock: Clock) -> AsyncIterator[FleetWing]:
    """The wing with its background work going on. The default tenant's fleet is loaded when it begins."""
    event_log = EventLog(database)
    contacts = Contacts(database, clock)
    snapshots = FleetSnapshots(database, event_log, clock, on_deleted=lambda *key: contacts.forget(key))
    inactivity = Inactivity(
        database,
        contacts,
        clock,
        InactivityRules(least=settings.inactive_after, purge_after_days=settings.purge_inactive_after_days),
    )
    await snapshots.current(TENANT_ID)
    writing = asyncio.create_task(kept_alive(contacts.run, "contacts"))
    watching = [
        asyncio.create_task(kept_alive(snapshots.run, "fleet snapshots")),
        asyncio.create_task(kept_alive(inactivity.run, "inactivity")),
    ]
    try:
        yield FleetWing(fleet_services(settings, database, clock, event_log, snapshots, contacts), snapshots)
    finally:
        for task in watching:
            task.cancel()
        contacts.close()
        await asyncio.gather(*watching, writing, return_exceptions=True)


def fleet_services(
    settings: Settings,
    database: Database,
    clock: Clock,
    event_log: EventLog,
    snapshots: FleetSnapshots,
    contacts: Contacts,
) -> dict[Service, object]:
    """The wing's services by their contracts."""
    limits = AttributeLimits(
        max_remote=settings.max_remote_attributes,
        max_key=settings.max_attribute_key,
        max_value=settings.max_attribute_value,
    )
    composer = Composer()
    polls = Polls(database, snapshots, contacts, composer, clock, limits)
    pipelines = PipelineService(
        database,
        snapshots,
        clock,
        refuse_empty_sync=settings.refuse_empty_sync,
        alloy_binary=AlloyBinary(settings.validate_command) if settings.validate_command else None,
    )
    collectors = CollectorService(database, snapshots, contacts, polls, clock, limits)
    fleet = FleetService(database, snapshots, composer, event_log, clock)
    return {
        describe_service(pipeline_pb2.DESCRIPTOR.services_by_name["PipelineService"]): pipelines,
        describe_service(collector_pb2.DESCRIPTOR.services_by_name["CollectorService"]): collectors,
        describe_service(fleet_pb2.DESCRIPTOR.services_by_name["FleetService"]): fleet,
    }
