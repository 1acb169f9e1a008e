"""What collectors say, on its way to the database.

Many collectors say little, often at the same moment. What they say is merged per collector in memory and written in
one transaction for all of them: at once when it is news (a new collector, changed attributes, a status), within
seconds when it is only that they called. With the database away, news is kept, up to a bound, and written when it is
back: a collector that registers must never be refused, Alloy does not start then.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any

from quarterdeck.clock import Clock
from quarterdeck.database import Connection, Database, blobs
from quarterdeck.errors import Unavailable
from quarterdeck.fleet.changes import collector_changed
from quarterdeck.fleet.collector import Collector, CollectorType, ConfigStatus
from quarterdeck.fleet.store import collectors as store

_log = logging.getLogger(__name__)

Key = tuple[str, str]
"""Tenant and collector id."""

MAX_KNOWN = 200_000
"""Collectors whose last words are remembered; those beyond are looked up again when they call."""
MAX_WAITING = 100_000
"""Collectors whose news is kept while the database is away."""
PATIENCE = 1.0
"""Seconds that a collector waits until its news is written, before it is answered without that."""
_RETRY = 0.5
"""Seconds between attempts while the database is away."""
BATCH = 500
"""Collectors per transaction."""
MAX_ERROR_CHARACTERS = 16_384
"""A longer error message of a collector is cut."""


@dataclass(frozen=True, slots=True)
class Report:
    """How a collector says its configuration fared."""

    status: ConfigStatus
    error_message: str


@dataclass(frozen=True, slots=True)
class Effective:
    """The text that a collector says it runs."""

    text: str
    content_type: str


@dataclass(frozen=True, slots=True)
class Served:
    """The text that a collector was handed."""

    hash: str
    fnv1: str


@dataclass(frozen=True, slots=True)
class Contact:
    """What one collector said; None where it said nothing. Later contacts are merged over earlier ones."""

    at: datetime
    actor: str
    local_attributes: Mapping[str, str] | None = None
    known_attributes: Mapping[str, str] | None = None
    """Those that the database was seen to have, when the collector itself said nothing of them."""
    name: str | None = None
    report: Report | None = None
    effective: Effective | None = None
    served: Served | None = None
    goodbye: bool = False
    """It shuts down."""

    def is_mere_goodbye(self) -> bool:
        """Whether it says nothing by which a collector would become known."""
        return self.goodbye and self.local_attributes is None and self.served is None

    def over(self, earlier: Contact) -> Contact:
        """Both, this one winning."""
        return Contact(
            at=self.at,
            actor=self.actor,
            local_attributes=earlier.local_attributes if self.local_attributes is None else self.local_attributes,
            known_attributes=self.known_attributes,
            name=self.name or earlier.name,
            report=self.report or earlier.report,
            effective=self.effective or earlier.effective,
            served=self.served or earlier.served,
            goodbye=self.goodbye,
        )


@dataclass(slots=True)
class _Known:
    """What the database has of a collector, as far as a poll can change it."""

    attributes: int | None = None
    name: str = ""
    served: str = ""
    report: Report | None = None
    effective: int = 0
    seen_at: float | None = None
    interval: float = 0.0

    def seen(self, now: float) -> None:
        if self.seen_at is not None:
            gap = now - self.seen_at
            # Alloy polls twice in a row when a configuration changed: that gap says nothing about its interval.
            if gap > 1.0:
                self.interval = gap if not self.interval else self.interval + 0.3 * (gap - self.interval)
        self.seen_at = now


class Contacts:
    """Takes what collectors say and brings it to the database."""

    def __init__(self, database: Database, clock: Clock, *, flush_every: float = 5.0) -> None:
        self._database = database
        self._clock = clock
        self._flush_every = flush_every
        self._known: OrderedDict[Key, _Known] = OrderedDict()
        self._seen: dict[Key, datetime] = {}
        self._news: OrderedDict[Key, Contact] = OrderedDict()
        self._waiters: list[asyncio.Future[None]] = []
        self._wake = asyncio.Event()
        self._closing = False
        self._away = False

    async def take(self, key: Key, contact: Contact) -> None:
        """Take what a collector said; returns when news is in the database, or is kept because that is away."""
        now = self._clock.monotonic()
        if not self._is_news(key, contact):
            self._known[key].seen(now)
            self._seen[key] = contact.at
            return
        self._seen[key] = contact.at
        earlier = self._news.get(key)
        self._news[key] = contact if earlier is None else contact.over(earlier)
        while len(self._news) > MAX_WAITING:
            self._news.popitem(last=False)
        if self._away:
            return
        written: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiters.append(written)
        self._wake.set()
        # A database that is frozen must not hold up a collector: its news is kept, and written when it can be.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                await written

    def seen_again(self, key: Key) -> bool:
        """A collector called and said nothing new; False when it is not known well enough to be sure of that."""
        known = self._known.get(key)
        if known is None:
            return False
        known.seen(self._clock.monotonic())
        self._seen[key] = self._clock.now()
        return True

    def waiting_attributes(self, key: Key) -> Mapping[str, str] | None:
        """The attributes that the collector reported and that are not in the database yet; None when there are none."""
        contact = self._news.get(key)
        return contact.local_attributes if contact is not None else None

    def has_attributes(self, key: Key) -> bool:
        """Whether the collector is known to have reported attributes."""
        known = self._known.get(key)
        return known is not None and known.attributes not in (None, _digest({}))

    def forget(self, key: Key) -> None:
        """Somebody else changed this collector's entry: what it says next is news."""
        self._known.pop(key, None)

    async def run(self) -> None:
        """Write what was taken, for ever; ends after `close`, when everything that can be written is."""
        while not self._closing:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._flush_every):
                    await self._wake.wait()
            self._wake.clear()
            if not await self._flush():
                await asyncio.sleep(min(_RETRY, self._flush_every))
        await self._flush()

    def close(self) -> None:
        """Let `run` write what it has and end."""
        self._closing = True
        self._wake.set()

    def _is_news(self, key: Key, contact: Contact) -> bool:
        known = self._known.get(key)
        if known is None or contact.goodbye or key in self._news:
            return True
        return bool(
            (contact.local_attributes is not None and _digest(contact.local_attributes) != known.attributes)
            or (contact.name and contact.name != known.name)
            or (contact.served is not None and contact.served.hash != known.served)
            or (contact.report is not None and contact.report != known.report)
            or (contact.effective is not None and hash(contact.effective.text) != known.effective)
        )

    async def _flush(self) -> bool:
        """Write everything that waits; False when the database is away."""
        waiters, self._waiters = self._waiters, []
        try:
            while self._news:
                await self._write_news(dict(list(self._news.items())[:BATCH]))
            await self._write_seen()
        except Unavailable:
            self._away = True
        else:
            self._away = False
        finally:
            for waiter in waiters:
                if not waiter.done():
                    waiter.set_result(None)
        return not self._away

    async def _write_news(self, batch: dict[Key, Contact]) -> None:
        try:
            await self._database.transaction(partial(write_contacts, batch=batch, intervals=self._intervals(batch)))
        except Unavailable:
            raise
        except Exception:  # noqa: BLE001 - the worker loop: one collector must not stop what all others say
            if len(batch) > 1:
                for key, contact in batch.items():
                    await self._write_news({key: contact})
                return
            # What this collector says can never be stored; the others must not wait for it.
            _log.exception(
                "what a collector said could not be stored and was dropped", extra={"collector": next(iter(batch))}
            )
        for key, contact in batch.items():
            if self._news.get(key) is contact:
                del self._news[key]
            self._seen.pop(key, None)
            self._remember(key, contact)

    async def _write_seen(self) -> None:
        seen, self._seen = self._seen, {}
        rows = [_seen_row(key, at, interval) for (key, at), interval in zip(
            seen.items(), self._intervals(seen).values(), strict=True
        )]  # fmt: skip
        rows.sort(key=lambda row: (row["tenant_id"], row["collector_id"]))
        for start in range(0, len(rows), BATCH):
            chunk = rows[start : start + BATCH]
            try:
                gone = await self._database.transaction(partial(_write_seen, rows=chunk))
            except Unavailable:
                for row in rows[start:]:
                    self._seen.setdefault((row["tenant_id"], row["collector_id"]), row["last_seen_at"])
                raise
            for key in gone:
                self.forget(key)

    def _intervals(self, keys: Iterable[Key]) -> dict[Key, float | None]:
        return {key: known.interval or None if (known := self._known.get(key)) else None for key in keys}

    def _remember(self, key: Key, contact: Contact) -> None:
        if contact.goodbye:
            self.forget(key)
            return
        known = self._known.get(key) or _Known()
        attributes = contact.known_attributes if contact.local_attributes is None else contact.local_attributes
        if attributes is not None:
            known.attributes = _digest(attributes)
        known.name = contact.name or known.name
        known.report = contact.report or known.report
        known.served = contact.served.hash if contact.served else known.served
        known.effective = hash(contact.effective.text) if contact.effective else known.effective
        known.seen(self._clock.monotonic())
        self._known[key] = known
        self._known.move_to_end(key)
        while len(self._known) > MAX_KNOWN:
            self._known.popitem(last=False)


def _digest(attributes: Mapping[str, str]) -> int:
    return hash(tuple(sorted(attributes.items())))


def write_contacts(
    connection: Connection, *, batch: Mapping[Key, Contact], intervals: Mapping[Key, float | None]
) -> None:
    """Write what collectors said, with its events, in one transaction."""
    for tenant_id in sorted({tenant for tenant, _ in batch}):
        said = {
            collector_id: contact for (tenant, collector_id), contact in sorted(batch.items()) if tenant == tenant_id
        }
        present = store.find_many(connection, tenant_id, said, lock=True)
        said = {i: contact for i, contact in said.items() if i in present or not contact.is_mere_goodbye()}
        for collector_id, contact in said.items():
            _write_inventory(connection, tenant_id, collector_id, contact, present.get(collector_id))
        _write_words(connection, tenant_id, said, intervals)


def _write_inventory(
    connection: Connection, tenant_id: str, collector_id: str, contact: Contact, current: Collector | None
) -> None:
    if current is None:
        current = _newcomer(collector_id, contact)
        if store.add(connection, tenant_id, current):
            collector_changed(
                connection,
                tenant_id,
                "registered",
                collector_id,
                actor=contact.actor,
                at=contact.at,
                payload={"name": current.name},
            )
        else:
            current = store.get(connection, tenant_id, collector_id)
    updated = _updated(current, contact)
    if updated != current:
        store.update(connection, tenant_id, updated)
    if contact.goodbye and current.marked_inactive_at is None:
        collector_changed(
            connection, tenant_id, "unregistered", collector_id, actor=contact.actor, at=contact.at, payload={}
        )


def _newcomer(collector_id: str, contact: Contact) -> Collector:
    return Collector(
        id=collector_id,
        name=contact.name or "",
        local_attributes=contact.local_attributes or {},
        remote_attributes={},
        enabled=True,
        collector_type=CollectorType.ALLOY,
        created_by_api=False,
        created_at=contact.at,
        updated_at=contact.at,
    )


def _updated(current: Collector, contact: Contact) -> Collector:
    attributes = current.local_attributes if contact.local_attributes is None else contact.local_attributes
    name = contact.name or current.name
    gone_at = _gone_at(current, contact)
    if dict(attributes) == dict(current.local_attributes) and name == current.name:
        return replace(current, marked_inactive_at=gone_at)
    return replace(current, local_attributes=attributes, name=name, marked_inactive_at=gone_at, updated_at=contact.at)


def _gone_at(current: Collector, contact: Contact) -> datetime | None:
    if contact.goodbye:
        return current.marked_inactive_at or contact.at
    # What it said before it said goodbye may arrive after that, from another replica.
    is_older = current.marked_inactive_at is not None and contact.at < current.marked_inactive_at
    return current.marked_inactive_at if is_older else None


def _write_words(
    connection: Connection, tenant_id: str, said: Mapping[str, Contact], intervals: Mapping[Key, float | None]
) -> None:
    def key(collector_id: str) -> dict[str, Any]:
        return {"tenant_id": tenant_id, "collector_id": collector_id}

    store.save_contacts(
        connection,
        [_seen_row((tenant_id, i), contact.at, intervals.get((tenant_id, i))) for i, contact in said.items()],
    )
    store.save_contacts(
        connection,
        [
            {**key(i), "served_hash": contact.served.hash, "served_fnv1": contact.served.fnv1, "served_at": contact.at}
            for i, contact in said.items()
            if contact.served is not None
        ],
    )
    store.save_contacts(
        connection,
        [
            {**key(i), "effective_sha256": blobs.put(connection, tenant_id, contact.effective.text),
             "effective_content_type": contact.effective.content_type, "effective_at": contact.at}
            for i, contact in said.items()
            if contact.effective is not None
        ],
    )  # fmt: skip
    _write_reports(connection, tenant_id, {i: contact for i, contact in said.items() if contact.report is not None})


def _write_reports(connection: Connection, tenant_id: str, said: Mapping[str, Contact]) -> None:
    before = {status.collector_id: status for status in store.statuses(connection, tenant_id, list(said))}
    rows = []
    for collector_id, contact in said.items():
        assert contact.report is not None  # noqa: S101 - for the type checker
        status, error_message = contact.report.status, contact.report.error_message
        rows.append(
            {
                "tenant_id": tenant_id,
                "collector_id": collector_id,
                "status": int(status),
                "error_message": error_message,
                "reported_at": contact.at,
            }
        )
        if (status, error_message) != (before[collector_id].status, before[collector_id].error_message):
            payload = {"status": status.name, "error_message": error_message}
            collector_changed(
                connection,
                tenant_id,
                "status_changed",
                collector_id,
                actor=contact.actor,
                at=contact.at,
                payload=payload,
            )
    store.save_contacts(connection, rows)


def _write_seen(connection: Connection, *, rows: list[dict[str, Any]]) -> list[Key]:
    """Returns those who are in the inventory no more: deleted meanwhile, maybe by another replica."""
    gone: list[Key] = []
    for tenant_id in sorted({row["tenant_id"] for row in rows}):
        own = [row for row in rows if row["tenant_id"] == tenant_id]
        present = store.existing(connection, tenant_id, [row["collector_id"] for row in own])
        store.save_contacts(connection, [row for row in own if row["collector_id"] in present])
        store.clear_inactive(connection, tenant_id, present)
        gone.extend((tenant_id, row["collector_id"]) for row in own if row["collector_id"] not in present)
    return gone


def _seen_row(key: Key, at: datetime, interval: float | None) -> dict[str, Any]:
    return {"tenant_id": key[0], "collector_id": key[1], "last_seen_at": at, "poll_interval": interval}
