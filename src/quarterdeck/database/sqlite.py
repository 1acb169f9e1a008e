"""SQLite: one thread and connection that writes, another that reads, so that no read waits for a writer's fsync."""

from __future__ import annotations

import asyncio
import sqlite3
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, Final, Literal, TypeVar

import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.pool import StaticPool

from quarterdeck.database.after_commit import Aftermath, collecting
from quarterdeck.database.group_commit import MOST_TOGETHER, Outcome, Write, run_group
from quarterdeck.database.limits import Limits
from quarterdeck.database.translation import unavailable

T = TypeVar("T")
_Begin = Literal["BEGIN IMMEDIATE", "BEGIN"]


class SqliteBackend:
    """Runs functions over a `Connection` in its two threads. Writes wait for each other; reads see a snapshot."""

    dialect: Final = "sqlite"

    def __init__(self, path: str, limits: Limits) -> None:
        self._limits = limits
        self._writer = _Writer(path, "BEGIN IMMEDIATE", limits)
        self._reader = _Thread(path, "BEGIN", limits)

    async def start(self) -> None:
        """Creates the file when it is missing (its folder must exist) and puts it in WAL mode."""
        await self._writer.run(_ping)

    async def write(self, fn: Callable[[Connection], T]) -> tuple[T, Aftermath]:
        if self._writer.waiting >= self._limits.waiting_writes:
            raise unavailable()
        return await self._writer.run(partial(collecting, fn))

    async def read(self, fn: Callable[[Connection], T]) -> T:
        return await self._reader.run(fn)

    async def close(self) -> None:
        await self._writer.close()
        await self._reader.close()


class _Thread:
    """One thread that owns one connection, opened by the first call and kept."""

    def __init__(self, path: str, begin: _Begin, limits: Limits) -> None:
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix=f"sqlite {begin.lower()}")
        self._path = path
        self._engine = _engine(path, begin, limits)
        self._connection: Connection | None = None

    async def run(self, fn: Callable[[Connection], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._executor, self._transact, fn)

    async def close(self) -> None:
        await asyncio.get_running_loop().run_in_executor(self._executor, self._disconnect)
        self._executor.shutdown()

    def _transact(self, fn: Callable[[Connection], T]) -> T:
        connection = self._connected()
        with connection.begin():
            return fn(connection)

    def _connected(self) -> Connection:
        if self._connection is None:
            self._connection = self._engine.connect()
        return self._connection

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._engine.dispose()


class _Writer(_Thread):
    """The thread that writes: what waits while it is busy is committed together. Use it on one event loop."""

    def __init__(self, path: str, begin: _Begin, limits: Limits) -> None:
        super().__init__(path, begin, limits)
        self._queue: deque[Write] = deque()
        self._working = False
        self.waiting = 0

    async def run(self, fn: Callable[[Connection], T]) -> T:
        write = Write(fn, asyncio.get_running_loop().create_future())
        self._queue.append(write)
        self._work()
        self.waiting += 1
        try:
            result: T = await write.told
        finally:
            self.waiting -= 1
        return result

    def _work(self) -> None:
        if self._queue and not self._working:
            self._working = True
            loop = asyncio.get_running_loop()
            loop.run_in_executor(self._executor, self._empty_queue, loop)

    def _stopped(self) -> None:
        # Something may have come since the thread looked last.
        self._working = False
        self._work()

    def _empty_queue(self, loop: asyncio.AbstractEventLoop) -> None:
        try:
            while self._queue:
                group = [self._queue.popleft() for _ in range(min(len(self._queue), MOST_TOGETHER))]
                loop.call_soon_threadsafe(_tell, group, self._outcomes(group))
        finally:
            loop.call_soon_threadsafe(self._stopped)

    def _outcomes(self, group: Sequence[Write]) -> list[Outcome]:
        try:
            return run_group(self._connected(), [write.fn for write in group])
        except Exception as error:  # noqa: BLE001 - there is no connection: everybody is told so
            return [Outcome(error=error)] * len(group)


def _tell(group: Sequence[Write], outcomes: Sequence[Outcome]) -> None:
    for write, outcome in zip(group, outcomes, strict=True):
        outcome.tell(write.told)


def _engine(path: str, begin: _Begin, limits: Limits) -> sa.Engine:
    connect = partial(sqlite3.connect, Path(path), timeout=limits.lock, isolation_level=None)
    engine = sa.create_engine("sqlite://", creator=connect, poolclass=StaticPool, hide_parameters=True)
    sa.event.listen(engine, "connect", partial(_configure, begin=begin))
    # The driver's own transaction control is off (isolation_level=None): it would begin too late and too weakly, and
    # DDL would not be part of a transaction at all.
    sa.event.listen(engine, "begin", lambda connection: connection.exec_driver_sql(begin))
    return engine


def _configure(connection: sqlite3.Connection, _record: Any, *, begin: _Begin) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.execute("PRAGMA cache_size = -16384")
    if begin == "BEGIN":
        cursor.execute("PRAGMA query_only = ON")
    cursor.close()


def _ping(connection: Connection) -> None:
    connection.exec_driver_sql("SELECT 1")
