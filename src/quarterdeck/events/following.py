"""`EventLog`: readers that wait for what comes next."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from functools import partial
from typing import TypeVar

from sqlalchemy import Connection

from quarterdeck.database import Database, Subscription
from quarterdeck.errors import Reason, Unavailable
from quarterdeck.events import log
from quarterdeck.events.event import Event
from quarterdeck.events.position import Position

T = TypeVar("T")
_PAGE = 500
_HELD_BACK = 0.02
"""Seconds until a reader looks again for events that an older transaction holds back: nobody hints at its end.
Doubles with every look in vain, up to the poll."""


class EventLog:
    """Follows the log. A hint wakes a reader at once; every `poll` seconds it looks anyway, so a lost hint only delays.

    While the database is away a reader waits and goes on where it was. When it is closed for good, readers raise
    `Unavailable(SHUTTING_DOWN)`.
    """

    def __init__(self, database: Database, *, poll: float = 1.0, page: int = _PAGE) -> None:
        self._database = database
        self._poll = poll
        self._page = page

    async def follow(
        self, *, tenant_id: str | None, stream_prefixes: Sequence[str] = (), after: Position
    ) -> AsyncIterator[Event]:
        """Every event after `after`, in order, for ever: of one tenant, or of all when None. Close it to stop."""
        pause = self._poll
        with self._database.subscribe(log.TOPIC) as hints:
            while True:
                read = partial(
                    log.read_all, tenant_id=tenant_id, stream_prefixes=stream_prefixes, after=after, limit=self._page
                )
                batch = await self._read(read, hints)
                for event in batch.events:
                    yield event
                after = batch.reached
                if batch.complete:
                    pause = self._next_pause(pause, held_back=batch.pending)
                    await hints.wait(pause)

    async def follow_stream(self, *, tenant_id: str, stream: str, after_sequence: int = 0) -> AsyncIterator[Event]:
        """Every event of one stream after `after_sequence`, in order, for ever. Close it to stop.

        Raises `PreconditionFailed(EVENTS_TRIMMED)` when some of them are no longer kept.
        """
        with self._database.subscribe(log.stream_topic(tenant_id, stream)) as hints:
            while True:
                read = partial(
                    log.read_stream,
                    tenant_id=tenant_id,
                    stream=stream,
                    after_sequence=after_sequence,
                    limit=self._page,
                )
                events = await self._read(read, hints)
                for event in events:
                    yield event
                    after_sequence = event.sequence
                if len(events) < self._page:
                    await hints.wait(self._poll)

    async def head(self) -> Position:
        """Where the log ends now; see `log.head`."""
        return await self._database.read(log.head)

    def _next_pause(self, pause: float, *, held_back: bool) -> float:
        if not held_back:
            return self._poll
        return min(_HELD_BACK if pause >= self._poll else pause * 2, self._poll)

    async def _read(self, read: Callable[[Connection], T], hints: Subscription) -> T:
        while True:
            try:
                return await self._database.read(read)
            except Unavailable as error:
                if error.reason is Reason.SHUTTING_DOWN:
                    raise
                await hints.wait(self._poll)
