"""The incident wing on one database of each kind; every test is a tenant of its own in it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.services.fleet_house import HouseClock, SeveredDatabase
from tests.services.incidents.incidents_house import IncidentsHouse, dependencies_of, services


@pytest.fixture
def incidents(fleet_database: SeveredDatabase, tenant: str, clock: HouseClock) -> Iterator[IncidentsHouse]:
    """All services of the wing that exist, used by one tenant, with a clock that moves when told to."""
    house = IncidentsHouse(fleet_database, clock, tenant)
    house.handlers = services(dependencies_of(house))
    try:
        yield house
    finally:
        fleet_database.away = False
