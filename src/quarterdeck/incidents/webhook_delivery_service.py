"""quarterdeck.incident.v1.WebhookDeliveryService."""

from __future__ import annotations

import base64
import binascii
import secrets
from dataclasses import replace
from datetime import datetime
from functools import partial

from quarterdeck.clock import Clock
from quarterdeck.database import Connection, Database
from quarterdeck.database.types import from_microseconds, to_microseconds
from quarterdeck.errors import FieldViolation, Invalid, Reason
from quarterdeck.gen.quarterdeck.incident.v1 import webhook_delivery_service_pb2 as pb
from quarterdeck.gen.quarterdeck.incident.v1.webhook_delivery_service_pb2 import (
    ListDeliveriesRequest,
    ListDeliveriesResponse,
    ReplaceSigningSecretRequest,
    ReplaceSigningSecretResponse,
    ReplayDeliveryRequest,
    ReplayDeliveryResponse,
    TriggerHookRequest,
    TriggerHookResponse,
)
from quarterdeck.identity.call import CallContext
from quarterdeck.incidents import convert
from quarterdeck.incidents.actors import actor_of
from quarterdeck.incidents.organisation import SettingsChange, change_settings
from quarterdeck.incidents.store import deliveries as deliveries_store
from quarterdeck.incidents.store import hooks as hooks_store
from quarterdeck.incidents.store import incidents as incidents_store
from quarterdeck.incidents.store.deliveries import DeliveryFilter
from quarterdeck.incidents.webhooks.delivering import replay
from quarterdeck.incidents.webhooks.hook import Delivery, DeliveryStatus
from quarterdeck.incidents.webhooks.queueing import DeliveryQueue
from quarterdeck.incidents.webhooks.targets import check_secret

_DEFAULT_PAGE = 50
_SECRET_BYTES = 32
_QUOTED_IN_ERRORS = 80


class WebhookDeliveryService:
    """The log of outgoing webhooks, for administrators."""

    def __init__(self, database: Database, clock: Clock, deliveries: DeliveryQueue) -> None:
        self._database = database
        self._clock = clock
        self._deliveries = deliveries

    async def list_deliveries(self, request: ListDeliveriesRequest, call: CallContext) -> ListDeliveriesResponse:
        wanted = DeliveryFilter(
            enabled_hook_id=request.enabled_hook_id,
            incident_id=convert.to_incident_id(request.incident_id) if request.incident_id else None,
            status=_status(request.status),
        )
        before = _read_token(request.page_token)
        limit = request.page_size or _DEFAULT_PAGE
        found = await self._database.read(
            lambda c: deliveries_store.list_page(c, call.tenant_id, wanted, before=before, limit=limit + 1)
        )
        page = found[:limit]
        return ListDeliveriesResponse(
            deliveries=map(_message, page), next_page_token=_token(page[-1]) if len(found) > limit else ""
        )

    async def replay_delivery(self, request: ReplayDeliveryRequest, call: CallContext) -> ReplayDeliveryResponse:
        at = self._clock.now()
        again = await self._database.transaction(lambda c: replay(c, call.tenant_id, request.id, at))
        return ReplayDeliveryResponse(delivery=_message(again))

    async def trigger_hook(self, request: TriggerHookRequest, call: CallContext) -> TriggerHookResponse:
        at = self._clock.now()
        incident_id = convert.to_incident_id(request.incident_id)

        def trigger(connection: Connection) -> Delivery:
            hook = hooks_store.get(connection, call.tenant_id, request.enabled_hook_id)
            actor = actor_of(connection, call, at=at)
            incident = incidents_store.get_visible(connection, call.tenant_id, incident_id, actor)
            view = incidents_store.view(connection, call.tenant_id, incident)
            delivery_id = self._deliveries.trigger(connection, call.tenant_id, view, hook, at)
            return deliveries_store.get(connection, call.tenant_id, delivery_id)

        return TriggerHookResponse(delivery=_message(await self._database.transaction(trigger)))

    async def replace_signing_secret(
        self, request: ReplaceSigningSecretRequest, call: CallContext
    ) -> ReplaceSigningSecretResponse:
        generated = "" if request.signing_secret else secrets.token_hex(_SECRET_BYTES)
        secret = request.signing_secret or generated
        check_secret(secret)
        change = partial(_replace_secret, enabled_hook_id=request.enabled_hook_id, secret=secret)
        await change_settings(self._database, call, self._clock.now(), change)
        return ReplaceSigningSecretResponse(signing_secret=generated)


def _replace_secret(change: SettingsChange, *, enabled_hook_id: str, secret: str) -> None:
    hook = hooks_store.get(change.connection, change.tenant_id, enabled_hook_id, lock=True)
    hooks_store.update_secrets(change.connection, change.tenant_id, replace(hook, signing_secret=secret))
    change.announce("hook.secret_replaced", hook.id, {})


def _status(text: str) -> DeliveryStatus | None:
    if not text:
        return None
    if text not in set(DeliveryStatus):
        raise _invalid("status", f"{text[:_QUOTED_IN_ERRORS]!r} is unknown; accepted: {', '.join(DeliveryStatus)}")
    return DeliveryStatus(text)


def _token(last: Delivery) -> str:
    return base64.urlsafe_b64encode(f"{to_microseconds(last.created_at)}/{last.id}".encode()).decode()


def _read_token(token: str) -> tuple[datetime, str] | None:
    if not token:
        return None
    try:
        moment, _, delivery_id = base64.b64decode(token, altchars=b"-_", validate=True).decode().partition("/")
        return from_microseconds(int(moment)), delivery_id
    except (binascii.Error, ValueError, OverflowError):
        raise _invalid("page_token", "is not one that an answer carried") from None


def _invalid(field: str, why: str) -> Invalid:
    return Invalid(
        Reason.FIELD_INVALID, f"{field} {why}", violations=(FieldViolation(field, why),), metadata={"field": field}
    )


def _message(delivery: Delivery) -> pb.Delivery:
    return pb.Delivery(
        id=delivery.id,
        enabled_hook_id=delivery.enabled_hook_id,
        incident_id=str(delivery.incident_id),
        event=delivery.event,
        status=delivery.status,
        tries=[
            pb.DeliveryTry(at=convert.from_moment(tried.at), status=tried.status, error=tried.error)
            for tried in delivery.tries
        ],
        created_at=convert.from_moment(delivery.created_at),
    )
