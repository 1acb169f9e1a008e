"""quarterdeck.fleet.v1.FleetService: how the fleet fares, what it gets, and everything that changes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping

from google.api.httpbody_pb2 import HttpBody
from google.protobuf.timestamp_pb2 import Timestamp

from quarterdeck.clock import Clock
from quarterdeck.database import Database, blobs
from quarterdeck.errors import NotFound, Reason
from quarterdeck.events import Event, EventLog, Position
from quarterdeck.fleet import convert
from quarterdeck.fleet.composition import Composer, Composition
from quarterdeck.fleet.snapshot import STREAMS, FleetSnapshots
from quarterdeck.fleet.store import collectors as store
from quarterdeck.gen.quarterdeck.fleet.v1.fleet_pb2 import (
    AssignedPipeline,
    GetCollectorConfigRequest,
    GetCollectorStatusRequest,
    GetCollectorStatusResponse,
    GetEffectiveConfigRequest,
    ListCollectorStatusesRequest,
    ListCollectorStatusesResponse,
    PreviewConfigRequest,
    PreviewConfigResponse,
    WatchFleetRequest,
    WatchFleetResponse,
)
from quarterdeck.identity.call import CallContext

STARTED = "watch.started"
_TEXTS = frozenset({"text/plain", "text/yaml", "application/yaml", "application/json"})


class FleetService:
    """Reads; changes nothing."""

    def __init__(
        self, database: Database, snapshots: FleetSnapshots, composer: Composer, event_log: EventLog, clock: Clock
    ) -> None:
        self._database = database
        self._snapshots = snapshots
        self._composer = composer
        self._event_log = event_log
        self._clock = clock

    async def get_collector_status(
        self, request: GetCollectorStatusRequest, call: CallContext
    ) -> GetCollectorStatusResponse:
        found = await self._database.read(lambda c: store.statuses(c, call.tenant_id, [request.id]))
        if not found:
            raise NotFound(Reason.COLLECTOR_NOT_FOUND, f"no collector has the id {request.id[:200]!r}")
        return GetCollectorStatusResponse(status=convert.from_status(found[0]))

    async def list_collector_statuses(
        self, _request: ListCollectorStatusesRequest, call: CallContext
    ) -> ListCollectorStatusesResponse:
        found = await self._database.read(lambda c: store.statuses(c, call.tenant_id))
        return ListCollectorStatusesResponse(statuses=map(convert.from_status, found))

    async def preview_config(self, request: PreviewConfigRequest, call: CallContext) -> PreviewConfigResponse:
        composition = await self._compose(
            call.tenant_id, request.id, dict(request.local_attributes), dict(request.remote_attributes)
        )
        return PreviewConfigResponse(
            content=composition.content,
            hash=composition.hash,
            pipelines=[
                AssignedPipeline(
                    id=str(served.head.id),
                    name=served.head.name,
                    revision_id=str(served.head.revision_id),
                    ident=served.head.ident,
                )
                for served in composition.pipelines
            ],
        )

    async def get_collector_config(self, request: GetCollectorConfigRequest, call: CallContext) -> HttpBody:
        composition = await self._compose(call.tenant_id, request.id, {}, {})
        return HttpBody(content_type="text/plain; charset=utf-8", data=composition.content.encode())

    async def get_effective_config(self, request: GetEffectiveConfigRequest, call: CallContext) -> HttpBody:
        found = await self._database.read(lambda c: store.effective_config(c, call.tenant_id, request.id))
        if found is None:
            raise NotFound(Reason.COLLECTOR_NOT_FOUND, f"no collector {request.id[:200]!r} ever reported what it runs")
        text = await self._database.read(lambda c: blobs.get(c, call.tenant_id, found[0]))
        return HttpBody(content_type=_harmless(found[1]), data=text.encode())

    async def watch_fleet(self, request: WatchFleetRequest, call: CallContext) -> AsyncIterator[WatchFleetResponse]:
        after = await self._start(request.after)
        yield WatchFleetResponse(id=str(after), kind=STARTED, at=convert.to_timestamp(self._clock.now()))
        follow = self._event_log.follow(tenant_id=call.tenant_id, stream_prefixes=STREAMS, after=after)
        async for event in follow:
            yield _message(event)

    async def _start(self, after: str) -> Position:
        if not after:
            return await self._event_log.head()
        return Position.START if after == "0" else Position.parse(after)

    async def _compose(
        self, tenant_id: str, collector_id: str, local: Mapping[str, str], remote: Mapping[str, str]
    ) -> Composition:
        if not (local or remote):
            collector = await self._database.read(lambda c: store.get(c, tenant_id, collector_id))
            local = collector.local_attributes
        elif not local:
            known = await self._database.read(lambda c: store.find(c, tenant_id, collector_id))
            local = known.local_attributes if known is not None else {}
        fleet = await self._snapshots.current(tenant_id)
        return self._composer.compose(tenant_id, fleet, collector_id, local, remote or None)


def _harmless(content_type: str) -> str:
    """What a collector calls its text, as long as no browser would run it."""
    return content_type if content_type in _TEXTS else "text/plain; charset=utf-8"


def _message(event: Event) -> WatchFleetResponse:
    return WatchFleetResponse(
        id=str(event.position),
        stream=event.stream,
        sequence=event.sequence,
        kind=event.kind,
        actor=event.actor,
        at=Timestamp(seconds=int(event.at.timestamp()), nanos=event.at.microsecond * 1000),
        payload=convert.to_struct(event.payload),
    )
