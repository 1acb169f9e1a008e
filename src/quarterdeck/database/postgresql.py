"""PostgreSQL over asyncpg: a small pool, server-side limits, and calls that fail at once while the server is away."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final, TypeVar

import asyncpg  # type: ignore[import-untyped]  # ships no types
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from quarterdeck.clock import Clock
from quarterdeck.database.after_commit import Aftermath, collecting
from quarterdeck.database.breaker import Breaker
from quarterdeck.database.limits import Limits
from quarterdeck.database.translation import is_lost, is_retryable
from quarterdeck.errors import Invalid, Reason

T = TypeVar("T")
_PAUSE = 0.01
"""Seconds before a transaction that met a deadlock runs again; grows with the attempts, with jitter."""


async def connect(dsn: str, limits: Limits) -> asyncpg.Connection:
    """One connection with our limits set in its session. Raises what asyncpg raises, and `Invalid` for the URL."""
    settings = {
        "statement_timeout": _milliseconds(limits.statement),
        "lock_timeout": _milliseconds(limits.lock),
        "idle_in_transaction_session_timeout": _milliseconds(limits.idle_in_transaction),
        "jit": "off",  # short statements: compiling one takes longer than running it
    }
    if "application_name=" not in dsn:
        settings["application_name"] = "quarterdeck"
    try:
        # The client's own limit is for a server that does not answer at all; a second later than the server's.
        command = limits.statement + 1
        return await asyncpg.connect(dsn, timeout=limits.connect, command_timeout=command, server_settings=settings)
    except ValueError as error:
        message = f"the PostgreSQL URL is not usable ({type(error).__name__}); accepted: what libpq accepts"
        raise Invalid(Reason.FIELD_INVALID, message) from None


class PostgresBackend:
    """Runs functions over a `Connection` on a pooled connection each; nothing connects before the first call."""

    dialect: Final = "postgresql"

    def __init__(self, dsn: str, limits: Limits, clock: Clock) -> None:
        self._dsn = dsn
        self._limits = limits
        self._breaker = Breaker(limits.reopen, clock)
        self._writer = self._engine()
        self._reader = self._writer.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)

    async def start(self) -> None:
        """Nothing: a server may start before its database does."""

    async def write(self, fn: Callable[[Connection], T]) -> tuple[T, Aftermath]:
        """Read committed; see `_run` for when `fn` runs again."""
        return await self._run(self._writer, partial(collecting, fn))

    async def read(self, fn: Callable[[Connection], T]) -> T:
        """Repeatable read: all statements of `fn` see one snapshot. The server refuses writes."""
        return await self._run(self._reader, fn)

    async def close(self) -> None:
        await self._writer.dispose()

    async def _run(self, engine: AsyncEngine, fn: Callable[[Connection], T]) -> T:
        """Runs `fn` again after a deadlock, a serialization failure, or a connection that broke before COMMIT."""
        for attempt in range(1, self._limits.attempts):
            progress = _Progress()
            try:
                return await _attempt(engine, fn, progress)
            except Exception as error:
                if not progress.allows_another(error):
                    raise
            await asyncio.sleep(_PAUSE * attempt * random.uniform(0.5, 1.5))  # noqa: S311 - jitter, not a secret
        return await _attempt(engine, fn, _Progress())

    def _engine(self) -> AsyncEngine:
        return create_async_engine(
            "postgresql+asyncpg://",
            async_creator=self._guarded_connect,
            pool_size=self._limits.pool,
            max_overflow=0,
            pool_timeout=self._limits.pool_wait,
            pool_use_lifo=True,
            hide_parameters=True,
        )

    async def _guarded_connect(self) -> asyncpg.Connection:
        with self._breaker.attempt():
            return await connect(self._dsn, self._limits)


@dataclass(slots=True)
class _Progress:
    """How far an attempt came. Once COMMIT is sent, a lost connection leaves its outcome unknown."""

    committing: bool = False

    def allows_another(self, error: Exception) -> bool:
        return is_retryable(error) or (is_lost(error) and not self.committing)


async def _attempt(engine: AsyncEngine, fn: Callable[[Connection], T], progress: _Progress) -> T:
    async with engine.connect() as connection:
        try:
            result = await connection.run_sync(fn)
            progress.committing = True
            await connection.commit()
        except TimeoutError:
            # A server that does not answer would not answer a ROLLBACK either.
            await connection.invalidate()
            raise
        return result


def _milliseconds(seconds: float) -> str:
    return str(int(seconds * 1000))
