"""The assistant, put together: its models and tools, the runs at work, and the services in front of them."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import Any, TypeVar

from pydantic import SecretStr

from quarterdeck.assistant.asking import Asking
from quarterdeck.assistant.chat_service import ChatService
from quarterdeck.assistant.engine.builtin.planner import BuiltinPlanner
from quarterdeck.assistant.engine.language_model import LanguageModel
from quarterdeck.assistant.engine.model_list import ModelEntry, parse_model_list, read_model_list
from quarterdeck.assistant.engine.models import Models
from quarterdeck.assistant.grafana.agents import Agents
from quarterdeck.assistant.grafana.app_service import AssistantAppService
from quarterdeck.assistant.grafana.investigations_service import InvestigationsService
from quarterdeck.assistant.grafana.settings_service import AssistantSettingsService
from quarterdeck.assistant.holmes.holmes_service import HolmesService, Reloading, ServerFacts
from quarterdeck.assistant.holmes.questions import Prompting, Questions
from quarterdeck.assistant.investigating import Investigations
from quarterdeck.assistant.investigation_service import InvestigationService
from quarterdeck.assistant.run_service import RunService
from quarterdeck.assistant.running.decisions import Decisions
from quarterdeck.assistant.running.endings import Endings
from quarterdeck.assistant.running.feeds import ChatFeeds
from quarterdeck.assistant.running.house import House, RunLimits
from quarterdeck.assistant.running.runs import Runs
from quarterdeck.assistant.running.worker import RunWorker
from quarterdeck.assistant.settings_objects.instructions import Instructions
from quarterdeck.assistant.settings_objects.integrations import Integrations
from quarterdeck.assistant.store.keys import get_or_create
from quarterdeck.assistant.tools.alertmanager import AlertmanagerConfig, alertmanager_tools
from quarterdeck.assistant.tools.fleet import fleet_tools
from quarterdeck.assistant.tools.fleet_sources import FleetSources
from quarterdeck.assistant.tools.http_get import HttpGetConfig, http_get_tools
from quarterdeck.assistant.tools.incidents import incident_tools
from quarterdeck.assistant.tools.kubernetes import KubernetesConfig, kubernetes_tools
from quarterdeck.assistant.tools.loki import LokiConfig, loki_tools
from quarterdeck.assistant.tools.mcp_config import McpServerConfig, parse_mcp_servers
from quarterdeck.assistant.tools.mcp_servers import ALLOW_SETTING, McpServers
from quarterdeck.assistant.tools.plan import plan_tool
from quarterdeck.assistant.tools.prometheus import PrometheusConfig, prometheus_tools
from quarterdeck.assistant.tools.remote import RemoteTool, parse_remote_tools
from quarterdeck.assistant.tools.runbooks import Runbooks, runbook_tools
from quarterdeck.assistant.tools.tool import Tool
from quarterdeck.assistant.tools.toolbox import Toolbox
from quarterdeck.clock import Clock, new_id
from quarterdeck.database import Database
from quarterdeck.errors import Invalid, Reason
from quarterdeck.fleet.fleet_service import FleetService
from quarterdeck.fleet.pipeline_service import PipelineService
from quarterdeck.gen.assistant.v1 import (
    app_service_pb2,
    chat_service_pb2,
    investigation_service_pb2,
    run_service_pb2,
    settings_service_pb2,
)
from quarterdeck.gen.assistant.v2 import investigations_service_pb2
from quarterdeck.gen.holmes.v1 import holmes_service_pb2
from quarterdeck.identity import StreamTokens
from quarterdeck.incidents.activity_service import ActivityService
from quarterdeck.incidents.incidents_service import IncidentsService
from quarterdeck.jobs import JobRunner
from quarterdeck.outgoing.addresses import parse_allow_list
from quarterdeck.settings import Settings
from quarterdeck.wings.background import kept_alive
from quarterdeck.wire.a2a import A2aTransport
from quarterdeck.wire.chain import CallChain
from quarterdeck.wire.dialects.assistant import assistant
from quarterdeck.wire.http import Adapter
from quarterdeck.wire.method import Service, describe_service

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class AssistantWing:
    """What the server adds to itself."""

    services: dict[Service, object]
    models: Models
    agents: Agents
    stream_tokens: StreamTokens

    def adapters(self, chain: CallChain) -> Sequence[Adapter]:
        """The paths of the family that are no RPC."""
        service = next(each for each in self.services if each.name == "assistant.v1.AssistantAppService")
        start_chat = next(method for method in service.methods if method.name == "StartChat")
        return (A2aTransport(chain, self.agents, start_chat, assistant),)


@asynccontextmanager
async def assistant_wing(
    settings: Settings, database: Database, clock: Clock, others: Mapping[Service, object]
) -> AsyncIterator[AssistantWing]:
    """The wing with its runs at work. `others` are the services of the fleet and of incidents.

    Raises DomainError when the model list, or another setting of it, cannot work.
    """
    language_models = [(entry, LanguageModel(entry)) for entry in model_entries(settings)]
    models = Models(
        language_models,
        BuiltinPlanner(),
        default=settings.default_model,
        strict=settings.strict_models,
    )
    mcp = McpServers(
        _mcp_servers(settings), allowed=parse_allow_list(settings.mcp_allow.split(","), setting=ALLOW_SETTING)
    )
    integrations = Integrations(database, mcp)
    toolbox = Toolbox(own_tools(settings, database, clock, others), more=mcp.tools)
    house = House(database, clock, toolbox, _limits(settings))
    lease = timedelta(seconds=settings.run_lease)
    runner = JobRunner(
        database, clock, worker=new_id("worker"), concurrency=settings.assistant_concurrency, lease=lease
    )
    feeds = ChatFeeds(database)
    endings = Endings(clock, feeds)
    decisions = Decisions(database, clock, feeds, runner)
    worker = RunWorker(house, models, feeds, decisions, endings, runner, lease)
    runs = Runs(database, clock, models, feeds, endings, worker)
    asking = Asking(runs, Instructions(database))
    incidents, activity = _of(others, IncidentsService), _of(others, ActivityService)
    investigations = Investigations(database, clock, runs, asking, runner, incidents, activity)
    worker.on_completed(investigations.note_completed)
    signing_key = await _signing_key(settings, database)
    stream_tokens = StreamTokens(await database.transaction(partial(get_or_create, name="streams")), clock)
    holmes = HolmesService(
        runs,
        models,
        toolbox,
        Questions(toolbox, _prompting(settings), clock.now, signing_key),
        incidents,
        clock,
        signing_key,
        ServerFacts(
            version=metadata.version("quarterdeck"),
            authenticates=settings.authenticates,
            models_path=str(settings.models_file or ""),
        ),
        mcp,
        Runbooks(settings.runbooks_dir) if settings.runbooks_dir is not None else None,
        _reloading(settings, models, language_models, mcp) if settings.holmes_admin_api else None,
    )
    services: list[tuple[Any, str, object]] = [
        (holmes_service_pb2, "HolmesService", holmes),
        (
            app_service_pb2,
            "AssistantAppService",
            AssistantAppService(database, decisions, feeds, asking, investigations, stream_tokens),
        ),
        (
            settings_service_pb2,
            "AssistantSettingsService",
            AssistantSettingsService(database, clock, integrations),
        ),
        (investigations_service_pb2, "InvestigationsService", InvestigationsService(investigations, feeds)),
        (chat_service_pb2, "ChatService", ChatService(database, clock, runs, decisions, feeds, asking, models)),
        (run_service_pb2, "RunService", RunService(runs, decisions)),
        (investigation_service_pb2, "InvestigationService", InvestigationService(investigations, models)),
    ]
    feeds.start()
    await mcp.start()
    runner.start()
    worker.start()
    beside = [asyncio.create_task(kept_alive(integrations.run, "integrations"))]
    if settings.probe_models:
        beside.append(asyncio.create_task(kept_alive(models.probe, "model probes")))
    try:
        yield AssistantWing(
            services={
                describe_service(module.DESCRIPTOR.services_by_name[name]): service
                for module, name, service in services
            },
            models=models,
            agents=Agents(runs, asking),
            stream_tokens=stream_tokens,
        )
    finally:
        for task in beside:
            task.cancel()
        await asyncio.gather(*beside, return_exceptions=True)
        await worker.close()
        await runner.stop(grace=1.0)
        await feeds.close()
        await mcp.close()
        for _, model in language_models:
            await model.close()


def model_entries(settings: Settings) -> tuple[ModelEntry, ...]:
    """The model list of the settings. Raises Invalid."""
    if settings.models_file is None:
        return read_model_list(settings.model_list, os.environ)
    if settings.model_list:
        raise Invalid(Reason.FIELD_INVALID, "there are two model lists: models_file and model_list; keep one")
    return parse_model_list(_text_of(settings.models_file, "models_file"), os.environ)


def _reloading(
    settings: Settings, models: Models, opened: list[tuple[ModelEntry, LanguageModel]], mcp: McpServers
) -> Reloading:
    """`opened` are all models that this process ever had: those that were replaced may still answer."""

    async def reload_models() -> int:
        entries = await asyncio.to_thread(model_entries, settings)
        made = [(entry, LanguageModel(entry)) for entry in entries]
        models.replace(made)
        opened.extend(made)
        return len(made)

    async def reload_mcp_servers() -> int:
        configs = await asyncio.to_thread(_mcp_servers, settings)
        await mcp.become(configs)
        return len(configs)

    return Reloading(reload_models, reload_mcp_servers)


async def _signing_key(settings: Settings, database: Database) -> bytes:
    """The setting's, else one that was made once and that all replicas share."""
    if settings.approval_signing_key is not None:
        return settings.approval_signing_key.get_secret_value().encode()
    return await database.transaction(partial(get_or_create, name="approvals"))


def _prompting(settings: Settings) -> Prompting:
    blocked = {name.strip().lower() for name in settings.passthrough_blocked_headers.split(",") if name.strip()}
    return Prompting(frozenset(blocked), settings.prompt_parts)


def own_tools(
    settings: Settings, database: Database, clock: Clock, others: Mapping[Service, object]
) -> tuple[Tool, ...]:
    """The tools over what this server keeps itself."""
    sources = FleetSources(
        database,
        clock,
        _of(others, PipelineService),
        _of(others, FleetService),
        inactive_after=settings.inactive_after,
    )
    return (
        *fleet_tools(sources),
        *incident_tools(_of(others, IncidentsService), _of(others, ActivityService)),
        *_network_tools(settings, clock),
        *(runbook_tools(settings.runbooks_dir) if settings.runbooks_dir is not None else ()),
        plan_tool(),
        *_remote_tools(settings),
    )


def _remote_tools(settings: Settings) -> tuple[RemoteTool, ...]:
    if settings.remote_tools_file is None:
        return ()
    return parse_remote_tools(_text_of(settings.remote_tools_file, "remote_tools_file"))


def _mcp_servers(settings: Settings) -> tuple[McpServerConfig, ...]:
    """Raises Invalid for a file that cannot be read, or that does not say what servers are."""
    if settings.mcp_servers_file is None:
        return ()
    return parse_mcp_servers(_text_of(settings.mcp_servers_file, "mcp_servers_file"), os.environ)


def _text_of(path: Path, setting: str) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Invalid(Reason.FIELD_INVALID, f"{setting} names {str(path)!r}, which cannot be read") from error


def _network_tools(settings: Settings, clock: Clock) -> tuple[Tool, ...]:
    """The tools over other systems: those that the settings name."""
    found: list[Tool] = []
    if settings.prometheus_url:
        headers = _bearer(settings.prometheus_token)
        prometheus = PrometheusConfig(settings.prometheus_url, headers, tenant=settings.prometheus_tenant)
        found += prometheus_tools(prometheus, clock)
    if settings.loki_url:
        loki = LokiConfig(settings.loki_url, _bearer(settings.loki_token), tenant=settings.loki_tenant)
        found += loki_tools(loki, clock)
    if settings.alertmanager_url:
        headers = _bearer(settings.alertmanager_token)
        alertmanager = AlertmanagerConfig(settings.alertmanager_url, headers, tenant=settings.alertmanager_tenant)
        found += alertmanager_tools(alertmanager, clock)
    if settings.kubernetes_config:
        namespaces = tuple(each.strip() for each in settings.kubernetes_namespaces.split(",") if each.strip())
        kubeconfig = "" if settings.kubernetes_config == "in-cluster" else settings.kubernetes_config
        found += kubernetes_tools(KubernetesConfig(kubeconfig, settings.kubernetes_context, namespaces), clock)
    allowed = tuple(each.strip() for each in settings.http_get_allow.split(",") if each.strip())
    return (*found, *http_get_tools(HttpGetConfig(allowed)))


def _bearer(token: SecretStr | None) -> dict[str, str]:
    return {"Authorization": f"Bearer {token.get_secret_value()}"} if token is not None else {}


def _limits(settings: Settings) -> RunLimits:
    return RunLimits(
        max_steps=settings.max_steps,
        result_window_share=settings.tool_result_window_percent / 100,
        result_most_tokens=settings.tool_result_tokens,
        compaction_threshold_percent=settings.compaction_threshold_percent,
        approval_timeout=timedelta(hours=settings.approval_timeout_hours),
    )


def _of(services: Mapping[Service, object], kind: type[T]) -> T:
    """The one implementation of that class."""
    return next(each for each in services.values() if isinstance(each, kind))
