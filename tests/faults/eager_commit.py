"""A server that breaks its word: it answers before it commits. What the kill test must catch."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any, TypeVar

from sqlalchemy import Connection
from sqlalchemy.util import await_only

from quarterdeck.database import Database

T = TypeVar("T")
_DELAY = 0.05
"""Seconds between the answer and the commit."""

_honest = Database.transaction
_committing: set[asyncio.Task[Any]] = set()


def answer_before_commit() -> None:
    """Make every transaction of this process return before its commit."""
    Database.transaction = _eager  # type: ignore[method-assign]


async def _eager(self: Database, fn: Callable[[Connection], T]) -> T:
    loop = asyncio.get_running_loop()
    answered: asyncio.Future[T] = loop.create_future()

    def answer(result: T) -> None:
        if not answered.done():
            answered.set_result(result)

    def run(connection: Connection) -> T:
        result = fn(connection)
        loop.call_soon_threadsafe(answer, result)
        _linger(connection)
        return result

    def settle(task: asyncio.Task[T]) -> None:
        _committing.discard(task)
        error = task.exception()
        if error is not None and not answered.done():
            answered.set_exception(error)

    task = asyncio.create_task(_honest(self, run))
    _committing.add(task)
    task.add_done_callback(settle)
    return await answered


def _linger(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        await_only(asyncio.sleep(_DELAY))
    else:
        time.sleep(_DELAY)  # in the writer's own thread
