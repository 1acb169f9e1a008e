"""A running server for client programs: one per test module and kind of database, on a database of its own."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from tests.conftest import with_database
from tests.databases import execute
from tests.running_server import RunningServer

_RECEIVERS = "127.0.0.0/8"
"""Where client programs listen for webhooks."""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def module_postgres_url(postgres_admin_url: str) -> AsyncIterator[str]:
    """An empty PostgreSQL database of this module's own, which `serve` sets up."""
    name = f"qd_clients_{secrets.token_hex(6)}"
    await execute(postgres_admin_url, f'CREATE DATABASE "{name}" TEMPLATE template0')
    yield with_database(postgres_admin_url, name)
    await execute(postgres_admin_url, f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A real server process that all tests of a module share: use unique names, and expect what others left behind."""
    data_dir = tmp_path_factory.mktemp("server")
    if request.param == "sqlite":
        url = f"sqlite:///{data_dir / 'quarterdeck.db'}"
    else:
        url = request.getfixturevalue("module_postgres_url")
    environment = {"QUARTERDECK_WEBHOOK_ALLOW": _RECEIVERS, "QUARTERDECK_RATE_LIMIT_ASSISTANT": "1000000"}
    running = RunningServer.start(url, data_dir, env=environment)
    yield running
    code = running.process.poll()
    assert code is None, f"the server ended during the tests with code {code}:\n{running.logs}"
    assert running.stop() == 0, running.logs
