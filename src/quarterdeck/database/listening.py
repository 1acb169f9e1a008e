"""Hints between replicas: LISTEN and coalesced NOTIFY on one PostgreSQL connection that reconnects by itself."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Iterable
from typing import Any, Final

import asyncpg  # type: ignore[import-untyped]  # ships no types

from quarterdeck.database.hints import Hints
from quarterdeck.database.limits import Limits
from quarterdeck.database.postgresql import connect
from quarterdeck.errors import Invalid

_log = logging.getLogger(__name__)

_AWAY: Final = (
    OSError,
    TimeoutError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
)
CHANNEL: Final = "quarterdeck_hints"
_COALESCE = 0.05
"""Seconds between two NOTIFYs of one replica: PostgreSQL serialises the commits of those who notify."""
_HEARTBEAT = 15.0
"""Seconds after which a silent connection is asked whether it still lives."""
_PAUSES = (0.2, 0.5, 1.0, 2.0)
"""Seconds before each next attempt to reconnect; the last one repeats."""
_MAX_PAYLOAD = 7000
"""Bytes; PostgreSQL takes fewer than 8000. More topics than fit are sent as `*`: everybody looks."""


class Listening:
    """Passes hints on to other replicas and theirs on to `hints`. While it is disconnected, hints are lost."""

    def __init__(self, dsn: str, limits: Limits, hints: Hints) -> None:
        self._dsn = dsn
        self._limits = limits
        self._hints = hints
        self._topics: set[str] = set()
        self._due = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Starts the connection's task; later calls do nothing."""
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name="database hints")

    def announce(self, topics: Iterable[str]) -> None:
        """Tell the other replicas, soon. Does nothing before `start`: this process only writes then."""
        if self._task is not None:
            self._topics.update(topics)
            self._due.set()

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _run(self) -> None:
        failures = 0
        while True:
            try:
                connection = await connect(self._dsn, self._limits)
                failures = 0
                await self._serve(connection)
            except (Invalid, *_AWAY) as error:
                _log.debug("the connection for hints is away: %s", type(error).__name__)
            await asyncio.sleep(_PAUSES[min(failures, len(_PAUSES) - 1)])
            failures += 1

    async def _serve(self, connection: asyncpg.Connection) -> None:
        try:
            connection.add_termination_listener(lambda _connection: self._due.set())
            await connection.add_listener(CHANNEL, self._heard)
            self._hints.wake_all()
            while not connection.is_closed():
                await self._wait_until_due()
                await self._send(connection)
                await asyncio.sleep(_COALESCE)
        finally:
            with contextlib.suppress(*_AWAY):
                await connection.close(timeout=1.0)

    async def _wait_until_due(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_HEARTBEAT):
                await self._due.wait()
        self._due.clear()

    async def _send(self, connection: asyncpg.Connection) -> None:
        payload = ",".join(sorted(self._topics))
        self._topics.clear()
        if payload:
            payload = payload if len(payload.encode()) <= _MAX_PAYLOAD else "*"
            await connection.execute("SELECT pg_notify($1, $2)", CHANNEL, payload)
        else:
            await connection.execute("SELECT 1")

    def _heard(self, connection: Any, pid: int, _channel: str, payload: object) -> None:
        if pid == connection.get_server_pid():
            return
        if payload == "*":
            self._hints.wake_all()
        else:
            self._hints.wake(str(payload).split(","))
