"""Integrations: MCP servers that tenants and accounts add while the server runs.

The table says which there are; every replica looks at it, at a hint and every few seconds without one, and connects to
what is new, and ends what is gone.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import suppress
from functools import partial
from typing import Any, Final
from urllib.parse import urlsplit

from quarterdeck.assistant.settings_objects.values import ALWAYS_ASK, AUTO_APPROVE, counts_for_chats
from quarterdeck.assistant.store import objects
from quarterdeck.assistant.store.objects import USER, Kind, SettingsObject
from quarterdeck.assistant.tools.mcp_config import Approval, McpServerConfig, check_config
from quarterdeck.assistant.tools.mcp_servers import McpServers, McpServerStatus, McpTool
from quarterdeck.database import Database
from quarterdeck.errors import Invalid, NotFound, Unavailable

_EVERY: Final = 5.0
"""Seconds between two looks without a hint."""
_SHORT_ID: Final = 8
_APPROVALS: Final = {AUTO_APPROVE: Approval.NEVER, ALWAYS_ASK: Approval.ALWAYS}

_log = logging.getLogger(__name__)


class Integrations:
    """Keeps the MCP servers of this process what the table says."""

    def __init__(self, database: Database, servers: McpServers) -> None:
        self._database = database
        self._servers = servers
        self._catching_up = asyncio.Lock()
        self._refused: dict[str, str] = {}
        """Why a server was not taken, by its object's id, so that the log says it once."""

    async def run(self) -> None:
        """Follows the table, for ever."""
        with self._database.subscribe(objects.TOPIC) as hints:
            while True:
                with suppress(Unavailable):
                    await self.catch_up()
                await hints.wait(_EVERY)

    async def catch_up(self) -> None:
        """One look at the table. Raises Unavailable."""
        async with self._catching_up:
            listed = await self._database.read(partial(objects.list_everybodys, kind=Kind.INTEGRATION))
            configs = configurations(listed)
            wanted = {(config.tenant_id, config.name) for config in configs.values()}
            for tenant_id, name in self._servers.names() - wanted:
                if tenant_id:
                    await self._servers.remove(name, tenant_id)
            for object_id, config in configs.items():
                await self._take(object_id, config)

    async def settled(self, integration: SettingsObject) -> tuple[McpServerStatus | None, tuple[McpTool, ...]]:
        """How an integration's server is when it is connected or has failed, and its tools; None when it has none."""
        await self.catch_up()
        listed = await self._database.read(partial(objects.list_everybodys, kind=Kind.INTEGRATION))
        config = configurations(listed).get(integration.id)
        if config is None:
            return None, ()
        try:
            status = await self._servers.settled(config.name, config.tenant_id)
        except NotFound:
            why = self._refused.get(integration.id, "was removed")
            return McpServerStatus(config.name, config.type, "failed", why, 0, config.tenant_id), ()
        return status, self._servers.tools_of(config.name, config.tenant_id)

    async def _take(self, object_id: str, config: McpServerConfig) -> None:
        try:
            await self._servers.add(config)
        except Invalid as error:
            if self._refused.get(object_id) != error.message:
                _log.warning("integration %s cannot be used: %s", object_id, error.message)
            self._refused[object_id] = error.message
        else:
            self._refused.pop(object_id, None)


def configurations(integrations: Iterable[SettingsObject]) -> dict[str, McpServerConfig]:
    """The servers of those that are switched on, by the integration's id. Names are unique within a tenant."""
    active = [each for each in integrations if is_active(each)]
    often = Counter((each.tenant_id, each.body["name"]) for each in active)
    return {
        each.id: configuration_of(each, is_only_one=often[each.tenant_id, each.body["name"]] == 1) for each in active
    }


def is_active(integration: SettingsObject) -> bool:
    """Whether chats should have its tools."""
    body = integration.body
    return bool(body["enabled"] and _url(body) and counts_for_chats(body["applications"]))


def configuration_of(integration: SettingsObject, *, is_only_one: bool = True) -> McpServerConfig:
    """The server of an integration, unchecked."""
    body = integration.body
    configured = body["configuration"] or {}
    name = str(body["name"])
    return McpServerConfig(
        name=name if is_only_one else f"{name[: 99 - _SHORT_ID]} {integration.id[:_SHORT_ID]}",
        url=_url(body),
        headers=dict(body["headers"]),
        approval={
            tool: _APPROVALS[policy]
            for tool, policy in (configured.get("toolApprovalPolicies") or {}).items()
            if policy in _APPROVALS
        },
        disabled_tools=frozenset(
            tool for tool, wish in (configured.get("toolPreferences") or {}).items() if wish == "disabled"
        ),
        tenant_id=integration.tenant_id,
        account=integration.owner if integration.scope == USER else "",
    )


def check_integration(integration: SettingsObject) -> None:
    """Raises Invalid for a server that could never be reached as it is described."""
    if _url(integration.body):
        check_config(configuration_of(integration))


def host_of(body: Mapping[str, Any]) -> str:
    """Whom the headers of an integration are for: scheme, host and port of its url; empty without one."""
    url = urlsplit(_url(body))
    return f"{url.scheme}://{url.netloc}".lower() if url.netloc else ""


def _url(body: Mapping[str, Any]) -> str:
    return str((body["configuration"] or {}).get("url") or "").strip()
