"""`assistant.v1.AssistantSettingsService`: rules, skills and integrations."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final, Protocol, TypeVar
from uuid import uuid4

from google.protobuf.json_format import ParseDict

from quarterdeck.assistant.run import storable
from quarterdeck.assistant.settings_objects import values
from quarterdeck.assistant.settings_objects.integrations import Integrations, check_integration, host_of, is_active
from quarterdeck.assistant.store import objects
from quarterdeck.assistant.store.objects import TENANT, USER, Kind, SettingsObject
from quarterdeck.assistant.tools.mcp_servers import McpTool
from quarterdeck.clock import Clock
from quarterdeck.database import Connection, Database
from quarterdeck.errors import Conflict, FieldViolation, Invalid, Reason
from quarterdeck.gen.assistant.v1 import settings_service_pb2 as pb
from quarterdeck.identity.call import CallContext
from quarterdeck.messages import plain_value

SUCCESS: Final = "success"
SCHEMA: Final = "/openapi.json"
PAGE: Final = 100
_SCOPE_HEADER: Final = "x-resource-scope"

Body = dict[str, Any]
M = TypeVar("M", pb.Rule, pb.Skill, pb.Integration)


class _ListRequest(Protocol):
    """What the three list requests have in common."""

    limit: int
    offset: int
    scope: str
    enabled_only: bool


@dataclass(frozen=True, slots=True)
class _Page:
    """A page of objects."""

    found: list[SettingsObject]
    total: int
    pagination: pb.SettingsPagination


class AssistantSettingsService:
    """Keeps the objects, each with a body of its own kind."""

    def __init__(self, database: Database, clock: Clock, integrations: Integrations) -> None:
        self._database = database
        self._clock = clock
        self._integrations = integrations

    async def create_rule(self, request: pb.CreateRuleRequest, call: CallContext) -> pb.CreateRuleResponse:
        body = {
            "name": request.name,
            "description": request.description,
            "rule_content": request.rule_content,
            "enabled": request.enabled if request.HasField("enabled") else True,
            "priority": request.priority,
            "applications": values.applications(plain_value(request.applications, "applications")),
        }
        made = await self._create(call, Kind.RULE, request.scope, body)
        return pb.CreateRuleResponse(schema=SCHEMA, status=SUCCESS, data=_rule(made))

    async def list_rules(self, request: pb.ListRulesRequest, call: CallContext) -> pb.ListRulesResponse:
        page = await self._page(call, Kind.RULE, request)
        data = pb.RulePage(rules=[_rule(each) for each in page.found], total=page.total, pagination=page.pagination)
        return pb.ListRulesResponse(schema=SCHEMA, status=SUCCESS, data=data)

    async def get_rule(self, request: pb.GetRuleRequest, call: CallContext) -> pb.GetRuleResponse:
        return pb.GetRuleResponse(
            schema=SCHEMA, status=SUCCESS, data=_rule(await self._find(call, Kind.RULE, request.id))
        )

    async def update_rule(self, request: pb.UpdateRuleRequest, call: CallContext) -> pb.UpdateRuleResponse:
        changes = _given(request, "name", "description", "rule_content", "enabled", "priority")
        _check_filled(changes, "name", "rule_content")
        if request.HasField("applications"):
            changes["applications"] = values.applications(plain_value(request.applications, "applications"))
        changed = await self._update(call, Kind.RULE, request.id, request.scope, lambda body: {**body, **changes})
        return pb.UpdateRuleResponse(schema=SCHEMA, status=SUCCESS, data=_rule(changed))

    async def delete_rule(self, request: pb.DeleteRuleRequest, call: CallContext) -> pb.DeleteRuleResponse:
        await self._delete(call, Kind.RULE, request.id)
        return pb.DeleteRuleResponse(status=SUCCESS)

    async def create_skill(self, request: pb.CreateSkillRequest, call: CallContext) -> pb.CreateSkillResponse:
        include = request.include_in_knowledgebase if request.HasField("include_in_knowledgebase") else True
        body = {
            "name": request.name,
            "body": request.body,
            "include_in_knowledgebase": include,
            "context_items": values.context_items(plain_value(request.context_items, "context_items")),
            "allowed_tools": values.allowed_tools(plain_value(request.allowed_tools, "allowed_tools")),
            "command_name": None,
            "command_enabled_at": None,
            "command_enabled_by": "",
            "version": 1,
        }
        made = await self._create(call, Kind.SKILL, request.scope, body)
        return pb.CreateSkillResponse(schema=SCHEMA, status=SUCCESS, data=_skill(made))

    async def list_skills(self, request: pb.ListSkillsRequest, call: CallContext) -> pb.ListSkillsResponse:
        page = await self._page(call, Kind.SKILL, request)
        data = pb.SkillPage(skills=[_skill(each) for each in page.found], total=page.total, pagination=page.pagination)
        return pb.ListSkillsResponse(schema=SCHEMA, status=SUCCESS, data=data)

    async def get_skill(self, request: pb.GetSkillRequest, call: CallContext) -> pb.GetSkillResponse:
        return pb.GetSkillResponse(
            schema=SCHEMA, status=SUCCESS, data=_skill(await self._find(call, Kind.SKILL, request.id))
        )

    async def update_skill(self, request: pb.UpdateSkillRequest, call: CallContext) -> pb.UpdateSkillResponse:
        changes = _given(request, "name", "body", "include_in_knowledgebase")
        _check_filled(changes, "name", "body")
        if request.HasField("context_items"):
            changes["context_items"] = values.context_items(plain_value(request.context_items, "context_items"))
        if request.HasField("allowed_tools"):
            changes["allowed_tools"] = values.allowed_tools(plain_value(request.allowed_tools, "allowed_tools"))
        changed = await self._update(
            call,
            Kind.SKILL,
            request.id,
            request.scope,
            lambda body: {**body, **changes, "version": body["version"] + 1},
        )
        return pb.UpdateSkillResponse(schema=SCHEMA, status=SUCCESS, data=_skill(changed))

    async def delete_skill(self, request: pb.DeleteSkillRequest, call: CallContext) -> pb.DeleteSkillResponse:
        await self._delete(call, Kind.SKILL, request.id)
        return pb.DeleteSkillResponse(status=SUCCESS)

    async def set_skill_command(
        self, request: pb.SetSkillCommandRequest, call: CallContext
    ) -> pb.SetSkillCommandResponse:
        name = values.command_name(plain_value(request.command_name, "command_name"))
        at = self._clock.now().isoformat() if name else None

        def becomes(body: Body) -> Body:
            kept = body["command_name"] if name is None else name
            by = call.caller.account_name if name else ""
            return {**body, "command_name": kept, "command_enabled_at": at, "command_enabled_by": by}

        def write(connection: Connection) -> SettingsObject:
            if name is not None:
                objects.one_at_a_time(connection, call.tenant_id, Kind.SKILL)
                _check_command(connection, call, request.id, name)
            return self._change(connection, call, Kind.SKILL, request.id, "", becomes)

        changed = await self._database.transaction(write)
        return pb.SetSkillCommandResponse(schema=SCHEMA, status=SUCCESS, data=_skill(changed))

    async def create_integration(
        self, request: pb.CreateIntegrationRequest, call: CallContext
    ) -> pb.CreateIntegrationResponse:
        body = {
            "name": request.name,
            "description": request.description,
            "enabled": request.enabled if request.HasField("enabled") else True,
            "applications": values.applications(plain_value(request.applications, "applications")),
            "configuration": values.configuration(plain_value(request.configuration, "configuration")),
            "headers": values.headers(plain_value(request.custom_headers, "custom_headers")),
        }
        made = await self._create(call, Kind.INTEGRATION, request.scope, body)
        return pb.CreateIntegrationResponse(schema=SCHEMA, status=SUCCESS, data=_integration(made))

    async def list_integrations(
        self, request: pb.ListIntegrationsRequest, call: CallContext
    ) -> pb.ListIntegrationsResponse:
        page = await self._page(call, Kind.INTEGRATION, request)
        data = pb.IntegrationPage(
            integrations=[_integration(each) for each in page.found], total=page.total, pagination=page.pagination
        )
        return pb.ListIntegrationsResponse(schema=SCHEMA, status=SUCCESS, data=data)

    async def get_integration(self, request: pb.GetIntegrationRequest, call: CallContext) -> pb.GetIntegrationResponse:
        found = await self._find(call, Kind.INTEGRATION, request.id)
        return pb.GetIntegrationResponse(schema=SCHEMA, status=SUCCESS, data=_integration(found))

    async def update_integration(
        self, request: pb.UpdateIntegrationRequest, call: CallContext
    ) -> pb.UpdateIntegrationResponse:
        changes = _given(request, "name", "description", "enabled")
        _check_filled(changes, "name")
        if request.HasField("applications"):
            changes["applications"] = values.applications(plain_value(request.applications, "applications"))
        if request.HasField("configuration"):
            changes["configuration"] = values.configuration(plain_value(request.configuration, "configuration"))

        def becomes(body: Body) -> Body:
            headers = body["headers"]
            moves = host_of({**body, **changes}) != host_of(body)
            if moves and headers and not request.HasField("custom_headers"):
                raise _headers_for_another_host()
            if request.HasField("custom_headers"):
                # What was entrusted to one host is not for another.
                before = [] if moves else [(name, value) for name, value in headers]
                headers = values.headers(plain_value(request.custom_headers, "custom_headers"), before)
            return {**body, **changes, "headers": headers}

        changed = await self._update(call, Kind.INTEGRATION, request.id, request.scope, becomes)
        return pb.UpdateIntegrationResponse(schema=SCHEMA, status=SUCCESS, data=_integration(changed))

    async def delete_integration(
        self, request: pb.DeleteIntegrationRequest, call: CallContext
    ) -> pb.DeleteIntegrationResponse:
        await self._delete(call, Kind.INTEGRATION, request.id)
        return pb.DeleteIntegrationResponse(status=SUCCESS)

    async def validate_integration(
        self, request: pb.ValidateIntegrationRequest, call: CallContext
    ) -> pb.ValidateIntegrationResponse:
        found = await self._find(call, Kind.INTEGRATION, request.id)
        data = pb.IntegrationValidation(result=await self._validated(found))
        return pb.ValidateIntegrationResponse(schema=SCHEMA, status=SUCCESS, data=data)

    async def _validated(self, integration: SettingsObject) -> pb.IntegrationResult:
        if not is_active(integration):
            why = "the integration is switched off, is not for chats, or has no url"
            return pb.IntegrationResult(status="disabled", message=why)
        status, tools = await self._integrations.settled(integration)
        if status is None or status.status != "connected":
            why = status.error if status is not None and status.error else "is still being connected"
            sentence = f"the MCP server {integration.body['name']} cannot be used: it {why}"
            return pb.IntegrationResult(status="error", message=sentence, error=why)
        told = [_tool(tool) for tool in tools]
        return pb.IntegrationResult(status="connected", message=f"connected, {len(told)} tools", tools=told)

    async def _create(self, call: CallContext, kind: Kind, scope: str, body: Body) -> SettingsObject:
        _check_filled(body, "name")
        now = self._clock.now()
        made = SettingsObject(
            tenant_id=call.tenant_id,
            kind=kind,
            id=str(uuid4()),
            scope=scope or USER,
            owner=call.caller.account_name,
            body={**_storable(body), "updated_by": call.caller.account_name},
            created_at=now,
            updated_at=now,
        )
        _check(made)
        await self._database.transaction(partial(objects.add, made=made))
        return made

    async def _find(self, call: CallContext, kind: Kind, object_id: str) -> SettingsObject:
        return await self._database.read(
            partial(
                objects.find,
                tenant_id=call.tenant_id,
                kind=kind,
                object_id=object_id,
                account=call.caller.account_name,
            )
        )

    async def _page(self, call: CallContext, kind: Kind, request: _ListRequest) -> _Page:
        limit = min(request.limit or PAGE, PAGE)
        seen = await self._database.read(
            partial(objects.list_seen, tenant_id=call.tenant_id, kind=kind, account=call.caller.account_name)
        )
        found = [
            each
            for each in seen
            if request.scope in {"", each.scope} and (not request.enabled_only or each.body.get("enabled", True))
        ]
        pagination = pb.SettingsPagination(total=len(found), limit=limit, offset=request.offset)
        return _Page(found[request.offset : request.offset + limit], len(found), pagination)

    async def _update(
        self, call: CallContext, kind: Kind, object_id: str, scope: str, becomes: Callable[[Body], Body]
    ) -> SettingsObject:
        return await self._database.transaction(
            partial(self._change, call=call, kind=kind, object_id=object_id, scope=scope, becomes=becomes)
        )

    def _change(
        self,
        connection: Connection,
        call: CallContext,
        kind: Kind,
        object_id: str,
        scope: str,
        becomes: Callable[[Body], Body],
    ) -> SettingsObject:
        def changed(before: SettingsObject) -> SettingsObject:
            _check_scope(call, before)
            body = {**_storable(becomes(dict(before.body))), "updated_by": call.caller.account_name}
            # Whoever takes an object away from the others is its owner from then on.
            owner = call.caller.account_name if scope == USER and before.scope == TENANT else before.owner
            after = replace(before, scope=scope or before.scope, owner=owner, body=body, updated_at=self._clock.now())
            _check(after)
            return after

        return objects.change(connection, call.tenant_id, kind, object_id, call.caller.account_name, becomes=changed)

    async def _delete(self, call: CallContext, kind: Kind, object_id: str) -> None:
        await self._database.transaction(
            partial(
                objects.remove,
                tenant_id=call.tenant_id,
                kind=kind,
                object_id=object_id,
                account=call.caller.account_name,
                check=partial(_check_scope, call),
            )
        )


def _check(made: SettingsObject) -> None:
    values.check_size(made.kind, made.body)
    if made.kind is Kind.INTEGRATION:
        check_integration(made)


def _check_scope(call: CallContext, found: SettingsObject) -> None:
    named = call.headers.get(_SCOPE_HEADER, "").strip().lower()
    if named not in {"", TENANT, USER}:
        why = f"must be {TENANT} or {USER}"
        raise Invalid(Reason.FIELD_INVALID, f"X-Resource-Scope {why}", violations=(FieldViolation("scope", why),))
    if named not in {"", found.scope}:
        raise objects.not_found(found.kind, found.id)


def _headers_for_another_host() -> Invalid:
    why = "must be given again for a url at another host; an empty list is for none"
    return Invalid(Reason.FIELD_INVALID, f"custom_headers {why}", violations=(FieldViolation("custom_headers", why),))


def _check_command(connection: Connection, call: CallContext, skill_id: str, name: str) -> None:
    """A command is one skill's alone, among those that the caller sees. Raises Conflict."""
    for skill in objects.list_seen(connection, call.tenant_id, Kind.SKILL, call.caller.account_name):
        taken = skill.body["command_name"]
        if taken and taken.casefold() == name.casefold() and skill.id != skill_id:
            raise Conflict(Reason.NAME_TAKEN, f"the skill {skill.body['name']!r} has the command /{taken}")


def _check_filled(changes: Mapping[str, Any], *names: str) -> None:
    for name in names:
        if name in changes and not str(changes[name]).strip():
            raise Invalid(
                Reason.FIELD_INVALID, f"{name} must not be empty", violations=(FieldViolation(name, "is empty"),)
            )


def _given(request: Any, *names: str) -> Body:
    """Those of the fields that the request has."""
    return {name: getattr(request, name) for name in names if request.HasField(name)}


def _storable(body: Body) -> Body:
    return {name: storable(value) if isinstance(value, str) else value for name, value in body.items()}


def _rule(rule: SettingsObject) -> pb.Rule:
    body = rule.body
    return _dated(
        pb.Rule(
            name=body["name"],
            description=body["description"],
            rule_content=body["rule_content"],
            enabled=body["enabled"],
            priority=body["priority"],
            applications=body["applications"],
        ),
        rule,
    )


def _skill(skill: SettingsObject) -> pb.Skill:
    body = skill.body
    message = pb.Skill(
        name=body["name"],
        body=body["body"],
        command_name=body["command_name"] or "",
        command_enabled_by=body["command_enabled_by"],
        version=body["version"],
        include_in_knowledgebase=body["include_in_knowledgebase"],
        allowed_tools=[
            pb.AllowedTool(integration_id=each["integrationId"], tool_name=each["toolName"])
            for each in body["allowed_tools"]
        ],
    )
    if body["context_items"] is not None:
        ParseDict(body["context_items"], message.context_items)
    if body["command_enabled_at"]:
        message.command_enabled_at.FromDatetime(datetime.fromisoformat(body["command_enabled_at"]).astimezone(UTC))
    return _dated(message, skill)


def _integration(integration: SettingsObject) -> pb.Integration:
    body = integration.body
    headers = [pb.IntegrationHeader(key=name, name=name, value=values.HIDDEN) for name, _ in body["headers"]]
    message = pb.Integration(
        name=body["name"],
        description=body["description"],
        type="mcp",
        enabled=body["enabled"],
        applications=body["applications"],
        headers=headers,
        header_list=headers,
    )
    if body["configuration"] is not None:
        ParseDict(body["configuration"], message.configuration)
    return _dated(message, integration)


def _dated(message: M, of: SettingsObject) -> M:
    """The message with what all kinds have."""
    message.id, message.scope = of.id, of.scope
    message.created_by, message.updated_by = of.owner, of.body["updated_by"]
    message.user_id = of.owner if of.scope == USER else ""
    message.created.FromDatetime(of.created_at)
    message.modified.FromDatetime(of.updated_at)
    return message


def _tool(tool: McpTool) -> pb.IntegrationTool:
    return pb.IntegrationTool(
        name=tool.own_name,
        description=tool.definition.description,
        annotations=pb.IntegrationToolHints(read_only_hint=not tool.writes),
        approval_policy=values.ALWAYS_ASK if tool.needs_approval else values.AUTO_APPROVE,
    )
