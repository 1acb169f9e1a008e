"""Readers of chats' logs: every entry, in order, once, from any sequence on, whichever replica writes it.

What this process writes reaches its readers in memory, right after the commit. For the rest, one look at the heads of
all chats that somebody reads tells what is new: at a hint, and every `poll` seconds without one.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncGenerator, Iterable
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from typing import Final

from quarterdeck.assistant.store import runs as store
from quarterdeck.database import Database
from quarterdeck.errors import FieldViolation, Invalid, Reason, Unavailable
from quarterdeck.gen.assistant.v1.run_pb2 import RunEvent

_log = logging.getLogger(__name__)

_KEPT: Final = 512
"""Entries of a chat that are kept in memory for its readers; who is further behind reads the table."""

_LONGEST: Final = 18
_BEYOND: Final = 10**_LONGEST
"""More than any log has, and still a number to every database."""

Key = tuple[str, str]
"""Tenant and chat."""


@dataclass(slots=True)
class _Feed:
    """The end of one chat's log, as far as this process knows it."""

    last: int
    recent: deque[RunEvent] = field(default_factory=lambda: deque(maxlen=_KEPT))
    readers: int = 0
    stale: bool = True
    """Whether the table may have more than is known here."""
    grown: asyncio.Event = field(default_factory=asyncio.Event)

    def extend(self, events: Iterable[RunEvent]) -> None:
        for event in events:
            if event.sequence == self.last + 1:
                self.recent.append(event)
                self.last = event.sequence
            elif event.sequence > self.last:
                self.stale = True
        self.wake()

    def wake(self) -> None:
        grown, self.grown = self.grown, asyncio.Event()
        grown.set()

    def after(self, sequence: int) -> list[RunEvent] | None:
        """What is known behind `sequence`; None when the table must be asked."""
        first = self.last - len(self.recent) + 1
        if sequence + 1 < first or (self.stale and sequence >= self.last):
            return None
        return list(islice(self.recent, max(0, sequence + 1 - first), None))


class ChatFeeds:
    """Follows chats for any number of readers. Used on one event loop."""

    def __init__(self, database: Database, *, poll: float = 0.5) -> None:
        self._database = database
        self._poll = poll
        self._feeds: dict[Key, _Feed] = {}
        self._looking: asyncio.Task[None] | None = None
        self._closed = False

    def start(self) -> None:
        """Starts looking for what other processes write."""
        self._looking = asyncio.create_task(self._look(), name="chat feeds")

    async def close(self) -> None:
        self._closed = True
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.gather(self._looking, return_exceptions=True)
        for feed in self._feeds.values():
            feed.wake()

    def publish(self, tenant_id: str, chat_id: str, events: Iterable[RunEvent]) -> None:
        """Tell this process's readers what was committed just now."""
        feed = self._feeds.get((tenant_id, chat_id))
        if feed is not None:
            feed.extend(events)

    async def follow(self, tenant_id: str, chat_id: str, after: int) -> AsyncGenerator[RunEvent, None]:
        """Every entry behind `after`, for ever. Close it to stop. Raises Unavailable when the server stops.

        Who was further than the log is, before a backup was restored for instance, gets what is new from here on.
        """
        key = (tenant_id, chat_id)
        if after:
            heads = await self._database.read(partial(store.heads, chats=[key]))
            after = min(after, heads.get(key, 0))
        feed = self._feeds.setdefault(key, _Feed(last=after))
        feed.readers += 1
        try:
            while not self._closed:
                grown = feed.grown
                events = feed.after(after)
                if events is None:
                    events = await self._refresh(key, feed, after)
                    if events is None:
                        continue
                for event in events:
                    after = event.sequence
                    yield event
                if not events:
                    await grown.wait()
            raise Unavailable(Reason.SHUTTING_DOWN, "the server is shutting down; go on at another one")
        finally:
            feed.readers -= 1
            if not feed.readers:
                self._feeds.pop(key, None)

    async def _refresh(self, key: Key, feed: _Feed, after: int) -> list[RunEvent] | None:
        """From the table; what continues the feed joins it. None when the database is away: look again."""
        feed.stale = feed.stale and after < feed.last
        try:
            events = await self.read(*key, after)
        except Unavailable:
            feed.stale = True
            if self._closed:
                raise
            await asyncio.sleep(self._poll)
            return None
        if events:
            feed.extend(events)
            feed.stale = feed.stale or feed.last < events[-1].sequence or len(events) >= store.PAGE
        return events

    async def read(self, tenant_id: str, chat_id: str, after: int) -> list[RunEvent]:
        """Up to a thousand entries behind `after`, from the table."""
        read = partial(store.read_events, tenant_id=tenant_id, chat_id=chat_id, after=after)
        return [parse(payload) for _, payload in await self._database.read(read)]

    async def read_all(self, tenant_id: str, chat_id: str, after: int) -> list[RunEvent]:
        """All entries behind `after`."""
        found: list[RunEvent] = []
        while page := await self.read(tenant_id, chat_id, after):
            found += page
            after = page[-1].sequence
        return found

    async def _look(self) -> None:
        with self._database.subscribe(store.TOPIC) as hints:
            while True:
                await hints.wait(self._poll)
                try:
                    await self._catch_up()
                except Unavailable:
                    continue
                except Exception:  # noqa: BLE001 - without this loop no reader would learn of other replicas any more
                    _log.exception("looking for what other replicas wrote failed")

    async def _catch_up(self) -> None:
        if not self._feeds:
            return
        heads = await self._database.read(partial(store.heads, chats=list(self._feeds)))
        for key, head in heads.items():
            feed = self._feeds.get(key)
            if feed is not None and feed.last < head:
                feed.stale = True
                feed.wake()


def parse(payload: bytes) -> RunEvent:
    """An entry of the log."""
    return RunEvent.FromString(payload)


def sequence_of(text: str) -> int:
    """What a reader says about where it was; 0 for nothing. Raises Invalid for what no entry has as its id."""
    if not text:
        return 0
    if not (text.isascii() and text.isdigit()):
        why = "is no id of an event of this stream"
        raise Invalid(Reason.FIELD_INVALID, f"after {why}", violations=(FieldViolation("after", why),))
    return int(text) if len(text) < _LONGEST else _BEYOND
