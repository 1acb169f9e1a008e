"""Content-addressed texts on both databases."""

from __future__ import annotations

import hashlib
from functools import partial

import pytest
import sqlalchemy as sa

from quarterdeck.database import Connection, Database, blobs
from quarterdeck.errors import Invalid, NotFound


async def put(database: Database, text: str, tenant_id: str = "t") -> str:
    return await database.transaction(partial(blobs.put, tenant_id=tenant_id, text=text))


@pytest.mark.parametrize("text", ["", "é\r\n\N{SNOWMAN}", "x" * 3_000_000, "\x01\x7f\u2028"])
async def test_a_text_comes_back_as_it_was(database: Database, text: str) -> None:
    sha256 = await put(database, text)
    assert sha256 == hashlib.sha256(text.encode()).hexdigest()
    assert await database.read(partial(blobs.get, tenant_id="t", sha256=sha256)) == text


async def test_a_text_is_stored_once_per_tenant_and_compressed(database: Database) -> None:
    text = "logging {}\n" * 10_000
    assert await put(database, text) == await put(database, text)
    await put(database, text, "other")

    def sizes(connection: Connection) -> list[int]:
        return [len(row.zstd) for row in connection.execute(sa.select(blobs.blobs.c.zstd))]

    stored = await database.read(sizes)
    assert len(stored) == 2
    assert max(stored) < 1000


async def test_many_come_in_one_call_and_unknown_ones_are_left_out(database: Database) -> None:
    def put_many(connection: Connection) -> dict[str, str]:
        texts = [f"text {number}" for number in range(1100)]
        return {blobs.put(connection, "t", text): text for text in texts}

    expected = await database.transaction(put_many)
    wanted = [*expected, *expected, "0" * 64, "not hex", ""]
    assert await database.read(partial(blobs.get_many, tenant_id="t", sha256s=wanted)) == expected
    assert await database.read(partial(blobs.get_many, tenant_id="t", sha256s=[])) == {}


async def test_another_tenants_text_is_not_found(database: Database) -> None:
    sha256 = await put(database, "secret")
    for tenant_id, key in [("other", sha256), ("t", "0" * 64), ("t", "x")]:
        with pytest.raises(NotFound, match="SHA-256"):
            await database.read(partial(blobs.get, tenant_id=tenant_id, sha256=key))


@pytest.mark.parametrize("text", ["a\x00", "\ud800"])
async def test_text_that_is_none_is_invalid(database: Database, text: str) -> None:
    with pytest.raises(Invalid):
        await put(database, text)
