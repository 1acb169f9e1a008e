"""incident.v1.ConfigurationTrackerService."""

from __future__ import annotations

from quarterdeck.database import Connection, Database
from quarterdeck.gen.incident.v1.configuration_tracker_service_pb2 import (
    GetConfigurationTrackerRequest,
    GetConfigurationTrackerResponse,
)
from quarterdeck.identity.call import CallContext
from quarterdeck.incidents.store import organisation as store


class ConfigurationTrackerService:
    """How far an organisation is; asked by Grafana's home page."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get_configuration_tracker(
        self, _request: GetConfigurationTrackerRequest, call: CallContext
    ) -> GetConfigurationTrackerResponse:
        def look(connection: Connection) -> GetConfigurationTrackerResponse:
            return GetConfigurationTrackerResponse(
                is_chat_ops_installed=store.has_chat(connection, call.tenant_id),
                is_incident_created=store.has_incidents(connection, call.tenant_id),
            )

        return await self._database.read(look)
