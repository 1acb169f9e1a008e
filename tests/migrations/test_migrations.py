"""Up, down and up again on both databases; the migrated schema is the one that the code describes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from alembic.script import ScriptDirectory

from quarterdeck import migrations
from quarterdeck.database import Database
from quarterdeck.errors import PreconditionFailed
from tests.conftest import with_database
from tests.databases import execute


@pytest_asyncio.fixture
async def empty_postgres_url(postgres_admin_url: str) -> AsyncIterator[str]:
    name = "qd_empty"
    await execute(postgres_admin_url, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)", f"CREATE DATABASE {name}")
    yield with_database(postgres_admin_url, name)
    await execute(postgres_admin_url, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'empty.db'}"
    url = request.getfixturevalue("empty_postgres_url")
    assert isinstance(url, str)
    return url


async def test_the_head_is_the_one_that_alembic_finds(empty_url: str) -> None:
    scripts = ScriptDirectory(str(Path(migrations.__file__).parent))
    assert (await migrations.check(empty_url)).head == scripts.get_current_head()


async def test_an_empty_database_has_no_revision(empty_url: str) -> None:
    assert await migrations.current(empty_url) is None
    assert not (await migrations.check(empty_url)).up_to_date


async def test_up_down_up(empty_url: str) -> None:
    await migrations.upgrade(empty_url)
    assert (await migrations.check(empty_url)).up_to_date
    await migrations.downgrade(empty_url, "base")
    assert await migrations.current(empty_url) is None
    await migrations.upgrade(empty_url)
    status = await migrations.check(empty_url)
    assert status.current == status.head


async def test_the_migrated_schema_is_the_one_the_code_describes(empty_url: str) -> None:
    await migrations.upgrade(empty_url)
    assert (await migrations.check(empty_url)).differences == ()


async def test_downgrade_leaves_nothing_behind(empty_url: str) -> None:
    await migrations.upgrade(empty_url)
    await migrations.downgrade(empty_url, "base")
    assert await _names(empty_url) <= {"alembic_version", "alembic_version_pkc"}


async def test_several_servers_upgrade_at_once(empty_url: str) -> None:
    await asyncio.gather(*(migrations.upgrade(empty_url) for _ in range(4)))
    assert (await migrations.check(empty_url)).up_to_date


async def test_upgrading_an_upgraded_database_does_nothing(empty_url: str) -> None:
    await migrations.upgrade(empty_url)
    await migrations.upgrade(empty_url)
    assert (await migrations.check(empty_url)).up_to_date


async def test_a_database_of_a_newer_version_is_refused(empty_url: str) -> None:
    await migrations.upgrade(empty_url)
    database = await Database.open(empty_url)
    await database.transaction(
        lambda connection: connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    )
    await database.close()
    with pytest.raises(PreconditionFailed, match="newer version"):
        await migrations.upgrade(empty_url)


async def _names(url: str) -> set[str]:
    query = {
        "sqlite": "SELECT name FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'",
        "postgresql": "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace",
    }
    database = await Database.open(url)
    try:
        return await database.read(
            lambda connection: set(connection.exec_driver_sql(query[database.dialect]).scalars().all())
        )
    finally:
        await database.close()
