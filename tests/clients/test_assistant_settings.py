"""Rules, skills and integrations as Terraform's provider and gcx manage them, over HTTP, and what they do to chats."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from tests.fake_model import FakeModel, Reply
from tests.running_server import RunningServer
from tests.services.assistant.test_mcp_tools import served
from tests.services.incidents.test_alertmanager import free_port

PLUGIN = "/api/plugins/grafana-assistant-app/resources"
V1 = f"{PLUGIN}/api/v1"
ADMIN = "/quarterdeck.admin.v1.AdminService"
BODIES: dict[str, dict[str, Any]] = {
    "rules": {"scope": "tenant", "name": "brevity", "ruleContent": "Be concise.", "enabled": True},
    "skills": {"scope": "tenant", "name": "deploy", "body": "# How we deploy"},
    "integrations": {
        "scope": "tenant",
        "name": "github",
        "type": "mcp",
        "configuration": {"url": "https://mcp.example.com/mcp"},
    },
}
KINDS = list(BODIES)


@pytest_asyncio.fixture
async def client(server: RunningServer) -> AsyncIterator[httpx.AsyncClient]:
    async with signed_in(server, server.token) as opened:
        yield opened


@asynccontextmanager
async def signed_in(server: RunningServer, token: str) -> AsyncIterator[httpx.AsyncClient]:
    headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
    async with httpx.AsyncClient(base_url=server.http_url, headers=headers, timeout=30) as opened:
        yield opened


async def another(client: httpx.AsyncClient, name: str, role: str = "ROLE_EDITOR") -> str:
    """A token of another account."""
    account = await client.post(f"{ADMIN}/CreateServiceAccount", json={"name": name, "role": role})
    named = {"serviceAccountId": account.json()["serviceAccount"]["id"], "name": name}
    return str((await client.post(f"{ADMIN}/CreateToken", json=named)).json()["secret"])


async def create(client: httpx.AsyncClient, kind: str, **changes: Any) -> dict[str, Any]:
    answer = await client.post(f"{V1}/{kind}", json={**BODIES[kind], **changes})
    assert answer.status_code in {200, 201}, answer.text
    body = answer.json()
    assert set(body) == {"$schema", "status", "data"}
    data: dict[str, Any] = body["data"]
    return data


def in_scope(scope: str) -> dict[str, str]:
    return {"x-resource-scope": scope}


@pytest.mark.parametrize("kind", KINDS)
async def test_one_is_made_read_changed_and_deleted(client: httpx.AsyncClient, kind: str) -> None:
    made = await create(client, kind)
    path = f"{V1}/{kind}/{made['id']}"
    assert {key: made[key] for key in BODIES[kind]} == BODIES[kind]
    assert (await client.get(path)).json()["data"] == made
    changed = await client.put(path, json={"scope": "tenant", "name": "renamed"}, headers=in_scope("tenant"))
    assert changed.status_code == 200
    after = changed.json()["data"]
    assert after["name"] == "renamed"
    moved = {"name", "modified", "version"}
    assert {key: each for key, each in after.items() if key not in moved} == {
        key: each for key, each in made.items() if key not in moved
    }
    assert (await client.put(path, json={"name": "x"}, headers=in_scope("user"))).status_code == 404
    assert (await client.delete(path, headers=in_scope("user"))).status_code == 404
    assert (await client.delete(path, headers=in_scope("galaxy"))).status_code == 400
    assert (await client.delete(path, headers=in_scope("tenant"))).status_code in {200, 204}
    for answer in (await client.get(path), await client.delete(path), await client.put(path, json={})):
        assert (answer.status_code, answer.json()["status"]) == (404, "error")


@pytest.mark.parametrize("kind", KINDS)
async def test_lists_have_pages_of_a_hundred(client: httpx.AsyncClient, kind: str) -> None:
    made = [await create(client, kind, name=f"{kind} {number}") for number in range(3)]
    first = (await client.get(f"{V1}/{kind}", params={"limit": 100, "offset": 0})).json()["data"]
    ids = [each["id"] for each in first[kind]]
    assert ids[-3:] == [each["id"] for each in made]
    total = len(ids)
    assert first["pagination"] == {"total": total, "limit": 100, "offset": 0}
    assert first["total"] == total
    second = (await client.get(f"{V1}/{kind}", params={"limit": 2, "offset": total - 1})).json()["data"]
    assert [each["id"] for each in second[kind]] == ids[-1:]
    assert (await client.get(f"{V1}/{kind}", params={"limit": 5000})).json()["data"]["pagination"]["limit"] == 100
    beyond = (await client.get(f"{V1}/{kind}", params={"offset": 10_000})).json()["data"]
    assert (beyond[kind], beyond["total"]) == ([], total)
    assert (await client.get(f"{V1}/{kind}", params={"offset": -1})).status_code == 400
    for each in made:
        await client.delete(f"{V1}/{kind}/{each['id']}")


@pytest.mark.parametrize("kind", KINDS)
async def test_what_is_ones_own_is_nobody_elses(server: RunningServer, client: httpx.AsyncClient, kind: str) -> None:
    mine = await create(client, kind, scope="user")
    ours = await create(client, kind)
    assert mine["userId"] == mine["createdBy"] == "bootstrap-admin"
    assert "userId" not in ours
    async with signed_in(server, await another(client, f"other {kind}")) as other:
        seen = {each["id"] for each in (await other.get(f"{V1}/{kind}")).json()["data"][kind]}
        assert ours["id"] in seen
        assert mine["id"] not in seen
        for answer in (
            await other.get(f"{V1}/{kind}/{mine['id']}"),
            await other.put(f"{V1}/{kind}/{mine['id']}", json={"name": "x"}),
            await other.delete(f"{V1}/{kind}/{mine['id']}"),
        ):
            assert answer.status_code == 404
        assert (await other.get(f"{V1}/{kind}", params={"scope": "user"})).json()["data"][kind] == []
    async with signed_in(server, await another(client, f"viewer {kind}", "ROLE_VIEWER")) as viewer:
        assert (await viewer.post(f"{V1}/{kind}", json=BODIES[kind])).status_code == 403
        assert (await viewer.get(f"{V1}/{kind}")).status_code == 403


async def test_empty_values_of_terraform_come_back_as_nothing(client: httpx.AsyncClient) -> None:
    rule = await create(client, "rules", description="", applications=[])
    assert not {"description", "applications"} & set(rule)
    assert rule["priority"] == 0
    bare = await create(client, "integrations", name="bare", configuration=None, customHeaders=[], description="")
    assert not {"configuration", "customHeaders", "custom_headers", "description"} & set(bare)
    skill = await create(client, "skills", name="empty", contextItems=None, allowedTools=[])
    assert not {"contextItems", "allowedTools", "commandName", "commandEnabledAt"} & set(skill)
    assert (skill["version"], skill["includeInKnowledgebase"]) == (1, True)


@pytest.mark.parametrize("kind", KINDS)
async def test_what_was_read_can_be_written_back(client: httpx.AsyncClient, kind: str) -> None:
    """Also where it tells one thing in two spellings."""
    more = {"customHeaders": [{"key": "x-team", "value": "ops"}]} if kind == "integrations" else {}
    made = await create(client, kind, **more)
    read = (await client.get(f"{V1}/{kind}/{made['id']}")).json()["data"]
    written = await client.put(f"{V1}/{kind}/{made['id']}", json=read, headers=in_scope("tenant"))
    assert written.status_code == 200, written.text
    moved = {"modified", "version"}
    after = {key: each for key, each in written.json()["data"].items() if key not in moved}
    assert after == {key: each for key, each in read.items() if key not in moved}


async def test_what_a_change_leaves_out_stays_and_null_empties(client: httpx.AsyncClient) -> None:
    rule = await create(client, "rules", applications=["assistant", "k6"], description="why", priority=3)
    path = f"{V1}/rules/{rule['id']}"
    kept = (await client.put(path, json={"scope": "tenant", "enabled": False})).json()["data"]
    assert (kept["enabled"], kept["applications"], kept["priority"]) == (False, ["assistant", "k6"], 3)
    emptied = (await client.put(path, json={"applications": None, "description": "", "priority": 0})).json()["data"]
    assert not {"applications", "description"} & set(emptied)
    assert emptied["priority"] == 0
    items = [{"b": 1, "a": [1.5, None, True]}]
    skill = await create(client, "skills", contextItems=items, allowedTools=[{"integrationId": "i", "toolName": "t"}])
    assert skill["contextItems"] == items
    again = await client.put(f"{V1}/skills/{skill['id']}", json={"body": "new"})
    assert (again.json()["data"]["contextItems"], again.json()["data"]["version"]) == (items, 2)
    gone = await client.put(f"{V1}/skills/{skill['id']}", json={"contextItems": None, "allowedTools": None})
    assert not {"contextItems", "allowedTools"} & set(gone.json()["data"])


async def test_values_of_headers_are_never_told(client: httpx.AsyncClient, server: RunningServer) -> None:
    secret = "Bearer very-secret-value"
    by_terraform = await create(
        client, "integrations", name="tf", customHeaders=[{"key": "Authorization", "value": secret}]
    )
    by_gcx = await create(client, "integrations", name="gcx", custom_headers=[{"name": "X-Key", "value": secret}])
    for made, name in ((by_terraform, "Authorization"), (by_gcx, "X-Key")):
        shown = [{"key": name, "name": name, "value": "********"}]
        assert made["customHeaders"] == made["custom_headers"] == shown
        path = f"{V1}/integrations/{made['id']}"
        kept = (await client.put(path, json={"custom_headers": shown})).json()["data"]
        assert kept["customHeaders"] == shown
        invented = await client.put(path, json={"customHeaders": [{"key": "X-Other", "value": "********"}]})
        assert invented.status_code == 400
        elsewhere = {"configuration": {"url": "https://elsewhere.example/mcp"}}
        for headers in ({}, {"customHeaders": shown}):
            moved = await client.put(path, json={**elsewhere, **headers})
            assert (moved.status_code, "custom_headers" in moved.json()["message"]) == (400, True)
        same = {"configuration": {"url": f"{BODIES['integrations']['configuration']['url']}/v2"}}
        assert (await client.put(path, json=same)).json()["data"]["customHeaders"] == shown
        again = {"customHeaders": [{"key": name, "value": "for the other host"}]}
        assert (await client.put(path, json={**elsewhere, **again})).status_code == 200
        none = (await client.put(path, json={"customHeaders": []})).json()["data"]
        assert "customHeaders" not in none
    assert secret not in json.dumps((await client.get(f"{V1}/integrations")).json())
    assert "very-secret-value" not in server.logs


@pytest.mark.parametrize(
    ("kind", "changes", "named"),
    [
        ("rules", {"name": ""}, "name"),
        ("rules", {"name": "  "}, "name"),
        ("rules", {"ruleContent": ""}, "rule_content"),
        ("rules", {"ruleContent": "x" * 20_001}, "rule_content"),
        ("rules", {"scope": "galaxy"}, "scope"),
        ("rules", {"applications": "assistant"}, "applications"),
        ("rules", {"applications": [1]}, "applications"),
        ("rules", {"priority": "high"}, "priority"),
        ("skills", {"body": None}, "body"),
        ("skills", {"contextItems": ["x" * 70_000]}, "context_items"),
        ("skills", {"body": "\u00fc" * 40_000}, "65536"),
        ("skills", {"allowedTools": [{"toolName": "t"}]}, "allowed_tools"),
        ("integrations", {"type": "stdio"}, "type"),
        ("integrations", {"configuration": {"url": "file:///etc/passwd"}}, "url"),
        ("integrations", {"configuration": {"url": "https://user:pw@mcp.example"}}, "url"),
        ("integrations", {"configuration": {"url": 7}}, "url"),
        ("integrations", {"configuration": []}, "configuration"),
        ("integrations", {"configuration": {"toolApprovalPolicies": {"t": "sometimes"}}}, "toolApprovalPolicies"),
        ("integrations", {"configuration": {"toolPreferences": ["t"]}}, "toolPreferences"),
        ("integrations", {"customHeaders": [{"value": "v"}]}, "custom_headers"),
        ("integrations", {"customHeaders": [{"key": "a", "value": "1"}, {"key": "A", "value": "2"}]}, "twice"),
        ("integrations", {"customHeaders": [{"key": "a", "value": "1\r\nx: y"}]}, "header"),
    ],
)
async def test_what_is_wrong_is_named(
    client: httpx.AsyncClient, kind: str, changes: dict[str, Any], named: str
) -> None:
    answer = await client.post(f"{V1}/{kind}", json={**BODIES[kind], **changes})
    assert (answer.status_code, answer.json()["status"]) == (400, "error"), answer.text
    assert named in answer.json()["message"]


async def test_commands_of_skills(client: httpx.AsyncClient) -> None:
    skill, other = await create(client, "skills", name="one"), await create(client, "skills", name="two")

    async def command(of: dict[str, Any], name: Any) -> httpx.Response:
        path = f"{V1}/skills/{of['id']}/command"
        return await client.put(path, json={"commandName": name}, headers=in_scope("tenant"))

    enabled = (await command(skill, "ship-it")).json()["data"]
    assert (enabled["commandName"], enabled["commandEnabledBy"]) == ("ship-it", "bootstrap-admin")
    assert enabled["commandEnabledAt"]
    taken = await command(other, "SHIP-IT")
    assert (taken.status_code, taken.json()["status"]) == (400, "error")
    disabled = (await command(skill, None)).json()["data"]
    assert disabled["commandName"] == "ship-it"
    assert "commandEnabledAt" not in disabled
    for wrong in ("two words", "", "a" * 65, 7, "-x"):
        answer = await command(other, wrong)
        assert answer.status_code == (200 if wrong == "" else 400), wrong


@asynccontextmanager
async def house(model: FakeModel, folder: Path) -> AsyncIterator[tuple[RunningServer, httpx.AsyncClient]]:
    """A server of its own that asks the model, and may connect to this machine."""
    models = folder / "models.yaml"
    models.write_text(f"fake:\n  model: openai/fake\n  api_key: k\n  api_base: {model.url}\n")
    environment = {
        "QUARTERDECK_MODELS_FILE": str(models),
        "QUARTERDECK_PROBE_MODELS": "false",
        "QUARTERDECK_MCP_ALLOW": "127.0.0.1",
    }
    with RunningServer.start(f"sqlite:///{folder / 'q.db'}", folder, env=environment) as server:
        async with signed_in(server, server.token) as client:
            yield server, client


async def ask(client: httpx.AsyncClient, prompt: str) -> list[dict[str, Any]]:
    """The chat's messages when the answer is complete."""
    started = await client.post(f"{V1}/assistant/chats", json={"prompt": prompt})
    chat = started.json()["data"]["chatId"]
    async with client.stream("GET", f"{PLUGIN}/api/events/chats/{chat}") as events:
        async for line in events.aiter_lines():
            if '"AGENT_EXECUTION_COMPLETED"' in line:
                break
            assert '"AGENT_EXECUTION_FAILED"' not in line, line
    messages: list[dict[str, Any]] = (await client.get(f"{V1}/chats/{chat}")).json()["messages"]
    return messages


async def test_rules_and_skills_change_what_the_model_is_told(tmp_path: Path) -> None:
    async with FakeModel(lambda _request: Reply(text="Done.")) as model, house(model, tmp_path) as (server, client):
        await create(client, "rules", name="brevity", ruleContent="Be concise.", priority=1)
        await create(client, "rules", name="first", ruleContent="Metric units.", priority=9, applications=["assistant"])
        off = await create(client, "rules", name="off", ruleContent="Never seen.", enabled=False)
        await create(client, "rules", name="elsewhere", ruleContent="Never seen.", applications=["k6"])
        await create(client, "rules", name="mine", ruleContent="Call me Ada.", scope="user")
        skill = await create(client, "skills", name="Deploying", body="Look at the canary first.")
        await client.put(f"{V1}/skills/{skill['id']}/command", json={"commandName": "deploy"})

        messages = await ask(client, "/deploy checkout\nnow")
        assert messages[0]["content"] == [{"type": "text", "text": "/deploy checkout\nnow"}]
        system, question = (each["content"] for each in model.requests[-1]["messages"])
        assert system.index("Metric units.") < system.index("Be concise.") < system.index("Call me Ada.")
        assert "Never seen." not in system
        assert question.index("Look at the canary first.") < question.index("checkout\nnow")
        assert "/deploy" not in question

        await ask(client, "/deployed?")
        assert model.requests[-1]["messages"][-1]["content"] == "/deployed?"
        await client.put(f"{V1}/skills/{skill['id']}/command", json={"commandName": None})
        await client.put(f"{V1}/rules/{off['id']}", json={"enabled": True})
        async with signed_in(server, await another(client, "other")) as other:
            await ask(other, "/deploy")
        system, question = (each["content"] for each in model.requests[-1]["messages"])
        assert "Call me Ada." not in system
        assert "Never seen." in system
        assert question == "/deploy"
        await client.post("/api/chat", json={"ask": "hello"})
        assert "Be concise." not in json.dumps(model.requests[-1]), "HolmesGPT's API has its own prompts"


@pytest.fixture
def port() -> Iterator[int]:
    number = free_port()
    with served(number):
        yield number


async def test_tools_of_an_integration_are_there_for_those_who_may_use_them(tmp_path: Path, port: int) -> None:
    async with FakeModel(lambda _request: Reply(text="Done.")) as model, house(model, tmp_path) as (server, client):
        made = await create(
            client,
            "integrations",
            name="notes",
            scope="user",
            configuration={
                "url": f"http://127.0.0.1:{port}/mcp",
                "toolPreferences": {"large": "disabled"},
                "toolApprovalPolicies": {"list_notes": "always_ask", "add_note": "auto_approve"},
            },
        )
        path = f"{V1}/integrations/{made['id']}"
        result = (await client.get(f"{path}/validate")).json()["data"]["result"]
        assert result["status"] == "connected", result
        policies = {tool["name"]: tool["approvalPolicy"] for tool in result["tools"]}
        assert (policies["list_notes"], policies["add_note"]) == ("always_ask", "auto_approve")
        assert "large" not in policies

        async def offered(by: httpx.AsyncClient) -> set[str]:
            await ask(by, "hello")
            return {tool["function"]["name"] for tool in model.requests[-1]["tools"]}

        assert {"notes_list_notes", "notes_add_note"} <= await offered(client)
        async with signed_in(server, await another(client, "other")) as other:
            assert "notes_list_notes" not in await offered(other)
            await client.put(path, json={"scope": "tenant"})
            await client.get(f"{path}/validate")
            assert "notes_list_notes" in await offered(other)
        await client.put(path, json={"enabled": False})
        assert (await client.get(f"{path}/validate")).json()["data"]["result"]["status"] == "disabled"
        deadline = time.monotonic() + 30
        while "notes_list_notes" in await offered(client):
            assert time.monotonic() < deadline, "every replica follows within seconds"


async def test_a_server_that_cannot_be_reached_is_told(tmp_path: Path) -> None:
    async with FakeModel() as model, house(model, tmp_path) as (_, client):
        nobody = await create(client, "integrations", configuration={"url": f"http://127.0.0.1:{free_port()}/mcp"})
        private = await create(client, "integrations", configuration={"url": "http://169.254.169.254/mcp"})
        bare = await create(client, "integrations", configuration=None)
        for made, status in ((nobody, "error"), (private, "error"), (bare, "disabled")):
            answer = await client.get(f"{V1}/integrations/{made['id']}/validate")
            assert answer.status_code == 200
            assert answer.json()["data"]["result"]["status"] == status, made
        assert (await client.get(f"{V1}/integrations/nobody/validate")).status_code == 404
        assert (await client.post(f"{V1}/integrations/oauth/initiate", json={})).status_code in {404, 405}
