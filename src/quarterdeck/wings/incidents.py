"""The incident wing, put together: services, webhooks in both directions, figures, organisation file."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from quarterdeck.clock import Clock, new_id
from quarterdeck.database import Database
from quarterdeck.errors import DomainError
from quarterdeck.gen.incident.v1 import (
    activity_service_pb2,
    configuration_tracker_service_pb2,
    fields_service_pb2,
    incident_context_service_pb2,
    incident_pb2,
    incidents_service_pb2,
    integration_service_pb2,
    key_updates_service_pb2,
    roles_service_pb2,
    severities_service_pb2,
    status_service_pb2,
    tasks_service_pb2,
    users_service_pb2,
)
from quarterdeck.gen.quarterdeck.incident.v1 import (
    incident_insight_service_pb2,
    incoming_token_service_pb2,
    webhook_delivery_service_pb2,
)
from quarterdeck.gen.quarterdeck.incident.v1.incident_insight_service_pb2 import GetIncidentReviewRequest
from quarterdeck.identity.bootstrap import TENANT_ID
from quarterdeck.identity.call import CallContext
from quarterdeck.incidents import organisation_file
from quarterdeck.incidents.activity_service import ActivityService
from quarterdeck.incidents.configuration_service import ConfigurationTrackerService
from quarterdeck.incidents.context_service import IncidentContextService
from quarterdeck.incidents.convert import from_view
from quarterdeck.incidents.fields_service import FieldsService
from quarterdeck.incidents.incident import IncidentView
from quarterdeck.incidents.incidents_service import IncidentsService
from quarterdeck.incidents.incoming.receiving import IncomingWebhooks
from quarterdeck.incidents.incoming_token_service import IncomingTokenService
from quarterdeck.incidents.insight_service import IncidentInsightService
from quarterdeck.incidents.integration_service import IntegrationService
from quarterdeck.incidents.key_updates_service import KeyUpdatesService
from quarterdeck.incidents.limits import Rate
from quarterdeck.incidents.metrics import IncidentMetrics
from quarterdeck.incidents.organisation import turn
from quarterdeck.incidents.roles_service import RolesService
from quarterdeck.incidents.severities_service import SeveritiesService
from quarterdeck.incidents.status_service import StatusService
from quarterdeck.incidents.tasks_service import TasksService
from quarterdeck.incidents.users_service import UsersService
from quarterdeck.incidents.webhook_delivery_service import WebhookDeliveryService
from quarterdeck.incidents.webhooks.delivering import purge, webhook_runner
from quarterdeck.incidents.webhooks.queueing import DeliveryQueue
from quarterdeck.incidents.webhooks.sender import ALLOW_SETTING, WebhookSender
from quarterdeck.outgoing.addresses import parse_allow_list
from quarterdeck.settings import Settings
from quarterdeck.wire.chain import Authenticator
from quarterdeck.wire.dialects import Dialect
from quarterdeck.wire.dialects.incident import PROBLEMS, incident_dialect
from quarterdeck.wire.http import Adapter, Page, PageAnswer
from quarterdeck.wire.incoming_webhooks import IncomingWebhookTransport, PluginSettings
from quarterdeck.wire.method import Service, describe_service
from quarterdeck.wire.overview_page import OverviewPages

_log = logging.getLogger(__name__)

KEEP_DEAD_LETTERS = timedelta(days=30)
PURGE_EVERY = 3600.0


@dataclass(frozen=True, slots=True)
class IncidentWing:
    """What the server adds to itself."""

    services: dict[Service, object]
    dialect: Dialect
    metrics: IncidentMetrics
    incoming: IncomingWebhooks
    insight: IncidentInsightService

    def adapters(self, authenticator: Authenticator) -> Sequence[Adapter]:
        """The paths of the family that are no RPC."""
        return (
            IncomingWebhookTransport(self.incoming, self.dialect),
            PluginSettings(authenticator, self.dialect),
            OverviewPages(authenticator, self._review),
        )

    def pages(self) -> dict[str, Page]:
        """Fixed pages."""
        return {"/docs/errors": _error_page}

    async def _review(self, incident_id: str, call: CallContext) -> str:
        answer = await self.insight.get_incident_review(GetIncidentReviewRequest(id=incident_id), call)
        return str(answer.data, "utf-8")


@asynccontextmanager
async def incident_wing(settings: Settings, database: Database, clock: Clock) -> AsyncIterator[IncidentWing]:
    """The wing with its webhook sender at work. Raises DomainError when a setting of it cannot work."""
    dialect = incident_dialect(settings.public_url)
    queue = DeliveryQueue(partial(_incident_json, dialect))
    insight = IncidentInsightService(database, clock, settings.public_url)
    services = _services(settings, database, clock, queue, insight)
    await _apply_organisation_file(settings, database, clock, services)
    sender = WebhookSender(clock, allowed=parse_allow_list(settings.webhook_allow.split(","), setting=ALLOW_SETTING))
    runner = webhook_runner(database, clock, sender, worker=new_id("worker"))
    runner.start()
    purging = asyncio.create_task(_purge_regularly(database, clock))
    try:
        yield IncidentWing(
            services=services,
            dialect=dialect,
            metrics=IncidentMetrics(database, clock),
            incoming=IncomingWebhooks(
                database,
                clock,
                queue.queue,
                resolves_with_alerts=settings.alerts_resolve,
                rate=Rate(settings.incoming_webhook_rate, 1, settings.incoming_webhook_burst),
                failures=Rate(
                    settings.failed_authentications_per_minute, 60, settings.failed_authentications_per_minute
                ),
            ),
            insight=insight,
        )
    finally:
        purging.cancel()
        await asyncio.gather(purging, return_exceptions=True)
        await runner.stop()
        await sender.close()


def _services(
    settings: Settings, database: Database, clock: Clock, queue: DeliveryQueue, insight: IncidentInsightService
) -> dict[Service, object]:
    told = queue.queue
    base = settings.public_url.rstrip("/")
    integration = IntegrationService(database, clock, lambda number: f"{base}/api/v1/incidents/{number}/review")
    by_descriptor: list[tuple[Any, str, object]] = [
        (incidents_service_pb2, "IncidentsService", IncidentsService(database, clock, told)),
        (activity_service_pb2, "ActivityService", ActivityService(database, clock, told)),
        (tasks_service_pb2, "TasksService", TasksService(database, clock, told)),
        (roles_service_pb2, "RolesService", RolesService(database, clock)),
        (fields_service_pb2, "FieldsService", FieldsService(database, clock, told)),
        (key_updates_service_pb2, "KeyUpdatesService", KeyUpdatesService(database, clock, told)),
        (status_service_pb2, "StatusService", StatusService(database, clock)),
        (users_service_pb2, "UsersService", UsersService(database)),
        (integration_service_pb2, "IntegrationService", integration),
        (severities_service_pb2, "SeveritiesService", SeveritiesService(database, clock)),
        (incident_context_service_pb2, "IncidentContextService", IncidentContextService(database)),
        (
            configuration_tracker_service_pb2,
            "ConfigurationTrackerService",
            ConfigurationTrackerService(database),
        ),
        (incident_insight_service_pb2, "IncidentInsightService", insight),
        (incoming_token_service_pb2, "IncomingTokenService", IncomingTokenService(database, clock)),
        (webhook_delivery_service_pb2, "WebhookDeliveryService", WebhookDeliveryService(database, clock, queue)),
    ]
    return {
        describe_service(module.DESCRIPTOR.services_by_name[name]): service for module, name, service in by_descriptor
    }


def _incident_json(dialect: Dialect, view: IncidentView, at: datetime) -> Any:
    return dialect.codec(incident_pb2.Incident).to_json(from_view(view, at))


async def _apply_organisation_file(
    settings: Settings, database: Database, clock: Clock, services: dict[Service, object]
) -> None:
    if settings.organisation_file is None:
        return
    handlers = {
        method.request_class: getattr(implementation, method.python_name)
        for service, implementation in services.items()
        for method in service.methods
    }
    context = organisation_file.file_context(TENANT_ID)

    async def call(request: Any) -> Any:
        return await handlers[type(request)](request, context)

    wanted = organisation_file.read_file(settings.organisation_file, os.environ)
    alone = turn(database, TENANT_ID, clock)
    for applied in await organisation_file.apply_at_start(wanted, call, alone=alone):
        _log.info("organisation file: %s", applied.step)


async def _error_page() -> PageAnswer:
    """What the `type` of an error body leads to."""
    lines = (
        f"{code:42}{problem.status}  {problem.title}. {problem.hint}".rstrip() for code, problem in PROBLEMS.items()
    )
    return PageAnswer(200, "text/plain; charset=utf-8", ("\n".join(lines) + "\n").encode())


async def _purge_regularly(database: Database, clock: Clock) -> None:
    while True:
        try:
            while await database.transaction(lambda connection: purge(connection, clock.now() - KEEP_DEAD_LETTERS)):
                pass
        except DomainError as error:
            _log.warning("old webhook deliveries could not be purged: %s", error.message)
        await asyncio.sleep(PURGE_EVERY)
