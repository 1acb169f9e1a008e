"""The least that a Python server with SQLite can do for a write: one row, one commit, behind a bare ASGI route.

The route keeps the request's body under the next number and answers fixed bytes, as `bench.bare` does. The database is
in WAL mode with `synchronous = FULL` and belongs to one thread, as Quarterdeck's does.

    python -m bench.plain_insert FILE.db
"""

from __future__ import annotations

import asyncio
import sqlite3
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from bench.bare import Receive, Send, answer, serve


class PlainInsert:
    """An ASGI application: one INSERT and its COMMIT per request."""

    def __init__(self, path: str) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1)
        self._connection = self._thread.submit(_open, path).result()

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """Read the body, keep it, answer as many bytes as the path says."""
        body = b""
        more = True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        await asyncio.get_running_loop().run_in_executor(self._thread, self._keep, body)
        start, content = answer(scope["path"])
        await send(start)
        await send(content)

    def _keep(self, body: bytes) -> None:
        self._connection.execute("BEGIN IMMEDIATE")
        self._connection.execute("INSERT INTO plain (body) VALUES (?)", (body,))
        self._connection.execute("COMMIT")


def _open(path: str) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None)
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "cache_size = -16384"):
        connection.execute(f"PRAGMA {pragma}")
    connection.execute("CREATE TABLE IF NOT EXISTS plain (number INTEGER PRIMARY KEY, body BLOB NOT NULL)")
    return connection


if __name__ == "__main__":
    serve(PlainInsert(sys.argv[1]))
