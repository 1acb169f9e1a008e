"""What the database itself can do: the statements behind a call, on the bare driver, in one process.

The database is a copy of the server's own. A select is a pipeline by its key and the text it refers to. An insert is a
text, a revision, a pipeline, a stream and its event, and the commit: the rows that CreatePipeline left, under new keys
that come from a counter in memory.
"""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import sqlite3
import time
from collections.abc import Mapping
from typing import Any, Protocol

import asyncpg  # type: ignore[import-untyped]  # ships no types
import uvloop
import zstandard

from bench.calls import PIPELINES, Statements, pipeline
from bench.load import CONNECTIONS, Sample

_POOL = 10
"""As many connections as the server's pool has."""
_NEW_KEYS = 1_000_000
"""Where the keys of inserted rows start."""

_TABLES = ("blobs", "pipeline_revisions", "pipelines", "event_streams", "events")
_PIPELINE = "SELECT * FROM pipelines WHERE id = {}"
_TEXT = "SELECT size, zstd FROM blobs WHERE sha256 = {}"
_MODELS: Mapping[str, str] = {
    "blobs": "SELECT * FROM blobs LIMIT 1",
    "pipeline_revisions": "SELECT * FROM pipeline_revisions WHERE id = 1",
    "pipelines": "SELECT * FROM pipelines WHERE id = 1",
    "event_streams": "SELECT * FROM event_streams WHERE stream = 'pipeline:1'",
    "events": "SELECT * FROM events WHERE stream = 'pipeline:1'",
}
"""The rows that inserted ones are made after, so that they have whatever columns the schema has."""


class RawDatabase(Protocol):
    """A database reached by its driver."""

    def measure(self, statements: Statements, *, seconds: float) -> Sample:
        """How often a second the statements can be run."""
        ...

    def close(self) -> None: ...


class RawSqlite:
    """sqlite3 in WAL mode with `synchronous = FULL`, in one thread."""

    def __init__(self, path: str) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None)
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON", "cache_size = -16384"):
            self._connection.execute(f"PRAGMA {pragma}")
        self._numbers = itertools.count(_NEW_KEYS)
        self._models = {table: self._model(query) for table, query in _MODELS.items()}
        self._inserts = {table: _insert(table, row, "?") for table, row in self._models.items()}
        self._tenant_id = self._models["pipelines"]["tenant_id"]
        self._selects = (_by_tenant(_PIPELINE, "?", "?"), _by_tenant(_TEXT, "?", "?"))
        self._text_column = list(self._models["pipelines"]).index("contents_sha256")

    def measure(self, statements: Statements, *, seconds: float) -> Sample:
        """One after the other: SQLite has one writer, and a reader in the same thread waits for nobody."""
        run = self._insert if statements == "insert" else self._select
        latencies: list[float] = []
        before = time.perf_counter()
        until = before + seconds
        while before < until:
            run()
            after = time.perf_counter()
            latencies.append(after - before)
            before = after
        return Sample.of(latencies, seconds)

    def close(self) -> None:
        self._connection.close()

    def _insert(self) -> None:
        rows = _rows(self._models, next(self._numbers))
        self._connection.execute("BEGIN IMMEDIATE")
        for table in _TABLES:
            self._connection.execute(self._inserts[table], tuple(rows[table].values()))
        self._connection.execute("COMMIT")

    def _select(self) -> None:
        key = next(self._numbers) % PIPELINES + 1
        row = self._connection.execute(self._selects[0], (key, self._tenant_id)).fetchone()
        text = bytes.fromhex(row[self._text_column])
        self._connection.execute(self._selects[1], (text, self._tenant_id)).fetchone()

    def _model(self, query: str) -> dict[str, Any]:
        cursor = self._connection.execute(query)
        return dict(zip((column[0] for column in cursor.description), cursor.fetchone(), strict=True))


class RawPostgres:
    """asyncpg with a pool, as many callers as the load generator has connections."""

    def __init__(self, dsn: str) -> None:
        self._runner = asyncio.Runner(loop_factory=uvloop.new_event_loop)
        self._numbers = itertools.count(_NEW_KEYS)
        self._pool: Any = None
        self._models: dict[str, dict[str, Any]] = {}
        self._runner.run(self._open(dsn))
        self._inserts = {table: _insert(table, row, "$") for table, row in self._models.items()}
        self._tenant_id = self._models["pipelines"]["tenant_id"]
        self._selects = (_by_tenant(_PIPELINE, "$1", "$2"), _by_tenant(_TEXT, "$1", "$2"))

    def measure(self, statements: Statements, *, seconds: float) -> Sample:
        """From `CONNECTIONS` concurrent callers."""
        return self._runner.run(self._measure(statements, seconds))

    def close(self) -> None:
        self._runner.run(self._pool.close())
        self._runner.close()

    async def _open(self, dsn: str) -> None:
        self._pool = await asyncpg.create_pool(dsn, min_size=_POOL, max_size=_POOL)
        for table, query in _MODELS.items():
            self._models[table] = dict(await self._pool.fetchrow(query))

    async def _measure(self, statements: Statements, seconds: float) -> Sample:
        run = self._insert if statements == "insert" else self._select
        latencies: list[float] = []
        until = time.perf_counter() + seconds

        async def caller() -> None:
            while (before := time.perf_counter()) < until:
                await run()
                latencies.append(time.perf_counter() - before)

        await asyncio.gather(*(caller() for _ in range(CONNECTIONS)))
        return Sample.of(latencies, seconds)

    async def _insert(self) -> None:
        rows = _rows(self._models, next(self._numbers))
        async with self._pool.acquire() as connection, connection.transaction():
            for table in _TABLES:
                await connection.execute(self._inserts[table], *rows[table].values())

    async def _select(self) -> None:
        key = next(self._numbers) % PIPELINES + 1
        async with self._pool.acquire() as connection:
            row = await connection.fetchrow(self._selects[0], key, self._tenant_id)
            await connection.fetchrow(self._selects[1], bytes.fromhex(row["contents_sha256"]), self._tenant_id)


def _by_tenant(query: str, key_mark: str, tenant_mark: str) -> str:
    return f"{query.format(key_mark)} AND tenant_id = {tenant_mark}"


def _insert(table: str, row: Mapping[str, Any], mark: str) -> str:
    columns = ", ".join(f'"{column}"' for column in row)
    marks = ["?" if mark == "?" else f"${number + 1}" for number in range(len(row))]
    return f"INSERT INTO {table} ({columns}) VALUES ({', '.join(marks)})"


def _rows(models: Mapping[str, Mapping[str, Any]], number: int) -> dict[str, dict[str, Any]]:
    """The models under new keys, with a text of their own."""
    content = pipeline(f"raw-{number}").contents.encode()
    digest, stream, name = hashlib.sha256(content), f"pipeline:{number}", f"raw-{number}"
    packed = zstandard.ZstdCompressor(level=3).compress(content)
    text = {"sha256": digest.digest(), "size": len(content), "zstd": packed}
    common = {"name": name, "contents_sha256": digest.hexdigest(), "id": number}
    new: dict[str, dict[str, Any]] = {
        "blobs": text,
        "pipeline_revisions": {**common, "pipeline_id": number},
        "pipelines": {**common, "revision_id": number, "ident": name},
        "event_streams": {"stream": stream},
        "events": {"stream": stream, "position": number},
    }
    return {table: _renewed(models[table], values) for table, values in new.items()}


def _renewed(model: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    # A column that repeats the ident in another form (folded, say) is unique as well.
    idents = {column: values["ident"] for column in model if column.startswith("ident")} if "ident" in values else {}
    return {**model, **values, **idents}
