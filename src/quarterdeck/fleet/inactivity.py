"""Collectors that stopped calling: marked after a while, forgotten (by setting) after a long one."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from quarterdeck.clock import Clock
from quarterdeck.database import Connection, Database
from quarterdeck.errors import DomainError
from quarterdeck.fleet.changes import collector_changed
from quarterdeck.fleet.contacts import Contacts
from quarterdeck.fleet.store import collectors as store

_log = logging.getLogger(__name__)

_ACTOR = "system:inactivity"


@dataclass(frozen=True, slots=True)
class InactivityRules:
    """When a collector counts as gone: after three of its own poll intervals, but not before `least` seconds.

    Nor before this server has run for `grace` seconds and for three of those intervals: after an outage everybody is
    silent for as long as the outage was, and nobody is gone.

    One that is gone for `purge_after_days` is forgotten; 0 keeps all. Never forgotten: what was given remote attributes
    or was created by API.
    """

    least: float = 3600.0
    polls: float = 3.0
    grace: float = 300.0
    purge_after_days: float = 0.0

    def is_gone(self, last_seen_at: datetime, poll_interval: float | None, now: datetime, uptime: float) -> bool:
        intervals = self.polls * (poll_interval or 0.0)
        silent_for = now - last_seen_at
        return silent_for >= timedelta(seconds=max(intervals, self.least)) and uptime >= max(intervals, self.grace)


class Inactivity:
    """Looks for collectors that are gone, now and then. Safe to run on every replica."""

    def __init__(
        self,
        database: Database,
        contacts: Contacts,
        clock: Clock,
        rules: InactivityRules,
        *,
        every: float = 30.0,
        running_since: float | None = None,
    ) -> None:
        self._database = database
        self._contacts = contacts
        self._clock = clock
        self._rules = rules
        self._every = every
        self._running_since = clock.monotonic() if running_since is None else running_since

    async def run(self) -> None:
        """For ever."""
        while True:
            await asyncio.sleep(self._every)
            try:
                await self.sweep()
            except DomainError as error:
                _log.warning("looking for inactive collectors failed: %s", error.message)

    async def sweep(self) -> None:
        """Mark and forget, once."""
        now = self._clock.now()
        changed = await self._database.transaction(lambda connection: self._mark(connection, now))
        if self._rules.purge_after_days:
            changed += await self._database.transaction(lambda connection: self._purge(connection, now))
        for key in changed:
            self._contacts.forget(key)

    def _mark(self, connection: Connection, now: datetime) -> list[tuple[str, str]]:
        marked = []
        uptime = self._clock.monotonic() - self._running_since
        silent = store.list_silent(connection, now - timedelta(seconds=self._rules.least))
        for tenant_id, collector_id, last_seen_at, poll_interval in sorted(silent, key=lambda row: row[:2]):
            if not self._rules.is_gone(last_seen_at, poll_interval, now, uptime):
                continue
            if store.mark_inactive(connection, tenant_id, collector_id, now):
                collector_changed(connection, tenant_id, "inactive", collector_id, actor=_ACTOR, at=now)
                marked.append((tenant_id, collector_id))
        return marked

    def _purge(self, connection: Connection, now: datetime) -> list[tuple[str, str]]:
        gone = store.list_purgeable(connection, now - timedelta(days=self._rules.purge_after_days))
        for tenant_id, collector_id in sorted(gone):
            store.delete(connection, tenant_id, [collector_id])
            collector_changed(connection, tenant_id, "deleted", collector_id, actor=_ACTOR, at=now)
        return gone
