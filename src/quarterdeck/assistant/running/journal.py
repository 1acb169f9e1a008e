"""`RunJournal`: writes one run's events, several at a time, and tells readers what was committed.

An event has its sequence when it is added, and is seen by nobody before it is committed. Only one worker may write to a
chat's log; the table refuses the second one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import Any, Final

from quarterdeck.assistant.run import RunRecord
from quarterdeck.assistant.running.feeds import ChatFeeds
from quarterdeck.assistant.store import runs as store
from quarterdeck.clock import Clock
from quarterdeck.database import Connection, Database, after_commit
from quarterdeck.errors import Unavailable
from quarterdeck.gen.assistant.v1.run_pb2 import RunEvent

_AGAIN: Final = 0.2
"""Seconds until a write is tried again while the database is away."""


class RunJournal:
    """The writing end of a run's log. Raises `LogMoved` from `flush` when somebody else has written to the log."""

    def __init__(self, database: Database, clock: Clock, feeds: ChatFeeds, run: RunRecord, *, head: int) -> None:
        self._database = database
        self._clock = clock
        self._feeds = feeds
        self._run = run
        self._written = head
        self._last = head
        self._pending: list[RunEvent] = []
        self._writing: asyncio.Task[None] | None = None

    def add(self, **event: Any) -> RunEvent:
        """One event, by the name of its member of the oneof. It is written soon; `flush` waits for that."""
        self._last += 1
        entry = make_event(self._run, self._last, self._clock, **event)
        self._pending.append(entry)
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write())
            # `flush` and `settle` raise what it raises; a worker that was cancelled meanwhile asks no more.
            self._writing.add_done_callback(_look_at)
        return entry

    async def flush(self) -> None:
        """Returns when everything that was added is committed."""
        while self._writing is not None and (self._pending or not self._writing.done()):
            await asyncio.shield(self._writing)
        if self._writing is not None:
            self._writing.result()  # one that failed before we came has not written

    async def settle(self) -> tuple[int, list[RunEvent]]:
        """The head of the log, and what is not yet written: for a last transaction that writes it with all else."""
        if self._writing is not None and not self._writing.done():
            pending, self._pending = self._pending, []
            await asyncio.shield(self._writing)
            self._pending = pending + self._pending
        left, self._pending = self._pending, []
        return self._written, left

    def next(self, **event: Any) -> RunEvent:
        """An event for that last transaction."""
        self._last += 1
        return make_event(self._run, self._last, self._clock, **event)

    async def _write(self) -> None:
        # One turn of the loop, so that what is added together is written together.
        await asyncio.sleep(0)
        while self._pending:
            batch, self._pending = self._pending, []
            await self._commit(batch)

    async def _commit(self, batch: list[RunEvent]) -> None:
        entries = [(event.sequence, event.run_id, event.SerializeToString()) for event in batch]
        write = partial(
            store.append,
            tenant_id=self._run.tenant_id,
            chat_id=self._run.chat_id,
            known=self._written,
            entries=entries,
            now=self._clock.now(),
        )
        while True:
            try:
                await self._database.transaction(write)
                break
            except Unavailable:
                # Who holds the run's lease decides when to stop trying: it cancels us.
                await asyncio.sleep(_AGAIN)
            except store.LogMoved:
                if await self._is_there(batch):
                    break
                raise
        self._written = batch[-1].sequence
        self._feeds.publish(self._run.tenant_id, self._run.chat_id, batch)

    async def _is_there(self, batch: Sequence[RunEvent]) -> bool:
        """Whether a commit whose outcome was unknown has taken place after all."""
        found = await self._feeds.read(self._run.tenant_id, self._run.chat_id, batch[0].sequence - 1)
        return found[: len(batch)] == list(batch)


def make_event(run: RunRecord, sequence: int, clock: Clock, **event: Any) -> RunEvent:
    """An entry of the log."""
    entry = RunEvent(sequence=sequence, chat_id=run.chat_id, run_id=run.id, **event)
    entry.at.FromDatetime(clock.now())
    return entry


def append_now(
    connection: Connection, feeds: ChatFeeds, run: RunRecord, clock: Clock, *, head: int, events: Sequence[RunEvent]
) -> None:
    """Write events in the caller's transaction, and tell readers after its commit. Raises `LogMoved`."""
    if not events:
        return
    store.append(
        connection,
        tenant_id=run.tenant_id,
        chat_id=run.chat_id,
        known=head,
        entries=[(event.sequence, event.run_id, event.SerializeToString()) for event in events],
        now=clock.now(),
    )
    after_commit(connection, partial(feeds.publish, run.tenant_id, run.chat_id, list(events)))


def _look_at(writing: asyncio.Task[None]) -> None:
    if not writing.cancelled():
        writing.exception()
