"""`Identity`: from the credentials of a request to the caller."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import Final

from sqlalchemy import Connection

from quarterdeck.clock import Clock
from quarterdeck.database import Database
from quarterdeck.errors import Reason, Unauthenticated, Unavailable
from quarterdeck.identity import store
from quarterdeck.identity.call import Caller
from quarterdeck.identity.caller_cache import CallerCache
from quarterdeck.identity.credentials import presented_token
from quarterdeck.identity.last_used import LastUsed
from quarterdeck.identity.records import KnownToken
from quarterdeck.identity.tokens import token_hash

_CHECK_EVERY: Final = 1.0
_CHECK_WITHIN: Final = 2.0
"""Seconds for a look at the database; one that takes longer counts as away. With the pause, well below FRESH."""
_FLUSH_EVERY: Final = 10.0


class Identity:
    """Knows who is calling. Callers seen before cost no database access; see `caller_cache` for how long.

    `start` watches for revocations and writes last-used times; without it a caller is read again after some seconds.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._callers = CallerCache()
        self._last_used = LastUsed(database)
        self._away = False
        self._lookups: dict[bytes, asyncio.Task[KnownToken | None]] = {}
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Starts the background work; `close` ends it."""
        self._tasks = [
            asyncio.create_task(self._watch(), name="identity changes"),
            asyncio.create_task(self._flush_regularly(), name="token last used"),
        ]

    async def close(self) -> None:
        """Stops the background work and writes the last-used times that are left. Close it before the database."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        await self._last_used.flush()

    async def authenticate(self, authorization: str | None, api_key: str | None = None) -> Caller:
        """The caller that an `Authorization` (Bearer; Basic with the token as password) or `X-API-Key` header presents.

        Raises `Unauthenticated`: CREDENTIALS_MISSING without either, CREDENTIALS_INVALID for malformed ones, and with
        one and the same sentence for unknown, expired, revoked and disabled ones. Raises `Unavailable` for a token that
        this replica has not seen while the database is away; those that it has seen keep working for an hour.
        """
        sha256 = token_hash(presented_token(authorization, api_key))
        known = self._cached(sha256)
        if known is None and not self._callers.is_unknown(sha256, self._clock.monotonic()):
            known = await self._look_up_or_trust(sha256)
        return self._admit(known)

    def known_caller(self, authorization: str | None, api_key: str | None = None) -> Caller | None:
        """`authenticate` without waiting: None when only `authenticate` can tell. For the hot path."""
        try:
            known = self._cached(token_hash(presented_token(authorization, api_key)))
        except Unauthenticated:
            return None
        if known is None or not known.works_at(self._clock.now()):
            return None
        return self._admit(known)

    async def caller_of(self, tenant_id: str, token_id: str) -> Caller:
        """The caller whose token has this id, as the database has it now. Raises as `authenticate` does."""
        found = partial(store.find_known_by_id, tenant_id=tenant_id, token_id=token_id)
        return self._admit(await self._database.read(found))

    def forget_account(self, account_id: str, version: int) -> None:
        """This account or a token of it has just been changed on this replica: take effect at once."""
        self._callers.forget_account(account_id, version=version)

    async def check_changes(self) -> None:
        """One look at what changed in the database; `start` does it every second and at every hint."""
        at = self._clock.monotonic()
        try:
            async with asyncio.timeout(_CHECK_WITHIN):
                await self._check(at)
        except (Unavailable, TimeoutError):
            self._away = True
        else:
            self._away = False

    async def flush_last_used(self) -> None:
        """Writes the gathered last-used times; `start` does it every ten seconds."""
        await self._last_used.flush()

    def _cached(self, sha256: bytes) -> KnownToken | None:
        now = self._clock.monotonic()
        return self._callers.find_graced(sha256, now) if self._away else self._callers.find_fresh(sha256, now)

    def _admit(self, known: KnownToken | None) -> Caller:
        now = self._clock.now()
        if known is None or not known.works_at(now):
            message = "the token is not valid: it is unknown, expired or revoked; create a new one"
            raise Unauthenticated(Reason.CREDENTIALS_INVALID, message)
        self._last_used.note(known.caller.tenant_id, known.caller.token_id, now)
        return known.caller

    async def _look_up_or_trust(self, sha256: bytes) -> KnownToken | None:
        try:
            return await self._look_up_once(sha256)
        except Unavailable:
            trusted = self._callers.find_graced(sha256, self._clock.monotonic())
            if trusted is None:
                raise
            return trusted

    async def _look_up_once(self, sha256: bytes) -> KnownToken | None:
        """A thousand requests with one new token cause one read."""
        lookup = self._lookups.get(sha256)
        if lookup is None:
            lookup = self._lookups[sha256] = asyncio.create_task(self._look_up(sha256))
            lookup.add_done_callback(lambda _task: self._lookups.pop(sha256, None))
        return await asyncio.shield(lookup)

    async def _look_up(self, sha256: bytes) -> KnownToken | None:
        read_at = self._clock.monotonic()
        version, found = await self._database.read(partial(_versioned, hashes=(sha256,)))
        known = found.get(sha256)
        self._callers.put(sha256, known, version=version, read_at=read_at)
        return known

    async def _check(self, at: float) -> None:
        version, _ = await self._database.read(partial(_versioned, hashes=()))
        found: dict[bytes, KnownToken] = {}
        outdated = self._callers.outdated(version)
        if outdated:
            version, found = await self._database.read(partial(_versioned, hashes=outdated))
        self._callers.confirm(outdated, found, version=version, at=at)

    async def _watch(self) -> None:
        with self._database.subscribe(store.TOPIC) as hints:
            while True:
                await self.check_changes()
                await hints.wait(_CHECK_EVERY)

    async def _flush_regularly(self) -> None:
        while True:
            await asyncio.sleep(_FLUSH_EVERY)
            await self._last_used.flush()


def _versioned(connection: Connection, *, hashes: Sequence[bytes]) -> tuple[int, dict[bytes, KnownToken]]:
    return store.version(connection), store.find_known(connection, hashes)
