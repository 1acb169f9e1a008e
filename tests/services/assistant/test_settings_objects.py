"""Rules, skills and integrations: who may change and see them, what they do to questions, and how replicas follow."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest
import pytest_asyncio
from google.protobuf.json_format import ParseDict

from quarterdeck.assistant.grafana.settings_service import AssistantSettingsService
from quarterdeck.assistant.settings_objects.instructions import Instructions
from quarterdeck.assistant.settings_objects.integrations import configurations
from quarterdeck.assistant.store import objects
from quarterdeck.assistant.store.objects import Kind, SettingsObject
from quarterdeck.assistant.tools.mcp_config import Approval
from quarterdeck.clock import SystemClock
from quarterdeck.database import Connection, Database
from quarterdeck.errors import Conflict, Invalid, NotFound
from quarterdeck.gen.assistant.v1 import settings_service_pb2 as pb
from quarterdeck.identity import bootstrap
from quarterdeck.identity.bootstrap import TENANT_ID
from quarterdeck.identity.call import CallContext, Role
from tests.fake_model import Reply
from tests.services.assistant.assistant_house import AssistantHouse, assistant_house, caller, kinds, says
from tests.services.assistant.test_mcp_tools import served
from tests.services.incidents.test_alertmanager import free_port

DEADLINE = 60.0
ADMIN = caller(Role.ADMIN, name="root")
ADA = caller(Role.EDITOR)
BOB = caller(Role.EDITOR, name="bob")
ELSEWHERE = caller(Role.ADMIN, tenant_id="elsewhere", name="root")
SECRET = "Bearer very-secret-value"
NOW = datetime(2026, 11, 20, tzinfo=UTC)


@pytest_asyncio.fixture
async def house(database: Database) -> AsyncIterator[AssistantHouse]:
    await bootstrap(database, SystemClock(), chosen_token=None)
    async with assistant_house(database, mcp_allow="127.0.0.1") as opened:
        opened.model.script = says(Reply(text="Done."))
        yield opened


@pytest.fixture
def url() -> Iterator[str]:
    """A real MCP server's."""
    port = free_port()
    with served(port):
        yield f"http://127.0.0.1:{port}/mcp"


def settings(house: AssistantHouse) -> AssistantSettingsService:
    return house.of(AssistantSettingsService)


async def rule(house: AssistantHouse, text: str, call: CallContext = ADMIN, scope: str = "tenant", **more: Any) -> str:
    request = ParseDict(
        {"name": text[:50], "ruleContent": text, "scope": scope, **more},
        pb.CreateRuleRequest(),
        ignore_unknown_fields=True,
    )
    return (await settings(house).create_rule(request, call)).data.id


async def skill(
    house: AssistantHouse, text: str, command: str = "", call: CallContext = ADMIN, scope: str = "tenant"
) -> str:
    request = pb.CreateSkillRequest(name=text[:50], body=text, scope=scope)
    made = (await settings(house).create_skill(request, call)).data.id
    if command:
        await set_command(house, made, command, call)
    return made


async def set_command(house: AssistantHouse, skill_id: str, command: str | None, call: CallContext = ADMIN) -> pb.Skill:
    body: Any = {"id": skill_id, "commandName": command}
    request = ParseDict(body, pb.SetSkillCommandRequest())
    return (await settings(house).set_skill_command(request, call)).data


async def integration(
    house: AssistantHouse, url: str, call: CallContext = ADMIN, scope: str = "tenant", **configuration: Any
) -> str:
    fields: Any = {
        "name": "notes",
        "type": "mcp",
        "scope": scope,
        "configuration": {"url": url, **configuration},
        "customHeaders": [{"key": "Authorization", "value": SECRET}],
    }
    request = ParseDict(fields, pb.CreateIntegrationRequest())
    return (await settings(house).create_integration(request, call)).data.id


async def validated(house: AssistantHouse, integration_id: str, call: CallContext = ADMIN) -> pb.IntegrationResult:
    request = pb.ValidateIntegrationRequest(id=integration_id)
    return (await settings(house).validate_integration(request, call)).data.result


async def told(house: AssistantHouse, prompt: str, call: CallContext = ADA) -> tuple[str, str, set[str]]:
    """What the model gets for a question: the system's text, the question, and the names of its tools."""
    await house.watch(await house.ask(prompt, call), call=call)
    request = house.model.requests[-1]
    system, *_, question = request["messages"]
    return system["content"], question["content"], {tool["function"]["name"] for tool in request["tools"]}


def with_scope(call: CallContext, scope: str) -> CallContext:
    return replace(call, headers={"x-resource-scope": scope})


def an_object(number: int = 0, kind: Kind = Kind.RULE, **fields: Any) -> SettingsObject:
    """One as the store keeps it."""
    made = SettingsObject(TENANT_ID, kind, f"object-{number:03}", "tenant", "ada", {"name": f"n{number}"}, NOW, NOW)
    return replace(made, **fields)


# -- the store --------------------------------------------------------------------------------------------------------


async def test_the_store_shows_each_account_what_is_its_own_and_everybodys(database: Database) -> None:
    kept = [
        an_object(1, body={"odd": "ümläut \x00 \U0001f600", "deep": [{"b": 1, "a": [1.5, None, True]}]}),
        an_object(2, scope="user"),
        an_object(3, scope="user", owner="bob"),
        an_object(4, kind=Kind.SKILL),
        an_object(1, tenant_id="elsewhere"),
    ]

    await add(database, *kept)

    async def seen(tenant_id: str, account: str) -> list[SettingsObject]:
        wanted = partial(objects.list_seen, tenant_id=tenant_id, kind=Kind.RULE, account=account)
        return await database.read(wanted)

    assert await seen(TENANT_ID, "ada") == kept[:2]
    assert await seen(TENANT_ID, "bob") == [kept[0], kept[2]]
    assert await seen("elsewhere", "ada") == [kept[4]]
    everybodys = await database.read(partial(objects.list_everybodys, kind=Kind.RULE))
    assert len(everybodys) == 4
    with pytest.raises(NotFound):
        await database.read(
            partial(objects.find, tenant_id=TENANT_ID, kind=Kind.RULE, object_id="object-003", account="ada")
        )


async def add(database: Database, *made: SettingsObject) -> None:
    def write(connection: Connection) -> None:
        for each in made:
            objects.add(connection, each)

    await database.transaction(write)


async def test_a_tenant_has_two_hundred_of_a_kind(database: Database) -> None:
    await add(database, *map(an_object, range(200)))
    with pytest.raises(Invalid, match="at most 200"):
        await add(database, an_object(200))
    await add(database, an_object(200, kind=Kind.SKILL), an_object(200, tenant_id="elsewhere"))


async def test_many_who_add_at_once_stay_below_the_limit(database: Database) -> None:
    await add(database, *map(an_object, range(195)))
    tries = [add(database, an_object(number)) for number in range(195, 215)]
    outcomes = await asyncio.gather(*tries, return_exceptions=True)
    assert [type(each) for each in outcomes if each is not None] == [Invalid] * 15


async def test_of_many_who_want_one_command_one_gets_it(house: AssistantHouse) -> None:
    skills = [await skill(house, f"skill {number}") for number in range(8)]
    outcomes = await asyncio.gather(*(set_command(house, each, "deploy") for each in skills), return_exceptions=True)
    assert sum(isinstance(each, pb.Skill) for each in outcomes) == 1
    assert sum(isinstance(each, Conflict) for each in outcomes) == 7


async def test_changes_at_the_same_time_are_all_kept(house: AssistantHouse) -> None:
    made = await skill(house, "How we deploy.")

    async def change(number: int) -> None:
        request = pb.UpdateSkillRequest(id=made, body=f"Step {number}.")
        await settings(house).update_skill(request, ADMIN)

    await asyncio.gather(*map(change, range(20)))
    after = (await settings(house).get_skill(pb.GetSkillRequest(id=made), ADA)).data
    assert after.version == 21


async def test_one_that_is_deleted_twice_at_once_is_deleted_once(house: AssistantHouse) -> None:
    made = await rule(house, "Be brief.")
    request = pb.DeleteRuleRequest(id=made)
    ends = await asyncio.gather(
        *(settings(house).delete_rule(request, ADMIN) for _ in range(5)), return_exceptions=True
    )
    assert sum(isinstance(end, NotFound) for end in ends) == 4
    assert sum(isinstance(end, pb.DeleteRuleResponse) for end in ends) == 1


# -- who may change what ----------------------------------------------------------------------------------------------


async def test_what_is_everybodys_is_every_editors_to_change(house: AssistantHouse) -> None:
    service = settings(house)
    ours = await rule(house, "Be brief.", ADA)
    changed = await service.update_rule(pb.UpdateRuleRequest(id=ours, enabled=False), BOB)
    assert (changed.data.created_by, changed.data.updated_by, changed.data.enabled) == ("ada", "bob", False)
    await service.delete_rule(pb.DeleteRuleRequest(id=ours), BOB)


async def test_ones_own_is_changed_by_oneself_alone(house: AssistantHouse) -> None:
    service = settings(house)
    mine = await rule(house, "Call me Ada.", ADA, "user")
    changed = await service.update_rule(pb.UpdateRuleRequest(id=mine, priority=7), ADA)
    assert (changed.data.priority, changed.data.scope, changed.data.user_id) == (7, "user", "ada")
    for other in (BOB, ADMIN, ELSEWHERE):
        with pytest.raises(NotFound):
            await service.update_rule(pb.UpdateRuleRequest(id=mine, priority=8), other)
    shared = await service.update_rule(pb.UpdateRuleRequest(id=mine, scope="tenant"), ADA)
    assert (shared.data.scope, shared.data.user_id) == ("tenant", "")
    await service.delete_rule(pb.DeleteRuleRequest(id=mine), BOB)


async def test_the_scope_that_is_named_must_be_the_objects(house: AssistantHouse) -> None:
    service = settings(house)
    made = await rule(house, "Be brief.")
    with pytest.raises(NotFound):
        await service.delete_rule(pb.DeleteRuleRequest(id=made), with_scope(ADMIN, "user"))
    taken = await service.update_rule(pb.UpdateRuleRequest(id=made, scope="user"), with_scope(ADMIN, "Tenant "))
    assert (taken.data.scope, taken.data.user_id) == ("user", "root")
    with pytest.raises(NotFound):
        await service.get_rule(pb.GetRuleRequest(id=made), ADA)
    await service.delete_rule(pb.DeleteRuleRequest(id=made), with_scope(ADMIN, "user"))


async def test_another_tenant_sees_and_changes_nothing(house: AssistantHouse) -> None:
    service = settings(house)
    made = await rule(house, "Be brief.")
    assert (await service.list_rules(pb.ListRulesRequest(), ELSEWHERE)).data.total == 0
    for refused in (
        service.get_rule(pb.GetRuleRequest(id=made), ELSEWHERE),
        service.update_rule(pb.UpdateRuleRequest(id=made, name="x"), ELSEWHERE),
        service.delete_rule(pb.DeleteRuleRequest(id=made), ELSEWHERE),
    ):
        with pytest.raises(NotFound):
            await refused


async def test_an_object_has_at_most_64_kib(house: AssistantHouse) -> None:
    with pytest.raises(Invalid, match="bytes"):
        await skill(house, "\U0001f600" * 20_000)
    made = await skill(house, "x" * 50_000)
    with pytest.raises(Invalid, match="bytes"):
        await settings(house).update_skill(pb.UpdateSkillRequest(id=made, body="ü" * 40_000), ADMIN)
    assert (await settings(house).get_skill(pb.GetSkillRequest(id=made), ADA)).data.body == "x" * 50_000


# -- rules in questions -----------------------------------------------------------------------------------------------


async def test_rules_of_the_tenant_and_of_the_asker_join_the_instructions(house: AssistantHouse) -> None:
    await rule(house, "Low priority.", priority=-1)
    await rule(house, "High priority.", priority=9, applications=["assistant"])
    await rule(house, "Call me Ada.", ADA, "user")
    await rule(house, "Call me Bob.", BOB, "user")
    await rule(house, "Switched off.", enabled=False)
    await rule(house, "For another application.", applications=["k6"])
    await rule(house, "Of another tenant.", ELSEWHERE)
    system, question, _ = await told(house, "hello")
    order = [system.index(text) for text in ("High priority.", "Call me Ada.", "Low priority.")]
    assert order == sorted(order)
    for absent in ("Call me Bob.", "Switched off.", "For another application.", "Of another tenant."):
        assert absent not in system
    assert question == "hello"


async def test_no_more_rules_than_twenty_count(
    house: AssistantHouse, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    for number in range(22):
        await rule(house, f"Rule {number:02}.", priority=-number)
    (text,), _ = await Instructions(database).applied(ADA.caller, "hello")
    assert all(f"\nRule {number:02}." in text for number in range(20))
    assert "Rule 20." not in text
    assert "Rule 21." not in text
    assert caplog.text.count("is left out") == 2


async def test_no_more_characters_than_eight_thousand_count(
    house: AssistantHouse, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    await rule(house, "First. " + "a" * 7000, priority=3)
    await rule(house, "Too long. " + "b" * 2000, priority=2)
    await rule(house, "Last.", priority=1)
    (text,), _ = await Instructions(database).applied(ADA.caller, "hello")
    assert "First." in text
    assert "Last." in text
    assert "Too long." not in text
    assert caplog.text.count("is left out") == 1


# -- skills in questions ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("prompt", "request_text"),
    [
        ("/deploy checkout", "checkout"),
        ("/Deploy  checkout ", "checkout"),
        ("  /deploy\ncheckout\nnow", "checkout\nnow"),
        ("/deploy check\nout", "check\nout"),
        ("/deploy", None),
        ("/deploy checkout\n<context><timezone>UTC</timezone></context>", "checkout\n<context><timezone>"),
    ],
)
async def test_a_command_becomes_its_skill(house: AssistantHouse, prompt: str, request_text: str | None) -> None:
    await skill(house, "Look at the canary first.", "deploy")
    run = await house.ask(prompt, ADA)
    events = await house.watch(run)
    question = house.model.requests[-1]["messages"][-1]["content"]
    assert "Look at the canary first." in question
    assert "/deploy" not in question.lower()
    if request_text is None:
        assert "The request" not in question
    else:
        assert f"The request\n{request_text}" in question
    assert kinds(events)[-1] == "completed"


@pytest.mark.parametrize(
    "prompt", ["/deployed?", "/", "//deploy", "say /deploy", "/deploy.sh", "deploy it", "/unknown x"]
)
async def test_other_prompts_stay_as_they_are(house: AssistantHouse, prompt: str) -> None:
    await skill(house, "Look at the canary first.", "deploy")
    await skill(house, "Without a command.")
    assert (await told(house, prompt))[1] == prompt


async def test_commands_are_those_that_the_asker_sees_and_that_are_switched_on(house: AssistantHouse) -> None:
    mine = await skill(house, "Ada's way.", "mine", ADA, "user")
    ours = await skill(house, "Our way.", "/ours", ADMIN)
    assert "Ada's way." in (await told(house, "/mine x"))[1]
    assert (await told(house, "/mine x", BOB))[1] == "/mine x"
    assert "Our way." in (await told(house, "/ours x", BOB))[1]
    with pytest.raises(Conflict):
        await skill(house, "Another way.", "OURS", ADMIN)
    off = await set_command(house, ours, None)
    assert (off.command_name, off.HasField("command_enabled_at")) == ("ours", False)
    assert (await told(house, "/ours x"))[1] == "/ours x"
    await settings(house).delete_skill(pb.DeleteSkillRequest(id=mine), ADA)
    assert (await told(house, "/mine x"))[1] == "/mine x"


# -- integrations -----------------------------------------------------------------------------------------------------


def kept(number: int, name: str = "notes", *, enabled: bool = True, **fields: Any) -> SettingsObject:
    """An integration as the store keeps it."""
    body = {
        "name": name,
        "enabled": enabled,
        "applications": fields.pop("applications", []),
        "configuration": fields.pop("configuration", {"url": f"https://mcp{number}.example.com"}),
        "headers": [["Authorization", SECRET]],
    }
    return an_object(number, Kind.INTEGRATION, body=body, **fields)


def test_integrations_of_one_name_are_servers_of_two() -> None:
    found = configurations([kept(1), kept(2, scope="user"), kept(3, "other"), kept(4, tenant_id="elsewhere")])
    names = {object_id: (config.tenant_id, config.name, config.account) for object_id, config in found.items()}
    assert names == {
        "object-001": (TENANT_ID, "notes object-0", ""),
        "object-002": (TENANT_ID, "notes object-0", "ada"),
        "object-003": (TENANT_ID, "other", ""),
        "object-004": ("elsewhere", "notes", ""),
    }


def test_integrations_that_are_off_or_elsewhere_are_no_servers() -> None:
    none = [
        kept(1, enabled=False),
        kept(2, applications=["k6"]),
        kept(3, configuration=None),
        kept(4, configuration={"builtinId": "cursor"}),
    ]
    assert configurations(none) == {}


def test_policies_and_preferences_become_the_servers() -> None:
    configuration = {
        "url": " https://mcp.example.com/mcp ",
        "toolPreferences": {"a": "disabled", "b": "enabled"},
        "toolApprovalPolicies": {"b": "auto_approve", "c": "always_ask", "d": ""},
    }
    config = configurations([kept(1, configuration=configuration)])["object-001"]
    assert config.url == "https://mcp.example.com/mcp"
    assert config.disabled_tools == frozenset({"a"})
    assert config.approval == {"b": Approval.NEVER, "c": Approval.ALWAYS}
    assert SECRET not in repr(config)


async def test_a_call_asks_when_its_policy_says_so(house: AssistantHouse, url: str) -> None:
    made = await integration(house, url, toolApprovalPolicies={"list_notes": "always_ask"})
    assert (await validated(house, made)).status == "connected"
    house.model.script = says(
        Reply(calls=(("notes_say", '{"text":"tea"}'),), call_ids=("call_say",)),
        Reply(calls=(("notes_list_notes", "{}"),), call_ids=("call_list",)),
        Reply(text="Milk is what is left."),
    )
    run = await house.ask("what is left to buy?")
    events = await house.watch(run)
    assert kinds(events)[-1] == "paused"
    assert kinds(events).count("tool_call_finished") == 1
    await house.decide(run, "call_list", approved=True)
    ended = await house.watch(run, after=str(events[-1].sequence))
    assert kinds(ended)[-1] == "completed"
    results = [each["content"] for each in house.model.requests[-1]["messages"] if each["role"] == "tool"]
    assert "tea" in results[0]
    assert "buy milk" in results[1]
    assert "very-secret-value" not in str(house.model.requests)


async def test_a_write_that_needs_nobody_is_made_once(house: AssistantHouse, url: str) -> None:
    made = await integration(house, url, toolApprovalPolicies={"add_note": "auto_approve"})
    policies = {tool.name: tool.approval_policy for tool in (await validated(house, made)).tools}
    assert policies["add_note"] == "auto_approve"
    note = Reply(calls=(("notes_add_note", '{"text":"eggs"}'),), call_ids=("call_add",))
    look = Reply(calls=(("notes_list_notes", "{}"),), call_ids=("call_list",))
    house.model.script = says(note, look, Reply(text="Noted."))
    events = await house.watch(await house.ask("note eggs"))
    assert kinds(events)[-1] == "completed"
    added, listed = [each["content"] for each in house.model.requests[-1]["messages"] if each["role"] == "tool"]
    assert "noted eggs" in added
    assert listed.count("eggs") == 1


async def test_tools_are_there_for_those_whose_integration_it_is(house: AssistantHouse, url: str) -> None:
    await validated(house, await integration(house, url))
    tools = (await told(house, "hello"))[2]
    assert {"notes_list_notes", "notes_add_note"} <= tools
    viewer = (await told(house, "hello", replace(ADA, caller=replace(ADA.caller, role=Role.VIEWER))))[2]
    assert "notes_list_notes" in viewer
    assert "notes_add_note" not in viewer
    assert not any(name.startswith("notes_") for name in (await told(house, "hello", ELSEWHERE))[2])
    root = caller(Role.ADMIN, name="ada")
    own = await integration(house, url, root, "user")
    await validated(house, own, root)
    twice = {name for name in (await told(house, "hello"))[2] if name.startswith("notes_") and "list" in name}
    assert len(twice) == 2
    assert len({name for name in (await told(house, "hello", BOB))[2] if "list_notes" in name}) == 1


async def test_every_replica_follows(database: Database, database_url: str, url: str) -> None:
    await bootstrap(database, SystemClock(), chosen_token=None)
    other = await Database.open(database_url)
    try:
        async with (
            assistant_house(database, mcp_allow="127.0.0.1") as first,
            assistant_house(other, mcp_allow="127.0.0.1") as second,
        ):
            second.model.script = says(Reply(text="Done."))

            async def until(tool: str, *, offered: bool) -> None:
                async with asyncio.timeout(DEADLINE):
                    while (tool in (await told(second, "hello"))[2]) is not offered:
                        pass  # each question takes its time

            made = await integration(first, url)
            await until("notes_list_notes", offered=True)
            request = ParseDict(
                {"id": made, "configuration": {"url": url, "toolPreferences": {"list_notes": "disabled"}}},
                pb.UpdateIntegrationRequest(),
            )
            await settings(first).update_integration(request, ADMIN)
            await until("notes_list_notes", offered=False)
            await until("notes_count_notes", offered=True)
            await settings(first).delete_integration(pb.DeleteIntegrationRequest(id=made), ADMIN)
            await until("notes_count_notes", offered=False)
    finally:
        await other.close()


@pytest.mark.parametrize("host", ["127.0.0.2", "[::1]", "169.254.169.254", "10.0.0.1", "0.0.0.0"])
async def test_private_addresses_are_refused_in_words(
    house: AssistantHouse, host: str, caplog: pytest.LogCaptureFixture
) -> None:
    result = await validated(house, await integration(house, f"http://{host}:{free_port()}/mcp"))
    assert result.status == "error"
    assert "mcp_allow" in result.error
    assert not result.tools
    assert "very-secret-value" not in caplog.text + str(result)
