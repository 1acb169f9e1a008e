"""collector.v1.CollectorService: the half that people manage, and the half that a collector calls for itself."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from quarterdeck.clock import Clock
from quarterdeck.database import Connection, Database
from quarterdeck.errors import Conflict, Forbidden, NotFound, Reason
from quarterdeck.fleet import convert
from quarterdeck.fleet.attribute_operations import AttributeOperation, apply_operations
from quarterdeck.fleet.attributes import (
    AttributeLimits,
    accept_remote_attributes,
    effective_attributes,
    visible_local_attributes,
)
from quarterdeck.fleet.changes import collector_changed
from quarterdeck.fleet.collector import Collector, CollectorType
from quarterdeck.fleet.contacts import Contacts
from quarterdeck.fleet.matchers import match_all, parse_matchers
from quarterdeck.fleet.polls import Polls, check_collector_id
from quarterdeck.fleet.snapshot import FleetSnapshots
from quarterdeck.fleet.store import collectors as store
from quarterdeck.gen.collector.v1.collector_pb2 import (
    Attributes,
    BulkDeleteCollectorsRequest,
    BulkDeleteCollectorsResponse,
    BulkUpdateCollectorsRequest,
    BulkUpdateCollectorsResponse,
    Collectors,
    CreateCollectorRequest,
    DeleteCollectorRequest,
    DeleteCollectorResponse,
    GetCollectorRequest,
    GetConfigRequest,
    GetConfigResponse,
    ListCollectorAttributesRequest,
    ListCollectorAttributesResponse,
    ListCollectorsRequest,
    RegisterCollectorRequest,
    RegisterCollectorResponse,
    UnregisterCollectorRequest,
    UnregisterCollectorResponse,
    UpdateCollectorRequest,
    Value,
)
from quarterdeck.gen.collector.v1.collector_pb2 import Collector as CollectorMessage
from quarterdeck.identity.call import CallContext

_log = logging.getLogger(__name__)

T = TypeVar("T")


class CollectorService:
    """The inventory of collectors, and the door that collectors knock on."""

    def __init__(
        self,
        database: Database,
        snapshots: FleetSnapshots,
        contacts: Contacts,
        polls: Polls,
        clock: Clock,
        limits: AttributeLimits,
    ) -> None:
        self._database = database
        self._snapshots = snapshots
        self._contacts = contacts
        self._polls = polls
        self._clock = clock
        self._limits = limits

    async def get_collector(self, request: GetCollectorRequest, call: CallContext) -> CollectorMessage:
        return convert.from_collector(await self._database.read(lambda c: store.get(c, call.tenant_id, request.id)))

    async def list_collectors(self, request: ListCollectorsRequest, call: CallContext) -> Collectors:
        matchers = parse_matchers(request.matchers)
        collectors = await self._database.read(lambda c: store.list_all(c, call.tenant_id))
        return Collectors(
            collectors=[
                convert.from_collector(collector)
                for collector in collectors
                if match_all(matchers, _attributes_of(collector))
            ]
        )

    async def create_collector(self, request: CreateCollectorRequest, call: CallContext) -> CollectorMessage:
        message = request.collector
        check_collector_id(message.id, "collector.id")
        if int(message.collector_type) == CollectorType.OTEL and not _is_uuid(message.id):
            _log.warning(
                "the id of an OpenTelemetry collector should be a UUID, its OpAMP instance uid: %r", message.id
            )
        now = self._clock.now()
        collector = Collector(
            id=message.id,
            name=message.name,
            local_attributes={},
            remote_attributes=self._remote_attributes(message),
            enabled=message.enabled if message.HasField("enabled") else True,
            collector_type=int(message.collector_type),
            created_by_api=True,
            created_at=now,
            updated_at=now,
        )

        def create(connection: Connection) -> Collector:
            if not store.add(connection, call.tenant_id, collector):
                raise Conflict(
                    Reason.COLLECTOR_EXISTS,
                    f"a collector with the id {message.id[:200]!r} exists already; use UpdateCollector",
                )
            self._announce(connection, call, "created", message.id, now)
            return collector

        return convert.from_collector(await self._change(call, [message.id], create))

    async def update_collector(self, request: UpdateCollectorRequest, call: CallContext) -> CollectorMessage:
        message = request.collector
        check_collector_id(message.id, "collector.id")
        remote = self._remote_attributes(message)
        now = self._clock.now()

        def update(connection: Connection) -> Collector:
            current = _require(store.find_many(connection, call.tenant_id, [message.id], lock=True), [message.id])
            wanted = replace(
                current[message.id],
                name=message.name or current[message.id].name,
                remote_attributes=remote,
                enabled=message.enabled if message.HasField("enabled") else True,
                collector_type=int(message.collector_type),
            )
            return self._store(connection, call, current[message.id], wanted, now)

        return convert.from_collector(await self._change(call, [message.id], update))

    async def bulk_update_collectors(
        self, request: BulkUpdateCollectorsRequest, call: CallContext
    ) -> BulkUpdateCollectorsResponse:
        operations = [convert.to_operation(message) for message in request.ops]
        ids = sorted(set(request.ids))
        now = self._clock.now()

        def update(connection: Connection) -> None:
            found = _require(store.find_many(connection, call.tenant_id, ids, lock=True), ids)
            for collector in found.values():
                wanted = self._operated(collector, operations)
                self._store(connection, call, collector, wanted, now)

        await self._change(call, ids, update)
        return BulkUpdateCollectorsResponse()

    async def delete_collector(self, request: DeleteCollectorRequest, call: CallContext) -> DeleteCollectorResponse:
        await self._delete([request.id], call)
        return DeleteCollectorResponse()

    async def bulk_delete_collectors(
        self, request: BulkDeleteCollectorsRequest, call: CallContext
    ) -> BulkDeleteCollectorsResponse:
        await self._delete(sorted(set(request.ids)), call)
        return BulkDeleteCollectorsResponse()

    async def list_collector_attributes(
        self, _request: ListCollectorAttributesRequest, call: CallContext
    ) -> ListCollectorAttributesResponse:
        collectors = await self._database.read(lambda c: store.list_all(c, call.tenant_id))
        local = _values_by_key(visible_local_attributes(c.id, c.local_attributes) for c in collectors)
        remote = _values_by_key(collector.remote_attributes for collector in collectors)
        return ListCollectorAttributesResponse(
            attributes=local, local_attributes=local, attribute_overrides=remote, remote_attributes=remote
        )

    async def get_config(self, request: GetConfigRequest, call: CallContext) -> GetConfigResponse:
        _require_own(request.id, call)
        return await self._polls.answer(request, call)

    async def register_collector(
        self, request: RegisterCollectorRequest, call: CallContext
    ) -> RegisterCollectorResponse:
        _require_own(request.id, call)
        await self._polls.register(request, call)
        return RegisterCollectorResponse()

    async def unregister_collector(
        self, request: UnregisterCollectorRequest, call: CallContext
    ) -> UnregisterCollectorResponse:
        _require_own(request.id, call)
        await self._polls.unregister(request.id, call)
        return UnregisterCollectorResponse()

    async def _delete(self, ids: list[str], call: CallContext) -> None:
        now = self._clock.now()

        def delete(connection: Connection) -> None:
            _require(store.find_many(connection, call.tenant_id, ids, lock=True), ids)
            store.delete(connection, call.tenant_id, ids)
            for collector_id in ids:
                self._announce(connection, call, "deleted", collector_id, now)

        await self._change(call, ids, delete)

    async def _change(self, call: CallContext, ids: Iterable[str], change: Callable[[Connection], T]) -> T:
        try:
            return await self._database.transaction(change)
        finally:
            # Also after an error: a lost connection may have committed.
            self._snapshots.changed(call.tenant_id)
            for collector_id in ids:
                self._contacts.forget((call.tenant_id, collector_id))

    def _store(
        self, connection: Connection, call: CallContext, current: Collector, wanted: Collector, now: datetime
    ) -> Collector:
        if wanted == current:
            return current
        stored = replace(wanted, updated_at=now)
        store.update(connection, call.tenant_id, stored)
        self._announce(connection, call, "updated", stored.id, now)
        return stored

    def _announce(self, connection: Connection, call: CallContext, kind: str, collector_id: str, now: datetime) -> None:
        collector_changed(connection, call.tenant_id, kind, collector_id, actor=call.actor, at=now)

    def _remote_attributes(self, message: CollectorMessage) -> dict[str, str]:
        remote = message.remote_attributes or message.attribute_overrides
        return accept_remote_attributes(remote, self._limits, field="collector.remote_attributes")

    def _operated(self, collector: Collector, operations: list[AttributeOperation]) -> Collector:
        return replace(
            collector, remote_attributes=apply_operations(collector.remote_attributes, operations, self._limits)
        )


def _is_uuid(text: str) -> bool:
    try:
        return str(UUID(text)) == text.lower()
    except ValueError:
        return False


def _require_own(collector_id: str, call: CallContext) -> None:
    if not call.caller.may_be_collector(collector_id):
        raise Forbidden(
            Reason.COLLECTOR_NOT_YOURS, f"this token may not speak for the collector {collector_id[:200]!r}"
        )


def _require(found: Mapping[str, Collector], ids: Iterable[str]) -> Mapping[str, Collector]:
    missing = [collector_id for collector_id in ids if collector_id not in found]
    if missing:
        shown = ", ".join(repr(collector_id[:200]) for collector_id in missing[:5])
        raise NotFound(Reason.COLLECTOR_NOT_FOUND, f"no collector has the id {shown}")
    return found


def _attributes_of(collector: Collector) -> dict[str, str]:
    return effective_attributes(collector.id, collector.local_attributes, collector.remote_attributes)


def _values_by_key(attribute_sets: Iterable[Mapping[str, str]]) -> dict[str, Attributes]:
    values: dict[str, set[str]] = {}
    for attributes in attribute_sets:
        for key, value in attributes.items():
            values.setdefault(key, set()).add(value)
    return {key: Attributes(values=[Value(value=value) for value in sorted(values[key])]) for key in sorted(values)}
