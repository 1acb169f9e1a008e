"""What polls are answered from: the fleet in memory, replaced when it changes.

A `TenantFleet` never changes. A change committed here, or heard of through the event log, makes it stale; the next
poll reloads it, and whoever polls meanwhile waits for the same reload. With the database away the stale one goes on
answering.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from quarterdeck.clock import Clock
from quarterdeck.database import Connection, Database
from quarterdeck.errors import Invalid, Unavailable
from quarterdeck.events import EventLog, Position
from quarterdeck.fleet.assembly import CompiledPipeline, compile_pipeline
from quarterdeck.fleet.collector import NO_CUSTOMISATION, Customisation
from quarterdeck.fleet.matcher_index import MatcherIndex
from quarterdeck.fleet.matchers import parse_matchers
from quarterdeck.fleet.store import collectors as collector_store
from quarterdeck.fleet.store import pipelines as pipeline_store
from quarterdeck.fleet.store.pipelines import PipelineHead

PATIENCE = 2.0
"""Seconds that a poll waits for a reload before it is answered from what was known before."""

_log = logging.getLogger(__name__)

STREAMS = ("pipeline:", "collector:")
"""The event streams that belong to the fleet."""

# Kinds that change what a collector gets. What collectors themselves say (registered, status_changed, …) does not.
_COLLECTOR_KINDS = frozenset({"collector.created", "collector.updated", "collector.deleted"})


@dataclass(frozen=True, slots=True)
class ServedPipeline:
    """An enabled Alloy pipeline, ready for assembly."""

    head: PipelineHead
    compiled: CompiledPipeline


@dataclass(frozen=True, slots=True, eq=False)
class TenantFleet:
    """One tenant's pipelines and customised collectors. Compared by identity: another object is another state."""

    pipelines: tuple[ServedPipeline, ...]
    index: MatcherIndex[ServedPipeline]
    customisations: Mapping[str, Customisation]
    loaded_at: float
    """Monotonic seconds."""

    def customisation(self, collector_id: str) -> Customisation:
        return self.customisations.get(collector_id, NO_CUSTOMISATION)


@dataclass(slots=True)
class _Slot:
    fleet: TenantFleet | None = None
    version: int = 1
    """Moves with every change that is known of."""
    loaded: int = 0
    """The version that `fleet` was read at, or after."""
    loading: asyncio.Task[None] | None = None


class FleetSnapshots:
    """The tenants' fleets, kept up to date from the event log."""

    def __init__(
        self,
        database: Database,
        events: EventLog,
        clock: Clock,
        *,
        on_deleted: Callable[[str, str], None] = lambda _tenant_id, _collector_id: None,
    ) -> None:
        """`on_deleted` is told of every collector that was deleted, on whatever replica."""
        self._database = database
        self._events = events
        self._clock = clock
        self._on_deleted = on_deleted
        self._slots: dict[str, _Slot] = {}

    async def run(self) -> None:
        """Listen for changes for ever. Everything loaded before the first event is read again once."""
        after = await self._first_position()
        for slot in self._slots.values():
            slot.version += 1
        async for event in self._events.follow(tenant_id=None, stream_prefixes=STREAMS, after=after):
            if event.stream.startswith("pipeline:") or event.kind in _COLLECTOR_KINDS:
                self.changed(event.tenant_id)
            if event.kind == "collector.deleted":
                self._on_deleted(event.tenant_id, event.references["collector"])

    async def _first_position(self) -> Position:
        while True:
            try:
                return await self._events.head()
            except Unavailable:
                await asyncio.sleep(1)

    def changed(self, tenant_id: str) -> None:
        """The tenant's fleet is not what was loaded any more."""
        slot = self._slots.get(tenant_id)
        if slot is not None:
            slot.version += 1

    def oldest_age(self) -> float:
        """Seconds since the fleet that is out of date for longest was found current; 0.0 when none is out of date."""
        now = self._clock.monotonic()
        return max(
            (now - slot.fleet.loaded_at for slot in self._slots.values() if slot.fleet and slot.loaded < slot.version),
            default=0.0,
        )

    def peek(self, tenant_id: str) -> TenantFleet | None:
        """The fleet if it is loaded and nothing is known to have changed."""
        slot = self._slots.get(tenant_id)
        return slot.fleet if slot is not None and slot.loaded == slot.version else None

    async def current(self, tenant_id: str) -> TenantFleet:
        """The fleet with every change that was committed here before this call; or as it was last known, when the
        database does not answer in time. Raises Unavailable if it never was known."""
        slot = self._slots.setdefault(tenant_id, _Slot())
        wanted = slot.version
        try:
            async with asyncio.timeout(PATIENCE if slot.fleet is not None else None):
                while slot.loaded < wanted:
                    await asyncio.shield(self._loading(tenant_id, slot))
        except (Unavailable, TimeoutError):
            if slot.fleet is None:
                raise
        assert slot.fleet is not None  # noqa: S101 - loaded, or raised
        return slot.fleet

    def _loading(self, tenant_id: str, slot: _Slot) -> asyncio.Task[None]:
        """The load under way, or a new one: everybody who waits shares it."""
        if slot.loading is None or slot.loading.done():
            slot.loading = asyncio.create_task(self._load(tenant_id, slot, slot.version))
            slot.loading.add_done_callback(_retrieved)
        return slot.loading

    async def _load(self, tenant_id: str, slot: _Slot, version: int) -> None:
        known = {} if slot.fleet is None else {_key(item.head): item.compiled for item in slot.fleet.pipelines}
        heads, texts, customised = await self._database.read(partial(_read, tenant_id=tenant_id, known=known))
        # Parsing a fleet takes seconds when it is large, and polls go on meanwhile.
        served = await asyncio.to_thread(_serve, heads, texts, known)
        index = MatcherIndex((item, parse_matchers(item.head.matchers, limit=None)) for item in served)
        slot.fleet = TenantFleet(tuple(served), index, customised, self._clock.monotonic())
        slot.loaded = version


def _retrieved(task: asyncio.Task[None]) -> None:
    # Whoever waited may have run out of patience: the error is theirs no more, and must not be logged as unseen.
    if not task.cancelled():
        task.exception()


_Key = tuple[str, str, str]


def _key(head: PipelineHead) -> _Key:
    return head.ident, head.name, head.contents_sha256


def _read(
    connection: Connection, *, tenant_id: str, known: Mapping[_Key, CompiledPipeline]
) -> tuple[list[PipelineHead], dict[str, str], dict[str, Customisation]]:
    heads = pipeline_store.list_served(connection, tenant_id)
    missing = {head.contents_sha256 for head in heads if _key(head) not in known}
    texts = pipeline_store.texts_by_sha256(connection, tenant_id, missing)
    return heads, texts, collector_store.customisations(connection, tenant_id)


def _serve(
    heads: list[PipelineHead], texts: Mapping[str, str], known: Mapping[_Key, CompiledPipeline]
) -> list[ServedPipeline]:
    served = []
    for head in heads:
        try:
            compiled = known.get(_key(head)) or compile_pipeline(
                ident=head.ident, name=head.name, contents=texts[head.contents_sha256]
            )
        except Invalid as error:
            # Stored by a version that read more than this one does: the others must be served nevertheless.
            _log.error("a stored pipeline cannot be served: %s", error.message)
            continue
        served.append(ServedPipeline(head, compiled))
    return served
