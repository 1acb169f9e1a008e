"""incident.v1.IntegrationService."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from uuid import uuid4

from quarterdeck.clock import Clock
from quarterdeck.database import Connection, Database
from quarterdeck.errors import Conflict, FieldViolation, Invalid, Reason
from quarterdeck.gen.incident.v1 import hook_pb2
from quarterdeck.gen.incident.v1.integration_service_pb2 import (
    CreateIncidentSlackChannelRequest,
    CreateIncidentSlackChannelResponse,
    DisableHookRequest,
    DisableHookResponse,
    EnableHookRequest,
    EnableHookResponse,
    GetAvailableIntegrationsRequest,
    GetAvailableIntegrationsResponse,
    GetEnabledHooksRequest,
    GetEnabledHooksResponse,
    GetHookRunsRequest,
    GetHookRunsResponse,
)
from quarterdeck.identity.call import CallContext
from quarterdeck.incidents import convert
from quarterdeck.incidents.actors import actor_of
from quarterdeck.incidents.incident import Incident
from quarterdeck.incidents.limits import ENABLED_HOOKS, check_count
from quarterdeck.incidents.organisation import SettingsChange, change_settings
from quarterdeck.incidents.query.language import parse_query
from quarterdeck.incidents.store import deliveries as deliveries_store
from quarterdeck.incidents.store import hooks as hooks_store
from quarterdeck.incidents.store import incidents as incidents_store
from quarterdeck.incidents.webhooks import catalogue
from quarterdeck.incidents.webhooks.event_names import Event, HookEventName
from quarterdeck.incidents.webhooks.hook import Delivery, DeliveryStatus, EnabledHook
from quarterdeck.incidents.webhooks.targets import WebhookTarget, read_target

_TODO, _SUCCESS, _FAILED = "todo", "success", "failed"
_DROPPED = "integrations.webhook_failed: dropped, because the hook was disabled before it was delivered"

ReviewUrl = Callable[[int], str]
"""Where people read the post-incident review of an incident."""


def relative_review_url(incident_id: int) -> str:
    """For a server that does not know how people reach it."""
    return f"/api/v1/incidents/{incident_id}/review"


class IntegrationService:
    """Hooks: which there are, which are enabled, and how they fared."""

    def __init__(self, database: Database, clock: Clock, review_url: ReviewUrl = relative_review_url) -> None:
        self._database = database
        self._clock = clock
        self._review_url = review_url

    async def get_available_integrations(
        self, _request: GetAvailableIntegrationsRequest, _call: CallContext
    ) -> GetAvailableIntegrationsResponse:
        available = [hook_pb2.AvailableIntegration(id=integration_id) for integration_id in catalogue.AVAILABLE]
        return GetAvailableIntegrationsResponse(integrations=available)

    async def enable_hook(self, request: EnableHookRequest, call: CallContext) -> EnableHookResponse:
        kind = catalogue.hook_kind(request.integration_id, request.hook_id)
        if kind.always_on:
            raise Conflict(Reason.IMMUTABLE, f"the hook {kind.hook_id} is always on, there is nothing to enable")
        event_name = catalogue.read_event_name(request.event_name, kind)
        _check_filter(event_name, request.incident_filter)
        target = read_target((field.key, field.value) for field in request.hook_config.fields)
        enable = partial(_enable, kind=kind, event_name=event_name, request=request, target=target)
        hook = await change_settings(self._database, call, self._clock.now(), enable)
        return EnableHookResponse(enabled_hook_id=hook.id, signing_secret=target.generated_secret)

    async def disable_hook(self, request: DisableHookRequest, call: CallContext) -> DisableHookResponse:
        catalogue.check_integration(request.integration_id)
        disable = partial(_disable, integration_id=request.integration_id, enabled_hook_id=request.enabled_hook_id)
        await change_settings(self._database, call, self._clock.now(), disable)
        return DisableHookResponse()

    async def get_enabled_hooks(self, request: GetEnabledHooksRequest, call: CallContext) -> GetEnabledHooksResponse:
        found = await self._database.read(
            lambda c: hooks_store.list_enabled(c, call.tenant_id, event_name=request.event_name)
        )
        return GetEnabledHooksResponse(enabled_hooks=map(_enabled_hook, found))

    async def get_hook_runs(self, request: GetHookRunsRequest, call: CallContext) -> GetHookRunsResponse:
        incident_id = convert.to_incident_id(request.incident_id)

        def read(connection: Connection) -> tuple[Incident, list[Delivery]]:
            actor = actor_of(connection, call)
            incident = incidents_store.get_visible(connection, call.tenant_id, incident_id, actor)
            return incident, deliveries_store.list_of_incident(connection, call.tenant_id, incident_id)

        incident, deliveries = await self._database.read(read)
        runs = [run for delivery in deliveries for run in _runs(delivery)]
        if incident.closed_at is not None:
            runs.append((incident.closed_at, self._review_run(incident.id, incident.closed_at)))
        runs.sort(key=lambda run: run[0], reverse=True)
        return GetHookRunsResponse(hook_runs=[run for _, run in runs])

    async def create_incident_slack_channel(
        self, request: CreateIncidentSlackChannelRequest, call: CallContext
    ) -> CreateIncidentSlackChannelResponse:
        incident_id = convert.to_incident_id(request.incident_id)
        await self._database.read(
            lambda c: incidents_store.get_visible(c, call.tenant_id, incident_id, actor_of(c, call))
        )
        raise catalogue.not_configured(catalogue.SLACK)

    def _review_run(self, incident_id: int, at: datetime) -> hook_pb2.HookRun:
        url = self._review_url(incident_id)
        return hook_pb2.HookRun(
            integration_id=catalogue.REVIEW,
            hook_id=catalogue.PUBLISH_REVIEW,
            enabled_hook_id=catalogue.PUBLISH_REVIEW,
            last_run=convert.from_moment(at),
            last_update=convert.from_moment(at),
            metadata=hook_pb2.HookMetadata(
                title=catalogue.REVIEW_TITLE,
                explanation="The review is written anew from the timeline whenever it is read.",
                url=url,
                fields=[hook_pb2.HookMetadataField(key=catalogue.REVIEW_FIELD, value=url)],
            ),
            event_name=HookEventName.INCIDENT_CLOSED,
            event_kind=Event.CLOSED,
            update_status=_SUCCESS,
            status=_SUCCESS,
        )


def _check_filter(event_name: HookEventName, text: str) -> None:
    parse_query(text, field="incident_filter")
    if event_name is HookEventName.INCIDENT_FILTER and not text.strip():
        why = "is required for the event incidentFilter; a query such as severity:critical is accepted"
        raise Invalid(
            Reason.FIELD_INVALID,
            f"incidentFilter: {why}",
            violations=(FieldViolation("incident_filter", why),),
            metadata={"field": "incidentFilter"},
        )


def _enable(
    change: SettingsChange,
    *,
    kind: catalogue.HookKind,
    event_name: HookEventName,
    request: EnableHookRequest,
    target: WebhookTarget,
) -> EnabledHook:
    there = hooks_store.list_enabled(change.connection, change.tenant_id)
    check_count("enabledHooks", len(there) + 1, ENABLED_HOOKS)
    hook = EnabledHook(
        id=str(uuid4()),
        integration_id=kind.integration_id,
        hook_id=kind.hook_id,
        event_name=event_name,
        incident_filter=request.incident_filter,
        sensitive=request.sensitive,
        url=target.url,
        events=target.events,
        signing_secret=target.signing_secret,
        headers=target.headers,
        created_by=actor_of(change.connection, change.call, at=change.at).user.id,
        created_at=change.at,
    )
    hooks_store.add(change.connection, change.tenant_id, hook)
    if event_name is HookEventName.INCIDENT_FILTER:
        # Those began to match before anybody listened.
        query = parse_query(hook.incident_filter)
        hooks_store.remember_all_matches(change.connection, change.tenant_id, hook.id, query)
    payload = {"integration": kind.integration_id, "hook": kind.hook_id, "event": event_name.value}
    change.announce("hook.enabled", hook.id, payload)
    return hook


def _disable(change: SettingsChange, *, integration_id: str, enabled_hook_id: str) -> None:
    """Idempotent. What waits is dropped, and its record says so."""
    hook = hooks_store.find(change.connection, change.tenant_id, enabled_hook_id, lock=True)
    if hook is None or hook.disabled_at is not None or hook.integration_id != integration_id:
        return
    hooks_store.disable(change.connection, change.tenant_id, hook.id, change.at)
    dropped = deliveries_store.drop_waiting(change.connection, change.tenant_id, hook.id)
    change.announce("hook.disabled", hook.id, {"dropped": dropped})


def _enabled_hook(hook: EnabledHook) -> hook_pb2.EnabledHook:
    kind = catalogue.hook_kind(hook.integration_id, hook.hook_id)
    return hook_pb2.EnabledHook(
        integration_id=hook.integration_id,
        enabled_hook_id=hook.id,
        event_name=hook.event_name,
        hook=hook_pb2.Hook(hook_id=kind.hook_id, name=kind.name, description=kind.description),
        incident_filter=hook.incident_filter,
        sensitive=hook.sensitive,
    )


def _runs(delivery: Delivery) -> Iterator[tuple[datetime, hook_pb2.HookRun]]:
    """Each try is a run; a delivery that nobody tried yet, or that was dropped, is one more."""
    for tried in delivery.tries:
        yield tried.at, _run(delivery, tried.at, _FAILED if tried.error else _SUCCESS, tried.error)
    if delivery.status is DeliveryStatus.DROPPED:
        yield delivery.created_at, _run(delivery, None, _FAILED, _DROPPED)
    elif not delivery.tries:
        yield delivery.created_at, _run(delivery, None, _TODO, "")


def _run(delivery: Delivery, at: datetime | None, update_status: str, error: str) -> hook_pb2.HookRun:
    kind = catalogue.hook_kind(delivery.integration_id, delivery.hook_id)
    return hook_pb2.HookRun(
        integration_id=delivery.integration_id,
        hook_id=delivery.hook_id,
        enabled_hook_id=delivery.enabled_hook_id,
        last_run=convert.from_moment(at),
        last_update=convert.from_moment(at or delivery.created_at),
        metadata=hook_pb2.HookMetadata(title=kind.name, explanation=f"Delivery {delivery.id}"),
        event_name=delivery.event_name,
        event_kind=delivery.event,
        update_status=update_status,
        update_error=error,
        status=_FAILED if delivery.status is DeliveryStatus.DROPPED else delivery.status.value,
    )
