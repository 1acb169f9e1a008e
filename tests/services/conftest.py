"""One database of each kind for all tests here; every test is a tenant of its own in it."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from quarterdeck import migrations
from quarterdeck.fleet import contacts, snapshot
from tests.conftest import with_database
from tests.databases import execute
from tests.services.fleet_house import DEADLINE, HouseClock, Replica, SeveredDatabase, open_replica


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def fleet_database_source(request: pytest.FixtureRequest) -> tuple[str, str]:
    """Where the shared database is copied from: the dialect, and a template's file or a server's URL and template."""
    if request.param == "sqlite":
        return "sqlite", str(request.getfixturevalue("sqlite_template"))
    template = request.getfixturevalue("postgres_template")
    return str(request.getfixturevalue("postgres_admin_url")), str(template)


@pytest_asyncio.fixture(scope="session")
async def fleet_database(
    fleet_database_source: tuple[str, str], tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[SeveredDatabase]:
    server, template = fleet_database_source
    if server == "sqlite":
        if not Path(template).exists():  # noqa: ASYNC240 - tests may block
            await migrations.upgrade(f"sqlite:///{template}")
        copy = tmp_path_factory.mktemp("fleet") / "fleet.db"
        shutil.copy(template, copy)
        url = f"sqlite:///{copy}"
    else:
        name = f"qd_fleet_{secrets.token_hex(6)}"
        await execute(server, f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        url = with_database(server, name)
    database = await SeveredDatabase.open(url)
    assert isinstance(database, SeveredDatabase)
    yield database
    await database.close()
    if server != "sqlite":
        await execute(server, f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a slow machine a write takes its time; a test that reads it back waits for it."""
    monkeypatch.setattr(contacts, "PATIENCE", DEADLINE)
    monkeypatch.setattr(snapshot, "PATIENCE", DEADLINE)


@pytest.fixture
def tenant() -> str:
    return f"tenant-{secrets.token_hex(6)}"


@pytest.fixture
def clock() -> HouseClock:
    return HouseClock()


@pytest_asyncio.fixture
async def fleet(fleet_database: SeveredDatabase, tenant: str, clock: HouseClock) -> AsyncIterator[Replica]:
    """A server's services, used by one tenant."""
    try:
        async with open_replica(fleet_database, tenant, clock) as replica:
            yield replica
    finally:
        fleet_database.away = False
