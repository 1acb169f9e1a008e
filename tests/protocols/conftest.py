"""One server for all tests here that can share one; each makes pipelines, collectors and accounts of its own names."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from quarterdeck import migrations
from tests.conftest import with_database
from tests.databases import execute
from tests.protocols.live_server import LiveServer, live_server


@pytest_asyncio.fixture(scope="session")
async def live(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[LiveServer]:
    """On SQLite."""
    folder: Path = tmp_path_factory.mktemp("live")
    url = f"sqlite:///{folder / 'quarterdeck.db'}"
    await migrations.upgrade(url)
    async with live_server(url, data_dir=folder) as server:
        yield server


@pytest_asyncio.fixture(scope="session")
async def live_postgres(
    postgres_admin_url: str, postgres_template: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[LiveServer]:
    """On PostgreSQL."""
    name = f"qd_live_{secrets.token_hex(6)}"
    await execute(postgres_admin_url, f'CREATE DATABASE "{name}" TEMPLATE "{postgres_template}" STRATEGY FILE_COPY')
    url = with_database(postgres_admin_url, name)
    async with live_server(url, data_dir=tmp_path_factory.mktemp("live")) as server:
        yield server
    await execute(postgres_admin_url, f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture(params=["sqlite", "postgresql"])
def live_either(request: pytest.FixtureRequest) -> LiveServer:
    """The test runs once on each database."""
    server = request.getfixturevalue("live" if request.param == "sqlite" else "live_postgres")
    assert isinstance(server, LiveServer)
    return server
