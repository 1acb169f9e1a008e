"""What a collector calls for itself: register, poll, unregister. The hot path of the whole server.

An unchanged poll costs one composition look-up and no database; the same bytes sent again cost even less, because the
wire may answer them again by itself as long as `still` says so.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace

from quarterdeck.clock import Clock
from quarterdeck.database import Database
from quarterdeck.errors import FieldViolation, Invalid, Reason, Unavailable
from quarterdeck.fleet.attributes import AttributeLimits, accept_local_attributes
from quarterdeck.fleet.collector import ConfigStatus
from quarterdeck.fleet.composition import Composer, Composition
from quarterdeck.fleet.contacts import MAX_ERROR_CHARACTERS, Contact, Contacts, Effective, Key, Report, Served
from quarterdeck.fleet.snapshot import FleetSnapshots, TenantFleet
from quarterdeck.fleet.store import collectors as store
from quarterdeck.gen.collector.v1.collector_pb2 import (
    EffectiveConfig,
    GetConfigRequest,
    GetConfigResponse,
    RegisterCollectorRequest,
)
from quarterdeck.identity.call import CallContext

MAX_ID_BYTES = 1000
"""Of UTF-8. Ids are keys, and PostgreSQL's index entries are bounded in bytes."""
PATIENCE = 1.0
"""Seconds that a poll waits for the attributes that it did not bring."""


class Polls:
    """Answers collectors."""

    def __init__(
        self,
        database: Database,
        snapshots: FleetSnapshots,
        contacts: Contacts,
        composer: Composer,
        clock: Clock,
        limits: AttributeLimits,
    ) -> None:
        self._database = database
        self._snapshots = snapshots
        self._contacts = contacts
        self._composer = composer
        self._clock = clock
        self._limits = limits

    async def answer(self, request: GetConfigRequest, call: CallContext) -> GetConfigResponse:
        """The collector's configuration, or `not_modified` when it says that it has it."""
        check_collector_id(request.id, "id")
        key = (call.tenant_id, request.id)
        fleet = await self._snapshots.current(call.tenant_id)
        said = request.local_attributes or request.attributes
        attributes = accept_local_attributes(said, self._limits).attributes if said else None
        known = await self._known_attributes(key) if attributes is None else None
        local = attributes or known or {}
        composition = self._composer.compose(call.tenant_id, fleet, request.id, local)
        unchanged = bool(request.hash) and request.hash == composition.hash
        contact = replace(self._contact(request, call, attributes, composition), known_attributes=known)
        await self._contacts.take(key, contact)
        if unchanged:
            self._let_repeat(request, call, key, fleet)
            return GetConfigResponse(hash=composition.hash, not_modified=True)
        return GetConfigResponse(content=composition.content, hash=composition.hash)

    async def register(self, request: RegisterCollectorRequest, call: CallContext) -> None:
        """Make a collector known. Whatever it says about itself is accepted, cut to size."""
        check_collector_id(request.id, "id")
        said = request.local_attributes or request.attributes
        contact = Contact(
            at=self._clock.now(),
            actor=f"collector:{request.id}",
            local_attributes=accept_local_attributes(said, self._limits).attributes,
            name=storable(request.name)[: self._limits.max_value],
        )
        await self._contacts.take((call.tenant_id, request.id), contact)

    async def unregister(self, collector_id: str, call: CallContext) -> None:
        """A collector shuts down; one that is not known is ignored."""
        check_collector_id(collector_id, "id")
        contact = Contact(at=self._clock.now(), actor=f"collector:{collector_id}", goodbye=True)
        await self._contacts.take((call.tenant_id, collector_id), contact)

    def _contact(
        self,
        request: GetConfigRequest,
        call: CallContext,  # noqa: ARG002 - who polls is the collector, whatever token it uses
        attributes: Mapping[str, str] | None,
        composition: Composition,
    ) -> Contact:
        return Contact(
            at=self._clock.now(),
            actor=f"collector:{request.id}",
            local_attributes=attributes,
            report=_report(request) if request.HasField("remote_config_status") else None,
            effective=_effective(request.effective_config) if request.HasField("effective_config") else None,
            served=Served(composition.hash, composition.fnv1),
        )

    async def _known_attributes(self, key: Key) -> Mapping[str, str] | None:
        """What the collector reported earlier, for a request that brings no attributes.

        With the database away it is what the collector said since, or None when it is not known to have any. Raises
        Unavailable when it has some: a configuration for other attributes would be worse than the one that it runs.
        """
        tenant_id, collector_id = key
        waiting = self._contacts.waiting_attributes(key)
        if waiting is not None:
            return waiting
        try:
            async with asyncio.timeout(PATIENCE):
                collector = await self._database.read(lambda c: store.find(c, tenant_id, collector_id))
        except (Unavailable, TimeoutError) as error:
            if self._contacts.has_attributes(key):
                raise Unavailable(
                    Reason.DATABASE_UNAVAILABLE, "the collector's attributes cannot be read; send them with the poll"
                ) from error
            return None
        return collector.local_attributes if collector is not None else {}

    def _let_repeat(self, request: GetConfigRequest, call: CallContext, key: Key, fleet: TenantFleet) -> None:
        if request.HasField("remote_config_status") or request.HasField("effective_config"):
            return
        if not (request.local_attributes or request.attributes):
            return
        call.repeatable(_still(self._snapshots, self._contacts, key, fleet))


def _still(snapshots: FleetSnapshots, contacts: Contacts, key: Key, fleet: TenantFleet) -> Callable[[], bool]:
    def still() -> bool:
        return snapshots.peek(key[0]) is fleet and contacts.seen_again(key)

    return still


def check_collector_id(collector_id: str, field: str) -> None:
    """Raises Invalid for an id that cannot be kept. Nothing else about an id is our business."""
    if not collector_id.strip():
        why = "is required"
    elif (size := len(collector_id.encode("utf-8", "replace"))) > MAX_ID_BYTES:
        why = f"has {size} bytes, at most {MAX_ID_BYTES} are accepted"
    elif "\x00" in collector_id:
        why = "contains a NUL character"
    else:
        return
    raise Invalid(Reason.FIELD_INVALID, f"{field}: {why}", violations=(FieldViolation(field, why),))


def storable(text: str) -> str:
    """The text without what a database cannot keep."""
    return text.replace("\x00", "\ufffd")


def _report(request: GetConfigRequest) -> Report:
    message = request.remote_config_status
    number = int(message.status)
    status = ConfigStatus(number) if number in ConfigStatus.__members__.values() else ConfigStatus.UNSET
    return Report(status, storable(message.error_message)[:MAX_ERROR_CHARACTERS])


def _effective(message: EffectiveConfig) -> Effective | None:
    """Alloy sends one file with an empty name; of several the first by name is kept."""
    files = message.config_map.config_map
    if not files:
        return None
    file = files[min(files)]
    return Effective(storable(file.body.decode("utf-8", "replace")), storable(file.content_type)[:200])
